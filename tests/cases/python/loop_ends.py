# SPDX-License-Identifier: GPL-2.0-or-later
# loop_ends.py stop|exit|thread
# A loop that ends with a stall: asyncio's last callback sleeps 300 ms and stops the loop
# (stop), after which the program does synchronous work of 300 ms naps, outside of any loop;
# a new loop is run each second. exit: the process ends in the middle of such a block. thread: loops in threads of their own that end so, one after the other.
# Right: sleep, 300 ms, last (die); nothing of the naps after it.
import asyncio
import os
import sys
import threading
import time

from truth import LONGER, note, truth

kind = sys.argv[1]


def last():
    with truth("sleep"):
        time.sleep(0.3)
    asyncio.get_running_loop().stop()


def die():
    start = time.monotonic_ns()

    def finish():
        note("sleep", start)
        os._exit(0)

    threading.Timer(0.3, finish).start()
    time.sleep(10)


def run():
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)

    async def ticks():
        while True:
            await asyncio.sleep(0.02)

    task = loop.create_task(ticks())
    loop.call_later(*((5 * LONGER, die) if kind == "exit" else (0.5, last)))
    loop.run_forever()
    task.cancel()
    loop.close()


while True:
    if kind == "thread":
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    else:
        run()
    for _ in range(2):
        time.sleep(0.3)
