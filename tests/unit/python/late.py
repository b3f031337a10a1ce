# SPDX-License-Identifier: GPL-2.0-or-later
"""Imports asyncio when told to, then computes when told to."""
import threading

from report import ready, say

say("main", threading.get_ident())
ready()
import asyncio.tasks  # noqa: E402

say("tasks", id(asyncio.tasks._current_tasks))
ready()
say("ready")
while True:
    pass
