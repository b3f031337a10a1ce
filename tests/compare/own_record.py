# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that say of themselves what their stack is, and wait there until they are dumped:
JavaScript's frames as V8's own Error has them, Java's as the JVM has them.

A function's name is compared, for JavaScript its script too, and the line but for the innermost
frame, which goes on after it said it. What is inside of that frame, and builtins (which have no
script), are left out on both sides. JavaScript's functions without a name have none here:
whatever stands in brackets is as good.
"""

import json
import os
import re
import subprocess
import time

import programs
import stacks
from harness import run_blockprof
from verdict import Failed

LINE_S = 60
WARM_UP = 5  # moments: what is called for the first time may be compiled anew then


def next_line(process, nr):
    """The line STACK of this number."""
    end = time.monotonic() + LINE_S
    while time.monotonic() < end:
        found = [line for line in list(process.lines) if line.startswith("STACK ")]
        if len(found) > nr:
            return json.loads(found[nr][6:])
        if process.popen.poll() is not None:
            break
        time.sleep(0.005)
    raise Failed("the program said no stack", process.stderr[-2000:])


def dumped(pid):
    status, out, err = run_blockprof("dump", "-F", "json", "-p", pid)
    if status:
        raise Failed("blockprof dump: status %d" % status, err)
    return [thread for thread in map(json.loads, out.splitlines()) if thread["type"] == "thread"]


class Judge(stacks.Judge):
    def agree(self, truth, ours):
        if not truth.name:
            return ours.name[:1] in ("(", "<", "[") and truth.file == ours.file
        return truth.name == ours.name and truth.file == ours.file


def compare(process, points, truth_of, ours_of, prepare=lambda pid: None):
    tally = stacks.Tally()
    judge = Judge()
    with process:
        process.wait_line("READY", LINE_S)
        for point in range(points + WARM_UP):
            truth = truth_of(next_line(process, point))
            if point >= WARM_UP:
                time.sleep(0.02)  # then it waits for its input
                prepare(process.pid)
                best = []
                for thread in dumped(process.pid):
                    ours = ours_of(thread.get("stack", []), truth[0])
                    best = max(best, ours, key=len)
                truth[0].line = None  # it has gone on
                tally.add("moment %d" % point, stacks.joined(judge.pair(truth, best)))
            process.send("")
    return tally


def from_innermost(frames, innermost):
    """Without what is inside of the frame that told."""
    while frames and frames[0].name != innermost.name:
        frames = frames[1:]
    return frames


def node(points):
    def truth_of(sites):
        return [stacks.Frame(stacks.NATIVE, fn, file=path, line=line) for fn, path, line in sites if path]

    def ours_of(stack, innermost):
        found = [
            stacks.Frame(stacks.NATIVE, frame["fn"], file=frame["file"], line=frame.get("line"))
            for frame in stack
            if frame["kind"] == "js" and "file" in frame
        ]
        return from_innermost(found, innermost)

    return compare(programs.node_record(), points, truth_of, ours_of)


def java_name(text):
    """int Deep.descend(int, int) and Deep.descend are one: a perf map has the whole signature."""
    text = re.sub(r"\(.*\)", "", text.partition(" [")[0]).replace("::", ".").replace("/", ".").rstrip()
    return re.sub(r"0x[0-9a-f]+", "0x", text.split(" ")[-1])


def java(points):
    process = programs.java_record()

    def truth_of(frames):
        return [stacks.Frame(stacks.NATIVE, java_name(fn)) for (fn,) in frames]

    def ours_of(stack, innermost):
        found = [java_name(frame["fn"]) for frame in stack if frame["kind"] == "jit"]
        # the JVM's own code, as StubRoutines, is in no class
        return from_innermost([stacks.Frame(stacks.NATIVE, name) for name in found if "." in name], innermost)

    def write_map(pid):
        subprocess.run(["jcmd", str(pid), "Compiler.perfmap"], stdout=subprocess.DEVNULL, check=True)

    try:
        return compare(process, points, truth_of, ours_of, write_map)
    finally:
        if os.path.exists("/tmp/perf-%d.map" % process.pid):
            os.remove("/tmp/perf-%d.map" % process.pid)
