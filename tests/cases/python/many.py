# SPDX-License-Identifier: GPL-2.0-or-later
# many.py
# asyncio; each 0.7 s 60 callbacks of 4 ms each in one turn: 240 ms of cpu, none of them slow.
# Right: one stall, cpu, in step.
import asyncio
import time

from truth import note, spin

began = 0


def step(number):
    global began
    if number == 0:
        began = time.monotonic_ns()
    spin(0.004)
    if number == 59:
        note("cpu", began)


async def main():
    while True:
        await asyncio.sleep(0.7)
        for number in range(60):
            asyncio.get_running_loop().call_soon(step, number)


asyncio.run(main())
