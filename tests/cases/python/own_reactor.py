# SPDX-License-Identifier: GPL-2.0-or-later
# own_reactor.py poll|select|epoll [gc]
# A reactor of its own in pure Python: a heap of timers and a wakeup pipe, a tick each
# 20 ms. Each 0.9 s a timer calls status(), which sleeps 200 ms; with "gc" cleanup(), which
# collects over so many live containers that it takes 150 ms and more of cpu.
# Right: sleep, status; gc, cleanup (cpu until causes know the collector). By habit alone a
# poll or select loop is in doubt.
import gc
import heapq
import os
import select
import sys
import time

from heap import enough
from truth import Pulse, truth

kind, collects = sys.argv[1], "gc" in sys.argv
gc.disable()
KEEP = enough() if collects else []


class Reactor:
    def __init__(self):
        self.timers = []
        self.wake, self.waker = os.pipe()
        if kind == "poll":
            self.poll = select.poll()
            self.poll.register(self.wake, select.POLLIN)
        elif kind == "epoll":
            self.poll = select.epoll()
            self.poll.register(self.wake, select.EPOLLIN)

    def after(self, delay, function):
        heapq.heappush(self.timers, (time.monotonic() + delay, id(function), function))

    def wait(self, seconds):
        if kind == "select":
            select.select([self.wake], [], [], seconds)
        elif kind == "poll":
            self.poll.poll(int(seconds * 1000) + 1)
        else:
            self.poll.poll(seconds)

    def run(self):
        while True:
            self.wait(max(0.0, self.timers[0][0] - time.monotonic()))
            while self.timers[0][0] <= time.monotonic():
                heapq.heappop(self.timers)[2]()


reactor = Reactor()
pulse = Pulse(0.02)


def tick():
    reactor.after(0.02, tick)
    pulse()


def status():
    reactor.after(0.9, status)
    with truth("sleep"):
        time.sleep(0.2)


def cleanup():
    reactor.after(0.9, cleanup)
    with truth("gc"):
        gc.collect()


reactor.after(0, tick)
reactor.after(1, cleanup if collects else status)
reactor.run()
