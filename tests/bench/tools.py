# SPDX-License-Identifier: GPL-2.0-or-later
"""The tools that are compared, each attached to a process and taken off again."""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

BENCH = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(BENCH))
BLOCKPROF = os.path.abspath(os.environ.get("BLOCKPROF") or os.path.join(ROOT, "blockprof"))
SETTLE = 1.5  # seconds until a tool that does not say so is taken to be in place


class Unavailable(Exception):
    """The text says what is missing."""


def program(name):
    path = shutil.which(name, path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")
    if not path:
        raise Unavailable("%s is not installed" % name)
    return path


class Child:
    """A process that answers by lines on stdout; ended, and reaped, with the block."""

    def __init__(self, argv, stdin=subprocess.PIPE, stderr=None, stop=signal.SIGKILL):
        self.stop = stop
        self.buffer = b""
        self.popen = subprocess.Popen(
            argv, stdin=stdin, stdout=subprocess.PIPE, stderr=stderr, start_new_session=True
        )
        self.pid = self.popen.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.popen.poll() is None:
            self.popen.send_signal(self.stop)
        try:
            self.popen.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.communicate()

    def line(self, seconds=60):
        """The next line, or None after so many seconds or at its end."""
        end = time.monotonic() + seconds
        while b"\n" not in self.buffer:
            ready, _, _ = select.select([self.popen.stdout], [], [], max(0, end - time.monotonic()))
            data = os.read(self.popen.stdout.fileno(), 65536) if ready else b""
            if not data:
                return None
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.decode("utf-8", "replace")

    def ask(self, text, seconds=120):
        self.popen.stdin.write(text.encode() + b"\n")
        self.popen.stdin.flush()
        answer = self.line(seconds)
        if answer is None:
            raise RuntimeError("%s gave no answer" % " ".join(map(str, self.popen.args)))
        return answer


class Watch(Child):
    """blockprof; ready_s is how long until it said that it watches. text: on stdout, to be read."""

    def __init__(self, *args, text=False):
        if not os.access(BLOCKPROF, os.X_OK):
            raise Unavailable("%s is not built" % BLOCKPROF)
        self.errors = tempfile.TemporaryFile()
        self.directory = tempfile.mkdtemp(prefix="blockprof-bench-")
        self.recording = os.path.join(self.directory, "recording.jsonl")
        start = time.monotonic()
        super().__init__(
            [BLOCKPROF, "-o", self.recording] + ["-o", "-"] * text + [str(arg) for arg in args],
            stdin=subprocess.DEVNULL,
            stderr=self.errors,
            stop=signal.SIGINT,
        )
        try:
            while b"blockprof: watching" not in self.said():
                if self.popen.poll() is not None or time.monotonic() > start + 60:
                    text = self.said().decode("utf-8", "replace").strip()
                    raise Unavailable("blockprof does not watch: %s" % text)
                time.sleep(0.001)
        except BaseException:
            self.__exit__()
            raise
        self.ready_s = time.monotonic() - start

    def said(self):
        return os.pread(self.errors.fileno(), 65536, 0)

    def __exit__(self, *args):
        super().__exit__(*args)
        self.errors.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def finish(self):
        """Stops it; the lines of its recording."""
        self.popen.send_signal(signal.SIGINT)
        self.popen.communicate(timeout=60)
        with open(self.recording) as file:
            return file.read().splitlines()


def blockprof(pid):
    return Watch("-p", pid)


def blockprof_system(pid):
    return Watch()


def other(*argv):
    """Some tool's command line, "PID" standing for the process to attach to."""

    @contextlib.contextmanager
    def attach(pid):
        path = program(argv[0])
        with tempfile.TemporaryDirectory(prefix="blockprof-bench-") as directory:
            with open(os.path.join(directory, "output"), "w+b") as output:
                words = [str(pid) if word == "PID" else word for word in argv[1:]]
                words = [word.replace("DIR", directory) for word in words]
                tool = subprocess.Popen(
                    [path] + words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
                )
                try:
                    time.sleep(SETTLE)
                    if tool.poll() is not None:
                        said = os.pread(output.fileno(), 4096, 0).decode("utf-8", "replace").split("\n")
                        raise Unavailable("%s ended: %s" % (argv[0], said[0]))
                    yield tool
                finally:
                    if tool.poll() is None:
                        tool.send_signal(signal.SIGINT)
                    try:
                        tool.wait(20)
                    except subprocess.TimeoutExpired:
                        tool.kill()
                        tool.wait()

    return attach


TOOLS = {
    "blockprof -p": blockprof,
    "blockprof (system)": blockprof_system,
    "offcputime -p": other("offcputime", "-p", "PID"),
    "perf trace -s": other("perf", "trace", "-s", "-p", "PID"),
    "strace -c": other("strace", "-c", "-f", "-p", "PID"),
    "py-spy 100 Hz": other(
        "py-spy", "record", "-r", "100", "-d", "3600", "-f", "raw", "-o", "DIR/profile", "-p", "PID"
    ),
}


def processes(pid):
    """pid and its descendants."""
    found, level = [], [pid]
    while level:
        found += level
        children = []
        for parent in level:
            try:
                for task in os.listdir("/proc/%d/task" % parent):
                    with open("/proc/%d/task/%s/children" % (parent, task)) as file:
                        children += map(int, file.read().split())
            except OSError:
                pass
        level = children
    return found


def cpu_seconds(pid):
    """User and system time so far of a process, its threads and its descendants."""
    ticks = 0
    for process in processes(pid):
        try:
            with open("/proc/%d/stat" % process) as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_mib(pid):
    """Resident memory, shared pages counted once, of a process and its descendants."""
    kib = 0
    for process in processes(pid):
        try:
            with open("/proc/%d/smaps_rollup" % process) as file:
                kib += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        except OSError:
            continue
    return kib / 1024


def read_loops(load):
    """[(tid, fd)] of the loops of many.c, which says so first."""
    ids = []
    while True:
        words = load.line(60).split()
        if words[0] == "READY":
            return ids
        ids.append(tuple(words[1:]))
