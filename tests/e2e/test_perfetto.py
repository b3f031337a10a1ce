# SPDX-License-Identifier: GPL-2.0-or-later
"""Perfetto's traces: nesting, numbers, flags and clocks (perfetto_trace.py), and what is in them."""

import fcntl
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time

from harness import BLOCKPROF, MS, SECOND, Blockprof, Target, check, limit, run_blockprof, variants
from machine import ROOT
from perfetto_trace import BEGIN, BOOTTIME, COUNTER, END, INSTANT, MONOTONIC, REALTIME, Trace, arguments
from protobuf import Definitions
from verdict import Skip

DAY = 1769904000 * SECOND  # 2026-02-01T00:00:00Z
BOOT = 10000 * SECOND  # of the monotonic clock, at that time
LEDGER = {"cpu_ns": 0, "runqueue_ns": 0, "throttled_ns": 0, "blocked_ns": 0, "unknown_ns": 0}
THREAD = {"pid": 4242, "tid": 4242, "comm": "python3", "loop": 7, "runtime": "asyncio"}


def at(ns, boot_ns=BOOT):
    """A moment so long behind the beginning."""
    seconds, rest = divmod(DAY + ns, SECOND)
    return {"time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + ".%09dZ" % rest, "mono_ns": boot_ns + ns}


def start(host="web1", boot_ns=BOOT, **more):
    return {"type": "start", **at(0, boot_ns), "version": "1", "host": host, "threshold_ns": 100 * MS, **more}


def python(fn, line):
    return {"fn": fn, "kind": "python", "file": "/srv/app/main.py", "line": line}


NATIVE = {"fn": "recv", "kind": "native", "module": "/lib/libc.so.6", "build_id": "c0ffee", "offset": 0x1234}


def piece(cause, intervals, **more):
    """A slice of a turn, with its intervals [(start, length)] in milliseconds."""
    ns = sum(length for _, length in intervals) * MS
    times = {"at_ns": intervals[0][0] * MS, "intervals": [[start * MS, length * MS] for start, length in intervals]}
    return {"cause": cause, "ns": ns, "count": len(intervals), "max_ns": ns, **(times if intervals[0][0] else {}), **more}


def stall(number, at_ns, ms, slices, boot_ns=BOOT, **more):
    ledger = {**LEDGER, "blocked_ns": ms * MS}
    about = {"turn": "4242-%d" % number, "ongoing": False, **THREAD, "duration_ns": ms * MS, "before_attach": False}
    return {"type": "stall", **at(at_ns, boot_ns), **about, "ledger": ledger, "cause": slices[0]["cause"], "slices": slices, **more}


def write(directory, name, records):
    path = os.path.join(directory, name)
    with open(path, "w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record) + "\n")
    return path


def render(form, paths, *options):
    done = subprocess.run([BLOCKPROF, "report", "-F", form, *options, *paths], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check(done.returncode == 0 and not done.stderr, "report -F " + form, done.stderr)
    return done.stdout


def trace_of(*recordings, options=()):
    with tempfile.TemporaryDirectory() as directory:
        paths = [write(directory, "%d.jsonl" % number, records) for number, records in enumerate(recordings)]
        return Trace(render("perfetto", paths, *options))


def slices_of(trace, depth):
    return [event for event in trace.events if event["type"] == BEGIN and event["depth"] == depth]


WAKER = {"pid": 77, "tid": 78, "comm": "postgres", "stack": [{"fn": "reply", "kind": "native"}]}
HOLDER = {"pid": 4242, "tid": 4250, "comm": "worker"}
STACK = [NATIVE, python("fetch", 12), python("<module>", 3)]
SOCKET = piece("socket", [(10, 30), (60, 20)], stack=STACK, waker=WAKER, task={"name": "rates-3"})
GIL = piece("gil", [(45, 10)], stack=[python("other", 20)], holder=HOLDER, culprits=[{"kind": "owner", "pid": 4242, "tid": 4250}])


def test_stalls_and_their_intervals():
    trace = trace_of([start(boot_ns=BOOT), {"type": "loop", **at(0), **THREAD}, stall(1, SECOND, 100, [SOCKET, GIL], advice="do not")])
    check(trace.snapshot == {REALTIME: DAY, MONOTONIC: BOOT}, "its clocks", trace.snapshot)
    (whole,) = slices_of(trace, 0)
    check((whole["ns"], whole["length_ns"]) == (BOOT + SECOND, 100 * MS), "the stall", whole)
    check(whole["name"] == "fetch (app/main.py:12): socket" and "stack" not in whole, "its name", whole)
    told = arguments(whole)
    check((told["turn"], told["advice"], told["blocked_ns"]) == ("4242-1", "do not", 100 * MS), "what is said of it", told)
    check(trace.names(whole["track_uuid"]) == ["asyncio loop of python3[4242]"], "its track")
    parts = [(event["ns"] - whole["ns"], event["length_ns"], event["callstack_weight"]) for event in slices_of(trace, 1)]
    check(parts == [(10 * MS, 30 * MS, 30 * MS), (45 * MS, 10 * MS, 10 * MS), (60 * MS, 20 * MS, 20 * MS)], "its parts", parts)
    first = slices_of(trace, 1)[0]
    check(first["stack"] == ["<module>", "fetch", "recv"] and arguments(first)["task"] == "rates-3", "a part", first)
    native, fetch = first["frames"][2], first["frames"][1]
    check((native["path"], native["build_id"], native["rel_pc"]) == ("/lib/libc.so.6", "c0ffee", 0x1234), "where it is", native)
    check((fetch["source"], fetch["line_number"]) == ("/srv/app/main.py", 12) and "rel_pc" not in fetch, "its line", fetch)


def test_flows_come_from_who_ended_it():
    trace = trace_of([start(), stall(1, SECOND, 100, [SOCKET, GIL])])
    ends = [event for event in trace.events if "from" in event]
    check([event["type"] for event in ends] == [END, END], "the end of a part", ends)
    for event, name, thread in zip(ends, ("wakes", "held it"), ("postgres", "worker")):
        (source,) = event["from"]
        check(source["type"] == INSTANT and source["name"] == name and source["ns"] == event["ns"], "from there", source)
        check(trace.names(source["track_uuid"]) == [thread], "its thread", source)
    # of the longest part; what it did is shown, and is no time of the loop
    check(ends[0]["begun"]["length_ns"] == 30 * MS, "which part", ends[0])
    check(ends[0]["from"][0]["stack"] == ["reply"] and ends[0]["from"][0]["callstack_weight"] == 0, "its stack", ends[0]["from"])
    check(trace.lost_ns() == 60 * MS, "what was lost", trace.lost_ns())


def test_counters_and_losses():
    second = {"type": "second", **THREAD, "idle_ns": SECOND, "ledger": {**LEDGER, "cpu_ns": SECOND}, "by_cause": {"cpu": SECOND}}
    trace = trace_of(
        [
            start(),
            {**second, **at(SECOND), "turns": 30, "longest_ns": 5 * MS, "histogram": [[131072, 30]], "lost": {"stacks_cut": 3}},
            {**second, **at(3 * SECOND), "turns": 0, "histogram": []},
            {"type": "note", **at(SECOND), "note": "tasks_grow", "pid": 4242, "comm": "python3", "duration_ns": SECOND, "from": 5, "to": 9},
        ]
    )
    turns = [(e["ns"] - BOOT, e["double_counter_value"]) for e in trace.named("turns a second")]
    check(turns == [(SECOND, 15.0), (3 * SECOND, 0.0)], "of two seconds each", turns)
    longest = [(e["ns"] - BOOT, e["counter_value"]) for e in trace.named("longest turn")]
    check(longest == [(SECOND, 5 * MS), (3 * SECOND, 0)], "longest", longest)
    check(all(event["type"] == COUNTER for event in trace.named("longest turn")), "counters")
    (lost,) = trace.named("blockprof")
    check(lost["name"] == "lost: stacks_cut, 3" and lost["ns"] == BOOT + SECOND, "what was lost", lost)
    check(any("tasks" in event.get("name", "") for event in trace.named("python3")), "a note", *trace.events)


def test_turns_that_overlap_lie_side_by_side():
    """Of a recording of any origin; and a stall whose end is reported after the next one's."""
    parts = [piece("sleep", [(0, 50)], stack=STACK)]
    stalls = [stall(n, SECOND + n * 10 * MS, 100, parts) for n in range(40)] + [stall(99, 0, 100, parts)]
    trace = trace_of([start(), *stalls])
    check(trace.lost_ns() == 41 * 50 * MS, "all of it", trace.lost_ns())
    check(len(slices_of(trace, 0)) + sum(e["type"] == INSTANT and "turn" in arguments(e) for e in trace.events) == 41, "each stall")
    check(len({event["track_uuid"] for event in slices_of(trace, 0)}) >= 10, "on tracks of its own")


def test_hosts_share_one_time():
    """Another machine's clock, and another boot's, are put among the first ones'."""
    parts = [piece("sleep", [(0, 50)], stack=STACK)]
    trace = trace_of(
        [start(), stall(1, SECOND, 100, parts)],
        [start(host="web2", boot_ns=5 * SECOND), stall(1, 2 * SECOND, 100, parts, boot_ns=5 * SECOND)],
        [start(boot_ns=7 * SECOND), stall(1, 3 * SECOND, 100, parts, boot_ns=7 * SECOND)],
    )
    begun = [event["ns"] - BOOT for event in slices_of(trace, 0)]
    check(begun == [SECOND, 2 * SECOND, 3 * SECOND], "when", begun)
    tracks = [event["track_uuid"] for event in slices_of(trace, 0)]
    check(tracks[0] == tracks[2] != tracks[1], "one loop, and another", tracks)
    # no process of this trace's machine has its number
    processes = [track for track in trace.tracks.values() if "process" in track]
    check(len(processes) == 1 and any("web2 python3[4242]" == track.get("name") for track in trace.tracks.values()), "its process")


def test_names_of_any_kind():
    names = ["</script>\u202e;\x1b[31m\"", "long_" + "n" * 65000, ""]
    parts = [piece("sleep", [(i * 10, 5)], stack=[python(name, 1)]) for i, name in enumerate(names, 1)]
    parts.append(piece("sleep", [(80, 5)], stack=[python("level_%d" % i, i) for i in range(1000)]))
    trace = trace_of([start(), stall(1, SECOND, 100, parts)])
    texts = [name for event in trace.events for name in [event.get("name", ""), *event.get("stack", [])]]
    check(not any(c in text for text in texts for c in "\x1b\u202e"), "escapes", [text[:80] for text in texts])
    check(any(names[1] in text for text in texts) and max(len(event.get("stack", [])) for event in trace.events) == 1000, "all of it")


def test_memory_is_bounded():
    """Of more stacks than are kept it says them again."""
    def records():
        yield start()
        for number in range(250):
            deep = [python("f_%d_%d_%s" % (number, i, "x" * 100), i + 1) for i in range(500)]
            yield stall(number, number * SECOND, 100, [piece("sleep", [(0, 100)], stack=deep)])

    with tempfile.TemporaryDirectory() as directory:
        path = write(directory, "a.jsonl", records())
        out = os.path.join(directory, "a.perfetto-trace")
        command = [BLOCKPROF, "report", "-o", out, path]
        done = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        said = done.stderr.read()
        _, status, used = os.wait4(done.pid, 0)
        done.returncode = status
        check(status == 0 and not said, "report", said)
        with open(out, "rb") as file:
            trace = Trace(file.read())
        check(trace.epochs > 2 and trace.lost_ns() == 250 * 100 * MS, "epochs: %d" % trace.epochs)
        check(used.ru_maxrss < 100 * 1024, "%d KiB" % used.ru_maxrss)


# --- beside the other profiles ---------------------------------------------------------------------------


def sums(paths, *options):
    """What each format adds up to, in microseconds."""
    folded = render("folded", paths, *options).decode()
    speedscope = json.loads(render("speedscope", paths, *options))
    pprof = Definitions("pprof.proto").decode("Profile", gzip.decompress(render("pprof", paths, *options)))
    return {
        "perfetto": Trace(render("perfetto", paths, *options)).lost_ns() / 1000,
        "folded": sum(int(line.rpartition(" ")[2]) for line in folded.splitlines()),
        "speedscope": sum(sum(profile["weights"]) for profile in speedscope["profiles"]) / 1000,
        "pprof": sum(sample["value"][1] for sample in pprof.get("sample", [])) / 1000,
    }


@variants([(" ".join(options) or "all", options) for options in ([], ["--stalls-only"], ["--match", "other"])])
def test_all_profiles_add_up_the_same(options):
    blocked = {"type": "blocked", **at(2 * SECOND), **THREAD}
    small = [
        {"cause": "file", "ns": 7 * MS, "count": 9, "max_ns": MS, "stack": STACK},
        {"cause": "cpu", "ns": 3 * MS, "count": 1, "max_ns": MS, "stack": STACK},
        {"cause": "runqueue", "ns": 2 * MS, "count": 1, "max_ns": MS},
    ]
    records = [
        start(),
        stall(1, SECOND, 100, [SOCKET, GIL, {"cause": "runqueue", "ns": 4 * MS, "count": 0, "max_ns": 0}]),
        {**blocked, "slices": small},
        # only its last report counts, and none of one that was none
        {**stall(2, 3 * SECOND, 100, [piece("sleep", [(0, 100)], stack=STACK)]), "ongoing": True},
        stall(2, 3 * SECOND, 300, [piece("sleep", [(0, 300)], stack=STACK)]),
        {**stall(3, 5 * SECOND, 100, [piece("sleep", [(0, 100)], stack=STACK)]), "ongoing": True},
        {"type": "withdrawn", **at(6 * SECOND), "turn": "4242-3", **THREAD, "reason": "own_wait"},
        {**stall(4, 7 * SECOND, 100, [piece("sleep", [(0, 100)], stack=STACK)]), "ongoing": True},
    ]
    expected = {(): 473, ("--stalls-only",): 464, ("--match", "other"): 10}[tuple(options)]
    with tempfile.TemporaryDirectory() as directory:
        found = sums([write(directory, "a.jsonl", records)], *options)
    check(found == dict.fromkeys(found, expected * 1000), "not %d ms" % expected, found)


@variants([(name, name) for name in sorted(os.listdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "recordings")))])
def test_recordings_of_before_add_up(name):
    found = sums([os.path.join(os.path.dirname(os.path.abspath(__file__)), "recordings", name)])
    most = max(found.values())
    # folded rounds each line
    check(most > 0 and all(abs(value - most) < 100 for value in found.values()), "sums", found)


# --- live ------------------------------------------------------------------------------------------------


def test_live_trace_is_on_the_machines_clocks():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "x.perfetto-trace")
        with Target("sleep") as target:
            with Blockprof("-o", path, pids=[target.pid]):
                target.run()
        with open(path, "rb") as file:
            trace = Trace(file.read())
    for clock, name in ((REALTIME, time.CLOCK_REALTIME), (BOOTTIME, time.CLOCK_BOOTTIME)):
        apart = time.clock_gettime_ns(name) - time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        check(abs(trace.snapshot[clock] - trace.snapshot[MONOTONIC] - apart) < 50 * MS, "clock %d" % clock, trace.snapshot)
    for turn in target.turns:
        near = min(slices_of(trace, 0), key=lambda event: abs(event["ns"] - turn["start_ns"]))
        slept = [event for event in slices_of(trace, 1) if near["ns"] <= event["ns"] < near["ns"] + near["length_ns"]]
        check(abs(near["ns"] - turn["start_ns"]) < 50 * MS, "when it began", near, turn)
        check(any("block_sleep" in event["stack"] for event in slept), "where", *slept)


# --- by Perfetto's own definitions -----------------------------------------------------------------------

VENV = os.path.join(ROOT, ".output", "perfetto")
READ = """
import sys
from google.protobuf import json_format, unknown_fields
from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TrackEvent

def unknown(message):
    nr = len(unknown_fields.UnknownFieldSet(message))
    for field, value in message.ListFields():
        if field.type == field.TYPE_MESSAGE:
            values = value if hasattr(value, "__len__") else [value]
            nr += sum(unknown(one) for one in values)
    return nr

trace = Trace.FromString(open(sys.argv[1], "rb").read())
weights = 0
for packet in trace.packet:
    event = packet.track_event
    if packet.HasField("track_event") and event.HasField("callstack_iid"):
        weights += event.callstack_weight
    assert packet.sequence_flags in (1, 2) and packet.trusted_packet_sequence_id
print(len(trace.packet), unknown(trace), round(weights), trace.packet[0].clock_snapshot.primary_trace_clock)
print(sum(p.track_event.type == TrackEvent.TYPE_SLICE_BEGIN for p in trace.packet))
"""


def perfetto_python():
    """A Python with the package perfetto, installed by pip into the directory of what is built, where it is not there."""
    path = os.path.join(VENV, "bin", "python3")
    os.makedirs(VENV, exist_ok=True)
    with open(os.path.join(VENV, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = os.path.join(VENV, "installed")
        for argv in ([sys.executable, "-m", "venv", VENV], [path, "-m", "pip", "-q", "install", "perfetto", "protobuf"]):
            if os.path.exists(stamp):
                break
            done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if done.returncode:
                raise Skip("no perfetto: %s" % " ".join(done.stdout.decode("utf-8", "replace").split())[-200:])
        with open(stamp, "w"):
            pass
    return path


@limit(300)
def test_perfettos_own_definitions_know_all_of_it():
    python3 = perfetto_python()
    with tempfile.TemporaryDirectory() as directory:
        path = write(directory, "a.jsonl", [start(boot_ns=BOOT), stall(1, SECOND, 100, [SOCKET, GIL], doubt="habit")])
        out = os.path.join(directory, "a.perfetto-trace")
        status, _, said = run_blockprof("report", "-o", out, path)
        check(status == 0 and not said, "report", said)
        done = subprocess.run([python3, "-c", READ, out], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        check(done.returncode == 0, "it is read", done.stderr.decode())
        with open(out, "rb") as file:
            data = file.read()
        trace = Trace(data)
        packets = len(Definitions("perfetto.proto").decode("Trace", data)["packet"])
        begun = sum(event["type"] == BEGIN for event in trace.events)
        check(done.stdout.split() == [b"%d" % n for n in (packets, 0, trace.lost_ns(), MONOTONIC, begun)], "the same", done.stdout)
