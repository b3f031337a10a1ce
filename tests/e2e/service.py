# SPDX-License-Identifier: GPL-2.0-or-later
"""A running `blockprof serve`, and programs for it to watch."""

import os
import signal
import subprocess
import sys
import tempfile

from harness import BLOCKPROF, Target, check, need_root, until

# What others on this machine do is none of the tests' business: only programs of this name are watched.
COMM = "svc-%d" % os.getpid()


def sleeper(seconds, prefix=()):
    """A target with one stall."""
    python = os.path.join(tempfile.gettempdir(), COMM)
    if not os.path.lexists(python):
        os.symlink(sys.executable, python)
    return Target("sleep", "--count=1", "--seconds=%s" % seconds, python=python, prefix=prefix)


class Service:
    """A running `blockprof serve`, which records in self.state."""

    def __init__(self, *args, state=None, env=None, prefix=(), stderr=None, pass_fds=()):
        need_root()
        self.directory = tempfile.mkdtemp(prefix="service-")
        self.state = state or os.path.join(self.directory, "state")
        self._err = stderr or open(os.path.join(self.directory, "stderr"), "w+b")
        environment = dict(os.environ)
        environment.update(env or {})
        self.popen = subprocess.Popen(
            list(prefix) + [BLOCKPROF, "serve", "--state-dir", self.state, "-c", COMM] + [str(arg) for arg in args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._err,
            env=environment,
            start_new_session=True,
            pass_fds=pass_fds,
        )

    @property
    def stderr(self):
        return os.pread(self._err.fileno(), 1 << 26, 0).decode("utf-8", "replace")

    def wait_said(self, text, times=1, seconds=20):
        def said():
            check(self.popen.poll() is None, "blockprof ended with status %s" % self.popen.poll(), self.stderr)
            return self.stderr.count(text) >= times

        until(said, seconds, "%d times %r on stderr, but\n%s" % (times, text, self.stderr))

    def wait_watching(self, times=1):
        self.wait_said("watching the whole system", times)

    def files(self, suffix):
        return sorted(
            os.path.join(self.state, name) for name in os.listdir(self.state) if name.endswith(suffix)
        )

    def stop(self, number=signal.SIGTERM):
        if self.popen.poll() is None:
            self.popen.send_signal(number)
        return self.popen.wait(20)

    def __enter__(self):
        return self

    def __exit__(self, exc_type, *_):
        if exc_type is None:
            status = self.stop()
            check(status in (0, -signal.SIGKILL), "exit status %d" % status, self.stderr)
        else:
            self.popen.kill()
            self.popen.wait()
            print("--- stderr of blockprof\n" + self.stderr[-6000:])


def write(path, text):
    with open(path + ".new", "w") as file:
        file.write(text)
    os.rename(path + ".new", path)
