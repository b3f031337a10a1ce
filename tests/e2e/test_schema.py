# SPDX-License-Identifier: GPL-2.0-or-later
"""blockprof-json(5): one description of the JSON's keys, which every record that a test reads is held against."""

import copy
import gzip
import json
import os
import re
import subprocess
import sys

import schema
from harness import (
    ROOT,
    Blockprof,
    Failed,
    Target,
    check,
    check_described,
    limit,
    need_program,
    parse_records,
    read_file,
    run_blockprof,
    variants,
)

SCRIPTS = os.path.join(ROOT, "scripts")
SECTION_8, SECTION_5 = os.path.join(SCRIPTS, "blockprof.8"), os.path.join(SCRIPTS, "blockprof-json.5")

NOW = {"time": "2026-01-31T23:59:59.123456789Z", "mono_ns": 5}
THREAD = {"pid": 7, "tid": 7, "comm": "python3", "loop": 1, "runtime": "asyncio"}
LEDGER = {"cpu_ns": 1, "runqueue_ns": 0, "throttled_ns": 0, "blocked_ns": 9, "unknown_ns": 0}
FRAME = {"fn": "fetch", "file": "/app/a.py", "line": 3, "kind": "python"}
PEER = {"kind": "peer", "pid": 8, "comm": "api", "ns": 5, "percent": 100, "idle": False, "cause": "file", "stack": [FRAME]}
QUOTA = {"kind": "cgroup", "cgroup": "/a", "quota_ns": 10, "period_ns": 20}
SOCKET = {"kind": "socket", "proto": "tcp", "local": "127.0.0.1:1", "peer": "127.0.0.1:2", "peer_pid": 8, "peer_comm": "api"}
SLICE = {"cause": "socket", "syscall": "recvfrom", "ns": 9, "count": 1, "max_ns": 9, "target": SOCKET, "stack": [FRAME]}
SLICE.update({"waker": {"pid": 8, "tid": 8}, "culprits": [dict(PEER, culprits=[QUOTA])], "task": {"name": "Task-1"}})
FEATURES = {"scheduler": "tp_btf", "waits": "fexit", "waits_attached": "always", "cpu_samples": "none"}
FEATURES["user_stacks"] = "copies, else frame pointers"
SUMMARY = {"pid": 7, "tid": 7, "loop": 1, "runtime": "asyncio", "turns": 3, "wall_ns": 20, "idle_ns": 10, **LEDGER}
SUMMARY.update({"stalls": 1, "longest_ns": 10, "p50_ns": 1, "p99_ns": 9})

GOOD = {
    "start": {
        **NOW,
        "schema": 8,
        "version": "1.0",
        "host": "here",
        "kernel": "6.1",
        "scope": {"pids": [7]},
        "threshold_ns": 100,
        "features": FEATURES,
    },
    "loop": {**NOW, **THREAD, "wait": {"syscall": "epoll_wait", "fd": 0}},
    "stall": {
        **NOW,
        "turn": "7-1",
        "ongoing": False,
        **THREAD,
        "duration_ns": 10,
        "before_attach": False,
        "ledger": LEDGER,
        "cause": "socket",
        "slices": [SLICE],
    },
    "withdrawn": {**NOW, "turn": "7-1", **THREAD, "reason": "left"},
    "blocked": {**NOW, **THREAD, "slices": [SLICE]},
    "second": {**NOW, **THREAD, "turns": 3, "longest_ns": 9, "idle_ns": 10, "ledger": LEDGER, "by_cause": {"cpu": 9}},
    "exit": {**NOW, "pid": 7, "status": 256},
    "note": {**NOW, "note": "pool_busy", "pid": 7, "duration_ns": 5, "workers": 2, "waiting": 1},
    "summary": {**NOW, "duration_ns": 30, "loops": [SUMMARY], "lost": {"stacks_cut": 1}},
    "dump": {**NOW, "pid": 7, "threads": 1, "tasks": 1},
    "thread": {**NOW, "pid": 7, "tid": 7, "runtime": "asyncio", "state": "blocked", "cause": "sleep", "stack": [FRAME], "moved": True},
    "task": {**NOW, "pid": 7, "name": "", "state": "pending", "chain": [FRAME], "awaits": {"kind": "sleep", "sleep_ns": 5}},
}
SIDE = {"loops": 1, "loop_ns": 1, "minutes": 5, "turns": 1, "stalls": 1, "stalled_ns": 1, "longest_ns": 1}
SIDE["distribution"] = [{"longer_ns": 1, "stalls": 1}]
AMOUNT = {"ns": 1, "stalls": 1, "ns_in_loop_hour": 3600}
GOOD["diff"] = {**NOW, "before": SIDE, "after": SIDE}
GOOD["diff_place"] = {**NOW, "change": "gone", "fn": "do_io", "cause": "sleep", "before": AMOUNT, "after": AMOUNT}
GOOD = {name: {"type": name, **record} for name, record in GOOD.items()}

MISSING = object()
# A record, the way to a value in it, what is put there, and a word of what is then wrong.
WRONG = [
    ("unknown-type", "exit", ["type"], "exeunt", "type"),
    ("no-type", "exit", ["type"], MISSING, "type"),
    ("unknown-key", "exit", ["reason"], "none", '"reason" is not described'),
    ("unknown-key-inside", "loop", ["wait", "call"], "x", 'wait: "call"'),
    ("unknown-key-of-a-frame", "stall", ["slices", 0, "stack", 0, "column"], 3, 'slices/0/stack/0: "column"'),
    ("key-of-another-kind", "stall", ["slices", 0, "target", "path"], "/a", 'target: "path"'),
    ("key-of-another-note", "note", ["from"], 3, '"from"'),
    ("unknown-feature", "start", ["features", "more"], "x", '"more"'),
    ("unknown-loss", "summary", ["lost", "marbles"], 1, 'lost: "marbles"'),
    ("unknown-discard", "summary", ["discarded"], {"bored": {"count": 1, "longest_ns": 2}}, 'discarded: "bored"'),
    ("unknown-doubt", "stall", ["doubt"], "fear", "doubt"),
    ("unknown-reason", "withdrawn", ["reason"], "fear", "reason"),
    ("untrue-end", "stall", ["at_end"], False, "at_end"),
    ("missing-key", "stall", ["turn"], MISSING, "turn is missing"),
    ("missing-key-inside", "summary", ["loops", 0, "p99_ns"], MISSING, "loops/0: p99_ns is missing"),
    ("missing-key-of-a-kind", "stall", ["slices", 0, "target", "proto"], MISSING, "proto is missing"),
    ("one-of-two", "stall", ["slices", 0, "culprits", 0, "percent"], MISSING, "ns without percent"),
    ("number-as-text", "exit", ["pid"], "7", "pid"),
    ("text-as-number", "loop", ["comm"], 7, "comm"),
    ("true-as-number", "exit", ["pid"], True, "pid"),
    ("number-as-true", "stall", ["ongoing"], 0, "ongoing"),
    ("fraction", "stall", ["duration_ns"], 10.0, "duration_ns"),
    ("object-as-list", "stall", ["slices"], {}, "slices"),
    ("list-as-object", "stall", ["ledger"], [], "ledger"),
    ("nothing", "stall", ["ledger"], None, "ledger"),
    ("below-0", "stall", ["ledger", "cpu_ns"], -1, "ledger/cpu_ns"),
    ("too-large", "stall", ["duration_ns"], 1 << 63, "duration_ns"),
    ("process-0", "exit", ["pid"], 0, "pid"),
    ("more-than-all", "stall", ["slices", 0, "culprits", 0, "percent"], 101, "percent"),
    ("empty-text", "loop", ["comm"], "", "comm"),
    ("empty-stack", "stall", ["slices", 0, "stack"], [], "stack"),
    ("unknown-cause", "stall", ["cause"], "boredom", "cause"),
    ("unknown-cause-of-a-slice", "stall", ["slices", 0, "cause"], "boredom", "slices/0/cause"),
    ("unknown-target", "stall", ["slices", 0, "target", "kind"], "door", "target: kind"),
    ("unknown-culprit", "stall", ["slices", 0, "culprits", 0, "culprits", 0, "kind"], "butler", "culprits/0: kind"),
    ("unknown-frame", "stall", ["slices", 0, "stack", 0, "kind"], "picture", "stack/0/kind"),
    ("unknown-note", "note", ["note"], "blue", "note"),
    ("unknown-state", "thread", ["state"], "bored", "state"),
    ("unknown-awaited", "task", ["awaits", "kind"], "godot", "awaits/kind"),
    ("untrue", "thread", ["moved"], False, "moved"),
    ("another-time", "exit", ["time"], "2026-01-31T23:59:59+01:00", "time"),
    ("no-turn", "stall", ["turn"], "7", "turn"),
    ("another-schema", "start", ["schema"], 2, "schema"),
]


@variants([(name, name) for name in GOOD])
def test_record_as_described(name):
    check_described(GOOD[name])


@variants([(row[0], row[1:]) for row in WRONG])
def test_record_that_is_not(case):
    name, way, value, word = case
    record = copy.deepcopy(GOOD[name])
    place = record
    for step in way[:-1]:
        place = place[step]
    if value is MISSING:
        del place[way[-1]]
    else:
        place[way[-1]] = value
    try:
        check_described(record)
    except Failed as failed:
        check(word in str(failed).partition("\n")[0], "no word of %r" % word, str(failed))
        return
    raise Failed("it passed", record)


@variants([
    ("format", {"type": "string", "format": "date"}),
    ("inside", {"type": "object", "properties": {"a": {"type": "integer", "multipleOf": 2}}}),
    ("type", {"type": "number"}),
    ("no-type", {"properties": {}}),
    ("lost-definition", {"$ref": "#/$defs/none"}),
    ("required", {"type": "object", "properties": {}, "required": ["a"]}),
])
def test_schema_that_is_not_understood(rules):
    """Rather than not to check what it says."""
    try:
        schema.Validator(dict(rules, **{"$defs": {}}))
    except ValueError:
        return
    raise Failed("it passed")


def keys_of(document):
    """Every key that is described, and how."""
    if isinstance(document, dict):
        yield from document.get("properties", {}).items()
        document = list(document.values())
    if isinstance(document, list):
        for item in document:
            yield from keys_of(item)


def test_every_key_has_a_description():
    """But those that tell kinds apart: what they may be are the headings."""
    document = schema.load()
    keys = list(keys_of(document))
    check(len(keys) > 150, "%d keys" % len(keys))
    for key, value in keys:
        text = value.get("description")
        while text is None and "$ref" in value:
            value = document["$defs"][value["$ref"].rpartition("/")[2]]
            text = value.get("description")
        tag = key in ("type", "kind", "note") and ("const" in value or "enum" in value)
        check(tag or text and text.endswith("."), "%s has none" % key, value)


def test_man_page_is_made_of_the_schema():
    made = subprocess.run([sys.executable, os.path.join(SCRIPTS, "json-man")], stdout=subprocess.PIPE, check=True)
    check(made.stdout.decode() == read_file(SECTION_5), "scripts/blockprof-json.5 is not up to date: make man")


@variants([("8", SECTION_8), ("5", SECTION_5)])
def test_man_page_has_no_fault(path):
    command = [need_program("man"), "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", path]
    shown = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ, MANWIDTH="80"))
    check(shown.returncode == 0 and not shown.stderr, "what man says", shown.stderr.decode())


@limit(120)
def test_each_type_of_record_is_written():
    """And read: so each has been held against its description here, whatever else tests watch."""
    with Target("sleep", "--seconds=1.2", "--count=1") as long, Target("sleep", "--seconds=0.03", "--count=10") as short:
        with Target("pool-full") as pool, Blockprof(pids=[long.pid, short.pid, pool.pid]) as blockprof:
            for target in (long, short, pool):
                target.go()
            for target in (long, short, pool):
                target.wait_done()
            pool.end()
            blockprof.wait_records(lambda records: any(record["type"] == "exit" for record in records))
        status, out, err = run_blockprof("dump", "-F", "json", "-p", long.pid)
    check(status == 0, "exit status %d" % status, err)
    check(blockprof.ongoing and blockprof.stalls, "a stall, while it lasted and when it was over")
    written = {record["type"] for record in blockprof.records + parse_records(out)}
    # what is withdrawn cannot be had for the asking: the unit tests have it
    written.add("withdrawn")
    status, out, err = run_blockprof("report", "-F", "json", "--diff", blockprof.recording, blockprof.recording)
    check(status == 0, "exit status %d" % status, err)
    written |= {record["type"] for record in parse_records(out)}
    check(written == set(GOOD), "types that were not written", sorted(set(GOOD) - written))
    described = {branch["$ref"].rpartition("/")[2] for branch in schema.load()["oneOf"]}
    check(described == set(GOOD), "types that are described", sorted(described))


RECORDINGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recordings")


@variants([(name.partition(".")[0], name) for name in sorted(os.listdir(RECORDINGS))])
def test_recordings_of_earlier_versions(name):
    """A recording that a version of that schema made is read for good: text, folded stacks, and as one of today."""
    path = os.path.join(RECORDINGS, name)
    with gzip.open(path, "rt", encoding="ascii") as file:
        then = [json.loads(line) for line in file]
    check(name == "schema-%d.jsonl.gz" % then[0]["schema"], "of another schema", then[0])
    status, text, err = run_blockprof("report", path)
    check(status == 0 and re.search(r"fetch_rates \(app/\w+\.py:\d+\): socket", text), "as text", status, text, err)
    status, folded, err = run_blockprof("report", "-F", "folded", path)
    check(status == 0 and re.search(r"do_io \(\w+\.py:\d+\);", folded), "as folded stacks", status, folded, err)
    status, out, err = run_blockprof("report", "-F", "json", path)
    check(status == 0, "as JSON", status, err)
    now = parse_records(out)
    check([r["type"] for r in now] == [r["type"] for r in then], "all of its records", out)
    for before, after in zip(then, now):
        changed = {key: (value, after.get(key)) for key, value in before.items() if after.get(key) != value}
        check(not set(changed) - {"schema"}, "the same keys and values", changed)
