# SPDX-License-Identifier: GPL-2.0-or-later
"""An asyncio program that, for some minutes, sleeps 300 ms in a coroutine and waits three times that for another process."""

import asyncio
import os
import time


def nap():
    time.sleep(0.3)


def answer(asks, answers):
    while os.read(asks, 1):
        for _ in range(3):  # an emulated machine needs time to look at it
            nap()
        os.write(answers, b"x")


def start_other():
    asks, ask = os.pipe()
    answer_end, answers = os.pipe()
    if os.fork() == 0:
        os.close(ask)
        answer(asks, answers)
        os._exit(0)
    os.close(asks)
    os.close(answers)
    return ask, answer_end


async def main():
    ask, answer_end = start_other()
    print("READY", flush=True)
    for _ in range(180):
        await asyncio.sleep(0.2)
        nap()
        await asyncio.sleep(0.2)
        os.write(ask, b"q")
        os.read(answer_end, 1)


asyncio.run(main())
