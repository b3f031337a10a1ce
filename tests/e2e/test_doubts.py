# SPDX-License-Identifier: GPL-2.0-or-later
"""When a stall is reported with a doubt, and when it is not."""

import os
import sys
import time

from harness import MS, WORKLOADS, Blockprof, Process, assert_slice, check, variants


def watch_sharing(way, *args):
    """A block of a loop whose source a child has as well; the run."""
    with Process([sys.executable, os.path.join(WORKLOADS, "shares.py"), way]) as target:
        target.wait_line("READY")
        with Blockprof(*args, pids=[target.pid]) as blockprof:
            blockprof.wait_loop(target.pid)
            target.send("go")
            target.wait_line("DONE")
            time.sleep(0.2)
    return blockprof


def test_a_process_that_is_not_watched_serves_the_loop():
    blockprof = watch_sharing("passed", "--fail")
    (stall,) = blockprof.stalls
    check(stall.get("doubt") == "shared", "perhaps none", stall)
    assert_slice(stall, cause="sleep", fn="<module>", file="shares.py")
    check(blockprof.status == 0, "a stall in doubt is none for --fail", blockprof.status)
    check("perhaps none: " in blockprof.stdout, "in text", blockprof.stdout)


@variants([("alone", ()), ("followed", ("-f",))])
def test_a_child_that_has_the_source_and_never_serves_it(args):
    """What is forked has all that its parent had: that alone makes no doubt."""
    blockprof = watch_sharing("forked", *args)
    (stall,) = blockprof.stalls
    check("doubt" not in stall and stall["duration_ns"] >= 300 * MS, "nothing to doubt", stall)


def test_a_process_that_is_watched_serves_the_loop():
    blockprof = watch_sharing("passed", "-f")
    check(not blockprof.stalls, "the source was served all the time", *blockprof.stalls)
