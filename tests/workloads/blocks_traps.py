# SPDX-License-Identifier: GPL-2.0-or-later
"""What other profilers got wrong: see test_traps.py."""

import asyncio
import ctypes
import os
import random
import subprocess
import threading
import time

from workload import say, scenario

def sleep_told(run, seconds):
    """Sleeps, and adds to the truth what was asked for and what it took."""
    before = time.monotonic_ns()
    time.sleep(seconds)
    took = time.monotonic_ns() - before
    run.note(
        asked_ns=run.notes.get("asked_ns", 0) + int(seconds * 1e9), took_ns=run.notes.get("took_ns", 0) + took
    )


def move_between_cpus(run):
    """A process that moves the loop's thread, asleep or not, from CPU to CPU."""
    cpus = sorted(os.sched_getaffinity(0))
    tid = threading.get_native_id()

    def serve(ready):
        ready()
        while True:
            for cpu in cpus:
                os.sched_setaffinity(tid, {cpu})
                time.sleep(0.007)

    run.fork(serve)


@scenario("moved", setup=move_between_cpus)
async def moved(run):
    """Turns of 30 and of 300 ms, of sleeps, on two CPUs."""
    for number in range(run.count * 2):
        await asyncio.sleep(0.02)
        run.begin()
        for _ in range(30 if number % 2 else 3):
            sleep_told(run, 0.01)
        run.end()


def make_sites(run):
    """run.count functions, each of which sleeps for run.seconds."""
    text = "".join("def site_%04d(run):\n    sleep_told(run, run.seconds)\n" % number for number in range(run.count))
    names = {"sleep_told": sleep_told}
    exec(compile(text, "sites.py", "exec"), names)
    run.state = [names["site_%04d" % number] for number in range(run.count)]


async def visit_sites(run, at_a_time):
    for first in range(0, run.count, at_a_time):
        await asyncio.sleep(0.01)
        run.begin()
        for site in run.state[first : first + at_a_time]:
            site(run)
        run.end()


@scenario("sites", setup=make_sites)
async def many_sites(run):
    await visit_sites(run, 10)


@scenario("sites-in-one-turn", setup=make_sites)
async def many_sites_in_one_turn(run):
    await visit_sites(run, run.count)


@scenario("many-blocks")
async def many_blocks(run):
    """One turn of very many short blocks."""
    await asyncio.sleep(run.gap)
    run.begin()
    end = time.monotonic() + run.seconds
    while time.monotonic() < end:
        sleep_told(run, 0.0006)
    run.end()


@scenario("random-blocks")
async def random_blocks(run):
    """Turns and blocks of all lengths, in two loops at a time, beside threads that sleep."""
    end = time.monotonic() + run.seconds

    def disturb(seed):
        chance = random.Random(seed)
        while time.monotonic() < end:
            time.sleep(chance.random() * 0.01)

    async def work(seed):
        chance = random.Random(seed)
        while time.monotonic() < end:
            await asyncio.sleep(chance.choice([0, 0.0001, 0.001, 0.02]))
            for _ in range(chance.randrange(4)):
                time.sleep(chance.choice([0, 0.00005, 0.002, 0.03]))

    threads = [threading.Thread(target=disturb, args=(seed,)) for seed in range(4)]
    threads.append(threading.Thread(target=lambda: asyncio.run(work(10))))
    for thread in threads:
        thread.start()
    await work(11)
    for thread in threads:
        await asyncio.get_running_loop().run_in_executor(None, thread.join)


def start_releaser(run):
    """A thread that gives the lock back: run.seconds after it was asked."""
    run.state = threading.Lock(), threading.Semaphore(0)

    def serve():
        lock, asked = run.state
        while True:
            asked.acquire()
            time.sleep(run.seconds)
            lock.release()

    thread = threading.Thread(target=serve, daemon=True, name="releaser")
    thread.start()
    say("FACT", {"worker_tid": thread.native_id})


@scenario("lock-waits", setup=start_releaser)
async def lock_waits(run):
    """A turn for each wait for the lock."""
    lock, asked = run.state
    lock.acquire()
    for _ in range(run.count):
        await asyncio.sleep(0.002)
        run.begin()
        asked.release()
        lock.acquire()
        run.end()


def huge():
    time.sleep(0.4)


def tiny():
    time.sleep(0.0001)


@scenario("one-among-many")
async def one_among_many(run):
    """One huge block among thousands of small ones, in one turn; then among thousands of turns."""
    await asyncio.sleep(run.gap)
    run.begin()
    for number in range(2000):
        if number == 1234:
            huge()
        tiny()
    run.end()
    for number in range(2000):
        await asyncio.sleep(0)
        if number == 1234:
            run.begin()
            huge()
            run.end()
        tiny()


def two_loops(run):
    """Loops in two more threads, on the CPU of the first."""
    run.state = threading.Event()
    cpu = min(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cpu})

    def outer_block():
        time.sleep(0.15)

    def inner_block():
        for _ in range(10):
            time.sleep(0.002)
        time.sleep(0.02)

    def outer_burn():
        end = time.thread_time() + 0.02
        while time.thread_time() < end:
            pass

    async def outer():
        while not run.state.is_set():
            await asyncio.sleep(0.02)
        for _ in range(run.count):
            await asyncio.sleep(0.01)
            outer_block()
            outer_burn()

    async def inner():
        while not run.state.is_set():
            await asyncio.sleep(0.02)
        for _ in range(run.count * 4):
            await asyncio.sleep(0.005)
            inner_block()

    run.threads = []
    for name, work in (("outer", outer), ("inner", inner)):
        thread = threading.Thread(target=lambda work=work: asyncio.run(work()), daemon=True, name=name)
        thread.start()
        say("FACT", {name + "_tid": thread.native_id})
        run.threads.append(thread)


@scenario("two-loops", setup=two_loops)
async def two_loops_on_one_cpu(run):
    run.state.set()
    while any(thread.is_alive() for thread in run.threads):
        await asyncio.sleep(0.05)


@scenario("sleep-and-die")
async def sleep_and_die(run):
    """Is gone at once after its blocks."""
    await asyncio.sleep(run.gap)
    for _ in range(4):
        last_words(run)
    os.kill(os.getpid(), 9)


def last_words(run):
    time.sleep(run.seconds / 4)


def wait_for_child(run):
    subprocess.Popen(["sleep", str(run.seconds)]).wait()


@scenario("native-sleep-and-die")
async def native_sleep_and_die(run):
    library = ctypes.CDLL(run.path)
    await asyncio.sleep(run.gap)
    library.nap_in_library(int(run.seconds * 1000))
    os.kill(os.getpid(), 9)


@scenario("native-code")
async def native_code(run):
    """Sleeps in a library of its own, which is at run.path; and waits for a child."""
    library = ctypes.CDLL(run.path)
    for _ in range(run.count):
        await asyncio.sleep(run.gap)
        run.begin()
        library.nap_in_library(int(run.seconds * 1000))
        run.end()
    await asyncio.sleep(run.gap)
    run.begin()
    wait_for_child(run)
    run.end()


@scenario("loops-in-threads")
async def loops_in_threads(run):
    """run.count loops, each in a thread of its own."""
    threads = []

    async def tick():
        await asyncio.sleep(0.2)
        for _ in range(int(run.seconds / 0.2)):
            await asyncio.sleep(0.2)

    threading.stack_size(256 * 1024)
    for _ in range(run.count):
        threads.append(threading.Thread(target=lambda: asyncio.run(tick()), daemon=True))
        threads[-1].start()
        await asyncio.sleep(0.001)
    say("FACT", {"started": True})
    while any(thread.is_alive() for thread in threads):
        await asyncio.sleep(0.2)


@scenario("many-threads")
async def many_threads(run):
    """run.count threads that sleep, and a loop that blocks."""
    threading.stack_size(64 * 1024)
    for _ in range(run.count):
        threading.Thread(target=time.sleep, args=(120,), daemon=True).start()
    say("FACT", {"started": True})
    await asyncio.sleep(run.gap)
    run.begin()
    huge()
    run.end()
