// SPDX-License-Identifier: MIT
// All of memory to scale, by node, with the image and the page tables; below it, enlarged, the few places that hold them.
import { scaleLinear } from "d3-scale";
import { select } from "d3-selection";
import { PAGE, count, hex, listWords, many, nodeWords, rangeWords, sizeWords, table } from "./words.js";

/**
 * @typedef {import("./answer.js").Answer} Answer
 * @typedef {import("./answer.js").Run} Run
 * @typedef {(address: number) => number} Place from addresses to pixels
 * @typedef {{start: number, end: number}} Window
 * @typedef {{x: number, width: number, words: string, look: string}} Mark
 */

const M = 1 << 20;
const NODES = 30, TABLES = 26, GAP = 4;    // heights: the row of nodes, that of page tables, between them
const TICKS = 24, LEAD = 46, DETAIL = 40;  // below: addresses, lines to what is enlarged, its rows
const SEE = 1.5, STAIN = 4;                // pixels: the least a mark is wide, and a stain
const BETWEEN = 18;                        // enlarged places side by side
const NARROW = 620;
export const KINDS = { fixed: "stays", movable: "movable", pinned: "hot-pluggable, but pinned by what lies on it" };

/** Addresses to pixels, linear but for holes without RAM that are shrunk when they would take the picture. */
class MemoryScale {
  /** @param {Window[]} ram from low to high @param {number} width */
  constructor(ram, width) {
    const total = ram.reduce((sum, r) => sum + r.end - r.start, 0);
    const domain = [0], range = [0];
    let at = 0, x = 0;

    /** @type {Window[]} */
    this.holes = [];
    for (const { start, end } of ram) {
      const shrunk = start - at > total / 2;
      if (shrunk)
        this.holes.push({ start: at, end: start });
      x += shrunk ? total / 24 : start - at;
      domain.push(start);
      range.push(x);
      x += end - start;
      domain.push(end);
      range.push(x);
      at = end;
    }
    this.end = at;
    this.unit = x;
    /** @type {Place} */
    this.place = scaleLinear().domain(domain).range(range.map(r => r / x * width)).clamp(true);
    this.width = width;
  }

  /**
   * Round addresses with room for their words.
   * @param {number} most
   */
  ticks(most) {
    const step = 2 ** Math.ceil(Math.log2(Math.max(this.unit / most, M)));
    const ticks = [0];

    for (let at = step; at <= this.end && this.end / step < 4096; at += step) {
      const hidden = this.holes.some(hole => hole.start < at && at < hole.end);
      if (!hidden && this.place(at) - this.place(ticks[ticks.length - 1]) > 0.6 * this.width / most)
        ticks.push(at);
    }
    return ticks;
  }
}

/**
 * Few windows that hold the image and all page tables, each with some air around it.
 * @param {Answer} a @param {number} most
 */
export function windows(a, most) {
  /** @type {Window[]} */
  const joined = [];
  const spans = [...a.runs, ...(a.image ? [a.image] : [])].sort((p, q) => p.start - q.start);

  for (const { start, end } of spans) {
    const last = joined[joined.length - 1];
    if (last && start - last.end <= 32 * M)
      last.end = Math.max(last.end, end);
    else
      joined.push({ start, end });
  }
  while (joined.length > most) {
    let least = 0;
    for (let i = 0; i + 1 < joined.length; i++)
      if (joined[i + 1].start - joined[i].end < joined[least + 1].start - joined[least].end)
        least = i;
    joined.splice(least, 2, { start: joined[least].start, end: joined[least + 1].end });
  }
  return joined.map(({ start, end }) => {
    const air = Math.max((end - start) / 10, 2 * M);
    return { start: Math.max(0, Math.floor((start - air) / M) * M), end: Math.ceil((end + air) / M) * M };
  });
}

/** @param {Run[]} group */
function groupWords(group) {
  const pages = group.reduce((sum, r) => sum + r.end - r.start, 0) / PAGE, stains = group.filter(r => r.movable);
  const levels = [...new Set(group.map(r => r.level))].join(", ");

  return `${many(pages, "page-table page")} (${levels}) in ${rangeWords(group[0].start, group[group.length - 1].end)} on ` +
    `${nodeWords(group[0].node)}${stains.length ? ": stained" : ""}`;
}

/**
 * Runs of one colour that no pixel lies between are one mark; a stain wins.
 * @param {Run[]} runs @param {Place} place @returns {Mark[]}
 */
function tableMarks(runs, place) {
  /** @type {Run[][]} */
  const groups = [];

  for (const r of [...runs].sort((p, q) => p.start - q.start)) {
    const last = groups[groups.length - 1];
    const before = last && last[last.length - 1];
    const near = before && place(r.start) - place(before.end) < SEE;
    if (near && (before.movable === r.movable || place(r.end) - place(last[0].start) < SEE))
      last.push(r);
    else
      groups.push([r]);
  }
  return groups.map(group => {
    const x = place(group[0].start), stained = group.some(r => r.movable);
    const width = Math.max(place(group[group.length - 1].end) - x, stained ? STAIN : SEE);
    return { x, width, words: groupWords(group), look: stained ? "stain" : "tables" };
  });
}

/** @param {any} svg @param {Mark[]} marks @param {number} y @param {number} height */
function drawMarks(svg, marks, y, height) {
  svg.selectAll().data(marks).enter().append("rect")
    .attr("class", (/** @type {Mark} */ m) => m.look)
    .attr("x", (/** @type {Mark} */ m) => m.x).attr("width", (/** @type {Mark} */ m) => m.width)
    .attr("y", y).attr("height", height)
    .append("title").text((/** @type {Mark} */ m) => m.words);
}

/** @param {Answer} a @param {Place} place @param {Window} within @returns {Mark[]} */
function nodeMarks(a, place, within) {
  return a.pieces.filter(p => p.end > within.start && p.start < within.end).map(p => ({
    x: place(p.start), width: Math.max(place(p.end) - place(p.start), SEE),
    words: `${nodeWords(p.node)}, ${KINDS[p.kind]}: ${sizeWords(p.end - p.start)} ${rangeWords(p.start, p.end)}`,
    look: p.node === null ? "none" : `tint${p.node % 4}`,
  }));
}

/**
 * What is hatched or dotted over the tints.
 * @param {Answer} a @param {Place} place @param {Window} within @returns {Mark[]}
 */
function kindMarks(a, place, within) {
  const marks = nodeMarks(a, place, within);
  return a.pieces.filter(p => p.end > within.start && p.start < within.end)
    .map((p, i) => ({ ...marks[i], look: p.kind })).filter(m => m.look !== "fixed");
}

/** @param {Answer} a @param {Place} place @returns {Mark[]} */
function imageMarks(a, place) {
  if (!a.image)
    return [];
  const x = place(a.image.start), slot = a.image.slot === null ? "" : `, slot ${count(a.image.slot)} of ${count(a.image.slots)}`;
  return [{
    x, width: Math.max(place(a.image.end) - x, SEE), look: "kernel",
    words: `kernel image: ${rangeWords(a.image.start, a.image.end)} on ${nodeWords(a.image.node)}${slot}`,
  }];
}

/** @param {any} svg @param {number} x @param {number} y @param {string} words @param {string} [look] */
function write(svg, x, y, words, look = "") {
  return svg.append("text").attr("x", x).attr("y", y).attr("class", look).text(words);
}

/**
 * The hatching of movable and the dots of pinned memory.
 * @param {any} svg
 */
function drawPatterns(svg) {
  const defs = svg.append("defs");
  const hatch = defs.append("pattern").attr("id", "hatch").attr("width", 7).attr("height", 7).attr("patternUnits", "userSpaceOnUse")
    .attr("patternTransform", "rotate(45)");
  const dots = defs.append("pattern").attr("id", "dots").attr("width", 6).attr("height", 6).attr("patternUnits", "userSpaceOnUse");

  hatch.append("rect").attr("class", "hatched").attr("width", 1.2).attr("height", 7);
  dots.append("circle").attr("class", "hatched").attr("cx", 2).attr("cy", 2).attr("r", 1);
}

/** @param {any} svg @param {Answer} a @param {MemoryScale} scale */
function drawOverview(svg, a, scale) {
  const all = { start: 0, end: scale.end }, y = NODES + GAP;

  for (const [top, height] of [[0, NODES], [y, TABLES]]) {
    drawMarks(svg, nodeMarks(a, scale.place, all), top, height);
    drawMarks(svg, kindMarks(a, scale.place, all), top, height);
  }
  let free = 0;
  for (const p of a.pieces) {
    const x = scale.place(p.start), width = scale.place(p.end) - x, words = width > 58 ? `node ${p.node}` : `${p.node}`;
    if (p.node === null || width < 16 || x < free)
      continue;
    svg.append("rect").attr("class", `tint${p.node % 4} label`).attr("x", x + width / 2 - words.length * 4 - 3)
      .attr("y", 6).attr("width", words.length * 8 + 6).attr("height", NODES - 12).attr("rx", 4);
    write(svg, x + width / 2, NODES / 2 + 4.5, words, "middle");
    free = x + width / 2 + words.length * 4 + 4;
  }
  for (const hole of scale.holes) {
    const x = scale.place(hole.start), end = scale.place(hole.end);
    svg.append("line").attr("class", "hole").attr("x1", x + 2).attr("x2", end - 2).attr("y1", NODES / 2).attr("y2", NODES / 2)
      .append("title").text(`no RAM: ${sizeWords(hole.end - hole.start)} ${rangeWords(hole.start, hole.end)}, not to scale`);
  }
  const marks = tableMarks(a.runs, scale.place);
  drawMarks(svg, marks.filter(m => m.look !== "stain"), y + 3, TABLES - 6);
  drawMarks(svg, imageMarks(a, scale.place), y, TABLES);
  drawMarks(svg, marks.filter(m => m.look === "stain"), y + 3, TABLES - 6);
  for (const at of scale.ticks(scale.width < NARROW ? 4 : 9)) {
    const x = scale.place(at), end = x > scale.width - 30;
    svg.append("line").attr("class", "tick").attr("x1", x).attr("x2", x).attr("y1", y + TABLES).attr("y2", y + TABLES + 4);
    write(svg, x, y + TABLES + 17, at ? sizeWords(at) : "0", `muted ${end ? "end" : x < 20 ? "" : "middle"}`);
  }
}

/** @typedef {{left: number, top: number, width: number}} Box */

/** Places of the enlarged windows: side by side, wider for larger ones, but not in proportion; narrow: below each other.
 * @param {Window[]} list @param {number} width @returns {Box[]} */
function boxes(list, width) {
  const top = NODES + GAP + TABLES + TICKS + LEAD;

  if (width < NARROW)
    return list.map((_, i) => ({ left: 0, top: top + i * (DETAIL + LEAD), width }));
  const weights = list.map(w => Math.log2((w.end - w.start) / M + 4)), sum = weights.reduce((a, b) => a + b, 0);
  let left = 0;
  return weights.map(weight => {
    const box = { left, top, width: (width - BETWEEN * (list.length - 1)) * weight / sum };
    left += box.width + BETWEEN;
    return box;
  });
}

/** @param {any} svg @param {Answer} a @param {MemoryScale} scale @param {{window: Window, box: Box, letter: string}} detail */
function drawDetail(svg, a, scale, { window, box, letter }) {
  const base = NODES + GAP + TABLES, from = scale.place(window.start), to = Math.max(scale.place(window.end), from + 2);
  const g = svg.append("g").attr("transform", `translate(${box.left},${box.top})`);
  /** @type {Place} */
  const place = scaleLinear().domain([window.start, window.end]).range([0, box.width]).clamp(true);
  const nodes = [...new Set(a.pieces.filter(p => p.end > window.start && p.start < window.end && p.node !== null).map(p => p.node))];

  if (scale.width >= NARROW)
    svg.append("path").attr("class", "lead").attr("d",
      `M${from - 1},${base}L${box.left},${box.top - 22}V${box.top}M${to + 1},${base}L${box.left + box.width},${box.top - 22}V${box.top}`);
  else
    write(svg, Math.min((from + to) / 2, scale.width - 8), base + 34, letter, "middle strong");
  g.append("rect").attr("class", "frame").attr("width", box.width).attr("height", DETAIL);
  drawMarks(g, nodeMarks(a, place, window), 0, DETAIL);
  drawMarks(g, kindMarks(a, place, window), 0, DETAIL);
  if (a.image && a.image.start < window.end && a.image.end > window.start)
    drawMarks(g, imageMarks(a, place), 4, DETAIL - 8);
  drawMarks(g, tableMarks(a.runs.filter(r => r.end > window.start && r.start < window.end), place), 10, DETAIL - 20);
  write(g, 5, -7, scale.width < NARROW ? letter : "", "strong");
  write(g, scale.width < NARROW ? 20 : 5, -7,
    `${sizeWords(window.end - window.start)} from ${hex(window.start)}${box.width > 230 && nodes.length ? ` · node ${nodes.join(", ")}` : ""}`, "muted");
}

/**
 * As high as the picture always is at that width, whatever is in it.
 * @param {number} width
 */
function heightOf(width) {
  const most = width < NARROW ? 2 : 1;
  return NODES + GAP + TABLES + TICKS + LEAD + most * DETAIL + (most - 1) * LEAD + 8;
}

/** @param {Answer} a @param {string} policy */
export function memoryWords(a, policy) {
  const total = a.pieces.reduce((sum, p) => sum + p.end - p.start, 0);
  const movable = a.nodes.filter(n => n.movable).map(n => n.node);
  const image = a.image ? ` ${imageMarks(a, () => 0)[0].words}.` : "";
  const found = a.verdict ? ` ${policy}: ${count(a.verdict.on_movable)} of ${many(a.verdict.table_pages, "page-table page")} on movable ` +
    `${a.verdict.on_movable ? `node ${listWords(a.verdict.stained_nodes)}` : "memory"}.` : "";

  return `${sizeWords(total)} of RAM on ${many(a.nodes.length || 1, "node")}; movable: ${movable.join(", ") || "none"}.${image}${found}`;
}

/** @param {SVGSVGElement} element @param {Answer} a @param {string} policy @param {number} width */
export function drawMemory(element, a, policy, width) {
  const svg = select(element), height = heightOf(width), scale = new MemoryScale(a.pieces, width);
  const list = windows(a, width < NARROW ? 2 : 4);

  svg.selectAll("*").remove();
  svg.attr("viewBox", `0 0 ${width} ${height}`).attr("width", width).attr("height", height).attr("aria-label", memoryWords(a, policy));
  if (!a.pieces.length)
    return;
  drawPatterns(svg);
  boxes(list, width).forEach((box, i) => drawDetail(svg, a, scale, { window: list[i], box, letter: "ABCD"[i] }));
  drawOverview(svg, a, scale);
}

const MOST_ROWS = 200;

/**
 * The same as tables.
 * @param {Answer} a @returns {HTMLElement[]}
 */
export function memoryTables(a) {
  const pieces = a.pieces.map(p => [hex(p.start), hex(p.end), sizeWords(p.end - p.start), p.node ?? "none", p.kind]);
  const runs = a.runs.slice(0, MOST_ROWS).map(r =>
    [hex(r.start), hex(r.end), count((r.end - r.start) / PAGE), r.level, r.node ?? "none", r.movable ? "stained" : "no"]);
  const more = a.runs.length > MOST_ROWS ? ` (the first ${MOST_ROWS} of ${count(a.runs.length)}; the exported records have all)` : "";

  return [
    table("Memory, from low to high", ["start", "end", "size", "node", "kind"], pieces),
    table(`Page tables: pages side by side, of one level and node${more}`, ["start", "end", "pages", "level", "node", "on movable"], runs),
  ];
}
