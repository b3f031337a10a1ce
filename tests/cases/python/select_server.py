# SPDX-License-Identifier: GPL-2.0-or-later
# select_server.py
# The classic server in Python: select.select([listener, *peers], [], []) without a time-out,
# all in one function. Two clients of a child ask each 60 ms; each twelfth question makes
# answer() read from a child's pipe that brings its line after 250 ms.
# Right: pipe, 250 ms, answer.
import os
import select
import socket
import time

from truth import truth

listener = socket.create_server(("127.0.0.1", 0))
if os.fork() == 0:
    peers = [socket.create_connection(listener.getsockname()) for _ in range(2)]
    listener.close()
    while True:
        for peer in peers:
            peer.send(b"x")
            peer.recv(10)
            time.sleep(0.06)
asked, answers = os.pipe(), os.pipe()
if os.fork() == 0:
    while os.read(asked[0], 1):
        time.sleep(0.25)
        os.write(answers[1], b"late")


def answer():
    with truth("pipe"):
        os.write(asked[1], b"?")
        os.read(answers[0], 100)


peers, count = [], 0
while True:
    ready, _, _ = select.select([listener, *peers], [], [])
    for sock in ready:
        if sock is listener:
            peers.append(listener.accept()[0])
            continue
        data = sock.recv(100)
        count += 1
        if count % 12 == 0:
            answer()
        sock.send(data)
