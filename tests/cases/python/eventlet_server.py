# SPDX-License-Identifier: GPL-2.0-or-later
# eventlet_server.py epolls|poll|selects
# An eventlet echo server whose greenlet for a client calls the real time.sleep (as a C
# library would that nothing has patched) at each tenth line: the hub stands still for
# 250 ms. A green tick each 20 ms is innocent.
# Right: sleep, 250 ms, handle.
import sys
import time

import eventlet
from eventlet import hubs

hubs.use_hub(sys.argv[1])
from truth import Pulse, truth


def handle(sock):
    lines = 0
    while True:
        data = sock.recv(100)
        lines += 1
        if lines % 10 == 0:
            with truth("sleep"):
                time.sleep(0.25)
        sock.sendall(data)


def tick():
    pulse = Pulse(0.02)
    while True:
        eventlet.sleep(0.02)
        pulse()


def client(address):
    sock = eventlet.connect(address)
    while True:
        sock.sendall(b"x\n")
        sock.recv(10)
        eventlet.sleep(0.07)


listener = eventlet.listen(("127.0.0.1", 0))
eventlet.spawn(tick)
eventlet.spawn(client, listener.getsockname())
while True:
    peer, _ = listener.accept()
    eventlet.spawn(handle, peer)
