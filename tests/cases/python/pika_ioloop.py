# SPDX-License-Identifier: GPL-2.0-or-later
# pika_ioloop.py epoll|poll|select
# pika's own IOLoop with timers, as its SelectConnection has it. on_timer() sleeps 250 ms
# each 0.8 s; a tick each 20 ms.
# Right: sleep, 250 ms, on_timer.
import sys
import time

from pika.adapters import select_connection

from truth import Pulse, truth

select_connection.SELECT_TYPE = sys.argv[1]
loop = select_connection.IOLoop()
pulse = Pulse(0.02)


def tick():
    loop.call_later(0.02, tick)
    pulse()


def on_timer():
    loop.call_later(0.8, on_timer)
    with truth("sleep"):
        time.sleep(0.25)


loop.call_later(0.02, tick)
loop.call_later(0.8, on_timer)
loop.start()
