# SPDX-License-Identifier: GPL-2.0-or-later
"""What blockprof is for, as its users meet it: whole commands, whole programs."""

import os
import re
import signal
import subprocess
import sys
import time

from harness import (
    BLOCKPROF,
    MS,
    SECOND,
    WORKLOADS,
    Blockprof,
    Process,
    Target,
    assert_no_stalls,
    assert_slice,
    assert_stall,
    check,
    each_python,
    exclusive,
    find_frame,
    frames_of,
    limit,
    need_root,
    parse_folded,
    parse_jsonl,
    parse_records,
    read_file,
    run_blockprof,
    tolerance,
    until,
    variants,
)

GATHER_SLEEP = os.path.join(WORKLOADS, "gather_sleep.py")
with open(GATHER_SLEEP) as source:
    SLEEP_LINE = next(number for number, text in enumerate(source, 1) if "    time.sleep(SECONDS)" in text)


def check_gather(blockprof, seconds, pid=None):
    """One stall of both coroutines, each with its task."""
    stalls = [stall for stall in blockprof.stalls if not pid or stall["pid"] == pid]
    asked = int(2 * seconds * SECOND)
    stall, _ = assert_stall(stalls, cause="sleep", coro="do_io")
    longer = stall["duration_ns"] - asked
    allowed = tolerance(asked) + 10 * MS
    check(
        -allowed <= longer <= allowed + stall["ledger"]["runqueue_ns"],
        "stall of %.1f ms, %.1f were asked for" % (stall["duration_ns"] / MS, asked / MS),
        stall,
    )
    assert_no_stalls([other for other in stalls if other is not stall])
    of_do_io = [
        slice_
        for slice_ in stall["slices"]
        if slice_["cause"] == "sleep" and find_frame(frames_of(slice_), "do_io", "gather_sleep.py", SLEEP_LINE)
    ]
    tasks = {slice_["task"]["name"] for slice_ in of_do_io}
    check(len(tasks) == 2, "both tasks are named", stall)
    total = sum(slice_["ns"] for slice_ in of_do_io)
    check(abs(total - 2 * seconds * SECOND) <= 2 * seconds * SECOND / 100, "do_io slept %d ns" % total, stall)
    return stall


def check_folded(path, seconds):
    stacks = parse_folded(read_file(path))
    frame = "do_io (gather_sleep.py:%d)" % SLEEP_LINE
    total = sum(weight for frames, weight in stacks if frame in frames and frames[-1] == "[sleep]")
    check(
        abs(total - 2 * seconds * 1e6) <= 2 * seconds * 1e6 / 100,
        "%s has %d us, not %d s" % (frame, total, 2 * seconds),
        read_file(path),
    )
    texts = [";".join(frames) for frames, _ in stacks]
    check(texts == sorted(texts), "folded stacks are not sorted", texts)
    check(len(set(texts)) == len(texts), "a stack comes twice", texts)


@limit(90)
@each_python
def test_two_coroutines_sleep_5_s(python):
    idle = 3
    with Process([python, GATHER_SLEEP, 5, idle]) as bad, Process([python, GATHER_SLEEP, 5, idle, "executor"]) as good:
        with Blockprof("-o", "x.folded", pids=[bad.pid, good.pid], cwd=True) as blockprof:
            check(blockprof.wait(60) == 0, "exit status %s" % blockprof.status)
        check_gather(blockprof, 5, bad.pid)
        check(not [stall for stall in blockprof.stalls if stall["pid"] == good.pid], "a stall in the good one")
        check_folded(os.path.join(blockprof.directory, "x.folded"), 5)
        check(
            {record["pid"] for record in blockprof.of_type("exit")} == {bad.pid, good.pid},
            "both ended",
            blockprof.of_type("exit"),
        )


@each_python
def test_command(python):
    with Blockprof("-o", "x.folded", command=[python, GATHER_SLEEP, 1], cwd=True) as blockprof:
        check(blockprof.wait() == 0, "exit status %s" % blockprof.status, blockprof.stderr)
    check_gather(blockprof, 1)
    check_folded(os.path.join(blockprof.directory, "x.folded"), 1)


@limit(120)
@each_python
def test_hung_program_is_told_within_a_second(python):
    with Target("sleep", "--seconds=60", "--count=1", python=python) as target:
        target.go()
        target.wait_line("BEGIN")
        line = "blocks_sleep.py:%d" % next(
            number
            for number, text in enumerate(open(os.path.join(WORKLOADS, "blocks_sleep.py")), 1)
            if "time.sleep(run.seconds)  # blocks" in text
        )
        took = []
        time.sleep(1)  # shorter ones are told when they have ended
        for _ in range(3):  # the machine may be busy: the best of three
            with Blockprof(pids=[target.pid]) as blockprof:
                until(
                    lambda: all(
                        word in blockprof.stdout for word in ("and still in block_sleep", line, "job-1", "sleep")
                    ),
                    10,
                    "an ongoing stall with line and task",
                )
                took.append(time.monotonic_ns() - blockprof.watching_ns)
            if min(took) <= SECOND:
                break
        target.kill()
    check(min(took) <= SECOND, "reported after %s ms" % [ns // MS for ns in took])


def test_all_threads_of_a_program_without_a_loop():
    code = "import time\ndef nap():\n    time.sleep(0.2)\nprint('READY', flush=True)\nfor _ in range(60): nap()"
    with Process([sys.executable, "-c", code]) as target:
        target.wait_line("READY")
        with Blockprof(pids=[target.pid]) as blockprof:
            until(
                lambda: "no event loop in" in blockprof.stderr + blockprof.stdout, 5, "that there is no event loop"
            )
        check("--all-threads" in blockprof.stderr + blockprof.stdout, "says what to do", blockprof.stderr)
        assert_no_stalls(blockprof.stalls)
        check(not blockprof.loops, "a loop where there is none", blockprof.loops)
        with Blockprof("--all-threads", "-o", "x.folded", "-d", "2", pids=[target.pid], cwd=True) as blockprof:
            blockprof.wait()
        target.kill()
    slept = sum(
        slice_["ns"]
        for record in blockprof.of_type("blocked")
        for slice_ in record["slices"]
        if slice_["cause"] == "sleep" and find_frame(frames_of(slice_), "nap")
    )
    check(1500 * MS <= slept <= 2300 * MS, "nap slept %d ms of 2 s" % (slept // MS), blockprof.of_type("blocked"))
    folded = parse_folded(read_file(os.path.join(blockprof.directory, "x.folded")))
    total = sum(weight for frames, weight in folded if any(f.startswith("nap (") for f in frames))
    check(1_500_000 <= total <= 2_300_000, "folded has %d us of 2 s" % total)


def test_all_threads_shows_the_worker_threads():
    with Target("sleep", "--twin") as target:
        with Blockprof("--all-threads", pids=[target.pid]) as blockprof:
            target.run()
    assert_no_stalls(blockprof.stalls)
    slept = sum(
        slice_["ns"]
        for record in blockprof.of_type("blocked")
        for slice_ in record["slices"]
        if slice_["cause"] == "sleep" and find_frame(frames_of(slice_), "block_sleep")
    )
    check(abs(slept - 500 * MS) <= 50 * MS, "the worker slept %d ms, not 500" % (slept // MS))


@variants([("followed", True), ("not-followed", False)])
def test_children(follow):
    script = 'read x; "%s" "%s" 0.2; read x' % (sys.executable, GATHER_SLEEP)
    with Process(["sh", "-c", script]) as target:
        with Blockprof(*(["-f"] if follow else []), pids=[target.pid]) as blockprof:
            target.send("go")
            time.sleep(2.5)
    if follow:
        check_gather(blockprof, 0.2)
        check(blockprof.stalls[0]["pid"] != target.pid, "the child's pid")
    else:
        assert_no_stalls(blockprof.stalls)
        check(not blockprof.loops, "children are not watched without -f")


def test_command_is_followed():
    script = '"%s" "%s" 0.2 & wait' % (sys.executable, GATHER_SLEEP)
    with Blockprof(command=["sh", "-c", script]) as blockprof:
        blockprof.wait()
    check_gather(blockprof, 0.2)


def test_command_status_is_in_the_summary():
    with Blockprof(command=["sh", "-c", "sleep 0.3; exit 7"]) as blockprof:
        check(blockprof.wait() == 7, "exit status %s" % blockprof.status)
    check("7" in blockprof.stdout + blockprof.stderr.replace(str(blockprof.pid), ""), "COMMAND's status is not reported")


def test_command_keeps_its_input_and_output():
    need_root()
    done = subprocess.run(
        [BLOCKPROF, "-q", "-o", os.devnull, "-F", "text", "--", "sh", "-c", "cat; echo error >&2"],
        input=b"from stdin\n",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=30,
    )
    check(done.returncode == 0, "exit status %d" % done.returncode, done.stderr.decode())
    check(done.stdout == b"from stdin\n", "stdout of COMMAND", repr(done.stdout))
    check(b"error\n" in done.stderr, "stderr of COMMAND", repr(done.stderr))


def test_duration_ends_it():
    with Target("idle", "--seconds=30") as target:
        target.go()
        with Blockprof("-d", "1.5", pids=[target.pid]) as blockprof:
            check(blockprof.wait() == 0, "exit status %s" % blockprof.status)
        target.kill()
    took = blockprof.summary["duration_ns"]
    check(1400 * MS <= took <= 3 * SECOND, "-d 1.5 took %d ms" % (took // MS))


def test_it_ends_with_its_target():
    with Target("idle") as target:
        blockprof = Blockprof(pids=[target.pid])
        with blockprof:
            target.end()
            check(blockprof.wait() == 0, "exit status %s" % blockprof.status)
    exits = blockprof.of_type("exit")
    check([(record["pid"], record["status"]) for record in exits] == [(target.pid, 0)], "exit record", *exits)


# --- Exit status ------------------------------------------------------------------------------------------


def test_fail_says_3_after_a_stall():
    with Blockprof("--fail", command=[sys.executable, GATHER_SLEEP, 0.2], judge=False) as blockprof:
        check(blockprof.wait() == 3, "exit status %s" % blockprof.status, blockprof.stderr)


def test_fail_says_4_where_no_loop_was():
    """A gate that saw nothing has not passed."""
    with Blockprof("--fail", command=["sh", "-c", "sleep 0.3"]) as blockprof:
        check(blockprof.wait() == 4, "exit status %s" % blockprof.status, blockprof.stderr)
    (said,) = [line for line in blockprof.stderr.splitlines() if "no event loop" in line]
    check("cannot vouch" in said, "with the reason", said)


def test_fail_says_0_without_a_stall():
    command = [sys.executable, GATHER_SLEEP, 0.2, 0.3, "executor"]
    with Blockprof("--fail", "-t", "150ms", command=command) as blockprof:
        check(blockprof.wait() == 0, "exit status %s" % blockprof.status, blockprof.stderr)


@variants([(" ".join(args), args) for args in (
    ["--no-such-option"],
    ["-p", "abc"],
    ["-p", ""],
    ["-p", "-5"],
    ["-t", "abc", "-p", "1"],
    ["-t", "10 parsecs", "-p", "1"],
    ["-t", "", "-p", "1"],
    ["-t", "-5", "-p", "1"],
    ["-d", "soon", "-p", "1"],
    ["-F", "morse", "-p", "1"],
    ["--match", "(", "-p", "1"],
    ["-c", "["],
    ["--loop", "x:fd=1"],
    ["dance"],
    ["report"],
    ["dump"],
)])
def test_wrong_usage_says_2(args):
    status, out, err = run_blockprof(*args, seconds=15)
    check(status == 2, "exit status %d" % status, out, err)
    check(err.startswith("blockprof: "), "says why on stderr", err)
    check(not out, "nothing on stdout", out)


def ended_pid():
    child = subprocess.Popen(["true"])
    child.wait()
    return child.pid


@variants([
    ("no-process", lambda: ["-p", ended_pid()]),
    ("no-recording", lambda: ["report", "/no/such/recording.jsonl"]),
    ("no-directory", lambda: ["-p", os.getpid(), "-o", "/no/such/directory/x.jsonl"]),
])
def test_what_cannot_be_done_says_1(make):
    need_root()
    status, out, err = run_blockprof(*make(), seconds=15)
    check(status == 1, "exit status %d" % status, out, err)
    lines = err.splitlines()
    check(lines and all(line.startswith("blockprof: ") for line in lines), "says why", err)
    check(len([line for line in lines if "watching" not in line]) == 1, "in one line", err)


@variants([
    ("own", (["sh", "-c", "exit 7"], 7)),
    ("own before --fail", (["--fail", "sh", "-c", "exit 9"], 9)),
    ("signal", (["sh", "-c", "kill -9 $$"], 137)),
    ("missing", (["/no/such/command"], 127)),
    ("not in PATH", (["no-such-command-anywhere"], 127)),
    ("a directory", (["/"], 126)),
    ("no output", (["-o", "/no/such/directory/x.jsonl", "true"], 125)),
    ("well", (["true"], 0)),
    ("ends first", (["-d", "0.5", "sleep", "600"], 0)),
    ("ends first, no loop", (["--fail", "-d", "0.5", "sleep", "600"], 4)),
    ("wrong usage", (["-t", "never", "true"], 2)),
])
def test_status_with_a_command(case):
    need_root()
    words, expected = case
    options = []
    while words[0].startswith("-"):
        options += [words.pop(0)] if words[0] == "--fail" else [words.pop(0), words.pop(0)]
    status, out, err = run_blockprof(*options, "--", *words, seconds=15)
    check(status == expected, "exit status %d" % status, out, err)


def test_interrupted_command_counts_as_if_it_had_ended_well():
    """Ctrl-C reaches COMMAND too, which dies of it."""
    with Blockprof("--fail", command=[sys.executable, GATHER_SLEEP, 30, 0, "executor"]) as blockprof:
        blockprof.wait_records(lambda records: any(record["type"] == "loop" for record in records))
        os.killpg(blockprof.pid, signal.SIGINT)
        check(blockprof.wait() == 0, "exit status %s" % blockprof.status, blockprof.stderr)


@variants([("system", ([], 1)), ("command", (["--", "true"], 125))])
def test_without_privilege(case):
    need_root()
    args, expected = case

    def become_nobody():
        os.setgid(65534)
        os.setuid(65534)

    done = subprocess.run(
        [BLOCKPROF, "-d", "1"] + args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30, preexec_fn=become_nobody, cwd="/"
    )
    err = done.stderr.decode()
    check(done.returncode == expected, "exit status %d" % done.returncode, err)
    check(len(err.splitlines()) == 1, "one line", err)
    check("root" in err or "sudo" in err, "says what to do", err)


# --- Recordings ---------------------------------------------------------------------------------------------

_STALL_LINE = re.compile(r"^\d\d:\d\d:\d\d\.\d{3} ")


def stall_lines(text):
    return [line for line in text.splitlines() if _STALL_LINE.match(line) and "still" not in line]


def test_report_gives_what_live_gave():
    with Target("recv") as target:
        with Blockprof("-o", "live.folded", "-o", "live.txt", "-F", "text", pids=[target.pid], cwd=True) as blockprof:
            target.run()
    live = {name: read_file(os.path.join(blockprof.directory, "live." + name)) for name in ("folded", "txt")}
    check(len(stall_lines(live["txt"])) == 2, "two stalls in the text", live["txt"])
    check(stall_lines(live["txt"]) == stall_lines(blockprof.stdout), "stdout and file differ", live["txt"], blockprof.stdout)
    status, text, err = run_blockprof("report", blockprof.recording)
    check(status == 0, "exit status %d" % status, err)
    check(stall_lines(text) == stall_lines(live["txt"]), "report's text differs", live["txt"], text)
    status, folded, err = run_blockprof("report", "-F", "folded", blockprof.recording)
    check(status == 0 and folded == live["folded"], "report's folded differs", live["folded"], folded)
    status, again, err = run_blockprof("report", "-F", "json", blockprof.recording)
    check(status == 0, "exit status %d" % status, err)
    check(parse_records(again) == blockprof.records, "report's JSON differs", again)


def test_report_needs_no_root():
    with Blockprof(command=[sys.executable, GATHER_SLEEP, 0.2]) as blockprof:
        blockprof.wait()
    os.chmod(blockprof.directory, 0o755)
    os.chmod(blockprof.recording, 0o644)
    with open(blockprof.recording, "rb") as recording:

        def become_nobody():
            os.setgid(65534)
            os.setuid(65534)

        done = subprocess.run(
            [BLOCKPROF, "report", "/dev/stdin"],
            stdin=recording,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=30,
            preexec_fn=become_nobody,
            cwd="/",
        )
    check(done.returncode == 0, "exit status %d" % done.returncode, done.stderr.decode())
    check(b"do_io" in done.stdout, "the stall is not in the report", done.stdout.decode())


@exclusive
def test_whole_system():
    """No -p: a loop that is there, and one that comes later."""
    with Target("sleep") as before:
        with Blockprof(lost=True) as blockprof:
            with Target("recv") as after:
                blockprof.wait_loop(after.pid)
                before.go()
                after.run()
                before.wait_done()
                time.sleep(0.3)
        for target, cause in ((before, "sleep"), (after, "socket")):
            for turn in target.turns:
                assert_stall(blockprof.stalls, cause=cause, turn=turn, tid=target.pid, task=turn["task"])


# --- Signals ----------------------------------------------------------------------------------------------


@variants([(number.name, number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)])
def test_a_signal_leaves_whole_files(number):
    with Target("sleep") as target:
        blockprof = Blockprof("-o", "x.folded", "-o", "x.jsonl.gz", pids=[target.pid], cwd=True)
        with blockprof:
            target.run()
            check(blockprof.stop(number) == 0, "exit status")
    check(len(blockprof.stalls) == 2, "two stalls", *blockprof.stalls)
    check(parse_folded(read_file(os.path.join(blockprof.directory, "x.folded"))), "folded stacks")
    records = parse_jsonl(os.path.join(blockprof.directory, "x.jsonl.gz"))
    check(records == blockprof.records, "the .gz has other records")


def test_sigkill_leaves_whole_lines():
    with Target("sleep", "--count=3") as target:
        with Blockprof(pids=[target.pid], judge=False) as blockprof:
            target.run()
            blockprof.send_signal(signal.SIGKILL)
            blockprof.wait()
    check(len(blockprof.stalls) == 3, "three stalls are on the disk already", *blockprof.records)


def test_a_stall_in_progress_at_the_end_counts():
    with Target("sleep", "--seconds=60", "--count=1") as target:
        with Blockprof("-o", "x.folded", pids=[target.pid], cwd=True) as blockprof:
            target.go()
            target.wait_line("BEGIN")
            begun = time.monotonic_ns()
            time.sleep(2)
            blockprof.stop()
            length = time.monotonic_ns() - begun
        target.kill()
    check(blockprof.ongoing, "no ongoing stall")
    (last,) = blockprof.stalls
    check(last["at_end"], "it has not ended", last)
    assert_slice(last, cause="sleep", fn="block_sleep", task="job-1")
    (loop,) = blockprof.summary["loops"]
    check(loop["stalls"] == 1 and loop["longest_ns"] == last["duration_ns"], "the summary has it", loop)
    total = sum(w for frames, w in parse_folded(read_file(os.path.join(blockprof.directory, "x.folded"))))
    check(1_900_000 <= total <= length // 1000 + 50_000, "folded has %d us of 2 s" % total)
