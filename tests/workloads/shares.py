# SPDX-License-Identifier: GPL-2.0-or-later
"""shares.py passed|forked: a loop of one's own whose epoll instance another process has, too.

passed: the child gets it by SCM_RIGHTS and serves it all the time.
forked: the child was forked with it, and never touches it.
Each line on stdin is a block of 300 ms. Both end with stdin.
"""

import os
import select
import socket
import sys
import time

parent = os.getpid()
here, there = socket.socketpair()
epoll = select.epoll()
wakeup, _ = os.pipe()
epoll.register(wakeup, select.EPOLLIN)
if os.fork() == 0:
    if sys.argv[1] == "passed":
        epoll.close()
        epoll = select.epoll.fromfd(socket.recv_fds(there, 1, 1)[1][0])
    while os.getppid() == parent:
        if sys.argv[1] == "passed":
            epoll.poll(0.02)
        else:
            time.sleep(0.1)
    os._exit(0)
socket.send_fds(here, [b"x"], [epoll.fileno()])
print("READY", flush=True)
while True:
    epoll.poll(0.02)
    if not select.select([sys.stdin], [], [], 0)[0]:
        continue
    if not sys.stdin.readline():
        break
    time.sleep(0.3)
    print("DONE", flush=True)
