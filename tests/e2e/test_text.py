# SPDX-License-Identifier: GPL-2.0-or-later
"""When the text tells of a stall: on a terminal, where a line is rewritten, and in a pipe."""

import re
import sys

from harness import BLOCKPROF, Blockprof, Process, Target, check, need_root, run_blockprof, variants
from terminal import PROMPT, Terminal

LASTS = "and still in block_sleep"

# Blocks its loop while a thread of it writes to the same terminal.
CHATTY = """
import asyncio, threading, time
def chat():
    for number in range(6):
        time.sleep(0.4)
        print('said %d' % number, flush=True)
async def block():
    threading.Thread(target=chat).start()
    time.sleep(2.8)
async def main():
    await asyncio.sleep(0.3)
    await block()
    await asyncio.sleep(0.2)
asyncio.run(main())
"""


def joined(screen):
    """The screen without what breaks its rows."""
    return re.sub(r"\s+", " ", screen)


@variants([("80", 80), ("40", 40), ("200", 200)])
def test_one_line_is_rewritten(columns):
    need_root()
    with Target("sleep", "--seconds=3.6", "--count=1") as target, Terminal(columns=columns, lines=60) as terminal:
        terminal.type("clear; %s -p %d" % (BLOCKPROF, target.pid))
        terminal.wait(lambda screen: "Ctrl-C for" in joined(screen), "that it watches", 20)
        target.go()
        for seconds in range(1, 4):
            told = re.compile(r" %d\.\d s and still in" % seconds)
            screen = terminal.wait(lambda screen: told.search(joined(screen)), "the stall", 5)
            line = joined(screen)
            check(line.count("and still in") == 1, "one line", screen)
            check(re.search(told.pattern + r" block_sleep \(workloads/\s?blocks_sleep.py:\d+\): sleep", line), "whole", screen)
            check("job-1" in line and "[%d]" % target.pid in line, "whose", screen)
        screen = terminal.wait(lambda screen: re.search(r"3\.\d s in block_sleep", joined(screen)), "how it ended", 5)
        check("and still in" not in joined(screen), "nothing is left of it", screen)
        check(joined(screen).count("in block_sleep") == 1, "one entry", screen)
        terminal.keys("C-c")
        terminal.wait(lambda screen: screen.rstrip().endswith(PROMPT), "the prompt")


def test_what_others_write_is_not_erased():
    need_root()
    with Terminal(lines=50) as terminal:
        terminal.type("clear; %s -- %s -c '%s'" % (BLOCKPROF, sys.executable, CHATTY.replace("'", '"')))
        terminal.wait(lambda screen: "and still in block" in joined(screen), "the stall", 20)
        screen = terminal.wait(lambda screen: "watched, 1 loop, 1 stall" in joined(screen), "the end", 20)
        missing = [number for number in range(6) if "said %d" % number not in screen]
        check(not missing, "what the program said is gone", screen)


def test_a_pipe_has_a_line_a_doubling():
    with Target("sleep", "--seconds=4.6", "--count=1") as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            target.run()
    lasted = [line for line in blockprof.stdout.splitlines() if LASTS in line]
    told = [float(re.search(r"(\d+\.\d) s and still", line).group(1)) for line in lasted]
    check(len(told) == 3, "told at 1, 2 and 4 s", *lasted)
    check(all(least <= seconds < 2 * least for least, seconds in zip((1, 2, 4), told)), "when", *lasted)


def test_a_short_stall_is_one_entry():
    """It is reported at once, and is told when it has ended; a second one of the place is a line."""
    with Target("sleep", "--seconds=0.4", "--count=2") as target:
        with Blockprof(pids=[target.pid]) as blockprof:
            target.run()
    check(any(record["ongoing"] for record in blockprof.of_type("stall")), "it was reported while it lasted")
    for text in (blockprof.stdout, run_blockprof("report", blockprof.recording)[1]):
        entries = [line for line in text.splitlines() if re.match(r"\d\d:\d\d:\d\d\.\d{3}  \d+ ms ", line)]
        check(len(entries) == 2 and "and still" not in text, "an entry each", text)
        check(entries[0].endswith("): sleep"), "the first is whole", text)
        check("  2nd, task job-2" in entries[1], "the second is a line", text)
        for word in ("clock_nanosleep", "task job-1", "block_sleep  ", "    sleep 4"):
            check(word in text, "no %r" % word, text)


def test_many_processes_without_a_loop_are_one_line():
    targets = [Process([sys.executable, "-c", "input()"]) for _ in range(7)]
    try:
        with Blockprof("-d", "0.5", pids=[target.pid for target in targets]) as blockprof:
            blockprof.wait()
    finally:
        for target in targets:
            target.kill()
    said = [line for line in blockprof.stderr.splitlines() if "no event loop in" in line]
    check(len(said) == 1, "one line", blockprof.stderr)
    check("and 3 more of the 7 processes" in said[0] and "--all-threads" in said[0], "how many, and what to do", said[0])
