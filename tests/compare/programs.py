# SPDX-License-Identifier: GPL-2.0-or-later
"""Real programs at work, whose stacks are compared. Each is a generator that yields a Subject
once, while the program is there and has something to do.
"""

import os
import shutil
import subprocess
import sys
import tempfile

import names
from harness import WORKLOADS, Process, until
from machine import need_program, pythons
from native import build, cargo_program, java_classes, run_tool
from servers import Memcached, Nginx, Postgres, Redis
from verdict import need

DEBIAN_PYTHON = "/usr/bin/python3"


class Subject:
    """pid; program and root: its file, and where its / is, if that is another; python: it is one;
    made: code that was made at run time is on its stacks, and which of that kind is linked in:
    (file, from, to), or (); threads: at most so many.
    """

    def __init__(self, pid, program=None, root="", python=False, made=None, threads=8, gap_s=(0.01, 0.08)):
        self.pid = pid
        self.program = program
        self.root = root
        self.python = python
        self.made = made
        self.threads = threads
        self.gap_s = gap_s


class Load:
    """A command that is started again whenever it ends."""

    def __init__(self, *argv):
        line = " ".join("'%s'" % word for word in map(str, argv))
        self.popen = subprocess.Popen(
            ["/bin/sh", "-c", "while :; do %s >/dev/null 2>&1 || sleep 0.2; done" % line],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.popen.pid, 9)
        self.popen.wait()


# --- Servers --------------------------------------------------------------------------------------


def redis():
    with Redis() as server:
        script = "for i=1,20000 do redis.call('incr', 'k' .. i % 10) end return 1"
        with Load(need_program("redis-benchmark"), "-p", server.port, "-n", 100000, "-c", 8, "-q", "-t", "set,lpush,lrange_100"):
            with Load(need_program("redis-cli"), "-p", server.port, "eval", script.replace("'", '"'), 0):
                yield Subject(server.pid)


def nginx():
    with Nginx(workers=1) as server, Load(need_program("wrk"), "-t1", "-c8", "-d10", "http://127.0.0.1:%d/" % server.port):
        yield Subject(until(server.children, 5, "a worker")[0])


MEMCACHED_LOAD = """
import socket, sys
client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
answers = client.makefile("rb")
while True:
    client.sendall(b"set key 0 0 5\\r\\nvalue\\r\\nget key\\r\\n")
    for _ in range(4):
        answers.readline()
"""


def memcached():
    with Memcached(threads=2) as server, Load(sys.executable, "-c", MEMCACHED_LOAD, server.port):
        yield Subject(server.pid)


def postgresql():
    with Postgres() as server:
        session = server.session()
        session.send(
            "DO $$ BEGIN LOOP PERFORM count(*), string_agg(a.relname, ',' ORDER BY b.relname) FROM pg_class a"
            " JOIN pg_class b ON a.oid = b.reltoastrelid WHERE a.relname ~ '^pg_[a-z_]+$'; PERFORM pg_sleep(0.001);"
            " END LOOP; END $$;"
        )
        try:
            yield Subject(session.backend)
        finally:
            os.kill(session.backend, 15)
            session.popen.kill()


# --- Compiled programs ----------------------------------------------------------------------------

DEEP = os.path.join(WORKLOADS, "deep.cpp")


def deep_program(name, *flags):
    """deep.cpp, compiled as flags say."""
    need_program("g++")

    def make(directory):
        argv = ["g++", "-std=c++17", "-O2", "-fomit-frame-pointer", "-Wall", "-Wextra", *flags]
        run_tool([*argv, "-o", os.path.join(directory, "deep"), DEEP, "-pthread"], "g++")

    return os.path.join(build(name, make, [DEEP]), "deep")


def started(argv, **more):
    process = Process(argv, **more)
    try:
        process.wait_line("READY")
    except BaseException:
        process.kill()
        raise
    return process


def cxx():
    with started([deep_program("deep", "-g")]) as process:
        yield Subject(process.pid)


def static():
    with started([deep_program("deep-static", "-static")]) as process:
        yield Subject(process.pid)


def stripped_by_link():
    """Its symbols are in a file beside it, which .gnu_debuglink names."""
    program = deep_program("deep", "-g")

    def make(directory):
        os.makedirs(os.path.join(directory, ".debug"), exist_ok=True)
        debug = os.path.join(directory, ".debug", "deep.debug")
        run_tool(["objcopy", "--only-keep-debug", program, debug], "objcopy")
        run_tool(
            ["objcopy", "--strip-all", "--remove-section=.note.gnu.build-id", "--add-gnu-debuglink=" + debug, program,
             os.path.join(directory, "deep")],
            "objcopy",
        )  # fmt: skip

    with started([os.path.join(build("deep-debuglink", make, [program]), "deep")]) as process:
        yield Subject(process.pid)


DEBUG_FILES = "/usr/lib/debug/.build-id"


def stripped_by_id():
    """Its symbols are where its build id says, among the system's."""
    program = deep_program("deep-by-id", "-g", "-Wl,--build-id=sha1", "-DDEEP_BY_ID")
    said = subprocess.run(["readelf", "-n", program], stdout=subprocess.PIPE, universal_newlines=True, check=True).stdout
    build_id = said.partition("Build ID: ")[2].split()[0]
    directory = os.path.join(DEBUG_FILES, build_id[:2])
    debug = os.path.join(directory, build_id[2:] + ".debug")
    scratch = tempfile.mkdtemp(prefix="blockprof-by-id-")
    alone = os.path.join(scratch, "deep")
    made = [path for path in ("/usr/lib/debug", DEBUG_FILES, directory) if not os.path.isdir(path)]
    need(os.geteuid() == 0, "needs root")
    os.makedirs(directory, exist_ok=True)
    try:
        run_tool(["objcopy", "--only-keep-debug", program, debug], "objcopy")
        run_tool(["objcopy", "--strip-all", program, alone], "objcopy")
        with started([alone]) as process:
            yield Subject(process.pid)
    finally:
        if os.path.exists(debug):
            os.remove(debug)
        for path in reversed(made):
            os.rmdir(path)
        shutil.rmtree(scratch)


def _copy_with_libraries(program, root):
    said = subprocess.run(["ldd", program], stdout=subprocess.PIPE, universal_newlines=True, check=True).stdout
    paths = [program] + [word for word in said.split() if word.startswith("/")]
    for path in paths:
        there = root + (path if path != program else "/" + os.path.basename(program))
        os.makedirs(os.path.dirname(there), exist_ok=True)
        shutil.copy(os.path.realpath(path), there)


def container():
    """A root directory, mounts and process numbers of its own."""
    need_program("unshare")
    program = deep_program("deep", "-g")
    root = tempfile.mkdtemp(prefix="blockprof-root-")
    try:
        _copy_with_libraries(program, root)
        argv = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "chroot", root, "/deep"]
        with started(argv) as process:
            with open("/proc/%d/task/%d/children" % (process.pid, process.pid)) as file:
                pid = int(file.read().split()[0])
            yield Subject(pid, program=os.path.join(root, "deep"), root=root)
    finally:
        shutil.rmtree(root)


def tokio():
    with started([cargo_program("tokio"), "multi", "work"]) as process:
        load = subprocess.Popen(
            ["/bin/sh", "-c", "while echo go; do sleep 2.3; done"], stdout=process.popen.stdin, start_new_session=True
        )
        try:
            yield Subject(process.pid)
        finally:
            os.killpg(load.pid, 9)
            load.wait()


# --- Interpreters ---------------------------------------------------------------------------------


def python_at(path):
    def run():
        need(os.access(path, os.X_OK), "%s is not there" % path)
        with started([path, os.path.join(WORKLOADS, "deep.py")]) as process:
            # some are in a directory and a mount namespace of their own
            root = os.readlink("/proc/%d/root" % process.pid).rstrip("/")
            program = os.readlink("/proc/%d/exe" % process.pid)
            yield Subject(process.pid, program=program, root=root, python=True)

    return run


def node():
    program = os.path.realpath(need_program("node"))
    with started([program, os.path.join(WORKLOADS, "deep.js")]) as process:
        yield Subject(process.pid, made=(program, *names.range_of(program, "Builtins_")), threads=6)


def java():
    need_program("java")
    argv = ["java", "-XX:+PreserveFramePointer", "-cp", java_classes("Deep"), "Deep"]
    with started(argv) as process:
        yield Subject(process.pid, made=(), threads=8)


def python_stalls(path, nr):
    return Process([path, os.path.join(WORKLOADS, "deep.py"), "stalls", nr])


def cxx_stalls(nr):
    return Process([deep_program("deep", "-g"), "stalls", nr])


def node_record():
    return Process([need_program("node"), os.path.join(WORKLOADS, "deep.js"), "record"])


def java_record():
    """Every method is compiled, by itself: what is interpreted, or put into its caller, is in no perf map."""
    need_program("java")
    need_program("jcmd")
    flags = ["-XX:+PreserveFramePointer", "-Xcomp", "-XX:-Inline", "-XX:-BackgroundCompilation"]
    flags += ["-XX:+UnlockDiagnosticVMOptions", "-XX:+ShowHiddenFrames"]  # on the stack they are
    return Process(["java", *flags, "-cp", java_classes("Deep"), "Deep", "record"])


def all_programs():
    """{name: generator}, in the table's order."""
    found = {}
    if os.access(DEBIAN_PYTHON, os.X_OK):
        found["python3 of the system"] = python_at(DEBIAN_PYTHON)
    for version, path in pythons():
        if not os.path.realpath(path).startswith("/usr/bin/"):
            found["python " + version] = python_at(path)
    found.update({
        "node": node,
        "redis": redis,
        "nginx": nginx,
        "PostgreSQL": postgresql,
        "memcached": memcached,
        "Tokio (Rust)": tokio,
        "C++, deep": cxx,
        "C++, static, no DWARF": static,
        "C++, debug file by build id": stripped_by_id,
        "C++, debug file by debuglink": stripped_by_link,
        "C++, own root and pids": container,
        "java": java,
    })
    return found
