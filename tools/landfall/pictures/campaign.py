# SPDX-License-Identifier: MIT
"""A whole campaign as one picture: a row for each machine, page size and policy, a cell for each seed."""
import json
from collections import defaultdict, namedtuple

from matplotlib.patches import Patch

from .. import records
from .charts import LIGHT, SEE, Area, Canvas, fitting
from .facts import FactsError

CAPTION = ("Every boot of the campaign", "A row for each machine, page size and policy, and in it a cell for each seed, from low to high. "
           "Where cells are narrower than a pixel the worst of them is shown.")
HEADS = ("machine", "page size", "policy", "boots", "stained", "share", "no verdict", "not as predicted", "most pages on movable nodes")
# From harmless to what must not be overlooked; what a cell may be.
KINDS = {"clean": ("clean", "clean"), "none": ("unsure", "no verdict"), "stained": ("stain", "stained"), "differs": ("kernel", "not as predicted")}
WORST = list(KINDS)

Cell = namedtuple("Cell", "seed kind pages job")


class CampaignFacts:
    """results.jsonl of tools/campaign: the last result of each boot counts."""

    def __init__(self, data, name):
        self.name, self.boots, self.rows = name, {}, defaultdict(list)
        for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
            try:
                r = json.loads(line)
                self.boots[r["machine"], r["page_size"], r["alloc"], int(r["seed"])] = r
            except (ValueError, LookupError, TypeError):
                raise FactsError(f"{name}: line {number} is no result of a campaign") from None
        for (machine, size, alloc, seed), r in sorted(self.boots.items(), key=lambda item: tuple(map(str, item[0][:3])) + item[0][3:]):
            self._take(str(machine), str(size), str(alloc), seed, r)

    def _take(self, machine, size, alloc, seed, r):
        verdicts = {v["alloc"]: v for v in r.get("verdicts") or [] if isinstance(v, dict) and "alloc" in v}
        for policy in map(str, verdicts or [alloc]):
            v = verdicts.get(policy, {})
            kind = "differs" if not r.get("as_predicted") else records.result_of(v)
            self.rows[machine, size, policy].append(Cell(seed, kind if kind in KINDS else "none", v.get("on_movable") or 0, alloc))

    def summary(self):
        bad = sum(not r.get("as_predicted") for r in self.boots.values())
        return f"{len(self.boots)} boots, {f'{bad} of them not' if bad else 'all'} as predicted."


def is_campaign(data):
    return data[:4096].lstrip().startswith(b'{"machine"')


def share(cells, kind):
    return sum(c.kind == kind for c in cells)


def rows(facts):
    return [(*key, len(cells), share(cells, "stained"), f"{100 * share(cells, 'stained') / len(cells):.3g} %", share(cells, "none"),
             share(cells, "differs"), max(c.pages for c in cells)) for key, cells in facts.rows.items()]


def differences(facts):
    return [(f"{machine} {seed} {alloc} {size}", r.get("difference", "unknown"), r.get("boot", ""))
            for (machine, size, alloc, seed), r in facts.boots.items() if not r.get("as_predicted")]


def strip(cells, width):
    """(first, last, kind) of neighbouring cells of one kind; those within a pixel are one, and the worst of them shows."""
    found, narrow = [], len(cells) / width * SEE
    for i, cell in enumerate(cells):
        if found and (cell.kind == found[-1][2] or i + 1 - found[-1][0] < narrow):
            worst = max(cell.kind, found[-1][2], key=WORST.index)
            found[-1] = found[-1][0], i, worst
        else:
            found.append((i, i, cell.kind))
    return found


def label(key):
    machine, size, policy = key
    return f"{machine.rpartition('/')[2]} {size} {policy}"


def draw(facts, layout, key):
    layout = fitting(layout, map(label, facts.rows) if layout.wide else [])
    row, top, aside = layout.row + (0 if layout.wide else 18), 40 if layout.wide else 76, 110
    width, height = layout.width - layout.left - layout.right - aside, row * len(facts.rows)
    if not layout.wide:
        width += layout.left - layout.right
    canvas = Canvas(layout, top + height + 12, key)
    kinds = {c.kind for cells in facts.rows.values() for c in cells}
    canvas.legend([Patch(facecolor=LIGHT[colour], label=words) for kind, (colour, words) in KINDS.items() if kind in kinds], 4)
    left = layout.left if layout.wide else layout.right
    area = Area(canvas, (left, top, width), 1)
    for i, (name, cells) in enumerate(facts.rows.items()):
        y = i * row + (0 if layout.wide else 18)
        draw_row(canvas, area, (name, cells), (y, width, layout.row - 5))
        if layout.wide:
            canvas.text(left - 8, top + y + layout.row / 2, label(name), ha="right", va="center")
        else:
            canvas.text(left, top + y - 2, label(name), va="bottom")
        words = f"{share(cells, 'stained')} of {len(cells)}"
        canvas.text(left + width + 10, top + y + layout.row / 2, words, "stain" if share(cells, "stained") else "muted", va="center")
    return canvas.named(CAPTION[0], " ".join(f"{label(name)}: {share(cells, 'stained')} of {len(cells)} boots stained." for name, cells in facts.rows.items()))


def draw_row(canvas, area, row, place):
    (name, cells), (y, width, high) = row, place
    for first, last, kind in strip(cells, width):
        a, b = cells[first].seed, cells[last].seed
        words = f"{label(name)}: seed{f' {a}' if first == last else f's {a} to {b}'}: {KINDS[kind][1]}"
        gap = 0.15 if len(cells) < 60 else 0
        canvas.mark(area, ((first + gap / 2) / len(cells), y + 2, (last - first + 1 - gap) / len(cells), high), words,
                    facecolor=LIGHT[KINDS[kind][0]], linewidth=0)
