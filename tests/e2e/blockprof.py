# SPDX-License-Identifier: GPL-2.0-or-later
"""blockprof itself, as a test runs it: with a recording that is read and checked at the end."""

import json
import os
import signal
import subprocess
import tempfile
import time

from machine import ROOT, need_root
from records import check_described, check_records, parse_jsonl
from verdict import Failed, check

BLOCKPROF = os.environ.get("BLOCKPROF") or os.path.join(ROOT, "blockprof")


class Blockprof:
    """One run of blockprof, with a recording beside whatever it is asked to write.

    pids: what to watch (-p); command: what to start; args: further options,
    put before those. cwd=True: it runs in self.directory. wait=False: do not wait for the line that says it watches.
    prefix: a program that becomes it. lost: names of losses that are no failure here, or True for any.
    judge=False: check nothing at the end but each record by itself.
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
        preexec=None,
        prefix=(),
    ):
        need_root()
        check(os.access(BLOCKPROF, os.X_OK), "%s is not there: run make" % BLOCKPROF)
        self.directory = tempfile.mkdtemp(prefix="blockprof-e2e-")
        self.recording = os.path.join(self.directory, "recording.jsonl") if record else None
        argv = list(prefix) + [BLOCKPROF] + [str(arg) for arg in args]
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
            preexec_fn=preexec,
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

    def wait_loop(self, pid):
        """Until a loop of this process is recognised: that takes a few of its waits where it came later than the watch."""
        self.wait_records(lambda records: any(r["type"] == "loop" and r["pid"] == pid for r in records))

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
                for record in self.records:
                    check_described(record)
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
