# SPDX-License-Identifier: GPL-2.0-or-later
"""Waiting for another thread: locks, and the GIL."""

import concurrent.futures
import gc
import hashlib
import os
import queue
import threading
import time

from blocks_cpu import make_containers
from workload import calibrate, pattern, say


def release_later(run):
    run.state = threading.Lock()
    run.state.acquire()

    def release():
        time.sleep(run.seconds)
        run.state.release()

    run.worker(release)


@pattern("lock", setup=release_later)
def block_lock(run):
    run.ask()
    run.state.acquire()  # blocks


def put_later(run):
    run.state = queue.Queue()

    def put():
        time.sleep(run.seconds)
        run.state.put(1)

    run.worker(put)


@pattern("queue", setup=put_later)
def block_queue(run):
    run.ask()
    run.state.get()  # blocks


def start_pool(run):
    run.state = concurrent.futures.ThreadPoolExecutor(1)
    say("FACT", {"worker_tid": run.state.submit(threading.get_native_id).result()})


@pattern("future", setup=start_pool)
def block_future(run):
    future = run.state.submit(time.sleep, run.seconds)
    future.result()  # blocks


@pattern("join")
def block_join(run):
    thread = threading.Thread(target=time.sleep, args=(run.seconds,))
    thread.start()
    run.note(worker_tid=thread.native_id)
    thread.join()  # blocks


@pattern("event-timeout")
def block_event_timeout(run):
    threading.Event().wait(run.seconds)  # blocks


class Hogging:
    on = False


def hog_python():
    number = 0
    while Hogging.on:
        number += 1


def start_python_hog(run):
    run.worker(hog_python)


@pattern("gil", setup=start_python_hog)
def block_gil(run):
    """Gives the GIL away again and again, and waits for a thread of pure Python to let go of it."""
    Hogging.on = True
    run.ask()
    end = time.monotonic() + run.seconds
    while time.monotonic() < end:
        os.stat(".")  # blocks
    Hogging.on = False


def start_c_hog(run):
    n = calibrate(lambda n: sum(range(n)), run.seconds)

    def hog_c():
        sum(range(n))

    run.worker(hog_c)


@pattern("gil-c", setup=start_c_hog)
def block_gil_c(run):
    """Another thread is in one long call that keeps the GIL."""
    run.ask()
    time.sleep(0.02)  # blocks


def start_collector(run):
    few = make_containers(100_000)
    before = time.perf_counter()
    gc.collect()
    took = time.perf_counter() - before
    run.state = few, make_containers(min(int(100_000 * run.seconds / took), 2_000_000))

    def hog_gc():
        gc.collect()

    run.worker(hog_gc)


@pattern("gil-gc", setup=start_collector)
def block_gil_gc(run):
    """Another thread collects: it keeps the GIL."""
    run.ask()
    time.sleep(0.02)  # blocks


def start_polite_hog(run):
    n = calibrate(lambda n: hashlib.pbkdf2_hmac("sha256", b"a", b"b", n), run.seconds)
    run.worker(lambda: hashlib.pbkdf2_hmac("sha256", b"a", b"b", n))


@pattern("gil-released", setup=start_polite_hog)
def block_not_at_all(run):
    """The other thread's long call gives the GIL away: this loop goes on."""
    run.ask()
    os.stat(".")  # blocks
