# SPDX-License-Identifier: GPL-2.0-or-later
# greenlet_portal.py [uvloop]
# What greenback and its like do, with nothing but greenlet: synchronous code runs in a
# greenlet of the task and awaits by switching to its parent. Between two awaits it sleeps
# 250 ms: the loop stands still. While it awaits, nothing does.
# Right: sleep, 250 ms, legacy.
import asyncio
import sys
import time

import greenlet

from truth import Pulse, truth


def await_(awaitable):
    return greenlet.getcurrent().parent.switch(awaitable)


async def with_portal(function):
    child = greenlet.greenlet(function)
    awaitable = child.switch()
    while not child.dead:
        awaitable = child.switch(await awaitable)


def legacy():
    await_(asyncio.sleep(0.4))
    with truth("sleep"):
        time.sleep(0.25)
    await_(asyncio.sleep(0.2))


async def requests():
    while True:
        await with_portal(legacy)


async def main():
    asyncio.create_task(requests(), name="requests")
    pulse = Pulse(0.02)
    while True:
        await asyncio.sleep(0.02)
        pulse()


if "uvloop" in sys.argv:
    import uvloop

    uvloop.install()
asyncio.run(main())
