# SPDX-License-Identifier: GPL-2.0-or-later
"""When a thread is a loop, and when it is no more."""

import os

from harness import WORKLOADS, Blockprof, assert_stall, check, variants, pythons


@variants([(version, path) for version, path in pythons()])
def test_asyncio_run_again(python):
    with Blockprof(command=[python, os.path.join(WORKLOADS, "run_again.py")]) as blockprof:
        blockprof.wait()
    lines = [line.split() for line in blockprof.stdout.splitlines() if line.startswith("block ")]
    check(len(lines) == 2, "the target blocked twice", blockprof.stdout)
    check(len(blockprof.stalls) == 2, "two stalls", *blockprof.stalls)
    for _, start_ns, end_ns in lines:
        turn = {"start_ns": int(start_ns), "end_ns": int(end_ns)}
        assert_stall(blockprof.stalls, cause="sleep", fn="do_io", file="run_again.py", line=(24, 24), turn=turn)
