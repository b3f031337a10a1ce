# SPDX-License-Identifier: GPL-2.0-or-later
"""What the workloads share: the table of patterns, and the truth they tell.

Everything a workload says is a line on stdout:
    FACT {...}    before it begins: pids and addresses a test wants to know
    READY         its loop has run and was idle
    BEGIN {...}   just before a block: {"start_ns": ...}
    TURN {...}    after it: what was done, by CLOCK_MONOTONIC, which is blockprof's mono_ns
    DONE          all blocks are over; it stays idle until its stdin is closed
    SKIP reason   it cannot be done on this machine
"""

import asyncio
import ctypes
import inspect
import json
import os
import queue
import signal
import tempfile
import threading
import time

PR_SET_PDEATHSIG = 1
MARK = "# blocks"

libc = ctypes.CDLL(None, use_errno=True)
patterns = {}
scenarios = {}


class Unable(Exception):
    """The pattern cannot be done here."""


class Pattern:
    def __init__(self, block, setup):
        self.block = block
        self.setup = setup
        self.file = block.__code__.co_filename
        lines, first = inspect.getsourcelines(block)
        (self.line,) = [first + number for number, text in enumerate(lines) if MARK in text]


def pattern(name, setup=None):
    """A function that blocks once, in the line marked `# blocks`; setup(run) comes before the loop."""

    def mark(block):
        patterns[name] = Pattern(block, setup)
        return block

    return mark


def scenario(name, setup=None):
    """A coroutine function that does all by itself, after "go"."""

    def mark(function):
        scenarios[name] = function, setup
        return function

    return mark


def say(word, value=None):
    text = word if value is None else word + " " + json.dumps(value)
    os.write(1, text.encode() + b"\n")


def call_libc(function, *args):
    """A libc call that must not fail."""
    result = function(*args)
    if result == -1:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


class Run:
    """One run of one pattern, and its truth."""

    def __init__(self, options):
        self.seconds = options.seconds
        self.count = options.count
        self.gap = options.gap
        self.path = options.path
        self.notes = {}
        self.state = None
        self.ask = None
        self.cleanups = []
        self.directory = tempfile.mkdtemp(prefix="blockprof-workload-")
        self._begin_ns = 0
        self._cpu_ns = 0

    def begin(self):
        self.notes = {}
        self._begin_ns = time.monotonic_ns()
        say("BEGIN", {"start_ns": self._begin_ns})
        self._cpu_ns = time.thread_time_ns()

    def note(self, **notes):
        """More about the block that runs: goes into its TURN."""
        self.notes.update(notes)

    def end(self, pattern=None):
        turn = {
            "start_ns": self._begin_ns,
            "cpu_ns": time.thread_time_ns() - self._cpu_ns,
            "end_ns": time.monotonic_ns(),
            "tid": threading.get_native_id(),
            "pid": os.getpid(),
        }
        task = asyncio.current_task()
        if task:
            turn["task"] = task.get_name()
        if pattern:
            turn["fn"] = pattern.block.__name__
            turn["file"] = pattern.file
            turn["line"] = pattern.line
        turn.update(self.notes)
        say("TURN", turn)

    def fork(self, serve):
        """Starts a process that runs serve(ready) and calls ready() once it can be used."""
        parent = os.getpid()
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
                if os.getppid() == parent:
                    for fd in (0, 1, reader):
                        os.close(fd)
                    serve(lambda: os.close(writer))
            finally:
                os._exit(1)
        os.close(writer)
        os.read(reader, 1)
        os.close(reader)
        with open("/proc/%d/comm" % pid) as file:
            say("FACT", {"helper_pid": pid, "helper_comm": file.read().rstrip("\n")})

    def helper(self, prepare):
        """Starts a process that, run.seconds after each ask(), does what prepare() returned."""
        reader, writer = os.pipe()

        def serve(ready):
            act = prepare()
            os.close(writer)
            ready()
            while os.read(reader, 1):
                time.sleep(self.seconds)
                act()

        self.fork(serve)
        os.close(reader)
        self.ask = lambda: os.write(writer, b"x")

    def worker(self, act):
        """Starts a thread that calls act() after each ask(), at once."""
        asked = queue.SimpleQueue()

        def serve():
            while asked.get():
                act()

        thread = threading.Thread(target=serve, daemon=True, name="worker")
        thread.start()
        say("FACT", {"worker_tid": thread.native_id})
        self.ask = lambda: asked.put(True)

    def file(self, name="data"):
        return os.path.join(self.directory, name)


def calibrate(work, seconds):
    """The n for which work(n) takes about so long on this machine."""
    n = 1000
    while True:
        before = time.perf_counter()
        work(n)
        took = time.perf_counter() - before
        if took > 0.05:
            return max(1, int(n * seconds / took))
        n *= 2


def unable(reason):
    raise Unable(reason)
