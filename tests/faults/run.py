#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Has each call of blockprof's that can fail do so once, at each place: run.py [-k WORD]... [-c COMMAND] [-j N]
[--sample SECONDS] [--memory] [--list]

A recording run of each command counts the places: a call, and the functions of blockprof that it is
made from. Then the command is run once for each, and that call fails there (preload.c): at the first
time, and where it is made often also in the middle. The table is call | place | outcome. blockprof
has to go on, with what that cost it said or counted, or to end with one clear line and the status
for that; and nothing may hang, crash, leak or stay behind.
"""

import argparse
import concurrent.futures
import os
import random
import shutil
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))

from machine import ROOT, need_root
from mended import was_mended
from outcome import Normal, judge
from places import name
from scenarios import SCENARIOS, Target, adopt

PROGRAM = os.path.realpath(os.environ.get("BLOCKPROF") or os.path.join(ROOT, "blockprof"))
PRELOAD = os.path.realpath(os.environ.get("FAULTS_PRELOAD") or os.path.join(ROOT, ".output/tests/faults/preload.so"))
USUAL = 4  # runs without a failure: what such a run says and holds
OFTEN = 8  # a call that is made so often at a place fails in the middle, too
MEMORY = {"malloc", "calloc", "realloc"}
JOBS = 2 * len(os.sched_getaffinity(0))  # each waits for most of its time
TRIES = 3

_print_lock = threading.Lock()


class Fault:
    """One call of one command at one place, at the nth time."""

    def __init__(self, scenario, normal, place, nth):
        self.scenario, self.normal, self.place, self.nth = scenario, normal, place, nth
        self.verdict, self.outcome, self.wrong = "unreached", "not reached", None

    def __str__(self):
        nth = " (%d.)" % self.nth if self.nth > 1 else ""
        return "%s | %s%s" % (self.scenario.name, self.place, nth)

    def play(self, with_memory):
        for _ in range(TRIES):
            run, _ = self.scenario.run((self.place, self.nth), with_memory)
            if run.failed:
                self.outcome, self.wrong = judge(run, self.normal, self.scenario.failure_status)
                self.verdict = "failed" if self.wrong else "passed"
                if not self.wrong:
                    break
            self.nth = max(1, self.nth // 2)  # a run differs from the one that counted

    def show(self):
        with _print_lock:
            print("%s | %s" % (self, self.outcome))
            if self.wrong:
                print("    | wrong: %s" % self.wrong)
            sys.stdout.flush()


def faults_of(scenario, with_memory):
    """Goes through the command without a failure, and returns what can fail in it."""
    normal, places, faults = Normal(), {}, []
    for _ in range(USUAL):
        run, reached = scenario.run(None, with_memory)
        if run.status is None or run.missing:
            print("%s without a failure: status %s, without %s" % (scenario.name, run.status, run.missing))
            print("\n".join("    | " + line for line in run.stderr))
        normal.add(run)
        for place in reached:
            places.setdefault(place.key, place)
    name(PROGRAM, list(places.values()))
    print(
        "%s: %d places, status %s, %d descriptors at the end"
        % (scenario.name, len(places), normal.statuses, normal.descriptors)
    )
    sys.stdout.flush()
    for place in sorted(places.values(), key=str):
        if (place.call in MEMORY) != with_memory:
            continue
        faults.append(Fault(scenario, normal, place, 1))
        if place.count >= OFTEN:
            faults.append(Fault(scenario, normal, place, place.count // 2))
    return faults


def sample(faults):
    """In an order in which a few are spread over calls and commands; the same one each time."""
    random.Random(1).shuffle(faults)
    seen = {}
    for fault in faults:
        kind = (fault.place.call, fault.scenario.name)
        fault.round = seen[kind] = seen.get(kind, -1) + 1
    return sorted(faults, key=lambda fault: (not was_mended(str(fault)), fault.round))


def play_all(faults, options):
    end = time.monotonic() + options.sample if options.sample else None

    def play(fault):
        if end and time.monotonic() > end:
            return False
        fault.play(options.memory)
        fault.show()
        return True

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        played = list(pool.map(play, faults))
    return [fault for fault, done in zip(faults, played) if done]


def main():
    parser = argparse.ArgumentParser(description="each call of blockprof's fails once at each place")
    parser.add_argument("-k", action="append", default=[], help="only places with this word in their line")
    parser.add_argument("-c", action="append", default=[], help="only this command")
    parser.add_argument("-j", dest="jobs", type=int, default=JOBS, help="so many side by side (%(default)s)")
    parser.add_argument("--sample", type=int, help="for so many seconds, spread over calls and commands")
    parser.add_argument("--memory", action="store_true", help="allocations instead of system calls")
    parser.add_argument("--list", action="store_true", help="only say which there are")
    options = parser.parse_args()
    need_root()
    adopt()
    directory = tempfile.mkdtemp(prefix="blockprof-faults-")
    target = Target(directory)
    try:
        chosen = [
            scenario(PROGRAM, PRELOAD, target)
            for scenario in SCENARIOS
            if not options.c or scenario.name in options.c
        ]
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            found = list(pool.map(lambda scenario: faults_of(scenario, options.memory), chosen))
        faults = [fault for some in found for fault in some if all(word in str(fault) for word in options.k)]
        if options.sample:
            faults = sample(faults)
        if options.list:
            for fault in faults:
                print("%s | %d times" % (fault, fault.place.count))
            return 0
        faults = play_all(faults, options)
    finally:
        target.close()
        shutil.rmtree(directory, ignore_errors=True)
    wrong = [fault for fault in faults if fault.wrong]
    if wrong:
        print("wrong:")
    for fault in wrong:
        print("%s | %s\n    | wrong: %s" % (fault, fault.outcome, fault.wrong))
    verdicts = [fault.verdict for fault in faults]
    print("%d not reached this time: a run differs from those that counted" % verdicts.count("unreached"))
    print("%d passed, %d failed, 0 skipped" % tuple(verdicts.count(word) for word in ("passed", "failed")))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
