# SPDX-License-Identifier: GPL-2.0-or-later
"""Pools of threads, one exhausted and one not, and tasks."""
import asyncio
import concurrent.futures
import threading

from report import ready, say

release = threading.Event()
started = threading.Semaphore(0)


def hold():
    started.release()
    release.wait()


full = concurrent.futures.ThreadPoolExecutor(3)
futures = [full.submit(hold) for _ in range(3)]
for _ in range(3):
    started.acquire()
say("pool", "full", id(full._work_queue), 3, 3)
futures += [full.submit(hold) for _ in range(5)]

partly = concurrent.futures.ThreadPoolExecutor(4)
for future in [partly.submit(threading.Event().wait, 0.2) for _ in range(4)]:
    future.result()
# through the end of the queue's array, and around
for _ in range(100):
    partly.submit(int).result()
partly.submit(hold)
started.acquire()
say("pool", "partly", id(partly._work_queue), len(partly._threads), 1)

closing = concurrent.futures.ThreadPoolExecutor(1)
closing.submit(hold)
started.acquire()
closing.shutdown(wait=False)
say("pool", "closing", id(closing._work_queue), 1, 1)


async def wait(event):
    await event.wait()


async def main():
    event = asyncio.Event()
    tasks = [asyncio.ensure_future(wait(event)) for _ in range(50)]
    await asyncio.sleep(0.05)
    say("tasks", "all", len(asyncio.all_tasks()))
    ready()
    await event.wait()
    del tasks


asyncio.run(main())
