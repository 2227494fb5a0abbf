# SPDX-License-Identifier: MIT
"""Each case of cases.toml by another way in than the others take: the one file, the CD, UEFI. What does not depend on the memory map is as
the case says. LANDFALL_TESTS=all takes every way for each case."""
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

BIOS = [("efi", False), ("iso", False)]
UEFI = [("elf", True), ("efi", True), ("iso", True)]
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


def chosen():
    """Every eighth case goes through UEFI, whose firmware takes its time."""
    for i, case in enumerate(CASES):
        mine = BIOS + UEFI if selection.ALL else [UEFI[i // 8 % 3] if i % 8 == 0 else BIOS[i % 2]]
        for way in mine:
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
