// SPDX-License-Identifier: MIT
// The controls: what they offer is what the program says it takes.
import { byId, make } from "./words.js";

/**
 * @typedef {import("./question.js").Question} Question
 * @typedef {import("./answer.js").Answer} Answer
 */

const MOST_BOXES = 64;  // nodes with a box of their own

/**
 * "--page-size auto|4k|2m|1g" in the help as a list.
 * @param {string[]} help @param {string} option
 */
function valuesOf(help, option) {
  const found = help.join("\n").match(new RegExp(`${option} ([\\w|:]+)`));
  return found ? found[1].split("|") : [];
}

/**
 * The controls whose values the help tells; without one of them nothing is asked for.
 * @param {string[]} help
 */
export function fillFromHelp(help) {
  for (const [id, option, nothing] of [["page-size", "--page-size", "auto"], ["levels", "--levels", "auto"], ["movable", "--movable-node", "auto"], ["fragment", "--fragment", "none"]])
    fillSelect(id, [["", nothing], ...valuesOf(help, option).filter(value => value !== nothing).map(value => /** @type {[string, string]} */ ([value, value]))]);
}

/** @param {string} id @param {[string, string][]} options value and words */
export function fillSelect(id, options) {
  byId(id).replaceChildren(...options.map(([value, words]) => make("option", { value }, words)));
}

/**
 * "every:8" as its two controls.
 * @param {string} fragment
 */
function showFragment(fragment) {
  const [kind, n] = fragment.split(":"), values = [...byId("fragment").options].map(option => option.value);
  const value = values.find(word => kind && word.startsWith(`${kind}:`)) ?? "";

  byId("fragment").value = value;
  byId("fragment-n").disabled = !value;
  byId("fragment-unit").textContent = value.split(":")[1] ?? "N";
  if (n)
    byId("fragment-n").value = n;
}

/**
 * What the controls say, taken into the question.
 * @param {Question} q @returns {Question}
 */
export function readControls(q) {
  const kind = byId("fragment").value.split(":")[0], boxes = [...document.querySelectorAll("#nodes input")];

  return {
    ...q, policy: byId("policy").value, pageSize: byId("page-size").value, levels: byId("levels").value, movable: byId("movable").value,
    kernel: byId("kernel").value.trim(), fragment: kind && `${kind}:${byId("fragment-n").value || 8}`,
    hotplug: boxes.flatMap(box => {
      const input = /** @type {HTMLInputElement} */ (box);
      return input.checked && !input.disabled ? [input.value] : [];
    }),
  };
}

/** @param {Question} q */
export function showQuestion(q) {
  byId("policy").value = q.policy;
  byId("page-size").value = q.pageSize;
  byId("levels").value = q.levels;
  byId("movable").value = q.movable;
  byId("kernel").value = q.kernel;
  showFragment(q.fragment);
}

/** Of another machine nothing is known yet. */
export function clearNodes() {
  byId("nodes").replaceChildren();
  delete byId("nodes").dataset.key;
}

/**
 * A box a node; those that firmware marked are so already.
 * @param {Question} q @param {Answer} a
 */
export function showNodes(q, a) {
  const nodes = a.nodes.slice(0, MOST_BOXES).map(n => ({ node: String(n.node), forced: q.hotplug.includes(String(n.node)), told: n.hotplug }));
  const key = JSON.stringify(nodes), place = byId("nodes");

  if (place.dataset.key === key)
    return;
  const focused = document.activeElement?.id;
  place.dataset.key = key;
  place.replaceChildren(...nodes.map(({ node, forced, told }) => {
    const box = /** @type {HTMLInputElement} */ (make("input", { type: "checkbox", value: node, id: `node-${node}` }));
    box.checked = forced || told;
    box.disabled = told && !forced;
    return make("label", { for: box.id }, box, ` ${node}`);
  }));
  if (focused?.startsWith("node-"))
    document.getElementById(focused)?.focus();
}
