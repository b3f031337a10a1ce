# SPDX-License-Identifier: GPL-2.0-or-later
"""A service that answers HTTP, and what is asked of it."""

import http.client
import os
import socket

from harness import check, parse_records
from service import Service


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class WebService(Service):
    """One that answers on a port of its own."""

    def __init__(self, *args, **kwargs):
        self.port = free_port()
        super().__init__("--listen", "127.0.0.1:%d" % self.port, *args, **kwargs)

    def get(self, target, method="GET", headers=None, body=None, seconds=20):
        """(status, headers, body)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request(method, target, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def raw(self, request):
        """All that comes back."""
        with self.connect() as connection:
            connection.sendall(request)
            return read_all(connection)

    def child(self):
        """The process that speaks HTTP."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/status" % pid) as file:
                    fields = dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
            except OSError:
                continue
            if fields["Name"] == "blockprof-web" and int(fields["PPid"]) == self.popen.pid:
                return int(pid), fields
        return None, None


def read_all(connection):
    answer = b""
    while True:
        try:
            part = connection.recv(65536)
        except ConnectionResetError:
            return answer
        if not part:
            return answer
        answer += part


def token_of(service):
    with open(os.path.join(service.state, "token")) as file:
        return file.read().strip()


def bearer(token):
    return {"Authorization": "Bearer " + token}


def check_status(got, wanted, what):
    check(got[0] == wanted, "%s: status %d instead of %d" % (what, got[0], wanted), dict(got[1]), got[2])


def lines_of(answer):
    """The records of an answer that has some."""
    check_status(answer, 200, "lines")
    check(answer[1]["Content-Type"] == "application/x-ndjson", "type", dict(answer[1]))
    return parse_records(answer[2].decode())
