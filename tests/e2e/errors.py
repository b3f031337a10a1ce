# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs that cannot go on: how they end, and what they say."""

import re
import subprocess

from harness import check, need_root

_CANNOT = re.compile(r"blockprof: cannot [^:]+.*: .+; .+\n")


def check_error(done_or_status, err, expected=1):
    """Exit status 1 (125 with a COMMAND), and one line that says what, why and what to do."""
    status = getattr(done_or_status, "returncode", done_or_status)
    check(status == expected, "exit status %s" % status, err)
    check(_CANNOT.fullmatch(err), "one line: cannot ...: reason; what to do", err)


def run_command(argv, seconds=30, **kept):
    """(exit status, stdout, stderr) as text."""
    need_root()
    done = subprocess.run(
        [str(arg) for arg in argv],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=seconds,
        **kept,
    )
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
