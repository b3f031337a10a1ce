# SPDX-License-Identifier: GPL-2.0-or-later
"""What each loop did, second by second: they add up to the summary, whatever they are cut through."""

import os
import sys

from harness import MS, WORKLOADS, Blockprof, Process, check
from records import LEDGER_KEYS

# It waits for three seconds, then for the rest of the watch.
QUIET = """
import asyncio
async def main():
    await asyncio.sleep(0.3)
    print("READY", flush=True)
    await asyncio.sleep(3.5)
    await asyncio.sleep(30)
asyncio.run(main())
"""


def seconds_of(blockprof, loop):
    return [r for r in blockprof.records if r["type"] == "second" and r["tid"] == loop["tid"]]


def length(second):
    return second["idle_ns"] + sum(second["ledger"].values())


def check_sums(blockprof):
    """None lies in another, and all of them are what the summary says of the loop."""
    summary = blockprof.records[-1]
    loop = summary["loops"][0]
    seconds = seconds_of(blockprof, loop)
    end_ns = 0
    for second in seconds:
        check(second["mono_ns"] + MS >= end_ns, "a second begins after the one before", second)
        end_ns = second["mono_ns"] + length(second)
    for key in LEDGER_KEYS:
        told = sum(second["ledger"][key] for second in seconds)
        check(abs(told - loop[key]) <= max(5 * MS, loop[key] // 50), "%s of seconds" % key, told, loop)
    # the summary's turns have those that were discarded, too
    discarded = sum(one["count"] for one in summary.get("discarded", {}).values())
    missing = loop["turns"] - sum(second["turns"] for second in seconds)
    check(0 <= missing <= discarded, "%d turns are in no second" % missing, loop, *seconds)
    longest = max(second.get("longest_ns", 0) for second in seconds)
    check(longest == loop["longest_ns"], "the longest turn is in one of them", longest, loop)
    return seconds


def test_a_stall_is_cut_where_seconds_end():
    """It is in each of its seconds with what it did then, and a turn of the one in which it ends."""
    with Blockprof(command=[sys.executable, os.path.join(WORKLOADS, "gather_sleep.py"), 1.6]) as blockprof:
        blockprof.wait()
    seconds = check_sums(blockprof)
    inside = [second for second in seconds if not second["turns"] and not second["idle_ns"]]
    check(inside, "a second in the middle of a stall", *seconds)
    for second in inside:
        blocked = second["ledger"]["blocked_ns"]
        check(second["by_cause"].get("sleep", 0) >= blocked * 9 // 10, "they say in what it was", second)


def test_quiet_seconds_are_one():
    with Process([sys.executable, "-c", QUIET]) as target:
        target.wait_line("READY")
        with Blockprof("-d", "6", pids=[target.pid]) as blockprof:
            blockprof.wait()
    seconds = check_sums(blockprof)
    check(any(not second["turns"] and length(second) > 2000 * MS for second in seconds), "several in one", *seconds)
    check(len(seconds) <= 4, "no more than that", *seconds)
