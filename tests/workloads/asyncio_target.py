# SPDX-License-Identifier: GPL-2.0-or-later
"""An asyncio program that blocks its loop: asyncio_target.py PATTERN [OPTIONS]

Waits for "go" on stdin, then blocks --count times for about --seconds each, in a
task of its own each time, with idle gaps; --twin does the same off the loop.
"""

import argparse
import asyncio
import importlib
import os
import shutil
import sys
import threading

import blocks_cpu  # noqa: F401  the blocks_* modules fill the tables
import blocks_database  # noqa: F401
import blocks_file  # noqa: F401
import blocks_loop  # noqa: F401
import blocks_network  # noqa: F401
import blocks_peer  # noqa: F401
import blocks_pool  # noqa: F401
import blocks_process  # noqa: F401
import blocks_sleep  # noqa: F401
import blocks_thread  # noqa: F401
from workload import Run, Unable, patterns, say, scenarios


async def do_io(run, chosen):
    run.begin()
    chosen.block(run)
    run.end(chosen)


async def do_io_in_executor(run, chosen):
    await asyncio.get_running_loop().run_in_executor(None, chosen.block, run)


async def block_again_and_again(run, chosen, twin):
    work = do_io_in_executor if twin else do_io
    for number in range(1, run.count + 1):
        await asyncio.sleep(run.gap)
        task = asyncio.get_running_loop().create_task(work(run, chosen))
        task.set_name("job-%d" % number)
        await task


def watch_stdin(loop, go, quit_):
    def on_stdin():
        data = os.read(0, 4096)
        if b"go" in data:
            go.set()
        if not data:
            loop.remove_reader(0)
            quit_.set()

    loop.add_reader(0, on_stdin)


async def main(run, work):
    go, quit_ = asyncio.Event(), asyncio.Event()
    watch_stdin(asyncio.get_running_loop(), go, quit_)
    await asyncio.sleep(0.05)
    say("READY")
    quitting = asyncio.ensure_future(quit_.wait())
    await asyncio.wait([asyncio.ensure_future(go.wait()), quitting], return_when=asyncio.FIRST_COMPLETED)
    if go.is_set():
        await work()
        say("DONE")
        await quitting


def parse_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("pattern", choices=sorted(list(patterns) + list(scenarios)))
    parser.add_argument("--seconds", type=float, default=0.25)
    parser.add_argument("--count", type=int, default=2)
    parser.add_argument("--gap", type=float, default=0.1)
    parser.add_argument("--path", help="a directory on a disk, or a name, as the pattern wants it")
    parser.add_argument("--twin", action="store_true", help="in an executor")
    parser.add_argument("--thread", action="store_true", help="the loop is not in the main thread")
    parser.add_argument("--uvloop", action="store_true", help="the loop is uvloop's")
    return parser.parse_args()


def start(options, run):
    if options.pattern in scenarios:
        function, setup = scenarios[options.pattern]

        def work():
            return function(run)

    else:
        chosen = patterns[options.pattern]
        setup = chosen.setup

        def work():
            return block_again_and_again(run, chosen, options.twin)

    if setup:
        setup(run)
    if options.uvloop:
        uvloop = importlib.import_module("uvloop")
        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    if options.thread:
        thread = threading.Thread(target=lambda: asyncio.run(main(run, work)))
        thread.start()
        thread.join()
    else:
        asyncio.run(main(run, work))


if __name__ == "__main__":
    chosen_options = parse_options()
    this_run = Run(chosen_options)
    try:
        start(chosen_options, this_run)
    except Unable as reason:
        say("SKIP " + str(reason))
    finally:
        for cleanup in this_run.cleanups:
            cleanup()
        shutil.rmtree(this_run.directory, ignore_errors=True)
    sys.stdout.flush()
    # Daemon threads may be in the middle of something: nothing is left to be done.
    os._exit(0)
