# SPDX-License-Identifier: GPL-2.0-or-later
# gevent_server.py
# gevent, not monkey-patched: a greenlet asks a TCP server of a child, which answers after
# 250 ms, by an ordinary socket. Another greenlet ticks each 20 ms.
# Right: socket, 250 ms, ask.
import os
import socket
import time

import gevent

from truth import Pulse, truth

listener = socket.create_server(("127.0.0.1", 0))
if os.fork() == 0:
    peer, _ = listener.accept()
    while peer.recv(10):
        time.sleep(0.25)
        peer.send(b"answer")
    os._exit(0)
server = socket.create_connection(listener.getsockname())


def ask():
    with truth("socket"):
        server.send(b"?")
        server.recv(10)


def asks():
    while True:
        gevent.sleep(0.7)
        ask()


def ticks():
    pulse = Pulse(0.02)
    while True:
        gevent.sleep(0.02)
        pulse()


gevent.joinall([gevent.spawn(asks), gevent.spawn(ticks)])
