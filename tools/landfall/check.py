# SPDX-License-Identifier: MIT
"""Judges a serial log as a lab gets it: passed, failed, truncated, garbled or rebooted. What it takes for what: docs/check-log.md."""
import re
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from . import records

EXIT = {"passed": 0, "failed": 1, "truncated": 3, "garbled": 4, "rebooted": 5}
ESCAPE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)|[()*+][0-9A-Za-z]|[0-9=>A-Za-z])")
RECORD = re.compile(r'\{"rec":"[^\x00-\x1f\x7f]*?,"crc":"[0-9a-f]{8}"\}')
# What is left of a record after most accidents.
TRACE = re.compile(r'\{"rec|"boot_id":|,"crc":|"seq":\d')
RESULT = re.compile(r"(not )?ok (\d+) - (.*)")
BROKEN = (AssertionError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError)


class Verdict(Exception):
    """Ends the judging: one of EXIT, and why."""

    def __init__(self, state, why):
        super().__init__(f"{state}: {why}")
        self.state, self.why = state, why


class Wire:
    """What came over the wire: records that are whole, traces of others, KTAP."""

    def __init__(self, data):
        self.lines, self.records, self.damaged_at, self.ktap = [], [], [], []
        self.error = None
        for line in re.split(r"[\r\n]+", ESCAPE.sub(b"", data).decode("ascii", "replace")):
            self._take(line)

    def _take(self, line):
        """Noise may stand in front of a record or behind it: its CRC says what belongs to it."""
        rest, end = [], 0
        for m in RECORD.finditer(line):
            if self._take_record(m[0]):
                rest.append(line[end:m.start()])
                end = m.end()
        rest.append(line[end:])
        if any(TRACE.search(part) for part in rest):
            self.damaged_at.append(len(self.records))
        self._take_text(line)

    def _take_record(self, line):
        try:
            record = records.read_record(line)
        except BROKEN:
            return False
        if line not in self.lines[-8:]:  # what two consoles on one wire send twice
            self.lines.append(line)
            self.records.append(record)
        return True

    def _take_text(self, line):
        error = re.match(r"\[ *\d+\.\d{6}\] ((error|fault): .*)", line)
        if error:
            self.error = error[1]
        if line == "KTAP version 1" or (self.ktap and line.isascii() and records.KTAP.fullmatch(line)):
            self.ktap.append(line)


def check_arrival(wire):
    """All records are there, of one boot, in order; raises what else the log is."""
    boots = list(dict.fromkeys(r["boot_id"] for r in wire.records))
    seqs = [r["seq"] for r in wire.records]
    if len(boots) > 1:
        raise Verdict("rebooted", f"{len(boots)} boots: {', '.join(boots)}")
    if not seqs:
        raise Verdict("garbled" if wire.damaged_at[1:] else "truncated", "no record has arrived whole")
    ended = wire.records[-1]["rec"] == "end"
    row = list(range(seqs[0], seqs[0] + len(seqs)))
    if seqs == row and not seqs[0] and ended:
        if {0, len(seqs)} & set(wire.damaged_at):
            raise Verdict("rebooted", "part of another boot's record stands before the first or behind the last")
        return
    if seqs == row and seqs[0] and ended and not wire.damaged_at:
        raise Verdict("truncated", f"the log begins with record {seqs[0]}")
    # The last line may have been cut; anything behind it means that the log went on.
    at_the_end = wire.damaged_at in ([], [len(seqs)])
    if seqs == row and not seqs[0] and at_the_end and not wire.ktap:
        raise Verdict("truncated", f"the log ends after record {seqs[-1]}")
    missing = sorted(set(range(seqs[-1] + (not ended) + 1)) - set(seqs))
    raise Verdict("garbled", f"records damaged or missing: {', '.join(map(str, missing[:8]))}{', ...' if missing[8:] else ''}"
                  if missing else "records out of order")


def check_ktap(wire):
    """KTAP has no CRC, but it is counted, and its last line is known: 1..N, and N results. A prediction has none."""
    if wire.records[0].get("protocol") == "predict":
        return
    plan = next((int(line[3:]) for line in wire.ktap if re.fullmatch(r"1\.\.\d+", line)), None)
    results = [m for m in map(RESULT.fullmatch, wire.ktap) if m]
    in_order = [int(m[2]) for m in results] == list(range(1, len(results) + 1))
    last = [r for r in wire.records if r["rec"] == "verdict"][-1:]
    want = f"{'not ' if last[0]['result'] == 'stained' else ''}ok {plan} - clean: {last[0]['alloc']}" if last else None
    if plan == len(results) and in_order and (not results or results[-1][0] == want):
        return
    if in_order and (not results or (plan and (len(results) < plan or (want or "").startswith(results[-1][0])))):
        raise Verdict("truncated", f"KTAP ends within result {len(results)} of {plan or 'an unknown number'}")
    raise Verdict("garbled", "KTAP lines damaged or missing")


def forced_hotplug(log):
    """Nodes that the option hotplug= names; the last one given counts."""
    given = re.findall(r'(?:^|\s)"?hotplug="?([0-9a-fxA-FX,]+)', log.one("boot")["cmdline"])
    return [int(n, 0) for n in given[-1].split(",")] if given else []


def check_run(wire):
    """The verdicts once more, from the records of memory, affinity, reservations and runs."""
    try:
        log = records.Log("\r\n".join(wire.lines + wire.ktap + [""]).encode())
        log.check_run(forced_hotplug(log))
        return log
    except BROKEN as e:
        raise Verdict("failed", f"the records contradict each other: {e}") from None


def judge(data, allow_stained=False):
    """(state, why, wire) of a log's bytes."""
    wire = Wire(data)
    try:
        check_arrival(wire)
        status = wire.records[-1]["status"]
        if status not in ("clean", "stained"):
            raise Verdict("failed", wire.error or f"the end record says {status}")
        check_ktap(wire)
        log = check_run(wire)
        results = ", ".join(f"{v['alloc']} {v['result']}" for v in log.all("verdict"))
        if status == "stained" and not allow_stained:
            raise Verdict("failed", f"stained: {results}")
        return "passed", f"{results}; {len(wire.records)} records", wire
    except Verdict as v:
        return v.state, v.why, wire


def junit(state, why, wire, path):
    """The log as one test case; of a run that came to its end, each of its checks as another."""
    bad = f"<failure type={quoteattr(state)} message={quoteattr(why)}/>" if state != "passed" else escape(why).join(
        ("<system-out>", "</system-out>"))
    cases = [f'<testcase classname="landfall" name="log">{bad}</testcase>']
    for m in map(RESULT.fullmatch, wire.ktap if state in ("passed", "failed") else []):
        if m:
            name, _, skip = m[3].partition(" # SKIP ")
            skip = "stained, which is allowed" if m[1] and state == "passed" else skip
            inside = f"<skipped message={quoteattr(skip)}/>" if skip else "<failure/>" if m[1] else ""
            cases.append(f'<testcase classname="landfall.check" name={quoteattr(name)}>{inside}</testcase>')
    text = "\n".join(cases)
    Path(path).write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="landfall" tests="{len(cases)}" '
                          f'failures="{text.count("<failure")}" skipped="{text.count("<skipped")}">\n{text}\n</testsuite>\n')
