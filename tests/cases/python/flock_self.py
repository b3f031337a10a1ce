# SPDX-License-Identifier: GPL-2.0-or-later
# flock_self.py
# asyncio; a thread of the same process holds flock LOCK_SH by another descriptor for 300 ms;
# the loop asks for LOCK_EX.
# Right: file, in save; holder: the same process.
import asyncio
import fcntl
import threading
import time

from truth import truth

PATH = "self.lock"
held = threading.Event()


def keeper():
    while True:
        time.sleep(0.6)
        with open(PATH, "w") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            held.set()
            time.sleep(0.3)


def save():
    with open(PATH, "a") as file:
        with truth("flock"):
            fcntl.flock(file, fcntl.LOCK_EX)


async def saves():
    while True:
        while not held.is_set():
            await asyncio.sleep(0.01)
        held.clear()
        save()


threading.Thread(target=keeper, daemon=True).start()
asyncio.run(saves())
