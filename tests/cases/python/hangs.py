# SPDX-License-Identifier: GPL-2.0-or-later
# hangs.py asyncio|uvloop|twisted|gevent|eventlet|trio
# The loop runs 0.3 s, then a callback, long_job(), sleeps 4 s: who attaches in the middle
# finds a thread that never returns to its wait, and learns what it is from its own word, or
# from its stack. Then it ticks each 20 ms.
# Right: one stall, sleep, in long_job, begun before.
import sys
import time

from truth import LONGER, truth

kind = sys.argv[1]


def long_job():
    with truth("sleep", announce=True):
        time.sleep(4 * LONGER)


if kind in ("asyncio", "uvloop"):
    import asyncio

    async def main():
        await asyncio.sleep(0.3)
        long_job()
        while True:
            await asyncio.sleep(0.02)

    if kind == "uvloop":
        import uvloop

        uvloop.install()
    asyncio.run(main())
elif kind == "twisted":
    from twisted.internet import reactor, task

    task.LoopingCall(lambda: None).start(0.02)
    reactor.callLater(0.3, long_job)
    reactor.run()
elif kind in ("gevent", "eventlet"):
    library = __import__(kind)

    def tick():
        while True:
            library.sleep(0.02)

    library.spawn(tick)
    library.sleep(0.3)
    long_job()
    library.sleep(100)
else:
    import trio

    async def main():
        await trio.sleep(0.3)
        long_job()
        while True:
            await trio.sleep(0.02)

    trio.run(main)
