# SPDX-License-Identifier: GPL-2.0-or-later
"""blockprof dump: what a program does now, against what the program says of itself."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from harness import (
    BLOCKPROF,
    MS,
    WORKLOADS,
    Process,
    busy,
    check,
    each_python,
    need,
    need_program,
    need_root,
    parse_records,
    run_blockprof,
    until,
)

TASKS = os.path.join(WORKLOADS, "tasks.py")
THREADS = os.path.join(WORKLOADS, "threads.py")
ENVIRONMENT = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8"}


def start(python, script, *args):
    process = Process([python, script, *args], env=ENVIRONMENT)
    try:
        process.wait_line("ready")
        time.sleep(0.1)  # then it waits for its input
    except BaseException:
        process.popen.kill()
        process.popen.wait()
        raise
    return process


class Dump:
    """One dump of one process, from its JSON Lines."""

    def __init__(self, process):
        self.process = process
        self.threads = []
        self.tasks = []

    def thread(self, tid):
        found = [thread for thread in self.threads if thread["tid"] == tid]
        check(len(found) == 1, "%d threads are %d" % (len(found), tid), self.threads)
        return found[0]

    def task(self, name):
        found = [task for task in self.tasks if task["name"] == name]
        check(len(found) == 1, "%d tasks are %r" % (len(found), name))
        return found[0]


def parse(text):
    dumps = []
    for record in parse_records(text):
        if record["type"] == "dump":
            dumps.append(Dump(record))
        elif record["type"] == "thread":
            dumps[-1].threads.append(record)
        else:
            check(record["type"] == "task", "no record of a dump", record)
            dumps[-1].tasks.append(record)
    for dump in dumps:
        check(dump.process["threads"] == len(dump.threads), "threads are missing", dump.process)
        check(dump.process.get("tasks", 0) == len(dump.tasks), "tasks are missing", dump.process)
    return dumps


def run_dump(*args):
    need_root()
    status, out, err = run_blockprof("dump", "-F", "json", *args)
    check(status == 0, "status %d" % status, err)
    check(not err, "said", err)
    return parse(out)


def dump_of(process):
    dumps = run_dump("-p", process.pid)
    check(len(dumps) == 1, "%d dumps" % len(dumps))
    return dumps[0]


def fails(expected, word, *args):
    status, out, err = run_blockprof("dump", *args)
    check(status == expected, "status %d, not %d" % (status, expected), err)
    check(not out and len(err.splitlines()) == 1 and word in err, "no word of %r" % word, err)


def chain_text(task):
    return ">".join("%(fn)s@%(file)s:%(line)d" % frame for frame in task.get("chain", []))


def awaits_text(task):
    awaits = task.get("awaits", {})
    return " ".join([awaits["kind"]] + ([awaits["name"]] if "name" in awaits else [])) if awaits else "-"


@each_python
def test_tasks_as_the_program_sees_them(python):
    with start(python, TASKS) as target:
        dump = dump_of(target)
        _, text, _ = run_blockprof("dump", "-p", target.pid)
    said = [line.split("\t") for line in target.lines if line.startswith("task\t")]
    check(len(said) >= 25, "the program said too little", len(said))
    check(len(dump.tasks) == len(said), "%d tasks, %d said" % (len(dump.tasks), len(said)))
    for _, name, state, chain, awaits, _ in said:
        task = dump.task(name)
        check(task["state"] == state, "%s is %s, not %s" % (name, task["state"], state))
        check(chain_text(task) == chain, name, chain_text(task), chain)
        if awaits != "?":
            check(awaits_text(task) == awaits, name, awaits_text(task), awaits)
        is_other = "other loop" in name
        check(task["pid"] == target.pid and (task["tid"] != target.pid) == is_other, "whose is it?", task)
    check(dump.task("sleeper")["awaits"]["sleep_ns"] == 3600500 * MS, "sleeps", dump.task("sleeper"))
    main, other = dump.thread(target.pid), [t for t in dump.threads if t["tid"] != target.pid][0]
    check(main["state"] == "blocked" and main["cause"] == "pipe", "main thread", main)
    check(main["task"] == {"name": said[-1][1], "coro": "every_kind"}, "its task", main)
    check(other["state"] == "idle" and other["runtime"] == "asyncio", "the other loop", other)
    # what the program says of the loops that run in it
    check(main["way"] == "word" and other["way"] == "word", "how they are known", main, other)
    check(text.count("    a loop: the program says so itself\n") == 2, "in text", text)


def innermost_python(thread):
    return [frame for frame in thread["stack"] if frame["kind"] == "python"]


EXPECTED = {
    "in_sleep": ("sleep", None),
    "in_recv": ("socket", "socket"),
    "in_lock": ("lock", "futex"),
    "in_fifo": ("file", "file"),
    "in_pipe": ("pipe", "pipe"),
    "in_poll": ("socket", "socket"),
    "in_child": ("child", "child"),
}


@each_python
def test_what_each_thread_waits_for(python):
    with start(python, THREADS) as target:
        dump = dump_of(target)
        _, text, _ = run_blockprof("dump", "-p", target.pid)
    facts = {line.split(" ", 2)[1]: line.split(" ", 2)[2] for line in target.lines if line.startswith("fact ")}
    said = [line.split() for line in target.lines if line.startswith("thread ")]
    check(len(said) == len(EXPECTED) and len(dump.threads) == len(said) + 1, "threads", dump.threads)
    for _, name, tid in said:
        cause, kind = EXPECTED[name]
        thread = dump.thread(int(tid))
        target_ = thread.get("target", {})
        check(thread["state"] == "blocked" and thread["cause"] == cause, name, thread)
        check(target_.get("kind") == kind, name, thread)
        check(any(frame["fn"].endswith(name) for frame in innermost_python(thread)), "no frame of %s" % name, thread)
        check(thread["stack"][0]["kind"] == "kernel", "where in the kernel?", thread)
        check(not thread.get("moved"), "it stood still", thread)
        # 0.3 s and what it took to be asked
        check(200 * MS < thread["ns"] < 20000 * MS, "for how long", thread)
        if name == "in_recv":
            check(target_["peer"] == facts["peer"] and target_["peer_pid"] == target.pid, "peer", target_)
        if name == "in_fifo":
            check(target_["path"] == facts["fifo"], "path", target_)
        if name == "in_child":
            check(target_["pid"] == int(facts["child"]) and target_["comm"] == "sleep", "child", target_)
    check("\x1b" not in text, "escapes reach the terminal", text)
    os.unlink(facts["fifo"])
    os.rmdir(os.path.dirname(facts["fifo"]))


@busy
def test_a_thread_that_runs():
    with start(sys.executable, THREADS, "cpu") as target:
        dump = dump_of(target)
    (tid,) = [int(line.split()[2]) for line in target.lines if line.startswith("thread ")]
    thread = dump.thread(tid)
    check(thread["state"] in ("running", "ready", "blocked"), "state", thread)
    check(any(frame["fn"] == "in_cpu" for frame in thread["stack"]), "stack", thread)
    if thread["state"] != "blocked":
        check(thread["moved"] and thread["cause"] in ("cpu", "runqueue"), "it runs", thread)


@busy
def test_a_native_thread_that_runs():
    compiler = need_program("cc")
    with tempfile.TemporaryDirectory(prefix="blockprof-e2e-") as directory:
        program = os.path.join(directory, "hog")
        subprocess.run([compiler, "-O0", "-fno-omit-frame-pointer", "-o", program, os.path.join(WORKLOADS, "hog.c")], check=True)
        with Process([program]) as target:
            time.sleep(0.2)
            dumps = [dump_of(target).thread(target.pid) for _ in range(5)]
            target.kill()
    seen = [thread for thread in dumps if thread["state"] == "running" and thread.get("stack")]
    need(seen, "it had no CPU while it was looked at")
    for thread in seen:
        names = [frame["fn"] for frame in thread["stack"] if frame["kind"] == "native"]
        check(names[:2] == ["spin", "outer"] and "main" in names, "native stack", thread)
        check(thread["cause"] == "cpu" and thread["moved"], "it runs", thread)


@each_python
def test_ten_thousand_tasks(python):
    with start(python, TASKS, "many", "10000") as target:
        dump = dump_of(target)
        status, text, _ = run_blockprof("dump", "-p", target.pid)
    check(len(dump.tasks) == 10000, "%d tasks" % len(dump.tasks), dump.process)
    check(not dump.process.get("lost"), "lost", dump.process)
    for task in dump.tasks:
        names = [frame["fn"] for frame in task["chain"]]
        check(names == ["worker", "fetch", "Event.wait"], "chain", task)
        check(task["awaits"]["kind"] == "event", "awaits", task)
    check(len({task["name"] for task in dump.tasks}) == 10000, "names are double")
    check(status == 0 and "10000 tasks  pending, await event" in text, "text", text)
    check(len(text.splitlines()) < 20, "they are not reported as one", text)


@each_python
def test_while_tasks_come_and_go(python):
    with start(python, TASKS, "churn") as target:
        dumps = run_dump("-p", target.pid, "--every", "50ms", "-d", "1.5s")
    check(len(dumps) >= 3, "%d dumps" % len(dumps))
    for dump in dumps:
        if dump.process.get("tasks_unread"):
            continue
        steady = [task for task in dump.tasks if task["name"].startswith("steady-")]
        check(len(steady) == 50, "%d tasks stand still" % len(steady), dump.process)
        for task in steady:
            check([frame["fn"] for frame in task["chain"]] == ["worker", "fetch", "Event.wait"], "chain", task)
        for task in dump.tasks:
            names = [frame["fn"] for frame in task.get("chain", [])]
            if task["name"].startswith("short-") and task["state"] in ("pending", "ready") and names:
                check(names[0] == "short_lived", "no such chain", task)


def test_every_until_its_end():
    with Process(["sleep", "2.4"]) as target:
        dumps = run_dump("-p", target.pid, "--every", "200ms")
    check(3 <= len(dumps) <= 14, "%d dumps" % len(dumps))
    stamps = [dump.process["mono_ns"] for dump in dumps]
    check(stamps == sorted(stamps), "time goes back")
    waits = [dump.thread(target.pid)["ns"] for dump in dumps]
    check(all(dump.thread(target.pid)["cause"] == "sleep" for dump in dumps), "it slept")
    for dump, longer in zip(dumps, dumps[1:]):
        gap = longer.process["mono_ns"] - dump.process["mono_ns"]
        grown = longer.thread(target.pid)["ns"] - dump.thread(target.pid)["ns"]
        check(abs(grown - gap) < 50 * MS, "a block of one piece grows with time", waits)


def test_every_until_interrupted():
    need_root()
    with Process(["sleep", "60"]) as target:
        with Process([BLOCKPROF, "dump", "-F", "json", "-p", target.pid, "--every", "100ms"]) as blockprof:
            until(lambda: sum('"dump"' in line for line in blockprof.lines) >= 3, 20, "three dumps")
            blockprof.popen.send_signal(signal.SIGINT)
            status = blockprof.end()
        check(target.popen.poll() is None, "the target ended")
        target.kill()
    check(status == 0 and not blockprof.stderr, "status %d" % status, blockprof.stderr)
    check(len(parse("\n".join(blockprof.lines))) >= 2, "too few dumps", *blockprof.lines)


def test_several_processes_and_a_file():
    with Process(["sleep", "60"]) as a, Process(["cat"]) as b, Process(["sleep", "60"]) as c:
        need_root()
        path = "/tmp/blockprof-e2e-dump-%d.jsonl" % os.getpid()
        try:
            status, out, err = run_blockprof("dump", "-p", "%d,%d" % (a.pid, b.pid), "-p", c.pid, "-o", path)
            check(status == 0 and not out, "status %d" % status, out, err)
            with open(path) as file:
                dumps = parse(file.read())
        finally:
            if os.path.exists(path):
                os.unlink(path)
        check([dump.process["pid"] for dump in dumps] == [a.pid, b.pid, c.pid], "pids", dumps)
        check(dumps[1].threads[0]["cause"] == "pipe", "cat reads a pipe", dumps[1].threads)
        check("interpreter" not in dumps[0].process and "tasks" not in dumps[0].process, "no Python", dumps[0].process)
        a.kill()
        c.kill()


def test_stopped():
    with Process(["sleep", "60"]) as target:
        target.popen.send_signal(signal.SIGSTOP)
        until(lambda: "T" in open("/proc/%d/stat" % target.pid).read().split()[2], 5, "stopped")
        thread = dump_of(target).thread(target.pid)
        check(thread["state"] == "stopped" and thread["cause"] == "stopped", "state", thread)
        check("T" in open("/proc/%d/stat" % target.pid).read().split()[2], "it goes on")
        target.kill()


def test_node():
    node = need_program("node")
    with Process([node, "-e", "console.log('ready'); setInterval(() => 0, 1000)"]) as target:
        target.wait_line("ready")
        time.sleep(0.3)
        dump = dump_of(target)
        main = dump.thread(target.pid)
        check(main["state"] == "idle" and main["runtime"] == "node", "node waits", main)
        check("interpreter" not in dump.process, "no Python", dump.process)
        target.kill()


def test_refused():
    need_root()
    zombie = subprocess.Popen(["true"])
    try:
        until(lambda: "Z" in open("/proc/%d/stat" % zombie.pid).read(), 5, "zombie")
        fails(1, "zombie", "-p", zombie.pid)
    finally:
        zombie.wait()
    fails(1, "no such process", "-p", zombie.pid)
    with Process(["sleep", "60"]) as target:
        fails(1, "cannot write", "-p", target.pid, "-o", "/nonexistent/x.jsonl")
        fails(2, "folded", "-p", target.pid, "-F", "folded")
        fails(2, "--every", "-p", target.pid, "-d", "1s")
        fails(2, "10ms", "-p", target.pid, "--every", "1us")
        target.kill()
    fails(2, "-p")
    fails(2, "process id", "-p", "x")
    fails(2, "cannot use '7'", "7")
    fails(2, "unknown option -f", "-f")
    status, out, _ = run_blockprof("dump", "--help")
    check(status == 0 and out.startswith("usage: blockprof dump"), "help", out)


def test_without_privilege():
    need_root()
    setpriv = shutil.which("setpriv")
    need(setpriv, "setpriv")
    with Process(["sleep", "60"]) as target:
        done = subprocess.run(
            [setpriv, "--reuid=65534", "--clear-groups", BLOCKPROF, "dump", "-p", str(target.pid)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        target.kill()
    check(done.returncode == 1 and b"root" in done.stderr and not done.stdout, "status", done)
    check(len(done.stderr.splitlines()) == 1, "one line", done.stderr)
