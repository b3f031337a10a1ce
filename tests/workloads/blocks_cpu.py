# SPDX-License-Identifier: GPL-2.0-or-later
"""Loops that are busy, or would be if they were let."""

import asyncio
import ctypes
import gc
import mmap
import os
import time

from workload import calibrate, libc, pattern, say, scenario

MADV_NOHUGEPAGE = 15


def count_up():
    total = 0
    for number in range(2000):
        total += number
    return total


@pattern("cpu")
def block_cpu(run):
    """Uses so much CPU time, however long that takes."""
    end = time.thread_time() + run.seconds
    while time.thread_time() < end:
        count_up()  # blocks


def measure_sum(run):
    run.state = calibrate(lambda n: sum(range(n)), run.seconds)


@pattern("cpu-c", setup=measure_sum)
def block_cpu_c(run):
    """CPU time inside one call of C."""
    sum(range(run.state))  # blocks


def make_containers(number):
    gc.disable()
    kept = [[{}] for _ in range(number)]
    gc.collect()
    gc.enable()
    return kept


def keep_many(run):
    run.state = make_containers(200_000)


@pattern("gc", setup=keep_many)
def block_gc(run):
    """Collects, as the allocation of any container may."""
    end = time.thread_time() + run.seconds
    while time.thread_time() < end:
        gc.collect()  # blocks


@scenario("callbacks")
async def many_callbacks(run):
    """A turn of many callbacks, none of which is long."""

    def small():
        end = time.perf_counter() + 0.0003
        while time.perf_counter() < end:
            pass

    for _ in range(run.count):
        await asyncio.sleep(run.gap)
        loop = asyncio.get_running_loop()
        loop.call_soon(run.begin)
        for _ in range(1000):
            loop.call_soon(small)
        loop.call_soon(run.end)
        await asyncio.sleep(0)
        await asyncio.sleep(0)


def start_hogs(run):
    """Other processes that want the same CPU."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

    def hog(ready):
        with open("/proc/self/comm", "w") as file:
            file.write("hog")
        ready()
        while True:
            count_up()

    for _ in range(4):
        run.fork(hog)
    os.nice(5)


@pattern("runqueue", setup=start_hogs)
def block_runqueue(run):
    """Needs little CPU time, and waits long for it."""
    end = time.thread_time() + run.seconds / 12
    while time.thread_time() < end:
        count_up()  # blocks


def fill_memory(run):
    size = 1 << 30
    memory = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    view = (ctypes.c_char * size).from_buffer(memory)
    libc.madvise(ctypes.c_void_p(ctypes.addressof(view)), ctypes.c_size_t(size), MADV_NOHUGEPAGE)
    ctypes.memset(view, 1, size)
    run.state = memory, view


@pattern("fork", setup=fill_memory)
def block_fork(run):
    """The kernel copies page tables; the child has the loop's descriptors, and is none."""
    pid = os.fork()  # blocks
    if pid == 0:
        time.sleep(0.3)
        os._exit(0)
    run.note(child=pid)
    say("FACT", {"forked": pid})
