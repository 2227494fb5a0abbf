# SPDX-License-Identifier: MIT
"""A SRAT that the loader brings as a module stands in for the firmware's, bare or in a cpio as Linux takes it."""
import struct
import subprocess
from pathlib import Path

import pytest
from landfall import paths, qemu
from conftest import boot

TWO_NODES = ("-machine q35 -m 8G -object memory-backend-ram,id=a,size=6G -object memory-backend-ram,id=b,size=2G "
             "-numa node,memdev=a -numa node,memdev=b")
PLAIN = "-machine q35 -m 8G"
NODE_1 = "ACPI: SRAT: Node 1 PXM 1 [mem 0x06000000-0x7cffffff] hotplug"


@pytest.fixture(scope="module")
def srat(tmp_path_factory):
    """The table of the default machine, 8 GiB on q35."""
    folder = tmp_path_factory.mktemp("srat")
    subprocess.run([paths.MACHINE_TOOL, "tests/machines/four-nodes.machine", "-o", folder], check=True)
    return (folder / "srat.dat").read_bytes()


def changed(table, oem_table_id, oem_revision):
    table = bytearray(table)
    struct.pack_into("<8sI", table, 16, oem_table_id.encode(), oem_revision)
    table[9] = (table[9] - sum(table)) & 0xFF
    return bytes(table)


def cpio(*files):
    """An archive as `cpio -H newc` makes it."""
    out = b""
    for name, data in [*files, ("TRAILER!!!", b"")]:
        fields = (1, 0o100644 if data else 0, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        head = b"070701" + b"".join(b"%08X" % f for f in fields) + name.encode() + b"\0"
        out += head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)
    return out


def boot_with(tmp_path, machine, *modules, options="seed=1 page_size=4k"):
    paths = []
    for n, data in enumerate(modules):
        paths.append(str(tmp_path / f"module{n}"))
        Path(paths[-1]).write_bytes(data)
    done = boot(None, options, [*machine.split(), "-initrd", ",".join(paths)])
    assert qemu.VERDICTS.get(done.code) in ("clean", "stained"), (done.code, done.stderr, done.data[-2000:])
    log = done.log
    log.check_run()
    return log


@pytest.mark.parametrize("machine,how", [(PLAIN, "install"), (TWO_NODES, "override")])
def test_bare_table(tmp_path, srat, machine, how):
    log = boot_with(tmp_path, machine, srat)
    assert f"ACPI: Table Upgrade: {how} [SRAT-LNDFLL-MACHINE ]" in log.text
    assert NODE_1 in log.text
    assert any(line.startswith("SRAT: taken from the module at 0x") for line in log.text)
    assert [r["hotplug"] for r in log.all("node")] == [False, True, True, True]
    assert log.all("reserved", what="module")
    assert not any(line.startswith("finding: srat-") for line in log.text)


def test_table_in_an_archive(tmp_path, srat):
    """QEMU's own table is `BXPC` with OEM revision 1: Linux asks for the same name and a higher revision."""
    newer = changed(srat, "BXPC    ", 2)
    log = boot_with(tmp_path, TWO_NODES, cpio(("kernel", b""), ("kernel/firmware/acpi/srat.aml", newer)))
    assert f"ACPI: SRAT ACPI table found in initrd [kernel/firmware/acpi/srat.aml][0x{len(newer):x}]" in log.text
    assert "ACPI: Table Upgrade: override [SRAT-LNDFLL-BXPC    ]" in log.text
    assert NODE_1 in log.text


def test_table_in_an_archive_that_is_not_newer(tmp_path, srat):
    log = boot_with(tmp_path, TWO_NODES, cpio(("kernel/firmware/acpi/srat.aml", changed(srat, "BXPC    ", 1))))
    assert "warning: SRAT: the firmware's stays in use: the file's OEM revision is not higher" in log.text
    assert NODE_1 not in log.text
    assert len(log.all("node")) == 2


def test_modules_that_are_no_tables(tmp_path, srat):
    hurt = bytearray(srat)
    hurt[100] ^= 1
    log = boot_with(tmp_path, TWO_NODES, b"#!/bin/sh\n", bytes(hurt), b"\x1f\x8b" + bytes(5000))
    assert sum(line.endswith("its checksum is wrong: not used") for line in log.text) == 1
    assert not any("Table Upgrade" in line for line in log.text)
    assert len(log.all("reserved", what="module")) == 3
    assert len(log.all("node")) == 2
