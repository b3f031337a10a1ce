# SPDX-License-Identifier: GPL-2.0-or-later
# run_again.py run|until_complete|uvloop
# A synchronous program that borrows a loop for 50 ms again and again, and sleeps 400 ms
# outside of any loop in between, as management commands and async_to_sync views do: by
# asyncio.run(), or run_until_complete() of one loop that it keeps; uvloop: that, on uvloop.
# Right: no stall.
import asyncio
import sys
import time


async def short():
    await asyncio.sleep(0.02)
    await asyncio.sleep(0.03)


kind = sys.argv[1]
if kind == "uvloop":
    import uvloop

    uvloop.install()
loop = None if kind == "run" else asyncio.new_event_loop()
while True:
    if loop:
        loop.run_until_complete(short())
    else:
        asyncio.run(short())
    time.sleep(0.4)
