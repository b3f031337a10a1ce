# SPDX-License-Identifier: GPL-2.0-or-later
"""An asyncio program for the live view: it stalls in a rhythm, from "go" on stdin until that is closed.

While it stalls, so many of its descriptors become readable; on demand it leaks
threads and tasks, and goes by a name of foreign bytes.
"""

import argparse
import asyncio
import ctypes
import json
import os
import sys
import threading
import time

PR_SET_NAME = 15


def say(word, value=None):
    os.write(1, (word if value is None else word + " " + json.dumps(value)).encode() + b"\n")


def block_here(seconds):
    time.sleep(seconds)  # blocks


class Events:
    """Descriptors that become readable in the middle of a stall."""

    def __init__(self, count):
        self.pipes = [os.pipe() for _ in range(count)]
        self.asked = threading.Event()
        threading.Thread(target=self.write, daemon=True).start()

    def read(self, loop):
        for reader, _ in self.pipes:
            loop.add_reader(reader, os.read, reader, 64)

    def write(self):
        while True:
            self.asked.wait()
            self.asked.clear()
            time.sleep(0.05)
            for _, writer in self.pipes:
                os.write(writer, b"x")


async def leak(seconds):
    tasks = []
    while True:
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        tasks.append(asyncio.ensure_future(asyncio.Event().wait()))
        await asyncio.sleep(seconds)


async def main(options):
    loop = asyncio.get_running_loop()
    go, quit_ = asyncio.Event(), asyncio.Event()
    events = Events(options.events)
    events.read(loop)

    def on_stdin():
        if os.read(0, 4096):
            go.set()
        else:
            loop.remove_reader(0)
            quit_.set()
            go.set()

    loop.add_reader(0, on_stdin)
    await asyncio.sleep(0.05)
    say("READY")
    await go.wait()
    leaking = asyncio.ensure_future(leak(options.leak)) if options.leak else None
    stalls = 0
    while not quit_.is_set():
        await asyncio.sleep(options.gap)
        if options.seconds and stalls != options.count:
            stalls += 1
            start_ns = time.monotonic_ns()
            events.asked.set()
            block_here(options.seconds)
            say("TURN", {"start_ns": start_ns, "end_ns": time.monotonic_ns()})
    del leaking


def parse_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=0, help="of each stall")
    parser.add_argument("--gap", type=float, default=0.1, help="between two of them")
    parser.add_argument("--count", type=int, default=-1, help="of stalls (no end)")
    parser.add_argument("--events", type=int, default=0)
    parser.add_argument("--leak", type=float, default=0, help="seconds for each thread and task that is leaked")
    parser.add_argument("--comm", help="hexadecimal")
    return parser.parse_args()


if __name__ == "__main__":
    chosen = parse_options()
    if chosen.comm:
        ctypes.CDLL(None).prctl(PR_SET_NAME, bytes.fromhex(chosen.comm), 0, 0, 0)
    asyncio.run(main(chosen))
    sys.stdout.flush()
    # Threads that were leaked are not waited for.
    os._exit(0)
