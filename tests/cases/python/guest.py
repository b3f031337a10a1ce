# SPDX-License-Identifier: GPL-2.0-or-later
# guest.py
# A synchronous API on top of asyncio, as Playwright's: the loop runs in a greenlet of its own;
# each call of the API makes a task and switches there until it is done. In between the user's
# synchronous code sleeps 300 ms while asyncio's slot says that the loop runs.
# Right: no stall, or one with doubt: guest.
import asyncio
import time

import greenlet

loop = asyncio.new_event_loop()
main = greenlet.getcurrent()
pump = greenlet.greenlet(loop.run_forever)


def call(coroutine):
    """Runs it to its end while the caller waits."""
    caller = greenlet.getcurrent()
    task = loop.create_task(coroutine)
    task.add_done_callback(lambda _: caller.switch())
    while not task.done():
        pump.switch()
    return task.result()


async def navigate():
    await asyncio.sleep(0.05)
    await asyncio.sleep(0.05)


while True:
    call(navigate())
    time.sleep(0.3)
