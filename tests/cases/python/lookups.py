# SPDX-License-Identifier: GPL-2.0-or-later
# lookups.py (in a mount namespace of its own, whose resolv.conf names 127.0.0.77)
# asyncio; gather() of eight tasks check-0 to check-7, each looks up a name in the loop, some
# 60 ms each, in one turn of some 480 ms.
# Right: dns, in check; all names, tasks and the server.
import asyncio
import os
import socket
import subprocess
import sys
import time

from truth import note

with open("resolv.conf", "w") as file:
    file.write("nameserver 127.0.0.77\noptions timeout:3 attempts:1\n")
subprocess.run(["mount", "--make-rprivate", "/"], check=True)
subprocess.run(["mount", "--bind", "resolv.conf", "/etc/resolv.conf"], check=True)
subprocess.Popen([sys.executable, os.path.join(os.path.dirname(__file__), "dns_server.py")])
began = 0


async def check(number):
    global began
    if number == 0:
        began = time.monotonic_ns()
    socket.getaddrinfo("h%d.blk.test" % number, 443, type=socket.SOCK_STREAM)
    if number == 7:
        note("dns", began)


async def main():
    while True:
        await asyncio.sleep(0.8)
        await asyncio.gather(*(asyncio.create_task(check(i), name="check-%d" % i) for i in range(8)))


asyncio.run(main())
