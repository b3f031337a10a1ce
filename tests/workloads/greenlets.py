# SPDX-License-Identifier: GPL-2.0-or-later
"""greenlets.py gevent|trio PATTERN [SECONDS]: a loop that is not asyncio's, idle but for a ticking timer.

Talks as asyncio_target.py does. Patterns that block: sleep, socket, lock. Innocent: pool (in a
worker thread), await (the loop's own sleep), idle (nothing)."""

import json
import socket
import sys
import threading
import time

SECONDS = float(sys.argv[3]) if len(sys.argv) > 3 else 0.4


def block_sleep():
    time.sleep(SECONDS)


def block_socket(make=socket.socketpair):
    ours, theirs = make()
    threading.Timer(SECONDS, theirs.send, [b"x"]).start()
    ours.recv(1)


def block_lock():
    lock = threading.Lock()
    lock.acquire()
    threading.Timer(SECONDS, lock.release).start()
    lock.acquire()


def say(*words):
    print(*words, flush=True)


def turn(block):
    start = time.monotonic_ns()
    block()
    end = time.monotonic_ns()
    say("TURN", json.dumps({"start_ns": start, "end_ns": end, "fn": block.__name__}))


BLOCKS = {"sleep": block_sleep, "socket": block_socket, "lock": block_lock}


def run_gevent(pattern):
    import gevent
    import gevent.os

    def tick():
        while True:
            gevent.sleep(0.02)

    def act():
        if pattern in BLOCKS:
            turn(BLOCKS[pattern])
        elif pattern == "pool":
            gevent.get_hub().threadpool.apply(block_sleep)
        elif pattern == "await":
            gevent.sleep(SECONDS)

    ticking = gevent.spawn(tick)
    gevent.sleep(0.3)
    say("READY")
    while gevent.os.tp_read(0, 100):
        gevent.spawn(act).join()
        say("DONE")
    ticking.kill()


def run_trio(pattern):
    import trio

    async def tick():
        while True:
            await trio.sleep(0.02)

    async def act():
        if pattern in BLOCKS:
            turn(BLOCKS[pattern])
        elif pattern == "pool":
            await trio.to_thread.run_sync(block_sleep)
        elif pattern == "await":
            await trio.sleep(SECONDS)

    async def main():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(tick)
            await trio.sleep(0.3)
            say("READY")
            while await trio.to_thread.run_sync(sys.stdin.readline):
                await act()
                say("DONE")
            nursery.cancel_scope.cancel()

    trio.run(main)
    if pattern == "after":
        # no turn any more
        block_sleep()


if __name__ == "__main__":
    {"gevent": run_gevent, "trio": run_trio}[sys.argv[1]](sys.argv[2])
