# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings of two hosts, and what scripts/fleet/*.sql has to answer of them: as blockprof report does."""

import datetime
import gzip
import json
import os
import re
import subprocess
import tempfile

from harness import BLOCKPROF, ROOT, check, parse_jsonl, run_blockprof
from machine import python_with

QUERIES = os.path.join(ROOT, "scripts", "fleet")

# save() stalls for 300 ms, convert() for 250.
PROGRAM = """
import asyncio, subprocess, sys, time
def save():
    time.sleep(0.3)
def convert():
    subprocess.run(["sleep", "0.25"], check=True)
async def main():
    for name in sys.argv[1:]:
        for _ in range(20):
            await asyncio.sleep(0.01)
        globals()[name]()
    await asyncio.sleep(0.2)
asyncio.run(main())
"""


def record(directory, host, *names):
    """A run of PROGRAM on a machine of another name."""
    program, file = os.path.join(directory, "work.py"), os.path.join(directory, host + ".jsonl.gz")
    with open(program, "w") as out:
        out.write(PROGRAM)
    script = 'hostname "$1"; shift; exec "$@"'
    argv = [BLOCKPROF, "-q", "-t", "100ms", "-o", file, "--", "python3", program, *names]
    done = subprocess.run(
        ["unshare", "--uts", "sh", "-c", script, "sh", host, *argv], stdin=subprocess.DEVNULL, capture_output=True, timeout=60
    )
    check(done.returncode == 0, "status %d" % done.returncode, done.stderr.decode())
    return file


def move_back(file, days):
    """As if it had been recorded some days earlier."""
    lines = []
    with gzip.open(file, "rt") as old:
        for line in old:
            made = json.loads(line)
            when = datetime.datetime.fromisoformat(made["time"][:19]) - datetime.timedelta(days=days)
            lines.append(line.replace(made["time"], when.isoformat() + made["time"][19:]))
    with gzip.open(file, "wt") as new:
        new.writelines(lines)


class Recordings:
    """alpha's of two days ago, in which save() stalled; beta's of today, in which both did."""

    def __init__(self, directory):
        self.directory = directory
        self.files = {"alpha": record(directory, "alpha", "save", "save", "save")}
        move_back(self.files["alpha"], 2)
        self.files["beta"] = record(directory, "beta", "save", "convert", "convert")
        self.glob = os.path.join(directory, "*.jsonl.gz")


def statements(file):
    """[(name or None, statement)] of a file of queries."""
    with open(os.path.join(QUERIES, file)) as queries:
        text = queries.read()
    named = []
    for statement in text.split(";\n"):
        name = re.search(r"(?m)^-- name: (.*)$", statement)
        body = re.sub(r"(?m)^--.*\n?", "", statement).strip()
        if body:
            named.append((name and name.group(1), body))
    return named


def near(got, wanted, part, least):
    return abs(got - wanted) <= max(least, part * wanted)


def check_places(recordings, rows):
    """All stalls of all hosts; diff tells whole turns, the queries what these were made of."""
    status, out, err = run_blockprof(
        "report", "--diff", recordings.files["alpha"], "-F", "json", recordings.files["beta"]
    )
    check(status == 0, "report --diff", err)
    told = {one["fn"]: one for one in map(json.loads, out.splitlines()) if one["type"] == "diff_place" and "fn" in one}
    for fn, cause, least_s, hosts in (("save", "sleep", 1.2, 2), ("convert", "child", 0.5, 1)):
        (row,) = [row for row in rows if (row["place"], row["cause"]) == (fn, cause)]
        before, after = told[fn]["before"], told[fn]["after"]
        check(row["stalls"] == before["stalls"] + after["stalls"], "stalls in " + fn, row, told[fn])
        check(row["hosts"] == hosts, "hosts", row)
        check(least_s <= row["seconds"] <= (before["ns"] + after["ns"]) / 1e9, "time in " + fn, row, told[fn])
    check(rows == sorted(rows, key=lambda row: -row["seconds"]), "order", *rows)


def check_hosts(recordings, answers):
    """What each host's summary says of its loop."""
    for host, file in recordings.files.items():
        summary = parse_jsonl(file)[-1]
        (loop,) = summary["loops"]
        lost = [row for row in answers["time lost by cause and hour"] if row["host"] == host]
        off_cpu = sum(row["seconds"] for row in lost if row["cause"] not in ("cpu", "gc"))
        wanted = (loop["blocked_ns"] + loop["runqueue_ns"] + loop["throttled_ns"]) / 1e9
        check(near(off_cpu, wanted, 0.02, 0.005), "time lost on %s: %f of %f s" % (host, off_cpu, wanted), loop, *lost)
        (row,) = [row for row in answers["percentiles of loops"] if row["host"] == host]
        check(near(row["longest_ms"], loop["longest_ns"] / 1e6, 0, 0.001), "the longest", row, loop)
        # a bucket ends at twice where it begins
        p99_ms = loop["p99_ns"] / 1e6
        check(row["p99_ms"] / 2.2 <= p99_ms <= row["p99_ms"] * 1.1, "percentile", row, loop)
        discarded = sum(one["count"] for one in summary.get("discarded", {}).values())
        check(loop["turns"] - discarded <= row["turns"] <= loop["turns"], "turns", row, loop)
        unknown = {(row["kind"], row["what"]): row["number"] for row in answers["what is not known"] if row["host"] == host}
        told = {("discarded", reason): one["count"] for reason, one in summary.get("discarded", {}).items()}
        for kind in ("blind", "lost"):
            told.update({(kind, name): count for name, count in summary.get(kind, {}).items()})
        check(unknown == told, "what is not known on " + host, unknown, told)


def check_database(package, program, file, seconds):
    """What a database, a package of Python's that a program has answer, says of two hosts with a file's statements."""
    python = python_with(package)
    recordings = Recordings(tempfile.mkdtemp())
    done = subprocess.run(
        [python, "-c", program, recordings.glob],
        input=json.dumps(statements(file)),
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    check(done.returncode == 0, package, done.stderr[-3000:])
    check_answers(recordings, json.loads(done.stdout))


def check_answers(recordings, answers):
    """answers: {name: rows as dicts}."""
    check_places(recordings, answers["worst places"])
    check_hosts(recordings, answers)
    new = {row["place"]: row for row in answers["new since yesterday"]}
    check("convert" in new and "save" not in new, "what is new", *new.values())
    check(new["convert"]["hosts"] == "beta", "where", new["convert"])
