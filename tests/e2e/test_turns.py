# SPDX-License-Identifier: GPL-2.0-or-later
"""Turns of an asyncio loop: stopped, of many small parts, that are no stalls, beside other loops' and from before the attach."""

import ctypes
import os
import signal
import sys
import time

from harness import (
    MS,
    SECOND,
    WORKLOADS,
    Blockprof,
    Cgroup,
    Process,
    Target,
    assert_no_stalls,
    assert_slice,
    assert_stall,
    busy,
    check,
    each_python,
    exclusive,
    find_frame,
    frames_of,
    limit,
    need,
    row,
    tolerance,
    variants,
)
from native import c_program
from patterns import run_pattern, run_scenario


# --- Stopped -------------------------------------------------------------------------------------------------


STOPPED = 0.6  # seconds: more than what the target computes


def hold(let_go):
    """For how long, in ns."""
    began = time.monotonic_ns()
    time.sleep(STOPPED)
    let_go()
    return time.monotonic_ns() - began


def by_signal(pid):
    os.kill(pid, signal.SIGSTOP)
    return hold(lambda: os.kill(pid, signal.SIGCONT))


def by_tracer(pid):
    libc = ctypes.CDLL(None, use_errno=True)
    seize, interrupt, detach = 0x4206, 0x4207, 17
    need(libc.ptrace(seize, pid, None, None) == 0, "ptrace is not allowed")
    libc.ptrace(interrupt, pid, None, None)
    os.waitpid(pid, 0)
    return hold(lambda: libc.ptrace(detach, pid, None, None))


def by_freezer(pid):
    with Cgroup("freezer") as cgroup:
        cgroup.add(pid)
        cgroup.freeze(True)
        return hold(lambda: cgroup.freeze(False))


@busy
@row("asyncio", 33)
@variants([("signal", by_signal), ("tracer", by_tracer), ("freezer", by_freezer)])
def test_stopped_while_busy(stop):
    with Target("cpu", "--count=1", "--seconds=0.3") as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            target.go()
            target.wait_line("BEGIN")
            time.sleep(0.1)
            held = stop(target.pid)
            target.wait_done()
            time.sleep(0.2)
    stall, slice_ = assert_stall(blockprof.stalls, cause="stopped", turn=target.turns[0])
    check(abs(slice_["ns"] - held) <= 50 * MS, "stopped for %.1f ms" % (held / MS), stall)


def test_stopped_while_idle():
    with Target("idle") as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            held = by_signal(target.pid)
            time.sleep(0.2)
    stall, _ = assert_stall(blockprof.stalls, cause="stopped", tid=target.pid)
    check(abs(stall["duration_ns"] - held) <= 50 * MS, "stopped for %.1f ms" % (held / MS), stall)


# --- Many small things in one turn ---------------------------------------------------------------------------


@row("asyncio", 35)
def test_many_small_sleeps():
    for stall in run_pattern("small-sleeps", expect=dict(cause="sleep")):
        slice_ = assert_slice(stall, cause="sleep", fn="block_small_sleeps")
        check(55 <= slice_["count"] <= 60, "60 sleeps, not %d" % slice_["count"], stall)
        check(slice_["max_ns"] < 60 * MS, "no one of them is long", slice_)


def test_many_small_blocks_of_many_tasks():
    target, blockprof = run_scenario("small-tasks")
    for turn in target.turns:
        stall, _ = assert_stall(blockprof.stalls, cause="sleep", fn="small", turn=turn)
        check(
            sum(slice_["ns"] for slice_ in stall["slices"] if slice_["cause"] == "sleep")
            >= stall["ledger"]["blocked_ns"] * 0.9,
            "what is blocked is not reported as sleep",
            stall,
        )


@busy
@row("asyncio", 34)
def test_many_small_callbacks():
    target, blockprof = run_scenario("callbacks")
    for turn in target.turns:
        stall, _ = assert_stall(blockprof.stalls, cause="cpu", fn="small", file="blocks_cpu.py", turn=turn)
        check("task" not in stall["slices"][0], "a plain callback has no task", stall["slices"][0])


@each_python
def test_two_tasks_in_one_turn(python):
    target, blockprof = run_scenario("gather", python=python)
    for turn in target.turns:
        for task in turn["tasks"]:
            stall, slice_ = assert_stall(
                blockprof.stalls, cause="sleep", fn="nap", file="blocks_sleep.py", task=task, coro="nap", turn=turn
            )
            check(
                abs(slice_["ns"] - 250 * MS) <= tolerance(250 * MS), "a task's part is half of the stall", slice_
            )


@each_python
def test_task_that_is_gone_keeps_its_name(python):
    target, blockprof = run_scenario("successors", "--count=5", python=python)
    for turn in target.turns:
        assert_stall(blockprof.stalls, cause="sleep", fn="victim", task=turn["task"], coro="victim", turn=turn)


# --- Not stalls ----------------------------------------------------------------------------------------------


@busy(lambda name: name in ("spin", "native", "gil-released"))
@row("asyncio", {"idle": 1, "timers": 1, "spin": 37, "reenter": 14, "wakeups": 27}.get)
@variants([(name, name) for name in "idle timers spin reenter wakeups native gil-released".split()])
def test_no_stall(name):
    options = {"timers": ["--count=200"], "idle": ["--seconds=1"], "spin": ["--seconds=1"]}
    target, blockprof = run_scenario(name, *options.get(name, []))
    assert_no_stalls(blockprof.stalls)
    check(len(blockprof.summary["loops"]) == 1, "one loop", blockprof.summary)
    if name == "timers":
        turns = blockprof.summary["loops"][0]["turns"]
        check(200 <= turns <= 300, "200 timers made %d turns" % turns)


@row("asyncio", 36)
def test_startup_is_not_judged():
    command = Target("startup-sleep", "--seconds=0.5")
    command.end()
    with Blockprof("--all-threads", command=command.argv) as blockprof:
        blockprof.wait()
    assert_no_stalls(blockprof.stalls)
    slices = [slice_ for record in blockprof.of_type("blocked") for slice_ in record["slices"]]
    check(
        any(
            slice_["cause"] == "sleep"
            and find_frame(frames_of(slice_), "sleep_before_loop")
            and abs(slice_["ns"] - 500 * MS) < tolerance(500 * MS)
            for slice_ in slices
        ),
        "--all-threads does not show the sleep before the loop",
        blockprof.of_type("blocked"),
    )


# --- Loops beside loops --------------------------------------------------------------------------------------


@row("asyncio", 28)
def test_a_verdict_for_each_loop():
    target, blockprof = run_scenario("loops")
    facts = target.facts()
    check(
        {loop["tid"] for loop in blockprof.loops}
        == {target.pid, facts["blocker_tid"], facts["ticker_tid"]},
        "three loops",
        blockprof.loops,
    )
    for turn in target.turns:
        assert_stall(
            blockprof.stalls, cause="sleep", fn="block_sleep", coro="block_here", turn=turn, tid=facts["blocker_tid"]
        )
    assert_no_stalls([stall for stall in blockprof.stalls if stall["tid"] != facts["blocker_tid"]])


@row("asyncio", 32)
@exclusive
def test_fork_of_a_large_process():
    target, blockprof = run_scenario("fork", args=["-t", "5ms", "-f"])
    for turn in target.turns:
        need(turn["end_ns"] - turn["start_ns"] > 7 * MS, "fork is too fast here")
        stall, slice_ = assert_stall(
            blockprof.stalls, cause="cpu", fn="block_fork", line=turn["line"], turn=turn, tid=target.pid, or_runqueue=True
        )
        check(find_frame(frames_of(slice_), kind="kernel"), "no kernel frames", slice_)
        check(
            turn["child"] not in {loop["pid"] for loop in blockprof.loops},
            "the child has the loop's descriptors, but is no loop",
            blockprof.loops,
        )


# --- Attached in the middle ----------------------------------------------------------------------------------


@row("asyncio", 39)
@limit(90)
@each_python
def test_attach_while_it_blocks(python):
    with Target("sleep", "--seconds=3", "--count=1", python=python) as target:
        target.go()
        target.wait_line("BEGIN")
        with Blockprof(pids=[target.pid]) as blockprof:
            records = blockprof.wait_records(
                lambda records: any(record["type"] == "stall" for record in records), seconds=5
            )
            first = next(record for record in records if record["type"] == "stall")
            target.wait_done()
            time.sleep(0.2)
        turn = target.turns[0]
    check(first["ongoing"] and first["before_attach"], "ongoing, from before the attach", first)
    reported_ns = first["mono_ns"] + first["duration_ns"]
    check(reported_ns <= blockprof.watching_ns + 1100 * MS, "reported after more than a second", first)
    check(
        abs(first["mono_ns"] - turn["start_ns"]) <= 50 * MS,
        "its start is %.1f ms off" % ((first["mono_ns"] - turn["start_ns"]) / MS),
        first,
    )
    for stall in (first, blockprof.stalls[0]):
        check(stall["cause"] == "sleep", "cause", stall)
        assert_slice(
            stall, cause="sleep", fn="block_sleep", file=turn["file"], line=turn["line"], task="job-1", coro="do_io"
        )
    final = blockprof.stalls[0]
    check(final["turn"] == first["turn"], "one turn, one name", first, final)
    check(final["before_attach"], "before_attach is lost in the end", final)
    length = turn["end_ns"] - turn["start_ns"]
    check(abs(final["duration_ns"] - length) <= tolerance(length), "its length is %d ms" % (length // MS), final)


def test_ongoing_each_second():
    with Target("sleep", "--seconds=3.5", "--count=1") as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            target.run()
        turn = target.turns[0]
    final, _ = assert_stall(blockprof.stalls, cause="sleep", turn=turn)
    ongoing = [stall for stall in blockprof.ongoing if stall["turn"] == final["turn"]]
    check(3 <= len(ongoing) <= 5, "%d ongoing records in 3.5 s" % len(ongoing), *ongoing)
    check(ongoing[0]["duration_ns"] <= 1000 * MS, "the first one came late", ongoing[0])
    for stall in ongoing:
        check(stall["cause"] == "sleep", "cause while it lasts", stall)
        assert_slice(stall, cause="sleep", fn="block_sleep", line=turn["line"], task="job-1")


# --- Where a turn ends before its thread goes on ----------------------------------------------------------------


def test_a_source_that_is_closed_ends_its_turn():
    """Its loop closes what its events come from in the middle of a long turn: that is where the stall ends."""
    with Process([sys.executable, os.path.join(WORKLOADS, "closes.py")]) as target:
        target.wait_line("READY")
        with Blockprof("-vv", pids=[target.pid]) as blockprof:
            blockprof.wait_loop(target.pid)
            target.send("go")
            target.wait_line("DONE")
        target.kill()
    (stall,) = blockprof.stalls
    check(400 * MS <= stall["duration_ns"] < SECOND, "up to where it closed its source", stall)
    assert_slice(stall, cause="sleep", fn="<module>")
    check(not blockprof.of_type("withdrawn"), "it was a stall", *blockprof.of_type("withdrawn"))
    (loop,) = blockprof.summary["loops"]
    check(loop["stalls"] == 1 and loop["longest_ns"] == stall["duration_ns"], "the summary is of the same turns", loop)


def test_waits_at_no_descriptor():
    """A program may wait at an epoll instance that it has not got: the watch goes on, whatever that is."""
    with Process([c_program("no_descriptor")]) as target:
        target.wait_line("READY")
        with Blockprof(pids=[target.pid], judge=False) as blockprof:
            check(blockprof.wait(30) == 0, "exit status %s" % blockprof.status)


def test_instances_made_anew_are_no_loop():
    """It waits often, each time at an epoll instance of its own that has the number of the one before: none lives on."""
    code = (
        "import select, sys, time\nprint('READY', flush=True)\nsys.stdin.readline()\n"
        "for turn in range(1000):\n    with select.epoll() as own:\n        own.poll(0.001)\n"
        "    if turn % 200 == 199: time.sleep(0.15)\n"
        "print('DONE', flush=True)\nsys.stdin.readline()"
    )
    with Process([sys.executable, "-c", code]) as target:
        target.wait_line("READY")
        with Blockprof(pids=[target.pid]) as blockprof:
            target.send("go")
            target.wait_line("DONE")
        target.kill()
    check(not blockprof.loops and not blockprof.stalls, "no loop", *blockprof.loops, *blockprof.stalls)


def test_a_stall_that_is_none_is_withdrawn():
    """Another thread closes what the loop's events come from, in the middle of one long block: reported, withdrawn, counted."""
    with Process([sys.executable, os.path.join(WORKLOADS, "closes.py"), "other"]) as target:
        target.wait_line("READY")
        with Blockprof("-vv", "--fail", pids=[target.pid]) as blockprof:
            blockprof.wait_loop(target.pid)
            target.send("go")
            target.wait_line("DONE")
        target.kill()
    (withdrawn,) = blockprof.of_type("withdrawn")
    check(withdrawn["turn"] in {stall["turn"] for stall in blockprof.ongoing}, "it was reported", withdrawn)
    check(withdrawn["reason"] == "handed_over" and not blockprof.stalls, "and was none", withdrawn, *blockprof.stalls)
    discarded = blockprof.summary["discarded"]["handed_over"]
    check(discarded["count"] == 1 and discarded["longest_ns"] >= SECOND, "how long it was", discarded)
    (loop,) = blockprof.summary["loops"]
    check(loop["stalls"] == 0 and loop["longest_ns"] < 100 * MS, "the summary is of the same turns", loop)
    check("discarded: 1 turn, " in blockprof.stdout, "in text", blockprof.stdout)
    # a block is told from one second on: nothing is taken back that was not said
    told, taken_back = "still" in blockprof.stdout, "was no stall: " in blockprof.stdout
    check(told == taken_back, "what was told is taken back", blockprof.stdout)
    said = [line for line in blockprof.stderr.splitlines() if "no stall: " in line]
    check(len(said) == 1 and "python3[%d]" % target.pid in said[0], "at once", blockprof.stderr)
