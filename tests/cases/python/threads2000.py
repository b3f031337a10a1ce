# SPDX-License-Identifier: GPL-2.0-or-later
# threads2000.py COUNT
# asyncio beside so many sleeping threads: each turn of 120 ms (time.sleep) is followed by
# 50 ms of idleness. Watched as soon as it starts to block: looking through the threads takes time.
# Right: sleep, 120 ms each, in work, also the one that was joined at attach.
import asyncio
import sys
import threading
import time

from truth import truth

threading.stack_size(65536)
for _ in range(int(sys.argv[1])):
    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()


def work():
    with truth("sleep", announce=True):
        time.sleep(0.12)


async def main():
    while True:
        await asyncio.sleep(0.05)
        work()


asyncio.run(main())
