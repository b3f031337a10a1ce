# SPDX-License-Identifier: GPL-2.0-or-later
"""Who judges, and reads what is written, has to get on, whatever the neighbours do."""

import os

FIRST = 1  # sched(7)


def come_first():
    """The calling thread, and nothing that it starts."""
    os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(FIRST))
