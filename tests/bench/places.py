# SPDX-License-Identifier: GPL-2.0-or-later
"""An asyncio program that blocks in many places: places.py OUTER INNER

Each of OUTER functions calls each of INNER ones, with DEPTH more between them, for "go": all of
these ways once, each for 2 ms in a turn of its own. It says "READY", and "DONE" afterwards.
"""

import asyncio
import sys
import time

DEPTH = 8
NAP_S = 0.002


def made(name, body):
    scope = {"nap": lambda: time.sleep(NAP_S)}
    exec(compile("def %s(way):\n    %s" % (name, body), "/srv/app/%s.py" % name, "exec"), scope)
    return scope[name]


STEP = "way[0](way[1:])"


async def block(ways):
    for way in ways:
        way[0](way[1:])
        # more than a turn at once would be a stall
        await asyncio.sleep(0.0001)


async def main(outer, inner):
    between = [made("between_%d" % i, STEP) for i in range(DEPTH)]
    first = [made("outer_%d" % i, STEP) for i in range(outer)]
    last = [made("inner_%d" % i, "nap()") for i in range(inner)]
    print("READY", flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        await block([one, *between, other] for one in first for other in last)
        print("DONE", flush=True)


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
