#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A neighbourhood that means harm, beside three honest servers: run.py [--seconds N] [-k WORD]... [--again] [--list]

A watch of the whole system, the service and top run all the time. First nobody means harm; then each
attack alone, then (not with --apart) all at once, then nobody again. In each of these a further watch comes, and is ended
by a signal in the middle of it. What is asked: every block that an honest server has by its own clock is
reported rightly by each of them; memory and descriptors come back to what they were; what they cost is
bounded; each ends within a second; nothing that neighbours write reaches a terminal. All attackers are
users without privileges, but where it says otherwise.

The last page: attack x what was refused or counted x honest stalls right (of the watch, the service and
the further watch) x memory x CPU x how late the watch was x how long the further watch took to end.
"""

import argparse
import contextlib
import ctypes
import os
import re
import shutil
import signal
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))

from attacks import ATTACKS, Running
from harness import need_root
from honest import NEW_NS, SERVERS, Server, Verdict, false_of, finals_of
from metronome import Metronome
from page import Row, counted_of, table
from precedence import come_first
from records import check_records
from run import end_descendants
from verdict import MS, SECOND, Failed, Skip
from watchers import END_S, Meter, Service, Top, Watch

SECONDS = 110
TOGETHER = "all at once"
LONG = 600  # from so many on the machine is taken to be quiet, and how late the watch is, is judged, too
PR_SET_CHILD_SUBREAPER = 36
SIGNALS = (signal.SIGINT, signal.SIGTERM)
MEMORY_MOST_MIB = 240  # of the service with its children, below its unit's MemoryHigh
BACK = 1.2  # memory after, of what it was before
GIVEN_BACK_S = 60
SAID_S = 40  # more, on a machine where two thousand loops take so long to be looked at
CPU_MOST = 0.5  # of one CPU: the unit's CPUQuota
LATE_MOST_MS = 100
DESCRIPTORS_MORE = 32  # files of programs that were seen are kept open for a while


class Checks:
    def __init__(self, failure="FAIL"):
        self.passed = self.failed = 0
        self.failure = failure  # what stands before one

    def check(self, name, wrong):
        """wrong: what is, line by line; nothing: it passed."""
        lines = [line for text in wrong for line in str(text).splitlines()]
        if not lines:
            self.passed += 1
            return
        self.failed += 1
        print("%s %s" % (self.failure, name))
        for line in lines[:12]:
            print("    | " + line[:600])
        if len(lines) > 12:
            print("    | ... and %d more" % (len(lines) - 12))
        sys.stdout.flush()


class Phase:
    def __init__(self, name, attacks=()):
        self.row = Row(name)
        self.attacks = attacks
        self.begin_ns = time.monotonic_ns()
        self.end_ns = None  # where the next one begins


class Neighbourhood:
    def __init__(self, checks, directory, scope):
        self.checks = checks
        self.scope = scope
        self.phases = []
        self.servers = [Server(name, directory) for name in SERVERS]
        self.metronome = Metronome()
        self.watch, self.service, self.top = self.all = [Watch(scope), Service(scope), Top(scope)]
        for watcher in self.all:
            watcher.wait_watching()
        self.meter = Meter(self.all)
        self.ends = 0

    def begin(self, name, attacks=()):
        if self.phases:
            self.phases[-1].end_ns = time.monotonic_ns()
        self.phases.append(Phase(name, attacks))
        return self.phases[-1]

    def play(self, name, attacks, seconds):
        phase = self.begin(name, attacks)
        before = [watcher.pss_mib() for watcher in self.all]
        self.meter.reset()
        cpu_s, began = [watcher.cpu_s() for watcher in self.all], time.monotonic()
        with contextlib.ExitStack() as stack:
            running = [stack.enter_context(Running(attack)) for attack in attacks]
            visitor = Watch(self.scope, "visitor")
            stack.callback(visitor.kill)
            self.checks.check("%s: a watch comes up" % name, visitor.try_watching())
            told = {one.attack.said for one in running if one.attack.said}
            self.wait_until_said(visitor, told, began + seconds)
            took = time.monotonic() - began
            phase.row.cpu = {w.name: (w.cpu_s() - then) / took for w, then in zip(self.all, cpu_s)}
            self.checks.check("%s: at work to the end" % name, filter(None, (one.check_alive() for one in running)))
            self.end(phase, visitor)
        phase.row.memory = {w.name: (then, w.peak_mib, w.pss_mib()) for w, then in zip(self.all, before)}
        if visitor.begin_ns:
            self.judge_visitor(phase, visitor)
        for words in told:
            self.checks.check("%s: said" % name, [] if re.search(words, visitor.stderr) else ["not said: %r" % words])

    @staticmethod
    def wait_until_said(visitor, told, least):
        """Until a moment, and longer on a slow machine: a visitor has much to recognise."""
        most = least + SAID_S
        while time.monotonic() < least or (time.monotonic() < most and not all(re.search(words, visitor.stderr) for words in told)):
            time.sleep(0.1)

    def end(self, phase, watcher):
        """By one signal or the other."""
        self.ends += 1
        number = SIGNALS[self.ends % len(SIGNALS)]
        phase.row.end_s = max(phase.row.end_s or 0, watcher.stop(number))
        wrong = []
        # what the machine did not let it run is not its own
        late_s = self.metronome.late_ns(watcher.end_ns, watcher.end_ns + int(watcher.ended_s * SECOND)) / SECOND
        if watcher.ended_s - late_s > END_S:
            wrong.append("%.2f s from %s to its end" % (watcher.ended_s, signal.Signals(number).name))
        if watcher.status != 0:
            wrong.append("status %s: %s" % (watcher.status, watcher.stderr[-500:]))
        self.checks.check("%s: %s ends" % (phase.row.name, watcher.name), wrong)

    def judge_visitor(self, phase, visitor):
        records = self.judge_recording(phase.row.name, visitor, visitor.records())
        if records:
            phase.row.counted = counted_of(records[-1])
            self.judge_honest(phase, visitor, records, visitor.begin_ns + NEW_NS, visitor.end_ns - SECOND // 20)
        self.checks.check("%s: visitor writes no control characters" % phase.row.name, visitor.control_bytes())

    def judge_recording(self, name, watcher, records):
        """Of one recording: each stall of it has an end, and the summary counts the same as there are."""
        try:
            check_records(records, lost=True)
            wrong = []
        except Failed as failed:
            wrong = [str(failed)[:2000]]
        self.checks.check("%s: %s's recording" % (name, watcher.name), wrong)
        return records

    def judge_honest(self, phase, watcher, records, begin_ns, end_ns):
        verdict = Verdict(self.servers, finals_of(records), begin_ns, end_ns)
        phase.row.right += verdict.right
        phase.row.all += verdict.all
        self.checks.check("%s: honest stalls of %s" % (phase.row.name, watcher.name), verdict.wrong)

    def late_ms(self, phase, honest):
        """By how much the watch was late with a line about them, and the machine was not."""
        late = [0]
        for came_ns, record in zip(self.watch.came_ns, self.watch.records()):
            if record["type"] == "stall" and not record["ongoing"] and record["pid"] in honest:
                end_ns = record["mono_ns"] + record["duration_ns"]
                if phase.begin_ns <= end_ns < phase.end_ns:
                    late.append((came_ns - end_ns - self.metronome.late_ns(end_ns, came_ns)) / MS)
        return max(late)

    def rest(self, seconds):
        """The neighbours have gone: what they used is given back, within a minute."""
        before = self.phases[0].row.memory
        phase = self.begin("after")
        self.meter.reset()
        began = time.monotonic()
        time.sleep(seconds)
        while time.monotonic() < began + GIVEN_BACK_S and (
            any(w.pss_mib() > before[w.name][2] * BACK for w in self.all) or any(self.descriptors_left())
        ):
            time.sleep(1)
        phase.row.memory = {w.name: (before[w.name][2], w.peak_mib, w.pss_mib()) for w in self.all}
        wrong = [
            "%s: %.0f MiB, was %.0f" % (name, after, then)
            for name, (then, _, after) in phase.row.memory.items()
            if after > then * BACK
        ]
        self.checks.check("memory is given back in %d s" % GIVEN_BACK_S, wrong)
        self.checks.check("descriptors are closed", self.descriptors_left())

    def descriptors_left(self):
        for watcher, then in zip(self.all, self.descriptors):
            now = watcher.descriptors()
            if now > then + DESCRIPTORS_MORE:
                yield "%s: %d, were %d" % (watcher.name, now, then)

    def close(self):
        """Ends those that watched all the time, and judges what they recorded."""
        phase = self.phases[-1]
        self.meter.stop()
        reader = self.service.reader
        reader.end()
        print("the page: %d answers, %.1f s and %.0f kB at the most" % (reader.given, reader.most_s, reader.most_bytes / 1000))
        self.checks.check("the page is answered", reader.wrong)
        for watcher in self.all:
            self.end(phase, watcher)
        phase.end_ns = self.watch.end_ns - SECOND // 20
        for watcher in self.all:
            self.checks.check("%s writes no control characters" % watcher.name, watcher.control_bytes())
        recordings = [(self.watch, self.watch.records())] + [(self.service, one) for one in self.service.recordings()]
        for watcher, records in recordings:
            self.judge_recording("all", watcher, records)
        honest = {server.pid for server in self.servers}
        usual_ms = self.late_ms(self.phases[0], honest)
        for watcher, records in recordings:
            for phase in self.phases:
                begin_ns = max(phase.begin_ns, watcher.begin_ns + NEW_NS)
                self.judge_honest(phase, watcher, records, begin_ns, phase.end_ns)
            false = false_of(self.servers, finals_of(records), records[0]["threshold_ns"])
            self.checks.check("%s: nothing false of the honest" % watcher.name, list(false))
        for phase in self.phases:
            self.judge_cost(phase, self.late_ms(phase, honest), usual_ms)
        self.phases[-1].row.counted = counted_of(self.watch.records()[-1])

    def judge_cost(self, phase, late_ms, usual_ms):
        row = phase.row
        row.late_ms = late_ms
        wrong = ["%s: %.0f %%" % (name, share * 100) for name, share in row.cpu.items() if share > CPU_MOST]
        self.checks.check("%s: CPU" % row.name, wrong)
        peak = row.memory["serve"][1] if row.memory else 0
        wrong = ["the service had %.0f MiB" % peak] if peak > MEMORY_MOST_MIB else []
        self.checks.check("%s: memory" % row.name, wrong)
        if self.long and any(attack.hangs for attack in phase.attacks) and len(phase.attacks) == 1:
            wrong = ["%.0f ms, %.0f where nobody means harm" % (late_ms, usual_ms)] if late_ms > usual_ms + LATE_MOST_MS else []
            self.checks.check("%s: others are watched in time" % row.name, wrong)

    def kill(self):
        self.metronome.end()
        for watcher in self.all:
            watcher.kill()


def play(checks, attacks, options, directory):
    """All of it; the rows of the last page."""
    seconds = options.seconds
    rest_s = 60 if seconds >= LONG else 10
    alone = [] if options.together else attacks
    each_s = max(4.0, (seconds - rest_s) * 0.8 / (len(alone) + 1))
    together_s = max(8.0, (seconds - rest_s) * 0.2)
    if options.together:
        each_s, together_s = together_s, each_s
    neighbourhood = Neighbourhood(checks, directory, ["--cgroup", options.cgroup] if options.cgroup else [])
    neighbourhood.long = seconds >= LONG
    try:
        time.sleep(NEW_NS / SECOND)
        neighbourhood.play("nobody", (), each_s)
        neighbourhood.descriptors = [watcher.descriptors() for watcher in neighbourhood.all]
        for attack in alone:
            print("%s: %s" % (attack.name, attack.what), flush=True)
            neighbourhood.play(attack.name, (attack,), each_s)
        if len(attacks) > 1 and not options.apart:
            print(TOGETHER, flush=True)
            neighbourhood.play(TOGETHER, attacks, together_s)
        neighbourhood.rest(rest_s)
        neighbourhood.close()
    finally:
        neighbourhood.kill()
    return [phase.row for phase in neighbourhood.phases]


def try_all(attacks, options, failure):
    """All of it with its last page, in a directory of its own of which nothing is left."""
    scratch = tempfile.mkdtemp(prefix="blockprof-hostile-")
    tempfile.tempdir = os.environ["TMPDIR"] = scratch
    os.chmod(scratch, 0o711)
    checks, rows = Checks(failure), []
    try:
        rows = play(checks, attacks, options, tempfile.mkdtemp())
    except Failed as failed:
        checks.check("played to the end", [failed])
    finally:
        end_descendants()
        tempfile.tempdir = None
        del os.environ["TMPDIR"]
        shutil.rmtree(os.fsencode(scratch), ignore_errors=True)
    print(table(rows))
    return checks


def terminated(*_):
    raise SystemExit(128 + signal.SIGTERM)


def main():
    parser = argparse.ArgumentParser(description="a neighbourhood that means harm")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="about so long in all (%(default)s)")
    parser.add_argument("-k", action="append", help="only attacks whose name has this word in it; '%s': that alone" % TOGETHER)
    parser.add_argument("--cgroup", help="watch this group only, of which this is, where others are at work on the machine")
    parser.add_argument("--apart", action="store_true", help="not all at once, which takes a machine that nobody else is at work on")
    parser.add_argument("--again", action="store_true", help="if something fails, all is played once more; both are shown, and that counts")
    parser.add_argument("--list", action="store_true", help="only say which there are")
    options = parser.parse_args()
    options.together = bool(options.k) and TOGETHER in options.k
    attacks = [one for one in ATTACKS if not options.k or options.together or any(word in one.name for word in options.k)]
    if options.list:
        print("\n".join("%s: %s" % (attack.name, attack.what) for attack in attacks))
        return 0
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGTERM, terminated)
    try:
        need_root()
        come_first()
        checks = try_all(attacks, options, "AGAIN" if options.again else "FAIL")
        if checks.failed and options.again:
            print("again:")
            checks = try_all(attacks, options, "FAIL")
    except Skip as skip:
        print("SKIP %s" % skip)
        print("0 passed, 0 failed, 1 skipped")
        return 0
    print("%d passed, %d failed, 0 skipped" % (checks.passed, checks.failed))
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
