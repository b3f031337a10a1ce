# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs inside gdb (gdb -batch -x): a process is stopped at several moments, and each time its
stacks are written down as gdb sees them, beside what other programs print of the same moment.

POINTS in the environment is the order, as JSON: pid, program (its file), sysroot, points, gap_s
[from, to] (how long it runs between two moments), threads (at most so many of them), asks {name:
argv}, out (a file: one object a point), seed; made: code that was made at run time is on its
stacks, and what is linked in of that kind: [file, from, to] (offsets in it), or [].
"""

import json
import os
import random
import subprocess

import gdb
import gdb.unwinder

FRAMES_MAX = 400
STUCK_S = 10


class Maps:
    """Which file is mapped where."""

    def __init__(self, pid):
        self.path = "/proc/%d/maps" % pid
        self.read()

    def read(self):
        self.areas = []
        with open(self.path, errors="surrogateescape") as file:
            for line in file:
                words = line.rstrip("\n").split(None, 5)
                start, end = (int(word, 16) for word in words[0].split("-"))
                path = words[5] if len(words) > 5 else ""
                self.areas.append((start, end, "x" in words[1], int(words[2], 16), path))

    def find(self, addr):
        return next((area for area in self.areas if area[0] <= addr < area[1]), None)


class FrameId:
    def __init__(self, sp, pc):
        self.sp = sp
        self.pc = pc


class ByFramePointer(gdb.unwinder.Unwinder):
    """Code made at run time, and V8's own, keep the frame pointer, and have no CFI that says so."""

    def __init__(self, maps, linked_in):
        super().__init__("made at run time")
        self.maps = maps
        self.linked_in = linked_in

    def is_made(self, pc):
        area = self.maps.find(pc)
        if area is None:
            self.maps.read()
            area = self.maps.find(pc)
        if area is None or not area[2]:
            return False
        if not area[4].startswith("/"):
            return area[4] != "[vdso]"
        offset = pc - area[0] + area[3]
        return bool(self.linked_in) and area[4] == self.linked_in[0] and self.linked_in[1] <= offset < self.linked_in[2]

    def __call__(self, frame):
        pc = int(frame.read_register("rip"))
        if not self.is_made(pc):
            return None
        word = gdb.lookup_type("unsigned long")
        rbp = frame.read_register("rbp").cast(word)
        try:
            saved = rbp.cast(word.pointer())
            caller_bp, caller_pc = saved[0], saved[1]
            caller_bp.fetch_lazy()
            caller_pc.fetch_lazy()
        except gdb.error:
            return None
        info = frame.create_unwind_info(FrameId(rbp, gdb.Value(pc)))
        info.add_saved_register("rip", caller_pc)
        info.add_saved_register("rbp", caller_bp)
        info.add_saved_register("rsp", rbp + 16)
        return info


def one_frame(frame, maps):
    pc = frame.pc()
    area = maps.find(pc)
    out = {"pc": pc, "kind": KINDS.get(frame.type(), "normal")}
    name = frame.name()
    if name:
        out["fn"] = name
    symbol = frame.function()
    if symbol is not None and symbol.linkage_name:
        out["linkage"] = symbol.linkage_name
    place = frame.find_sal()
    if place.symtab is not None and place.line:
        out["file"] = place.symtab.fullname()
        out["line"] = place.line
    if area is not None:
        out["module"] = area[4]
        out["offset"] = pc - area[0] + area[3]
    return out


KINDS = {gdb.INLINE_FRAME: "inline", gdb.TAILCALL_FRAME: "tailcall", gdb.SIGTRAMP_FRAME: "signal"}


def stack_of(maps):
    frames = []
    frame = gdb.newest_frame()
    reason = gdb.FRAME_UNWIND_NO_REASON
    try:
        while frame is not None and len(frames) < FRAMES_MAX:
            frames.append(one_frame(frame, maps))
            reason = frame.unwind_stop_reason()
            frame = frame.older()
    except gdb.error as error:
        return frames, str(error)
    if reason in (gdb.FRAME_UNWIND_NO_REASON, gdb.FRAME_UNWIND_OUTERMOST):
        return frames, None
    return frames, gdb.frame_stop_reason_string(reason)


def threads_of(order, maps, choose):
    threads = sorted(gdb.selected_inferior().threads(), key=lambda thread: thread.ptid[1])
    if len(threads) > order["threads"]:
        threads = threads[:1] + choose.sample(threads[1:], order["threads"] - 1)
    found = []
    for thread in threads:
        thread.switch()
        frames, error = stack_of(maps)
        entry = {"tid": thread.ptid[1], "frames": frames}
        gdb.newest_frame().select()
        entry["pthread"] = int(gdb.selected_frame().read_register("fs_base"))
        if error:
            entry["error"] = error
        found.append(entry)
    return found


def run_until(pid, seconds):
    """Lets it run for so long, and stops it: gdb keeps the signal to itself."""
    stopper = subprocess.Popen(["/bin/sh", "-c", "sleep %.3f; kill -STOP %d" % (seconds, pid)])
    gdb.execute("continue", to_string=True)
    stopper.wait()


def main():
    order = json.loads(os.environ["POINTS"])
    pid = order["pid"]
    choose = random.Random(order["seed"])
    for word in (
        "pagination off",
        "confirm off",
        "auto-load no",
        "debuginfod enabled off",
        "print thread-events off",
        "backtrace past-main on",
        "print demangle on",
    ):
        gdb.execute("set " + word)
    if order["sysroot"]:
        gdb.execute("set sysroot " + order["sysroot"])
        gdb.execute("file " + order["program"])
    gdb.execute("attach %d" % pid, to_string=True)
    gdb.execute("handle all nostop noprint pass", to_string=True)
    gdb.execute("handle SIGSTOP stop print nopass", to_string=True)
    maps = Maps(pid)
    if order["made"] is not None:
        gdb.unwinder.register_unwinder(None, ByFramePointer(maps, order["made"]), replace=True)
    with open(order["out"], "w") as out:
        for point in range(order["points"]):
            run_until(pid, choose.uniform(*order["gap_s"]))
            maps.read()
            entry = {"point": point, "threads": threads_of(order, maps, choose), "said": {}}
            for name, argv in order["asks"].items():
                done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                entry["said"][name] = {
                    "status": done.returncode,
                    "stdout": done.stdout.decode("utf-8", "surrogateescape"),
                    "stderr": done.stderr.decode("utf-8", "replace"),
                }
            out.write(json.dumps(entry) + "\n")
            out.flush()
    gdb.execute("detach", to_string=True)


main()
