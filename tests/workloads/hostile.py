# SPDX-License-Identifier: GPL-2.0-or-later
"""An asyncio program whose every name is meant to do harm: hostile.py DIRECTORY"""

import asyncio
import ctypes
import os
import sys
import threading
import time

PR_SET_NAME = 15
EVIL = "\x1b]0;evil\x07\x1b[31m;\n\r\u202e\udcff\x9b1m"
FIFO = os.path.join(os.fsencode(sys.argv[1]), b"fifo\x1b[2J;\n\xff 1")


def block():
    time.sleep(0.2)


def block_in_open():
    with open(FIFO) as file:
        file.read()


def renamed(function):
    code = function.__code__
    names = {"co_name": "fn" + EVIL, "co_filename": "/tmp/file" + EVIL + ".py"}
    if hasattr(code, "co_qualname"):
        names["co_qualname"] = names["co_name"]
    function.__code__ = code.replace(**names)
    return function


async def work(function):
    function()


async def main():
    ctypes.CDLL(None).prctl(PR_SET_NAME, b"\x1b[7m;\n\xff \\", 0, 0, 0)
    os.mkfifo(FIFO)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await asyncio.sleep(0.1)
    print("READY", flush=True)
    await reader.readline()
    for function in (block, block_in_open):
        if function is block_in_open:
            threading.Timer(0.3, lambda: open(FIFO, "w").close()).start()
        await asyncio.sleep(0.1)
        task = loop.create_task(work(renamed(function)))
        task.set_name("task" + EVIL)
        await task
    print("DONE", flush=True)
    await reader.read()


asyncio.run(main())
