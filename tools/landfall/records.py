# SPDX-License-Identifier: MIT
"""Reads a serial log and checks all that docs/log-format.md promises of any log: lines, records, CRCs, sums, verdicts."""
import json
import re
import zlib
from functools import lru_cache

from . import model
from .paths import INSTALLED, ROOT, SCHEMA
from .sizes import BLOCKS, G, M

STAMP = re.compile(r"\[ *\d+\.\d{6}\] ")
KTAP = re.compile(r"KTAP version 1|1\.\.\d+|(not )?ok \d+ - .*|# .*|Bail out! .*")
# report=tables: what acpidump prints, and the firmware's map as start, size, type.
HEX = re.compile(r"e820: [0-9a-f]{16} [0-9a-f]{16} [0-9a-f]{8}|.{4} @ 0x[0-9A-F]{16}|    [0-9A-F]{4,}: .*|")
LEVELS = ["pte", "pmd", "pud", "p4d"]
MAX_STRETCHES = 1024  # of blocks that the kernel can tell apart


class LogError(AssertionError):
    """The log is not what docs/log-format.md says."""


def need(condition, words):
    if not condition:
        raise LogError(words)


@lru_cache(maxsize=1)
def validators():
    """The class of what checks by a schema, which takes longer to load than many a program runs. None where it is not installed:
    records are then checked by their CRC, and against each other."""
    try:
        import jsonschema
    except ImportError:
        return None
    return jsonschema.Draft7Validator


@lru_cache(maxsize=1)
def schema():
    """Of all records. In the source tree the kernel's table of policies says which there are; what is installed has them in it."""
    found = json.loads(SCHEMA.read_text())
    if not INSTALLED:
        table = re.findall(r"\bPOLICY\((\w+)\)", (ROOT / "mm/policy.h").read_text())
        found["definitions"]["alloc"]["enum"] = [name.replace("_", "-") for name in table]
    return found


def inlined(part):
    """A part of the schema with what it refers to in its place."""
    if isinstance(part, list):
        return [inlined(p) for p in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return inlined(schema()["definitions"][part["$ref"].rpartition("/")[2]])
    return {k: inlined(v) for k, v in part.items()}


@lru_cache(maxsize=None)
def validator(kind):
    """For records of one kind; None for a kind that the schema does not have. Many times quicker than the whole schema."""
    known = kind in schema()["definitions"] and kind in schema()["properties"]["rec"]["enum"]
    return validators()(inlined(schema()["definitions"][kind])) if known else None


def hexes(value):
    """Addresses, strings in records, as numbers."""
    if isinstance(value, str) and re.fullmatch(r"0x[0-9a-f]+", value):
        return int(value, 16)
    if isinstance(value, dict):
        return {k: hexes(v) for k, v in value.items()}
    return value


def parse_record(line):
    """The record on a line whose CRC is right, addresses as text; what it says may still be anything."""
    head, comma, crc = line.rpartition(',"crc"')
    m = re.fullmatch(r':"([0-9a-f]{8})"}', crc)
    need(comma and m, f"record without crc: {line}")
    need(int(m[1], 16) == zlib.crc32(head.encode()), f"wrong crc: {line}")
    return json.loads(line)


def unknown_in(record):
    """What of a record the schema does not know, in words, or ''."""
    kind = record.get("rec") if isinstance(record, dict) else None
    if validators() and isinstance(kind, str) and validator(kind):
        return "; ".join(e.message for e in validator(kind).iter_errors(record))
    for field, known in (("rec", schema()["properties"]["rec"]), ("alloc", schema()["definitions"]["alloc"])):
        if field in record and record[field] not in known.get("enum", [record[field]]):
            return f"{record[field]!r} is no known {field}"
    return ""


def numbered(record):
    """The record with its addresses as numbers."""
    return {k: v if k in ("cmdline", "loader", "machine") else hexes(v) for k, v in record.items()}


@lru_cache(maxsize=1 << 14)
def read_any(line):
    """(record, what of it is unknown) of a line whose CRC is right; kept, as check.py reads each line of a log twice."""
    record = parse_record(line)
    return numbered(record), unknown_in(record)


def read_record(line):
    record, unknown = read_any(line)
    need(not unknown, f"{unknown}: {line}")
    return record


def read_all(data):
    """The records of a log in bytes, unchecked; lines that are no JSON object are left out."""
    found = []
    for line in data.replace(b"\r", b"").split(b"\n"):
        try:
            record = json.loads(line) if line.startswith(b"{") else None
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict):
            found.append(record)
    return found


def result_of(verdict):
    """clean, stained or none: without a SRAT that can be used there was nothing to judge by."""
    result = verdict.get("result")
    return "none" if result == "clean" and verdict.get("srat") != "ok" else result


def expected_result(verdict, stains):
    return "stained" if stains else "clean" if verdict["srat"] == "ok" else "none"


class Log:
    """A log taken apart: .text (stamps gone), .records, .ktap, .hex. Raises LogError on the first broken promise."""

    def __init__(self, data):
        need(data, "the log is empty")
        need(data.endswith(b"\r\n"), f"the log is cut: {data[-80:]!r}")
        bad = re.search(rb"[^\r\n\x20-\x7e]|\n(?<!\r\n)|\r(?!\n)", data)
        need(not bad, f"not plain ASCII lines: {data[max(0, bad.start() - 60):bad.end() + 20]!r}" if bad else "")
        self.text, self.records, self.ktap, self.hex = [], [], [], []
        for line in data.decode("ascii").split("\r\n")[:-1]:
            self._take(line)
        self._check_frame()

    def _take(self, line):
        if line.startswith("{"):
            self.records.append(read_record(line))
            return
        need(len(line) <= 200, f"longer than 200 columns: {line}")
        if KTAP.fullmatch(line):
            self.ktap.append(line)
        elif HEX.fullmatch(line):
            self.hex.append(line)
        else:
            need(STAMP.match(line), f"no time stamp: {line!r}")
            self.text.append(STAMP.sub("", line, count=1))

    def _check_frame(self):
        predicted = self.predicted  # nothing ran that could be checked
        need(predicted or self.ktap[:1] == ["KTAP version 1"], "no KTAP")
        if self.records:
            need([r["seq"] for r in self.records] == list(range(len(self.records))), "gaps in seq")
            need(len({r["boot_id"] for r in self.records}) == 1, "more than one boot_id")
            need(self.records[-1]["rec"] == "end" and len(self.all("end")) == 1, "the last record is not the end")
        if self.records and not predicted and self.status in ("clean", "stained"):
            self._check_ktap()
        if self.text and not predicted and not any(line.startswith("Bail out!") for line in self.ktap):
            need(self.text[-1].startswith("repeat with: "), f"the last line of text is {self.text[-1]!r}")

    def _check_ktap(self):
        results = [line for line in self.ktap if re.match("(not )?ok", line)]
        need(f"1..{len(results)}" in self.ktap, "KTAP's plan does not hold")
        numbers = [int(re.search(r"\d+", line)[0]) for line in results]
        need(numbers == list(range(1, len(results) + 1)), "KTAP's numbers")
        for line in results:
            name = line.split(" - ", 1)[1]
            if line.startswith("not ok"):
                need(name == f"clean: {self.verdict['alloc']}" and self.status == "stained", f"failed: {name}")
        for v in self.all("verdict")[:-1]:
            skip = f" - clean: {v['alloc']} # SKIP comparison"
            need(any(line.endswith(skip) for line in results), f"no line {skip}")

    # ---- looking things up ----

    def all(self, rec, **fields):
        return [r for r in self.records if r["rec"] == rec and all(r.get(k) == v for k, v in fields.items())]

    def one(self, rec, **fields):
        found = self.all(rec, **fields)
        need(len(found) == 1, f"{len(found)} records {rec} {fields}")
        return found[0]

    @property
    def predicted(self):
        return bool(self.records) and self.records[0].get("protocol") == "predict"

    @property
    def status(self):
        return self.records[-1]["status"]

    @property
    def verdict(self):
        return self.all("verdict")[-1]

    # ---- the records against each other and against the model ----

    def check_run(self, forced_hotplug=()):
        """Everything a completed run says must follow from its memory map, its SRAT and what it reserved."""
        nodes = model.Nodes(self, forced_hotplug)
        for r in self.all("node"):
            nodes.check(r)
            home = self.one("kaslr")["node"]
            need((r["distance"] == 10) == (r["node"] == home), f"distance from node {home}: {r}")
        for verdict in self.all("verdict"):
            self._check_policy(nodes, verdict)
        result = result_of(self.verdict)
        need(self.status == ("clean" if result == "none" else result), "the end's status is not the last verdict's")
        need({r["srat"] for r in self.all("verdict")} == {self.one("end")["srat"]}, "srat differs between records")
        kaslr = self.one("kaslr")
        need(kaslr["node"] == nodes.node_of(kaslr["base"]), "the image's node")
        need(self.all("reserved", start=0, end=1 << 20), "[0, 1M) is not reserved")
        need(any(r["start"] == kaslr["base"] for r in self.all("reserved")), "the image is not reserved")
        if kaslr["slot"] is not None:
            self._check_slot(kaslr)

    def _check_slot(self, kaslr):
        """The slot drawn is one that the model finds as well, at the same place in the same list."""
        options = self.one("boot")["cmdline"]
        if re.search(r"\b(mem|memmap|kaslr|image_size|hotplug)=", options) or \
                self.one("boot")["protocol"] == "uefi" or self.all("reserved", what="boot services"):
            return  # the model knows neither the other chooser, nor a map or marks that options change, nor UEFI's free memory
        if not self.text and self.one("boot")["protocol"] == "linux":
            return  # only a line of text tells where the loader had put the image
        start = next((int(line.split("0x")[1], 16) for line in self.text if line.startswith("image was loaded at ")), model.LOADED)
        loaded = start, start + kaslr["end"] - kaslr["base"]
        modules = [(r["start"], r["end"]) for r in self.all("reserved", what="module")]
        slots = model.Slots(self, [(0, 1 << 20), loaded, *modules])
        need(kaslr["slots"] == len(slots), f"{kaslr['slots']} slots, the model finds {len(slots)}")
        need(kaslr["base"] == slots[kaslr["slot"]], f"slot {kaslr['slot']} lies at {slots[kaslr['slot']]:#x}")

    def _check_policy(self, nodes, verdict):
        alloc = verdict["alloc"]
        runs, pages = self.all("run", alloc=alloc), self.one("map", alloc=alloc)["pages"]
        cost = (self.all("cost", alloc=alloc) or [None])[0]
        need(cost or self.predicted, f"no record cost of {alloc}")
        if cost:
            need(cost == self.one("cost", alloc=alloc), "more than one cost")
            need([cost[k] for k in ("pages", "on_movable", "pinned")] == [verdict[k] for k in ("table_pages", "on_movable", "pinned")],
                 "cost and verdict differ")
        if not runs and (self.predicted or any(line.endswith(f" - walk: {alloc} # SKIP counts only") for line in self.ktap)):
            self._check_counted(nodes, verdict, pages, cost)
            return
        for r in runs:
            need(r["start"] % 4096 == 0 and r["start"] < r["end"], f"empty or crooked run: {r}")
            for at in (r["start"], r["end"] - 4096):
                need(r["node"] == nodes.node_of(at), f"page table {at:#x} on node {nodes.node_of(at)}: {r}")
                need(r["movable"] == nodes.is_movable(at), f"page table {at:#x} movable or not: {r}")
        count = {level: sum(r["end"] - r["start"] for r in runs if r["level"] == level) // 4096
                 for level in LEVELS + ["pgd"]}
        # Which page of the image it is a prediction knows from a System.map only.
        need(count.pop("pgd") in ((0, 1) if self.predicted else (1,)), "the top table has one run of one page")
        need({k: v for k, v in count.items() if k in pages} == pages, f"runs {count}, map {pages}")
        need(verdict["table_pages"] == sum(count.values()), "table_pages")
        stains = [r for r in runs if r["movable"] and r["level"] != "pgd"]
        need(verdict["on_movable"] == sum(r["end"] - r["start"] for r in stains) // 4096, "on_movable")
        need(verdict["stained_nodes"] == sorted({r["node"] for r in stains}), "stained_nodes")
        need(verdict["pinned"] == sum(nodes.hot_ram(n) for n in verdict["stained_nodes"]), "pinned")
        need(result_of(verdict) == expected_result(verdict, stains), "result")
        taken = sorted((r["start"], r["end"]) for r in runs)
        need(all(a[1] <= b[0] for a, b in zip(taken, taken[1:])), "two runs share a page")
        if cost:
            self._check_cost(cost, [r for r in runs if r["level"] != "pgd"], list(pages))

    def _check_counted(self, nodes, verdict, pages, cost):
        """No page is listed: sums are all there is."""
        need(verdict["table_pages"] == sum(pages.values()), "table_pages")
        need(verdict["pinned"] == sum(nodes.hot_ram(n) for n in verdict["stained_nodes"]), "pinned")
        stained = bool(verdict["on_movable"])
        need(result_of(verdict) == expected_result(verdict, stained) and stained == bool(verdict["stained_nodes"]), "result")
        if cost:
            need(sum(cost["stained"].values()) == cost["on_movable"] <= cost["pages"], "cost: stained")
            need(all(n <= pages[level] for level, n in cost["stained"].items()), "cost: stained")
            need(cost["below"]["16m"] <= cost["below"]["4g"] <= cost["pages"], "cost: below")
            need(10 * cost["pages"] <= cost["distance"] <= 255 * cost["pages"], "cost: distance")

    def _check_cost(self, cost, runs, levels):
        def pages(of, limit=1 << 64):
            return sum(model.size(model.cut((0, limit), (r["start"], r["end"]))) for r in of) // 4096
        stains, home = [r for r in runs if r["movable"]], self.one("kaslr")["node"]
        need(cost["stained"] == {level: pages([r for r in stains if r["level"] == level]) for level in levels}, "cost: stained")
        need(cost["below"] == {"16m": pages(runs, 16 * M), "4g": pages(runs, 4 * G)}, "cost: below")
        held = {name: {b for r in stains for b in range(r["start"] // size, (r["end"] - 1) // size + 1)} for name, size in BLOCKS.items()}
        if cost["blocks"]:
            need(cost["blocks"] == {name: len(of) for name, of in held.items()}, "cost: blocks")
        else:
            need(sum(b + 1 not in held["128m"] for b in held["128m"]) > MAX_STRETCHES, "cost: blocks not counted")
        distance = {None: 10 if home is None else 20, **{r["node"]: r["distance"] for r in self.all("node")}}
        need(cost["distance"] == sum(pages([r]) * distance[r["node"]] for r in runs), "cost: distance")
        need(1 <= cost["passes"] <= cost["steps"] < cost["ranges"], f"cost: steps: {cost}")


# What differs between two runs of one seed: time, and what is random on purpose.
FLEETING = [(rb"\[ *\d+\.\d{6}\]", b"[]"), (rb'"boot_id":"[^"]*"', b""), (rb'"crc":"[0-9a-f]{8}"', b""),
            (rb'"(tsc_hz|build_ns|elapsed_ns)":\d+', b""), (rb"\bin \d+(\.\d+)? ?[mun]?s\b", b"")]


def without_times(data):
    for pattern, instead in FLEETING:
        data = re.sub(pattern, instead, data)
    return data
