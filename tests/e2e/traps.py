# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests with tests/workloads/traps_target.py share: one run, and all the time that is in its records."""

import os
import subprocess

from harness import MS, Blockprof, Target, check, find_frame, frames_of, need, need_program, parse_folded, read_file

TRAPS = "traps_target.py"


def run_trap(name, *options, args=(), **kept):
    """The target after its scenario, and blockprof, which wrote x.folded beside its recording."""
    with Target(name, *options, script=TRAPS) as target:
        with Blockprof("-o", "x.folded", *args, pids=[target.pid], cwd=True, **kept) as blockprof:
            target.run()
    return target, blockprof


def folded_of(blockprof):
    """[(frames, ns)]"""
    text = read_file(os.path.join(blockprof.directory, "x.folded"))
    return [(frames, weight * 1000) for frames, weight in parse_folded(text)]


def all_slices(blockprof):
    """Each block once: of final stalls, of stalls that had not ended, and of turns that were none."""
    last = {}
    for stall in blockprof.of_type("stall"):
        last[stall["turn"]] = stall
    for record in list(last.values()) + blockprof.of_type("blocked"):
        for slice_ in record["slices"]:
            yield record, slice_


def sum_slices(blockprof, cause, fn=None):
    return sum(
        slice_["ns"]
        for _, slice_ in all_slices(blockprof)
        if slice_["cause"] == cause and (not fn or find_frame(frames_of(slice_), fn))
    )


def sum_notes(target, key):
    return sum(turn[key] for turn in target.turns)


def check_no_absurd_time(blockprof):
    """No duration is longer than the watch, unless it began before that."""
    watched_ns = blockprof.summary["duration_ns"] + 5 * MS
    for record, slice_ in all_slices(blockprof):
        check(
            slice_["max_ns"] <= watched_ns or record.get("before_attach"), "a block longer than the watch", slice_, record
        )
    for stall in blockprof.of_type("stall"):
        check(stall["duration_ns"] <= watched_ns or stall["before_attach"], "a stall longer than the watch", stall)
    for loop in blockprof.summary["loops"]:
        before = any(stall["tid"] == loop["tid"] and stall["before_attach"] for stall in blockprof.of_type("stall"))
        check(before or loop["wall_ns"] <= watched_ns, "a loop watched for longer than the watch", loop)


NAP_C = """
#include <sys/syscall.h>
#include <time.h>
__attribute__((noinline)) long nap_in_library(int ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000L };
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "0"(SYS_nanosleep), "D"(&time), "S"(0)
			 : "rcx", "r11", "memory");
	return result;
}
"""


def make_library(directory):
    compiler = need_program("cc")
    need(os.uname().machine == "x86_64", "the library's system call is x86-64's")
    source = os.path.join(directory, "nap.c")
    with open(source, "w") as file:
        file.write(NAP_C)
    subprocess.run(
        [compiler, "-O1", "-fno-omit-frame-pointer", "-fPIC", "-shared", "-o", os.path.join(directory, "libnap.so"), source],
        check=True,
    )
    os.remove(source)
