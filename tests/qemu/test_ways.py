# SPDX-License-Identifier: MIT
"""Cases of cases.toml by other ways in than the others take: the one file, the CD, UEFI. What does not depend on the memory map is as the
case says. A part of the cases goes by one way each; LANDFALL_TESTS=all takes every way for each case."""
import re
import sys

import pytest
import selection
from landfall import qemu
from landfall.records import Log
from conftest import ROOT, boot
from test_cases import CASES, matches

sys.path.append(str(ROOT / "tests/uefi"))
from firmware import landfall_part  # noqa: E402

BIOS = [("iso", False), ("efi", False)]
UEFI = [("elf", True), ("efi", True), ("iso", True)]
FIRST, EVERY = 2, 6  # with a module, a stain, an error and a large machine among them
# What firmware's own share of memory changes (also a BIOS's that has a drive), and what the loader.
OF_THE_MAP = {"present", "base", "end", "slots", "slot", "buffer", "start", "leaf", "pages", "table_pages", "on_movable", "pinned",
              "stained_nodes", "result", "probability", "numerator", "denominator", "stained_slots", "why", "movable", "node", "distance"}
OF_THE_LOADER = {"protocol", "loader", "entropy"}


def possible(case, way):
    """Not for a CD: a module that QEMU loads. Not for UEFI: to be refused because there is none, and a base that only options call RAM."""
    uefi = way[1]
    if uefi and {"dry", "memmap=64M@1G"} & set(case["options"].split()):
        return False
    return "-initrd" not in case.get("qemu", "") or way == ("efi", False)


def ways_of(i):
    """Of the case with that number. Firmware of UEFI takes its time, and a CD has to be written: they get less."""
    if selection.ALL:
        return BIOS + UEFI
    nr, left = divmod(i - FIRST, EVERY)
    return [] if left else [BIOS[nr % 2]] if nr % 4 else [UEFI[nr // 4 % 3]]


def chosen():
    for i, case in enumerate(CASES):
        for way in ways_of(i):
            if possible(case, way):
                name = f"{case['name'].replace(' ', '-')}-by-{way[0]}{'-uefi' if way[1] else ''}"
                yield pytest.param(case, way, id=name)


def same_places(case, way):
    """Memory is what it is in the case, and so is the image's place. KASLR keeps off the place of a loader, and then draws from other slots."""
    return way == ("efi", False) and re.search(r"\b(base=|nokaslr\b)", case["options"])


def expected(case, way):
    """The records that the case expects, without what this way changes."""
    fields = OF_THE_LOADER | (set() if same_places(case, way) else OF_THE_MAP)
    return [{k: v for k, v in record.items() if k not in fields} for record in case.get("expect", [])]


@pytest.mark.parametrize("case, way", chosen())
def test_case(case, way):
    done = boot(case.get("machine"), case["options"], case.get("qemu", "").split(), timeout=120, way=way)
    verdict = qemu.VERDICTS.get(done.code)
    words = f"exit status {done.code}\n{done.stderr}\n{done.data[-3000:].decode('ascii', 'replace')}"
    assert verdict == case["exit"] or not same_places(case, way) and {verdict, case["exit"]} == {"clean", "stained"}, words
    if verdict == "error":
        assert "error" not in case or qemu.last_error(done.data) == case["error"]
        return
    log = Log(landfall_part(done.data))
    assert log.one("end")["srat"] == case.get("srat", "ok")
    log.check_run(case.get("hotplug", ()))
    for wanted in expected(case, way):
        assert any(matches(r, wanted) for r in log.all(wanted["rec"])), f"no record {wanted} in\n" + "\n".join(map(str, log.all(wanted["rec"])))


def test_there_is_a_case_for_each_way():
    assert {p.values[1] for p in chosen()} == set(BIOS + UEFI)
    assert {p.values[0]["exit"] for p in chosen()} == {"clean", "stained", "error"}
    assert any("-initrd" in p.values[0].get("qemu", "") for p in chosen())
