# SPDX-License-Identifier: GPL-2.0-or-later
"""What every end-to-end test uses: targets, blockprof itself, and judgements.

A test is a function test_*() in tests/e2e/test_*.py; run.py runs each in a
process of its own, with a time limit, and ends what the test left running.

    def test_sleep():
        with Target("sleep") as target, Blockprof(pids=[target.pid]) as blockprof:
            target.run()
        assert_stall(blockprof.stalls, cause="sleep", fn="block_sleep", file="asyncio_target.py")

Leaving the `with` stops blockprof by SIGINT, reads its JSON Lines and checks
that they are as blockprof-json(5) describes them (parse_records) and what else
must hold in every run (check_records). Targets end after it.
"""

import gzip
import os
import select
import time

# A test takes all it needs from here.
from blockprof import BLOCKPROF, Blockprof, run_blockprof  # noqa: F401
from judge import (  # noqa: F401
    NOISE,
    assert_duration,
    assert_no_stalls,
    assert_slice,
    assert_stall,
    find_frame,
    overlap,
    stall_of,
    target_matches,
    tolerance,
)
from machine import (  # noqa: F401
    ROOT,
    Cgroup,
    disk_directory,
    interpreter,
    need_program,
    need_root,
    pythons,
)
from marks import busy, each_python, exclusive, limit, row, variants  # noqa: F401
from records import (  # noqa: F401
    cause_sums,
    check_described,
    check_records,
    frames_of,
    parse_jsonl,
    parse_records,
    strings_of,
)
from targets import WORKLOADS, Process, Target  # noqa: F401
from verdict import MS, SECOND, Failed, Skip, check, need, show  # noqa: F401


def parse_folded(text):
    """[(frames, weight)] of folded stacks."""
    stacks = []
    for line in text.splitlines():
        frames, _, weight = line.rpartition(" ")
        check(frames and weight.isdigit(), "not a folded stack", line)
        stacks.append((frames.split(";"), int(weight)))
    return stacks


def read_file(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rb") as file:
        return file.read().decode("utf-8", "replace")


def read_some(fd, seconds):
    """What can be read from a descriptor within a time."""
    data = b""
    end = time.monotonic() + seconds
    while True:
        left = end - time.monotonic()
        if left <= 0 or not select.select([fd], [], [], left)[0]:
            return data
        try:
            chunk = os.read(fd, 65536)
        except OSError:
            return data
        if not chunk:
            return data
        data += chunk


def until(condition, seconds, what):
    """Waits until condition() gives something true, and returns that."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed("not in %.1f s: %s" % (seconds, what))
        time.sleep(0.01)
