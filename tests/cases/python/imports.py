# SPDX-License-Identifier: GPL-2.0-or-later
# imports.py
# asyncio; task `first` imports large modules within the loop each 0.6 s (they were put out of
# sys.modules before), some 200 ms of cpu or file.
# Right: cpu (or file, where they are not cached), in load.
import asyncio
import sys

from truth import truth


def load():
    with truth("import"):
        import sqlalchemy.dialects.postgresql
        import sqlalchemy.orm


async def first():
    while True:
        await asyncio.sleep(0.5)
        for name in [name for name in sys.modules if name.split(".")[0] == "sqlalchemy"]:
            del sys.modules[name]
        await asyncio.sleep(0.1)
        load()


async def main():
    asyncio.create_task(first(), name="first")
    while True:
        await asyncio.sleep(0.02)


asyncio.run(main())
