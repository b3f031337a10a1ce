# SPDX-License-Identifier: GPL-2.0-or-later
"""Processes that belong somewhere: in cgroups named as engines do, on a machine with their files."""

import json
import os
import shutil
import tempfile

from harness import Skip, need_program, need_root

# What blockprof sees instead of the machine's own.
SHOWN = ("var/log", "var/lib", "run")
IN_TREE = 'for dir in %s; do mount --bind "$1/$dir" "/$dir" || exit 1; done; shift; exec "$@"' % " ".join(SHOWN)
IN_POD = (
    'mount --bind "$1/run" /run || exit 1; [ -z "$2" ] || printf %s "$2" >/proc/sys/kernel/hostname || exit 1; shift 2; exec "$@"'
)


def hierarchy():
    """Where cgroups can be made whose names /proc/PID/cgroup shows: version 2, else systemd's of version 1."""
    found = {}
    with open("/proc/self/mountinfo") as file:
        for line in file:
            fields = line.split()
            kind, options = fields[fields.index("-") + 1], fields[-1].split(",")
            if kind == "cgroup2":
                found.setdefault(0, fields[4])
            elif kind == "cgroup" and "name=systemd" in options:
                found.setdefault(1, fields[4])
    if not found:
        raise Skip("no hierarchy of cgroups")
    return found[min(found)]


class Named:
    """A cgroup of this path, and those above it, as far as they were not there."""

    def __init__(self, path):
        need_root()
        self.path = hierarchy()
        self.made = []
        for name in path.split("/"):
            self.path = os.path.join(self.path, name)
            if os.path.isdir(self.path):
                continue
            try:
                os.mkdir(self.path)
            except OSError as error:
                self.remove()
                raise Skip("no cgroup can be made: %s" % error)
            self.made.append(self.path)

    def remove(self):
        for path in reversed(self.made):
            try:
                os.rmdir(path)
            except OSError:
                pass  # another test has put its own below

    def prefix(self):
        """What a process becomes a member by."""
        return ["sh", "-c", 'echo $$ >"$1/cgroup.procs" || exit 1; shift; exec "$@"', "sh", self.path]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()


class Tree:
    """Files of a machine: {path: content}; None: a FIFO, which nobody writes to."""

    def __init__(self, files):
        need_program("unshare")
        self.directory = tempfile.mkdtemp(prefix="homes-")
        for directory in SHOWN:
            os.makedirs(os.path.join(self.directory, directory))
        for path, content in files.items():
            self.write(path, content)

    def write(self, path, content):
        path = os.path.join(self.directory, path)
        self._make(os.path.dirname(path))
        if content is None:
            os.mkfifo(path)
            return
        with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(content if isinstance(content, str) else json.dumps(content))

    def _make(self, directory):
        """For root only, as engines have theirs."""
        if not os.path.isdir(directory):
            self._make(os.path.dirname(directory))
            os.mkdir(directory, 0o700)

    def prefix(self):
        """Who sees it as the machine's."""
        return ["unshare", "-m", "sh", "-c", IN_TREE, "sh", self.directory]

    def pod_prefix(self, host_name=""):
        """Who sees its /run, and that name of the machine, if any."""
        return ["unshare", "-m"] + (["-u"] if host_name else []) + ["sh", "-c", IN_POD, "sh", self.directory, host_name]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.directory)
