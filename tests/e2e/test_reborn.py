# SPDX-License-Identifier: GPL-2.0-or-later
"""One pid, several programs."""

import os
import sys

from harness import (
    MS,
    WORKLOADS,
    Blockprof,
    Process,
    assert_slice,
    check,
    exclusive,
    find_frame,
    frames_of,
    need,
    need_root,
    pythons,
    variants,
)
from traps import all_slices, sum_slices

REBORN = os.path.join(WORKLOADS, "reborn.py")


def check_reborn(blockprof, pid):
    """Two loops in turn, each with its own blocks."""
    stalls = [stall for stall in blockprof.stalls if stall["pid"] == pid and stall["cause"] != "runqueue"]
    loops = [loop for loop in blockprof.loops if loop["pid"] == pid]
    check(len(loops) == 2, "two loops", *loops)
    for name, length in (("first_block", 150 * MS), ("second_block", 250 * MS)):
        own = [stall for stall in stalls if any(find_frame(frames_of(s), name, "reborn.py") for s in stall["slices"])]
        check(len(own) == 2, "two stalls of %s, not %d" % (name, len(own)), *stalls)
        for stall in own:
            slept = assert_slice(stall, cause="sleep", fn=name)["ns"]
            check(abs(slept - length) <= 10 * MS, "%s slept %d ms" % (name, slept // MS), stall)
    check(len(stalls) == 4, "four stalls", *stalls)
    for _, slice_ in all_slices(blockprof):
        both = [name for name in ("first_block", "second_block") if find_frame(frames_of(slice_), name)]
        check(len(both) < 2, "both programs in one stack", slice_)
    summaries = [loop for loop in blockprof.summary["loops"] if loop["pid"] == pid]
    check([loop["stalls"] for loop in summaries] == [2, 2], "a summary for each", *summaries)
    check(not blockprof.summary["lost"], "something was lost", blockprof.summary)


def python_pairs():
    known = pythons()
    pairs = [(known[0], known[-1]), (known[-1], known[0]), (known[-1], known[-1])] if known else []
    return [("%s-%s" % (one[0], other[0]), (one[1], other[1])) for one, other in pairs]


@variants(python_pairs)
def test_exec_of_another_program(pair):
    with Process([pair[0], REBORN, "exec", pair[1]]) as target:
        target.wait_line("READY")
        with Blockprof(pids=[target.pid], judge=False) as blockprof:
            target.send("go")
            check(blockprof.wait(30) == 0, "exit status %s" % blockprof.status)
    check_reborn(blockprof, target.pid)
    check(len(blockprof.of_type("exit")) == 1, "one exit", *blockprof.of_type("exit"))


def test_exec_of_a_program_without_a_loop():
    """What the second program does is none of the first one's loop."""
    code = (
        "import asyncio, os, sys, time\nasync def main():\n    for _ in range(20): await asyncio.sleep(0.02)\n"
        "    time.sleep(0.2)\nprint('READY', flush=True)\nsys.stdin.readline()\nasyncio.run(main())\n"
        "os.execvp('sleep', ['sleep', '1'])"
    )
    with Process([sys.executable, "-c", code]) as target:
        target.wait_line("READY")
        with Blockprof(pids=[target.pid]) as blockprof:
            target.send("go")
            blockprof.wait(30)
    check(blockprof.stalls, "the first program's stall")
    for stall in blockprof.of_type("stall"):
        check(stall["duration_ns"] < 900 * MS, "the second program's sleep", stall)
    check(sum_slices(blockprof, "sleep") < 900 * MS, "the second program's sleep", *blockprof.of_type("blocked"))


@exclusive
@variants(python_pairs)
def test_pid_used_again(pair):
    need_root()
    need(os.path.exists("/proc/sys/kernel/ns_last_pid"), "no /proc/sys/kernel/ns_last_pid")
    with Process([sys.executable, REBORN, "reuse"] + list(pair)) as target:
        with Blockprof("-f", pids=[target.pid], judge=False) as blockprof:
            target.send("go")
            check(blockprof.wait(40) == 0, "exit status %s" % blockprof.status)
    need(any(line.startswith("REUSED") for line in target.lines), "the pid was not given again")
    pid = int(target.wait_line("REUSED").split()[1])
    check_reborn(blockprof, pid)
    exits = [record for record in blockprof.of_type("exit") if record["pid"] == pid]
    check(len(exits) == 2, "both ends are reported", *exits)
