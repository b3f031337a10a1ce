# SPDX-License-Identifier: GPL-2.0-or-later
"""Who waited for a stall: clients note by their own clock when they asked, and what a recording says of them is held against that."""

import os
import socket
import time

from harness import MS, WORKLOADS, Blockprof, Process, check, need_program, run_blockprof, variants
from judge import stall_of
from native import NativeTarget, c_program
from targets import Target
from test_runtimes import uvloop_python

CLIENTS = 12  # but for the one that asks for the block
SHOWN = 8
TICK_NS = round(time.clock_getres(getattr(time, "CLOCK_MONOTONIC_COARSE", 6)) * 1e9)


class Client:
    """A connection, which notes within which time its last line was sent."""

    def __init__(self, address):
        self.socket = socket.create_connection(address) if isinstance(address, tuple) else socket.socket(socket.AF_UNIX)
        if not isinstance(address, tuple):
            self.socket.connect(address)
        name = self.socket.getsockname()
        self.name = "%s:%d" % name if name else None
        self.sent = None

    def ask(self, line):
        before = time.monotonic_ns()
        self.socket.sendall(line.encode() + b"\n")
        self.sent = before, time.monotonic_ns()

    def answered(self):
        check(self.socket.recv(100) == b"served\n", "it was served")

    def called(self):
        self.ask("hello")
        self.answered()


def start(kind):
    if kind == "node":
        return NativeTarget([need_program("node"), os.path.join(WORKLOADS, "served.js")])
    if kind == "uvloop":
        return Target("asyncio", "--uvloop", script="served.py", python=uvloop_python())
    if kind == "pointers":
        return NativeTarget([c_program("served_pointers")])
    return Target(kind, script="served.py")


def watch(kind, target):
    """Node's own code has places without names."""
    return Blockprof(pids=[target.pid], lost=("stacks_cut", "symbol_lookups_failed") if kind == "node" else ())


def let_know(blockprof, target, clients):
    """Its loop has served several times, so that it is known by whatever it is known by."""
    for _ in range(3):
        for client in clients:
            client.called()
            time.sleep(0.01)
    blockprof.wait_loop(target.pid)


def check_clients(stall, clients):
    """The latest of them, each as late as it was by its own clock; a tick is as exact as the kernel is."""
    impact = stall["impact"]
    shown = impact["clients"]
    end_ns = stall["mono_ns"] + stall["duration_ns"]
    by_name = {client.name: client for client in clients if client.name}
    check(len(shown) == min(SHOWN, len(clients)), "%d clients are shown" % SHOWN, impact)
    check(len(shown) + impact.get("clients_cut", 0) == len(clients), "%d clients in all" % len(clients), impact)
    late = [client.get("late_ns", -1) for client in shown]
    check(late == sorted(late, reverse=True), "the latest come first", impact)
    check(impact["late_ns"] == late[0], "the latest of all", impact)
    for client in shown:
        check("late_ns" in client, "it is known when its data came", client)
        sent = by_name[client["peer"]].sent
        check(
            end_ns - sent[1] - TICK_NS <= client["late_ns"] <= end_ns - sent[0] + TICK_NS,
            "late by %.1f to %.1f ms" % ((end_ns - sent[1]) / MS, (end_ns - sent[0]) / MS),
            client,
        )
        check(client["late_ns"] < stall["duration_ns"], "later than the stall is long", stall)
        check(client.get("peer_pid", os.getpid()) == os.getpid(), "this is the client", client)
    return impact


@variants([(kind, kind) for kind in ("epoll", "poll", "select", "asyncio", "node", "pointers")])
def test_clients(kind):
    with start(kind) as target:
        address = ("127.0.0.1", target.facts()["port"])
        asks, *clients = [Client(address) for _ in range(CLIENTS - 1)]
        with watch(kind, target) as blockprof:
            let_know(blockprof, target, [asks, *clients])
            asks.ask("block")
            target.wait_line("BEGIN")
            for client in clients:
                time.sleep(0.015)
                client.ask("hello")
            clients += [Client(address), Client(address)]  # they are not accepted before the block is over
            for client in clients[-2:]:
                client.ask("hello")
            for client in [asks, *clients]:
                client.answered()
            time.sleep(0.2)
    stall = stall_of([stall for stall in blockprof.stalls if not stall["ongoing"]], target.turns[0])
    impact = check_clients(stall, clients)
    # both who connected are one event
    check(impact["events"] == stall["delayed_events"] == len(clients) - 1, "events", stall)
    check("delayed %d clients by up to " % len(clients) in blockprof.stdout, "it is said", blockprof.stdout)
    _, report, _ = run_blockprof("report", blockprof.recording)
    check("delayed %d clients by up to " % len(clients) in report, "and again", report)


@variants([(kind, kind) for kind in ("epoll", "asyncio", "node")])
def test_nobody_waits(kind):
    with start(kind) as target:
        client = Client(("127.0.0.1", target.facts()["port"]))
        with watch(kind, target) as blockprof:
            let_know(blockprof, target, [client])
            client.ask("block")
            client.answered()
            time.sleep(0.2)
    stall = stall_of([stall for stall in blockprof.stalls if not stall["ongoing"]], target.turns[0])
    check("impact" not in stall, "nobody waited", stall)
    check("delayed" not in blockprof.stdout, "and that is not said", blockprof.stdout)


@variants([(kind, kind) for kind in ("epoll", "poll", "asyncio")])
def test_unix_client(kind):
    """The kernel does not keep when the data of a unix socket came; a process wakes itself by what it has both ends of."""
    with start(kind) as target:
        asks, client = Client(("127.0.0.1", target.facts()["port"])), Client(target.facts()["path"])
        with Blockprof(pids=[target.pid]) as blockprof:
            let_know(blockprof, target, [asks, client])
            asks.ask("block")
            target.wait_line("BEGIN")
            client.ask("hello")
            for one in (asks, client):
                one.answered()
            time.sleep(0.2)
    stall = stall_of([stall for stall in blockprof.stalls if not stall["ongoing"]], target.turns[0])
    (waited,) = stall["impact"]["clients"]
    check("late_ns" not in waited and "late_ns" not in stall["impact"], "how late is not known", waited)
    check(waited.get("peer_pid") == os.getpid(), "who it is, is", waited)
    check("delayed 1 event of 1 client" in blockprof.stdout, "it is said", blockprof.stdout)


QUEUES = [
    ("timers", ("asyncio", "timers", "timers_late", "delayed 3 timers")),
    ("tasks", ("asyncio", "tasks", "tasks_ready", "delayed 3 ready tasks")),
    ("uvloop-timers", ("uvloop", "timers", "timers_late", "delayed 3 timers")),
]


@variants(QUEUES)
def test_asyncio_queues(queue):
    kind, line, key, said = queue
    with start(kind) as target:
        client = Client(("127.0.0.1", target.facts()["port"]))
        with Blockprof(pids=[target.pid]) as blockprof:
            let_know(blockprof, target, [client])
            client.ask(line)
            client.answered()
            time.sleep(0.2)
    stall = stall_of([stall for stall in blockprof.stalls if not stall["ongoing"]], target.turns[0])
    check(stall["impact"][key] == 3, "three %s" % line, stall)
    check("clients" not in stall["impact"] and not stall["impact"]["events"], "and nobody else", stall)
    check(said in blockprof.stdout, "it is said", blockprof.stdout)


def test_own_wakeup():
    """Another thread calls the loop: that is an event, and nobody's who waits at the other end."""
    with start("asyncio") as target:
        client = Client(("127.0.0.1", target.facts()["port"]))
        with Blockprof(pids=[target.pid]) as blockprof:
            let_know(blockprof, target, [client])
            client.ask("thread")
            client.answered()
            time.sleep(0.2)
    stall = stall_of([stall for stall in blockprof.stalls if not stall["ongoing"]], target.turns[0])
    check(stall["impact"]["events"] == 1 and "clients" not in stall["impact"], "one event", stall)
    check("delayed 1 event\n" in blockprof.stdout, "it is said", blockprof.stdout)
