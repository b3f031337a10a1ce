# SPDX-License-Identifier: GPL-2.0-or-later
"""Blocks in code of files that are no programs: mapped_target.py FILE...

Each file has, at its second page, code that makes the system call nanosleep(2).
One blocking turn a file, in their order: TURN {...} as asyncio_target.py says it.
"""

import asyncio
import ctypes
import json
import mmap
import os
import sys
import time

SECONDS = 0.2


class Timespec(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]


def map_code(path):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
    fd = os.open(path, os.O_RDONLY)
    code = libc.mmap(None, 4096, mmap.PROT_READ | mmap.PROT_EXEC, mmap.MAP_PRIVATE, fd, 4096)
    os.close(fd)
    return ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)(code)


def block_mapped(function):
    wanted = Timespec(0, int(SECONDS * 1e9))
    function(ctypes.addressof(wanted), None)


async def main():
    functions = [(path, map_code(path)) for path in sys.argv[1:]]
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await asyncio.sleep(0.1)
    print("READY", flush=True)
    await reader.readline()
    for path, function in functions:
        await asyncio.sleep(0.1)
        start_ns = time.monotonic_ns()
        block_mapped(function)
        turn = {"start_ns": start_ns, "end_ns": time.monotonic_ns(), "tid": os.getpid(), "pid": os.getpid()}
        print("TURN " + json.dumps(turn), flush=True)
    print("DONE", flush=True)
    await reader.read()


asyncio.run(main())
