# SPDX-License-Identifier: GPL-2.0-or-later
"""What of an ELF file unwinding needs at some places: headers, a few FDEs, the bytes of some calls."""
import bisect
import struct
import zlib

PT_LOAD, PT_GNU_EH_FRAME = 1, 0x6474E550
PCREL_SDATA4 = 0x1B


def uleb(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


class Entry:
    """A CIE or an FDE."""

    def __init__(self, data, at, eh, vaddr):
        self.at = at
        (length,) = struct.unpack_from("<I", data, at)
        assert length != 0xFFFFFFFF, "64-bit DWARF"
        self.end = at + 4 + length
        self.body = data[at + 4 : self.end]
        self.last = length == 0
        if self.last:
            return
        (self.id,) = struct.unpack_from("<I", self.body)
        self.is_cie = self.id == (0 if eh else 0xFFFFFFFF)
        self.cie_at = at + 4 - self.id if eh else self.id
        self.field = vaddr + at + 8 if eh else None

    def encoding(self):
        """Of a CIE: how its FDEs write addresses; None: as plain numbers."""
        text, at = self.body[5:].split(b"\0", 1)[0], 5
        at += len(text) + 1
        if not text.startswith(b"z"):
            return None
        _, at = uleb(self.body, at)  # code alignment
        while self.body[at] >= 0x80:  # data alignment
            at += 1
        at += 1
        _, at = uleb(self.body, at)  # return address register
        _, at = uleb(self.body, at)  # size
        for letter in text[1:]:
            if letter == ord("R"):
                return self.body[at]
            if letter == ord("P"):
                at += 1 + {0: 8, 2: 2, 3: 4, 4: 8}[self.body[at] & 7]
            elif letter in b"L":
                at += 1
        return 0

    def range(self, cie):
        encoding = cie.encoding()
        if encoding in (None, 0):
            return struct.unpack_from("<QQ", self.body, 4)
        assert encoding == PCREL_SDATA4, hex(encoding)
        start, size = struct.unpack_from("<iI", self.body, 4)
        return start + self.field, size


class Elf:
    """A file of 64 bits with the low byte first."""

    def __init__(self, data):
        self.data = data
        assert data[:6] == b"\x7fELF\x02\x01", "no 64-bit ELF file"
        (self.machine,) = struct.unpack_from("<H", data, 18)
        (self.phoff, self.shoff, self.phnum, shnum, shstrndx) = (
            *struct.unpack_from("<QQ", data, 32), struct.unpack_from("<H", data, 56)[0],
            *struct.unpack_from("<HH", data, 60))
        self.segments = [struct.unpack_from("<IIQQQQQQ", data, self.phoff + 56 * i)
                         for i in range(self.phnum)]
        raw = [struct.unpack_from("<IIQQQQIIQQ", data, self.shoff + 64 * i) for i in range(shnum)]
        names = raw[shstrndx][4] if shnum else 0
        self.sections = {}
        for section in raw:
            end = data.index(b"\0", names + section[0])
            self.sections[data[names + section[0] : end].decode()] = section
        self.frames = {name: self.parse(name) for name in (".eh_frame", ".debug_frame")}

    def contents(self, name):
        section = self.sections.get(name)
        if not section or section[1] == 8:
            return b""
        data = self.data[section[4] : section[4] + section[5]]
        return zlib.decompress(data[24:]) if section[2] & 0x800 else data

    def parse(self, name):
        """FDEs sorted by address: (start, size, entry, CIE)."""
        data, eh = self.contents(name), name == ".eh_frame"
        vaddr = self.sections[name][3] if data else 0
        entries, at, out = {}, 0, []
        while at + 4 <= len(data):
            entry = Entry(data, at, eh, vaddr)
            if entry.last:
                break
            entries[at] = entry
            at = entry.end
        for entry in entries.values():
            if not entry.is_cie:
                cie = entries[entry.cie_at]
                out.append((*entry.range(cie), entry.at, entry, cie))
        return sorted(out, key=lambda fde: fde[:3])

    def is_code(self, offset):
        return any(kind == PT_LOAD and flags & 1 and at <= offset < at + bytes_
                   for kind, flags, at, _, _, bytes_, _, _ in self.segments)

    def vaddr(self, offset):
        for kind, flags, at, vaddr, _, bytes_, _, _ in self.segments:
            if kind == PT_LOAD and flags & 1 and at <= offset < at + bytes_:
                return vaddr + offset - at
        return None

    def find(self, vaddr):
        """The section and FDE that cover an address; None: none does."""
        for name, fdes in self.frames.items():
            at = bisect.bisect_right([fde[0] for fde in fdes], vaddr) - 1
            if at >= 0 and vaddr - fdes[at][0] < fdes[at][1]:
                return name, fdes[at]
        return None

    def rebuild(self, name, fdes):
        """A section that has only these FDEs, and where they are in it."""
        vaddr = self.sections[name][3] if name == ".eh_frame" else 0
        out, cies, table = b"", {}, []
        for start, size, _, entry, cie in fdes:
            if cie.at not in cies:
                cies[cie.at] = len(out)
                out += struct.pack("<I", len(cie.body)) + cie.body
            table.append((start, vaddr + len(out)))
            body = entry.body[4:]
            if name == ".eh_frame":
                back = len(out) + 4 - cies[cie.at]
                if cie.encoding() == PCREL_SDATA4:
                    body = struct.pack("<iI", start - (vaddr + len(out) + 8), size) + body[8:]
            else:
                back = cies[cie.at]
            out += struct.pack("<II", len(body) + 4, back) + body
        if name == ".eh_frame":
            out += b"\0\0\0\0"
        return out, table


def table_of(vaddr, frame_vaddr, entries):
    """.eh_frame_hdr"""
    out = struct.pack("<BBBBiI", 1, 0x1B, 3, 0x3B, frame_vaddr - vaddr - 4, len(entries))
    return out + b"".join(struct.pack("<ii", start - vaddr, at - vaddr) for start, at in entries)


def extract(elf, places):
    """
    (offset, bytes) of a file that says the same of these places - (offset in the
    file, whether it is a return address) - as the whole one.
    """
    needed, chunks = {}, []
    for offset, is_return in places:
        found = elf.find(elf.vaddr(offset - is_return))
        if found:
            needed.setdefault(found[0], {})[found[1][2]] = found[1]
        before = min(8, offset)
        chunks.append((offset - before, elf.data[offset - before : offset + 12]))
    names = b"\0.shstrtab\0.eh_frame_hdr\0.eh_frame\0.debug_frame\0"
    parts = []  # name, type, vaddr, wanted offset or None, bytes
    if ".eh_frame" in needed:
        fdes = sorted(needed[".eh_frame"].values(), key=lambda fde: fde[:3])
        data, entries = elf.rebuild(".eh_frame", fdes)
        frame = elf.sections[".eh_frame"]
        header = elf.sections.get(".eh_frame_hdr")
        if header:
            parts.append((".eh_frame_hdr", header[3], table_of(header[3], frame[3], entries)))
        parts.append((".eh_frame", frame[3], data))
    if ".debug_frame" in needed:
        fdes = sorted(needed[".debug_frame"].values(), key=lambda fde: fde[:3])
        parts.append((".debug_frame", 0, elf.rebuild(".debug_frame", fdes)[0]))
    at = (max([len(elf.data)] + [offset + len(data) for offset, data in chunks]) + 15) & ~15
    headers = [(0,) * 10, (1, 3, 0, 0, at, len(names), 0, 0, 1, 0)]
    tail = names
    for name, vaddr, data in parts:
        tail += b"\0" * (-len(tail) % 16)
        headers.append((names.index(name.encode() + b"\0"), 1, 0, vaddr, at + len(tail), len(data),
                        0, 0, 8, 0))
        tail += data
    tail += b"\0" * (-len(tail) % 16)
    header = bytearray(elf.data[:64])
    struct.pack_into("<Q", header, 40, at + len(tail))
    struct.pack_into("<HHH", header, 58, 64, len(headers), 1)
    tail += b"".join(struct.pack("<IIQQQQIIQQ", *section) for section in headers)
    chunks.append((0, bytes(header)))
    chunks.append((elf.phoff, elf.data[elf.phoff : elf.phoff + 56 * elf.phnum]))
    chunks.append((at, tail))
    return sorted(chunks)
