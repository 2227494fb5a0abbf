// SPDX-License-Identifier: MIT
// The page: takes questions from what is dropped, chosen and moved, asks the program, shows its answers.
import { Asker } from "./ask.js";
import { clearNodes, fillFromHelp, fillSelect, readControls, showNodes, showQuestion } from "./controls.js";
import { save, svgText } from "./export.js";
import { take, withInput } from "./input.js";
import { drawMemory, memoryTables } from "./memory.js";
import { commandLine, fragmentOf, fromBase64, fromFragment, fullWords, has, isTableAlone, newQuestion, words } from "./question.js";
import { SlotStrip } from "./slots.js";
import { findingLists, oddsWords, policyTable, verdictOf } from "./verdict.js";
import { byId, hex, make } from "./words.js";

/**
 * @typedef {import("./answer.js").Answer} Answer
 * @typedef {import("./question.js").Question} Question
 * @typedef {{wasm: string, worker: string, machines: Record<string, {about: string, text: string}>}} Data
 */

/** @type {Data} */
const data = JSON.parse(byId("data").textContent);
const engine = { wasm: fromBase64(data.wasm), worker: data.worker };
const FIRST = "four-nodes";
const FRAME = 16;    // ms: what a prediction may take while the image is being moved
const PATIENCE = 200;  // ms before progress is shown
const REST = 120;    // ms without a move before everything is asked anew

/** Answers at once, with the pages of the one policy. */
const quick = new Asker(engine, progressed);
/** All policies and all slots. */
const whole = new Asker(engine, progressed);

let question = newQuestion();
/** @type {Answer | null} */
let near = null;
/** @type {Answer | null} */
let far = null;
/** @type {Map<string, string>} */
let policies = new Map();
let rest = 0, waiting = 0, slow = false;

// ---- asking ----

/** Descriptions under the names by which the program opens them, and what was dropped. */
function filesNow() {
  const files = new Map(Object.entries(data.machines).map(([name, { text }]) => [`tests/machines/${name}.machine`, new TextEncoder().encode(text)]));

  for (const input of question.inputs)
    files.set(input.name, input.bytes);
  return files;
}

/** @param {boolean} moving no time for single pages where they cost too much */
function askNear(moving) {
  const counts = moving && slow ? ["--counts"] : [];
  const more = isTableAlone(question) ? [] : ["--layout", ...counts];

  quick.ask([...fullWords(question), ...more, "--json", "--text"], answer => {
    if (answer.runs.length)
      slow = answer.raw.ms > FRAME;
    near = answer;
    showNear();
    settled();
  });
}

function askFar() {
  if (isTableAlone(question)) {
    far = null;
    return;
  }
  whole.ask([...words(question), "--alloc", "all", "--counts", "--sweep", "--layout", "--json", "--text"], answer => {
    far = answer;
    showFar();
    settled();
  });
}

/** @param {Question} next */
function ask(next) {
  const fresh = next.inputs !== question.inputs || next.machine !== question.machine;

  question = next;
  if (fresh) {
    slow = false;
    far = null;
    clearNodes();
    quick.cancel();
    whole.cancel();
    const files = filesNow();
    quick.setFiles(files);
    whole.setFiles(files);
  }
  showQuestion(question);
  showSource();
  askNear(false);
  askFar();
  startWaiting();
  void showLink();
}

/**
 * The image is put into a slot: at once, and everything when it rests.
 * @param {number} base @param {boolean} resting
 */
function moved(base, resting) {
  question = { ...question, base: hex(base) };
  byId("verdict").setAttribute("aria-busy", "true");
  askNear(true);
  showCommand();
  clearTimeout(rest);
  rest = window.setTimeout(() => {
    rest = 0;
    if (slow)
      askNear(false);
    askFar();
    void showLink();
  }, resting ? REST : 3 * REST);
}

// ---- progress ----

function startWaiting() {
  byId("verdict").setAttribute("aria-busy", "true");
  clearTimeout(waiting);
  waiting = window.setTimeout(() => {
    if (quick.busy || whole.busy)
      byId("progress").dataset.on = "";
  }, PATIENCE);
}

/** @param {number} share @param {number} records */
function progressed(share, records) {
  byId("progress-words").textContent = share < 1 ? `Reading: ${Math.floor(share * 100)} %` : `Looking at every policy and every slot${records ? "" : " …"}`;
  byId("progress-bar").value = share;
}

function settled() {
  if (quick.busy || whole.busy || rest)
    return;
  clearTimeout(waiting);
  delete byId("progress").dataset.on;
  byId("verdict").setAttribute("aria-busy", "false");
}

byId("cancel").addEventListener("click", () => {
  clearTimeout(rest);
  rest = 0;
  quick.cancel();
  whole.cancel();
  settled();
  say("error", "Cancelled", "Choose something else, or change a control to ask again.");
});

// ---- showing ----

/** @param {string} look @param {string} head @param {string} text */
function say(look, head, text) {
  byId("verdict").className = look;
  byId("verdict-head").textContent = head;
  byId("verdict-words").textContent = text;
}

/**
 * What could not even be asked.
 * @param {string} why
 */
function fail(why) {
  quick.cancel();
  whole.cancel();
  say("error", "No answer", why);
  document.body.dataset.view = "error";
  settled();
}

function policyNow() {
  return near?.verdict?.alloc ?? question.policy;
}

function widthOf(/** @type {string} */ id) {
  return Math.floor(byId(id).parentElement.clientWidth);
}

function showNear() {
  if (!near)
    return;
  const { look, head, words: text } = verdictOf(question, near), policy = policyNow();

  say(look, head, text);
  showOdds();
  document.body.dataset.view = look === "error" ? "error" : near.lint ? "table" : "machine";
  showFacts();
  showCommand();
  byId("findings").replaceChildren(...findingLists(near));
  if (near.lint)
    byId("entries").textContent = near.raw.text.filter(line => !line.startsWith("finding: ")).join("\n");
  if (!near.pieces.length)
    return;
  showNodes(question, near);
  drawNear();
  byId("memory-note").textContent = near.runs.length ? ""
    : "Page tables of this size are counted, not drawn, while the image moves; where there are more than 64 GiB of them, always.";
  if (byId("memory-details").open)
    byId("memory-table").replaceChildren(...memoryTables(near));
  if (far && strip.policy !== policy)
    showFar();
}

function drawNear() {
  if (near?.pieces.length && widthOf("memory") > 0)
    drawMemory(byId("memory"), near, policyNow(), widthOf("memory"));
}

function showOdds() {
  byId("odds").textContent = far && near && !near.error ? oddsWords(far, policyNow()) : "";
}

function showFar() {
  if (!far || !near)
    return;
  const policy = policyNow(), names = [...policies.keys()];

  showOdds();
  byId("slots-error").textContent = far.sweeps.size || document.body.dataset.view === "error" ? "" : far.error;
  strip.at = far.image?.slot ?? (question.base ? strip.at : null);
  strip.draw(far, policy, names, widthOf("strip"));
  if (far.image && far.image.slot === null && far.areas.length) {
    strip.at = strip.axis.number(far.image.start);
    strip.place();
  }
  byId("strip-table").replaceChildren(strip.table());
  byId("policies").replaceChildren(policyTable(far, policies, policy));
}

/** What is known of the machine, in one line. */
function showFacts() {
  const boot = near?.boot, facts = [];

  if (boot?.machine && !question.machine)
    facts.push(boot.machine);
  facts.push(...(near?.lines("Linux ") ?? []).slice(0, 1).map(line => `Linux ${line}`));
  facts.push(...(near?.raw.text ?? []).filter(line => / levels, pages up to /.test(line)));
  byId("facts").textContent = facts.join(" · ");
}

function showSource() {
  const chips = question.inputs.map(input => {
    const kinds = { log: "boot log", map: "memory map", srat: "SRAT", slit: "SLIT", symbols: "System.map", machine: "machine description" };
    const button = make("button", { type: "button", class: "chip-x", "aria-label": `take ${input.name} away` }, "×");
    button.addEventListener("click", () => {
      const inputs = question.inputs.filter(other => other !== input);
      ask(inputs.length ? { ...question, inputs, base: "" } : { ...newQuestion(), machine: FIRST });
    });
    return make("li", { class: "chip" }, make("b", {}, kinds[input.kind]), ` ${input.name} `, button);
  });

  byId("sources").replaceChildren(...chips);
  byId("machine").value = question.machine;
  byId("kernel-label").hidden = !has(question, "map");
  byId("about").textContent = data.machines[question.machine]?.about ?? "";
}

function showCommand() {
  byId("command").textContent = commandLine(question);
}

async function showLink() {
  const fragment = await fragmentOf(question), link = byId("copy-link");

  link.disabled = fragment === null;
  byId("link-words").textContent = fragment === null ? "This input is too large for a link: send the file and the command." : "";
  link.dataset.url = fragment === null ? "" : `${location.href.split("#")[0]}#${fragment}`;
}

const strip = new SlotStrip({ strip: byId("strip"), handle: byId("handle"), note: byId("slot-note") }, moved, choosePolicy);

/** @param {string} name */
function choosePolicy(name) {
  ask({ ...question, policy: name });
}

// ---- what one can do ----

/** @param {{name: string, bytes: Uint8Array}[]} files */
async function takeFiles(files) {
  let { inputs } = question;

  try {
    for (const { name, bytes } of files)
      inputs = withInput(inputs, await take(name, bytes));
  } catch (e) {
    fail(e instanceof Error ? e.message : String(e));
    return;
  }
  const plain = newQuestion();
  ask({ ...plain, policy: question.policy, inputs });
}

/** @param {Iterable<File>} list */
async function takeList(list) {
  const files = await Promise.all([...list].map(async file => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })));

  if (files.length)
    await takeFiles(files);
}

function listenToFiles() {
  byId("files").addEventListener("change", (/** @type {Event} */ e) => {
    const input = /** @type {HTMLInputElement} */ (e.target);
    void takeList(input.files ?? []).then(() => {
      input.value = "";
    });
  });
  for (const name of ["dragenter", "dragover"])
    document.addEventListener(name, e => {
      e.preventDefault();
      byId("drop").dataset.over = "";
    });
  document.addEventListener("dragleave", e => {
    if (!e.relatedTarget)
      delete byId("drop").dataset.over;
  });
  document.addEventListener("drop", e => {
    e.preventDefault();
    delete byId("drop").dataset.over;
    void takeList(e.dataTransfer?.files ?? []);
  });
  document.addEventListener("paste", e => {
    const text = e.clipboardData?.getData("text/plain") ?? "";
    if (e.target instanceof HTMLTextAreaElement || e.target instanceof HTMLInputElement)
      return;
    if (e.clipboardData?.files.length)
      void takeList(e.clipboardData.files);
    else if (text.includes("\n"))
      void takeFiles([{ name: "pasted.txt", bytes: new TextEncoder().encode(text) }]);
  });
  byId("take-paste").addEventListener("click", () => {
    const text = byId("paste").value;
    if (text.trim())
      void takeFiles([{ name: "pasted.txt", bytes: new TextEncoder().encode(text) }]);
  });
}

/** @param {string} id @param {() => string} text */
function copies(id, text) {
  byId(id).addEventListener("click", async () => {
    const button = byId(id), words = button.textContent;
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = "Copied";
    } catch {
      button.textContent = "The browser refused";
    }
    setTimeout(() => {
      button.textContent = words;
    }, 1500);
  });
}

function listenToControls() {
  byId("machine").addEventListener("change", () => {
    if (byId("machine").value)
      ask({ ...newQuestion(), policy: question.policy, machine: byId("machine").value });
  });
  byId("controls").addEventListener("change", () => ask(readControls(question)));
  byId("reset").addEventListener("click", () => ask({ ...newQuestion(), machine: question.machine, inputs: question.inputs }));
  byId("memory-details").addEventListener("toggle", () => near && byId("memory-table").replaceChildren(...memoryTables(near)));
  copies("copy-command", () => commandLine(question));
  copies("copy-link", () => byId("copy-link").dataset.url);
  byId("save-svg").addEventListener("click", () => save("landfall.svg", "image/svg+xml", svgText([byId("memory"), byId("strip")], commandLine(question))));
  byId("save-json").addEventListener("click", () => {
    const answers = [near, far].filter(answer => answer !== null);
    save("landfall.json", "application/json", JSON.stringify({
      command: commandLine(question), status: near?.status, error: near?.error,
      records: answers[0]?.raw.records ?? [], every_policy_and_slot: answers[1]?.raw.records ?? [],
    }, null, 1));
  });
  byId("print").addEventListener("click", () => window.print());
  window.addEventListener("hashchange", () => void openLink());
}

/** Pictures are drawn for the width they have. */
function listenToWidth() {
  let width = widthOf("memory");

  new ResizeObserver(() => {
    if (widthOf("memory") === width)
      return;
    width = widthOf("memory");
    if (!width)
      return;
    drawNear();
    showFar();
  }).observe(byId("memory").parentElement);
}

async function openLink() {
  /** @type {Question | null} */
  let linked = null;

  try {
    linked = await fromFragment(location.hash.slice(1));
  } catch {
    fail("The link is damaged.");
    return;
  }
  ask(linked ?? { ...newQuestion(), machine: FIRST });
}

/**
 * The program tells what it takes.
 * @param {Answer} help @param {Answer} list
 */
function begin(help, list) {
  policies = new Map(list.raw.text.map(line => {
    const [name, ...rest] = line.split(/\s+/);
    return [name, rest.join(" ")];
  }));
  fillSelect("policy", [["", "as that kernel does"], ...[...policies].map(([name, says]) => /** @type {[string, string]} */ ([name, `${name}: ${says}`]))]);
  fillFromHelp(help.raw.text);
  fillSelect("machine", [["", "choose"], ...Object.keys(data.machines).map(name => /** @type {[string, string]} */ ([name, name]))]);
  listenToFiles();
  listenToControls();
  listenToWidth();
  void openLink();
}

quick.ask(["--help"], help => quick.ask(["--policies"], list => begin(help, list)));
