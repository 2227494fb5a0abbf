# SPDX-License-Identifier: MIT
"""tools/report: every fact of a log is on the page, with words, and the page needs nothing else to be shown."""
import json
import re
import resource
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
import zlib
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import forked
import pytest

matplotlib = pytest.importorskip("matplotlib")
ROOT = Path(__file__).resolve().parents[2]

from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: E402
from matplotlib.text import Text  # noqa: E402
from landfall import sizes  # noqa: E402
from landfall.pictures import charts, facts, page  # noqa: E402

MACHINES = sorted(p.stem for p in (ROOT / "tests/machines").glob("*.expect"))
SVG = "{http://www.w3.org/2000/svg}"
STAINED = "base=0x5e00000 alloc=all seed=1 page_size=4k sweep"
VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """Tags that are closed as they are opened, ids that are unique, what refers to what, marks and their titles."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.refs, self.tags, self.titles, self.cells = [], [], [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        if tag not in VOID:
            self.open.append((tag, attrs))
        self.ids += [attrs["id"]] if "id" in attrs else []
        self.refs += re.findall(r"url\(([^)]*)\)", " ".join(v or "" for v in attrs.values()))
        self.refs += [v for k, v in attrs.items() if k in ("href", "xlink:href", "src", "srcset", "data", "action", "poster")]

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if self.open and self.open[-1][0] == "title" and len(self.open) > 1 and self.open[-2][1].get("class") == "mark":
            self.titles.append(data)
        if self.open and self.open[-1][0] in ("td", "th"):
            self.cells.append(data)


@pytest.fixture(scope="module")
def log_file(tmp_path_factory):
    if not (ROOT / "build/landfall.elf").exists():
        pytest.skip("build/landfall.elf is not there: make")
    done = subprocess.run([ROOT / "tools/run", f"--append={STAINED}"], cwd=ROOT, capture_output=True, timeout=120)
    assert done.returncode in (0, 1), done.stdout[-2000:]
    path = tmp_path_factory.mktemp("report") / "worst.log"
    path.write_bytes(done.stdout)
    return path


@pytest.fixture(scope="module")
def boot(log_file):
    return facts.LogFacts(log_file.read_bytes(), "worst")


def report(out, *logs):
    done = forked.run(ROOT / "tools/report", *logs, "-o", out)
    return done.returncode, done.stderr


@pytest.fixture(scope="module")
def html(log_file):
    out = log_file.parent / "worst.html"
    assert report(out, log_file) == (0, "")
    return out


def expect_log(machine):
    return facts.LogFacts((ROOT / f"tests/machines/{machine}.expect").read_bytes(), machine)


# ---- facts ----

def test_pieces_of_the_default_machine(boot):
    """Islands of node 0 around three movable nodes, to the byte."""
    pieces = boot.pieces()
    assert pieces[1:3] == [(0x100000, 0x6000000, 0, "fixed"), (0x6000000, 0x7d000000, 1, "movable")]
    assert pieces[3:] == [(0x7d000000, 0x7ffe0000, 0, "fixed"), (0x100000000, 0x106000000, 0, "fixed"),
                          (0x106000000, 0x1c0000000, 2, "movable"), (0x1c0000000, 0x280000000, 3, "movable")]


@pytest.mark.parametrize("machine", MACHINES)
def test_all_memory_is_drawn_once_and_slots_are_those_counted(machine):
    boot = expect_log(machine)
    pieces = boot.pieces()
    assert sum(b - a for a, b, _, _ in pieces) == sum(b - a for a, b in boot.nodes.ram)
    for node, record in boot.node_records.items():
        assert sum(b - a for a, b, n, _ in pieces if n == node) == record["present"]
        assert any(kind == "movable" for _, _, n, kind in pieces if n == node) == record["movable"]
    axis, slot = facts.SlotAxis(boot.slot_pieces()), boot.kaslr["slot"]
    assert axis.count == boot.kaslr["slots"]
    assert slot is None or (axis.base(slot), axis.number(boot.kaslr["base"])) == (boot.kaslr["base"], slot)


def test_slots_of_the_default_machine(boot):
    """39 + 23 + 48 slots in three pieces, and number and base turn into each other."""
    axis = facts.SlotAxis(boot.slot_pieces())
    assert [(last - first) // sizes.SLOT + 1 for first, last in axis.pieces] == [39, 23, 48]
    assert axis.count == boot.kaslr["slots"] == 110
    assert [axis.base(n) for n in (0, 38, 39, 62, 109)] == [0x1200000, 0x5e00000, 0x7d000000, 0x100000000, 0x105e00000]
    assert [axis.number(axis.base(n)) for n in range(110)] == list(range(110))
    assert [axis.number(base) for base in (0x1000000, 0x1300000, 0x6000000, 0x7fe00000, 0x106000000)] == [None] * 5


def test_strip_has_every_slot_once(boot):
    axis = facts.SlotAxis(boot.slot_pieces())
    for sweep in boot.sweeps.values():
        strip = facts.slot_strip(axis, sweep)
        assert [n for first, last, _ in strip for n in range(first, last + 1)] == list(range(110))
        assert sum(last - first + 1 for first, last, stained in strip if stained) == sweep["stained_slots"]


def test_costs_are_the_verdicts(boot):
    assert len(boot.policies) == 8
    for alloc in boot.policies:
        cost, verdict = boot.costs(alloc), boot.verdict(alloc)
        assert (cost.pages, cost.on_movable, cost.nodes) == (verdict["table_pages"], verdict["on_movable"], verdict["stained_nodes"])
    # 15.4 MiB of tables from 96 MiB on: one block of 128 MiB, one of 2 GiB, none of it below 16 MiB but the buffer's share.
    assert boot.costs("bottom-up").blocks == [1, 1]
    assert boot.costs("node-local").blocks == [3, 3]
    assert boot.costs("lowest").low[0] > 14 * sizes.M and boot.costs("memblock").low[0] == 0


def test_costs_of_the_default_machine(boot):
    """Steps, passes, distance as the log's own table has them: 4028 pages on node 1 at 20, top-down on node 3 at 30."""
    found = {alloc: boot.costs(alloc) for alloc in boot.policies}
    assert found["memblock"].steps == (5, 2) and found["series"].steps == (1, 1) and found["bottom-up"].steps[1] == 2
    assert (found["memblock"].distance, found["top-down"].distance) == (10.0, 29.9)
    for alloc, cost in found.items():
        record = boot.all("cost", alloc=alloc)[0]
        assert cost.blocks == list(record["blocks"].values()) and cost.low == [4096 * n for n in record["below"].values()]
        assert {k: v for k, v in cost.stains.items() if k in record["stained"]} == record["stained"]


# ---- the page ----

def test_policies_are_compared(boot, html):
    """A mark and a cell for each number of each policy."""
    shown = Page(html.read_text())
    for alloc in boot.policies:
        cost = boot.costs(alloc)
        assert f"{alloc}: page tables at a mean SLIT distance of {cost.distance:.1f} from the kernel's node" in shown.titles
        assert "{}: steps and passes over memory: {} in {}".format(alloc, *cost.steps) in shown.titles
        below = [sizes.size_words(n) for n in cost.low]
        assert f"{alloc}: {below[1]} of page tables below 4 GiB, {below[0]} below 16 MiB" in shown.titles
        row = shown.cells[len(shown.cells) - shown.cells[::-1].index(alloc) - 1:]
        head = shown.cells[shown.cells.index("verdict") - 1:]
        cells = dict(zip(head[:head.index("slots stained") + 1], row))
        assert cells["mean SLIT distance"] == f"{cost.distance:.1f}" and cells["steps in passes"] == "{} in {}".format(*cost.steps)
        assert [cells["below 16 MiB"], cells["below 4 GiB"]] == below


def test_a_log_without_costs_is_drawn(tmp_path):
    """One that was cut before the first of them."""
    whole = (ROOT / "tests/machines/four-nodes.expect").read_text()
    (tmp_path / "cut.log").write_text(whole[:whole.index('{"rec":"cost"')])
    assert report(tmp_path / "cut.html", tmp_path / "cut.log") == (0, "")
    shown = Page((tmp_path / "cut.html").read_text())
    assert not any("SLIT" in t for t in shown.titles) and "unknown" in shown.cells
    assert any(t.endswith("below 16 MiB") for t in shown.titles)


def test_every_run_and_stain_is_on_the_page(boot, html):
    shown = Page(html.read_text())
    runs = [r for alloc in boot.policies for r in boot.runs(alloc)]
    stains = [r for r in runs if r.movable]
    assert len(stains) > 20
    for r in runs:
        words = f"{charts.range_words(r.start, r.end)} on node {r.node}, {'movable: stained' if r.movable else 'not movable'}"
        found = [t for t in shown.titles if t.startswith(f"{r.alloc}: ") and f" {r.level} page" in t and t.endswith(words)]
        assert found, words
        assert f"{r.start:#x}" in shown.cells and f"{r.end:#x}" in shown.cells
    for node in range(4):
        assert any(t.startswith(f"node {node}, ") for t in shown.titles)
    assert any(t.startswith("kernel image: [mem 0x5e00000-") for t in shown.titles)
    assert "bottom-up: slots 31 to 38, bases 0x5000000 to 0x5e00000: stained; image on node 0" in shown.titles


def test_every_mark_has_words(html):
    marks = [attrs for tag, attrs in Page(html.read_text()).tags if attrs.get("class") == "mark"]
    assert len(marks) > 300
    assert all(m["role"] == "img" and m["aria-label"] for m in marks)


def test_nothing_is_fetched(html):
    shown = Page(html.read_text())
    assert len(shown.ids) == len(set(shown.ids))
    targets = [ref.strip("\"'") for ref in shown.refs]
    assert len(targets) > 20 and all(t.startswith("#") and t[1:] in shown.ids for t in targets)
    text = html.read_text()
    assert not re.search(r"@import|<link|<iframe|<object|<base", text)
    assert set(re.findall(r"https?://[^\"' <]*", text)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert "default-src 'none'" in text


def test_alternatives_and_keys(html):
    """A chart has a name and a description; a table has a caption, is reached by Tab, and stands by every chart."""
    shown = Page(html.read_text())
    drawn = [attrs for tag, attrs in shown.tags if tag == "svg"]
    assert sorted(a["class"] for a in drawn) == ["chart narrow"] * 3 + ["chart wide"] * 3
    assert all(set(a["aria-labelledby"].split()) <= set(shown.ids) for a in drawn)
    regions = [attrs for tag, attrs in shown.tags if attrs.get("role") == "region"]
    assert len(regions) == 4 and all(r["tabindex"] == "0" and r["aria-label"] for r in regions)
    assert [tag for tag, _ in shown.tags].count("caption") == 4
    assert "prefers-color-scheme:dark" in html.read_text() and dict(shown.tags)["html"]["lang"] == "en"


def test_colours_can_be_told_apart_by_value():
    light = [pair[0] for pair in charts.COLOURS.values()]
    assert len(set(light)) == len(light)


def contrast(a, b):
    def luminance(colour):
        parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
        parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", (0, 1), ids=("light", "dark"))
def test_contrast(scheme):
    """WCAG AA: 4.5 for text, 3 for what must be told from its background."""
    c = {name: pair[scheme] for name, pair in charts.COLOURS.items()}
    for words in ("ink", "muted", "stain", "tables"):
        assert contrast(c[words], c["paper"]) >= 4.5, words
    for ground in ("tint0", "tint1", "tint2", "tint3"):
        assert contrast(c["ink"], c[ground]) >= 4.5
        for mark in ("kernel", "tables", "stain"):
            assert contrast(c[mark], c[ground]) >= 3, (mark, ground)
    assert contrast(c["stain"], c["clean"]) >= 3 or scheme


# ---- many logs, odd logs, SVG ----

def test_many_logs(tmp_path, log_file):
    out = tmp_path / "many.html"
    assert report(out, log_file, *(ROOT / f"tests/machines/{m}.expect" for m in ("azure", "no-srat", "thirtytwo-nodes"))) == (0, "")
    shown = Page(out.read_text())
    assert len(shown.ids) == len(set(shown.ids))
    assert [f"b{i}" in shown.ids and f"#b{i}" in shown.refs for i in range(4)] == [True] * 4


def test_svg(tmp_path, log_file, boot):
    out = tmp_path / "worst.svg"
    assert report(out, log_file) == (0, "")
    root = ElementTree.fromstring(out.read_text())
    assert root.tag == f"{SVG}svg" and root.get("role") == "img" and len(root.findall(f"{SVG}svg")) == 3
    titles = {g.find(f"{SVG}title").text for g in root.iter(f"{SVG}g") if g.get("class") == "mark"}
    for alloc in boot.policies:
        for r in boot.runs(alloc):
            assert charts.run_words(r) in titles
    assert not re.search(r"(href|src)=\"[^#]", out.read_text())
    again = tmp_path / "again.svg"
    assert report(again, log_file) == (0, "") and again.read_text().replace("again", "worst") == out.read_text()


# ---- what a picture may not get wrong ----

@pytest.fixture(scope="module")
def pretended(tmp_path_factory):
    """The geometry of a real kernel: few slots, the last of them stained."""
    done = subprocess.run([ROOT / "tools/run", "--append=image_size=linux-6.1 sweep"], cwd=ROOT, capture_output=True, timeout=120)
    path = tmp_path_factory.mktemp("report") / "linux.log"
    path.write_bytes(done.stdout)
    return path


def test_every_slot_with_another_image_size(pretended):
    """The loader's image is what Landfall is, not what it pretends to be: all slots are there, and every stained one is red."""
    boot = facts.LogFacts(pretended.read_bytes(), "linux")
    axis, sweep = facts.SlotAxis(boot.slot_pieces()), boot.sweeps["bottom-up"]
    assert axis.count == boot.kaslr["slots"] == 25 and sweep["stained_slots"] == 3
    strip = facts.slot_strip(axis, sweep)
    assert sum(b - a + 1 for a, b, stained in strip if stained) == 3 and sum(b - a + 1 for a, b, _ in strip) == 25
    assert page.slot_note(boot) == ""


def test_slots_that_the_log_does_not_tell(pretended):
    """Where the strip cannot be whole the caption says which way it errs, and no stain is left out."""
    boot = facts.LogFacts(pretended.read_bytes(), "linux")
    boot.slot_pieces = lambda: boot.with_stains([(0x1200000, 0x1400000)])
    axis = facts.SlotAxis(boot.slot_pieces())
    assert sum(b - a + 1 for a, b, stained in facts.slot_strip(axis, boot.sweeps["bottom-up"]) if stained) == 3
    assert page.slot_note(boot).endswith("the others lie where the log does not tell.")
    boot.kaslr = boot.kaslr | {"slots": 2}
    assert page.slot_note(boot).endswith("some of those drawn clean were not to be had.")


LARGE = """about large
source ours
qemu none
memory 512G
map 0 0x9fc00 usable
map 1M 0x7ffe0000 usable
map 0x7ffe0000 2G reserved
map 4G 514G usable
srat 3
  mem 0 0 0xa0000
  mem 0 1M 2G
  mem 0 4G 66G
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """512 GiB on eight nodes, eight policies, 4 KiB pages: 8,000 runs of page tables."""
    folder = tmp_path_factory.mktemp("large")
    (folder / "large.machine").write_text(LARGE + "".join(f"  mem {n} {64 * n + 2}G {64 * n + 66}G hotplug\n" for n in range(1, 8)))
    subprocess.run([ROOT / "build/landfall-machine", folder / "large.machine", "-t", folder], check=True)
    words = ["--e820", folder / "e820", "--srat", folder / "srat.dat", "--kernel", "0x5600000:0x8a30000", "--image-size", "linux-6.1",
             "--sweep", "--alloc", "all", "--json", "--page-size", "4k"]
    done = subprocess.run([ROOT / "build/landfall-predict", *words], capture_output=True, timeout=120)
    assert done.stdout.count(b'{"rec":"run"') > 8000
    (folder / "large.log").write_bytes(done.stdout)
    return folder


def test_a_large_machine_is_a_small_page(large):
    """Marks below a pixel are merged. Time is that of the processor: others may want it, too."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert report(large / "large.html", large / "large.log") == (0, "")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (large / "large.html").stat().st_size < 500_000
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 10
    shown = Page((large / "large.html").read_text())
    assert len(shown.titles) < 700
    stains = {alloc for alloc in ("top-down", "node-local") if any(t.startswith(f"{alloc}: page tables (") and "stained" in t for t in shown.titles)}
    assert stains == {"top-down", "node-local"}


def test_a_merged_mark_with_a_stain_is_red():
    run = SimpleNamespace
    runs = [run(start=4096 * n, end=4096 * (n + 1), movable=n == 7, node=n == 7, level="pte", alloc="a") for n in range(200)]
    groups = charts.by_pixel(runs, lambda at: at / 4096 / 50)
    assert len(groups) == 2 and sum(map(len, groups)) == 200 and any(r.movable for r in groups[0])
    assert "1 of them movable: stained" in charts.group_words(groups[0])
    assert charts.seen([(n, n, n == 7) for n in range(200)], 10)[0][2] is True


@pytest.mark.parametrize("name", ("worst", "pretended", "large", "thirtytwo-nodes", "single-epyc"))
def test_no_label_is_clipped(name, log_file, pretended, large):
    """Every word of every chart lies within it."""
    paths = {"worst": log_file, "pretended": pretended, "large": large / "large.log"}
    boot = facts.LogFacts(paths.get(name, ROOT / f"tests/machines/{name}.expect").read_bytes(), name)
    for canvas in (c for canvases in charts.charts(boot, "k").values() for c in canvases):
        with matplotlib.rc_context(charts.STYLE):
            agg = FigureCanvasAgg(canvas.figure)
            agg.draw()
            for text in canvas.figure.findobj(Text):
                box = text.get_window_extent(agg.get_renderer())
                inside = box.x0 > -1 and box.y0 > -1 and box.x1 < canvas.figure.bbox.width + 1 and box.y1 < canvas.figure.bbox.height + 1
                assert inside or not text.get_text() or not text.get_visible(), (canvas.key, text.get_text())


def test_legend_has_the_colours_of_the_chart(html):
    """Each colour that a node has in the chart stands in the legend as well."""
    root = ElementTree.fromstring(re.search(r"<svg[^>]*chart wide.*?</svg>", html.read_text(), re.S)[0])
    legend = next(g for g in root.iter(f"{SVG}g") if g.get("id", "").endswith("legend_1"))
    text = ElementTree.tostring(legend, encoding="unicode")
    assert charts.tint(0) in text and len(set(re.findall(r"url\(#(\w[^)]*)", text)) - set(re.findall(r"clip-path=\"url\(#([^)]*)", text))) == 3


def test_top_of_the_page(tmp_path):
    """The state of the SRAT, the verdicts, and what firmware has got wrong."""
    for machine, srat, kind in (("azure", "good", "clean"), ("no-srat", "absent", "no verdict"), ("cpu-less", "good", "")):
        assert report(tmp_path / "x.html", ROOT / f"tests/machines/{machine}.expect") == (0, "")
        text = (tmp_path / "x.html").read_text()
        head = text[:text.index("<figure>")]
        assert re.search(rf"<li>SRAT <span class=\"\w*\">{srat}</span>", head) and kind in head
    assert "<li>memory-only-domain PXM 1" in head
    said = [line.split("finding: ")[1] for line in (ROOT / "tests/machines/cpu-less.expect").read_text().splitlines() if "] finding: " in line]
    assert all(escape(words) in head for words in said)


def test_png_and_one_chart_alone(tmp_path, pretended):
    image = pytest.importorskip("PIL.Image")
    assert report(tmp_path / "x.png", pretended) == (0, "") and report(tmp_path / "sweep.png", pretended, "--chart=sweep") == (0, "")
    whole, one = image.open(tmp_path / "x.png"), image.open(tmp_path / "sweep.png")
    assert whole.size[0] == one.size[0] == 2304 and whole.size[1] > 2 * one.size[1]
    seen = {f"#{r:02x}{g:02x}{b:02x}" for _, (r, g, b) in one.getcolors(1 << 16)}
    assert {charts.LIGHT["stain"], charts.LIGHT["clean"], charts.LIGHT["paper"]} <= seen and charts.LIGHT["tables"] not in seen
    assert report(tmp_path / "x.svg", pretended, "--chart=policies") == (0, "")
    assert len(ElementTree.fromstring((tmp_path / "x.svg").read_text()).findall(f"{SVG}svg")) == 1
    code, err = report(tmp_path / "x.svg", ROOT / "tests/machines/azure.expect", "--chart=sweep")
    assert code == 2 and "boot with the option sweep" in err


def test_hostile_words_are_words(tmp_path):
    """From firmware, the command line and the file's name: never markup, and nothing that XML cannot hold."""
    bad = "<script>&\"'\u202e]]>"
    lines = []
    for line in (ROOT / "tests/machines/azure.expect").read_text().splitlines():
        if line.startswith('{"rec":"boot"'):
            record = json.loads(line) | {"machine": bad + "\x01\x1b[2J", "cmdline": bad + "\x07"}
            del record["crc"]
            head = json.dumps(record, separators=(",", ":"))[:-1]
            line = f'{head},"crc":"{zlib.crc32(head.encode()):08x}"}}'
        lines.append(line)
    lines.insert(3, f"[    0.000000] finding: {bad}\x01")
    path = tmp_path / "<b>&'.log"
    path.write_text("\n".join(lines) + "\n")
    assert report(tmp_path / "x.html", path) == (0, "") and report(tmp_path / "x.svg", path, path) == (0, "")
    text = (tmp_path / "x.html").read_text()
    Page(text)
    assert text.count("<script") == 1 and "&lt;script&gt;&amp;" in text and not re.search("[\x00-\x08\x0b-\x1f]", text)
    ElementTree.parse(tmp_path / "x.svg")


# ---- a campaign ----

def result(seed, **more):
    verdict = {"alloc": "bottom-up", "srat": "ok", "result": "stained" if seed % 5 == 0 else "clean", "on_movable": 10 * (seed % 5 == 0)}
    return {"machine": "four-nodes", "seed": seed, "alloc": "bottom-up", "page_size": "4k", "as_predicted": True, "verdicts": [verdict],
            "boot": "tools/run"} | more


@pytest.mark.parametrize("kind", ("html", "svg", "png"))
def test_a_campaign(tmp_path, kind):
    """A row for what was booted, a cell for each seed; a boot that was tried again counts as it went then."""
    path, out = tmp_path / "results.jsonl", tmp_path / f"x.{kind}"
    lines = [result(n) for n in range(1, 1001)]
    lines += [result(3, as_predicted=False, verdicts=[], difference="<b>hang"), result(4, as_predicted=False), result(4)]
    lines.append(result(1, machine="none", verdicts=[{"alloc": "bottom-up", "srat": "absent", "result": "clean", "on_movable": 0}]))
    path.write_text("".join(json.dumps(r) + "\n" for r in lines))
    assert report(out, path) == (0, "")
    if kind == "png":
        return
    text = out.read_text()
    assert "four-nodes 4k bottom-up: 200 of 1000 boots stained" in text and "none 4k bottom-up: seed 1: no verdict" in text
    assert "four-nodes 4k bottom-up: seeds 3 to 4: not as predicted" in text or "seed 3: not as predicted" in text
    assert len(text) < 400_000
    if kind == "html":
        assert "&lt;b&gt;hang" in text and "1001 boots, 1 of them not as predicted." in text
    path.write_text("{\"machine\": 1}\n")
    assert report(out, path)[0] == 2


def test_a_damaged_log_is_drawn_and_says_so(tmp_path):
    whole = (ROOT / "tests/machines/four-nodes.expect").read_text()
    (tmp_path / "cut.log").write_text(whole[:whole.index('{"rec":"verdict"')])
    assert report(tmp_path / "cut.html", tmp_path / "cut.log") == (0, "")
    assert "This log is truncated: the log ends after record 47" in (tmp_path / "cut.html").read_text()


def test_what_cannot_be_drawn(tmp_path):
    (tmp_path / "empty.log").write_text("")
    code, said = report(tmp_path / "x.html", tmp_path / "empty.log")
    assert code == 2 and "no memory map to draw: truncated" in said
    assert report(tmp_path / "x.html", tmp_path / "nothing")[0] == 2
    assert report(tmp_path / "x.pdf", ROOT / "tests/machines/azure.expect")[0] == 2


def test_words_from_the_machine_are_no_markup():
    """What firmware calls the machine goes into the page as text."""
    boot = expect_log("azure")
    boot.boot["machine"], boot.boot["cmdline"] = '<script>alert("m")</script>', "a&b <i>"
    text = page.html([boot])
    assert "<script>alert" not in text and "&lt;script&gt;alert" in text and "a&amp;b &lt;i&gt;" in text


def test_the_picture_in_docs_is_whole():
    root = ElementTree.fromstring((ROOT / "docs/four-nodes.svg").read_text())
    assert len(root.findall(f"{SVG}svg")) == 3 and "1996488704" not in root.find(f"{SVG}desc").text


# ---- in a browser ----

def screenshot(html, out, size, scheme):
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars",
               f"--blink-settings=preferredColorScheme={scheme}", f"--user-data-dir={out}.profile", f"--window-size={size}",
               f"--screenshot={out}", f"file://{html}"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    image = pytest.importorskip("PIL.Image").open(out).convert("RGB")
    return image, {f"#{r:02x}{g:02x}{b:02x}" for _, (r, g, b) in image.getcolors(1 << 16)}


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs chromium")
@pytest.mark.parametrize("size,scheme", [("1280,2200", 1), ("500,3600", 0)], ids=("light-wide", "dark-narrow"))
def test_in_chromium(html, tmp_path, size, scheme):
    """Each colour of the charts is seen as the reader's scheme has it, and none of the other scheme's."""
    image, seen = screenshot(html, tmp_path / "shot.png", size, scheme)
    assert image.size == tuple(map(int, size.split(",")))
    for name in ("paper", "kernel", "tables", "stain", "clean", "tint0"):
        light, dark = charts.COLOURS[name]
        assert (dark if scheme == 0 else light) in seen, name
        if name in ("paper", "stain", "clean"):
            assert (light if scheme == 0 else dark) not in seen, name


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs chromium")
def test_script_runs_under_its_own_rules(html, tmp_path):
    """One stop of the Tab key a chart; the rest by arrows."""
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
               f"--user-data-dir={tmp_path}/profile", "--dump-dom", f"file://{html}"]
    dom = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
    stops = [attrs["tabindex"] for tag, attrs in Page(dom).tags if attrs.get("class") == "mark"]
    assert stops.count("0") == 6 and set(stops) == {"0", "-1"}
