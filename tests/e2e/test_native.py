# SPDX-License-Identifier: GPL-2.0-or-later
"""Loops of compiled programs by their stacks: ones that hang already, and what looks like one."""

import os
import re
import shutil
import subprocess
import tempfile
import time

from harness import (
    MS,
    WORKLOADS,
    Blockprof,
    assert_no_stalls,
    assert_stall,
    busy,
    check,
    find_frame,
    limit,
    need_program,
    until,
    variants,
)
from native import NativeTarget, linked, npm_program

LIBRARIES = {
    "libuv": ("loop_libuv.c", "libuv"),
    "libevent": ("loop_libevent.c", "libevent"),
    "libev": ("loop_libev.c", "-lev"),
    "glib": ("loop_glib.c", "glib-2.0"),
    "qt": ("loop_qt.cpp", "Qt5Core"),
}


def program(source, *links):
    return linked(source, *links, compiler="g++" if source.endswith(".cpp") else "cc")


def native(library, pattern, *arguments):
    return NativeTarget([program(*LIBRARIES[library]), pattern, *arguments])


def named(blockprof, pid):
    return [loop["runtime"] for loop in blockprof.loops if loop["pid"] == pid]


# --- a loop that hangs when we come ------------------------------------------------------------------


def watch_blocked(target):
    """Watches a target that is in the middle of what lasts until it gets a line; its one final stall, and the turn."""
    target.go()
    time.sleep(0.3)
    with Blockprof(pids=[target.pid]) as blockprof:
        blockprof.wait_loop(target.pid)
        time.sleep(0.3)
        target.send("on")
        target.wait_done()
        blockprof.wait_records(lambda all: any(r["type"] == "stall" and not r["ongoing"] for r in all))
        time.sleep(0.2)
    (turn,) = target.turns
    check("1 loop" in blockprof.stderr, "known at once", blockprof.stderr)
    (stall,) = [stall for stall in blockprof.stalls if not stall["ongoing"]]
    return blockprof, stall, turn


@variants([(name, name) for name in LIBRARIES])
def test_attached_in_a_block(library):
    """Known by the loop's function on the stack, before it comes back to its wait; reported once."""
    with native(library, "until") as target:
        blockprof, stall, turn = watch_blocked(target)
    check(named(blockprof, target.pid) == [library], "its loop", *blockprof.loops)
    check(stall["before_attach"], "it began before", stall)
    _, found = assert_stall([stall], cause="pipe", turn=turn, spare_ns=10 * MS)
    check(find_frame(found["stack"], "block", kind="native"), "where it blocked", stall)


def tool(*argv):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode()


def build_id_of(path):
    return re.search(r"Build ID: ([0-9a-f]+)", tool("readelf", "-n", path))[1]


def code_at(path, offset):
    """The instruction that has this byte of the file, as objdump shows it: "<block+0x1c>:\tcall ..."."""
    for at, vaddr, size in re.findall(r"LOAD\s+0x(\w+) 0x(\w+) 0x\w+ 0x(\w+)", tool("readelf", "-lW", path)):
        if int(at, 16) <= offset < int(at, 16) + int(size, 16):
            start = offset - int(at, 16) + int(vaddr, 16)
            # from so far before it that instructions are whole again
            lines = tool("objdump", "-d", "--start-address=%d" % (start - 4), "--stop-address=%d" % (start + 1), path)
            return lines.splitlines()[-1]
    return ""


def test_native_frames_have_their_place():
    """In which build of which file, and where in it, as binutils know it."""
    need_program("objdump")
    with native("libevent", "until") as target:
        _, stall, _ = watch_blocked(target)
    frames = [frame for part in stall["slices"] for frame in part.get("stack", []) if frame["kind"] == "native"]
    placed = [frame for frame in frames if "offset" in frame]
    check(len(placed) == len([frame for frame in frames if not frame.get("inlined")]), "each has one", frames)
    for frame in placed:
        check(frame["build_id"] == build_id_of(frame["module"]), "its build id", frame)
    (block,) = {frame["offset"] for frame in placed if frame["fn"] == "block"}
    code = code_at(program(*LIBRARIES["libevent"]), block)
    check("call" in code, "the call that blocked", code)


@busy
@variants([(name, name) for name in ("libuv", "glib")])
def test_attached_while_it_computes(library):
    """Where it runs, its stack is where it was when it last entered the kernel."""
    with native(library, "spin") as target:
        blockprof, stall, _ = watch_blocked(target)
    check(named(blockprof, target.pid) == [library], "its loop", *blockprof.loops)
    found = [part for part in stall["slices"] if part["cause"] == "cpu" and "stack" in part]
    check(any(find_frame(part["stack"], "block", kind="native") for part in found), "what it does", stall)


@variants([(name, name) for name in ("libuv", "glib")])
def test_copy_of_a_loop(library):
    """A child that was forked in a turn has its parent's stack, but no loop by that."""
    with native(library, "fork") as target:
        target.go()
        child = int(target.wait_line("CHILD").split()[1])
        with Blockprof("-d", "1", pids=[child]) as blockprof:
            blockprof.wait()
    check(not blockprof.loops, "no loop", *blockprof.loops)
    assert_no_stalls(blockprof.stalls, allow=())


# --- Qt and Asio ---------------------------------------------------------------------------------------


def watch_again_and_again(target):
    """Watches a target that blocks each second; the recording, and its latest turn."""
    with Blockprof(pids=[target.pid]) as blockprof:
        blockprof.wait_loop(target.pid)
        seen = len(target.turns)
        until(lambda: len(target.turns) > seen + 1, 20, "it blocks")
        turn = target.turns[-1]
        time.sleep(0.3)
    return blockprof, turn


def test_qt_blocks():
    with native("qt", "child", "300") as target:
        blockprof, turn = watch_again_and_again(target)
    check(named(blockprof, target.pid) == ["qt"], "its loop", *blockprof.loops)
    check(blockprof.loops[0]["runtime_version"].startswith("5."), "a version", *blockprof.loops)
    _, found = assert_stall(
        blockprof.stalls, cause=("child", "poll"), turn=turn, or_runqueue=True, spare_ns=10 * MS
    )
    check(find_frame(found["stack"], "wait_for_child", kind="native"), "where it blocked", found)


def test_qt_dialog():
    """An event loop that a callback runs serves the same sources: nothing waits for long."""
    with native("qt", "dialog", "500") as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            time.sleep(3)
    check(named(blockprof, target.pid) == ["qt"], "its loop", *blockprof.loops)
    assert_no_stalls(blockprof.stalls)


def asio(pattern, threads):
    return NativeTarget([program("pool_asio.cpp"), pattern, threads])


def test_asio_threads():
    """One of four waits for events, the others park until there is work: that is no stall."""
    with asio("idle", 4) as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            time.sleep(2)
    check(set(named(blockprof, target.pid)) == {"asio"}, "its loops", *blockprof.loops)
    assert_no_stalls(blockprof.stalls)


def test_asio_blocks():
    with asio("sleep", 1) as target:
        blockprof, turn = watch_again_and_again(target)
    check(set(named(blockprof, target.pid)) == {"asio"}, "its loop", *blockprof.loops)
    _, found = assert_stall(blockprof.stalls, cause="sleep", turn=turn, spare_ns=10 * MS)
    check(find_frame(found["stack"], "sleep_in_handler", kind="native"), "where it blocked", found)


# --- Bun and Deno ---------------------------------------------------------------------------------------

ENGINES = {
    "bun": (("@oven/bun-linux-x64", "1.4.5", "bin/bun", "bun"), ()),
    "deno": (("@deno/linux-x64-glibc", "2.9.6", "deno"), ("run", "-A")),
}


def javascript(engine, pattern, directory):
    """Deno takes a script for one of Node's by its suffix."""
    package, options = ENGINES[engine]
    script = os.path.join(directory, "node_target.cjs")
    shutil.copy(os.path.join(WORKLOADS, "node_target.js"), script)
    return NativeTarget([npm_program(*package), *options, script, pattern], env={"DENO_NO_UPDATE_CHECK": "1"})


@limit(120)
@busy(lambda case: case[1] == "cpu")
@variants([("-".join(case), case) for case in ((e, p) for e in ENGINES for p in ("cpu", "atomics", "idle"))])
def test_other_javascript(case):
    """Loops by name, whose JavaScript is not read, which is said once."""
    engine, pattern = case
    with tempfile.TemporaryDirectory() as directory, javascript(engine, pattern, directory) as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            blockprof.wait_loop(target.pid)
            target.run()
            time.sleep(0.2)
        (turn,) = target.turns
    check(set(named(blockprof, target.pid)) == {engine}, "its loops", *blockprof.loops)
    said = "%s[%d] runs JavaScript, whose lines are not read" % (engine, target.pid)
    check(blockprof.stderr.count(said) == 1, "said once", blockprof.stderr)
    if pattern == "idle":
        assert_no_stalls(blockprof.stalls)
        return
    # its clock begins with the program
    length_ns = turn["end_ns"] - turn["start_ns"]
    cause = {"cpu": "cpu", "atomics": ("lock", "sleep")}[pattern]
    assert_stall(blockprof.stalls, cause=cause, duration_ns=length_ns, or_runqueue=True, spare_ns=20 * MS)


# --- what only looks like a loop --------------------------------------------------------------------------

CLIENTS = {
    "curl": ("client_curl.c", "libcurl"),
    "zmq": ("client_zmq.c", "libzmq"),
    "glib": ("client_glib.c", "glib-2.0"),
}


@variants([(name, name) for name in CLIENTS])
def test_clients(name):
    """A library that polls for one answer after the other, all from one place."""
    with NativeTarget([program(*CLIENTS[name])]) as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            target.run()
    found = [loop for loop in blockprof.loops if loop["tid"] == target.pid]
    check(not found, "no loop", *found)
    assert_no_stalls(blockprof.stalls, allow=())
