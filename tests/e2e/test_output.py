# SPDX-License-Identifier: GPL-2.0-or-later
"""What blockprof writes: text, colours, files of each format, notes; and the options that choose."""

import fcntl
import gzip
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import unicodedata

from harness import (
    BLOCKPROF,
    MS,
    WORKLOADS,
    Blockprof,
    Target,
    assert_no_stalls,
    check,
    need,
    need_root,
    parse_folded,
    parse_jsonl,
    parse_records,
    read_file,
    read_some,
    run_blockprof,
    variants,
)
from html_page import check_page

GATHER_SLEEP = os.path.join(WORKLOADS, "gather_sleep.py")
COMMAND = [sys.executable, GATHER_SLEEP, "0.2"]
ESCAPE = "\x1b"
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\r")


def on_terminal(columns, *args, env=None):
    """Its output on a terminal so wide, for a command with one stall: stdout only, or all."""
    need_root()
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS")}
    environment.update({"TERM": "xterm-256color"})
    environment.update(env or {})
    child = subprocess.Popen(
        [BLOCKPROF] + list(args) + ["--"] + COMMAND,
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )
    os.close(slave)
    data = read_some(master, 30)
    err = child.stderr.read().decode("utf-8", "replace")
    status = child.wait(10)
    os.close(master)
    check(status == 0, "exit status %d" % status, err)
    return data.decode("utf-8", "replace")


def width(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line if not unicodedata.combining(c))


# --- Text ---------------------------------------------------------------------------------------------------


@variants([("80", 80), ("60", 60), ("200", 200)])
def test_text_fits_the_terminal(columns):
    text = _ESCAPES.sub("", on_terminal(columns))
    check("do_io" in text and "gather_sleep.py:" in text and "sleep" in text, "the stall is not reported", text)
    if columns >= 80:
        long = [line for line in text.split("\n") if width(line) > columns]
        check(not long, "longer than %d columns" % columns, *long)


def test_colour_on_a_terminal():
    check(ESCAPE in on_terminal(80), "no colour")


def test_no_color():
    text = on_terminal(80, env={"NO_COLOR": "1"})
    check("do_io" in text and ESCAPE not in text, "colour in spite of NO_COLOR", text)


def test_empty_no_color_is_none():
    # no-color.org: only when present and not empty
    check(ESCAPE in on_terminal(80, env={"NO_COLOR": ""}), "no colour with an empty NO_COLOR")


def test_no_colour_off_a_terminal():
    with Blockprof(command=COMMAND, env={"TERM": "xterm"}) as blockprof:
        blockprof.wait()
    check(ESCAPE not in blockprof.stdout + blockprof.stderr, "colour in a file", blockprof.stdout)


def test_text_says_all_there_is():
    with Target("recv") as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            target.run()
        facts = target.facts()
        text = blockprof.stdout
        for word in (
            "socket",
            "recvfrom",
            facts["peer"],
            "%s[%d]" % (facts["helper_comm"], facts["helper_pid"]),
            "[%d]" % target.pid,
            "asyncio",
            "job-1",
            "job-2",
            "block_recv",
            "blocks_network.py:%d" % target.turns[0]["line"],
            "do_io",
            "asyncio_target.py:",
        ):
            check(word in text, "the text has no %r" % word, text)
        watching = next(line for line in blockprof.stderr.splitlines() if "watching" in line)
        for word in (str(target.pid), "1 loop", "asyncio", "CPython 3", "100 ms"):
            check(word in watching, "no %r" % word, watching)


def test_text_shows_library_frames_with_v():
    def report(*args):
        status, text, err = run_blockprof("report", *args, blockprof.recording)
        check(status == 0, "exit status %d" % status, err)
        return text

    with Target("http", "--count=1") as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            target.run()
    plain, verbose = report(), report("-v")
    check("block_http" in plain and "block_http" in verbose, "the program's own frame", plain, verbose)
    check("library frame" in plain, "says how many frames it leaves out", plain)
    check("getresponse" in verbose, "-v shows the library's frames", verbose)


# --- Files ----------------------------------------------------------------------------------------------------


def unpack(path):
    with gzip.open(path, "rb") as file:
        return file.read()


def check_folded_file(path):
    stacks = parse_folded(read_file(path))
    check(any("do_io (gather_sleep.py:" in ";".join(frames) for frames, _ in stacks), "no do_io", str(stacks))


def check_json_file(path):
    check(any(record["type"] == "stall" for record in parse_jsonl(path)), "no stall")


def check_pprof_file(path):
    """tests/e2e/test_profiles.py has what is in it."""
    data = unpack(path)
    check(b"contentions" in data and b"do_io" in data and b"gather_sleep.py" in data, "no do_io", data[-2000:])


def check_html_file(path):
    """tests/e2e/test_html.py has what is in it."""
    page = check_page(unpack(path).decode() if path.endswith(".gz") else read_file(path))
    cells = [cell for table in page.tables for row in table for cell in row]
    check(any(re.search(r"^do_io \(.*gather_sleep.py:\d+\)$", cell) for cell in cells), "no do_io", *page.tables)


def check_svg_file(path):
    text = read_file(path)
    check(text.endswith("</svg>\n") and re.search(r"<title>do_io \(gather_sleep.py:\d+\) - ", text), "no do_io", text)


def check_speedscope_file(path):
    profiles = json.loads(read_file(path))
    check(any(frame["name"] == "do_io" for frame in profiles["shared"]["frames"]), "no do_io", profiles)


FILES = {
    "a.jsonl": check_json_file,
    "a.jsonl.gz": check_json_file,
    "a.folded": check_folded_file,
    "a.folded.gz": check_folded_file,
    "a.pb.gz": check_pprof_file,
    "a.pprof": check_pprof_file,
    "a.html": check_html_file,
    "a.html.gz": check_html_file,
    "a.svg": check_svg_file,
    "a.speedscope.json": check_speedscope_file,
}


@variants([(name, name) for name in FILES])
def test_format_by_suffix(name):
    with Blockprof("-o", name, command=COMMAND, cwd=True) as blockprof:
        blockprof.wait()
    FILES[name](os.path.join(blockprof.directory, name))


def test_all_outputs_at_once():
    options = [word for name in FILES for word in ("-o", name)]
    with Blockprof(*options, command=COMMAND, cwd=True) as blockprof:
        blockprof.wait()
    for name, judge in FILES.items():
        judge(os.path.join(blockprof.directory, name))
    check("do_io" in blockprof.stdout, "and -o - is text", blockprof.stdout)


def test_format_overrules_suffix():
    with Blockprof("-o", "a.dat", "-F", "folded", "-o", "b.jsonl", "-F", "text", command=COMMAND, cwd=True) as blockprof:
        blockprof.wait()
    check_folded_file(os.path.join(blockprof.directory, "a.dat"))
    text = read_file(os.path.join(blockprof.directory, "b.jsonl"))
    check("do_io" in text and not text.startswith("{"), "b.jsonl is text", text)


@variants([("json", "json"), ("folded", "folded")])
def test_format_of_stdout(name):
    with Blockprof("-F", name, command=COMMAND, record=False) as blockprof:
        blockprof.wait()
    if name == "json":
        records = parse_records(blockprof.stdout)
        check(records[0]["type"] == "start" and records[-1]["type"] == "summary", "JSON on stdout", blockprof.stdout)
    else:
        stacks = parse_folded(blockprof.stdout)
        check(any("do_io (gather_sleep.py:" in ";".join(frames) for frames, _ in stacks), "do_io", blockprof.stdout)


@variants([("all", False), ("stalls-only", True)])
def test_stalls_only(only):
    with Target("sleep", "--seconds=0.03", "--count=10", "--gap=0.02") as target:
        args = ["--stalls-only"] if only else []
        with Blockprof(*args, "-o", "x.folded", pids=[target.pid], cwd=True) as blockprof:
            target.run()
    # but for a machine that is busy
    assert_no_stalls(blockprof.stalls)
    stacks = parse_folded(read_file(os.path.join(blockprof.directory, "x.folded")))
    total = sum(weight for frames, weight in stacks if any("block_sleep (" in frame for frame in frames))
    if only:
        check(total == 0, "--stalls-only shows what was no stall", str(stacks))
    else:
        check(290_000 <= total <= 360_000, "ten sleeps of 30 ms are %d us" % total, str(stacks))
        blocked = [slice_ for record in blockprof.of_type("blocked") for slice_ in record["slices"]]
        ours = [slice_ for slice_ in blocked if slice_["cause"] == "sleep"]
        check(sum(slice_["ns"] for slice_ in ours) >= 290 * MS, "not in the blocked records", blocked)
        check(sum(slice_["count"] for slice_ in ours) == 10, "ten sleeps", blocked)


def test_folded_has_process_thread_task_and_cause():
    with Target("sleep", "--count=1") as target:
        with Blockprof("-o", "x.folded", pids=[target.pid], cwd=True) as blockprof:
            target.run()
    stacks = parse_folded(read_file(os.path.join(blockprof.directory, "x.folded")))
    frames = next(frames for frames, _ in stacks if any("block_sleep" in frame for frame in frames))
    check(frames[0].startswith("python") and frames[1].startswith("python"), "process;thread", str(frames))
    check("job-1" in frames[2], "the task", str(frames))
    check(frames[-1] == "[sleep]", "the cause", str(frames))
    outer = [index for index, frame in enumerate(frames) if frame.startswith("do_io (asyncio_target.py:")]
    inner = [index for index, frame in enumerate(frames) if frame.startswith("block_sleep (blocks_sleep.py:")]
    check(outer and inner and outer[0] < inner[0], "outermost first", str(frames))


# --- Notes ------------------------------------------------------------------------------------------------------


def test_version():
    status, out, err = run_blockprof("-V")
    check(status == 0 and not err, "exit status %d" % status, err)
    check(re.match(r"blockprof \d+\.\d+", out), "version", out)
    check(run_blockprof("--version")[1] == out, "--version differs")
    for command in "watch", "top", "dump", "report", "serve":
        check(run_blockprof(command, "-V") == (0, out, ""), "of %s" % command)


def test_help():
    status, out, err = run_blockprof("-h")
    check(status == 0 and not err, "exit status %d" % status, err)
    check(run_blockprof("--help")[1] == out, "--help differs")
    for option in (
        "--pid --follow --threshold --duration --output --format --stalls-only --all-threads --loop --match --on-stall --fail "
        "--quiet --verbose --version --help watch report"
    ).split():
        check(option in out, "help has no %s" % option, out)
    long = [line for line in out.splitlines() if width(line) > 80]
    check(not long, "help is wider than 80 columns", *long)


def test_quiet_and_verbose():
    need_root()
    notes = {}
    for option in ("-q", None, "-v"):
        status, out, err = run_blockprof(*([option] if option else []), "--", *COMMAND)
        check(status == 0, "exit status %d" % status, err)
        check("do_io" in out, "the report is not a note", out)
        notes[option] = err
    check(len(notes["-q"]) < len(notes[None]) <= len(notes["-v"]), "fewer and more", *notes.values())
    check(
        all(line.startswith("blockprof: ") for err in notes.values() for line in err.splitlines()),
        "notes that do not say who says them",
        *notes.values(),
    )


# --- Options ----------------------------------------------------------------------------------------------------


@variants([
    ("default", ([], 100 * MS)),
    ("100ms", (["-t", "100ms"], 100 * MS)),
    ("1.5s", (["-t", "1.5s"], 1500 * MS)),
    ("500us", (["-t", "500us"], MS // 2)),
    ("50", (["-t", "50"], 50 * MS)),
    ("long", (["--threshold=250ms"], 250 * MS)),
])
def test_threshold(case):
    args, expected = case
    with Target("idle") as target:
        with Blockprof(*args, "-d", "300ms", pids=[target.pid]) as blockprof:
            blockprof.wait()
    check(blockprof.start["threshold_ns"] == expected, "threshold", blockprof.start)


def test_threshold_divides():
    with Target("sleep", "--seconds=0.06") as target:
        with Blockprof("-t", "40ms", pids=[target.pid]) as blockprof:
            target.run()
    check(len(blockprof.stalls) == 2, "60 ms are over 40", *blockprof.stalls)
    with Target("sleep", "--seconds=0.25") as target:
        with Blockprof("-t", "400ms", pids=[target.pid]) as blockprof:
            target.run()
    check(not blockprof.stalls, "250 ms are not over 400", *blockprof.stalls)


def test_start_and_loop_records():
    with Target("idle") as target:
        with Blockprof("-d", "1", pids=[target.pid]) as blockprof:
            blockprof.wait()
        check(blockprof.loops, "no loop")
        epoll = os.readlink("/proc/%d/fd/%d" % (target.pid, blockprof.loops[0]["wait"]["fd"]))
    start = blockprof.start
    check(start["scope"] == {"pids": [target.pid]}, "scope", start)
    check(start["kernel"] == os.uname().release and start["host"] == os.uname().nodename, "kernel, host", start)
    check(start["features"] and all(isinstance(value, str) for value in start["features"].values()), "features", start)
    (loop,) = blockprof.loops
    check((loop["pid"], loop["tid"]) == (target.pid, target.pid), "pid, tid", loop)
    check(loop["runtime"] == "asyncio", "runtime", loop)
    check("%d.%d" % sys.version_info[:2] in loop["runtime_version"], "runtime_version", loop)
    check(loop["wait"]["syscall"] in ("epoll_wait", "epoll_pwait"), "wait", loop)
    check(epoll == "anon_inode:[eventpoll]", "wait's fd is %s" % epoll, loop)
    check(os.path.realpath(loop["exe"]) == os.path.realpath(sys.executable), "exe", loop)


def test_loop_can_be_overruled():
    with Target("sleep") as target:
        with Blockprof("--loop", "%d:none" % target.pid, pids=[target.pid]) as blockprof:
            target.run()
    check(not blockprof.stalls and not blockprof.loops, "said to be no loop", *blockprof.records)


def test_closed_pipe():
    """Who reads stdout goes away: it ends, and the recording is whole."""
    need_root()
    with Target("sleep", "--count=3") as target:
        reader, writer = os.pipe()
        with Blockprof("-o", "-", pids=[target.pid], stdout=writer, judge=False) as blockprof:
            os.close(writer)
            os.close(reader)
            target.run()
            blockprof.stop()
    check(blockprof.status in (0, 1), "exit status %s" % blockprof.status, blockprof.stderr)
    records = parse_jsonl(blockprof.recording)
    check(records[-1]["type"] == "summary", "the recording has its last line", records[-1])


def test_full_disk():
    need(os.path.exists("/dev/full"), "no /dev/full")
    with Target("sleep") as target:
        with Blockprof("-o", "/dev/full", "-F", "json", pids=[target.pid], judge=False) as blockprof:
            target.run()
            blockprof.stop()
    check(blockprof.status == 1, "exit status %s" % blockprof.status, blockprof.stderr)
    check("/dev/full" in blockprof.stderr, "says which file", blockprof.stderr)
    records = parse_jsonl(blockprof.recording)
    check(records[-1]["type"] == "summary", "the other file is whole", records[-1])
