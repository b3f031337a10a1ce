# SPDX-License-Identifier: GPL-2.0-or-later
"""Python's other loops, and asyncio's where frames say too little, or too much."""

import os
import re
import subprocess
import time

from harness import (
    WORKLOADS,
    Blockprof,
    Process,
    assert_no_stalls,
    assert_stall,
    check,
    each_python,
    find_frame,
    frames_of,
    need,
    pythons,
    variants,
)
from native import NativeTarget

PYTHON = "/usr/bin/python3"  # the one that the packages with these libraries are for

# workload: what its loop is called
REACTORS = {
    "twisted-epoll": "twisted",
    "twisted-poll": "twisted",
    "twisted-select": "twisted",
    "eventlet-epolls": "eventlet",
    "eventlet-poll": "eventlet",
    "kombu": "kombu",
    "pika-epoll": "pika",
    "pika-poll": "pika",
    "asyncore-select": "asyncore",
    "asyncore-poll": "asyncore",
    "selectors": "generic",
    "tornado": "asyncio",
    "asyncio-nest": "asyncio",
    "asyncio-greenlet": "asyncio",
    "asyncio-callback": "asyncio",
    "asyncio-uvloop": "uvloop",
}
MODULES = {"nest": "nest_asyncio", "greenlet": "greenlet", "callback": "greenlet", "uvloop": "uvloop"}


def reactor(kind, *args):
    library, _, how = kind.partition("-")
    module = MODULES.get(how, library)
    found = subprocess.run([PYTHON, "-W", "ignore", "-c", "import " + module], stderr=subprocess.DEVNULL, check=False)
    need(found.returncode == 0, "the system's Python has no " + module)
    return NativeTarget([PYTHON, "-W", "ignore", os.path.join(WORKLOADS, "reactors.py"), kind, *args])


def is_one(blockprof, name):
    (loop,) = blockprof.loops
    check(loop["runtime"] == name, "the loop is known", loop)


@variants([(kind, kind) for kind in REACTORS])
def test_reactor_stall(kind):
    with reactor(kind) as target, Blockprof(pids=[target.pid]) as blockprof:
        blockprof.wait_loop(target.pid)
        time.sleep(0.2)
        target.run()
    is_one(blockprof, REACTORS[kind])
    if kind == "tornado":
        version = blockprof.loops[0]["runtime_version"]
        check(re.fullmatch(r"3[.0-9]+, Tornado [.0-9]+", version), "what stands upon asyncio is named", version)
    stall, slice_ = assert_stall(
        blockprof.stalls, cause="sleep", fn="block_sleep", file="reactors.py", turn=target.turns[0]
    )
    if kind in ("asyncio-greenlet", "asyncio-uvloop"):
        check(slice_.get("task", {}).get("name") == "serves", "the task is named", slice_)
        joined = find_frame(frames_of(slice_), fn="serve") is not None
        check(joined != bool(slice_.get("stack_cut")), "what the greenlet was started by is there, or said to lack", slice_)
    assert_no_stalls([other for other in blockprof.stalls if other is not stall])


@variants([(kind, kind) for kind in ("twisted-epoll", "eventlet-epolls", "kombu", "asyncio-nest", "asyncio-greenlet")])
def test_reactor_idle(kind):
    with reactor(kind, "idle") as target, Blockprof(pids=[target.pid]) as blockprof:
        blockprof.wait_loop(target.pid)
        target.run()
        time.sleep(1)
    is_one(blockprof, REACTORS[kind])
    assert_no_stalls(blockprof.stalls + blockprof.ongoing)


@variants(lambda: [python for python in pythons() if python[0] in ("3.8", "3.11", "3.13")])
def test_clients_and_workers_are_no_loops(python):
    with Process([python, os.path.join(WORKLOADS, "clients.py")]) as target:
        target.wait_line("READY")
        with Blockprof(pids=[target.pid]) as blockprof:
            time.sleep(3)
    check(not blockprof.loops, "no loops", *blockprof.loops)


@each_python
def test_forked_in_a_turn(python):
    """A child has the frames of the turn in which it was forked for good: a loop of its own is one, a worker is none."""
    with NativeTarget([python, os.path.join(WORKLOADS, "forked_in_turn.py")]) as target:
        with Blockprof("-f", pids=[target.pid]) as blockprof:
            blockprof.wait_records(lambda records: sum(r["type"] == "loop" for r in records) == 2)
            target.run()
            time.sleep(1.2)
    server, worker = target.facts()["server"], target.facts()["worker"]
    check(
        sorted(loop["pid"] for loop in blockprof.loops) == sorted([target.pid, server]),
        "two loops, and %d is none" % worker,
        *blockprof.loops,
    )
    turn = target.turns[0]
    stall, _ = assert_stall(blockprof.stalls, cause="sleep", fn="block_sleep", turn=turn, tid=server)
    assert_no_stalls([other for other in blockprof.stalls + blockprof.ongoing if other["turn"] != stall["turn"]])


@variants(lambda: [python for python in pythons() if python[0] in ("3.8", "3.11", "3.14")])
def test_waits_for_the_gil_when_we_attach(python):
    """Innermost is the loop's select still: the turn has begun since its timer was due."""
    with NativeTarget([python, os.path.join(WORKLOADS, "gil_before.py")]) as target:
        target.go()
        time.sleep(0.8)
        with Blockprof(pids=[target.pid]) as blockprof:
            target.wait_done()
            time.sleep(0.2)
    is_one(blockprof, "asyncio")
    turn = target.turns[0]
    # the timer that is due first had some of its time to go when the thread took the GIL
    stall, _ = assert_stall(blockprof.stalls, cause="gil", turn=turn, spare_ns=60_000_000)
    check(stall["before_attach"], "it began before the watch", stall)
