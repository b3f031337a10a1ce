# SPDX-License-Identifier: GPL-2.0-or-later
"""Targets, surroundings and orders that are wrong, hostile or in the way."""

import ctypes
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time

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
    need_program,
    need_root,
    parse_folded,
    parse_jsonl,
    until,
    variants,
)

TRAPS = "traps_target.py"
GATHER_SLEEP = os.path.join(WORKLOADS, "gather_sleep.py")
PR_CAPBSET_DROP = 24
CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_SYS_RESOURCE, CAP_PERFMON, CAP_BPF = 19, 21, 24, 38, 39
NOBODY = 65534

_CANNOT = re.compile(r"blockprof: cannot [^:]+.*: .+; .+\n")


def check_error(done_or_status, err):
    """Exit status 1, and one line that says what, why and what to do."""
    status = getattr(done_or_status, "returncode", done_or_status)
    check(status == 1, "exit status %s" % status, err)
    check(_CANNOT.fullmatch(err), "one line: cannot ...: reason; what to do", err)


def run(argv, seconds=30, **kept):
    """(exit status, stdout, stderr) as text."""
    need_root()
    done = subprocess.run(
        [str(arg) for arg in argv],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=seconds,
        **kept,
    )
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


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


# --- Targets that are none ----------------------------------------------------------------------------------


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
    status, out, err = run([BLOCKPROF, "-p", pid])
    check_error(status, err)
    check(str(pid) in err, "says which", err)
    check(not out, "nothing on stdout", out)


def test_thread_instead_of_process():
    with Target("sleep", "--thread") as target:
        (tid,) = [int(name) for name in os.listdir("/proc/%d/task" % target.pid) if int(name) != target.pid][:1]
        status, _, err = run([BLOCKPROF, "-p", tid])
    check_error(status, err)
    check(str(target.pid) in err, "says which process it is of", err)


def test_one_bad_pid_of_many():
    """It is told before anything is watched or written."""
    with Target("idle") as target:
        path = os.path.join(tempfile.mkdtemp(), "x.jsonl")
        status, out, err = run([BLOCKPROF, "-p", "%d,%d" % (target.pid, ended()), "-o", path])
    check_error(status, err)
    check(not os.path.exists(path), "no file is made for nothing")


def test_target_ends_while_attaching():
    """At any moment: it is watched to its end, or told in one line."""
    seen = set()
    for number in range(14):
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


# --- Where it may not -----------------------------------------------------------------------------------------


@variants([("watch", ["-d", "1"]), ("pid", ["-d", "1", "-p", "1"]), ("command", ["--", "true"])])
def test_not_root(args):
    directory = tempfile.mkdtemp()
    copy = os.path.join(directory, "blockprof")
    with open(BLOCKPROF, "rb") as source, open(copy, "wb") as target:
        target.write(source.read())
    os.chmod(copy, 0o755)
    for path in (directory, os.path.dirname(directory)):
        os.chmod(path, 0o755)
    status, _, err = run([copy] + args, preexec_fn=become_nobody, cwd="/")
    check_error(status, err)
    check("root" in err, "says what to do", err)


@variants([
    ("no-bpf", [CAP_SYS_ADMIN, CAP_BPF]),
    ("no-perfmon", [CAP_SYS_ADMIN, CAP_PERFMON]),
    ("no-ptrace", [CAP_SYS_PTRACE]),
])
def test_root_without_capability(numbers):
    with Target("idle") as target:
        status, _, err = run([BLOCKPROF, "-d", "1", "-p", target.pid], preexec_fn=without_capabilities(*numbers))
    check_error(status, err)
    check("CAP_" in err, "says which", err)


def test_without_sys_admin():
    """The finer capabilities do."""
    with Target("sleep") as target:
        target.go()
        status, out, err = run([BLOCKPROF, "-d", "1", "-p", target.pid], preexec_fn=without_capabilities(CAP_SYS_ADMIN))
        target.kill()
    check(status == 0 and "block_sleep" in out, "the stall is seen", out, err)


def test_no_btf():
    with Target("idle") as target:
        status, _, err = run(
            ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /sys/kernel/btf && exec "$@"', "sh", BLOCKPROF, "-p", target.pid]
        )
    check_error(status, err)
    check("BTF" in err, "says what is missing", err)


def test_memlock_that_cannot_be_raised():
    def limit_memlock():
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (65536, 65536))
        without_capabilities(CAP_SYS_RESOURCE)()

    with Target("sleep") as target:
        target.go()
        status, out, err = run([BLOCKPROF, "-d", "1.5", "-p", target.pid], preexec_fn=limit_memlock)
        target.kill()
    check(status == 0 and "block_sleep" in out, "the stall is seen", out, err)
    check("cannot" not in err, "and no complaint", err)


def test_few_file_descriptors():
    """As many as it needs, or one line."""

    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12))

    with Target("idle") as target:
        status, _, err = run([BLOCKPROF, "-d", "1", "-p", target.pid], preexec_fn=few)
    if status:
        check(status == 1 and len(err.splitlines()) == 1 and "cannot" in err, "one line", err)


# --- Wrong orders ---------------------------------------------------------------------------------------------


@variants([(repr(" ".join(args))[1:-1], args) for args in (
    ["dance"],
    ["watch", "dance"],
    ["-p", "1", "dance"],
    ["--"],
    ["-f", "--"],
    ["-p", "1", "--", "true"],
    ["-F", "JSON", "-p", "1"],
    ["-F", "", "-p", "1"],
    ["-o", "x", "-p", "1"],
    ["-o", "", "-p", "1"],
    ["-o", "x.jsonl", "-o", "x.jsonl", "-p", "1"],
    ["-o", "\x1b[31mx\n", "-p", "1"],
    ["-p"],
    ["-t"],
    ["--pid"],
    ["--threshold"],
    ["--format"],
    ["-é"],
    ["--\x1b[31m"],
    ["report", "-x"],
    ["report", "-F", "morse", "x.jsonl"],
)])
def test_wrong_usage(args):
    status, out, err = run([BLOCKPROF] + args, cwd=tempfile.mkdtemp())
    check(status == 2, "exit status %d" % status, out, err)
    check(err.startswith("blockprof: ") and len(err.splitlines()) == 1, "one line", err)
    check(not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", err), "harmless", repr(err))
    check(not out, "nothing on stdout", out)


@variants([
    ("missing", ["/no/such/command"]),
    ("missing-in-path", ["no-such-command-at-all"]),
    ("not-executable", ["/etc/passwd"]),
    ("directory", ["/"]),
    ("empty", [""]),
    ("hostile", ["/no/\x1b[31m\n;x"]),
])
def test_command_that_cannot_run(command):
    status, out, err = run([BLOCKPROF, "--"] + command)
    check_error(status, err)
    check(not out, "nothing on stdout", out)


def test_command_runs_as_the_user_of_sudo():
    env = dict(os.environ, SUDO_UID=str(NOBODY), SUDO_GID=str(NOBODY), SUDO_USER="nobody")
    status, out, err = run(
        [BLOCKPROF, "-o", "/dev/null", "-F", "text", "--", "sh", "-c", 'id -u; id -g; id -G; echo "$USER"'], env=env, cwd="/"
    )
    check(status == 0, "exit status %d" % status, err)
    uid, gid, groups, user = out.splitlines()
    check(uid == str(NOBODY) and gid == str(NOBODY), "not root's", out)
    check("0" not in groups.split(), "none of root's groups", out)
    check(user == "nobody", "USER", out)


@variants([("text", "abc"), ("negative", "-5"), ("huge", "99999999999999999999"), ("empty", "")])
def test_sudo_uid_that_is_none(text):
    """What is no user is not taken for one, nor for root: the command is not run."""
    env = dict(os.environ, SUDO_UID=text, SUDO_GID=text)
    status, out, err = run([BLOCKPROF, "-o", "/dev/null", "-F", "text", "--", "id", "-u"], env=env)
    check_error(status, err)
    check("SUDO_UID" in err and not out, "it says why, and runs nothing", out, err)


def test_command_that_execs_and_forks():
    """Two programs in one pid, and a child that has the loop."""
    script = 'sleep 0.1 & exec sh -c \'"%s" "%s" 0.2 & wait\'' % (sys.executable, GATHER_SLEEP)
    with Blockprof(command=["sh", "-c", script]) as blockprof:
        check(blockprof.wait() == 0, "exit status %s" % blockprof.status)
    stall, _ = assert_stall(blockprof.stalls, cause="sleep", coro="do_io")
    check(stall["pid"] not in blockprof.start["scope"]["pids"], "it is the child's", stall)


def test_command_ended_by_a_signal():
    with Blockprof(command=["sh", "-c", "sleep 0.3; kill -9 $$"]) as blockprof:
        check(blockprof.wait() == 0, "exit status %s" % blockprof.status)


def test_command_is_ended_with_the_watch():
    with Blockprof("-d", "0.5", command=["sleep", "600"]) as blockprof:
        check(blockprof.wait() == 0, "exit status %s" % blockprof.status)
    (pid,) = blockprof.start["scope"]["pids"]
    check(not os.path.exists("/proc/%d" % pid), "COMMAND goes on")


# --- Outputs that cannot be written ---------------------------------------------------------------------------


@variants([
    ("no-directory", ["/no/such/directory/x.jsonl"]),
    ("directory", ["/tmp", "-F", "json"]),
    ("of-a-file", ["/etc/passwd/x.jsonl"]),
    ("sysfs", ["/sys/x.folded"]),
    ("too-long", ["/tmp/" + "x" * 300 + ".jsonl"]),
    ("hostile", ["/no/\x1b[31m\n;.jsonl"]),
])
def test_output_that_cannot_be_opened(args):
    with Target("idle") as target:
        status, out, err = run([BLOCKPROF, "-d", "1", "-p", target.pid, "-o"] + args)
    check_error(status, err)
    check(not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", err), "harmless", repr(err))


def on_tmpfs(options, name, *args):
    """(status, stdout, stderr, what was written) of a run whose output is on a small tmpfs."""
    directory = tempfile.mkdtemp()
    with Target("random-blocks", "--seconds=3", script=TRAPS) as target:
        target.go()
        script = 'mount -t tmpfs -o "$1" none "$2" && place=$2 && shift 2 && "$@"; s=$?; cat "$place"/x.* >&3; exit $s'
        with open(os.path.join(directory, "copy"), "w+b") as copy:
            place = os.path.join(directory, "place")
            os.mkdir(place)
            status, out, err = run(
                ["unshare", "-m", "sh", "-c", script, "sh", options, place, BLOCKPROF]
                + list(args)
                + ["-d", "2", "-p", target.pid, "-o", os.path.join(place, name)],
                preexec_fn=lambda: os.dup2(copy.fileno(), 3),
                pass_fds=(3,),
            )
            copy.seek(0)
            data = copy.read()
        target.kill()
    return status, out, err, data


@variants([("json", "x.jsonl"), ("folded", "x.folded"), ("gzip", "x.jsonl.gz")])
def test_full_tmpfs(name):
    status, _, err, data = on_tmpfs("size=4k", name, "-t", "1ms", "-o", "-", "-F", "text")
    errors = [line + "\n" for line in err.splitlines() if "cannot" in line]
    check(len(errors) == 1, "one line of error", err)
    check_error(status, errors[0])
    check("No space" in errors[0], "says why", err)
    check(len(data) <= 4096, "it was full", str(len(data)))


def test_read_only_directory():
    status, _, err, _ = on_tmpfs("size=4k,ro", "x.jsonl")
    check_error(status, err.replace("cat: ", "").splitlines()[0] + "\n")
    check("Read-only" in err, "says why", err)


def test_closed_pipe_ends_it():
    """| head -1: as with any filter, no error, and it does not go on for nobody."""
    with Target("random-blocks", "--seconds=20", script=TRAPS) as target:
        target.go()
        status, out, err = run(
            ["bash", "-c", '"$1" -t 1ms -p "$2" | head -1; exit ${PIPESTATUS[0]}', "bash", BLOCKPROF, target.pid], seconds=15
        )
        target.kill()
    check(status == 0, "exit status %d" % status, err)
    check(len(out.splitlines()) == 1, "one line", out)
    check("cannot" not in err, "no error", err)


# --- Targets out of the ordinary --------------------------------------------------------------------------------


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


# --- Names that do harm -----------------------------------------------------------------------------------------


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


# --- Signals at any moment ----------------------------------------------------------------------------------------


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
