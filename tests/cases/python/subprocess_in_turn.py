# SPDX-License-Identifier: GPL-2.0-or-later
# subprocess_in_turn.py run|output|communicate|system
# asyncio; each 0.6 s a task runs `sleep 0.25` the way that blocks the loop: subprocess.run,
# check_output (reads its pipe), communicate with both pipes (a selector of its own in the
# turn, which is no loop), os.system.
# Right: child; until causes follow the pipe to its child also pipe and poll.
import asyncio
import os
import subprocess
import sys

from truth import truth


def convert(kind):
    with truth("child"):
        if kind == "run":
            subprocess.run(["sleep", "0.25"])
        elif kind == "output":
            subprocess.check_output(["sleep", "0.25"])
        elif kind == "communicate":
            subprocess.run(["sleep", "0.25"], capture_output=True, input=b"x" * 100)
        else:
            os.system("sleep 0.25")


async def converts():
    while True:
        await asyncio.sleep(0.6)
        convert(sys.argv[1])


async def main():
    asyncio.create_task(converts(), name="converts")
    while True:
        await asyncio.sleep(0.02)


asyncio.run(main())
