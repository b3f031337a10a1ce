# SPDX-License-Identifier: GPL-2.0-or-later
# kombu_hub.py
# kombu's Hub, celery's event loop, with a reader on a pipe and a timer each 20 ms; a timer
# each 0.8 s calls refresh(), which sleeps 250 ms.
# Right: sleep, 250 ms, refresh.
import os
import time

from kombu.asynchronous import Hub

from truth import Pulse, truth


def refresh():
    with truth("sleep"):
        time.sleep(0.25)


hub = Hub()
wake, waker = os.pipe()
hub.add_reader(wake, os.read, wake, 100)
hub.call_repeatedly(0.02, Pulse(0.02))
hub.call_repeatedly(0.8, refresh)
hub.run_forever()
