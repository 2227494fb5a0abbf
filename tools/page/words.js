// SPDX-License-Identifier: MIT
// Numbers and addresses as words; elements from words, never from markup.

export const SLOT = 2 * 1024 * 1024;
export const PAGE = 4096;
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/**
 * "2 MiB", "1.9 GiB": exact when it can be, else one decimal, rounded down.
 * @param {number} bytes
 */
export function sizeWords(bytes) {
  let unit = 0, whole = bytes;

  while (whole >= 1024 && unit + 1 < UNITS.length) {
    whole /= 1024;
    unit++;
  }
  return `${Number.isInteger(whole) ? whole : (Math.floor(whole * 10) / 10).toFixed(1)} ${UNITS[unit]}`;
}

/**
 * 4106 as "4,106".
 * @param {number} n
 */
export function count(n) {
  return n.toLocaleString("en-US");
}

/** @param {number} n @param {string} noun */
export function many(n, noun) {
  return `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
}

/** @param {number} address */
export function hex(address) {
  return `0x${address.toString(16)}`;
}

/**
 * Half-open, printed as Linux prints it.
 * @param {number} start @param {number} end
 */
export function rangeWords(start, end) {
  return `[mem ${hex(start)}-${hex(end - 1)}]`;
}

/**
 * "1", "1 and 2", "1, 2 and 3".
 * @param {(number | string)[]} list
 */
export function listWords(list) {
  return list.length < 2 ? list.join("") : `${list.slice(0, -1).join(", ")} and ${list[list.length - 1]}`;
}

/** @param {number | null} node */
export function nodeWords(node) {
  return node === null ? "no node" : `node ${node}`;
}

/**
 * A share of slots.
 * @param {number} n @param {number} of
 */
export function percent(n, of) {
  return n === 0 ? "0 %" : n === of ? "100 %" : `${Number(Math.max(100 * n / of, 0.0001).toPrecision(3))} %`;
}

/**
 * @param {string} id
 * @returns {any} the element of that id, which index.html has
 */
export function byId(id) {
  const element = document.getElementById(id);

  if (!element)
    throw new Error(`no element ${id}`);
  return element;
}

/**
 * An element with attributes and children; strings become text.
 * @param {string} tag
 * @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} children
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);

  for (const [name, value] of Object.entries(attributes))
    element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * A table of words: the first cell of a row is its heading.
 * @param {string} caption
 * @param {string[]} heads
 * @param {(string | number)[][]} rows
 */
export function table(caption, heads, rows) {
  const cells = rows.map(([first, ...rest]) =>
    make("tr", {}, make("th", { scope: "row" }, String(first)), ...rest.map(cell => make("td", {}, String(cell)))));

  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    make("table", {}, make("caption", {}, caption),
      make("thead", {}, make("tr", {}, ...heads.map(head => make("th", { scope: "col" }, head)))),
      make("tbody", {}, ...cells)));
}
