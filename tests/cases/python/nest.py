# SPDX-License-Identifier: GPL-2.0-or-later
# nest.py start|later [innocent]
# nest_asyncio, applied before the loop runs or within it. Task `outer` runs inner() to its
# end by asyncio.run() within a task; inner awaits 200 ms, sleeps 300 ms, awaits 200 ms. While
# it awaits, a tick goes on: no stall. With "innocent" it does not sleep.
# Right: sleep, 300 ms, inner; nothing of the nested awaits.
import asyncio
import sys
import time

import nest_asyncio

from truth import Pulse, truth

if sys.argv[1] == "start":
    nest_asyncio.apply()


async def inner():
    await asyncio.sleep(0.2)
    if "innocent" not in sys.argv:
        with truth("sleep"):
            time.sleep(0.3)
    await asyncio.sleep(0.2)


async def outer():
    while True:
        await asyncio.sleep(0.3)
        asyncio.run(inner())


async def main():
    await asyncio.sleep(0.3)
    if sys.argv[1] == "later":
        nest_asyncio.apply()
    asyncio.create_task(outer(), name="outer")
    pulse = Pulse(0.02)
    while True:
        await asyncio.sleep(0.02)
        pulse()


asyncio.run(main())
