# SPDX-License-Identifier: GPL-2.0-or-later
"""The sockets of systemd and its journal, and what is sent there."""

import socket
import struct
import threading


class Listener:
    """A datagram socket, and what has come there."""

    def __init__(self, path):
        self.messages = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(path)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            self.messages.append(self._socket.recv(1 << 20))


def fields_of(entry):
    """Native journal protocol: NAME=value, or NAME, eight bytes of length, value, for values of several lines."""
    fields = {}
    while entry:
        line, _, rest = entry.partition(b"\n")
        name, is_text, value = line.partition(b"=")
        if not is_text:
            (length,) = struct.unpack("<Q", rest[:8])
            value, rest = rest[8 : 8 + length], rest[9 + length :]
        fields[name.decode()] = value.decode()
        entry = rest
    return fields
