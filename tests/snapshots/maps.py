# SPDX-License-Identifier: GPL-2.0-or-later
"""Inside gdb: what the target, which is stopped, has mapped."""
import functools
import os
import struct

import gdb

from extract import Elf

QEMU = os.environ.get("SNAPSHOT_QEMU")  # its process, of which the target's mappings are part


# mov $15,%rax; syscall; mov x8,#139; svc #0
SIGRETURN = (bytes.fromhex("48c7c00f0000000f05"), bytes.fromhex("681180d2010000d4"))
SIGNAL_PAGE = "[signal page]"
PAGE = 4096
BEFORE = 16  # a real vDSO has something before that code


@functools.lru_cache(None)
def elf_at(path):
    with open(path, "rb") as file:
        return Elf(file.read())


def page_as_file(page):
    """qemu has no vDSO: its code of a signal's return stands alone. An ELF file that loads it."""
    header = b"\x7fELF\2\1\1".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 3, 183, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, 2 * PAGE, 2 * PAGE, PAGE)
    return Elf((header + segment).ljust(PAGE, b"\0") + page)


@functools.lru_cache(None)
def file_of(mapping):
    """None: no ELF file."""
    start, end, _, path = mapping
    try:
        if path == "[vdso]" and not QEMU:
            return Elf(bytes(gdb.selected_inferior().read_memory(start, end - start)))
        if path == SIGNAL_PAGE:
            return page_as_file(bytes(gdb.selected_inferior().read_memory(end - PAGE, PAGE)))
        if "(deleted)" in path:
            path = f"/proc/{gdb.selected_inferior().pid}/map_files/{start:x}-{end:x}"
        return elf_at(path) if path.startswith("/") else None
    except (AssertionError, OSError, KeyError):
        return None


def signal_pages(start, end):
    """The page may stand among others; large areas are not the target's."""
    for page in range(start, min(end, start + 64 * PAGE), PAGE):
        try:
            code = bytes(gdb.selected_inferior().read_memory(page, 8))
        except gdb.error:
            continue
        if code.startswith(SIGRETURN):
            yield page - BEFORE, page + PAGE, PAGE - BEFORE, SIGNAL_PAGE


@functools.lru_cache(None)
def mappings():
    """(start, end, offset, path) of executable ones. Under qemu they are not so for the host."""
    out = []
    with open(f"/proc/{QEMU or gdb.selected_inferior().pid}/maps") as file:
        for line in file:
            words = line.split(None, 5)
            start, end = (int(word, 16) for word in words[0].split("-"))
            mapping = (start, end, int(words[2], 16), words[5].strip() if len(words) > 5 else "")
            elf = file_of(mapping) if QEMU else None
            executable = words[1][2] == "x"
            if QEMU and not mapping[3]:
                out += signal_pages(start, end)
            if QEMU:
                executable = elf is not None and elf.machine == 183 and elf.is_code(mapping[2])
            if executable:
                out.append(mapping)
    return tuple(out)


def file_at(addr):
    """The mapping at an address, and its file; None, None: none."""
    for mapping in mappings():
        if mapping[0] <= addr < mapping[1]:
            return mapping, file_of(mapping)
    return None, None
