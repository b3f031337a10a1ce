# SPDX-License-Identifier: GPL-2.0-or-later
"""Blocks below a C extension, which is called by Python and calls Python: extension.py DIRECTORY"""
import asyncio
import functools
import sys
import time

sys.path.insert(0, sys.argv[1])
import extension  # noqa: E402


def inner():
    time.sleep(0.2)


def outer():
    extension.call(inner)


async def work():
    extension.call(functools.partial(extension.call, outer))


async def main():
    await asyncio.sleep(0.1)
    print("READY", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    await work()
    await asyncio.sleep(0.1)
    print("DONE", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


asyncio.run(main())
