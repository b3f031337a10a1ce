#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""blockprof on the kernels of four Debian releases, in virtual machines.

test_kernels.py [SUITE...]: PASS, FAIL or SKIP lines, then the totals. Nothing is
timed: an emulated machine is slow. The guest gets blockprof, a Python and target.py.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys

VM = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(VM))
RUN = os.path.join(VM, "run.sh")
TARGET = os.path.join(VM, "target.py")
BLOCKPROF = os.path.abspath(os.environ.get("BLOCKPROF") or os.path.join(ROOT, "blockprof"))

NO_KERNEL = 77  # exit status of run.sh
TARGET_LINE = 9  # of time.sleep()
SLEEP_NS = 300_000_000

# The guest prints each part after a line "@@ NAME".
GUEST = r"""
{python} {target} >/tmp/target 2>&1 &
target=$!
until grep -q READY /tmp/target; do sleep 0.1; done
{blockprof} -t 50ms -d 5 -p $target -o - -o /tmp/recording.jsonl >/tmp/stdout 2>/tmp/stderr
status=$?
for name in target stdout stderr recording.jsonl; do echo "@@ $name"; cat /tmp/$name; done
exit $status
"""


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

    def __init__(self, suite):
        python, library = guest_python()
        command = GUEST.format(python=python, target=TARGET, blockprof=BLOCKPROF)
        argv = [RUN]
        for path in (BLOCKPROF, TARGET, python, library):
            argv += ["-f", path]
        run = subprocess.Popen(
            argv + [suite, command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        try:
            output, errors = run.communicate()
        finally:
            run.terminate()  # does nothing to one that has ended
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


def check_works(guest):
    check(guest.status == 0, "exit status %d instead of 0" % guest.status)
    check("blockprof: watching " in guest.parts["stderr"], "it never said that it watches")
    records = [json.loads(line) for line in guest.parts["recording.jsonl"].splitlines()]
    check(records and records[0]["type"] == "start", "the recording does not begin with a start record")
    check(records[-1]["type"] == "summary", "the recording does not end with a summary")
    features = " ".join(str(value) for value in records[0]["features"].values())
    check(re.search("fexit|kretprobe", features), "waits are seen by neither fexit nor kretprobe: %s" % features)

    loops = [record for record in records if record["type"] == "loop"]
    check([loop.get("runtime") for loop in loops] == ["asyncio"], "not one asyncio loop but %s" % loops)
    check(loops[0]["wait"]["syscall"].startswith("epoll_"), "its wait is %s" % loops[0]["wait"])

    stalls = [record for record in records if record["type"] == "stall" and not record["ongoing"]]
    naps = [stall for stall in stalls if stall["cause"] == "sleep"]
    check(len(naps) >= 2, "%d naps reported, of about 8" % len(naps))
    for nap in naps:
        if nap["before_attach"]:
            continue
        check(nap["duration_ns"] >= SLEEP_NS, "a nap of %d ns only" % nap["duration_ns"])
        check(sum(nap["ledger"].values()) == nap["duration_ns"], "the ledger does not add up: %s" % nap["ledger"])
        frames = [frame for frame in nap["slices"][0]["stack"] if frame["kind"] == "python"]
        check(frames, "no Python frame")
        where = frames[0]["fn"], os.path.basename(frames[0].get("file", "")), frames[0].get("line")
        check(where == ("nap", os.path.basename(TARGET), TARGET_LINE), "innermost frame is %s" % (where,))
    lost = {name: count for name, count in records[-1]["lost"].items() if count}
    check(not lost, "lost: %s" % lost)


SUITES = {
    "bullseye": check_too_old,
    "bookworm": check_works,
    "trixie": check_works,
    "sid": check_works,
}


def test(suite):
    """(verdict, reason, details)"""
    guest = None
    try:
        guest = Guest(suite)
        SUITES[suite](guest)
        return "PASS", "", []
    except Skip as skip:
        return "SKIP", str(skip), []
    except (AssertionError, KeyError, ValueError) as error:
        return "FAIL", "%s: %s" % (type(error).__name__, error), guest.describe() if guest else []


def main():
    suites = sys.argv[1:] or list(SUITES)
    if not set(suites) <= set(SUITES):
        sys.exit("usage: test_kernels.py [%s]..." % "|".join(SUITES))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    verdicts = []
    for suite in suites:
        verdict, reason, details = test(suite)
        print("%s vm::%s%s" % (verdict, suite, ": " + reason if reason else ""))
        for line in details:
            print("    | " + line)
        sys.stdout.flush()
        verdicts.append(verdict)
    failed = verdicts.count("FAIL")
    print("%d passed, %d failed, %d skipped" % (verdicts.count("PASS"), failed, verdicts.count("SKIP")))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
