# SPDX-License-Identifier: GPL-2.0-or-later
"""The asyncio programs that the benchmark watches: target.py NAME [CPU]

idle   wakes once a second
tick   wakes 1000 times a second
spin   never sleeps: each turn is empty, each wait has a timeout of 0
http   answers GET on a port of 127.0.0.1
stall  on "go": tells the time, then sleeps 1 s in a coroutine
asleep, busy   on "go": blocks, or computes, until the end
nested blocks at once, in the innermost of 40 Python frames
naps   on "go": sleeps 2,000 times in the innermost of 40 frames, in 100 turns; tells how often
mixed  on "go N": blocks in many ways for N seconds, changing CPUs; tells how long
       its turns were, and for how much of that it was blocked

Prints "READY [PORT]". spin answers "go N" with the turns of N seconds.
"""

import asyncio
import json
import os
import random
import socket
import sys
import threading
import time


def say(*words):
    print(*words, flush=True)


class Orders:
    """Lines from standard input, awaited without a thread."""

    def __init__(self):
        self.queue = asyncio.Queue()
        asyncio.get_running_loop().add_reader(0, self.read)

    def read(self):
        data = os.read(0, 4096).decode()
        if not data:
            os._exit(0)
        for line in data.splitlines():
            self.queue.put_nowait(line.split())

    async def get(self):
        return await self.queue.get()


async def idle(orders):
    while True:
        await asyncio.sleep(1)


async def tick(orders):
    while True:
        await asyncio.sleep(0.001)


async def spin(orders):
    while True:
        _, seconds = await orders.get()
        turns = 0
        start = time.monotonic()
        end = start + float(seconds)
        while time.monotonic() < end:
            await asyncio.sleep(0)
            turns += 1
        say(json.dumps({"turns": turns, "seconds": time.monotonic() - start}))


ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Type: text/plain\r\n\r\nok\n"


class Http(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(ANSWER * data.count(b"\r\n\r\n"))


async def stall(orders):
    while True:
        await orders.get()
        say(json.dumps({"start_ns": time.monotonic_ns()}))
        time.sleep(1)


async def asleep(orders):
    await orders.get()
    say("{}")
    time.sleep(3600)


async def busy(orders):
    await orders.get()
    say("{}")
    while True:
        pass


def deeper(frames, act):
    if frames > 1:
        deeper(frames - 1, act)
    else:
        act()


def in_frames(frames, act):
    """Calls act() with so many frames on the stack."""
    frame = sys._getframe(1)
    while frame:
        frame, frames = frame.f_back, frames - 1
    deeper(frames - 2, act)  # this one, and act's


async def nested(orders):
    in_frames(40, lambda: time.sleep(3600))


def nap_often():
    for _ in range(20):
        time.sleep(0.00005)


async def naps(orders):
    while True:
        await orders.get()
        for _ in range(100):
            await asyncio.sleep(0.001)
            in_frames(40, nap_often)
        say(2000)


class Spent:
    """A thread's time in some stretches of its code, by the kernel's own accounts."""

    def __init__(self):
        self.wall_ns = self.cpu_ns = self.ready_ns = 0

    def clocks(self):
        with open("/proc/thread-self/schedstat") as file:
            ready_ns = int(file.read().split()[1])  # runnable, but not running
        return time.monotonic_ns(), time.thread_time_ns(), ready_ns

    def begin(self):
        self.start = self.clocks()

    def end(self):
        wall_ns, cpu_ns, ready_ns = (now - then for now, then in zip(self.clocks(), self.start))
        self.wall_ns += wall_ns
        self.cpu_ns += cpu_ns
        self.ready_ns += ready_ns


def helper(connection):
    """Answers each request after the milliseconds that it asks for."""
    while True:
        data = connection.recv(1)
        if not data:
            return
        time.sleep(data[0] / 1000)
        connection.sendall(data)


def block(kind, milliseconds, connection):
    if kind == "sleep":
        time.sleep(milliseconds / 1000)
    elif kind == "socket":
        connection.sendall(bytes([milliseconds]))
        connection.recv(1)
    else:
        for _ in range(milliseconds):
            time.sleep(0.001)


def compute(milliseconds):
    end = time.thread_time() + milliseconds / 1000
    while time.thread_time() < end:
        pass


async def mixed(orders):
    mine, its = socket.socketpair()
    threading.Thread(target=helper, args=(its,), daemon=True).start()
    _, seconds = await orders.get()
    cpus = sorted(os.sched_getaffinity(0))
    chance = random.Random(1)
    flips = 0
    turns = Spent()  # between a wakeup and the next await
    calls = Spent()  # of it, what blocks: apart, as time stolen from a running thread looks like it
    whole = Spent()
    whole.begin()
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        await asyncio.sleep(0.001 * chance.randint(1, 5))
        turns.begin()
        kind, milliseconds = chance.choice(["sleep", "socket", "naps", "cpu"]), chance.randint(1, 60)
        if kind == "cpu":
            compute(milliseconds)
        calls.begin()
        if kind != "cpu":
            block(kind, milliseconds, mine)
        os.sched_setaffinity(threading.get_native_id(), {cpus[flips % len(cpus)]})
        calls.end()
        flips += 1
        turns.end()
    whole.end()
    # While the loop waits it uses no CPU and is not ready: what it did so outside is of turns, too.
    around = whole.cpu_ns - turns.cpu_ns + whole.ready_ns - turns.ready_ns
    say(
        json.dumps(
            {
                "turns_ns": turns.wall_ns + around,
                "blocked_ns": calls.wall_ns - calls.cpu_ns - calls.ready_ns,
                "flips": flips,
            }
        )
    )
    await asyncio.sleep(3600)


async def main(name):
    orders = Orders()
    port = ""
    if name == "http":
        server = await asyncio.get_running_loop().create_server(Http, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
    await asyncio.sleep(0.05)
    say("READY", port)
    work = {"idle": idle, "tick": tick, "spin": spin, "http": idle, "stall": stall,
            "asleep": asleep, "busy": busy, "nested": nested, "naps": naps,
            "mixed": mixed}[name]  # fmt: skip
    await work(orders)


if len(sys.argv) > 2:
    os.sched_setaffinity(0, {int(sys.argv[2])})
asyncio.run(main(sys.argv[1]))
