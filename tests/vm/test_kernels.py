#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""blockprof on the kernels of four Debian releases, in virtual machines.

test_kernels.py [--again] [NAME...]: PASS, FAIL or SKIP lines, then the totals. Two
at a time; nothing is timed: an emulated machine is slow. The guest gets blockprof, a
Python and target.py.
--again: what failed is tried once more; both results are shown, the second counts.

No suite has a kernel from 5.13 to 6.0. One thing is done otherwise there: an iterator
over tasks cannot be narrowed down to one process. The kernel refuses to attach it, with
E2BIG, and takes no notice of a thread's number, so that blockprof goes through all tasks
and leaves out what it did not ask for. tests/unit/test_tasks.c plays such a kernel.
"""

import datetime
import os
import re
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

VM = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(VM))
sys.path.append(os.path.join(ROOT, "tests", "e2e"))

from records import parse_records

RUN = os.path.join(VM, "run.sh")
TARGET = os.path.join(VM, "target.py")
TICKER = os.path.join(VM, "ticker.py")
BLOCKPROF = os.path.abspath(os.environ.get("BLOCKPROF") or os.path.join(ROOT, "blockprof"))

NO_KERNEL = 77  # exit status of run.sh
TARGET_LINE = 10  # of time.sleep()
SLEEP_NS = 300_000_000

ASLEEP_S = 6
AT_A_TIME = 2  # each emulates its CPUs by one thread

# A guest prints each part after a line "@@ NAME".
NAPS = r"""
{python} {target} >/tmp/target 2>&1 &
target=$!
until grep -q READY /tmp/target; do sleep 0.1; done
{blockprof} -t 50ms -d 20 -p $target -o - -o /tmp/recording.jsonl >/tmp/stdout 2>/tmp/stderr
status=$?
for name in target stdout stderr recording.jsonl; do echo "@@ $name"; cat /tmp/$name; done
exit $status
"""

# S3 with an alarm of the machine's own clock that wakes it again.
SUSPEND = r"""
{python} {target} >/tmp/target 2>&1 &
target=$!
until grep -q READY /tmp/target; do sleep 0.1; done
{blockprof} -t 50ms -p $target -o /tmp/recording.jsonl >/tmp/stdout 2>/tmp/stderr &
watch=$!
until grep -q watching /tmp/stderr; do sleep 0.1; done
sleep 1
echo +{asleep} >/sys/class/rtc/rtc0/wakealarm
echo mem >/sys/power/state
until grep -q GAP /tmp/target; do sleep 0.1; done
sleep 1
kill -INT $watch
wait $watch
status=$?
for name in target stderr recording.jsonl; do echo "@@ $name"; cat /tmp/$name; done
exit $status
"""

RUNNING = set()  # run.sh of each guest


class Skip(Exception):
    pass


def check(condition, message):
    if not condition:
        raise AssertionError(message)


def guest_python():
    """A CPython that blockprof can read, with all files that it needs in the guest."""
    for path in ("/usr/bin/python3", shutil.which("python3"), sys.executable):
        if not path:
            continue
        script = "import sys, sysconfig; print(*sys.version_info[:2], sys.executable, sysconfig.get_path('stdlib'))"
        run = subprocess.run([path, "-I", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        words = run.stdout.decode().split()
        if len(words) == 4 and words[0] == "3" and 8 <= int(words[1]) <= 13:
            return os.path.realpath(words[2]), words[3]
    raise Skip("no CPython 3.8 to 3.13 here")


class Guest:
    """What one run in a virtual machine gave."""

    def __init__(self, suite, script, target):
        python, library = guest_python()
        command = script.format(python=python, target=target, blockprof=BLOCKPROF, asleep=ASLEEP_S)
        argv = [RUN]
        for path in (BLOCKPROF, target, python, library):
            argv += ["-f", path]
        run = subprocess.Popen(
            argv + [suite, command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        RUNNING.add(run)
        output, errors = run.communicate()
        RUNNING.remove(run)
        self.status = run.returncode
        self.errors = errors.decode("utf-8", "replace")
        if self.status == NO_KERNEL:
            raise Skip(self.errors.strip().splitlines()[-1])
        parts = re.split(r"^@@ (\S+)\r?\n", output.decode("utf-8", "replace"), flags=re.MULTILINE)
        self.parts = dict(zip(parts[1::2], parts[2::2]))

    def describe(self):
        lines = ["exit status %d" % self.status] + self.errors.splitlines()
        for name, text in self.parts.items():
            lines += ["@@ " + name] + [line[:200] for line in text.splitlines()[:40]]
        return lines


def check_too_old(guest):
    check(guest.status == 1, "exit status %d instead of 1" % guest.status)
    lines = guest.parts["stderr"].splitlines()
    check(len(lines) == 1, "%d lines on stderr instead of one" % len(lines))
    check(lines[0].startswith("blockprof: "), "not blockprof's line: %s" % lines[0])
    check("5.10" in lines[0], "the line does not say which kernel this is: %s" % lines[0])
    check("5.13" in lines[0], "the line does not say which kernel is needed: %s" % lines[0])


def records_of(guest):
    check(guest.status == 0, "exit status %d instead of 0" % guest.status)
    check("blockprof: watching " in guest.parts["stderr"], "it never said that it watches")
    records = parse_records(guest.parts["recording.jsonl"])
    check(records and records[0]["type"] == "start", "the recording does not begin with a start record")
    check(records[-1]["type"] == "summary", "the recording does not end with a summary")
    return records


def check_suspend(guest):
    """What the machine slept is nobody's time: not a stall's, not the watch's."""
    records = records_of(guest)
    gaps = [line.split()[1:] for line in guest.parts["target"].splitlines() if line.startswith("GAP")]
    check(len(gaps) == 1, "it was suspended %d times" % len(gaps))
    awake, whole = map(float, gaps[0])
    check(whole - awake > ASLEEP_S / 2, "it was suspended for %.1f s only" % (whole - awake))
    for stall in (record for record in records if record["type"] == "stall"):
        # tasks are frozen for a moment before and after, while the machine runs
        check(stall["duration_ns"] < max(awake, ASLEEP_S / 4) * 1e9, "a stall of %d ns" % stall["duration_ns"])
    loop = records[-1]["loops"][0]
    check(loop["wall_ns"] <= records[-1]["duration_ns"], "more than the watch: %s" % loop)
    start, end = (datetime.datetime.strptime(records[i]["time"][:19], "%Y-%m-%dT%H:%M:%S") for i in (0, -1))
    slept = (end - start).total_seconds() - records[-1]["duration_ns"] / 1e9
    check(slept > ASLEEP_S / 2, "the time of day did not go on in %.1f s of suspension" % slept)


def check_works(guest):
    records = records_of(guest)
    features = " ".join(str(value) for value in records[0]["features"].values())
    check(re.search("fexit|kretprobe", features), "waits are seen by neither fexit nor kretprobe: %s" % features)

    loops = [record for record in records if record["type"] == "loop"]
    check([loop.get("runtime") for loop in loops] == ["asyncio"], "not one asyncio loop but %s" % loops)
    check(loops[0]["wait"]["syscall"].startswith("epoll_"), "its wait is %s" % loops[0]["wait"])

    stalls = [record for record in records if record["type"] == "stall" and not record["ongoing"]]
    naps = [stall for stall in stalls if stall["cause"] == "sleep"]
    check(len(naps) >= 2, "%d naps reported, of about 20" % len(naps))
    # on an emulated CPU a block that had begun when its thread was found may end before it is looked at, which is counted
    early = records[-1]["lost"].get("stacks_too_early", 0)
    check(early <= 1, "%d blocks ended before they were looked at" % early)
    for nap in naps:
        if nap["before_attach"] or nap.get("at_end"):
            continue
        check(nap["duration_ns"] >= SLEEP_NS, "a nap of %d ns only" % nap["duration_ns"])
        check(sum(nap["ledger"].values()) == nap["duration_ns"], "the ledger does not add up: %s" % nap["ledger"])
        if "stack" not in nap["slices"][0] and early:
            early -= 1
            continue
        frames = [frame for frame in nap["slices"][0]["stack"] if frame["kind"] == "python"]
        check(frames, "no Python frame")
        where = frames[0]["fn"], os.path.basename(frames[0].get("file", "")), frames[0].get("line")
        check(where == ("nap", os.path.basename(TARGET), TARGET_LINE), "innermost frame is %s" % (where,))
    waits = [stall for stall in stalls if stall["cause"] == "pipe" and not stall["before_attach"]]
    deeds = [culprit for stall in waits for culprit in stall["slices"][0].get("culprits", [])]
    naps = [deed for deed in deeds if deed.get("cause") == "sleep"]
    check(naps, "not reported what the other process did: %s" % waits[:1])
    check("nap" in [frame["fn"] for frame in naps[0]["stack"]], "its stack is %s" % naps[0]["stack"])
    # looking at peers has a share of the CPU: on an emulated one that is soon used up, and said so
    allowed = {"peers_not_looked_for", "stacks_too_early"}
    lost = {name: count for name, count in records[-1]["lost"].items() if count and name not in allowed}
    check(not lost, "lost: %s" % lost)


# name: suite, what runs in the guest, the target of that, who judges
TESTS = {
    "bullseye": ("bullseye", NAPS, TARGET, check_too_old),
    "bookworm": ("bookworm", NAPS, TARGET, check_works),
    "trixie": ("trixie", NAPS, TARGET, check_works),
    "sid": ("sid", NAPS, TARGET, check_works),
    "suspend": ("trixie", SUSPEND, TICKER, check_suspend),
}


def test(name):
    """(verdict, reason, details)"""
    suite, script, target, judge = TESTS[name]
    guest = None
    try:
        guest = Guest(suite, script, target)
        judge(guest)
        return "PASS", "", []
    except Skip as skip:
        return "SKIP", str(skip), []
    except (AssertionError, KeyError, ValueError) as error:
        return "FAIL", "%s: %s" % (type(error).__name__, error), guest.describe() if guest else []


def lines_of(verdict, name, reason, details):
    return ["%s vm::%s%s" % (verdict, name, ": " + reason if reason else "")] + ["    | " + line for line in details]


def run(name, again):
    """(verdict, what is to be printed)"""
    verdict, reason, details = test(name)
    lines = []
    if again and verdict == "FAIL":
        lines = lines_of("AGAIN", name, reason, details)
        verdict, reason, details = test(name)
    return verdict, "\n".join(lines + lines_of(verdict, name, reason, details))


def end(*_):
    """No guest outlives this."""
    for guest in list(RUNNING):
        guest.terminate()
    os._exit(1)


def main():
    again = sys.argv[1:2] == ["--again"]
    names = sys.argv[1 + again :] or list(TESTS)
    if not set(names) <= set(TESTS):
        sys.exit("usage: test_kernels.py [--again] [%s]..." % "|".join(TESTS))
    signal.signal(signal.SIGTERM, end)
    verdicts = []
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        for verdict, text in pool.map(lambda name: run(name, again), names):
            print(text, flush=True)
            verdicts.append(verdict)
    failed = verdicts.count("FAIL")
    print("%d passed, %d failed, %d skipped" % (verdicts.count("PASS"), failed, verdicts.count("SKIP")))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
