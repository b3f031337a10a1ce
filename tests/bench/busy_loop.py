# SPDX-License-Identifier: GPL-2.0-or-later
"""A busy asyncio loop: some hundred turns a second that compute, read files and nap, a stall now and then."""

import asyncio
import os
import random
import sys
import time


async def client():
    while True:
        await asyncio.sleep(random.uniform(0.005, 0.05))
        drawn = random.random()
        if drawn < 0.9:
            sum(range(random.randrange(200, 4000)))
        elif drawn < 0.98:
            os.stat("/etc/passwd")
            with open("/etc/hosts") as file:
                file.read()
        elif drawn < 0.999:
            time.sleep(random.uniform(0.0005, 0.012))
        elif drawn < 0.9993:
            time.sleep(random.uniform(0.1, 0.25))


async def main():
    random.seed(int(sys.argv[1]))
    tasks = [asyncio.create_task(client()) for _ in range(3)]
    print("READY", flush=True)
    await asyncio.gather(*tasks)


asyncio.run(main())
