# SPDX-License-Identifier: GPL-2.0-or-later
"""`blockprof top`, as it is seen in a terminal: tmux."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
import time

from harness import (
    BLOCKPROF,
    WORKLOADS,
    Failed,
    Process,
    check,
    limit,
    need_program,
    need_root,
    read_some,
    run_blockprof,
)
from terminal import PROMPT, Terminal

COLUMNS = ["STALL", "LOOP", "CAUSES", "LONGEST", "P99", "TURN/s", "EVENTS", "TASKS", "THR"]


class TopTerminal(Terminal):
    def top(self, *args):
        """Starts top, and waits for its first screen."""
        need_root()
        self.type(" ".join([BLOCKPROF, "top"] + [str(arg) for arg in args]))
        return self.wait(lambda screen: "blockprof top  " in screen, "a screen of top", 20)

    def wait_rows(self, count, seconds=15):
        return self.wait(lambda screen: len(rows(screen)) == count, "%d loops" % count, seconds)

    def pid(self):
        """Of top."""
        shell = int(self.run("display-message", "-p", "#{pane_pid}"))
        with open("/proc/%d/task/%d/children" % (shell, shell)) as file:
            return int(file.read().split()[0])


class TopTarget(Process):
    def __init__(self, *options):
        super().__init__(
            [sys.executable, os.path.join(WORKLOADS, "top_target.py")] + [str(option) for option in options],
            env={"PYTHONDONTWRITEBYTECODE": "1"},
        )
        try:
            self.wait_line("READY")
        except BaseException:
            self.popen.kill()
            raise

    @property
    def turns(self):
        return [json.loads(line[5:]) for line in self.lines if line.startswith("TURN ")]


def rows(screen):
    """{column: text} of each loop on the screen, by where its columns stand."""
    lines = screen.splitlines()
    if len(lines) < 2 or "STALL" not in lines[1] or "LOOP" not in lines[1]:
        return []
    spans = column_spans(lines[1])
    found = []
    for line in lines[2:-1]:
        if line.strip() and line != "no event loop yet":
            found.append({name: line[start:end].strip() for name, (start, end) in spans.items()})
    return found


def column_spans(titles):
    """Figures end where their title ends, texts begin where theirs begins."""
    places = [(name, titles.index(name)) for name in COLUMNS if name in titles]
    spans = {}
    end = 0
    for index, (name, at) in enumerate(places):
        start = at if name in ("LOOP", "CAUSES") else end
        after = places[index + 1] if index + 1 < len(places) else None
        if name in ("LOOP", "CAUSES") and after:
            # a text ends where the next column may begin at the earliest
            wide = {"LONGEST": 7, "STALL": 5}.get(after[0])
            stop = after[1] - 1 if after[0] == "CAUSES" else after[1] + len(after[0]) - wide - 1
        else:
            stop = at + len(name)
        spans[name] = (start, stop if after else max(stop, 400))
        end = stop
    return spans


def share(text):
    return float(text.lstrip("!"))


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+) ?(us|ms|s)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def row_of(screen, pid):
    for row in rows(screen):
        if "[%d" % pid in row["LOOP"]:
            return row
    raise Failed("no row of %d" % pid, screen)


def build(name):
    program = os.path.join(tempfile.mkdtemp(prefix="blockprof-build-"), name)
    source = os.path.join(WORKLOADS, name + ".c")
    subprocess.run(
        [need_program("cc"), "-O1", "-fno-omit-frame-pointer", "-pthread", "-o", program, source], check=True
    )
    return program


def check_restored(terminal, status=0):
    """The shell is back, with what stood there before, in a terminal that is as it was."""
    screen = terminal.wait(lambda screen: screen.rstrip().endswith(PROMPT), "the prompt again")
    check("what stood here before" in screen, "the screen was not given back", screen)
    check("STALL" not in screen, "something of top is left", screen)
    terminal.type("echo status=$?; stty -a | md5sum")
    terminal.wait(lambda screen: "status=%d\n" % status in screen, "exit status %d" % status)
    screen = terminal.wait(lambda screen: len(re.findall(r"^\w{32}", screen, re.M)) == 2, "two sums")
    sums = re.findall(r"^\w{32}", screen, re.M)
    check(sums[0] == sums[1], "the terminal's settings are not what they were", screen)


def prepare(terminal):
    terminal.type("echo what stood here before; stty -a | md5sum")
    terminal.wait(lambda screen: re.search(r"^\w{32}", screen, re.M), "a sum")


def test_top_figures():
    """Known stalls of an asyncio loop: share, cause, longest, events, turns; its page has the place."""
    with TopTarget("--seconds=0.3", "--gap=0.7", "--events=10", "--count=6") as target, TopTerminal() as terminal:
        terminal.top("-p", target.pid)
        terminal.wait_rows(1)
        began_ns = time.monotonic_ns()
        target.send("go")
        # a busy machine adds stalls of its own
        screen = terminal.wait(
            lambda screen: int((re.search(r"(\d+) stalls ", screen) or [0, 0])[1]) >= 6 and len(target.turns) == 6,
            "six stalls",
            20,
        )
        now_ns = time.monotonic_ns()
        turns = target.turns
        terminal.keys("Enter")
        page = terminal.wait(lambda screen: "last stalls" in screen, "the loop's page")
        terminal.keys("q")
        row = row_of(screen, target.pid)
        stalled = sum(turn["end_ns"] - turn["start_ns"] for turn in turns)
        # the window is five to ten seconds; the rhythm is the same all the time
        expected = 100 * stalled / (turns[-1]["end_ns"] - turns[0]["start_ns"] + 700_000_000)
        check(abs(share(row["STALL"]) - expected) < 12, "stalled share is not about %.0f%%" % expected, screen)
        longest = max(turn["end_ns"] - turn["start_ns"] for turn in turns) / 1e6
        check(abs(milliseconds(row["LONGEST"]) - longest) < 0.05 * longest + 30, "longest is not %.0f ms" % longest, screen)
        check(row["CAUSES"].startswith("sleep "), "cause is not sleep", screen)
        blocked = float(row["CAUSES"].split()[1].rstrip("%,"))
        check(abs(blocked - share(row["STALL"])) < 10, "blocked is not what was stalled", screen)
        events = int(row["EVENTS"])
        check(0.6 * 10 * len(turns) <= events <= 11 * len(turns), "events delayed are not 10 a stall", screen)
        check(0.5 <= float(row["TURN/s"]) <= 30, "turns a second", screen)
        check(row["THR"] == "2", "it has two threads", screen)
        check("block_here" in page and "top_target.py:" in page, "no place of the stall", page)
        since_start = re.search(r"^stalled +\S+ +\S+ +([\d.]+)%", page, re.M)
        check(since_start, "no share since the start", page)
        whole = 100 * stalled / (now_ns - began_ns)
        check(abs(float(since_start.group(1)) - whole) < 10, "since the start it is not about %.0f%%" % whole, page)


def test_top_of_c_loops():
    """Loops of no library; those with the longer stalls come first."""
    program = build("plain_loops")
    with Process([program, 700]) as target, TopTarget("--seconds=0.15", "--gap=0.5") as other, TopTerminal(
        120, 24
    ) as terminal:
        target.wait_line("READY")
        terminal.top("-p", "%d,%d" % (target.pid, other.pid))
        terminal.wait_rows(4)
        other.send("go")
        terminal.keys("4")  # by the longest turn
        screen = terminal.wait(
            lambda screen: sum(600 < milliseconds(row["LONGEST"]) < 800 for row in rows(screen) if row["LONGEST"] != "-")
            == 3
            and "[%d]" % other.pid in rows(screen)[3]["LOOP"]
            and rows(screen)[3]["CAUSES"].startswith("sleep"),
            "three stalls of 700 ms",
            15,
        )
        for row in rows(screen)[:3]:
            check(row["LOOP"].startswith("plain_loops[%d" % target.pid), "the longest do not come first", screen)
            check(row["CAUSES"].startswith("sleep"), "cause is not sleep", screen)
        terminal.keys("4")  # the other way round
        terminal.wait(lambda screen: "[%d]" % other.pid in rows(screen)[0]["LOOP"], "the shortest first")


def test_top_ongoing():
    """A stall that lasts counts while it does, and is marked."""
    with TopTarget("--seconds=6", "--gap=0.5") as target, TopTerminal() as terminal:
        terminal.top("-p", target.pid)
        terminal.wait_rows(1)
        target.send("go")
        terminal.wait(
            lambda screen: rows(screen)[0]["STALL"].startswith("!") and rows(screen)[0]["CAUSES"].startswith("sleep"),
            "a stall that lasts",
        )
        terminal.keys("w")  # the last second
        screen = terminal.wait(lambda screen: rows(screen)[0]["STALL"] == "!100", "all of the last second")
        check("last second" in screen, "which window is not said", screen)
        terminal.keys("Enter")
        terminal.wait(lambda screen: "and still in block_here" in screen, "the stall on its page")
        target.kill()


def test_top_keys():
    with TopTarget() as first, TopTarget("--seconds=0.2", "--gap=0.2") as second, TopTerminal() as terminal:
        second.send("go")
        terminal.top("-p", "%d,%d" % (first.pid, second.pid))
        terminal.wait(lambda screen: len(rows(screen)) == 2 and "[%d]" % second.pid in rows(screen)[0]["LOOP"], "order")
        terminal.keys("?")
        terminal.wait(lambda screen: "Keys" in screen and "Enter " in screen, "help")
        terminal.keys("Escape")
        terminal.wait_rows(2)
        terminal.keys("2")
        by_name = sorted([first.pid, second.pid])
        terminal.wait(lambda screen: "[%d]" % by_name[0] in rows(screen)[0]["LOOP"], "by name")
        terminal.keys("r")
        terminal.wait(lambda screen: "[%d]" % by_name[1] in rows(screen)[0]["LOOP"], "the other way round")
        terminal.keys("1")
        terminal.wait(lambda screen: "[%d]" % second.pid in rows(screen)[0]["LOOP"], "worst first")
        terminal.keys("Down", "Enter")
        terminal.wait(lambda screen: "python3[%d]" % first.pid in screen or "[%d] asyncio" % first.pid in screen, "the second loop's page")
        terminal.keys("q")
        terminal.wait_rows(2)
        terminal.keys("k", "Enter")
        terminal.wait(lambda screen: "[%d] asyncio" % second.pid in screen and "last stalls" in screen, "the first loop's page")
        terminal.keys("v")
        terminal.wait(lambda screen: "run_until_complete" in screen or "clock_nanosleep" in screen, "all frames")
        terminal.keys("PageDown")
        terminal.wait(lambda screen: "longest turn" not in screen, "a page further")
        terminal.keys("Left")
        terminal.wait_rows(2)
        terminal.keys("p")
        paused = terminal.wait(lambda screen: screen.startswith("PAUSED"), "a pause")
        time.sleep(1.5)
        check(rows(terminal.screen()) == rows(paused), "it does not stand still", paused, terminal.screen())
        terminal.keys("C-z")
        terminal.wait(lambda screen: "Stopped" in screen and "STALL" not in screen, "the shell")
        terminal.type("fg")
        terminal.wait_rows(2)
        terminal.keys("C-s", "p", "w", "w")  # Ctrl-S stops nothing
        terminal.wait(lambda screen: "since start" in screen, "the window since the start")
        terminal.keys("Q")
        terminal.wait(lambda screen: screen.rstrip().endswith(PROMPT), "the prompt")


def test_top_sizes():
    """From tiny to wide, and back and forth quickly; what is on the screen is never garbled."""
    with TopTarget("--seconds=0.2", "--gap=0.3") as target, TopTerminal() as terminal:
        target.send("go")
        terminal.top("-p", target.pid)
        terminal.wait_rows(1)
        terminal.resize(40, 10)
        screen = terminal.wait(lambda screen: len(screen.splitlines()) == 10 and rows(screen), "40x10")
        check("LONGEST" in screen and "EVENTS" not in screen, "columns of 40", screen)
        terminal.keys("Enter")
        terminal.wait(lambda screen: "stalled" in screen, "the page")
        terminal.resize(200, 50)
        terminal.wait(lambda screen: "top_target.py:" in screen, "the page, wide")
        terminal.keys("q")
        screen = terminal.wait(lambda screen: rows(screen) and "THR" in screen, "200x50")
        check("asyncio" in rows(screen)[0]["LOOP"], "the runtime has room", screen)
        for columns, lines in ((20, 5), (10, 3), (5, 2), (2, 1), (20, 5)):
            terminal.resize(columns, lines)
            time.sleep(0.3)
        terminal.wait(lambda screen: "STALL" in screen, "20x5")
        for number in range(40):
            terminal.resize(20 + 7 * (number % 9), 4 + number % 23)
        terminal.resize(80, 24)
        screen = terminal.wait(lambda screen: len(rows(screen)) == 1 and "q quit" in screen, "80x24 again")
        lines = screen.splitlines()
        check(screen.count("STALL") == 1 and all(not line.strip() for line in lines[3:-1]), "remains of others", screen)


def test_top_gives_the_terminal_back():
    """However it ends: by q, Ctrl-C, signals, the end of its targets, its time."""
    with TopTarget() as target:
        for how in ("q", "Ctrl-C", "SIGTERM", "SIGHUP", "time"):
            with TopTerminal() as terminal:
                prepare(terminal)
                terminal.top("-p", target.pid, *(["-d", "3"] if how == "time" else []))
                terminal.wait_rows(1)
                if how == "q":
                    terminal.keys("q")
                elif how == "Ctrl-C":
                    terminal.keys("C-c")
                elif how.startswith("SIG"):
                    os.kill(terminal.pid(), getattr(signal, how))
                check_restored(terminal)
    with TopTerminal() as terminal:
        prepare(terminal)
        with TopTarget() as target:
            terminal.top("-p", target.pid, "-v")
            # what is said on standard error stands in the last line, and in the scrollback later
            terminal.wait(lambda screen: "blockprof: " in screen.splitlines()[-1], "the note in the last line")
        terminal.wait(lambda screen: "have ended" in screen, "why it ended")
        check("thread %d: asyncio" % target.pid in terminal.screen(), "the note is lost", terminal.screen())
        check_restored(terminal)


def test_top_when_nobody_reads():
    """A terminal that takes nothing more, as over a connection that hangs: top goes on, and ends when told to."""
    need_root()
    with TopTarget("--seconds=0.2", "--gap=0.2") as target:
        target.send("go")
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ["TERM"] = "xterm"
            os.execv(BLOCKPROF, [BLOCKPROF, "top", "-p", str(target.pid)])
        try:
            check(b"LONGEST" in read_until(terminal, b"LONGEST", 20), "no screen")
            os.write(terminal, b"?")
            read_until(terminal, b"PgUp", 5)
            for _ in range(300):  # a screen full of text each time, far more than is kept for a reader
                os.write(terminal, b"\x0c")
                time.sleep(0.015)
            calls = set()
            for _ in range(200):
                with open("/proc/%d/task/%d/syscall" % (pid, pid)) as file:
                    calls.add(file.read().split()[0])
                time.sleep(0.002)
            check(calls != {"1"}, "it waits for the terminal: write()")
            os.kill(pid, signal.SIGTERM)
            end = time.monotonic() + 10
            status = 0, 0
            while status[0] == 0 and time.monotonic() < end:
                # what is written at the very end may wait for room
                read_some(terminal, 0.1)
                status = os.waitpid(pid, os.WNOHANG)
            check(status == (pid, 0), "it did not end", repr(status))
        finally:
            os.close(terminal)


def read_until(fd, wanted, seconds):
    data = b""
    end = time.monotonic() + seconds
    while wanted not in data and time.monotonic() < end:
        data += read_some(fd, 0.1)
    return data


def test_top_hostile_names():
    """A name of escapes, controls, wide characters; with and without UTF-8, with and without colour."""
    comm = "\x1b[7m\u20ac\u6f22\x9b".encode()[:14] + b"\n"
    for env, shown in (({"LANG": "C.UTF-8", "NO_COLOR": "1"}, "\u20ac\u6f22"), ({"LANG": "C"}, "?")):
        with TopTarget("--seconds=0.2", "--gap=0.2", "--comm=" + comm.hex()) as target, TopTerminal(
            120, 24, env=env
        ) as terminal:
            target.send("go")
            terminal.top("-p", target.pid)
            screen = terminal.wait(lambda screen: rows(screen) and share(rows(screen)[0]["STALL"]) > 5, "a row")
            check("\\x1b[7m" in screen and shown in screen, "the name is not escaped", screen)
            coloured = re.search("\x1b\\[[0-9;]*3[0-7]m", terminal.screen("-e"))
            check(bool(coloured) == ("NO_COLOR" not in env), "colour", repr(terminal.screen("-e")))
            terminal.keys("Enter")
            terminal.wait(lambda screen: "last stalls" in screen and "\\x1b[7m" in screen, "its page")


@limit(90)
def test_top_growing_threads_and_tasks():
    with TopTarget("--leak=0.2") as leaking, TopTarget() as still, TopTerminal(120, 24) as terminal:
        leaking.send("go")
        terminal.top("-p", "%d,%d" % (leaking.pid, still.pid))
        terminal.wait_rows(2)
        screen = terminal.wait(
            lambda screen: row_of(screen, leaking.pid)["THR"].endswith("+")
            and row_of(screen, leaking.pid)["TASKS"].endswith("+"),
            "a mark",
            60,
        )
        check(not row_of(screen, still.pid)["THR"].endswith("+"), "one that does not grow", screen)
        check(row_of(screen, still.pid)["TASKS"] == "1", "one that has a single task", screen)
        # one each, beside main() and leak(), the main thread and that of the events
        threads, tasks = (int(row_of(screen, leaking.pid)[name].rstrip("+")) for name in ("THR", "TASKS"))
        check(abs(threads - tasks) <= 1 and threads > 10, "threads and tasks leak alike", screen)
        terminal.keys("9", "Enter")
        terminal.wait(lambda screen: re.search(r"\d+ tasks \(growing\), \d+ threads \(growing\)", screen), "its page")


def test_top_needs_a_terminal():
    need_root()
    status, stdout, stderr = run_blockprof("top")
    check(status == 1 and not stdout, "not a terminal: status %d" % status, stdout, stderr)
    check(stderr.startswith("blockprof: ") and stderr.count("\n") == 1 and "blockprof watch" in stderr, "one line", stderr)
    with TopTerminal() as terminal:
        for how in ("env -u TERM", "TERM=dumb", "TERM=no-such-terminal"):
            terminal.type("clear; %s %s top; echo status=$?" % (how, BLOCKPROF))
            screen = terminal.wait(lambda screen: re.search("^status=", screen, re.M), "its end")
            check("status=1" in screen and "TERM=xterm" in screen.replace("\n", ""), "no help for " + how, screen)
            check(screen.count("blockprof: ") == 1, "one line", screen)
        terminal.type("clear; %s top | cat; echo status=${PIPESTATUS[0]}" % BLOCKPROF)
        terminal.wait(lambda screen: "status=1" in screen, "no terminal on stdout")


def test_top_usage():
    for args, said in (
        (["--frobnicate"], "top --help"),
        (["-o", "x"], "top --help"),
        (["--all-threads"], "watch"),
        (["bar"], "bar"),
        (["-t", "x"], "threshold"),
        (["--", "true"], "true"),
    ):
        status, stdout, stderr = run_blockprof("top", *args)
        check(status == 2 and said in stderr and stderr.count("\n") == 1, "%r: status %d" % (args, status), stderr)
    status, stdout, _ = run_blockprof("top", "--help")
    check(status == 0 and stdout.startswith("usage: blockprof top"), "help", stdout)
    status, stdout, _ = run_blockprof("top", "-V")
    check(status == 0 and stdout.startswith("blockprof "), "version", stdout)
