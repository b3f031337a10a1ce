# SPDX-License-Identifier: GPL-2.0-or-later
"""What runs out beside the loop: workers of a thread pool, tasks, threads."""

import asyncio
import concurrent.futures
import socket
import threading
import time

from blocks_network import slow_dns
from workload import scenario


def pool_of(workers):
    """One whose threads are all there already."""
    pool = concurrent.futures.ThreadPoolExecutor(workers)
    barrier = threading.Barrier(workers)
    for future in [pool.submit(barrier.wait) for _ in range(workers)]:
        future.result()
    return pool


def fetch_slowly(seconds):
    time.sleep(seconds)


async def run_in(pool, times, seconds):
    loop = asyncio.get_running_loop()
    await asyncio.gather(*[loop.run_in_executor(pool, fetch_slowly, seconds) for _ in range(times)])


@scenario("pool-full")
async def fill_pool(run):
    """Work waits for longer than a worker takes."""
    await run_in(pool_of(3), 6, 1.5)


@scenario("pool-backlog")
async def keep_backlog(run):
    """Each piece of work is short, but so many wait that each does for long."""
    await run_in(pool_of(2), 160, 0.03)


@scenario("pool-lookups", setup=slow_dns)
async def look_up_in_pool(run):
    """Names are looked up off the loop, as they should be, by too few workers."""
    loop, pool = asyncio.get_running_loop(), pool_of(2)
    names = ["name-%d.blockprof.example" % number for number in range(5)]
    await asyncio.gather(*[loop.run_in_executor(pool, socket.getaddrinfo, name, 80) for name in names])


@scenario("pool-just-full")
async def just_fill_pool(run):
    """All are busy, and nothing waits."""
    await run_in(pool_of(3), 3, 2.5)


@scenario("pool-closing")
async def close_pool(run):
    """All are busy, and told to end after that."""
    pool = pool_of(3)
    last = asyncio.ensure_future(run_in(pool, 3, 2.5))
    await asyncio.sleep(0.05)
    pool.shutdown(wait=False)
    await last


@scenario("pool-partly")
async def use_pool_partly(run):
    """One is free all the time."""
    pool = pool_of(4)
    slow = asyncio.ensure_future(run_in(pool, 3, 2.5))
    while not slow.done():
        await run_in(pool, 1, 0.002)
        await asyncio.sleep(0.01)


@scenario("pool-bursts")
async def use_pool_in_bursts(run):
    """What comes waits for a moment at the most."""
    pool = pool_of(4)
    end = time.monotonic() + 3
    while time.monotonic() < end:
        await run_in(pool, 12, 0.005)
        await asyncio.sleep(0.02)


def wait_for_good():
    threading.Event().wait()


@scenario("grow")
async def make_ever_more(run):
    """20 tasks and 8 threads a second, for the given time."""
    tasks, event = [], asyncio.Event()
    end = time.monotonic() + run.seconds
    while time.monotonic() < end:
        await asyncio.sleep(0.25)
        tasks += [asyncio.ensure_future(event.wait()) for _ in range(5)]
        for _ in range(2):
            threading.Thread(target=wait_for_good, daemon=True).start()
    event.set()
    await asyncio.gather(*tasks)


@scenario("grow-then-stay")
async def make_some(run):
    """As many, but for a third of the time; from then on they stay."""
    event = asyncio.Event()
    tasks = []
    end = time.monotonic() + run.seconds
    while time.monotonic() < end:
        await asyncio.sleep(0.25)
        if time.monotonic() < end - run.seconds * 2 / 3:
            tasks += [asyncio.ensure_future(event.wait()) for _ in range(15)]
            for _ in range(6):
                threading.Thread(target=wait_for_good, daemon=True).start()
    event.set()
    await asyncio.gather(*tasks)
