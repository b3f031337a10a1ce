# SPDX-License-Identifier: GPL-2.0-or-later
"""Sleeps in their shapes."""

import asyncio
import select
import time

from workload import pattern, say, scenario


@pattern("sleep")
def block_sleep(run):
    time.sleep(run.seconds)  # blocks


@pattern("select-sleep")
def block_select_sleep(run):
    select.select([], [], [], run.seconds)  # blocks


@pattern("poll-sleep")
def block_poll_sleep(run):
    select.poll().poll(run.seconds * 1000)  # blocks


@pattern("small-sleeps")
def block_small_sleeps(run):
    for _ in range(60):
        time.sleep(0.003)  # blocks
    run.note(sleeps=60)


async def nap(run):
    run.note(tasks=run.notes.get("tasks", []) + [asyncio.current_task().get_name()])
    time.sleep(run.seconds)


@scenario("gather")
async def gather_naps(run):
    """Two coroutines that block, in one turn of the loop."""
    for _ in range(run.count):
        await asyncio.sleep(run.gap)
        asyncio.get_running_loop().call_soon(run.begin)
        await asyncio.gather(nap(run), nap(run))
        run.end()


@scenario("successors")
async def successors(run):
    """After a task that blocked come others at once, which may have its memory."""
    loop = asyncio.get_running_loop()
    later = []

    async def victim():
        run.begin()
        time.sleep(run.seconds)
        run.end()

    async def successor():
        await asyncio.sleep(60)

    def create_successors(_):
        for number in range(200):
            later.append(loop.create_task(successor()))
            later[-1].set_name("successor-%d" % number)

    for number in range(run.count):
        await asyncio.sleep(run.gap)
        task = loop.create_task(victim())
        task.set_name("victim-%d" % number)
        task.add_done_callback(create_successors)
        del task
        await asyncio.sleep(run.gap)
    for task in later:
        task.cancel()


@scenario("small-tasks")
async def many_small_tasks(run):
    """A turn of many tasks, each of which blocks for a little."""

    async def small():
        time.sleep(0.003)

    for _ in range(run.count):
        await asyncio.sleep(run.gap)
        loop = asyncio.get_running_loop()
        loop.call_soon(run.begin)
        tasks = [loop.create_task(small()) for _ in range(60)]
        loop.call_soon(run.end)
        await asyncio.wait(tasks)


def sleep_before_loop(run):
    say("FACT", {"starting": True})
    time.sleep(run.seconds)


@scenario("startup-sleep", setup=sleep_before_loop)
async def nothing_more(run):
    """Blocks before the loop's first wait, which is judged by no one."""
    await asyncio.sleep(run.gap)


@scenario("idle")
async def stay_idle(run):
    await asyncio.sleep(run.seconds)


@scenario("timers")
async def short_timers(run):
    """A healthy loop: many short waits."""
    for _ in range(run.count):
        await asyncio.sleep(0.002)


@scenario("spin")
async def spin(run):
    """Every wait has a timeout of 0 and returns at once."""
    end = time.monotonic() + run.seconds
    while time.monotonic() < end:
        await asyncio.sleep(0)
