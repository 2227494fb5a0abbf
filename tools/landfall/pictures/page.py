# SPDX-License-Identifier: MIT
"""One self-contained page, or one SVG, from the charts of one or many boots."""
import html as markup
import io
import xml.etree.ElementTree as ElementTree

from .. import records
from ..colours import COLOURS
from ..junit import xml_text
from ..sizes import BLOCKS, PAGE, size_words
from . import campaign, charts
from .charts import LIGHT, SVG
from .facts import LEVELS, FactsError, intervals


def escape(words):
    """Words of others as text: no markup, and no byte that HTML and XML do not have."""
    return markup.escape(xml_text(words))


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
.stained{color:var(--stain);font-weight:600}.none{color:var(--amber);font-weight:600}.findings{margin:0 0 8px;padding-left:20px;font-size:14px}.clean{color:var(--tables);font-weight:600}
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


MOST_ROWS = 100  # of one policy


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
    return [Table("Memory, from low to high", ("start", "end", "size", "node", "kind"), pieces), run_table(boot)]


def run_table(boot):
    """A row a run; of a policy with too many of them, runs of one node with little in between share a row."""
    rows, joined = [], 0
    for alloc in boot.policies:
        runs, near = boot.runs(alloc), 0
        groups = [[r] for r in runs]
        while len(groups) > MOST_ROWS:
            near = max(2 * near, PAGE)
            groups, joined = charts.neighbours(runs, near), max(joined, near)
        for g in groups:
            levels = dict.fromkeys(r.level for r in sorted(g, key=lambda r: LEVELS.index(r.level)))
            rows.append((alloc, " ".join(levels), f"{g[0].start:#x}", f"{g[-1].end:#x}", sum(r.end - r.start for r in g) // PAGE,
                         where(g[0].node), "stained" if g[0].movable else ""))
    apart = f". Pages no more than {size_words(joined)} apart share a row where there are many" if joined else ""
    return Table("Page tables: pages side by side, of one level and node" + apart,
                 ("policy", "level", "start", "end", "pages", "node", "on movable"), rows)


def sweep_table(boot):
    def row(alloc, s):
        worst = f"{s['worst_base']:#x}" if s["worst_base"] is not None else "none"
        safe = s["safe_distance"] if s["safe_distance"] is not None else "none"
        stains = ", ".join(f"{a:#x}" if a == b else f"{a:#x}–{b:#x}" for a, b in intervals(s)[:MOST_ROWS]) or "none"
        stains += f" and {len(intervals(s)) - MOST_ROWS} more" if len(intervals(s)) > MOST_ROWS else ""
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
        cells = [alloc, RESULTS.get(result_of(verdict), result_of(verdict)), cost.pages, *[cost.stains[lv] for lv in levels]]
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
    shown, told = charts.facts.SlotAxis(boot.slot_pieces()).count, boot.kaslr["slots"]
    if shown == told:
        return ""
    more = "some of those drawn clean were not to be had" if shown > told else "the others lie where the log does not tell"
    return f" The strip shows {shown} places, the boot counted {told} slots: {more}."


OUTPUT = '<output aria-live="polite">Point at a mark, or go from mark to mark with the Tab and arrow keys.</output>'


def figure(boot, name, canvases):
    heading, words = CAPTIONS[name]
    tables = {"memory": memory_tables, "sweep": lambda b: [sweep_table(b)], "policies": lambda b: [policy_table(b)]}[name](boot)
    note = slot_note(boot) if name == "sweep" else ""
    svgs = [canvas.svg() for canvas in canvases]
    inside = "\n".join(t.html() for t in tables)
    if name != "policies":
        inside = f"<details><summary>The same as a table</summary>{inside}</details>"
    return (f"<figure><figcaption><h3>{heading}</h3>{escape(words + note)}</figcaption>{''.join(map(text_of, svgs))}"
            f"{OUTPUT}{inside}</figure>")


SRAT = {"ok": ("good", ""), "absent": ("absent", "none"), "rejected": ("rejected", "none")}
RESULTS = {"none": "no verdict", None: "unknown"}


def result_of(verdict):
    return records.result_of(verdict) if verdict else None


def badge(name, words, kind, extra=""):
    return f'<li>{escape(name)} <span class="{kind}">{escape(words)}</span>{escape(extra)}</li>'


def badges(boot):
    """What one wants to know first: the state of the SRAT, and the verdicts."""
    words, kind = SRAT.get(boot.srat, (str(boot.srat), "none"))
    found = [badge("SRAT", words, kind)]
    for alloc in boot.policies:
        verdict = boot.verdict(alloc)
        result = result_of(verdict)
        extra = f": {verdict['on_movable']} of {verdict['table_pages']} pages" if result == "stained" else ""
        found.append(badge(alloc, RESULTS.get(result, str(result)), result or "unknown", extra))
    return f'<ul class="badges">{"".join(found)}</ul>'


def findings(boot):
    """What firmware's tables have that is odd."""
    if not boot.findings:
        return ""
    rows = "".join(f"<li>{escape(words)}</li>" for words in dict.fromkeys(boot.findings))
    return f'<p>Found in the tables of the firmware (docs/firmware-rules.md):</p><ul class="findings">{rows}</ul>'


def section(boot, number, only):
    b = boot.boot
    facts = f"{b['machine'] or 'unknown machine'}; {b['levels']} levels, pages up to {b['page_size']}; seed {b['seed']:#x}"
    figures = "\n".join(figure(boot, name, canvases) for name, canvases in drawn(boot, f"b{number}", only).items())
    kind = "none" if boot.state == "no verdict" else "stained"
    state = "" if boot.state == "passed" else f'<p class="{kind}">This log is {escape(boot.state)}: {escape(boot.why)}</p>' \
        if boot.state != "no verdict" else f'<p class="none">No verdict: {escape(boot.why)}</p>'
    return (f'<section id="b{number}"><h2>{escape(boot.name)}</h2>{state}<p class="muted">{escape(facts)}<br><code>{escape(b["cmdline"])}</code></p>'
            f"{badges(boot)}{findings(boot)}{figures}</section>")


def drawn(boot, key, only, layouts=(charts.WIDE, charts.NARROW)):
    found = charts.charts(boot, key, layouts, only)
    if not found:
        raise FactsError(f"{boot.name}: no chart '{only}': the log has no {'records sweep: boot with the option sweep' if only == 'sweep' else 'run records'}")
    return found


def contents(boots):
    """With many boots: what there is, a line each."""
    if len(boots) < 2:
        return ""

    def row(number, boot):
        slot = boot.kaslr["slot"] if boot.kaslr else None
        verdicts = ", ".join(f"{a} {RESULTS.get(result_of(boot.verdict(a)), result_of(boot.verdict(a)))}" for a in boot.policies)
        cells = f"{boot.boot['seed']:#x}", "none" if slot is None else slot, f"{boot.kaslr['base']:#x}" if boot.kaslr else "none"
        return (f'<tr><th scope="row"><a href="#b{number}">{escape(boot.name)}</a></th>' + "".join(f"<td>{c}</td>" for c in cells)
                + f'<td class="words">{escape(verdicts)}</td></tr>')
    rows = "\n".join(row(i, b) for i, b in enumerate(boots))
    return (f'<div class="scroll" tabindex="0" role="region" aria-label="All boots"><table><caption>All boots</caption><thead><tr><th scope="col">log</th>'
            f'<th scope="col">seed</th><th scope="col">slot</th><th scope="col">base</th><th scope="col" class="words">verdicts</th></tr></thead>'
            f"<tbody>{rows}</tbody></table></div>")


# ---- whole files -----------------------------------------------------------------------------------------------------

def frame(title, body):
    """One page that needs nothing else to be shown."""
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>{escape(title)}</title><style>{style()}</style></head>
<body><main><h1>Where do early page tables land?</h1>
<p class="muted">A page-table page on a movable node is a stain: that node can never be removed.</p>
{body}
</main><script>{SCRIPT}</script></body></html>
"""


def html(boots, only=None):
    sections = "\n".join(section(b, i, only) for i, b in enumerate(boots))
    title = f"Landfall: {boots[0].name}" if len(boots) == 1 else f"Landfall: {len(boots)} boots"
    return frame(title, f"{contents(boots)}\n{sections}")


def campaign_html(facts):
    canvases = [campaign.draw(facts, layout, "c") for layout in (charts.WIDE, charts.NARROW)]
    table = Table("All boots of the campaign, by what was booted", campaign.HEADS, campaign.rows(facts))
    bad = Table("Boots that were not as predicted", ("boot", "what differs", "repeat with"), campaign.differences(facts))
    heading, words = campaign.CAPTION
    body = (f"<section><h2>{escape(facts.name)}</h2><p>{escape(facts.summary())}</p><figure><figcaption><h3>{heading}</h3>{escape(words)}</figcaption>"
            f"{''.join(text_of(c.svg()) for c in canvases)}{OUTPUT}{table.html()}{bad.html() if bad.rows else ''}</figure></section>")
    return frame(f"Landfall: campaign {facts.name}", body)


def wide_charts(boots, only):
    """(heading, canvas) of each wide chart of each boot."""
    return [(CAPTIONS[name][0] + (f": {b.name}" if len(boots) > 1 else ""), canvases[0]) for i, b in enumerate(boots)
            for name, canvases in drawn(b, f"b{i}", only, (charts.WIDE,)).items()]


def campaign_chart(facts):
    return [(f"{campaign.CAPTION[0]}: {facts.name}", campaign.draw(facts, charts.WIDE, "c"))]


def svg(parts, name):
    """The wide charts below each other, on paper."""
    parts = [(heading, canvas.svg()) for heading, canvas in parts]
    gap, width, top = 26, charts.WIDE.width + 32, 16
    root = ElementTree.Element(f"{{{SVG}}}svg", {"role": "img", "aria-labelledby": "title desc"})
    ElementTree.SubElement(root, f"{{{SVG}}}title", id="title").text = xml_text(f"Where do early page tables land? {name}")
    ElementTree.SubElement(root, f"{{{SVG}}}desc", id="desc").text = " ".join(part[1].text for _, part in parts)
    ElementTree.SubElement(root, f"{{{SVG}}}style").text = charts.dark_rules()
    paper = ElementTree.SubElement(root, f"{{{SVG}}}rect", {"width": "100%", "height": "100%", "rx": "10", "fill": LIGHT["paper"]})
    for heading, part in parts:
        ElementTree.SubElement(root, f"{{{SVG}}}text", {"x": "20", "y": f"{top + 16:g}", "fill": LIGHT["ink"], "font-size": "16",
                                                        "font-family": ", ".join(charts.FONT), "font-weight": "700"}).text = xml_text(heading)
        top += 34
        height = float(part.get("viewBox").split()[3])
        part.attrib |= {"x": "16", "y": f"{top:g}", "width": f"{charts.WIDE.width}", "height": f"{height:g}"}
        root.append(part)
        top += height + gap
    root.attrib |= {"viewBox": f"0 0 {width} {top:g}", "width": f"{width}", "height": f"{top:g}"}
    paper.set("height", f"{top:g}")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def png(parts, _):
    """The same as pixels, two for one."""
    from PIL import Image, ImageDraw, ImageFont
    images = [(heading, Image.open(io.BytesIO(canvas.png()))) for heading, canvas in parts]
    gap, margin, head = 52, 32, 68
    sheet = Image.new("RGB", (2 * charts.WIDE.width + 2 * margin, margin + sum(head + i.height + gap for _, i in images)), LIGHT["paper"])
    pen, font, top = ImageDraw.Draw(sheet), ImageFont.truetype(charts.bold_font(), 32), margin
    for heading, image in images:
        pen.text((margin + 8, top), heading, fill=LIGHT["ink"], font=font)
        sheet.paste(image, (margin, top + head))
        top += head + image.height + gap
    out = io.BytesIO()
    sheet.save(out, "PNG", optimize=True)
    return out.getvalue()
