# SPDX-License-Identifier: GPL-2.0-or-later
"""recordings.py DIRECTORY: writes the recordings of which blockprof makes pages for a browser."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "e2e"))

from made_records import hostile_records, made_second, made_stalls, recorded, start_record, write_recording

directory = sys.argv[1]
stalls = list(made_stalls(40))
python = [stall for stall in stalls if stall["comm"] == "python3"]
loop = {key: python[0][key] for key in ("pid", "tid", "comm", "loop", "runtime") if key in python[0]}
seconds = [made_second(loop, i) for i in range(40)]

for name, records in (
    ("recorded", recorded()),
    ("hostile", hostile_records()),
    ("before", [start_record(), *stalls, *seconds]),
    ("after", [start_record(), *python, *seconds]),
):
    write_recording(os.path.join(directory, name + ".jsonl"), records)
