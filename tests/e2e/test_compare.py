# SPDX-License-Identifier: GPL-2.0-or-later
"""Stacks against those of gdb, py-spy and the programs' own: a short `make compare`."""

import os
import sys

from harness import busy, check, limit, need_program, need_root, variants
from machine import ROOT
from verdict import Skip

sys.path.append(os.path.join(ROOT, "tests", "compare"))

import compare

POINTS = 6


@busy
@variants(lambda: ((name, rows_of) for name, rows_of in compare.all_comparisons().items()))
@limit(150)
def test_stacks_agree(rows_of):
    need_root()
    need_program("gdb")
    skipped = []
    for row in rows_of(POINTS):
        if row.skipped:
            skipped.append(row.skipped)
            continue
        check(row.good, " ".join(row.cells()), *compare.differences(row, False))
    if skipped:
        raise Skip("; ".join(skipped))
