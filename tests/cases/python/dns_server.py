# SPDX-License-Identifier: GPL-2.0-or-later
# dns_server.py
# A name server on 127.0.0.77 that answers each question after 30 ms, one after the other,
# with 127.0.0.1, or nothing for AAAA.
import socket
import struct
import time

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("127.0.0.77", 53))
while True:
    question, address = sock.recvfrom(512)
    time.sleep(0.03)
    end = question.index(b"\0", 12) + 5
    (kind,) = struct.unpack(">H", question[end - 4 : end - 2])
    answers = 1 if kind == 1 else 0
    reply = question[:2] + struct.pack(">HHHHH", 0x8180, 1, answers, 0, 0) + question[12:end]
    if answers:
        reply += b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 1, 4) + b"\x7f\0\0\1"
    sock.sendto(reply, address)
