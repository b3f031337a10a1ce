# SPDX-License-Identifier: GPL-2.0-or-later
# server.py TRUTH
# asyncio with ticks of 20 ms, that is blocked each 0.8 s for a quarter of a second: in a sleep, an
# answer on a socket, a lock, its own computing, by turns. TRUTH: see server.c; BEFORE and AFTER are
# the ends of the tick before, and the start of the one after.
import asyncio
import socket
import sys
import threading
import time

BLOCK_S, PERIOD_NS, TICK_S = 0.25, 800_000_000, 0.02
here, there = socket.socketpair()
lock = threading.Lock()
held = threading.Semaphore(0)


def other():
    while True:
        what = there.recv(1)
        if what == b"l":
            with lock:
                held.release()
                time.sleep(BLOCK_S)
        else:
            time.sleep(BLOCK_S)
            there.send(b"x")


def nap_here():
    time.sleep(BLOCK_S)


def receive_here():
    here.recv(1)


def lock_here():
    lock.acquire()
    lock.release()


def spin_here():
    end = time.monotonic() + BLOCK_S
    while time.monotonic() < end:
        pass


def ask():
    here.send(b"x")


def ask_lock():
    here.send(b"l")
    held.acquire()


KINDS = (
    ("sleep", nap_here, None),
    ("socket", receive_here, ask),
    ("lock", lock_here, ask_lock),
    ("cpu", spin_here, None),
)


def run_times():
    with open("/proc/thread-self/schedstat") as file:
        return [int(word) for word in file.read().split()[:2]]


async def main(truth):
    number = 0
    before, times = time.monotonic_ns(), run_times()
    following = before + PERIOD_NS
    noted = None
    while True:
        await asyncio.sleep(TICK_S)
        tick, now_times = time.monotonic_ns(), run_times()
        if noted:
            cause, function, first, start, end, first_times = noted
            cpu, ready = (now - then for now, then in zip(now_times, first_times))
            print(cause, function, first, start, end, tick, ready, cpu, file=truth, flush=True)
            noted = None
        elif tick >= following:
            cause, block, ask_first = KINDS[number % len(KINDS)]
            number += 1
            if ask_first:
                ask_first()
            start = time.monotonic_ns()
            block()
            end = time.monotonic_ns()
            noted = cause, block.__name__, before, start, end, times
            following = end + PERIOD_NS
        before, times = time.monotonic_ns(), run_times()


threading.Thread(target=other, daemon=True).start()
with open(sys.argv[1], "a") as file:
    asyncio.run(main(file))
