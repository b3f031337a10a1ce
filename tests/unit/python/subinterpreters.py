# SPDX-License-Identifier: GPL-2.0-or-later
"""A thread that blocks in a subinterpreter, and one that blocks in the main interpreter."""
import threading
import time

from report import block, ready, report, say, start, wait_blocked

try:
    import _xxsubinterpreters as interpreters
except ImportError:
    import _interpreters as interpreters

INNER = """
import sys, threading, time
def sleeps_inside():
    time.sleep(3600)
sys.stdout.write("inside\\t%d\\n" % threading.get_ident())
sys.stdout.flush()
sleeps_inside()
"""


def runs_inner():
    interpreters.run_string(interpreters.create(), INNER)


threading.Thread(target=runs_inner, daemon=True).start()
start("main", block)
wait_blocked(1)
time.sleep(0.5)
report()
ready()
