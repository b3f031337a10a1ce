#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""record.py NODE FILE.gz: snapshots of stacks for test_v8.c, as snapshot.h describes them.

Takes stacks of tests/workloads/node_stacks.js while it is blocked, and keeps those frames that
are named as the program itself named them. Run by root from the top of the source, after make.
"""

import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

# Its path stands in what is recorded.
WORKLOAD = "/tmp/blockprof-record/stacks.js"
STACKS = (
    ({}, (), "constructor literal_nested async switched"),
    ({}, ("--always-sparkplug",), "private long esm generator"),
    ({"WARM_MS": "1500"}, (), "trunk loop method recursive"),
)


def build(directory):
    program = os.path.join(directory, "record")
    packages = "libbpf libelf libdw jansson libseccomp zlib libcap ncursesw libsystemd libpcre2-8 libprotobuf-c".split()
    libraries = subprocess.check_output(["pkg-config", "--libs"] + packages, text=True).split()
    source = os.path.join(os.path.dirname(__file__), "record.c")
    flags = ["-std=gnu11", "-D_GNU_SOURCE", "-I.", "-Iuser"]
    subprocess.check_call(
        ["gcc"] + flags + [source, ".output/libblockprof.a"] + libraries + ["-liberty", "-lpthread", "-o", program]
    )
    return program


class Memory:
    def __init__(self, pid):
        self.file = open("/proc/%d/mem" % pid, "rb", 0)
        self.maps = []
        for line in open("/proc/%d/maps" % pid):
            part = line.split()
            start, end = (int(value, 16) for value in part[0].split("-"))
            self.maps.append((start, end, "x" in part[1], len(part) > 5))

    def word(self, addr):
        try:
            return int.from_bytes(os.pread(self.file.fileno(), 8, addr), "little")
        except (OSError, OverflowError):
            return 0

    def text(self, addr):
        for start, end, executable, named in self.maps:
            if start <= addr < end and executable:
                return "file" if named else "made"
        return None


def chain(memory, at):
    """(addr, fp, made) of each link from the frame pointer that is kept at this address."""
    links = []
    while memory.text(memory.word(at + 8)):
        addr, fp = memory.word(at + 8), memory.word(at)
        links.append((addr, fp, memory.text(addr) == "made"))
        if not at < fp < at + 400000:
            break
        at = fp
    return links


def natives(pid):
    """The chain of frame pointers, whose innermost link is looked for on the stack. Others are
    left-overs of calls that are over, which lead into the true one further out."""
    memory = Memory(pid)
    sp = int(open("/proc/%d/syscall" % pid).read().split()[-2], 16)
    return max((chain(memory, at) for at in range(sp, sp + 6000, 8)), key=len)


def split(output):
    """What record.c printed: its head, and of each frame (line, names, memory)."""
    head, frames = [], []
    for line in output.splitlines():
        if line.startswith("frame "):
            frames.append((line, [], []))
        elif not frames:
            head.append(line)
        else:
            frames[-1][line.startswith("memory ") + 1].append(line)
    return head, frames


def changed(known, lines):
    """What these reads have that is not known yet, bytes that touch as one."""
    now = {}
    for line in lines:
        _, addr, text = line.split()
        for index, byte in enumerate(bytes.fromhex(text), int(addr, 16)):
            if known.get(index) != byte:
                known[index] = now[index] = byte
    start, run = None, bytearray()
    for addr in sorted(now) + [0]:
        if start is not None and addr != start + len(run):
            yield "memory %x %s" % (start, run.hex())
            start = None
        if start is None:
            start, run = addr, bytearray()
        if addr:
            run.append(now[addr])


def record_stack(program, pid, told, known):
    frames = "".join("%x %x %d\n" % frame for frame in natives(pid))
    output = subprocess.run([program, str(pid)], input=frames, capture_output=True, text=True, check=True).stdout
    head, frames = split(output)
    truth = ["is %s\t%s\t%d" % (fn or "<anonymous>", (file or "").replace("file://", ""), line)
             for fn, file, line in told["frames"] if file and not file.startswith("node:")]
    truth = [line.replace("module%20file", "module file") for line in truth]
    chosen, seen = [], []
    for line, names, memory in frames:
        # what stands inside of the block itself the program could not tell beforehand
        if names and all(name in truth for name in names):
            chosen.append((line, names, memory))
            seen += names
    if seen != truth:
        raise SystemExit("%s: the program says %s, its memory %s" % (told["point"], truth, seen))
    lines = ["stack " + told["point"]]
    lines += changed(known, (read for _, _, memory in chosen for read in memory))
    for line, names, _ in chosen:
        lines += [line] + names
    return head, lines


def record(program, node, more, options, points):
    head, lines, known = [], ["process"], {}
    environment = dict(os.environ, POINTS=points.replace(" ", ","), **more)
    target = subprocess.Popen(
        [node, *options, WORKLOAD, "fifo"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    try:
        for line in target.stdout:
            if line.startswith("FIFO"):
                fifo = json.loads(line[5:])
            if line.startswith(("READY", "DONE")):
                target.stdin.write("go\n")
                target.stdin.flush()
            if line.startswith("END"):
                break
            if line.startswith("STACK"):
                time.sleep(0.2)
                head, more_lines = record_stack(program, target.pid, json.loads(line[6:]), known)
                lines += more_lines
                open(fifo, "w").close()
    finally:
        target.kill()
        target.wait()
    return head, lines


def main():
    node, path = sys.argv[1:]
    lines = []
    os.makedirs(os.path.dirname(WORKLOAD), exist_ok=True)
    shutil.copy("tests/workloads/node_stacks.js", WORKLOAD)
    with tempfile.TemporaryDirectory() as directory:
        program = build(directory)
        for more, options, points in STACKS:
            head, stacks = record(program, node, more, options, points)
            lines += stacks if lines else head + stacks
    shutil.rmtree(os.path.dirname(WORKLOAD))
    with gzip.GzipFile(path, "wb", 9, mtime=0) as file:
        file.write("\n".join(lines + [""]).encode())


main()
