# SPDX-License-Identifier: GPL-2.0-or-later
"""Line tables of the standard library's functions, and the lines the interpreter reads from them."""
import dis
import importlib.util
import sys

from report import ready, say

MODULES = ("_pydecimal", "argparse", "asyncio.base_events", "asyncio.sslproto", "decimal",
           "inspect", "pickle", "tarfile", "test.support", "typing", "zipfile")


def ranges(code):
    """(end, line) of each part of the bytecode; line 0: it has none."""
    size = len(code.co_code)
    if sys.version_info >= (3, 11):
        lines = [position[0] for position in code.co_positions()]
        return [(2 * i + 2, line or 0) for i, line in enumerate(lines)]
    if sys.version_info >= (3, 10):
        return [(end, line or 0) for _start, end, line in code.co_lines() if end > _start]
    starts = list(dis.findlinestarts(code)) + [(size, 0)]
    return [(starts[i + 1][0], starts[i][1]) for i in range(len(starts) - 1)]


def tell(code):
    table = code.co_linetable if sys.version_info >= (3, 10) else code.co_lnotab
    short = []
    for end, line in ranges(code):
        if short and short[-1][1] == line:
            short[-1] = (end, line)
        else:
            short.append((end, line))
    say("code", code.co_firstlineno, table.hex(), ";".join("%d,%d" % pair for pair in short))
    for const in code.co_consts:
        if isinstance(const, type(code)):
            tell(const)


say("format", sys.version_info[1])
for name in MODULES:
    try:
        path = importlib.util.find_spec(name).origin
    except ImportError:
        continue
    with open(path, encoding="utf-8") as file:
        tell(compile(file.read(), path, "exec"))
ready()
