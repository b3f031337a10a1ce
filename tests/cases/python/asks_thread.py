# SPDX-License-Identifier: GPL-2.0-or-later
"""asyncio: each 0.7 s a callback asks, with calls that block, for what another thread has 300 ms later.
"tcp": a server in a thread of its own process, which has one for each connection. "pipe": a thread that
writes into a pipe. "relay": a child, which asks that server of its parent. "inside": a child, a thread
of which waits for another one's pipe. Right: socket (pipe), in ask(), for the thread that slept where it
is known; not that they wait for each other, or no more than perhaps. "loop": a child asks a server of the
loop that waits for it, and gives up: these do wait for each other."""

import asyncio
import os
import socket
import sys
import threading
import time

from truth import truth

KIND = sys.argv[1]


def listen():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


def serve(listener, answer):
    while True:
        threading.Thread(target=answer, args=listener.accept()[:1], daemon=True).start()


def call(address, timeout=None):
    with socket.create_connection(address, timeout) as client:
        client.send(b"x")
        try:
            client.recv(1)
        except TimeoutError:
            pass


def think(connection):
    connection.recv(1)
    time.sleep(0.3)
    connection.send(b"y")


def write_later(end):
    time.sleep(0.3)
    os.write(end, b"y")


def read_own_pipe():
    reader, writer = os.pipe()
    threading.Thread(target=write_later, args=(writer,)).start()
    os.read(reader, 1)
    os.close(reader)
    os.close(writer)


def look_inside(connection):
    connection.recv(1)
    read_own_pipe()
    connection.send(b"y")


def in_child(answer, inherited):
    listener = listen()
    if os.fork() == 0:
        inherited.close()
        serve(listener, answer)
    return listener.getsockname()


def ask(address):
    with truth("ask"):
        if KIND == "pipe":
            read_own_pipe()
        else:
            call(address)


async def answer_in_loop(_reader, writer):
    writer.write(b"y")
    writer.close()


async def main(own, address):
    if KIND == "loop":
        server = await asyncio.start_server(answer_in_loop, sock=own)
    while True:
        await asyncio.sleep(0.7)
        ask(address)


own = listen()


def pass_on(connection):
    connection.recv(1)
    call(own_address, 0.3 if KIND == "loop" else None)
    connection.send(b"y")


own_address = address = own.getsockname()
if KIND in ("relay", "loop"):
    address = in_child(pass_on, own)
elif KIND == "inside":
    address = in_child(look_inside, own)
if KIND != "loop":
    threading.Thread(target=serve, args=(own, think), daemon=True).start()
asyncio.run(main(own, address))
