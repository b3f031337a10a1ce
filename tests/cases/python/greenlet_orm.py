# SPDX-License-Identifier: GPL-2.0-or-later
# greenlet_orm.py
# SQLAlchemy's AsyncSession on aiosqlite loads as many objects as keep the loop for 250 ms on this
# machine each 0.7 s: fetching and making them happens on the loop's thread inside SQLAlchemy's greenlet.
# What the loop's ticks of 10 ms say is the truth: how long they stayed out (the wait for the
# database's thread is no block).
# Right: cpu, or gc: by gc.callbacks the collector has 55 to 88 of 100 of it; inside the greenlet
# the frames are SQLAlchemy's.
import asyncio
import time

from sqlalchemy import Column, Integer, String, insert, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import declarative_base

from truth import note

Base = declarative_base()


class Item(Base):
    __tablename__ = "item"
    id = Column(Integer, primary_key=True)
    name = Column(String(30))


async def load(engine):
    async with AsyncSession(engine) as session:
        (await session.execute(select(Item))).scalars().all()


async def add(engine, number):
    async with engine.begin() as connection:
        await connection.execute(insert(Item), [{"name": "n%d" % each} for each in range(number)])


async def held_up(task):
    """The longest time in ns for which it holds up this loop's ticks."""
    longest, last = 0, time.monotonic_ns()
    while not task.done():
        await asyncio.sleep(0.001)
        now = time.monotonic_ns()
        longest, last = max(longest, now - last), now
    return longest


async def orders(engine):
    while True:
        await asyncio.sleep(0.7)
        await load(engine)


async def main():
    engine = create_async_engine("sqlite+aiosqlite:///orm.db")
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await add(engine, 20_000)
    await load(engine)  # what it compiles at first is none of it
    took = await held_up(asyncio.create_task(load(engine)))
    await add(engine, max(0, int(20_000 * (250e6 / took - 1))))
    task = asyncio.create_task(orders(engine), name="orders")
    last = time.monotonic_ns()
    while not task.done():
        await asyncio.sleep(0.01)
        if time.monotonic_ns() - last > 120e6:
            note("orm", last)
        last = time.monotonic_ns()
    await task


asyncio.run(main())
