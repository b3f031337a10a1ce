# SPDX-License-Identifier: GPL-2.0-or-later
"""A loop in a root directory that is removed under it: gone.py DIRECTORY"""

import asyncio
import os
import sys
import time


def block():
    time.sleep(0.3)


async def serve():
    loop = asyncio.get_running_loop()
    go = asyncio.Event()
    loop.add_reader(0, go.set)
    await asyncio.sleep(0.1)
    parent = os.open(os.path.dirname(sys.argv[1]), os.O_RDONLY)
    os.chroot(sys.argv[1])
    os.chdir("/")
    os.rmdir(os.path.basename(sys.argv[1]), dir_fd=parent)
    print("GONE", flush=True)
    await go.wait()
    loop.remove_reader(0)
    await asyncio.sleep(0.05)
    block()
    await asyncio.sleep(0.05)
    print("DONE", flush=True)
    await asyncio.sleep(1)


asyncio.run(serve())
