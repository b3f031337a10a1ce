# SPDX-License-Identifier: GPL-2.0-or-later
"""Threads that wait as loops do, again and again, and are none: a server that answers one request after the other,
its client, and one that runs children."""

import http.server
import subprocess
import sys
import threading
import time
import urllib.request


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(0.2)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)


def ask():
    while True:
        with urllib.request.urlopen("http://127.0.0.1:%d/" % server.server_port, timeout=5) as answer:
            answer.read()
        time.sleep(0.1)


def run_children():
    while True:
        subprocess.run(["sleep", "0.15"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=5)
        time.sleep(0.15)


for function in (lambda: server.serve_forever(0.1), ask, run_children):
    threading.Thread(target=function, daemon=True).start()
time.sleep(0.5)
print("READY", flush=True)
sys.stdin.read()
