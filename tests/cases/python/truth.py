# SPDX-License-Identifier: GPL-2.0-or-later
"""What truly happened, by the program's own clock, for the one who judges the verdict.

Lines `LABEL START END` (CLOCK_MONOTONIC, ns) go into the file named by $TRUTH. Label `begin`
says that a block named in the next word has begun (for those who attach in its middle), `gap`
that the program's own ticks stayed out for longer than they should: such a stall is none of
blockprof's making.
"""

import contextlib
import os
import time

LATE = 0.07  # seconds over its period that a tick may come and be called in time

LONGER = int(os.environ.get("LONGER", 1))  # what was too short to be joined in its middle, is played again so

_fd = os.open(os.environ.get("TRUTH", "/dev/null"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


def note(label, start, end=None):
    os.write(_fd, ("%s %d %d\n" % (label, start, end or time.monotonic_ns())).encode())


@contextlib.contextmanager
def truth(label, announce=False):
    """Notes what its block lasted."""
    start = time.monotonic_ns()
    if announce:
        os.write(_fd, ("begin %s %d\n" % (label, start)).encode())
    try:
        yield
    finally:
        note(label, start)


def spin(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


class Pulse:
    """To be called at each tick of a loop."""

    def __init__(self, period):
        self.limit = int((period + LATE) * 1e9)
        self.last = None

    def __call__(self):
        now = time.monotonic_ns()
        if self.last and now - self.last > self.limit:
            note("gap", self.last, now)
        self.last = now
