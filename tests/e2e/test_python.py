# SPDX-License-Identifier: GPL-2.0-or-later
"""Python frames against what the interpreter says of itself; interpreters that cannot be read."""

import os
import shutil
import subprocess
import tempfile
import time

from harness import (
    WORKLOADS,
    Blockprof,
    Process,
    check,
    each_python,
    interpreter,
    limit,
    need,
    need_program,
    parse_records,
    pythons,
    run_blockprof,
    variants,
)

POINTS = os.path.join(WORKLOADS, "points.py")


def frame_text(frame):
    return "%s@%s:%s" % (frame["fn"], frame.get("file"), frame.get("line"))


def slept(blockprof):
    """The stalls that slept, in order, and their slices of it."""
    stalls = [stall for stall in blockprof.stalls if not stall["ongoing"]]
    return [
        (stall, slice_)
        for stall in sorted(stalls, key=lambda stall: stall["mono_ns"])
        for slice_ in stall["slices"]
        if slice_["cause"] == "sleep"
    ]


def check_native(name, stack, inlines):
    """Native frames are where C code was called, and only there; inlines: plain calls need no C code."""
    user = [frame for frame in stack if frame["kind"] != "kernel"]
    places = [at for at, frame in enumerate(user) if frame["kind"] == "python"]
    check(places[0] > 0, "%s: sleep() is C code" % name, stack)
    for at, outer in zip(places, places[1:]):
        fn = user[at]["fn"]
        if fn == "callback":
            check(outer > at + 1, "%s: C code called callback()" % name, stack)
        if fn in ("plain", "block") and inlines:
            check(outer == at + 1, "%s: Python code called %s()" % (name, fn), stack)


@limit(120)
@each_python
def test_frames_as_the_program_sees_them(python):
    with Process([python, POINTS, "0.04"]) as target:
        target.wait_line("READY")
        with Blockprof("-t", "20ms", pids=[target.pid], lost=("stacks_cut",)) as blockprof:
            target.send("go")
            target.wait_line("DONE", 60)
    (loop,) = blockprof.loops
    version = tuple(int(word) for word in loop["runtime_version"].split(".")[:2])
    points = [line[6:].split("\t") for line in target.lines if line.startswith("POINT ")]
    check(len(points) >= 50, "%d points" % len(points), target.stderr)
    stacks = [slice_["stack"] for _, slice_ in slept(blockprof)]
    check(len(stacks) == len(points), "%d points, %d stalls" % (len(points), len(stacks)))
    for (name, said), stack in zip(points, stacks):
        seen = [frame_text(frame) for frame in stack if frame["kind"] == "python"]
        check(seen == said.split("|"), name, "\n".join(seen), said.replace("|", "\n"))
        check_native(name, stack, version >= (3, 12))


@variants(lambda: [python for python in pythons() if python[0] in ("3.10", "3.13", "3.15")])
def test_recursion_deeper_than_what_is_kept(python):
    """The inner frames are there, and it is said that others are not."""
    code = (
        "import asyncio, time\ndef deep(n):\n    deep(n - 1) if n else time.sleep(0.2)\n"
        "async def main():\n    await asyncio.sleep(0.1); deep(300); await asyncio.sleep(0.1)\nasyncio.run(main())"
    )
    with Blockprof(command=[python, "-c", code], lost=("stacks_cut",)) as blockprof:
        check(blockprof.wait() == 0, "exit status %s" % blockprof.status, blockprof.stderr)
    ((_, slice_),) = slept(blockprof)
    names = [frame["fn"] for frame in slice_["stack"] if frame["kind"] == "python"]
    check(names == ["deep"] * 128, "%d frames" % len(names), names)
    check(slice_.get("stack_cut") is True, "it is not said", slice_)


@variants(lambda: [python for python in pythons() if python[0] in ("3.8", "3.11", "3.13")])
def test_c_extension_between_python_frames(python):
    """Each of its functions, and each time, right where it was called."""
    compiler = need_program("cc")
    include = subprocess.check_output(
        [python, "-c", "import sysconfig; print(sysconfig.get_paths()['include'])"], universal_newlines=True
    ).strip()
    need(os.path.exists(os.path.join(include, "Python.h")), "no headers of %s" % python)
    with tempfile.TemporaryDirectory(prefix="blockprof-e2e-") as directory:
        subprocess.check_call(
            [compiler, "-O2", "-fomit-frame-pointer", "-shared", "-fPIC", "-I" + include]
            + ["-o", os.path.join(directory, "extension.so"), os.path.join(WORKLOADS, "extension.c")]
        )
        with Process([python, os.path.join(WORKLOADS, "extension.py"), directory]) as target:
            target.wait_line("READY")
            with Blockprof(pids=[target.pid]) as blockprof:
                target.send("go")
                target.wait_line("DONE")
    stack = slept(blockprof)[0][1]["stack"]
    ours = ("inner", "calls_python", "extension_call", "outer", "work")
    seen = [frame["fn"] for frame in stack if frame["fn"] in ours]
    call = ["calls_python", "extension_call"]
    check(seen == ["inner"] + call + ["outer"] + call + call + ["work"], "order", seen, stack)


# --- Interpreters that cannot be read -------------------------------------------------------------


def declined():
    """(which, its program, how its name begins and ends)"""
    yield "debug", "python3-dbg", "CPython 3.", " debug"
    yield "renamed", "python3-dbg", "CPython 3.", " debug"
    yield "free-threaded", "cc", "CPython 3.14.2", " free-threaded"
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
        elif label == "free-threaded":
            source = os.path.join(WORKLOADS, "free_threaded.c")
            subprocess.check_call([path, "-o", os.path.join(directory, "python3.14t"), source])
            path = os.path.join(directory, "python3.14t")
        judge_declined(path, code, start, end)


def judge_declined(path, code, start, end):
    with Process([path, "-c", code], env={"PYTHONHOME": "/usr"} if path.endswith("/app") else None) as target:
        target.wait_line("READY")
        with Blockprof("--all-threads", pids=[target.pid]) as blockprof:
            blockprof.wait_records(lambda records: True, seconds=1)
        status, dump, _ = run_blockprof("dump", "-p", target.pid)
        _, again, _ = run_blockprof("dump", "-F", "json", "-p", target.pid)
        target.kill()
    said = [line for line in blockprof.stderr.splitlines() if "cannot be read" in line]
    check(len(said) == 1 and start in said[0] and end + ", whose frames" in said[0], "said", blockprof.stderr)
    check("native stacks only" in said[0], "what is left", said)
    check(status == 0 and "its tasks cannot be read" in dump, "dump", dump)
    stacks = [record["stack"] for record in parse_records(again) if record["type"] == "thread"]
    check({frame["kind"] for stack in stacks for frame in stack} - {"kernel"} == {"native"}, "native stacks", again)


# --- Memory that changes under the reader -----------------------------------------------------------


@variants(lambda: [python for python in pythons() if python[0] in ("3.9", "3.11", "3.14", "3.15")])
def test_memory_that_changes_under_the_reader(python):
    """Both who watch it and who dump it go on, and what did not change is reported as it is."""
    with Process([python, os.path.join(WORKLOADS, "mutates.py"), "40"]) as target:
        target.wait_line("READY")
        with Blockprof("-t", "20ms", pids=[target.pid], lost=True) as blockprof:
            target.send("go")
            dumps = good = 0
            began = time.monotonic()
            while time.monotonic() < began + 2 or dumps < 3 or not good:
                check(target.popen.poll() is None, "the target ended", target.stderr)
                check(time.monotonic() < began + 30, "%d dumps, the main thread as it is in %d" % (dumps, good))
                status, out, err = run_blockprof("dump", "-F", "json", "-p", target.pid)
                check(status == 0, "exit status %s of dump" % status, err)
                records = parse_records(out)
                main = [r for r in records if r["type"] == "thread" and r["tid"] == target.pid][0]
                names = [frame["fn"].rpartition(".")[2] for frame in main.get("stack", []) if frame["kind"] == "python"]
                # it runs, and may have been looked at while it moved
                good += names[-1:] == ["<module>"] and ("mutate" in names or "start" in names)
                dumps += 1
        check(any(r["type"] == "stall" for r in blockprof.records), "the loop that blocks was not reported")
        target.kill()
