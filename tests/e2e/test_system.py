# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole system: filters, processes that come, become others and go, many of them, odd ones."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

from harness import (
    BLOCKPROF,
    SECOND,
    WORKLOADS,
    Blockprof,
    Cgroup,
    Process,
    Target,
    assert_stall,
    check,
    exclusive,
    find_frame,
    need_program,
    run_blockprof,
    until,
    variants,
)


def program_named(name, directory):
    """Python under another name, by which its comm goes."""
    path = os.path.join(directory, name)
    os.symlink(os.path.realpath(sys.executable), path)
    return path


def pids_of(records):
    return {record["pid"] for record in records}


def assert_all_reported(blockprof, target, cause="sleep"):
    for turn in target.turns:
        assert_stall(blockprof.stalls, cause=cause, turn=turn, tid=target.pid, task=turn["task"])


# --- Filters --------------------------------------------------------------------------------------


@exclusive
def test_filter_by_comm():
    """One that is there, one that comes; those of other names are not seen at all."""
    with tempfile.TemporaryDirectory() as directory:
        wanted, other = program_named("bp-web-e2e", directory), program_named("bp-db-e2e", directory)
        with Target("sleep", python=wanted) as before, Target("sleep", python=other) as unwanted:
            with Blockprof("-c", "^bp-web-e2e$", "-c", "^bp-nothing") as blockprof:
                check("watching 1 process of the system: 1 loop" in blockprof.stderr, "what it said", blockprof.stderr)
                with Target("sleep", python=wanted) as after:
                    blockprof.wait_loop(after.pid)
                    unwanted.go()
                    before.go()
                    after.run()
                    before.wait_done()
                    unwanted.wait_done()
                    time.sleep(0.2)
            check(blockprof.start["scope"] == {"system": True, "comm": ["^bp-web-e2e$", "^bp-nothing"]}, "scope", blockprof.start)
            assert_all_reported(blockprof, before)
            assert_all_reported(blockprof, after)
            check(pids_of(blockprof.stalls + blockprof.loops) == {before.pid, after.pid}, "others were watched", *blockprof.loops)


@exclusive
def test_filter_into_and_out_of():
    """A process counts from the exec that makes it match to the one that ends that."""
    with tempfile.TemporaryDirectory() as directory:
        wanted, other = program_named("bp-web-e2e", directory), program_named("bp-db-e2e", directory)
        script = os.path.join(WORKLOADS, "becomes.py")
        with Blockprof("-c", "^bp-web-e2e$") as blockprof:
            check("none matches yet" in blockprof.stderr, "what it said", blockprof.stderr)
            with Process([other, script, "0.3", wanted, "0.4", other, "0.5"]) as process:
                process.wait_line("DONE")
                time.sleep(0.2)
                pid = process.pid
        lengths = [stall["duration_ns"] for stall in blockprof.stalls if stall["pid"] == pid]
        check(len(lengths) == 1 and 0.38 < lengths[0] / SECOND < 0.49, "only what it did as bp-web", *blockprof.stalls)
        check(all(loop["comm"] == "bp-web-e2e" for loop in blockprof.loops), "loops of others", *blockprof.loops)


@exclusive
def test_filter_by_cgroup_and_unit():
    """Both, and both together with a comm that does not match."""
    with Cgroup("cpu") as cgroup:
        unit = os.path.join(cgroup.path, "bp-e2e.service")
        below = os.path.join(unit, "workers")
        os.makedirs(below)
        name = os.path.basename(cgroup.path)
        try:
            with Target("sleep", "--count=6") as target, Target("sleep", "--count=6") as unwanted:
                with open(os.path.join(below, "cgroup.procs"), "w") as file:
                    file.write(str(target.pid))
                filters = (
                    ["--cgroup", cgroup.path],
                    ["--cgroup", "/%s/bp-e2e.service/" % name, "--cgroup", "/nowhere"],
                    ["-u", "bp-e2e"],
                    ["--unit=bp-e2e.service", "-c", "."],
                )
                watches = [Blockprof(*options, lost=True) for options in filters]
                nothing = Blockprof("-u", "bp-e2e", "-c", "^bp-none$", lost=True)
                unwanted.go()
                target.run()
                unwanted.wait_done()
                for blockprof in watches + [nothing]:
                    blockprof.stop()
                for blockprof in watches:
                    check(pids_of(blockprof.loops) == {target.pid}, "loops of others", *blockprof.loops)
                    assert_all_reported(blockprof, target)
                check(not nothing.loops, "loops that do not match", *nothing.loops)
        finally:
            os.rmdir(below)
            os.rmdir(unit)


@exclusive
def test_filter_children():
    """What a wanted process forks is wanted, too."""
    with tempfile.TemporaryDirectory() as directory:
        wanted = program_named("bp-web-e2e", directory)
        script = os.path.join(WORKLOADS, "becomes.py")
        with Blockprof("-c", "^bp-web", lost=True) as blockprof:
            with Process([wanted, script, "0.3", "fork", "0.4", "fork", "0.5"]) as process:
                process.wait_line("DONE")
                time.sleep(0.3)
        lengths = sorted(stall["duration_ns"] / SECOND for stall in blockprof.stalls)
        check(len(pids_of(blockprof.stalls)) == 3, "one stall each", *blockprof.stalls)
        check(all(0 <= got - said < 0.08 for got, said in zip(lengths, (0.3, 0.4, 0.5))), "lengths", lengths)


def test_filters_do_not_go_with_targets():
    for options in (["-c", "x", "-p", str(os.getpid())], ["-u", "x", "--", "true"], ["-c", "("], ["--cgroup", ""]):
        status, _, err = run_blockprof(*options)
        check(status == 2 and err.count("\n") == 1, "exit status %d" % status, err)


# --- Pid namespaces -------------------------------------------------------------------------------


def test_target_in_another_pid_namespace():
    """What is in a container goes by the host's numbers."""
    need_program("unshare")
    with Target("sleep", prefix=["unshare", "-m", "-p", "-f", "--mount-proc", "--kill-child"]) as target:
        with open("/proc/%d/task/%d/children" % (target.pid, target.pid)) as file:
            child = int(file.read().split()[0])
        with Blockprof(pids=[child]) as blockprof:
            target.run()
        for turn in target.turns:
            check(turn["tid"] != child, "it has another number in there", turn)
            assert_stall(blockprof.stalls, cause="sleep", turn=turn, tid=child, task=turn["task"])


def test_proc_of_another_pid_namespace():
    """Without a /proc of its own it cannot know who is who."""
    need_program("unshare")
    done = subprocess.run(
        ["unshare", "-p", "-f", "--kill-child", BLOCKPROF, "-d", "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    text = done.stderr.decode()
    check(done.returncode == 1 and len(text.splitlines()) == 1 and "mount -t proc" in text, "what it said", text)


# --- Many -----------------------------------------------------------------------------------------


@exclusive
def test_every_turn_of_many_loops_counts():
    """Nothing is lost, and no turn invented, with loops and threads by the hundred."""
    program = os.path.join(tempfile.mkdtemp(), "many")
    source = os.path.join(os.path.dirname(WORKLOADS), "bench", "many.c")
    subprocess.run([need_program("cc"), "-O2", "-pthread", "-o", program, source], check=True)
    with Process([program, 100, 900, 20000]) as process:
        process.wait_line("READY")
        loops = [line.split()[1:] for line in process.lines if line.startswith("LOOP")]
        with Blockprof(*["--loop=%s:fd=%s" % tuple(pair) for pair in loops], lost=True) as blockprof:
            process.send("3")
            done = json.loads(process.wait_line("{"))
    tids = {int(tid) for tid, _ in loops}
    reported = [loop for loop in blockprof.summary["loops"] if loop["tid"] in tids]
    counted = sum(loop["turns"] for loop in reported)
    lost = {name: count for name, count in blockprof.summary["lost"].items() if name.endswith(("_full", "_slot", "watched"))}
    lost.pop("busy_ms_unwatched", None)
    check(len(reported) == len(loops), "%d of %d loops" % (len(reported), len(loops)))
    # a wait that does not sleep is no turn's end where that is not seen
    check(done["slept"] - len(loops) <= counted <= done["turns"] + len(loops), "counted %d" % counted, done)
    check(not lost, "lost", lost)


# --- Odd ones -------------------------------------------------------------------------------------


def build(name):
    program = os.path.join(tempfile.mkdtemp(), name)
    source = os.path.join(WORKLOADS, name + ".c")
    subprocess.run([need_program("cc"), "-O1", "-pthread", "-o", program, source], check=True)
    return program


@exclusive
@variants([("ten-thousand-instances", "many"), ("passed-to-a-thread", "passed"), ("closed", "closed")])
def test_what_only_looks_like_a_loop(way):
    """A habit that is none, or that ends; the name of its thread is made to harm."""
    with Blockprof("-o", "x.folded", cwd=True, lost=True) as blockprof:
        with Process([build("odd_loops"), way]) as process, Target("sleep") as target:
            blockprof.wait_loop(target.pid)
            target.run()
            process.wait_line("DONE")
            time.sleep(0.3)
            pid = process.pid
    stalls = [stall for stall in blockprof.stalls + blockprof.ongoing if stall["pid"] == pid]
    check(not stalls, "stalls", *stalls)
    loops = {loop["tid"] for loop in blockprof.loops if loop["pid"] == pid}
    check(len(loops) == {"many": 0, "passed": 2, "closed": 1}[way], "loops", *blockprof.loops)
    assert_all_reported(blockprof, target)
    text = blockprof.stdout + blockprof.stderr
    check("\x1b[31m" not in text, "escapes reach the terminal", text)


@exclusive
def test_a_thousand_processes_at_once():
    """Nothing is lost of them, and a loop that is there meanwhile is reported."""
    with Target("sleep", "--count=3") as target:
        with Blockprof(lost=["stacks_cut"]) as blockprof:  # of whatever else runs on the machine
            target.go()
            children = [subprocess.Popen(["sleep", "0.5"]) for _ in range(1000)]
            target.wait_done()
            for child in children:
                child.wait()
            time.sleep(0.2)
        assert_all_reported(blockprof, target)
        rings = {name: count for name, count in blockprof.summary["lost"].items() if name.endswith("_full")}
        check(not rings, "lost", rings)


@exclusive
def test_a_short_life():
    """A program that starts, stalls and ends is reported with the names of its frames."""
    with Blockprof(lost=True) as blockprof:
        with Process([sys.executable, os.path.join(WORKLOADS, "becomes.py"), "0.3"]) as process:
            process.wait_line("DONE")
            pid = process.pid
        time.sleep(0.3)
    (stall,) = [stall for stall in blockprof.stalls if stall["pid"] == pid]
    check(0.29 < stall["duration_ns"] / SECOND < 0.4, "its length", stall)
    check(find_frame(stall["slices"][0]["stack"], "block", "becomes.py"), "its stack", stall)
    (loop,) = [loop for loop in blockprof.loops if loop["pid"] == pid]
    check("python3" in loop["exe"], "its program", loop)


@exclusive
def test_a_container_whose_root_is_gone():
    """The directory that it was chrooted into has been removed, and its program with it."""
    directory = tempfile.mkdtemp()
    root = os.path.join(directory, "root")
    os.mkdir(root)
    script = os.path.join(WORKLOADS, "gone.py")
    with Process([sys.executable, script, root]) as process, Blockprof(lost=True) as blockprof:
        process.wait_line("GONE")
        time.sleep(0.3)
        process.send("go")
        process.wait_line("DONE")
        time.sleep(0.3)
        pid = process.pid
    (stall,) = [stall for stall in blockprof.stalls if stall["pid"] == pid]
    check(stall["cause"] == "sleep", "its cause", stall)
    check(find_frame(stall["slices"][0]["stack"], "block"), "its stack", stall)


# --- What is said of threads -----------------------------------------------------------------------


@exclusive
def test_another_blockprof_is_left_out():
    """Whose event loop would look like one of the system's; that it is left out is said."""
    with Process([BLOCKPROF, "-q", "-o", "/dev/null", "-F", "json"]) as other:
        until(lambda: "bpf-map" in links_of(other.pid), 30, "its maps")
        with Blockprof("-vv", lost=True) as blockprof, Target("sleep") as target:
            blockprof.wait_loop(target.pid)
            target.run()
    check_left_out(blockprof, other.pid)
    check("python3[%d] is a loop (asyncio) since " % target.pid in blockprof.stderr, "what is a loop", blockprof.stderr)
    check("is no loop so far: " in blockprof.stderr, "and what is none", blockprof.stderr)
    check("libbpf:" not in blockprof.stderr, "libbpf's log is -vvv", blockprof.stderr)


@exclusive
def test_another_version_of_blockprof_that_comes_later():
    """Another file, which has no BPF maps yet when it is seen first."""
    with tempfile.TemporaryDirectory() as directory, Blockprof("-vv", lost=True) as blockprof:
        with Process([shutil.copy(BLOCKPROF, directory), "-q", "-o", "/dev/null", "-F", "json"]) as other:
            until(lambda: "another blockprof" in " ".join(said_of(blockprof, other.pid)), 30, "that it is one")
            time.sleep(0.5)
    check_left_out(blockprof, other.pid)


def said_of(blockprof, pid):
    return [line for line in blockprof.stderr.splitlines() if "[%d]" % pid in line]


def check_left_out(blockprof, pid):
    said = said_of(blockprof, pid)
    check(any("another blockprof" in line for line in said), "it is said", *said)
    check(not any("is a loop" in line for line in said), "and that it is no loop", *said)
    check(not [record for record in blockprof.records if record.get("pid") == pid], "it is in no record")


def links_of(pid):
    links = ""
    for fd in os.listdir("/proc/%d/fd" % pid):
        try:
            links += os.readlink("/proc/%d/fd/%s" % (pid, fd))
        except FileNotFoundError:
            pass
    return links
