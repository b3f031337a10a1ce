# SPDX-License-Identifier: GPL-2.0-or-later
# own_future.py [forever]
# asyncio; task `selfish` waits 400 ms with result(timeout) for a coroutine of its own loop.
# Right: lock, in ask; nobody else to blame.
import asyncio
import concurrent.futures

from truth import truth


async def ask():
    future = asyncio.run_coroutine_threadsafe(asyncio.sleep(0.01), asyncio.get_running_loop())
    with truth("lock"):
        try:
            future.result(timeout=0.4)
        except (TimeoutError, concurrent.futures.TimeoutError):
            pass


async def main():
    while True:
        await asyncio.sleep(0.6)
        await asyncio.create_task(ask(), name="selfish")


asyncio.run(main())
