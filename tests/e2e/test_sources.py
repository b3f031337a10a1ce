# SPDX-License-Identifier: GPL-2.0-or-later
"""Whose turn it is, and where it ends, where a loop is its source: several threads, waits further in, busy loops."""

import time

from harness import MS, Blockprof, assert_no_stalls, assert_stall, check, tolerance, variants
from native import NativeTarget, c_program


def watch(pattern):
    """One block of a workload; its one stall, which has the right start and length, and the slice."""
    with NativeTarget([c_program("source_loops", "-pthread"), pattern]) as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            blockprof.wait_loop(target.pid)
            # which descriptors its polls have in common, and who else serves it, is learnt from a few waits
            time.sleep(0.5)
            target.run()
        turn = target.turns[0]
    cause = "pipe" if pattern in ("poll", "select") else "sleep"
    stall, slice_ = assert_stall(blockprof.stalls, cause=cause, turn=turn)
    assert_no_stalls([other for other in blockprof.stalls + blockprof.ongoing if other["turn"] != stall["turn"]])
    return blockprof, turn, stall, slice_


def test_another_server_ends_the_turn():
    """It comes back in the middle of a block of the one that had left last: there the turn ends, to the nanosecond."""
    _, turn, stall, slice_ = watch("cut")
    check(stall["tid"] == turn["tid"], "who left last has the turn", stall)
    ledger = stall["ledger"]
    check(sum(ledger.values()) == stall["duration_ns"], "its ledger ends there, too", ledger)
    check(slice_["ns"] <= ledger["blocked_ns"] <= stall["duration_ns"], "and so does the block", stall)
    check(ledger["unknown_ns"] == 0, "nothing is unknown", ledger)


@variants([("poll", "poll"), ("select", "select")])
def test_polls_for_all_of_the_loops_descriptors_serve_it(call):
    """From further in, with one more; a poll for something else is a block."""
    _, _, stall, slice_ = watch(call)
    check(call in slice_["syscall"], "which call", slice_)
    check(any(frame["fn"] == "wait_other" for frame in slice_["stack"]), "and whose", stall)


def test_how_long_a_callback_lasts_that_serves_the_loop():
    _, turn, stall, _ = watch("nested")
    check(
        abs(stall["nested_ns"] - turn["nested_ns"]) <= tolerance(turn["nested_ns"]) + 10 * MS,
        "since %d ms, says the program" % (turn["nested_ns"] // MS),
        stall,
    )


def test_a_loop_that_never_sleeps():
    blockprof, _, _, _ = watch("busy")
    (loop,) = blockprof.loops
    check(loop["wait"]["syscall"].startswith("epoll"), "where it would wait", loop)
    (summary,) = blockprof.summary["loops"]
    check(summary["turns"] > 100, "each of its waits ends a turn", summary)
