# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings of any length, made of the stalls of one that was recorded: times, tasks and calls differ, or all names mean harm."""

import datetime
import gzip
import json
import os
import random

RECORDED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recordings", "schema-7.jsonl.gz")
BEGAN = datetime.datetime(2026, 5, 1, 12, 0, 0, tzinfo=datetime.timezone.utc)
MS, S = 10**6, 10**9
MONO_NS = 10**13


def timed(record, at_ns):
    """The record as of so long after the start."""
    seconds, ns = divmod(at_ns, S)
    moment = BEGAN + datetime.timedelta(seconds=seconds)
    return {**record, "time": moment.strftime("%Y-%m-%dT%H:%M:%S.") + "%09dZ" % ns, "mono_ns": MONO_NS + at_ns}


def recorded():
    with gzip.open(RECORDED, "rt") as file:
        return [json.loads(line) for line in file]


def finals():
    return [record for record in recorded() if record["type"] == "stall" and not record.get("ongoing")]


def start_record(**more):
    return timed({**recorded()[0], "utc_offset_s": 7200, "threshold_ns": 100 * MS, **more}, 0)


def varied(stall, ns, numbers):
    """The same with another length, and tasks and parts of their own."""
    whole = sum(slice_["ns"] for slice_ in stall["slices"]) or 1
    slices = []
    for slice_ in stall["slices"]:
        part = max(1, slice_["ns"] * ns // max(whole, stall["duration_ns"]))
        count = numbers.randint(1, 4)
        at, each, intervals = numbers.randint(0, ns // 20), part // count, []
        for _ in range(count):
            intervals.append([at, each])
            at += each + numbers.randint(1000, ns // 40)
        task = {"task": {"name": "request-%d" % numbers.randint(1, 40)}} if slice_.get("task") or part > ns // 4 else {}
        slices.append({**slice_, "ns": part, "count": count, "max_ns": each, "intervals": intervals, **task})
    ledger = {key: value * ns // stall["duration_ns"] for key, value in stall["ledger"].items()}
    return {**stall, "duration_ns": ns, "ledger": ledger, "slices": sorted(slices, key=lambda one: -one["ns"])}


def made_stalls(nr, seed=1):
    """So many, one a second, in the order of time."""
    numbers = random.Random(seed)
    known = finals()
    for i in range(nr):
        stall = known[numbers.randrange(len(known))]
        ns = int((100 + 900 * numbers.random() ** 4) * MS) + i
        yield timed({**varied(stall, ns, numbers), "turn": "%d-%d" % (stall["tid"], i)}, i * S + numbers.randrange(S // 4))


def made_second(loop, i, ns=S):
    """Second number i of a loop that was busy for a tenth of it."""
    busy = ns // 10
    return timed({
        "type": "second", **loop, "turns": 100, "longest_ns": 5 * MS, "idle_ns": ns - busy,
        "ledger": {"cpu_ns": busy - MS, "runqueue_ns": MS, "throttled_ns": 0, "blocked_ns": 0, "unknown_ns": 0},
        "by_cause": {"cpu": busy - MS, "runqueue": MS}, "histogram": [[1048576, 90], [8388608, 10]],
    }, i * ns)


def write_recording(path, records):
    opened = gzip.open if path.endswith(".gz") else open
    with opened(path, "wt") as file:
        for record in records:
            file.write(json.dumps(record) + "\n")


MARKUP = "</script><script>alert(1)</script><!--<img src=x onerror=alert(1)>]]>\"'&lt;\u2028\u202e\u2066\x1b[2J\x9b"


def hostile_records():
    """All strings of a recording mean harm; some are of a megabyte."""
    large = "<" * 1_000_000
    names = [large, "javascript:alert(1)", "a;b\nc", "", MARKUP + "\ud83d\ude00"]
    keep = {"type", "time", "kind", "cause", "change", "turn"}
    number = 0

    def worsened(value, key=""):
        nonlocal number
        if isinstance(value, dict):
            return {name: worsened(one, name) for name, one in value.items()}
        if isinstance(value, list):
            return [worsened(one, key) for one in value]
        if not isinstance(value, str) or key in keep:
            return value
        number += 1
        return names[number // 100 % len(names)] if number % 100 == 0 else MARKUP

    for record in recorded():
        yield worsened(record)
    # a line of a recording has a bound of its own
    stall = dict(finals()[0], advice=large, comm=MARKUP)
    task = {"name": large, "coro": MARKUP}
    stall["slices"] = [{**stall["slices"][0], "task": task, "target": {"kind": "file", "path": large}}]
    yield timed(stall, 9 * S)
