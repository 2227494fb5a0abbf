# SPDX-License-Identifier: MIT
"""Serial ports under UEFI, where firmware's own console is on some of them; and machines with nothing to print on."""
import pytest
from selection import one_of
from firmware import BANNER, EFI, OVMF, ROOT, Disk, landfall_part
from landfall.records import Log
from test_console import COM1, COM1_AND_COM2, COM2, MEMORY, ODD, Run, isa, spcr


def boot(folder, ports=(), tables=(), options="seed=1", args=()):
    return Run(folder, ports, tables, args=args, start=[*OVMF, "-kernel", str(EFI), "-append", options])


def check_only(done, *ports):
    """The log came out whole on these ports, and on no other."""
    assert done.code == 33, done.logs
    for name, data in done.logs.items():
        assert bool(BANNER.search(data)) == (name in ports), name
    log = Log(landfall_part(done.logs[ports[0]]))
    log.check_run()
    assert log.status == "clean"


def test_spcr_absent(tmp_path):
    check_only(boot(tmp_path, COM1_AND_COM2), "com1", "com2")


@pytest.mark.parametrize("address, port", one_of([(ODD, "odd"), (COM2, "com2")], 2))
def test_spcr(tmp_path, address, port):
    check_only(boot(tmp_path, {**COM1_AND_COM2, "odd": isa(ODD, 2)}, [spcr(address)]), port)


NOT_THERE = {"memory": spcr(0xFEDC0000, MEMORY), "port": spcr(0x2E8), "pci": spcr(0, pci=(6, 0)), "ram": spcr(0x100000, MEMORY)}


@pytest.mark.parametrize("table", one_of(NOT_THERE.values(), 4), ids=one_of(NOT_THERE, 4))
def test_spcr_names_what_is_not_there(tmp_path, table):
    check_only(boot(tmp_path, {"com1": isa(COM1, 0), "com2": isa(COM2, 1)}, [table]), "com1", "com2")


def test_pci_serial(tmp_path):
    """Firmware places its registers where it likes: the device itself is asked."""
    check_only(boot(tmp_path, {"com1": isa(COM1, 0), "pci": "pci-serial,addr=5"}, [spcr(0xC001, pci=(5, 0))]), "pci")


def test_second_port_by_name(tmp_path):
    check_only(boot(tmp_path, COM1_AND_COM2, options="seed=1 console=ttyS1,115200n8"), "com2")


@pytest.mark.parametrize("options, code", one_of([("seed=1", 33), ("seed=1 require=srat", 37), ("levels=6", 37)], 2))
def test_nothing_to_print_on(tmp_path, options, code):
    """Neither UART nor screen: the verdict is in the exit status all the same."""
    assert boot(tmp_path, options=options).code == code


def dry(folder, options, ports=()):
    """A dry run, after which the machine is switched off; what it did, and what it has saved."""
    disk = Disk(folder, {"landfall.efi": EFI, "landfall.cfg": f"dry save seed=1 {options}".encode()})
    done = Run(folder, ports, start=[*OVMF, "-kernel", str(ROOT / "build/odd-firmware.efi"), "-append", "off",
                                     *(str(a) for a in disk.args)])
    assert done.code == 0, done.logs
    return done, disk.read("landfall.log")


def test_dry_run_with_nothing_to_print_on(tmp_path):
    """The result is in the file, and it is all of it."""
    _, saved = dry(tmp_path, "")
    log = Log(saved)
    log.check_run()
    assert log.status == "clean" and log.ktap[-1] == "ok 7 - clean: memblock # SKIP no verdict"


def test_dry_run_in_silence(tmp_path):
    """console=none: not a word on firmware's console either."""
    done, saved = dry(tmp_path, "console=none", {"com1": isa(COM1, 0)})
    assert b"landfall.efi returned 0000000000000000" in done.logs["com1"]
    assert b"rec" not in done.logs["com1"] and b"KTAP" not in done.logs["com1"]
    assert Log(saved).status == "clean"


def test_dry_run_on_more_ports(tmp_path):
    """Firmware's console is on COM1 and COM2, where nothing is said twice; the other is ours."""
    done, saved = dry(tmp_path, "console=ttyS1 console=uart,io,0x3220,9600", {**COM1_AND_COM2, "odd": isa(ODD, 2)})
    assert Log(saved).status == "clean"
    assert done.logs["odd"] == saved
    for port in ("com1", "com2"):
        assert landfall_part(done.logs[port]) == saved
        assert done.logs[port].count(b"KTAP") == 1


@pytest.mark.parametrize("console, words", one_of([
    ("uart,mmio32,0xfedc0000", "console=uart,mmio32: not in a dry run: firmware need not map it"),
    ("ttyS3", "console=ttyS3: no UART there"),
    ("fb", "console=fb: there is no screen"),
], 3))
def test_dry_run_without_the_console_it_should_have(tmp_path, console, words):
    done, saved = dry(tmp_path, f"console={console}", {"com1": isa(COM1, 0)})
    assert b"landfall.efi returned 8000000000000015" in done.logs["com1"]
    assert Log(saved).status == "error" and f"error: {words}" in Log(saved).text
