# SPDX-License-Identifier: GPL-2.0-or-later
"""The processes that a test watches."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time

from machine import ROOT
from verdict import Failed, Skip

WORKLOADS = os.path.join(ROOT, "tests", "workloads")


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
