# SPDX-License-Identifier: GPL-2.0-or-later
"""Runtimes that share their work out to several threads, or that are Python's but not asyncio."""

import os
import subprocess
import time

from harness import WORKLOADS, Blockprof, assert_no_stalls, assert_stall, busy, check, limit, need, row, variants
from native import NativeTarget, c_program, cargo_program, go_program, java_classes, stripped

BUILDING = 240  # seconds that a first build may take, beside the test itself

# --- Tokio --------------------------------------------------------------------------------------

WORKERS = 3
CAUSES = {"sleep": "sleep", "lock": "lock", "socket": "socket", "fifo": "pipe", "cpu": "cpu"}
ROWS = {"sleep": 4, "lock": 17, "socket": 7, "fifo": 13, "cpu": 20, "pool": 31, "in_place": 31}


def tokio(flavour, pattern):
    """flavour: multi or current, with ~parking_lot when its futexes are that crate's, or ~stripped."""
    kind, _, variant = flavour.partition("~")
    program = stripped("tokio") if variant == "stripped" else cargo_program("tokio", [variant] if variant else [])
    return NativeTarget([program, kind, pattern])


def run(target):
    # a worker that was in the middle of something when the watch began is known at its next wait
    time.sleep(0.3)
    target.run()


def is_tokio(blockprof, flavour):
    loops = blockprof.loops
    check(loops and all(loop["runtime"] == "tokio" for loop in loops), "its loops are Tokio's", *loops)
    workers = 1 if flavour == "current" else WORKERS
    check(len(loops) >= workers, "%d loops" % workers, *loops)


@busy
@limit(BUILDING)
@variants(
    [("multi-" + name, ("multi", name)) for name in CAUSES]
    + [("current-" + name, ("current", name)) for name in ("sleep", "lock", "cpu")]
    + [("parking_lot-" + name, ("multi~parking_lot", name)) for name in ("sleep", "lock")]
    + [("stripped-sleep", ("multi~stripped", "sleep"))]
)
@row("tokio", lambda argument: ROWS[argument[1]])
def test_tokio_stall(argument):
    flavour, pattern = argument
    with tokio(flavour, pattern) as target, Blockprof(pids=[target.pid]) as blockprof:
        run(target)
    is_tokio(blockprof, flavour)
    turn = target.turns[0]
    stall, _ = assert_stall(
        blockprof.stalls, cause=CAUSES[pattern], turn=turn, tid=turn["tid"], or_runqueue=pattern == "cpu"
    )
    assert_no_stalls([other for other in blockprof.stalls if other is not stall])


@busy
@limit(BUILDING)
@variants(
    [("multi-" + name, ("multi", name)) for name in ("pool", "in_place", "await", "work")]
    + [("current-" + name, ("current", name)) for name in ("pool", "await", "work")]
    + [("parking_lot-in_place", ("multi~parking_lot", "in_place"))]
    + [("stripped-pool", ("multi~stripped", "pool"))]
)
@row("tokio", lambda argument: ROWS.get(argument[1], 30))
def test_tokio_innocent(argument):
    flavour, pattern = argument
    with tokio(flavour, pattern) as target, Blockprof(pids=[target.pid]) as blockprof:
        run(target)
        time.sleep(0.5)
    is_tokio(blockprof, flavour)
    assert_no_stalls(blockprof.stalls + blockprof.ongoing)


@limit(BUILDING)
@row("tokio", 30)
def test_tokio_parked():
    """A worker that is parked when the watch begins, and still when it ends, was in no turn."""
    with tokio("multi", "await") as target, Blockprof(pids=[target.pid]) as blockprof:
        time.sleep(1)
    check(len(blockprof.loops) == WORKERS, "%d loops" % WORKERS, *blockprof.loops)
    check(not blockprof.summary.get("discarded"), "nothing discarded", blockprof.summary)


@limit(BUILDING)
@row("tokio", 30)
def test_tokio_from_its_start():
    program = cargo_program("tokio")
    with Blockprof(command=["sh", "-c", "sleep 3 | %s multi await" % program]) as blockprof:
        blockprof.wait()
    check(len(blockprof.loops) == WORKERS, "%d loops" % WORKERS, *blockprof.loops)
    is_tokio(blockprof, "multi")
    assert_no_stalls(blockprof.stalls + blockprof.ongoing)


# --- gevent and trio ----------------------------------------------------------------------------

PYTHON = "/usr/bin/python3"  # the one that the packages with these libraries are for


def greenlets(library, pattern, *seconds):
    found = subprocess.run([PYTHON, "-c", "import " + library], stderr=subprocess.DEVNULL)
    need(found.returncode == 0, "python3-%s is not installed" % library)
    return NativeTarget([PYTHON, os.path.join(WORKLOADS, "greenlets.py"), library, pattern, *seconds])


def is_one_of(blockprof, library):
    (loop,) = blockprof.loops
    check(loop["runtime"] == library and loop["wait"]["syscall"].startswith("epoll"), "the loop is known", loop)


def cases(names):
    return [("%s-%s" % (library, name), (library, name)) for library in ("gevent", "trio") for name in names]


@variants(cases(["sleep", "socket", "lock"]))
@row(lambda argument: argument[0], lambda argument: ROWS[argument[1]])
def test_greenlets_stall(argument):
    library, pattern = argument
    with greenlets(library, pattern) as target, Blockprof(pids=[target.pid]) as blockprof:
        run(target)
    is_one_of(blockprof, library)
    turn = target.turns[0]
    stall, _ = assert_stall(
        blockprof.stalls, cause=CAUSES[pattern], fn="block_" + pattern, file="greenlets.py", turn=turn
    )
    assert_no_stalls([other for other in blockprof.stalls if other is not stall])


@variants(cases(["pool", "await"]) + [("trio-after", ("trio", "after"))])
@row(lambda argument: argument[0], lambda argument: 5 if argument[1] == "pool" else 1)
def test_greenlets_innocent(argument):
    library, pattern = argument
    with greenlets(library, pattern) as target, Blockprof(pids=[target.pid]) as blockprof:
        run(target)
        target.end()
    is_one_of(blockprof, library)
    assert_no_stalls(blockprof.stalls + blockprof.ongoing)


@variants(cases(["sleep"]))
@row(lambda argument: argument[0], 39)
def test_greenlets_blocked_before(argument):
    """While a greenlet blocks, gevent's hub is on no stack: the thread's locals have it."""
    library, pattern = argument
    with greenlets(library, pattern, 4) as target:
        target.go()
        time.sleep(0.5)
        with Blockprof(pids=[target.pid]) as blockprof:
            target.wait_done()
            time.sleep(0.2)
    need(blockprof.watching_ns < target.turns[0]["end_ns"], "the machine was too busy to begin the watch in time")
    is_one_of(blockprof, library)
    stall, _ = assert_stall(blockprof.stalls, cause="sleep", fn="block_sleep", turn=target.turns[0])
    check(stall["before_attach"], "it began before the watch", stall)


# --- Go -------------------------------------------------------------------------------------------


@busy
@limit(BUILDING)
@row("go", 40)
def test_go_is_no_loop():
    with NativeTarget([go_program("go_server")]) as whole, NativeTarget([go_program("go_server", "-s -w")]) as stripped:
        with Blockprof("-t", "50ms", pids=[whole.pid, stripped.pid]) as blockprof:
            time.sleep(4)
    check(not blockprof.loops, "Go has no event loop", *blockprof.loops)
    check(not blockprof.stalls + blockprof.ongoing, "and no stalls", *blockprof.stalls)


# --- Java -----------------------------------------------------------------------------------------

JARS = ["/usr/share/java/netty-%s.jar" % part for part in ("common", "buffer", "resolver", "transport")]
JAVA = {"nio": "java-nio", "netty": "netty"}


def event_loops(kind, pattern):
    classes = java_classes("EventLoops")
    if kind == "netty":
        need(all(os.path.exists(jar) for jar in JARS), "libnetty-java is not installed")
    path = ":".join([classes] + JARS)
    # small, and without threads that would only compete for the CPUs
    return NativeTarget(["java", "-Xmx64m", "-XX:+UseSerialGC", "-cp", path, "EventLoops", kind, pattern])


def java_cases(names):
    return [("%s-%s" % (kind, name), (kind, name)) for kind in JAVA for name in names]


def is_java(blockprof, kind):
    (loop,) = blockprof.loops
    check(loop["runtime"] == JAVA[kind] and loop["wait"]["syscall"].startswith("epoll"), "the loop is known", loop)


@busy
@limit(BUILDING)
@variants(java_cases(["sleep", "cpu"]))
@row(lambda argument: JAVA[argument[0]], lambda argument: ROWS[argument[1]])
def test_java_stall(argument):
    kind, pattern = argument
    # a sample may fall into code that the JVM made and that says nothing of its caller
    lost = ("stacks_cut",) if pattern == "cpu" else ()
    with event_loops(kind, pattern) as target, Blockprof(pids=[target.pid], lost=lost) as blockprof:
        run(target)
    is_java(blockprof, kind)
    # what runs for the first time is compiled before
    assert_stall(
        blockprof.stalls, cause=pattern, turn=target.turns[0], spare_ns=50_000_000, or_runqueue=pattern == "cpu"
    )


@limit(BUILDING)
@variants(java_cases(["pool", "idle"]))
@row(lambda argument: JAVA[argument[0]], lambda argument: 5 if argument[1] == "pool" else 1)
def test_java_innocent(argument):
    kind, pattern = argument
    with event_loops(kind, pattern) as target, Blockprof(pids=[target.pid]) as blockprof:
        run(target)
    is_java(blockprof, kind)
    assert_no_stalls(blockprof.stalls)


# --- io_uring -------------------------------------------------------------------------------------


def uring_loop(pattern, *how):
    need(os.path.exists("/usr/include/liburing.h"), "liburing-dev is not installed")
    return NativeTarget([c_program("uring_loop", "-luring", "-pthread"), pattern, *how])


def is_uring(blockprof):
    (loop,) = blockprof.loops
    check(loop["runtime"] == "generic" and loop["wait"]["syscall"] == "io_uring_enter", "the loop is known", loop)


@variants([(name, name) for name in ("sleep", "pipe")])
@row("generic", 29)
def test_uring_stall(pattern):
    with uring_loop(pattern) as target, Blockprof(pids=[target.pid]) as blockprof:
        run(target)
    is_uring(blockprof)
    stall, _ = assert_stall(blockprof.stalls, cause=pattern, turn=target.turns[0])
    assert_no_stalls([other for other in blockprof.stalls if other is not stall])


def test_uring_events():
    with uring_loop("deferred") as target, Blockprof(pids=[target.pid]) as blockprof:
        run(target)
    stall, _ = assert_stall(blockprof.stalls, cause="sleep", turn=target.turns[0])
    check(stall["impact"]["events"] == 1, "its timeout was due meanwhile", stall)


def test_uring_registered():
    """A wait that names its ring by an index has no descriptor: the source is known all the same."""
    with uring_loop("sleep", "registered") as target, Blockprof(pids=[target.pid]) as blockprof:
        run(target)
    is_uring(blockprof)
    (loop,) = blockprof.loops
    check("fd" not in loop["wait"] and loop["source"] == {"kind": "uring"}, "an index is no descriptor", loop)
    stall, _ = assert_stall(blockprof.stalls, cause="sleep", turn=target.turns[0])
    assert_no_stalls([other for other in blockprof.stalls if other is not stall])


@variants([(name, name) for name in ("pool", "await")])
@row("generic", 29)
def test_uring_innocent(pattern):
    with uring_loop(pattern) as target, Blockprof(pids=[target.pid]) as blockprof:
        run(target)
        time.sleep(0.5)
    is_uring(blockprof)
    assert_no_stalls(blockprof.stalls + blockprof.ongoing)
