# SPDX-License-Identifier: GPL-2.0-or-later
# two_loops.py
# Two asyncio loops in two threads of one process. The first waits 250 ms for a coroutine of
# the second, by result(): it stalls, the second does not.
# Right: one stall each time, lock, in ask.
import asyncio
import threading
import time

from truth import truth

second = asyncio.new_event_loop()


def run_second():
    async def ticks():
        while True:
            await asyncio.sleep(0.02)

    second.create_task(ticks())
    second.run_forever()


def ask():
    with truth("lock"):
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0.25), second).result()


async def main():
    while True:
        for _ in range(25):
            await asyncio.sleep(0.02)
        ask()


threading.Thread(target=run_second, daemon=True).start()
time.sleep(0.1)
asyncio.run(main())
