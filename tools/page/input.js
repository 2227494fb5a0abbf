// SPDX-License-Identifier: MIT
// What was dropped, pasted or chosen: which kind of file it is, unpacked if need be. What is in it is the program's to judge.
import { piped } from "./question.js";

/** @typedef {import("./question.js").Input} Input */

const LOOKED_AT = 1 << 20;  // bytes of a file that tell its kind

/** @param {Uint8Array} bytes @param {number[]} magic */
function begins(bytes, magic) {
  return magic.every((byte, i) => bytes[i] === byte);
}

/**
 * The first line of a hex dump.
 * @param {string} bytes those it begins with
 */
function dumpOf(bytes) {
  return new RegExp(`^[ \\t]*0+:?[ \\t]+${bytes}`, "im");
}

/** @param {Uint8Array} bytes @returns {import("./question.js").Kind} */
export function kindOf(bytes) {
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, LOOKED_AT));

  if (text.startsWith("SRAT"))
    return "srat";
  if (text.startsWith("SLIT"))
    return "slit";
  if (/^[0-9a-f]{16} [A-Za-z] _text$/m.test(text))
    return "symbols";
  if (/^about\s/m.test(text) && /^map\s/m.test(text))
    return "machine";
  if (/Linux version |: where do early page tables land\?/.test(text))
    return "log";
  if (text.includes("BIOS-e820:"))
    return "map";
  if (dumpOf("53 ?52 ?41 ?54").test(text))
    return "srat";
  if (dumpOf("53 ?4c ?49 ?54").test(text))
    return "slit";
  return "log";
}

/** @param {string} name @param {Uint8Array} bytes @returns {Promise<Input>} */
export async function take(name, bytes) {
  name = name.replaceAll("/", "_") || "file";
  if (begins(bytes, [0x1f, 0x8b])) {
    try {
      bytes = await piped(bytes, new DecompressionStream("gzip"));
    } catch {
      throw new Error(`${name}: compressed by gzip, but damaged or cut`);
    }
    name = name.replace(/\.gz$/, "");
  }
  return { name, bytes, kind: kindOf(bytes) };
}

/** What tells the memory of a machine: one of a kind is enough. */
const WHOLE = ["log", "map", "machine"];

/**
 * The inputs with a new one: it takes the place of one of its kind, and of what tells the same.
 * @param {Input[]} inputs @param {Input} fresh
 */
export function withInput(inputs, fresh) {
  const rest = inputs.filter(old => old.kind !== fresh.kind && !(WHOLE.includes(old.kind) && WHOLE.includes(fresh.kind)));
  const taken = rest.some(old => old.name === fresh.name);

  return [...rest, taken ? { ...fresh, name: `${fresh.kind}-${fresh.name}` } : fresh];
}
