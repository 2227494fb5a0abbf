# SPDX-License-Identifier: MIT
"""Judges a serial log as a lab gets it. What it takes for what: docs/check-log.md."""
import re
from collections import namedtuple

from . import records
from .wire import BROKEN, Wire

EXIT = {"passed": 0, "failed": 1, "truncated": 3, "garbled": 4, "rebooted": 5, "no verdict": 6, "unknown": 7}
RESULT = re.compile(r"(not )?ok (\d+) - (.*)")
RESULT_WORDS = {"none": "no verdict"}

Judged = namedtuple("Judged", "state why wire")


class Verdict(Exception):
    """Ends the judging: one of EXIT, and why."""

    def __init__(self, state, why):
        super().__init__(f"{state}: {why}")
        self.state, self.why = state, why


# ---- logs with records -----------------------------------------------------------------------------------------------

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
    missing = gaps(seqs, ended)
    raise Verdict("garbled", f"records damaged or missing: {', '.join(map(str, missing[:8]))}{', ...' if missing[8:] else ''}"
                  if missing else "records out of order")


def gaps(seqs, ended):
    """The first few numbers that are missing; a number that is far too high does no harm."""
    there, found, at = set(seqs), [], 0
    while at < max(seqs) + (not ended) and len(found) < 9:
        if at not in there:
            found.append(at)
        at += 1
    return found


def check_known(wire):
    """Records whose CRC is right have not been damaged: what is odd in them is of another version."""
    if wire.unknown:
        number, words = wire.unknown[0]
        more = f", and {len(wire.unknown) - 1} more" if wire.unknown[1:] else ""
        raise Verdict("unknown", f"record {number} is whole, but not as this check-log knows it{more}: {words}")


def check_ktap(wire):
    """KTAP has no CRC, but it is counted, and its last line is known: 1..N, and N results. A prediction has none."""
    if wire.records[0].get("protocol") == "predict":
        return
    plan, results, in_order = ktap_of(wire)
    last = wire_verdicts(wire)[-1]
    want = re.escape(f"{'not ' if last['result'] == 'stained' else ''}ok {plan} - clean: {last['alloc']}")
    want += "( # SKIP .*)?" if records.result_of(last) == "none" else ""
    if plan and plan == len(results) and in_order and re.fullmatch(want, results[-1][0]):
        return
    if in_order and (not results or (plan and (len(results) < plan or cut_short(last, plan, results[-1][0])))):
        raise Verdict("truncated", f"KTAP ends within result {len(results)} of {plan or 'an unknown number'}")
    raise Verdict("garbled", "KTAP lines damaged or missing")


def cut_short(last, plan, line):
    whole = f"{'not ' if last['result'] == 'stained' else ''}ok {plan} - clean: {last['alloc']}"
    return whole.startswith(line)


def ktap_of(wire):
    """(planned number or None, results, whether they are counted right) of the KTAP lines."""
    plan = next((int(line[3:]) for line in wire.ktap if re.fullmatch(r"1\.\.\d{1,6}", line)), None)
    results = [m for m in map(RESULT.fullmatch, wire.ktap) if m]
    return plan, results, [int(m[2]) for m in results] == list(range(1, len(results) + 1))


def wire_verdicts(wire):
    """The verdict records; a log without one has proved nothing."""
    found = [r for r in wire.records if r["rec"] == "verdict"]
    if not found:
        raise Verdict("failed", "the log has an end, but no verdict")
    return found


def forced_hotplug(log):
    """Nodes that the option hotplug= names; the last one given counts."""
    given = re.findall(r'(?:^|\s)"?hotplug="?([0-9a-fxA-FX,]+)', log.one("boot")["cmdline"])
    return [int(n, 0) for n in given[-1].split(",")] if given else []


def check_run(wire):
    """The verdicts once more, from the records of memory, affinity, reservations and runs."""
    try:
        log = records.Log("\r\n".join(wire.lines + wire.ktap + [""]).encode())
        log.check_run(forced_hotplug(log))
    except BROKEN as e:
        raise Verdict("failed", f"the records contradict each other: {e}") from None


def judge_records(wire, allow_stained):
    check_arrival(wire)
    status = wire.records[-1].get("status")
    if status in ("error", "fault"):
        raise Verdict("failed", wire.error or f"the end record says {status}")
    check_known(wire)
    verdicts = wire_verdicts(wire)
    check_ktap(wire)
    check_run(wire)
    conclude([(v["alloc"], RESULT_WORDS.get(records.result_of(v), v["result"])) for v in verdicts],
             f"{len(wire.records)} records", allow_stained, f"SRAT {verdicts[-1]['srat']}; ")


# ---- logs without -----------------------------------------------------------------------------------------------------

def judge_text(wire, allow_stained):
    """report=text: every verdict stands there twice, as text and as a result that is counted; both must say the same."""
    if wire.banners > 1:
        raise Verdict("rebooted", f"{wire.banners} boots")
    if any(line.startswith("Bail out!") for line in wire.ktap):
        raise Verdict("failed", wire.error or next(line for line in wire.ktap if line.startswith("Bail out!")))
    plan, results, in_order = ktap_of(wire)
    if in_order and (not plan or len(results) < plan or not wire.repeats):
        raise Verdict("truncated", f"text alone, and KTAP ends within result {len(results)} of {plan or 'an unknown number'}")
    told = {m[3].partition(" # SKIP ")[0][7:]: m for m in results if m[3].startswith("clean: ")}
    last = wire.verdicts[-1][1] if wire.verdicts else ""
    whole = plan == len(results) and in_order and bool(wire.verdicts) and list(told) == [alloc for alloc, _ in wire.verdicts]
    if not whole or bool(results[-1][1]) != (last == "stained"):
        raise Verdict("garbled", "text alone, and its verdicts are not those of the KTAP lines")
    broken = [m[3] for m in results if m[1] and not m[3].startswith("clean: ")]
    if broken:
        raise Verdict("failed", f"a check of Landfall's own: {broken[0]}")
    conclude(wire.verdicts, "text alone, which no CRC protects", allow_stained)


# ---- both -------------------------------------------------------------------------------------------------------------

def conclude(verdicts, basis, allow_stained, because=""):
    """Raises what the log is, now that it is known to be whole; the last verdict is the run's."""
    results = ", ".join(f"{alloc} {result}" for alloc, result in verdicts)
    last = verdicts[-1][1]
    if last == "no verdict":
        raise Verdict("no verdict", f"{because}{results}; {basis}")
    if last == "stained" and not allow_stained:
        raise Verdict("failed", f"stained: {results}")
    raise Verdict("passed", f"{results}; {basis}")


def judge(data, allow_stained=False):
    """The state of a log's bytes, why, and what has come over the wire."""
    wire = Wire(data)
    try:
        text_only = not wire.records and not wire.damaged_at and (wire.verdicts or wire.ktap or wire.banners)
        (judge_text if text_only else judge_records)(wire, allow_stained)
    except Verdict as v:
        return Judged(v.state, v.why, wire)
    except BROKEN as e:  # a record that says what none can
        return Judged("failed", f"the records make no sense: {type(e).__name__}: {e}", wire)
