# SPDX-License-Identifier: GPL-2.0-or-later
# trio_guest.py
# trio in guest mode on asyncio: its helper thread waits at trio's epoll and hands what comes
# to the host loop, which runs trio's tasks. A trio task sleeps 250 ms (time.sleep).
# Right: one stall, sleep, in crunch, at the host's thread; none at the helper, which waits for it.
import asyncio
import time

import trio

from truth import Pulse, truth


def crunch():
    with truth("sleep"):
        time.sleep(0.25)


async def guest():
    while True:
        for _ in range(20):
            await trio.sleep(0.03)
        crunch()


async def main():
    loop = asyncio.get_running_loop()
    trio.lowlevel.start_guest_run(
        guest, run_sync_soon_threadsafe=loop.call_soon_threadsafe, done_callback=lambda outcome: outcome.unwrap()
    )
    pulse = Pulse(0.02)
    while True:
        await asyncio.sleep(0.02)
        pulse()


asyncio.run(main())
