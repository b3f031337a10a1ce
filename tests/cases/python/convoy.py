# SPDX-License-Identifier: GPL-2.0-or-later
# convoy.py
# asyncio; a thread `hog` runs pure Python while push() sends for 250 ms, 64 KiB at a
# time, to a child that drains it, in one turn. Each send drops the GIL and waits up to 5 ms to get it back.
# Right: gil (not socket), holder hog, in push.
import asyncio
import os
import socket
import threading
import time

from truth import truth

SO_SNDBUFFORCE = 32
listener = socket.create_server(("127.0.0.1", 0))
if os.fork() == 0:
    peer, _ = listener.accept()
    while peer.recv(1 << 20):
        pass
    os._exit(0)
sock = socket.create_connection(listener.getsockname())
sock.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 64 << 20)
sock.setblocking(False)
on = threading.Event()


def hog():
    while True:
        on.wait()
        sum(i for i in range(2000))


def push():
    end = time.monotonic() + 0.25
    while time.monotonic() < end:
        try:
            sock.send(b"x" * 65536)
        except BlockingIOError:
            pass


async def sender():
    while True:
        await asyncio.sleep(0.7)
        with truth("gil"):
            on.set()
            time.sleep(0.001)
            push()
            on.clear()


threading.Thread(target=hog, name="hog", daemon=True).start()
asyncio.run(sender())
