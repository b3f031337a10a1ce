# SPDX-License-Identifier: GPL-2.0-or-later
"""What blocks an asyncio loop, one pattern a test: the cause, the place, the target, the length.

A twin is the same call in an executor: the loop is free, and there is nothing to report.
"""

from harness import (
    MS,
    Blockprof,
    Cgroup,
    Target,
    assert_no_stalls,
    assert_stall,
    busy,
    check,
    disk_directory,
    each_python,
    exclusive,
    need,
    pythons,
    row,
    tolerance,
    variants,
)
from patterns import BLOCKS, run_pattern

# Those where the interpreter's own way to wait, or what is read from it, differs with its version.
VERSIONED = ("sleep", "dns", "lock", "join", "gil", "gil-c", "gil-gc", "cpu", "gc", "nested", "wait-timeout")

# Those that need a CPU for as long as they block.
COMPUTING = ("cpu", "cpu-c", "gc", "gil", "gil-c", "gil-gc")

# Which row of the matrix a pattern is, where it is one.
ROW_OF = {
    **dict.fromkeys("sleep".split(), 4),
    **dict.fromkeys("recv-timeout select-socket epoll-socket http".split(), 6),
    **dict.fromkeys("recv send unix udp accept connect".split(), 7),
    **dict.fromkeys("select-sleep poll-sleep".split(), 8),
    **dict.fromkeys("subprocess-run wait wait-timeout system check-output".split(), 9),
    **dict.fromkeys("pipe pipe-write fifo".split(), 13),
    **dict.fromkeys("nested".split(), 14),
    **dict.fromkeys("dns".split(), 15),
    **dict.fromkeys("lock queue future join event-timeout multiprocessing".split(), 17),
    **dict.fromkeys("gil".split(), 18),
    **dict.fromkeys("gil-c gil-gc".split(), 19),
    **dict.fromkeys("cpu cpu-c gc".split(), 20),
    **dict.fromkeys("flock lockf".split(), 25),
    **dict.fromkeys("sqlite".split(), 26),
    **dict.fromkeys("stop".split(), 33),
}

# In an executor these leave the loop free.
TWINS = (
    "sleep recv recv-timeout http unix udp accept dns wait wait-timeout check-output pipe fifo flock "
    "sqlite tty msgrcv lock queue future join"
).split()


@busy(lambda pattern: pattern in COMPUTING)
@row("asyncio", ROW_OF.get)
@variants([(name, name) for name in BLOCKS])
def test_blocks(pattern):
    run_pattern(pattern)


def versioned():
    for version, path in pythons():
        for name in VERSIONED:
            # from 3.14 on another loop can only run once the task has been taken from its thread
            if name != "nested" or version not in ("3.14", "3.15"):
                yield "%s-%s" % (name, version), (name, path)


@busy(lambda argument: argument[0] in COMPUTING)
@variants(lambda: list(versioned()))
def test_blocks_in_each_python(pattern_and_python):
    pattern, python = pattern_and_python
    run_pattern(pattern, python=python)


@each_python
def test_loop_in_another_thread(python):
    run_pattern("sleep", "--thread", python=python)


@row("asyncio", lambda pattern: 16 if pattern == "dns" else 5)
@variants([(name, name) for name in TWINS])
def test_twin_in_executor(pattern):
    with Target(pattern, "--twin") as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            target.run()
    assert_no_stalls(blockprof.stalls)
    check(blockprof.loops, "the loop was not recognised")


# --- Disks ---------------------------------------------------------------------------------------------------


def run_on_slow_disk(pattern, cause):
    directory = disk_directory()
    with Cgroup("io") as cgroup:
        with Target(pattern, "--path=" + directory, "--seconds=0.4") as target:
            cgroup.limit_io(directory, 300)
            cgroup.add(target.pid)
            with Blockprof(pids=[target.pid]) as blockprof:
                target.run()
            for turn in target.turns:
                need(
                    turn["cpu_ns"] * 3 < turn["end_ns"] - turn["start_ns"],
                    "the disk is too fast: the CPU is what takes the time",
                )
                # Its last block may be longer than the whole turn was meant to be.
                stall, _ = assert_stall(
                    blockprof.stalls,
                    cause=cause,
                    fn=turn["fn"],
                    file=turn["file"],
                    line=turn["line"],
                    task=turn["task"],
                    target={"kind": "file", "path": target.facts()["path"]},
                    turn=turn,
                )


@busy
@row("asyncio", 24)
def test_file_read():
    run_on_slow_disk("read", "file")


@busy
@row("asyncio", 24)
def test_fsync():
    run_on_slow_disk("fsync", "file")


@busy
@row("asyncio", 23)
def test_page_fault():
    run_on_slow_disk("fault", "fault")


# --- The CPU is not given ------------------------------------------------------------------------------------


@row("asyncio", 21)
@exclusive
def test_cpu_quota():
    with Cgroup("cpu") as cgroup:
        with Target("cpu", "--seconds=0.1") as target:
            cgroup.limit_cpu(20_000)
            cgroup.add(target.pid)
            with Blockprof(pids=[target.pid]) as blockprof:
                target.run()
        for turn in target.turns:
            stall, _ = assert_stall(blockprof.stalls, cause="throttled", turn=turn, spare_ns=20 * MS)
            check(
                stall["ledger"]["throttled_ns"] * 2 > stall["duration_ns"],
                "most of the time was throttled",
                stall,
            )
        total = sum(stall["ledger"]["throttled_ns"] for stall in blockprof.stalls)
        check(
            total <= cgroup.throttled_ns() * 1.1 + 20 * MS,
            "%d ms throttled, the kernel says %d" % (total // MS, cgroup.throttled_ns() // MS),
        )


@row("asyncio", 22)
@exclusive
def test_runqueue():
    with Target("runqueue") as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            target.run()
        for turn in target.turns:
            stall, _ = assert_stall(blockprof.stalls, cause="runqueue", turn=turn, spare_ns=20 * MS)
            waited = turn["end_ns"] - turn["start_ns"] - turn["cpu_ns"]
            check(
                abs(stall["ledger"]["runqueue_ns"] - waited) <= tolerance(waited) + 20 * MS,
                "waited %d ms for a CPU" % (waited // MS),
                stall,
            )
