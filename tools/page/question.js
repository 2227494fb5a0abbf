// SPDX-License-Identifier: MIT
// What is asked: the machine, and the options. As a command line for the program, and as a link.

/**
 * @typedef {"log" | "map" | "srat" | "slit" | "symbols" | "machine"} Kind
 * @typedef {{kind: Kind, name: string, bytes: Uint8Array}} Input
 * @typedef {{
 *   machine: string, inputs: Input[], policy: string, pageSize: string, levels: string, movable: string,
 *   hotplug: string[], fragment: string, kernel: string, base: string,
 * }} Question machine: one of those that come with the page; "" when there are inputs
 */

/** @returns {Question} */
export function newQuestion() {
  return { machine: "", inputs: [], policy: "", pageSize: "", levels: "", movable: "", hotplug: [], fragment: "", kernel: "", base: "" };
}

/** The option that takes a file of that kind. */
const OPTIONS = { log: "--linux-log", map: "--e820", srat: "--srat", slit: "--slit", symbols: "--system-map", machine: "--machine" };

/** @param {Question} q @param {Kind} kind */
export function has(q, kind) {
  return q.inputs.some(input => input.kind === kind);
}

/**
 * A SRAT by itself is judged, not predicted from.
 * @param {Question} q
 */
export function isTableAlone(q) {
  return !q.machine && !["log", "map", "machine"].some(kind => has(q, /** @type {Kind} */ (kind)));
}

/**
 * A description's file is told from a name by a slash or a dot.
 * @param {Input} input
 */
function fileWord(input) {
  return input.kind === "machine" && !/[/.]/.test(input.name) || input.name.startsWith("-") ? `./${input.name}` : input.name;
}

/**
 * The words that name the machine.
 * @param {Question} q @returns {string[]}
 */
export function sourceWords(q) {
  if (q.machine)
    return ["--machine", q.machine];
  const words = q.inputs.flatMap(input => [OPTIONS[input.kind], fileWord(input)]);

  return has(q, "map") ? [...words, "--kernel", q.kernel || "debian"] : words;
}

/**
 * All words but those on the policy and on what is printed.
 * @param {Question} q @returns {string[]}
 */
export function words(q) {
  if (isTableAlone(q))
    return sourceWords(q);
  /** @type {[string, string][]} */
  const options = [
    ["--page-size", q.pageSize], ["--levels", q.levels], ["--movable-node", q.movable], ["--hotplug", q.hotplug.join(",")],
    ["--fragment", q.fragment], ["--base", q.base],
  ];

  return [...sourceWords(q), ...options.filter(([, value]) => value).flat()];
}

/**
 * With the policy: what the answer in sight is the answer to.
 * @param {Question} q @returns {string[]}
 */
export function fullWords(q) {
  return q.policy && !isTableAlone(q) ? [...words(q), "--alloc", q.policy] : words(q);
}

/**
 * A word as a shell takes it.
 * @param {string} word
 */
function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** @param {Question} q */
export function commandLine(q) {
  return ["landfall-predict", ...fullWords(q)].map(quoted).join(" ");
}

// ---- links ----

const MOST_LINK = 32000;  // characters that still can be mailed
/** @type {[keyof Question, string][]} */
const FIELDS = [
  ["machine", "machine"], ["policy", "alloc"], ["pageSize", "page-size"], ["levels", "levels"], ["movable", "movable-node"],
  ["fragment", "fragment"], ["kernel", "kernel"], ["base", "base"],
];

/** @param {Uint8Array} bytes @param {CompressionStream | DecompressionStream} through */
export async function piped(bytes, through) {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(through)).arrayBuffer());
}

/** @param {Uint8Array} bytes */
function toBase64(bytes) {
  let binary = "";

  for (const byte of bytes)
    binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @param {string} words */
export function fromBase64(words) {
  return Uint8Array.from(atob(words.replaceAll("-", "+").replaceAll("_", "/")), c => c.charCodeAt(0));
}

/**
 * The fragment that carries all of the question; null: the inputs are too large for a link.
 * @param {Question} q
 */
export async function fragmentOf(q) {
  const params = new URLSearchParams();

  for (const [field, name] of FIELDS)
    if (q[field])
      params.set(name, /** @type {string} */ (q[field]));
  if (q.hotplug.length)
    params.set("hotplug", q.hotplug.join(","));
  for (const input of q.inputs) {
    const packed = await piped(input.bytes, new CompressionStream("gzip"));
    if (packed.length > MOST_LINK)
      return null;
    params.append("file", `${input.kind}:${toBase64(packed)}:${input.name}`);
  }
  const words = params.toString();

  return words.length > MOST_LINK ? null : words;
}

/** @param {string} fragment @returns {Promise<Question | null>} null: there is no question in it */
export async function fromFragment(fragment) {
  const params = new URLSearchParams(fragment), q = newQuestion();

  for (const [field, name] of FIELDS)
    q[field] = /** @type {never} */ (params.get(name) ?? "");
  q.hotplug = (params.get("hotplug") ?? "").split(",").filter(word => word);
  for (const words of params.getAll("file")) {
    const [kind, data, ...name] = words.split(":");
    if (kind in OPTIONS)
      q.inputs.push({ kind: /** @type {Kind} */ (kind), name: name.join(":"), bytes: await piped(fromBase64(data), new DecompressionStream("gzip")) });
  }
  if (q.inputs.length)
    q.machine = "";
  return q.machine || q.inputs.length ? q : null;
}
