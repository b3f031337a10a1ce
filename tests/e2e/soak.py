#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Real servers, idle and under load, for as long as is wanted: soak.py [SECONDS] [SERVER...]

Each is watched with a threshold of 50 ms while it has nothing to do for a third of the
time, and a load for the rest. A client of its own times an answer each few milliseconds:
a stall that is reported is confirmed when an answer was as late as the stall was long.
"""

import os
import subprocess
import sys
import tempfile
import time

from harness import MS, Blockprof, need_program
from servers import Haproxy, Memcached, Nginx, Postgres, Redis
from verdict import Skip

THRESHOLD = "50ms"
GAP_S = 0.002  # between two questions

# Prints START END of each answer that took long, by CLOCK_MONOTONIC.
CLIENT = """
import socket, sys, time
client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
question = sys.argv[2].encode().decode("unicode_escape").encode()
nr = 0
while True:
    start = time.monotonic_ns()
    client.sendall(question)
    if not client.recv(65536):
        break
    end = time.monotonic_ns()
    nr += 1
    if end - start > 10_000_000:
        print(start, end, flush=True)
    time.sleep(%r)
""" % GAP_S


def run(*argv):
    subprocess.run([str(word) for word in argv], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def wrk(server, seconds):
    run(need_program("wrk"), "-t1", "-c16", "-d%d" % seconds, "http://127.0.0.1:%d/" % server.port)


def redis_benchmark(server, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        run(need_program("redis-benchmark"), "-p", server.port, "-n", "50000", "-c", "16", "-t", "get,set", "-q")


MEMCACHED_LOAD = """
import socket, sys, time
end = time.monotonic() + float(sys.argv[2])
client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
answers = client.makefile("rb")
while time.monotonic() < end:
    client.sendall(b"set key 0 0 5\\r\\nvalue\\r\\nget key\\r\\n")
    for _ in range(4):
        answers.readline()
"""


def use_memcached(server, seconds):
    clients = [subprocess.Popen([sys.executable, "-c", MEMCACHED_LOAD, str(server.port), str(seconds)]) for _ in range(3)]
    for client in clients:
        client.wait()


def pgbench(server, seconds):
    run(*server.command("pgbench", "-n", "-l", "--log-prefix=" + server.directory + "/log", "-c", "4", "-T", seconds, "postgres"))


HTTP = r"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def redis():
    with Redis() as server:
        yield server, [server.pid], redis_benchmark, r"PING\r\n"


def nginx():
    with Nginx(workers=1) as server:
        yield server, server.children(), wrk, HTTP


def haproxy():
    with Nginx(workers=1) as upstream, Haproxy(upstream.port, threads=1) as server:
        yield server, [server.pid], wrk, HTTP


def memcached():
    with Memcached(threads=1) as server:
        yield server, [server.pid], use_memcached, r"get key\r\n"


def postgres():
    """Every client of pgbench notes its transactions' lengths: no further one is needed."""
    with Postgres() as server:
        run(*server.command("pgbench", "-i", "-q", "-s", "5", "postgres"))
        yield server, [server.pid], pgbench, None


SERVERS = {make.__name__: make for make in (redis, nginx, haproxy, memcached, postgres)}


def late_transactions(directory):
    """pgbench: client, number, latency in us, script, end in s, and us of it, of the day's clock."""
    offset = time.time_ns() - time.monotonic_ns()
    for name in os.listdir(directory):
        if name.startswith("log"):
            with open(os.path.join(directory, name)) as file:
                for line in file:
                    words = line.split()
                    end = int(words[4]) * 1_000_000_000 + int(words[5]) * 1000 - offset
                    yield end - int(words[2]) * 1000, end


def confirmed(stall, late):
    start, end = stall["mono_ns"], stall["mono_ns"] + stall["duration_ns"]
    allowed = max(stall["duration_ns"] // 50, 5 * MS) + GAP_S * 1e9
    return any(min(end, last) - max(start, first) >= stall["duration_ns"] - allowed for first, last in late)


def soak(name, seconds):
    for server, pids, load, question in SERVERS[name]():
        client = None
        if question:
            client = subprocess.Popen(
                [sys.executable, "-c", CLIENT, str(server.port), question], stdout=subprocess.PIPE, text=True
            )
        with Blockprof("-f", "-t", THRESHOLD, pids=pids, lost=True) as blockprof:
            time.sleep(seconds / 3)
            load(server, int(seconds * 2 / 3))
        if client:
            client.kill()
            late = [tuple(map(int, line.split())) for line in client.stdout.read().splitlines() if line.count(" ") == 1]
            client.wait()
        else:
            late = list(late_transactions(server.directory))
        turns = sum(loop["turns"] for loop in blockprof.summary["loops"])
        good = [stall for stall in blockprof.stalls if confirmed(stall, late)]
        print(
            "%-10s %d loops, %d turns, %d stalls over %s: %d confirmed"
            % (name, len(blockprof.loops), turns, len(blockprof.stalls), THRESHOLD, len(good)),
            flush=True,
        )
        for stall in blockprof.stalls:
            if stall not in good:
                ledger = {key[:-3]: value // MS for key, value in stall["ledger"].items() if value > MS}
                print("    not confirmed: %d ms %s of thread %d: %s" % (stall["duration_ns"] // MS, stall["cause"], stall["tid"], ledger))
        lost = {key: value for key, value in blockprof.summary["lost"].items() if value}
        if lost:
            print("    lost: %s" % lost)


def main():
    words = sys.argv[1:]
    seconds = int(words.pop(0)) if words and words[0].isdigit() else 60
    with tempfile.TemporaryDirectory() as scratch:
        os.chmod(scratch, 0o711)
        tempfile.tempdir = os.environ["TMPDIR"] = scratch
        for name in words or SERVERS:
            try:
                soak(name, seconds)
            except Skip as skip:
                print("%-10s skipped: %s" % (name, skip))


if __name__ == "__main__":
    main()
