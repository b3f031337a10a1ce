# SPDX-License-Identifier: GPL-2.0-or-later
"""Children that asyncio's loop forks in a turn: a worker that sleeps and waits on a pipe, for good, and one that
runs a loop of its own, which talks as asyncio_target.py does and blocks in it. FACTs: worker, server."""

import asyncio
import json
import multiprocessing
import os
import sys
import time


def say(*words):
    print(*words, flush=True)


def work(pipe):
    while True:
        pipe.poll(0.3)
        time.sleep(0.3)


def block_sleep():
    start = time.monotonic_ns()
    time.sleep(0.4)
    turn = {"start_ns": start, "end_ns": time.monotonic_ns(), "tid": os.getpid(), "fn": "block_sleep"}
    say("TURN", json.dumps(turn))


def act():
    if not os.read(0, 100):
        os._exit(0)
    block_sleep()
    say("DONE")


async def serve():
    asyncio.get_running_loop().add_reader(0, act)
    await asyncio.sleep(0.3)
    say("READY")
    while True:
        await asyncio.sleep(0.05)


def fork(function, *args):
    process = multiprocessing.get_context("fork").Process(target=function, args=args, daemon=True)
    process.start()
    return process


def server():
    # multiprocessing has put another file there
    os.dup2(100, 0)
    asyncio.run(serve())


async def main():
    os.dup2(0, 100)
    ours, theirs = multiprocessing.Pipe()
    worker, its_server = fork(work, theirs), fork(server)
    say("FACT", json.dumps({"worker": worker.pid, "server": its_server.pid}))
    while its_server.is_alive():
        await asyncio.sleep(0.05)
    worker.terminate()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
