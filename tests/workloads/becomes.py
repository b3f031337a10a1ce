# SPDX-License-Identifier: GPL-2.0-or-later
"""A process that is one program after another: becomes.py SECONDS [PYTHON SECONDS]...

Each runs a loop that blocks for its SECONDS, and then becomes the next. With
"fork" for a PYTHON it forks instead, and waits for the child, which goes on.
"""

import asyncio
import os
import sys
import time


def block(seconds):
    time.sleep(seconds)


async def serve(seconds):
    for _ in range(10):
        await asyncio.sleep(0.02)
    block(seconds)
    for _ in range(5):
        await asyncio.sleep(0.02)


def go_on(program, rest):
    if program != "fork":
        os.execv(program, [program, __file__] + rest)
    child = os.fork()
    if child == 0:
        run(rest)
        os._exit(0)
    os.waitpid(child, 0)


def run(arguments):
    asyncio.run(serve(float(arguments[0])))
    if len(arguments) > 1:
        go_on(arguments[1], arguments[2:])
    else:
        print("DONE", flush=True)


run(sys.argv[1:])
