# SPDX-License-Identifier: GPL-2.0-or-later
"""What blocks an asyncio loop, one pattern a test: the cause, the place, the target, the length.

Each pattern is a function block_NAME in tests/workloads/blocks_*.py. A twin is the same
call in an executor: the loop is free, and there is nothing to tell.
"""

import ctypes
import os
import signal
import time

from harness import (
    MS,
    SECOND,
    Blockprof,
    Cgroup,
    Target,
    assert_no_stalls,
    assert_slice,
    assert_stall,
    check,
    disk_directory,
    each_python,
    exclusive,
    find_frame,
    frames_of,
    limit,
    need,
    pythons,
    row,
    tolerance,
    variants,
)


def peer(facts, _turn):
    return {
        "kind": "socket",
        "proto": "tcp",
        "local": facts["local"],
        "peer": facts["peer"],
        "peer_pid": facts["helper_pid"],
        "peer_comm": facts["helper_comm"],
    }


def http_peer(facts, _turn):
    return {"kind": "socket", "proto": "tcp", "peer": facts["peer"], "peer_pid": facts["helper_pid"]}


def unix_peer(facts, _turn):
    return {"kind": "socket", "proto": "unix", "peer": facts["peer"], "peer_pid": facts["helper_pid"]}


def local_of(proto):
    return lambda facts, _turn: {"kind": "socket", "proto": proto, "local": facts["local"]}


def child(_facts, turn):
    return {"kind": "child", "pid": turn["child"], "comm": "sleep"}


def some_child(_facts, _turn):
    return {"kind": "child", "pid": lambda pid: pid}


def path(facts, _turn):
    return {"kind": "file", "path": facts["path"]}


def dns_name(facts, turn):
    return {
        "kind": "dns",
        "name": turn["name"],
        "server": lambda server: server and server.startswith(facts["server"]),
    }


def pipe_end(facts, _turn):
    return {"kind": "pipe", "peer_pid": facts["helper_pid"]}


def terminal(_facts, _turn):
    return {"kind": "device", "name": lambda name: name and "pts" in name}


def worker(facts, turn):
    return {"tid": turn.get("worker_tid") or facts["worker_tid"]}


# pattern: cause, and what its slice has
BLOCKS = {
    "sleep": dict(cause="sleep"),
    "select-sleep": dict(cause="sleep"),
    "poll-sleep": dict(cause="sleep"),
    "recv": dict(cause="socket", target=peer),
    "recv-timeout": dict(cause="socket", target=peer),
    "select-socket": dict(cause="socket", target=peer),
    "epoll-socket": dict(cause=("poll", "socket")),
    "send": dict(cause="socket", target=peer),
    "http": dict(cause="socket", target=http_peer),
    "unix": dict(cause="socket", target=unix_peer),
    "udp": dict(cause="socket", target=local_of("udp")),
    "accept": dict(cause="socket", target=local_of("tcp")),
    "connect": dict(cause="socket", target=lambda facts, _turn: {"kind": "socket", "peer": facts["peer"]}),
    "dns": dict(cause="dns", target=dns_name),
    "subprocess-run": dict(cause="child", target=some_child),
    "wait": dict(cause="child", target=child),
    "wait-timeout": dict(cause="child", target=child),
    "system": dict(cause="child", target=some_child),
    "check-output": dict(cause=("pipe", "child")),
    "pipe": dict(cause="pipe", target=pipe_end),
    "pipe-write": dict(cause="pipe", target=pipe_end),
    "fifo": dict(cause=("file", "pipe"), target=lambda facts, _turn: {"path": facts["path"]}),
    "flock": dict(cause="file", target=path),
    "lockf": dict(cause="file", target=path),
    "sqlite": dict(cause="file", target=path),
    "tty": dict(cause="tty", target=terminal),
    "msgrcv": dict(cause="ipc", syscall="msgrcv"),
    "semop": dict(cause="ipc"),
    "sigwait": dict(cause="other", syscall="rt_sigtimedwait"),
    "stop": dict(cause="stopped"),
    "lock": dict(cause="lock", target=lambda _facts, _turn: {"kind": "futex"}, waker=worker),
    "queue": dict(cause="lock", waker=worker),
    "future": dict(cause="lock", waker=worker),
    "join": dict(cause="lock", waker=worker),
    "event-timeout": dict(cause="lock"),
    "multiprocessing": dict(cause="lock", waker=lambda facts, _turn: {"pid": facts["helper_pid"]}),
    "gil": dict(cause="gil", holder=lambda facts, turn: dict(worker(facts, turn), fn="hog_python")),
    "gil-c": dict(cause="gil", holder=lambda facts, turn: dict(worker(facts, turn), fn="hog_c")),
    "cpu": dict(cause="cpu", lines_above=1),
    "cpu-c": dict(cause="cpu"),
    "nested": dict(cause="poll"),
}

# Those where the interpreter's own way to wait, or what is read from it, differs with its version.
VERSIONED = ("sleep", "dns", "lock", "join", "gil", "gil-c", "cpu", "nested", "wait-timeout")

# Which row of the matrix a pattern is, where it is one.
ROW_OF = {
    **dict.fromkeys("sleep".split(), 4),
    **dict.fromkeys("recv-timeout select-socket epoll-socket http".split(), 6),
    **dict.fromkeys("recv send unix udp accept connect".split(), 7),
    **dict.fromkeys("select-sleep poll-sleep".split(), 8),
    **dict.fromkeys("subprocess-run wait wait-timeout system check-output".split(), 9),
    **dict.fromkeys("pipe pipe-write fifo".split(), 13),
    **dict.fromkeys("nested".split(), 14),
    **dict.fromkeys("dns".split(), 15),
    **dict.fromkeys("lock queue future join event-timeout multiprocessing".split(), 17),
    **dict.fromkeys("gil".split(), 18),
    **dict.fromkeys("gil-c".split(), 19),
    **dict.fromkeys("cpu cpu-c".split(), 20),
    **dict.fromkeys("flock lockf".split(), 25),
    **dict.fromkeys("sqlite".split(), 26),
    **dict.fromkeys("stop".split(), 33),
}

# In an executor these leave the loop free.
TWINS = (
    "sleep recv recv-timeout http unix udp accept dns wait wait-timeout check-output pipe fifo flock "
    "sqlite tty msgrcv lock queue future join"
).split()


def judge_turns(target, blockprof, cause, target_of=None, waker=None, holder=None, syscall=None, lines_above=0):
    """Each of the target's turns is one stall, as it should be, and there are no others."""
    turns, facts = target.turns, target.facts()
    check(turns, "the target did nothing")
    found = []
    for turn in turns:
        stall, slice_ = assert_stall(
            blockprof.stalls,
            cause=cause,
            fn=turn["fn"],
            file=turn["file"],
            line=(turn["line"] - lines_above, turn["line"]),
            task=turn["task"],
            coro="do_io",
            target=target_of and target_of(facts, turn),
            syscall=syscall,
            waker=waker and waker(facts, turn),
            holder=holder and holder(facts, turn),
            turn=turn,
            or_runqueue=cause in ("cpu", "gil"),
        )
        check(
            find_frame(frames_of(slice_), "do_io", "asyncio_target.py"),
            "the coroutine is not in the stack",
            slice_,
        )
        check(stall["pid"] == turn["pid"] and stall["tid"] == turn["tid"], "pid or tid", stall)
        length = turn["end_ns"] - turn["start_ns"]
        # A thread's CPU clock leaves out what interrupts and the hypervisor took.
        more_cpu = stall["ledger"]["cpu_ns"] - turn["cpu_ns"]
        check(
            -tolerance(length) <= more_cpu <= tolerance(length) + length // 10,
            "cpu time is %.1f ms more than the target says" % (more_cpu / MS),
            stall,
        )
        check(
            stall["ledger"]["unknown_ns"] <= tolerance(length),
            "%.1f ms of the turn are unknown" % (stall["ledger"]["unknown_ns"] / MS),
            stall,
        )
        if cause != "cpu":
            of_cause = sum(s["ns"] for s in stall["slices"] if s["cause"] == slice_["cause"])
            check(slice_["ns"] * 10 >= of_cause * 8, "what is one block is not one slice", stall)
        found.append(stall)
    assert_no_stalls([stall for stall in blockprof.stalls if stall not in found])
    return found


def run_pattern(pattern, *options, python=None, args=(), expect=None):
    expect = dict(expect or BLOCKS[pattern])
    expect["target_of"] = expect.pop("target", None)
    with Target(pattern, *options, python=python) as target:
        with Blockprof(*args, pids=[target.pid]) as blockprof:
            target.run()
        return judge_turns(target, blockprof, **expect)


@row("asyncio", ROW_OF.get)
@variants([(name, name) for name in BLOCKS])
def test_blocks(pattern):
    run_pattern(pattern)


def versioned():
    for version, path in pythons():
        for name in VERSIONED:
            # from 3.14 on another loop can only run once the task has been taken from its thread
            if name != "nested" or version not in ("3.14", "3.15"):
                yield "%s-%s" % (name, version), (name, path)


@variants(lambda: list(versioned()))
def test_blocks_in_each_python(pattern_and_python):
    pattern, python = pattern_and_python
    run_pattern(pattern, python=python)


@each_python
def test_loop_in_another_thread(python):
    run_pattern("sleep", "--thread", python=python)


@row("asyncio", lambda pattern: 16 if pattern == "dns" else 5)
@variants([(name, name) for name in TWINS])
def test_twin_in_executor(pattern):
    with Target(pattern, "--twin") as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            target.run()
    assert_no_stalls(blockprof.stalls)
    check(blockprof.loops, "the loop was not recognised")


# --- Disks ------------------------------------------------------------------------------------------


def run_on_slow_disk(pattern, cause):
    directory = disk_directory()
    with Cgroup("io") as cgroup:
        with Target(pattern, "--path=" + directory, "--seconds=0.4") as target:
            cgroup.limit_io(directory, 300)
            cgroup.add(target.pid)
            with Blockprof(pids=[target.pid]) as blockprof:
                target.run()
            for turn in target.turns:
                need(
                    turn["cpu_ns"] * 3 < turn["end_ns"] - turn["start_ns"],
                    "the disk is too fast: the CPU is what takes the time",
                )
                # Its last block may be longer than the whole turn was meant to be.
                stall, _ = assert_stall(
                    blockprof.stalls,
                    cause=cause,
                    fn=turn["fn"],
                    file=turn["file"],
                    line=turn["line"],
                    task=turn["task"],
                    target={"kind": "file", "path": target.facts()["path"]},
                    turn=turn,
                )


@row("asyncio", 24)
def test_file_read():
    run_on_slow_disk("read", "file")


@row("asyncio", 24)
def test_fsync():
    run_on_slow_disk("fsync", "file")


@row("asyncio", 23)
def test_page_fault():
    run_on_slow_disk("fault", "fault")


# --- The CPU is not given -----------------------------------------------------------------------------


@row("asyncio", 21)
@exclusive
def test_cpu_quota():
    with Cgroup("cpu") as cgroup:
        with Target("cpu", "--seconds=0.1") as target:
            cgroup.limit_cpu(20_000)
            cgroup.add(target.pid)
            with Blockprof(pids=[target.pid]) as blockprof:
                target.run()
        for turn in target.turns:
            stall, _ = assert_stall(blockprof.stalls, cause="throttled", turn=turn, spare_ns=20 * MS)
            check(
                stall["ledger"]["throttled_ns"] * 2 > stall["duration_ns"],
                "most of the time was throttled",
                stall,
            )
        total = sum(stall["ledger"]["throttled_ns"] for stall in blockprof.stalls)
        check(
            total <= cgroup.throttled_ns() * 1.1 + 20 * MS,
            "%d ms throttled, the kernel says %d" % (total // MS, cgroup.throttled_ns() // MS),
        )


@row("asyncio", 22)
@exclusive
def test_runqueue():
    with Target("runqueue") as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            target.run()
        for turn in target.turns:
            stall, _ = assert_stall(blockprof.stalls, cause="runqueue", turn=turn, spare_ns=20 * MS)
            waited = turn["end_ns"] - turn["start_ns"] - turn["cpu_ns"]
            check(
                abs(stall["ledger"]["runqueue_ns"] - waited) <= tolerance(waited) + 20 * MS,
                "waited %d ms for a CPU" % (waited // MS),
                stall,
            )


# --- Stopped ----------------------------------------------------------------------------------------------

STOPPED = 0.6  # seconds: more than what the target computes


def by_signal(pid):
    os.kill(pid, signal.SIGSTOP)
    time.sleep(STOPPED)
    os.kill(pid, signal.SIGCONT)


def by_tracer(pid):
    libc = ctypes.CDLL(None, use_errno=True)
    seize, interrupt, detach = 0x4206, 0x4207, 17
    need(libc.ptrace(seize, pid, None, None) == 0, "ptrace is not allowed")
    libc.ptrace(interrupt, pid, None, None)
    os.waitpid(pid, 0)
    time.sleep(STOPPED)
    libc.ptrace(detach, pid, None, None)


def by_freezer(pid):
    with Cgroup("freezer") as cgroup:
        cgroup.add(pid)
        cgroup.freeze(True)
        time.sleep(STOPPED)
        cgroup.freeze(False)


@row("asyncio", 33)
@variants([("signal", by_signal), ("tracer", by_tracer), ("freezer", by_freezer)])
def test_stopped_while_busy(stop):
    with Target("cpu", "--count=1", "--seconds=0.3") as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            target.go()
            target.wait_line("BEGIN")
            time.sleep(0.1)
            stop(target.pid)
            target.wait_done()
            time.sleep(0.2)
    stall, slice_ = assert_stall(blockprof.stalls, cause="stopped", turn=target.turns[0])
    check(abs(slice_["ns"] - STOPPED * SECOND) <= 50 * MS, "stopped for %.1f s" % STOPPED, stall)


def test_stopped_while_idle():
    with Target("idle") as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            by_signal(target.pid)
            time.sleep(0.2)
    stall, _ = assert_stall(blockprof.stalls, cause="stopped", tid=target.pid)
    check(abs(stall["duration_ns"] - STOPPED * SECOND) <= 50 * MS, "stopped for %.1f s" % STOPPED, stall)


# --- Many small things in one turn ----------------------------------------------------------------------


@row("asyncio", 35)
def test_many_small_sleeps():
    for stall in run_pattern("small-sleeps", expect=dict(cause="sleep")):
        slice_ = assert_slice(stall, cause="sleep", fn="block_small_sleeps")
        check(55 <= slice_["count"] <= 60, "60 sleeps, not %d" % slice_["count"], stall)
        check(slice_["max_ns"] < 60 * MS, "no one of them is long", slice_)


def run_scenario(name, *options, args=(), python=None, **kept):
    with Target(name, *options, python=python) as target:
        with Blockprof(*args, pids=[target.pid], **kept) as blockprof:
            target.run()
    return target, blockprof


def test_many_small_blocks_of_many_tasks():
    target, blockprof = run_scenario("small-tasks")
    for turn in target.turns:
        stall, _ = assert_stall(blockprof.stalls, cause="sleep", fn="small", turn=turn)
        check(
            sum(slice_["ns"] for slice_ in stall["slices"] if slice_["cause"] == "sleep")
            >= stall["ledger"]["blocked_ns"] * 0.9,
            "what is blocked is not told as sleep",
            stall,
        )


@row("asyncio", 34)
def test_many_small_callbacks():
    target, blockprof = run_scenario("callbacks")
    for turn in target.turns:
        stall, _ = assert_stall(blockprof.stalls, cause="cpu", fn="small", file="blocks_cpu.py", turn=turn)
        check("task" not in stall["slices"][0], "a plain callback has no task", stall["slices"][0])


@each_python
def test_two_tasks_in_one_turn(python):
    target, blockprof = run_scenario("gather", python=python)
    for turn in target.turns:
        for task in turn["tasks"]:
            stall, slice_ = assert_stall(
                blockprof.stalls, cause="sleep", fn="nap", file="blocks_sleep.py", task=task, coro="nap", turn=turn
            )
            check(
                abs(slice_["ns"] - 250 * MS) <= tolerance(250 * MS), "a task's part is half of the stall", slice_
            )


@each_python
def test_task_that_is_gone_keeps_its_name(python):
    target, blockprof = run_scenario("successors", "--count=5", python=python)
    for turn in target.turns:
        assert_stall(blockprof.stalls, cause="sleep", fn="victim", task=turn["task"], coro="victim", turn=turn)


# --- Not stalls -------------------------------------------------------------------------------------------


@row("asyncio", {"idle": 1, "timers": 1, "spin": 37, "reenter": 14, "wakeups": 27}.get)
@variants([(name, name) for name in "idle timers spin reenter wakeups native gil-released".split()])
def test_no_stall(name):
    options = {"timers": ["--count=200"], "idle": ["--seconds=1"], "spin": ["--seconds=1"]}
    target, blockprof = run_scenario(name, *options.get(name, []))
    assert_no_stalls(blockprof.stalls)
    check(len(blockprof.summary["loops"]) == 1, "one loop", blockprof.summary)
    if name == "timers":
        turns = blockprof.summary["loops"][0]["turns"]
        check(200 <= turns <= 300, "200 timers made %d turns" % turns)


@row("asyncio", 36)
def test_startup_is_not_judged():
    command = Target("startup-sleep", "--seconds=0.5")
    command.end()
    with Blockprof("--all-threads", command=command.argv) as blockprof:
        blockprof.wait()
    assert_no_stalls(blockprof.stalls)
    slices = [slice_ for record in blockprof.of_type("blocked") for slice_ in record["slices"]]
    check(
        any(
            slice_["cause"] == "sleep"
            and find_frame(frames_of(slice_), "sleep_before_loop")
            and abs(slice_["ns"] - 500 * MS) < tolerance(500 * MS)
            for slice_ in slices
        ),
        "--all-threads does not show the sleep before the loop",
        blockprof.of_type("blocked"),
    )


# --- Loops beside loops -------------------------------------------------------------------------------------


@row("asyncio", 28)
def test_a_verdict_for_each_loop():
    target, blockprof = run_scenario("loops")
    facts = target.facts()
    check(
        {loop["tid"] for loop in blockprof.loops}
        == {target.pid, facts["blocker_tid"], facts["ticker_tid"]},
        "three loops",
        blockprof.loops,
    )
    for turn in target.turns:
        assert_stall(
            blockprof.stalls, cause="sleep", fn="block_sleep", coro="block_here", turn=turn, tid=facts["blocker_tid"]
        )
    assert_no_stalls([stall for stall in blockprof.stalls if stall["tid"] != facts["blocker_tid"]])


@row("asyncio", 32)
@exclusive
def test_fork_of_a_large_process():
    target, blockprof = run_scenario("fork", args=["-t", "5ms", "-f"])
    for turn in target.turns:
        need(turn["end_ns"] - turn["start_ns"] > 7 * MS, "fork is too fast here")
        stall, slice_ = assert_stall(
            blockprof.stalls, cause="cpu", fn="block_fork", line=turn["line"], turn=turn, tid=target.pid
        )
        check(find_frame(frames_of(slice_), kind="kernel"), "no kernel frames", slice_)
        check(
            turn["child"] not in {loop["pid"] for loop in blockprof.loops},
            "the child has the loop's descriptors, but is no loop",
            blockprof.loops,
        )


# --- Attached in the middle -----------------------------------------------------------------------------------


@row("asyncio", 39)
@limit(90)
@each_python
def test_attach_while_it_blocks(python):
    with Target("sleep", "--seconds=3", "--count=1", python=python) as target:
        target.go()
        target.wait_line("BEGIN")
        with Blockprof(pids=[target.pid]) as blockprof:
            records = blockprof.wait_records(
                lambda records: any(record["type"] == "stall" for record in records), seconds=5
            )
            first = next(record for record in records if record["type"] == "stall")
            target.wait_done()
            time.sleep(0.2)
        turn = target.turns[0]
    check(first["ongoing"] and first["before_attach"], "ongoing, from before the attach", first)
    told_ns = first["mono_ns"] + first["duration_ns"]
    check(told_ns <= blockprof.watching_ns + 1100 * MS, "told after more than a second", first)
    check(
        abs(first["mono_ns"] - turn["start_ns"]) <= 50 * MS,
        "its start is %.1f ms off" % ((first["mono_ns"] - turn["start_ns"]) / MS),
        first,
    )
    for stall in (first, blockprof.stalls[0]):
        check(stall["cause"] == "sleep", "cause", stall)
        assert_slice(
            stall, cause="sleep", fn="block_sleep", file=turn["file"], line=turn["line"], task="job-1", coro="do_io"
        )
    final = blockprof.stalls[0]
    check(final["turn"] == first["turn"], "one turn, one name", first, final)
    check(final["before_attach"], "before_attach is lost in the end", final)
    length = turn["end_ns"] - turn["start_ns"]
    check(abs(final["duration_ns"] - length) <= tolerance(length), "its length is %d ms" % (length // MS), final)


def test_ongoing_each_second():
    with Target("sleep", "--seconds=3.5", "--count=1") as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            target.run()
        turn = target.turns[0]
    final, _ = assert_stall(blockprof.stalls, cause="sleep", turn=turn)
    ongoing = [stall for stall in blockprof.ongoing if stall["turn"] == final["turn"]]
    check(3 <= len(ongoing) <= 5, "%d ongoing records in 3.5 s" % len(ongoing), *ongoing)
    check(ongoing[0]["duration_ns"] <= 1000 * MS, "the first one came late", ongoing[0])
    for stall in ongoing:
        check(stall["cause"] == "sleep", "cause while it lasts", stall)
        assert_slice(stall, cause="sleep", fn="block_sleep", line=turn["line"], task="job-1")
