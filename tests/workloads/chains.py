# SPDX-License-Identifier: GPL-2.0-or-later
# chains.py long|ring|wide
# A loop that once waits half a second for what a process says, which itself waits for
# another: long: twenty, one behind the other; ring: two that wait for each other, of which
# one gives up; wide: the same process, for which a hundred others wait, too.
import asyncio
import os
import select
import sys
import time

SECONDS = 0.5


def start(work):
    """What a new process says when its work is done."""
    mine, its = os.pipe()
    if os.fork() == 0:
        os.close(mine)
        work()
        os.write(its, b"x" * 200)
        os._exit(0)
    os.close(its)
    return mine


def link(behind):
    def work():
        if behind:
            os.read(link(behind - 1), 1)
        else:
            time.sleep(SECONDS)

    return start(work)


def ring():
    there, back = os.pipe(), os.pipe()

    def first():
        os.write(there[1], b"x")
        os.close(back[1])
        select.select([back[0]], [], [], SECONDS)

    def second():
        os.read(there[0], 1)
        os.close(there[1])
        os.read(there[0], 1)

    reads = start(first)
    start(second)
    return reads


def wide():
    reads = start(lambda: time.sleep(SECONDS))
    for _ in range(100):
        if os.fork() == 0:
            os.read(reads, 1)
            os._exit(0)
    return reads


def wait_for(reads):
    os.read(reads, 1)


async def main(kind):
    await asyncio.sleep(1.2)
    wait_for({"long": lambda: link(20), "ring": ring, "wide": wide}[kind]())
    await asyncio.sleep(0.5)


asyncio.run(main(sys.argv[1]))
