# SPDX-License-Identifier: GPL-2.0-or-later
"""Targets and surroundings that are wrong, hostile or in the way."""

import ctypes
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time

from errors import check_error, run_command
from harness import (
    BLOCKPROF,
    WORKLOADS,
    Blockprof,
    Process,
    Target,
    assert_no_stalls,
    assert_stall,
    check,
    frames_of,
    limit,
    need,
    parse_folded,
    until,
    variants,
)

TRAPS = "traps_target.py"
PR_CAPBSET_DROP = 24
CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_SYS_RESOURCE, CAP_PERFMON, CAP_BPF = 19, 21, 24, 38, 39
NOBODY = 65534


def without_capabilities(*numbers):
    def drop():
        for number in numbers:
            if ctypes.CDLL(None, use_errno=True).prctl(PR_CAPBSET_DROP, number, 0, 0, 0):
                os._exit(99)

    return drop


def become_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


# --- Targets that are none -----------------------------------------------------------------------------------


def kernel_thread():
    for pid in (2, 3, 4):
        try:
            if not os.readlink("/proc/%d/exe" % pid):
                return pid
        except FileNotFoundError:
            if os.path.exists("/proc/%d" % pid):
                return pid
        except OSError:
            pass
    need(False, "no kernel thread is seen")


def zombie():
    child = subprocess.Popen(["true"])
    until(lambda: " Z " in open("/proc/%d/stat" % child.pid).read(), 5, "a zombie")
    return child.pid


def ended():
    child = subprocess.Popen(["true"])
    child.wait()
    return child.pid


@variants([("ended", ended), ("zombie", zombie), ("kernel-thread", kernel_thread), ("largest", lambda: 2147483647)])
def test_no_such_target(make):
    pid = make()
    status, out, err = run_command([BLOCKPROF, "-p", pid])
    check_error(status, err)
    check(str(pid) in err, "says which", err)
    check(not out, "nothing on stdout", out)


def test_thread_instead_of_process():
    with Target("sleep", "--thread") as target:
        (tid,) = [int(name) for name in os.listdir("/proc/%d/task" % target.pid) if int(name) != target.pid][:1]
        status, _, err = run_command([BLOCKPROF, "-p", tid])
    check_error(status, err)
    check(str(target.pid) in err, "says which process it is of", err)


def test_one_bad_pid_of_many():
    """It is reported before anything is watched or written."""
    with Target("idle") as target:
        path = os.path.join(tempfile.mkdtemp(), "x.jsonl")
        status, out, err = run_command([BLOCKPROF, "-p", "%d,%d" % (target.pid, ended()), "-o", path])
    check_error(status, err)
    check(not os.path.exists(path), "no file is made for nothing")


def test_target_ends_while_attaching():
    """At any moment: it is watched to its end, or reported in one line."""
    seen = set()
    for number in range(100):
        if number >= 14 and 0 in seen:
            break
        child = subprocess.Popen(["sleep", "60"])
        watcher = subprocess.Popen(
            [BLOCKPROF, "-p", str(child.pid)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
        time.sleep(number * 0.03)
        child.kill()
        child.wait()
        try:
            out, err = watcher.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            watcher.kill()
            check(False, "it goes on without a target, which ended after %d ms" % (number * 30))
        err = err.decode()
        seen.add(watcher.returncode)
        if watcher.returncode:
            check_error(watcher.returncode, err)
        else:
            check(b" watched, " in out, "a summary", out.decode())
    check(0 in seen, "one was watched")


# --- Where it may not ----------------------------------------------------------------------------------------


@variants([("watch", ["-d", "1"]), ("pid", ["-d", "1", "-p", "1"]), ("command", ["--", "true"])])
def test_not_root(args):
    directory = tempfile.mkdtemp()
    copy = os.path.join(directory, "blockprof")
    with open(BLOCKPROF, "rb") as source, open(copy, "wb") as target:
        target.write(source.read())
    os.chmod(copy, 0o755)
    for path in (directory, os.path.dirname(directory)):
        os.chmod(path, 0o755)
    status, _, err = run_command([copy] + args, preexec_fn=become_nobody, cwd="/")
    check_error(status, err, 125 if "--" in args else 1)
    check("root" in err, "says what to do", err)


@variants([
    ("no-bpf", [CAP_SYS_ADMIN, CAP_BPF]),
    ("no-perfmon", [CAP_SYS_ADMIN, CAP_PERFMON]),
    ("no-ptrace", [CAP_SYS_PTRACE]),
])
def test_root_without_capability(numbers):
    with Target("idle") as target:
        status, _, err = run_command([BLOCKPROF, "-d", "1", "-p", target.pid], preexec_fn=without_capabilities(*numbers))
    check_error(status, err)
    check("CAP_" in err, "says which", err)


def test_without_sys_admin():
    """The finer capabilities do."""
    with Target("sleep", "--count=100") as target:
        target.go()
        status, out, err = run_command([BLOCKPROF, "-d", "1", "-p", target.pid], preexec_fn=without_capabilities(CAP_SYS_ADMIN))
        target.kill()
    check(status == 0 and "block_sleep" in out, "the stall is seen", out, err)


def test_no_btf():
    with Target("idle") as target:
        status, _, err = run_command(
            ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /sys/kernel/btf && exec "$@"', "sh", BLOCKPROF, "-p", target.pid]
        )
    check_error(status, err)
    check("BTF" in err, "says what is missing", err)


def test_memlock_that_cannot_be_raised():
    def limit_memlock():
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (65536, 65536))
        without_capabilities(CAP_SYS_RESOURCE)()

    with Target("sleep", "--count=100") as target:
        target.go()
        status, out, err = run_command([BLOCKPROF, "-d", "1.5", "-p", target.pid], preexec_fn=limit_memlock)
        target.kill()
    check(status == 0 and "block_sleep" in out, "the stall is seen", out, err)
    check("cannot" not in err, "and no complaint", err)


def test_few_file_descriptors():
    """As many as it needs, or one line."""

    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12))

    with Target("idle") as target:
        status, _, err = run_command([BLOCKPROF, "-d", "1", "-p", target.pid], preexec_fn=few)
    if status:
        check(status == 1 and len(err.splitlines()) == 1 and "cannot" in err, "one line", err)


# --- Targets out of the ordinary -----------------------------------------------------------------------------


def test_two_at_once():
    with Target("sleep") as target:
        with Blockprof(pids=[target.pid]) as one, Blockprof("-t", "50ms", "--all-threads", pids=[target.pid]) as other:
            target.run()
    for turn in target.turns:
        for blockprof in (one, other):
            assert_stall(blockprof.stalls, cause="sleep", fn="block_sleep", turn=turn)


def test_watching_itself():
    with Target("idle") as target, Blockprof(pids=[target.pid]) as other:
        with Blockprof(pids=[other.pid]) as blockprof:
            time.sleep(0.5)
    check(blockprof.status == 0, "another blockprof can be watched")


def test_stopped_target():
    with Target("sleep", "--count=1") as target:
        os.kill(target.pid, signal.SIGSTOP)
        until(lambda: " T " in open("/proc/%d/stat" % target.pid).read(), 5, "it is stopped")
        with Blockprof(pids=[target.pid]) as blockprof:
            time.sleep(0.5)
            os.kill(target.pid, signal.SIGCONT)
            target.run()
    check("stopped" in blockprof.stderr, "says so", blockprof.stderr)
    assert_stall(blockprof.stalls, cause="sleep", fn="block_sleep", turn=target.turns[0])
    assert_no_stalls(blockprof.stalls, allow=("runqueue", "sleep", "stopped"))


@limit(90)
@variants([("loops", []), ("all-threads", ["--all-threads"])])
def test_2000_threads(args):
    with Target("many-threads", "--count=2000", "--gap=10", script=TRAPS) as target:
        target.go()
        target.wait_line("FACT")
        with Blockprof(*args, pids=[target.pid]) as blockprof:
            target.wait_done()
            time.sleep(0.3)
        target.kill()
    assert_stall(blockprof.stalls, cause="sleep", fn="huge", turn=target.turns[0])
    if args:
        slept = {
            record["tid"]
            for record in blockprof.of_type("blocked")
            for slice_ in record["slices"]
            if slice_["cause"] == "sleep"
        }
        check(len(slept) >= 2000, "%d of 2000 threads" % len(slept))


def test_forks_500_times_a_second():
    with Process([sys.executable, os.path.join(WORKLOADS, "forks.py"), 500, 3]) as target:
        target.wait_line("READY")
        with Blockprof("-f", pids=[target.pid], lost=True) as blockprof:
            target.send("go")
            forked = int(target.wait_line("FORKED").split()[1])
            time.sleep(0.3)
        target.close_stdin()
    assert_stall(blockprof.stalls, cause="sleep", fn="block", file="forks.py")
    ends = len([record for record in blockprof.of_type("exit") if record["pid"] != target.pid])
    lost = sum(blockprof.summary["lost"].values())
    check(ends + lost >= forked, "%d ends of %d children, lost: %s" % (ends, forked, blockprof.summary["lost"]))


# --- Names that do harm --------------------------------------------------------------------------------------


def check_harmless(data, what):
    text = data.decode("utf-8")  # which it must be
    bad = re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    check(not bad, "%s has %r" % (what, bad and bad.group()), repr(text[:2000]))
    return text


def test_hostile_names():
    place = tempfile.mkdtemp()
    with Process([sys.executable, os.path.join(WORKLOADS, "hostile.py"), place]) as target:
        target.wait_line("READY")
        with Blockprof("-v", "-o", "x.folded", "-o", "x.txt", "-F", "text", pids=[target.pid], cwd=True) as blockprof:
            target.send("go")
            target.wait_line("DONE")
            time.sleep(0.2)
    check(len(blockprof.stalls) == 2, "two stalls", *blockprof.stalls)
    assert_stall(blockprof.stalls, cause="sleep")
    opened = max(blockprof.stalls, key=lambda stall: stall["cause"] != "sleep")
    check("fifo" in opened["slices"][0]["target"]["path"], "the path of the FIFO", opened)
    for stall in blockprof.stalls:
        slice_ = stall["slices"][0]
        check(slice_["task"]["name"].startswith("task\x1b"), "JSON has the task's name as it is", slice_)
        check([f for f in frames_of(slice_) if f["fn"].startswith("fn\x1b")], "and the function's", slice_)
    for name in ("x.folded", "x.txt", "stderr", "stdout"):
        with open(os.path.join(blockprof.directory, name), "rb") as file:
            text = check_harmless(file.read(), name)
        if name == "x.folded":
            stacks = parse_folded(text)
            check(len([1 for frames, _ in stacks if frames[-1] == "[sleep]"]) >= 1, "the sleep", text)
            for frames, _ in stacks:
                named = [frame for frame in frames if frame.startswith("fn")]
                check(len(named) <= 1, "one frame became several", repr(frames))
    for name in ("text", "folded", "json"):
        done = subprocess.run([BLOCKPROF, "report", "-F", name, blockprof.recording], stdout=subprocess.PIPE)
        check(done.returncode == 0, "report -F %s" % name)
        check_harmless(done.stdout, "report -F " + name)
    check_harmless(open(blockprof.recording, "rb").read(), "JSON")


@variants([
    ("%s-%d" % (args[0], limit), (args, limit))
    for args in (["watch", "-d", "1"], ["dump"])
    # from those that are too few for the children, to nearly enough
    for limit in (6, 8, 16, 48, 100)
])
def test_few_descriptors(args_and_limit):
    """It says that it is that, and what to do."""
    args, limit = args_and_limit

    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

    status, _, err = run_command([BLOCKPROF, *args, "-p", os.getpid()], preexec_fn=few)
    check_error(status, err)
    check("may not open that many files" in err and "ulimit -n" in err, "why, and what to do", err)
