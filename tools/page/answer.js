// SPDX-License-Identifier: MIT
// What the program has answered: its records with numbers for addresses, and its lines of text.

/**
 * @typedef {{status: number, records: any[], text: string[], errors: string, ms: number}} Raw one run of the program
 * @typedef {{start: number, end: number, node: number | null, kind: "fixed" | "movable" | "pinned"}} Piece
 * @typedef {{start: number, end: number, node: number | null, level: string, movable: boolean}} Run
 * @typedef {{line: string, sentence: string}} Finding
 */

/**
 * Hex words as numbers where these are addresses of physical memory.
 * @param {any} r
 */
function numbered(r) {
  return { ...r, start: parseInt(r.start, 16), end: parseInt(r.end, 16) };
}

const SCARCE = "unmovable-scarce"; // the rule for which the table of policies has a column

export class Answer {
  /** @param {Raw} raw */
  constructor(raw) {
    this.raw = raw;
    this.status = raw.status;
    this.error = raw.errors.trim().split("\n").filter(line => line.includes("error:") || line.includes("fault:")).join("\n");
    /** @type {any} */
    this.boot = this.all("boot")[0];
    /** @type {any} */
    this.verdict = this.all("verdict")[0];
    /** @type {any} */
    this.lint = this.all("lint")[0];
    this.nodes = this.all("node");
    const kaslr = this.all("kaslr")[0];
    this.image = kaslr && { ...kaslr, start: parseInt(kaslr.base, 16), end: parseInt(kaslr.end, 16) };
    /** @type {Piece[]} */
    this.pieces = this.all("piece").map(numbered);
    /** @type {Run[]} */
    this.runs = this.all("run").map(numbered);
    /** @type {[number, number][]} */
    this.areas = (this.all("slots")[0]?.areas ?? []).map(pair);
    /** @type {Map<string, any>} */
    this.sweeps = new Map(this.all("sweep").map(s => [s.alloc, { ...s, intervals: s.intervals.map(pair) }]));
    this.verdicts = new Map(this.all("verdict").map(v => [v.alloc, v]));
    this.costs = new Map(this.all("cost").map(c => [c.alloc, c]));
  }

  /** @param {string} rec @returns {any[]} */
  all(rec) {
    return this.raw.records.filter(r => r.rec === rec);
  }

  /**
   * What follows that word at the beginning of a line of text.
   * @param {string} word
   */
  lines(word) {
    return this.raw.text.filter(line => line.startsWith(word)).map(line => line.slice(word.length));
  }

  /**
   * Policies that leave too little memory that cannot move: of how much RAM. It follows from the place of the image.
   * @returns {Map<string, string>}
   */
  get scarce() {
    return new Map(this.lines(`finding: ${SCARCE} `).map(line => /** @type {[string, string]} */ (line.split(/: |, /, 2))));
  }

  /**
   * What is odd in firmware's tables, with the sentence of its rule.
   * @returns {Finding[]}
   */
  get findings() {
    const { text } = this.raw;
    /** @type {Map<string, string>} */
    const sentences = new Map();

    return text.flatMap((line, i) => {
      if (!line.startsWith("finding: ") || line.startsWith(`finding: ${SCARCE} `))
        return [];
      const said = line.slice("finding: ".length), rule = said.split(/[ :]/, 1)[0];
      if (text[i + 1]?.startsWith("  "))
        sentences.set(rule, text[i + 1].trim());
      return [{ line: said, sentence: sentences.get(rule) ?? "" }];
    });
  }

  /** What the program wants its reader to know. */
  get remarks() {
    return [...this.lines("warning: "), ...this.lines("inputs incomplete: ").map(line => `Inputs incomplete: ${line}`)];
  }
}

/** @param {string[]} bases @returns {[number, number]} */
function pair([first, last]) {
  return [parseInt(first, 16), parseInt(last, 16)];
}
