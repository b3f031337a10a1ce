# SPDX-License-Identifier: GPL-2.0-or-later
"""A whole program with one mistake: time.sleep in a coroutine.

gather_sleep.py SECONDS [IDLE_BEFORE [executor]]
"""

import asyncio
import sys
import time

SECONDS = float(sys.argv[1])
IDLE_BEFORE = float(sys.argv[2]) if sys.argv[2:] else 0.3
IN_EXECUTOR = sys.argv[3:] == ["executor"]


async def do_io():
    if IN_EXECUTOR:
        await asyncio.get_running_loop().run_in_executor(None, time.sleep, SECONDS)
    else:
        time.sleep(SECONDS)


async def main():
    await asyncio.sleep(IDLE_BEFORE)
    await asyncio.gather(do_io(), do_io())
    await asyncio.sleep(0.3)


asyncio.run(main())
