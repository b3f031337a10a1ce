# SPDX-License-Identifier: GPL-2.0-or-later
"""What became of a run in which one call failed, and whether that is right."""

import json
import re

MS = 1_000_000
EDGE = 130 * MS  # a block that begins or ends so near an edge of the watch may be left out
BLOCK = 60 * MS  # so much of a block has to be in its stall
SAMPLED = {"block_cpu"}  # whose name needs a sample to fall into it
# What is said in any case, one way or another, and is no word about a failure: stalls, and what is watched.
USUAL = re.compile(r"faults-(?:target|command)\[\d+\].*: \d+ m?s |: watching |: no event loop in |: turns of |command was run ")
USUALLY_COUNTED = {"discarded provisional"}  # turns from before a loop is known for one
COUNTED = ("lost", "blind", "discarded")  # of the summary


def template(line):
    """A line of standard error without what differs from run to run."""
    return re.sub(r"\d+(\.\d+)?", "#", line)


class Run:
    """How it ended, what it said and left behind."""

    def __init__(self, status, stderr, table, left):
        self.status, self.stderr, self.left = status, stderr.splitlines(), left
        self.failed, self.descriptors = table.failed, table.descriptors
        self.missing = []  # what a run without a failure has
        self.counted = set()  # of what it says itself that something is missing


def read_records(run, text):
    """The records of a recording; what is no whole record is wrong."""
    records = []
    for line in text.splitlines(True):
        try:
            records.append(json.loads(line))
        except ValueError:
            run.missing.append("a line that is no JSON: %.60r" % line)
    for record in records:
        for what in COUNTED:
            run.counted |= {"%s %s" % (what, key) for key in record.get(what) or {}}
        for mark in ("tasks_unread", "incomplete", "doubts", "truncated"):
            if record.get(mark):
                run.counted.add(mark)
    return records


def functions_of(stall):
    return {frame.get("fn") for part in stall["slices"] for frame in part.get("stack", ())}


def judge_stalls(run, records, truth):
    """Holds the stalls against the blocks of the target: [(function, start, end)]."""
    stalls = [record for record in records if record["type"] == "stall" and not record["ongoing"]]
    loops = [record["mono_ns"] for record in records if record["type"] == "loop"]
    begins = [record["mono_ns"] for record in records if record["type"] == "start"]
    ends = [begins[0] + record["duration_ns"] for record in records if record["type"] == "summary" and begins]
    if not ends:
        run.missing.append("the summary")
    if not loops:
        run.missing.append("the loop")
    if not loops or not ends:
        return
    for function, start, end in truth:
        if start < loops[0] + EDGE or end > ends[-1] - EDGE or end - start <= BLOCK:
            continue
        over = [
            stall
            for stall in stalls
            if min(end, stall["mono_ns"] + stall["duration_ns"]) - max(start, stall["mono_ns"]) > BLOCK
        ]
        if not over:
            run.missing.append("a stall in %s" % function)
        elif function not in SAMPLED and not any(function in functions_of(stall) for stall in over):
            run.missing.append("the name %s" % function)


class Normal:
    """What runs without a failure say and hold."""

    def __init__(self):
        self.said, self.descriptors, self.statuses = set(), 0, set()

    def add(self, run):
        self.said |= {template(line) for line in run.stderr}
        self.descriptors = max(self.descriptors, run.descriptors)
        self.statuses.add(run.status)


def judge(run, normal, failure_status):
    """(what became of it, what is wrong with that or None)."""
    news = [line for line in run.stderr if template(line) not in normal.said and not USUAL.search(line)]
    counted = run.counted - USUALLY_COUNTED
    said = "; ".join(news + sorted(counted))
    if run.status is None:
        return "hung", "it did not end"
    if run.status < 0:
        return "killed by signal %d" % -run.status, "it crashed"
    if run.left:
        return "left behind", ", ".join(run.left)
    if any(not line.startswith("blockprof: ") for line in news):
        return said, "a line that is not blockprof's"
    if run.status == failure_status:
        if len(news) != 1 or "cannot" not in news[0]:
            return "status %d: %s" % (run.status, said), "not one line that says what it cannot do"
        return "status %d: %s" % (run.status, news[0]), None
    if run.status not in normal.statuses:
        return "status %d: %s" % (run.status, said), "a wrong status"
    if run.descriptors > normal.descriptors:
        return said, "%d descriptors at the end, %d are usual" % (run.descriptors, normal.descriptors)
    if len(news) > 1:
        return said, "more than one line for one failure"
    if run.missing and not said:
        return "without %s" % ", ".join(sorted(set(run.missing))), "nothing says so"
    if run.missing:
        return "without %s; says: %s" % (", ".join(sorted(set(run.missing))), said), None
    return "goes on" + ("; says: " + said if said else ""), None
