# SPDX-License-Identifier: GPL-2.0-or-later
"""When a thread is a loop, and when it is no more."""

import os
import subprocess
import time

from harness import WORKLOADS, Blockprof, Process, assert_stall, check, need, variants, pythons


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


WHILE = (("idles", "await asyncio.sleep(60)"), ("hangs", "time.sleep(60)"))


@variants([(kind + "-" + word, (kind, what)) for kind in ("asyncio", "uvloop") for word, what in WHILE])
def test_known_when_the_watch_begins(variant):
    """What says itself that it runs a loop is known before the line that says that the watch has begun, also while it hangs."""
    kind, what = variant
    python = "/usr/bin/python3"
    need(not subprocess.run([python, "-c", "import " + kind], stderr=subprocess.DEVNULL).returncode, "%s is not installed" % kind)
    code = (
        "import asyncio, time, %s as kind\nasync def main():\n    await asyncio.sleep(0.05)\n    print('READY', flush=True)\n"
        "    %s\nasyncio.set_event_loop_policy(getattr(kind, 'EventLoopPolicy', asyncio.DefaultEventLoopPolicy)())\nasyncio.run(main())"
    ) % (kind, what)
    with Process([python, "-c", code]) as target:
        target.wait_line("READY")
        time.sleep(0.1)
        with Blockprof(pids=[target.pid], judge=False) as blockprof:
            said = next(line for line in blockprof.stderr.splitlines() if "watching" in line)
        target.kill()
    check("1 loop (%s" % kind in said, "its loop is named there", said)
