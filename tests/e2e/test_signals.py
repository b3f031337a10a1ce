# SPDX-License-Identifier: GPL-2.0-or-later
"""Signals at any moment, to blockprof and to its symbolizer."""

import os
import signal
import subprocess
import tempfile
import time

from harness import (
    BLOCKPROF,
    Blockprof,
    Target,
    assert_stall,
    busy,
    check,
    limit,
    need_program,
    parse_folded,
    parse_jsonl,
    until,
    variants,
)

TRAPS = "traps_target.py"


def bpf_objects(pid):
    """{("prog"|"map", id)} that a process holds."""
    held = set()
    try:
        for name in os.listdir("/proc/%d/fdinfo" % pid):
            with open("/proc/%d/fdinfo/%s" % (pid, name)) as file:
                for line in file:
                    word, _, number = line.partition(":")
                    if word in ("prog_id", "map_id"):
                        held.add((word[:-3], int(number)))
    except OSError:
        pass
    return held


def marked(mark):
    """Processes that were started with this in their environment."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open("/proc/%s/environ" % name, "rb") as file:
                    if mark.encode() in file.read():
                        found.append(int(name))
            except OSError:
                pass
    return found


def moments():
    """From the first instructions to well into the watch."""
    return [0, 0.005, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.6, 0.9]


@busy
@limit(120)
@variants([(number.name, number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)])
def test_signal_at_any_moment(number):
    mark = "E2E_MARK=%d-%d" % (os.getpid(), time.monotonic_ns())
    with Target("random-blocks", "--seconds=60", script=TRAPS) as target:
        target.go()
        for after in moments():
            directory = tempfile.mkdtemp()
            watcher = subprocess.Popen(
                [BLOCKPROF, "-t", "20ms", "-p", str(target.pid), "-o", "x.jsonl", "-o", "x.folded", "-o", "x.jsonl.gz"],
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=dict(os.environ, **dict([mark.split("=")])),
                start_new_session=True,
            )
            time.sleep(after)
            watcher.send_signal(number)
            try:
                _, err = watcher.communicate(timeout=15)
            except subprocess.TimeoutExpired:
                watcher.kill()
                check(False, "%s after %d ms: it goes on" % (number.name, after * 1000))
            err = err.decode()
            files = [name for name in os.listdir(directory)]
            if watcher.returncode == -number:  # before it was set up to take signals
                check(not files, "ended in the middle of its files after %d ms" % (after * 1000), str(files), err)
                continue
            check(watcher.returncode == 0, "status %d after %d ms" % (watcher.returncode, after * 1000), err)
            for name in ("x.jsonl", "x.jsonl.gz"):
                records = parse_jsonl(os.path.join(directory, name))
                check(records and records[-1]["type"] == "summary", "%s is whole" % name, str(records[-1:]))
            with open(os.path.join(directory, "x.folded")) as file:
                parse_folded(file.read())
        target.kill()
    until(lambda: not marked(mark), 5, "its children have ended")


@busy
@limit(120)
def test_sigkill_at_any_moment():
    """Nothing stays in the kernel, no child goes on, and the lines on the disk are whole."""
    bpftool = need_program("bpftool")
    mark = "E2E_MARK=%d-%d" % (os.getpid(), time.monotonic_ns())
    held = set()
    with Target("random-blocks", "--seconds=60", script=TRAPS) as target:
        target.go()
        for after in moments():
            directory = tempfile.mkdtemp()
            path = os.path.join(directory, "x.jsonl")
            watcher = subprocess.Popen(
                [BLOCKPROF, "-t", "20ms", "-p", str(target.pid), "-o", path],
                stdin=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=dict(os.environ, **dict([mark.split("=")])),
                start_new_session=True,
            )
            time.sleep(after)
            watcher.send_signal(signal.SIGSTOP)
            held |= bpf_objects(watcher.pid)
            watcher.kill()
            watcher.wait()
            if os.path.exists(path):
                with open(path, "rb") as file:
                    data = file.read()
                whole = data[: data.rfind(b"\n") + 1]
                copy = os.path.join(directory, "whole.jsonl")
                with open(copy, "wb") as file:
                    file.write(whole)
                parse_jsonl(copy)
        target.kill()
    check(len(held) > 20, "it had programs and maps", str(held))
    until(lambda: not marked(mark), 5, "the symbolizer has ended")

    def left():
        return [
            (kind, number)
            for kind, number in sorted(held)
            if subprocess.run([bpftool, kind, "show", "id", str(number)], stdout=subprocess.PIPE, stderr=subprocess.PIPE).returncode == 0
        ]

    until(lambda: not left(), 10, "nothing is left in the kernel: %s" % left())


def test_symbolizer_that_is_killed():
    """It is started anew, and what was lost by that is counted."""
    with Target("sleep", "--count=4") as target:
        with Blockprof(pids=[target.pid], lost=True) as blockprof:
            target.go()
            for _ in range(3):
                time.sleep(0.3)
                with open("/proc/%d/task/%d/children" % (blockprof.pid, blockprof.pid)) as file:
                    for child in file.read().split():
                        os.kill(int(child), signal.SIGKILL)
            target.wait_done()
            time.sleep(0.2)
    for turn in target.turns:
        assert_stall(blockprof.stalls, cause="sleep", fn="block_sleep", turn=turn)


def test_hangup_is_ignored_under_nohup():
    with Target("sleep", "--seconds=0.2") as target:
        with Blockprof(pids=[target.pid], preexec=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as blockprof:
            blockprof.send_signal(signal.SIGHUP)
            target.run()
            blockprof.wait_records(lambda records: any(r["type"] == "stall" for r in records))
        assert_stall(blockprof.stalls, cause="sleep")


def test_second_interrupt_ends_at_once():
    """Also while a handler is waited for, which would have seconds."""
    with Target("sleep", "--seconds=0.2") as target:
        with Blockprof("--on-stall", "sleep 60", pids=[target.pid], judge=False) as blockprof:
            target.run()
            blockprof.wait_records(lambda records: any(r["type"] == "stall" and not r["ongoing"] for r in records))
            blockprof.send_signal(signal.SIGINT)
            until(lambda: not blocks_interrupt(blockprof.pid), 20, "it takes a second one")
            blockprof.send_signal(signal.SIGINT)
            blockprof.wait()
        check(blockprof.status == -signal.SIGINT, "ended by it", str(blockprof.status))


def blocks_interrupt(pid):
    with open("/proc/%d/status" % pid) as file:
        blocked = next(line for line in file if line.startswith("SigBlk:"))
    return int(blocked.split()[1], 16) >> (signal.SIGINT - 1) & 1
