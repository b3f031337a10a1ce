# SPDX-License-Identifier: GPL-2.0-or-later
# hashes.py
# asyncio; five tasks login-0 to login-4 hash a password (scrypt, some 50 ms each) in the same
# turn, each 0.7 s: one stall of all five.
# Right: cpu, in login; all five tasks.
import asyncio
import hashlib
import time

from truth import note

began = 0


async def login(number):
    global began
    if number == 0:
        began = time.monotonic_ns()
    hashlib.scrypt(b"pw", salt=b"s" * 16, n=2**14, r=8, p=1)
    if number == 4:
        note("cpu", began)


async def main():
    while True:
        await asyncio.sleep(0.7)
        await asyncio.gather(*(asyncio.create_task(login(i), name="login-%d" % i) for i in range(5)))


asyncio.run(main())
