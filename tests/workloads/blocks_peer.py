# SPDX-License-Identifier: GPL-2.0-or-later
"""Blocking calls to a server of this machine: what it does meanwhile is known."""

import asyncio
import ctypes
import os
import queue
import select
import socket
import threading
import time

from blocks_cpu import count_up
from workload import libc, pattern


def serve_sleep(run):
    time.sleep(run.seconds)


def serve_cpu(run):
    end = time.monotonic() + run.seconds
    while time.monotonic() < end:
        count_up()


def serve_fifo(run):
    """Opening it blocks until someone comes to write."""
    path = run.file("fifo-%d" % os.getpid())
    os.mkfifo(path)
    pid = os.fork()
    if pid == 0:
        time.sleep(run.seconds)
        os.close(os.open(path, os.O_WRONLY))
        os._exit(0)
    os.close(os.open(path, os.O_RDONLY))
    os.waitpid(pid, 0)
    os.unlink(path)


def answers(work, run):
    """A server that does one request after the other."""

    def serve(connection):
        while connection.recv(1):
            work(run)
            connection.send(b"x")

    return serve


def start_server(run, serve, name):
    """A connection to a process of that name, whose side serve() gets."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(5)
    client = socket.socket()
    client.connect(listener.getsockname())

    def process(ready):
        connection, _ = listener.accept()
        listener.close()
        client.close()
        with open("/proc/self/comm", "w") as file:
            file.write(name)
        ready()
        serve(connection)

    run.fork(process)
    listener.close()
    return client


def peer_pattern(name, make):
    """make(run): what the server does with its connection."""

    def setup(run):
        run.state = start_server(run, make(run), "server")

    def block_peer(run):
        run.state.send(b"q")
        run.state.recv(1)  # blocks

    pattern(name, setup=setup)(block_peer)


def chain(run):
    """A server that asks another one."""
    behind = start_server(run, answers(serve_sleep, run), "behind")

    def serve_by_another(_run):
        behind.send(b"q")
        behind.recv(1)

    return answers(serve_by_another, run)


def cycle(run):
    """A server that, before it answers, waits for the client to say something it will not say."""
    here, there = socket.socketpair()
    run.keep = here

    def serve_nothing(_run):
        here.close()
        there.settimeout(run.seconds)
        try:
            there.recv(1)
        except socket.timeout:
            pass

    return answers(serve_nothing, run)


def idle(run):
    """A loop with nothing to do until its timer is up."""

    def serve(connection):
        async def serve_later():
            reader, writer = await asyncio.open_connection(sock=connection)
            while await reader.read(1):
                await asyncio.sleep(run.seconds)
                writer.write(b"x")

        asyncio.run(serve_later())

    return serve


def threads(run):
    """One of several threads does the work."""

    def serve(connection):
        for _ in range(4):
            threading.Thread(target=threading.Event().wait, daemon=True).start()
        worker = threading.Thread(target=answers(serve_sleep, run), args=(connection,), daemon=True)
        worker.start()
        worker.join()

    return serve


def ends(run):
    """A server that goes instead of answering."""

    def serve(connection):
        connection.recv(1)
        serve_sleep(run)
        os._exit(0)

    return serve


def polls(run):
    """A server that polls what comes from another one, as clients of databases do."""
    behind = start_server(run, answers(serve_sleep, run), "behind")

    def serve_by_poll(_run):
        behind.send(b"q")
        poll = select.poll()
        poll.register(behind, select.POLLIN)
        poll.poll()
        behind.recv(1)

    return answers(serve_by_poll, run)


peer_pattern("peer-sleep", lambda run: answers(serve_sleep, run))
peer_pattern("peer-cpu", lambda run: answers(serve_cpu, run))
peer_pattern("peer-fifo", lambda run: answers(serve_fifo, run))
peer_pattern("peer-chain", chain)
peer_pattern("peer-polls", polls)
peer_pattern("peer-cycle", cycle)
peer_pattern("peer-idle", idle)
peer_pattern("peer-threads", threads)
peer_pattern("peer-ends", ends)


def start_writer(run, writer=lambda write: write):
    """A process that writes into a pipe when it is asked to by another, by what writer() makes of os.write()."""
    asks, ask = os.pipe()
    answer, answers_to = os.pipe()

    def process(ready):
        os.close(ask)
        os.close(answer)
        with open("/proc/self/comm", "w") as file:
            file.write("writer")
        write = writer(os.write)
        ready()
        while os.read(asks, 1):
            serve_sleep(run)
            write(answers_to, b"x")

    run.fork(process)
    os.close(asks)
    os.close(answers_to)
    run.state = ask, answer


def feeder(write):
    """A thread that writes what the others put, as that of multiprocessing.Queue."""
    items = queue.SimpleQueue()

    def feed():
        while True:
            write(*items.get())

    threading.Thread(target=feed, daemon=True).start()
    return lambda *item: items.put(item)


@pattern("peer-feeder", setup=lambda run: start_writer(run, feeder))
@pattern("peer-pipe", setup=start_writer)
def block_peer_pipe(run):
    ask, answer = run.state
    os.write(ask, b"q")
    os.read(answer, 1)  # blocks


def start_answering(run):
    """A thread that answers soon, each time it is asked."""
    answers_to = queue.SimpleQueue()

    def answer_soon():
        time.sleep(0.003)
        answers_to.put(True)

    run.worker(answer_soon)
    run.state = answers_to


@pattern("peer-quick", setup=start_answering)
def block_peer_quick(run):
    """Many short waits, none of which is long."""
    end = time.monotonic() + run.seconds
    while time.monotonic() < end:
        run.ask()
        run.state.get()  # blocks


def start_owner(run):
    """A thread that holds a mutex of libc's, and sleeps meanwhile."""
    mutex = ctypes.create_string_buffer(64)
    libc.pthread_mutex_init(mutex, None)
    held = threading.Event()

    def sleep_with_mutex():
        libc.pthread_mutex_lock(mutex)
        held.set()
        time.sleep(run.seconds)
        libc.pthread_mutex_unlock(mutex)

    run.worker(sleep_with_mutex)
    run.state = mutex, held


def start_future(run):
    """A thread whose result is waited for, and that waits for another process in turn."""
    start_writer(run)
    ask, answer = run.state
    done = threading.Event()

    def ask_for_result():
        os.write(ask, b"x")
        os.read(answer, 1)
        done.set()

    run.worker(ask_for_result)
    run.state = done


@pattern("peer-future", setup=start_future)
def block_peer_future(run):
    done = run.state
    done.clear()
    run.ask()
    done.wait()  # blocks


@pattern("peer-mutex", setup=start_owner)
def block_peer_mutex(run):
    mutex, held = run.state
    held.clear()
    run.ask()
    held.wait()
    libc.pthread_mutex_lock(mutex)  # blocks
    libc.pthread_mutex_unlock(mutex)
