# SPDX-License-Identifier: GPL-2.0-or-later
"""Options and commands that are wrong, and COMMAND."""

import os
import re
import subprocess
import sys
import tempfile

from errors import check_error, run_command
from harness import BLOCKPROF, WORKLOADS, Blockprof, Target, assert_stall, check, run_blockprof, variants

GATHER_SLEEP = os.path.join(WORKLOADS, "gather_sleep.py")
SCRIPTS = os.path.join(os.path.dirname(WORKLOADS), "..", "scripts")
NOBODY = 65534


@variants([(repr(" ".join(args))[1:-1], args) for args in (
    ["dance"],
    ["watch", "dance"],
    ["-p", "1", "dance"],
    ["--"],
    ["-f", "--"],
    ["-p", "1", "--", "true"],
    ["-F", "JSON", "-p", "1"],
    ["-F", "", "-p", "1"],
    ["-o", "x", "-p", "1"],
    ["-o", "", "-p", "1"],
    ["-o", "x.jsonl", "-o", "x.jsonl", "-p", "1"],
    ["-o", "\x1b[31mx\n", "-p", "1"],
    ["-p"],
    ["-t"],
    ["--pid"],
    ["--threshold"],
    ["--format"],
    ["-é"],
    ["--\x1b[31m"],
    ["report", "-x"],
    ["report", "-F", "morse", "x.jsonl"],
)])
def test_wrong_usage(args):
    status, out, err = run_command([BLOCKPROF] + args, cwd=tempfile.mkdtemp())
    check(status == 2, "exit status %d" % status, out, err)
    check(err.startswith("blockprof: ") and len(err.splitlines()) == 1, "one line", err)
    check(not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", err), "harmless", repr(err))
    check(not out, "nothing on stdout", out)


@variants([(" ".join(args) or "-", args) for args in (
    ["-t", "abc"],
    ["-t", "1e3"],
    ["-t", "0x10"],
    ["-t", "nan"],
    ["-t", " 5"],
    ["-t", "5 "],
    ["-t", "0"],
    ["-t", "1.2.3"],
    ["-t", "99999999999999999999h"],
    ["-d", ""],
    ["-d", "-1"],
    ["-d", "0"],
    ["-d", "18446744073709551616"],
    ["-d", "9223372036854775808ns"],
    ["-p", "99999999999999"],
    ["-p", "4294967297"],
    ["-p", "1x"],
    ["-p", "0"],
    ["-p", "+1"],
    ["-p", "1,"],
    ["-p", ",1"],
    ["-p", "1,,2"],
    ["--loop", "1:fd=x"],
    ["--loop", "1:fd=-1"],
    ["--loop", "1:fd=99999999999"],
    ["--loop", ":none"],
    ["--loop", "1"],
)])
def test_what_is_no_number(args):
    if args[0] not in ("-p",):
        args = args + ["-p", str(os.getpid())]
    status, out, err = run_blockprof(*args, seconds=15)
    check(status == 2, "exit status %d" % status, out, err)
    check(err.startswith("blockprof: ") and len(err.splitlines()) == 1, "one line that says why", err)
    check(not out, "nothing on stdout", out)


def test_many_pids():
    """No fixed number of processes: 60 of them, with the one that blocks last."""
    others = [subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL) for _ in range(60)]
    with Target("sleep") as target:
        with Blockprof(pids=[child.pid for child in others] + [target.pid]) as blockprof:
            target.run()
    for child in others:
        child.kill()
        child.wait()
    check(len(blockprof.start["scope"]["pids"]) == 61, "scope", blockprof.start)
    for turn in target.turns:
        assert_stall(blockprof.stalls, cause="sleep", fn="block_sleep", turn=turn, tid=target.pid)


# --- COMMAND -------------------------------------------------------------------------------------------------


@variants([
    ("missing", (["/no/such/command"], 127)),
    ("missing-in-path", (["no-such-command-at-all"], 127)),
    ("not-executable", (["/etc/passwd"], 126)),
    ("directory", (["/"], 126)),
    ("empty", ([""], 127)),
    ("hostile", (["/no/\x1b[31m\n;x"], 127)),
])
def test_command_that_cannot_run(case):
    command, expected = case
    status, out, err = run_command([BLOCKPROF, "--"] + command)
    check_error(status, err, expected)
    check(not out, "nothing on stdout", out)


def test_command_runs_as_the_user_of_sudo():
    env = dict(os.environ, SUDO_UID=str(NOBODY), SUDO_GID=str(NOBODY), SUDO_USER="nobody")
    status, out, err = run_command(
        [BLOCKPROF, "-o", "/dev/null", "-F", "text", "--", "sh", "-c", 'id -u; id -g; id -G; echo "$USER"'], env=env, cwd="/"
    )
    check(status == 0, "exit status %d" % status, err)
    uid, gid, groups, user = out.splitlines()
    check(uid == str(NOBODY) and gid == str(NOBODY), "not root's", out)
    check("0" not in groups.split(), "none of root's groups", out)
    check(user == "nobody", "USER", out)


@variants([("text", "abc"), ("negative", "-5"), ("huge", "99999999999999999999"), ("empty", "")])
def test_sudo_uid_that_is_none(text):
    """What is no user is not taken for one, nor for root: the command is not run."""
    env = dict(os.environ, SUDO_UID=text, SUDO_GID=text)
    status, out, err = run_command([BLOCKPROF, "-o", "/dev/null", "-F", "text", "--", "id", "-u"], env=env)
    check_error(status, err, 125)
    check("SUDO_UID" in err and not out, "it says why, and runs nothing", out, err)


def test_command_that_execs_and_forks():
    """Two programs in one pid, and a child that has the loop."""
    script = 'sleep 0.1 & exec sh -c \'"%s" "%s" 0.2 & wait\'' % (sys.executable, GATHER_SLEEP)
    with Blockprof(command=["sh", "-c", script]) as blockprof:
        check(blockprof.wait() == 0, "exit status %s" % blockprof.status)
    stall, _ = assert_stall(blockprof.stalls, cause="sleep", coro="do_io")
    check(stall["pid"] not in blockprof.start["scope"]["pids"], "it is the child's", stall)


def test_command_ended_by_a_signal():
    with Blockprof(command=["sh", "-c", "sleep 0.3; kill -9 $$"]) as blockprof:
        check(blockprof.wait() == 137, "exit status %s" % blockprof.status)


def test_command_is_ended_with_the_watch():
    with Blockprof("-d", "0.5", command=["sleep", "600"]) as blockprof:
        check(blockprof.wait() == 0, "exit status %s" % blockprof.status)
    (pid,) = blockprof.start["scope"]["pids"]
    check(not os.path.exists("/proc/%d" % pid), "COMMAND goes on")


def options_in(text):
    """Options in a text, or in the man page's source."""
    text = text.replace("\\-", "-")
    return set(re.findall(r"(?<![\w-])(--[a-z][a-z-]*|-[a-zA-Z])(?![\w-])", text))


def helped(command):
    """{long options: their short one or None} of a command's --help."""
    status, out, err = run_blockprof(command, "--help")
    check(status == 0 and not err, "exit status %d" % status, err)
    options = {}
    for line in out.splitlines():
        found = re.match(r" +(?:(-[a-zA-Z]), )?(--[a-z-]+)", line)
        if found:
            options[found.group(2)] = found.group(1) or options.get(found.group(2))
    check("--help" in options, "options of %s" % command, out)
    return options


def completed(*words):
    """What the completion offers for the last of these."""
    script = "source %s; COMP_WORDS=(blockprof %s); COMP_CWORD=%d; _blockprof; echo ${COMPREPLY[@]}" % (
        os.path.join(SCRIPTS, "blockprof.bash"), " ".join(words), len(words)
    )
    return set(subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE, check=True).stdout.decode().split())


def test_options_in_man_page_and_completion():
    """The options of each command are the same in its --help, the man page and the completion."""
    with open(os.path.join(SCRIPTS, "blockprof.8")) as file:
        page = file.read()
    commands = page.partition("\n.SH COMMANDS\n")[2].partition("\n.SH ")[0]
    described = page.partition("\n.SH OPTIONS\n")[2].partition("\n.SH ")[0]
    headings = options_in("\n".join(re.findall(r"\n\.TP\n(.*)", "\n" + described)))
    paragraphs = {part.split("\n")[0].split()[-1]: part for part in commands.split(".TP\n")[1:]}
    check(set(paragraphs) == completed("''"), "commands", sorted(paragraphs), sorted(completed("''")))
    for command in paragraphs:
        options = helped(command)
        names = set(options) | {short for short in options.values() if short}
        check(completed(command, "-") == names, "completion of %s" % command, completed(command, "-") ^ names)
        check(names <= headings, "options of %s that the man page has not" % command, names - headings)
        if command == "watch":
            continue
        takes = paragraphs[command].partition("Takes")[2]
        check(
            options_in(takes) == {short or long for long, short in options.items()},
            "what %s takes in the man page" % command,
            options_in(takes) ^ {short or long for long, short in options.items()},
        )


def test_formats_in_man_page_and_completion():
    with open(os.path.join(SCRIPTS, "blockprof.8")) as file:
        page = file.read()
    described = page.partition('\\-\\-format " " \\fINAME\\fR\n')[2].partition("overrides the suffix")[0]
    listed = page.partition("\n.SH FILES\n")[2].partition("\n.SH ")[0]
    for command in ("watch", "report", "dump"):
        _, out, _ = run_blockprof(command, "--help")
        names = set(re.search(r"--format NAME.*\n? +((?:\w+, )+\w+)\n", out).group(1).split(", "))
        check(completed(command, "-F", "''") == names, "completion of %s -F" % command, completed(command, "-F", "''") ^ names)
        if command != "dump":
            check(set(re.findall(r"[a-z]+", re.sub(r"^\.[A-Z]+|\bor\b", "", described, flags=re.M))) == names, "-F", described)
            for name in names - {"text"}:
                check("format %s" % name in listed, "FILES has not", name)
