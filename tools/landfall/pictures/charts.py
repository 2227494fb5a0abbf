# SPDX-License-Identifier: MIT
"""Charts of one boot as SVG: matplotlib draws, every mark gets a title, and colours follow the reader's light or dark."""
import io
import math
import re
import xml.etree.ElementTree as ElementTree
from types import SimpleNamespace

import matplotlib
import matplotlib.font_manager
matplotlib.use("svg")
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.legend_handler import HandlerTuple  # noqa: E402
from matplotlib.lines import Line2D  # noqa: E402
from matplotlib.patches import Patch, Rectangle  # noqa: E402
from matplotlib.transforms import Affine2D  # noqa: E402

from ..colours import COLOURS  # noqa: E402
from ..junit import xml_text  # noqa: E402
from ..sizes import M, PAGE, range_words, size_words  # noqa: E402
from . import facts  # noqa: E402
from .facts import LEVELS  # noqa: E402

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", XLINK)

LIGHT = {name: light for name, (light, _) in COLOURS.items()}
FONT = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "DejaVu Sans", "sans-serif"]
STYLE = {"svg.fonttype": "none", "font.family": "sans-serif", "font.sans-serif": FONT, "hatch.linewidth": 0.8, "text.color": LIGHT["ink"]}
MOST_DETAILS = 6
SEE = 1.4  # pixels: the least a mark is wide
MOST_MARKS = 120  # in a row; with more, those that lie within one pixel are one

WIDE = SimpleNamespace(name="wide", wide=True, width=1120, left=96, right=16, row=24, font=12.5, ticks=9)
NARROW = SimpleNamespace(name="narrow", wide=False, width=372, left=74, right=10, row=22, font=11, ticks=4)


def fitting(layout, names):
    """The layout with a left margin that holds the longest of the names."""
    room = math.ceil(max(map(len, names), default=0) * 0.62 * layout.font) + 12
    return SimpleNamespace(**{**vars(layout), "left": max(layout.left, room)})


def dark_rules():
    """CSS that turns light colours into dark ones, wherever matplotlib wrote them."""
    rules = []
    for light, dark in COLOURS.values():
        for what in ("fill", "stroke"):
            rules.append(f'svg [style*="{what}: {light}"],svg [{what}="{light}"]{{{what}:{dark}!important}}')
    return "@media (prefers-color-scheme: dark){" + "".join(rules) + "}"


def bold_font():
    """A file with the font of a PNG's headings."""
    return matplotlib.font_manager.findfont(matplotlib.font_manager.FontProperties(family="DejaVu Sans", weight="bold"))


class Canvas:
    """A figure measured in pixels from its top, and the titles of its marks."""

    def __init__(self, layout, height, key):
        self.layout, self.height, self.key = layout, height, f"{key}-{layout.name}"
        self.figure = Figure(figsize=(layout.width / 72, height / 72), dpi=72)
        self.titles = {}
        self.page = Area(self, (0, 0, layout.width), layout.width)
        self.text = self.page.text

    def mark(self, area, box, title, **how):
        """A box (x, y, width, height) in the area's coordinates with a title of its own."""
        gid = f"{self.key}-m{len(self.titles)}"
        self.titles[gid] = title
        area.add(Rectangle(box[:2], box[2], box[3], gid=gid, **how))

    def legend(self, entries, top):
        columns = len(entries) if self.layout.wide else 2
        handles, labels = zip(*[e if isinstance(e, tuple) else (e, e.get_label()) for e in entries])
        self.figure.legend(handles, labels, handler_map={tuple: HandlerTuple(ndivide=None, pad=0)}, loc="upper left", bbox_to_anchor=(self.layout.left / self.layout.width, 1 - top / self.height),
                           ncol=columns, frameon=False, fontsize=self.layout.font - 0.5, handlelength=1.5, handleheight=1.0,
                           borderpad=0, borderaxespad=0, columnspacing=1.6, labelcolor=LIGHT["ink"])

    def named(self, title, words):
        self.title, self.words = title, words
        return self

    def png(self):
        """The picture on paper, at two pixels for one."""
        with matplotlib.rc_context(STYLE):
            out = io.BytesIO()
            self.figure.savefig(out, format="png", dpi=144, facecolor=LIGHT["paper"])
        return out.getvalue()

    def svg(self):
        """An <svg> element; ids carry the key, so that many can stand on one page."""
        with matplotlib.rc_context({**STYLE, "svg.hashsalt": self.key}):
            out = io.BytesIO()
            self.figure.savefig(out, format="svg", transparent=True,
                                metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
        text = re.sub(rb"<!DOCTYPE[^>]*>", b"", out.getvalue())
        root = ElementTree.fromstring(text)
        return self._finish(root)

    def _finish(self, root):
        names = {e.get("id") for e in root.iter() if e.get("id")}
        for e in root.iter():
            gid = e.get("id")
            if gid in self.titles:
                self._name_mark(e, self.titles[gid])
            elif gid:
                e.set("id", f"{self.key}-{gid}")
            for name, value in list(e.attrib.items()):
                if name == f"{{{XLINK}}}href" and value[1:] in names:
                    e.set(name, f"#{self.key}-{value[1:]}")
                elif "url(#" in value:
                    e.set(name, re.sub(r"url\(#", f"url(#{self.key}-", value))
        for number, (tag, content) in enumerate((("title", self.title), ("desc", self.words))):
            e = ElementTree.Element(f"{{{SVG}}}{tag}", id=f"{self.key}-{tag}")
            e.text = xml_text(content)
            root.insert(number, e)
        for name in ("width", "height"):
            del root.attrib[name]
        root.attrib |= {"class": f"chart {self.layout.name}", "role": "group", "aria-labelledby": f"{self.key}-title {self.key}-desc"}
        return root

    @staticmethod
    def _name_mark(element, words):
        title = ElementTree.Element(f"{{{SVG}}}title")
        title.text = xml_text(words)
        element.insert(0, title)
        element.attrib |= {"class": "mark", "role": "img", "aria-label": title.text, "shape-rendering": "crispEdges"}


class Area:
    """A part of a canvas with coordinates of its own: x from 0 to `across`, y in pixels from its top. Axes do more, and take most of the time."""

    def __init__(self, canvas, place, across):
        self.canvas, (left, top, self.width) = canvas, place
        page, paper = canvas.layout.width, canvas.height
        self.transform = Affine2D().scale(self.width / across / page, -1 / paper).translate(left / page, 1 - top / paper) + canvas.figure.transFigure

    def add(self, artist):
        artist.set_transform(self.transform)
        self.canvas.figure.add_artist(artist)

    def line(self, xs, ys, colour, width, **how):
        self.add(Line2D(xs, ys, color=LIGHT[colour], linewidth=width, **how))

    def text(self, x, y, words, colour="ink", size=0.0, **how):
        self.canvas.figure.text(x, y, words, color=LIGHT[colour], fontsize=self.canvas.layout.font + size, transform=self.transform, **how)

    def ticks(self, y, marks, side, last_side):
        """Words below a short line for each (x, words), to that side of it; the last one may have another."""
        for i, (x, words) in enumerate(marks):
            self.line([x, x], [y, y + 3], "rule", 0.8)
            self.text(x, y + 6.5, words, "muted", -1.5, ha=side if i < len(marks) - 1 else last_side, va="top")


# ---- memory ----------------------------------------------------------------------------------------------------------

class MemoryAxis:
    """Addresses to pixels, linear but for holes without RAM that are shrunk when they would take the picture."""

    def __init__(self, ram, pixels):
        total = sum(b - a for a, b in ram)
        self.knots, self.breaks, at = [(0, 0.0)], [], 0
        for a, b in sorted(ram):
            hole = a - at
            shrunk = hole > total // 2
            if shrunk:
                self.breaks.append((at, a))
            self.knots.append((a, self.knots[-1][1] + (total / 24 if shrunk else hole)))
            self.knots.append((b, self.knots[-1][1] + b - a))
            at = b
        self.end = at
        self.scale = pixels / self.knots[-1][1]

    def x(self, address):
        for (a, xa), (b, xb) in zip(self.knots, self.knots[1:]):
            if a <= address <= b and b > a:
                return (xa + (address - a) / (b - a) * (xb - xa)) * self.scale
        return self.knots[-1][1] * self.scale

    def ticks(self, count):
        step = 1 << math.ceil(math.log2(max(self.knots[-1][1] / count, M)))
        marks = [0]
        for at in range(step, self.end + 1, step) if self.end // step < 4096 else []:
            hidden = any(a < at < b for a, b in self.breaks)
            if not hidden and self.x(at) - self.x(marks[-1]) > 0.55 * self.x(self.end) / count:
                marks.append(at)
        return marks


def tint(node):
    return LIGHT["tint%d" % (node % 4)] if node is not None else LIGHT["rule"]


def node_look(node, kind):
    look = {"facecolor": tint(node), "linewidth": 0}
    if kind == "movable":
        look |= {"hatch": "////", "edgecolor": LIGHT["hatch"]}
    elif kind == "pinned":
        look |= {"hatch": "..", "edgecolor": LIGHT["hatch"]}
    return look


KINDS = {"fixed": "not hot-pluggable", "movable": "movable", "pinned": "hot-pluggable, but pinned by what lies on it"}


def piece_words(piece):
    start, end, node, kind = piece
    where = "no node" if node is None else f"node {node}"
    return f"{where}, {KINDS[kind]}: {size_words(end - start)} {range_words(start, end)}"


def run_words(run):
    pages, node = (run.end - run.start) // PAGE, "no node" if run.node is None else f"node {run.node}"
    stain = "movable: stained" if run.movable else "not movable"
    return f"{run.alloc}: {pages} {run.level} page{'s'[:pages != 1]} {range_words(run.start, run.end)} on {node}, {stain}"


def kernel_words(kaslr):
    node = "no node" if kaslr["node"] is None else f"node {kaslr['node']}"
    slot = "" if kaslr["slot"] is None else f", slot {kaslr['slot']} of {kaslr['slots']}"
    return f"kernel image: {range_words(kaslr['base'], kaslr['end'])} on {node}{slot}"


def neighbours(runs, near):
    """Runs of one kind no farther apart than `near` bytes, for the overview: lists of them."""
    groups = []
    for r in runs:
        last = groups[-1][-1] if groups else None
        if last and (last.movable, last.node) == (r.movable, r.node) and r.start - last.end <= near:
            groups[-1].append(r)
        else:
            groups.append([r])
    return groups


def by_pixel(runs, x):
    """Runs of one colour that no pixel lies between, as lists; what is narrower than a mark joins its neighbour, and a stain wins."""
    groups, stained = [], False
    for r in runs:
        near = groups and x(r.start) - x(groups[-1][-1].end) < SEE
        if near and (r.movable == stained or x(r.start) - x(groups[-1][0].start) < SEE):
            groups[-1].append(r)
            stained = stained or r.movable
        else:
            groups.append([r])
            stained = r.movable
    return groups


def group_words(group):
    if len(group) == 1:
        return run_words(group[0])
    first, last = group[0], group[-1]
    counts = {lv: sum(r.end - r.start for r in group if r.level == lv) // PAGE for lv in LEVELS}
    levels = ", ".join(f"{n} {lv}" for lv, n in counts.items() if n)
    nodes = sorted({r.node for r in group if r.node is not None})
    where = f"node{'s'[:len(nodes) != 1]} {', '.join(map(str, nodes))}" if nodes else "no node"
    stains = sum(r.end - r.start for r in group if r.movable) // PAGE
    stain = "not movable" if not stains else "movable: stained" if stains == sum(counts.values()) else f"{stains} of them movable: stained"
    return f"{first.alloc}: page tables ({levels}) in {range_words(first.start, last.end)} on {where}, {stain}"


def detail_windows(boot, most):
    """Where to look closer: few windows that hold the image and all page tables, each with some air around it."""
    spans = [(r.start, r.end) for alloc in boot.policies for r in boot.runs(alloc)]
    if boot.kaslr:
        spans.append((boot.kaslr["base"], boot.kaslr["end"]))
    joined = []
    for a, b in sorted(spans):
        if joined and a - joined[-1][1] <= 32 * M:
            joined[-1] = joined[-1][0], max(b, joined[-1][1])
        else:
            joined.append((a, b))
    while len(joined) > most:
        i = min(range(len(joined) - 1), key=lambda i: joined[i + 1][0] - joined[i][1])
        joined[i:i + 2] = [(joined[i][0], joined[i + 1][1])]
    windows = []
    for a, b in joined:
        air = max((b - a) // 10, 2 * M)
        windows.append((max(0, (a - air) // M * M), -(-(b + air) // M) * M))
    return windows


class MemoryChart:
    """All of memory to scale, a row a policy; below it the places with page tables, enlarged."""

    def __init__(self, boot, layout, key):
        self.boot, self.layout = boot, layout
        self.windows = detail_windows(boot, MOST_DETAILS)
        self.rows = boot.policies or [""]
        self.body = layout.row * len(self.rows)
        self.top = 34 if layout.wide else 74
        self.band = layout.row + 10
        self.details_top = self.top + self.band + self.body + 82
        step = self.body + 62
        self.step = step
        tall = self.body + 30 if layout.wide else step * len(self.windows)
        self.canvas = Canvas(layout, self.details_top + tall - 8, key)
        self.width = layout.width - layout.left - layout.right

    def draw(self):
        self.legend()
        overview = self.draw_overview()
        for i, (left, top, width, window) in enumerate(self.places()):
            self.draw_detail(i, (left, top, width), window, overview)
        return self.canvas.named("Where page tables lie in physical memory", self.description())

    def legend(self):
        look = [("kernel", "kernel image"), ("tables", "page tables"), ("stain", "stained page tables")]
        entries = [Patch(facecolor=LIGHT[c], label=words) for c, words in look]
        for kind, words in (("fixed", "fixed memory"), ("movable", "movable node"), ("pinned", "hot-pluggable, pinned")):
            tints = {tint(p[2]): node_look(p[2], kind) for p in self.boot.pieces() if p[3] == kind}
            if tints:
                entries.append((tuple(Patch(**look) for look in tints.values()), words))
        self.canvas.legend(entries, 4)

    def places(self):
        """(left, top, width, window) of every detail; wider for larger windows, but not in proportion."""
        if not self.layout.wide:
            return [(self.layout.left, self.details_top + i * self.step, self.width, w) for i, w in enumerate(self.windows)]
        gap = 22
        weights = [math.log2((b - a) / M + 4) for a, b in self.windows]
        room, left, found = self.width - gap * (len(weights) - 1), self.layout.left, []
        for weight, window in zip(weights, self.windows):
            width = room * weight / sum(weights)
            found.append((left, self.details_top, width, window))
            left += width + gap
        return found

    def labels(self, top):
        for i, alloc in enumerate(self.boot.policies):
            self.canvas.text(self.layout.left - 8, top + (i + 0.5) * self.layout.row, alloc, ha="right", va="center")

    def draw_overview(self):
        axis = MemoryAxis(self.boot.nodes.ram, self.width)
        height = self.band + self.body
        area = Area(self.canvas, (self.layout.left, self.top, self.width), self.width)
        self.draw_nodes(area, axis)
        for i, alloc in enumerate(self.boot.policies):
            y = self.band + i * self.layout.row
            self.draw_row(area, (alloc, y), axis.x, 0.6 / axis.scale)
        for a, b in axis.breaks:
            self.canvas.mark(area, (axis.x(a) + 2, self.layout.row / 2 - 1, axis.x(b) - axis.x(a) - 4, 2), f"no RAM: {size_words(b - a)} "
                             f"{range_words(a, b)}, not to scale", facecolor="none", edgecolor=LIGHT["muted"], linewidth=1, linestyle=":")
        marks = axis.ticks(self.layout.ticks)
        area.ticks(height, [(axis.x(t), size_words(t) if t else "0") for t in marks], "center",
                   "right" if axis.x(marks[-1]) > self.width - 20 else "center")
        self.canvas.text(self.layout.left - 8, self.top + self.layout.row / 2, "memory", ha="right", va="center", weight="bold")
        self.labels(self.top + self.band)
        return SimpleNamespace(area=area, axis=axis, height=height, lettered=-11.0)

    def draw_nodes(self, area, axis):
        for piece in self.boot.pieces():
            start, end, node, kind = piece
            x, width = axis.x(start), axis.x(end) - axis.x(start)
            self.canvas.mark(area, (x, 0, max(width, SEE), self.layout.row), piece_words(piece), **node_look(node, kind))
            words = f"node {node}" if width > 52 else f"{node}"
            if node is not None and width > 14:
                area.text(x + width / 2, self.layout.row / 2 + 0.5, words, size=-0.5, ha="center", va="center",
                          bbox={"facecolor": tint(node), "edgecolor": "none", "boxstyle": "round,pad=0.15"})

    def draw_row(self, area, row, x, near):
        """One policy: node tints, image, tables. Enlarged (near < 0), tables in the image show; else the image must not vanish."""
        y, high = row[1], self.layout.row - 5
        for start, end, node, kind in self.boot.pieces():
            look = node_look(node, kind)
            if x(end) > x(start):
                area.add(Rectangle((x(start), y + 2), x(end) - x(start), high, **look))
        drawn = [self.draw_image, self.draw_tables]
        for draw in drawn if near < 0 else reversed(drawn):
            draw(area, row, x, near)

    def draw_image(self, area, row, x, _):
        if self.boot.kaslr:
            a, b = x(self.boot.kaslr["base"]), x(self.boot.kaslr["end"])
            if b > a:
                self.canvas.mark(area, (a, row[1], max(b - a, SEE), self.layout.row - 1), kernel_words(self.boot.kaslr), facecolor=LIGHT["kernel"],
                                 linewidth=0)

    def draw_tables(self, area, row, x, near):
        (alloc, y), high = row, self.layout.row - 5
        runs = [r for r in self.boot.runs(alloc) if x(r.end) > x(r.start)]
        groups = neighbours(runs, near)
        if len(groups) > MOST_MARKS:
            groups = by_pixel(runs, x)
        for group in groups:
            a, b = x(group[0].start), x(group[-1].end)
            colour = LIGHT["stain" if any(r.movable for r in group) else "tables"]
            self.canvas.mark(area, (a, y + 2, max(b - a, SEE), high), group_words(group), facecolor=colour, linewidth=0)

    def draw_detail(self, number, place, window, overview):
        (left, top, width), (start, end) = place, window
        area = Area(self.canvas, (left, top, width), width)

        def x(address):
            return (min(max(address, start), end) - start) / (end - start) * width
        for i, alloc in enumerate(self.boot.policies):
            self.draw_row(area, (alloc, i * self.layout.row), x, -1)
        for at, side in ((0, "left"), (width, "right"))[:1 + (width > 165)]:
            area.text(at, self.body + 5, f"{end if at else start:#x}", "muted", -1.5, ha=side, va="top")
        letter = "ABCDEFGH"[number]
        nodes = ", ".join(str(n) for n in sorted({p[2] for p in self.boot.pieces() if p[2] is not None and p[0] < end and start < p[1]}))
        words = size_words(end - start) + (f" · node {nodes}" if width > 70 + 7 * len(nodes) + 60 else "")
        self.canvas.text(left + 5, top - 7, letter, weight="bold", va="bottom")
        self.canvas.text(left + 19, top - 7, words, "muted", -0.5, va="bottom")
        if not self.layout.wide or number == 0:
            self.labels(top)
        self.connect(letter, window, place, overview)

    def connect(self, letter, window, place, overview):
        """From the place in the overview to its enlargement."""
        a, b = overview.axis.x(window[0]), overview.axis.x(window[1])
        y = overview.height + 21
        overview.area.line([a - 1, max(b, a + 2) + 1], [y, y], "muted", 2, solid_capstyle="butt")
        if not self.layout.wide:
            overview.lettered = max((a + b) / 2, overview.lettered + 11)
            overview.area.text(overview.lettered, y + 3, letter, size=-1, ha="center", va="top", weight="bold")
            return
        left, top, width = place
        for at, to in ((a - 1, left), (max(b, a + 2) + 1, left + width)):
            self.canvas.page.line([self.layout.left + at, to, to], [self.top + y, top - 27, top - 4], "hatch", 0.8)

    def description(self):
        boot, words = self.boot, []
        total = sum(b - a for a, b in boot.nodes.ram)
        movable = [str(n) for n in sorted(boot.node_records) if boot.is_movable_node(n)]
        words.append(f"{size_words(total)} of RAM on {len(boot.node_records) or 1} nodes; movable: {', '.join(movable) or 'none'}.")
        if boot.kaslr:
            words.append(kernel_words(boot.kaslr).capitalize() + ".")
        for alloc in boot.policies:
            cost = boot.costs(alloc)
            nodes = " and ".join(map(str, cost.nodes))
            words.append(f"{alloc}: {cost.on_movable} of {cost.pages} page-table pages on movable node {nodes}." if cost.on_movable
                         else f"{alloc}: none of {cost.pages} page-table pages on a movable node.")
        return " ".join(words)


# ---- slots -----------------------------------------------------------------------------------------------------------

def probability_words(sweep):
    n, d = sweep["numerator"], sweep["denominator"]
    return "0 %" if not n else "100 %" if n == d else f"{max(100 * n / d, 0.0001):.3g} %"


def seen(strip, pixel):
    """The strip, or with too many parts one in which those narrower than a pixel (of so many slots) are joined, and a stain wins."""
    if len(strip) <= MOST_MARKS:
        return strip
    found = []
    for first, last, stained in strip:
        narrow = found and last - found[-1][0] < pixel
        if found and (stained == found[-1][2] or narrow):
            found[-1] = found[-1][0], last, stained or found[-1][2]
        else:
            found.append((first, last, stained))
    return found


def strip_words(alloc, axis, part):
    first, last, stained = part
    slots = f"slot {first}" if first == last else f"slots {first} to {last}"
    bases = f"base {axis.base(first):#x}" if first == last else f"bases {axis.base(first):#x} to {axis.base(last):#x}"
    return f"{alloc}: {slots}, {bases}: {'stained' if stained else 'clean'}"


def draw_sweep(boot, layout, key):
    """All slots, a strip a policy."""
    axis, row, top = facts.SlotAxis(boot.slot_pieces()), layout.row, 60 if layout.wide else 64
    shares = {alloc: f"{s['stained_slots']} of {s['slots']}" for alloc, s in boot.sweeps.items()}
    aside = 76 + math.ceil(0.6 * layout.font * max(map(len, shares.values()))) if layout.wide else 62
    width, height = layout.width - layout.left - layout.right - aside, row * len(boot.sweeps)
    canvas = Canvas(layout, top + height + (60 if layout.wide else 52), key)
    area = Area(canvas, (layout.left, top, width), max(axis.count, 1))
    for i, (alloc, sweep) in enumerate(boot.sweeps.items()):
        for part in seen(facts.slot_strip(axis, sweep), axis.count / width * SEE):
            node = boot.nodes.node_of(axis.base(part[0]))
            words = strip_words(alloc, axis, part) + (f"; image on node {node}" if node is not None else "")
            colour = LIGHT["stain" if part[2] else "clean"]
            canvas.mark(area, (part[0], i * row + 2, part[1] - part[0] + 1, row - 5), words, facecolor=colour, edgecolor=colour,
                        linewidth=0.4 if part[2] else 0)
        middle = top + (i + 0.5) * row
        canvas.text(layout.left - 8, middle, alloc, ha="right", va="center")
        colour = "stain" if sweep["stained_slots"] else "muted"
        canvas.text(layout.left + width + 58, middle, probability_words(sweep), colour, ha="right", va="center")
        if layout.wide:
            canvas.text(layout.left + width + 72, middle, shares[alloc], "muted", va="center")
    draw_slot_axis(area, axis, height)
    canvas.legend([Patch(facecolor=LIGHT["clean"], label="clean"), Patch(facecolor=LIGHT["stain"], label="stained")], 4)
    draw_own_slot(area, axis, height, boot)
    words = "; ".join(f"{alloc}: {s['stained_slots']} of {s['slots']} slots stained" for alloc, s in boot.sweeps.items())
    return canvas.named("Every slot the image could have been given", words + ".")


def draw_slot_axis(area, axis, height):
    """Slot numbers where pieces of memory begin, with a cut between the pieces, and the address of the first slot."""
    wide = area.canvas.layout.wide
    near = (70 if wide else 76) / area.width * axis.count
    shown = []
    for start, (first, _) in zip(axis.starts, axis.pieces):
        if start:
            area.line([start, start], [0, height], "paper", 1.6)
        if not shown or start - shown[-1][0] > near:
            shown.append((start, f"{start}\n{first:#x}"))
    last = axis.count - 1
    if wide and last - shown[-1][0] > near:
        shown.append((last, f"{last}\n{axis.base(last):#x}"))
    area.ticks(height, shown, "left", "right" if shown[-1][0] == last else "left")


def draw_own_slot(area, axis, height, boot):
    slot = axis.number(boot.kaslr["base"])
    if slot is None:
        return
    middle, at = slot + 0.5, (slot + 0.5) / axis.count
    area.line([middle, middle], [0, height], "ink", 1.2)
    area.text(middle, -7, "this boot" + (f": slot {slot}" if boot.kaslr["slot"] == slot else ""), size=-1,
              ha="left" if at < 0.2 else "right" if at > 0.8 else "center", va="bottom")


# ---- policies --------------------------------------------------------------------------------------------------------

LOW, DISTANCE, STEPS = "page tables below 4 GiB", "mean distance from the kernel", "steps in passes over memory"
BESIDE = 3  # panels in a row of the wide chart

def distance_words(cost):
    return "unknown" if cost.distance is None else f"{cost.distance:.1f}"


def steps_words(cost):
    return "unknown" if cost.steps is None else "{} in {}".format(*cost.steps)


def panels(boot):
    """(heading, value, words, title) for each thing that is compared; what speaks of stains comes first."""
    costs = {alloc: boot.costs(alloc) for alloc in boot.policies}

    def stains(alloc):
        levels = ", ".join(f"{n} {lv}" for lv, n in costs[alloc].stains.items() if n)
        return f"{alloc}: {costs[alloc].on_movable} of {costs[alloc].pages} page-table pages on movable nodes" + (f" ({levels})" if levels else "")

    found = [("page-table pages on movable nodes", lambda a: costs[a].on_movable, lambda a: f"{costs[a].on_movable:,}".replace(",", " "),
              stains),
             ("memory that can no longer be removed", lambda a: costs[a].pinned or 0, lambda a: size_words(costs[a].pinned or 0),
              lambda a: f"{a}: {size_words(costs[a].pinned or 0)} pinned"
              + (f" on node {', '.join(map(str, costs[a].nodes))}" if costs[a].nodes else ""))]
    if boot.sweeps:
        def share(alloc):
            return costs[alloc].sweep["numerator"] / costs[alloc].sweep["denominator"] if costs[alloc].sweep else 0

        def share_words(alloc):
            s = costs[alloc].sweep
            return f"{alloc}: stained at {s['stained_slots']} of {s['slots']} slots" if s else f"{alloc}: no sweep"
        found.append(("share of slots that stain", share, lambda a: probability_words(costs[a].sweep) if costs[a].sweep else "no sweep",
                      share_words))
    found.append((LOW, lambda a: costs[a].low[1], lambda a: size_words(costs[a].low[1]),
                  lambda a: f"{a}: {size_words(costs[a].low[1])} of page tables below 4 GiB, {size_words(costs[a].low[0])} below 16 MiB"))
    if any(cost.steps for cost in costs.values()):
        found += [(DISTANCE, lambda a: costs[a].distance or 0, lambda a: distance_words(costs[a]),
                   lambda a: f"{a}: page tables at a mean SLIT distance of {distance_words(costs[a])} from the kernel's node"),
                  (STEPS, lambda a: (costs[a].steps or (0,))[0], lambda a: steps_words(costs[a]),
                   lambda a: f"{a}: steps and passes over memory: {steps_words(costs[a])}")]
    return found


def draw_policies(boot, layout, key):
    """What each policy costs, a bar each."""
    found, row = panels(boot), layout.row
    columns = BESIDE if layout.wide else 1
    height = row * len(boot.policies)
    gap, step = 24, height + 40
    canvas = Canvas(layout, step * -(-len(found) // columns), key)
    width = (layout.width - layout.left - layout.right - gap * (columns - 1)) / columns
    for i, (heading, value, words, title) in enumerate(found):
        left, top = layout.left + i % columns * (width + gap), 34 + i // columns * step
        most = 1.0 if heading.startswith("share") else max([value(a) for a in boot.policies] + [1])
        area = Area(canvas, (left, top, width), most * (1 + 80 / (width - 80)))
        area.line([0, 0], [0, height], "muted", 1)
        canvas.text(left, top - 10, heading, weight="bold", va="bottom")
        for j, alloc in enumerate(boot.policies):
            v = value(alloc)
            colour = "clean" if not v else "tables" if heading in (LOW, DISTANCE, STEPS) else "stain"
            canvas.mark(area, (0, j * row + 4, max(v, most / 400), row - 8), title(alloc), facecolor=LIGHT[colour], linewidth=0)
            area.text(v + most * 0.02, (j + 0.5) * row, words(alloc), "ink" if v else "muted", -0.5, va="center")
            if i % columns == 0:
                canvas.text(layout.left - 8, top + (j + 0.5) * row, alloc, ha="right", va="center")
    return canvas.named("What each policy costs", ". ".join(title(a) for _, _, _, title in found for a in boot.policies) + ".")


NAMES = ("memory", "sweep", "policies")


def charts(boot, key, layouts=(WIDE, NARROW), only=None):
    """name -> canvases of that chart, one a layout; only those the log has data for, or the one that is asked for."""
    layouts = [fitting(layout, [*boot.policies, *boot.sweeps]) for layout in layouts]
    draw = {"memory": lambda layout: MemoryChart(boot, layout, f"{key}-memory").draw()}
    if boot.sweeps and boot.kaslr and boot.slot_pieces():
        draw["sweep"] = lambda layout: draw_sweep(boot, layout, f"{key}-sweep")
    if boot.policies:
        draw["policies"] = lambda layout: draw_policies(boot, layout, f"{key}-policies")
    with matplotlib.rc_context(STYLE):
        return {name: [of(layout) for layout in layouts] for name, of in draw.items() if only in (None, name)}
