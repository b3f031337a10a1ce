# SPDX-License-Identifier: GPL-2.0-or-later
"""Native frames: their names, source lines, and the functions that were inlined."""

import os
import shutil
import subprocess
import tempfile
import time

from harness import (
    WORKLOADS,
    Blockprof,
    assert_stall,
    check,
    limit,
    need,
    parse_folded,
    read_file,
    until,
    variants,
)
from native import NativeTarget, c_program

SOURCE = "inline_loop.c"


def line_in(fn):
    with open(os.path.join(WORKLOADS, SOURCE)) as file:
        (line,) = [number for number, text in enumerate(file, 1) if "/* in %s */" % fn in text]
    return line


def stripped(program, directory):
    """The program without symbols in the directory, its debug file below it."""
    need(shutil.which("objcopy"), "no objcopy")
    path = os.path.join(directory, os.path.basename(program))
    debug = os.path.join(directory, ".debug", "inline_loop.debug")
    os.mkdir(os.path.dirname(debug))
    for argv in (
        ["objcopy", "--only-keep-debug", program, debug],
        ["objcopy", "--strip-all", "--add-gnu-debuglink=" + debug, program, path],
    ):
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    return path


@limit(120)
@variants([("in the program", False), ("in a debug file", True)])
def test_lines_and_inlined_functions(apart):
    program = c_program("inline_loop")
    with tempfile.TemporaryDirectory() as directory:
        folded = os.path.join(directory, "out.folded")
        if apart:
            program = stripped(program, directory)
        with NativeTarget([program]) as target:
            with Blockprof("-o", folded, pids=[target.pid]) as blockprof:
                blockprof.wait_records(lambda records: any(record["type"] == "loop" for record in records))
                target.go()
                until(lambda: target.turns, 60, "a turn")
                time.sleep(0.2)
        stacks = parse_folded(read_file(folded))
    _, slept = assert_stall(blockprof.stalls, cause="sleep", turn=target.turns[-1])
    names = [frame["fn"] for frame in slept["stack"]]
    at = names.index("await_ms")
    check(names[at : at + 4] == ["await_ms", "refresh", "on_word", "main"], "the order", names)
    for frame in slept["stack"][at : at + 3]:
        check(frame["file"].endswith("/" + SOURCE), "the file", frame)
        check(frame["line"] == line_in(frame["fn"]), "the line", frame)
        check(frame["module"] == program, "the module", frame)
        check(frame.get("inlined", False) == (frame["fn"] != "on_word"), "what is inlined", frame)
    check(
        any("on_word" in frames and "refresh_[i]" in frames and "await_ms_[i]" in frames for frames, _ in stacks),
        "folded",
        stacks,
    )
    check(blockprof.summary["lost"].get("symbol_lines_left_out", 0) == 0, "nothing is left out", blockprof.summary)
