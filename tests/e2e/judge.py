# SPDX-License-Identifier: GPL-2.0-or-later
"""What a test asks of the stalls of a run."""

from records import frames_of
from verdict import MS, Failed, check, show

# Turns that were long because this machine was busy, not because of the target.
NOISE = frozenset(["runqueue"])


def tolerance(ns):
    return max(ns // 50, 5 * MS)


def find_frame(stack, fn=None, file=None, line=None, kind="python"):
    """The first frame that is so.

    fn: without class and function around it, which only newer Pythons tell; file: the
    path's end; line: a number or (first, last).
    """
    first, last = line if isinstance(line, (tuple, list)) else (line, line)
    for frame in stack:
        if kind and frame.get("kind") != kind:
            continue
        if fn and frame["fn"].rpartition(".")[2] != fn:
            continue
        if file and not frame.get("file", "").endswith(file):
            continue
        if line and not (frame.get("line") and first <= frame["line"] <= last):
            continue
        return frame
    return None


def target_matches(target, expected):
    """expected: {key: value}; a value may be a function that judges."""
    if target is None:
        return False
    return all(
        wanted(target.get(key)) if callable(wanted) else target.get(key) == wanted
        for key, wanted in expected.items()
    )


def assert_slice(
    stall, cause=None, fn=None, file=None, line=None, task=None, coro=None, target=None, syscall=None,
    waker=None, holder=None,
):
    """The largest slice that is all this; fails when there is none.

    waker, holder: {key: value} as for a target; "fn" there asks for a frame of its stack.
    """
    reasons = []
    for slice_ in stall["slices"]:
        why = None
        if cause and slice_["cause"] not in (cause if isinstance(cause, (tuple, set, list)) else [cause]):
            why = "cause is %s" % slice_["cause"]
        elif (fn or file or line) and not find_frame(frames_of(slice_), fn, file, line):
            why = "no frame %s %s:%s" % (fn, file, line)
        elif task and slice_.get("task", {}).get("name") != task:
            why = "task is %s" % slice_.get("task")
        elif coro and slice_.get("task", {}).get("coro", "").rpartition(".")[2] != coro:
            why = "task is %s" % slice_.get("task")
        elif target and not target_matches(slice_.get("target"), target):
            why = "target is %s" % slice_.get("target")
        elif syscall and slice_.get("syscall") != syscall:
            why = "syscall is %s" % slice_.get("syscall")
        for name, expected in (("waker", waker), ("holder", holder)):
            if not why and expected:
                expected = dict(expected)
                frame = expected.pop("fn", None)
                other = slice_.get(name)
                if not target_matches(other, expected):
                    why = "%s is %s" % (name, other)
                elif frame and not find_frame(other.get("stack", []), frame):
                    why = "%s's stack has no %s: %s" % (name, frame, other.get("stack"))
        if not why:
            return slice_
        reasons.append("%d ms: %s" % (slice_["ns"] // MS, why))
    wanted = {
        key: value
        for key, value in dict(
            cause=cause, fn=fn, file=file, line=line, task=task, coro=coro, target=target, syscall=syscall,
            waker=waker, holder=holder,
        ).items()
        if value is not None
    }
    raise Failed("no slice is %s" % show(wanted), *(reasons[:8] + [stall]))


def overlap(stall, turn):
    return min(stall["mono_ns"] + stall["duration_ns"], turn["end_ns"]) - max(stall["mono_ns"], turn["start_ns"])


def stall_of(stalls, turn):
    """The stall that covers most of a turn the target said it had."""
    best = max(stalls, key=lambda stall: overlap(stall, turn), default=None)
    if best is None or overlap(best, turn) <= 0:
        raise Failed("no stall for the target's turn", turn, "stalls: %s" % show(stalls))
    return best


def assert_duration(stall, turn, spare_ns=0):
    """Start and length are those of the target's own clock, but for max(2%, 5 ms).

    What the loop waited for a CPU before the target could look at its clock belongs to the turn.
    """
    length = turn["end_ns"] - turn["start_ns"]
    allowed = tolerance(length) + spare_ns
    waited = stall["ledger"]["runqueue_ns"]
    longer = stall["duration_ns"] - length
    check(
        -allowed <= longer <= allowed + waited,
        "stall of %.1f ms, the target says %.1f ms" % (stall["duration_ns"] / MS, length / MS),
        stall,
    )
    later = stall["mono_ns"] - turn["start_ns"]
    check(-allowed - waited <= later <= allowed, "stall begins %.1f ms off" % (later / MS), stall)


def assert_stall(
    stalls, cause=None, fn=None, file=None, line=None, task=None, coro=None, target=None, syscall=None,
    waker=None, holder=None, turn=None, duration_ns=None, tid=None, spare_ns=0, or_runqueue=False,
):
    """One final stall that is all this; returns (stall, its slice).

    turn: one of Target.turns: the stall has its start and length. duration_ns: only its
    length. cause is also the stall's own; or_runqueue: but on a machine that is busy most of
    the turn may have been spent in waiting for a CPU.
    """
    finals = [stall for stall in stalls if not stall["ongoing"] and (not tid or stall["tid"] == tid)]
    check(finals, "no stall")
    if turn:
        stall = stall_of(finals, turn)
        assert_duration(stall, turn, spare_ns)
    elif duration_ns:
        stall = min(finals, key=lambda stall: abs(stall["duration_ns"] - duration_ns))
        check(
            abs(stall["duration_ns"] - duration_ns) <= tolerance(duration_ns) + spare_ns,
            "no stall of %.1f ms; nearest has %.1f ms" % (duration_ns / MS, stall["duration_ns"] / MS),
            stall,
        )
    else:
        causes = cause if isinstance(cause, (tuple, set, list)) else [cause]
        stall = max(
            finals,
            key=lambda stall: (cause is None or stall["cause"] in causes, stall["duration_ns"]),
        )
    if cause and not (or_runqueue and stall["ledger"]["runqueue_ns"] * 3 > stall["duration_ns"]):
        causes = cause if isinstance(cause, (tuple, set, list)) else [cause]
        check(
            stall["cause"] in causes,
            "cause is %s, not %s" % (stall["cause"], " or ".join(causes)),
            stall,
        )
    return stall, assert_slice(
        stall, cause, fn, file, line, task, coro, target, syscall, waker=waker, holder=holder
    )


def assert_no_stalls(stalls, allow=NOISE, tid=None):
    """None at all, but for turns that were long because the machine was busy."""
    found = [
        stall for stall in stalls if stall["cause"] not in allow and (not tid or stall["tid"] == tid)
    ]
    check(not found, "%d stalls, none was expected" % len(found), *found[:3])
