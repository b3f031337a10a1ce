# SPDX-License-Identifier: GPL-2.0-or-later
"""What other profilers got wrong: each of their mistakes is a test."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from harness import (
    BLOCKPROF,
    MS,
    SECOND,
    WORKLOADS,
    Blockprof,
    Cgroup,
    Process,
    Skip,
    Target,
    assert_no_stalls,
    assert_slice,
    assert_stall,
    cause_sums,
    check,
    find_frame,
    frames_of,
    limit,
    need,
    need_program,
    need_root,
    parse_folded,
    pythons,
    read_file,
    run_blockprof,
    tolerance,
    until,
    variants,
)

TRAPS = "traps_target.py"


def run_trap(name, *options, args=(), **kept):
    """The target after its scenario, and blockprof, which wrote x.folded beside its recording."""
    with Target(name, *options, script=TRAPS) as target:
        with Blockprof("-o", "x.folded", *args, pids=[target.pid], cwd=True, **kept) as blockprof:
            target.run()
    return target, blockprof


def folded_of(blockprof):
    """[(frames, ns)]"""
    text = read_file(os.path.join(blockprof.directory, "x.folded"))
    return [(frames, weight * 1000) for frames, weight in parse_folded(text)]


def all_slices(blockprof):
    """Each block once: of final stalls, of stalls that had not ended, and of turns that were none."""
    last = {}
    for stall in blockprof.of_type("stall"):
        last[stall["turn"]] = stall
    for record in list(last.values()) + blockprof.of_type("blocked"):
        for slice_ in record["slices"]:
            yield record, slice_


def sum_slices(blockprof, cause, fn=None):
    return sum(
        slice_["ns"]
        for _, slice_ in all_slices(blockprof)
        if slice_["cause"] == cause and (not fn or find_frame(frames_of(slice_), fn))
    )


def sum_notes(target, key):
    return sum(turn[key] for turn in target.turns)


def check_no_absurd_time(blockprof):
    """No duration is longer than the watch, unless it began before that."""
    watched_ns = blockprof.summary["duration_ns"] + 5 * MS
    for record, slice_ in all_slices(blockprof):
        check(
            slice_["max_ns"] <= watched_ns or record.get("before_attach"), "a block longer than the watch", slice_, record
        )
    for stall in blockprof.of_type("stall"):
        check(stall["duration_ns"] <= watched_ns or stall["before_attach"], "a stall longer than the watch", stall)
    for loop in blockprof.summary["loops"]:
        before = any(stall["tid"] == loop["tid"] and stall["before_attach"] for stall in blockprof.of_type("stall"))
        check(before or loop["wall_ns"] <= watched_ns, "a loop watched for longer than the watch", loop)


# --- 1. A block that ends on another CPU ------------------------------------------------------------------


def test_sleeps_while_moved_between_cpus():
    """Time that the kernel told no switch for (some kernels miss a few) is unknown, not blocked."""
    need(len(os.sched_getaffinity(0)) > 1, "one CPU")
    target, blockprof = run_trap("moved", "--count=3")
    asked, took = sum_notes(target, "asked_ns"), sum_notes(target, "took_ns")
    unseen = sum(loop["unknown_ns"] for loop in blockprof.summary["loops"])
    check(unseen <= took * 0.05, "%.1f of %.1f ms are unknown" % (unseen / MS, took / MS))
    slept = sum_slices(blockprof, "sleep", "sleep_told")
    check(asked * 0.99 - unseen <= slept <= took * 1.01, "slept %.1f ms; %.1f asked for" % (slept / MS, asked / MS))
    folded = sum(ns for frames, ns in folded_of(blockprof) if any(frame.startswith("sleep_told (") for frame in frames))
    check(asked * 0.99 - unseen <= folded <= took * 1.01, "folded has %.1f ms, %.1f asked for" % (folded / MS, asked / MS))
    for turn in target.turns:
        if turn["asked_ns"] > 200 * MS:
            stall, _ = assert_stall(blockprof.stalls, cause="sleep", fn="sleep_told", turn=turn)
            ledger = stall["ledger"]
            seen = ledger["blocked_ns"] + ledger["unknown_ns"]
            check(turn["asked_ns"] * 0.99 <= seen, "blocked %d ns" % ledger["blocked_ns"], turn, stall)
            check(ledger["blocked_ns"] <= turn["took_ns"] * 1.01, "blocked %d ns" % ledger["blocked_ns"], turn, stall)
    check_no_absurd_time(blockprof)


# --- 2. A block that has not ended, and one that began before ----------------------------------------------


def test_block_from_before_attach_that_never_ends():
    with Target("sleep", "--seconds=120", "--count=1") as target:
        target.go()
        began = int(target.wait_line("BEGIN").split(":")[1].strip(" }"))
        time.sleep(0.5)
        with Blockprof("-o", "x.folded", pids=[target.pid], cwd=True) as blockprof:
            time.sleep(1.3)
            blockprof.stop()
            ended = time.monotonic_ns()
        target.kill()
    check(not blockprof.stalls, "it has not ended", *blockprof.stalls)
    last = blockprof.ongoing[-1]
    check(last["before_attach"], "it began before the attach", last)
    assert_slice(last, cause="sleep", fn="block_sleep", task="job-1")
    check(abs(last["mono_ns"] - began) <= 50 * MS, "begins %.1f ms off" % ((last["mono_ns"] - began) / MS), last)
    check("still blocked" in blockprof.stdout, "told in text", blockprof.stdout)
    weight = sum(
        ns
        for frames, ns in folded_of(blockprof)
        if frames[-1] == "[sleep]" and any(frame.startswith("block_sleep (") for frame in frames)
    )
    check(
        blockprof.watching_ns - began <= weight + 100 * MS and weight <= ended - began + 50 * MS,
        "folded has %d of %d ms" % (weight // MS, (ended - began) // MS),
        read_file(os.path.join(blockprof.directory, "x.folded")),
    )
    (loop,) = blockprof.summary["loops"]
    check(loop["longest_ns"] >= 1300 * MS and loop["blocked_ns"] >= 1300 * MS, "the summary has it", loop)


# --- 3. Nothing is lost in silence --------------------------------------------------------------------------


@variants([("in-many-turns", "sites"), ("in-one-turn", "sites-in-one-turn")])
def test_many_distinct_stacks(scenario):
    """300 places that block 6 ms each: every one of them is there, with its time."""
    target, blockprof = run_trap(scenario, "--count=300", "--seconds=0.006")
    sites = {}
    total = 0
    for frames, ns in folded_of(blockprof):
        site = next((frame.split(" ")[0] for frame in frames if frame.startswith("site_")), None)
        if site:
            sites[site] = sites.get(site, 0) + ns
            total += ns
    asked, took = sum_notes(target, "asked_ns"), sum_notes(target, "took_ns")
    check(len(sites) == 300, "%d of 300 places" % len(sites))
    check(min(sites.values()) >= 5.9 * MS, "a place has %d us of 6 ms" % (min(sites.values()) // 1000))
    check(asked * 0.99 <= total <= took * 1.01, "folded has %.1f of %.1f ms" % (total / MS, asked / MS))


def test_many_distinct_stacks_of_short_blocks():
    """Blocks too short for a stack each: one stands for several, their time is all there."""
    target, blockprof = run_trap("sites", "--count=300", "--seconds=0.002")
    total = sum(ns for frames, ns in folded_of(blockprof) if frames[-1] == "[sleep]")
    asked, took = sum_notes(target, "asked_ns"), sum_notes(target, "took_ns")
    check(asked * 0.99 <= total <= took * 1.01, "folded has %.1f of %.1f ms" % (total / MS, asked / MS))


def test_more_stacks_than_are_kept():
    """What loses its place is counted, and its time kept."""
    target, blockprof = run_trap("sites-in-one-turn", "--count=1500", "--seconds=0.002", args=["-t", "20ms"], lost=True)
    stacks = folded_of(blockprof)
    sites = {frame for frames, _ in stacks for frame in frames if frame.startswith("site_")}
    total = sum(ns for frames, ns in stacks if frames[-1] in ("[sleep]", "[other]"))
    asked, took = sum_notes(target, "asked_ns"), sum_notes(target, "took_ns")
    check(asked * 0.99 <= total <= took * 1.01, "folded has %.1f of %.1f ms" % (total / MS, asked / MS))
    check(
        len(sites) == 1500 or blockprof.summary["lost"], "%d places of 1500, and no loss" % len(sites), blockprof.summary
    )


def test_full_ring_is_counted():
    """blockprof stands still while its target goes on: what it misses is counted, and no time is lost."""
    with Target("many-blocks", "--seconds=3", script=TRAPS) as target:
        # What has no slice has no count either: not judged as other runs are.
        with Blockprof("-t", "2ms", pids=[target.pid], judge=False) as blockprof:
            blockprof.send_signal(signal.SIGSTOP)
            target.go()
            target.wait_done()
            blockprof.send_signal(signal.SIGCONT)
            time.sleep(0.5)
    lost = blockprof.summary["lost"]
    check(lost.get("slices_ring_full", 0) > 0, "no slice was lost", lost)
    took = sum_notes(target, "took_ns")
    (loop,) = blockprof.summary["loops"]
    blocked = loop["blocked_ns"] + loop["runqueue_ns"]
    check(blocked >= took * 0.95, "the summary has %.1f of %.1f ms blocked" % (blocked / MS, took / MS), loop)
    if not lost.get("turns_ring_full"):
        stall, _ = assert_stall(blockprof.stalls, turn=target.turns[0])
        asked = sum_notes(target, "asked_ns")
        check(sum(cause_sums(stall).values()) >= asked, "its slices have all of the time", stall["ledger"])


@limit(90)
def test_more_loops_than_slots():
    """Loops that there is no room for are counted."""
    with Target("loops-in-threads", "--count=300", "--seconds=6", script=TRAPS) as target:
        target.go()
        target.wait_line("FACT")
        with Blockprof(pids=[target.pid], lost=True) as blockprof:
            time.sleep(2)
        target.kill()
    lost = blockprof.summary["lost"]
    told = len({loop["tid"] for loop in blockprof.loops})
    check(
        told >= 300 or told + sum(lost.values()) >= 300, "%d loops of 300, and lost: %s" % (told, lost), blockprof.stderr
    )


# --- 4. Absurd times ----------------------------------------------------------------------------------------


@variants([("loops", []), ("all-threads", ["--all-threads"]), ("low-threshold", ["-t", "1ms"])])
def test_no_absurd_times(args):
    _, blockprof = run_trap("random-blocks", "--seconds=3", args=args, lost=True)
    check(list(all_slices(blockprof)), "nothing was seen")
    check_no_absurd_time(blockprof)
    for loop in blockprof.summary["loops"]:
        check(loop["unknown_ns"] <= loop["wall_ns"] / 50, "more than 2% unknown", loop)


# --- 5. Odd states ------------------------------------------------------------------------------------------


def stop_by_signal(pid):
    os.kill(pid, signal.SIGSTOP)
    time.sleep(0.3)
    os.kill(pid, signal.SIGCONT)


def stop_by_freezer(pid):
    with Cgroup("freezer") as cgroup:
        cgroup.add(pid)
        cgroup.freeze(True)
        time.sleep(0.3)
        cgroup.freeze(False)


def interrupt_often(pid):
    """Signals without effect (SIGURG is ignored): the sleep is the same block, or goes on at once."""
    for _ in range(60):
        os.kill(pid, signal.SIGURG)
        time.sleep(0.005)


@variants([("signal", stop_by_signal), ("freezer", stop_by_freezer), ("interrupted", interrupt_often)])
def test_disturbed_in_a_sleep(disturb):
    with Target("sleep", "--count=1", "--seconds=1") as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            target.go()
            target.wait_line("BEGIN")
            time.sleep(0.2)
            disturb(target.pid)
            target.wait_done()
            time.sleep(0.2)
    stall, _ = assert_stall(blockprof.stalls, cause="sleep", fn="block_sleep", turn=target.turns[0])
    sums = cause_sums(stall)
    blocked = sums.get("sleep", 0) + sums.get("stopped", 0)
    check(blocked >= 950 * MS, "sleep and stop are %d ms" % (blocked // MS), stall)
    # The freezer leaves a sleeper asleep: its time runs on, and it sleeps no longer for that.
    if disturb is stop_by_signal:
        check(abs(sums.get("stopped", 0) - 300 * MS) <= 50 * MS, "stopped for 300 ms", stall)
    check(set(sums) <= {"sleep", "stopped", "cpu", "runqueue"}, "other causes: %s" % sums, stall)


# --- 6. Wakers ----------------------------------------------------------------------------------------------


@variants([("after-7-ms", 0.007), ("after-30-ms", 0.03)])
def test_wakers(seconds):
    with Target("lock-waits", "--count=120", "--seconds=%g" % seconds, script=TRAPS) as target:
        with Blockprof("-t", "5ms", pids=[target.pid]) as blockprof:
            target.run()
    waits = [
        slice_
        for _, slice_ in all_slices(blockprof)
        if slice_["cause"] == "lock" and slice_["max_ns"] > 5 * MS and find_frame(frames_of(slice_), "lock_waits")
    ]
    check(sum(slice_["count"] for slice_ in waits) >= 110, "waits for the lock: %d of 120" % len(waits))
    tid = target.facts()["worker_tid"]
    woken = [slice_ for slice_ in waits if slice_.get("waker", {}).get("tid") == tid]
    check(len(woken) >= len(waits) * 0.95, "%d of %d have their waker" % (len(woken), len(waits)))
    for slice_ in woken:
        check(slice_["waker"]["pid"] == target.pid, "waker's pid", slice_["waker"])
        check(find_frame(slice_["waker"].get("stack", []), "serve"), "waker's stack", slice_["waker"])


# --- 7. The one that matters --------------------------------------------------------------------------------


@variants([("100ms", "100ms"), ("10ms", "10ms")])
def test_one_huge_block_among_thousands(threshold):
    target, blockprof = run_trap("one-among-many", args=["-t", threshold], lost=())
    for turn in target.turns:
        stall, slice_ = assert_stall(blockprof.stalls, cause="sleep", fn="huge", file="blocks_traps.py", turn=turn)
        check(slice_["count"] == 1, "one block", slice_)
        check(400 * MS <= slice_["ns"] <= 400 * MS + tolerance(400 * MS), "of 400 ms", slice_)
        check(slice_ is stall["slices"][0] or len(target.turns) == 2, "it is the first slice", stall)


# --- 8. Other namespaces ------------------------------------------------------------------------------------

NAP_C = """
#include <sys/syscall.h>
#include <time.h>
__attribute__((noinline)) long nap_in_library(int ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000L };
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "0"(SYS_nanosleep), "D"(&time), "S"(0)
			 : "rcx", "r11", "memory");
	return result;
}
"""


def make_library(directory):
    compiler = need_program("cc")
    need(os.uname().machine == "x86_64", "the library's system call is x86-64's")
    source = os.path.join(directory, "nap.c")
    with open(source, "w") as file:
        file.write(NAP_C)
    subprocess.run(
        [compiler, "-O1", "-fno-omit-frame-pointer", "-fPIC", "-shared", "-o", os.path.join(directory, "libnap.so"), source],
        check=True,
    )
    os.remove(source)


# The target alone sees the directory $1 at $3, which is empty for all others; $2 is a new root.
ELSEWHERE = {
    "mounts": (["unshare", "-m"], 'mount --bind "$1" "$3" && shift 3 && exec "$@"'),
    "mounts-and-pids": (
        ["unshare", "-m", "-p", "-f", "--mount-proc", "--kill-child"],
        'mount --bind "$1" "$3" && shift 3 && "$@"',
    ),
    "chroot": (
        ["unshare", "-m"],
        'mount --rbind / "$2" && mount --bind "$1" "$2/$3" && root=$2 && shift 3 && exec chroot "$root" "$@"',
    ),
}


def empty_directory():
    for path in ("/srv", "/media", "/mnt", "/opt"):
        if os.path.isdir(path) and not os.listdir(path):
            return path
    raise Skip("no directory is empty")


def children_of(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
        return [int(word) for word in file.read().split()]


def comm_of(pid):
    with open("/proc/%d/comm" % pid) as file:
        return file.read().rstrip("\n")


def descendant(pid, comm):
    """The pid, as seen from here, of the first process below (or at) pid that is so called."""
    pids = [pid]
    while pids:
        found = [one for one in pids if comm_of(one).startswith(comm)]
        if found:
            return found[0]
        pids = [child for one in pids for child in children_of(one)]
    return None


@variants([(name, name) for name in ELSEWHERE])
def test_other_namespaces(name):
    """Files, symbols and pids of a target that sees other ones."""
    need_root()
    need_program("unshare")
    place = empty_directory()
    app, root = tempfile.mkdtemp(prefix="app-"), tempfile.mkdtemp(prefix="root-")
    shutil.copytree(WORKLOADS, app, dirs_exist_ok=True)
    make_library(app)
    unshare, script = ELSEWHERE[name]
    probe = subprocess.run(unshare + ["sh", "-c", script, "sh", app, root, place, "true"], stderr=subprocess.PIPE)
    need(probe.returncode == 0, "no %s: %s" % (name, probe.stderr.decode()))
    with Target(
        "native-code",
        "--path=%s/libnap.so" % place,
        script="%s/%s" % (place, TRAPS),
        prefix=unshare + ["sh", "-c", script, "sh", app, root, place],
        env={"TMPDIR": "/tmp"},
    ) as target:
        pid = descendant(target.pid, "python")
        with Blockprof(pids=[pid]) as blockprof:
            target.go()
            child = until(lambda: descendant(pid, "sleep"), 10, "a child")
            target.wait_done()
            time.sleep(0.2)
    check({stall["pid"] for stall in blockprof.stalls} == {pid}, "pid as seen from outside", *blockprof.stalls)
    native, waited = target.turns[:-1], target.turns[-1]
    for turn in native:
        stall, slice_ = assert_stall(
            blockprof.stalls, cause="sleep", fn="native_code", file=place + "/blocks_traps.py", turn=turn, task=turn["task"]
        )
        frame = find_frame(frames_of(slice_), fn="nap_in_library", kind="native")
        check(frame and frame.get("module", "").endswith("libnap.so"), "the library's symbol", slice_)
    assert_stall(
        blockprof.stalls,
        cause="child",
        fn="wait_for_child",
        turn=waited,
        target={"kind": "child", "pid": child, "comm": "sleep"},
        spare_ns=20 * MS,
    )


def test_blockprof_in_another_pid_namespace():
    """There a pid is not what the kernel calls so: it is what the report calls so."""
    need_root()
    need_program("unshare")
    unshare = ["unshare", "-m", "-p", "-f", "--mount-proc", "--kill-child"]
    done = subprocess.run(
        unshare
        + [
            "sh",
            "-c",
            '"$1" "$2" 1 2 & sleep 1; "$3" -p $! -d 2 2>&1',
            "sh",
            sys.executable,
            os.path.join(WORKLOADS, "gather_sleep.py"),
            BLOCKPROF,
        ],
        stdout=subprocess.PIPE,
        timeout=40,
    )
    text = done.stdout.decode("utf-8", "replace")
    check(done.returncode == 0 and "do_io" in text, "the stall is seen", text)
    check("watching python3[2]" in text and "python3[2] asyncio" in text, "by its own number", text)


@variants([("100-ms-each", 0.4), ("20-ms-each", 0.08)])
def test_names_after_the_end(seconds):
    """The process has gone right after its blocks."""
    with Target("sleep-and-die", "--seconds=%g" % seconds, script=TRAPS) as target:
        with Blockprof("-t", "40ms", pids=[target.pid]) as blockprof:
            target.go()
            target.popen.wait(20)
            blockprof.wait()
        target.kill()
    stall, _ = assert_stall(blockprof.stalls, cause="sleep", fn="last_words", file="blocks_traps.py")
    named = sum_slices(blockprof, "sleep", "last_words")
    check(named >= seconds * 0.98 * SECOND, "%d ms have their place" % (named // MS), stall)
    check(blockprof.of_type("exit"), "its exit is told")


def test_symbols_after_the_end():
    directory = tempfile.mkdtemp()
    make_library(directory)
    path = os.path.join(directory, "libnap.so")
    with Target("native-sleep-and-die", "--seconds=0.06", "--path=" + path, script=TRAPS) as target:
        with Blockprof("-t", "40ms", pids=[target.pid]) as blockprof:
            target.go()
            target.popen.wait(20)
            blockprof.wait()
        target.kill()
    _, slice_ = assert_stall(blockprof.stalls, cause="sleep", fn="native_sleep_and_die", file="blocks_traps.py")
    check(find_frame(frames_of(slice_), fn="nap_in_library", kind="native"), "the library's symbol", slice_)


# --- 9. Idle time -------------------------------------------------------------------------------------------


def check_no_idle_time(blockprof):
    total = sum(ns for _, ns in folded_of(blockprof))
    check(total <= 50 * MS, "folded has %d ms" % (total // MS), read_file(os.path.join(blockprof.directory, "x.folded")))
    assert_no_stalls(blockprof.stalls)
    check(blockprof.loops, "no loop was seen")


@variants([("loops", []), ("all-threads", ["--all-threads"])])
def test_idle_asyncio_is_nowhere(args):
    with Target("idle", "--seconds=2.5") as target:
        target.go()
        with Blockprof("-o", "x.folded", *args, pids=[target.pid], cwd=True) as blockprof:
            target.wait_done()
    check_no_idle_time(blockprof)
    (loop,) = blockprof.summary["loops"]
    check(loop["idle_ns"] >= loop["wall_ns"] * 0.9, "it was idle", loop)


def build(name):
    """A workload in C."""
    program = os.path.join(tempfile.mkdtemp(), name)
    subprocess.run(
        [need_program("cc"), "-O1", "-fno-omit-frame-pointer", "-pthread", "-o", program, os.path.join(WORKLOADS, name + ".c")],
        check=True,
    )
    return program


def test_idle_plain_loops_are_nowhere():
    """epoll, poll and select loops that no library made, from before and after the attach."""
    with Process([build("plain_loops")]) as target:
        target.wait_line("READY")
        with Blockprof("-o", "x.folded", pids=[target.pid], cwd=True) as blockprof:
            time.sleep(2.5)
        target.kill()
    check_no_idle_time(blockprof)
    check(len(blockprof.loops) == 3, "three loops", *blockprof.loops)


def test_plain_loops_that_block():
    """All their time but the block is idle."""
    with Process([build("plain_loops"), 300]) as target:
        target.wait_line("READY")
        with Blockprof("-o", "x.folded", pids=[target.pid], cwd=True) as blockprof:
            time.sleep(3)
        target.kill()
    check(len(blockprof.loops) == 3, "three loops", *blockprof.loops)
    for loop in blockprof.loops:
        _, slice_ = assert_stall(
            blockprof.stalls, cause="sleep", duration_ns=300 * MS, tid=loop["tid"], spare_ns=40 * MS
        )
        check(
            [frame for frame in frames_of(slice_) if frame["kind"] == "native"], "native frames", slice_
        )
    total = sum(ns for _, ns in folded_of(blockprof))
    check(850 * MS <= total <= 1050 * MS, "folded has %d of 900 ms" % (total // MS))


# --- 10. Two at a time on one CPU ---------------------------------------------------------------------------


@variants([("100ms", "100ms"), ("10ms", "10ms")])
def test_two_loops_on_one_cpu(threshold):
    """Blocks within each other's time: each loop has its own stacks and time only."""
    target, blockprof = run_trap("two-loops", "--count=8", args=["-t", threshold])
    facts = target.facts()
    own = {facts["outer_tid"]: ("outer", "inner"), facts["inner_tid"]: ("inner", "outer")}
    slept = {}
    for record, slice_ in all_slices(blockprof):
        if record["tid"] not in own:
            continue
        mine, others = own[record["tid"]]
        names = [frame["fn"].rpartition(".")[2] for frame in frames_of(slice_) if frame["kind"] == "python"]
        check(not [name for name in names if name.startswith(others)], "a stack of the other loop", slice_, record)
        if slice_["cause"] == "sleep":
            slept[mine] = slept.get(mine, 0) + slice_["ns"]
    for name, asked in (("outer", 8 * 150 * MS), ("inner", 32 * 40 * MS)):
        seen = slept.get(name, 0)
        check(asked * 0.98 <= seen <= asked * 1.1, "%s slept %d of %d ms" % (name, seen // MS, asked // MS))


# --- 11. Numbers --------------------------------------------------------------------------------------------


@variants([(" ".join(args) or "-", args) for args in (
    ["-t", "abc"],
    ["-t", "1e3"],
    ["-t", "0x10"],
    ["-t", "nan"],
    ["-t", " 5"],
    ["-t", "5 "],
    ["-t", "0"],
    ["-t", "1.2.3"],
    ["-t", "99999999999999999999h"],
    ["-d", ""],
    ["-d", "-1"],
    ["-d", "0"],
    ["-d", "18446744073709551616"],
    ["-d", "9223372036854775808ns"],
    ["-p", "99999999999999"],
    ["-p", "4294967297"],
    ["-p", "1x"],
    ["-p", "0"],
    ["-p", "+1"],
    ["-p", "1,"],
    ["-p", ",1"],
    ["-p", "1,,2"],
    ["--loop", "1:fd=x"],
    ["--loop", "1:fd=-1"],
    ["--loop", "1:fd=99999999999"],
    ["--loop", ":none"],
    ["--loop", "1"],
)])
def test_what_is_no_number(args):
    if args[0] not in ("-p",):
        args = args + ["-p", str(os.getpid())]
    status, out, err = run_blockprof(*args, seconds=15)
    check(status == 2, "exit status %d" % status, out, err)
    check(err.startswith("blockprof: ") and len(err.splitlines()) == 1, "one line that says why", err)
    check(not out, "nothing on stdout", out)


def test_many_pids():
    """No fixed number of processes: 60 of them, with the one that blocks last."""
    others = [subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL) for _ in range(60)]
    with Target("sleep") as target:
        with Blockprof(pids=[child.pid for child in others] + [target.pid]) as blockprof:
            target.run()
    for child in others:
        child.kill()
        child.wait()
    check(len(blockprof.start["scope"]["pids"]) == 61, "scope", blockprof.start)
    for turn in target.turns:
        assert_stall(blockprof.stalls, cause="sleep", fn="block_sleep", turn=turn, tid=target.pid)


# --- 12. One pid, several programs --------------------------------------------------------------------------

REBORN = os.path.join(WORKLOADS, "reborn.py")


def check_reborn(blockprof, pid):
    """Two loops in turn, each with its own blocks."""
    stalls = [stall for stall in blockprof.stalls if stall["pid"] == pid and stall["cause"] != "runqueue"]
    loops = [loop for loop in blockprof.loops if loop["pid"] == pid]
    check(len(loops) == 2, "two loops", *loops)
    for name, length in (("first_block", 150 * MS), ("second_block", 250 * MS)):
        own = [stall for stall in stalls if any(find_frame(frames_of(s), name, "reborn.py") for s in stall["slices"])]
        check(len(own) == 2, "two stalls of %s, not %d" % (name, len(own)), *stalls)
        for stall in own:
            slept = assert_slice(stall, cause="sleep", fn=name)["ns"]
            check(abs(slept - length) <= 10 * MS, "%s slept %d ms" % (name, slept // MS), stall)
    check(len(stalls) == 4, "four stalls", *stalls)
    for _, slice_ in all_slices(blockprof):
        both = [name for name in ("first_block", "second_block") if find_frame(frames_of(slice_), name)]
        check(len(both) < 2, "both programs in one stack", slice_)
    summaries = [loop for loop in blockprof.summary["loops"] if loop["pid"] == pid]
    check([loop["stalls"] for loop in summaries] == [2, 2], "a summary for each", *summaries)
    check(not blockprof.summary["lost"], "something was lost", blockprof.summary)


def python_pairs():
    known = pythons()
    pairs = [(known[0], known[-1]), (known[-1], known[0]), (known[-1], known[-1])] if known else []
    return [("%s-%s" % (one[0], other[0]), (one[1], other[1])) for one, other in pairs]


@variants(python_pairs)
def test_exec_of_another_program(pair):
    with Process([pair[0], REBORN, "exec", pair[1]]) as target:
        target.wait_line("READY")
        with Blockprof(pids=[target.pid], judge=False) as blockprof:
            target.send("go")
            check(blockprof.wait(30) == 0, "exit status %s" % blockprof.status)
    check_reborn(blockprof, target.pid)
    check(len(blockprof.of_type("exit")) == 1, "one exit", *blockprof.of_type("exit"))


def test_exec_of_a_program_without_a_loop():
    """What the second program does is none of the first one's loop."""
    code = (
        "import asyncio, os, sys, time\nasync def main():\n    for _ in range(20): await asyncio.sleep(0.02)\n"
        "    time.sleep(0.2)\nprint('READY', flush=True)\nsys.stdin.readline()\nasyncio.run(main())\n"
        "os.execvp('sleep', ['sleep', '1'])"
    )
    with Process([sys.executable, "-c", code]) as target:
        target.wait_line("READY")
        with Blockprof(pids=[target.pid]) as blockprof:
            target.send("go")
            blockprof.wait(30)
    check(blockprof.stalls, "the first program's stall")
    for stall in blockprof.of_type("stall"):
        check(stall["duration_ns"] < 900 * MS, "the second program's sleep", stall)
    check(sum_slices(blockprof, "sleep") < 900 * MS, "the second program's sleep", *blockprof.of_type("blocked"))


@variants(python_pairs)
def test_pid_used_again(pair):
    need_root()
    need(os.path.exists("/proc/sys/kernel/ns_last_pid"), "no /proc/sys/kernel/ns_last_pid")
    with Process([sys.executable, REBORN, "reuse"] + list(pair)) as target:
        with Blockprof("-f", pids=[target.pid], judge=False) as blockprof:
            target.send("go")
            check(blockprof.wait(40) == 0, "exit status %s" % blockprof.status)
    need(any(line.startswith("REUSED") for line in target.lines), "the pid was not given again")
    pid = int(target.wait_line("REUSED").split()[1])
    check_reborn(blockprof, pid)
    exits = [record for record in blockprof.of_type("exit") if record["pid"] == pid]
    check(len(exits) == 2, "both ends are told", *exits)
