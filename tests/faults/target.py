# SPDX-License-Identifier: GPL-2.0-or-later
"""Blocks its event loop again and again, in four ways: target.py LOG [SECONDS STATUS]

Each block is a line of LOG, by the clock of the records: its function, start and end.
Says READY when its loop runs. Without SECONDS it goes on until its standard input is
closed; with them it ends then, with STATUS.
"""

import asyncio
import os
import socket
import sys
import threading
import time

BLOCK = 0.08  # seconds
GAP = 0.04
END_IDLE = 0.5

lock = threading.Lock()
near, far = socket.socketpair()


def block_sleep():
    time.sleep(BLOCK)


def block_cpu():
    end = time.monotonic() + BLOCK
    while time.monotonic() < end:
        pass


def block_lock():
    with lock:
        pass


def block_socket():
    near.send(b"?")
    near.recv(1)


def hold(wanted):
    while True:
        wanted.wait()
        wanted.clear()
        with lock:
            wanted.taken.set()
            time.sleep(BLOCK)


def answer():
    """A child: what asks it waits for another process."""
    near.close()
    try:
        while far.recv(1):
            time.sleep(BLOCK)
            far.send(b"!")
    except BrokenPipeError:
        pass  # who asked has ended


async def main(log, end):
    wanted = threading.Event()
    wanted.taken = threading.Event()
    threading.Thread(target=hold, args=(wanted,), daemon=True).start()
    while time.monotonic() < end:
        for block in (block_sleep, block_cpu, block_lock, block_socket):
            await asyncio.sleep(GAP)
            if block is block_lock:
                wanted.taken.clear()
                wanted.set()
                wanted.taken.wait()
                await asyncio.sleep(0)
            start = time.monotonic_ns()
            block()
            log.write("%s %d %d\n" % (block.__name__, start, time.monotonic_ns()))
            if log.tell() < 100:
                print("READY", flush=True)
    # names are read while a program is there
    await asyncio.sleep(END_IDLE)


def end_with_input():
    while os.read(0, 100):
        pass
    os._exit(0)


if __name__ == "__main__":
    if os.fork() == 0:
        answer()
        os._exit(0)
    far.close()
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else None
    if seconds is None:
        threading.Thread(target=end_with_input, daemon=True).start()
    with open("/proc/self/comm", "w") as comm:
        comm.write("faults-target" if seconds is None else "faults-command")
    with open(sys.argv[1], "w", buffering=1) as log:
        asyncio.run(main(log, time.monotonic() + (seconds or 1e9)))
    os._exit(int(sys.argv[3]) if len(sys.argv) > 3 else 0)
