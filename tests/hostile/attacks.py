# SPDX-License-Identifier: GPL-2.0-or-later
"""The neighbours that mean harm: what each of them starts, as whom, and what is to be said of it."""

import contextlib
import dataclasses
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time

from honest import as_user, compiled
from machine import ROOT

from targets import Process

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = "/usr/bin/python3"  # not one in a home
FUSE_MOUNT = os.path.join(ROOT, "tests", "cases", "python", "fuse_mount.py")
USER = 64011  # nobody's
NEVER_MS = "100000000"
EVIL_NAME = b"\x1b]0;evil\x07;\n\xff\xc2\x9b"
VERSIONS = {"3.8": 0x030814F0, "3.10": 0x030A0DF0, "3.11": 0x030B07F0, "3.12": 0x030C04F0, "3.13": 0x030D00F0}


@dataclasses.dataclass(frozen=True)
class Attack:
    name: str
    what: str  # what it does, for the reader of the page
    commands: object  # of a directory: what is started, in it; ("name", argv, environment)
    hangs: bool = False  # it lets those hang that look at it
    said: str = None  # a regular expression for what standard error has to say of it, once a process


def program(name, *flags, of=None):
    return compiled(os.path.join(HERE, "neighbours", (of or name) + ".c"), *flags, name=name)


def by(*argv, **env):
    return [(list(argv), env)]


def liar(version):
    return program("liar-" + version, "-DPY_VERSION=%d" % VERSIONS[version], of="liar")


def device(directory, name, major, minor):
    """One like /dev/NAME that everybody may open, as on the machines where they may."""
    path = os.path.join(directory, name)
    os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(major, minor))
    os.chmod(path, 0o666)
    return path


def wrap(directory):
    """Numbers of processes begin anew after some hundred, and are used again at once."""
    script = 'echo 400 >/proc/sys/kernel/pid_max; exec "$0" forks 2'
    return by("unshare", "-Urmpf", "--kill-child", "--mount-proc", "sh", "-c", script, program("crowd"))


def names(directory):
    path = os.path.join(os.fsencode(directory), b"names" + EVIL_NAME)
    shutil.copy(program("names"), path)
    return by(os.fsdecode(path))


def files(directory):
    for kind in ("sparse", "fifo", "link", "endless", "lines", "elf", "java"):
        yield [program("files"), kind], {}


def lies(directory):
    for version in VERSIONS:
        for kind in ("cyclic", "huge", "random", "mutating"):
            yield [liar(version), kind], {}
    yield [liar("3.11"), "stack"], {}


def pages(directory):
    faults = device(directory, "userfaultfd", 10, os.minor(os.stat("/dev/userfaultfd").st_rdev))
    yield [liar("3.11"), "pages", faults], {}
    yield [liar("3.12"), "pages", faults], {}


def fuse_pages(directory):
    """Mounted as fusermount does for a user: in a namespace of the user's own others get no answer, but no sleep either."""
    as_them = "setpriv --reuid %d --regid %d --clear-groups" % (USER, USER)
    argv = [PYTHON, "-B", FUSE_MOUNT, NEVER_MS, *as_them.split(), liar("3.11"), "file", "mnt/x"]
    return by("as root", "unshare", "-m", *argv, FUSE_OPTIONS=",user_id=%d,group_id=%d" % (USER, USER))


def fuse_programs(directory):
    """Mounted with user_allow_other, which lets root in; it stops to answer once the program runs."""
    for kind in ("elf", "fifo"):
        env = {"FUSE_FILE": program("files"), "FUSE_STOPS": "1", "FUSE_OPTIONS": ",allow_other"}
        yield ["as root", "unshare", "-m", PYTHON, "-B", FUSE_MOUNT, "0", "mnt/x", kind], env


def doubled(times):
    """The name of a template's instance in C++ that has a type twice, which has another twice, and so on."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    name = "_Z9nap_in_itI1AIiiE"
    for number in range(1, times + 1):
        seen = "S%s_" % (digits[number // 36] + digits[number % 36]).lstrip("0")
        name += "S0_I%s%sE" % (seen, seen)
    return name + "EvT_"


def names_forever(directory):
    bomb = program("names_forever", '-DBOMB="%s"' % doubled(40))
    for kind in ("demangle", "demangle", "strings", "symbols"):
        yield [bomb, kind], {}


def crowd(*args):
    return lambda directory: by(program("crowd"), *map(str, args))


def deep(directory):
    return by(sys.executable, "-B", os.path.join(HERE, "neighbours", "deep.py"), "2000", "110")


ATTACKS = (
    Attack("forks", "processes as fast as they can be made", crowd("forks", 2)),
    Attack("wrap", "numbers of processes used again at once, in a namespace", wrap),
    Attack("threads", "1,000 threads a second, each with an epoll instance and a pipe", crowd("threads", 1000)),
    Attack("sources", "4,000 epoll instances served by four threads each", crowd("sources", 4000)),
    Attack("slots", "20 processes of 100 loops", crowd("slots", 20, 100), said="its share of the loops"),
    Attack("pipes", "100 loops that wait in fresh pipes", crowd("pipes", 100)),
    Attack("descriptors", "epoll instances closed, made anew, passed on, forked", crowd("descriptors", 50)),
    Attack("names", "escapes, new lines, no UTF-8 in every name; arguments of 64 KiB", names),
    Attack("files", "perf maps of 8 GiB, FIFO, /dev/zero, no line's end; ELF and JVM garbage", files),
    Attack("lies", "interpreters that lie: cycles, huge counts, changes all the time", lies),
    Attack("deep", "turns of 2,000 deep places", deep),
    Attack("pages", "memory that never comes: userfaultfd", pages, hangs=True, said="does not come in time"),
    Attack("fuse-pages", "memory that never comes: FUSE", fuse_pages, hangs=True, said="does not come in time"),
    Attack("fuse-programs", "programs on a FUSE that stops to answer", fuse_programs, hangs=True),
    Attack("flood", "300 stalls a second, no two alike", lambda directory: by(program("flood"), "5", "10")),
    Attack("forever", "names that take for ever, each second of another program", names_forever),
    Attack("peers", "3,000 sockets, another waited for each time", lambda directory: by(program("peers"), "3000")),
)


def session_of(pid):
    """All processes of its session."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and os.getsid(int(entry)) == pid:
                found.append(int(entry))
        except OSError:
            pass
    return found


class Running:
    """An attack at work: with Running(attack): ..."""

    def __init__(self, attack):
        self.attack = attack
        self.processes = []
        self.directory = tempfile.mkdtemp(prefix="blockprof-hostile-")

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.end()
            raise
        return self

    def _start(self):
        for number, (argv, env) in enumerate(self.attack.commands(self.directory)):
            place = os.path.join(self.directory, str(number))
            os.mkdir(place)
            os.chmod(self.directory, 0o777)
            if argv[0] == "as root":
                argv = argv[1:]
            else:
                argv = as_user(USER, place) + argv
            # quiet: what it has to say is in its standard error, which is kept
            self.processes.append(Process(argv, env=env, cwd=place, stdin=subprocess.DEVNULL))

    def check_alive(self):
        """What did not start, or gave up, was no attack."""
        for process in self.processes:
            if process.popen.poll() is not None:
                return "%s ended with status %d: %s" % (process.argv, process.popen.returncode, process.stderr[-500:])
        return None

    def end(self):
        for process in self.processes:
            # what forks may be ahead of us once or twice
            while True:
                left = session_of(process.pid)
                for pid in left:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                process.popen.poll()
                if not left:
                    break
                reap()
                time.sleep(0.005)
            with contextlib.suppress(FileNotFoundError):
                os.unlink("/tmp/perf-%d.map" % process.pid)
        shutil.rmtree(os.fsencode(self.directory), ignore_errors=True)

    def __exit__(self, *_):
        self.end()


def reap():
    """Those that were left to us (this process adopts) of a session that was ended."""
    for pid in children_without_parent():
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def children_without_parent():
    """Zombies that are ours, of other sessions than those that Popen waits for."""
    me = os.getpid()
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % entry, "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if fields[0] == b"Z" and int(fields[1]) == me and int(fields[3]) != int(entry):
            yield int(entry)
