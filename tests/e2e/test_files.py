# SPDX-License-Identifier: GPL-2.0-or-later
"""What -o and standard output get: whose it is, without a terminal, in any locale."""

import gzip
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile

from errors import run_command
from harness import BLOCKPROF, WORKLOADS, Blockprof, Target, check, need, need_program, need_root, run_blockprof, variants

RECORDING = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recordings", "schema-3.jsonl.gz")
GATHER_SLEEP = os.path.join(WORKLOADS, "gather_sleep.py")
NOBODY = 65534
SUDO = {"SUDO_UID": str(NOBODY), "SUDO_GID": str(NOBODY), "SUDO_USER": "nobody"}


def owner_of(path):
    found = os.stat(path)
    return found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)


def test_files_belong_to_who_called_sudo():
    with Target("idle") as target:
        with Blockprof("-o", "x.folded", "-d", "0.1s", pids=[target.pid], env=SUDO, cwd=True) as blockprof:
            blockprof.wait()
    for name in "x.folded", "recording.jsonl":
        owner = owner_of(os.path.join(blockprof.directory, name))
        check(owner == (NOBODY, NOBODY, 0o600), "%s: uid %d, gid %d, mode %o" % (name, *owner))
    directory = tempfile.mkdtemp()
    path = os.path.join(directory, "x.txt")
    report = [BLOCKPROF, "report", "-o", path, "-F", "text", RECORDING]
    status, _, err = run_command(report, env=dict(os.environ, **SUDO), umask=0)
    check(status == 0 and owner_of(path) == (NOBODY, NOBODY, 0o600), "of report", owner_of(path), err)
    os.chown(path, 0, 0)
    os.chmod(path, 0o640)
    status, _, err = run_command(report, env=dict(os.environ, **SUDO))
    check(status == 0 and owner_of(path) == (0, 0, 0o640), "one that is there keeps its own", owner_of(path), err)
    os.unlink(path)
    run_command(report, env={key: value for key, value in os.environ.items() if key not in SUDO})
    check(owner_of(path) == (0, 0, 0o600), "without sudo it is root's", owner_of(path))


def test_files_of_another_user():
    """Who is not root gives nothing away, whatever the environment says."""
    with open(RECORDING, "rb") as recording:
        data = gzip.decompress(recording.read())
    # the run's own directory is root's alone
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        os.chmod(directory, 0o777)
        path = os.path.join(directory, "x.txt")
        done = subprocess.run(
            [BLOCKPROF, "report", "-o", path, "-F", "text", "-"],
            input=data, user=NOBODY, group=NOBODY, extra_groups=[], env=dict(os.environ, SUDO_UID="1", SUDO_GID="1"),
        )
        check(done.returncode == 0 and owner_of(path) == (NOBODY, NOBODY, 0o600), "nobody's own", owner_of(path))


def test_link_of_a_stranger_in_a_shared_directory():
    need_root()
    directory = tempfile.mkdtemp()
    target, path = os.path.join(directory, "target"), os.path.join(directory, "x.jsonl")
    with open(target, "w") as file:
        file.write("precious")
    os.symlink(target, path)
    os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    os.chmod(directory, 0o1777)
    status, _, err = run_blockprof("report", "-o", path, RECORDING)
    check(status == 1 and err.count("\n") == 1 and "another user's" in err and "-o" in err, "what to do", err)
    check(os.path.getsize(target) == 8, "and nothing is written")


# --- ssh host sudo blockprof ... > x: pipes, no terminal, hardly any environment --------------------------------


def far_away(*args):
    """Started as sshd and sudo do it for a command, without a terminal."""
    need_root()
    return subprocess.Popen(
        [BLOCKPROF, *args],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={"PATH": "/usr/sbin:/usr/bin", **SUDO}, cwd="/", start_new_session=True,
    )


@variants([(form, form) for form in ("pprof", "folded")])
def test_profile_over_a_pipe(form):
    with Target("sleep", "--count=1") as target:
        child = far_away("-F", form, "-p", str(target.pid))
        while b"watching" not in child.stderr.readline():
            check(child.poll() is None, "it does not watch")
        target.run()
        child.send_signal(signal.SIGTERM)
        out, err = child.communicate(timeout=30)
    check(child.returncode == 0, "status %d" % child.returncode, err.decode())
    out = gzip.decompress(out) if form == "pprof" else out
    check(b"block_sleep" in out and b"blocks_sleep.py" in out, "the profile is whole", out[-300:])


def test_reader_of_a_profile_goes_away():
    """Nothing is written before the end: that nobody waits for it is found out all the same."""
    with Target("idle") as target:
        child = far_away("-F", "pprof", "-p", str(target.pid))
        try:
            while b"watching" not in child.stderr.readline():
                check(child.poll() is None, "it does not watch")
            child.stdout.close()
            status = child.wait(10)
        finally:
            child.kill()
            child.wait()
            child.stderr.close()
    check(status == 0, "as any filter's end: status %d" % status)


def test_max_size():
    """A recording that has grown so large is ended, and is whole."""
    with Target("sleep", "--seconds=0.003", "--gap=0.003", "--count=100000") as target:
        with Blockprof("--max-size", "64K", "-t", "1ms", pids=[target.pid]) as blockprof:
            target.go()
            blockprof.wait(40)
        target.kill()
    bytes_ = os.path.getsize(blockprof.recording)
    check(64 << 10 <= bytes_ < 256 << 10, "it has %d bytes" % bytes_)
    check(blockprof.stalls, "with what it had come to", blockprof.stderr)
    check("what --max-size allows: the watch ends" in blockprof.stderr, "it is said", blockprof.stderr)
    status, _, err = run_command([BLOCKPROF, "--max-size", "63K", "-p", os.getpid()])
    check(status == 2 and "--max-size '63K'" in err, "less than any watch writes", status, err)


# --- Locales ----------------------------------------------------------------------------------------------------


def german():
    """Where a locale with a decimal comma is, and its name; made if there is none."""
    need_program("localedef")
    directory = tempfile.mkdtemp()
    done = subprocess.run(
        ["localedef", "-i", "de_DE", "-f", "UTF-8", os.path.join(directory, "de_DE.UTF-8")], capture_output=True
    )
    need(done.returncode == 0, "no sources of locales: %s" % done.stderr.decode("utf-8", "replace").strip())
    return {"LOCPATH": directory, "LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de"}


def test_decimal_point_in_every_locale():
    env = german()
    comma = subprocess.run(["printf", "%.1f", "1"], env=dict(os.environ, **env), capture_output=True).stdout
    check(comma == b"1,0", "the locale has a comma", comma)
    with Blockprof("-o", "x.svg", "-o", "x.speedscope.json", command=[sys.executable, GATHER_SLEEP, "1.2"], env=env, cwd=True) as b:
        b.wait()
    for args in ["-F", "text"], ["-F", "json"], ["-F", "svg"], ["-F", "html"], ["-F", "speedscope"], ["-F", "folded"], ["--diff", b.recording]:
        argv = [BLOCKPROF, "report", *args, b.recording]
        there = run_command(argv, env=dict(os.environ, TZ="UTC", **env))
        here = run_command(argv, env=dict(os.environ, TZ="UTC", LC_ALL="C"))
        check(there == here, "%s is the same in Germany" % " ".join(args), there[1][:2000], here[1][:2000])
    check("2.4 s in do_io" in b.stdout, "on the way, too", b.stdout)
    with open(os.path.join(b.directory, "x.speedscope.json")) as file:
        json.load(file)
    status, _, err = run_command([BLOCKPROF, "-t", "1.5s", "-d", "0.1s", "-p", os.getpid()], env=dict(os.environ, **env))
    check(status == 0 and "turns over 1.5 s" in err, "what options say is read so", err)
