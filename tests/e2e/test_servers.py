# SPDX-License-Identifier: GPL-2.0-or-later
"""Real servers: idle and under load nothing is reported that their clients' clocks do not confirm;
what holds one up is reported once, with its cause and its length.
"""

import os
import signal
import subprocess
import threading
import time

from harness import (
    MS,
    SECOND,
    Blockprof,
    assert_no_stalls,
    assert_slice,
    assert_stall,
    busy,
    check,
    limit,
    need_program,
    row,
    variants,
)
from servers import Haproxy, Memcached, Nginx, Postgres, Redis

# A server is held up as long as its client waits; the client's way there and back is not the server's.
SPARE_NS = 10 * MS


def timed(act, *arguments):
    """What a stall of this has to be like, by this process's clock."""
    start_ns = time.monotonic_ns()
    act(*arguments)
    return {"start_ns": start_ns, "end_ns": time.monotonic_ns()}


def stopped_for(pid, seconds):
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(seconds)
    finally:
        os.kill(pid, signal.SIGCONT)


def run(*argv):
    subprocess.run([str(word) for word in argv], stdout=subprocess.DEVNULL, check=True, timeout=60)


def wrk(port):
    run(need_program("wrk"), "-t1", "-c8", "-d1", "http://127.0.0.1:%d/" % port)


def loops_of(blockprof, runtime, nr):
    loops = [loop for loop in blockprof.loops if loop["runtime"] == runtime]
    check(len(loops) == nr, "%d loops of %s" % (nr, runtime), *blockprof.loops)
    check(len(blockprof.loops) == nr, "no other loops", *blockprof.loops)
    return loops


def assert_once(blockprof, cause, turn, tid, **expected):
    """That stall, reported once; what else there is, is not of this cause."""
    stall, slice_ = assert_stall(
        blockprof.stalls, cause=cause, turn=turn, tid=tid, spare_ns=SPARE_NS, or_runqueue=True, **expected
    )
    others = [
        other for other in blockprof.stalls if other is not stall and other["tid"] == tid and other["cause"] == cause
    ]
    inside = [other for other in others if turn["start_ns"] <= other["mono_ns"] <= turn["end_ns"]]
    check(not inside, "reported once", *inside)
    return stall, slice_


# --- Redis --------------------------------------------------------------------------------------------


@busy
@row("redis", 40)
def test_redis_idle_and_loaded():
    """Saving, too: the child that writes inherits the epoll instance, but runs no loop."""
    with Redis() as server:
        with Blockprof("-f", "-t", "50ms", pids=[server.pid]) as blockprof:
            time.sleep(0.5)
            run(need_program("redis-benchmark"), "-p", server.port, "-n", "30000", "-c", "8", "-t", "get,set", "-q")
            server.ask("DEBUG", "POPULATE", "20000")
            server.ask("BGSAVE")
            time.sleep(0.7)
    loops_of(blockprof, "redis", 1)
    assert_no_stalls([stall for stall in blockprof.stalls if stall["cause"] != "cpu"])
    # DEBUG POPULATE and the fork are work of its own
    check(len(blockprof.stalls) <= 3, "few turns are long", *blockprof.stalls)


@busy
@row("redis", 41)
def test_redis_held_up():
    lua = (
        "local t = redis.call('TIME') local s = t[1] * 1000000 + t[2] "
        "repeat t = redis.call('TIME') until t[1] * 1000000 + t[2] - s > 200000 return 1"
    )
    with Redis() as server:
        with Blockprof("-t", "50ms", pids=[server.pid]) as blockprof:
            time.sleep(0.5)
            slept = timed(server.ask, "DEBUG", "SLEEP", "0.3")
            time.sleep(0.3)
            span = timed(server.ask, "EVAL", lua, "0")
            time.sleep(0.3)
            stop = timed(stopped_for, server.pid, 0.25)
            time.sleep(0.3)
    (loop,) = loops_of(blockprof, "redis", 1)
    check(loop["wait"]["syscall"] == "epoll_wait", "its wait", loop)
    assert_once(blockprof, "sleep", slept, server.pid)
    assert_once(blockprof, "cpu", span, server.pid)
    assert_once(blockprof, "stopped", stop, server.pid)


BUSY = (
    "local t = redis.call('TIME') local s = t[1] * 1000000 + t[2] "
    "repeat t = redis.call('TIME') until t[1] * 1000000 + t[2] - s > 4000000 return 1"
)


@busy
@row("redis", 39)
@variants([("sleep", ("sleep", 2, ["DEBUG", "SLEEP", "2"])), ("cpu", ("cpu", 4, ["EVAL", BUSY, "0"]))])
def test_redis_attached_to(case):
    """Its wait has not been seen: the loop is known by its epoll instance."""
    cause, seconds, command = case
    with Redis() as server:
        client = threading.Thread(target=server.ask, args=command)
        client.start()
        time.sleep(0.4)
        with Blockprof(pids=[server.pid]) as blockprof:
            client.join()
            time.sleep(0.3)
    loops_of(blockprof, "redis", 1)
    check(blockprof.ongoing, "reported while it lasts")
    check(len(blockprof.stalls) == 1, "reported once when it is over", *blockprof.stalls)
    (stall,) = blockprof.stalls
    check(stall["cause"] in (cause, "runqueue"), "cause is %s" % cause, stall)
    check(stall["duration_ns"] <= seconds * SECOND + 50 * MS, "no longer than it was", stall)
    if cause == "sleep":
        check(stall["duration_ns"] >= 1990 * MS and stall["before_attach"], "all of it", stall)


@row("redis", 32)
def test_redis_saves():
    """A child that writes the data when the watch begins has its parent's epoll instance, and no loop."""
    with Redis() as server:
        server.ask("DEBUG", "POPULATE", "200000", "key", "100")
        server.ask("CONFIG", "SET", "rdb-key-save-delay", "20")
        server.ask("BGSAVE")
        time.sleep(0.2)
        check(server.children(), "it saves")
        with Blockprof("-f", pids=[server.pid]) as blockprof:
            time.sleep(1)
            check(server.children(), "it still saves")
    (loop,) = loops_of(blockprof, "redis", 1)
    check(loop["pid"] == server.pid, "the parent's", loop)
    assert_no_stalls(blockprof.stalls)


# --- nginx, haproxy, memcached ----------------------------------------------------------------------


@busy
@row("nginx", 40)
def test_nginx_idle_and_loaded():
    """The master, which waits for signals, is no loop."""
    with Nginx() as server:
        with Blockprof("-f", "-t", "50ms", pids=[server.pid]) as blockprof:
            time.sleep(0.5)
            wrk(server.port)
            time.sleep(0.3)
        workers = server.children()
    loops = loops_of(blockprof, "nginx", 2)
    check(sorted(loop["pid"] for loop in loops) == sorted(workers), "the workers", *loops)
    check(all(loop["runtime_version"].startswith("1.") for loop in loops), "a version", *loops)
    assert_no_stalls(blockprof.stalls)


@row("nginx", 41)
def test_nginx_held_up():
    with Nginx(workers=1) as server:
        (worker,) = server.children()
        with Blockprof("-t", "50ms", pids=[worker]) as blockprof:
            time.sleep(0.5)
            stop = timed(stopped_for, worker, 0.3)
            time.sleep(0.3)
    loops_of(blockprof, "nginx", 1)
    assert_once(blockprof, "stopped", stop, worker)


@busy
@row("haproxy", 40)
def test_haproxy_idle_and_loaded():
    with Nginx(workers=1) as upstream, Haproxy(upstream.port) as server:
        with Blockprof("-t", "50ms", pids=[server.pid]) as blockprof:
            time.sleep(0.5)
            wrk(server.port)
            time.sleep(0.3)
    loops_of(blockprof, "haproxy", 2)
    assert_no_stalls(blockprof.stalls)


@row("haproxy", 41)
def test_haproxy_held_up():
    with Haproxy(1) as server:
        with Blockprof("-t", "50ms", pids=[server.pid]) as blockprof:
            time.sleep(0.5)
            stop = timed(stopped_for, server.pid, 0.3)
            time.sleep(0.3)
    for loop in loops_of(blockprof, "haproxy", 2):
        assert_once(blockprof, "stopped", stop, loop["tid"])


def use_memcached(server, seconds):
    until = time.monotonic() + seconds
    with server.connect() as client:
        answers = client.makefile("rb")
        while time.monotonic() < until:
            client.sendall(b"set key 0 0 5\r\nvalue\r\nget key\r\n")
            check(answers.readline() == b"STORED\r\n", "memcached stores")
            for _ in range(3):
                answers.readline()


@busy
@row("memcached", 40)
def test_memcached_idle_and_loaded():
    with Memcached() as server:
        with Blockprof("-t", "50ms", pids=[server.pid]) as blockprof:
            time.sleep(0.5)
            clients = [threading.Thread(target=use_memcached, args=(server, 1)) for _ in range(4)]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
            time.sleep(0.3)
    loops = loops_of(blockprof, "memcached", 3)
    check(all(loop.get("runtime_version", "").startswith("1.") for loop in loops), "a version", *loops)
    assert_no_stalls(blockprof.stalls)


@row("memcached", 41)
def test_memcached_held_up():
    with Memcached() as server:
        with Blockprof("-t", "50ms", pids=[server.pid]) as blockprof:
            time.sleep(0.5)
            stop = timed(stopped_for, server.pid, 0.3)
            time.sleep(0.3)
    for loop in loops_of(blockprof, "memcached", 3):
        assert_once(blockprof, "stopped", stop, loop["tid"])


# --- PostgreSQL -----------------------------------------------------------------------------------------


@busy
@row("postgres", 40)
@limit(90)
def test_postgres_idle_and_loaded():
    """Backends that wait for their clients, and background processes with nothing to do."""
    with Postgres() as server:
        run(*server.command("pgbench", "-i", "-q", "-s", "1", "postgres"))
        with server.session() as session:
            with Blockprof("-f", "-t", "50ms", pids=[server.pid]) as blockprof:
                run(*server.command("pgbench", "-n", "-S", "-c", "4", "-T", "2", "postgres"))
                session.send("SELECT 1;")
                time.sleep(0.5)
            backend = session.backend
    loops = [loop for loop in blockprof.loops if loop["runtime"] == "postgres"]
    check(len(loops) >= 5, "backends are loops", *blockprof.loops)
    check(any(loop["pid"] == backend for loop in loops), "so is one that was there", *loops)
    # of one that has ended by then it cannot be read
    check(any(loop.get("runtime_version", "-")[0].isdigit() for loop in loops), "a version", *loops)
    # what a backend does from its start to its first query is work
    assert_no_stalls(blockprof.stalls, allow=("runqueue", "cpu", "file"))


@row("postgres", 41)
@limit(90)
def test_postgres_held_up():
    """A lock, and pg_sleep(), are waited for on another epoll instance than the client is."""
    with Postgres() as server, server.session() as holder, server.session() as waiter:
        holder.send("CREATE TABLE t (n int); INSERT INTO t VALUES (1);")
        waiter.send("SELECT 1;")
        time.sleep(0.3)
        with Blockprof("-t", "50ms", pids=[holder.backend, waiter.backend]) as blockprof:
            waiter.send("SELECT pg_sleep(0.3);")
            time.sleep(0.8)
            holder.send("BEGIN; UPDATE t SET n = 2;")
            time.sleep(0.3)
            waiter.send("UPDATE t SET n = 3;")
            time.sleep(0.4)
            holder.send("COMMIT;")
            time.sleep(0.4)
        slept, locked = waiter.times_ms()[-2:]
    loops = [loop for loop in blockprof.loops if loop["runtime"] == "postgres"]
    check(len(loops) == 2, "both are loops", *blockprof.loops)
    check(slept > 250 and locked > 250, "its clock", waiter.lines)
    for length_ms in (slept, locked):
        assert_stall(
            blockprof.stalls, cause="poll", duration_ns=int(length_ms * MS), tid=waiter.backend, spare_ns=SPARE_NS
        )
    stall = max(blockprof.stalls, key=lambda stall: stall["mono_ns"])
    assert_slice(stall, cause="poll", waker={"pid": holder.backend})
    check(len(blockprof.stalls) == 2, "each reported once", *blockprof.stalls)
