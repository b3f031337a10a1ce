# SPDX-License-Identifier: GPL-2.0-or-later
"""Others that read Python's frames from outside, in their own ways: py-spy, and the sampler that
comes with CPython 3.15.
"""

import json
import os
import re
import shutil

import stacks
from machine import python_with
from verdict import Failed


def program():
    return shutil.which("py-spy") or os.path.join(os.path.dirname(python_with("py-spy")), "py-spy")


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


SAMPLER = """
import json, sys, _remote_debugging
unwinder = _remote_debugging.RemoteUnwinder(int(sys.argv[1]), all_threads=True)
print(json.dumps({
    thread.thread_id: [[frame.funcname, frame.filename, frame.location.lineno] for frame in thread.frame_info]
    for interpreter in unwinder.get_stack_trace() for thread in interpreter.threads
}))
"""


def sampler_command(subject):
    """Runs where the program's files are. None: it is too old for one."""
    version = re.search(r"python3\.(\d+)$", subject.program)
    if not version or int(version.group(1)) < 15:
        return None
    own = subject.program[len(subject.root) :]
    into = ["nsenter", "-t", str(subject.pid), "-m", "-r"] if subject.root else []
    return [*into, own, "-c", SAMPLER, str(subject.pid)]


def parse_sampler(said, _):
    if said["status"]:
        raise Failed("CPython's sampler: status %d" % said["status"], said["stderr"])
    return {
        int(tid): [stacks.Frame(stacks.NATIVE, frame[0], file=frame[1], line=frame[2]) for frame in frames]
        for tid, frames in json.loads(said["stdout"]).items()
    }


PARSERS = {"py-spy": parse, "sampler": parse_sampler}


class Judge(stacks.Judge):
    """The same function of the same file: blockprof has the qualified name, from 3.11 on."""

    def agree(self, truth, ours):
        return (
            truth.name.split(".")[-1] == ours.name.split(".")[-1]
            and truth.file == ours.file
            and truth.line == ours.line
        )
