// SPDX-License-Identifier: GPL-2.0-or-later
// server.js TRUTH
// Node with ticks of 20 ms, that is blocked each 0.8 s for a quarter of a second: in Atomics.wait, a
// FIFO, a child, its own computing, by turns. TRUTH: see server.c and server.py.
'use strict';
const fs = require('fs');
const { execFileSync } = require('child_process');

const BLOCK_MS = 250, PERIOD_NS = 800000000n, TICK_MS = 20;
const truth = fs.openSync(process.argv[2], 'a');
const fifo = process.argv[2] + '.fifo';
const now = () => process.hrtime.bigint();
const cell = new Int32Array(new SharedArrayBuffer(4));

function napHere() { Atomics.wait(cell, 0, 0, BLOCK_MS); }
function readHere() { fs.readFileSync(fifo); }
function childHere() { execFileSync('/bin/sleep', [BLOCK_MS / 1000]); }
function spinHere() { for (const end = now() + BigInt(BLOCK_MS) * 1000000n; now() < end;); }

// Who writes to the FIFO, each time it is opened; no child of ours, which would be what we wait for then.
execFileSync('/usr/bin/mkfifo', [fifo]);
const write = `(while exec 3>"$0"; do sleep ${BLOCK_MS / 1000}; exec 3>&-; sleep 0.2; done) &`;
execFileSync('/bin/sh', ['-c', write, fifo], { stdio: 'ignore' });

const KINDS = [['sleep', napHere], ['pipe', readHere], ['child', childHere], ['cpu', spinHere]];
function runTimes() {
  return fs.readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'ascii').split(' ').slice(0, 2).map(BigInt);
}

let number = 0, before = now(), times = runTimes(), next = before + PERIOD_NS, noted;
setInterval(() => {
  const tick = now(), nowTimes = runTimes();
  if (noted) {
    const [cause, name, first, start, end, firstTimes] = noted;
    fs.writeSync(truth, [cause, name, first, start, end, tick, nowTimes[1] - firstTimes[1], nowTimes[0] - firstTimes[0]].join(' ') + '\n');
    noted = undefined;
  } else if (tick >= next) {
    const [cause, block] = KINDS[number++ % KINDS.length];
    const start = now();
    block();
    const end = now();
    noted = [cause, block.name, before, start, end, times];
    next = end + PERIOD_NS;
  }
  before = now();
  times = runTimes();
}, TICK_MS);
