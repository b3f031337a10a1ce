// SPDX-License-Identifier: GPL-2.0-or-later
// hashes.js: each 200 ms one of OpenSSL's hashes and ciphers for some 50 ms, in functions of
// its name: their assembly keeps where its caller's stack is below its own.
// Says READY; ends with its standard input.
"use strict";
const crypto = require("crypto");

const hash = (name) => (bytes) => crypto.createHash(name).update(Buffer.alloc(bytes)).digest();
const all = {
  derive: (rounds) => crypto.pbkdf2Sync("a", "b", rounds, 32, "sha512"),
  sha512: hash("sha512"),
  sha256: hash("sha256"),
  sha1: hash("sha1"),
};

// So much of it that it takes 50 ms on any machine.
function enough(work) {
  for (let size = 10000; ; size *= 2) {
    const start = performance.now();
    work(size);
    if (performance.now() - start > 50) return size;
  }
}

const turns = Object.values(all).map((work) => [work, enough(work)]);
let turn = 0;

function compute() {
  const [work, size] = turns[turn++ % turns.length];
  work(size);
}

setInterval(compute, 200);
process.stdin.on("data", () => {}).on("end", () => process.exit(0));
console.log("READY");
