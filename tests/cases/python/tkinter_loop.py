# SPDX-License-Identifier: GPL-2.0-or-later
"""Tcl's loop in Python, as tkinter has it (without a display), with a tick each 20 ms; another
thread waits on conditions of its own. Each 0.8 s a callback sleeps for 300 ms: with "innocent",
that thread does."""

import sys
import threading
import time
import tkinter

from truth import truth

INNOCENT = "innocent" in sys.argv
tcl = tkinter.Tcl()
asked, done = threading.Event(), threading.Event()


def save():
    time.sleep(0.3)


def works():
    while True:
        asked.wait()
        asked.clear()
        save()
        done.set()


def on_click():
    if INNOCENT:
        asked.set()
    else:
        with truth("sleep"):
            save()


threading.Thread(target=works, daemon=True).start()
tcl.createcommand("on_click", on_click)
tcl.eval("proc tick {} {after 20 tick}; proc click {} {on_click; after 800 click}")
tcl.eval("tick; after 800 click; vwait forever")
