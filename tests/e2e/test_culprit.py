# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is to blame: what others did while a loop waited for them."""

import os

from harness import (
    MS,
    Blockprof,
    Cgroup,
    Target,
    assert_stall,
    check,
    exclusive,
    run_blockprof,
)


def culprits_of(stall, cause):
    """Of the largest slice with this cause."""
    slices = [slice_ for slice_ in stall["slices"] if slice_["cause"] == cause]
    check(slices, "no slice of %s" % cause, stall)
    return slices[0].get("culprits", [])


def check_report(blockprof, text):
    """Live and from the recording it reads the same."""
    check(text in blockprof.stdout, "not on stdout: %r" % text, blockprof.stdout)
    status, out, _ = run_blockprof("report", blockprof.recording)
    check(status == 0 and text in out, "not in the report: %r" % text, out)


# --- The CPU is not given -----------------------------------------------------------------------------


@exclusive
def test_runners():
    with Target("runqueue") as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            target.run()
        for turn in target.turns:
            stall, _ = assert_stall(blockprof.stalls, cause="runqueue", turn=turn, spare_ns=20 * MS)
            runners = culprits_of(stall, "runqueue")
            check(runners, "nobody ran", stall)
            check(
                all(runner["kind"] == "runner" and runner["pid"] != target.pid for runner in runners),
                "it ran instead of itself",
                runners,
            )
            hogs = [runner for runner in runners if runner["comm"] == "hog"]
            check(sum(hog["percent"] for hog in hogs) >= 60, "not the hogs ran", runners)
            check(len(hogs) >= 2, "not all of the hogs ran", runners)
            check(sum(runner["percent"] for runner in runners) <= 104, "more than all", runners)
        check_report(blockprof, "meanwhile ran hog[")


@exclusive
def test_quota():
    with Cgroup("cpu") as cgroup:
        with Target("cpu", "--seconds=0.1") as target:
            cgroup.limit_cpu(20_000)
            cgroup.add(target.pid)
            with Blockprof(pids=[target.pid]) as blockprof:
                target.run()
        for turn in target.turns:
            stall, _ = assert_stall(blockprof.stalls, cause="throttled", turn=turn, spare_ns=20 * MS)
            (quota,) = culprits_of(stall, "throttled")
            check(
                quota == {
                    "kind": "cgroup",
                    "cgroup": "/" + os.path.basename(cgroup.path),
                    "quota_ns": 20 * MS,
                    "period_ns": 100 * MS,
                },
                "another quota",
                quota,
            )
        check_report(blockprof, "cgroup /%s: 20 ms of each 100 ms" % os.path.basename(cgroup.path))
