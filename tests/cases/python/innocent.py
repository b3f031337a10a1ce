# SPDX-License-Identifier: GPL-2.0-or-later
# innocent.py [uvloop]
# asyncio with patient awaits of all kinds: sleep, to_thread, a child, getaddrinfo by the
# executor, a stream that answers after 0.5 s, a queue with time-outs, a lock that another task
# holds for 0.4 s, a signal each 0.5 s.
# Right: no stall.
import asyncio
import signal
import sys
import time


async def slow_peer(reader, writer):
    await reader.readline()
    await asyncio.sleep(0.5)
    writer.write(b"ok\n")
    await writer.drain()
    writer.close()


async def client(port):
    while True:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"x\n")
        await reader.readline()
        writer.close()


async def child():
    while True:
        process = await asyncio.create_subprocess_exec("sleep", "0.4")
        await process.wait()


async def thread():
    while True:
        await asyncio.to_thread(time.sleep, 0.5)


async def holder(lock):
    while True:
        async with lock:
            await asyncio.sleep(0.4)
        await asyncio.sleep(0)


async def waiter(queue):
    while True:
        try:
            await asyncio.wait_for(queue.get(), 0.6)
        except (TimeoutError, asyncio.TimeoutError):
            pass


async def lookups():
    while True:
        await asyncio.get_running_loop().getaddrinfo("localhost", 80)
        await asyncio.sleep(0.3)


async def main():
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGALRM, lambda: None)
    signal.setitimer(signal.ITIMER_REAL, 0.5, 0.5)
    server = await asyncio.start_server(slow_peer, "127.0.0.1", 0)
    lock, queue = asyncio.Lock(), asyncio.Queue()
    port = server.sockets[0].getsockname()[1]
    await asyncio.gather(
        client(port), child(), thread(), holder(lock), holder(lock), waiter(queue), lookups(), asyncio.sleep(1000)
    )


if "uvloop" in sys.argv:
    import uvloop

    uvloop.install()
asyncio.run(main())
