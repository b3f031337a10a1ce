# SPDX-License-Identifier: GPL-2.0-or-later
"""Run inside gdb: writes what the selected threads' stacks are to the file $SNAPSHOT_OUT."""
import os
import pickle
import sys

import gdb
import gdb.unwinder

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from maps import SIGRETURN, file_at, file_of, mappings  # noqa: E402

COPY_BYTES = 65536
NUMBERS = {
    62: "rax rdx rcx rbx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip".split(),
    183: [f"x{i}" for i in range(31)] + ["sp", "pc"],
}
FP_SP = {62: ("rbp", "rsp"), 183: ("x29", "sp")}
# what a function leaves as it was, besides the frame pointer
KEPT = {62: "rbx r12 r13 r14 r15".split(), 183: [f"x{i}" for i in range(19, 29)]}
MASK = (1 << 64) - 1


def machine():
    return 183 if "aarch64" in gdb.selected_inferior().architecture().name() else 62


def value(frame, name):
    try:
        got = frame.read_register(name)
        return None if got.is_optimized_out else int(got) & MASK
    except gdb.error:
        return None


def code(address, kind):
    return address & ((1 << 48) - 1) if kind == 183 else address


def stack(sp):
    out = b""
    while len(out) < COPY_BYTES:
        want = min(4096 - (sp + len(out)) % 4096, COPY_BYTES - len(out))
        try:
            out += bytes(gdb.selected_inferior().read_memory(sp + len(out), want))
        except gdb.error:
            break
    return out


def look():
    kind = machine()
    fp, sp = FP_SP[kind]
    frame = gdb.newest_frame()
    registers = [value(frame, name) or 0 for name in NUMBERS[kind]]
    frames = []
    reason = 0
    while frame is not None:
        reason = frame.unwind_stop_reason()
        if frame.type() in (gdb.NORMAL_FRAME, gdb.SIGTRAMP_FRAME):
            frames.append({
                "pc": code(frame.pc(), kind), "sp": value(frame, sp), "fp": value(frame, fp),
                "signal": frame.type() == gdb.SIGTRAMP_FRAME, "name": frame.name()})
        try:
            frame = frame.older()
        except gdb.error:
            reason = -1
            break
    return {"machine": kind, "registers": registers, "frames": frames, "reason": reason,
            "stack": stack(registers[NUMBERS[kind].index(sp)]).hex()}


class Identity:
    def __init__(self, sp, pc):
        self.sp = sp
        self.pc = pc


class WithoutRules(gdb.unwinder.Unwinder):
    """Where no CFI says how: by frame pointer. gdb guesses from instructions, and wrong in V8's."""

    def __init__(self):
        super().__init__("without rules")

    def __call__(self, pending):
        kind = machine()
        names = (*FP_SP[kind], NUMBERS[kind][-1])
        fp, sp, pc = (int(pending.read_register(name)) & MASK for name in names)
        mapping, elf = file_at(code(pc, kind))
        if not mapping or (elf and has_rule(elf, mapping, code(pc, kind))):
            return None
        try:
            saved = bytes(gdb.selected_inferior().read_memory(fp, 16))
        except gdb.error:
            return None
        if fp < sp:
            return None
        caller_fp, addr = (int.from_bytes(saved[i : i + 8], "little") for i in (0, 8))
        word = gdb.lookup_type("unsigned long")
        info = pending.create_unwind_info(
            Identity(*(gdb.Value(number).cast(word) for number in (fp + 16, pc))))
        for name, number in zip(names, (caller_fp, fp + 16, code(addr, kind))):
            like = pending.read_register(name).type
            info.add_saved_register(name, gdb.Value(number).cast(word).cast(like))
        for name in KEPT[kind]:
            info.add_saved_register(name, pending.read_register(name))
        return info


def has_rule(elf, mapping, pc):
    """Also of the byte before: it may be a return address, and the end of its function."""
    if elf.data[pc - mapping[0] + mapping[2] :][:9].startswith(SIGRETURN):
        return True
    for at in (pc, pc - 1):
        vaddr = elf.vaddr(at - mapping[0] + mapping[2])
        if vaddr is not None and elf.find(vaddr):
            return True
    return False


gdb.unwinder.register_unwinder(None, WithoutRules(), replace=True)
gdb.execute("set backtrace past-main on")
gdb.execute("set backtrace past-entry on")
gdb.execute("set backtrace limit 3000")
looks = []
for thread in sorted(gdb.selected_inferior().threads(), key=lambda thread: thread.num):
    if os.environ.get("SNAPSHOT_ALL") or thread == gdb.selected_thread():
        thread.switch()
        looks.append(dict(look(), thread=thread.name or str(thread.num)))
with open(os.environ["SNAPSHOT_OUT"], "wb") as file:
    pickle.dump((looks, mappings(), {m[3]: file_of(m) for m in mappings()}), file)
