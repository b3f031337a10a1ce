# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults that were answered wrongly once: a command, and words of the place. They come first in a sample."""

MENDED = (
    # a map that libbpf goes on without was written to
    ("watch", "libbpf_mmap"),
    ("dump", "libbpf_mmap"),
    # the interpreter was looked for once: a watch without an event loop, for good, and a dump without Python
    ("watch", "scan < py_find"),
    ("watch", "location_find_file < symbols_addresses"),
    ("watch", "maps_read < py_find"),
    ("watch", "probe_python < interpreter_find"),
    ("dump", "scan < py_find"),
    # a full table of descriptors was no permission, and a process that was there was none
    ("watch", "signalfd"),
    ("dump", "signalfd"),
    ("watch", "process_kind < target_check"),
    ("watch", "process_kind < check_still_there"),
    # a command that was never started had ended well; who starts what runs for stalls waited for good
    ("command", "run_child < launch_hold"),
    ("command", "launch_go < begin"),
    ("on-stall", "runner_run < be_runner"),
)


def was_mended(line):
    return any(line.startswith(command) and words in line for command, words in MENDED)
