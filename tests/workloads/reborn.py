# SPDX-License-Identifier: GPL-2.0-or-later
"""One pid, several programs in turn: reborn.py exec|reuse PYTHON...

exec: each PYTHON becomes the next by exec. reuse: they are children, and each
gets the pid of the one before. "SKIP" where that cannot be brought about.
"""

import asyncio
import os
import subprocess
import sys
import time

TRIES = 300


def first_block():
    time.sleep(0.15)


def second_block():
    time.sleep(0.25)


async def block_twice(block):
    for _ in range(2):
        for _ in range(10):
            await asyncio.sleep(0.02)
        block()
    await asyncio.sleep(0.02)


def run_with_pid(pid, argv):
    """Starts argv as that process, if need be after many tries; False: another took the pid."""
    for _ in range(TRIES):
        with open("/proc/sys/kernel/ns_last_pid", "w") as file:
            file.write(str(pid - 1))
        child = os.fork()
        if child == 0:
            if os.getpid() == pid:
                os.execv(argv[0], argv)
            os._exit(0)
        os.waitpid(child, 0)
        if child == pid:
            return True
    return False


def main():
    way, pythons = sys.argv[1], sys.argv[2:]
    if way == "reuse":
        sys.stdin.readline()
        first = subprocess.Popen([pythons[0], __file__, "first"])
        first.wait()
        done = run_with_pid(first.pid, [pythons[1], __file__, "second"])
        print("REUSED %d" % first.pid if done else "SKIP", flush=True)
    elif way == "exec":
        print("READY", flush=True)
        sys.stdin.readline()
        asyncio.run(block_twice(first_block))
        os.execv(pythons[0], [pythons[0], __file__, "second"])
    else:
        asyncio.run(block_twice(first_block if way == "first" else second_block))


main()
