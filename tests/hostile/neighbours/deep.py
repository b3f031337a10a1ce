# SPDX-License-Identifier: GPL-2.0-or-later
# deep.py PLACES DEPTH
# asyncio, whose turns block at so many places, one after another, each so deep in functions of its own with names of
# 180 letters.
import asyncio
import sys
import time

LONG = "x" * 180


def made(number):
    text = "def f_%d_%s(d):\n    f_%d_%s(d - 1) if d else time.sleep(0.0062)\n" % (number, LONG, number, LONG)
    names = {"time": time}
    exec(compile(text, "/srv/%s/%d.py" % (LONG, number), "exec"), names)
    return names["f_%d_%s" % (number, LONG)]


async def main():
    functions = [made(number) for number in range(int(sys.argv[1]))]
    while True:
        for _ in range(10):
            await asyncio.sleep(0.01)
        for function in functions:
            function(int(sys.argv[2]))


asyncio.run(main())
