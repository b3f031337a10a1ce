# SPDX-License-Identifier: GPL-2.0-or-later
"""A neighbour whose places are deep and many: noisy.py LOOPS DEPTH FUNCTIONS [NAME_BYTES]

LOOPS asyncio loops in threads block 12 ms and, each time after a few, 150 ms: DEPTH calls deep,
by way of others of FUNCTIONS functions each time, whose names and files are NAME_BYTES long.
Each Task has a name of its own. Ends with standard input.
"""

import asyncio
import random
import sys
import threading
import time

loops, depth, nr_functions = (int(arg) for arg in sys.argv[1:4])
name_bytes = int(sys.argv[4]) if len(sys.argv) > 4 else 40
sys.setrecursionlimit(depth * 2 + 1000)
threading.stack_size(16 << 20)

SOURCE = """
def f{n}(way, at, seconds):
    if at == len(way):
        time.sleep(seconds)
    else:
        way[at](way, at + 1, seconds)
"""


def make(number):
    name = ("f%d_" % number).ljust(name_bytes, "x")
    scope = {"time": time}
    exec(compile(SOURCE.format(n=number), "/srv/%s.py" % name, "exec"), scope)
    function = scope["f%d" % number]
    function.__code__ = function.__code__.replace(co_name=name)
    return function


functions = [make(number) for number in range(nr_functions)]


async def work(seconds):
    way = [random.choice(functions) for _ in range(depth)]
    way[0](way, 1, seconds)


async def main():
    number = 0
    while True:
        number += 1
        for i in range(8):
            await asyncio.create_task(work(0.012), name="task-%d-%d" % (threading.get_ident(), number))
        await asyncio.create_task(work(0.15), name="task-%d-%d" % (threading.get_ident(), number))
        await asyncio.sleep(0.05)


for _ in range(loops):
    threading.Thread(target=lambda: asyncio.run(main()), daemon=True).start()
print("READY", flush=True)
sys.stdin.read()
