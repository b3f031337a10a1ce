#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Small programs whose truth is known, judged one by one: run.py [-k WORD]... [-j N] [--again] [--list] [--together SECONDS]

A row of table.py is a program that says by its own clock what blocks it, and what is
right to say of that. It is played once beside blockprof: CASE | TRUTH | SAID | right or
wrong, and why. `later`: wrong today, and its row says what has to be built before
(right already is said too); it counts as neither passed nor failed. --together runs the
innocent ones all at once under one watch of the whole system. --again is for machines that
stall: a few that are wrong are played once more, alone, after the others, and again once more;
all results are shown, the last counts.
"""

import argparse
import concurrent.futures
import ctypes
import importlib.util
import os
import signal
import sys
import threading
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))

from ruling import Ruling, truth_of
from table import CASES
from together import watch_together
from trial import TooLate, Trial
from verdict import Skip

JOBS = 4
LONGEST = 3  # times as long, where the machine was too busy to come in time
AGAIN_MOST = 20  # of so many cases one may be played again: more that are wrong are no accident
TERMINATED = 128 + signal.SIGTERM
PR_SET_CHILD_SUBREAPER = 36


class Result:
    def __init__(self, case, verdict, said="", wrong=()):
        self.case, self.verdict, self.said, self.wrong = case, verdict, said, list(wrong)

    @property
    def counts_as(self):
        if self.case.needs and self.verdict in ("right", "wrong"):
            return "later"
        return self.verdict


def play(case, longer=1):
    try:
        ruling = Ruling(Trial(case, longer))
    except TooLate:
        if longer < LONGEST:
            return play(case, longer + 1)
        return Result(case, "skipped", "the machine was too busy to begin the watch in time")
    except Skip as skip:
        return Result(case, "skipped", str(skip))
    except AssertionError as error:
        return Result(case, "wrong", "", ["not judged: %s" % error])
    except Exception as error:
        return Result(case, "wrong", "", ["not judged: %s" % error, traceback.format_exc()])
    return Result(case, "wrong" if ruling.wrong else "right", ruling.said, ruling.wrong)


def end_descendants():
    """Ends all that is left of what was started."""
    path = os.path.join(os.path.dirname(HERE), "e2e", "run.py")
    spec = importlib.util.spec_from_file_location("e2e_run", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.end_descendants()


def terminated(*_):
    end_descendants()
    os._exit(TERMINATED)


_print_lock = threading.Lock()


def show(result):
    word = result.verdict
    if result.counts_as == "later":
        word = "later (%s; %s today)" % (result.case.needs, result.verdict)
    with _print_lock:
        print("%s | %s | %s | %s" % (result.case.name, truth_of(result.case), result.said, word))
        for reason in result.wrong:
            for line in reason.splitlines():
                print("    | " + line)
        sys.stdout.flush()


def play_all(cases, jobs):
    """Long ones first; the table's order is for its reader."""
    results = []
    with concurrent.futures.ThreadPoolExecutor(max(1, jobs)) as pool:
        futures = [pool.submit(play, case) for case in sorted(cases, key=lambda case: -case.most)]
        for future in concurrent.futures.as_completed(futures):
            results.append(future.result())
            show(results[-1])
    return results


def play_again(results):
    """The results with those of two more tries in place of a few that were wrong."""
    for _ in range(2):
        wrong = [result.case for result in results if result.counts_as == "wrong"]
        if not wrong or len(wrong) * AGAIN_MOST > len(results) + AGAIN_MOST:
            break
        print("again, alone:")
        again = {result.case.name: result for result in play_all(wrong, 1)}
        results = [again.get(result.case.name, result) for result in results]
    return results


def main():
    parser = argparse.ArgumentParser(description="programs whose truth is known")
    parser.add_argument("-k", action="append", help="only cases whose name has this word in it")
    parser.add_argument("-j", type=int, default=JOBS, help="so many side by side (%(default)s)")
    parser.add_argument("--again", action="store_true", help="give a few that are wrong two more tries")
    parser.add_argument("--list", action="store_true", help="only say which there are")
    parser.add_argument("--together", type=int, help="the innocent ones at once, for so many seconds")
    options = parser.parse_args()
    cases = [case for case in CASES if not options.k or any(word in case.name for word in options.k)]
    if options.list:
        for case in cases:
            print("%s | %s | %s" % (case.name, truth_of(case), case.needs or ""))
        return 0
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGTERM, terminated)
    signal.signal(signal.SIGINT, terminated)
    if options.together:
        wrong = watch_together(cases, options.together)
        end_descendants()
        return 1 if wrong else 0
    results = play_all(cases, options.j)
    if options.again:
        results = play_again(results)
    end_descendants()
    counts = [result.counts_as for result in results]
    later = counts.count("later")
    if later:
        right = sum(result.verdict == "right" for result in results if result.counts_as == "later")
        print("%d later, of which %d are right already" % (later, right))
    print("%d passed, %d failed, %d skipped" % tuple(counts.count(word) for word in ("right", "wrong", "skipped")))
    return 1 if "wrong" in counts else 0


if __name__ == "__main__":
    sys.exit(main())
