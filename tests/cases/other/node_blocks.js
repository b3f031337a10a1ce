// SPDX-License-Identifier: GPL-2.0-or-later
// node_blocks.js sleep|self|gc|poolfull|fifo|scan
// Node's main loop with a tick each 20 ms; each 0.7 s
// sleep: nap(): Atomics.wait for 300 ms that nobody ends. Right: sleep.
// self: askMyself(): execSync of a curl that asks this process and gives up after 600 ms. Right: child.
// gc: collect(): a full collection of so many live objects that it takes 150 ms and more. Right: gc.
// fifo: readIt(): readFileSync of a FIFO that is fed after 300 ms. Right: pipe or file.
// scan: loadPlugin(): openSync of a file that a scanner has to permit, 300 ms (scanned.py). Right: file.
// poolfull: libuv's four threads are all blocked in opening FIFOs, a readFile waits behind: no stall.
'use strict';
const fs = require('fs');
const http = require('http');
const { execSync, spawn } = require('child_process');
const { truth, pulse } = require('./truth.js');
const kind = process.argv[2];
const keep = [];

function nap() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
}

function askMyself(port) {
  const ask = `curl -s -m 0.6 http://127.0.0.1:${port}/`;
  try { execSync(ask, { stdio: 'ignore' }); } catch (error) { /* as it should */ }
}

function collect() {
  global.gc();
}

function keepEnough() {
  for (let took = 0; took < 150;) {
    for (let i = 0; i < 2e6; i++) keep.push({ i });
    const start = performance.now();
    collect();
    took = performance.now() - start;
  }
}

function readIt() {
  spawn('sh', ['-c', 'sleep 0.3; echo x > fifo'], { stdio: 'ignore' });
  fs.readFileSync('fifo');
}

function loadPlugin() {
  fs.closeSync(fs.openSync('scan/f'));
}

if (kind === 'fifo' || kind === 'poolfull') execSync('mkfifo fifo');
if (kind === 'sleep') setInterval(() => truth('sleep', nap), 700);
if (kind === 'gc') keepEnough();
if (kind === 'gc') setInterval(() => truth('gc', collect), 700);
if (kind === 'fifo') setInterval(() => truth('fifo', readIt), 700);
if (kind === 'scan') setInterval(() => truth('scan', loadPlugin), 700);
if (kind === 'self') {
  const server = http.createServer((request, reply) => reply.end('hi'));
  server.listen(0, '127.0.0.1', () => setInterval(() => truth('child', () => askMyself(server.address().port)), 2500));
}
if (kind === 'poolfull') {
  for (let i = 0; i < 4; i++) fs.open('fifo', 'r', () => {});
  fs.readFile('/etc/hostname', () => {});
}
setInterval(kind === 'poolfull' || kind === undefined ? pulse : () => keep.length, 20);
