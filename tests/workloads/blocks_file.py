# SPDX-License-Identifier: GPL-2.0-or-later
"""Files: disk I/O, locks, and page faults."""

import fcntl
import mmap
import os
import random
import sqlite3
import time

from workload import pattern, say, unable

BIG_BYTES = 64 << 20
PAGE = mmap.PAGESIZE


def disk_file(run):
    """A big file on a disk, none of which is in memory."""
    if not run.path:
        unable("needs --path, a directory on a disk")
    path = os.path.join(run.path, "blockprof-workload-%d" % os.getpid())
    run.cleanups.append(lambda: os.unlink(path))
    run.state = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    chunk = os.urandom(1 << 20)
    for _ in range(BIG_BYTES >> 20):
        os.write(run.state, chunk)
    os.fsync(run.state)
    say("FACT", {"path": path})
    return run.state


def evict(fd):
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)


@pattern("read", setup=disk_file)
def block_read(run):
    evict(run.state)
    end = time.monotonic() + run.seconds
    while time.monotonic() < end:
        os.pread(run.state, PAGE, random.randrange(BIG_BYTES // PAGE) * PAGE)  # blocks


@pattern("fsync", setup=disk_file)
def block_fsync(run):
    end = time.monotonic() + run.seconds
    while time.monotonic() < end:
        os.pwrite(run.state, b"x" * PAGE, random.randrange(BIG_BYTES // PAGE) * PAGE)
        os.fsync(run.state)  # blocks


def map_disk_file(run):
    fd = disk_file(run)
    memory = mmap.mmap(fd, BIG_BYTES, mmap.MAP_SHARED, mmap.PROT_READ)
    if hasattr(memory, "madvise"):
        memory.madvise(mmap.MADV_RANDOM)
    run.state = fd, memory


@pattern("fault", setup=map_disk_file)
def block_fault(run):
    fd, memory = run.state
    if hasattr(memory, "madvise"):
        memory.madvise(mmap.MADV_DONTNEED)
    evict(fd)
    end = time.monotonic() + run.seconds
    while time.monotonic() < end:
        memory[random.randrange(BIG_BYTES)]  # blocks


def lock_held(run, lock, unlock):
    """A file whose lock another process takes before a block, and gives up after run.seconds."""
    path = run.file("lock")
    open(path, "w").close()
    say("FACT", {"path": path})

    def prepare():
        fd = os.open(path, os.O_RDWR)
        lock(fd)

        def act():
            unlock(fd)
            time.sleep(0.05)
            lock(fd)  # again, for the next block

        return act

    run.helper(prepare)
    run.state = os.open(path, os.O_RDWR)


def flock_held(run):
    lock_held(run, lambda fd: fcntl.flock(fd, fcntl.LOCK_EX), lambda fd: fcntl.flock(fd, fcntl.LOCK_UN))


@pattern("flock", setup=flock_held)
def block_flock(run):
    run.ask()
    fcntl.flock(run.state, fcntl.LOCK_EX)  # blocks
    fcntl.flock(run.state, fcntl.LOCK_UN)


def lockf_held(run):
    lock_held(run, lambda fd: fcntl.lockf(fd, fcntl.LOCK_EX), lambda fd: fcntl.lockf(fd, fcntl.LOCK_UN))


@pattern("lockf", setup=lockf_held)
def block_lockf(run):
    run.ask()
    fcntl.lockf(run.state, fcntl.LOCK_EX)  # blocks
    fcntl.lockf(run.state, fcntl.LOCK_UN)


def database_locked(run):
    path = run.file("data.db")
    connection = sqlite3.connect(path)
    connection.execute("create table t (x)")
    connection.commit()
    connection.close()
    say("FACT", {"path": path})

    def prepare():
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("begin exclusive")

        def act():
            other.execute("commit")
            time.sleep(0.4)
            other.execute("begin exclusive")

        return act

    run.helper(prepare)
    run.gap += 0.5
    run.state = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)


@pattern("sqlite", setup=database_locked)
def block_sqlite(run):
    """sqlite tries, naps and tries again until its busy timeout."""
    run.ask()
    run.state.execute("begin immediate")  # blocks
    run.state.execute("commit")


def make_fifo(run):
    path = run.file("fifo")
    os.mkfifo(path)
    say("FACT", {"path": path})
    run.helper(lambda: lambda: os.close(os.open(path, os.O_WRONLY)))
    run.state = path


@pattern("fifo", setup=make_fifo)
def block_fifo(run):
    run.ask()
    os.close(os.open(run.state, os.O_RDONLY))  # blocks
