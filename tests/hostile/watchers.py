# SPDX-License-Identifier: GPL-2.0-or-later
"""Those that watch the neighbourhood: a watch, the service, top; what they write, and what they cost."""

import contextlib
import fcntl
import glob
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bench"))

from blockprof import BLOCKPROF
from precedence import come_first
from reader import Reader
from records import parse_jsonl
from tools import cpu_seconds, processes, resident_mib
from verdict import SECOND, Failed

END_S = 1.0  # from the signal to the end
THRESHOLD = "100ms"
# A terminal acts on these; a newline is its writer's. Above ASCII: the C1 controls and what turns lines around.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Watcher:
    """One blockprof, its figures, and the moment when it began to watch."""

    name = None

    def __init__(self, argv, **popen):
        self.directory = tempfile.mkdtemp(prefix="blockprof-hostile-")
        self._err = open(os.path.join(self.directory, "stderr"), "w+b")
        self.argv = [BLOCKPROF] + [word.replace("%", self.directory) for word in argv]
        self.popen = subprocess.Popen(
            self.argv, stdin=popen.pop("stdin", subprocess.DEVNULL), stderr=popen.pop("stderr", self._err),
            start_new_session=True, **popen
        )
        self.pid = self.popen.pid
        self.peak_mib = 0.0
        self.begin_ns = None
        self.ended_s = None
        self.status = None

    @property
    def stderr(self):
        return os.pread(self._err.fileno(), 1 << 26, 0).decode("utf-8", "surrogateescape")

    def wait_watching(self, seconds=60):
        end = time.monotonic() + seconds
        while not self.watches():
            if self.popen.poll() is not None or time.monotonic() > end:
                raise Failed("%s does not watch (status %s)" % (self.name, self.popen.poll()), self.stderr[-3000:])
            time.sleep(0.01)
        self.begin_ns = time.monotonic_ns()

    def try_watching(self):
        """What is wrong, if it does not."""
        try:
            self.wait_watching(20)
        except Failed as failed:
            yield failed

    def watches(self):
        return "blockprof: watching" in self.stderr

    def cpu_s(self):
        return cpu_seconds(self.pid)

    def pss_mib(self):
        return resident_mib(self.pid)

    def descriptors(self):
        """Of it, and of its children."""
        count = 0
        for pid in processes(self.pid):
            try:
                count += len(os.listdir("/proc/%d/fd" % pid))
            except OSError:
                pass
        return count

    def stop(self, number):
        """The seconds that it took to end by a signal."""
        if self.ended_s is None:
            self.end_ns = time.monotonic_ns()
            self.popen.send_signal(number)
            try:
                self.status = self.popen.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()
                self.status = "killed after 15 s"
            self.ended_s = (time.monotonic_ns() - self.end_ns) / SECOND
        return self.ended_s

    def kill(self):
        """One that hangs in what a neighbour does not answer ends only when that has."""
        if self.popen.poll() is None:
            self.popen.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.popen.wait(2)

    def written(self):
        """{what: text} that a terminal or a log may show."""
        return {"standard error": self.stderr}

    def control_bytes(self):
        """The first control character in each output that has one."""
        for what, text in self.written().items():
            found = CONTROL.search(text)
            if found:
                yield "%s: %r" % (what, text[max(0, found.start() - 60) : found.end() + 20])


class Watch(Watcher):
    """Text into a file, JSON Lines into a pipe that is read at once: when a record came is known."""

    def __init__(self, scope, name="watch"):
        self.name = name
        super().__init__([*scope, "-t", THRESHOLD, "-o", "%/watch.txt", "-o", "-", "-F", "json"], stdout=subprocess.PIPE)
        self.came_ns = []  # of each line
        self._jsonl = open(os.path.join(self.directory, "watch.jsonl"), "w+b")
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        come_first()
        for line in self.popen.stdout:
            self.came_ns.append(time.monotonic_ns())
            self._jsonl.write(line)
            self._jsonl.flush()

    def records(self):
        """So far; all of them once it has ended, each checked."""
        if self.popen.poll() is not None:
            self._reader.join(10)
            return parse_jsonl(self._jsonl.name)
        data = os.pread(self._jsonl.fileno(), 1 << 30, 0)
        return [json.loads(line) for line in data[: data.rfind(b"\n") + 1].splitlines()]

    def written(self):
        with open(os.path.join(self.directory, "watch.txt"), encoding="utf-8", errors="surrogateescape") as file:
            return dict(super().written(), text=file.read())


class Service(Watcher):
    """Whose page somebody has open."""

    name = "serve"

    def __init__(self, scope):
        argv = ["serve", *scope, "-t", THRESHOLD, "--state-dir", "%/state", "--listen", "unix:%/http"]
        super().__init__(argv, stdout=subprocess.DEVNULL)
        self.reader = Reader(os.path.join(self.directory, "http"))

    def wait_watching(self, seconds=60):
        super().wait_watching(seconds)
        self.reader.start()

    def recordings(self):
        return [parse_jsonl(path) for path in sorted(glob.glob(os.path.join(self.directory, "state", "*.jsonl.gz")))]

    def records(self):
        return [record for recording in self.recordings() for record in recording]


class Top(Watcher):
    """On a terminal of 80x24 that is read."""

    name = "top"

    def __init__(self, scope):
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
        self.screens = bytearray()
        super().__init__(["top", *scope, "-t", THRESHOLD], stdin=slave, stdout=slave, env=dict(os.environ, TERM="xterm"))
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        come_first()
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:
                return
            if not data:
                return
            self.screens += data

    def watches(self):
        return b"blockprof top" in self.screens

    def control_bytes(self):
        """A screen is made of escape sequences; but it sets no titles, and knows no C1 controls."""
        yield from super().control_bytes()
        found = re.search(rb"\x1b\]|\x9b|\x07|\x1bP", bytes(self.screens))
        if found:
            yield "screen: %r" % bytes(self.screens[max(0, found.start() - 40) : found.end() + 40])


class Meter:
    """Memory of some watchers, looked at all the time."""

    def __init__(self, watchers):
        self.watchers = watchers
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self):
        come_first()
        while not self._ended.wait(0.5):
            for watcher in self.watchers:
                watcher.peak_mib = max(watcher.peak_mib, watcher.pss_mib())

    def reset(self):
        for watcher in self.watchers:
            watcher.peak_mib = watcher.pss_mib()

    def stop(self):
        self._ended.set()
        self._thread.join()
