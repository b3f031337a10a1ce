# SPDX-License-Identifier: GPL-2.0-or-later
"""Threads that each wait for something else, for good, or run.

Lines "thread NAME TID", "fact NAME VALUE", then "ready". Ends with its standard input.
"""

import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time

LOCK = threading.Lock()
LOCK.acquire()
STARTED = []
SAYING = threading.Lock()


def say(*fields):
    with SAYING:
        print(*fields, flush=True)


def in_sleep():
    time.sleep(3600)


def in_recv():
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen()
    client = socket.create_connection(server.getsockname())
    other, _ = server.accept()
    say("fact", "peer", "%s:%d" % other.getsockname())
    client.recv(1)


def in_lock():
    LOCK.acquire()


def in_fifo():
    path = os.path.join(tempfile.mkdtemp(prefix="blockprof-e2e-"), "a fifo")
    os.mkfifo(path)
    say("fact", "fifo", path)
    open(path)


def in_pipe():
    os.read(os.pipe()[0], 1)


def in_poll():
    a, b = socket.socketpair()
    poll = select.poll()
    poll.register(a, select.POLLIN)
    KEPT.append(b)
    poll.poll()


def in_child():
    child = subprocess.Popen(["sleep", "3600"])
    KEPT.append(child)
    say("fact", "child", child.pid)
    child.wait()


def in_cpu():
    hog()


def hog():
    """Lets go of the GIL each time: others are not held up."""
    while True:
        sum(range(100))


KEPT = []


def run(function):
    say("thread", function.__name__, getattr(threading, "get_native_id")())
    STARTED.append(function)
    function()


def main():
    functions = [in_sleep, in_recv, in_lock, in_fifo, in_pipe, in_poll, in_child]
    if "cpu" in sys.argv[1:]:
        functions = [in_cpu]
    for function in functions:
        threading.Thread(target=run, args=(function,), name="e\x1b[31m;\n", daemon=True).start()
    while len(STARTED) < len(functions):
        time.sleep(0.01)
    time.sleep(0.3)
    say("ready")
    sys.stdin.readline()
    for kept in KEPT:
        if isinstance(kept, subprocess.Popen):
            kept.kill()
    os._exit(0)


main()
