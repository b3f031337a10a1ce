# SPDX-License-Identifier: GPL-2.0-or-later
"""What HTTP costs the service, and what it costs the watch."""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import tools
from tools import BENCH, BLOCKPROF, Child, Unavailable, read_loops

UNIT = os.path.join(tools.ROOT, "scripts", "blockprof.service")


def cpu_ms(pid):
    """Of a process's main thread, by the scheduler's own clock."""
    with open("/proc/%d/schedstat" % pid) as file:
        return int(file.read().split()[0]) / 1e6


def resident_kib(pid):
    with open("/proc/%d/statm" % pid) as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024


def open_files(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


def child_of(pid, name):
    """Its child that is called so."""
    for child in tools.processes(pid):
        with contextlib.suppress(OSError), open("/proc/%d/comm" % child) as file:
            if file.read().strip() == name:
                return child
    raise Unavailable("the service has no %s" % name)


def samples(text, name):
    """Values by labels of a metric in the text of Prometheus."""
    found = {}
    for line in text.splitlines():
        if line.startswith(name) and line[len(name)] in "{ ":
            labels, _, value = line[len(name) :].rpartition(" ")
            found[labels] = float(value)
    return found


class Service:
    """blockprof serve with HTTP on a port of its own."""

    def __init__(self, *args):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.directory = tempfile.mkdtemp(prefix="blockprof-bench-")
        self.errors = tempfile.TemporaryFile()
        argv = [BLOCKPROF, "serve", "--state-dir", self.directory, "--listen", "127.0.0.1:%d" % self.port]
        self.popen = subprocess.Popen(
            argv + [str(arg) for arg in args], stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors
        )
        self.pid = self.popen.pid

    def said(self):
        return os.pread(self.errors.fileno(), 1 << 20, 0).decode("utf-8", "replace")

    def __enter__(self):
        wait_for(lambda: "watching the whole system" in self.said() or self.popen.poll() is not None, "the service")
        if self.popen.poll() is not None:
            raise Unavailable("blockprof does not serve: %s" % self.said().strip())
        with open(os.path.join(self.directory, "token")) as file:
            self.token = file.read().strip()
        return self

    def __exit__(self, *_):
        self.popen.send_signal(signal.SIGTERM)
        self.popen.wait(60)
        self.errors.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def get(self, target, seconds=60):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request("GET", target, headers={"Authorization": "Bearer " + self.token})
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise RuntimeError("%s: status %d" % (target, answer.status))
        return body

    def metric(self, name):
        return samples(self.get("/metrics").decode(), name)

    def loops(self):
        return sum(self.metric("blockprof_loops").values())

    def lost(self):
        """What was lost, by place."""
        return {place: count for place, count in self.metric("blockprof_lost_records_total").items() if count}


def wait_for(condition, what, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError("not in time: %s" % what)
        time.sleep(0.05)


def lost_since(service, before):
    now = service.lost()
    return {place: count - before.get(place, 0) for place, count in now.items() if count != before.get(place, 0)} or "nothing"


def cost(service, target, rounds):
    """[CPU of the service in ms], [time until it is there in ms], bytes, of rounds answers."""
    cpu, wall, size = [], [], 0
    for _ in range(rounds):
        before, began = cpu_ms(service.pid), time.monotonic()
        size = len(service.get(target))
        wall.append((time.monotonic() - began) * 1000)
        cpu.append(cpu_ms(service.pid) - before)
        time.sleep(0.15)  # metrics that were just made are answered with again
    return cpu, wall, size


def show_cost(bench, what, found):
    cpu, wall, size = found
    bench.row(what + ": the service's CPU", cpu, "%.1f ms")
    bench.row(what + ": until it is there", wall, "%.1f ms")
    print("  %s: %.0f kB" % (what, size / 1000), flush=True)


def bench_scrape(bench):
    """/metrics with 300 loops, each with labels of its own."""
    with bench.many(300, 0, 1000) as load, Service("-c", "^many") as service:
        read_loops(load)
        # until each has had turns enough to be known
        wait_for(lambda: load.ask("1") and service.loops() >= 300, "300 loops")
        bench.title("%d loops of %d label sets" % (service.loops(), len(service.metric("blockprof_loops"))))
        show_cost(bench, "/metrics", cost(service, "/metrics", 5 * bench.rounds))


def bench_profile(bench):
    """A profile of 10,000 stacks."""
    sides = (20, 20) if bench.quick else (100, 100)
    wanted = sides[0] * sides[1]
    argv = [sys.executable, os.path.join(BENCH, "places.py"), *map(str, sides)]
    with Child(argv) as load, Service("-t", "20ms", "-c", "^python") as service:
        load.line()
        stacks = 0
        while stacks < wanted:
            load.ask("go", 600)
            # what was no stall is reported now and then
            service.get("/folded?seconds=1")
            stacks = service.get("/folded").count(b"inner_")
        bench.title("%d stacks" % stacks)
        for target in ("/debug/pprof/block", "/debug/pprof/block?labels=all", "/folded"):
            show_cost(bench, target, cost(service, target, 2 * bench.rounds))


SCRAPES = ("/metrics", "/debug/pprof/block", "/stalls?limit=1000", "/loops")


@contextlib.contextmanager
def scrapers(service):
    """Four that ask each second, for as long as the block lasts; [how long each answer took in ms]."""
    ended, took = threading.Event(), []

    def scrape(target):
        while not ended.wait(1):
            began = time.monotonic()
            service.get(target)
            took.append((time.monotonic() - began) * 1000)

    threads = [threading.Thread(target=scrape, args=(target,)) for target in SCRAPES]
    for thread in threads:
        thread.start()
    try:
        yield took
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def bench_events(bench):
    """Short blocks by the thousand a second, a stall now and then, and four scrapers."""
    seconds = 2 if bench.quick else 20
    for threshold, what in (("100ms", "blocks of 0.5 ms"), ("10ms", "the same, each a record of its own")):
        with bench.many(100, 0, 1000, 500) as load, bench.target("stall") as stalls:
            with Service("-t", threshold, "-c", "^(many|python)") as service:
                read_loops(load)
                stalls.line()
                wait_for(lambda: load.ask("1") and service.loops() > 100, "101 loops")
                before, used = service.lost(), cpu_ms(service.pid)
                with scrapers(service) as took:
                    stalls.ask("go")
                    done = json.loads(load.ask(str(seconds), seconds + 60))
                used = cpu_ms(service.pid) - used
                bench.title("%s, 100 loops, %d s, four scrapers" % (what, seconds))
                bench.row("blocks a second", [done["turns"] / done["wall_ns"] * 1e9], "%.0f")
                bench.row("the service's CPU", [used / done["wall_ns"] * 1e6], "%.2f of a core")
                bench.row("an answer", took, "%.0f ms")
                print("  lost: %s" % lost_since(service, before), flush=True)


MALFORMED = (
    b"\0" * 200,
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"GET /stalls?limit=x HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic ====\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n",
    b"BREW / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 9000 + b"\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100,
)


def send_malformed(service, number):
    """The status of the answer, 0 if there is none."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(MALFORMED[number % len(MALFORMED)])
            connection.shutdown(socket.SHUT_WR)
            words = connection.recv(65536).split()
            return int(words[1]) if len(words) > 1 else 0
    return 0


def send_all(service, a_second, seconds):
    """Answers by their status; as many as that, in as long as it takes."""
    began, answers, senders = time.monotonic(), {}, 8

    def send(sender):
        for number in range(sender, a_second * seconds, senders):
            time.sleep(max(0, began + number / a_second - time.monotonic()))
            status = send_malformed(service, number)
            answers[status] = answers.get(status, 0) + 1

    threads = [threading.Thread(target=send, args=(sender,)) for sender in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers, time.monotonic() - began


def bench_malformed(bench):
    """A thousand requests a second that are none, beside a loop that is watched."""
    seconds = 1 if bench.quick else 10
    with bench.target("tick") as target, Service("-c", "^python") as service:
        target.line()
        wait_for(service.loops, "a loop")
        child = child_of(service.pid, "blockprof-web")
        send_all(service, 1000, 1)  # what is kept for the next one is there after that
        lost, used = service.lost(), cpu_ms(service.pid)
        held = {pid: (resident_kib(pid), open_files(pid)) for pid in (service.pid, child)}
        answers, took = send_all(service, 1000, seconds)
        used = cpu_ms(service.pid) - used
        bench.title("malformed requests, %d s" % seconds)
        bench.row("requests a second", [sum(answers.values()) / took], "%.0f")
        bench.row("the service's CPU", [used / took / 10], "%.1f %% of a core")
        for pid, what in ((service.pid, "the service"), (child, "its web child")):
            kib, files = held[pid]
            bench.row(what + " grew by", [resident_kib(pid) - kib], "%.0f KiB")
            bench.row(what + ": more descriptors", [open_files(pid) - files], "%d")
        same = child_of(service.pid, "blockprof-web") == child
        print("  answers: %s" % dict(sorted(answers.items())))
        print("  lost: %s; %s" % (lost_since(service, lost), "the same web child" if same else "ANOTHER WEB CHILD"))


def bench_exposure(bench):
    """What systemd makes of the unit; less is better."""
    argv = [tools.program("systemd-analyze"), "security", "--offline=true", UNIT]
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    found = re.search(r"exposure level for blockprof.service: ([0-9.]+)", done.stdout.decode())
    if not found:
        raise Unavailable("systemd-analyze does not judge units offline: %s" % done.stderr.decode().strip())
    bench.title("the service's exposure, of 10")
    bench.row("systemd-analyze security", [float(found.group(1))], "%.1f")


def bench_web(bench):
    """HTTP of the service, with 300 loops, 10,000 stacks, many blocks, and many bad requests."""
    for part in (bench_scrape, bench_profile, bench_events, bench_malformed, bench_exposure):
        part(bench)
