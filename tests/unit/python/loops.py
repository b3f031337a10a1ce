# SPDX-License-Identifier: GPL-2.0-or-later
"""Event loops in threads, each in another state."""
import _socket
import asyncio
import collections.abc
import selectors
import socket
import sys
import threading
import time
import types

from report import block, ready, report, say, start, wait_blocked


def loop_is(name, loop):
    say("loop", name, id(loop), getattr(loop._selector, "fileno", lambda: -1)())


def clock(name, which):
    say("clock", name, which, time.monotonic_ns())


class Service:
    async def handle(self):
        block()


def blocked(name, coro, task_name=None, loop=None, task_type=None):
    """A task that blocks. The name of one that has none is not asked for: asking makes it."""
    loop = loop or asyncio.new_event_loop()

    async def main():
        loop_is(name, loop)
        if task_type:
            task = task_type(coro, loop=loop)
        else:
            task = loop.create_task(coro)
        if task_name is not None:
            task.set_name(task_name)
        say("task", name, id(task), "?" if task_name is None else task.get_name(),
            getattr(coro, "__qualname__", type(coro).__name__))
        clock(name, "before")
        await task

    loop.run_until_complete(main())


def coro_after_clock(name):
    async def waits():
        clock(name, "after")
        block()

    return waits()


@types.coroutine
def by_generator():
    block()
    yield


async def innermost():
    block()


class Awaitable:
    """What await gets of it is a wrapper of the coroutine."""
    def __await__(self):
        return innermost().__await__()


async def middle(many, *more):
    local = [many, more]
    await Awaitable()
    return local


async def outermost():
    for _ in range(2):
        await middle(1, 2, 3)


class Wrapped(collections.abc.Coroutine):
    """A coroutine that is none of the interpreter's own, as Cython's are."""
    def send(self, _value):
        block()

    def throw(self, *_args):
        pass

    def __await__(self):
        return self


class MyTask(asyncio.Task):
    pass


class EmptySlots(asyncio.Task):
    __slots__ = ()


def idle(name, loop):
    """In its selector, or about to be."""
    async def main():
        loop_is(name, loop)
        await asyncio.sleep(3600)

    loop.run_until_complete(main())


def nested(name):
    outer = asyncio.new_event_loop()

    async def main():
        loop_is(name, outer)
        asyncio.events._set_running_loop(None)
        asyncio.new_event_loop().run_until_complete(asyncio.sleep(3600))

    outer.run_until_complete(main())


def handmade(name, thread=None):
    """As a greenlet's: it runs, and no frame of it shows."""
    loop = asyncio.new_event_loop()
    loop._thread_id = thread or threading.get_ident()
    asyncio.events._set_running_loop(loop)
    loop_is(name, loop)
    block()


def ended(name):
    """A loop has run here."""
    asyncio.new_event_loop().run_until_complete(asyncio.sleep(0))
    block()


def callback(name):
    loop = asyncio.new_event_loop()
    loop_is(name, loop)
    loop.call_soon(block)
    loop.run_forever()


def eager(name):
    """A task that starts before the one that made it has gone on."""
    loop = asyncio.new_event_loop()

    async def handle():
        task = asyncio.current_task()
        say("task", name, id(task), task.get_name(), handle.__qualname__)
        block()

    async def main():
        loop_is(name, loop)
        loop.set_task_factory(asyncio.eager_task_factory)
        await loop.create_task(handle(), name="eager")

    loop.run_until_complete(main())


class Counting(selectors.EpollSelector):
    def select(self, timeout=None):
        return super().select(timeout)


class Wrapping:
    def __init__(self):
        self._selector = selectors.EpollSelector()
        self.calls = 0

    def __getattr__(self, name):
        return getattr(self._selector, name)

    def select(self, timeout=None):
        self.calls += 1
        return self._selector.select(timeout)


class BlockingSelect(selectors.EpollSelector):
    """Its select does something else than wait."""
    def select(self, timeout=None):
        block()


class OwnRunOnce(asyncio.SelectorEventLoop):
    def _run_once(self):
        super()._run_once()


class ManyAttributes(asyncio.SelectorEventLoop):
    """Too many for attributes that are kept in the object."""
    def __init__(self):
        for i in range(100):
            setattr(self, "attribute%d" % i, i)
        super().__init__()


def own_dict():
    loop = asyncio.new_event_loop()
    loop.__dict__["more"] = 1
    return loop


def swapped_dict():
    loop = asyncio.new_event_loop()
    loop.__dict__ = dict(loop.__dict__)
    return loop


def no_loop():
    block()


def resolve(host):
    socket.getaddrinfo(host, 80)


count = 0


def also(name, function, *args):
    global count
    count += 1
    start(name, function, name, *args)


_socket.getaddrinfo = block

also("method", blocked, Service().handle(), "wörker-数-\U0001f40d")
also("chain", blocked, outermost(), "chain")
also("clocked", blocked, coro_after_clock("clocked"), "clocked task")
also("unnamed", blocked, Service().handle())
also("long", blocked, Service().handle(), "n" * 5000)
if sys.version_info < (3, 12):
    also("generator", blocked, by_generator(), "by generator")
also("wrapped", blocked, Wrapped(), "wrapped")
also("subclass", blocked, Service().handle(), "sub", None, MyTask)
also("slots", blocked, Service().handle(), "slots", None, EmptySlots)
also("pure", blocked, Service().handle(), "pure", None, asyncio.tasks._PyTask)
also("own_run_once", blocked, Service().handle(), "own", OwnRunOnce())
also("many", blocked, Service().handle(), "many", ManyAttributes())
also("own_dict", blocked, Service().handle(), "dict", own_dict())
also("swapped_dict", blocked, Service().handle(), "dict", swapped_dict())
if sys.version_info >= (3, 12):
    also("eager", eager)
also("callback", callback)
also("handmade", handmade)
also("other_thread", handmade, 4096)
also("ended", ended)
also("blocking_select", idle, asyncio.SelectorEventLoop(BlockingSelect()))
start("no_loop", no_loop)
start("resolve_text", resolve, "db.example.org")
start("resolve_bytes", resolve, b"bytes.example")
start("resolve_none", resolve, None)
start("resolve_wide", resolve, "b\u00fccher.example")
wait_blocked(count + 5)

start("idle", idle, "idle", asyncio.new_event_loop())
start("counting", idle, "counting", asyncio.SelectorEventLoop(Counting()))
start("wrapping", idle, "wrapping", asyncio.SelectorEventLoop(Wrapping()))
start("poll", idle, "poll", asyncio.SelectorEventLoop(selectors.PollSelector()))
start("nested", nested, "nested")
time.sleep(0.3)
report()
ready()
