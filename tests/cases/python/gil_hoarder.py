# SPDX-License-Identifier: GPL-2.0-or-later
# gil_hoarder.py SECONDS [announce]
# asyncio ticks each 10 ms; a thread `hoarder` calls usleep() of the C library with the GIL
# held (ctypes.PyDLL), as an extension in C that does not let go of it would: the loop has had
# its event and waits for the GIL for so long. With "announce" it is attached in the middle.
# Right: gil; holder hoarder's thread, which sleeps. The place is where the loop asks for the
# GIL, no function of its own.
import asyncio
import ctypes
import sys
import threading
import time

from truth import LONGER, truth

libc = ctypes.PyDLL(None)
seconds, announce = float(sys.argv[1]) * LONGER, "announce" in sys.argv


def hoarder():
    while True:
        time.sleep(0.7)
        with truth("gil", announce):
            libc.usleep(int(seconds * 1e6))


async def main():
    while True:
        await asyncio.sleep(0.01)


threading.Thread(target=hoarder, name="hoarder", daemon=True).start()
asyncio.run(main())
