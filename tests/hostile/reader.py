# SPDX-License-Identifier: GPL-2.0-or-later
"""Somebody who has the service's page open, and reads the hour again and again."""

import http.client
import socket
import threading
import time

from precedence import come_first

POLL_S = 2
HOUR_S = 10  # as somebody in a hurry
ANSWER_S = 20  # as user/web/page/ask.js


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=ANSWER_S)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Reader(threading.Thread):
    """What it was not given is in wrong."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path = path
        self.given = self.most_s = self.most_bytes = 0
        self.wrong = []
        self._ended = threading.Event()

    def run(self):
        come_first()
        hour = 0
        while not self._ended.wait(POLL_S):
            self._ask("/loops")
            self._ask("/last?seconds=10")
            if time.monotonic() > hour:
                hour = time.monotonic() + HOUR_S
                self._ask("/last?seconds=3600")

    def _ask(self, target):
        began = time.monotonic()
        connection = UnixConnection(self.path)
        try:
            connection.request("GET", target)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                self.wrong.append("%s: status %d" % (target, answer.status))
        except (OSError, http.client.HTTPException) as error:
            self.wrong.append("%s: %s" % (target, error or type(error).__name__))
            return
        finally:
            connection.close()
        self.given += 1
        self.most_s = max(self.most_s, time.monotonic() - began)
        self.most_bytes = max(self.most_bytes, len(body))

    def end(self):
        self._ended.set()
        self.join()
