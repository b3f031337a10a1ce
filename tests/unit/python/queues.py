# SPDX-License-Identifier: GPL-2.0-or-later
"""Asyncio loops that have something to do, and one that has not: one timer each second from 100 s on, if not cancelled."""
import asyncio
import time

from report import block, ready, say, start, wait_blocked


def busy():
    loop = asyncio.new_event_loop()
    now = loop.time()
    timers = [loop.call_later(100 + number, print) for number in range(10)]
    timers[3].cancel()
    timers[8].cancel()
    loop.call_soon(block)
    for _ in range(5):
        loop.call_soon(print)
    say("loop", "busy", id(loop), round(now * 1e9))
    loop.run_forever()


def full():
    loop = asyncio.new_event_loop()
    for number in range(1000):
        loop.call_later(100 + number, print)
    loop.call_soon(block)
    say("loop", "full", id(loop))
    loop.run_forever()


def idle():
    loop = asyncio.new_event_loop()
    loop.call_soon(block)
    say("loop", "idle", id(loop))
    loop.run_forever()


for function in (busy, full, idle):
    start(function.__name__, function)
wait_blocked(3)
ready()
