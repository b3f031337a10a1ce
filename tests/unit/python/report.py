# SPDX-License-Identifier: GPL-2.0-or-later
"""What the targets of the unit tests share: threads that block for good, and a report of them.

The report is lines of fields separated by tabs, ended by a line "ready". The
target then waits for lines on standard input, and ends with it.
"""
import inspect
import sys
import threading
import time

_never = threading.Lock()
_never.acquire()
_saying = threading.Lock()
_threads = []
_blocked = 0


def block(*_args, **_kwargs):
    """Blocks the calling thread for good."""
    global _blocked
    _blocked += 1
    _never.acquire()


def say(*fields):
    with _saying:
        sys.stdout.write("\t".join(str(field) for field in fields) + "\n")
        sys.stdout.flush()


def start(name, function, *args):
    """Runs function in a thread of that name, which is expected to block()."""
    thread = threading.Thread(target=function, args=args, name=name, daemon=True)
    _threads.append(thread)
    thread.start()
    return thread


def wait_blocked(count):
    """Waits until that many threads are in block()."""
    while _blocked < count:
        time.sleep(0.01)
    time.sleep(0.05)


def report():
    """Names each thread and its frames, innermost first, as the interpreter itself sees them."""
    frames = sys._current_frames()
    for thread in _threads:
        say("thread", thread.name, thread.ident)
        frame = frames[thread.ident]
        while frame:
            code = frame.f_code
            function = getattr(code, "co_qualname", code.co_name)
            suspends = code.co_flags & (
                inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ITERABLE_COROUTINE | inspect.CO_ASYNC_GENERATOR
            )
            say("frame", thread.name, function, code.co_filename, frame.f_lineno, int(bool(suspends)))
            frame = frame.f_back


def ready():
    say("ready")
    return sys.stdin.readline()
