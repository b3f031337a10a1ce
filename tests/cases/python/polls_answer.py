# SPDX-License-Identifier: GPL-2.0-or-later
"""asyncio: each 0.8 s a callback looks how two pool workers are (multiprocessing does so before it
starts another process), computes for 70 ms, then polls a pipe for the answer of a process of this
turn, 300 ms. Right: pipe or socket, in ask(), for that process; not for a pool's worker."""

import asyncio
import multiprocessing
import os
import time

from truth import spin, truth

multiprocessing.set_start_method("fork")


def answers(connection):
    time.sleep(0.3)
    connection.send(1)
    time.sleep(0.2)


def idles():
    while True:
        time.sleep(10)


def ask():
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=answers, args=(theirs,))
    spin(0.07)
    process.start()
    os.waitpid(worker.pid, os.WNOHANG)
    ours.poll(5)


async def asks():
    while True:
        await asyncio.sleep(0.8)
        with truth("ask"):
            ask()


worker = multiprocessing.Process(target=idles)
worker.start()
asyncio.run(asks())
