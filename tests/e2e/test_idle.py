# SPDX-License-Identifier: GPL-2.0-or-later
"""Idle time is nowhere: not in stalls, not in stacks."""

import os
import subprocess
import tempfile
import time

from harness import (
    MS,
    WORKLOADS,
    Blockprof,
    Process,
    Target,
    assert_no_stalls,
    assert_stall,
    check,
    frames_of,
    need_program,
    read_file,
    variants,
)
from traps import folded_of


def check_no_idle_time(blockprof):
    total = sum(ns for _, ns in folded_of(blockprof))
    check(total <= 50 * MS, "folded has %d ms" % (total // MS), read_file(os.path.join(blockprof.directory, "x.folded")))
    assert_no_stalls(blockprof.stalls)
    check(blockprof.loops, "no loop was seen")


@variants([("loops", []), ("all-threads", ["--all-threads"])])
def test_idle_asyncio_is_nowhere(args):
    with Target("idle", "--seconds=2.5") as target:
        target.go()
        with Blockprof("-o", "x.folded", *args, pids=[target.pid], cwd=True) as blockprof:
            target.wait_done()
    check_no_idle_time(blockprof)
    (loop,) = blockprof.summary["loops"]
    check(loop["idle_ns"] >= loop["wall_ns"] * 0.9, "it was idle", loop)


def build(name):
    """A workload in C."""
    program = os.path.join(tempfile.mkdtemp(), name)
    subprocess.run(
        [need_program("cc"), "-O1", "-fno-omit-frame-pointer", "-pthread", "-o", program, os.path.join(WORKLOADS, name + ".c")],
        check=True,
    )
    return program


def test_idle_plain_loops_are_nowhere():
    """epoll, poll and select loops that no library made, from before and after the attach."""
    with Process([build("plain_loops")]) as target:
        target.wait_line("READY")
        with Blockprof("-o", "x.folded", pids=[target.pid], cwd=True) as blockprof:
            time.sleep(2.5)
        target.kill()
    check_no_idle_time(blockprof)
    check(len(blockprof.loops) == 3, "three loops", *blockprof.loops)


def test_plain_loops_that_block():
    """All their time but the block is idle."""
    with Process([build("plain_loops"), 300]) as target:
        target.wait_line("READY")
        with Blockprof("-o", "x.folded", pids=[target.pid], cwd=True) as blockprof:
            time.sleep(3)
        target.kill()
    check(len(blockprof.loops) == 3, "three loops", *blockprof.loops)
    for loop in blockprof.loops:
        _, slice_ = assert_stall(
            blockprof.stalls, cause="sleep", duration_ns=300 * MS, tid=loop["tid"], spare_ns=40 * MS
        )
        check(
            [frame for frame in frames_of(slice_) if frame["kind"] == "native"], "native frames", slice_
        )
    total = sum(ns for _, ns in folded_of(blockprof))
    check(850 * MS <= total <= 1050 * MS, "folded has %d of 900 ms" % (total // MS))
