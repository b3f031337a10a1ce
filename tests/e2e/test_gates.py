# SPDX-License-Identifier: GPL-2.0-or-later
"""What stalls set off: --on-stall, --match, --fail, and notes of what runs out."""

import os
import re
import subprocess
import sys
import tempfile
import time

from harness import (
    BLOCKPROF,
    MS,
    SECOND,
    Blockprof,
    Target,
    assert_no_stalls,
    check,
    each_python,
    find_frame,
    frames_of,
    limit,
    need_root,
    parse_records,
    variants,
)

NOBODY = 65534


def stalls_in(path):
    with open(path) as file:
        return parse_records(file.read())


def matches(stall, regex):
    names = [
        frame.get(key, "")
        for slice_ in stall["slices"]
        for frame in frames_of(slice_)
        for key in ("fn", "file", "module")
    ]
    return any(re.search(regex, name) for name in names)


def wait_for(condition, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end and not condition():
        time.sleep(0.02)
    check(condition(), "what was waited for did not come")


# --- --on-stall -----------------------------------------------------------------------------------


def test_handler_gets_each_final_stall():
    """Byte for byte what the recording says, once each; standard output stays the report's."""
    out = os.path.join(tempfile.mkdtemp(), "out")
    with Target("sleep", "--count=3") as target, Blockprof(
        "--on-stall", "cat >>%s; echo told; echo aside >&2" % out, pids=[target.pid]
    ) as blockprof:
        target.run()
    with open(out) as file, open(blockprof.recording) as recording:
        handed = file.readlines()
        final = [line for line in recording if '"type":"stall"' in line and '"ongoing":false' in line]
    check(len(final) >= 3 and sorted(handed) == sorted(final), "handed over", handed, final)
    check("told" not in blockprof.stdout, "standard output is for reports", blockprof.stdout)
    check(blockprof.stderr.count("told") == len(final), "its output is on standard error", blockprof.stderr)
    check(blockprof.stderr.count("aside") == len(final), "its errors too", blockprof.stderr)


def test_handler_is_told_of_what_lasts_at_the_end():
    out = os.path.join(tempfile.mkdtemp(), "out")
    with Target("sleep", "--count=1", "--seconds=30") as target:
        with Blockprof("--on-stall", "cat >>%s" % out, pids=[target.pid]) as blockprof:
            target.go()
            blockprof.wait_records(lambda records: sum(r["type"] == "stall" for r in records) >= 2)
        target.kill()
    (stall,) = stalls_in(out)
    check(stall["at_end"] and not stall["ongoing"] and stall["duration_ns"] > 1e9, "the last word on it", stall)


def test_handler_runs_as_the_user_of_sudo():
    env = dict(SUDO_UID=str(NOBODY), SUDO_GID=str(NOBODY), SUDO_USER="nobody", HOME="/root", USER="root")
    command = 'echo "handler $(id -u),$(id -g),$(id -G),$USER $LOGNAME,$HOME,$(head -c 15)"'
    with Target("sleep", "--count=1") as target, Blockprof(
        "--on-stall", command, pids=[target.pid], env=env
    ) as blockprof:
        target.run()
    check(len(blockprof.stalls) == 1, "one stall", *blockprof.stalls)
    (line,) = [line for line in blockprof.stderr.splitlines() if line.startswith("handler ")]
    uid, gid, groups, names, home, begin = line[8:].split(",")
    check(uid == gid == str(NOBODY) and "0" not in groups.split(), "not root", uid, gid, groups)
    check(names == "nobody nobody" and home != "/root", "its environment", names, home)
    check(begin == '{"type":"stall"', "reads what root wrote", begin)


def test_handler_of_an_unreadable_user_is_not_root():
    need_root()
    with Target("idle", "--seconds=5") as target:
        done = subprocess.run(
            [BLOCKPROF, "-d", "1", "--on-stall", "id", "-p", str(target.pid)],
            env=dict(os.environ, SUDO_UID="abc", SUDO_GID="0"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=20,
        )
    err = done.stderr.decode()
    check(done.returncode == 1 and "SUDO_UID" in err and err.count("\n") == 1, "one line why", err)


@variants([
    ("missing", ("no-such-command-anywhere", "status 127")),
    ("fails", ("exit 3", "status 3")),
    ("killed", ("kill -9 $$", "signal 9")),
    ("syntax", ("(", "status 2")),
])
def test_handler_that_fails(case):
    """Said once, counted, and no reason to stop."""
    command, why = case
    with Target("sleep", "--count=3") as target, Blockprof("--on-stall", command, pids=[target.pid]) as blockprof:
        target.run()
    nr = len(blockprof.stalls)
    said = [line for line in blockprof.stderr.splitlines() if line.startswith("blockprof: --on-stall")]
    check(nr >= 3 and len(said) == 2, "said once, and counted at the end", *said)
    check(why in said[0] and command in said[0], "how it failed", said[0])
    check("run %d times: %d failed" % (nr, nr) in said[1], "how often", said[1])


def test_handler_that_hangs():
    """Holds up neither the stalls nor the end for long; at most 4 of it; gone after it."""
    directory = tempfile.mkdtemp()
    command = "echo $$ >>%s/pids; sleep 1000 & wait" % directory
    with Target("sleep", "--count=8", "--seconds=0.12", "--gap=0.02") as target, Blockprof(
        "--on-stall", command, pids=[target.pid], lost=["handlers_dropped"]
    ) as blockprof:
        target.run()
        with open(directory + "/pids") as file:
            check(len(file.readlines()) == 4, "4 at a time")
        began = time.monotonic()
        blockprof.stop()
        took = time.monotonic() - began
    check(len(blockprof.stalls) >= 8, "every stall is reported", *blockprof.stalls)
    check(took < 10, "ends after %.1f s" % took)
    dropped = blockprof.summary["lost"].get("handlers_dropped")
    check(dropped == len(blockprof.stalls) - 4, "what it was not run for is counted", blockprof.summary)
    check(blockprof.summary["duration_ns"] < took * 1e9 + 8e9, "the wait for it was not watched")
    with open(directory + "/pids") as file:
        for pid in file.read().split():
            check(not os.path.exists("/proc/" + pid), "%s goes on" % pid)


def test_handler_ends_with_a_killed_blockprof():
    directory = tempfile.mkdtemp()
    with Target("sleep", "--count=1") as target, Blockprof(
        "--on-stall", "echo $$ >%s/pid; exec sleep 1000" % directory, pids=[target.pid], judge=False
    ) as blockprof:
        target.run()
        wait_for(lambda: os.path.exists(directory + "/pid") and os.path.getsize(directory + "/pid"))
        with open(directory + "/pid") as file:
            pid = file.read().strip()
        blockprof.send_signal(9)
        blockprof.wait()
        wait_for(lambda: not os.path.exists("/proc/" + pid))


def test_handler_without_a_command():
    done = subprocess.run([BLOCKPROF, "--on-stall", "", "-p", "1"], stderr=subprocess.PIPE)
    check(done.returncode == 2 and b"--on-stall" in done.stderr, "wrong usage", done)


# --- --match and --fail ---------------------------------------------------------------------------


TWO_PLACES = """
import asyncio, time
def fetch_rates(): time.sleep(0.2)
def resize_image(): time.sleep(0.2)
async def main():
    for function in (fetch_rates, resize_image) * 2:
        await asyncio.sleep(0.2)
        function()
        await asyncio.sleep(0.02)
asyncio.run(main())
"""


def watch_two_places(*args, **kept):
    blockprof = Blockprof(*args, command=[sys.executable, "-c", TWO_PLACES], **kept)
    with blockprof:
        blockprof.wait()
    return blockprof


def test_match_leaves_the_rest_out():
    """Of outputs, profiles and handlers; the summary is of everything."""
    directory = tempfile.mkdtemp()
    folded, out = directory + "/x.folded", directory + "/out"
    blockprof = watch_two_places(
        "--match", "^(resize|no)_image$", "-o", folded, "--on-stall", "cat >>" + out, "--fail", judge=True
    )
    check(blockprof.status == 3, "one that matches counts", blockprof.status)
    check(len(blockprof.stalls) == 2 and blockprof.ongoing, "both of it", *blockprof.stalls)
    for stall in blockprof.stalls + blockprof.ongoing + stalls_in(out):
        check(matches(stall, "^resize_image$"), "a stall that does not match", stall)
    check(len(stalls_in(out)) == 2, "handlers")
    check(blockprof.summary["unmatched"] >= 2, "how many do not match", blockprof.summary)
    check(blockprof.summary["loops"][0]["stalls"] >= 4, "all of them", blockprof.summary)
    check("left out by --match" in blockprof.stdout and "fetch_rates" not in blockprof.stdout, "text", blockprof.stdout)
    with open(folded) as file:
        lines = file.read().splitlines()
    check(lines and all("resize_image" in line for line in lines), "profiles hold what matches", *lines)


def test_match_by_file_and_in_report():
    blockprof = watch_two_places()
    check(any(matches(stall, "fetch_rates") for stall in blockprof.stalls), "no fetch_rates", *blockprof.stalls)
    report = [BLOCKPROF, "report", "-F", "json", "--match", "fetch_rates", blockprof.recording]
    records = parse_records(subprocess.check_output(report).decode())
    stalls = [record for record in records if record["type"] == "stall" and not record["ongoing"]]
    check(len(stalls) == 2, "two of four", *stalls)
    check(all(matches(stall, "fetch_rates") for stall in stalls), "that match", *stalls)
    check(records[-1]["unmatched"] == len(blockprof.stalls) - 2, "the rest is counted", records[-1])
    report[5] = "asyncio/base_events\\.py$"
    records = parse_records(subprocess.check_output(report).decode())
    check(sum(record["type"] == "stall" for record in records) >= 4, "a file", *records)


def test_fail_counts_what_matches_only():
    blockprof = watch_two_places("--match", "no_such_function", "--fail")
    check(blockprof.status == 0, "none matches", blockprof.status)
    check(not blockprof.stalls and not blockprof.ongoing, "nothing reported", *blockprof.stalls)


def test_ignore_leaves_out_what_is_known():
    """Of every output, of handlers and of --fail; counted by the rule, and a rule without use is named."""
    out = tempfile.mkdtemp() + "/out"
    blockprof = watch_two_places(
        "--ignore", "fn:^resize_image$", "--ignore", "cause:gc|nothing", "--on-stall", "cat >>" + out, "--fail"
    )
    check(blockprof.status == 3, "the other one counts", blockprof.status)
    check(blockprof.stalls and not any(matches(stall, "resize_image") for stall in blockprof.stalls), "left out", *blockprof.stalls)
    check(len(stalls_in(out)) == len(blockprof.stalls), "handlers", *stalls_in(out))
    check(blockprof.summary["ignored"] == {"fn:^resize_image$": 2}, "counted by the rule", blockprof.summary)
    check("2 more left out by --ignore" in blockprof.stdout and "resize_image" not in blockprof.stdout, "text", blockprof.stdout)
    (said,) = [line for line in blockprof.stderr.splitlines() if "matched nothing" in line]
    check("'cause:gc|nothing'" in said, "the rule without use", said)


def test_ignore_file_makes_a_gate_pass():
    path = tempfile.mkdtemp() + "/rules"
    with open(path, "w") as file:
        file.write("# known and accepted\n\n fn:fetch_rates # until June\nfn:resize_image\r\ncause:sleep\n")
    blockprof = watch_two_places("--ignore-file", path, "--fail")
    check(blockprof.status == 0 and not blockprof.stalls, "all of it is accepted", blockprof.status, *blockprof.stalls)
    ignored = blockprof.summary["ignored"]
    check(ignored["fn:fetch_rates"] >= 2 and ignored["fn:resize_image"] == 2, "counted", blockprof.summary)


def test_ignore_in_report():
    blockprof = watch_two_places()
    nr = len(blockprof.stalls)
    done = subprocess.run(
        [BLOCKPROF, "report", "-F", "json", "--ignore", "file:^no", "--ignore", "resize", blockprof.recording],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    records = parse_records(done.stdout.decode())
    stalls = [record for record in records if record["type"] == "stall" and not record["ongoing"]]
    check(len(stalls) == nr - 2 and not any(matches(stall, "resize") for stall in stalls), "left out", *stalls)
    check(records[-1]["ignored"] == {"resize": 2}, "counted", records[-1])
    check(b"--ignore 'file:^no' matched nothing" in done.stderr, "named", done.stderr)


def test_ignore_of_one_that_lasts():
    """Neither while it lasts nor in the end, and counted once."""
    with Target("sleep", "--count=1", "--seconds=1.5") as target, Blockprof(
        "--ignore", "cause:sleep", pids=[target.pid]
    ) as blockprof:
        target.run()
    check(not blockprof.stalls and not blockprof.ongoing, "known from the start", *blockprof.ongoing)
    check(blockprof.summary["ignored"] == {"cause:sleep": 1}, "counted", blockprof.summary)


@limit(90)
def test_thousands_of_rules_that_blow_up():
    path = tempfile.mkdtemp() + "/rules"
    with open(path, "w") as file:
        file.writelines("fn:^(%s_?)+[:;](%d)?$\n" % (r"\w+", number) for number in range(10000))
        file.write("fn:^resize_image$\n")
    blockprof = watch_two_places("--ignore-file", path)
    check(blockprof.stalls and not any(matches(stall, "resize_image") for stall in blockprof.stalls), "the last rule", *blockprof.stalls)
    said = [line for line in blockprof.stderr.splitlines() if "too long for a name" in line]
    check(1 <= len(said) <= 9, "said, and not of each", *said)
    check("9990 more rules of --ignore matched nothing" in blockprof.stderr, "named", blockprof.stderr[-2000:])


# --- advice ---------------------------------------------------------------------------------------


def advice_in(text):
    return [line.strip() for line in text.splitlines() if line.strip().startswith("advice: ")]


def test_advice_once_a_place():
    """In text under the first stall of a place, in JSON with each; in a report as it was."""
    blockprof = watch_two_places()
    stalls = [stall for stall in blockprof.stalls if stall["cause"] == "sleep"]
    words = "await asyncio.sleep() instead of time.sleep()"
    check(stalls and all(stall["advice"] == words for stall in stalls), "in each", *stalls)
    check(advice_in(blockprof.stdout) == ["advice: " + words] * 2, "text: two places", blockprof.stdout)
    report = [BLOCKPROF, "report", blockprof.recording]
    check(len(advice_in(subprocess.check_output(report).decode())) == 2, "in a report, too")
    report.insert(2, "--no-advice")
    check(not advice_in(subprocess.check_output(report).decode()), "or not")


def test_no_advice():
    out = tempfile.mkdtemp() + "/out"
    blockprof = watch_two_places("--no-advice", "--on-stall", "cat >>" + out)
    check(len(blockprof.stalls) >= 3 and stalls_in(out), "stalls", *blockprof.stalls)
    check(not any("advice" in stall for stall in blockprof.stalls + blockprof.ongoing + stalls_in(out)), "none", *blockprof.stalls)
    check(not advice_in(blockprof.stdout), "nor in the text", blockprof.stdout)


NAMED = """
import asyncio, threading
def fetch_rates():
    lock = threading.Lock()
    lock.acquire()
    threading.Timer(0.3, lock.release).start()
    lock.acquire()
code = fetch_rates.__code__
names = {key: %r for key in ("co_name", "co_qualname") if hasattr(code, key)}
fetch_rates.__code__ = code.replace(**names)
async def main():
    await asyncio.sleep(1.5)
    fetch_rates()
    await asyncio.sleep(0.1)
asyncio.run(main())
"""


@variants([("plain", ("get_it", "get_it")), ("hostile", ("x); __import__('os').system('id') #\x1b[2J", "..."))])
def test_advice_names_functions_that_can_be_named(case):
    name, shown = case
    with Blockprof(command=["/usr/bin/python3", "-c", NAMED % name], lost=True) as blockprof:
        blockprof.wait()
    given = {stall.get("advice", "") for stall in blockprof.stalls if stall["cause"] == "lock"}
    check(len(given) == 1 and "asyncio.Lock" in min(given), "advice", *blockprof.stalls)
    check("to_thread(%s)" % shown in min(given), "the name", given)
    check("system" not in min(given) and "\x1b" not in blockprof.stdout, "nothing to copy", given)


@variants([("rule", ["--ignore", "a(b"]), ("file", ["--ignore-file", "/dev/stdin"]), ("comm", ["-c", "a(b"])])
def test_rule_that_is_none(args):
    done = subprocess.run([BLOCKPROF] + args, input=b"\n# x\na(b\n", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    err = done.stderr.decode()
    check(done.returncode == 2 and "'a(b'" in err and "at offset 3" in err and err.count("\n") == 1, "wrong usage", err)


def test_fail_for_one_that_lasts_at_the_end():
    with Target("sleep", "--count=1", "--seconds=30") as target:
        with Blockprof("--fail", "--match", "block_sleep", "-d", "1", pids=[target.pid]) as blockprof:
            target.go()
            check(blockprof.wait() == 3, "exit status %s" % blockprof.status)
        target.kill()
    (stall,) = blockprof.stalls
    check(stall["at_end"] and blockprof.ongoing, "it lasts", stall)
    check(find_frame(frames_of(stall["slices"][0]), "block_sleep"), "it is that one")


@variants([("watch", ["-p", "1"]), ("report", ["/dev/null"])])
def test_match_that_is_no_pattern(args):
    command = [BLOCKPROF] + (["report"] if args == ["/dev/null"] else [])
    done = subprocess.run(command + ["--match", "a(b"] + args, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    err = done.stderr.decode()
    check(done.returncode == 2 and "a(b" in err and err.count("\n") == 1, "wrong usage", err)


# --- Notes of what runs out -----------------------------------------------------------------------


def notes_said(blockprof):
    return [
        line
        for line in blockprof.stderr.splitlines()
        if "keep growing" in line or "for a thread pool" in line
    ]


def watch_scenario(name, python=None, seconds=60):
    with Target(name, python=python) as target, Blockprof(pids=[target.pid]) as blockprof:
        target.run(seconds)
    return target, blockprof


@each_python
def test_note_of_a_full_pool(python):
    """Reported once, with what its workers do, though the loop itself is idle."""
    target, blockprof = watch_scenario("pool-full", python)
    (note,) = blockprof.of_type("note")
    check(note["note"] == "pool_busy" and note["pid"] == target.pid, "which", note)
    check(note["workers"] == 3 and note["waiting"] == 3, "how many", note)
    check(100 * MS <= note["duration_ns"] < 1500 * MS, "how long", note)
    (call,) = note["calls"]
    check(call["fn"] == "fetch_slowly" and call["file"].endswith("blocks_pool.py"), "what they do", note)
    check(call["workers"] == 3 and call["line"] > 0, "what they do", note)
    (said,) = notes_said(blockprof)
    check("all 3 workers" in said and "fetch_slowly (blocks_pool.py:%d)" % call["line"] in said, "said", said)
    report = subprocess.check_output([BLOCKPROF, "report", blockprof.recording]).decode()
    check(said.partition("blockprof: ")[2] in report, "in a report too", report)


def test_note_of_a_backlog():
    """No worker is in one call for long, and yet work waits for a second."""
    _, blockprof = watch_scenario("pool-backlog")
    (note,) = blockprof.of_type("note")
    check(note["workers"] == 2 and note["waiting"] >= 4, "how many", note)


def test_note_of_lookups_in_a_pool():
    """getaddrinfo in an executor blocks no loop, but all workers are in it."""
    with Target("pool-lookups", "--seconds=1.5") as target, Blockprof(pids=[target.pid]) as blockprof:
        target.run()
    note = blockprof.of_type("note")[0]
    check(note["workers"] == 2 and note["waiting"] >= 1, "how many", note)
    check({call["fn"] for call in note["calls"]} == {"getaddrinfo"}, "what they do", note)
    hosts = {call.get("host") for call in note["calls"]}
    check(hosts and hosts <= {"name-%d.blockprof.example" % number for number in range(5)}, "which names", note)
    check("looks up name-" in notes_said(blockprof)[0], "said", blockprof.stderr)
    assert_no_stalls(blockprof.stalls)


@variants([(name, name) for name in ("pool-just-full", "pool-closing", "pool-partly", "pool-bursts")])
def test_no_note_of_a_pool(name):
    _, blockprof = watch_scenario(name)
    check(not blockprof.of_type("note") and not notes_said(blockprof), "no note", *blockprof.of_type("note"))


@limit(90)
def test_note_of_what_grows():
    """Tasks and threads that become ever more, beside a process where they do not."""
    with Target("grow", "--seconds=40") as target, Target("grow-then-stay", "--seconds=40") as twin, Blockprof(
        pids=[target.pid, twin.pid]
    ) as blockprof:
        target.go()
        twin.go()
        target.wait_done()
        twin.wait_done()
    notes = blockprof.of_type("note")
    check({note["pid"] for note in notes} == {target.pid}, "only of the one that grows", *notes)
    check(sorted(note["note"] for note in notes) == ["tasks_grow", "threads_grow"], "each once", *notes)
    for note in notes:
        rate = (note["to"] - note["from"]) / (note["duration_ns"] / SECOND)
        expected = 20 if note["note"] == "tasks_grow" else 8
        check(abs(rate - expected) < expected / 4, "%.1f a second" % rate, note)
        check(29 * SECOND < note["duration_ns"] < 42 * SECOND, "how long it was seen", note)
    check(len(notes_said(blockprof)) == 2, "said", *notes_said(blockprof))
