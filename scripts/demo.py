#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""An asyncio program that does what no asyncio program should: it blocks its loop, in several ways."""

import asyncio
import hashlib
import socket
import subprocess
import threading
import time


def slow_server(listener):
    """Answers each connection after 400 ms; on a thread of its own, where it may block."""
    while True:
        connection, _ = listener.accept()
        time.sleep(0.4)
        connection.sendall(b"42\n")
        connection.close()


async def load_config():
    time.sleep(0.3)


async def fetch_rates(address):
    with socket.create_connection(address) as connection:
        return connection.recv(64)


async def resize_image():
    subprocess.run(["sleep", "0.25"], check=True)


async def check_password():
    hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 1_000_000)


async def heartbeat():
    """What suffers: it should tick every 10 ms."""
    while True:
        await asyncio.sleep(0.01)


async def main():
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=slow_server, args=(listener,), daemon=True).start()
    asyncio.create_task(heartbeat(), name="heartbeat")
    end = time.monotonic() + 30
    while time.monotonic() < end:
        for name, work in (
            ("config", load_config()),
            ("rates", fetch_rates(listener.getsockname())),
            ("thumbnails", resize_image()),
            ("login", check_password()),
        ):
            await asyncio.create_task(work, name=name)
            await asyncio.sleep(0.5)


try:
    asyncio.run(main())
except KeyboardInterrupt:
    pass
