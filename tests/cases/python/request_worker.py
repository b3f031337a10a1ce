# SPDX-License-Identifier: GPL-2.0-or-later
# request_worker.py gunicorn|http|accept|selector
# A server that handles one connection to its end, 300 ms, and then takes the next: no loop,
# its requests are its work. gunicorn: select of the listener and a wakeup pipe with a time-out
# of 1 s, as its sync worker; http: Python's http.server; accept: it blocks in accept;
# selector: epoll of the listener alone. A client of a child asks all the time.
# Right: no stall (a doubtful one may be told).
import http.server
import os
import select
import selectors
import socket
import sys
import time

kind = sys.argv[1]
listener = socket.create_server(("127.0.0.1", 0))
if os.fork() == 0:
    address = listener.getsockname()
    listener.close()
    while True:
        with socket.create_connection(address) as sock:
            sock.send(b"GET / HTTP/1.0\r\n\r\n")
            while sock.recv(1000):
                pass
        time.sleep(0.05)


def handle():
    peer, _ = listener.accept()
    with peer:
        peer.recv(1000)
        time.sleep(0.3)
        peer.send(b"HTTP/1.0 200 OK\r\n\r\n")


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(0.3)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


if kind == "http":
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.serve_forever()
wake, waker = os.pipe()
selector = selectors.DefaultSelector()
selector.register(listener, selectors.EVENT_READ)
while True:
    if kind == "gunicorn":
        ready = select.select([listener, wake], [], [], 1.0)[0]
    elif kind == "selector":
        ready = selector.select(1)
    else:
        ready = True
    if ready:
        handle()
