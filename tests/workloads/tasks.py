# SPDX-License-Identifier: GPL-2.0-or-later
"""asyncio tasks in every state, and what the program itself sees of them.

    tasks.py                 says what it sees, then holds still inside a task
    tasks.py many COUNT      that many tasks that await; then its loop is idle
    tasks.py churn           tasks come and go as fast as they can

Lines of fields separated by tabs:

    task  NAME  STATE  CHAIN  AWAITS  THREAD

CHAIN is FUNCTION@FILE:LINE, outermost first, joined by ">". A line "ready" ends
them. The program ends with its standard input.
"""

import asyncio
import contextlib
import gc
import inspect
import os
import socket
import sys
import threading
import types

AWAITS = {}
KEPT = []


def say(*fields):
    sys.stdout.write("\t".join(str(field) for field in fields) + "\n")
    sys.stdout.flush()


def spawn(name, coro, awaits, task_type=None):
    loop = asyncio.get_event_loop()
    task = task_type(coro, loop=loop) if task_type else loop.create_task(coro)
    if name:
        task.set_name(name)
    AWAITS[task] = awaits
    KEPT.append(task)
    return task


# --- What the interpreter says ----------------------------------------------------------------


def awaited(thing):
    """(frame, qualified name, what it awaits) of a coroutine of any kind, or None."""
    for prefix, inner in (("cr", "cr_await"), ("gi", "gi_yieldfrom"), ("ag", "ag_await")):
        if hasattr(thing, inner) and type(thing).__name__ in ("coroutine", "generator", "async_generator"):
            return getattr(thing, prefix + "_frame"), thing.__qualname__, getattr(thing, inner)
    return None


def unwrap(thing):
    """Objects that only stand for a coroutine do not say for which."""
    while type(thing).__name__ in (
        "coroutine_wrapper",
        "async_generator_asend",
        "async_generator_athrow",
        "anext_awaitable",
    ):
        inner = [
            other
            for other in gc.get_referents(thing)
            if type(other).__name__ in ("coroutine", "generator", "async_generator", "async_generator_asend")
        ]
        if not inner:
            return None
        thing = inner[0]
    return thing


def chain_of(task):
    links = []
    thing = unwrap(task.get_coro())
    while thing is not None and awaited(thing):
        frame, name, thing = awaited(thing)
        if frame is None:
            break
        links.append("%s@%s:%d" % (name, frame.f_code.co_filename, frame.f_lineno))
        thing = unwrap(thing)
    return links


def state_of(task):
    if task.cancelled():
        return "cancelled"
    if task.done():
        return "done"
    waiter = task._fut_waiter
    return "ready" if waiter is None or waiter.done() else "pending"


def hold(task):
    """Says what is true from now on, as the innermost function of the task that runs."""
    frames, frame = [], sys._getframe()
    while frame is not task.get_coro().cr_frame:
        frames.append(frame)
        frame = frame.f_back
    frames.append(frame)
    links = ["%s@%s:%d" % (f.f_code.co_name, f.f_code.co_filename, f.f_lineno) for f in reversed(frames)]
    first = hold.__code__.co_firstlineno
    links[-1] = "hold@%s:%d" % (__file__, first + len(inspect.getsource(hold).splitlines()) - 1)
    links[0] = "%s@%s" % (task.get_coro().__qualname__, links[0].partition("@")[2])
    for other in list(KEPT) + [task]:
        running = other is task
        state = "running" if running else state_of(other)
        if other.done() and sys.version_info >= (3, 14):
            continue  # the interpreter keeps no list of those
        loop = other.get_loop()
        say(
            "task",
            other.get_name(),
            state,
            ">".join(links if running else chain_of(other) if state in ("pending", "ready") else []),
            "-" if running else AWAITS[other],
            getattr(loop, "_thread_id", 0) or 0,
        )
    say("ready")
    sys.stdin.readline()


# --- The tasks ----------------------------------------------------------------------------------


class Deep:
    def __init__(self, event):
        self.event = event

    async def outer(self):
        await self.middle()

    async def middle(self):
        for _ in range(2):
            await self.inner()

    async def inner(self):
        await self.event.wait()


@types.coroutine
def by_generator(event):
    for _ in [1]:
        yield from event.wait()


async def through_generator(event):
    await by_generator(event)


class Awaitable:
    """Awaited by a generator of its own."""

    def __init__(self, inner):
        self.inner = inner

    def __await__(self):
        yield from self.inner.__await__()


class Delegates:
    """Awaited by what another coroutine gives for that."""

    def __init__(self, inner):
        self.inner = inner

    def __await__(self):
        return self.inner.__await__()


async def awaits_object(thing):
    return await thing


async def numbers(event):
    yield 1
    await event.wait()
    yield 2


async def reads_numbers(event):
    async for _ in numbers(event):
        pass


@contextlib.asynccontextmanager
async def managed(event):
    await event.wait()
    yield


async def enters(event):
    async with managed(event):
        pass


async def holds_generator():
    for _ in (i for i in range(1 << 30)):
        await bare_yield()


@types.coroutine
def bare_yield():
    """What lies on its stack when it yields is a generator that it does not await."""
    for _ in (i for i in range(1 << 30)):
        yield


async def recursive(depth, event):
    if depth:
        await recursive(depth - 1, event)
    else:
        await event.wait()


async def at_once():
    return 1


class MyTask(asyncio.Task):
    pass


async def takes(lock):
    async with lock:
        pass


async def waits_on(condition):
    async with condition:
        await condition.wait()


async def every_kind():
    loop = asyncio.get_event_loop()
    event, lock, full = asyncio.Event(), asyncio.Lock(), asyncio.Queue(1)
    await lock.acquire()
    full.put_nowait(1)
    semaphore = asyncio.Semaphore(0)
    a, b = socket.socketpair()
    reader, _writer = await asyncio.open_connection(sock=a)
    KEPT_ELSE.extend([b, _writer])
    sleeper = spawn("sleeper", asyncio.sleep(3600.5), "sleep")
    spawn("whole seconds", asyncio.sleep(3600), "sleep")
    spawn("deep", Deep(event).outer(), "event")
    spawn("waits for a task", awaits_object(sleeper), "task sleeper")
    spawn("gathers", awaits_object(asyncio.gather(sleeper, loop.create_future())), "gather")
    spawn("lock", takes(lock), "lock")
    spawn("semaphore", takes(semaphore), "semaphore")
    spawn("condition", waits_on(asyncio.Condition()), "condition")
    spawn("get", asyncio.Queue().get(), "queue")
    spawn("put", full.put(2), "queue")
    spawn("future", awaits_object(loop.create_future()), "future")
    spawn("shield", awaits_object(asyncio.shield(sleeper)), "future")
    spawn("wait", asyncio.wait([sleeper]), "tasks")
    spawn("stream", reader.read(10), "stream")
    spawn("generator", through_generator(event), "event")
    spawn("awaitable", awaits_object(Awaitable(event.wait())), "event")
    spawn("delegates", awaits_object(Delegates(event.wait())), "event")
    spawn("async generator", reads_numbers(event), "event")
    spawn("context manager", enters(event), "event")
    spawn("yields", holds_generator(), "-")
    spawn("recursive", recursive(30, event), "event")
    spawn("", Deep(event).outer(), "event")
    spawn("t\u00e4sk \u2713 \U0001f40d", event.wait(), "event")
    spawn("of a class", event.wait(), "event", MyTask)
    spawn("is done", at_once(), "-")
    cancelled = spawn("is cancelled", event.wait(), "-")
    if sys.version_info >= (3, 11):

        async def group():
            async with asyncio.TaskGroup() as tasks:
                AWAITS[tasks.create_task(event.wait(), name="in the group")] = "event"

        spawn("group", group(), "tasks")
    for _ in range(5):
        await asyncio.sleep(0)
    cancelled.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    for task in asyncio.all_tasks():
        if task not in KEPT and task is not asyncio.current_task():
            AWAITS.setdefault(task, "?")
            KEPT.append(task)
    spawn("not started", event.wait(), "-")
    hold(asyncio.current_task())


KEPT_ELSE = []


def idle_loop(started):
    """A loop in another thread, idle."""

    async def main():
        asyncio.current_task().set_name("main of the other loop")
        AWAITS[asyncio.current_task()] = "future"
        KEPT.append(asyncio.current_task())
        spawn("of the other loop", asyncio.sleep(3600), "sleep")
        await asyncio.sleep(0)
        asyncio.get_event_loop().call_later(0.05, started.set)
        await asyncio.get_event_loop().create_future()

    asyncio.new_event_loop().run_until_complete(main())


async def fetch(event):
    await event.wait()


async def worker(event):
    while True:
        await fetch(event)


async def many(count):
    event = asyncio.Event()
    KEPT.extend(asyncio.get_event_loop().create_task(worker(event)) for _ in range(count))
    await asyncio.sleep(0.05)
    say("ready")
    loop = asyncio.get_event_loop()
    loop.add_reader(0, loop.stop)


async def short(depth):
    if depth:
        await short(depth - 1)
    else:
        await asyncio.sleep(0)


async def short_lived(number):
    asyncio.current_task().set_name("short-%d" % number)
    for depth in range(5):
        await short(depth)


async def churn():
    event = asyncio.Event()
    for i in range(50):
        asyncio.get_event_loop().create_task(worker(event)).set_name("steady-%d" % i)
        KEPT.append(event)
    say("ready")
    loop = asyncio.get_event_loop()
    loop.add_reader(0, os._exit, 0)
    number = 0
    while True:
        await asyncio.gather(*[short_lived(number + i) for i in range(20)])
        number += 20


def main():
    mode = sys.argv[1] if len(sys.argv) > 1 else "kinds"
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    if mode == "many":
        loop.create_task(many(int(sys.argv[2])))
        loop.run_forever()
    elif mode == "churn":
        loop.run_until_complete(churn())
    else:
        started = threading.Event()
        threading.Thread(target=idle_loop, args=(started,), daemon=True, name="other").start()
        started.wait()
        loop.run_until_complete(every_kind())
    os._exit(0)


if __name__ == "__main__":
    main()
