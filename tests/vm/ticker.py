# SPDX-License-Identifier: GPL-2.0-or-later
"""An asyncio program that ticks, and tells each tick that came late by either clock: GAP MONOTONIC BOOTTIME, in seconds."""

import asyncio
import time


def clocks():
    return time.clock_gettime(time.CLOCK_MONOTONIC), time.clock_gettime(time.CLOCK_BOOTTIME)


async def main():
    print("READY", flush=True)
    before = clocks()
    while True:
        await asyncio.sleep(0.05)
        now = clocks()
        monotonic, boottime = now[0] - before[0], now[1] - before[1]
        if boottime > 1:
            print("GAP", monotonic, boottime, flush=True)
        before = now


asyncio.run(main())
