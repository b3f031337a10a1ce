# SPDX-License-Identifier: GPL-2.0-or-later
"""All innocent programs at once, under one watch of the whole system: nothing is to be reported of them."""

import shutil
import tempfile
import time

from blockprof import Blockprof
from ruling import brief, covers, machine_ns
from trial import Program, command_of
from verdict import Skip


LOOK_S = 0.5  # how often it is seen which processes there are
SLACK_NS = 2 * 10**9  # how long before and after it was seen a process may have been there


class Innocent:
    def __init__(self, case):
        self.case = case
        self.directory = tempfile.mkdtemp(prefix="blockprof-case-")
        self.seen = {}  # when each pid was seen: a number is another program's later
        self.program = Program(case, self.directory, command_of(case))

    def look(self):
        now_ns = time.monotonic_ns()
        for pid in self.program.processes():
            self.seen.setdefault(pid, []).append(now_ns)

    def has(self, stall):
        """Whether that process was one of its own then."""
        start_ns, end_ns = stall["mono_ns"], stall["mono_ns"] + stall["duration_ns"]
        return any(start_ns - SLACK_NS < at_ns < end_ns + SLACK_NS for at_ns in self.seen.get(stall["pid"], ()))

    def end(self):
        self.gaps = [interval for interval in self.program.intervals()[0] if interval.label == "gap"]
        self.program.finish()
        shutil.rmtree(self.directory, ignore_errors=True)


def start(cases):
    started = []
    for case in cases:
        try:
            started.append(Innocent(case))
        except Skip as skip:
            print("%s | %s | skipped" % (case.name, skip))
    return started


def false_of(innocent, stalls, threshold):
    """What was reported of it, which its own clock does not know, nor the machine was to blame for."""
    for stall in stalls:
        if not innocent.has(stall) or stall.get("doubt") in innocent.case.doubt and stall.get("doubt"):
            continue
        if any(covers(stall, gap) for gap in innocent.gaps):
            continue
        if stall["duration_ns"] - machine_ns(stall) >= threshold:
            yield stall


def watch_together(cases, seconds):
    """Prints a line a program; how many were wrongly reported."""
    innocents = start(case for case in cases if not case.expect and not case.needs and case.attach == "later")
    try:
        with Blockprof(judge=False, wait=False) as blockprof:
            blockprof.wait_watching(120)
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                for innocent in innocents:
                    innocent.look()
                time.sleep(LOOK_S)
            blockprof.stop(seconds=60)
    finally:
        for innocent in innocents:
            innocent.end()
    finals = {stall["turn"]: stall for stall in blockprof.records if stall["type"] == "stall"}
    wrong = 0
    for innocent in innocents:
        false = list(false_of(innocent, finals.values(), blockprof.start["threshold_ns"]))
        wrong += bool(false)
        said = "%d false: %s" % (len(false), ", ".join(brief(stall) for stall in false[:3])) if false else "no stall"
        print("%s | no stall | %s | %s" % (innocent.case.name, said, "wrong" if false else "right"))
    for stall in finals.values():
        if not any(innocent.has(stall) for innocent in innocents):
            print("    | of others: %s[%d] %s" % (stall["comm"], stall["pid"], brief(stall)))
    print("%d s of %d programs at once, %d loops, lost %s" % (
        seconds, len(innocents), len(blockprof.summary["loops"]), blockprof.summary["lost"]))
    print("%d passed, %d failed, 0 skipped" % (len(innocents) - wrong, wrong))
    return wrong
