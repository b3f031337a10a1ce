# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands that are gone through: how each is run beside the target, and what a whole run of it has."""

import ctypes
import gzip
import json
import os
import pty
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from outcome import Run, judge_stalls, read_records
from places import Table

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT = 30  # seconds: what has not ended by then hangs
GONE = 2  # seconds, in which what blockprof started has to end after it
COMMAND_STATUS = 7


class Target:
    """What all watches watch. It ends with its standard input."""

    def __init__(self, directory):
        self.log = os.path.join(directory, "target.log")
        self.popen = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "target.py"), self.log],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.popen.stdout.readline()
        self.pid = self.popen.pid

    def close(self):
        self.popen.stdin.close()
        self.popen.wait()


def truth_of(log):
    """[(function, start, end)]; a last line may be half written."""
    try:
        with open(log) as file:
            lines = file.read().split("\n")[:-1]
    except FileNotFoundError:
        return []
    return [(function, int(start), int(end)) for function, start, end in map(str.split, lines)]


def holders(table):
    """Names of processes that were begun with this table in their environment, and are still there."""
    found = []
    mark = ("FAULTS_TABLE=%s\0" % table.path).encode()
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            try:
                with open("/proc/%s/environ" % entry, "rb") as environ:
                    if mark not in environ.read():
                        continue
                with open("/proc/%s/comm" % entry) as comm:
                    found.append((int(entry), comm.read().strip()))
            except OSError:
                continue
    return found


class Scenario:
    """One command. armed: (place, nth), or None: nothing fails."""

    name = ""
    failure_status = 1

    def __init__(self, program, preload, target):
        self.program, self.preload, self.target = program, preload, target

    def arguments(self, directory):
        raise NotImplementedError

    def play(self, popen):
        """Beside it, while it runs."""

    def check(self, run, directory, stdout):
        """What is missing of a whole run."""

    def expected_files(self):
        return set()

    def start(self, arguments, environment, directory, out, err):
        return subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=environment,
            cwd=directory,
            start_new_session=True,
        )

    def run(self, armed=None, with_memory=False):
        """(the run, the places that it reached)"""
        directory = tempfile.mkdtemp(prefix="blockprof-faults-")
        handle, path = tempfile.mkstemp(prefix="blockprof-table-")
        os.close(handle)
        table = Table(path, with_memory, armed)
        environment = dict(
            os.environ,
            LD_PRELOAD=self.preload,
            FAULTS_TABLE=path,
            FAULTS_PROGRAM=self.program,
            TMPDIR=directory,
            TERM="xterm",
        )
        out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        popen = self.start([self.program] + self.arguments(directory), environment, directory, out, err)
        try:
            try:
                self.play(popen)
                status = popen.wait(LIMIT)
            except subprocess.TimeoutExpired:
                status = None
            left = self.left_behind(table, directory, status)
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read().decode("utf-8", "replace"))
            run = Run(status, texts[1], table, left)
            if status is not None and status >= 0 and status != self.failure_status:
                self.check(run, directory, getattr(popen, "screen", texts[0]))
            return run, list(table.places())
        finally:
            for pid, _ in holders(table):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            popen.wait()
            out.close()
            err.close()
            table.close()
            shutil.rmtree(directory, ignore_errors=True)

    def left_behind(self, table, directory, status):
        if status is None:
            return []
        end = time.monotonic() + GONE
        while True:
            processes = [comm for _, comm in holders(table)]
            if not processes or time.monotonic() > end:
                break
            time.sleep(0.02)
        files = {
            os.path.relpath(os.path.join(path, file), directory)
            for path, _, names in os.walk(directory)
            for file in names
        }
        return processes + sorted(files - self.expected_files())


class Watch(Scenario):
    name = "watch"

    def arguments(self, directory):
        return ["-d", "1", "-t", "50ms", "-o", "w.jsonl", "-o", "w.folded", "-p", str(self.target.pid)]

    def expected_files(self):
        return {"w.jsonl", "w.folded"}

    def check(self, run, directory, stdout):
        records = self.recording(run, directory)
        judge_stalls(run, records, truth_of(self.target.log))
        try:
            with open(os.path.join(directory, "w.folded")) as file:
                if not file.read():
                    run.missing.append("the folded stacks")
        except FileNotFoundError:
            run.missing.append("the folded stacks")

    def recording(self, run, directory):
        try:
            with open(os.path.join(directory, "w.jsonl")) as file:
                return read_records(run, file.read())
        except FileNotFoundError:
            return []


class Command(Watch):
    """The target is started by blockprof, and its status is blockprof's."""

    name = "command"
    failure_status = 125

    def arguments(self, directory):
        return ["-t", "50ms", "-o", "w.jsonl", "-o", "w.folded", "--"] + [
            sys.executable,
            os.path.join(HERE, "target.py"),
            "target.log",
            "0.8",
            str(COMMAND_STATUS),
        ]

    def expected_files(self):
        return super().expected_files() | {"target.log"}

    def check(self, run, directory, stdout):
        judge_stalls(run, self.recording(run, directory), truth_of(os.path.join(directory, "target.log")))


class OnStall(Watch):
    """Something is run for each stall."""

    name = "on-stall"

    def arguments(self, directory):
        return ["-d", "0.8", "-t", "50ms", "-o", "w.jsonl", "--on-stall", "cat >>seen", "-p", str(self.target.pid)]

    def expected_files(self):
        return {"w.jsonl", "seen"}

    def check(self, run, directory, stdout):
        records = self.recording(run, directory)
        judge_stalls(run, records, truth_of(self.target.log))
        stalls = sum(record["type"] == "stall" and not record["ongoing"] for record in records)
        try:
            with open(os.path.join(directory, "seen")) as file:
                seen = len(file.read().splitlines())
        except FileNotFoundError:
            seen = 0
        if seen < stalls:
            run.missing.append("%d of %d runs of the command" % (stalls - seen, stalls))


class Dump(Scenario):
    name = "dump"

    def arguments(self, directory):
        return ["dump", "--every", "300ms", "-d", "0.5", "-F", "json", "-p", str(self.target.pid)]

    def check(self, run, directory, stdout):
        records = read_records(run, stdout)
        text = json.dumps(records)
        for what, mark in (
            ("the process", '"type": "dump"'),
            ("the threads", '"type": "thread"'),
            ("Python's frames", '"kind": "python"'),
            ("native frames", '"kind": "native"'),
            ("the task", "Task-1"),
            ("the thread that holds the lock", "hold"),
        ):
            if mark not in text:
                run.missing.append(what)


class Serve(Scenario):
    """The whole system is watched, but for all that is not the target."""

    name = "serve"
    answered = set()  # directories of those that gave their metrics over HTTP

    def arguments(self, directory):
        argv = ["serve", "-c", "^faults-target$", "-t", "50ms", "--state-dir", os.path.join(directory, "state")]
        return argv + ["--listen", "unix:" + os.path.join(directory, "http")]

    def play(self, popen):
        directory = os.path.dirname(popen.args[-1].partition(":")[2])
        began = time.monotonic()
        # one that failed is asked again, as who scrapes does
        while popen.poll() is None and time.monotonic() < began + (1.2 if directory in self.answered else 5):
            if directory not in self.answered and self.is_answered(directory):
                self.answered.add(directory)
            time.sleep(0.02)
        popen.send_signal(signal.SIGTERM)

    @staticmethod
    def is_answered(directory):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(1)
        try:
            client.connect(os.path.join(directory, "http"))
            client.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            text = b""
            while chunk := client.recv(65536):
                text += chunk
            return b" 200 " in text.split(b"\r\n")[0] and b"blockprof_build_info" in text
        except OSError:
            return False
        finally:
            client.close()

    def left_behind(self, table, directory, status):
        left = super().left_behind(table, directory, status)
        return [what for what in left if not what.startswith("state/")]

    def check(self, run, directory, stdout):
        state = os.path.join(directory, "state")
        text = ""
        for file in sorted(os.listdir(state)) if os.path.isdir(state) else ():
            if ".jsonl" in file:
                opener = gzip.open if file.endswith(".gz") else open
                try:
                    with opener(os.path.join(state, file), "rt") as recording:
                        text += recording.read()
                except EOFError:
                    run.missing.append("the end of %s" % file)
        judge_stalls(run, read_records(run, text), truth_of(self.target.log))
        if directory not in self.answered:
            run.missing.append("an answer over HTTP")


class Top(Scenario):
    name = "top"

    def arguments(self, directory):
        return ["top", "-t", "50ms", "-p", str(self.target.pid)]

    def start(self, arguments, environment, directory, out, err):
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(directory)
            os.dup2(err.fileno(), 2)
            os.closerange(3, os.sysconf("SC_OPEN_MAX"))
            os.execve(arguments[0], arguments, environment)
        return Forked(pid, terminal)

    def play(self, popen):
        for keys, mark, seconds in (
            (b"", "faults-target", 3),
            (b"\r", "block_", 3),
            (b"\x1b", None, 0.1),
            (b"q", None, LIMIT),
        ):
            try:
                os.write(popen.terminal, keys)
            except OSError:
                pass
            end = time.monotonic() + seconds
            while time.monotonic() < end and popen.poll() is None and not (mark and mark in popen.screen):
                if select.select([popen.terminal], [], [], 0.02)[0]:
                    try:
                        popen.screen += os.read(popen.terminal, 65536).decode("utf-8", "replace")
                    except OSError:
                        break
        os.close(popen.terminal)

    def check(self, run, directory, stdout):
        if "faults-target" not in stdout:
            run.missing.append("the loop")
        if "block_" not in stdout:
            run.missing.append("names")


class Forked:
    """What subprocess.Popen has, of a child on a terminal."""

    def __init__(self, pid, terminal):
        self.pid, self.terminal = pid, terminal
        self.status, self.screen = None, ""

    def poll(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status

    def wait(self, seconds=LIMIT):
        end = time.monotonic() + seconds
        while self.poll() is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired("top", seconds)
            time.sleep(0.01)
        return self.status


SCENARIOS = (Watch, Command, Dump, Serve, OnStall, Top)


def adopt():
    """What blockprof leaves behind is ours then, and found."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
