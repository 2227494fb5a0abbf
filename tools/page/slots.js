// SPDX-License-Identifier: MIT
// Every slot that KASLR could draw, a strip a policy, and the handle that puts the image into one of them.
import { drag } from "d3-drag";
import { clientPoint, event, select } from "d3-selection";
import { SLOT, count, hex, percent, table } from "./words.js";

/**
 * @typedef {import("./answer.js").Answer} Answer
 * @typedef {{first: number, last: number, stained: boolean}} Part numbers of slots, both included
 */

const ROW = 22, KNOB = 26, AXIS = 36, LENS_TITLE = 30;
const SHARE = 72;           // pixels of "0.0083 %" beside a strip
const DIGIT = 7.7;          // pixels of a digit of an address
const SEE = 1.4;            // pixels: the least a part is wide
const LENS_ROW = 14;
const LENS_SLOT = 12;       // pixels of a slot in the lens

/** Counts slots over their areas: base to number and back. */
export class SlotAxis {
  /** @param {[number, number][]} areas first and last base */
  constructor(areas) {
    let at = 0;

    this.areas = areas.map(([first, last]) => {
      const area = { first, last, start: at, slots: (last - first) / SLOT + 1 };
      at += area.slots;
      return area;
    });
    this.count = at;
  }

  /** @param {number} base @returns {number | null} */
  number(base) {
    const area = this.areas.find(a => a.first <= base && base <= a.last && (base - a.first) % SLOT === 0);
    return area ? area.start + (base - area.first) / SLOT : null;
  }

  /** @param {number} number */
  base(number) {
    const area = this.areas.find(a => number < a.start + a.slots) ?? this.areas[this.areas.length - 1];
    return area.first + (number - area.start) * SLOT;
  }

  /**
   * Intervals of bases as intervals of numbers, area by area.
   * @param {[number, number][]} intervals @returns {Part[]}
   */
  stained(intervals) {
    return this.areas.flatMap(a => intervals.filter(([first, last]) => last >= a.first && first <= a.last).map(([first, last]) => ({
      first: a.start + (Math.max(first, a.first) - a.first) / SLOT, last: a.start + (Math.min(last, a.last) - a.first) / SLOT, stained: true,
    }))).sort((p, q) => p.first - q.first);
  }
}

/**
 * Stained parts in the numbers from..to, those within one pixel joined.
 * @param {Part[]} parts @param {number} from @param {number} to @param {number} pixel slots in a pixel
 */
function visible(parts, from, to, pixel) {
  /** @type {Part[]} */
  const found = [];

  for (const part of parts) {
    if (part.last < from || part.first > to)
      continue;
    const last = found[found.length - 1];
    if (last && part.first - last.last <= pixel)
      last.last = Math.min(part.last, to);
    else
      found.push({ first: Math.max(part.first, from), last: Math.min(part.last, to), stained: true });
  }
  return found;
}

export class SlotStrip {
  /**
   * @param {{strip: SVGSVGElement, handle: HTMLElement, note: HTMLElement}} elements the handle lies over the strip
   * @param {(base: number, resting: boolean) => void} moved
   * @param {(policy: string) => void} chosen
   */
  constructor(elements, moved, chosen) {
    this.elements = elements;
    this.moved = moved;
    this.chosen = chosen;
    this.axis = new SlotAxis([]);
    /** @type {number | null} */
    this.at = null;
    this.policy = "";
    this.left = this.right = this.width = this.full = 0;
    this.count = 0;  // slots in the lens
    /** @type {any} */
    this.lens = this.line = null;
    /** @type {Map<string, {parts: Part[], sweep: any}>} */
    this.rows = new Map();
    elements.handle.addEventListener("keydown", e => this.key(e));
    select(elements.handle.parentElement).call(drag().filter(() => !event.button && this.inStrip(event))
      .on("start drag", () => this.dragged(event.sourceEvent))
      .on("end", () => this.move(this.at, true)));
  }

  /** @param {MouseEvent | TouchEvent} e */
  inStrip(e) {
    const [x, y] = clientPoint(this.elements.strip, "touches" in e ? e.touches[0] : e);
    return this.axis.count > 0 && x >= this.left - 6 && x <= this.left + this.width + 6 && y <= KNOB + ROW * this.rows.size;
  }

  /** @param {MouseEvent | TouchEvent} e */
  dragged(e) {
    const [x] = clientPoint(this.elements.strip, "touches" in e ? e.touches[0] : e);
    this.elements.handle.focus({ preventScroll: true });
    this.move(Math.floor((x - this.left) / this.width * this.axis.count), false);
  }

  /** @param {KeyboardEvent} e */
  key(e) {
    const far = Math.max(1, Math.round(this.axis.count / 50)), at = this.at ?? -1;
    /** @type {Record<string, number>} */
    const to = {
      ArrowRight: at + 1, ArrowUp: at + 1, ArrowLeft: at - 1, ArrowDown: at - 1,
      PageUp: at + far, PageDown: at - far, Home: 0, End: this.axis.count - 1,
    };

    if (to[e.key] === undefined || !this.axis.count)
      return;
    e.preventDefault();
    this.move(to[e.key], true);
  }

  /** @param {number | null} to @param {boolean} resting */
  move(to, resting) {
    if (to === null)
      return;
    this.at = Math.min(Math.max(to, 0), this.axis.count - 1);
    this.place();
    this.moved(this.axis.base(this.at), resting);
  }

  /**
   * A new answer, or another width.
   * @param {Answer} a @param {string} policy @param {string[]} policies @param {number} width
   */
  draw(a, policy, policies, width) {
    const narrow = width < 620;

    this.axis = new SlotAxis(a.areas);
    this.policy = policy;
    this.rows = new Map(policies.filter(name => a.sweeps.has(name)).map(name => {
      const sweep = a.sweeps.get(name);
      return [name, { parts: this.axis.stained(sweep.intervals), sweep }];
    }));
    this.left = narrow ? 84 : 100;
    this.right = SHARE + (narrow ? 4 : 128);
    this.width = Math.max(width - this.left - this.right, 40);
    this.full = width;
    this.count = Math.floor(this.width / LENS_SLOT) | 1;
    this.drawStrip(narrow);
    this.place();
  }

  /** @param {boolean} narrow */
  drawStrip(narrow) {
    const svg = select(this.elements.strip), bottom = KNOB + ROW * this.rows.size;
    const lens = this.count > this.axis.count ? 0 : LENS_TITLE + LENS_ROW * this.rows.size + 10, height = bottom + AXIS + lens;

    svg.selectAll("*").remove();
    svg.attr("viewBox", `0 0 ${this.full} ${height}`).attr("width", this.full).attr("height", height);
    svg.attr("aria-label", this.words());
    [...this.rows].forEach(([name, row], i) => this.drawRow(svg, { name, row, y: KNOB + i * ROW, narrow }));
    for (const area of this.axis.areas.slice(1))
      svg.append("line").attr("class", "cut").attr("x1", this.x(area.start)).attr("x2", this.x(area.start)).attr("y1", KNOB).attr("y2", bottom);
    this.drawAxis(svg, bottom, narrow);
    this.lens = lens ? svg.append("g").attr("transform", `translate(0,${bottom + AXIS})`) : null;
    this.line = svg.append("line").attr("class", "handle").attr("y1", KNOB - 8).attr("y2", bottom + 3);
  }

  /** @param {number} number */
  x(number) {
    return this.left + number / Math.max(this.axis.count, 1) * this.width;
  }

  /** @param {any} svg @param {{name: string, row: {parts: Part[], sweep: any}, y: number, narrow: boolean}} what */
  drawRow(svg, { name, row, y, narrow }) {
    const { sweep, parts } = row, pixel = this.axis.count / this.width * SEE;
    const label = svg.append("text").attr("x", this.left - 10).attr("y", y + ROW / 2 + 4.5)
      .attr("class", `end name${name === this.policy ? " strong" : ""}`).text(name);

    label.on("click", () => this.chosen(name));
    svg.append("rect").attr("class", "clean").attr("x", this.left).attr("width", this.width).attr("y", y + 2).attr("height", ROW - 5);
    for (const part of visible(parts, 0, this.axis.count - 1, pixel))
      svg.append("rect").attr("class", "stain").attr("x", this.x(part.first)).attr("y", y + 2).attr("height", ROW - 5)
        .attr("width", Math.max(this.x(part.last + 1) - this.x(part.first), SEE));
    if (name === this.policy)
      svg.append("rect").attr("class", "chosen").attr("x", this.left - 1).attr("y", y + 0.5).attr("width", this.width + 2).attr("height", ROW - 2);
    svg.append("text").attr("x", this.left + this.width + SHARE).attr("y", y + ROW / 2 + 4.5)
      .attr("class", `end ${sweep.stained_slots ? "stained" : "muted"}`).text(percent(sweep.stained_slots, sweep.slots));
    if (!narrow)
      svg.append("text").attr("x", this.left + this.width + SHARE + 12).attr("y", y + ROW / 2 + 4.5).attr("class", "muted small")
        .text(sweep.slots < 1e6 ? `${count(sweep.stained_slots)} of ${count(sweep.slots)}` : `${short(sweep.stained_slots)} of ${short(sweep.slots)}`);
  }

  /**
   * Numbers and bases where areas begin, and at the end.
   * @param {any} svg @param {number} y @param {boolean} narrow
   */
  drawAxis(svg, y, narrow) {
    const last = this.axis.count - 1, room = Math.max(narrow ? 88 : 110, hex(this.axis.count ? this.axis.base(last) : 0).length * DIGIT + 12);
    let free = 0;

    for (const area of this.axis.areas) {
      const x = this.x(area.start);
      if (x < free || x > this.left + this.width - room)
        continue;
      svg.append("text").attr("x", x).attr("y", y + 14).attr("class", "muted small").text(`slot ${count(area.start)}`);
      svg.append("text").attr("x", x).attr("y", y + 28).attr("class", "muted small").text(hex(area.first));
      free = x + room;
    }
    if (this.axis.count > 1 && free < this.left + this.width - room + 20) {
      svg.append("text").attr("x", this.left + this.width).attr("y", y + 14).attr("class", "muted small end").text(`slot ${count(last)}`);
      svg.append("text").attr("x", this.left + this.width).attr("y", y + 28).attr("class", "muted small end").text(hex(this.axis.base(last)));
    }
  }

  /** Puts the handle where the image is, and draws what is near it. */
  place() {
    const { handle, note } = this.elements, on = this.at !== null && this.axis.count > 0;

    handle.setAttribute("aria-valuemin", "0");
    handle.setAttribute("aria-valuemax", String(Math.max(this.axis.count - 1, 0)));
    handle.setAttribute("aria-valuenow", String(this.at ?? 0));
    const words = on ? this.atWords() : "the image is in none of the slots; an arrow key puts it into the first";
    handle.setAttribute("aria-valuetext", words);
    note.textContent = words[0].toUpperCase() + words.slice(1) + ".";
    const x = this.x((this.at ?? 0) + 0.5);
    handle.style.transform = `translateX(${x}px)`;
    handle.toggleAttribute("data-off", !on);
    handle.hidden = this.axis.count === 0;
    this.line?.attr("x1", x).attr("x2", x).attr("display", on ? null : "none");
    if (this.lens)
      this.drawLens();
  }

  atWords() {
    const at = /** @type {number} */ (this.at), base = this.axis.base(at);
    const bad = [...this.rows].filter(([, { sweep }]) => sweep.intervals.some((/** @type {number[]} */ [first, last]) => first <= base && base <= last));

    return `slot ${count(at)} of ${count(this.axis.count)}, base ${hex(base)}: ` +
      (bad.length ? `stained by ${bad.map(([name]) => name).join(", ")}` : "clean with every policy");
  }

  /** The neighbourhood, a box a slot. */
  drawLens() {
    const shown = Math.min(this.count, this.axis.count), at = this.at ?? 0;
    const from = Math.min(Math.max(at - (shown >> 1), 0), Math.max(this.axis.count - shown, 0)), wide = this.width / Math.max(shown, 1);
    const g = this.lens;

    g.selectAll("*").remove();
    if (!this.axis.count)
      return;
    g.append("text").attr("x", this.left).attr("y", LENS_TITLE - 10).attr("class", "muted small")
      .text(`near the image: slots ${count(from)} to ${count(from + shown - 1)}`);
    [...this.rows].forEach(([name, { parts }], i) => {
      const y = LENS_TITLE + i * LENS_ROW;
      g.append("text").attr("x", this.left - 10).attr("y", y + LENS_ROW - 4).attr("class", `end small${name === this.policy ? " strong" : ""}`).text(name);
      const rows = [{ first: from, last: from + shown - 1, stained: false }, ...visible(parts, from, from + shown - 1, 0)];
      for (const part of rows)
        g.append("rect").attr("class", part.stained ? "stain" : "clean").attr("x", this.left + (part.first - from) * wide)
          .attr("width", (part.last - part.first + 1) * wide).attr("y", y + 1).attr("height", LENS_ROW - 3);
    });
    const bottom = LENS_TITLE + LENS_ROW * this.rows.size;
    for (let i = 1; i < shown && wide > 5; i++)
      g.append("line").attr("class", "cut thin").attr("x1", this.left + i * wide).attr("x2", this.left + i * wide).attr("y1", LENS_TITLE).attr("y2", bottom);
    if (this.at !== null)
      g.append("rect").attr("class", "chosen").attr("x", this.left + (at - from) * wide).attr("width", Math.max(wide, 2)).attr("y", LENS_TITLE - 1)
        .attr("height", LENS_ROW * this.rows.size + 1);
  }

  words() {
    return [...this.rows].map(([name, { sweep }]) => `${name}: ${count(sweep.stained_slots)} of ${count(sweep.slots)} slots stained`).join("; ");
  }

  /** The same as a table. */
  table() {
    const rows = [...this.rows].map(([name, { sweep }]) => {
      const listed = sweep.intervals.slice(0, 50).map((/** @type {number[]} */ [first, last]) => first === last ? hex(first) : `${hex(first)}–${hex(last)}`);
      const more = sweep.intervals.length > 50 ? ` and ${count(sweep.intervals.length - 50)} more` : "";
      return [name, count(sweep.slots), count(sweep.stained_slots), percent(sweep.stained_slots, sweep.slots), sweep.worst_base ?? "none",
        count(sweep.worst_on_movable), sweep.safe_distance ?? "none", (listed.join(", ") || "none") + more];
    });

    return table("Every slot", ["policy", "slots", "stained", "probability", "worst base", "pages there", "safe distance, slots", "bases of stained slots"], rows);
  }
}

/**
 * 2147483648 as 2.1 G.
 * @param {number} n
 */
function short(n) {
  const [by, unit] = n >= 1e9 ? [1e9, " G"] : n >= 1e6 ? [1e6, " M"] : n >= 1e4 ? [1e3, " k"] : [1, ""];
  return `${Number((n / Number(by)).toPrecision(3))}${unit}`;
}
