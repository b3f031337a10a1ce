# SPDX-License-Identifier: GPL-2.0-or-later
"""What blocks an asyncio loop: patterns, and what is to be reported of each.

Each pattern is a function block_NAME in tests/workloads/blocks_*.py.
"""

import re

from harness import MS, Blockprof, Target, assert_no_stalls, assert_stall, check, find_frame, frames_of, tolerance


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


# pattern: cause, and what its slice has; advice: what its line has in it ("": there is none)
BLOCKS = {
    "sleep": dict(cause="sleep", advice="asyncio.sleep"),
    "select-sleep": dict(cause="sleep"),
    "poll-sleep": dict(cause="sleep"),
    "recv": dict(cause="socket", target=peer, advice="open_connection"),
    "recv-timeout": dict(cause="socket", target=peer),
    "select-socket": dict(cause="socket", target=peer),
    "epoll-socket": dict(cause=("poll", "socket")),
    "send": dict(cause="socket", target=peer),
    "http": dict(cause="socket", target=http_peer, advice="httpx.*http.client"),
    "unix": dict(cause="socket", target=unix_peer),
    "udp": dict(cause="socket", target=local_of("udp")),
    "accept": dict(cause="socket", target=local_of("tcp"), advice="sock_accept"),
    "connect": dict(cause="socket", target=lambda facts, _turn: {"kind": "socket", "peer": facts["peer"]}, advice="sock_connect|open_connection"),
    "dns": dict(cause="dns", target=dns_name, advice="loop.getaddrinfo"),
    "subprocess-run": dict(cause="child", target=some_child, advice="create_subprocess_exec"),
    "wait": dict(cause="child", target=child, advice="create_subprocess_exec"),
    "wait-timeout": dict(cause="child", target=child),
    "system": dict(cause="child", target=some_child, advice="create_subprocess_exec"),
    "check-output": dict(cause="child", target=some_child, advice="create_subprocess_exec"),
    "pipe": dict(cause="pipe", target=pipe_end, advice="connect_read_pipe"),
    "pipe-write": dict(cause="pipe", target=pipe_end, advice="connect_write_pipe"),
    "fifo": dict(cause=("file", "pipe"), target=lambda facts, _turn: {"path": facts["path"]}, advice="to_thread|connect_read_pipe"),
    "flock": dict(cause="file", target=path, advice="LOCK_NB"),
    "lockf": dict(cause="file", target=path, advice="LOCK_NB"),
    "sqlite": dict(cause="file", target=path, advice="aiosqlite"),
    "tty": dict(cause="tty", target=terminal, advice="asks the user"),
    "msgrcv": dict(cause="ipc", syscall="msgrcv", advice=""),
    "semop": dict(cause="ipc", advice=""),
    "sigwait": dict(cause="other", syscall="rt_sigtimedwait", advice=""),
    "stop": dict(cause="stopped", advice=""),
    "lock": dict(cause="lock", target=lambda _facts, _turn: {"kind": "futex"}, waker=worker, advice="asyncio.Lock"),
    "queue": dict(cause="lock", waker=worker, advice="queue.Queue"),
    "future": dict(cause="lock", waker=worker, advice="wrap_future"),
    "join": dict(cause="lock", waker=worker, advice="to_thread"),
    "event-timeout": dict(cause="lock", advice="events and conditions"),
    "multiprocessing": dict(cause="lock", waker=lambda facts, _turn: {"pid": facts["helper_pid"]}, advice="other processes"),
    "gil": dict(cause="gil", holder=lambda facts, turn: dict(worker(facts, turn), fn="hog_python"), advice="holds the GIL"),
    "gil-c": dict(cause="gil", holder=lambda facts, turn: dict(worker(facts, turn), fn="hog_c"), advice="holds the GIL"),
    "cpu": dict(cause="cpu", lines_above=1, advice="ProcessPoolExecutor"),
    "cpu-c": dict(cause="cpu"),
    "gc": dict(cause="gc", lines_above=1),
    "gil-gc": dict(cause="gil", holder=lambda facts, turn: dict(worker(facts, turn), fn="hog_gc", gc=True)),
    "nested": dict(cause="poll"),
}


def check_advice(stall, wanted):
    """wanted: a regular expression, "": none is given, None: any."""
    given = stall.get("advice", "")
    if wanted is not None:
        check(bool(re.search(wanted, given)) if wanted else not given, "advice is %r" % given, stall)


def judge_turns(target, blockprof, cause, target_of=None, waker=None, holder=None, syscall=None, lines_above=0, advice=None):
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
            or_runqueue=cause in ("cpu", "gc", "gil"),
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
        if cause not in ("cpu", "gc"):
            of_cause = sum(s["ns"] for s in stall["slices"] if s["cause"] == slice_["cause"])
            check(slice_["ns"] * 10 >= of_cause * 8, "what is one block is not one slice", stall)
        if stall["cause"] == slice_["cause"]:
            check_advice(stall, advice)
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


def run_scenario(name, *options, args=(), python=None, **kept):
    with Target(name, *options, python=python) as target:
        with Blockprof(*args, pids=[target.pid], **kept) as blockprof:
            target.run()
    return target, blockprof
