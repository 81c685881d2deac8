// Runs a WASI program in Node: node [flags] wasi.js FILE [ARGS...]; with COMPILE_ONLY=1 it only compiles and prints
//   compile WALL_MS CPU_MS
// A shim of our own, of the calls the measured guests make, because node:wasi aborts on some modules.
"use strict";
const fs = require("fs");
const { performance } = require("perf_hooks");

const OK = 0, BADF = 8, NOSYS = 52, SPIPE = 70;
const argv = process.argv.slice(2).map(a => Buffer.from(a + "\0"));
let memory;
const view = () => new DataView(memory.buffer);

function vectors(iovs, count) {
  const v = view(), list = [];
  for (let i = 0; i < count; i++)
    list.push(new Uint8Array(memory.buffer, v.getUint32(iovs + 8 * i, true), v.getUint32(iovs + 8 * i + 4, true)));
  return list;
}

function put(strings, pointers, at) {
  const v = view();
  strings.forEach((s, i) => {
    v.setUint32(pointers + 4 * i, at, true);
    new Uint8Array(memory.buffer, at, s.length).set(s);
    at += s.length;
  });
  return OK;
}

function sizes(strings, count, bytes) {
  view().setUint32(count, strings.length, true);
  view().setUint32(bytes, strings.reduce((sum, s) => sum + s.length, 0), true);
  return OK;
}

const calls = {
  args_get: (pointers, at) => put(argv, pointers, at),
  args_sizes_get: (count, bytes) => sizes(argv, count, bytes),
  environ_get: () => OK,
  environ_sizes_get: (count, bytes) => sizes([], count, bytes),
  clock_time_get(id, precision, out) {
    const ns = id === 0 ? BigInt(Date.now()) * 1000000n : process.hrtime.bigint();
    view().setBigUint64(out, ns, true);
    return OK;
  },
  clock_res_get(id, out) {
    view().setBigUint64(out, 1n, true);
    return OK;
  },
  fd_write(fd, iovs, count, out) {
    if (fd !== 1 && fd !== 2) return BADF;
    let sum = 0;
    for (const part of vectors(iovs, count)) sum += part.length ? fs.writeSync(fd, part) : 0;
    view().setUint32(out, sum, true);
    return OK;
  },
  fd_fdstat_get(fd, out) {
    if (fd > 2) return BADF;
    new Uint8Array(memory.buffer, out, 24).fill(0);
    view().setUint8(out, 2);
    view().setBigUint64(out + 8, 0xffffffffn, true);
    return OK;
  },
  random_get(at, count) {
    new Uint8Array(memory.buffer, at, count).fill(4);
    return OK;
  },
  fd_seek: () => SPIPE,
  fd_close: () => OK,
  fd_prestat_get: () => BADF,
  proc_exit(status) {
    process.exit(status);
  },
};
const anything = new Proxy(calls, { get: (known, name) => known[name] ?? (() => NOSYS) });

const bytes = fs.readFileSync(process.argv[2]);
const wall = performance.now(), cpu = process.cpuUsage();
const module_ = new WebAssembly.Module(bytes);
if (process.env.COMPILE_ONLY) {
  const used = process.cpuUsage(cpu);
  console.log(`compile ${performance.now() - wall} ${(used.user + used.system) / 1000}`);
  process.exit(0);
}
const instance = new WebAssembly.Instance(module_, { wasi_snapshot_preview1: anything });
memory = instance.exports.memory;
instance.exports._start();
