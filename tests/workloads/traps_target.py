# SPDX-License-Identifier: GPL-2.0-or-later
"""asyncio_target.py with the patterns of blocks_traps.py beside its own."""

import runpy

import blocks_traps  # noqa: F401  fills the tables

runpy.run_module("asyncio_target", run_name="__main__")
