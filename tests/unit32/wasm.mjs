#!/usr/bin/env -S node --no-warnings --experimental-wasi-unstable-preview1 --single-threaded
// SPDX-License-Identifier: MIT
// Runs a program made for WASI, which may use the files below the current folder and /tmp.
// usage: tests/unit32/wasm.mjs PROGRAM [WORD...] | PROGRAM --each: of each line of the input, a file for what is printed, variables of the
// environment (NAME=VALUE), and the words
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { WASI } from "node:wasi";

class Unwound {
  constructor(tag) {
    this.tag = tag;
  }
}

// What WebAssembly has no instructions for: see tests/unit/support.h.
function unwinding(exports) {
  return {
    unwind: tag => {
      throw new Unwound(tag);
    },
    caught: (tag, call, arg) => {
      const { __indirect_function_table: functions, __stack_pointer: stack } = exports();
      const top = stack.value;
      try {
        functions.get(call)(arg);
        return 0;
      } catch (e) {
        if (!(e instanceof Unwound) || e.tag !== tag)
          throw e;
        stack.value = top;
        return 1;
      }
    },
  };
}

function run(module, args, stdout, stderr, env = process.env) {
  const wasi = new WASI({ version: "preview1", args, env, preopens: { ".": ".", "/tmp": "/tmp" }, stdout, stderr, returnOnExit: true });
  // Through functions of our own: called by WebAssembly itself, node's make node 20 crash now and then.
  const calls = Object.fromEntries(Object.entries(wasi.wasiImport).map(([name, call]) => [name, (...words) => call(...words)]));
  const instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: calls, env: unwinding(() => instance.exports) });
  return wasi.start(instance);
}

const [program, ...words] = process.argv.slice(2);
const module = new WebAssembly.Module(readFileSync(program));
if (words[0] === "--each") {
  for (const line of readFileSync(0, "utf8").trimEnd().split("\n")) {
    const [path, ...args] = line.split(" "), out = openSync(path, "w"), env = { ...process.env };
    while (/^[A-Z_]+=/.test(args[0])) {
      const [name, value] = args.shift().split("=");
      env[name] = value;
    }
    try {
      run(module, [program, ...args], out, out, env);
    } catch (e) {
      writeSync(out, `${e.stack}\n`);
      process.exitCode = 1;
    }
    closeSync(out);
  }
} else {
  process.exitCode = run(module, [program, ...words], 1, 2);
}
