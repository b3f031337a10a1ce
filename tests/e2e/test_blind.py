# SPDX-License-Identifier: GPL-2.0-or-later
"""What cannot be seen of a process is said and counted: never a silent acquittal."""

import os
import shutil
import subprocess
import sys
import tempfile

from harness import BLOCKPROF, Blockprof, Process, check, need_root, run_blockprof
from machine import ROOT
from native import build, run_tool
from records import parse_records

CASES = os.path.join(ROOT, "tests", "cases")
NATIVE = os.path.join(CASES, "native")


def program(name):
    """A program of tests/cases, which blocks each 0.7 s for 0.3 s."""
    source = os.path.join(NATIVE, name + ".c")
    sources = [source, os.path.join(NATIVE, "truth.h")]

    def make(directory):
        argv = ["gcc", "-g", "-O1", "-o", os.path.join(directory, name), source, "-lpthread"]
        run_tool(argv, "building %s" % source, absent=("No such file or directory",))

    return os.path.join(build(os.path.join("cases", name), make, sources), name)


def wait_stall(blockprof, pid):
    blockprof.wait_records(
        lambda records: any(r["type"] == "stall" and r["pid"] == pid and not r["ongoing"] for r in records)
    )


def dumped_blind(pid):
    """What a dump's record says that it could not see."""
    status, out, err = run_blockprof("dump", "-F", "json", "-p", pid)
    check(status == 0, "dumped", status, err)
    return parse_records(out)[0].get("blind")


def test_memory_that_never_comes():
    with Process([program("hanging_page")]) as target:
        target.wait_line("T sleep")
        with Blockprof(pids=[target.pid]) as blockprof:
            wait_stall(blockprof, target.pid)
        said = [line for line in blockprof.stderr.splitlines() if "does not come in time" in line]
        check(len(said) == 1 and "native frames only" in said[0], "said once", blockprof.stderr)
        check(blockprof.records[-1].get("blind") == {"memory_late": 1}, "counted", blockprof.records[-1])
        status, out, err = run_blockprof("--fail", "-t", "30s", "-d", "2", "-p", target.pid)
        check(status == 4 and "blind to 1 process (memory_late)" in err, "vouches for what it did not see", status, err)
        check("blind: 1 process whose memory came too late" in out, "the summary says so", out)
        status, out, err = run_blockprof("dump", "-p", target.pid)
        check(status == 0 and "blind: its memory does not come in time" in out, "a dump says so", status, out, err)
        check(dumped_blind(target.pid) == {"memory_late": 1}, "and counts it")


def held_up(target, *argv):
    """A watch of target and of an honest loop, of which both are reported as ever."""
    with Process([program("hanging_lock"), "plain"]) as honest:
        honest.wait_line("T sleep")
        with Blockprof(*argv, pids=[target.pid, honest.pid], judge=False) as blockprof:
            for pid in (honest.pid, target.pid):
                wait_stall(blockprof, pid)
            check(blockprof.stop() == 0, "it ends when it is asked to", str(blockprof.status))
    said = [line for line in blockprof.stderr.splitlines() if "is held up" in line]
    check(len(said) == 1 and "[%d]" % target.pid in said[0], "said once", blockprof.stderr)
    return blockprof


def test_lock_that_is_kept():
    """The lock of an epoll instance, which /proc waits for."""
    with Process([program("hanging_lock")]) as target:
        target.wait_line("T sleep")
        blockprof = held_up(target)
    check(blockprof.records[-1].get("blind") == {"files_late": 1}, "counted", blockprof.records[-1])


def test_program_on_a_file_system_that_is_silent():
    """Its daemon answers until the program runs, and nothing from then on."""
    need_root()
    with tempfile.TemporaryDirectory(prefix="blockprof-e2e-") as directory:
        argv = ["unshare", "-m", sys.executable, os.path.join(CASES, "python", "fuse_mount.py"), "0", "mnt/x", "plain"]
        with Process(argv, cwd=directory, env=dict(os.environ, FUSE_FILE=program("hanging_lock"), FUSE_OPTIONS=",allow_other")) as target:
            target.wait_line("T sleep")
            with open(os.path.join(directory, "silent"), "w"):
                pass
            blockprof = held_up(target)
            dumped = dumped_blind(target.pid)
    check(blockprof.records[-1].get("blind") == {"files_late": 1}, "counted", blockprof.records[-1])
    check(dumped == {"files_late": 1}, "a dump says so", dumped)


def test_file_that_is_not_read_on():
    """Its tables are never answered: who parses them sleeps, others are named, and it is left alone."""
    need_root()
    with tempfile.TemporaryDirectory(prefix="blockprof-e2e-") as directory:
        large = os.path.join(directory, "large")
        with open(os.path.join(directory, "zeros"), "wb") as file:
            file.truncate(4 << 20)
        # before the table of sections, which so is beyond what running it reads
        run_tool(["objcopy", "--add-section", ".zeros=" + file.name, program("hanging_lock"), large], "a large program")
        argv = ["unshare", "-m", sys.executable, os.path.join(CASES, "python", "fuse_mount.py"), "0", "mnt/x", "plain"]
        with Process(argv, cwd=directory, env=dict(os.environ, FUSE_FILE=large, FUSE_OPTIONS=",allow_other")) as target:
            target.wait_line("T sleep")
            with open(os.path.join(directory, "unread"), "w"):
                pass
            blockprof = held_up(target)
            dumped = dumped_blind(target.pid)
    check(blockprof.records[-1].get("blind") == {"files_late": 1}, "counted", blockprof.records[-1])
    check(dumped == {"files_late": 1}, "a dump says so", dumped)
    check(blockprof.records[-1]["lost"].get("symbolizer_restarts") <= 2, "not for good", blockprof.records[-1])


def test_one_process_leaves_slots_to_others():
    with Process([program("crowd"), "slots", "1100"]) as target:
        target.wait_line("T sleep")
        with Blockprof("-f", pids=[target.pid], judge=False) as blockprof:
            wait_stall(blockprof, target.pid)
        check(blockprof.records[-1].get("blind") == {"share_used_up": 1}, "counted", blockprof.records[-1])
        check("it has its share of the loops" in blockprof.stderr, "said", blockprof.stderr)
        check("watch it alone: one -p, without -f" in blockprof.stderr, "and what helps where -p was given", blockprof.stderr)


CAPABILITIES = "-all,+bpf,+perfmon,+sys_ptrace"


def test_program_that_may_not_be_read():
    """With the least privileges, and a program that only root reads: no acquittal."""
    need_root()
    with tempfile.TemporaryDirectory(prefix="blockprof-e2e-") as directory:
        os.chmod(directory, 0o755)
        secret = shutil.copy(program("crowd"), os.path.join(directory, "secret"))
        os.chmod(secret, 0o700)
        own = shutil.copy(BLOCKPROF, os.path.join(directory, "blockprof"))
        as_nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        for kind in ("--inh-caps", "--ambient-caps", "--bounding-set"):
            as_nobody += [kind, CAPABILITIES]
        with Process([secret, "forks"]) as target:
            target.wait_line("T sleep")
            argv = as_nobody + [own, "--fail", "-t", "30s", "-d", "2", "-p", str(target.pid)]
            done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
            dump = as_nobody + [own, "dump", "-p", str(target.pid)]
            dumped = subprocess.run(dump, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
    check("blind: its program or libraries may not be read" in dumped.stdout, "a dump says so", dumped)
    check(done.returncode == 4 and "(files_refused)" in done.stderr, "vouches", done.returncode, done.stderr)
    check("CAP_DAC_READ_SEARCH" in done.stderr, "says what is missing", done.stderr)
    check("blind: 1 process with files that may not be read" in done.stdout, "the summary says so", done.stdout)


def test_nothing_is_blind_to_what_can_be_read():
    with Process([program("crowd"), "forks"]) as target:
        target.wait_line("T sleep")
        with Blockprof("-f", pids=[target.pid]) as blockprof:
            wait_stall(blockprof, target.pid)
        check("blind" not in blockprof.records[-1], "blind to nothing", blockprof.records[-1])
        check(dumped_blind(target.pid) is None, "nor is a dump")
