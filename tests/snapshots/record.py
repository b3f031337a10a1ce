#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
record.py NAME -p PID [--all] | NAME -- GDB-ARGUMENT...

Takes the stack of a process (--all: of each of its threads), or of what the arguments to gdb
stop at, as gdb sees it, and writes it to tests/unit/snapshots/NAME.gz, with as much of the files
that it goes through as it takes to unwind it again without them. test_unwind_snapshots replays
them. --qemu PID: the arguments connect to a qemu-aarch64, which is that process.

Lines of a snapshot, numbers in hex:
  machine N                      EM_* of elf.h
  reg N VALUE                    by DWARF's numbers
  stack BYTES                    from sp upwards
  map START END OFFSET FILE      executable; FILE: its number, or - for none
  chunk FILE OFFSET BYTES        of a file; the rest of it is zero
  frame PC CFA FP FLAGS          expected, innermost first; -: not known. FLAGS: p found by frame
                                 pointer, x exact
  end FLAGS                      - up to the outermost, c cut, l lost
"""
import argparse
import gzip
import os
import pickle
import subprocess
import sys
import tempfile

from extract import extract

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.environ.get("SNAPSHOTS") or os.path.join(HERE, "..", "unit", "snapshots")


SP = {62: 7, 183: 31}
FRAMES_MAX = 256


def gdb_looks(arguments, every, gdb):
    with tempfile.NamedTemporaryFile(suffix=".looks") as out:
        environment = dict(os.environ, SNAPSHOT_OUT=out.name)
        if every:
            environment["SNAPSHOT_ALL"] = "1"
        got = subprocess.run(
            [gdb, "-q", "-nx", "-batch", "-iex", "set auto-load off", *arguments,
             "-x", os.path.join(HERE, "look.py")],
            env=environment, capture_output=True, text=True, timeout=60)
        try:
            return pickle.load(out)
        except EOFError:
            sys.exit(f"record: gdb says: {got.stdout} {got.stderr}")


def sign(look):
    """As pointer authentication does, in the bits above an address of 48 (but for bit 55)."""
    stack = bytearray.fromhex(look["stack"])
    frames = look["frames"]
    places = {frame["pc"] for before, frame in zip(frames, frames[1:]) if not before["signal"]}
    places -= {frame["pc"] for before, frame in zip(frames, frames[1:]) if before["signal"]}
    for at in range(0, len(stack) - 7, 8):
        word = int.from_bytes(stack[at : at + 8], "little")
        if word in places:
            word |= (word * 0x9E37 & 0x7F) << 48
            stack[at : at + 8] = word.to_bytes(8, "little")
    look["stack"] = stack.hex()


def write(name, look, mappings, files):
    frames, lines, places = look["frames"], [], {}
    lines.append(f"machine {look['machine']:x}")
    lines += [f"reg {i:x} {value:x}" for i, value in enumerate(look["registers"])]
    lines.append(f"stack {look['stack']}")
    exact, expected, by_fp, end = True, [], False, "-"
    stop = look["registers"][SP[look["machine"]]] + len(look["stack"]) // 2
    for i, frame in enumerate(frames):
        # the return address is right below the caller's sp
        if len(expected) == FRAMES_MAX or (frame["sp"] or 0) > stop:
            end = "c"
            break
        pc = frame["pc"]
        at = pc - (not exact)
        found = next((m for m in mappings if m[0] <= at < m[1]), None)
        if not found:
            if i == 0:
                return False
            end = "l"
            break
        start, _, offset, path = found
        elf = files[path]
        flags = ("p" if by_fp else "") + ("x" if exact else "")
        caller = frames[i + 1] if i + 1 < len(frames) else None
        known = caller and caller["sp"] and not frame["signal"] and any(
            m[0] < caller["pc"] <= m[1] for m in mappings)
        cfa = f"{caller['sp']:x}" if known else "-"
        fp = f"{frame['fp']:x}" if frame["fp"] is not None else "-"
        expected.append(f"frame {pc:x} {cfa} {fp} {flags or '-'}")
        by_fp = True
        if elf:
            places.setdefault(path, (elf, []))[1].append((pc - start + offset, not exact))
            vaddr = elf.vaddr(at - start + offset)
            by_fp = (vaddr is None or elf.find(vaddr) is None) and not frame["signal"]
        exact = frame["signal"]
    numbers = {path: i for i, path in enumerate(places)}
    for start, stop, offset, path in mappings:
        lines.append(f"map {start:x} {stop:x} {offset:x} {numbers.get(path, '-')}")
    for path, (elf, wanted) in places.items():
        for offset, data in extract(elf, sorted(set(wanted))):
            lines.append(f"chunk {numbers[path]:x} {offset:x} {data.hex()}")
    lines += expected
    lines.append(f"end {end}")
    os.makedirs(OUT, exist_ok=True)
    path = os.path.join(OUT, name + ".gz")
    with open(path, "wb") as file:
        file.write(gzip.compress(("\n".join(lines) + "\n").encode(), 9, mtime=0))
    print(f"{name}: {len(expected)} frames, {os.path.getsize(path)} bytes:",
          " ".join(str(frame["name"]) for frame in frames[:6]))
    return True


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("name")
    parser.add_argument("-p", "--pid", type=int)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--qemu", type=int, help="the process of qemu-aarch64")
    parser.add_argument("--sign", action="store_true",
                        help="return addresses get a signature, which gdb has not seen")
    parser.add_argument("gdb", nargs="*")
    options = parser.parse_args()
    arguments = options.gdb
    if options.pid:
        arguments = ["-p", str(options.pid)]
    if options.qemu:
        os.environ["SNAPSHOT_QEMU"] = str(options.qemu)
    looks, mappings, files = gdb_looks(arguments, options.all,
                                       "gdb-multiarch" if options.qemu else "gdb")
    for i, look in enumerate(looks):
        if options.sign:
            sign(look)
        name = options.name if not options.all else f"{options.name}-{i}"
        if not write(name, look, mappings, files):
            print(f"{name}: not in a mapping that is known", file=sys.stderr)


if __name__ == "__main__":
    main()
