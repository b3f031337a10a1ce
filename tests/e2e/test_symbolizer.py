# SPDX-License-Identifier: GPL-2.0-or-later
"""The child that reads targets' files: what it may do, and what its end or standstill costs."""

import os
import signal
import time

from harness import Blockprof, Target, assert_stall, check, frames_of, limit, until

NAME = "blockprof-names"


def symbolizer(blockprof):
    """Its process, while there is one."""
    try:
        with open("/proc/%d/task/%d/children" % (blockprof.pid, blockprof.pid)) as file:
            children = [int(child) for child in file.read().split()]
        for child in children:
            with open("/proc/%d/comm" % child) as file:
                if file.read().strip() == NAME:
                    return child
    except FileNotFoundError:
        pass
    return None


def native_names(stalls):
    return [
        frame["fn"]
        for stall in stalls
        for slice_ in stall["slices"]
        for frame in frames_of(slice_)
        if frame["kind"] == "native"
    ]


def unnamed(names):
    return [name for name in names if "+0x" in name]


def test_has_nothing():
    """Its identity, its rights, its descriptors and its root, as the kernel shows them."""
    with Target("sleep", "--count=1") as target, Blockprof(pids=[target.pid]) as blockprof:
        target.run()
        child = symbolizer(blockprof)
        check(child, "there is one")
        with open("/proc/%d/status" % child) as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        for key in ("Uid", "Gid"):
            check(status[key].split() == ["65529"] * 4, key, status[key])
        check(not status["Groups"].strip(), "groups", status["Groups"])
        for key in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            check(int(status[key], 16) == 0, key, status[key])
        check(status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", "restrictions", status)
        # root's: it is not dumpable, so that no one else can trace it or read its memory
        check(os.stat("/proc/%d/mem" % child).st_uid == 0, "dumpable")
        links = {int(fd): os.readlink("/proc/%d/fd/%s" % (child, fd)) for fd in os.listdir("/proc/%d/fd" % child)}
        check(all(links[fd] == "/dev/null" for fd in range(3)), "standard descriptors", links)
        check(links[3].startswith("socket:"), "its socket", links)
        others = [link for fd, link in links.items() if fd > 3]
        check(all(link == "[vdso]" or "memfd:" in link or ".so" in link or "python" in link for link in others),
              "else only files that it was sent", links)
        check(all(name.isdigit() for name in os.listdir("/proc/%d/root/" % child)), "a root without files")
        with open("/proc/%d/limits" % child) as file:
            limits = {line[:26].strip(): line[26:47].strip() for line in file}
        check(limits["Max address space"] == str(512 << 20), "memory", limits)
        check(limits["Max cpu time"] == "600" and limits["Max core file size"] == "0", "limits", limits)


def test_killed_during_stalls():
    """Each stall is told, what is asked for after it is named, and no file is to blame."""
    with Target("sleep", "--count=2") as target, Target("select-sleep", "--count=2") as other:
        with Blockprof(pids=[target.pid, other.pid], lost=True) as blockprof:
            # names that are known are not asked for again: each pattern has its own
            for blocking in (target, other):
                os.kill(until(lambda: symbolizer(blockprof), 5, "there is one"), signal.SIGKILL)
                blocking.go()
                blocking.wait_line("BEGIN")
                time.sleep(0.1)
                child = symbolizer(blockprof)
                if child:
                    os.kill(child, signal.SIGKILL)
                blocking.wait_done()
            time.sleep(0.2)
    for blocking, fn in ((target, "block_sleep"), (other, "block_select_sleep")):
        for turn in blocking.turns:
            assert_stall(blockprof.stalls, cause="sleep", fn=fn, turn=turn)
    lost = blockprof.summary["lost"]
    check(1 <= lost.get("symbolizer_restarts", 0) <= 4, "restarts are counted", lost)
    check("symbol_files_refused" not in lost, "no file is refused for it", lost)
    for pid in (target.pid, other.pid):
        names = native_names([stall for stall in blockprof.stalls if stall["pid"] == pid][-1:])
        check(names and not unnamed(names), "names are right after it", names)


@limit(90)
def test_stopped_during_stalls():
    """Three loops stall on while it stands still: all is told and in time, without names; then with them."""
    targets = [Target("sleep", "--count=25", "--seconds=0.25") for _ in range(3)]
    try:
        with Blockprof(pids=[target.pid for target in targets], lost=True) as blockprof:
            # before it has read any file
            child = until(lambda: symbolizer(blockprof), 5, "there is one")
            os.kill(child, signal.SIGSTOP)
            for target in targets:
                target.go()
            begun = time.monotonic()
            blockprof.wait_records(lambda records: any(record["type"] == "stall" for record in records), 10)
            told = time.monotonic() - begun
            for target in targets:
                target.wait_done()
            time.sleep(0.2)
            check(symbolizer(blockprof) != child, "another one has taken its place")
        for target in targets:
            for turn in target.turns:
                assert_stall(blockprof.stalls, cause="sleep", fn="block_sleep", turn=turn)
        lost = blockprof.summary["lost"]
        check(told < 5, "the first stall was told within seconds: %.1f" % told)
        check(lost.get("symbol_lookups_failed"), "names that are missing are counted", lost)
        check(not [name for name in lost if name.endswith("_ring_full")], "nothing else is lost", lost)
        check("symbol_files_refused" not in lost, "no file is to blame", lost)
        names = native_names(blockprof.stalls[:3])
        check(unnamed(names), "frames without names have module and offset", names)
        names = native_names(blockprof.stalls[-3:])
        check(names and not unnamed(names), "the last ones have names", names)
    finally:
        for target in targets:
            target.end()
