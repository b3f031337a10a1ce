# SPDX-License-Identifier: GPL-2.0-or-later
"""Loops within loops, beside loops, and woken by other means than timers."""

import asyncio
import asyncio.events
import os
import signal
import threading
import time

from workload import libc, pattern, patterns, say, scenario


@pattern("nested")
def block_nested(run):
    """Runs a second loop to its end while the first one waits."""
    outer = asyncio.events._get_running_loop()
    asyncio.events._set_running_loop(None)
    inner = asyncio.new_event_loop()
    try:
        inner.run_until_complete(asyncio.sleep(run.seconds))  # blocks
    finally:
        inner.close()
        asyncio.events._set_running_loop(outer)


@scenario("reenter")
async def reenter(run):
    """What nest_asyncio does: the same loop goes on inside a coroutine, so nothing waits for it."""
    loop = asyncio.get_running_loop()
    for _ in range(run.count):
        await asyncio.sleep(run.gap)
        current = asyncio.current_task()
        other = loop.create_task(asyncio.sleep(run.seconds))
        asyncio.tasks._leave_task(loop, current)
        try:
            while not other.done():
                loop._run_once()
        finally:
            asyncio.tasks._enter_task(loop, current)


@scenario("wakeups")
async def wakeups(run):
    """A thread, a signal and an eventfd wake the loop; what they leave is read at once."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    seen = []
    loop.add_signal_handler(signal.SIGUSR2, lambda: seen.append("signal"))
    eventfd = libc.eventfd(0, 0)
    loop.add_reader(eventfd, lambda: seen.append(os.read(eventfd, 8)))

    def disturb():
        for _ in range(50):
            time.sleep(0.003)
            loop.call_soon_threadsafe(seen.append, "thread")
            os.kill(os.getpid(), signal.SIGUSR2)
            os.write(eventfd, (1).to_bytes(8, "little"))
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=disturb, daemon=True).start()
    await ended.wait()
    loop.remove_reader(eventfd)
    os.close(eventfd)
    say("FACT", {"wakeups": len(seen)})


@scenario("native")
async def native(run):
    """Waits as asyncio means them: all of them leave the loop free."""
    lock = asyncio.Lock()

    async def hold():
        async with lock:
            await asyncio.sleep(run.seconds)

    async def answer(reader, writer):
        await reader.read(1)
        await asyncio.sleep(run.seconds)
        writer.write(b"x")
        writer.close()

    async def ask(port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"x")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    child = await asyncio.create_subprocess_exec("sleep", str(run.seconds))
    await asyncio.gather(
        hold(),
        hold(),
        ask(server.sockets[0].getsockname()[1]),
        child.wait(),
        asyncio.get_running_loop().getaddrinfo("localhost", 80),
    )
    server.close()


def two_more_loops(run):
    """Loops in two more threads: one blocks, the other one ticks."""
    run.state = threading.Event()

    async def blocker():
        while not run.state.is_set():
            await asyncio.sleep(0.02)
        for _ in range(run.count):
            await asyncio.sleep(run.gap)
            await asyncio.get_running_loop().create_task(block_here())

    async def block_here():
        run.begin()
        patterns["sleep"].block(run)
        run.end(patterns["sleep"])

    async def ticker():
        while True:
            await asyncio.sleep(0.01)

    for name, work in (("blocker", blocker), ("ticker", ticker)):
        thread = threading.Thread(target=lambda work=work: asyncio.run(work()), daemon=True, name=name)
        thread.start()
        say("FACT", {name + "_tid": thread.native_id})
        run.threads = getattr(run, "threads", []) + [thread]


@scenario("loops", setup=two_more_loops)
async def loops(run):
    run.state.set()
    while run.threads[0].is_alive():
        await asyncio.sleep(0.05)
