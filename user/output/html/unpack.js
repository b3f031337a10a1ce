// SPDX-License-Identifier: GPL-2.0-or-later
// unpack.js - how the data of a page is packed, and the model that all views read.
//
// Packed, strings, frames and stacks stand once, and are numbers everywhere else; what
// there are thousands of are rows. user/output/html_data.c writes it. Times are
// nanoseconds since the page's first moment, but those of intervals: microseconds, each
// since the end of the one before.

export const LEDGER = ["cpu", "runqueue", "throttled", "blocked", "unknown"];
const KINDS = ["kernel", "native", "python", "js", "jit"];
const OWNERS = ["user", "library", "interpreter", "kernel"];
const ONGOING = 1;
const BEFORE_ATTACH = 2;

function ledgerOf(row) {
  return Object.fromEntries(LEDGER.map((name, i) => [name, row[i]]));
}

function intervalsOf(row) {
  const intervals = [];
  let at = 0;
  for (let i = 0; i < row.length; i += 2) {
    at += row[i];
    intervals.push([at * 1000, row[i + 1] * 1000]);
    at += row[i + 1];
  }
  return intervals;
}

function sliceOf(row, packed) {
  const [cause, syscall, ns, count, maxNs, target, task, stack, chain, intervals] = row;
  return {
    cause: packed.causes[cause],
    syscall: packed.strings[syscall],
    ns,
    count,
    maxNs,
    target: packed.strings[target],
    task: packed.strings[task],
    stack,
    chain: chain.map((id) => packed.strings[id]),
    intervals: intervalsOf(intervals),
  };
}

// [upperNs, count] of the buckets that have turns; they end at 2^17 ns and its doubles.
function histogramOf(row) {
  const histogram = [];
  for (let i = 0; i < row.length; i += 2) histogram.push([2 ** (17 + row[i]), row[i + 1]]);
  return histogram;
}

function secondsOf(rows, packed) {
  let end = 0;
  return rows.map(([gap, lengthNs, turns, longestNs, idleNs, causes, lost, buckets]) => {
    const byCause = {};
    for (let i = 0; i < causes.length; i += 2) byCause[packed.causes[causes[i]]] = causes[i + 1];
    const atNs = end + gap;
    end = atNs + lengthNs;
    return { atNs, lengthNs, turns, longestNs, idleNs, byCause, lost, histogram: histogramOf(buckets) };
  });
}

function loopOf(loop, index, packed) {
  return {
    index,
    recording: loop.recording,
    name: loop.name,
    process: loop.process,
    pid: loop.pid,
    tid: loop.tid,
    comm: loop.comm,
    runtime: loop.runtime,
    unit: loop.unit,
    container: loop.container,
    turns: loop.turns,
    wallNs: loop.wall_ns,
    idleNs: loop.idle_ns,
    ledger: ledgerOf(loop.ledger),
    stalls: loop.stalls,
    longestNs: loop.longest_ns,
    p50Ns: loop.p50_ns,
    p99Ns: loop.p99_ns,
    histogram: loop.histogram,
    seconds: secondsOf(loop.seconds, packed),
  };
}

// "14:03:22.118", where the recording was made.
function timeOfDay(ms) {
  return new Date(ms).toISOString().slice(11, 23);
}

// The time that the first line begins with is not packed: the rest of it is often the same.
function textOf(lines, atNs, packed, recording) {
  const ms = Math.floor(packed.origin_ms + atNs / 1e6) + recording.utcOffsetS * 1000;
  return timeOfDay(ms) + lines.map((id) => packed.strings[id]).join("\n") + "\n";
}

function stallOf(row, index, packed, page) {
  const [loop, turn, atNs, ns, cause, place, target, tasks, culprit, flags, doubt, advice, impact] = row;
  const [ledger, slices, verdict, lines] = row.slice(13);
  return {
    index,
    loop,
    turn,
    atNs,
    ns,
    cause: packed.causes[cause],
    place: packed.strings[place],
    target: packed.strings[target],
    tasks: tasks.map((id) => packed.strings[id]),
    process: page.loops[loop].process,
    culprit: packed.strings[culprit],
    ongoing: (flags & ONGOING) !== 0,
    beforeAttach: (flags & BEFORE_ATTACH) !== 0,
    doubt: packed.strings[doubt],
    advice: packed.strings[advice],
    impact: packed.strings[impact],
    ledger: ledgerOf(ledger),
    slices: slices.map((slice) => sliceOf(slice, packed)),
    verdict,
    // a page of many stalls needs few of their texts
    get text() {
      return textOf(lines, atNs, packed, page.recordings[page.loops[loop].recording]);
    },
  };
}

function frameOf([fn, file, line, kind, owner, label], strings) {
  return {
    fn: strings[fn],
    file: strings[file],
    line,
    kind: KINDS[kind],
    owner: OWNERS[owner],
    label: strings[label],
  };
}

function recordingOf(recording) {
  return {
    host: recording.host,
    kernel: recording.kernel,
    version: recording.version,
    scope: recording.scope,
    thresholdNs: recording.threshold_ns,
    startNs: recording.start_ns,
    endNs: recording.end_ns,
    utcOffsetS: recording.utc_offset_s,
    lost: recording.lost,
    blind: recording.blind,
    discarded: recording.discarded,
    notes: recording.notes,
    stallsLeftOut: recording.stalls_left_out,
    stallsLeftOutNs: recording.stalls_left_out_ns,
  };
}

function placeOf(place) {
  return {
    name: place.name,
    cause: place.cause,
    kind: place.kind,
    chance: place.chance,
    beforeNsPerHour: place.before_ns_per_hour,
    afterNsPerHour: place.after_ns_per_hour,
    beforeStalls: place.before_stalls,
    afterStalls: place.after_stalls,
  };
}

export function unpack(packed) {
  const page = {
    version: packed.version,
    originMs: packed.origin_ms,
    lengthNs: packed.length_ns,
    utcOffsetS: packed.utc_offset_s,
    recordings: packed.recordings.map(recordingOf),
    loops: packed.loops.map((loop, index) => loopOf(loop, index, packed)),
    stacks: packed.stacks,
    stackPlaces: packed.stack_places, // of each the number of the frame that names it, or -1
    frames: packed.frames.map((frame) => frameOf(frame, packed.strings)),
    stalls: [],
    diff: null,
  };
  page.stalls = packed.stalls.map((row, index) => stallOf(row, index, packed, page));
  page.blocked = packed.blocked.map(([loop, atNs, slices]) => ({
    loop,
    atNs,
    slices: slices.map((slice) => sliceOf(slice, packed)),
  }));
  if (packed.diff)
    page.diff = {
      before: unpack(packed.diff.before),
      after: page,
      limits: packed.diff.limits,
      places: packed.diff.places.map(placeOf),
    };
  return page;
}
