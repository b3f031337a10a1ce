# SPDX-License-Identifier: GPL-2.0-or-later
"""Loops that are not asyncio's: Node.js, uvloop, and those of C libraries.

Each is found by its runtime's name, idle it is nowhere, and what blocks it is reported with the
cause and the length that its own clock says.
"""

import os
import subprocess
import time

from harness import (
    MS,
    WORKLOADS,
    Blockprof,
    Process,
    Skip,
    Target,
    assert_no_stalls,
    assert_slice,
    assert_stall,
    busy,
    check,
    exclusive,
    need,
    need_program,
    row,
    variants,
)
from native import linked
from patterns import check_advice


def by_label(argument):
    return argument[0]


def assert_loop(blockprof, runtime, syscall=None, nr=1, tid=None):
    found = [
        loop for loop in blockprof.loops if loop["runtime"] == runtime and (not tid or loop["tid"] == tid)
    ]
    check(len(found) >= nr, "%d loops of %s" % (nr, runtime), *blockprof.loops)
    check(all(loop["runtime"] == runtime for loop in blockprof.loops), "no other loops", *blockprof.loops)
    if syscall:
        check(found[0]["wait"]["syscall"] == syscall, "wait is %s" % syscall, *found)
    return found[0]


# --- Node.js --------------------------------------------------------------------------------------

NODE_BLOCKS = {
    # pattern: (row, cause, target)
    "execsync": (11, "child", {"kind": "child", "comm": lambda comm: comm in ("sh", "sleep", "node")}),
    "execsync_chatty": (11, "child", {"kind": "child", "comm": lambda comm: comm in ("sh", "sleep", "node")}),
    "atomics": (12, "sleep", None),
    "fifo": (13, ("file", "pipe"), None),
    "cpu": (20, "cpu", None),
}


NODE_ADVICE = {
    "execsync": r"child_process\.exec\(\) instead of execSync",
    "execsync_chatty": r"child_process\.exec\(\) instead of execSync",
    "atomics": "waitAsync",
    "fifo": r"fs\.promises\.readFile\(\) instead of fs\.readFileSync",
    "cpu": "worker thread",
}


def node(pattern, *options):
    return Target(pattern, *options, python=need_program("node"), script="node_target.js")


def cases(table):
    return [(name, (name,) + tuple(row)) for name, row in table.items()]


@busy(lambda case: case[0] == "cpu")
@row("node", lambda case: case[1])
@variants(cases(NODE_BLOCKS))
def test_node_blocks(case):
    pattern, _, cause, target = case
    with node(pattern) as workload:
        with Blockprof(pids=[workload.pid]) as blockprof:
            workload.run()
        (turn,) = workload.turns
    loop = assert_loop(blockprof, "node", "epoll_wait", tid=workload.pid)
    check(loop.get("runtime_version", "").count(".") == 2, "a version", loop)
    stall, _ = assert_stall(blockprof.stalls, cause=cause, turn=turn, target=target, tid=workload.pid, or_runqueue=True)
    if stall["cause"] != "runqueue":
        check_advice(stall, NODE_ADVICE[pattern])
    reported = [stall for stall in blockprof.stalls if stall["cause"] == cause]
    check(len(reported) <= 1, "reported once", *reported)


@busy(lambda pattern: pattern == "pbkdf2")
@row("node", 5)
@variants([("idle", "idle"), ("exec", "exec"), ("readfile", "readfile"), ("pbkdf2", "pbkdf2")])
def test_node_twins(pattern):
    """The same, left to libuv's threads or to the child: the loop is free."""
    with node(pattern) as workload:
        with Blockprof(pids=[workload.pid]) as blockprof:
            workload.run()
    assert_loop(blockprof, "node")
    assert_no_stalls(blockprof.stalls)


@busy
def test_node_threads():
    """libuv's pool, which parks, and V8's workers are no loops; two threads have one."""
    with node("pbkdf2") as workload:
        workload.run()
        with Blockprof(pids=[workload.pid]) as blockprof:
            time.sleep(0.5)
    check(len(blockprof.loops) <= 2, "its own loop and that of V8's timers", *blockprof.loops)
    assert_loop(blockprof, "node", "epoll_wait", tid=workload.pid)


@busy(lambda pattern: pattern == "cpu")
@row("node", 28)
@variants([("execsync", "execsync"), ("atomics", "atomics"), ("cpu", "cpu")])
def test_node_worker(pattern):
    """A worker thread has a loop of its own, which is the one that is held up."""
    with node(pattern, "--worker") as workload:
        with Blockprof(pids=[workload.pid]) as blockprof:
            workload.run()
        (turn,) = workload.turns
    assert_loop(blockprof, "node", nr=2)
    stall, _ = assert_stall(
        blockprof.stalls, cause=NODE_BLOCKS[pattern][1], turn=turn, or_runqueue=True, spare_ns=10 * MS
    )
    check(stall["tid"] != workload.pid, "the worker's", stall)
    assert_no_stalls(blockprof.stalls, tid=workload.pid)


@exclusive
@row("node", 39)
def test_node_attached_within_execsync():
    """No wait has been seen yet: the loop's own epoll instance is not the one it sleeps on."""
    with node("execsync_chatty", "--seconds", "3") as workload:
        workload.go()
        time.sleep(0.7)
        with Blockprof(pids=[workload.pid]) as blockprof:
            workload.wait_done()
            time.sleep(0.3)
        (turn,) = workload.turns
    assert_loop(blockprof, "node", tid=workload.pid)
    stalls = [stall for stall in blockprof.stalls if stall["tid"] == workload.pid]
    check(blockprof.ongoing, "reported while it lasts", *stalls)
    check(stalls, "reported when it is over")
    final = max(stalls, key=lambda stall: stall["duration_ns"])
    assert_slice(final, cause="child")
    check(
        final["mono_ns"] + final["duration_ns"] <= turn["end_ns"] + 20 * MS
        and final["duration_ns"] >= 1000 * MS,
        "the rest of the child's time",
        final,
        turn,
    )


@row("node", 36)
def test_node_start_up_is_not_judged():
    """execSync() at the top of a program: its loop has not begun, and nested waits are none of it."""
    script = os.path.join(WORKLOADS, "node_target.js")
    command = [need_program("node"), script, "execsync_chatty", "--now", "--seconds", "1"]
    with Blockprof("-d", "3", command=command) as blockprof:
        blockprof.popen.wait()
    assert_no_stalls(blockprof.stalls)


# --- uvloop -----------------------------------------------------------------------------------------


def uvloop_python():
    python = "/usr/bin/python3"
    found = subprocess.run([python, "-c", "import uvloop"], stderr=subprocess.DEVNULL, check=False)
    need(found.returncode == 0, "python3-uvloop is not installed")
    return python


UVLOOP_BLOCKS = {
    "sleep": (4, "sleep", "block_sleep"),
    "recv": (7, "socket", "block_recv"),
    "subprocess-run": (9, "child", "block_subprocess_run"),
    "cpu": (20, "cpu", None),
}


@busy(lambda case: case[0] == "cpu")
@row("uvloop", lambda case: case[1])
@variants(lambda: cases(UVLOOP_BLOCKS))
def test_uvloop_blocks(case):
    pattern, _, cause, fn = case
    with Target(pattern, "--uvloop", "--count=1", python=uvloop_python()) as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            target.run()
        (turn,) = target.turns
    assert_loop(blockprof, "uvloop")
    assert_stall(
        blockprof.stalls, cause=cause, fn=fn, turn=turn, task=turn["task"], spare_ns=5 * MS, or_runqueue=True
    )


@row("uvloop", 5)
@variants([("sleep", "sleep"), ("recv", "recv")])
def test_uvloop_twins(pattern):
    with Target(pattern, "--uvloop", "--twin", "--count=1", python=uvloop_python()) as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            target.run()
    assert_loop(blockprof, "uvloop")
    assert_no_stalls(blockprof.stalls)


@row("uvloop", 28)
def test_uvloop_in_a_thread():
    with Target("sleep", "--uvloop", "--thread", "--count=1", python=uvloop_python()) as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            target.run()
        (turn,) = target.turns
    loop = assert_loop(blockprof, "uvloop")
    check(loop["tid"] == turn["tid"] != target.pid, "the thread's", loop, turn)
    assert_stall(blockprof.stalls, cause="sleep", fn="block_sleep", turn=turn, task=turn["task"])


# --- C libraries --------------------------------------------------------------------------------------

LIBRARIES = {
    # name: (how to link it, the wait)
    "libuv": ("libuv", "epoll_wait"),
    "libevent": ("libevent", "epoll_wait"),
    "libev": ("-lev", "epoll_wait"),
    "glib": ("glib-2.0", "poll"),
}

C_BLOCKS = {
    "sleep": (4, "sleep", None),
    "read": (13, "pipe", {"kind": "pipe"}),
    "poll": (6, ("pipe", "poll"), None),
    "epoll": (14, "poll", None),
    "cpu": (20, "cpu", None),
}


class Native(Target):
    """A workload in C."""

    def __init__(self, library, pattern, env=None):  # pylint: disable=super-init-not-called
        self.pattern = pattern
        Process.__init__(self, [linked("loop_%s.c" % library, LIBRARIES[library][0]), pattern], env=env)
        self.wait_ready()


def each_library(patterns):
    names = [(name, pattern) for name in LIBRARIES for pattern in patterns]
    return variants([("-".join(case), case) for case in names])


@busy(lambda case: case[1] == "cpu")
@row(by_label, lambda case: C_BLOCKS[case[1]][0])
@each_library(C_BLOCKS)
def test_library_blocks(case):
    library, pattern = case
    _, cause, target = C_BLOCKS[pattern]
    with Native(library, pattern) as workload:
        with Blockprof(pids=[workload.pid]) as blockprof:
            blockprof.wait_loop(workload.pid)
            workload.run()
        (turn,) = workload.turns
    assert_loop(blockprof, library, LIBRARIES[library][1])
    assert_stall(blockprof.stalls, cause=cause, turn=turn, target=target, or_runqueue=True)


@row(by_label, 5)
@each_library(["worker", "idle"])
def test_library_twins(case):
    library, pattern = case
    with Native(library, pattern) as workload:
        with Blockprof(pids=[workload.pid]) as blockprof:
            workload.run()
            time.sleep(0.3)
    assert_loop(blockprof, library, LIBRARIES[library][1])
    assert_no_stalls(blockprof.stalls)


@row("libevent", 4)
def test_libevent_by_poll():
    """Where epoll is not to be had, the wait is a call site."""
    with Native("libevent", "sleep", env={"EVENT_NOEPOLL": "1"}) as workload:
        with Blockprof(pids=[workload.pid]) as blockprof:
            time.sleep(0.3)
            workload.run()
        (turn,) = workload.turns
    assert_loop(blockprof, "libevent", "poll")
    assert_stall(blockprof.stalls, cause="sleep", turn=turn, or_runqueue=True)


@row("libuv", 28)
def test_loop_made_anew():
    """The first loop's epoll instance is closed, the next one's is another: idle, and reported, as before."""
    with Native("libuv", "sleep", env={"AGAIN": "1"}) as workload:
        with Blockprof(pids=[workload.pid]) as blockprof:
            time.sleep(2.5)
            workload.run()
        (turn,) = workload.turns
    assert_loop(blockprof, "libuv")
    assert_stall(blockprof.stalls, cause="sleep", turn=turn, or_runqueue=True)
    assert_no_stalls([stall for stall in blockprof.stalls if stall["cause"] != "sleep"])


@row("glib", 14)
def test_glib_dialog():
    """A main loop that a callback runs serves the same sources: nothing waits for long."""
    with Native("glib", "dialog") as workload:
        with Blockprof(pids=[workload.pid]) as blockprof:
            time.sleep(3)
    loop = assert_loop(blockprof, "glib", "poll")
    check(loop["runtime_version"].startswith("2."), "a version", loop)
    longest = max([stall["duration_ns"] for stall in blockprof.stalls], default=0)
    check(longest < 300 * MS, "no stall as long as the dialog", *blockprof.stalls)
