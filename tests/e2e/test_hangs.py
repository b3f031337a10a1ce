# SPDX-License-Identifier: GPL-2.0-or-later
"""Whoever does not read, open or answer: the watch goes on, and ends when it is asked to."""

import concurrent.futures
import contextlib
import fcntl
import os
import signal
import subprocess
import tempfile

from errors import check_error
from harness import BLOCKPROF, Blockprof, Target, check, need_root, until, variants
from records import parse_records

SIGNALS = [(number.name, number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]


@contextlib.contextmanager
def running(argv, **kept):
    """blockprof with these arguments, in a directory of its own; its standard error is a file `err` there."""
    need_root()
    with tempfile.TemporaryDirectory(prefix="blockprof-e2e-") as directory:
        with open(os.path.join(directory, "err"), "wb") as err:
            kept.setdefault("stderr", err)
            started = subprocess.Popen(
                [BLOCKPROF] + [str(arg) for arg in argv], cwd=directory, stdin=subprocess.DEVNULL, start_new_session=True, **kept
            )
        started.directory = directory
        try:
            yield started
        finally:
            started.kill()
            started.wait()


def said(started):
    with open(os.path.join(started.directory, "err"), encoding="utf-8") as file:
        return file.read()


def recorded(started, kind):
    """Records of its recording x.jsonl, so far."""
    try:
        with open(os.path.join(started.directory, "x.jsonl"), encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError:
        return []
    return [record for record in parse_records(text[: text.rfind("\n") + 1]) if record["type"] == kind]


def stalls_of(started):
    return [stall for stall in recorded(started, "stall") if not stall["ongoing"]]


def full_pipe():
    """(read end, write end) of a pipe in which there is no room left."""
    ends = os.pipe()
    room = fcntl.fcntl(ends[1], fcntl.F_SETPIPE_SZ, 4096)
    os.write(ends[1], b"\n" * room)
    return ends


def read_to_end(path):
    with open(path, "rb") as file:
        return file.read()


# --- Outputs that cannot be opened yet ----------------------------------------------------------------------


@contextlib.contextmanager
def fifo(path):
    os.mkfifo(path)
    yield


@contextlib.contextmanager
def lease(path):
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    before = signal.signal(signal.SIGIO, signal.SIG_IGN)
    fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    yield
    os.close(fd)
    signal.signal(signal.SIGIO, before)


@variants(SIGNALS)
def test_fifo_that_nobody_reads(number):
    """It says what it waits for, and is not deaf meanwhile."""
    with Target("idle") as target, tempfile.TemporaryDirectory() as place:
        with fifo(place + "/x.jsonl"), running(["-p", target.pid, "-o", place + "/x.jsonl"]) as started:
            until(lambda: "waiting for " in said(started), 20, "it says so")
            check("nobody has opened that FIFO for reading yet" in said(started), "what for", said(started))
            started.send_signal(number)
            check_error(started.wait(10), said(started).split("\n", 1)[1])


def test_lease_that_is_not_given_up():
    with Target("idle") as target, tempfile.TemporaryDirectory() as place:
        with lease(place + "/x.jsonl"), running(["-p", target.pid, "-o", place + "/x.jsonl"]) as started:
            until(lambda: "waiting for " in said(started), 20, "it says so")
            check("another program has a lease on it" in said(started), "what for", said(started))
            started.send_signal(signal.SIGINT)
            check_error(started.wait(10), said(started).split("\n", 1)[1])


def test_fifo_whose_reader_comes_late_has_all():
    with Target("sleep", "--count=3", "--seconds=0.15") as target, tempfile.TemporaryDirectory() as place:
        path = place + "/x.jsonl"
        with fifo(path), running(["-p", target.pid, "-o", path, "-o", "x.jsonl"]) as started:
            until(lambda: "waiting for " in said(started), 20, "it says so")
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                taken = pool.submit(read_to_end, path)
                until(lambda: "watching " in said(started), 20, "it watches")
                target.run()
                until(lambda: len(stalls_of(started)) == 3, 20, "it has the stalls")
                started.send_signal(signal.SIGINT)
                check(started.wait(10) == 0, "status", said(started))
                with open(os.path.join(started.directory, "x.jsonl"), "rb") as file:
                    check(taken.result() == file.read(), "it is what the file beside it has")


# --- Readers that take nothing ------------------------------------------------------------------------------


@variants(SIGNALS)
def test_messages_that_nobody_reads(number):
    """Nor what goes to standard output, which is the same pipe as often as not."""
    reads, writes = full_pipe()
    with Target("sleep", "--count=3", "--seconds=0.15") as target:
        argv = ["-vv", "-p", target.pid, "-o", "x.jsonl", "-o", "-", "-F", "text"]
        with running(argv, stderr=writes, stdout=writes) as started:
            until(lambda: recorded(started, "loop"), 20, "it watches")
            target.run()
            until(lambda: len(stalls_of(started)) == 3, 20, "it watches on")
            started.send_signal(number)
            check(started.wait(10) == 1, "what standard output did not take is an error")
            check(len(stalls_of(started)) == 3, "its recording is whole")
    os.close(reads)
    os.close(writes)


def test_late_reader_has_all_messages():
    reads, writes = full_pipe()
    with Target("sleep", "--count=1") as target:
        with running(["-p", target.pid, "-o", "x.jsonl"], stderr=writes) as started:
            os.close(writes)
            until(lambda: recorded(started, "loop"), 20, "it watches")
            target.run()
            until(lambda: stalls_of(started), 20, "it watches on")
            with open(reads, "rb", closefd=True) as file, concurrent.futures.ThreadPoolExecutor(1) as pool:
                text = pool.submit(file.read)
                started.send_signal(signal.SIGINT)
                check(started.wait(10) == 0, "status")
                check(b"blockprof: watching " in text.result(), "it is all there", text.result())


@variants(SIGNALS)
def test_dumps_that_nobody_reads(number):
    reads, writes = full_pipe()
    with Target("idle") as target:
        with running(["dump", "--every", "50ms", "-p", target.pid, "-o", "-", "-F", "json", "-o", "x.jsonl"], stdout=writes) as started:
            until(lambda: len(recorded(started, "dump")) > 20, 20, "it goes on")
            started.send_signal(number)
            check(started.wait(10) == 1, "what standard output did not take is an error", said(started))
            check("its reader takes too little" in said(started), "said", said(started))
    os.close(reads)
    os.close(writes)
