# SPDX-License-Identifier: GPL-2.0-or-later
"""What other profilers got wrong: each of their mistakes is a test.

More of them: test_namespaces.py, test_idle.py, test_reborn.py.
"""

import os
import signal
import time

from harness import (
    MS,
    Blockprof,
    Cgroup,
    Target,
    assert_slice,
    assert_stall,
    cause_sums,
    check,
    exclusive,
    find_frame,
    frames_of,
    limit,
    need,
    read_file,
    tolerance,
    until,
    variants,
)
from traps import TRAPS, run_trap, folded_of, all_slices, sum_slices, sum_notes, check_no_absurd_time


# --- A block that ends on another CPU ------------------------------------------------------------------------


def test_sleeps_while_moved_between_cpus():
    """Time that the kernel reported no switch for (some kernels miss a few) is unknown, not blocked."""
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


# --- A block that has not ended, and one that began before ---------------------------------------------------


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
    (last,) = blockprof.stalls
    check(last["at_end"], "it has not ended", last)
    check(last["before_attach"], "it began before the attach", last)
    assert_slice(last, cause="sleep", fn="block_sleep", task="job-1")
    check(abs(last["mono_ns"] - began) <= 50 * MS, "begins %.1f ms off" % ((last["mono_ns"] - began) / MS), last)
    check("and still in block_sleep" in blockprof.stdout, "reported in text", blockprof.stdout)
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


# --- Nothing is lost in silence ------------------------------------------------------------------------------


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
    # where the machine stood still just before the thread left its CPU, its timer ran already
    shortest = sorted(sites.values())
    check(shortest[0] >= 5 * MS and shortest[6] >= 5.9 * MS, "places have %s ns of 6 ms" % shortest[:8])
    check(asked * 0.99 <= total <= took * 1.01, "folded has %.1f of %.1f ms" % (total / MS, asked / MS))


def test_many_distinct_stacks_of_short_blocks():
    """Blocks too short for a stack each: one stands for several, their time is all there."""
    target, blockprof = run_trap("sites", "--count=300", "--seconds=0.002")
    total = sum(ns for frames, ns in folded_of(blockprof) if frames[-1] == "[sleep]")
    asked, took = sum_notes(target, "asked_ns"), sum_notes(target, "took_ns")
    check(asked * 0.99 <= total <= took * 1.01, "folded has %.1f of %.1f ms" % (total / MS, asked / MS))


@exclusive
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
    """Loops that there is no room for are counted, and it is said at once that there are some."""
    with Target("loops-in-threads", "--count=300", "--seconds=6", script=TRAPS) as target:
        target.go()
        target.wait_line("FACT")
        with Blockprof(pids=[target.pid], lost=True) as blockprof:
            until(lambda: "it has more loops than can be watched" in blockprof.stderr, 20, "it is said")
            time.sleep(2)
        target.kill()
    lost = blockprof.summary["lost"]
    check(blockprof.summary.get("blind") == {"slots_used_up": 1}, "a blind spot", blockprof.summary)
    reported = len({loop["tid"] for loop in blockprof.loops})
    # each once, however often a slot was asked for; the main thread may have one, too
    check(
        300 <= reported + lost.get("loops_without_slot", 0) <= 301, "%d loops of 300, and lost: %s" % (reported, lost), blockprof.stderr
    )


# --- Absurd times --------------------------------------------------------------------------------------------


@variants([("loops", []), ("all-threads", ["--all-threads"]), ("low-threshold", ["-t", "1ms"])])
def test_no_absurd_times(args):
    _, blockprof = run_trap("random-blocks", "--seconds=3", args=args, lost=True)
    check(list(all_slices(blockprof)), "nothing was seen")
    check_no_absurd_time(blockprof)
    for loop in blockprof.summary["loops"]:
        check(loop["unknown_ns"] <= loop["wall_ns"] / 50, "more than 2% unknown", loop)


# --- Odd states ----------------------------------------------------------------------------------------------


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


# --- Wakers --------------------------------------------------------------------------------------------------


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


# --- The one that matters ------------------------------------------------------------------------------------


@variants([("100ms", "100ms"), ("10ms", "10ms")])
def test_one_huge_block_among_thousands(threshold):
    target, blockprof = run_trap("one-among-many", args=["-t", threshold], lost=())
    for turn in target.turns:
        stall, slice_ = assert_stall(blockprof.stalls, cause="sleep", fn="huge", file="blocks_traps.py", turn=turn)
        check(slice_["count"] == 1, "one block", slice_)
        check(400 * MS <= slice_["ns"] <= 400 * MS + tolerance(400 * MS), "of 400 ms", slice_)
        check(slice_ is stall["slices"][0] or len(target.turns) == 2, "it is the first slice", stall)


# --- Two at a time on one CPU --------------------------------------------------------------------------------


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
