# SPDX-License-Identifier: GPL-2.0-or-later
"""Python frames against what the interpreter says of itself; interpreters that cannot be read."""

import json
import os
import shutil
import tempfile

from harness import (
    WORKLOADS,
    Blockprof,
    Process,
    check,
    each_python,
    interpreter,
    limit,
    need,
    pythons,
    run_blockprof,
    variants,
)

POINTS = os.path.join(WORKLOADS, "points.py")


def frame_text(frame):
    return "%s@%s:%s" % (frame["fn"], frame.get("file"), frame.get("line"))


def slept(blockprof):
    """The stacks of the stalls that slept, in order."""
    stalls = [stall for stall in blockprof.stalls if not stall["ongoing"]]
    return [
        (stall, slice_["stack"])
        for stall in sorted(stalls, key=lambda stall: stall["mono_ns"])
        for slice_ in stall["slices"]
        if slice_["cause"] == "sleep"
    ]


@limit(120)
@each_python
def test_frames_as_the_program_sees_them(python):
    with Process([python, POINTS, "0.04"]) as target:
        target.wait_line("READY")
        with Blockprof("-t", "20ms", pids=[target.pid]) as blockprof:
            target.send("go")
            target.wait_line("DONE", 60)
    points = [line[6:].split("\t") for line in target.lines if line.startswith("POINT ")]
    check(len(points) >= 50, "%d points" % len(points), target.stderr)
    stacks = slept(blockprof)
    check(len(stacks) == len(points), "%d points, %d stalls" % (len(points), len(stacks)))
    for (name, said), (_, stack) in zip(points, stacks):
        seen = [frame_text(frame) for frame in stack if frame["kind"] == "python"]
        check(seen == said.split("|"), name, "\n".join(seen), said.replace("|", "\n"))


# --- Interpreters that cannot be read -------------------------------------------------------------


def declined():
    """(which, its program, how its name begins and ends)"""
    yield "debug", "python3-dbg", "CPython 3.", " debug"
    yield "renamed", "python3-dbg", "CPython 3.", " debug"
    yield "pypy", "pypy3", "PyPy 3.", ""
    for version in ("3.7", "3.6"):
        yield version, version, "CPython " + version, ""


@variants(lambda: [(which[0], which) for which in declined()])
def test_interpreters_that_cannot_be_read(which):
    """Said once, in words; what is left is native."""
    label, name, start, end = which
    code = "import sys, time\nprint('READY')\nsys.stdout.flush()\nfor _ in range(600): time.sleep(0.1)"
    path = interpreter(name)
    need(path, "%s is not installed" % name)
    with tempfile.TemporaryDirectory(prefix="blockprof-e2e-") as directory:
        if label == "renamed":
            path = shutil.copy(path, os.path.join(directory, "app"))
        judge_declined(path, code, start, end)


def judge_declined(path, code, start, end):
    with Process([path, "-c", code], env={"PYTHONHOME": "/usr"} if path.endswith("/app") else None) as target:
        target.wait_line("READY")
        with Blockprof("--all-threads", pids=[target.pid]) as blockprof:
            blockprof.wait_records(lambda records: True, seconds=1)
        status, dump, _ = run_blockprof("dump", "-p", target.pid)
        target.kill()
    said = [line for line in blockprof.stderr.splitlines() if "cannot be read" in line]
    check(len(said) == 1 and start in said[0] and end + ", whose frames" in said[0], "said", blockprof.stderr)
    check("native stacks only" in said[0], "what is left", said)
    check(status == 0 and "its tasks cannot be read" in dump and "libc" in dump, "dump", dump)


# --- Memory that changes under the reader -----------------------------------------------------------


@variants(lambda: [python for python in pythons() if python[0] in ("3.9", "3.11", "3.14", "3.15")])
def test_memory_that_changes_under_the_reader(python):
    """Both who watch it and who dump it go on, and what did not change is told as it is."""
    with Process([python, os.path.join(WORKLOADS, "mutates.py"), "2"]) as target:
        target.wait_line("READY")
        with Blockprof("-t", "20ms", pids=[target.pid], lost=True) as blockprof:
            target.send("go")
            dumps = 0
            while not any(line == "DONE" for line in target.lines):
                status, out, err = run_blockprof("dump", "-F", "json", "-p", target.pid)
                check(status == 0, "exit status %s of dump" % status, err)
                records = [json.loads(line) for line in out.splitlines()]
                main = [r for r in records if r["type"] == "thread" and r["tid"] == target.pid][0]
                names = [frame["fn"].rpartition(".")[2] for frame in main["stack"] if frame["kind"] == "python"]
                check(names[-1] == "<module>" and ("mutate" in names or "start" in names), "main thread", main)
                dumps += 1
        check(dumps >= 3, "%d dumps" % dumps)
        check(any(r["type"] == "stall" for r in blockprof.records), "the loop that blocks was not told")
        target.kill()
