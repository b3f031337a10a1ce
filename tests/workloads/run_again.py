# SPDX-License-Identifier: GPL-2.0-or-later
"""asyncio.run() again and again, each time with another epoll descriptor, and much else in between.

What is in between is no turn of a loop; the first callback of the next loop, which blocks before
that loop has ever waited, is one. Prints for each: "block", start and end by CLOCK_MONOTONIC, in ns."""

import asyncio
import time


async def wait():
    await asyncio.sleep(0.2)


def between():
    end = time.monotonic() + 1.6
    while time.monotonic() < end:
        pass
    time.sleep(0.4)


async def do_io():
    start = time.monotonic_ns()
    time.sleep(0.35)  # blocks
    print("block", start, time.monotonic_ns(), flush=True)
    await asyncio.sleep(0.1)


kept = []
for _ in range(2):
    asyncio.run(wait())
    between()
    kept.append(open("/dev/null"))
    asyncio.run(do_io())
