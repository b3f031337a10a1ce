# SPDX-License-Identifier: GPL-2.0-or-later
"""How a test ends: it fails, it cannot be done here, or it just returns."""

import json

MS = 1_000_000
SECOND = 1_000_000_000


class Skip(Exception):
    """The test cannot be run here; the text says what is missing."""


class Failed(AssertionError):
    """What blockprof did is not what it should have done; with what shows it."""

    def __init__(self, message, *evidence):
        super().__init__(message + "".join("\n    " + show(item) for item in evidence))


def check(condition, message, *evidence):
    if not condition:
        raise Failed(message, *evidence)


def brief(value):
    """The same with each stack as one string: innermost < ... < outermost."""
    if isinstance(value, list):
        return [brief(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: " < ".join("%s:%s" % (frame.get("fn"), frame.get("line", "")) for frame in item)
        if key == "stack"
        else brief(item)
        for key, item in value.items()
    }


def show(value, limit=3000):
    text = value if isinstance(value, str) else json.dumps(brief(value), default=repr)
    return text if len(text) <= limit else text[:limit] + "..."


def need(condition, reason):
    if not condition:
        raise Skip(reason)
