# SPDX-License-Identifier: GPL-2.0-or-later
"""Blocks a loop again and again, each time called in another way, and says what is on the stack.

POINT NAME\tFRAMES, innermost first, as the interpreter itself sees them: "fn@file:line" joined by
"|". A function called callback() is called by C code, one called plain() is not.
"""
import asyncio
import ctypes
import functools
import importlib.abc
import importlib.machinery
import itertools
import json
import operator
import re
import signal
import sys
import time

SECONDS = float(sys.argv[1])
POINTS = []


def point(function):
    POINTS.append((function.__name__, function))
    return function


def block(*_args):
    """Says what is true while it sleeps."""
    frames, frame = [], sys._getframe(1)
    while frame:
        code = frame.f_code
        frames.append("%s@%s:%d" % (getattr(code, "co_qualname", code.co_name), code.co_filename, frame.f_lineno))
        frame = frame.f_back
    frames.insert(0, "block@%s:%d" % (__file__, SLEEP_LINE))
    print("POINT %s\t%s" % (block.point, "|".join(frames)), flush=True)
    time.sleep(SECONDS)  # blocks
    return 0


with open(__file__) as source:
    SLEEP_LINE = next(n for n, line in enumerate(source, 1) if line.endswith("# blocks\n"))


def callback(*args):
    return block(*args)


def plain(*args):
    return block(*args)


# --- Called by Python -----------------------------------------------------------------------------


@point
def directly():
    block()


@point
def by_python():
    plain()


@point
def recursion(depth=40):
    recursion(depth - 1) if depth else plain()


@point
def deep_recursion():
    recursion(95)


@point
def keywords():
    (lambda *args, **more: plain(*args))(1, 2, three=3)


@point
def several_lines():
    plain(
        1,
        operator.add(
            1,
            2,
        ),
    )


@point
def comprehension():
    return [plain() for _ in range(1)]


@point
def nested_comprehension():
    return {k: [plain() for _ in range(1)] for k in range(1)}


@point
def by_finally():
    try:
        pass
    finally:
        plain()


@point
def by_except():
    try:
        raise ValueError
    except ValueError:
        plain()


@point
def class_body():
    class Body:
        value = plain()

    return Body


class Made:
    def __init__(self, blocks):
        if blocks:
            plain()


@point
def made_often():
    """From 3.11 on the interpreter has a way of its own to make instances, if it does that often."""
    for i in range(60):
        Made(i == 59)


class Attributes:
    @property
    def value(self):
        return plain()

    def __getattr__(self, name):
        return plain()

    def __getitem__(self, key):
        return plain()

    def __add__(self, other):
        return plain()

    def __call__(self):
        return plain()

    def __enter__(self):
        plain()

    def __exit__(self, *_):
        pass

    def __len__(self):
        return plain()


@point
def by_property():
    return Attributes().value


@point
def by_property_often():
    class Often:
        @property
        def value(self):
            return plain() if self.blocks else 0

    often = Often()
    for i in range(60):
        often.blocks = i == 59
        often.value


@point
def by_getattr():
    return Attributes().nothing


@point
def by_getitem():
    return Attributes()[1]


@point
def by_operator():
    return Attributes() + 1


@point
def by_call():
    return Attributes()()


@point
def by_with():
    with Attributes():
        pass


@point
def by_len():
    return len(Attributes())


# What ends while it is told of may have lost its name: these stay.
EXECUTED = compile("plain()", "executed.py", "exec")
EVALUATED = compile("plain()", "evaluated.py", "eval")


# --- Called by C ----------------------------------------------------------------------------------


@point
def by_reduce():
    functools.reduce(callback, [1, 2])


@point
def by_sorted():
    sorted([1], key=callback)


@point
def by_max():
    max([1, 2], key=lambda x: plain() if x == 2 else 0)


@point
def by_map():
    list(map(callback, [1]))


@point
def by_partial():
    functools.partial(callback, 1)()


@point
def by_cache():
    functools.lru_cache(callback)(1)


@point
def by_starmap():
    list(itertools.starmap(callback, [(1,)]))


@point
def by_re():
    re.sub("a", lambda match: str(plain()), "a")


@point
def by_exec():
    exec(EXECUTED, {"plain": plain})


@point
def by_eval():
    eval(EVALUATED, {"plain": plain})


@point
def by_json():
    json.dumps([object()], default=callback)


@point
def by_json_hook():
    json.loads('{"a": 1}', object_hook=callback)


@point
def by_ctypes():
    compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(callback)
    numbers = (ctypes.c_int * 2)(1, 2)
    ctypes.CDLL(None).qsort(numbers, 2, ctypes.sizeof(ctypes.c_int), compare)


try:
    import sqlite3

    @point
    def by_sqlite():
        database = sqlite3.connect(":memory:")
        database.create_function("f", 0, callback)
        database.execute("select f()").fetchall()
except ImportError:
    pass


@point
def by_signal():
    signal.signal(signal.SIGUSR1, callback)
    signal.raise_signal(signal.SIGUSR1)


@point
def by_import():
    class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
        def find_spec(self, name, path, target=None):
            return importlib.machinery.ModuleSpec(name, self) if name == "no_such_file" else None

        def create_module(self, spec):
            return None

        def exec_module(self, module):
            plain()

    sys.meta_path.insert(0, Finder())
    import no_such_file  # noqa: F401

    del sys.meta_path[0], sys.modules["no_such_file"]


@point
def by_del():
    class Dies:
        def __del__(self):
            plain()

    Dies()


@point
def in_and_out():
    functools.reduce(lambda a, b: sorted([b], key=lambda c: functools.reduce(callback, [c, c])), [1, 2])


@point
def recursion_by_c(depth=20):
    functools.reduce(lambda a, b: recursion_by_c(depth - 1) if depth else plain(), [1, 2])


# --- Generators and coroutines --------------------------------------------------------------------


def generates():
    yield plain()


def delegates(depth):
    if depth:
        yield from delegates(depth - 1)
    else:
        yield from generates()


@point
def by_for():
    for _ in generates():
        pass


@point
def by_yield_from():
    for _ in delegates(5):
        pass


@point
def by_list():
    list(delegates(2))


@point
def generator_expression():
    return sum(plain() for _ in range(1))


@point
def by_send():
    def receives():
        yield (yield)
        plain()

    generator = receives()
    next(generator)
    generator.send(1)
    next(generator, None)


async def awaits(depth):
    if depth:
        await awaits(depth - 1)
    else:
        await asyncio.sleep(0)
        plain()


@point
async def coroutine():
    plain()


@point
async def chain():
    await awaits(0)


@point
async def long_chain():
    await awaits(20)


async def numbers():
    await asyncio.sleep(0)
    yield plain()


@point
async def async_for():
    async for _ in numbers():
        pass


@point
async def async_comprehension():
    return [n async for n in numbers()]


class Manager:
    async def __aenter__(self):
        await awaits(1)

    async def __aexit__(self, *_):
        await asyncio.sleep(0)
        plain()


@point
async def async_with():
    async with Manager():
        pass


class Awaitable:
    def __await__(self):
        yield from awaits(2).__await__()


@point
async def by_await_method():
    await Awaitable()


@point
async def by_gather():
    await asyncio.gather(awaits(1), asyncio.sleep(0))


@point
async def by_task():
    await asyncio.ensure_future(awaits(3))


@point
async def by_wait_for():
    await asyncio.wait_for(awaits(1), 60)


@point
async def by_callback():
    done = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(lambda: done.set_result(plain()))
    await done


@point
async def by_async_generator_close():
    async def opens():
        try:
            yield 1
        finally:
            plain()

    generator = opens()
    await generator.__anext__()
    await generator.aclose()


# --- One after the other --------------------------------------------------------------------------


async def main():
    await asyncio.sleep(0.05)
    print("READY", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    for name, function in POINTS:
        await asyncio.sleep(0.002)
        block.point = name
        if asyncio.iscoroutinefunction(function):
            await function()
        else:
            function()
        await asyncio.sleep(0.002)
    print("DONE", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


if sys.version_info >= (3, 14):
    import warnings

    warnings.simplefilter("ignore")  # asyncio.iscoroutinefunction() goes
asyncio.run(main())
