# SPDX-License-Identifier: GPL-2.0-or-later
"""blockprof's JSON Lines: what must hold in every recording, whatever was watched."""

import gzip
import json
import re

from verdict import MS, Failed, check

CAUSES = frozenset(
    "cpu runqueue throttled sleep file socket dns pipe tty lock gil child poll fault stopped "
    "ipc other".split()
)
TARGET_KINDS = frozenset("file socket pipe futex child dns device".split())
CULPRIT_KINDS = frozenset("peer owner runner cgroup".split())
FRAME_KINDS = frozenset("kernel native python js jit".split())
RECORD_TYPES = frozenset("start loop stall blocked exit note summary".split())
SCHEMA = 1
LEDGER_KEYS = ("cpu_ns", "runqueue_ns", "throttled_ns", "blocked_ns", "unknown_ns")

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def parse_jsonl(path):
    """The objects of a recording, plain or gzip'd; every line must be one."""
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rb") as file:
        data = file.read()
    check(not data or data.endswith(b"\n"), "last line of %s is not whole" % path, data[-200:].decode("utf-8", "replace"))
    records = []
    for number, line in enumerate(data.splitlines(), 1):
        try:
            record = json.loads(line.decode("utf-8"))
        except ValueError as error:
            raise Failed("line %d is not JSON: %s" % (number, error), line.decode("utf-8", "replace"))
        check(isinstance(record, dict), "line %d is no object" % number, record)
        records.append(record)
    return records


# Where the reader cannot keep up, on a busy machine, large copies are the first to be left out.
NO_FAILURES = ("stack_copies_ring_full",)


def _is_count(value):
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63


def check_records(records, lost=(), started_ns=0, ended_ns=None):
    """The invariants of a recording, whatever was watched."""
    check(records, "the recording is empty")
    check(records[0].get("type") == "start", "first line is no start", records[0])
    check(records[-1].get("type") == "summary", "last line is no summary", records[-1])
    check(records[0].get("mono_ns", 0) >= started_ns, "it started before it was started", records[0])
    finals = {}
    ongoing = {}
    known = set()
    exited = set()
    for number, record in enumerate(records):
        kind = record.get("type")
        check(kind in RECORD_TYPES, "line %d: type %r" % (number + 1, kind), record)
        check(_is_count(record.get("mono_ns")), "line %d: mono_ns" % (number + 1), record)
        check(
            isinstance(record.get("time"), str) and _TIME.fullmatch(record["time"]),
            "line %d: time is not RFC 3339 UTC" % (number + 1),
            record,
        )
        check(kind != "start" or number == 0, "a second start", record)
        check(kind != "start" or record.get("schema") == SCHEMA, "the start's schema", record)
        check(kind != "summary" or number == len(records) - 1, "a summary in the middle", record)
        if kind == "loop":
            for key in ("pid", "tid", "comm", "runtime"):
                check(key in record, "loop without %s" % key, record)
            known.add(record["tid"])
        elif kind == "stall":
            check_stall(record, records[0], ended_ns)
            check(record["tid"] in known, "stall of a thread that was never said to be a loop", record)
            turn = record["turn"]
            check(turn not in finals, "a turn after its final record", record)
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
        elif kind == "blocked":
            for slice_ in record["slices"]:
                check_slice(slice_, record)
        elif kind == "note":
            check_note(record)
        elif kind == "exit":
            exited.add(record["pid"])
    check_summary(records, finals, lost)


def check_note(note):
    keys = {
        "pool_busy": ("workers", "waiting"),
        "tasks_grow": ("from", "to"),
        "threads_grow": ("from", "to"),
    }
    check(note.get("note") in keys, "an unknown note", note)
    for key in ("pid", "comm", "duration_ns") + keys[note["note"]]:
        check(key in note, "note without %s" % key, note)


def check_stall(stall, start, ended_ns=None):
    for key in (
        "turn ongoing pid tid comm runtime duration_ns before_attach ledger cause slices"
    ).split():
        check(key in stall, "stall without %s" % key, stall)
    check(str(stall["turn"]).startswith("%d-" % stall["tid"]), "turn is not TID-SEQ", stall)
    duration = stall["duration_ns"]
    check(_is_count(duration), "absurd duration", stall)
    ledger = stall["ledger"]
    check(sorted(ledger) == sorted(LEDGER_KEYS), "ledger's keys", ledger)
    for key in LEDGER_KEYS:
        check(_is_count(ledger[key]), "absurd %s" % key, stall)
    check(
        sum(ledger.values()) == duration,
        "ledger sums to %d, not %d" % (sum(ledger.values()), duration),
        stall,
    )
    check(duration >= start["threshold_ns"], "stall below the threshold", stall)
    check(isinstance(stall["before_attach"], bool), "before_attach", stall)
    if ended_ns:
        check(stall["mono_ns"] + duration <= ended_ns + MS, "stall ends in the future", stall)
    if not stall["before_attach"]:
        check(stall["mono_ns"] + MS >= start["mono_ns"], "stall from before the start", stall)
    check(stall["cause"] in CAUSES, "cause %r" % stall["cause"], stall)
    check("delayed_events" not in stall or not stall["ongoing"], "delayed_events of an ongoing stall", stall)
    slices = stall["slices"]
    for slice_ in slices:
        check_slice(slice_, stall)
        check(slice_["ns"] <= duration, "slice longer than its turn", slice_, stall)
    lengths = [slice_["ns"] for slice_ in slices]
    check(lengths == sorted(lengths, reverse=True), "slices are not sorted", stall)
    # CPU slices stand for samples: one period each, so their sum may pass the ledger's by one.
    check(sum(lengths) <= duration + 3 * MS, "slices sum to more than the turn", stall)
    sums = cause_sums(stall)
    if sums:
        check(
            sums.get(stall["cause"], 0) == max(sums.values()),
            "cause is %s, but sums are %s" % (stall["cause"], sums),
            stall,
        )


def check_slice(slice_, record):
    check(slice_.get("cause") in CAUSES, "slice's cause", slice_, record)
    check(_is_count(slice_.get("ns")), "absurd slice", slice_, record)
    # What the ledger knows of but no sample was taken of has no count.
    least = 0 if slice_["cause"] in ("cpu", "runqueue", "throttled") else 1
    check(_is_count(slice_.get("count")) and slice_["count"] >= least, "slice's count", slice_, record)
    check(_is_count(slice_.get("max_ns")) and slice_["max_ns"] <= slice_["ns"], "slice's max_ns", slice_, record)
    target = slice_.get("target")
    if target is not None:
        check(target.get("kind") in TARGET_KINDS, "target's kind", slice_, record)
    culprits = list(culprits_of(slice_))
    for culprit in culprits:
        check(culprit.get("kind") in CULPRIT_KINDS, "culprit's kind", culprit, record)
        check(("pid" in culprit) != ("cgroup" in culprit), "neither a process nor a cgroup, or both", culprit)
        check("cause" not in culprit or culprit["cause"] in CAUSES, "culprit's cause", culprit, record)
        check(0 <= culprit.get("percent", 0) <= 100, "absurd share", culprit, record)
    for frame in frames_of(slice_) + [
        frame
        for party in [slice_.get("waker", {}), slice_.get("holder", {})] + culprits
        for frame in party.get("stack", [])
    ]:
        check(isinstance(frame.get("fn"), str) and frame["fn"], "frame without fn", frame, record)
        check(frame.get("kind") in FRAME_KINDS, "frame's kind", frame, record)
        check("line" not in frame or _is_count(frame["line"]) and frame["line"] > 0, "frame's line", frame)


def check_summary(records, finals, lost):
    summary = records[-1]
    for key in ("duration_ns", "loops", "lost"):
        check(key in summary, "summary without %s" % key, summary)
    check(_is_count(summary["duration_ns"]), "summary's duration", summary)
    if lost is not True:
        unexpected = {
            name: count for name, count in summary["lost"].items() if name not in lost and name not in NO_FAILURES and count
        }
        check(not unexpected, "something was lost: %s" % unexpected)
    for loop in summary["loops"]:
        for key in (
            "pid tid comm runtime turns wall_ns idle_ns cpu_ns runqueue_ns throttled_ns blocked_ns "
            "unknown_ns stalls longest_ns p50_ns p99_ns"
        ).split():
            check(key in loop, "summary's loop without %s" % key, loop)
            if key.endswith("_ns") or key in ("turns", "stalls"):
                check(_is_count(loop[key]), "absurd %s" % key, loop)
        parts = loop["idle_ns"] + sum(loop[key] for key in LEDGER_KEYS)
        check(
            abs(parts - loop["wall_ns"]) <= max(MS, loop["wall_ns"] // 100),
            "a loop's parts sum to %d, not wall_ns %d" % (parts, loop["wall_ns"]),
            loop,
        )
        own = [stall for stall in finals.values() if stall["tid"] == loop["tid"]]
        check(loop["stalls"] >= len(own), "%d stalls, but %d were told" % (loop["stalls"], len(own)), loop)
        if own:
            longest = max(stall["duration_ns"] for stall in own)
            check(loop["longest_ns"] >= longest, "longest_ns below a stall of %d" % longest, loop)
        check(loop["p50_ns"] <= loop["p99_ns"], "p50 above p99", loop)


def frames_of(slice_):
    return slice_.get("stack", [])


def culprits_of(slice_or_culprit):
    """Those of a slice and the ones behind them."""
    for culprit in slice_or_culprit.get("culprits", []):
        yield culprit
        yield from culprits_of(culprit)


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
