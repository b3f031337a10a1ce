# SPDX-License-Identifier: GPL-2.0-or-later
"""How late this machine lets a thread run that wants to each few milliseconds: metronome.py prints WHEN LATE (ns).

A process of its own, as any other: those that judge come first on a full machine."""

import os
import subprocess
import sys
import tempfile
import time

from verdict import MS, SECOND

PERIOD_S = 0.005


class Metronome:
    def __init__(self):
        self._file = tempfile.TemporaryFile()
        path = [entry for entry in sys.path if entry]
        self._process = subprocess.Popen(
            [sys.executable, "-B", __file__], stdout=self._file, env={"PYTHONPATH": ":".join(path)}, start_new_session=True
        )

    def late_ns(self, begin_ns, end_ns):
        """All that it was late in a span."""
        # where the process writes next is where this file is read: that stays where it is
        text = os.pread(self._file.fileno(), 1 << 26, 0).decode()
        lines = [line.split() for line in text[: text.rfind("\n") + 1].splitlines()]
        return sum(int(late) for at, late in lines if begin_ns <= int(at) <= end_ns + SECOND // 20)

    def end(self):
        self._process.kill()
        self._process.wait()


def main():
    while True:
        before = time.monotonic_ns()
        time.sleep(PERIOD_S)
        now = time.monotonic_ns()
        late = now - before - int(PERIOD_S * SECOND)
        if late > MS:
            print(now, late, flush=True)


if __name__ == "__main__":
    main()
