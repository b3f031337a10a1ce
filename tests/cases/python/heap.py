# SPDX-License-Identifier: GPL-2.0-or-later
import gc
import time


def enough():
    """What a collection has 150 ms of work with, on whatever machine."""
    kept, took = [], 0
    while took < 0.15:
        kept += [[{}] for _ in range(500_000)]
        began = time.monotonic()
        gc.collect()
        took = time.monotonic() - began
    return kept
