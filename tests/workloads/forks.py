# SPDX-License-Identifier: GPL-2.0-or-later
"""Forks, and waits for, children that end at once: forks.py CHILDREN_A_SECOND SECONDS

A loop in another thread blocks meanwhile.
"""

import asyncio
import os
import sys
import threading
import time

A_SECOND, SECONDS = int(sys.argv[1]), float(sys.argv[2])


def block():
    time.sleep(0.3)


async def serve():
    for _ in range(10):
        await asyncio.sleep(0.02)
    block()
    await asyncio.sleep(3600)


print("READY", flush=True)
sys.stdin.readline()
threading.Thread(target=lambda: asyncio.run(serve()), daemon=True).start()
begin = time.monotonic()
forked = 0
while time.monotonic() < begin + SECONDS:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    forked += 1
    time.sleep(max(0, begin + forked / A_SECOND - time.monotonic()))
print("FORKED %d" % forked, flush=True)
sys.stdin.readline()
os._exit(0)
