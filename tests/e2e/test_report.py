# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings beside each other, in part, without some time, and made fit to be shared."""

import gzip
import json
import os
import subprocess
import sys
import tempfile

from harness import BLOCKPROF, WORKLOADS, Blockprof, check, run_blockprof

GATHER_SLEEP = os.path.join(WORKLOADS, "gather_sleep.py")
MS = 1_000_000
SECONDS = 1.5  # of each of the two sleeps


def records_of(*args):
    status, out, err = run_blockprof("report", "-F", "json", *args)
    check(status == 0, "exit status %d" % status, err)
    return [json.loads(line) for line in out.splitlines()]


def longest_of(records):
    """The longest turn, and for how long its loop was ready and got no CPU, or had one: the machine's doing."""
    (loop,) = records[-1]["loops"]
    return loop["longest_ns"], loop["runqueue_ns"] + loop["cpu_ns"]


def test_mistake_against_its_remedy():
    """Two time.sleep() on a loop; the same in an executor: what is gone, and what was to be expected."""
    with Blockprof(command=[sys.executable, GATHER_SLEEP, SECONDS]) as bad:
        bad.wait()
    with Blockprof(command=[sys.executable, GATHER_SLEEP, SECONDS, 0.3, "executor"]) as good:
        good.wait()
    places = {place["fn"]: place for place in records_of("--diff", bad.recording, good.recording)[1:]}
    check(places["do_io"]["change"] == "gone" and places["do_io"]["cause"] == "sleep", "do_io", *places.values())
    check(places["do_io"]["before"]["stalls"] == 1, "one turn of two sleeps", places["do_io"])
    _, text, _ = run_blockprof("report", "--diff", bad.recording, good.recording)
    check("\ngone      do_io (gather_sleep.py): sleep, " in text, "in the text", text)
    check("too short to tell" in text, "of a few seconds", text)
    _, text, _ = run_blockprof("report", "--diff", good.recording, bad.recording)
    check("\nnew       do_io (gather_sleep.py): sleep, " in text, "the other way round", text)

    without = records_of("--without", "do_io", bad.recording)
    blamed = [stall for stall in without if stall["type"] == "stall" and stall["cause"] != "runqueue"]
    check(not blamed, "stalls are left", *blamed)
    expected, noise = longest_of(without)
    fixed, other_noise = longest_of(good.records)
    check(
        abs(expected - fixed) <= max(fixed * 0.05, 8 * MS) + noise + other_noise,
        "the longest turn is %d ms, %d ms was expected" % (fixed / MS, expected / MS),
    )
    status, _, err = run_blockprof("report", "--without", "do_io", bad.recording)
    check(status == 0 and "1 of " in err and "not known: " in err, "what it cannot know is said", err)


def difference(*args):
    _, out, _ = run_blockprof("report", "-F", "folded", "--diff", *args)
    return [line.rsplit(" ", 2) for line in out.splitlines()]


def test_parts_and_what_is_shared():
    """Of one recording: some loops, some time, and as others may see it."""
    with Blockprof(command=[sys.executable, GATHER_SLEEP, 0.3]) as blockprof:
        blockprof.wait()
    recording = blockprof.recording
    (stall,) = [stall for stall in blockprof.stalls if stall["cause"] == "sleep"]

    def turns(*args):
        return [record["turn"] for record in records_of(*args, recording) if record["type"] == "stall"]

    check(stall["turn"] in turns("--since", stall["time"]), "since it began")
    check(stall["turn"] not in turns("--until", stall["time"]), "until it began")
    check(stall["turn"] in turns("--since", "-1h", "--loops", "^asyncio$"), "by the runtime")
    check(not turns("--loops", "no such loop"), "of no loop")
    lines = difference(recording, recording)
    check(lines and all(before == after for _, before, after in lines), "nothing has changed", *lines)

    redacted = os.path.join(blockprof.directory, "redacted.jsonl")
    host, task = os.uname().nodename, stall["slices"][0]["task"]["name"]
    with open(redacted, "wb") as file:
        subprocess.run([BLOCKPROF, "report", "--redact", recording], stdout=file, check=True)
    with open(redacted) as file:
        text = file.read()
    check('"%s"' % host not in text and '"%s"' % task not in text, "host and task are hidden", text)
    _, out, _ = run_blockprof("report", redacted)
    check("in do_io (" in out and "gather_sleep.py:" in out, "and the place is not", out)


KEPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recordings")


def kept(schema):
    path = os.path.join(KEPT, "schema-%d.jsonl.gz" % schema)
    with gzip.open(path, "rt") as file:
        return path, [json.loads(line) for line in file]


def test_part_by_seconds():
    """The two parts of a recording have the turns and the time of the whole, as far as its seconds tell."""
    path, records = kept(4)
    whole = {loop["tid"]: loop for loop in records[-1]["loops"]}
    seconds = [record for record in records if record["type"] == "second"]
    middle = seconds[len(seconds) // 2]["time"]
    parts = [records_of(option, middle, path)[-1]["loops"] for option in ("--until", "--since")]
    for tid, loop in whole.items():
        told = [sum(second[key] for second in seconds if second["tid"] == tid) for key in ("turns", "idle_ns")]
        halves = [one for part in parts for one in part if one["tid"] == tid]
        found = [sum(half[key] for half in halves) for key in ("turns", "idle_ns")]
        check(found == told, "turns and idle time of both", halves, told)
        check(max(half["longest_ns"] for half in halves) == loop["longest_ns"], "the longest is in one of them", halves)
    _, _, err = run_blockprof("report", "--since", middle, path)
    check("to the second" in err, "how well that is known", err)
    _, _, err = run_blockprof("report", "--since", "-1s", kept(3)[0])
    check("are not" in err, "what is not known of an older one", err)


def stall_at(clock, zone=None):
    """A recording of one stall that began at this time of 2026-02-01, UTC, on a machine so many seconds from that."""
    thread = {"pid": 7, "tid": 7, "comm": "web", "loop": 1, "runtime": "asyncio"}
    ledger = {"cpu_ns": 0, "runqueue_ns": 0, "throttled_ns": 0, "blocked_ns": 200 * MS, "unknown_ns": 0}
    begin = {"time": "2026-02-01T%s.000000000Z" % clock, "mono_ns": 10**12}
    slices = [{"cause": "sleep", "ns": 200 * MS, "count": 1, "max_ns": 200 * MS}]
    about = {"turn": "7-1", "ongoing": False, "duration_ns": 200 * MS, "before_attach": False, "ledger": ledger}
    where = {} if zone is None else {"utc_offset_s": zone}
    return [
        {"type": "start", **begin, "version": "1", "host": "web1", "threshold_ns": 100 * MS, **where},
        {"type": "stall", **begin, **thread, **about, "cause": "sleep", "slices": slices},
    ]


def report_in(zone, *args):
    done = subprocess.run([BLOCKPROF, "report", *args], env={**os.environ, "TZ": zone}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check(done.returncode == 0, "report", done.stderr)
    return done.stdout.decode()


def test_times_are_those_of_the_machine_that_was_watched():
    """Whoever reads it elsewhere sees what its own logs have, and asks for times by these."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "a.jsonl")

        def record(*args):
            with open(path, "w") as file:
                file.writelines(json.dumps(one) + "\n" for one in stall_at(*args))

        record("23:30:00", 2 * 3600)
        text = report_in("America/New_York", path)
        check("recorded 2026-02-02 01:30:00 +0200," in text and "\n01:30:00.000  200 ms" in text, "east of there", text)
        for since, until, found in ("01:29", "01:31", True), ("23:29", "23:31", False), ("01:31", "23:31", False):
            text = report_in("UTC", "-F", "json", "--since", since, "--until", until, path)
            check(('"stall"' in text) == found, "%s to %s" % (since, until), text)
        # as it is here, or was when nobody wrote it down
        for zone in 2 * 3600, None:
            record("23:30:00", *([] if zone is None else [zone]))
            text = report_in("UTC-2", path)
            check("recorded 2026-02-02 01:30:00, turns" in text and "\n01:30:00.000" in text, "as here", text)
        record("23:30:00", -(3 * 3600 + 1800))
        text = report_in("UTC", path)
        check("recorded 2026-02-01 20:00:00 -0330," in text, "west of there", text)
        text = report_in("UTC", "--diff", path, path)
        check("2026-02-01 20:00:00 -0330" in text, "of both sides", text)


def test_one_place_more_is_one():
    """Five places of the kept recording are shown, and one is left out."""
    path, _ = kept(3)
    status, text, err = run_blockprof("report", "--diff", path, path)
    check(status == 0 and text.endswith("\nand 1 more place with less time (-v shows all)\n"), "one of it", text, err)


def test_difference_of_seconds():
    path, _ = kept(4)
    (diff, *_) = records_of("--diff", path, path)
    check([one["percent"] for one in diff["percentiles"]] == [50, 99], "percentiles", diff)
    check({one["change"] for one in diff["percentiles"] + diff["causes"]} == {"too_short"}, "of 12 seconds", diff)
    check(sum(count for _, count in diff["before"]["histogram"]) > 900, "the distribution of its turns", diff)
    _, text, _ = run_blockprof("report", "--diff", path, path)
    check("    p99 of all loops, about " in text and "\n    socket " in text, "in the text", text)
