# SPDX-License-Identifier: MIT
"""One self-contained page, or one SVG, from the charts of one or many boots."""
import xml.etree.ElementTree as ElementTree
from html import escape

from ..sizes import BLOCKS, PAGE, size_words
from . import charts
from .charts import COLOURS, LIGHT, SVG
from .facts import LEVELS, intervals

CSS = """
:root{color-scheme:light dark;%(light)s;--page:#f3f5f7;--badge:#fff}
@media (prefers-color-scheme:dark){:root{%(dark)s;--page:#0b0f13;--badge:#12171d}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1240px;margin:0 auto;padding:24px 24px 64px}
h1{font-size:28px;line-height:1.2;margin:8px 0 4px}h2{font-size:21px;margin:40px 0 4px}h3{font-size:16px;margin:0 0 2px}
p{margin:0 0 8px;max-width:95ch}.muted,figcaption{color:var(--muted);font-size:14px}
code{font:13px/1.4 ui-monospace,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
.badges{display:flex;flex-wrap:wrap;gap:8px;margin:12px 0;padding:0;list-style:none}
.badges li{border:1px solid var(--rule);border-radius:999px;padding:2px 12px;background:var(--paper);font-size:14px}
.stained{color:var(--stain);font-weight:600}.clean{color:var(--tables);font-weight:600}
figure{margin:16px 0;padding:16px 20px;background:var(--paper);border:1px solid var(--rule);border-radius:12px}
figcaption{margin-bottom:12px;max-width:95ch}
svg.chart{display:block;width:100%%;height:auto}svg.narrow{display:none}
.mark{outline:none}.mark:hover>path,.mark:focus>path{stroke:var(--ink)!important;stroke-width:2px!important}
output{display:block;min-height:3em;margin-top:8px;font-size:14px;color:var(--muted);border-top:1px solid var(--rule);padding-top:8px}
details{margin-top:8px}summary{cursor:pointer;font-size:14px}
.scroll{overflow-x:auto;max-height:70vh;margin-top:8px}
table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums;white-space:nowrap}
caption{text-align:left;color:var(--muted);padding:4px 0}
th,td{padding:4px 12px 4px 0;text-align:right;border-bottom:1px solid var(--rule)}
th:first-child,td:first-child,.words{text-align:left}thead th{vertical-align:bottom;font-weight:600;white-space:normal}tbody th{font-weight:600}
a{color:var(--tables)}:focus-visible{outline:2px solid var(--tables);outline-offset:2px}
@media (max-width:720px){main{padding:12px 10px 48px}figure{padding:12px 8px}svg.wide{display:none}svg.narrow{display:block}h1{font-size:23px}}
"""
# A chart is one stop of the Tab key; arrows go from mark to mark, and the mark's words stand below the chart.
SCRIPT = """
for (const svg of document.querySelectorAll("svg.chart")) {
  const marks = [...svg.querySelectorAll(".mark")], out = svg.parentElement.querySelector("output");
  const say = mark => { out.textContent = mark.getAttribute("aria-label"); };
  marks.forEach((mark, i) => {
    mark.setAttribute("tabindex", i ? -1 : 0);
    mark.addEventListener("mouseenter", () => say(mark));
    mark.addEventListener("focus", () => say(mark));
    mark.addEventListener("keydown", e => {
      const to = {ArrowRight: i + 1, ArrowDown: i + 1, ArrowLeft: i - 1, ArrowUp: i - 1, Home: 0, End: marks.length - 1}[e.key];
      if (to === undefined || !marks[to]) return;
      e.preventDefault();
      mark.setAttribute("tabindex", -1);
      marks[to].setAttribute("tabindex", 0);
      marks[to].focus();
    });
  });
}
"""


def style():
    variables = [";".join(f"--{name}:{pair[i]}" for name, pair in COLOURS.items()) for i in (0, 1)]
    return CSS % {"light": variables[0], "dark": variables[1]} + charts.dark_rules()


def text_of(svg):
    """SVG as it stands inside HTML; matplotlib's own style rule is kept from the rest of the page."""
    return ElementTree.tostring(svg, encoding="unicode").replace(">*{", ">svg.chart *{")


class Table:
    """Rows of cells; the first cell of a row is its heading."""

    def __init__(self, caption, heads, rows):
        self.caption, self.heads, self.rows = caption, heads, list(rows)

    def html(self):
        def row(cells, tag):
            first = f'<th scope="row">{escape(str(cells[0]))}</th>'
            return "<tr>" + first + "".join(f"<{tag}>{escape(str(c))}</{tag}>" for c in cells[1:]) + "</tr>"
        head = "<tr>" + "".join(f'<th scope="col">{escape(h)}</th>' for h in self.heads) + "</tr>"
        body = "\n".join(row(r, "td") for r in self.rows)
        return (f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(self.caption)}"><table><caption>{escape(self.caption)}</caption>'
                f"<thead>{head}</thead>\n<tbody>{body}</tbody></table></div>")


def where(node):
    return "none" if node is None else str(node)


def memory_tables(boot):
    pieces = [(f"{a:#x}", f"{b:#x}", size_words(b - a), where(node), kind) for a, b, node, kind in boot.pieces()]
    runs = [(alloc, r.level, f"{r.start:#x}", f"{r.end:#x}", (r.end - r.start) // PAGE, where(r.node), "stained" if r.movable else "")
            for alloc in boot.policies for r in boot.runs(alloc)]
    return [Table("Memory, from low to high", ("start", "end", "size", "node", "kind"), pieces),
            Table("Page tables: pages side by side, of one level and node", ("policy", "level", "start", "end", "pages", "node", "on movable"), runs)]


def sweep_table(boot):
    def row(alloc, s):
        worst = f"{s['worst_base']:#x}" if s["worst_base"] is not None else "none"
        safe = s["safe_distance"] if s["safe_distance"] is not None else "none"
        stains = ", ".join(f"{a:#x}" if a == b else f"{a:#x}–{b:#x}" for a, b in intervals(s)) or "none"
        return (alloc, s["slots"], s["stained_slots"], f"{s['numerator']}/{s['denominator']}", charts.probability_words(s), worst,
                s["worst_on_movable"], size_words(s["worst_pinned"]), safe, stains)
    heads = ("policy", "slots", "stained", "fraction", "probability", "worst base", "pages there", "pinned there", "safe distance, slots",
             "bases of stained slots")
    return Table("Every slot", heads, [row(alloc, s) for alloc, s in boot.sweeps.items()])


def policy_table(boot):
    levels = [lv for lv in LEVELS[1:] if lv != "p4d" or boot.boot["levels"] == 5]
    heads = ["policy", "verdict", "table pages", *[f"{lv} stained" for lv in levels], "pinned"]
    heads += [f"{size_words(b)} blocks held" for b in BLOCKS.values()] + ["below 16 MiB", "below 4 GiB", "mean SLIT distance", "steps in passes"]
    heads += (["slots stained"] if boot.sweeps else [])

    def row(alloc):
        cost, verdict = boot.costs(alloc), boot.verdict(alloc)
        cells = [alloc, verdict["result"] if verdict else "unknown", cost.pages, *[cost.stains[lv] for lv in levels]]
        cells += [size_words(cost.pinned) if cost.pinned is not None else "unknown", *cost.blocks, *map(size_words, cost.low)]
        cells += [charts.distance_words(cost), charts.steps_words(cost)]
        if boot.sweeps:
            cells.append(charts.probability_words(cost.sweep) if cost.sweep else "unknown")
        return cells
    return Table("The policies side by side", heads, map(row, boot.policies))


CAPTIONS = {
    "memory": ("Where page tables lie", "Physical memory to scale; below it, enlarged, the places that hold page tables, each to a scale of its "
               "own. A mark less than a pixel wide is drawn one pixel wide; a dotted line stands for a large hole without RAM."),
    "sweep": ("Every slot", "All places the image could have been given, as KASLR counts them, 2 MiB apart; a cut where memory is "
              "interrupted. For an image of this size, this memory map and these reservations."),
    "policies": ("What each policy costs", "The same machine and the same place of the image for all."),
}


def slot_note(boot):
    counted, told = charts.facts.SlotAxis(boot.slot_pieces()).count, boot.kaslr["slots"]
    return "" if counted == told else f" The strip has {counted} places, the boot counted {told} slots: some of them are not to be had."


def figure(boot, name, svgs):
    heading, words = CAPTIONS[name]
    tables = {"memory": memory_tables, "sweep": lambda b: [sweep_table(b)], "policies": lambda b: [policy_table(b)]}[name](boot)
    note = slot_note(boot) if name == "sweep" else ""
    inside = "\n".join(t.html() for t in tables)
    if name != "policies":
        inside = f"<details><summary>The same as a table</summary>{inside}</details>"
    return (f"<figure><figcaption><h3>{heading}</h3>{escape(words + note)}</figcaption>{''.join(map(text_of, svgs))}"
            f'<output aria-live="polite">Point at a mark, or go from mark to mark with the Tab and arrow keys.</output>{inside}</figure>')


def badges(boot):
    found = []
    for alloc in boot.policies:
        verdict = boot.verdict(alloc)
        result = verdict["result"] if verdict else "unknown"
        extra = f": {verdict['on_movable']} of {verdict['table_pages']} pages" if result == "stained" else ""
        found.append(f'<li>{escape(alloc)} <span class="{result}">{result}</span>{extra}</li>')
    return f'<ul class="badges">{"".join(found)}</ul>'


def section(boot, number):
    b = boot.boot
    facts = f"{b['machine'] or 'unknown machine'}; {b['levels']} levels, pages up to {b['page_size']}; seed {b['seed']:#x}"
    figures = "\n".join(figure(boot, name, svgs) for name, svgs in charts.charts(boot, f"b{number}").items())
    state = "" if boot.state == "passed" else f'<p class="stained">This log is {boot.state}: {escape(boot.why)}</p>'
    return (f'<section id="b{number}"><h2>{escape(boot.name)}</h2>{state}<p class="muted">{escape(facts)}<br><code>{escape(b["cmdline"])}</code></p>'
            f"{badges(boot)}{figures}</section>")


def contents(boots):
    """With many boots: what there is, a line each."""
    if len(boots) < 2:
        return ""

    def row(number, boot):
        slot = boot.kaslr["slot"] if boot.kaslr else None
        verdicts = ", ".join(f"{a} {(boot.verdict(a) or {'result': 'unknown'})['result']}" for a in boot.policies)
        cells = f"{boot.boot['seed']:#x}", "none" if slot is None else slot, f"{boot.kaslr['base']:#x}" if boot.kaslr else "none"
        return (f'<tr><th scope="row"><a href="#b{number}">{escape(boot.name)}</a></th>' + "".join(f"<td>{c}</td>" for c in cells)
                + f'<td class="words">{escape(verdicts)}</td></tr>')
    rows = "\n".join(row(i, b) for i, b in enumerate(boots))
    return (f'<div class="scroll" tabindex="0" role="region" aria-label="All boots"><table><caption>All boots</caption><thead><tr><th scope="col">log</th>'
            f'<th scope="col">seed</th><th scope="col">slot</th><th scope="col">base</th><th scope="col" class="words">verdicts</th></tr></thead>'
            f"<tbody>{rows}</tbody></table></div>")


def html(boots):
    sections = "\n".join(section(b, i) for i, b in enumerate(boots))
    title = f"Landfall: {boots[0].name}" if len(boots) == 1 else f"Landfall: {len(boots)} boots"
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>{escape(title)}</title><style>{style()}</style></head>
<body><main><h1>Where do early page tables land?</h1>
<p class="muted">A page-table page on a movable node is a stain: that node can never be removed.</p>
{contents(boots)}
{sections}
</main><script>{SCRIPT}</script></body></html>
"""


def svg(boots):
    """The wide charts of all boots below each other, on paper."""
    parts = [(CAPTIONS[name][0] + (f": {b.name}" if len(boots) > 1 else ""), svgs[0]) for i, b in enumerate(boots)
             for name, svgs in charts.charts(b, f"b{i}", layouts=(charts.WIDE,)).items()]
    gap, width, top = 26, charts.WIDE.width + 32, 16
    root = ElementTree.Element(f"{{{SVG}}}svg", {"role": "img", "aria-labelledby": "title desc"})
    ElementTree.SubElement(root, f"{{{SVG}}}title", id="title").text = "Where do early page tables land? " + ", ".join(b.name for b in boots)
    ElementTree.SubElement(root, f"{{{SVG}}}desc", id="desc").text = " ".join(part[1].text for _, part in parts)
    ElementTree.SubElement(root, f"{{{SVG}}}style").text = charts.dark_rules()
    paper = ElementTree.SubElement(root, f"{{{SVG}}}rect", {"width": "100%", "height": "100%", "rx": "10", "fill": LIGHT["paper"]})
    for heading, part in parts:
        ElementTree.SubElement(root, f"{{{SVG}}}text", {"x": "20", "y": f"{top + 16:g}", "fill": LIGHT["ink"],
                                                        "font-family": ", ".join(charts.FONT), "font-size": "16", "font-weight": "700"}).text = heading
        top += 34
        height = float(part.get("viewBox").split()[3])
        part.attrib |= {"x": "16", "y": f"{top:g}", "width": f"{charts.WIDE.width}", "height": f"{height:g}"}
        root.append(part)
        top += height + gap
    root.attrib |= {"viewBox": f"0 0 {width} {top:g}", "width": f"{width}", "height": f"{top:g}"}
    paper.set("height", f"{top:g}")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"
