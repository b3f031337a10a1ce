# SPDX-License-Identifier: GPL-2.0-or-later
"""A loop of one's own that closes its epoll instance in the middle of a long turn, or whose other thread does."""

import os
import select
import sys
import threading
import time

epoll = select.epoll()
wakeup = os.eventfd(0) if hasattr(os, "eventfd") else os.pipe()[0]
epoll.register(wakeup, select.EPOLLIN)
print("READY", flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    epoll.poll(0.01)
if "other" in sys.argv:
    threading.Timer(1.4, epoll.close).start()  # text tells of a block from one second on
    time.sleep(3)
else:
    time.sleep(0.4)
    epoll.close()
    time.sleep(1.6)
print("DONE", flush=True)
sys.stdin.read()
