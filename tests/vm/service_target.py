# SPDX-License-Identifier: GPL-2.0-or-later
"""The service that the test of blockprof's own service watches: blocks its loop at each SIGUSR1."""

import asyncio
import os
import signal
import socket
import time


def block():
    time.sleep(2)


async def main():
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, block)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
    while True:
        await asyncio.sleep(0.05)


asyncio.run(main())
