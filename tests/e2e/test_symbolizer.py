# SPDX-License-Identifier: GPL-2.0-or-later
"""The child that reads targets' files: what it may do, and what its end or standstill costs."""

import json
import os
import signal
import stat
import struct
import sys
import tempfile
import time
import zlib

from harness import (
    WORKLOADS,
    Blockprof,
    Process,
    Target,
    assert_stall,
    check,
    frames_of,
    limit,
    need,
    until,
)

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


def resident_bytes(pid):
    try:
        with open("/proc/%d/statm" % pid) as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")
    except (FileNotFoundError, ProcessLookupError, TypeError, IndexError):
        return 0


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
        check(all(links[fd].startswith("socket:") for fd in (3, 4)), "its sockets, of requests and of files", links)
        # else only files that it was sent
        for fd in links:
            if fd > 4:
                mode = os.stat("/proc/%d/fd/%d" % (child, fd)).st_mode
                check(stat.S_ISREG(mode), "descriptor %d is no regular file" % fd, links)
                with open("/proc/%d/fdinfo/%d" % (child, fd)) as file:
                    flags = next(int(line.split()[1], 8) for line in file if line.startswith("flags:"))
                check(flags & os.O_ACCMODE == os.O_RDONLY or "memfd" in links[fd], "it can write", links[fd])
        check(all(name.isdigit() for name in os.listdir("/proc/%d/root/" % child)), "a root without files")
        with open("/proc/%d/limits" % child) as file:
            limits = {line[:26].strip(): line[26:47].strip() for line in file}
        check(limits["Max data size"] == str(384 << 20), "memory", limits)
        check(limits["Max cpu time"] == "600" and limits["Max core file size"] == "0", "limits", limits)


def test_killed_during_stalls():
    """Each stall is reported, what is asked for after it is named, and no file is to blame."""
    with Target("sleep", "--count=2") as target, Target("select-sleep", "--count=2") as other:
        with Blockprof(pids=[target.pid, other.pid], lost=True) as blockprof:
            # names that are known are not asked for again: each pattern has its own
            for blocking in (target, other):
                child = until(lambda: symbolizer(blockprof), 5, "there is one")
                blocking.go()
                blocking.wait_line("BEGIN")
                time.sleep(0.1)
                os.kill(child, signal.SIGKILL)
                blocking.wait_done()
            time.sleep(0.2)
    for blocking, fn in ((target, "block_sleep"), (other, "block_select_sleep")):
        for turn in blocking.turns:
            assert_stall(blockprof.stalls, cause="sleep", fn=fn, turn=turn)
    lost = blockprof.summary["lost"]
    check(1 <= lost.get("symbolizer_restarts", 0) <= 2, "restarts are counted", lost)
    check("symbol_files_refused" not in lost, "no file is refused for it", lost)
    for pid in (target.pid, other.pid):
        names = native_names([stall for stall in blockprof.stalls if stall["pid"] == pid][-1:])
        check(names and not unnamed(names), "names are right after it", names)


@limit(90)
def test_stopped_during_stalls():
    """Three loops stall on while it stands still: all is reported and in time, without names; then with them."""
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
            reported = time.monotonic() - begun
            for target in targets:
                target.wait_done()
            time.sleep(0.2)
            check(symbolizer(blockprof) != child, "another one has taken its place")
        for target in targets:
            for turn in target.turns:
                assert_stall(blockprof.stalls, cause="sleep", fn="block_sleep", turn=turn)
        lost = blockprof.summary["lost"]
        check(reported < 5, "the first stall was reported within seconds: %.1f" % reported)
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


# --- Files that are meant to harm it ------------------------------------------------------------------------

PAGE = 4096
# mov $35, %eax; syscall; ret: nanosleep(2) of x86-64
NANOSLEEP = bytes.fromhex("b8230000000f05c3")
PT_LOAD, PF_RX = 1, 5
SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB = 1, 2, 3
SHF_COMPRESSED = 0x800


def section(kind, offset=0, size=0, name=0, flags=0, link=0, entry=0):
    return struct.pack("<IIQQQQIIQQ", name, kind, flags, 0, offset, size, link, 0, 8, entry)


def write_elf(path, sections=(), at=2 * PAGE, names=0, count=None, size=None, parts=()):
    """An ELF file whose second page is NANOSLEEP, with these sections, and bytes at some places."""
    head = b"\x7fELF\2\1\1".ljust(16, b"\0")
    head += struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, at, 0, 64, 56, 1, 64, count or len(sections), names)
    head += struct.pack("<IIQQQQQQ", PT_LOAD, PF_RX, PAGE, PAGE, PAGE, PAGE, PAGE, PAGE)
    with open(path, "wb") as file:
        file.write(head)
        for offset, data in ((PAGE, NANOSLEEP), (at, b"".join(sections))) + tuple(parts):
            file.seek(offset)
            file.write(data)
        # holes: they take no room on the disk
        file.truncate(max(size or 0, file.seek(0, os.SEEK_END), 3 * PAGE))


def write_hostile(directory):
    """Paths of files; what each would have the symbolizer do."""

    def path(name):
        return os.path.join(directory, name)

    symbols = 10_000_000 * 24
    function = struct.pack("<IBBHQQ", 1, 0x12, 0, 1, PAGE, 64)
    write_elf(  # read ten million symbols
        path("symbols"),
        [section(0), section(SHT_SYMTAB, 1 << 20, symbols, link=2, entry=24), section(SHT_STRTAB, 2 * PAGE, PAGE)],
        parts=[(1 << 20, function * 1000)],
    )
    write_elf(  # take a symbol's name from a string of gigabytes without an end
        path("name"),
        [section(0), section(SHT_SYMTAB, 4 * PAGE, 48, link=2, entry=24), section(SHT_STRTAB, 8 * PAGE, 4 << 30)],
        size=5 << 30,
        parts=[(4 * PAGE, function * 2)],
    )
    tables = [section(SHT_SYMTAB, PAGE, 64 << 20, link=n, entry=24) for n in range(2000)]
    write_elf(path("tables"), [section(0)] + tables, size=256 << 20)  # read the same bytes as two thousand tables
    write_elf(path("sparse"), [section(0)], at=3 << 30, count=0xFE00, size=4 << 30)  # read gigabytes of headers
    write_elf(path("itself"), [section(SHT_SYMTAB, 0, 3 * PAGE, link=0, entry=24)] * 8, at=0)  # headers in each other
    write_elf(  # unpack a terabyte
        path("packed"),
        [section(0)]
        + [section(SHT_PROGBITS, 4 * PAGE, PAGE, name=n, flags=SHF_COMPRESSED) for n in (1, 13, 25)]
        + [section(SHT_STRTAB, 6 * PAGE, PAGE)],
        names=4,
        parts=[
            (4 * PAGE, struct.pack("<IIQQ", 1, 0, 1 << 40, 8) + zlib.compress(bytes(1 << 20))),
            (6 * PAGE, b"\0.debug_info\0.debug_line\0.eh_frame\0"),
        ],
    )
    return [path(name) for name in ("symbols", "name", "tables", "sparse", "itself", "packed")]


@limit(90)
def test_hostile_files():
    """Whatever it does over them: each stall is reported as it was, the child stays small, names go on."""
    need(os.uname().machine == "x86_64", "code of x86-64")
    with tempfile.TemporaryDirectory(prefix="blockprof-hostile-") as directory:
        paths = write_hostile(directory)
        target = Process([sys.executable, os.path.join(WORKLOADS, "mapped_target.py")] + paths)
        peak = 0
        with target, Target("sleep", "--count=1") as sane:
            target.wait_line("READY")
            with Blockprof(pids=[target.pid, sane.pid], lost=True) as blockprof:
                target.send("go")
                end = time.monotonic() + 60
                while "DONE" not in target.lines and time.monotonic() < end:
                    peak = max(peak, resident_bytes(symbolizer(blockprof) or 0))
                    time.sleep(0.02)
                target.wait_line("DONE")
                sane.run()
            turns = [json.loads(line[5:]) for line in target.lines if line.startswith("TURN ")]
    check(len(turns) == len(paths), "a turn a file", target.stderr)
    for turn, path in zip(turns, paths):
        stall, _ = assert_stall(blockprof.stalls, cause="sleep", fn="block_mapped", turn=turn)
        check(os.path.basename(path) in json.dumps(stall["slices"]), "the file is named", path, stall)
    assert_stall(blockprof.stalls, cause="sleep", fn="block_sleep", turn=sane.turns[0])
    names = native_names([stall for stall in blockprof.stalls if stall["pid"] == sane.pid])
    check(names and not unnamed(names), "names of other files", names)
    check(peak < 512 << 20, "the symbolizer's memory: %d MB" % (peak >> 20))
