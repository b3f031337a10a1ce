# SPDX-License-Identifier: GPL-2.0-or-later
"""Marks on tests, for run.py."""

from machine import pythons


def limit(seconds):
    """The test's time limit (run.py's default is 60 s)."""

    def mark(test):
        test.limit = seconds
        return test

    return mark


def exclusive(test):
    """No other test may run beside this one: it needs the CPUs, or looks at the whole system."""
    test.exclusive = True
    return test


def busy(of):
    """At most one such test runs at a time: it computes for long, and its times are judged.

    of: the test, or a function of the variant's argument.
    """

    def mark(test):
        test.busy = of
        return test

    if of.__name__.startswith("test_"):
        of.busy = lambda *_: True
        return of
    return mark


def variants(make):
    """Runs the test once for each (label, argument) of make(): test_x[label]."""

    def mark(test):
        test.variants = make if callable(make) else lambda: make
        return test

    return mark


def row(runtime, number):
    """The test is one cell of `make matrix`: a runtime, and the number of one of ROWS (rows.py).

    Either may be a function of the variant's argument; None: not a cell.
    """

    def mark(test):
        test.row = (runtime, number)
        return test

    return mark


def each_python(test):
    """Runs the test once for each CPython found; its argument is the interpreter's path."""
    return variants(pythons)(test)
