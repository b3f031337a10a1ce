# SPDX-License-Identifier: GPL-2.0-or-later
"""run.py DIRECTORY [NAME...]: runs the fuzz targets built there, two at a time, FUZZ_SECONDS each.

FUZZ_SEED (1; 0: another one each time) makes one run much like the next.
Each begins with its seeds, and with what earlier runs on this machine have found
(DIRECTORY/corpus). What breaks one is left in DIRECTORY/crashes: once mended it
belongs into tests/fuzz/seeds.
"""

import glob
import os
import re
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SECONDS = int(os.environ.get("FUZZ_SECONDS") or 20)
SEED = int(os.environ.get("FUZZ_SEED") or 1)
AT_A_TIME = 2
# What one input may take.
INPUT_SECONDS = 10
MEMORY_MB = 1024
# What a target may take beside its seconds: building it up, its seeds, its last input.
EXTRA_SECONDS = 60
# More in one piece is refused, as the symbolizer's RLIMIT_DATA does (symbolizer.c): libdw asks for as
# much as a register's number in hostile call frame information says, and copes without.
PIECE_MB = 384
ASAN = "allocator_may_return_null=1:max_allocation_size_mb=%d" % PIECE_MB
INPUT_BYTES = 1 << 16


def output_of(command):
    """(its exit status, what it printed). Its own end is waited for, not that of what it started."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=dict(os.environ, ASAN_OPTIONS=ASAN, UBSAN_OPTIONS="print_stacktrace=1"),
        )
        try:
            status = process.wait(SECONDS + EXTRA_SECONDS)
        except subprocess.TimeoutExpired:
            status = "not done in %d s" % (SECONDS + EXTRA_SECONDS)
        finally:
            end_group(process)
        output.seek(0)
        text = output.read().decode("utf-8", "replace")
    return status, text if isinstance(status, int) else text + status


def end_group(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def run(directory, name):
    """(whether it held, a line that says so, the end of its output)."""
    corpus = os.path.join(directory, "corpus", name)
    crashes = os.path.join(directory, "crashes", name)
    seeds = os.path.join(HERE, "seeds", name)
    for path in (corpus, crashes):
        os.makedirs(path, exist_ok=True)
    before = set(os.listdir(crashes))
    command = [
        os.path.join(directory, "tests/fuzz/fuzz_" + name),
        "-max_total_time=%d" % SECONDS,
        "-seed=%d" % SEED,
        "-timeout=%d" % INPUT_SECONDS,
        "-rss_limit_mb=%d" % MEMORY_MB,
        "-malloc_limit_mb=%d" % (1 << 20),
        "-max_len=%d" % INPUT_BYTES,
        "-print_final_stats=1",
        "-artifact_prefix=%s/" % crashes,
        corpus,
    ] + ([seeds] if os.path.isdir(seeds) else [])
    status, text = output_of(command)
    runs = re.search(r"stat::number_of_executed_units: (\d+)", text)
    covered = re.findall(r"cov: (\d+) ft: \d+ corp: (\d+)/", text)
    broken = sorted(set(os.listdir(crashes)) - before)
    held = status == 0 and not broken
    line = "%s fuzz_%s: %s runs, %s edges, %s inputs kept, %d crashes" % (
        "PASS" if held else "FAIL",
        name,
        runs.group(1) if runs else "?",
        covered[-1][0] if covered else "?",
        covered[-1][1] if covered else "?",
        len(broken),
    )
    return held, line, "" if held else text[-6000:]


def main():
    directory, names = os.path.abspath(sys.argv[1]), sys.argv[2:]
    if not names:
        programs = glob.glob(os.path.join(HERE, "fuzz_*.c"))
        names = sorted(os.path.basename(path)[len("fuzz_") : -len(".c")] for path in programs)
    passed = failed = 0
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        for held, line, text in pool.map(lambda name: run(directory, name), names):
            passed, failed = passed + held, failed + (not held)
            print(line + "".join("\n    | " + row for row in text.splitlines()), flush=True)
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
