# SPDX-License-Identifier: GPL-2.0-or-later
"""blockprof serve: recordings, reload, crash, a full disk, and what systemd and its journal get to hear.

systemd itself is played here, by the ends of its sockets; under a real one it is
tested in a virtual machine (tests/vm/test_service.py).
"""

import json
import os
import re
import signal
import subprocess
import tempfile

from harness import (
    MS,
    ROOT,
    SECOND,
    check,
    exclusive,
    find_frame,
    need_program,
    need_root,
    parse_folded,
    parse_jsonl,
    parse_records,
    read_file,
    run_blockprof,
    until,
)
from journal import Listener, fields_of
from service import Service, sleeper, write

THRESHOLD = ["-t", "150ms"]
OFF = ["-t", "1h"]


def stalls_of(path, pid):
    return [
        record
        for record in parse_jsonl(path)
        if record["type"] == "stall" and not record["ongoing"] and record["pid"] == pid
    ]


def check_recording(path):
    """A recording stands on its own: from start to summary, each loop reported before its stalls."""
    records = parse_jsonl(path)
    check(records[0]["type"] == "start" and records[-1]["type"] == "summary", "not whole", path)
    known = set()
    for record in records:
        if record["type"] == "loop":
            known.add(record["tid"])
        elif record["type"] == "stall":
            check(record["tid"] in known, "a stall of a loop that was not reported", record)
    return records


@exclusive
def test_stalls_are_told_and_recorded():
    with sleeper(2.6) as target, Service(*THRESHOLD) as service:
        service.wait_watching()
        target.run()
        service.wait_said("%d] asyncio" % target.pid, 2)
        part = service.files(".jsonl.gz.part")
        check(len(part) == 1 and len(service.files(".folded.part")) == 1, "not one recording in progress")
        until(lambda: b"stall" in read_partly(part[0]), 5, "the stall can be read while it is recorded")
        status = service.stop()
        check(status == 0, "exit status %d" % status, service.stderr)
        # that it goes on once, and its end
        lines = [line for line in service.stderr.splitlines() if "[%d]" % target.pid in line]
        check(len(lines) == 2, "not two lines on one stall", *lines)
        check("and still blocked" in lines[0] and "and still blocked" not in lines[1], "wrong order", *lines)
        check("sleep" in lines[1] and "block_sleep" in lines[1], "what blocked is not reported", lines[1])
        names = [name for name in os.listdir(service.state) if name != "token"]
        check(len(names) == 2 and not any(".part" in name for name in names), "not one whole recording", names)
        (recording,), (profile,) = service.files("Z.jsonl.gz"), service.files("Z.folded")
        check(os.stat(recording).st_mode & 0o777 == 0o640, "others can read it")
        check(os.stat(service.state).st_mode & 0o777 == 0o750, "others can list them")
        records = check_recording(recording)
        (stall,) = stalls_of(recording, target.pid)
        slept = stall["slices"][0]
        check(find_frame(slept["stack"], "block_sleep"), "no such frame", stall)
        # all that a watch records
        check(any("build_id" in frame for frame in slept["stack"] if frame["kind"] == "native"), "no build id", slept)
        ((at_ns, ns),) = slept["intervals"]
        check(at_ns == slept["at_ns"] and abs(ns - 2.6 * SECOND) < 0.2 * SECOND, "when it slept", slept)
        seconds = [record for record in records if record["type"] == "second" and record["pid"] == target.pid]
        asleep_ns = sum(second.get("by_cause", {}).get("sleep", 0) for second in seconds)
        check(len(seconds) >= 3 and abs(asleep_ns - 2.6 * SECOND) < 0.2 * SECOND, "its seconds", *seconds)
        blocked = sum(
            weight
            for frames, weight in parse_folded(read_file(profile))
            if "[%d]" % target.pid in frames[0] and frames[-1] == "[sleep]"
        )
        check(abs(blocked - 2_600_000) < 200_000, "%d us of sleep in the profile" % blocked)
        status, out, err = run_blockprof("report", recording)
        check(status == 0 and "block_sleep" in out, "report cannot read it", out, err)


def read_partly(path):
    """What can be read of a gzip file that is being written."""
    return subprocess.run(["gzip", "-dc"], stdin=open(path, "rb"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


@exclusive
def test_reload():
    with sleeper(0.4) as first, sleeper(0.4) as second:
        file = os.path.join(tempfile.mkdtemp(), "defaults")
        write(file, '# nothing is a stall\nBLOCKPROF_OPTIONS="-t 1h"\n')
        with Service("--defaults", file) as service:
            service.wait_watching()
            first.run()
            check("asyncio:" not in service.stderr, "a stall of 0.4 s is reported with -t 1h", service.stderr)
            for broken in ('BLOCKPROF_OPTIONS="-t nonsense"\n', 'BLOCKPROF_OPTIONS="-t 1s\n', "-t 1s\n"):
                write(file, broken)
                before = service.stderr.count("options are not changed")
                service.popen.send_signal(signal.SIGHUP)
                service.wait_said("options are not changed", before + 1)
            check("nonsense" in service.stderr and file in service.stderr, "the reason is not said", service.stderr)
            write(file, 'BLOCKPROF_OPTIONS="-t 150ms"\n')
            service.popen.send_signal(signal.SIGHUP)
            service.wait_watching(2)
            check("turns over 150 ms" in service.stderr, "not the new threshold", service.stderr)
            second.run()
            service.wait_said("[%d] asyncio" % second.pid)
            status = service.stop()
            check(status == 0, "exit status %d" % status, service.stderr)
        recordings = service.files("Z.jsonl.gz")
        check(len(recordings) == 2, "a reload begins a recording: %s" % recordings)
        check(not stalls_of(recordings[0], first.pid), "a stall with -t 1h")
        check(len(stalls_of(recordings[1], second.pid)) == 1, "the stall is not in the new recording")
        old, new = (check_recording(path) for path in recordings)
        check(old[0]["threshold_ns"] == 3_600_000 * MS and new[0]["threshold_ns"] == 150 * MS, "thresholds")
        # the loops that were known are reported again
        check(any(r["type"] == "loop" and r["pid"] == first.pid for r in new), "a loop is not reported again")
        check(new[-1]["duration_ns"] < old[-1]["duration_ns"] + new[-1]["duration_ns"], "durations")


@exclusive
def test_killed_and_started_again():
    with sleeper(0.4) as target:
        with Service(*THRESHOLD) as service:
            service.wait_watching()
            target.run()
            (part,) = service.files(".jsonl.gz.part")
            until(lambda: b"stall" in read_partly(part), 5, "the stall in the recording")
            service.stop(signal.SIGKILL)
        check(service.files(".jsonl.gz.part") == [part], "the recording is gone")
        status, out, err = run_blockprof("report", part)
        check(status == 0 and "block_sleep" in out, "a cut recording cannot be read", out, err)
        with Service(*THRESHOLD, state=service.state) as again:
            again.wait_watching()
            check(len(again.files(".part")) == 2, "old and new are mixed up", os.listdir(again.state))
        check(again.files(".part") == [], "not completed", os.listdir(again.state))
        kept = part[: -len(".part")]
        check(kept in again.files("Z.jsonl.gz") and len(again.files("Z.jsonl.gz")) == 2, "the cut one was not kept")
        status, out, err = run_blockprof("report", kept)
        check(status == 0 and "block_sleep" in out, "a cut recording cannot be read", out, err)


def mount_tmpfs(size):
    directory = tempfile.mkdtemp(prefix="disk-")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%s,mode=755" % size, "none", directory], check=True)
    return directory


@exclusive
def test_full_disk():
    need_root()
    disk = mount_tmpfs("3M")
    try:
        with sleeper(0.4) as during, sleeper(0.4) as after:
            filler = os.path.join(disk, "filler")
            with open(filler, "wb", buffering=0) as file:
                try:
                    while True:
                        file.write(b"x" * 4096)
                except OSError:
                    pass
            with Service(*THRESHOLD, state=os.path.join(disk, "state")) as service:
                service.wait_watching()
                service.wait_said("not recording: No space left on device")
                during.run()
                service.wait_said("[%d] asyncio" % during.pid)
                os.unlink(filler)
                service.wait_said("recording again")
                after.run()
                service.wait_said("[%d] asyncio" % after.pid)
            check(service.stderr.count("not recording") == 1, "not reported once", service.stderr)
            check(not service.files(".part"), "not completed", os.listdir(service.state))
            (last,) = service.files("Z.jsonl.gz")
            check_recording(last)
            check(len(stalls_of(last, after.pid)) == 1, "the stall after it is not recorded")
            check(not stalls_of(last, during.pid), "a stall from before it is recorded")
    finally:
        subprocess.run(["umount", "-l", disk])


def test_state_directories_that_cannot_be_used():
    need_root()
    directory = tempfile.mkdtemp()
    link = os.path.join(directory, "link")
    os.symlink("/tmp", link)
    file = os.path.join(directory, "file")
    write(file, "")
    disk = mount_tmpfs("1M")
    try:
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        for path in (link, file, os.path.join(directory, "no", "such"), disk, "/proc"):
            status, out, err = run_blockprof("serve", "--state-dir", path)
            check(status == 1 and not out, "%s: exit status %d" % (path, status), out, err)
            lines = err.splitlines()
            check(len(lines) == 1 and path in lines[0] and ";" in lines[0], "not one line that helps", err)
    finally:
        subprocess.run(["umount", "-l", disk])
    check(os.listdir(directory) and not [n for n in os.listdir("/tmp") if n.startswith("blockprof-2")], "it wrote there")
    status, _, err = run_blockprof("serve", "--listen-on", "127.0.0.1:1")
    check(status == 2, "exit status %d for what is no option" % status, err)


@exclusive
def test_one_state_directory_one_service():
    with Service(*OFF) as service:
        service.wait_watching()
        status, _, err = run_blockprof("serve", *OFF, "--state-dir", service.state)
        check(status == 1 and "another" in err and len(err.splitlines()) == 1, "exit status %d" % status, err)


# --- systemd's side ---------------------------------------------------------------------------------


@exclusive
def test_what_systemd_and_the_journal_are_told():
    need_program("unshare")
    directory = tempfile.mkdtemp()
    notify = Listener(os.path.join(directory, "notify"))
    journal = Listener(os.path.join(directory, "socket"))
    stderr = open(os.path.join(directory, "stderr"), "w+b")
    info = os.fstat(stderr.fileno())
    in_namespace = (
        "mount -t tmpfs none /run && mkdir -p /run/systemd/journal &&"
        ' mount --bind "$1" /run/systemd/journal && shift && exec "$@"'
    )
    prefix = ["unshare", "-m", "sh", "-c", in_namespace, "sh", directory]
    environment = {
        "NOTIFY_SOCKET": os.path.join(directory, "notify"),
        "JOURNAL_STREAM": "%d:%d" % (info.st_dev, info.st_ino),
    }
    with sleeper(2.6) as target:
        with Service(*THRESHOLD, prefix=prefix, env=environment, stderr=stderr) as service:
            until(lambda: b"READY=1" in notify.messages, 20, "READY")
            check("<6>watching the whole system" in service.stderr, "no line with its level", service.stderr)
            target.run()
            until(lambda: len(journal.messages) >= 2, 10, "two entries in the journal")
            service.popen.send_signal(signal.SIGHUP)
            until(lambda: notify.messages.count(b"READY=1") == 2, 20, "READY after the reload")
            until(lambda: any(re.search(rb"[1-9]\d* stalls", message) for message in notify.messages), 10, "a STATUS with the stall")
    heard = [message for message in notify.messages if not message.startswith(b"STATUS")]
    check(b"WATCHDOG=1" in heard, "the watchdog is not fed")
    heard = [message.split(b"\n")[0] for message in heard if message != b"WATCHDOG=1"]
    check(heard == [b"READY=1", b"RELOADING=1", b"READY=1", b"STOPPING=1"], "not the right order", *heard)
    check(any(b"recording blockprof-" in message for message in notify.messages), "STATUS does not say what is recorded")
    check("asyncio" not in service.stderr, "reported twice: to the journal and on stderr", service.stderr)

    entries = [fields for fields in map(fields_of, journal.messages) if fields["BLOCKPROF_PID"] == str(target.pid)]
    check(len(entries) == 2, "not two entries on one stall", *entries)
    ongoing, final = entries
    check(ongoing["BLOCKPROF_ONGOING"] == "1" and final["BLOCKPROF_ONGOING"] == "0", "which is which", *entries)
    check(ongoing["BLOCKPROF_TURN"] == final["BLOCKPROF_TURN"], "not the same turn", *entries)
    (turn,) = target.turns
    (recording,) = [path for path in service.files("Z.jsonl.gz") if stalls_of(path, target.pid)]
    (stall,) = stalls_of(recording, target.pid)
    check(final["BLOCKPROF_DURATION_NS"] == str(stall["duration_ns"]), "not as recorded", final, stall)
    for name, value in {
        "BLOCKPROF_CAUSE": "sleep",
        "BLOCKPROF_RUNTIME": "asyncio",
        "BLOCKPROF_COMM": stall["comm"],
        "BLOCKPROF_TID": str(target.pid),
        "OBJECT_PID": str(target.pid),
        "PRIORITY": "4",
        "CODE_FUNC": "block_sleep",
        "CODE_LINE": str(turn["line"]),
    }.items():
        check(final.get(name) == value, "%s is %s instead of %s" % (name, final.get(name), value), json.dumps(final))
    check(final["CODE_FILE"].endswith(".py"), "CODE_FILE", final)
    check(final["BLOCKPROF_STACK"].count("\n") >= 3 and "block_sleep (" in final["BLOCKPROF_STACK"], "stack", final)
    check("\n" not in final["MESSAGE"] and "sleep" in final["MESSAGE"], "message", final)
    check("BLOCKPROF_UNIT" not in final or final["BLOCKPROF_UNIT"], "an empty field", final)


@exclusive
def test_match():
    with sleeper(0.4) as target:
        with Service(*THRESHOLD, "--match", "no_such_function") as none, Service(
            *THRESHOLD, "--match", "block_sl"
        ) as some:
            none.wait_watching()
            some.wait_watching()
            target.run()
            some.wait_said("[%d] asyncio" % target.pid)
        check("asyncio:" not in none.stderr and "asyncio," not in none.stderr, "reported", none.stderr)
        (recording,) = none.files("Z.jsonl.gz")
        check(not stalls_of(recording, target.pid), "recorded")
        check(parse_jsonl(recording)[-1]["unmatched"] >= 1, "not counted")
        (recording,) = some.files("Z.jsonl.gz")
        check(len(stalls_of(recording, target.pid)) == 1, "not recorded")


@exclusive
def test_on_stall():
    directory = tempfile.mkdtemp()
    file = os.path.join(directory, "defaults")
    first, second = os.path.join(directory, "first"), os.path.join(directory, "second")

    def stalled(path):
        try:
            with open(path) as text:
                return [stall["pid"] for stall in parse_records(text.read())]
        except FileNotFoundError:
            return []

    with sleeper(0.4) as one, sleeper(0.4) as two, sleeper(0.4) as three:
        write(file, "BLOCKPROF_OPTIONS=\"--on-stall 'cat >>%s'\"\n" % first)
        with Service(*THRESHOLD, "--defaults", file) as service:
            service.wait_watching()
            one.run()
            until(lambda: one.pid in stalled(first), 10, "the command ran for the stall")
            # the same command goes on, another one takes its place
            service.popen.send_signal(signal.SIGHUP)
            service.wait_watching(2)
            two.run()
            until(lambda: two.pid in stalled(first), 10, "the command ran after a reload")
            write(file, "BLOCKPROF_OPTIONS=\"--on-stall 'cat >>%s'\"\n" % second)
            service.popen.send_signal(signal.SIGHUP)
            service.wait_watching(3)
            three.run()
            until(lambda: three.pid in stalled(second), 10, "the new command ran")
        check(three.pid not in stalled(first), "the old command ran as well")
        check(stalled(first).count(one.pid) == 1 and stalled(second).count(three.pid) == 1, "more than once a stall")


def test_install():
    """Unit, file of options, man pages, completion and files for a fleet by PREFIX and DESTDIR; the administrator's file stays."""
    need_program("make")
    directory = tempfile.mkdtemp()

    def make(target):
        subprocess.run(
            ["make", "-s", "-C", ROOT, target, "DESTDIR=" + directory, "PREFIX=/opt/x"],
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def files():
        return sorted(
            os.path.relpath(os.path.join(path, name), directory) for path, _, names in os.walk(directory) for name in names
        )

    # it was there once
    os.makedirs(os.path.join(directory, "opt/x/sbin"))
    write(os.path.join(directory, "opt/x/sbin/blockprof"), "")
    make("install")
    check(
        files()
        == [
            "etc/default/blockprof",
            "opt/x/bin/blockprof",
            "opt/x/lib/systemd/system/blockprof.service",
            "opt/x/lib/systemd/system/blockprof.socket",
            "opt/x/lib/sysusers.d/blockprof.conf",
            "opt/x/share/bash-completion/completions/blockprof",
            *("opt/x/share/blockprof/fleet/" + name for name in sorted(os.listdir(os.path.join(ROOT, "scripts", "fleet")))),
            "opt/x/share/man/man5/blockprof-json.5",
            "opt/x/share/man/man8/blockprof.8",
        ],
        "what is installed",
        *files(),
    )
    unit = read_file(os.path.join(directory, "opt/x/lib/systemd/system/blockprof.service"))
    check("ExecStart=/opt/x/bin/blockprof serve" in unit, "ExecStart", unit)
    default = os.path.join(directory, "etc/default/blockprof")
    status, _, err = run_blockprof("serve", "--defaults", default, "--version")
    check(status == 0, "the file of options is wrong", err)
    write(default, "BLOCKPROF_OPTIONS=-v\n")
    make("install")
    check(read_file(default) == "BLOCKPROF_OPTIONS=-v\n", "the administrator's options are gone")
    make("uninstall")
    check(files() == ["etc/default/blockprof"], "what stays", *files())
    os.unlink(default)
    make("install")
    make("uninstall")
    check(not files(), "what stays", *files())
    check(not os.path.exists(os.path.join(directory, "opt/x/share/blockprof")), "a directory stays")


def test_check():
    """--check says what is wrong with the options, and watches nothing."""
    directory = tempfile.mkdtemp()
    file, token = os.path.join(directory, "defaults"), os.path.join(directory, "token")
    write(file, "BLOCKPROF_OPTIONS='-t 50ms --listen 0.0.0.0:1'\n")
    status, out, err = run_blockprof("serve", "--defaults", file, "--check")
    check(status == 0 and not out and not err, "exit status %d" % status, out, err)
    for wrong in ("'-t x'", "--listen=here", "--nothing", "'--match ['", "'-t 1"):
        write(file, "BLOCKPROF_OPTIONS=%s\n" % wrong)
        status, out, err = run_blockprof("serve", "--defaults", file, "--check")
        check(status == 2 and not out and file in err, "%s: exit status %d" % (wrong, status), err)
    write(token, "short\n")
    status, _, err = run_blockprof("serve", "--token-file", token, "--check")
    check(status == 1 and token in err and len(err.splitlines()) == 1, "exit status %d" % status, err)
    check(sorted(os.listdir(directory)) == ["defaults", "token"], "it made files", os.listdir(directory))
