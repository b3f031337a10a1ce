# SPDX-License-Identifier: GPL-2.0-or-later
"""The table that a run of blockprof shares with its test (table.h): the places in it, and their names."""

import itertools
import mmap
import os
import struct
import subprocess

HEADER = struct.Struct("=QIIIII4x")
PLACE = struct.Struct("=QII24s32s12Q")
PLACES = 8192


class Place:
    """A call, and from where in blockprof it is made."""

    def __init__(self, key, count, call, detail, frames):
        self.key, self.count, self.call, self.detail, self.frames = key, count, call, detail, frames
        self.where = "?"

    def __str__(self):
        return "%s at %s" % (" ".join(filter(None, (self.call, self.detail))), self.where)


class Table:
    def __init__(self, path, with_memory, armed=None):
        """armed: (the place that is to fail, when it is reached for the so manieth time)."""
        self.path = path
        place, nth = armed or (None, 0)
        with open(path, "wb") as file:
            file.write(HEADER.pack(place.key if place else 0, nth, 0, 0, 0, with_memory))
            file.truncate(HEADER.size + PLACES * PLACE.size)
        with open(path, "rb") as file:
            self.memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)

    @property
    def failed(self):
        return HEADER.unpack_from(self.memory)[2]

    @property
    def descriptors(self):
        return HEADER.unpack_from(self.memory)[3]

    @property
    def left_out(self):
        return HEADER.unpack_from(self.memory)[4]

    def places(self):
        for at in range(HEADER.size, HEADER.size + PLACES * PLACE.size, PLACE.size):
            key, count, nr, call, detail, *frames = PLACE.unpack_from(self.memory, at)
            if key and nr:
                yield Place(
                    key,
                    count,
                    call.rstrip(b"\0").decode(),
                    detail.rstrip(b"\0").decode("utf-8", "replace"),
                    frames[:nr],
                )

    def close(self):
        self.memory.close()
        os.unlink(self.path)


def name(program, places):
    """Says of each place where it is: the functions of blockprof, the innermost first."""
    addresses = sorted({frame - 1 for place in places for frame in place.frames})
    text = subprocess.run(
        ["addr2line", "-a", "-f", "-i", "-s", "-e", program],
        input="".join("%#x\n" % address for address in addresses),
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    ).stdout
    chains, chain = {}, []
    for line in text.splitlines():
        if line.startswith("0x"):
            chain = chains[int(line, 16)] = []
        else:
            chain.append(line.split(" ")[0])
    for place in places:
        lines = [part for frame in place.frames for part in chains[frame - 1]]
        functions = [function for function, _ in itertools.groupby(lines[::2]) if function != "main"]
        place.where = "%s %s" % (lines[1], " < ".join(functions[:6]))
