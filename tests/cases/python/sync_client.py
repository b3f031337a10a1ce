# SPDX-License-Identifier: GPL-2.0-or-later
# sync_client.py http|communicate|dns|poll
# A synchronous program that works all the time and waits for others: urllib requests that
# are answered after 250 ms, subprocess.communicate() of `sleep 0.2` (a selector of its own,
# made and closed), poll() on one socket until its answer comes (as urllib3 does before it
# takes a connection from its pool). Each followed by 150 ms of work of its own.
# Right: no stall, for there is no loop.
import os
import select
import socket
import subprocess
import sys
import time

from truth import spin

kind = sys.argv[1]
listener = socket.create_server(("127.0.0.1", 0))
if os.fork() == 0:
    while True:
        peer, _ = listener.accept()
        while True:
            data = peer.recv(1000)
            if not data:
                break
            time.sleep(0.25)
            peer.send(b"HTTP/1.0 200 OK\r\n\r\n" if data[:3] == b"GET" else b"answer")
            if data[:3] == b"GET":
                break
        peer.close()
address = listener.getsockname()


def request():
    with socket.create_connection(address) as sock:
        sock.send(b"GET / HTTP/1.0\r\n\r\n")
        while sock.recv(1000):
            pass


kept = socket.create_connection(address) if kind == "poll" else None


def question():
    kept.send(b"?")
    poll = select.poll()
    poll.register(kept, select.POLLIN)
    poll.poll(5000)
    kept.recv(100)


def tool():
    subprocess.run(["sleep", "0.2"], capture_output=True, input=b"x")


while True:
    {"http": request, "poll": question}.get(kind, tool)()
    spin(0.05)
    time.sleep(0.1)
