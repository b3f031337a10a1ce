# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole stacks of code that keeps no frame pointers, from copies of registers and stack."""

import os
import time

from harness import WORKLOADS, Blockprof, assert_stall, busy, check, need_root, parse_records, run_blockprof, variants
from machine import need_program
from native import NativeTarget, build, run_tool


def program():
    need_program("gcc")
    source = os.path.join(WORKLOADS, "deep_loop.c")

    def make(directory):
        run_tool(
            ["gcc", "-O2", "-fomit-frame-pointer", "-o", os.path.join(directory, "deep_loop"), source, "-pthread"], "gcc"
        )

    return os.path.join(build("deep_loop", make, [source]), "deep_loop")


def deep_loop(pattern, frames, size, milliseconds=300):
    return NativeTarget([program(), pattern, str(frames), str(size), str(milliseconds)])


def watch(pattern, frames, size, lost=()):
    """The slice of its one block, and what else was reported."""
    with deep_loop(pattern, frames, size) as target:
        with Blockprof(pids=[target.pid], lost=lost) as blockprof:
            blockprof.wait_loop(target.pid)
            target.run()
    _, slice_ = assert_stall(blockprof.stalls, cause="sleep", turn=target.turns[0])
    return slice_, blockprof


def calls(frames):
    """From the innermost outwards: they take turns, the outermost is the even one."""
    return ["odd" if left % 2 else "even" for left in range(frames)] if frames % 2 else [
        "even" if left % 2 else "odd" for left in range(frames)
    ]


def names_of(slice_):
    return [frame["fn"] for frame in slice_["stack"] if frame["kind"] == "native"]


def check_whole(slice_, frames, inner=()):
    names = names_of(slice_)
    expected = list(inner) + ["innermost"] + calls(frames) + ["turn"]
    check("innermost" in names, "no frames of it", names)
    at = names.index(expected[0])
    check(names[at : at + len(expected)] == expected, "not %s" % expected, names)
    check(not slice_.get("stack_cut"), "it is cut", names)
    found_worse = [frame for frame in slice_["stack"] if "by" in frame]
    check(not found_worse, "found by frame pointer", *found_worse)
    check(names[-1] in ("_start", "clone3", "__clone3", "clone") or "+0x" in names[-1], "its outer end", names)


@variants([("%d-frames" % frames, frames) for frames in (20, 60)])
def test_frames(frames):
    slice_, blockprof = watch("sleep", frames, 100)
    check_whole(slice_, frames, ["block_here"])
    ongoing = [record for record in blockprof.records if record["type"] == "stall" and record["ongoing"]]
    check(ongoing, "it was not reported while it lasted")
    check_whole(ongoing[0]["slices"][0], frames, ["block_here"])


def test_more_than_is_copied_at_first():
    """20 to 40 KiB of stack."""
    slice_, _ = watch("sleep", 40, 1500)
    check_whole(slice_, 40, ["block_here"])


def test_deeper_than_what_is_copied():
    """More than 64 KiB: its outer frames are missing, which is said."""
    slice_, blockprof = watch("sleep", 60, 4000, lost=("stacks_cut",))
    names = names_of(slice_)
    check(slice_.get("stack_cut") is True, "it is marked as cut", names)
    at = names.index("innermost")
    inner = names[at + 1 :]
    check(len(inner) >= 20 and inner == calls(60)[: len(inner)], "its inner frames", names)
    check(blockprof.summary["lost"].get("stacks_cut"), "it is counted", blockprof.summary)


def test_in_a_signal_handler():
    """Through the frame that the kernel made, to what was interrupted."""
    slice_, _ = watch("signal", 12, 200)
    names = names_of(slice_)
    at = names.index("on_signal")
    check(names[at - 1] == "block_here" or "block_here" not in names, "the handler blocks", names)
    # the C library's way from raise() lies between
    check("innermost" in names[at:], "what was interrupted", names)
    check_whole(slice_, 12)


def test_at_the_end_of_the_stack():
    """The copy ends where the thread's stack does."""
    slice_, _ = watch("end", 1, 8)
    check_whole(slice_, 1)


@busy
def test_cpu_time():
    """CPU ticks hit it where it runs."""
    with deep_loop("cpu", 30, 100, 800) as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            blockprof.wait_loop(target.pid)
            target.run()
    slices = [slice_ for stall in blockprof.stalls for slice_ in stall["slices"]]
    sampled = [slice_ for slice_ in slices if slice_["cause"] == "cpu" and "stack" in slice_]
    check(sampled, "no samples", *blockprof.stalls)
    for slice_ in sampled:
        check("block_here" in names_of(slice_), "where it runs", slice_)
        check_whole(slice_, 30)


def threads_of(pid):
    need_root()
    status, out, err = run_blockprof("dump", "-F", "json", "-p", str(pid))
    check(status == 0 and not err, "dump", status, err)
    return [record for record in parse_records(out) if record["type"] == "thread"]


@variants([("sleeps", "sleep"), ("runs", "cpu")])
def test_dump(pattern):
    with deep_loop(pattern, 20, 100, 3000) as target:
        target.go()
        time.sleep(0.5)
        (thread,) = threads_of(target.pid)
        check_whole(thread, 20)
        target.kill()


def test_blocked_before_the_watch():
    """What it was in already is read from outside."""
    with deep_loop("sleep", 20, 100, 3000) as target:
        target.go()
        time.sleep(0.3)
        with Blockprof("--all-threads", pids=[target.pid]) as blockprof:
            target.wait_done()
            time.sleep(0.2)
    slices = [slice_ for record in blockprof.records if record["type"] == "blocked" for slice_ in record["slices"]]
    (slept,) = [slice_ for slice_ in slices if slice_["cause"] == "sleep"]
    check_whole(slept, 20)
