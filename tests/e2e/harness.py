# SPDX-License-Identifier: GPL-2.0-or-later
"""What every end-to-end test uses: targets, blockprof itself, and judgements.

A test is a function test_*() in tests/e2e/test_*.py; run.py runs each in a
process of its own, with a time limit, and ends what the test left running.

    def test_sleep():
        with Target("sleep") as target, Blockprof(pids=[target.pid]) as blockprof:
            target.run()
        assert_stall(blockprof.stalls, cause="sleep", fn="block_sleep", file="asyncio_target.py")

Leaving the `with` stops blockprof by SIGINT, reads its JSON Lines and checks
what must hold in every run (check_records). Targets end after it.
"""

import gzip
import json
import os
import pwd
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

E2E = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(E2E))
WORKLOADS = os.path.join(ROOT, "tests", "workloads")
BLOCKPROF = os.environ.get("BLOCKPROF") or os.path.join(ROOT, "blockprof")

MS = 1_000_000
SECOND = 1_000_000_000

CAUSES = frozenset(
    "cpu runqueue throttled sleep file socket dns pipe tty lock gil child poll fault stopped "
    "ipc other".split()
)
TARGET_KINDS = frozenset("file socket pipe futex child dns device".split())
FRAME_KINDS = frozenset("kernel native python js jit".split())
RECORD_TYPES = frozenset("start loop stall blocked exit summary".split())
LEDGER_KEYS = ("cpu_ns", "runqueue_ns", "throttled_ns", "blocked_ns", "unknown_ns")

# Turns that were long because this machine was busy, not because of the target.
NOISE = frozenset(["runqueue"])


class Skip(Exception):
    """The test cannot be run here; the text says what is missing."""


class Failed(AssertionError):
    """What blockprof did is not what it should have done."""


def check(condition, message, *evidence):
    """Fails with message, and what it is about, unless condition holds."""
    if not condition:
        raise Failed(message + "".join("\n    " + show(item) for item in evidence))


def show(value, limit=3000):
    text = value if isinstance(value, str) else json.dumps(value, default=repr)
    return text if len(text) <= limit else text[:limit] + "..."


# --- Marks on tests, for run.py ---------------------------------------------------------------


def limit(seconds):
    """The test's time limit (run.py's default is 60 s)."""

    def mark(test):
        test.limit = seconds
        return test

    return mark


def exclusive(test):
    """No other test may run beside this one: it needs the CPUs, or looks at the whole system."""
    test.exclusive = True
    return test


def variants(make):
    """Runs the test once for each (label, argument) of make(): test_x[label]."""

    def mark(test):
        test.variants = make if callable(make) else lambda: make
        return test

    return mark


def each_python(test):
    """Runs the test once for each CPython found; its argument is the interpreter's path."""
    return variants(pythons)(test)


# --- Requirements -------------------------------------------------------------------------------


def need(condition, reason):
    if not condition:
        raise Skip(reason)


def need_program(name):
    path = shutil.which(name)
    need(path, "%s is not installed" % name)
    return path


def need_root():
    need(os.geteuid() == 0, "needs root")


def disk_directory():
    """A directory on a real disk."""
    for directory in (tempfile.gettempdir(), "/var/tmp", ROOT):
        if os.access(directory, os.W_OK) and os.major(os.stat(directory).st_dev) != 0:
            return directory
    raise Skip("no directory on a block device")


class Cgroup:
    """A cgroup of its own, of version 1 or 2, with one controller: cpu, io or freezer."""

    _V1_NAMES = {"io": "blkio"}

    def __init__(self, controller):
        need_root()
        self.version, root = self._find(controller)
        self.parent = root
        self.path = os.path.join(root, "blockprof-e2e-%d" % os.getpid())
        try:
            os.mkdir(self.path)
        except OSError as error:
            raise Skip("no cgroup can be made: %s" % error)

    def _find(self, controller):
        with open("/proc/self/mountinfo") as file:
            mounts = [line.split() for line in file]
        for fields in mounts:
            kind, options = fields[fields.index("-") + 1], fields[-1].split(",")
            if kind == "cgroup" and self._V1_NAMES.get(controller, controller) in options:
                return 1, fields[4]
        for fields in mounts:
            if fields[fields.index("-") + 1] == "cgroup2":
                if controller == "freezer":  # always there
                    return 2, fields[4]
                control = os.path.join(fields[4], "cgroup.subtree_control")
                try:
                    with open(control, "w") as file:
                        file.write("+" + controller)
                    return 2, fields[4]
                except OSError:
                    continue
        raise Skip("no cgroup controller %s" % controller)

    def set(self, name, value):
        try:
            with open(os.path.join(self.path, name), "w") as file:
                file.write(str(value))
        except OSError as error:
            raise Skip("cgroup: cannot set %s: %s" % (name, error))

    def get(self, name):
        with open(os.path.join(self.path, name)) as file:
            return file.read()

    def add(self, pid):
        self.set("cgroup.procs", pid)

    def limit_cpu(self, quota_us, period_us=100_000):
        if self.version == 1:
            self.set("cpu.cfs_period_us", period_us)
            self.set("cpu.cfs_quota_us", quota_us)
        else:
            self.set("cpu.max", "%d %d" % (quota_us, period_us))

    def limit_io(self, directory, operations_a_second):
        """For the disk of a directory: its partition's whole disk takes the limit."""
        number = os.stat(directory).st_dev
        device = "%d:%d" % (os.major(number), os.minor(number))
        system = os.path.realpath("/sys/dev/block/" + device)
        if os.path.exists(os.path.join(system, "partition")):
            with open(os.path.join(os.path.dirname(system), "dev")) as file:
                device = file.read().strip()
        if self.version == 1:
            for way in ("read", "write"):
                self.set("blkio.throttle.%s_iops_device" % way, "%s %d" % (device, operations_a_second))
        else:
            self.set("io.max", "%s riops=%d wiops=%d" % (device, operations_a_second, operations_a_second))

    def freeze(self, on):
        if self.version == 1:
            self.set("freezer.state", "FROZEN" if on else "THAWED")
        else:
            self.set("cgroup.freeze", int(on))

    def throttled_ns(self):
        stat = dict(line.split() for line in self.get("cpu.stat").splitlines())
        return int(stat["throttled_time"]) if self.version == 1 else int(stat["throttled_usec"]) * 1000

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid in self.get("cgroup.procs").split():
            try:
                with open(os.path.join(self.parent, "cgroup.procs"), "w") as file:
                    file.write(pid)
            except OSError:
                pass  # it ended
        os.rmdir(self.path)


# --- Interpreters -------------------------------------------------------------------------------

_VERSION = (
    "import sys, sysconfig; print(sys.implementation.name, '%d.%d' % sys.version_info[:2],"
    " sysconfig.get_config_var('Py_GIL_DISABLED') or 0)"
)
_pythons = None


def _python_candidates():
    for path in os.environ.get("BLOCKPROF_PYTHONS", "").split(os.pathsep):
        if path:
            yield path
    roots = [os.environ.get("PYENV_ROOT")]
    if shutil.which("pyenv"):
        roots.append(subprocess.run(["pyenv", "root"], stdout=subprocess.PIPE).stdout.decode().strip())
    homes = [os.path.expanduser("~")] + [entry.pw_dir for entry in pwd.getpwall()]
    roots += [os.path.join(home, ".pyenv") for home in homes]
    directories = []
    for root in filter(None, roots):
        versions = os.path.join(root, "versions")
        if os.path.isdir(versions):
            directories += [os.path.join(versions, name, "bin") for name in sorted(os.listdir(versions))]
    for directory in directories + ["/usr/local/bin", "/usr/bin"]:
        for minor in range(8, 14):
            yield os.path.join(directory, "python3.%d" % minor)


def pythons():
    """[(version, path)]: one CPython (with a GIL) for each of 3.8 to 3.13 that can be found."""
    global _pythons
    if _pythons is None:
        found = {}
        for path in _python_candidates():
            if not os.access(path, os.X_OK):
                continue
            run = subprocess.run([path, "-c", _VERSION], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            words = run.stdout.decode().split()
            if len(words) == 3 and words[0] == "cpython" and words[2] == "0":
                found.setdefault(words[1], path)
        versions = ["3.%d" % minor for minor in range(8, 14)]
        _pythons = [(version, found[version]) for version in versions if version in found]
    return _pythons


# --- Targets ------------------------------------------------------------------------------------


class Process:
    """A process the test started, whose lines on stdout are read as they come."""

    def __init__(self, argv, env=None, cwd=None, stdin=subprocess.PIPE, preexec=None):
        self.argv = [str(arg) for arg in argv]
        self.lines = []
        self._changed = threading.Condition()
        self._ended = False
        self.killed = False
        environment = dict(os.environ)
        environment.update(env or {})
        self._stderr_file = tempfile.TemporaryFile()
        self.popen = subprocess.Popen(
            self.argv,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=self._stderr_file,
            env=environment,
            cwd=cwd,
            preexec_fn=preexec,
            start_new_session=True,
        )
        self.pid = self.popen.pid
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for raw in self.popen.stdout:
            with self._changed:
                self.lines.append(raw.decode("utf-8", "surrogateescape").rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait_line(self, start, seconds=30):
        """The first line on stdout that begins so."""

        def found():
            return next((line for line in self.lines if line.startswith(start)), None)

        with self._changed:
            self._changed.wait_for(lambda: found() is not None or self._ended, seconds)
            line = found()
        if line is None:
            raise Failed(
                "target said no %r (%s)" % (start, "it ended" if self._ended else "in %d s" % seconds),
            )
        return line

    @property
    def stderr(self):
        self._stderr_file.seek(0)
        return self._stderr_file.read().decode("utf-8", "replace")

    def send(self, line):
        self.popen.stdin.write(line.encode() + b"\n")
        self.popen.stdin.flush()

    def close_stdin(self):
        try:
            if self.popen.stdin:
                self.popen.stdin.close()
        except BrokenPipeError:
            pass

    def kill(self):
        """Ends it as it is, which is then no failure."""
        self.killed = True
        self.popen.kill()
        self.popen.wait()

    def end(self, seconds=10):
        """Ends it by closing its stdin; if that does not help, by SIGKILL."""
        self.close_stdin()
        try:
            status = self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            status = self.popen.wait()
        # A helper of it may hold the pipe for a moment longer; the thread is a daemon.
        self._reader.join(2)
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


class Target(Process):
    """A workload of tests/workloads: `Target("sleep", "--count=2", python=path)`.

    It says READY once its loop has run and been idle, blocks after run() or go(),
    says DONE after that and stays idle until it is ended. What it did by its own
    clock is in `turns` (see asyncio_target.py).
    """

    def __init__(
        self, pattern, *options, python=None, script="asyncio_target.py", env=None, cwd=None, prefix=(), preexec=None
    ):
        self.pattern = pattern
        self.python = python or sys.executable
        argv = list(prefix) + [self.python, os.path.join(WORKLOADS, script), pattern]
        argv += [str(option) for option in options]
        environment = {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        environment.update(env or {})
        super().__init__(argv, env=environment, cwd=cwd, preexec=preexec)
        try:
            self.wait_ready()
        except BaseException:
            self.popen.kill()
            self.popen.wait()
            raise

    def wait_ready(self):
        with self._changed:
            self._changed.wait_for(
                lambda: self._ended or any(line.startswith(("READY", "SKIP ")) for line in self.lines), 30
            )
        for line in self.lines:
            if line.startswith("SKIP "):
                raise Skip(line[5:])
        if not any(line.startswith("READY") for line in self.lines):
            raise Failed("target %s is not ready" % self.pattern, self.stderr[-2000:])

    def go(self):
        self.send("go")

    def wait_done(self, seconds=60):
        self.wait_line("DONE", seconds)

    def run(self, seconds=60):
        """Blocks as the pattern says, and a moment of idle time after it."""
        self.go()
        self.wait_done(seconds)
        time.sleep(0.2)

    def facts(self):
        """What it said before it began: {"helper_pid": ...}."""
        facts = {}
        for line in self.lines:
            if line.startswith("FACT "):
                facts.update(json.loads(line[5:]))
        return facts

    @property
    def turns(self):
        """What it did, by its own clock: [{start_ns, end_ns, fn, line, task, tid, ...}]."""
        return [json.loads(line[5:]) for line in self.lines if line.startswith("TURN ")]

    def __exit__(self, exc_type, *_):
        if exc_type is not None:
            self.kill()
        status = self.end()
        if exc_type is None and status != 0 and not self.killed:
            raise Failed("target %s ended with status %d" % (self.pattern, status), self.stderr[-2000:])


# --- blockprof ----------------------------------------------------------------------------------


def parse_jsonl(path):
    """The objects of a recording, plain or gzip'd; every line must be one."""
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rb") as file:
        data = file.read()
    check(not data or data.endswith(b"\n"), "last line of %s is not whole" % path, data[-200:].decode("utf-8", "replace"))
    records = []
    for number, line in enumerate(data.splitlines(), 1):
        try:
            record = json.loads(line.decode("utf-8"))
        except ValueError as error:
            raise Failed("line %d is not JSON: %s" % (number, error), line.decode("utf-8", "replace"))
        check(isinstance(record, dict), "line %d is no object" % number, record)
        records.append(record)
    return records


class Blockprof:
    """One run of blockprof, with a recording beside whatever it is asked to write.

    pids: what to watch (-p); command: what to start; args: further options,
    put before those. cwd=True: it runs in self.directory. wait=False: do not wait for the line that says it watches.
    lost: names of losses that are no failure here, or True for any.
    judge=False: check nothing at the end.
    """

    def __init__(
        self,
        *args,
        pids=(),
        command=None,
        record=True,
        wait=True,
        lost=(),
        judge=True,
        env=None,
        stdout=None,
        cwd=False,
    ):
        need_root()
        check(os.access(BLOCKPROF, os.X_OK), "%s is not there: run make" % BLOCKPROF)
        self.directory = tempfile.mkdtemp(prefix="blockprof-e2e-")
        self.recording = os.path.join(self.directory, "recording.jsonl") if record else None
        argv = [BLOCKPROF] + [str(arg) for arg in args]
        if self.recording:
            argv += ["-o", self.recording]
        if stdout is None and record:
            argv += ["-o", "-"]
        if pids:
            argv += ["-p", ",".join(str(pid) for pid in pids)]
        if command:
            argv += ["--"] + [str(arg) for arg in command]
        self.argv = argv
        self.lost = lost
        self.judge = judge
        self.status = None
        self.records = []
        self._wait = wait
        self._err = open(os.path.join(self.directory, "stderr"), "w+b")
        self._out = open(os.path.join(self.directory, "stdout"), "w+b")
        environment = dict(os.environ)
        environment.update(env or {})
        self.started_ns = time.monotonic_ns()
        self.popen = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=self._out if stdout is None else stdout,
            stderr=self._err,
            env=environment,
            cwd=self.directory if cwd else None,
            start_new_session=True,
        )
        self.pid = self.popen.pid
        if wait:
            try:
                self.wait_watching()
            except BaseException:
                self._kill()
                raise

    def _kill(self):
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()

    def _text(self, file):
        return os.pread(file.fileno(), 1 << 26, 0).decode("utf-8", "replace")

    @property
    def stderr(self):
        return self._text(self._err)

    @property
    def stdout(self):
        """What it wrote to stdout, so far."""
        return self._text(self._out)

    def wait_watching(self, seconds=30):
        end = time.monotonic() + seconds
        while "blockprof: watching" not in self.stderr:
            if self.popen.poll() is not None:
                raise Failed(
                    "blockprof ended with status %d before it watched" % self.popen.returncode, self.stderr
                )
            if time.monotonic() > end:
                raise Failed("no `blockprof: watching` in %d s" % seconds, self.stderr)
            time.sleep(0.005)
        self.watching_ns = time.monotonic_ns()

    def wait_records(self, condition, seconds=10):
        """Reads the recording while it grows, until condition(records) holds; the records."""
        end = time.monotonic() + seconds
        while True:
            records = self.peek()
            if condition(records):
                return records
            if time.monotonic() > end or self.popen.poll() is not None:
                raise Failed("what was waited for did not come in %.1f s" % seconds, *records[-3:])
            time.sleep(0.01)

    def peek(self):
        """The whole lines of the recording, so far."""
        try:
            with open(self.recording, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in data[: data.rfind(b"\n") + 1].splitlines()]

    def send_signal(self, number=signal.SIGINT):
        self.popen.send_signal(number)

    def wait(self, seconds=20):
        """Waits for its end, then reads and checks; the exit status."""
        try:
            self.status = self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self._kill()
            raise Failed("blockprof did not end in %d s" % seconds, self.stderr[-3000:])
        self.ended_ns = time.monotonic_ns()
        if self.recording and os.path.exists(self.recording):
            if self.judge:
                self.records = parse_jsonl(self.recording)
                check_records(
                    self.records, lost=self.lost, started_ns=self.started_ns, ended_ns=self.ended_ns
                )
            else:
                self.records = self.peek()
        return self.status

    def stop(self, number=signal.SIGINT, seconds=20):
        """Ends it by a signal; its exit status, which must be 0."""
        if self.status is None:
            if self.popen.poll() is None:
                self.send_signal(number)
            self.wait(seconds)
            if self.judge:
                check(self.status == 0, "blockprof ended with status %d" % self.status, self.stderr[-3000:])
        return self.status

    def of_type(self, name):
        return [record for record in self.records if record.get("type") == name]

    @property
    def stalls(self):
        """Final stalls."""
        return [stall for stall in self.of_type("stall") if not stall["ongoing"]]

    @property
    def ongoing(self):
        return [stall for stall in self.of_type("stall") if stall["ongoing"]]

    @property
    def loops(self):
        return self.of_type("loop")

    @property
    def start(self):
        return self.records[0]

    @property
    def summary(self):
        return self.records[-1]

    def __enter__(self):
        return self

    def __exit__(self, exc_type, *_):
        if exc_type is None:
            self.stop()
            return
        self._kill()
        print("--- %s" % " ".join(self.argv))
        print("--- stderr of blockprof\n" + self.stderr[-4000:])
        print("--- stdout of blockprof\n" + self.stdout[-4000:])


def run_blockprof(*args, seconds=30, env=None, stdin=None):
    """One short run to its end: (exit status, stdout, stderr)."""
    check(os.access(BLOCKPROF, os.X_OK), "%s is not there: run make" % BLOCKPROF)
    environment = dict(os.environ)
    environment.update(env or {})
    try:
        done = subprocess.run(
            [BLOCKPROF] + [str(arg) for arg in args],
            stdin=subprocess.DEVNULL if stdin is None else None,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            timeout=seconds,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired as error:
        raise Failed("blockprof %s did not end in %d s" % (" ".join(args), seconds), repr(error.stderr))
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


# --- What must hold in every run ------------------------------------------------------------------

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_CONTROL = re.compile("[\x00-\x1f\x7f]")


def _is_count(value):
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63


def check_records(records, lost=(), started_ns=0, ended_ns=None):
    """The invariants of a recording, whatever was watched."""
    check(records, "the recording is empty")
    check(records[0].get("type") == "start", "first line is no start", records[0])
    check(records[-1].get("type") == "summary", "last line is no summary", records[-1])
    finals = {}
    ongoing = {}
    known = set()
    exited = set()
    for number, record in enumerate(records):
        kind = record.get("type")
        check(kind in RECORD_TYPES, "line %d: type %r" % (number + 1, kind), record)
        check(_is_count(record.get("mono_ns")), "line %d: mono_ns" % (number + 1), record)
        check(
            isinstance(record.get("time"), str) and _TIME.fullmatch(record["time"]),
            "line %d: time is not RFC 3339 UTC" % (number + 1),
            record,
        )
        check(kind != "start" or number == 0, "a second start", record)
        check(kind != "summary" or number == len(records) - 1, "a summary in the middle", record)
        if kind == "loop":
            for key in ("pid", "tid", "comm", "runtime"):
                check(key in record, "loop without %s" % key, record)
            known.add(record["tid"])
        elif kind == "stall":
            check_stall(record, records[0], ended_ns)
            check(record["tid"] in known, "stall of a thread that was never said to be a loop", record)
            turn = record["turn"]
            check(turn not in finals, "a turn after its final record", record)
            if record["ongoing"]:
                before = ongoing.get(turn)
                check(
                    not before or before["duration_ns"] <= record["duration_ns"],
                    "an ongoing stall became shorter",
                    before,
                    record,
                )
                ongoing[turn] = record
            else:
                finals[turn] = record
        elif kind == "blocked":
            for slice_ in record["slices"]:
                check_slice(slice_, record)
        elif kind == "exit":
            exited.add(record["pid"])
    check_summary(records, finals, lost)


def check_stall(stall, start, ended_ns=None):
    for key in (
        "turn ongoing pid tid comm runtime duration_ns before_attach ledger cause slices"
    ).split():
        check(key in stall, "stall without %s" % key, stall)
    check(str(stall["turn"]).startswith("%d-" % stall["tid"]), "turn is not TID-SEQ", stall)
    duration = stall["duration_ns"]
    check(_is_count(duration), "absurd duration", stall)
    ledger = stall["ledger"]
    check(sorted(ledger) == sorted(LEDGER_KEYS), "ledger's keys", ledger)
    for key in LEDGER_KEYS:
        check(_is_count(ledger[key]), "absurd %s" % key, stall)
    check(
        sum(ledger.values()) == duration,
        "ledger sums to %d, not %d" % (sum(ledger.values()), duration),
        stall,
    )
    check(duration >= start["threshold_ns"], "stall below the threshold", stall)
    check(isinstance(stall["before_attach"], bool), "before_attach", stall)
    if ended_ns:
        check(stall["mono_ns"] + duration <= ended_ns + MS, "stall ends in the future", stall)
    if not stall["before_attach"]:
        check(stall["mono_ns"] + MS >= start["mono_ns"], "stall from before the start", stall)
    check(stall["cause"] in CAUSES, "cause %r" % stall["cause"], stall)
    check("delayed_events" not in stall or not stall["ongoing"], "delayed_events of an ongoing stall", stall)
    slices = stall["slices"]
    for slice_ in slices:
        check_slice(slice_, stall)
        check(slice_["ns"] <= duration, "slice longer than its turn", slice_, stall)
    lengths = [slice_["ns"] for slice_ in slices]
    check(lengths == sorted(lengths, reverse=True), "slices are not sorted", stall)
    # CPU slices stand for samples: one period each, so their sum may pass the ledger's by one.
    check(sum(lengths) <= duration + 3 * MS, "slices sum to more than the turn", stall)
    sums = cause_sums(stall)
    if sums:
        check(
            sums.get(stall["cause"], 0) == max(sums.values()),
            "cause is %s, but sums are %s" % (stall["cause"], sums),
            stall,
        )


def check_slice(slice_, record):
    check(slice_.get("cause") in CAUSES, "slice's cause", slice_, record)
    check(_is_count(slice_.get("ns")), "absurd slice", slice_, record)
    check(_is_count(slice_.get("count")) and slice_["count"] >= 1, "slice's count", slice_, record)
    check(_is_count(slice_.get("max_ns")) and slice_["max_ns"] <= slice_["ns"], "slice's max_ns", slice_, record)
    target = slice_.get("target")
    if target is not None:
        check(target.get("kind") in TARGET_KINDS, "target's kind", slice_, record)
    for frame in frames_of(slice_) + [
        frame for who in ("waker", "holder") for frame in slice_.get(who, {}).get("stack", [])
    ]:
        check(isinstance(frame.get("fn"), str) and frame["fn"], "frame without fn", frame, record)
        check(frame.get("kind") in FRAME_KINDS, "frame's kind", frame, record)
        check("line" not in frame or _is_count(frame["line"]) and frame["line"] > 0, "frame's line", frame)


def check_summary(records, finals, lost):
    summary = records[-1]
    for key in ("duration_ns", "loops", "lost"):
        check(key in summary, "summary without %s" % key, summary)
    check(_is_count(summary["duration_ns"]), "summary's duration", summary)
    if lost is not True:
        unexpected = {name: count for name, count in summary["lost"].items() if name not in lost and count}
        check(not unexpected, "something was lost: %s" % unexpected)
    for loop in summary["loops"]:
        for key in (
            "pid tid comm runtime turns wall_ns idle_ns cpu_ns runqueue_ns throttled_ns blocked_ns "
            "unknown_ns stalls longest_ns p50_ns p99_ns"
        ).split():
            check(key in loop, "summary's loop without %s" % key, loop)
            if key.endswith("_ns") or key in ("turns", "stalls"):
                check(_is_count(loop[key]), "absurd %s" % key, loop)
        parts = loop["idle_ns"] + sum(loop[key] for key in LEDGER_KEYS)
        check(
            abs(parts - loop["wall_ns"]) <= max(MS, loop["wall_ns"] // 100),
            "a loop's parts sum to %d, not wall_ns %d" % (parts, loop["wall_ns"]),
            loop,
        )
        own = [stall for stall in finals.values() if stall["tid"] == loop["tid"]]
        check(loop["stalls"] >= len(own), "%d stalls, but %d were told" % (loop["stalls"], len(own)), loop)
        if own:
            longest = max(stall["duration_ns"] for stall in own)
            check(loop["longest_ns"] >= longest, "longest_ns below a stall of %d" % longest, loop)
        check(loop["p50_ns"] <= loop["p99_ns"], "p50 above p99", loop)


def frames_of(slice_):
    return slice_.get("stack", [])


def cause_sums(stall):
    sums = {}
    for slice_ in stall["slices"]:
        sums[slice_["cause"]] = sums.get(slice_["cause"], 0) + slice_["ns"]
    return sums


def strings_of(value):
    """Every string inside a record."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings_of(item)


# --- Judgements -----------------------------------------------------------------------------------


def tolerance(ns):
    return max(ns // 50, 5 * MS)


def find_frame(stack, fn=None, file=None, line=None, kind="python"):
    """The first frame that is so. file: the path's end; line: a number or (first, last)."""
    first, last = line if isinstance(line, (tuple, list)) else (line, line)
    for frame in stack:
        if kind and frame.get("kind") != kind:
            continue
        if fn and frame["fn"] != fn:
            continue
        if file and not frame.get("file", "").endswith(file):
            continue
        if line and not (frame.get("line") and first <= frame["line"] <= last):
            continue
        return frame
    return None


def target_matches(target, expected):
    """expected: {key: value}; a value may be a function that judges."""
    if target is None:
        return False
    return all(
        wanted(target.get(key)) if callable(wanted) else target.get(key) == wanted
        for key, wanted in expected.items()
    )


def assert_slice(
    stall, cause=None, fn=None, file=None, line=None, task=None, coro=None, target=None, syscall=None,
    waker=None, holder=None,
):
    """The largest slice that is all this; fails when there is none.

    waker, holder: {key: value} as for a target; "fn" there asks for a frame of its stack.
    """
    reasons = []
    for slice_ in stall["slices"]:
        why = None
        if cause and slice_["cause"] not in (cause if isinstance(cause, (tuple, set, list)) else [cause]):
            why = "cause is %s" % slice_["cause"]
        elif (fn or file or line) and not find_frame(frames_of(slice_), fn, file, line):
            why = "no frame %s %s:%s" % (fn, file, line)
        elif task and slice_.get("task", {}).get("name") != task:
            why = "task is %s" % slice_.get("task")
        elif coro and slice_.get("task", {}).get("coro") != coro:
            why = "task is %s" % slice_.get("task")
        elif target and not target_matches(slice_.get("target"), target):
            why = "target is %s" % slice_.get("target")
        elif syscall and slice_.get("syscall") != syscall:
            why = "syscall is %s" % slice_.get("syscall")
        for name, expected in (("waker", waker), ("holder", holder)):
            if not why and expected:
                expected = dict(expected)
                frame = expected.pop("fn", None)
                other = slice_.get(name)
                if not target_matches(other, expected):
                    why = "%s is %s" % (name, other)
                elif frame and not find_frame(other.get("stack", []), frame):
                    why = "%s's stack has no %s: %s" % (name, frame, other.get("stack"))
        if not why:
            return slice_
        reasons.append("%d ms: %s" % (slice_["ns"] // MS, why))
    wanted = {
        key: value
        for key, value in dict(
            cause=cause, fn=fn, file=file, line=line, task=task, coro=coro, target=target, syscall=syscall,
            waker=waker, holder=holder,
        ).items()
        if value is not None
    }
    raise Failed("no slice is %s" % show(wanted), *(reasons[:8] + [stall]))


def overlap(stall, turn):
    return min(stall["mono_ns"] + stall["duration_ns"], turn["end_ns"]) - max(stall["mono_ns"], turn["start_ns"])


def stall_of(stalls, turn):
    """The stall that covers most of a turn the target told of."""
    best = max(stalls, key=lambda stall: overlap(stall, turn), default=None)
    if best is None or overlap(best, turn) <= 0:
        raise Failed("no stall for the target's turn", turn, "stalls: %s" % show(stalls))
    return best


def assert_duration(stall, turn, spare_ns=0):
    """Start and length are those of the target's own clock, but for max(2%, 5 ms)."""
    length = turn["end_ns"] - turn["start_ns"]
    allowed = tolerance(length) + spare_ns
    check(
        abs(stall["duration_ns"] - length) <= allowed,
        "stall of %.1f ms, the target says %.1f ms" % (stall["duration_ns"] / MS, length / MS),
        stall,
    )
    check(
        abs(stall["mono_ns"] - turn["start_ns"]) <= allowed,
        "stall begins %.1f ms off" % ((stall["mono_ns"] - turn["start_ns"]) / MS),
        stall,
    )


def assert_stall(
    stalls, cause=None, fn=None, file=None, line=None, task=None, coro=None, target=None, syscall=None,
    waker=None, holder=None, turn=None, duration_ns=None, tid=None, spare_ns=0,
):
    """One final stall that is all this; returns (stall, its slice).

    turn: one of Target.turns: the stall has its start and length. duration_ns: only its
    length. cause is also the stall's own.
    """
    finals = [stall for stall in stalls if not stall["ongoing"] and (not tid or stall["tid"] == tid)]
    check(finals, "no stall")
    if turn:
        stall = stall_of(finals, turn)
        assert_duration(stall, turn, spare_ns)
    elif duration_ns:
        stall = min(finals, key=lambda stall: abs(stall["duration_ns"] - duration_ns))
        check(
            abs(stall["duration_ns"] - duration_ns) <= tolerance(duration_ns) + spare_ns,
            "no stall of %.1f ms; nearest has %.1f ms" % (duration_ns / MS, stall["duration_ns"] / MS),
            stall,
        )
    else:
        causes = cause if isinstance(cause, (tuple, set, list)) else [cause]
        stall = max(
            finals,
            key=lambda stall: (cause is None or stall["cause"] in causes, stall["duration_ns"]),
        )
    if cause:
        causes = cause if isinstance(cause, (tuple, set, list)) else [cause]
        check(
            stall["cause"] in causes,
            "cause is %s, not %s" % (stall["cause"], " or ".join(causes)),
            stall,
        )
    return stall, assert_slice(
        stall, cause, fn, file, line, task, coro, target, syscall, waker=waker, holder=holder
    )


def assert_no_stalls(stalls, allow=NOISE, tid=None):
    """None at all, but for turns that were long because the machine was busy."""
    found = [
        stall for stall in stalls if stall["cause"] not in allow and (not tid or stall["tid"] == tid)
    ]
    check(not found, "%d stalls, none was expected" % len(found), *found[:3])


# --- Small helps ----------------------------------------------------------------------------------


def parse_folded(text):
    """[(frames, weight)] of folded stacks."""
    stacks = []
    for line in text.splitlines():
        frames, _, weight = line.rpartition(" ")
        check(frames and weight.isdigit(), "not a folded stack", line)
        stacks.append((frames.split(";"), int(weight)))
    return stacks


def read_file(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rb") as file:
        return file.read().decode("utf-8", "replace")


def read_some(fd, seconds):
    """What can be read from a descriptor within a time."""
    data = b""
    end = time.monotonic() + seconds
    while True:
        left = end - time.monotonic()
        if left <= 0 or not select.select([fd], [], [], left)[0]:
            return data
        try:
            chunk = os.read(fd, 65536)
        except OSError:
            return data
        if not chunk:
            return data
        data += chunk


def until(condition, seconds, what):
    """Waits until condition() gives something true, and returns that."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed("not in %.1f s: %s" % (seconds, what))
        time.sleep(0.01)
