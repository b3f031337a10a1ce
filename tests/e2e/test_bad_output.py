# SPDX-License-Identifier: GPL-2.0-or-later
"""Outputs that cannot be written."""

import concurrent.futures
import contextlib
import fcntl
import os
import re
import tempfile

from errors import check_error, run_command
from harness import BLOCKPROF, Blockprof, Target, check, variants

TRAPS = "traps_target.py"


@variants([
    ("no-directory", ["/no/such/directory/x.jsonl"]),
    ("directory", ["/tmp", "-F", "json"]),
    ("of-a-file", ["/etc/passwd/x.jsonl"]),
    ("sysfs", ["/sys/x.folded"]),
    ("too-long", ["/tmp/" + "x" * 300 + ".jsonl"]),
    ("hostile", ["/no/\x1b[31m\n;.jsonl"]),
])
def test_output_that_cannot_be_opened(args):
    with Target("idle") as target:
        status, out, err = run_command([BLOCKPROF, "-d", "1", "-p", target.pid, "-o"] + args)
    check_error(status, err)
    check(not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", err), "harmless", repr(err))


def on_tmpfs(options, name, *args):
    """(status, stdout, stderr, what was written) of a run whose output is on a small tmpfs."""
    directory = tempfile.mkdtemp()
    with Target("random-blocks", "--seconds=60", script=TRAPS) as target:
        target.go()
        script = 'mount -t tmpfs -o "$1" none "$2" && place=$2 && shift 2 && "$@"; s=$?; cat "$place"/x.* >&3; exit $s'
        with open(os.path.join(directory, "copy"), "w+b") as copy:
            place = os.path.join(directory, "place")
            os.mkdir(place)
            status, out, err = run_command(
                ["unshare", "-m", "sh", "-c", script, "sh", options, place, BLOCKPROF]
                + list(args)
                + ["-d", "2", "-p", target.pid, "-o", os.path.join(place, name)],
                preexec_fn=lambda: os.dup2(copy.fileno(), 3),
                pass_fds=(3,),
            )
            copy.seek(0)
            data = copy.read()
        target.kill()
    return status, out, err, data


@variants([("json", "x.jsonl"), ("folded", "x.folded"), ("gzip", "x.jsonl.gz")])
def test_full_tmpfs(name):
    status, _, err, data = on_tmpfs("size=4k", name, "-t", "1ms", "-o", "-", "-F", "text")
    errors = [line + "\n" for line in err.splitlines() if "cannot" in line]
    check(len(errors) == 1, "one line of error", err)
    check_error(status, errors[0])
    check("No space" in errors[0], "says why", err)
    check(len(data) <= 4096, "it was full", str(len(data)))


def test_read_only_directory():
    status, _, err, _ = on_tmpfs("size=4k,ro", "x.jsonl")
    check_error(status, err.replace("cat: ", "").splitlines()[0] + "\n")
    check("Read-only" in err, "says why", err)


def test_closed_pipe_ends_it():
    """| head -1: as with any filter, no error, and it does not go on for nobody."""
    with Target("random-blocks", "--seconds=20", script=TRAPS) as target:
        target.go()
        status, out, err = run_command(
            ["bash", "-c", '"$1" -t 1ms -p "$2" | head -1; exit ${PIPESTATUS[0]}', "bash", BLOCKPROF, target.pid], seconds=15
        )
        target.kill()
    check(status == 0, "exit status %d" % status, err)
    check(len(out.splitlines()) == 1, "one line", out)
    check("cannot" not in err, "no error", err)


def unread_pipe():
    """(read end, write end) of a pipe that is full but for a page."""
    ends = os.pipe()
    fcntl.fcntl(ends[1], fcntl.F_SETPIPE_SZ, 8192)
    os.write(ends[1], b"\n" * 4096)
    return ends


def read_to_end(fd):
    with os.fdopen(fd, "rb") as file:
        return file.read()


@contextlib.contextmanager
def watch_into_unread_pipe():
    """(a watch that has written more to stdout than was taken, the end from which that is read)."""
    reads, writes = unread_pipe()
    with Target("sleep", "--count=200", "--seconds=0.01") as target:
        with Blockprof("-t", "1ms", "-F", "json", "-o", "-", pids=[target.pid], stdout=writes, judge=False) as blockprof:
            os.close(writes)
            target.run()
            blockprof.wait_records(lambda records: sum(r["type"] == "stall" for r in records) > 100)
            yield blockprof, reads


def test_reader_that_takes_nothing():
    """It goes on to watch, and ends when it is asked to."""
    with watch_into_unread_pipe() as (blockprof, reads):
        blockprof.stop()
        check(blockprof.status == 1, "what was not taken is an error", str(blockprof.status))
        check("cannot write standard output: its reader takes too little" in blockprof.stderr, "said", blockprof.stderr)
        check(blockprof.records[-1]["type"] == "summary", "the file beside it is whole", blockprof.records[-1])
    os.close(reads)


def test_reader_that_is_slow_gets_all():
    with watch_into_unread_pipe() as (blockprof, reads):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            taken = pool.submit(read_to_end, reads)
            blockprof.stop()
        check(blockprof.status == 0, "nothing is wrong", str(blockprof.status), blockprof.stderr)
        with open(blockprof.recording, "rb") as file:
            check(taken.result().lstrip(b"\n") == file.read(), "it is what the file beside it has")
