# SPDX-License-Identifier: GPL-2.0-or-later
"""A server that serves who asks and blocks when asked to: served.py epoll|poll|select|asyncio [--seconds S]

Says FACT {"port", "path"}, a TCP port and a unix socket, then READY. A line "block" is answered after a block of
--seconds, with BEGIN and TURN. "timers" and "tasks" are the same, with three of each that an asyncio loop has to do
besides; "thread": another thread calls the loop meanwhile. All other lines are answered at once.
"""

import argparse
import asyncio
import importlib
import os
import selectors
import signal
import socket
import sys
import tempfile
import threading
import time

from workload import say

SELECTORS = {
    "epoll": selectors.EpollSelector,
    "poll": selectors.PollSelector,
    "select": selectors.SelectSelector,
}


def block(seconds):
    start_ns = time.monotonic_ns()
    say("BEGIN", {"start_ns": start_ns})
    time.sleep(seconds)
    say("TURN", {"start_ns": start_ns, "end_ns": time.monotonic_ns()})


def listen(directory):
    tcp = socket.create_server(("127.0.0.1", 0), backlog=64)
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(os.path.join(directory, "served"))
    unix.listen()
    return tcp, unix


def quit_with_stdin():
    """Not in the loop: that is to have nothing to do but to serve."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def serve(selector, listeners, seconds):
    for listener in listeners:
        selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select(0.5):
            if key.fileobj in listeners:
                selector.register(key.fileobj.accept()[0], selectors.EVENT_READ)
                continue
            line = key.fileobj.recv(100)
            if not line:
                selector.unregister(key.fileobj)
                key.fileobj.close()
                continue
            if line == b"block\n":
                block(seconds)
            key.fileobj.sendall(b"served\n")


async def handle(reader, writer, seconds):
    loop = asyncio.get_running_loop()
    while True:
        line = await reader.readline()
        if not line:
            return
        if line == b"timers\n":
            for part in range(1, 4):
                loop.call_later(seconds * part / 5, int)
            loop.call_later(seconds / 2, int).cancel()
            loop.call_later(seconds * 50, int)
            block(seconds)
        if line == b"tasks\n":
            for _ in range(3):
                loop.call_soon(int)
            block(seconds)
        if line == b"thread\n":
            threading.Timer(seconds / 2, lambda: loop.call_soon_threadsafe(int)).start()
            block(seconds)
        if line == b"block\n":
            block(seconds)
        writer.write(b"served\n")


async def serve_asyncio(tcp, unix, seconds):
    def handler(reader, writer):
        return handle(reader, writer, seconds)

    await asyncio.start_server(handler, sock=tcp)
    await asyncio.start_unix_server(handler, sock=unix)
    await asyncio.sleep(0.05)
    say("READY")
    await asyncio.Event().wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=[*SELECTORS, "asyncio"])
    parser.add_argument("--seconds", type=float, default=0.4)
    parser.add_argument("--uvloop", action="store_true", help="asyncio's loop is uvloop's")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory(prefix="blockprof-workload-") as directory:
        tcp, unix = listen(directory)
        say("FACT", {"port": tcp.getsockname()[1], "path": unix.getsockname()})
        threading.Thread(target=quit_with_stdin, daemon=True).start()
        if options.uvloop:
            asyncio.set_event_loop_policy(importlib.import_module("uvloop").EventLoopPolicy())
        if options.kind == "asyncio":
            asyncio.run(serve_asyncio(tcp, unix, options.seconds))
        else:
            say("READY")
            serve(SELECTORS[options.kind](), (tcp, unix), options.seconds)


main()
