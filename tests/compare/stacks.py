# SPDX-License-Identifier: GPL-2.0-or-later
"""When a stack of blockprof and one of another truth say the same, frame by frame.

Both are written innermost first, without the kernel's frames. Two frames agree when
- both name a function and the names are equal, after what is spelled differently only: symbol
  versions (@@GLIBC_2.34), clones (.isra.0, .cold), parameters and return types, hashes of Rust's
  names, {{closure}} and {closure#0}, template arguments that are types, and qualification where debug
  information has the last part of the name only (a lambda's operator());
- or the names are those of one place: the file's symbol tables, or those of its separate debug
  file, as nm reads them, have a function of blockprof's name there (poll and __GI___poll);
- or neither has a name and they are the same place in the same file (libx.so+0x1234), or in no
  file at all;
- or both are frames of an interpreter: a run of Python's frames stands for what gdb shows as
  _PyEval_EvalFrameDefault, or without a name in the interpreter's own file; one of JavaScript's or other code made at run time for what gdb shows
  in memory that no file is behind, or in V8's builtins, which are of that kind. Which frames
  those are is compared with the other truths.
Frames of different files never agree. gdb unwinds code made at run time by its frame pointers.
Of gdb's frames those that it makes up are left out: of tail calls, which are on no stack.
After a frame of which gdb says that it cannot go on, nothing is compared.

Stacks are laid side by side so that as many frames as can be agree, in order. A frame that only
one side has counts as one that does not agree, on either side.
"""

import os
import re

import names

PYTHON_LOOPS = ("_PyEval_EvalFrameDefault", "PyEval_EvalFrameDefault")
# around it, inlined or not as the compiler chose: part of the loop on both sides
PYTHON_ENTRIES = ("_PyEval_EvalFrame", "PyEval_EvalFrame", "PyEval_EvalFrameEx")
PYTHON_FILE = re.compile(r"/(lib)?python3[^/]*$")
V8_BUILTINS = "Builtins_"
SIGNALS = ("__restore_rt", "<signal handler called>")

PYTHON, MADE, NATIVE = "python", "made", "native"


class Frame:
    """kind, name (None: not known), module and the offset in its file, file and line."""

    def __init__(self, kind, name=None, module=None, offset=None, file=None, line=None, inlined=False):
        self.kind = kind
        self.name = name
        self.module = module
        self.offset = offset
        self.file = file
        self.line = line
        self.inlined = inlined

    def __str__(self):
        text = "[%s]" % self.kind if self.kind in (PYTHON, MADE) and not self.name else self.name or "??"
        if self.module:
            text += "  " + os.path.basename(self.module)
            if self.offset is not None:
                text += "+0x%x" % self.offset
        if self.line:
            text += "  %s:%d" % (os.path.basename(self.file or "?"), self.line)
        return text + ("  (inlined)" if self.inlined else "")


def is_file(module):
    return bool(module) and module.startswith("/")


def is_made(made, module, offset):
    if not is_file(module):
        return module != "[vdso]"
    return bool(made) and module == made[0] and offset is not None and made[1] <= offset < made[2]


# --- gdb ------------------------------------------------------------------------------------------


def of_gdb(thread, python=False, made=None):
    """Frames of one thread as gdb_points.py wrote them. made: see programs.Subject."""
    frames = []
    for raw in thread["frames"]:
        if raw["kind"] == "tailcall":
            continue
        name = raw.get("fn")
        if raw["kind"] == "signal":
            name = SIGNALS[0]
        module = raw.get("module")
        frame = Frame(NATIVE, name, module, raw.get("offset"), raw.get("file"), raw.get("line"), raw["kind"] == "inline")
        if raw.get("linkage"):
            frame.name = names.demangled(raw["linkage"])
        if python and name and name.startswith(PYTHON_LOOPS):
            # what is inlined in the loop is part of it
            while frames and frames[-1].inlined and (frames[-1].module, frames[-1].offset) == (module, raw.get("offset")):
                frames.pop()
            frame = Frame(PYTHON)
        elif python and name in PYTHON_ENTRIES:
            continue
        elif made is not None and is_made(made, module, frame.offset):
            frame = Frame(MADE)
        if frame.kind != NATIVE and frames and frames[-1].kind == frame.kind:
            continue
        frames.append(frame)
    return frames


# --- blockprof --------------------------------------------------------------------------------------


def of_blockprof(stack, python=False, made=None):
    frames = []
    for raw in stack:
        kind, name = raw["kind"], raw["fn"]
        if kind == "kernel":
            continue
        if kind == "native":
            if python and name in PYTHON_ENTRIES:
                continue
            module = raw.get("module")
            offset = None
            if module and name.startswith(os.path.basename(module) + "+0x"):
                offset = int(name.rpartition("+0x")[2], 16)
                name = None
            elif name == "[unknown]":
                name = None
            frame = Frame(NATIVE, name, module, offset, raw.get("file"), raw.get("line"), raw.get("inlined", False))
            if made is not None and (name.startswith(V8_BUILTINS) if name else is_made(made, module, offset)):
                frame = Frame(MADE)
            if python and name and name.startswith(PYTHON_LOOPS):
                frame.name = "an interpreter's loop without its frames"
        else:
            frame = Frame(PYTHON if kind == "python" else MADE)
        if frame.kind != NATIVE and frames and frames[-1].kind == frame.kind:
            continue
        frames.append(frame)
    return frames


# --- Side by side -----------------------------------------------------------------------------------


class Judge:
    """root: where the target's files are, as its own / is (a chroot)."""

    def __init__(self, root=""):
        self.root = root
        self.known = {}

    def path(self, module):
        module = module.partition(" (deleted)")[0]
        return self.root + module if os.path.exists(self.root + module) else module

    def agree(self, truth, ours):
        if truth.kind != ours.kind:
            return ours.kind == PYTHON and not truth.name and bool(PYTHON_FILE.search(truth.module or ""))
        if truth.kind != NATIVE:
            return True
        if is_file(truth.module) and is_file(ours.module):
            if os.path.basename(truth.module) != os.path.basename(ours.module):
                return False
        key = (truth.name, truth.module, truth.offset, truth.inlined, ours.name, ours.module, ours.offset)
        if key not in self.known:
            self.known[key] = self._agree(truth, ours)
        return self.known[key]

    def _agree(self, truth, ours):
        if ours.name and truth.name and names.same(truth.name, ours.name):
            return True
        if truth.name == SIGNALS[0]:
            return ours.name in SIGNALS or self.same_place(truth, ours)
        if not is_file(truth.module):
            return not truth.name and not ours.name
        path = self.path(truth.module)
        if ours.name and truth.inlined:
            return False
        if ours.name:
            # a return address may be the first one after the function that made the call
            at = names.names_at(path, truth.offset) | names.names_at(path, truth.offset - 1)
            return any(names.same(name, ours.name) for name in at)
        return not truth.name and self.same_place(truth, ours)

    def same_place(self, truth, ours):
        if not is_file(truth.module) or ours.offset is None:
            return False
        places = (truth.offset, names.vaddr_of(self.path(truth.module), truth.offset))
        return ours.offset in places or ours.offset + 1 in places

    def pair(self, truth, ours):
        """[(truth or None, ours or None)], with as many that agree as can be."""
        head = 0
        while head < min(len(truth), len(ours)) and self.agree(truth[head], ours[head]):
            head += 1
        tail = 0
        while tail < min(len(truth), len(ours)) - head and self.agree(truth[-1 - tail], ours[-1 - tail]):
            tail += 1
        a, b = truth[head : len(truth) - tail], ours[head : len(ours) - tail]
        longest = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
        for i in range(len(a) - 1, -1, -1):
            for j in range(len(b) - 1, -1, -1):
                longest[i][j] = max(
                    longest[i + 1][j],
                    longest[i][j + 1],
                    longest[i + 1][j + 1] + 1 if self.agree(a[i], b[j]) else 0,
                )
        middle = []
        i = j = 0
        while i < len(a) or j < len(b):
            if i < len(a) and j < len(b) and self.agree(a[i], b[j]) and longest[i][j] == longest[i + 1][j + 1] + 1:
                middle.append((a[i], b[j]))
                i, j = i + 1, j + 1
            elif i < len(a) and (j == len(b) or longest[i + 1][j] >= longest[i][j + 1]):
                middle.append((a[i], None))
                i += 1
            else:
                middle.append((None, b[j]))
                j += 1
        return (
            list(zip(truth[:head], ours[:head]))
            + middle
            + (list(zip(truth[-tail:], ours[-tail:])) if tail else [])
        )


def joined(pairs):
    """Neighbours of which only one side has each are one frame that differs."""
    out = []
    missing, extra = [], []

    def flush():
        for i in range(max(len(missing), len(extra))):
            out.append((missing[i] if i < len(missing) else None, extra[i] if i < len(extra) else None, False))
        missing.clear()
        extra.clear()

    for truth, ours in pairs:
        if truth is not None and ours is not None:
            flush()
            out.append((truth, ours, True))
        elif ours is None:
            missing.append(truth)
        else:
            extra.append(ours)
    flush()
    return out


class Tally:
    """What was compared of one program, and the first stacks that differ."""

    SHOWN = 3
    SHOWN_LINES = 12

    def __init__(self):
        self.stacks = 0
        self.frames = 0
        self.agreed = 0
        self.cut = 0
        self.lines = 0
        self.lines_agreed = 0
        self.differences = []
        self.other_lines = []
        self.first = {}

    def add(self, where, rows):
        self.stacks += 1
        self.frames += len(rows)
        good = sum(1 for _, _, agrees in rows if agrees)
        self.agreed += good
        for truth, ours, agrees in rows:
            if agrees and truth.line and ours.line:
                self.lines += 1
                self.lines_agreed += truth.line == ours.line
                if truth.line != ours.line and len(self.other_lines) < self.SHOWN_LINES:
                    self.other_lines.append((truth, ours))
            if not agrees:
                key = (str(truth and truth.name), str(ours and ours.name))
                self.first[key] = self.first.get(key, 0) + 1
        if good < len(rows) and len(self.differences) < self.SHOWN:
            self.differences.append((where, rows))

    @property
    def percent(self):
        return 100.0 * self.agreed / self.frames if self.frames else 0.0


def show(rows):
    """Lines of two columns, with a mark where they differ."""
    for truth, ours, agrees in rows:
        yield "  %s %-60.60s | %s" % (" " if agrees else "!", truth or "-", ours or "-")
