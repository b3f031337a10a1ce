# SPDX-License-Identifier: GPL-2.0-or-later
"""When two names are of the same function. See stacks.py for the rules' whole list."""

import bisect
import functools
import os
import re
import subprocess

_CLONE = re.compile(r"(\.(isra|constprop|part|cold|lto_priv|llvm|localalias|clone)(\.\d+)*|\.\d+)+$")
_RUST_HASH = re.compile(r"::h[0-9a-f]{16}$")
_LITERAL = re.compile(r"(?<=\d)(ul|u|l|ll|ull)\b")
NEAR = 64  # symbols that may begin before another one that is inside them
_OPEN, _CLOSE = "(<[{", ")>]}"


def _is_operator(text, at):
    """Is the bracket at this place part of an operator's name?"""
    return re.search(r"\boperator\s*[-=<>(]*$", text[:at]) is not None


def without_brackets(text, kinds):
    """The text without what stands in brackets of these kinds, the brackets included."""
    out = []
    depth = 0
    i = 0
    while i < len(text):
        char = text[i]
        if depth == 0 and text.startswith("(anonymous namespace)", i):
            out.append("(anonymous namespace)")
            i += len("(anonymous namespace)")
            continue
        if char in kinds and not (depth == 0 and _is_operator(text, i)):
            depth += 1
        elif depth and char in _CLOSE and _OPEN[_CLOSE.index(char)] in kinds and text[i - 1] not in "-=":
            depth -= 1
            i += 1
            continue
        if depth == 0:
            out.append(char)
        i += 1
    return "".join(out)


def _last_word(text):
    """Without the return type in front, where the name is no operator's."""
    if "operator" in text:
        return text
    depth = 0
    start = 0
    for i, char in enumerate(text):
        if text.startswith("(anonymous namespace)", i):
            depth += 1
        if char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            depth -= 1
        elif char == " " and depth == 0 and text[i:].strip() != "const":
            start = i + 1
    return text[start:]


@functools.lru_cache(maxsize=None)
def plain(name):
    """One spelling: no version, clone, hash, parameters, return type, blanks."""
    name = name.strip()
    at = name.find("@")
    if at > 0:
        name = name[:at]
    name = _CLONE.sub("", name)
    name = re.sub(r" \[clone [^]]*\]", "", name)
    name = re.sub(r"\[(abi:[^]]*|[0-9a-f]{12,16})\]", "", name)  # the latter: a crate, in Rust's v0 names
    name = _RUST_HASH.sub("", name)
    name = re.sub(r"\{+closure(#\d+|_env#\d+)?\}+", "{closure}", name)
    name = re.sub(r"\{+(vtable_)?shim\}+", "{shim}", name)
    name = name.replace("(anonymous namespace)", "\0")
    name = without_brackets(name, "(").replace("\0", "(anonymous namespace)")
    name = re.sub(r"( const)?( &+)?$", "", name)
    name = _LITERAL.sub("", name)
    name = _last_word(name) if "<" not in name[:1] else name
    return name.replace(" ", "")


def bare(name):
    """And without template arguments."""
    return without_brackets(plain(name), "<")


def numbers(name):
    """Template arguments that are numbers: these have one spelling."""
    return re.findall(r"(?<=[<,])\d+(?=[,>])", plain(name))


def parts(name):
    return bare(name).split("::")


def unqualified(a, b):
    """One of them is the other without what stands in front of ::, as debug information has it."""
    a, b = parts(a), parts(b)
    short, long = (a, b) if len(a) <= len(b) else (b, a)
    return bool(short[-1]) and long[-len(short) :] == short


def same(a, b):
    if a == b or plain(a) == plain(b):
        return True
    if "<" in a and "<" in b and numbers(a) != numbers(b):
        return False
    return bool(bare(a)) and bare(a) == bare(b) or unqualified(a, b)


@functools.lru_cache(maxsize=None)
def demangled(name):
    if not name.startswith(("_Z", "_R", "__Z")):
        return name
    done = subprocess.run(["c++filt", name], stdout=subprocess.PIPE, universal_newlines=True)
    return done.stdout.strip() or name


# --- What a file's symbol tables say ------------------------------------------------------------


def _tables(path):
    """nm of a file: its own tables, and those of its separate debug file where there is one."""
    yield from (["nm", "-S", "--defined-only", path], ["nm", "-S", "-D", "--defined-only", path])
    done = subprocess.run(["readelf", "-n", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, universal_newlines=True)
    found = re.search(r"Build ID: ([0-9a-f]+)", done.stdout)
    if found:
        build_id = found.group(1)
        debug = "/usr/lib/debug/.build-id/%s/%s.debug" % (build_id[:2], build_id[2:])
        if os.path.exists(debug):
            yield ["nm", "-S", "--defined-only", debug]


@functools.lru_cache(maxsize=None)
def _segments(path):
    """[(file offset, bytes, virtual address)] of what is loaded."""
    done = subprocess.run(["readelf", "-lW", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, universal_newlines=True)
    found = []
    for line in done.stdout.splitlines():
        words = line.split()
        if words and words[0] == "LOAD":
            found.append((int(words[1], 16), int(words[4], 16), int(words[2], 16)))
    return found


def vaddr_of(path, offset):
    for start, size, vaddr in _segments(path):
        if start <= offset < start + size:
            return offset - start + vaddr
    return offset


@functools.lru_cache(maxsize=None)
def _symbols(path):
    """[(address, bytes, demangled name)] of functions, sorted."""
    found = []
    for argv in _tables(path):
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for line in done.stdout.decode("utf-8", "replace").splitlines():
            words = line.split()
            if len(words) == 4 and words[2] in "tTwWiuVv":
                found.append((int(words[0], 16), int(words[1], 16), words[3]))
            elif len(words) == 3 and words[1] in "tTwW":
                found.append((int(words[0], 16), 0, words[2]))
    done = subprocess.run(
        ["c++filt"], input="\n".join(name for _, _, name in found).encode(), stdout=subprocess.PIPE
    )
    names = done.stdout.decode("utf-8", "replace").splitlines()
    return sorted(set((start, size, name) for (start, size, _), name in zip(found, names)))


@functools.lru_cache(maxsize=None)
def names_at(path, offset):
    """Names of the functions that the file's tables have at this place."""
    vaddr = vaddr_of(path, offset)
    symbols = _symbols(path)
    end = bisect.bisect_right(symbols, (vaddr, 1 << 64))
    return {
        name
        for start, size, name in symbols[max(0, end - NEAR) : end]
        if start <= vaddr < start + size or (not size and start == vaddr)
    }


def range_of(path, prefix):
    """(from, to): the offsets in the file between which its functions with such names are."""
    found = [(start, start + size) for start, size, name in _symbols(path) if name.startswith(prefix)]
    if not found:
        return ()
    low, high = min(start for start, _ in found), max(end for _, end in found)
    shift = next(vaddr - start for start, size, vaddr in _segments(path) if vaddr <= low < vaddr + size)
    return low - shift, high - shift
