# SPDX-License-Identifier: GPL-2.0-or-later
"""Stalls' stacks, taken in the kernel as the thread blocks, against what the program said of its
own stack right before: return addresses by backtrace(3), named by addr2line; Python's frames.

What is inside of the function that told is left out, and what is inlined: there are no addresses
of that.
"""

import functools
import json
import subprocess
import time

import names
import programs
import stacks
from harness import Blockprof
from verdict import check

THRESHOLD = "60ms"
STALL_S = 0.6  # each takes less, with what is between


class Maps:
    def __init__(self, pid):
        self.areas = []
        with open("/proc/%d/maps" % pid) as file:
            for line in file:
                words = line.split()
                if len(words) > 5 and "x" in words[1]:
                    start, end = (int(word, 16) for word in words[0].split("-"))
                    self.areas.append((start, end, int(words[2], 16), words[5]))

    def place(self, addr):
        for start, end, offset, path in self.areas:
            if start <= addr < end:
                return path, addr - start + offset
        return None, None


@functools.lru_cache(maxsize=None)
def function_at(path, offset):
    """(name, file, line) of the function that has this place, not of what is inlined there."""
    vaddr = names.vaddr_of(path, offset)
    if names.names_at(path, offset) & set(stacks.SIGNALS):
        return stacks.SIGNALS[0], None, None  # what is before it is another function
    # -i: of several, the last is the one the others are inlined in
    argv = ["addr2line", "-f", "-i", "-C", "-e", path, hex(vaddr - 1)]
    words = subprocess.run(argv, stdout=subprocess.PIPE, universal_newlines=True, check=True).stdout.splitlines()
    name, place = words[-2:]
    file, _, line = place.partition(" ")[0].rpartition(":")
    if line.isdigit():
        return name, file, int(line)
    # without lines it gives the function before, however far
    return min(names.names_at(path, offset - 1), default=None), None, None


def frame_at(maps, addr):
    path, offset = maps.place(addr)
    if path is None or not path.startswith("/"):
        return stacks.Frame(stacks.NATIVE, None, path, offset)
    name, file, line = function_at(path, offset)
    return stacks.Frame(stacks.NATIVE, name, path, offset, file, line)


def from_innermost(frames, agree, innermost):
    while frames and not agree(innermost, frames[0]):
        frames = frames[1:]
    return frames


def recorded(process, nr, watched):
    """[(what the program said, the stalls' slices of that time)]; watched() once it is started."""
    with process:
        process.wait_line("READY")
        watched(process.pid)
        # what is lost is seen in the comparison
        with Blockprof("-t", THRESHOLD, pids=[process.pid], lost=True) as blockprof:
            process.send("go")
            process.wait_line("DONE", 20 + nr * STALL_S)
            time.sleep(0.2)  # the last turn ends after it
    said = [json.loads(line[6:]) for line in process.lines if line.startswith("STALL ")]
    check(len(said) == nr, "the program said %d stalls of %d" % (len(said), nr))
    found = []
    for one in said:
        slices = [
            piece
            for stall in blockprof.stalls
            if stall["mono_ns"] <= one["start_ns"] < stall["mono_ns"] + stall["duration_ns"]
            for piece in stall["slices"]
            if piece["cause"] == "sleep"
        ]
        found.append((one, max(slices, key=lambda piece: piece["ns"], default={})))
    return found


def cxx(nr):
    tally = stacks.Tally()
    judge = stacks.Judge()
    seen = []
    for said, piece in recorded(programs.cxx_stalls(nr), nr, lambda pid: seen.append(Maps(pid))):
        truth = [frame_at(seen[0], addr) for addr in said["stack"]]
        ours = [frame for frame in stacks.of_blockprof(piece.get("stack", [])) if not frame.inlined]
        ours = from_innermost(ours, judge.agree, truth[0])
        truth[0].line = None
        tally.add("stall %d" % said["nr"], stacks.joined(judge.pair(truth, ours)))
    return tally


class PythonJudge(stacks.Judge):
    def agree(self, truth, ours):
        return (truth.name, truth.file, truth.line) == (ours.name, ours.file, ours.line)


def python(path, nr):
    tally = stacks.Tally()
    judge = PythonJudge()
    for said, piece in recorded(programs.python_stalls(path, nr), nr, lambda pid: None):
        truth = [stacks.Frame(stacks.NATIVE, fn, file=file, line=line) for fn, file, line in said["stack"]]
        ours = [
            stacks.Frame(stacks.NATIVE, frame["fn"], file=frame.get("file"), line=frame.get("line"))
            for frame in piece.get("stack", [])
            if frame["kind"] == "python"
        ]
        tally.add("stall %d" % said["nr"], stacks.joined(judge.pair(truth, ours)))
    return tally
