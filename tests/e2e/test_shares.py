# SPDX-License-Identifier: GPL-2.0-or-later
"""One program cannot take what all others need: memory, journal, ring."""

import contextlib
import os
import re
import signal
import subprocess
import time

from harness import ROOT, Blockprof, Process, assert_stall, check, exclusive, limit, until
from native import build, run_tool
from service import COMM, Service, sleeper

WORKLOADS = os.path.join(ROOT, "tests", "workloads")
MEMORY_MAX = 240 << 20  # of all of `serve`; scripts/blockprof.service has its limits above it
GIVEN_BACK = 1.2  # of what it was before


def noisy():
    """tests/workloads/noisy.c by the name of what a Service watches."""
    source = os.path.join(WORKLOADS, "noisy.c")

    def make(directory):
        argv = ["gcc", "-g", "-O1", "-fno-optimize-sibling-calls", "-o", os.path.join(directory, "noisy")]
        run_tool(argv + [source, "-lpthread"], "building %s" % source, absent=("No such file or directory",))

    directory = build("noisy", make, [source])
    link = os.path.join(directory, COMM)
    if not os.path.lexists(link):
        os.symlink("noisy", link)
    return link


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
        return [int(child) for child in file.read().split()]


def memory_of(pid):
    """Of a process and its children, each page counted once."""
    total = 0
    for each in [pid] + children(pid):
        try:
            with open("/proc/%d/smaps_rollup" % each) as file:
                total += sum(int(line.split()[1]) << 10 for line in file if line.startswith("Pss:"))
        except (FileNotFoundError, ProcessLookupError):
            pass  # a handler, or a symbolizer that was ended
    return total


@exclusive
@limit(240)
def test_memory_is_bounded_and_given_back():
    program = noisy()
    with Service("-t", "100ms") as service:
        service.wait_watching()
        with Process([program, "loops", "2", "20"], stdin=subprocess.PIPE) as modest:
            modest.wait_line("READY")
            service.wait_said("sleep", 4)
            before = memory_of(service.popen.pid)
            most = 0
            for kind, count, depth in (("loops", "150", "300"), ("comes", "40", "40")):
                with Process([program, kind, count, depth], stdin=subprocess.PIPE) as target:
                    target.wait_line("READY")
                    end = time.monotonic() + 10
                    while time.monotonic() < end:
                        most = max(most, memory_of(service.popen.pid))
                        time.sleep(0.2)
            print("%.1f MB before, %.1f at most" % (before / 1e6, most / 1e6))
            check(most < MEMORY_MAX, "memory", most)
            until(
                lambda: memory_of(service.popen.pid) <= GIVEN_BACK * before,
                75,
                "%.1f MB again, of %.1f" % (before / 1e6, most / 1e6),
            )


@limit(150)
def test_noisy_programs_leave_lines_of_the_journal_to_others():
    program = noisy()
    with Service("-t", "100ms") as service, contextlib.ExitStack() as stack:
        service.wait_watching()
        for _ in range(4):
            target = stack.enter_context(Process([program, "loops", "8", "5"], stdin=subprocess.PIPE))
            target.wait_line("READY")
            service.wait_said("%s[%d/" % (COMM, target.pid))
        time.sleep(3)
        with sleeper(0.3) as honest:
            honest.run()
            service.wait_said("%d] asyncio" % honest.pid)
        service.wait_said(" more stalls and notes in the last minute: ", seconds=75)
        said = next(line for line in service.stderr.splitlines() if " in the last minute: " in line)
        check(re.search(r", the longest [0-9.]+ m?s in %s\[" % COMM, said), "whose, and the longest", said)


def test_one_user_leaves_slots_to_others():
    with Process([noisy(), "crowd", "40", "10"], stdin=subprocess.PIPE) as target:
        target.wait_line("READY")
        with Blockprof("-f", pids=[target.pid], judge=False) as blockprof:
            # more than one user's share of the 256 slots
            blockprof.wait_records(lambda records: sum(r["type"] == "loop" for r in records) >= 180)
            time.sleep(2)
            target.popen.stdin.write(b"\n")
            target.popen.stdin.flush()
            blockprof.wait_records(lambda records: any(r["type"] == "stall" and r["pid"] == target.pid for r in records))
        check("its share of the loops" in blockprof.stderr, "said", blockprof.stderr)
        check(blockprof.records[-1]["blind"]["share_used_up"] >= 20, "counted", blockprof.records[-1])


@limit(120)
def test_processes_in_numbers_leave_room_in_the_ring():
    """While nobody reads it, a user fills it with processes that come and go; then another's loop stalls."""
    with Process([noisy(), "storm", "2", "60"], stdin=subprocess.PIPE) as target, sleeper(0.3) as honest:
        target.wait_line("READY")
        with Blockprof("-f", pids=[target.pid, honest.pid], judge=False) as blockprof:
            blockprof.send_signal(signal.SIGSTOP)
            target.popen.stdin.write(b"\n\n")
            target.popen.stdin.flush()
            until(lambda: target.lines.count("DONE") == 2, 90, "as many processes as would fill it twice")
            honest.run()
            blockprof.send_signal(signal.SIGCONT)
            blockprof.wait_records(lambda records: any(r["type"] == "stall" and r["pid"] == honest.pid for r in records))
        check(blockprof.summary["lost"].get("processes_ring_full", 0) > 0, "it was full", blockprof.summary["lost"])
        assert_stall(blockprof.stalls, turn=honest.turns[0], cause="sleep", fn="block_sleep", tid=honest.pid)
