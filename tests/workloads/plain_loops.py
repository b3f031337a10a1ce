# SPDX-License-Identifier: GPL-2.0-or-later
"""Loops of no library, each at its wait all the time: plain_loops.py [BLOCK_SECONDS]

One thread each for epoll, poll and select; with an argument each of them then blocks.
"""

import os
import select
import sys
import threading
import time

reader, writer = os.pipe()


def block():
    time.sleep(float(sys.argv[1]))


def serve(wait):
    for _ in range(30):
        wait()
    if sys.argv[1:]:
        block()
    while True:
        wait()


def by_epoll():
    epoll = select.epoll()
    epoll.register(reader, select.EPOLLIN)
    serve(lambda: epoll.poll(0.04))


def by_poll():
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    serve(lambda: poll.poll(40))


def by_select():
    serve(lambda: select.select([reader], [], [], 0.04))


for way in (by_epoll, by_poll, by_select):
    thread = threading.Thread(target=way, daemon=True)
    thread.start()
print("READY", flush=True)
sys.stdin.readline()
