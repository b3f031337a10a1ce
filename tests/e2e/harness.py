# SPDX-License-Identifier: GPL-2.0-or-later
"""What every end-to-end test uses: targets, blockprof itself, and judgements.

A test is a function test_*() in tests/e2e/test_*.py; run.py runs each in a
process of its own, with a time limit, and ends what the test left running.

    def test_sleep():
        with Target("sleep") as target, Blockprof(pids=[target.pid]) as blockprof:
            target.run()
        assert_stall(blockprof.stalls, cause="sleep", fn="block_sleep", file="asyncio_target.py")

Leaving the `with` stops blockprof by SIGINT, reads its JSON Lines and checks
what must hold in every run (check_records). Targets end after it.
"""

import gzip
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time

# A test takes all it needs from here.
from judge import (  # noqa: F401
    NOISE,
    assert_duration,
    assert_no_stalls,
    assert_slice,
    assert_stall,
    find_frame,
    overlap,
    stall_of,
    target_matches,
    tolerance,
)
from machine import (  # noqa: F401
    ROOT,
    Cgroup,
    disk_directory,
    interpreter,
    need_program,
    need_root,
    pythons,
)
from records import (  # noqa: F401
    cause_sums,
    check_records,
    frames_of,
    parse_jsonl,
    strings_of,
)
from verdict import MS, SECOND, Failed, Skip, check, need, show  # noqa: F401

WORKLOADS = os.path.join(ROOT, "tests", "workloads")
BLOCKPROF = os.environ.get("BLOCKPROF") or os.path.join(ROOT, "blockprof")


# --- Marks on tests, for run.py ---------------------------------------------------------------


def limit(seconds):
    """The test's time limit (run.py's default is 60 s)."""

    def mark(test):
        test.limit = seconds
        return test

    return mark


def exclusive(test):
    """No other test may run beside this one: it needs the CPUs, or looks at the whole system."""
    test.exclusive = True
    return test


def variants(make):
    """Runs the test once for each (label, argument) of make(): test_x[label]."""

    def mark(test):
        test.variants = make if callable(make) else lambda: make
        return test

    return mark


def row(runtime, number):
    """The test is one cell of `make matrix`: a runtime, and the number of one of ROWS (rows.py).

    Either may be a function of the variant's argument; None: not a cell.
    """

    def mark(test):
        test.row = (runtime, number)
        return test

    return mark


def each_python(test):
    """Runs the test once for each CPython found; its argument is the interpreter's path."""
    return variants(pythons)(test)


# --- Targets ------------------------------------------------------------------------------------


class Process:
    """A process the test started, whose lines on stdout are read as they come."""

    def __init__(self, argv, env=None, cwd=None, stdin=subprocess.PIPE, preexec=None):
        self.argv = [str(arg) for arg in argv]
        self.lines = []
        self._changed = threading.Condition()
        self._ended = False
        self.killed = False
        environment = dict(os.environ)
        environment.update(env or {})
        self._stderr_file = tempfile.TemporaryFile()
        self.popen = subprocess.Popen(
            self.argv,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=self._stderr_file,
            env=environment,
            cwd=cwd,
            preexec_fn=preexec,
            start_new_session=True,
        )
        self.pid = self.popen.pid
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for raw in self.popen.stdout:
            with self._changed:
                self.lines.append(raw.decode("utf-8", "surrogateescape").rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait_line(self, start, seconds=30):
        """The first line on stdout that begins so."""

        def found():
            return next((line for line in self.lines if line.startswith(start)), None)

        with self._changed:
            self._changed.wait_for(lambda: found() is not None or self._ended, seconds)
            line = found()
        if line is None:
            raise Failed(
                "target said no %r (%s)" % (start, "it ended" if self._ended else "in %d s" % seconds),
            )
        return line

    @property
    def stderr(self):
        self._stderr_file.seek(0)
        return self._stderr_file.read().decode("utf-8", "replace")

    def send(self, line):
        self.popen.stdin.write(line.encode() + b"\n")
        self.popen.stdin.flush()

    def close_stdin(self):
        try:
            if self.popen.stdin:
                self.popen.stdin.close()
        except BrokenPipeError:
            pass

    def kill(self):
        """Ends it as it is, which is then no failure."""
        self.killed = True
        self.popen.kill()
        self.popen.wait()

    def end(self, seconds=10):
        """Ends it by closing its stdin; if that does not help, by SIGKILL."""
        self.close_stdin()
        try:
            status = self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            status = self.popen.wait()
        # A helper of it may hold the pipe for a moment longer; the thread is a daemon.
        self._reader.join(2)
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


class Target(Process):
    """A workload of tests/workloads: `Target("sleep", "--count=2", python=path)`.

    It says READY once its loop has run and been idle, blocks after run() or go(),
    says DONE after that and stays idle until it is ended. What it did by its own
    clock is in `turns` (see asyncio_target.py).
    """

    def __init__(
        self, pattern, *options, python=None, script="asyncio_target.py", env=None, cwd=None, prefix=(), preexec=None
    ):
        self.pattern = pattern
        self.python = python or sys.executable
        argv = list(prefix) + [self.python, os.path.join(WORKLOADS, script), pattern]
        argv += [str(option) for option in options]
        environment = {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        environment.update(env or {})
        super().__init__(argv, env=environment, cwd=cwd, preexec=preexec)
        try:
            self.wait_ready()
        except BaseException:
            self.popen.kill()
            self.popen.wait()
            raise

    def wait_ready(self):
        with self._changed:
            self._changed.wait_for(
                lambda: self._ended or any(line.startswith(("READY", "SKIP ")) for line in self.lines), 30
            )
        for line in self.lines:
            if line.startswith("SKIP "):
                raise Skip(line[5:])
        if not any(line.startswith("READY") for line in self.lines):
            raise Failed("target %s is not ready" % self.pattern, self.stderr[-2000:])

    def go(self):
        self.send("go")

    def wait_done(self, seconds=60):
        self.wait_line("DONE", seconds)

    def run(self, seconds=60):
        """Blocks as the pattern says, and a moment of idle time after it."""
        self.go()
        self.wait_done(seconds)
        time.sleep(0.2)

    def facts(self):
        """What it said before it began: {"helper_pid": ...}."""
        facts = {}
        for line in self.lines:
            if line.startswith("FACT "):
                facts.update(json.loads(line[5:]))
        return facts

    @property
    def turns(self):
        """What it did, by its own clock: [{start_ns, end_ns, fn, line, task, tid, ...}]."""
        return [json.loads(line[5:]) for line in self.lines if line.startswith("TURN ")]

    def __exit__(self, exc_type, *_):
        # After a failure too it may clean up; what hangs is not waited for then.
        status = self.end(10 if exc_type is None else 2)
        if exc_type is None and status != 0 and not self.killed:
            raise Failed("target %s ended with status %d" % (self.pattern, status), self.stderr[-2000:])


# --- blockprof ----------------------------------------------------------------------------------


class Blockprof:
    """One run of blockprof, with a recording beside whatever it is asked to write.

    pids: what to watch (-p); command: what to start; args: further options,
    put before those. cwd=True: it runs in self.directory. wait=False: do not wait for the line that says it watches.
    lost: names of losses that are no failure here, or True for any.
    judge=False: check nothing at the end.
    """

    def __init__(
        self,
        *args,
        pids=(),
        command=None,
        record=True,
        wait=True,
        lost=(),
        judge=True,
        env=None,
        stdout=None,
        cwd=False,
    ):
        need_root()
        check(os.access(BLOCKPROF, os.X_OK), "%s is not there: run make" % BLOCKPROF)
        self.directory = tempfile.mkdtemp(prefix="blockprof-e2e-")
        self.recording = os.path.join(self.directory, "recording.jsonl") if record else None
        argv = [BLOCKPROF] + [str(arg) for arg in args]
        if self.recording:
            argv += ["-o", self.recording]
        if stdout is None and record:
            argv += ["-o", "-"]
        if pids:
            argv += ["-p", ",".join(str(pid) for pid in pids)]
        if command:
            argv += ["--"] + [str(arg) for arg in command]
        self.argv = argv
        self.lost = lost
        self.judge = judge
        self.status = None
        self.records = []
        self._wait = wait
        self._err = open(os.path.join(self.directory, "stderr"), "w+b")
        self._out = open(os.path.join(self.directory, "stdout"), "w+b")
        environment = dict(os.environ)
        environment.update(env or {})
        self.started_ns = time.monotonic_ns()
        self.popen = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=self._out if stdout is None else stdout,
            stderr=self._err,
            env=environment,
            cwd=self.directory if cwd else None,
            start_new_session=True,
        )
        self.pid = self.popen.pid
        if wait:
            try:
                self.wait_watching()
            except BaseException:
                self._kill()
                raise

    def _kill(self):
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()

    def _text(self, file):
        return os.pread(file.fileno(), 1 << 26, 0).decode("utf-8", "replace")

    @property
    def stderr(self):
        return self._text(self._err)

    @property
    def stdout(self):
        """What it wrote to stdout, so far."""
        return self._text(self._out)

    def wait_watching(self, seconds=30):
        end = time.monotonic() + seconds
        while "blockprof: watching" not in self.stderr:
            if self.popen.poll() is not None:
                raise Failed(
                    "blockprof ended with status %d before it watched" % self.popen.returncode, self.stderr
                )
            if time.monotonic() > end:
                raise Failed("no `blockprof: watching` in %d s" % seconds, self.stderr)
            time.sleep(0.005)
        self.watching_ns = time.monotonic_ns()

    def wait_records(self, condition, seconds=10):
        """Reads the recording while it grows, until condition(records) holds; the records."""
        end = time.monotonic() + seconds
        while True:
            records = self.peek()
            if condition(records):
                return records
            if time.monotonic() > end or self.popen.poll() is not None:
                raise Failed("what was waited for did not come in %.1f s" % seconds, *records[-3:])
            time.sleep(0.01)

    def peek(self):
        """The whole lines of the recording, so far."""
        try:
            with open(self.recording, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in data[: data.rfind(b"\n") + 1].splitlines()]

    def send_signal(self, number=signal.SIGINT):
        self.popen.send_signal(number)

    def wait(self, seconds=20):
        """Waits for its end, then reads and checks; the exit status."""
        try:
            self.status = self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self._kill()
            raise Failed("blockprof did not end in %d s" % seconds, self.stderr[-3000:])
        self.ended_ns = time.monotonic_ns()
        if self.recording and os.path.exists(self.recording):
            if self.judge:
                self.records = parse_jsonl(self.recording)
                check_records(
                    self.records, lost=self.lost, started_ns=self.started_ns, ended_ns=self.ended_ns
                )
            else:
                self.records = self.peek()
        return self.status

    def stop(self, number=signal.SIGINT, seconds=20):
        """Ends it by a signal; its exit status, which must be 0."""
        if self.status is None:
            if self.popen.poll() is None:
                self.send_signal(number)
            self.wait(seconds)
            if self.judge:
                check(self.status == 0, "blockprof ended with status %d" % self.status, self.stderr[-3000:])
        return self.status

    def of_type(self, name):
        return [record for record in self.records if record.get("type") == name]

    @property
    def stalls(self):
        """Final stalls."""
        return [stall for stall in self.of_type("stall") if not stall["ongoing"]]

    @property
    def ongoing(self):
        return [stall for stall in self.of_type("stall") if stall["ongoing"]]

    @property
    def loops(self):
        return self.of_type("loop")

    @property
    def start(self):
        return self.records[0]

    @property
    def summary(self):
        return self.records[-1]

    def __enter__(self):
        return self

    def __exit__(self, exc_type, *_):
        if exc_type is None:
            self.stop()
            return
        self._kill()
        print("--- %s" % " ".join(self.argv))
        print("--- stderr of blockprof\n" + self.stderr[-4000:])
        print("--- stdout of blockprof\n" + self.stdout[-4000:])


def run_blockprof(*args, seconds=30, env=None, stdin=None):
    """One short run to its end: (exit status, stdout, stderr)."""
    check(os.access(BLOCKPROF, os.X_OK), "%s is not there: run make" % BLOCKPROF)
    environment = dict(os.environ)
    environment.update(env or {})
    argv = [BLOCKPROF] + [str(arg) for arg in args]
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL if stdin is None else None,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            timeout=seconds,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired as error:
        raise Failed("%s did not end in %d s" % (" ".join(argv), seconds), repr(error.stderr))
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


# --- Small helps ----------------------------------------------------------------------------------


def parse_folded(text):
    """[(frames, weight)] of folded stacks."""
    stacks = []
    for line in text.splitlines():
        frames, _, weight = line.rpartition(" ")
        check(frames and weight.isdigit(), "not a folded stack", line)
        stacks.append((frames.split(";"), int(weight)))
    return stacks


def read_file(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rb") as file:
        return file.read().decode("utf-8", "replace")


def read_some(fd, seconds):
    """What can be read from a descriptor within a time."""
    data = b""
    end = time.monotonic() + seconds
    while True:
        left = end - time.monotonic()
        if left <= 0 or not select.select([fd], [], [], left)[0]:
            return data
        try:
            chunk = os.read(fd, 65536)
        except OSError:
            return data
        if not chunk:
            return data
        data += chunk


def until(condition, seconds, what):
    """Waits until condition() gives something true, and returns that."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed("not in %.1f s: %s" % (seconds, what))
        time.sleep(0.01)
