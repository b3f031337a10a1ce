# SPDX-License-Identifier: GPL-2.0-or-later
"""An asyncio program that sleeps 300 ms in a coroutine, twice a second, for a minute."""

import asyncio
import time


def nap():
    time.sleep(0.3)


async def main():
    print("READY", flush=True)
    for _ in range(120):
        await asyncio.sleep(0.2)
        nap()


asyncio.run(main())
