// SPDX-License-Identifier: MIT
// The program in a thread of its own: takes questions, gives records and lines of text.
import { Program } from "./wasi.js";

/** @type {WebAssembly.Module | undefined} */
let module;
/** @type {Program | undefined} */
let program;
/** @type {Map<string, Uint8Array>} */
let files = new Map();
const EVERY = 100;  // ms between words on progress

/** @param {Uint8Array[]} parts */
function joined(parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;

  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return new TextDecoder().decode(all);
}

/** @param {number} id @param {string[]} argv */
function answer(id, argv) {
  /** @type {Uint8Array[][]} */
  const streams = [[], [], []];
  const start = performance.now();
  let told = start, records = 0;

  /** @param {number} share */
  const tell = share => {
    const now = performance.now();
    if (now - told > EVERY) {
      told = now;
      postMessage({ id, progress: share, records });
    }
  };
  program ??= new Program(/** @type {WebAssembly.Module} */ (module));
  const status = program.run(argv, files, (stream, bytes) => {
    streams[stream].push(bytes);
    records++;
    tell(1);
  }, tell);
  const lines = joined(streams[1]).split("\n").filter(line => line);
  return {
    id, status, errors: joined(streams[2]), ms: performance.now() - start,
    records: lines.filter(line => line.startsWith("{")).map(line => JSON.parse(line)),
    text: lines.filter(line => !line.startsWith("{")),
  };
}

onmessage = ({ data }) => {
  if (data.wasm)
    module = new WebAssembly.Module(data.wasm);
  if (data.files)
    files = data.files;
  if (!data.argv)
    return;
  try {
    postMessage(answer(data.id, data.argv));
  } catch (e) {
    program = undefined;
    const errors = `landfall-predict: fault: ${e instanceof Error ? e.message : e}`;
    postMessage({ id: data.id, status: 3, errors, records: [], text: [], ms: 0 });
  }
};
