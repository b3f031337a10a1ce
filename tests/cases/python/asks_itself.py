# SPDX-License-Identifier: GPL-2.0-or-later
"""asyncio: a server, and each 0.7 s a callback of the same loop that asks it over TCP with a call
that blocks, and gives up after 300 ms. With "apart" the server runs in a loop of another thread,
and answers after 250 ms. Right: socket, in ask(), and that it waits for itself; but for the other."""

import asyncio
import socket
import sys
import threading

from truth import truth

APART = "apart" in sys.argv


async def answer(reader, writer):
    await reader.read(1)
    await asyncio.sleep(0.25 if APART else 0)
    writer.write(b"y")
    writer.close()


async def serve():
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    return server.sockets[0].getsockname()


def ask(address):
    with socket.create_connection(address, timeout=0.3) as client:
        client.send(b"x")
        try:
            client.recv(1)
        except TimeoutError:
            pass


async def main():
    if APART:
        loop = asyncio.new_event_loop()
        threading.Thread(target=loop.run_forever, daemon=True).start()
        address = await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(serve(), loop))
    else:
        address = await serve()
    while True:
        await asyncio.sleep(0.7)
        with truth("ask"):
            ask(address)


asyncio.run(main())
