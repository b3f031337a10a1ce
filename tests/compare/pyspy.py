# SPDX-License-Identifier: GPL-2.0-or-later
"""py-spy, which reads Python's frames from outside too, in its own way."""

import fcntl
import json
import os
import shutil
import subprocess
import sys

import stacks
from machine import ROOT
from verdict import Failed, Skip

VENV = os.path.join(ROOT, ".output", "py-spy")


def program():
    """py-spy, installed by pip into the directory of what is built, where it is not there."""
    found = shutil.which("py-spy")
    if found:
        return found
    path = os.path.join(VENV, "bin", "py-spy")
    os.makedirs(VENV, exist_ok=True)
    with open(os.path.join(VENV, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(path):
            return path
        for argv in (
            [sys.executable, "-m", "venv", VENV],
            [os.path.join(VENV, "bin", "python3"), "-m", "pip", "-q", "install", "py-spy"],
        ):
            done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if done.returncode:
                raise Skip("no py-spy: %s" % " ".join(done.stdout.decode("utf-8", "replace").split())[-200:])
    return path


def command(pid):
    return [program(), "dump", "--nonblocking", "--json", "--pid", str(pid)]


def parse(said, tids):
    """{tid: frames} of what it printed; tids {pthread: tid}: before 3.11 CPython knows that only."""
    if said["status"]:
        raise Failed("py-spy: status %d" % said["status"], said["stderr"])
    found = {}
    for thread in json.loads(said["stdout"]):
        tid = thread.get("os_thread_id") or tids.get(thread["thread_id"])
        found[tid] = [
            stacks.Frame(stacks.NATIVE, frame["name"], None, None, frame["filename"], frame["line"])
            for frame in thread["frames"]
        ]
    return found


class Judge(stacks.Judge):
    """The same function of the same file: blockprof has the qualified name, from 3.11 on."""

    def agree(self, truth, ours):
        return (
            truth.name.split(".")[-1] == ours.name.split(".")[-1]
            and truth.file == ours.file
            and truth.line == ours.line
        )
