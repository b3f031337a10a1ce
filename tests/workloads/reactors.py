# SPDX-License-Identifier: GPL-2.0-or-later
"""reactors.py KIND [idle]: a loop in Python that is not asyncio's, or asyncio's where its frames do not show.

Talks as asyncio_target.py does: a line on its standard input makes it sleep once in a callback, or do
nothing of the kind ("idle")."""

import json
import os
import sys
import time

SECONDS = 0.4
TICK = 0.02
IDLE = "idle" in sys.argv


def say(*words):
    print(*words, flush=True)


def block_sleep():
    time.sleep(SECONDS)


def act():
    """A line has come: what the loop calls for it."""
    if not os.read(0, 100):
        os._exit(0)
    if not IDLE:
        start = time.monotonic_ns()
        block_sleep()
        say("TURN", json.dumps({"start_ns": start, "end_ns": time.monotonic_ns(), "fn": "block_sleep"}))
    say("DONE")


def run_twisted(kind):
    import importlib

    importlib.import_module("twisted.internet.%sreactor" % kind).install()
    from twisted.internet import reactor, task

    class Input:
        def fileno(self):
            return 0

        def logPrefix(self):
            return "input"

        def doRead(self):
            act()

        def connectionLost(self, reason):
            os._exit(0)

    task.LoopingCall(lambda: None).start(TICK)
    reactor.addReader(Input())
    reactor.callLater(0.3, say, "READY")
    reactor.run()


def run_eventlet(kind):
    os.environ["EVENTLET_HUB"] = kind
    import eventlet
    import eventlet.hubs

    def tick():
        while True:
            eventlet.sleep(TICK)

    def serve():
        while True:
            eventlet.hubs.trampoline(0, read=True)
            act()

    eventlet.spawn(tick)
    eventlet.spawn_after(0.3, say, "READY")
    eventlet.spawn(serve).wait()


def run_kombu(_):
    from kombu.asynchronous import Hub

    hub = Hub()
    hub.add_reader(0, act)
    hub.call_repeatedly(TICK, lambda: None)
    hub.call_later(0.3, say, "READY")
    hub.run_forever()


def run_pika(kind):
    from pika.adapters import select_connection

    select_connection.SELECT_TYPE = kind
    loop = select_connection.IOLoop()

    def tick():
        loop.call_later(TICK, tick)

    loop.add_handler(0, lambda fd, events: act(), loop.READ)
    loop.call_later(TICK, tick)
    loop.call_later(0.3, lambda: say("READY"))
    loop.start()


def run_asyncore(kind):
    import asyncore
    import threading

    class Input(asyncore.file_dispatcher):
        def writable(self):
            return False

        def handle_read(self):
            act()

    Input(0)
    threading.Timer(0.3, say, ["READY"]).start()
    asyncore.loop(TICK, kind == "poll")


def run_tornado(_):
    import tornado.ioloop

    loop = tornado.ioloop.IOLoop.current()
    tornado.ioloop.PeriodicCallback(lambda: None, TICK * 1000).start()
    loop.add_handler(0, lambda *_: act(), loop.READ)
    loop.call_later(0.3, say, "READY")
    loop.start()


def run_selectors(_):
    import selectors

    selector = selectors.DefaultSelector()
    selector.register(0, selectors.EVENT_READ, act)
    ready = time.monotonic() + 0.3
    while True:
        for key, _events in selector.select(TICK):
            key.data()
        if ready and time.monotonic() > ready:
            ready = 0
            say("READY")


def run_asyncio(how):
    import asyncio

    async def inner():
        await asyncio.sleep(TICK)
        act()
        await asyncio.sleep(TICK)

    async def serve(lines):
        while True:
            await lines.get()
            if how == "nest":
                asyncio.run(inner())
            else:
                import greenlet

                greenlet.greenlet(act).switch()

    def on_line(lines):
        """The same line is read by whom it is for."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(0)
        lines.put_nowait(None)
        loop.call_later(2 * SECONDS, loop.add_reader, 0, on_line, lines)

    async def main():
        lines = asyncio.Queue()
        loop = asyncio.get_running_loop()
        if how == "callback":
            import greenlet

            loop.add_reader(0, lambda: greenlet.greenlet(act).switch())
        else:
            loop.add_reader(0, on_line, lines)
        task = asyncio.create_task(serve(lines), name="serves")
        await asyncio.sleep(0.3)
        say("READY")
        while not task.done():
            await asyncio.sleep(TICK)
        task.result()

    if how == "nest":
        import nest_asyncio

        nest_asyncio.apply()
    if how == "uvloop":
        import uvloop

        uvloop.install()
    asyncio.run(main())


if __name__ == "__main__":
    library, _, kind = sys.argv[1].partition("-")
    globals()["run_" + library](kind)
