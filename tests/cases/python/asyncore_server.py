# SPDX-License-Identifier: GPL-2.0-or-later
# asyncore_server.py [poll]
# An echo server on asyncore (select, or poll), as medusa, supervisord and pyftpdlib were
# built. A client's thread sends a line each 70 ms; each tenth makes handle_read() sleep.
# Right: sleep, 250 ms, handle_read.
import asyncore
import socket
import sys
import threading
import time

from truth import truth


class Peer(asyncore.dispatcher):
    lines = 0

    def writable(self):
        return False

    def handle_read(self):
        data = self.recv(100)
        self.lines += 1
        if self.lines % 10 == 0:
            with truth("sleep"):
                time.sleep(0.25)
        self.send(data)


class Server(asyncore.dispatcher):
    def __init__(self):
        super().__init__()
        self.create_socket()
        self.bind(("127.0.0.1", 0))
        self.listen(5)

    def handle_accepted(self, sock, address):
        Peer(sock)


def ask(address):
    with socket.create_connection(address) as peer:
        while True:
            peer.send(b"x\n")
            peer.recv(10)
            time.sleep(0.07)


server = Server()
threading.Thread(target=ask, args=(server.socket.getsockname(),), daemon=True).start()
asyncore.loop(timeout=1, use_poll="poll" in sys.argv)
