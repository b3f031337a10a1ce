#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What blockprof costs, and how right it is, beside other tools, in one run.

bench.py [--quick] [--rounds N] [NAME...]

Each comparison alternates: nothing attached, a tool attached, nothing, the next
tool, ... A ratio is that of two neighbours; shown are the least, the median and
the greatest. Needs root; tools that are not installed are named and left out.
"""

import argparse
import contextlib
import glob
import gzip
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

BENCH = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, BENCH)
sys.dont_write_bytecode = True

import tools
import web
from tools import TOOLS, Child, Unavailable, Watch, read_loops

STATS = "/proc/sys/kernel/bpf_stats_enabled"
THRESHOLD_NS = 100_000_000


class Bench:
    def __init__(self, quick, rounds):
        self.quick = quick
        self.rounds = rounds or (2 if quick else 9)
        self.seconds = 0.3 if quick else 1.5  # of one load
        self.cpus = sorted(os.sched_getaffinity(0))
        self.missing = set()
        self.scratch = tempfile.mkdtemp(prefix="blockprof-bench-")
        self.micro_path = os.path.join(self.scratch, "micro")
        self.many_path = os.path.join(self.scratch, "many")
        source = os.path.join(BENCH, "micro.c")
        compiler = os.environ.get("CC", "cc").split()
        subprocess.run(compiler + ["-O2", "-pthread", "-o", self.micro_path, source], check=True)
        source = os.path.join(BENCH, "many.c")
        subprocess.run(compiler + ["-O2", "-pthread", "-o", self.many_path, source], check=True)

    def close(self):
        shutil.rmtree(self.scratch, ignore_errors=True)

    # Loads run on the last CPU, what else is watched on the first.

    def many(self, *numbers):
        return Child([self.many_path, *map(str, numbers)])

    def naps(self, stack_bytes):
        path = os.path.join(self.scratch, "naps")
        if not os.path.exists(path):
            compiler = os.environ.get("CC", "cc").split()
            subprocess.run(compiler + ["-O2", "-o", path, os.path.join(BENCH, "naps.c")], check=True)
        return Child([path, str(stack_bytes), str(self.cpus[-1])])

    def deep_path(self):
        path = os.path.join(self.scratch, "deep")
        flags = ["-std=c++17", "-O2", "-g", "-fomit-frame-pointer"]
        if not os.path.exists(path):
            subprocess.run([tools.program("g++")] + flags + ["-o", path, os.path.join(BENCH, "deep.cc")], check=True)
        return path

    def deep(self):
        return Child([self.deep_path()])

    def micro(self, mode):
        return Child([self.micro_path, mode, str(self.seconds), str(self.cpus[-1])])

    def target(self, name, pinned=True):
        argv = [sys.executable, os.path.join(BENCH, "target.py"), name]
        return Child(argv + [str(self.cpus[0])] if pinned else argv)

    def title(self, text):
        title(text)

    def skip(self, error):
        if str(error) not in self.missing:
            self.missing.add(str(error))
            print("  missing: %s" % error, flush=True)

    def row(self, tool, values, unit):
        """unit: how one value is to be read, "%.2f x"."""
        shown = [unit % value for value in (min(values), statistics.median(values), max(values))]
        print("  %-38s %14s %14s %14s  (%d)" % (tool, *shown, len(values)), flush=True)

    def compare(self, pid, measure, attachers, unit, judge, rounds=None):
        """A row each of judge(measure() alone, measure() with a tool attached to pid right after it)."""
        values = {name: [] for name in attachers}
        for _ in range(rounds or self.rounds):
            for name in list(values):
                try:
                    alone = measure()
                    with attachers[name](pid):
                        values[name].append(judge(alone, measure()))
                except Unavailable as error:
                    self.skip(error)
                    del values[name]
        for name, found in values.items():
            self.row(name, found, unit)


def title(text):
    print("\n%-40s %14s %14s %14s" % (text, "min", "median", "max"), flush=True)


def added(alone, attached):
    return attached - alone


def longer(alone, attached):
    return attached / alone


def less(alone, attached):
    return alone / attached


def some(*names):
    return {name: TOOLS[name] for name in names}


OURS = some("blockprof -p", "blockprof (system)")
OTHERS = some("offcputime -p", "perf trace -s", "strace -c", "py-spy 100 Hz")
SYSTEM_CALLS = some("offcputime -p", "perf trace -s", "strace -c")  # those that work on any program


def as_loop(ready):
    """blockprof told that micro's first thread is a loop, by its line READY."""
    _, tid, fd = ready.split()
    return {"blockprof -p --loop": lambda pid: Watch("-p", pid, "--loop", "%s:fd=%s" % (tid, fd))}


def round_ns(load):
    return float(load.ask("run"))


# --- What the machine pays ----------------------------------------------------------------------


def bench_unrelated(bench):
    """A system call of a process that is not watched; the watched one is idle, or blocked."""
    for state in ("idle", "asleep", "busy"):
        title("unrelated getppid, target %s: ns more" % state)
        attachers = {**OURS, **OTHERS} if state == "idle" else OURS
        values = {name: [] for name in attachers}
        with bench.micro("getppid") as load:
            load.line()
            for _ in range(bench.rounds):
                for name in list(values):
                    with bench.target(state) as target:
                        target.line()
                        alone = round_ns(load)
                        try:
                            with attachers[name](target.pid):
                                if state != "idle":
                                    target.ask("go")
                                    time.sleep(0.5)  # it is a stall by then
                                values[name].append(added(alone, round_ns(load)))
                        except Unavailable as error:
                            bench.skip(error)
                            del values[name]
        for name, found in values.items():
            bench.row(name, found, "%+.0f ns")


def bench_wait(bench):
    """A watched loop whose waits return at once."""
    title("watched epoll_wait(0), C: ns more")
    with bench.micro("epoll") as load:
        attachers = {**as_loop(load.line()), **SYSTEM_CALLS}
        bench.compare(load.pid, lambda: round_ns(load), attachers, "%+.0f ns", added)

    title("watched asyncio loop that spins: slower")
    with bench.target("spin") as target:
        target.line()

        def turn():
            answer = json.loads(target.ask("go %s" % bench.seconds))
            return answer["seconds"] / answer["turns"]

        bench.compare(target.pid, turn, {**OURS, **OTHERS}, "%.3f x", longer, min(bench.rounds, 5))


def bench_switch(bench):
    """Context switches, two a round, of a pair of threads."""
    title("switching pair, not watched: slower")
    with bench.target("idle") as target, bench.micro("switch") as load:
        target.line()
        load.line()
        attachers = {**OURS, **some("offcputime -p")}
        bench.compare(target.pid, lambda: round_ns(load), attachers, "%.3f x", longer)

    title("switching pair, one of it a loop: slower")
    with bench.micro("switch") as load:
        attachers = {**as_loop(load.line()), **SYSTEM_CALLS}
        bench.compare(load.pid, lambda: round_ns(load), attachers, "%.3f x", longer)


@contextlib.contextmanager
def kernel_statistics():
    """The kernel counts runs of BPF programs, which costs some 20 ns a run."""
    with open(STATS) as file:
        before = file.read()
    with open(STATS, "w") as file:
        file.write("1")
    try:
        yield
    finally:
        with open(STATS, "w") as file:
            file.write(before)


def bpf_programs():
    argv = [os.path.join(tools.ROOT, "scripts", "bpftool"), "prog", "show", "-j"]
    programs = json.loads(subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout)
    return {entry["id"]: entry for entry in programs}


def bench_programs(bench):
    """Nanoseconds of each BPF program a run, as the kernel counts them."""
    with bench.target("idle") as target, bench.micro("switch") as load:
        target.line()
        loop = as_loop(load.line())
        for what, attachers, pid in (
            ("not watched", {**OURS, **some("offcputime -p")}, target.pid),
            ("watched", {**loop, **some("offcputime -p")}, load.pid),
        ):
            title("BPF, ns a run, switching pair %s" % what)
            for name, attach in attachers.items():
                others = bpf_programs()
                found = {}
                try:
                    with kernel_statistics(), attach(pid):
                        for _ in range(bench.rounds):
                            before = bpf_programs()
                            load.ask("run")
                            for number, now in bpf_programs().items():
                                was = before.get(number, {})
                                runs = now.get("run_cnt", 0) - was.get("run_cnt", 0)
                                if number in others or runs < 1000:
                                    continue
                                took = now["run_time_ns"] - was.get("run_time_ns", 0)
                                found.setdefault(now["name"], []).append(took / runs)
                except Unavailable as error:
                    bench.skip(error)
                for program, values in sorted(found.items()):
                    bench.row("%s %s" % (name, program), values, "%.0f ns")


def naps_ns(load, others):
    """What on_switch, but for that of others, takes for a nap of a load."""
    before = bpf_programs()
    naps = int(load.ask("go"))
    took = 0
    for number, now in bpf_programs().items():
        if number not in others and now["name"] == "on_switch":
            took += now.get("run_time_ns", 0) - before.get(number, {}).get("run_time_ns", 0)
    return took / naps


def bench_capture(bench):
    """The kernel side at the two switches of a short block of a watched loop, more than of another's.

    Its stack is captured in the first; a page of stack, or a few frames, is what every capture has.
    """
    title("BPF, switches of a short block: us more")
    with bench.target("idle") as idle:
        idle.line()
        for what, start in (
            ("C, 1 KiB of stack", lambda: bench.naps(1 << 10)),
            ("C, 16 KiB of stack", lambda: bench.naps(16 << 10)),
            ("40 Python frames", lambda: bench.target("naps")),
        ):
            with start() as load, kernel_statistics():
                words = load.line().split()
                loop = ["--loop", "%s:fd=%s" % tuple(words[1:])] if len(words) == 3 else []
                found = []
                for _ in range(bench.rounds):
                    others = bpf_programs()
                    with Watch("-p", idle.pid):
                        alone = naps_ns(load, others)
                    with Watch("-p", load.pid, *loop):
                        naps_ns(load, others)
                        found.append((naps_ns(load, others) - alone) / 1000)
                bench.row(what, found, "%.2f us")


def bench_redis(bench):
    """GET of redis-benchmark, over a unix socket."""
    title("redis GET: slower")
    server, client = tools.program("redis-server"), tools.program("redis-benchmark")
    requests = 10000 if bench.quick else 150000
    with tempfile.TemporaryDirectory(prefix="blockprof-bench-") as directory:
        path = os.path.join(directory, "socket")
        argv = [server, "--port", "0", "--unixsocket", path, "--save", "", "--dir", directory]
        with open(os.path.join(directory, "log"), "w") as log:
            redis = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, start_new_session=True)
        try:
            while not os.path.exists(path):
                if redis.poll() is not None:
                    raise Unavailable("redis-server does not start")
                time.sleep(0.05)

            def rate():
                argv = [client, "-s", path, "-t", "get", "-n", str(requests), "-c", "30", "--csv"]
                run = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True)
                return float(re.search(r'^"GET","([0-9.]+)"', run.stdout.decode(), re.MULTILINE).group(1))

            rate()
            bench.compare(redis.pid, rate, OURS, "%.3f x", less)
            bench.compare(redis.pid, rate, SYSTEM_CALLS, "%.3f x", less, min(bench.rounds, 3))
        finally:
            redis.terminate()
            redis.wait()


def bench_http(bench):
    """An asyncio HTTP server under wrk."""
    title("asyncio HTTP, wrk: slower")
    wrk = tools.program("wrk")
    with bench.target("http") as target:
        port = target.line().split()[1]
        argv = [wrk, "-t1", "-c16", "-d%d" % (1 if bench.quick else 3), "http://127.0.0.1:%s/" % port]

        def rate():
            run = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True)
            return float(re.search(r"Requests/sec: +([0-9.]+)", run.stdout.decode()).group(1))

        rate()
        bench.compare(target.pid, rate, OURS, "%.3f x", less)
        bench.compare(target.pid, rate, OTHERS, "%.3f x", less, min(bench.rounds, 3))


# --- What it takes itself -----------------------------------------------------------------------


def bench_own(bench):
    """CPU and memory of the tools while they watch an asyncio program that ticks at 1 kHz."""
    seconds, rounds = (2, 1) if bench.quick else (10, 3)
    memory = {}
    title("own CPU, 1 kHz asyncio ticker: % of a CPU")
    with bench.target("tick") as target:
        target.line()
        attachers = {**OURS, **OTHERS}
        found = {name: [] for name in attachers}
        for _ in range(rounds):
            for name in list(found):
                try:
                    with attachers[name](target.pid) as tool:
                        pid = tool.pid
                        time.sleep(1)
                        before, start = tools.cpu_seconds(pid), time.monotonic()
                        time.sleep(seconds)
                        used = tools.cpu_seconds(pid) - before
                        found[name].append(100 * used / (time.monotonic() - start))
                        memory.setdefault(name, []).append(tools.resident_mib(pid))
                except Unavailable as error:
                    bench.skip(error)
                    del found[name]
    for name, values in found.items():
        bench.row(name, values, "%.2f %%")
    title("own memory (PSS), same runs")
    for name, values in memory.items():
        bench.row(name, values, "%.1f MiB")


def bench_start(bench):
    """Time until it says that it watches."""
    title("start until \"blockprof: watching\"")
    with bench.target("idle") as target:
        target.line()
        for name, args in (("blockprof -p", ["-p", target.pid]), ("blockprof (system)", [])):
            times = []
            for _ in range(bench.rounds):
                with Watch(*args) as watch:
                    times.append(watch.ready_s * 1000)
            bench.row(name, times, "%.0f ms")


STACKS = os.environ.get("STACKS", "")  # what make builds of stacks.c


def stacks(*args):
    if not os.access(STACKS, os.X_OK):
        raise Unavailable("stacks.c is not built: run make bench")
    run = subprocess.run([STACKS] + [str(arg) for arg in args], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if run.returncode != 0:
        raise Unavailable(run.stderr.decode("utf-8", "replace").strip())
    return json.loads(run.stdout)


def bench_stacks(bench):
    """Stacks of programs that stand still, found and named: by a fresh symbolizer, and again."""
    rounds = 20 if bench.quick else 300
    with bench.deep() as deep, bench.target("nested") as nested:
        deep.line()
        nested.line()
        time.sleep(0.2)  # until they stand still
        for what, kind, child in (
            ("C++, no frame pointers, DWARF", "native", deep),
            ("CPython's own C frames", "native", nested),
            ("Python", "python", nested),
        ):
            found = [stacks(kind, rounds, child.pid) for _ in range(bench.rounds)]
            title("%s, %d frames" % (what, found[0]["frames"]))
            bench.row("first time", [one["cold_us"] / 1000 for one in found], "%.2f ms")
            bench.row("again", [us / 1000 for one in found for us in one["warm_us"]], "%.3f ms")


def mixed_programs(bench):
    """Up to 20 command lines, of as many different programs as there are."""
    script = os.path.join(BENCH, "target.py")
    pythons = [sys.executable] + sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/3.[1-9]*/bin/python3.[891]*")))
    different = [[python, script, "idle"] for python in pythons if re.search(r"python3(\.\d+)?$", python)][:8]
    different.append([bench.deep_path()])
    for name, args in (
        ("node", ["-e", "setInterval(() => {}, 1000)"]),
        ("redis-server", ["--port", "0", "--unixsocket", os.path.join(bench.scratch, "redis-NUMBER"), "--save", ""]),
        ("memcached", ["-u", "root", "-s", os.path.join(bench.scratch, "memcached-NUMBER")]),
        ("gdb", ["-nx", "-q"]),
        ("bash", []),
        ("perl", ["-e", "sleep 3600"]),
    ):
        with contextlib.suppress(Unavailable):
            different.append([tools.program(name)] + args)
    return [[word.replace("NUMBER", str(i)) for word in different[i % len(different)]] for i in range(20)]


def bench_memory(bench):
    """The symbolizer's own, once it has seen the stacks of 20 processes of different programs."""
    title("symbolizer, after 20 mixed processes")
    with contextlib.ExitStack() as running:
        children = [running.enter_context(Child(argv, stderr=subprocess.DEVNULL)) for argv in mixed_programs(bench)]
        time.sleep(3)
        found = [stacks("memory", 3, *(child.pid for child in children)) for _ in range(3)]
    bench.row("memory (PSS)", [one["kib"] / 1024 for one in found], "%.1f MiB")
    print("  %(processes)d processes, %(frames)d frames, %(restarts)d restarts" % found[-1])


# --- How right it is ----------------------------------------------------------------------------


def bench_delay(bench):
    """From the moment a stall passes the threshold until its line can be read."""
    title("delay of a stall's first line")
    with bench.target("stall") as target:
        target.line()
        delays = []
        with Watch("-p", target.pid, text=True) as watch:
            time.sleep(1)
            for _ in range(bench.rounds):
                start_ns = json.loads(target.ask("go"))["start_ns"]
                while True:
                    line = watch.line(5)
                    if line is None or "still blocked" in line:
                        break
                if line is not None:
                    delays.append((time.monotonic_ns() - start_ns - THRESHOLD_NS) / 1e6)
                time.sleep(1.5)
        if delays:
            bench.row("blockprof -p", delays, "%.1f ms")
        if len(delays) < bench.rounds:
            print("  %d of %d lines were not seen" % (bench.rounds - len(delays), bench.rounds))


def own_cpu_s(pid):
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid):
    with open("/proc/%d/statm" % pid) as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def bench_truth(bench):
    """Attributed time against the program's own clocks, with migrations between the CPUs."""
    seconds = 5 if bench.quick else 60
    title("attributed / true, %d s of mixed blocking" % seconds)
    with bench.target("mixed", pinned=False) as target:
        target.line()
        with Watch("-p", target.pid, "-t", "20ms") as watch:
            truth = json.loads(target.ask("go %d" % seconds, seconds + 60))
            time.sleep(0.5)
            records = [json.loads(line) for line in watch.finish()]
    summary = records[-1]
    loop = next(loop for loop in summary["loops"] if loop["pid"] == target.pid)
    parts = ("cpu_ns", "runqueue_ns", "throttled_ns", "blocked_ns", "unknown_ns")
    bench.row("turns", [sum(loop[part] for part in parts) / truth["turns_ns"]], "%.4f")
    bench.row("of it blocked", [loop["blocked_ns"] / truth["blocked_ns"]], "%.4f")
    lost = {name: count for name, count in summary["lost"].items() if count}
    print("  %d stalls, %d changes of the CPU, lost: %s" % (loop["stalls"], truth["flips"], lost or "nothing"))


def bench_many(bench):
    """The whole system, full: 300 loops, 4,700 other threads, some 50,000 turns a second."""
    seconds = 1 if bench.quick else 3
    title("300 loops, 4,700 other threads: throughput with / without, lost")
    with bench.many(300, 4700, 30000) as load:
        ids = read_loops(load)
        throughput, cpu, own, memory, missed, lost = [], [], [], [], [], {}
        for _ in range(bench.rounds):
            alone = json.loads(load.ask(str(seconds), seconds + 30))
            # which wait is theirs is said: every turn counts, from the first
            with Watch(*["--loop=%s:fd=%s" % pair for pair in ids]) as watch:
                before = own_cpu_s(watch.pid)
                beside = json.loads(load.ask(str(seconds), seconds + 30))
                own.append((own_cpu_s(watch.pid) - before) / beside["wall_ns"] * 1e9)
                memory.append(resident_mb(watch.pid))
                summary = [json.loads(line) for line in watch.finish()][-1]
            throughput.append(beside["turns"] / beside["wall_ns"] * alone["wall_ns"] / alone["turns"])
            cpu.append(beside["cpu_ns"] / beside["turns"] * alone["turns"] / alone["cpu_ns"])
            tids = {int(tid) for tid, _ in ids}
            missed.append(beside["turns"] - sum(loop["turns"] for loop in summary["loops"] if loop["tid"] in tids))
            for name, count in summary["lost"].items():
                lost[name] = lost.get(name, 0) + count
        bench.row("turns a second", throughput, "%.3f x")
        bench.row("cpu time a turn", cpu, "%.3f x")
        bench.row("blockprof's own cpu time", own, "%.3f of a core")
        bench.row("resident", memory, "%.1f MB")
        bench.row("turns not counted", missed, "%d")
        print("  lost: %s" % (lost or "nothing"))


def write_recording(path, stalls):
    """An hour of 300 loops, each with its stalls in 200 places, and no two tasks of one name."""
    frames = [
        {"fn": "hrtimer_nanosleep", "kind": "kernel"},
        {"fn": "clock_nanosleep", "module": "/usr/lib/x86_64-linux-gnu/libc.so.6", "kind": "native"},
        {"fn": "PLACE", "file": "/srv/app/main.py", "line": 3, "kind": "python"},
        {"fn": "Handle._run", "file": "/usr/lib/python3.11/asyncio/events.py", "line": 84, "kind": "python"},
        {"fn": "BaseEventLoop._run_once", "file": "/usr/lib/python3.11/asyncio/base_events.py", "line": 1922, "kind": "python"},
        {"fn": "<module>", "file": "/srv/app/main.py", "line": 12, "kind": "python"},
    ]
    common = {"time": "2024-05-01T12:%s:00.000000000Z", "mono_ns": 1}
    whole = {"type": "start", **common, "host": "web1", "scope": {"system": True}, "threshold_ns": THRESHOLD_NS}
    stall = {
        "type": "stall", **common, "turn": "1-NUMBER", "ongoing": False, "pid": "PID", "tid": "PID", "comm": "python3",
        "runtime": "asyncio", "duration_ns": 2 * THRESHOLD_NS, "cause": "sleep",
        "ledger": {"blocked_ns": 2 * THRESHOLD_NS},
        "slices": [{
            "cause": "sleep", "syscall": "clock_nanosleep", "ns": 2 * THRESHOLD_NS, "count": 1, "max_ns": 2 * THRESHOLD_NS,
            "task": {"name": "Task-NUMBER", "coro": "serve"}, "stack": frames,
        }],
    }
    line = json.dumps(stall, separators=(",", ":")).replace('"PID"', "PID")
    with open(path, "w") as file:
        file.write(json.dumps(whole) % "00" + "\n")
        for i in range(stalls):
            own = line.replace("NUMBER", str(i)).replace("PID", str(1000 + i % 300)).replace("PLACE", "place_%d" % (i % 200))
            file.write(own.replace("%s", "%02d" % (i * 60 // stalls), 1) + "\n")


def bench_report(bench):
    """A recording of a million stalls, in thousands of records a second, and the most memory of each."""
    stalls = 20_000 if bench.quick else 1_000_000
    path = os.path.join(bench.scratch, "recording.jsonl")
    write_recording(path, stalls)
    title("report, %d records: thousands a second" % stalls)
    ways = {name: ["-F", name] for name in ("text", "json", "folded", "html", "svg", "pprof", "speedscope")}
    ways["--diff"] = ["--diff", path]
    memory = {}
    for name, arguments in ways.items():
        values = []
        for _ in range(1 if bench.quick else 3):
            began = time.monotonic()
            child = subprocess.Popen([tools.BLOCKPROF, "report", *arguments, path], stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode:
                sys.exit("bench.py: report %s failed" % name)
            values.append(stalls * (2 if name == "--diff" else 1) / (time.monotonic() - began) / 1000)
            memory[name] = usage.ru_maxrss / 1024
        bench.row(name, values, "%.0f k/s")
    print("  memory: %s" % ", ".join("%s %.0f MB" % item for item in memory.items()), flush=True)


def bench_recording(bench):
    """What a recording takes of a busy loop: 20 of them, and what 300 would be in an hour."""
    loops, seconds = 20, 10 if bench.quick else 60
    path = os.path.join(bench.scratch, "busy.jsonl.gz")
    with contextlib.ExitStack() as stack:
        program = os.path.join(BENCH, "busy_loop.py")
        children = [stack.enter_context(Child([sys.executable, program, str(i)])) for i in range(loops)]
        for child in children:
            child.line()
        pids = ",".join(str(child.pid) for child in children)
        argv = [tools.BLOCKPROF, "-q", "-d", "%ds" % seconds, "-o", path, "-p", pids]
        subprocess.run(argv, stdout=subprocess.DEVNULL, check=True)
    with gzip.open(path, "rb") as file:
        without_flushes = len(gzip.compress(file.read(), 9))
    # it is made readable some times a second, however many loops there are
    flushes_a_second = (os.path.getsize(path) - without_flushes) / seconds
    bytes_a_second = without_flushes / loops / seconds
    title("recording of %d busy loops, %d s: .jsonl.gz" % (loops, seconds))
    bench.row("a loop and second", [bytes_a_second], "%.0f B")
    bench.row("a second, to be readable", [flushes_a_second], "%.0f B")
    bench.row("300 loops, an hour", [(bytes_a_second * 300 + flushes_a_second) * 3600 / 1e6], "%.0f MB")


def bench_html(bench):
    """What a page of 10,000 stalls takes to be there, and to answer, beside one of 100."""
    sizes, pages = (100, 10_000), {}
    for stalls in sizes:
        recording = os.path.join(bench.scratch, "page.jsonl")
        page = os.path.realpath(os.path.join(bench.scratch, "%d.html" % stalls))
        write_recording(recording, stalls)
        subprocess.run([tools.BLOCKPROF, "report", "-q", "-o", page, recording], check=True)
        pages[page] = stalls
    argv = [tools.program("node"), os.path.join(BENCH, "html_page.mjs"), "2" if bench.quick else "9", *pages]
    done = subprocess.run(argv, stdout=subprocess.PIPE, check=True)
    found = {}
    for line in done.stdout.splitlines():
        values = json.loads(line)
        if "missing" in values:
            raise Unavailable(values["missing"])
        stalls = pages[values.pop("file")]
        for name, ms in values.items():
            found.setdefault((name, stalls), []).append(ms)
    title("html page in a browser")
    for (name, stalls), values in sorted(found.items()):
        bench.row("%s, %d stalls" % (name, stalls), values, "%.0f ms")


BENCHES = {
    "unrelated": bench_unrelated,
    "wait": bench_wait,
    "switch": bench_switch,
    "programs": bench_programs,
    "capture": bench_capture,
    "redis": bench_redis,
    "http": bench_http,
    "own": bench_own,
    "start": bench_start,
    "stacks": bench_stacks,
    "memory": bench_memory,
    "delay": bench_delay,
    "truth": bench_truth,
    "many": bench_many,
    "recording": bench_recording,
    "report": bench_report,
    "html": bench_html,
    "web": web.bench_web,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a smoke run: figures mean little")
    parser.add_argument("--rounds", type=int, help="alternations of each comparison (9)")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these: %s" % ", ".join(BENCHES))
    options = parser.parse_args()
    if not set(options.names) <= set(BENCHES):
        parser.error("known are %s" % ", ".join(BENCHES))
    if os.geteuid() != 0:
        sys.exit("bench.py: needs root")
    print("Linux %s, %d CPUs, Python %s" % (os.uname().release, os.cpu_count(), sys.version.split()[0]))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that all that it started ends with it
    bench = Bench(options.quick, options.rounds)
    try:
        for name in options.names or BENCHES:
            try:
                BENCHES[name](bench)
            except Unavailable as error:
                bench.skip(error)
    finally:
        bench.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
