// SPDX-License-Identifier: MIT
// Asks the program in its worker. Of questions that wait only the newest is asked; all can be cancelled.
import { Answer } from "./answer.js";

/**
 * @typedef {{wasm: Uint8Array, worker: string}} Engine
 * @typedef {{argv: string[], done: (answer: Answer) => void}} Question
 */

export class Asker {
  /**
   * @param {Engine} engine
   * @param {(share: number, records: number) => void} progress
   */
  constructor(engine, progress) {
    this.engine = engine;
    this.progress = progress;
    /** @type {Map<string, Uint8Array>} */
    this.files = new Map();
    /** @type {Question | null} */
    this.asked = null;
    /** @type {Question | null} */
    this.waiting = null;
    this.id = 0;
    this.worker = this.begin();
  }

  begin() {
    const url = URL.createObjectURL(new Blob([this.engine.worker], { type: "text/javascript" }));
    const worker = new Worker(url);

    worker.onmessage = ({ data }) => this.take(data);
    worker.postMessage({ wasm: this.engine.wasm, files: this.files });
    URL.revokeObjectURL(url);
    return worker;
  }

  /** @param {Map<string, Uint8Array>} files what the program can open from now on */
  setFiles(files) {
    this.files = files;
    this.worker.postMessage({ files });
  }

  /** @param {string[]} argv @param {(answer: Answer) => void} done */
  ask(argv, done) {
    this.waiting = { argv, done };
    this.next();
  }

  next() {
    if (this.asked || !this.waiting)
      return;
    this.asked = this.waiting;
    this.waiting = null;
    this.worker.postMessage({ id: ++this.id, argv: this.asked.argv });
  }

  /** @param {any} data */
  take(data) {
    if (data.id !== this.id || !this.asked)
      return;
    if (data.progress !== undefined) {
      this.progress(data.progress, data.records);
      return;
    }
    const { done } = this.asked;
    this.asked = null;
    this.next();
    done(new Answer(data));
  }

  get busy() {
    return this.asked !== null;
  }

  /** Gives up what is asked and what waits. */
  cancel() {
    if (!this.asked)
      return;
    this.worker.terminate();
    this.asked = this.waiting = null;
    this.worker = this.begin();
  }
}
