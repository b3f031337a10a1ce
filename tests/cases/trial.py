# SPDX-License-Identifier: GPL-2.0-or-later
"""One case played: its program started, blockprof beside it, and what both of them said."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))

from blockprof import Blockprof
from machine import need_program
from native import build, run_tool
from targets import Process
from verdict import MS, Failed, Skip, need

SHORTEST = 110 * MS  # what is shorter is not sure to be over the threshold
AT_END = 0.6  # seconds in which the program comes to the end of what it was in when the watch ended
TAIL = 0.35  # seconds that are watched after the last interval


class TooLate(Exception):
    """The machine was so busy that what was to be seen was over when the watch began."""


class Interval:
    """What the program says happened."""

    def __init__(self, label, start_ns, end_ns):
        self.label, self.start_ns, self.end_ns = label, start_ns, end_ns

    @property
    def length_ns(self):
        return self.end_ns - self.start_ns

    def __repr__(self):
        return "%s of %.1f ms" % (self.label, self.length_ns / MS)


class Program(Process):
    """The program of a case, in a directory of its own."""

    def __init__(self, case, directory, argv):
        self.truth_file = os.path.join(directory, "truth")
        open(self.truth_file, "w").close()
        super().__init__(argv, env=environment(case, directory), cwd=directory)

    def intervals(self):
        """All that is over, and the labels of what has begun."""
        lines = [line[2:] if line.startswith("T ") else line for line in list(self.lines) if line[:2] in ("T ", "B ")]
        with open(self.truth_file) as file:
            noted = file.read()
        over, begun = [], []
        for line in lines:
            words = line.split()
            if words[0] == "B":
                begun.append(words[1])
            else:
                start = int(words[1])
                over.append(Interval(words[0], start, start + int(float(words[2]) * MS)))
        for line in noted[: noted.rfind("\n") + 1].splitlines():
            label, start, end = line.split()
            if label == "begin":
                begun.append(start)
            else:
                over.append(Interval(label, int(start), int(end)))
        return sorted(over, key=lambda interval: interval.start_ns), begun

    def processes(self):
        """The pids of all that belongs to it now."""
        found = {self.pid}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    if os.getsid(int(entry)) == self.pid:
                        found.add(int(entry))
                except OSError:
                    pass
        return found

    def finish(self):
        """Ends the whole of it, and what it left to others."""
        for pid in self.processes():
            try:
                os.kill(pid, 9)
            except ProcessLookupError:
                pass
        self.popen.wait()
        self.close_stdin()


def environment(case, directory):
    paths = [os.path.join(HERE, "python")]
    return dict(
        {
            "TRUTH": os.path.join(directory, "truth"),
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONWARNINGS": "ignore",
        },
        **case.env,
    )


def compiled(case, source, compiler):
    """The program that a compiler makes of a source, once for each set of flags."""
    need_program(compiler)
    flags = []
    for flag in case.flags:
        if flag.startswith("pkg:"):
            asked = subprocess.run(["pkg-config", "--cflags", "--libs", flag[4:]], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            need(asked.returncode == 0, "%s is not installed" % flag[4:])
            flags += asked.stdout.decode().split()
        else:
            flags.append(flag)
    stem = os.path.basename(source).partition(".")[0]
    folder = "-".join([stem, compiler] + [flag.strip("-").replace("pkg:", "") for flag in case.flags])

    def make(directory):
        argv = [compiler, "-g", "-O1", "-Wall", "-o", os.path.join(directory, stem), source, *flags, "-lpthread"]
        run_tool(argv, "building %s" % source, absent=("No such file or directory", "cannot find -l"))

    header = os.path.join(HERE, "native", "truth.h")
    return os.path.join(build(os.path.join("cases", folder), make, [source, header]), stem)


def command_of(case):
    """How the program of a case is started."""
    source = os.path.join(HERE, case.program)
    ending = os.path.splitext(source)[1]
    for tool in case.tools:
        need_program(tool)
    if ending == ".py":
        need(os.access(case.python, os.X_OK), "%s is not installed" % case.python)
        for module in case.modules:
            need(has_module(case.python, module), "Python's %s is not installed" % module)
        argv = [case.python, source]
    elif ending in (".c", ".cpp"):
        argv = [compiled(case, source, (case.compiler or "gcc") if ending == ".c" else "g++")]
    elif ending == ".js":
        argv = [need_program("node"), *case.flags, source]
    elif ending == ".java":
        need_program("javac")
        name = os.path.splitext(os.path.basename(source))[0]
        classes = build(
            os.path.join("cases", name), lambda directory: run_tool(["javac", "-d", directory, source], "javac"), [source]
        )
        argv = [need_program("java"), "-cp", classes, name]
    elif ending == ".sh":
        argv = ["/bin/sh", source]
    elif ending == ".pl":
        argv = [need_program("perl"), source]
    elif ending == ".rb":
        argv = [need_program("ruby"), source]
    elif ending == ".tcl":
        argv = [need_program("tclsh"), source]
    else:
        raise Failed("nothing is known of how to start %s" % case.program)
    return [*case.prefix, *argv, *case.args]


_modules = {}


def has_module(python, module):
    if (python, module) not in _modules:
        asked = subprocess.run(
            [python, "-c", "import importlib.util, sys; sys.exit(not importlib.util.find_spec(%r))" % module],
            stderr=subprocess.DEVNULL,
        )
        _modules[python, module] = asked.returncode == 0
    return _modules[python, module]


class Trial:
    """What came of a case: intervals (the truth), records (what was said), watched from and until."""

    def __init__(self, case, longer=1):
        self.case = dataclasses.replace(case, env=dict(case.env, LONGER=str(longer)))
        self.directory = tempfile.mkdtemp(prefix="blockprof-case-")
        self.pids = set()
        try:
            argv = command_of(case)
            self.command = argv[len(case.prefix)]
            self._play(argv)
        finally:
            shutil.rmtree(self.directory, ignore_errors=True)

    def _options(self):
        case = self.case
        if case.how == "system":
            return ["-c", case.comm]
        return ["-f"] if case.how == "follow" else []

    def _play(self, argv):
        blockprof = self._start_watch() if self.case.attach == "first" else None
        program = Program(self.case, self.directory, argv)
        try:
            if not blockprof:
                self._wait_attach(program)
                self._check_alive(program)
                blockprof = self._start_watch(program)
            self._watch(program, blockprof)
        finally:
            program.finish()
        self.complaint = program.stderr[-1500:]

    def _start_watch(self, program=None):
        pids = [] if self.case.how == "system" else [program.pid]
        try:
            return Blockprof(*self._options(), pids=pids, judge=False)
        except Failed:
            if program and program.popen.poll() == 0:
                raise TooLate()
            raise

    def _wait_attach(self, program):
        if self.case.attach == "middle":
            end = time.monotonic() + 30
            while not program.intervals()[1]:
                self._check_alive(program)
                if time.monotonic() > end:
                    raise Failed("the program's block did not begin", program.stderr[-1500:])
                time.sleep(0.01)
            time.sleep(0.1)
        elif self.case.attach == "later":
            time.sleep(self.case.settle)

    def _check_alive(self, program):
        if program.popen.poll() not in (None, 0):
            raise Failed("the program ended with status %d" % program.popen.returncode, program.stderr[-1500:])

    def _watch(self, program, blockprof):
        with blockprof:
            self.watching_ns = blockprof.watching_ns
            try:
                self._wait_over(program)
                self.until_ns = time.monotonic_ns()
                self.pids |= program.processes()
                blockprof.stop()
            except BaseException:
                program.finish()  # blockprof may hang on it
                raise
            if any(record.get("at_end") for record in blockprof.records):
                time.sleep(AT_END)
            self.intervals = program.intervals()[0]
            self.records = blockprof.records
            self.status, self.stderr = blockprof.status, blockprof.stderr
            self.started_ns, self.ended_ns = blockprof.started_ns, blockprof.ended_ns
            self.places = Places(blockprof)
        self.pids |= program.processes()
        if self.late:
            raise TooLate()

    def judged(self, interval):
        """Whether blockprof could know it well: the watch saw the whole of it, or the row is about those it did not."""
        stall = self.case.expect.get(interval.label)
        if not stall or interval.length_ns < SHORTEST:
            return False
        if stall.before:
            return interval.start_ns < self.watching_ns < interval.end_ns
        return interval.start_ns > self.watching_ns + int(self.case.grace * 1e9)

    def _wait_over(self, program):
        """Until all that is to be told has happened."""
        case = self.case
        begun = time.monotonic()
        looked = 0
        self.late = False
        while True:
            over = [interval for interval in program.intervals()[0] if self.judged(interval)]
            missing = [
                label
                for label, stall in case.expect.items()
                if sum(interval.label == label for interval in over) < stall.times
            ]
            before = [label for label in missing if case.expect[label].before]
            if any(interval.label in before for interval in program.intervals()[0]):
                self.late = True
                break
            lasted = time.monotonic() - begun
            if lasted > (case.most if missing else 0 if case.expect else case.watch):
                break
            if program.popen.poll() is not None:
                self._check_alive(program)
                self.late = bool(missing)
                break
            if time.monotonic() - looked > 0.4:
                self.pids |= program.processes()
                looked = time.monotonic()
            time.sleep(0.03)
        time.sleep(TAIL)


class Places:
    """What a stall's verdict names, as the text has it."""

    def __init__(self, blockprof):
        with open(blockprof.recording) as file:
            self._lines = file.readlines()
        self.longest_line = max(map(len, self._lines))
        self._records = [json.loads(line) for line in self._lines]
        self._program = blockprof.argv[0]

    def verdict(self, stall):
        """The text's first line of one stall."""
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
            for line, record in zip(self._lines, self._records):
                if record == stall or record["type"] in ("start", "loop"):
                    file.write(line)
            file.write(self._lines[-1])
            file.flush()
            said = subprocess.run([self._program, "report", file.name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return said.stdout.decode("utf-8", "replace")
