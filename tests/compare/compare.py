#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""blockprof's stacks against others' of the same moments: compare.py [-n POINTS] [-v] [WORD...]

Programs are stopped by gdb at moments of their work; of each thread that stands there gdb's
stack, frame by frame, is held against that of `blockprof dump`, and py-spy's Python frames
against its Python frames (stacks.py says what is equal). Others say themselves what their stack
is, and wait: own_record.py. And of stalls the stack is held against what the program said of it
right before: stalls.py. WORD: only programs with this in their names. Prints a table, and the
first stacks that differ (-v: more of them). Fails where less agrees than GOALS say.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback

COMPARE = os.path.dirname(os.path.abspath(__file__))
E2E = os.path.join(os.path.dirname(COMPARE), "e2e")
sys.path[:0] = [E2E, COMPARE]
sys.dont_write_bytecode = True

import own_record
import programs
import pyspy
import stacks
import stalls
from harness import BLOCKPROF
from machine import need_program, need_root
from verdict import Failed, Skip

POINTS = 50
POINT_S = 10  # at most, one moment

# Of the frames, in percent.
GOALS = {"native": 99.0, "python": 100.0, "js": 98.0, "java": 98.0}


class Row:
    def __init__(self, program, what, points, tally, seconds=0.0, skipped=None):
        self.program, self.what, self.points, self.tally = program, what, points, tally
        self.seconds, self.skipped = seconds, skipped

    @property
    def good(self):
        return bool(self.skipped) or (self.tally.frames > 0 and self.tally.percent >= GOALS[self.what])

    def cells(self):
        if self.skipped:
            return [self.program, self.what, "skipped: " + self.skipped]
        tally = self.tally
        lines = "%.1f" % (100.0 * tally.lines_agreed / tally.lines) if tally.lines else "-"
        cells = [self.program, self.what, self.points, tally.stacks, tally.frames, tally.agreed]
        return [*map(str, cells), "%.2f" % tally.percent, lines, "" if self.good else "below %g" % GOALS[self.what]]


HEADING = ["program", "frames of", "moments", "stacks", "frames", "agreed", "%", "same line %", ""]


def take_points(subject, points, asks, seed):
    """What gdb_points.py wrote: one dictionary a moment."""
    order = {
        "pid": subject.pid,
        "points": points,
        "gap_s": subject.gap_s,
        "threads": subject.threads,
        "asks": asks,
        "program": subject.program,
        "sysroot": subject.root,
        "made": subject.made,
        "seed": seed,
    }
    with tempfile.NamedTemporaryFile("r", prefix="blockprof-points-") as out:
        order["out"] = out.name
        argv = [need_program("gdb"), "-nx", "-batch", "-x", os.path.join(COMPARE, "gdb_points.py")]
        done = subprocess.run(
            argv,
            env=dict(os.environ, POINTS=json.dumps(order), LC_ALL="C.UTF-8"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60 + points * POINT_S,
        )
        found = [json.loads(line) for line in out]
    if len(found) != points:
        raise Failed("gdb gave %d of %d moments" % (len(found), points), done.stdout.decode("utf-8", "replace")[-3000:])
    return found


def dump_of(point):
    """{tid: thread} of the dump, and its first object."""
    said = point["said"]["blockprof"]
    if said["status"]:
        raise Failed("blockprof dump: status %d" % said["status"], said["stderr"])
    objects = [json.loads(line) for line in said["stdout"].splitlines()]
    return {thread["tid"]: thread for thread in objects if thread["type"] == "thread"}


def compare_native(subject, found):
    tally = stacks.Tally()
    judge = stacks.Judge(subject.root)
    for point in found:
        threads = dump_of(point)
        for thread in point["threads"]:
            truth = stacks.of_gdb(thread, subject.python, subject.made)
            mine = threads.get(thread["tid"], {"stack": []})
            ours = stacks.of_blockprof(mine.get("stack", []), subject.python, subject.made)
            if thread.get("error"):
                ours = ours[: len(truth)]
            if mine.get("stack_cut"):
                tally.cut += 1
            where = "moment %d, thread %d%s" % (point["point"], thread["tid"], ", cut" if mine.get("stack_cut") else "")
            tally.add(where, stacks.joined(judge.pair(truth, ours)))
    return tally


def compare_python(found, name):
    """By what was said under this name."""
    tally = stacks.Tally()
    for point in found:
        threads = dump_of(point)
        tids = {thread["pthread"]: thread["tid"] for thread in point["threads"]}
        for tid, truth in pyspy.PARSERS[name](point["said"][name], tids).items():
            mine = threads.get(tid, {"stack": []})
            ours = [
                stacks.Frame(stacks.NATIVE, frame["fn"], None, None, frame.get("file"), frame.get("line"))
                for frame in mine.get("stack", [])
                if frame["kind"] == "python"
            ]
            where = "moment %d, thread %d" % (point["point"], tid)
            tally.add(where, stacks.joined(pyspy.Judge().pair(truth, ours)))
    return tally


def compare(name, make, points, seed=1):
    began = time.monotonic()
    asks = {}
    try:
        for subject in make():
            asks["blockprof"] = [BLOCKPROF, "dump", "-F", "json", "-p", str(subject.pid)]
            skipped = None
            if subject.python:
                try:
                    asks["py-spy"] = pyspy.command(subject.pid)
                except Skip as skip:
                    skipped = str(skip)
                sampler = pyspy.sampler_command(subject)
                if sampler:
                    asks["sampler"] = sampler
            found = take_points(subject, points, asks, seed)
            native = compare_native(subject, found)
            seconds = time.monotonic() - began
            yield Row(name, "native", points, native, seconds)
            if skipped:
                yield Row(name, "python", points, None, skipped=skipped)
            for other in sorted(set(asks) & set(pyspy.PARSERS)):
                yield Row(name + ", by " + other, "python", points, compare_python(found, other))
    except Skip as skip:
        yield Row(name, "native", 0, None, skipped=str(skip))


def by_gdb(name, make):
    return lambda points: compare(name, make, points)


def by_itself(name, what, tallied):
    """tallied(points) gives the tally."""

    def run(points):
        began = time.monotonic()
        try:
            tally = tallied(points)
        except Skip as skip:
            yield Row(name, what, 0, None, skipped=str(skip))
        else:
            yield Row(name, what, points, tally, time.monotonic() - began)

    return run


def all_comparisons():
    """{name: function of the number of moments that gives rows}, in the table's order."""
    found = {name: by_gdb(name, make) for name, make in programs.all_programs().items()}
    found["node, its own record"] = by_itself("node, its own record", "js", own_record.node)
    found["java, its own record"] = by_itself("java, its own record", "java", own_record.java)
    found["C++, stalls"] = by_itself("C++, stalls", "native", stalls.cxx)
    for version, path in [("", programs.DEBIAN_PYTHON)] + programs.pythons()[-1:]:
        name = "python %s, stalls" % version if version else "python3 of the system, stalls"
        found[name] = by_itself(name, "python", lambda points, path=path: stalls.python(path, points))
    return found


def differences(row, many):
    """What differs most often, and some of the stacks."""
    tally = row.tally
    for (truth, ours), count in sorted(tally.first.items(), key=lambda item: -item[1])[: 30 if many else 8]:
        yield "  %5d  %s | %s" % (count, truth, ours)
    for truth, ours in tally.other_lines if many else []:
        yield "  line  %s | %s" % (truth, ours)
    for where, rows in tally.differences[: 3 if many else 1]:
        yield "  -- %s: the other truth | blockprof" % where
        yield from stacks.show(rows)


def table(rows):
    cells = [HEADING] + [row.cells() for row in rows]
    yield "| %s |" % " | ".join(HEADING)
    yield "|%s|" % "|".join(["---", "---"] + ["---:"] * 6 + ["---"])
    for row in cells[1:]:
        yield "| %s |" % " | ".join(row)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", metavar="POINTS", type=int, default=POINTS, help="moments of each program (%d)" % POINTS)
    parser.add_argument("-v", action="store_true", help="more of what differs")
    parser.add_argument("words", nargs="*", help="only programs with this in their names")
    options = parser.parse_args()
    need_root()
    rows = []
    failed = False
    for name, rows_of in all_comparisons().items():
        if options.words and not any(word in name for word in options.words):
            continue
        try:
            for row in rows_of(options.n):
                rows.append(row)
                print("%s (%.0f s)" % (" ".join(row.cells()), row.seconds), flush=True)
                if not row.skipped and (row.tally.differences or row.tally.other_lines and options.v):
                    print("\n".join(differences(row, options.v)), flush=True)
        except (Failed, subprocess.SubprocessError, OSError, ValueError, KeyError):
            failed = True
            print("%s: not compared" % name)
            traceback.print_exc()
    print("\n".join(table(rows)))
    return 0 if not failed and all(row.good for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
