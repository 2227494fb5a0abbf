// SPDX-License-Identifier: MIT
// The answer in one sentence, the odds in another, and how much each policy costs.
import { isTableAlone } from "./question.js";
import { count, listWords, make, many, percent, sizeWords, table } from "./words.js";

/**
 * @typedef {import("./answer.js").Answer} Answer
 * @typedef {import("./question.js").Question} Question
 * @typedef {{look: "clean" | "stained" | "none" | "error", head: string, words: string}} Verdict
 */

/** @param {Answer} a @returns {Verdict} */
function tableVerdict(a) {
  const { lint } = a, findings = lint.findings ? `${many(lint.findings, "finding")} below.` : "Nothing in it is odd.";

  return lint.accepted
    ? { look: lint.findings ? "none" : "clean", head: "Linux accepts this SRAT.", words: `${findings} Add a boot log or a memory map to see where page tables land.` }
    : { look: "stained", head: `Linux rejects this SRAT: ${lint.why}.`, words: findings };
}

/** @param {Question} q @param {Answer} a @returns {Verdict} */
export function verdictOf(q, a) {
  if (isTableAlone(q) && a.lint)
    return tableVerdict(a);
  if (a.error || !a.verdict)
    return { look: "error", head: "No answer", words: a.error || "The program gave none." };
  const v = a.verdict, movable = a.nodes.filter(n => n.movable || v.stained_nodes.includes(n.node));
  const [none] = a.lines("result: no verdict: ");

  if (v.srat !== "ok" || none)
    return { look: "none", head: "Nobody can say.", words: `Which memory could be removed is not known: ${none ?? `the SRAT is ${v.srat}`}.` };
  if (v.on_movable)
    return {
      look: "stained", head: `${sizeWords(v.pinned)} can never be removed.`,
      words: `${count(v.on_movable)} of ${many(v.table_pages, "page-table page")} lie on movable ` +
        `node${v.stained_nodes.length === 1 ? "" : "s"} ${listWords(v.stained_nodes)}.`,
    };
  return movable.length
    ? { look: "clean", head: "All movable memory can be removed.", words: `None of ${many(v.table_pages, "page-table page")} lies on a movable node.` }
    : { look: "clean", head: "No memory is pinned by page tables.", words: "No node of this machine is movable, so that there is nothing to lose." };
}

/** @param {Answer} whole @param {string} policy */
export function oddsWords(whole, policy) {
  const sweep = whole.sweeps.get(policy);

  if (!sweep || whole.verdict?.srat !== "ok")
    return "";
  if (!sweep.stained_slots)
    return `So it is in all ${count(sweep.slots)} places that KASLR can choose for the kernel.`;
  return `Of ${many(sweep.slots, "place")} that KASLR can choose for the kernel, ${count(sweep.stained_slots)} (${percent(sweep.stained_slots, sweep.slots)}) ` +
    `would pin memory, ${sizeWords(sweep.worst_pinned)} at worst.`;
}

/**
 * All policies with the image where it is.
 * @param {Answer} whole @param {Map<string, string>} says @param {string} policy
 */
export function policyTable(whole, says, policy) {
  const { scarce } = whole;
  const rows = [...whole.verdicts.values()].map(v => {
    const cost = whole.costs.get(v.alloc), sweep = whole.sweeps.get(v.alloc);
    const known = v.srat === "ok";

    return [v.alloc, says.get(v.alloc) ?? "", known ? v.result : "no verdict", count(v.on_movable), sizeWords(v.pinned),
      sweep && known ? percent(sweep.stained_slots, sweep.slots) : "–", count(v.table_pages), cost ? count(cost.below["4g"]) : "–",
      cost?.pages && cost.distance ? (Math.floor(cost.distance * 10 / cost.pages) / 10).toFixed(1) : "–",
      scarce.get(v.alloc) ?? "–"];
  });
  const element = table("What each policy does with the image where it is",
    ["policy", "what it does", "verdict", "pages on movable nodes", "pinned", "slots that stain", "table pages", "below 4 GiB", "mean distance",
      "unmovable, if too little"], rows);

  element.querySelectorAll("th")[1].className = "words";
  element.querySelectorAll("tbody tr").forEach((row, i) => {
    const [name, , result] = rows[i];
    row.classList.toggle("own", name === policy);
    row.children[2].className = String(result);
    row.children[1].className = "words";
  });
  return element;
}

/**
 * Findings and remarks as lists.
 * @param {Answer} a
 */
export function findingLists(a) {
  const { findings, remarks } = a;
  const list = findings.map(f => make("li", {}, make("code", {}, f.line), ...(f.sentence ? [make("span", {}, ` ${f.sentence}`)] : [])));

  return [
    list.length ? make("ul", {}, ...list) : make("p", { class: "muted" }, "Nothing in the tables of the firmware is odd."),
    ...(remarks.length ? [make("h3", {}, "What to keep in mind"), make("ul", {}, ...remarks.map(words => make("li", {}, words)))] : []),
  ];
}
