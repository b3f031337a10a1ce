# SPDX-License-Identifier: GPL-2.0-or-later
"""Targets that see other files and pids, and names of what is gone already."""

import os
import shutil
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
    Skip,
    Target,
    assert_stall,
    check,
    find_frame,
    frames_of,
    need,
    need_program,
    need_root,
    until,
    variants,
)
from traps import TRAPS, sum_slices, make_library


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
    check(blockprof.of_type("exit"), "its exit is reported")


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
