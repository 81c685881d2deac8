// Runs the frames of write.c (standard input) in Node; prints a line a seed as host.c does:
//   seed: result result ...     a result is 16 hexadecimal digits, or the kind of a trap
// Called with a module's name, it exits with 0 if this Node takes the module.
"use strict";
const fs = require("fs");

// Tail calls are behind a flag before V8 11.2; later ones need not know it.
if (parseInt(process.versions.v8) < 12) require("v8").setFlagsFromString("--experimental-wasm-return-call");

// V8's words for the kinds that host.c names; two engines need not tell some of them apart.
const KINDS = [
  [/unreachable/, "unreachable"],
  [/memory access out of bounds|data segment/, "memory"],
  [/divide by zero|remainder by zero/, "zero"],
  [/unrepresentable/, "overflow"],
  [/signature mismatch|null function/, "indirect"],
  [/table index is out of bounds|table.*out of bounds|element segment/, "table"],
  [/call stack/, "stack"],
  [/rethrowing null/, "null"],
];

function kind(error) {
  if (error instanceof WebAssembly.Exception) return "uncaught";
  for (const [pattern, name] of KINDS) if (pattern.test(error.message)) return name;
  return `? ${error.message}`;
}

function call(f, args) {
  try {
    return BigInt.asUintN(64, f(...args)).toString(16).padStart(16, "0");
  } catch (error) {
    return kind(error);
  }
}

const imports = {
  env: {
    l: (a, b) => BigInt.asIntN(64, a * 3n ^ b),
    d: (a, b) => a - b,
  },
};

function frame(data, at) {
  const view = new DataView(data.buffer, data.byteOffset + at);
  const size = view.getUint32(0, true), seed = view.getBigUint64(8, true), calls = view.getUint32(16, true);
  let from = 20, results = [];
  const module = data.subarray(at + 20 + calls * 36, at + 20 + calls * 36 + size);
  const exports = new WebAssembly.Instance(new WebAssembly.Module(module), imports).exports;
  for (let i = 0; i < calls; i++, from += 36) {
    const args = [0, 1, 2, 3].map(k => view.getBigInt64(from + 4 + 8 * k, true));
    results.push(call(exports[`f${view.getUint32(from, true)}`], args));
  }
  results.push(call(exports.sum, []));
  process.stdout.write(`${seed}: ${results.join(" ")}\n`);
  return at + 20 + calls * 36 + size;
}

if (process.argv[2]) process.exit(WebAssembly.validate(fs.readFileSync(process.argv[2])) ? 0 : 1);
const data = fs.readFileSync(0);
for (let at = 0; at < data.length;) at = frame(data, at);
