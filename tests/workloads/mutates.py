# SPDX-License-Identifier: GPL-2.0-or-later
"""Rewrites its own interpreter's memory while it is read: mutates.py SECONDS

A loop in another thread blocks for good. What only a reader from outside looks
at meanwhile - the frames of that thread, their code's names and line tables,
the tasks of its loop - gets pointers to nowhere, to itself, to something else,
and is put right again, a thousand times a second. The main thread is as it is.
"""
import asyncio
import ctypes
import gc
import os
import random
import sys
import threading
import time

NEVER = threading.Lock()
NEVER.acquire()
TASKS = []
WORD = 8


def blocks_for_good(depth):
    if depth:
        return blocks_for_good(depth - 1)
    NEVER.acquire()


async def waits(event):
    await event.wait()


async def main():
    event = asyncio.Event()
    TASKS.extend(asyncio.get_running_loop().create_task(waits(event)) for _ in range(200))
    await asyncio.sleep(0.05)
    blocks_for_good(20)


def words(address, nr):
    return [(address + at * WORD) for at in range(nr)]


def peek(address):
    return ctypes.c_uint64.from_address(address).value


def poke(address, value):
    ctypes.c_uint64.from_address(address).value = value


def places(frame):
    """Addresses of words that the interpreter itself does not need as long as the thread is blocked."""
    found = []
    code = frame.f_code
    while frame:
        # PyFrameObject: f_frame behind f_back from 3.11 on, before the fields themselves
        inner = peek(id(frame) + 24)
        found += words(inner if sys.version_info >= (3, 11) else id(frame) + 24, 10)
        frame = frame.f_back
    if sys.version_info >= (3, 11):
        found += words(id(code) + 112, 4)  # file, name, qualified name, lines
    for task in TASKS:
        found += words(id(task) + 16, 18)
    return found


def value_for(address):
    kind = random.randrange(7)
    if kind == 0:
        return 0
    if kind == 1:
        return address
    if kind == 2:
        return id(TASKS[random.randrange(len(TASKS))]) + WORD * random.randrange(20)
    if kind == 3:
        return random.getrandbits(64)
    if kind == 4:
        return random.getrandbits(47)
    if kind == 5:
        return peek(address) ^ (1 << random.randrange(48))
    return 0xFFFF888000000000


def mutate(found, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        some = [found[random.randrange(len(found))] for _ in range(40)]
        was = [(address, peek(address)) for address in some]
        for address, _ in was:
            poke(address, value_for(address))
        ctypes.CDLL(None).usleep(700)
        for address, value in reversed(was):
            poke(address, value)
        ctypes.CDLL(None).usleep(300)


def start():
    gc.disable()
    loop = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    loop.start()
    time.sleep(0.5)
    found = places(sys._current_frames()[loop.ident])
    print("READY", flush=True)
    sys.stdin.readline()
    mutate(found, float(sys.argv[1]))
    print("DONE", flush=True)
    sys.stdin.readline()
    os._exit(0)


start()
