# SPDX-License-Identifier: GPL-2.0-or-later
"""What can hold up an event loop, or only looks as if it did: the rows of `make matrix`."""

ROWS = {
    1: "idle, long timers",
    4: "sleep in the loop",
    5: "sleep in a worker (twin)",
    6: "socket read, with a timeout",
    7: "socket read or write",
    8: "select or poll without descriptors",
    9: "waiting for a child",
    11: "a child, in a nested loop",
    12: "Atomics.wait",
    13: "reading a FIFO, or pipe",
    14: "a loop inside the loop",
    15: "name lookup in the loop",
    16: "name lookup in a worker (twin)",
    17: "lock, queue, join",
    18: "the GIL",
    19: "the GIL, held by C",
    20: "CPU in the loop",
    21: "CPU quota",
    22: "others on the CPU",
    23: "page fault from disk",
    24: "file read, fsync",
    25: "file lock",
    26: "sqlite's busy handler",
    27: "signals, eventfd, self-pipe (twin)",
    28: "loops in several threads",
    29: "io_uring",
    30: "parked workers are idle (twin)",
    31: "blocking pool is no loop (twin)",
    32: "fork of a large process",
    33: "SIGSTOP, tracer, freezer",
    34: "many small callbacks",
    35: "many small blocks",
    36: "start-up is not judged (twin)",
    37: "spinning on an empty wait (twin)",
    38: "suspend",
    39: "blocked before the attach",
    40: "a real server, idle or under load (twin)",
    41: "a real server, held up",
}


def table(cells):
    """cells: [(runtime, row, verdict, reason)]; lines of text."""
    signs = {}
    for runtime, number, verdict, reason in cells:
        if verdict == "PASS":
            sign = "right"
        elif verdict == "SKIP":
            sign = "skipped"
        else:
            sign = "not told" if reason.startswith("no stall") else "wrong"
        signs.setdefault((number, runtime), []).append(sign)
    yield "%-42s %-14s %s" % ("pattern", "runtime", "told")
    for (number, runtime), found in sorted(signs.items()):
        counts = ["%d %s" % (found.count(sign), sign) for sign in ("right", "wrong", "not told", "skipped")]
        told = ", ".join(count for count in counts if not count.startswith("0 "))
        yield "%2d %-39s %-14s %s" % (number, ROWS[number], runtime, told)
    totals = [sign for found in signs.values() for sign in found]
    yield "told rightly %d, wrongly %d, not told %d, skipped %d" % tuple(
        totals.count(sign) for sign in ("right", "wrong", "not told", "skipped")
    )
