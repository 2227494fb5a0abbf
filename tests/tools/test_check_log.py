# SPDX-License-Identifier: MIT
"""tools/check-log: what a bad wire does to a log is never taken for a pass, and what does no harm is."""
import gzip
import json
import random
import re
import subprocess
import xml.etree.ElementTree as ElementTree
import zlib
from functools import lru_cache
from pathlib import Path

import forked
import pytest
from landfall import check, records, wire

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools/check-log"
# The same good lines are read thousands of times here.
records.read_any = lru_cache(maxsize=None)(records.read_any)

MACHINES = ["azure", "no-srat", "overlap", "cpu-less", "pc-islands"]
WHOLE = ("passed", "no verdict")
STAINED = "base=0x5e00000 alloc=memblock,bottom-up seed=1 page_size=4k"


def good_log(machine="azure"):
    """A log as the kernel sends it."""
    return (ROOT / f"tests/machines/{machine}.expect").read_bytes().replace(b"\n", b"\r\n")


def state(data, **how):
    return check.judge(data, **how)[0]


def record_spans(data):
    return [m.span() for m in re.finditer(rb'\{"rec":[^\r\n]*', data)]


# ---- good logs ----

@pytest.mark.parametrize("machine", sorted(p.stem for p in (ROOT / "tests/machines").glob("*.expect")))
def test_good_logs_pass(machine):
    """Without a SRAT that can be used there is no verdict to pass."""
    found, why, wire = check.judge(good_log(machine))
    assert found == ("passed" if wire.records[-1]["srat"] == "ok" else "no verdict"), why


@lru_cache(maxsize=None)
def stained_log():
    if not (ROOT / "build/landfall.elf").exists():
        pytest.skip("build/landfall.elf is not there: make")
    done = subprocess.run([ROOT / "tools/run", f"--append={STAINED}"], cwd=ROOT, capture_output=True, timeout=120)
    assert done.returncode == 1, done.stdout[-2000:]
    return done.stdout


def test_stained_run_in_qemu():
    found, why, _ = check.judge(stained_log())
    assert (found, why.split(";")[0]) == ("failed", "stained: memblock clean, bottom-up stained")
    assert state(stained_log(), allow_stained=True) == "passed"


def test_junit_of_a_stain_that_is_allowed(tmp_path):
    """The XML says what the exit status says."""
    xml = tmp_path / "report.xml"
    for options, status, failures, skipped in ((["--allow-stained"], 0, "0", "2"), ([], 1, "2", "1")):
        assert shell(tmp_path, stained_log(), f"--junit={xml}", *options)[0] == status
        suite = ElementTree.parse(xml).getroot()
        assert (suite.get("failures"), suite.get("skipped")) == (failures, skipped)


def test_hotplug_option_is_taken_into_account():
    """With a node made hot-pluggable by an option, records still follow from each other."""
    if not (ROOT / "build/landfall.elf").exists():
        pytest.skip("build/landfall.elf is not there: make")
    done = subprocess.run([ROOT / "tools/run", "--machine=none", "--append=hotplug=0 seed=1"], cwd=ROOT, capture_output=True,
                          timeout=120)
    assert state(done.stdout) == "no verdict"


# ---- what happens to logs ----

def flip_bit(dice, data, start, end):
    at = dice.randrange(start, end)
    return data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1:]


def drop_bytes(dice, data, start, end):
    at = dice.randrange(start, end)
    return data[:at] + data[min(end, at + dice.randrange(1, 20)):]


def insert_noise(dice, data, start, end):
    at = dice.randrange(start + 1, end)
    noise = bytes(dice.choice(b"abcXYZ0123456789{}:,\"\x00\xff\xe2\r\n") for _ in range(dice.randrange(1, 30)))
    return data[:at] + noise + data[at:]


def overwrite(dice, data, start, end):
    at = dice.randrange(start, end)
    n = min(end - at, dice.randrange(1, 12))
    new = bytes(b ^ dice.randrange(1, 256) for b in data[at:at + n])
    return data[:at] + new + data[at + n:]


def swap_bytes(dice, data, start, end):
    while True:
        a, b = sorted(dice.sample(range(start, end), 2))
        if data[a] != data[b]:
            return data[:a] + data[b:b + 1] + data[a + 1:b] + data[a:a + 1] + data[b + 1:]


def lose_line(dice, data, start, end):
    return data[:start] + data[end + 2:]


def repeat_part(dice, data, start, end):
    a, b = sorted(dice.sample(range(start + 1, end), 2))
    return data[:b] + data[a:b] + data[b:]


def cut_off(dice, data, start, end):
    return data[:dice.randrange(start, end)]


def other_boot(data, boot_id):
    """The same log with another boot_id: on a host they are all alike."""
    lines = data.replace(re.search(rb'"boot_id":"(\w+)"', data)[1], boot_id).split(b"\r\n")
    return b"\r\n".join(re.sub(rb'(,"crc":")\w+', lambda m, h=line: m[1] + b"%08x" % zlib.crc32(h[:m.start()]), line) for line in lines)


def reboot(dice, data, start, end):
    return data[:dice.randrange(start + 7, end)] + b"\r\nSeaBIOS (version 1.16.2)\r\n" + other_boot(data, b"0123456789abcdef")


def mix_lines(dice, data, start, end):
    """Two writers share the wire: the record is cut open by another line."""
    at = dice.randrange(start + 1, end)
    return data[:at] + b"[    1.234567] usb 1-1: new device\r\n" + data[at:]


DAMAGES = [flip_bit, drop_bytes, insert_noise, overwrite, swap_bytes, lose_line, repeat_part, cut_off, reboot, mix_lines]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda f: f.__name__)
def test_hurt_records_never_pass(damage):
    """A hundred times each; any record bears on the verdict, as what is missing cannot be checked."""
    seen = set()
    for n in range(100):
        dice = random.Random(f"{damage.__name__} {n}")
        data = good_log(dice.choice(MACHINES))
        hurt = damage(dice, data, *dice.choice(record_spans(data)))
        assert hurt != data
        found, why, _ = check.judge(hurt)
        seen.add(found)
        assert found in ("failed", "truncated", "garbled", "rebooted"), (n, found, why)
        assert why
    expected = {"cut_off": {"truncated"}, "reboot": {"rebooted"}, "lose_line": {"garbled", "truncated"}}
    assert seen <= expected.get(damage.__name__, {"garbled"} | ({"truncated"} if damage in (drop_bytes, repeat_part) else set())), seen


def noise_line(dice):
    return dice.choice([
        b"BdsDxe: loading Boot0001 \"UEFI QEMU DVD-ROM\"", b"SeaBIOS (version 1.16.2-debian-1.16.2-1)", b"", b"\x00\x00\x00",
        b"{\"level\":\"info\",\"msg\":\"lab: port is up\"}", b"ok", b"# lab", b"[    3.141592] random: crng init done",
        bytes(dice.choice(b" !#$%&'()*+-./0123456789;<=>?@ABCxyz~\xff\x80\x07\x08") for _ in range(dice.randrange(1, 90)))])


def add_noise_lines(dice, lines):
    for _ in range(dice.randrange(1, 40)):
        lines.insert(dice.randrange(len(lines) + 1), noise_line(dice))
    return b"\r\n".join(lines)


def add_escapes(dice, lines):
    """OVMF and GRUB colour and place what they print, and clear the screen in between."""
    codes = [b"\x1b[2J", b"\x1b[01;01H", b"\x1b[0m\x1b[37m\x1b[40m", b"\x1b[=3h", b"\x1b(B", b"\x1bM", b"\x1b]0;title\x07", b"\x1b[8;25;80t"]
    data = b"\r\n".join(lines)
    for _ in range(dice.randrange(1, 60)):
        at = dice.randrange(len(data) + 1)
        while b"\x1b" in data[max(0, at - 12):at]:  # not inside another one
            at -= 1
        data = data[:at] + dice.choice(codes) + data[at:]
    return data


def change_line_ends(dice, lines):
    return b"".join(line + dice.choice([b"\n", b"\r", b"\r\n", b"\n\r", b"\r\r\n", b"\r\n\r\n"]) for line in lines)


def put_noise_in_front(dice, lines):
    """Firmware that does not end its line before Landfall writes a record."""
    return b"\r\n".join(dice.choice([b"", b"Booting... ", b"\x00", b"> "]) + line if line.startswith(b"{") else line for line in lines)


def hurt_text(dice, lines):
    """Lines that are for people only."""
    at = [i for i, line in enumerate(lines) if line.startswith(b"[ ")]
    for i in dice.sample(at, 5):
        lines[i] = lines[i][:dice.randrange(len(lines[i]))] + b"\xfe" + lines[i][-dice.randrange(1, 10):]
    return b"\r\n".join(lines)


def send_twice(dice, lines):
    """Two consoles on one wire."""
    return b"\r\n".join(line for line in lines for _ in range(2 if line.startswith(b"{") else 1))


HARMLESS = [add_noise_lines, add_escapes, change_line_ends, put_noise_in_front, hurt_text, send_twice]


@pytest.mark.parametrize("disturb", HARMLESS, ids=lambda f: f.__name__)
def test_harmless_disturbances_pass(disturb):
    for n in range(40):
        dice = random.Random(f"{disturb.__name__} {n}")
        data = good_log(dice.choice(MACHINES))
        disturbed = disturb(dice, data.split(b"\r\n")[:-1]) + b"\r\n"
        assert disturbed != data
        found, why, _ = check.judge(disturbed)
        assert found in WHOLE, (n, why)


# ---- lines that are passed over ----

LINUX = b"".join(b"[%5d.%06d] usb %d-1: new device found, idVendor=0525\r\n" % (n // 1000, n % 1000, n) for n in range(3000))
SAID = [b"[    0.000001] " + words for words in (b"error: x", b"fault: x", b"finding: x", b"repeat with: x", b"Landfall 1.2.3: x", b"a-b: CLEAN: x",
                                                 b"ab: STAINED: x", b"ab: NO VERDICT: x")]
SAID += [b"1..7", b"ok 3 - x", b"not ok 4 - x", b"# x", b"Bail out! x", b"KTAP version 1"]
TRACES = [b'{"rec', b'"boot_id":', b',"crc":', b'"seq":1', b'x"seq":x', b"\xff", b"error: x", b"KTAP version 1", b"\x1b[0m"]


def mixed_log(dice):
    """Whole lines, words and traces of records anywhere in a log, with or without records, in a capture with or without a prefix."""
    lines = good_log(dice.choice(MACHINES)).split(b"\r\n")
    lines = [line for line in lines if not line.startswith(b"{")] if dice.random() < 0.3 else lines
    for word in dice.choices(SAID, k=12):
        lines.insert(dice.randrange(len(lines) + 1), word)
    for trace in dice.choices(TRACES, k=dice.randrange(6)):
        at = dice.randrange(len(lines))
        cut = dice.randrange(len(lines[at]) + 1)
        lines[at] = lines[at][:cut] + trace + lines[at][cut:]
    prefix = PREFIXES[dice.choice(sorted(PREFIXES))] if dice.random() < 0.4 else lambda n: b""
    return dice.choice([b"\r\n", b"\n", b"\r", b"\n\r\r"]).join(prefix(n) + line for n, line in enumerate(lines))


def test_no_line_that_matters_is_passed_over(monkeypatch):
    """What is made of a log is what is made of each of its lines, in whatever blocks it is searched."""
    logs = [mixed_log(random.Random(n)) for n in range(80)] + [b"", b"\r\n", *SAID, *TRACES]
    quick = [vars(wire.Wire(log)) for log in logs]
    monkeypatch.setattr(wire, "BLOCK", 500)
    assert quick == [vars(wire.Wire(log)) for log in logs]
    monkeypatch.setattr(wire, "MATTERS", [re.compile(rb"[^\r\n]+")])
    assert quick == [vars(wire.Wire(log)) for log in logs]


def test_another_systems_log_round_it():
    """Thousands of lines before and behind change nothing; each costs a search alone."""
    assert list(wire.lines_with(wire.MATTERS, LINUX)) == []
    for data in (good_log(), good_log("overlap"), stained_log().replace(b"\n", b"\r\n")):
        assert check.judge(LINUX + data + LINUX)[:2] == check.judge(data)[:2]


# ---- records that are whole, but do not tell the truth ----

def forge(data, rec, change):
    """The record with its number and address changed, and a CRC that fits."""
    def new(m):
        record = json.loads(m[0])
        change(record)
        del record["crc"]
        head = json.dumps(record, separators=(",", ":"))[:-1].encode()
        return head + b',"crc":"%08x"}' % zlib.crc32(head)
    return re.sub(rb'\{"rec":"%s"[^\r\n]*' % rec.encode(), new, data, count=1)


FORGED = {
    "a verdict without its stains": ("verdict", lambda r: r.update(on_movable=0, result="clean", stained_nodes=[], pinned=0)),
    "one page too few": ("verdict", lambda r: r.update(table_pages=r["table_pages"] - 1)),
    "pinned memory": ("verdict", lambda r: r.update(pinned=4096)),
    "the end": ("end", lambda r: r.update(status="clean")),
    "a run on another node": ("run", lambda r: r.update(node=(r["node"] or 0) + 1)),
    "a run on movable memory": ("run", lambda r: r.update(movable=not r["movable"])),
    "a longer run": ("run", lambda r: r.update(end=hex(int(r["end"], 16) + 4096))),
    "a node's memory": ("node", lambda r: r.update(present=r["present"] + 4096)),
    "a node that is movable": ("node", lambda r: r.update(movable=not r["movable"], hotplug=True)),
    "a node's distance": ("node", lambda r: r.update(distance=11 if r["distance"] == 10 else 10)),
    "the stains of a level": ("cost", lambda r: r["stained"].update(pte=r["stained"]["pte"] + 1)),
    "a level that is not there": ("cost", lambda r: r["stained"].pop("pmd")),
    "stains": ("cost", lambda r: r.update(on_movable=r["on_movable"] + 1)),
    "the price": ("cost", lambda r: r.update(pinned=r["pinned"] + 4096)),
    "small blocks": ("cost", lambda r: r["blocks"].update({"128m": r["blocks"]["128m"] + 1})),
    "large blocks": ("cost", lambda r: r["blocks"].update({"2g": r["blocks"]["2g"] + 1})),
    "blocks that were not counted": ("cost", lambda r: r.update(blocks=None)),
    "pages below 16 MiB": ("cost", lambda r: r["below"].update({"16m": r["below"]["16m"] + 1})),
    "pages below 4 GiB": ("cost", lambda r: r["below"].update({"4g": r["below"]["4g"] + 1})),
    "pages": ("cost", lambda r: r.update(pages=r["pages"] + 1, distance=r["distance"] + 10)),
    "a sum of distances": ("cost", lambda r: r.update(distance=r["distance"] + 1)),
    "more passes than steps": ("cost", lambda r: r.update(passes=r["steps"] + 1)),
    "more steps than ranges": ("cost", lambda r: r.update(steps=r["ranges"])),
    "the cost of another policy": ("cost", lambda r: r.update(alloc="memblock" if r["alloc"] == "bottom-up" else "bottom-up")),
    "a map's pages": ("map", lambda r: r["pages"].update(pte=r["pages"]["pte"] + 1)),
    "a field more": ("kaslr", lambda r: r.update(more=1)),
    "a field less": ("reserved", lambda r: r.pop("what")),
    "an unknown record": ("boot", lambda r: r.update(rec="boots")),
}


@pytest.mark.parametrize("what", FORGED)
def test_verdicts_are_derived_anew(what):
    rec, change = FORGED[what]
    data = stained_log() if what in ("a verdict without its stains", "the end") else good_log("azure")
    if what == "a verdict without its stains":  # the last one, which counts
        head, _, tail = data.rpartition(b'{"rec":"verdict"')
        forged = head + forge(b'{"rec":"verdict"' + tail, rec, change)
    else:
        forged = forge(data, rec, change)
    assert forged != data
    assert state(forged, allow_stained=True) in ("failed", "garbled", "unknown")


def counts_only(change=lambda record: None):
    """A log without a list of pages, as when there is no room for the tables."""
    seq, lines = 0, []
    for line in good_log("azure").split(b"\r\n"):
        if line.startswith(b'{"rec":"run"'):
            continue
        if line.startswith(b"{"):
            record = json.loads(line) | {"seq": seq}
            seq += 1
            change(record)
            del record["crc"]
            head = json.dumps(record, separators=(",", ":"))[:-1].encode()
            line = head + b',"crc":"%08x"}' % zlib.crc32(head)
        lines.append(re.sub(rb"(ok \d+ - walk: .*)", rb"\1 # SKIP counts only", line))
    return b"\r\n".join(lines)


def test_counts_only():
    assert state(counts_only()) == "passed"
    assert state(counts_only().replace(b" # SKIP counts only", b"")) == "failed"


COUNTED = {
    "a map's pages": ("map", lambda r: r["pages"].update(pte=r["pages"]["pte"] + 1)),
    "pinned memory": ("verdict", lambda r: r.update(pinned=4096)),
    "stained": ("verdict", lambda r: r.update(result="stained")),
    "a stained node": ("verdict", lambda r: r.update(stained_nodes=[1])),
    "stains of a level": ("cost", lambda r: r["stained"].update(pte=1)),
    "pages below 16 MiB": ("cost", lambda r: r["below"].update({"16m": r["pages"] + 1})),
    "a distance": ("cost", lambda r: r.update(distance=r["pages"])),
}


@pytest.mark.parametrize("what", COUNTED)
def test_counts_are_checked(what):
    rec, change = COUNTED[what]
    assert state(counts_only(lambda r: change(r) if r["rec"] == rec else None), allow_stained=True) in ("failed", "garbled", "unknown")


# ---- states and exit status, seen from outside ----

def shell(tmp_path, data, *options):
    log = tmp_path / "serial.log"
    log.write_bytes(data)
    done = forked.run(TOOL, *options, log)
    return done.returncode, done.stdout


ERROR_LOG = b'''[    0.000000] error: unknown option 'moveable_node'
{"rec":"end","boot_id":"0123456789abcdef","seq":1,"status":"error","srat":"absent","elapsed_ns":0,"crc":"%08x"}
KTAP version 1
Bail out! error: unknown option 'moveable_node'
'''


def error_log():
    boot = re.search(rb'\{"rec":"boot"[^\n]*', good_log())[0]
    boot = re.sub(rb'"boot_id":"\w+"', b'"boot_id":"0123456789abcdef"', boot)
    head = boot[:boot.rindex(b',"crc"')]
    end = re.search(rb'(\{"rec":"end".*),"crc"', ERROR_LOG)[1]
    return head + b',"crc":"%08x"}\r\n' % zlib.crc32(head) + ERROR_LOG % zlib.crc32(end)


def test_states_and_exit_status(tmp_path):
    good = good_log()
    spans = record_spans(good)
    other = other_boot(good, b"0123456789abcdef")
    assert shell(tmp_path, good) == (0, f"passed: bottom-up clean, memblock clean; {len(spans)} records\n")
    assert shell(tmp_path, error_log()) == (1, "failed: error: unknown option 'moveable_node'\n")
    assert shell(tmp_path, b"") == (3, "truncated: no record has arrived whole\n")
    assert shell(tmp_path, good[:spans[7][1]]) == (3, "truncated: the log ends after record 7\n")
    assert shell(tmp_path, good[:spans[7][1] - 9]) == (3, "truncated: the log ends after record 6\n")
    assert shell(tmp_path, good[spans[3][0]:]) == (3, "truncated: the log begins with record 3\n")
    assert shell(tmp_path, good[:-3]) == (3, "truncated: KTAP ends within result 7 of 7\n")
    assert shell(tmp_path, good[:good.rindex(b"ok 7")]) == (3, "truncated: KTAP ends within result 6 of 7\n")
    assert shell(tmp_path, good.replace(b"ok 3 -", b"ok  -")) == (4, "garbled: KTAP lines damaged or missing\n")
    assert shell(tmp_path, good[:spans[7][0]] + good[spans[9][0]:]) == (4, "garbled: records damaged or missing: 7, 8\n")
    assert shell(tmp_path, good[:spans[7][0]] + other)[0] == 5
    assert shell(tmp_path, good + other)[0] == 5
    assert shell(tmp_path, good + other[:record_spans(other)[0][1] - 40])[0] == 5
    assert subprocess.run([TOOL, tmp_path / "nothing"], capture_output=True).returncode == 2
    assert subprocess.run([TOOL], capture_output=True).returncode == 2


def test_standard_input():
    done = subprocess.run([TOOL, "-"], input=good_log(), capture_output=True)
    assert (done.returncode, done.stdout[:7]) == (0, b"passed:")


def test_junit(tmp_path):
    xml = tmp_path / "report.xml"
    assert shell(tmp_path, good_log(), f"--junit={xml}")[0] == 0
    suite = ElementTree.parse(xml).getroot()
    assert suite.attrib == {"name": "landfall", "tests": "8", "failures": "0", "skipped": "1"}
    assert [c.get("name") for c in suite][:4] == ["log", "seed", "walk: bottom-up", "read-back: bottom-up"]
    assert shell(tmp_path, good_log()[:3000], f"--junit={xml}")[0] == 3
    suite = ElementTree.parse(xml).getroot()
    assert suite.attrib["failures"] == "1" and suite[0][0].get("type") == "truncated"


def test_without_jsonschema(monkeypatch):
    monkeypatch.setattr(records, "validators", lambda: None)
    assert state(good_log()) == "passed"
    assert state(with_record(good_log(), lambda r: r.update(rec="novelty"))) == "unknown"


# ---- no verdict, and what is not known ----

def with_record(data, change):
    """The log with its last record but one changed."""
    lines = data.split(b"\r\n")
    at = [i for i, line in enumerate(lines) if line.startswith(b"{")][-2]
    lines[at] = forge(lines[at], json.loads(lines[at])["rec"], change)
    return b"\r\n".join(lines)


@pytest.mark.parametrize("machine, srat", [("no-srat", "absent"), ("overlap", "rejected"), ("bad-checksum", "rejected")])
def test_no_verdict(machine, srat, tmp_path):
    code, out = shell(tmp_path, good_log(machine), f"--junit={tmp_path}/x")
    if out.startswith("passed"):
        pytest.skip(f"the SRAT of {machine} counts")
    assert code == 6 and out.startswith(f"no verdict: SRAT {srat}; bottom-up no verdict, memblock no verdict; ")
    suite = ElementTree.parse(tmp_path / "x").getroot()
    assert suite.get("failures") == "0" and suite[0].find("skipped").get("message").startswith(f"SRAT {srat}")


def said_none(line):
    """Records and KTAP as a kernel writes them that knows the third result."""
    if not line.startswith(b'{"rec":"verdict"'):
        return re.sub(rb"^(ok 7 - clean: memblock)$", rb"\1 # SKIP no verdict", line)
    return forge(line, "verdict", lambda r: r.update(result="none"))


def test_the_third_result_of_records():
    lines = good_log("no-srat").split(b"\r\n")
    found, why, _ = check.judge(b"\r\n".join(map(said_none, lines)))
    assert (found, why[:26]) == ("no verdict", "SRAT absent; bottom-up no ")
    lines = good_log("azure").split(b"\r\n")
    assert state(b"\r\n".join(map(said_none, lines))) == "failed"  # the SRAT is good


@pytest.mark.parametrize("change, words", [
    (lambda r: r.update(rec="novelty"), "novelty"), (lambda r: r.update(alloc="buddy"), "buddy"), (lambda r: r.update(colour="red"), "colour")])
def test_unknown_is_not_garbled(change, words, tmp_path):
    """A newer kernel's records: their CRC is right, so that the wire is not to blame."""
    code, out = shell(tmp_path, with_record(good_log(), change))
    last = len(record_spans(good_log())) - 2
    assert code == 7 and out.startswith(f"unknown: record {last} is whole, but not as this check-log knows it") and words in out
    assert "\x1b" not in out
    assert state(with_record(good_log(), change).replace(b'"seq":%d' % last, b'"seq":%d' % (last - 1))) == "garbled"


def test_an_end_alone_proves_nothing():
    """Records that are all there, but no verdict among them; a plan of no result."""
    lines = [line for line in good_log().split(b"\r\n") if re.match(rb'\{"rec":"(boot|end)"', line)]
    lines[1] = forge(lines[1], "end", lambda r: r.update(seq=1))
    data = b"\r\n".join([*lines, b"KTAP version 1", b"1..0", b""])
    assert check.judge(data)[:2] == ("failed", "the log has an end, but no verdict")
    ktap = good_log().index(b"KTAP version")
    assert state(good_log()[:ktap] + b"KTAP version 1\r\n1..0\r\n") == "truncated"


# ---- captures of labs ----

PREFIXES = {
    "jenkins": lambda n: b"[2026-11-28T09:%02d:%02d.%03dZ] " % (n // 60 % 60, n % 60, n * 7 % 1000),
    "ts": lambda n: b"Nov 28 09:%02d:%02d " % (n // 60, n % 60),
    "conserver": lambda n: b"[Sat Nov 28 09:%02d:%02d 2026]" % (n // 60, n % 60),
    "grabserial": lambda n: b"[%d.%06d 0.%06d] " % (n // 60, n * 331 % 10**6, n),
    "journal": lambda n: b"Nov 28 09:00:%02d lab-7 console[%d]: " % (n % 60, 4000 + n),
}


@pytest.mark.parametrize("name", PREFIXES)
@pytest.mark.parametrize("text_only", (False, True), ids=("records", "text"))
def test_any_prefix(name, text_only):
    lines = good_log().split(b"\r\n")[:-1]
    lines = [line for line in lines if not (text_only and line.startswith(b"{"))]
    data = b"\n".join(PREFIXES[name](n) + line for n, line in enumerate(lines)) + b"\n"
    found, why, wire = check.judge(data)
    assert found == "passed" and len(wire.ktap) == 9, why
    bad = data.replace(b"ok 7 - clean", b"ok 7 - cloan")
    assert state(bad) == "garbled"


def test_packed_and_wide_logs(tmp_path):
    good = good_log()
    for data in (gzip.compress(good), gzip.compress(good[:4000]) + gzip.compress(good[4000:]), good.decode().encode("utf-16"),
                 good.decode().encode("utf-16-be"), good.decode().encode("utf-16-le"), b"\xef\xbb\xbf" + good):
        assert shell(tmp_path, data) == (0, f"passed: bottom-up clean, memblock clean; {len(record_spans(good))} records\n")
    assert state(gzip.compress(good)[:-3000]) == "truncated"
    assert state(gzip.compress(b"")) == state(b"\x1f\x8b") == "truncated"


def test_text_alone():
    text = b"\r\n".join(line for line in good_log().split(b"\r\n") if not line.startswith(b"{"))
    assert check.judge(text)[:2] == ("passed", "bottom-up clean, memblock clean; text alone, which no CRC protects")
    assert state(text[:text.index(b"KTAP")]) == "truncated"
    assert state(text[:text.index(b"ok 5")]) == "truncated"
    assert state(text.replace(b"memblock: CLEAN", b"memblock: CLEEN")) == "garbled"
    assert state(text.replace(b"ok 5 - walk", b"not ok 5 - walk")) == "failed"
    assert state(text + text) == "rebooted"
    assert state(b"[    0.000001] bottom-up: CLEAN: none of 5\r\n") == "truncated"
    stained = b"\r\n".join(line for line in stained_log().replace(b"\n", b"\r\n").split(b"\r\n") if not line.startswith(b"{"))
    assert check.judge(stained)[:2] == ("failed", "stained: memblock clean, bottom-up stained")
    assert state(stained, allow_stained=True) == "passed"
    assert state(stained.replace(b"not ok", b"ok"), allow_stained=True) == "garbled"
    assert check.judge(ERROR_LOG[:ERROR_LOG.index(b"{")] + b"KTAP version 1\nBail out! error: x\n")[:2] == ("failed", "error: unknown option 'moveable_node'")


# ---- words of others ----

def test_hostile_words(tmp_path):
    """Control bytes in an error line: nothing of them reaches the terminal, and JUnit stays XML; the same for the file's name."""
    for bad in (b"\x01", b"\x1b]0;owned\x07\x9b2J", b"\x00", b"<&\"']]>", "\u202e".encode()):
        data = error_log().replace(b"option 'move", b"option '" + bad + b"move")
        code, out = shell(tmp_path, data, f"--junit={tmp_path}/x")
        assert code in (1, 4) and not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", out)
        assert ElementTree.parse(tmp_path / "x").getroot().get("failures") == "1"
    done = subprocess.run([TOOL, "/nonexistent/\x1b[31m"], capture_output=True)
    assert done.returncode == 2 and b"\x1b" not in done.stderr


def test_junit_of_a_log_that_is_not_there(tmp_path):
    done = subprocess.run([TOOL, f"--junit={tmp_path}/x", "/nonexistent/log"], capture_output=True)
    case = ElementTree.parse(tmp_path / "x").getroot()[0]
    assert done.returncode == 2 and case[0].get("type") == "unreadable"


def test_records_that_make_no_sense():
    """Right CRCs round anything: a state, and never a traceback."""
    dice, good = random.Random(1), good_log().split(b"\r\n")
    values = [None, -1, 10**30, 1.5, "", "x", [], {}, [[]], True, "0x", "\x1b"]
    places = [i for i, line in enumerate(good) if line.startswith(b"{")]
    for _ in range(400):
        at = dice.choice(places)
        key = dice.choice([k for k in json.loads(good[at]) if k not in ("crc", "rec")])
        lines = list(good)
        lines[at] = forge(good[at], json.loads(good[at])["rec"], lambda r: r.update({key: dice.choice(values)}))
        assert check.judge(b"\r\n".join(lines))[0] in check.EXIT


# ---- KCIDB ----

ID, ORIGIN, WORDS = {"pattern": "^[a-z0-9_]+:[^\\0]*$"}, {"pattern": "^[a-z0-9_]+$"}, {"type": "string", "pattern": "^[^\\0]*$"}
STATUS = {"enum": ["FAIL", "ERROR", "MISS", "PASS", "DONE", "SKIP"]}


def strict(required, **properties):
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


# Of kcidb-io's schema 5.3 the part that is used here.
KCIDB = strict(
    ["version"], version={"const": {"major": 5, "minor": 3}},
    checkouts={"items": strict(["id", "origin"], id=ID, origin=ORIGIN, tree_name=WORDS, valid={"type": "boolean"})},
    builds={"items": strict(["checkout_id", "id", "origin"], id=ID, origin=ORIGIN, checkout_id=ID, status=STATUS,
                            architecture={"pattern": "^[a-z0-9_]*$"})},
    tests={"items": strict(["build_id", "id", "origin"], id=ID, origin=ORIGIN, build_id=ID, status=STATUS, comment=WORDS,
                           log_excerpt=WORDS | {"maxLength": 16384}, misc={"type": "object"}, environment=strict([], comment=WORDS),
                           path={"pattern": "^([a-zA-Z0-9_-]+(\\.[a-zA-Z0-9_-]+)*)?$"})})


@pytest.mark.parametrize("what, status", [
    ("good", "PASS"), ("stained", "FAIL"), ("error", "ERROR"), ("cut", "MISS"), ("garbled", "ERROR"), ("no srat", "SKIP"), ("missing", "MISS")])
def test_kcidb(tmp_path, what, status):
    jsonschema = pytest.importorskip("jsonschema")
    good, out = good_log(), tmp_path / "k.json"
    data = {"good": good, "error": error_log().replace(b"moveable", b"\x01\x1b"), "cut": good[:4000],
            "garbled": good.replace(b'"seq":9', b'"seq":8'), "no srat": good_log("no-srat"), "missing": b""}.get(what) or stained_log()
    if what == "missing":
        assert subprocess.run([TOOL, f"--kcidb={out}", "/nonexistent/log"], capture_output=True).returncode == 2
    else:
        shell(tmp_path, data, f"--kcidb={out}", "--kcidb-origin=lab_7")
    found = json.loads(out.read_text())
    jsonschema.Draft7Validator(KCIDB).validate(found)
    first, *checks = found["tests"]
    assert (first["status"], first["path"], first["build_id"]) == (status, "landfall", found["builds"][0]["id"])
    if what == "good":
        assert first["origin"] == "lab_7" and [t["path"] for t in checks][:2] == ["landfall.seed", "landfall.walk.bottom-up"]
        assert len({t["id"] for t in found["tests"]}) == 8 and [t["status"] for t in checks].count("SKIP") == 1
    if what == "stained":
        assert checks[-1]["status"] == "FAIL"


def test_kcidb_origin(tmp_path):
    assert shell(tmp_path, good_log(), f"--kcidb={tmp_path}/k", "--kcidb-origin=Lab 7")[0] == 2
