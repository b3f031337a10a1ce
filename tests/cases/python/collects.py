# SPDX-License-Identifier: GPL-2.0-or-later
# collects.py [freeze|explicit]
# asyncio; so many live containers that a collection takes 150 ms and more; task `handler` allocates, which trips a collection of
# the oldest generation now and then, whatever line comes to it; "explicit": it calls
# gc.collect(). "freeze": they are frozen, and no collection is long.
# Right: gc, the length of the collection; freeze: no stall.
import asyncio
import gc
import sys
import time

from heap import enough
from truth import note

KEEP = enough()
if "freeze" in sys.argv:
    gc.freeze()
began = 0


def notice(phase, info):
    global began
    if info["generation"] == 2:
        if phase == "start":
            began = time.monotonic_ns()
        elif time.monotonic_ns() - began > 60e6:
            note("gc", began)


gc.callbacks.append(notice)
gc.set_threshold(700, 10, 10)
made = []


def build():
    made.append([{"i": [i]} for i in range(10_000)])
    if len(made) > 10:
        made.clear()


async def handler():
    while True:
        await asyncio.sleep(0.05)
        build()
        if "explicit" in sys.argv:
            gc.collect()
            await asyncio.sleep(0.4)


asyncio.run(handler())
