# SPDX-License-Identifier: GPL-2.0-or-later
# spawn.py
# asyncio; task `thumbs` starts a child each 0.7 s whose preexec_fn sleeps 300 ms: Popen's read
# of its error pipe blocks the loop for so long.
# Right: child, in thumbs.
import asyncio
import time

from truth import truth


async def thumbs():
    while True:
        await asyncio.sleep(0.7)
        with truth("spawn"):
            process = await asyncio.create_subprocess_exec("true", preexec_fn=lambda: time.sleep(0.3))
        await process.wait()


async def main():
    asyncio.create_task(thumbs(), name="thumbs")
    while True:
        await asyncio.sleep(0.02)


asyncio.run(main())
