# SPDX-License-Identifier: GPL-2.0-or-later
"""The capabilities that the man page lists are enough for each command, and one that is missing is said."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

from harness import BLOCKPROF, check, limit, need_program, need_root, variants
from machine import ROOT
from terminal import PROMPT, Terminal

NOBODY = 65534
PROGRAM = """
import asyncio, time
def block_here():
    time.sleep(0.15)
async def main():
    print("READY", flush=True)
    while True:
        await asyncio.sleep(0.05)
        block_here()
asyncio.run(main())
"""


def listed():
    """As the unit has them, in the words of setpriv(1)."""
    with open(os.path.join(ROOT, "scripts", "blockprof.service"), encoding="utf-8") as file:
        line = next(line for line in file if line.startswith("CapabilityBoundingSet="))
    return [name.lower()[len("cap_"):] for name in line.split("=", 1)[1].split()]


class Secret:
    """A Python that only root can read, which blocks in block_here(), and a blockprof of nobody's with these capabilities."""

    def __init__(self, without=()):
        need_root()
        need_program("setpriv")
        capabilities = ",".join(["-all"] + ["+" + name for name in listed() if name not in without])
        self.argv = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
        for kind in ("--inh-caps", "--ambient-caps", "--bounding-set"):
            self.argv += [kind, capabilities]

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="blockprof-e2e-")
        os.chmod(self.directory, 0o755)
        self.place = os.path.join(self.directory, "place")
        os.mkdir(self.place)
        os.chown(self.place, NOBODY, NOBODY)
        own = shutil.copy(BLOCKPROF, os.path.join(self.directory, "blockprof"))
        hidden = os.path.join(self.directory, "hidden")
        os.mkdir(hidden, 0o700)
        python = shutil.copy(os.path.realpath(sys.executable), os.path.join(hidden, "python3"))
        os.chmod(python, 0o700)
        self.argv.append(own)
        self.target = subprocess.Popen([python, "-c", PROGRAM], stdout=subprocess.PIPE, env=dict(os.environ, PYTHONHOME=sys.base_prefix))
        check(self.target.stdout.readline() == b"READY\n", "the target runs")
        return self

    def __exit__(self, *_):
        self.target.kill()
        self.target.wait()
        shutil.rmtree(self.directory)

    def run(self, *args):
        done = subprocess.run(
            self.argv + [str(arg) for arg in args],
            cwd=self.place,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            timeout=30,
        )
        return done.returncode, done.stdout, done.stderr

    def watch(self):
        """(status, standard error, final stalls, the summary)"""
        status, out, err = self.run("-d", "2", "-F", "json", "-p", self.target.pid)
        records = [json.loads(line) for line in out.splitlines()]
        stalls = [record for record in records if record["type"] == "stall" and not record["ongoing"]]
        return status, err, stalls, records[-1] if records else None


def names_the_block(stalls):
    return any("block_here" in json.dumps(stall["slices"]) for stall in stalls)


def test_those_listed_are_enough():
    with Secret() as secret:
        status, err, stalls, summary = secret.watch()
        check(status == 0 and names_the_block(stalls), "watched", status, err)
        check("blind" not in summary, "and not blind", summary)
        status, out, err = secret.run("dump", "-p", secret.target.pid)
        check(status == 0 and "main" in out and "asyncio" in out and "blind" not in out, "dumped", status, out, err)


@limit(90)
def test_those_listed_are_enough_for_the_service():
    with Secret() as secret:
        service = subprocess.Popen(
            secret.argv + ["serve", "--state-dir", secret.place], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
        )
        try:
            lines = []
            for line in service.stderr:
                lines.append(line)
                if "[%d]" % secret.target.pid in line and "block_here" in line:
                    break
            check(lines and "block_here" in lines[-1], "reported", lines[-5:])
            service.send_signal(signal.SIGTERM)
            service.communicate(timeout=20)
            check(service.returncode == 0, "status", service.returncode)
        finally:
            service.kill()
            service.wait()


def test_those_listed_are_enough_for_the_live_view():
    with Secret() as secret, Terminal() as terminal:
        terminal.type(" ".join(secret.argv + ["top", "-p", str(secret.target.pid)]))
        # its row, and what blocks it
        terminal.wait(lambda screen: "[%d] asyncio" % secret.target.pid in screen and "sleep" in screen, "its loop", 30)
        terminal.keys("q")
        terminal.wait(lambda screen: screen.rstrip().endswith(PROMPT), "its end", 20)


def test_the_man_page_lists_them():
    with open(os.path.join(ROOT, "scripts", "blockprof.8"), encoding="utf-8") as file:
        text = file.read()
    section = text[text.index(".SS Privileges"):text.index(".SH EXIT STATUS")]
    named = [name.lower() for name in re.findall(r"CAP_([A-Z_]+)", section)]
    check(set(listed()) <= set(named), "each of the unit's", sorted(set(listed()) - set(named)))


@limit(90)
@variants([(name, name) for name in listed()])
def test_one_is_missing(name):
    """It says which, or it does without: it is never as if there were no loop, and it ends."""
    with Secret(without=[name]) as secret:
        status, err, stalls, summary = secret.watch()
    if name in ("bpf", "perfmon", "sys_ptrace"):
        check(status == 1 and "CAP_" + name.upper() in err, "said", status, err)
    elif name == "dac_read_search":
        check(status == 0 and "CAP_DAC_READ_SEARCH" in err, "said", status, err)
        check(summary.get("blind") == {"files_refused": 1}, "and counted", summary)
    else:
        check(status == 0 and names_the_block(stalls), "not needed for a stall's name", status, err)
        check("blind" not in summary, "and not blind", summary)
