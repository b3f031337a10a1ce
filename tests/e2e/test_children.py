# SPDX-License-Identifier: GPL-2.0-or-later
"""Children of the watch that are killed while it goes on."""

import os
import random
import signal
import threading
import time

from harness import Blockprof, Target, assert_stall, check, limit, until, variants

NAMES = {"fork": "blockprof-fork", "readers": "blockprof-read", "symbolizer": "blockprof-names"}


def children(pid):
    """{pid: name} of its children that live."""
    found = {}
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
            listed = [int(child) for child in file.read().split()]
    except FileNotFoundError:
        return {}
    for child in listed:
        try:
            with open("/proc/%d/status" % child) as file:
                status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        except (FileNotFoundError, ProcessLookupError):
            continue
        if not status["State"].startswith("Z"):
            found[child] = status["Name"]
    return found


def kill_again_and_again(blockprof, names, done, killed):
    """A random one of them, until that is done; each is noted as killed."""
    chance = random.Random(7)
    while not done.wait(chance.uniform(0.02, 0.3)):
        there = [child for child, name in children(blockprof.pid).items() if name in names]
        if there:
            one = chance.choice(there)
            os.kill(one, signal.SIGKILL)
            killed.append(one)


@limit(90)
@variants([(kind, [name]) for kind, name in NAMES.items()] + [("any", sorted(NAMES.values()))])
def test_killed_at_random(names):
    """Each stall is reported, with its length and cause; what was lost by it is counted; nothing is left."""
    killed, done = [], threading.Event()
    with Target("sleep", "--count=12", "--seconds=0.15") as target:
        with Blockprof(pids=[target.pid], lost=True) as blockprof:
            killer = threading.Thread(target=kill_again_and_again, args=(blockprof, names, done, killed))
            killer.start()
            try:
                target.run()
                seen = set(children(blockprof.pid))
            finally:
                done.set()
                killer.join()
        for turn in target.turns:
            assert_stall(blockprof.stalls, cause="sleep", turn=turn)
    check(killed, "some were killed")
    lost = blockprof.summary.get("lost", {})
    if names == [NAMES["symbolizer"]]:
        check(lost.get("symbolizer_restarts"), "restarts are counted", lost)
    if names == [NAMES["readers"]]:
        check(lost.get("reader_restarts"), "restarts are counted", lost)
    until(lambda: not [pid for pid in seen | set(killed) if os.path.exists("/proc/%d" % pid)], 5, "no child is left behind")


def test_all_that_read_are_started_anew():
    """Killed once, all of them: the next stall has its names and its task again."""
    with Target("sleep", "--count=2", "--seconds=0.15") as target:
        with Blockprof(pids=[target.pid], lost=True) as blockprof:
            before = children(blockprof.pid)
            check(sorted(set(before.values())) == sorted(NAMES.values()), "they are there", before)
            for child, name in before.items():
                if name != NAMES["fork"]:
                    os.kill(child, signal.SIGKILL)
            until(lambda: len(children(blockprof.pid)) == 1, 5, "they have ended")
            target.run()
            time.sleep(0.1)
            after = children(blockprof.pid)
        check([child for child, name in after.items() if name == NAMES["fork"]] ==
              [child for child, name in before.items() if name == NAMES["fork"]], "the same one forks", before, after)
    for turn in target.turns:
        assert_stall(blockprof.stalls, cause="sleep", fn="block_sleep", turn=turn)
    lost = blockprof.summary["lost"]
    check(lost.get("reader_restarts") and lost.get("symbolizer_restarts"), "counted", lost)
