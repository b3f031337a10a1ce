# SPDX-License-Identifier: GPL-2.0-or-later
"""Code that is made at run time: names from perf maps, and from whose not."""

import os
import shutil
import subprocess
import tempfile
import threading
import time

from harness import (
    Blockprof,
    Target,
    assert_stall,
    busy,
    check,
    find_frame,
    limit,
    need_program,
    parse_folded,
    pythons,
    read_file,
    until,
    variants,
)
from native import NativeTarget, c_program, java_classes

OTHER_USER = 12345


class Map:
    """The perf map of a process, which is removed in the end."""

    def __init__(self, pid, root="/", number=None, there=False):
        self.path = os.path.join(root, "tmp/perf-%d.map" % (number or pid))
        self.elsewhere = self.path + ".elsewhere"
        if not there:
            self.remove()

    def remove(self):
        if os.path.isdir(self.path) and not os.path.islink(self.path):
            os.rmdir(self.path)
        for path in (self.path, self.elsewhere):
            if os.path.lexists(path):
                os.unlink(path)

    def write(self, text, mode="w"):
        with open(self.path, mode) as file:
            file.write(text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()


def line_of(target, name):
    """The line of a perf map for a jit_loop's code."""
    facts = target.facts()
    return "%x %x %s\n" % (facts["code"], facts["bytes"], name)


def jit_loop():
    return NativeTarget([c_program("jit_loop")])


def run(target, blockprof):
    """Once more, when it is known as a loop."""
    blockprof.wait_records(lambda records: any(record["type"] == "loop" for record in records))
    turns = len(target.turns)
    target.go()
    until(lambda: len(target.turns) > turns, 60, "a turn")
    time.sleep(0.2)


def stack_of(blockprof, target):
    """Of its only turn that blocked."""
    (stall,) = blockprof.stalls
    _, slept = assert_stall(blockprof.stalls, cause="sleep", turn=target.turns[-1])
    return slept["stack"]


def is_around(stack, frame):
    """The frame stands where it has been called from and has called."""
    names = [frame["fn"] for frame in stack]
    at = names.index("act")
    check(stack[at - 1] is frame and names[at + 1] == "run_loop", "its place in the stack", *stack)


def test_names_from_a_perf_map():
    with jit_loop() as target, Map(target.pid) as perf_map:
        perf_map.write("10 20 elsewhere\n" + line_of(target, "JS:*sell /srv/shop.js:3:18"))
        with tempfile.TemporaryDirectory() as directory:
            folded = os.path.join(directory, "out.folded")
            with Blockprof("-o", folded, pids=[target.pid]) as blockprof:
                run(target, blockprof)
            stacks = parse_folded(read_file(folded))
    stack = stack_of(blockprof, target)
    frame = find_frame(stack, fn="sell", file="/srv/shop.js", line=3, kind="js")
    is_around(stack, frame)
    check("module" not in frame, "no module", frame)
    check(any("sell (shop.js:3)" in frames for frames, _ in stacks), "folded", stacks)


def test_map_that_comes_and_grows():
    """It may be written while the watch runs; what is on the line further down holds."""
    with jit_loop() as target, Map(target.pid) as perf_map:
        with tempfile.TemporaryDirectory() as directory:
            folded = os.path.join(directory, "out.folded")
            with Blockprof("-o", folded, pids=[target.pid]) as blockprof:
                run(target, blockprof)
                perf_map.write(line_of(target, "first"))
                # it is looked for once in a second
                time.sleep(1.5)
                run(target, blockprof)
                perf_map.write(line_of(target, "second\x1b[31m;x"), "a")
                time.sleep(1)
                run(target, blockprof)
            stacks = parse_folded(read_file(folded))
    stalls = sorted(blockprof.stalls, key=lambda stall: stall["mono_ns"])
    check(len(stalls) == 3, "three turns", *stalls)
    stacks_of = [max(stall["slices"], key=lambda slice: slice["ns"])["stack"] for stall in stalls]
    for stack, name in zip(stacks_of, (None, "first", "second\x1b[31m;x")):
        if name:
            is_around(stack, next(frame for frame in stack if frame["kind"] == "jit" and frame["fn"] == name))
        else:
            check(any(frame["fn"].startswith("[anon]+0x") for frame in stack), "an address", *stack)
    check(any("first_[j]" in frames for frames, _ in stacks), "folded", stacks)
    check(any(frame.endswith("x_[j]") and "\x1b" not in frame for frames, _ in stacks for frame in frames),
          "escaped", stacks)


def make_foreign(perf_map):
    os.chown(perf_map.path, OTHER_USER, OTHER_USER)


def make_writable(perf_map):
    os.chmod(perf_map.path, 0o666)


def make_link(perf_map):
    os.rename(perf_map.path, perf_map.elsewhere)
    os.symlink(perf_map.elsewhere, perf_map.path)


def make_fifo(perf_map):
    perf_map.remove()
    os.mkfifo(perf_map.path)


def make_directory(perf_map):
    perf_map.remove()
    os.mkdir(perf_map.path)


@variants([("foreign", make_foreign), ("writable", make_writable), ("link", make_link), ("fifo", make_fifo),
           ("directory", make_directory)])
def test_map_that_is_not_its_own(argument):
    """Nobody else can say what a program's code is called, or hold up the watch."""
    with jit_loop() as target, Map(target.pid) as perf_map:
        perf_map.write(line_of(target, "lie"))
        argument(perf_map)
        with Blockprof(pids=[target.pid], lost=["perf_maps_refused"]) as blockprof:
            run(target, blockprof)
    stack = stack_of(blockprof, target)
    check(not any(frame["fn"] == "lie" for frame in stack), "the name is not taken", *stack)
    check(any(frame["fn"].startswith("[anon]+0x") for frame in stack), "an address", *stack)
    check(blockprof.summary["lost"].get("perf_maps_refused") == 1, "it is counted", blockprof.summary)


@busy
def test_map_that_is_written_all_the_time():
    """With rubbish in it, cut at any place: nothing hangs, and what is malformed is counted."""
    with jit_loop() as target, Map(target.pid) as perf_map:
        line = line_of(target, "name")
        rubbish = os.urandom(1 << 16).decode("latin-1") + "\n" + "1000 10 " + "x" * 100000 + "\n"
        ended = threading.Event()

        def write():
            while not ended.is_set():
                perf_map.write((line + rubbish) * 20, "w")
                ended.wait(0.02)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            with Blockprof(pids=[target.pid], lost=["perf_map_lines_cut"]) as blockprof:
                for _ in range(6):
                    run(target, blockprof)
        finally:
            ended.set()
            writer.join()
    check(len(blockprof.stalls) == 6, "all are reported", *blockprof.stalls)
    for stall in blockprof.stalls:
        (name,) = [frame["fn"] for frame in stall["slices"][0]["stack"] if frame["fn"][:5] in ("name", "[anon")]
        check(name == "name" or name.startswith("[anon]+0x"), "a name or none", name)
    check(blockprof.summary["lost"].get("perf_map_lines_cut", 0) > 0, "they are counted", blockprof.summary)


def test_map_in_another_namespace():
    """Where the program sees it, by the number it has for itself."""
    need_program("unshare")
    script = 'mount -t tmpfs none /tmp && exec "$@"'
    program = c_program("jit_loop")
    # not below the /tmp that is covered
    copy = "/var/tmp/blockprof-jit-loop-%d" % os.getpid()
    shutil.copy(program, copy)
    try:
        argv = ["unshare", "-m", "-p", "-f", "--mount-proc", "--kill-child", "sh", "-c", script, "sh", copy]
        with NativeTarget(argv) as target:
            with open("/proc/%d/task/%d/children" % (target.pid, target.pid)) as file:
                child = int(file.read().split()[0])
            number = int(read_file("/proc/%d/status" % child).split("NSpid:")[1].split("\n")[0].split()[-1])
            check(number != child, "it has a number of its own", number)
            Map(child, "/proc/%d/root" % child, number).write(line_of(target, "inside"))
            with Map(child) as outside:
                outside.write(line_of(target, "outside"))
                with Blockprof(pids=[child]) as blockprof:
                    run(target, blockprof)
    finally:
        os.unlink(copy)
    stack = stack_of(blockprof, target)
    is_around(stack, find_frame(stack, fn="inside", kind="jit"))


# --- Programs that write them ---------------------------------------------------------------------


@busy
def test_node_with_a_map():
    options = "--perf-basic-prof --interpreted-frames-native-stack"
    node = need_program("node")
    with tempfile.TemporaryDirectory() as directory, Target(
        "cpu", python=node, script="node_target.js", env={"NODE_OPTIONS": options}, cwd=directory
    ) as target:
        with Map(target.pid, there=True):
            with Blockprof(pids=[target.pid]) as blockprof:
                run(target, blockprof)
    _, ran = assert_stall(blockprof.stalls, cause="cpu", turn=target.turns[0], or_runqueue=True)
    check(find_frame(ran["stack"], fn="act", file="node_target.js", line=(67, 76), kind="js"), "act()", *ran["stack"])


@variants(lambda: [(label, python) for label, python in pythons() if int(label.split(".")[1]) >= 12])
def test_python_with_a_map(python):
    """Trampolines stand between the frames of its interpreter: each function is there once. From 3.12 on."""
    with Target("sleep", python=python, env={"PYTHONPERFSUPPORT": "1"}) as target:
        with Map(target.pid, there=True) as perf_map:
            with Blockprof(pids=[target.pid]) as blockprof:
                run(target, blockprof)
            check("py::" in read_file(perf_map.path), "it writes a map")
    _, slept = assert_stall(blockprof.stalls, cause="sleep", turn=target.turns[0], fn="block_sleep")
    python_frames = [(frame["fn"], frame.get("line")) for frame in slept["stack"] if frame["kind"] == "python"]
    check(all(line for _, line in python_frames), "all have lines", *slept["stack"])
    check(not any("py::" in frame["fn"] for frame in slept["stack"]), "no trampolines", *slept["stack"])


@busy
@limit(180)
def test_java_with_a_map():
    need_program("jcmd")
    classes = java_classes("EventLoops")
    argv = ["java", "-Xmx64m", "-XX:+UseSerialGC", "-cp", classes, "EventLoops", "nio", "cpu"]
    with NativeTarget(argv) as target:
        with Map(target.pid) as perf_map:
            with Blockprof(pids=[target.pid]) as blockprof:
                # compiled while it runs, and once more better
                for _ in range(3):
                    run(target, blockprof)
                hint = "has Java code without names: run jcmd %d Compiler.perfmap" % target.pid
                check(blockprof.stderr.count(hint) == 1, "what to do is said", blockprof.stderr)
                subprocess.run(["jcmd", str(target.pid), "Compiler.perfmap"], stdout=subprocess.DEVNULL, check=True)
                check(os.path.exists(perf_map.path), "it writes a map")
                # it is looked for once in a second
                time.sleep(1.5)
                run(target, blockprof)
    _, ran = assert_stall(blockprof.stalls, cause="cpu", turn=target.turns[-1], or_runqueue=True)
    names = [frame["fn"] for frame in ran["stack"] if frame["kind"] == "jit"]
    check("EventLoops.blockCpu" in names and "Interpreter" in names, "its functions", *ran["stack"])
    check(any(frame["fn"].startswith("JavaThread::") for frame in ran["stack"]), "down to its start", *ran["stack"])
