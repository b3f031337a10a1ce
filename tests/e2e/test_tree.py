# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/layers: it fails on what it is there to find, each in a small tree of its own."""

import os
import subprocess
import tempfile

from harness import ROOT, check, variants

SOUND = {
    "bpf/abi.h": "",
    "user/base/clock.h": "",
    "user/base/clock.c": '#include "base/clock.h"\n#include <time.h>\n',
    "user/proc/maps.h": '#include "base/clock.h"\n#include "bpf/abi.h"\n',
    "user/runtime/loops/asyncio.c": '#include "proc/maps.h"\nconst struct runtime asyncio = { .name = "asyncio" };\n',
    "user/runtime/loops/node.c": 'int own = !strcmp(name, "asyncio");\n',
    "user/stall/turn/turn.h": "",
    "user/stall/turn/turn.c": '#include "turn.h"\n#include "proc/maps.h"\n',
}


def layers(changes):
    """Exit status and what it says of the sound tree with these files changed."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in {**SOUND, **changes}.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w") as file:
                file.write(text)
        done = subprocess.run(
            [os.path.join(ROOT, "scripts", "layers"), root], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    return done.returncode, done.stderr


def test_a_sound_tree():
    status, said = layers({})
    check(status == 0 and not said, "exit status %d" % status, said)


@variants([
    ("upward", (
        {"user/proc/maps.c": '#include "stall/turn/turn.h"\n'},
        "user/proc/maps.c includes stall/turn/turn.h: user/proc may not include user/stall/turn",
    )),
    ("upward-by-a-path", (
        {"user/proc/maps.c": '#include "../stall/turn/turn.h"\n'},
        "user/proc/maps.c includes ../stall/turn/turn.h: user/proc may not include user/stall/turn",
    )),
    ("bpf-side", (
        {"bpf/state.bpf.c": '#include "user/base/clock.h"\n'},
        "bpf/state.bpf.c includes user/base/clock.h: bpf may not include user/base",
    )),
    ("unknown-folder", ({"user/attic/old.c": ""}, "user/attic: a folder that the table does not know")),
    ("cycle", (
        {"user/base/clock.c": '#include "proc/maps.h"\n'},
        "a cycle: user/base -> user/proc -> user/base",
    )),
    ("runtime-by-name", (
        {"user/stall/turn/turn.c": 'int is_asyncio = strcmp(runtime, "asyncio") == 0;\n'},
        "user/stall/turn/turn.c: compares a runtime's name, asyncio",
    )),
])
def test_a_wrong_tree(case):
    changes, sentence = case
    status, said = layers(changes)
    check(status == 1, "exit status %d" % status, said)
    check(sentence in said.splitlines(), "it does not say: " + sentence, said)
