# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is to blame: what others did while a loop waited for them."""

import glob
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile

from harness import (
    MS,
    WORKLOADS,
    Blockprof,
    Cgroup,
    Failed,
    Process,
    Target,
    assert_stall,
    busy,
    check,
    exclusive,
    find_frame,
    need,
    run_blockprof,
    target_matches,
    until,
    variants,
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


def assert_culprit(stall, fn=None, at=0, **wanted):
    """One that is all this, of the slice that most of the stall's time is in; at: so far behind the first."""
    slice_ = stall["slices"][0]
    level = slice_.get("culprits", [])
    for _ in range(at):
        level = [behind for culprit in level for behind in culprit.get("culprits", [])]
    for culprit in level:
        if target_matches(culprit, wanted) and (not fn or find_frame(culprit.get("stack", []), fn)):
            return culprit
    raise Failed("no culprit is %s in %s" % (wanted, fn), stall)


# --- Peers --------------------------------------------------------------------------------------------

PEERS = {
    "peer-sleep": dict(cause="sleep", fn="serve_sleep"),
    "peer-cpu": dict(cause="cpu", fn="serve_cpu"),
    "peer-fifo": dict(cause="file", fn="serve_fifo", target=lambda target: "/fifo-" in target["path"]),
    "peer-threads": dict(cause="sleep", fn="serve_sleep"),
    "peer-ends": dict(cause="sleep", fn="serve_sleep"),
    "peer-idle": dict(cause="poll", idle=True),
    "peer-pipe": dict(cause="sleep", fn="serve_sleep", comm="writer"),
    # the thread that wrote only passed it on
    "peer-feeder": dict(cause="sleep", fn="serve_sleep", comm="writer", doubt="one_of_several"),
}


@busy(lambda pattern: pattern == "peer-cpu")
@variants([(pattern, pattern) for pattern in PEERS])
def test_peer(pattern):
    """What it did, and for all of the time but what came before the first look."""
    expected = dict(dict(idle=False, comm="server"), **PEERS[pattern])
    with Target(pattern, "--count=%d" % (1 if pattern == "peer-ends" else 2)) as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            target.run()
        pid = target.facts()["helper_pid"]
        for turn in target.turns:
            stall, _ = assert_stall(blockprof.stalls, cause=("socket", "pipe"), turn=turn)
            culprit = assert_culprit(stall, kind="peer", pid=pid, **expected)
            if culprit["cause"] == "cpu":
                culprit["ns"] += sum(
                    other["ns"] for other in stall["slices"][0]["culprits"] if other["cause"] == "runqueue"
                )
            length = turn["end_ns"] - turn["start_ns"]
            check(
                length * 0.75 <= culprit["ns"] <= length + 5 * MS,
                "%d ms of %d" % (culprit["ns"] // MS, length // MS),
                culprit,
            )
        check_report(blockprof, "for %s[%d" % (expected["comm"], pid))


@variants([("recv", "peer-chain"), ("poll", "peer-polls")])
def test_chain(pattern):
    with Target(pattern) as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            target.run()
        for turn in target.turns:
            stall, _ = assert_stall(blockprof.stalls, cause="socket", turn=turn)
            assert_culprit(stall, cause="socket", comm="server", idle=False)
            assert_culprit(stall, "serve_sleep", at=1, cause="sleep", comm="behind")


def test_cycle():
    """Each waits for the other: reported, and no end of it."""
    with Target("peer-cycle") as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            target.run()
        for turn in target.turns:
            stall, _ = assert_stall(blockprof.stalls, cause="socket", turn=turn)
            assert_culprit(stall, "serve_nothing", cause="socket", comm="server")
            last = assert_culprit(stall, at=1, pid=target.pid, cycle=True)
            check("culprits" not in last, "it goes round", last)
        check_report(blockprof, "they wait for each other")


def test_quick_peers():
    """Blocks that are short, in a turn that is not: what it was for the most part.

    The first may pass while the program's files are looked into for the first time.
    """
    with Target("peer-sleep", "--seconds=0.02", "--count=3", "--gap=0.3") as target:
        with Blockprof("-t", "15ms", pids=[target.pid]) as blockprof:
            target.run()
        for turn in target.turns[1:]:
            stall, _ = assert_stall(blockprof.stalls, cause="socket", turn=turn)
            assert_culprit(stall, "serve_sleep", cause="sleep")


class Postgres:
    """A server of its own, as the user nobody, in a directory of its own, with a unix socket there."""

    server = directory = None

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self):
        servers = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"))
        need(servers, "PostgreSQL is not installed")
        binaries = os.path.dirname(servers[-1])
        # where nobody may go: the test's own directory is root's
        self.directory = tempfile.mkdtemp(prefix="blockprof-e2e-", dir="/tmp")
        nobody = pwd.getpwnam("nobody")
        os.chown(self.directory, nobody.pw_uid, nobody.pw_gid)

        def become_nobody():
            os.setgroups([])
            os.setgid(nobody.pw_gid)
            os.setuid(nobody.pw_uid)

        data = os.path.join(self.directory, "data")
        subprocess.run(
            [os.path.join(binaries, "initdb"), "-D", data, "-A", "trust", "-U", "test", "--no-sync"],
            preexec_fn=become_nobody, check=True, stdout=subprocess.DEVNULL, cwd="/",
        )
        self.server = subprocess.Popen(
            [os.path.join(binaries, "postgres"), "-D", data, "-k", self.directory, "-c", "listen_addresses="],
            preexec_fn=become_nobody, stderr=subprocess.DEVNULL, cwd="/",
        )
        until(lambda: os.path.exists(os.path.join(self.directory, ".s.PGSQL.5432")), 20, "PostgreSQL is up")
        self.connection = "host=%s user=test dbname=postgres" % self.directory

    def __exit__(self, *_):
        if self.server:
            self.server.send_signal(signal.SIGINT)
            self.server.wait(10)
        if self.directory:
            shutil.rmtree(self.directory, ignore_errors=True)


def test_postgres():
    """What the server process of this very connection did, by its own functions' names."""
    with Postgres() as postgres:
        for pattern, function in (("query-sleep", "pg_sleep"), ("query-lock", "ProcSleep")):
            with Target(pattern, "--path=" + postgres.connection) as target:
                with Blockprof(pids=[target.pid]) as blockprof:
                    target.run()
                backend = target.facts()["backend"]
                for turn in target.turns:
                    stall, _ = assert_stall(blockprof.stalls, cause="socket", turn=turn)
                    culprit = assert_culprit(stall, kind="peer", pid=backend, comm="postgres", idle=False)
                    check(culprit["syscall"] == "epoll_wait", "it waited elsewhere", culprit)
                    # Debian's has frame pointers
                    if len(culprit["stack"]) > 6:
                        check(find_frame(culprit["stack"], function, kind="native"), "no %s" % function, culprit)


# --- Locks --------------------------------------------------------------------------------------------


def test_mutex_owner():
    """While it lasts, who holds it; at its end, who let go of it."""
    with Target("peer-mutex") as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            target.run()
        tid = target.facts()["worker_tid"]
        for turn in target.turns:
            stall, slice_ = assert_stall(blockprof.stalls, cause="lock", turn=turn, waker={"tid": tid})
            assert_culprit(stall, "sleep_with_mutex", kind="owner", tid=tid, cause="sleep")
        check(
            any(stall["slices"][0].get("culprits", [{}])[0].get("tid") == tid for stall in blockprof.ongoing),
            "not reported while it lasted",
            blockprof.ongoing,
        )


def test_future():
    """Nobody holds a condition: what whoever ended the wait for it did meanwhile, and for whom it waited."""
    with Target("peer-future") as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            target.run()
        facts = target.facts()
        for turn in target.turns:
            stall, _ = assert_stall(blockprof.stalls, cause="lock", turn=turn)
            assert_culprit(stall, "ask_for_result", kind="waker", tid=facts["worker_tid"], cause="pipe")
            assert_culprit(stall, at=1, kind="peer", pid=facts["helper_pid"], cause="sleep")
        check_report(blockprof, ", woken by python3[")


def test_quick_wakers():
    """Waits too short to be reported one by one: the sum of them has a waker all the same."""
    with Target("peer-quick", "--seconds=0.5") as target:
        with Blockprof("-t", "400ms", pids=[target.pid]) as blockprof:
            target.run()
        tid = target.facts()["worker_tid"]
        for turn in target.turns:
            stall, slice_ = assert_stall(
                blockprof.stalls, cause="lock", turn=turn, waker={"tid": tid, "fn": "answer_soon"}
            )
            check(slice_["count"] > 10, "the waits were long", slice_)


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
            # on a machine with other work, that runs as well
            check(sum(hog["percent"] for hog in hogs) >= 15, "not the hogs ran", runners)
            check(len(hogs) >= 2, "not all of the hogs ran", runners)
            check(sum(runner["percent"] for runner in runners) <= 104, "more than all", runners)
        check_report(blockprof, "meanwhile ran ")
        check_report(blockprof, "hog[")


@exclusive
def test_quota():
    with Cgroup("cpu") as cgroup:
        with Target("cpu", "--seconds=0.1") as target:
            cgroup.limit_cpu(20_000)
            cgroup.add(target.pid)
            with Blockprof(pids=[target.pid]) as blockprof:
                target.run()
        for turn in target.turns:
            stall, _ = assert_stall(blockprof.stalls, turn=turn, spare_ns=20 * MS)
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


def depth_of(culprits):
    return max((1 + depth_of(culprit.get("culprits", [])) for culprit in culprits), default=0)


@variants([("long", ("long", 2)), ("ring", ("ring", 1)), ("wide", ("wide", 1))])
def test_chains_end(case):
    """However long it is, or where it comes back to itself."""
    kind, least = case
    with Process([sys.executable, os.path.join(WORKLOADS, "chains.py"), kind]) as target:
        with Blockprof("-t", "200ms", pids=[target.pid]) as blockprof:
            blockprof.wait()
    stall, slice_ = assert_stall(blockprof.stalls, fn="wait_for", cause=("pipe", "child"))
    check(least <= depth_of(slice_.get("culprits", [])) <= 6, "a chain of %d" % depth_of(slice_.get("culprits", [])), stall)
