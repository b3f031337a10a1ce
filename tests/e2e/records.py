# SPDX-License-Identifier: GPL-2.0-or-later
"""blockprof's JSON Lines: what must hold in every recording, whatever was watched."""

import gzip
import json

import schema
from verdict import MS, Failed, check

# Of a recording; those of a dump are others.
RECORD_TYPES = frozenset("start loop stall withdrawn blocked second exit note summary".split())
LEDGER_KEYS = ("cpu_ns", "runqueue_ns", "throttled_ns", "blocked_ns", "unknown_ns")

_check_schema = schema.Validator(schema.load())


def check_described(record):
    """It is as blockprof-json(5) describes it: its keys, their types, their words."""
    try:
        _check_schema(record)
    except schema.Wrong as wrong:
        raise Failed("not as blockprof-json(5) has it: %s" % wrong, record)


def parse_records(text):
    """The objects of JSON Lines that blockprof wrote, each as it is described."""
    records = []
    check(text.isascii(), "not in ASCII", next((line for line in text.splitlines() if not line.isascii()), ""))
    for number, line in enumerate(text.splitlines(), 1):
        try:
            record = json.loads(line)
        except ValueError as error:
            raise Failed("line %d is not JSON: %s" % (number, error), line)
        check_described(record)
        records.append(record)
    return records


def parse_jsonl(path):
    """The objects of a recording, plain or gzip'd; every line must be one."""
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rb") as file:
        text = file.read().decode("utf-8", "replace")
    check(not text or text.endswith("\n"), "last line of %s is not whole" % path, text[-200:])
    return parse_records(text)


# Where the reader cannot keep up, on a busy machine, large copies are the first to be left out.
NO_FAILURES = ("stack_copies_ring_full", "stacks_too_early", "python_names_unread", "javascript_names_unread", "peers_not_looked_for")


# What the ledger knows of but no sample was taken of has no count.
UNCOUNTED = ("cpu", "runqueue", "throttled")


def check_records(records, lost=(), started_ns=0, ended_ns=None):
    """The invariants of a recording, whatever was watched; its records are as described (parse_records())."""
    check(records, "the recording is empty")
    check(records[0]["type"] == "start", "first line is no start", records[0])
    check(records[-1]["type"] == "summary", "last line is no summary", records[-1])
    # nor has what the ledger knows of but whose slices were lost
    slices_lost = any(count for name, count in records[-1]["lost"].items() if name.startswith("slices_"))
    uncounted = UNCOUNTED + ("other",) * slices_lost
    check(records[0]["mono_ns"] >= started_ns, "it started before it was started", records[0])
    scope = records[0]["scope"]
    check(list(scope) == ["pids"] or scope.get("system") and "pids" not in scope, "scope", scope)
    finals = {}
    ongoing = {}
    withdrawn = set()
    known = set()
    unmatched = left_out(records[-1])
    for number, record in enumerate(records):
        kind = record["type"]
        check(kind in RECORD_TYPES, "line %d: type %r" % (number + 1, kind), record)
        check("comm" in record or kind not in ("loop", "stall", "note"), "%s without comm" % kind, record)
        check(kind != "start" or number == 0, "a second start", record)
        check(kind != "summary" or number == len(records) - 1, "a summary in the middle", record)
        if kind == "loop":
            known.add(record["tid"])
        elif kind == "stall":
            check_stall(record, records[0], uncounted, ended_ns)
            check(record["tid"] in known, "stall of a thread that was never said to be a loop", record)
            turn = record["turn"]
            check(turn not in finals, "a turn after its final record", record)
            check(turn not in withdrawn, "a turn after it was withdrawn", record)
            if record["ongoing"]:
                before = ongoing.get(turn)
                check(
                    not before or before["duration_ns"] <= record["duration_ns"],
                    "an ongoing stall became shorter",
                    before,
                    record,
                )
                ongoing[turn] = record
            else:
                finals[turn] = record
        elif kind == "withdrawn":
            turn = record["turn"]
            check(turn not in finals and turn not in withdrawn, "withdrawn after its end", record)
            # what --match or --ignore left out is withdrawn all the same
            check(turn in ongoing or unmatched, "withdrawn, but never reported", record)
            withdrawn.add(turn)
        elif kind == "second":
            check_second(record)
        elif kind == "blocked":
            for slice_ in record["slices"]:
                check_slice(slice_, record, uncounted)
    open_ = [record for turn, record in ongoing.items() if turn not in finals and turn not in withdrawn]
    check(not open_, "ongoing stalls without an end", *open_)
    check_summary(records, finals, lost)


def check_stall(stall, start, uncounted, ended_ns=None):
    check(stall["turn"].startswith("%d-" % stall["tid"]), "turn is not TID-SEQ", stall)
    duration = stall["duration_ns"]
    ledger = stall["ledger"]
    check(
        sum(ledger.values()) == duration,
        "ledger sums to %d, not %d" % (sum(ledger.values()), duration),
        stall,
    )
    check(duration >= start["threshold_ns"], "stall below the threshold", stall)
    if ended_ns:
        check(stall["mono_ns"] + duration <= ended_ns + MS, "stall ends in the future", stall)
    if not stall["before_attach"]:
        check(stall["mono_ns"] + MS >= start["mono_ns"], "stall from before the start", stall)
    check("delayed_events" not in stall or not stall["ongoing"], "delayed_events of an ongoing stall", stall)
    slices = stall["slices"]
    for slice_ in slices:
        check_slice(slice_, stall, uncounted)
        check(slice_["ns"] <= duration, "slice longer than its turn", slice_, stall)
    lengths = [slice_["ns"] for slice_ in slices]
    check(lengths == sorted(lengths, reverse=True), "slices are not sorted", stall)
    # CPU slices stand for samples: one period each, so their sum may pass the ledger's by one.
    check(sum(lengths) <= duration + 3 * MS, "slices sum to more than the turn", stall)
    sums = cause_sums(stall)
    if sums and "slices_cut" not in stall:
        check(
            sums.get(stall["cause"], 0) == max(sums.values()),
            "cause is %s, but sums are %s" % (stall["cause"], sums),
            stall,
        )


def check_slice(slice_, record, uncounted):
    least = 0 if slice_["cause"] in uncounted else 1
    check(slice_["count"] >= least, "slice's count", slice_, record)
    check(slice_["max_ns"] <= slice_["ns"], "slice's max_ns", slice_, record)
    check_intervals(slice_, record)


def check_intervals(slice_, record):
    """When the parts of a slice were: in its turn, in order, and no more than it is."""
    parts = slice_.get("intervals", [])
    if record["type"] != "stall":
        check("at_ns" not in slice_ and not parts, "of many turns, but told when it was", slice_, record)
        return
    check(len(parts) <= 64, "%d intervals" % len(parts), record)
    check(parts == sorted(parts), "intervals are not in order", parts, record)
    for at_ns, ns in parts:
        check(slice_["at_ns"] <= at_ns, "an interval before the first", slice_, record)
        check(at_ns + ns <= record["duration_ns"], "an interval after the turn", slice_, record)
    if slice_["cause"] not in ("cpu", "gc"):
        check(sum(ns for _, ns in parts) <= slice_["ns"], "intervals of more than the slice", slice_, record)


def check_summary(records, finals, lost):
    summary = records[-1]
    if lost is not True:
        unexpected = {
            name: count for name, count in summary["lost"].items() if name not in lost and name not in NO_FAILURES and count
        }
        check(not unexpected, "something was lost: %s" % unexpected)
    for loop in summary["loops"]:
        check("comm" in loop, "summary's loop without comm", loop)
        parts = loop["idle_ns"] + sum(loop[key] for key in LEDGER_KEYS)
        check(
            abs(parts - loop["wall_ns"]) <= max(MS, loop["wall_ns"] // 100),
            "a loop's parts sum to %d, not wall_ns %d" % (parts, loop["wall_ns"]),
            loop,
        )
        # a pool with one queue is one loop, of several threads
        own = [stall for stall in finals.values() if (stall["loop"], stall["tid"]) == (loop["loop"], loop["tid"])]
        check_same_turns(loop, own, records[0]["threshold_ns"], left_out(summary))
        check(loop["p50_ns"] <= loop["p99_ns"], "p50 above p99", loop)


def check_second(second):
    causes = sum(second.get("by_cause", {}).values())
    check(causes == sum(second["ledger"].values()), "causes sum to %d" % causes, second)
    turns = sum(count for _, count in second.get("histogram", []))
    check(turns == second["turns"], "a histogram of %d turns" % turns, second)


def left_out(summary):
    """Whether options kept stalls from the outputs, which the numbers of loops know all the same."""
    return "unmatched" in summary or "ignored" in summary


def check_same_turns(loop, own, threshold_ns, unmatched):
    """The summary of a loop is of the turns that were reported, and of those below the threshold."""
    doubtful = sum("doubt" in stall for stall in own)
    counts = (loop["stalls"], loop.get("doubtful", 0))
    reported = (len(own) - doubtful, doubtful)
    longest = max([stall["duration_ns"] for stall in own], default=0)
    if unmatched:
        check(counts[0] >= reported[0] and counts[1] >= reported[1], "%s stalls, but %s were reported" % (counts, reported), loop)
        check(loop["longest_ns"] >= longest, "longest_ns below a stall of %d" % longest, loop)
        return
    check(counts == reported, "%s stalls, but %s were reported" % (counts, reported), loop)
    if own:
        check(loop["longest_ns"] == longest, "longest_ns is not that of a stall, %d" % longest, loop)
    else:
        check(loop["longest_ns"] < threshold_ns, "longest_ns of no stall", loop)
    check(loop["p99_ns"] <= loop["longest_ns"], "p99 above the longest", loop)


def frames_of(slice_):
    return slice_.get("stack", [])


def cause_sums(stall):
    sums = {}
    for slice_ in stall["slices"]:
        sums[slice_["cause"]] = sums.get(slice_["cause"], 0) + slice_["ns"]
    return sums


def strings_of(value):
    """Every string inside a record."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings_of(item)
