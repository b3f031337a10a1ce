# SPDX-License-Identifier: GPL-2.0-or-later
"""An asyncio loop that ticks, and a thread that keeps the GIL in C code for a while after each line.

Talks as asyncio_target.py does."""

import asyncio
import ctypes
import json
import os
import sys
import threading
import time

SECONDS = 6
libc = ctypes.PyDLL(None)


def say(*words):
    print(*words, flush=True)


def hoard():
    while sys.stdin.readline():
        start = time.monotonic_ns()
        libc.usleep(int(SECONDS * 1e6))
        say("TURN", json.dumps({"start_ns": start, "end_ns": time.monotonic_ns(), "fn": "select"}))
        time.sleep(0.1)
        say("DONE")
    os._exit(0)


async def main():
    threading.Thread(target=hoard, daemon=True).start()
    say("READY")
    while True:
        await asyncio.sleep(0.02)


asyncio.run(main())
