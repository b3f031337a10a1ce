# SPDX-License-Identifier: GPL-2.0-or-later
# greenlet_sqlalchemy.py [cpu] [uvloop]
# SQLAlchemy's AsyncEngine on aiosqlite. Task `report` awaits con.run_sync(build); build runs
# in SQLAlchemy's greenlet on the loop's thread, and sleeps (computes) 300 ms there.
# Right: sleep (cpu), 300 ms, build. The greenlet's Python stack has no _run_once.
import asyncio
import sys
import time

from sqlalchemy.ext.asyncio import create_async_engine

from truth import Pulse, spin, truth


def build(connection):
    with truth("block"):
        if "cpu" in sys.argv:
            spin(0.3)
        else:
            time.sleep(0.3)


async def report():
    engine = create_async_engine("sqlite+aiosqlite://")
    async with engine.connect() as connection:
        while True:
            await asyncio.sleep(0.6)
            await connection.run_sync(build)


async def main():
    task = asyncio.create_task(report(), name="report")
    pulse = Pulse(0.02)
    while not task.done():
        await asyncio.sleep(0.02)
        pulse()
    await task


if "uvloop" in sys.argv:
    import uvloop

    uvloop.install()
asyncio.run(main())
