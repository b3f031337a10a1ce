# SPDX-License-Identifier: GPL-2.0-or-later
"""deep.py [stalls N]: stands in deep stacks of functions, generators, coroutines, callbacks of C
functions and code made at run time, in two threads, at other places all the time. Says READY;
ends with its standard input.

stalls N: an asyncio program instead, of whose turns, once something was read, N block somewhere
deep. What its frames are is printed right before each: STALL {"nr", "start_ns", "stack": [[fn,
file, line]]}, innermost first; DONE after them.
"""

import asyncio
import functools
import json
import os
import random
import re
import sys
import threading
import time

NAP = 0.004
stalls = 0
may_stall = threading.Event()


def say(word, value=None):
    sys.stdout.write(word + (" " + json.dumps(value) if value is not None else "") + "\n")
    sys.stdout.flush()


def own_stack(frame):
    found = []
    while frame is not None:
        code = frame.f_code
        found.append([getattr(code, "co_qualname", code.co_name), code.co_filename, frame.f_lineno])
        frame = frame.f_back
    return found


def stall():
    global stalls
    stalls -= 1
    say("STALL", {"nr": stalls, "start_ns": time.monotonic_ns(), "stack": own_stack(sys._getframe())}); time.sleep(0.13)  # noqa: E702


def bottom(choose):
    if stalls:
        stall()
        return
    way = choose.randrange(3)
    if way == 0:
        time.sleep(NAP)
    elif way == 1:
        end = time.monotonic() + NAP
        while time.monotonic() < end:
            sum(range(100))
    else:
        sorted(range(20000), key=lambda number: -number)


def by_recursion(depth, choose, rounds=4):
    if rounds:
        by_recursion(depth, choose, rounds - 1)
    else:
        descend(depth, choose)


def by_sort(depth, choose):
    once = []

    def key(value):
        if not once:
            once.append(value)
            descend(depth, choose)
        return value

    sorted([3, 1, 2], key=key)


def by_substitution(depth, choose):
    re.sub("b", lambda match: descend(depth, choose) or match.group(), "abc")


def numbers(depth, choose):
    yield 1
    descend(depth, choose)
    yield 2


def by_generator(depth, choose):
    def outer():
        yield from numbers(depth, choose)

    return sum(outer())


async def innermost(depth, choose):
    descend(depth, choose)


async def awaiting(depth, choose, rounds):
    if rounds:
        await awaiting(depth, choose, rounds - 1)
    else:
        await innermost(depth, choose)


def by_coroutine(depth, choose):
    try:
        awaiting(depth, choose, 3).send(None)
    except StopIteration:
        pass


class Thing:
    def __init__(self, depth, choose):
        self.depth, self.choose = depth, choose

    @property
    def value(self):
        descend(self.depth, self.choose)
        return 1

    def __add__(self, other):
        return self.value

    def __lt__(self, other):
        return bool(self + other)

    @staticmethod
    def compare(thing):
        return thing < 1

    @classmethod
    def run(cls, depth, choose):
        return max(map(cls.compare, [cls(depth, choose)]))


def by_class(depth, choose):
    Thing.run(depth, choose)


def by_partial(depth, choose):
    functools.reduce(lambda total, one: total + (one() or 0), [functools.partial(descend, depth, choose)], 0)


# It stays: code that is gone before anyone asked for its name has none.
MADE = compile(
    "def made_up(depth, choose):\n    return [descend(d, choose) for d in [depth]]\nmade_up(depth, choose)\n",
    "<made>",
    "exec",
)


def by_exec(depth, choose):
    exec(MADE, {"descend": descend, "depth": depth, "choose": choose})


WAYS = [by_recursion, by_sort, by_substitution, by_generator, by_coroutine, by_class, by_partial, by_exec]


def descend(depth, choose):
    if depth <= 0:
        bottom(choose)
    else:
        choose.choice(WAYS)(depth - 1, choose)


def forever(seed):
    choose = random.Random(seed)
    while True:
        descend(choose.randrange(1, 7), choose)


def end_with_input():
    while os.read(0, 100):
        may_stall.set()
    os._exit(0)


async def loop():
    choose = random.Random(1)
    for _ in range(30):
        await asyncio.sleep(0.01)
    say("READY")
    while stalls:
        await asyncio.sleep(0.03)
        if may_stall.is_set():
            descend(choose.randrange(1, 7), choose)
    say("DONE")
    while True:
        await asyncio.sleep(0.02)


def main():
    global stalls
    threading.Thread(target=end_with_input, daemon=True).start()
    if sys.argv[1:2] == ["stalls"]:
        stalls = int(sys.argv[2])
        asyncio.run(loop())
    threading.Thread(target=forever, args=(2,), daemon=True).start()
    say("READY")
    forever(1)


main()
