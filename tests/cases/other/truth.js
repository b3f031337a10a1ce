// SPDX-License-Identifier: GPL-2.0-or-later
// truth.js - what truly happened, by the program's own clock (CLOCK_MONOTONIC).
'use strict';
const now = () => process.hrtime.bigint();
const note = (label, start) => require('fs').writeSync(1, `T ${label} ${start} ${Number(now() - start) / 1e6}\n`);
function truth(label, block) {
  const start = now();
  try { return block(); } finally { note(label, start); }
}
let last;
// To be called at each tick, each 20 ms: ticks that stayed out are said.
function pulse() {
  if (last && now() - last > 90000000n) note('gap', last);
  last = now();
}
module.exports = { truth, note, now, pulse };
