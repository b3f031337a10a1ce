#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the end-to-end tests: run.py [-k SUBSTRING] [--list] [--matrix] [--again] [-j N] [FILE...]

Each test is a process of its own that adopts what its children leave behind, so
that it can end, also after a failure, all that it started and nothing else.

--again is for whole runs on machines that stall: a few tests that failed are run
once more, alone, after the others, and of these a few once more. All results are
shown, the last counts.
"""

import argparse
import ctypes
import importlib.util
import json
import os
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback

E2E = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, E2E)
sys.dont_write_bytecode = True

import harness
import rows

LIMIT = 60  # seconds, where a test says no other
JOBS = 2 * len(os.sched_getaffinity(0))  # most tests wait for most of their time
GRACE = 10  # seconds to clean up after the limit
AGAIN_MOST = 50  # of so many tests one may be run again: more failures are no accident
THIRD_MOST = 4  # so many may be run a third time
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


class TimeLimit(BaseException):
    pass


class Case:
    def __init__(self, name, function, arguments=()):
        self.name = name
        self.function = function
        self.arguments = arguments
        self.limit = getattr(function, "limit", LIMIT)
        self.exclusive = getattr(function, "exclusive", False)
        self.busy = function.busy(*arguments) if hasattr(function, "busy") else False
        runtime, row = (
            mark(*arguments) if callable(mark) else mark for mark in getattr(function, "row", (None, None))
        )
        self.row = (runtime, row) if runtime and row else None


def load(path):
    spec = importlib.util.spec_from_file_location(os.path.splitext(os.path.basename(path))[0], path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cases_of(path):
    stem = os.path.splitext(os.path.basename(path))[0]
    for name, function in vars(load(path)).items():
        if not name.startswith("test_") or not callable(function):
            continue
        name = "%s::%s" % (stem, name)
        if hasattr(function, "variants"):
            for label, argument in function.variants():
                yield Case("%s[%s]" % (name, label), function, (argument,))
        else:
            yield Case(name, function)


def descendants():
    """Processes whose ancestor is this one."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open("/proc/%s/stat" % entry, "rb") as file:
                    fields = file.read().rpartition(b")")[2].split()
            except OSError:
                continue
            parents[int(entry)] = int(fields[1])
    found = []
    level = {os.getpid()}
    while level:
        level = {pid for pid, parent in parents.items() if parent in level}
        found += level
    return found


def end_descendants():
    """Ends and reaps all that this process started."""
    for _ in range(100):
        pids = descendants()
        if not pids:
            return
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass  # a child of a child: ours once its parent has ended
        time.sleep(0.02)


def judge(case):
    """Runs the test in this process: (verdict, reason, details)."""
    try:
        case.function(*case.arguments)
        return "PASS", "", ""
    except harness.Skip as skip:
        return "SKIP", str(skip), ""
    except TimeLimit:
        return "FAIL", "not done in %d s" % case.limit, traceback.format_exc()
    except AssertionError as error:
        first, _, rest = str(error).partition("\n")
        place = traceback.extract_tb(error.__traceback__)
        mine = [frame for frame in place if os.path.basename(frame.filename).startswith("test_")]
        where = "%s:%d" % (os.path.basename(mine[-1].filename), mine[-1].lineno) if mine else ""
        return "FAIL", "%s (%s)" % (first or "assertion", where), rest
    except Exception as error:
        return "FAIL", "%s: %s" % (type(error).__name__, error), traceback.format_exc()


def run_child(case, output, result_fd, parent):
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    os.dup2(output, 1)
    os.dup2(output, 2)
    scratch = tempfile.mkdtemp(prefix="blockprof-test-")
    tempfile.tempdir = os.environ["TMPDIR"] = scratch

    def too_long(*_):
        raise TimeLimit()

    # under nohup it is ignored, and what is ignored is inherited
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    # ignored where the run was started in the background, and so by all that it starts
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGALRM, too_long)
    signal.signal(signal.SIGTERM, too_long)
    signal.alarm(case.limit)
    try:
        verdict = judge(case)
    except BaseException as error:
        verdict = "FAIL", "%s in the cleanup" % type(error).__name__, traceback.format_exc()
    signal.alarm(0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    end_descendants()
    shutil.rmtree(scratch, ignore_errors=True)
    sys.stdout.flush()
    os.write(result_fd, json.dumps(verdict).encode("utf-8", "replace")[:60000])
    os._exit(0)


class Running:
    def __init__(self, case):
        self.case = case
        self.began = time.monotonic()
        self.output = tempfile.TemporaryFile()
        self.result, result_fd = os.pipe()
        parent = os.getpid()
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(self.result)
                run_child(case, self.output.fileno(), result_fd, parent)
            finally:
                os._exit(1)
        os.close(result_fd)

    def stuck(self):
        return time.monotonic() > self.began + self.case.limit + GRACE

    def finish(self, failed):
        """Waits for the end and prints it; the verdict. failed: the word for a failure."""
        data = b""
        if self.stuck():
            os.kill(self.pid, signal.SIGKILL)
        else:
            while True:
                chunk = os.read(self.result, 65536)
                if not chunk:
                    break
                data += chunk
        os.close(self.result)
        _, _, usage = os.wait4(self.pid, 0)
        try:
            verdict, reason, details = json.loads(data.decode())
        except ValueError:
            verdict, reason, details = "FAIL", "the test's process died", ""
        if verdict == "PASS":
            seconds, cpu = time.monotonic() - self.began, usage.ru_utime + usage.ru_stime
            print("PASS %s (%.1f s, %.1f of CPU)" % (self.case.name, seconds, cpu))
        else:
            print("%s %s: %s" % (failed if verdict == "FAIL" else verdict, self.case.name, reason))
        if verdict == "FAIL":
            self.output.seek(0)
            text = details + "\n" + self.output.read().decode("utf-8", "replace")[-8000:]
            for line in text.splitlines():
                if line.strip():
                    print("    | " + line)
        self.output.close()
        sys.stdout.flush()
        return verdict, reason


def may_start(case, running):
    if case.exclusive or any(test.case.exclusive for test in running):
        return not running
    return not (case.busy and any(test.case.busy for test in running))


def run_all(cases, jobs, failed="FAIL"):
    """Those that need a CPU one after another, those that wait beside them, long ones first; then the exclusive ones."""
    verdicts = []
    pending = sorted(cases, key=lambda case: (case.exclusive, not case.busy, -case.limit))
    running = []
    while pending or running:
        startable = [case for case in pending if may_start(case, running)]
        if startable and len(running) < jobs:
            pending.remove(startable[0])
            running.append(Running(startable[0]))
            continue
        ready, _, _ = select.select([test.result for test in running], [], [], 1)
        for test in list(running):
            if test.result in ready or test.stuck():
                running.remove(test)
                verdicts.append((test.case, *test.finish(failed)))
    return verdicts


def run_again(results):
    """The results with those of further tries in place of a few failures."""
    failed = [case for case, verdict, _ in results if verdict == "FAIL"]
    if not failed:
        return results
    if len(failed) * AGAIN_MOST > len(results) + AGAIN_MOST:
        for case in failed:
            print("FAIL %s: one of %d, too many for a second try" % (case.name, len(failed)))
        return results
    second = run_all(failed, 1, "AGAIN")
    print("%d of %d that failed passed at the second try" % (sum(verdict == "PASS" for _, verdict, _ in second), len(failed)))
    failed = [case for case, verdict, _ in second if verdict == "FAIL"]
    if len(failed) <= THIRD_MOST:
        second += run_all(failed, 1)
    else:
        for case in failed:
            print("FAIL %s: one of %d, too many for a third try" % (case.name, len(failed)))
    last = {result[0]: result for result in second}
    return [last.get(result[0], result) for result in results]


def main():
    parser = argparse.ArgumentParser(description="end-to-end tests of blockprof")
    parser.add_argument("-k", metavar="SUBSTRING", action="append", default=[], help="only tests with this in the name")
    parser.add_argument("-j", metavar="N", type=int, default=JOBS, help="tests at the same time (%(default)s)")
    parser.add_argument("--matrix", action="store_true", help="the tests that show a pattern, with their table")
    parser.add_argument("--again", action="store_true", help="a few tests that failed get a second try, and a few of these a third")
    parser.add_argument("--list", action="store_true", help="names only")
    parser.add_argument("files", nargs="*", help="test files (all)")
    options = parser.parse_args()
    files = options.files or sorted(
        os.path.join(E2E, name) for name in os.listdir(E2E) if name.startswith("test_") and name.endswith(".py")
    )
    cases = [
        case
        for path in files
        for case in cases_of(path)
        if (not options.k or any(word in case.name for word in options.k)) and (case.row or not options.matrix)
    ]
    if options.list:
        for case in cases:
            print(case.name)
        return 0
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        if options.again:
            results = run_again(run_all(cases, max(1, options.j), "AGAIN"))
        else:
            results = run_all(cases, max(1, options.j))
    finally:
        end_descendants()
    if options.matrix:
        print("\n".join(rows.table([(*case.row, verdict, reason) for case, verdict, reason in results])))
    verdicts = [verdict for _, verdict, _ in results]
    failed = verdicts.count("FAIL")
    print("%d passed, %d failed, %d skipped" % (verdicts.count("PASS"), failed, verdicts.count("SKIP")))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
