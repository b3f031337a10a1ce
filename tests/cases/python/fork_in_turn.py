# SPDX-License-Identifier: GPL-2.0-or-later
# fork_in_turn.py pool|process|each|uvloop
# asyncio; children are forked within a turn of the loop, and have the loop's frames at the
# outer end of their stacks for good. They run no loop.
# pool: a ProcessPoolExecutor's two workers; they wait for work, or sleep 700 ms as their job.
# process: a multiprocessing.Process that handles a job of 300 ms, waits 300 ms at its pipe.
# each: os.fork() in a task each 200 ms; the child sleeps 800 ms, and ends.
# uvloop: as each, on uvloop.
# Right: no stall, neither at the parent nor at a child.
import asyncio
import concurrent.futures
import multiprocessing
import os
import signal
import sys
import time

from truth import Pulse

kind = sys.argv[1]
fork = multiprocessing.get_context("fork")


def job():
    time.sleep(0.7)


def worker(reader):
    while True:
        reader.poll(0.3)
        time.sleep(0.3)


async def use_pool():
    pool = concurrent.futures.ProcessPoolExecutor(2, mp_context=fork)
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.gather(*(loop.run_in_executor(pool, job) for _ in range(2)))
        await asyncio.sleep(0.3)


async def use_process():
    reader, writer = fork.Pipe()
    fork.Process(target=worker, args=(reader,), daemon=True).start()
    await asyncio.sleep(1000)
    writer.close()


async def fork_each():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        if os.fork() == 0:
            time.sleep(0.8)
            os._exit(0)
        await asyncio.sleep(0.2)


async def main():
    chosen = {"pool": use_pool, "process": use_process}.get(kind, fork_each)
    task = asyncio.create_task(chosen())
    pulse = Pulse(0.05)
    while not task.done():
        await asyncio.sleep(0.05)
        pulse()
    await task


if kind == "uvloop":
    import uvloop

    uvloop.install()
asyncio.run(main())
