// Runs a WASI program with files in Node, by its own node:wasi: node node-wasi.js DIR FILE [ARGS...], DIR is "/".
"use strict";
const { WASI } = require("node:wasi");
const { readFileSync } = require("node:fs");

const [directory, file, ...args] = process.argv.slice(2);
const wasi = new WASI({ version: "preview1", args: [file, ...args], env: {}, preopens: { "/": directory } });
const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), wasi.getImportObject());
process.exitCode = wasi.start(instance);
