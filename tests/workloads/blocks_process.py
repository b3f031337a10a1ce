# SPDX-License-Identifier: GPL-2.0-or-later
"""Children, pipes, terminals, queues between processes, and signals."""

import ctypes
import fcntl
import multiprocessing
import os
import pty
import signal
import subprocess
import time
import tty

from workload import call_libc, libc, pattern, say, unable

IPC_PRIVATE = 0
IPC_RMID = 0
F_GETPIPE_SZ = 1032


def comm_of_sleep(run):
    run.state = ["sleep", str(run.seconds)]


@pattern("subprocess-run", setup=comm_of_sleep)
def block_subprocess_run(run):
    subprocess.run(run.state)  # blocks


@pattern("wait", setup=comm_of_sleep)
def block_wait(run):
    child = subprocess.Popen(run.state)
    run.note(child=child.pid)
    child.wait()  # blocks


@pattern("wait-timeout", setup=comm_of_sleep)
def block_wait_timeout(run):
    """Looks at the child again and again, with naps that grow to 50 ms."""
    child = subprocess.Popen(run.state)
    run.note(child=child.pid)
    child.wait(timeout=30)  # blocks


@pattern("check-output", setup=comm_of_sleep)
def block_check_output(run):
    subprocess.check_output(run.state)  # blocks


@pattern("system")
def block_system(run):
    os.system("sleep %s" % run.seconds)  # blocks


def pipe_writer(run):
    reader, writer = os.pipe()
    run.helper(lambda: lambda: os.write(writer, b"x"))
    os.close(writer)
    run.state = reader


@pattern("pipe", setup=pipe_writer)
def block_pipe(run):
    run.ask()
    os.read(run.state, 1)  # blocks


def full_pipe(run):
    """What print() meets when no one reads: a pipe that takes no more."""
    reader, writer = os.pipe()
    size = fcntl.fcntl(writer, F_GETPIPE_SZ)
    os.write(writer, b"x" * size)
    run.helper(lambda: lambda: os.read(reader, size))
    os.close(reader)
    run.state = writer, size


@pattern("pipe-write", setup=full_pipe)
def block_pipe_write(run):
    writer, size = run.state
    run.ask()
    os.write(writer, b"x" * size)  # blocks


def terminal(run):
    master, slave = pty.openpty()
    tty.setraw(slave)
    say("FACT", {"path": os.ttyname(slave)})
    run.helper(lambda: lambda: os.write(master, b"x"))
    run.state = slave


@pattern("tty", setup=terminal)
def block_tty(run):
    run.ask()
    os.read(run.state, 1)  # blocks


class Message(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_long), ("text", ctypes.c_char * 8)]


def message_queue(run):
    try:
        run.state = call_libc(libc.msgget, IPC_PRIVATE, 0o600)
    except OSError as error:
        unable("no SysV message queue: %s" % error)

    def prepare():
        return lambda: libc.msgsnd(run.state, ctypes.byref(Message(1, b"x")), ctypes.c_size_t(1), 0)

    run.helper(prepare)
    run.cleanups.append(lambda: libc.msgctl(run.state, IPC_RMID, None))


@pattern("msgrcv", setup=message_queue)
def block_msgrcv(run):
    message = Message()
    run.ask()
    libc.msgrcv(run.state, ctypes.byref(message), ctypes.c_size_t(8), ctypes.c_long(0), 0)  # blocks


class SemaphoreStep(ctypes.Structure):
    _fields_ = [("number", ctypes.c_ushort), ("change", ctypes.c_short), ("flags", ctypes.c_short)]


def semaphore(run):
    try:
        run.state = call_libc(libc.semget, IPC_PRIVATE, 1, 0o600)
    except OSError as error:
        unable("no SysV semaphore: %s" % error)
    run.helper(lambda: lambda: libc.semop(run.state, ctypes.byref(SemaphoreStep(0, 1, 0)), ctypes.c_size_t(1)))
    run.cleanups.append(lambda: libc.semctl(run.state, 0, IPC_RMID))


@pattern("semop", setup=semaphore)
def block_semop(run):
    run.ask()
    libc.semop(run.state, ctypes.byref(SemaphoreStep(0, -1, 0)), ctypes.c_size_t(1))  # blocks


def semaphore_of_multiprocessing(run):
    run.state = multiprocessing.get_context("fork").Semaphore(0)
    run.helper(lambda: run.state.release)


@pattern("multiprocessing", setup=semaphore_of_multiprocessing)
def block_multiprocessing(run):
    run.ask()
    run.state.acquire()  # blocks


def block_signal(run):
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
    parent = os.getpid()
    run.helper(lambda: lambda: os.kill(parent, signal.SIGUSR2))


@pattern("sigwait", setup=block_signal)
def block_sigwait(run):
    run.ask()
    signal.sigwait({signal.SIGUSR2})  # blocks


def continue_later(run):
    parent = os.getpid()
    run.helper(lambda: lambda: os.kill(parent, signal.SIGCONT))


@pattern("stop", setup=continue_later)
def block_stop(run):
    run.ask()
    os.kill(os.getpid(), signal.SIGSTOP)  # blocks
    time.sleep(0)
