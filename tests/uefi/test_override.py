# SPDX-License-Identifier: MIT
"""landfall.acpi beside the application: a table that stands in for the firmware's."""
import struct
import subprocess

import pytest
from landfall import paths
from firmware import EFI, boot_disk

APP, TABLES = "EFI/BOOT/BOOTX64.EFI", "EFI/BOOT/landfall.acpi"
CFG = {"EFI/BOOT/landfall.cfg": b"seed=1 alloc=memblock"}
NODE_1 = "ACPI: SRAT: Node 1 PXM 1 [mem 0x06000000-0x7cffffff] hotplug"
PLAIN = ["-machine", "q35", "-m", "8G"]


@pytest.fixture(scope="module")
def srat(tmp_path_factory):
    """The table of the default machine, 8 GiB on q35."""
    folder = tmp_path_factory.mktemp("srat")
    subprocess.run([paths.MACHINE_TOOL, "tests/machines/four-nodes.machine", "-o", folder], check=True)
    return (folder / "srat.dat").read_bytes()


def booted(tmp_path, files):
    done, _ = boot_disk(tmp_path, {APP: EFI, **CFG, **files}, PLAIN)
    assert done.verdict in ("clean", "stained"), done.text[-3000:]
    log = done.log
    log.check_run()
    return log


def test_bare_table(tmp_path, srat):
    log = booted(tmp_path, {TABLES: srat})
    assert "ACPI: Table Upgrade: install [SRAT-LNDFLL-MACHINE ]" in log.text
    assert NODE_1 in log.text
    assert [r["end"] - r["start"] for r in log.all("reserved", what="module")] == [4096]
    assert len(log.all("node")) == 4


@pytest.mark.parametrize("content", [b"", struct.pack("<4sI", b"SRAT", 4096) + bytes(4000)], ids=["empty", "damaged"])
def test_what_is_no_table_changes_nothing(tmp_path, content):
    log = booted(tmp_path, {TABLES: content})
    assert not any("Table Upgrade" in line for line in log.text)
    assert log.one("end")["srat"] == "absent"
    if not content:
        assert any(line.startswith("warning: landfall.acpi cannot be read (EFI_STATUS 0x8") for line in log.text)
    if content.startswith(b"SRAT"):
        assert any(line.endswith("its length is wrong: not used") for line in log.text)
