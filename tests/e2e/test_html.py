# SPDX-License-Identifier: GPL-2.0-or-later
"""The format html: a page live and of recordings, its sums, its size, what hostile names do to it (html_page.py)."""

import os
import subprocess
import sys
import tempfile

from harness import MS, WORKLOADS, Blockprof, check, limit, need, need_program, read_file, run_blockprof
from html_page import check_page, unpacked
from made_records import S, hostile_records, made_second, made_stalls, start_record, timed, write_recording

GATHER_SLEEP = os.path.join(WORKLOADS, "gather_sleep.py")
PAGE_BYTES = 300_000
DATA_BYTES = 5_000_000
LOOP = {"pid": 4242, "tid": 4242, "comm": "python3", "loop": 1, "runtime": "asyncio"}
LEDGER = {"cpu_ns": 0, "runqueue_ns": 0, "throttled_ns": 0, "blocked_ns": 0, "unknown_ns": 0}


def rendered(*args):
    status, text, err = run_blockprof("report", "-F", "html", *args)
    check(status == 0, "exit status %d" % status, err)
    return check_page(text)


def finals_of(records):
    return [record for record in records if record["type"] == "stall" and not record["ongoing"]]


def places_of(page):
    """The static table, by place: {place: row}, with the titles of its columns."""
    (table,) = [table for table in page.tables if table and "advice" in table[0]]
    titles, *rows = table
    return [dict(zip(titles, row)) for row in rows]


def check_sums(page, records):
    """The data says what the recording says."""
    model = unpacked(page)
    need(model, "no node")
    finals = finals_of(records)
    check([stall["ns"] for stall in model["stalls"]] == [one["duration_ns"] for one in finals], "lengths", model["stalls"])
    for stall, record in zip(model["stalls"], finals):
        check(stall["cause"] == record["cause"] and stall["turn"] == record["turn"], "which it is", stall, record)
        check(sum(stall["ledger"].values()) == sum(record["ledger"].values()), "its ledger", stall, record)
        check(sum(one["ns"] for one in stall["slices"]) == sum(one["ns"] for one in record["slices"]), "slices", stall, record)
        check(all(0 <= at <= stall["ns"] for one in stall["slices"] for at, _ in one["intervals"]), "in the turn", stall)
    for loop, record in zip(model["loops"], records[-1]["loops"]):
        check(loop["turns"] == record["turns"] and loop["p99Ns"] == record["p99_ns"], "the loop", loop, record)
    seconds = [record for record in records if record["type"] == "second"]
    for key, name in ("turns", "turns"), ("idleNs", "idle_ns"):
        mine = sum(second[key] for loop in model["loops"] for second in loop["seconds"])
        check(mine == sum(second[name] for second in seconds), "%s of all seconds" % name, mine)
    return model


def test_live_and_from_a_recording():
    """The same page, and what it shows of a stall is what the text says."""
    with Blockprof("-o", "x.html", command=[sys.executable, GATHER_SLEEP, "0.4"], cwd=True) as blockprof:
        blockprof.wait()
    live = check_page(read_file(os.path.join(blockprof.directory, "x.html")))
    later = rendered(blockprof.recording)
    check(live.data == later.data, "live and from a recording", live.data[:2000], later.data[:2000])
    model = check_sums(live, blockprof.records)
    (stall,) = [stall for stall in model["stalls"] if stall["cause"] == "sleep"]
    check(stall["place"].startswith("do_io (") and "gather_sleep.py:" in stall["place"], "its place", stall)
    _, text, _ = run_blockprof("report", blockprof.recording)
    check(stall["text"] in text, "its text", stall["text"], text)
    row = places_of(live)[0]
    check(row["place"] == stall["place"] and row["cause"] == "sleep" and row["stalls"] == "1", "the table", row)
    words = " ".join(live.words)
    check("turns over 100 ms" in words and "1 stall" in words and " in 1 loop watched for " in words, "the head", words)


def test_part_of_a_recording():
    """--loops, --until, --without, --match and --redact as with other formats."""
    with Blockprof(command=[sys.executable, GATHER_SLEEP, "0.4"]) as blockprof:
        blockprof.wait()
    recording = blockprof.recording
    check(not rendered("--loops", "no such loop", recording).packed["stalls"], "of no loop")
    check(not rendered("--match", "no_such_function", recording).packed["stalls"], "of no function")
    (stall,) = [stall for stall in blockprof.stalls if stall["cause"] == "sleep"]
    until = rendered("--until", stall["time"], recording).packed
    check(all(row[1] != stall["turn"] for row in until["stalls"]), "until it began", until["stalls"])
    without = rendered("--without", "do_io", recording).packed
    sleep = without["causes"].index("sleep")
    check(all(row[4] != sleep for row in without["stalls"]), "without it", without["stalls"])
    status, _, err = run_blockprof("report", "--redact", "-F", "html", recording)
    check(status == 2 and "give it -F json, and report on what comes of it" in err, "what to do to share it", err)
    redacted = os.path.join(blockprof.directory, "redacted.jsonl")
    run_blockprof("report", "--redact", "-o", redacted, recording)
    check(blockprof.records[0]["host"] not in rendered(redacted).data, "its host")


def test_several_recordings():
    """Stalls of two hosts in one page, each with its loop; nothing is there of neither."""
    directory = tempfile.mkdtemp()
    paths = []
    for host in "web1", "web2":
        paths.append(os.path.join(directory, host + ".jsonl"))
        stalls = list(made_stalls(20, seed=len(paths)))
        write_recording(paths[-1], [start_record(host=host), *stalls])
    page = rendered(*paths)
    packed = page.packed
    check([one["host"] for one in packed["recordings"]] == ["web1", "web2"], "both hosts", packed["recordings"])
    own = [packed["loops"][row[0]]["recording"] for row in packed["stalls"]]
    check(own.count(0) == 20 and own.count(1) == 20, "stalls of each", own)
    check("cut off" in " ".join(page.words), "neither has a summary")
    check(page.title.startswith("blockprof: 40 stalls, ") and page.title.endswith(" on web1 and others"), "title", page.title)
    check(packed["utc_offset_s"] == 7200 and "14:00:00 +0200" in " ".join(page.words), "in their zone", page.words)


def test_comparison():
    directory = tempfile.mkdtemp()
    old, new = os.path.join(directory, "old.jsonl"), os.path.join(directory, "new.jsonl")
    stalls = list(made_stalls(40))
    python = [stall for stall in stalls if stall["comm"] == "python3"]
    write_recording(old, [start_record(), *stalls])
    write_recording(new, [start_record(), *python])
    page = rendered("--diff", old, new)
    diff = page.packed["diff"]
    check(len(diff["before"]["stalls"]) == 40 and len(page.packed["stalls"]) == len(python), "both sides")
    kinds = {place["kind"] for place in diff["places"]}
    check("gone" in kinds, "what Node.js had is gone", *diff["places"])
    _, text, _ = run_blockprof("report", "--diff", old, new)
    gone = [place["name"] for place in diff["places"] if place["kind"] == "gone"]
    check(all("gone      %s: " % name in text for name in gone[:3]), "as in the text", gone, text)
    changes = [table for table in page.tables if "change" in table[0]]
    check(changes and len(changes[0]) == len(diff["places"]) + 1, "the table that needs no script", *changes)
    # other formats of the same comparison are fed no records
    status, out, err = run_blockprof("report", "--diff", old, "-F", "json", "-o", os.path.join(directory, "x.html"), new)
    check(status == 0 and '"type":"stall"' not in out, "json beside it", err, out[:500])
    check_page(read_file(os.path.join(directory, "x.html")))


@limit(120)
def test_hostile_names():
    """They run nothing and break nothing: no element, no attribute, no script of theirs is there."""
    directory = tempfile.mkdtemp()
    path = os.path.join(directory, "x.jsonl")
    write_recording(path, hostile_records())
    page = rendered("-q", path)
    check(len(page.packed["stalls"]) >= 8, "the stalls are there", *page.packed["stalls"])
    check(len(page.text) < 3 * PAGE_BYTES, "names of a megabyte are cut: %d bytes" % len(page.text))
    check("alert(1)" in page.data and "</script>" not in page.data, "they are shown")
    model = unpacked(page)
    need(model, "no node")
    check(any("</script><script>alert(1)" in stall["place"] for stall in model["stalls"]), "as they are", model["stalls"][0])


@limit(240)
def test_size():
    """The page is small, 10,000 stalls are, and of more the longest are shown and the rest is counted."""
    directory = tempfile.mkdtemp()
    path = os.path.join(directory, "x.jsonl")
    stalls = list(made_stalls(11_000))
    seconds = (made_second(LOOP, i) for i in range(30_000))
    write_recording(path, [start_record(), *stalls, *seconds])
    page = rendered("-q", path)
    check(len(page.text) - len(page.data) < PAGE_BYTES, "the page has %d bytes" % (len(page.text) - len(page.data)))
    check(len(page.data) < DATA_BYTES, "its data has %d bytes" % len(page.data))
    packed = page.packed
    check(len(packed["stalls"]) == 10_000, "%d stalls" % len(packed["stalls"]))
    lengths = sorted((stall["duration_ns"] for stall in stalls), reverse=True)
    check(sorted((row[3] for row in packed["stalls"]), reverse=True) == lengths[:10_000], "the longest")
    (recording,) = packed["recordings"]
    check(recording["stalls_left_out"] == 1000, "the rest", recording)
    check(recording["stalls_left_out_ns"] == sum(lengths[10_000:]), "its time", recording)
    check("The 1000 shortest stalls, " in " ".join(page.words), "said on the page", page.words)
    # the table has all of them
    counts = [int(row["stalls"].split()[0]) for row in places_of(page)]
    check(sum(counts) == 11_000, "stalls in the table", *counts)
    loop = next(loop for loop in packed["loops"] if loop["seconds"])
    check(1000 < len(loop["seconds"]) <= 8000, "%d steps of 30,000 seconds" % len(loop["seconds"]))
    check(sum(row[2] for row in loop["seconds"]) == 30_000 * 100, "their turns")
    check(sum(row[4] for row in loop["seconds"]) == 30_000 * 9 * S // 10, "their idle time")


def test_without_script():
    """In a text browser: what was watched, and the places, worst first."""
    need_program("w3m")
    directory = tempfile.mkdtemp()
    path = os.path.join(directory, "x.jsonl")
    page = os.path.join(directory, "x.html")
    lost = timed({"type": "summary", "duration_ns": 60 * S, "loops": [], "lost": {"slices_ring_full": 3}}, 60 * S)
    write_recording(path, [start_record(host="web1"), *made_stalls(30), lost])
    status, _, err = run_blockprof("report", "-o", page, path)
    check(status == 0, "exit status %d" % status, err)
    shown = subprocess.run(["w3m", "-dump", "-cols", "200", page], capture_output=True, text=True, timeout=30).stdout
    rows = places_of(check_page(read_file(page)))
    check(rows == sorted(rows, key=lambda row: -longest_ms(row["time"])), "worst first", *rows)
    check("30 stalls: " in shown and "on web1 (Linux 6.12.0)" in shown, "what was watched", shown)
    check("lost: 3 slices (ring buffer full)" in shown, "what was lost", shown)
    titles = ["time", "stalls", "longest", "place", "cause", "target", "tasks", "advice"]
    check(any(line.split() == titles for line in shown.splitlines()), "the table", shown)
    place = rows[0]["place"].split(" (")[0]
    check(place in shown and rows[0]["advice"].split()[0] in shown, "its first row", rows[0], shown)
    narrow = subprocess.run(["w3m", "-dump", "-cols", "80", page], capture_output=True, text=True, timeout=30).stdout
    check(rows[0]["time"].replace("\xa0", " ") in narrow, "times stay whole", narrow)
    check("Through which calls" not in shown, "no heading of nothing", shown)
    check("const " not in shown and '"packed"' not in shown, "no script, no data", shown)


def longest_ms(text):
    number, unit = text.split()[:2]
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "min": 60000}[unit]
