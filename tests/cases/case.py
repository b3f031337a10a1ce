# SPDX-License-Identifier: GPL-2.0-or-later
"""The words of which the table is made."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Stall:
    """What is right to say of each interval of one label."""

    cause: tuple  # any of these
    fn: str = None  # what the verdict is to name, without class and module ("a|b": either); None: not judged
    counted: bool = False  # not told, it is to be counted among the discarded turns
    before: bool = False  # it had begun when the watch did
    doubt: tuple = ()  # words that may stand with it
    times: int = 1  # the watch goes on until so many are over
    # who could have ended it: a regular expression for the way to it, in the recording ("child sh > child node >
    # peer node (cycle)", by kind and name) as in the text; "": nobody may be named
    party: str = None
    party_text: str = None  # likewise for the text alone, where that has other words
    party_dear: bool = False  # looking for it costs so much that not each stall has it: one at least
    advice: str = None  # a regular expression for its line; "": none may be given; None: not judged
    slack_ms: int = 0  # how much the turn may differ from the interval besides, where they are not the same


@dataclasses.dataclass(frozen=True)
class Case:
    """A program, how it is watched, and what is right to say. The rest of its truth is at its top."""

    name: str
    program: str  # its file, from tests/cases
    args: tuple = ()
    expect: dict = dataclasses.field(default_factory=dict)  # label: Stall; nothing else may be reported
    # to build and start it
    flags: tuple = ()  # for the compiler; "pkg:NAME" asks pkg-config
    compiler: str = None  # of C; None: gcc
    modules: tuple = ()  # of Python
    tools: tuple = ()  # programs that it starts
    python: str = "/usr/bin/python3"
    env: dict = dataclasses.field(default_factory=dict)
    prefix: tuple = ()
    # to watch it
    how: str = "pid"  # pid, follow (-f), system (-c COMM)
    comm: str = None
    attach: str = "later"  # later: once it has run for a moment; middle: of what it says begins; first: before it starts (system)
    settle: float = 0.5  # seconds it has run when we come later
    grace: float = 0.2  # seconds that the watch has to know the loop: what begins before need not be told
    watch: float = 3.0  # seconds, where no stall is expected; else the most is:
    most: float = 12.0
    note: str = None  # a regular expression for a note that has to be among the records, as JSON
    doubt: tuple = ()  # what is told with one of these words is no false stall
    # not yet
    needs: str = None  # what has to be built before it can be right
