# SPDX-License-Identifier: GPL-2.0-or-later
# selectors_server.py epoll|poll|select
# An echo server of its own on Python's selectors. A client in a child sends a line each
# 70 ms; each tenth makes handle() sleep 250 ms. It listens: no doubt that it serves.
# Right: sleep, 250 ms, handle.
import os
import selectors
import socket
import sys
import time

from truth import truth

kinds = {"epoll": selectors.EpollSelector, "poll": selectors.PollSelector, "select": selectors.SelectSelector}
listener = socket.create_server(("127.0.0.1", 0))
if os.fork() == 0:
    client = socket.create_connection(listener.getsockname())
    listener.close()
    while True:
        client.send(b"x\n")
        client.recv(10)
        time.sleep(0.07)
selector = kinds[sys.argv[1]]()
count = 0


def accept(sock):
    peer, _ = sock.accept()
    selector.register(peer, selectors.EVENT_READ, handle)


def handle(sock):
    global count
    data = sock.recv(100)
    count += 1
    if count % 10 == 0:
        with truth("sleep"):
            time.sleep(0.25)
    sock.send(data)


selector.register(listener, selectors.EVENT_READ, accept)
while True:
    for key, _ in selector.select(1):
        key.data(key.fileobj)
