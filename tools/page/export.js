// SPDX-License-Identifier: MIT
// The answer as files: pictures that need no style sheet, records.

const SVG = "http://www.w3.org/2000/svg";
const LOOKS = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-size", "font-weight", "font-family", "text-anchor", "opacity"];

/**
 * A copy that looks the same anywhere.
 * @param {SVGSVGElement} svg
 */
function frozen(svg) {
  const copy = /** @type {SVGSVGElement} */ (svg.cloneNode(true)), from = svg.querySelectorAll("*");

  copy.querySelectorAll("*").forEach((element, i) => {
    const style = getComputedStyle(from[i]);
    for (const look of LOOKS)
      if (style.getPropertyValue(look) && element.tagName !== "title")
        element.setAttribute(look, style.getPropertyValue(look).replaceAll('"', "'"));
    element.removeAttribute("class");
  });
  return copy;
}

/**
 * The pictures below each other, on paper.
 * @param {SVGSVGElement[]} pictures @param {string} title
 */
export function svgText(pictures, title) {
  const margin = 16, width = Math.max(...pictures.map(p => p.viewBox.baseVal.width)), root = document.createElementNS(SVG, "svg");
  const name = document.createElementNS(SVG, "title"), paper = document.createElementNS(SVG, "rect");
  let top = margin;

  name.textContent = title;
  paper.setAttribute("fill", getComputedStyle(document.documentElement).getPropertyValue("--paper").trim());
  root.append(name, paper);
  for (const picture of pictures) {
    const copy = frozen(picture);
    copy.setAttribute("x", String(margin));
    copy.setAttribute("y", String(top));
    root.append(copy);
    top += picture.viewBox.baseVal.height + margin;
  }
  for (const [attribute, value] of Object.entries({ width: width + 2 * margin, height: top }))
    for (const element of [root, paper])
      element.setAttribute(attribute, String(value));
  root.setAttribute("viewBox", `0 0 ${width + 2 * margin} ${top}`);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(root)}\n`;
}

/** @param {string} name @param {string} type @param {string} text */
export function save(name, type, text) {
  const link = document.createElement("a");

  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
