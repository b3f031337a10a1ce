# SPDX-License-Identifier: GPL-2.0-or-later
"""The honest servers: what blocked them by their own clocks, and whether that is what was said of it."""

import os
import re

from machine import need_program
from native import build, run_tool
from targets import Process
from verdict import MS, SECOND

HERE = os.path.dirname(os.path.abspath(__file__))
SERVERS = ("server.c", "server.py", "server.js")
USER = 64010  # nobody's
SLACK_NS = 4 * MS  # between two clocks that are read one after the other
BUSY = ("runqueue_ns", "throttled_ns")  # the machine's part of a turn
ENOUGH = 110 * MS  # what is shorter is not sure to be over the threshold
NEW_NS = 2 * SECOND  # a watch that begins on a full machine knows the loops there are by then


class Block:
    """One line of a server's truth: see honest/server.c."""

    def __init__(self, server, line):
        words = line.split()
        self.server = server
        self.cause, self.function = words[:2]
        self.before, self.start, self.end, self.after, self.ready, self.cpu = map(int, words[2:])

    @property
    def length(self):
        return self.end - self.start

    def __str__(self):
        return "%s: %s of %.0f ms in %s at %.3f s" % (
            self.server.name, self.cause, self.length / MS, self.function, self.start / SECOND)

    def causes(self):
        """What is right to say: where the machine kept it from running for long, that, too."""
        busy = ("runqueue", "throttled") if self.ready * 3 > self.length else ()
        return (self.cause,) + busy


class Server(Process):
    def __init__(self, name, directory):
        self.name = name
        self.truth_file = os.path.join(directory, name + ".truth")
        self._read_to = 0
        self._known = []
        super().__init__(as_user(USER, directory) + command_of(name) + [self.truth_file], cwd=directory)

    def blocks(self):
        """All that are over."""
        try:
            with open(self.truth_file) as file:
                file.seek(self._read_to)
                text = file.read()
        except FileNotFoundError:
            return self._known
        whole = text[: text.rfind("\n") + 1]
        self._read_to += len(whole)
        self._known += [Block(self, line) for line in whole.splitlines()]
        return self._known


def as_user(uid, directory):
    os.chmod(directory, 0o777)
    return ["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups"]


def command_of(name):
    source = os.path.join(HERE, "honest", name)
    if name.endswith(".py"):
        return ["/usr/bin/python3", "-B", source]
    if name.endswith(".js"):
        return [need_program("node"), source]
    return [compiled(source)]


def compiled(source, *flags, name=None):
    """The program that is made of a source."""
    name = name or os.path.splitext(os.path.basename(source))[0]

    def make(directory):
        argv = ["gcc", "-g", "-O1", "-Wall", "-Wextra", "-Werror", *flags, "-o", os.path.join(directory, name), source]
        run_tool(argv + ["-lpthread"], "building %s" % source)

    header = os.path.join(os.path.dirname(HERE), "cases", "native", "truth.h")
    return os.path.join(build(os.path.join("hostile", name), make, [source, header]), name)


def innermost_name(fn):
    return re.split(r"\.|::", re.sub(r"\(.*", "", fn))[-1]


def overlap(stall, block):
    return min(stall["mono_ns"] + stall["duration_ns"], block.end) - max(stall["mono_ns"], block.start)


def machine_ns(stall):
    """A collector's threads are the machine's to run, too, and no clock of a server knows of them."""
    collected = sum(item["ns"] for item in stall["slices"] if item["cause"] == "gc")
    return sum(stall["ledger"][key] for key in BUSY) + collected


def faults(stall, block):
    """What is wrong with what was said of a block."""
    start, end = stall["mono_ns"], stall["mono_ns"] + stall["duration_ns"]
    if not block.before - SLACK_NS <= start <= block.start + SLACK_NS:
        yield "begins %+.1f ms" % ((start - block.start) / MS)
    if not block.end - SLACK_NS <= end <= block.after + SLACK_NS:
        yield "ends %+.1f ms" % ((end - block.end) / MS)
    if stall["cause"] not in block.causes():
        yield "cause is %s" % stall["cause"]
    if stall["ledger"]["unknown_ns"] > SLACK_NS:
        yield "%.1f ms unknown" % (stall["ledger"]["unknown_ns"] / MS)
    if stall.get("doubt"):
        yield "doubt: %s" % stall["doubt"]
    if not stands_in(stall, block):
        yield "place is %s" % (place_of(stall, block.causes()) or "not said")
    if stall["tid"] != block.server.pid:
        yield "thread is %d" % stall["tid"]


def stands_in(stall, block):
    """Its function is on the stack of the largest slice with that cause; where the machine's part is most, of any."""
    slices = [item for item in stall["slices"] if item["cause"] == block.cause]
    if len(block.causes()) == 1:
        slices = slices[:1]
    names = {innermost_name(frame["fn"]) for item in slices for frame in item.get("stack", [])}
    return block.function in names or stall["cause"] in ("runqueue", "throttled")


def place_of(stall, causes):
    for item in stall["slices"]:
        if item["cause"] in causes:
            return " < ".join(innermost_name(frame["fn"]) for frame in item.get("stack", [])[:8])
    return None


class Verdict:
    """Of the blocks in a span: how many there were, and what is wrong with what was said."""

    def __init__(self, servers, stalls, begin_ns, end_ns):
        """stalls: final ones, of anybody, by pid."""
        self.all = self.right = 0
        self.wrong = []
        for server in servers:
            blocks = [b for b in server.blocks() if b.before >= begin_ns and b.after <= end_ns and b.length >= ENOUGH]
            for block in blocks:
                self._judge(block, [s for s in stalls.get(server.pid, ()) if overlap(s, block) > 0])
        self.begin_ns, self.end_ns = begin_ns, end_ns

    def _judge(self, block, said):
        self.all += 1
        if len(said) != 1:
            wrong = ["not reported" if not said else "reported %d times" % len(said)]
        else:
            wrong = list(faults(said[0], block))
        if wrong:
            self.wrong.append("%s: %s" % (block, "; ".join(wrong)))
        else:
            self.right += 1


def false_of(servers, stalls, threshold_ns):
    """What was reported of a server that its clock does not know, nor the machine was to blame for."""
    for server in servers:
        blocks = server.blocks()
        for stall in stalls.get(server.pid, ()):
            # what began before it noted anything, or had not ended when it was ended, has no line
            inside = blocks and blocks[0].before < stall["mono_ns"] < blocks[-1].end
            if not inside or any(overlap(stall, block) > 0 for block in blocks):
                continue
            if stall["duration_ns"] - machine_ns(stall) >= threshold_ns:
                yield stall


def finals_of(records):
    """{pid: final stalls}"""
    found = {}
    for record in records:
        if record["type"] == "stall" and not record["ongoing"]:
            found.setdefault(record["pid"], []).append(record)
    return found
