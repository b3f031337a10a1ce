// SPDX-License-Identifier: GPL-2.0-or-later
// moved.js: each 200 ms a function that was made just before waits for 60 ms, and lets the
// collector of young objects run right after that: whoever reads its stack late finds the
// function elsewhere. Says READY; ends with its standard input.
"use strict";
const cell = new Int32Array(new SharedArrayBuffer(4));
let rubbish = [];

function make() {
  const id = Date.now();
  return function orders() {
    Atomics.wait(cell, 0, 0, 60);
    for (let turn = 0; turn < 3; turn++) {
      rubbish = [];
      for (let i = 0; i < 100000; i++) rubbish.push({ id, i });
    }
  };
}

setInterval(() => make()(), 200);
process.stdin.on("data", () => {}).on("end", () => process.exit(0));
console.log("READY");
