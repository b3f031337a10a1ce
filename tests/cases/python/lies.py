# SPDX-License-Identifier: GPL-2.0-or-later
# lies.py
# asyncio, whose loop object says that another thread runs it (_thread_id), one that sleeps for
# good. Each 0.6 s work() sleeps 300 ms.
# Right: sleep, in work, at the thread that runs it; nothing of the other.
import asyncio
import threading
import time

from truth import truth

other = threading.Thread(target=time.sleep, args=(1000,), daemon=True)
other.start()


def work():
    with truth("sleep"):
        time.sleep(0.3)


async def main():
    asyncio.get_running_loop()._thread_id = other.ident
    while True:
        for _ in range(30):
            await asyncio.sleep(0.02)
        work()


asyncio.run(main())
