# SPDX-License-Identifier: MIT
"""Serial ports wherever they are: named by SPCR or DBG2, found by the BIOS, on PCI, given by hand, or nowhere at all."""
import struct
import subprocess

import pytest
from landfall import paths, qemu
from landfall.records import Log, need

PORTS, MEMORY = 1, 0
COM1, COM2, ODD = 0x3F8, 0x2F8, 0x3220
PCI_SERIAL = (0x1B36, 0x0002)


def table(signature, body):
    """A whole ACPI table: header, body, right checksum."""
    head = struct.pack("<4sIBB6s8sI4sI", signature, 36 + len(body), 2, 0, b"LANDFL", b"TESTTABL", 1, b"LNDF", 1)
    data = bytearray(head + body)
    data[9] = -sum(data) & 0xFF
    return bytes(data)


def gas(space, address, bits=8, access=1):
    return struct.pack("<BBBBQ", space, bits, 0, access, address)


def spcr(address, space=PORTS, interface=0, baud=0, pci=None):
    """pci: (slot, function); the device is QEMU's pci-serial."""
    vendor, device = PCI_SERIAL if pci else (0xFFFF, 0xFFFF)
    slot, function = pci or (0, 0)
    return table(b"SPCR", struct.pack("<B3x12sBBIBBBBBB", interface, gas(space, address), 0, 0, 0, baud, 0, 1, 0, 2, 0)
                 + struct.pack("<HHBBBIBI", device, vendor, 0, slot, function, 0, 0, 0))


def dbg2(*addresses):
    devices = b"".join(struct.pack("<BHBHHHHHHHHH", 0, 40, 1, 2, 38, 0, 0, 0x8000, 0, 0, 22, 34) + gas(PORTS, a)
                       + struct.pack("<I2s", 8, b".") for a in addresses)
    return table(b"DBG2", struct.pack("<II", 44, len(addresses)) + devices)


class Run:
    """A boot with several serial ports, each into a file of its own."""

    def __init__(self, folder, ports=(), tables=(), options="seed=1", args=(), start=None):
        """ports: name -> the device's arguments; start: what boots, if not the kernel by itself."""
        command = [qemu.find_qemu(), *qemu.COMMON, *qemu.PLAIN, *qemu.DEBUG_EXIT]
        for n, (name, device) in enumerate(dict(ports).items()):
            command += ["-chardev", f"file,id=c{n},path={folder}/{name}", "-device", f"{device},chardev=c{n}"]
        for n, data in enumerate(tables):
            (folder / f"table{n}").write_bytes(data)
            command += ["-acpitable", f"file={folder}/table{n}"]
        command += [*args, *(start or qemu.boot_args(paths.KERNEL, options.split()))]
        self.code = subprocess.run(command, stdin=subprocess.DEVNULL, timeout=60).returncode
        self.logs = {name: (folder / name).read_bytes() for name in dict(ports)}

    def only(self, *ports):
        """The log came out whole on these ports and nowhere else."""
        need(self.code == 33, f"exit status {self.code}\n{self.logs}")
        for name, data in self.logs.items():
            if name not in ports:
                assert data == b"", f"something came out on {name}"
        assert len({self.logs[name] for name in ports}) == 1
        log = Log(self.logs[ports[0]])
        assert log.status == "clean"
        return log


def isa(address, index):
    return f"isa-serial,iobase={address:#x},irq={3 + index},index={index}"


COM1_AND_COM2 = {"com1": isa(COM1, 0), "com2": isa(COM2, 1)}


def test_every_line_that_answers(tmp_path):
    """Firmware names none: which one is wired to a BMC, nobody knows."""
    Run(tmp_path, COM1_AND_COM2).only("com1", "com2")


def test_only_com2(tmp_path):
    """COM1 is not there: the BIOS data area names the other."""
    Run(tmp_path, {"com2": isa(COM2, 1)}).only("com2")


def test_spcr_wins_over_com1(tmp_path):
    Run(tmp_path, COM1_AND_COM2, [spcr(COM2)]).only("com2")


def test_spcr_names_a_port_that_no_bios_looks_at(tmp_path):
    Run(tmp_path, {"com1": isa(COM1, 0), "odd": isa(ODD, 1)}, [spcr(ODD, interface=1, baud=7)]).only("odd")


def test_spcr_wins_over_dbg2(tmp_path):
    ports = {"com1": isa(COM1, 0), "com2": isa(COM2, 1), "odd": isa(ODD, 2)}
    Run(tmp_path, ports, [dbg2(COM2), spcr(ODD)]).only("odd")


def test_dbg2_wins_over_com1(tmp_path):
    """Its first device is not there, the second is."""
    Run(tmp_path, COM1_AND_COM2, [dbg2(0x3E8, COM2)]).only("com2")


@pytest.mark.parametrize("address", [0x2E8, 0xFFF8])
def test_spcr_names_a_port_where_nothing_is(tmp_path, address):
    Run(tmp_path, COM1_AND_COM2, [spcr(address)]).only("com1", "com2")


@pytest.mark.parametrize("address", [0xFEDC0000, 0xFFFFFFF000, 1 << 52, 0x100000])
def test_spcr_names_memory_where_nothing_is(tmp_path, address):
    """An empty bus, the end of the address space, beyond it, and RAM: which holds what is written but is no UART."""
    Run(tmp_path, COM1_AND_COM2, [spcr(address, MEMORY)]).only("com1", "com2")


def test_spcr_switched_off(tmp_path):
    Run(tmp_path, COM1_AND_COM2, [spcr(0, MEMORY)]).only("com1", "com2")


@pytest.mark.parametrize("address", [0, 0xC001], ids=["no-address", "stale-address"])
def test_spcr_names_a_pci_device(tmp_path, address):
    """pci-serial: where its registers are the device itself knows best."""
    ports = {"com1": isa(COM1, 0), "pci": "pci-serial,addr=5"}
    Run(tmp_path, ports, [spcr(address, pci=(5, 0))]).only("pci")


def test_spcr_names_a_pci_device_that_is_not_there(tmp_path):
    Run(tmp_path, {"com1": isa(COM1, 0), "pci": "pci-serial,addr=5"}, [spcr(0, pci=(6, 0))]).only("com1")


def test_consoles_by_name(tmp_path):
    """Two at once, and not the one that auto would take."""
    ports = {"com1": isa(COM1, 0), "com2": isa(COM2, 1), "odd": isa(ODD, 2)}
    done = Run(tmp_path, ports, options="seed=1 console=ttyS1,115200n8 console=uart,io,0x3220,9600")
    assert done.code == 33 and done.logs["com1"] == b""
    assert done.logs["com2"] == done.logs["odd"]
    assert Log(done.logs["com2"]).status == "clean"


@pytest.mark.parametrize("option, words", [
    ("console=ttyS3", "console=ttyS3: no UART there"),
    ("console=uart,io,0x2e8", "console=uart,io,0x2e8: no UART there"),
    ("console=uart,mmio32,0xfedc0000", "console=uart,mmio32,0xfedc0000: no UART there"),
    ("console=uart,mmio32,0x4000000000000", "console=uart,mmio32,0x4000000000000: no UART there"),
    ("console=fb", "console=fb: there is no screen"),
])
def test_a_console_that_is_not_there(tmp_path, option, words):
    """Said where a line can be shown, and the run does not go on without it."""
    done = Run(tmp_path, {"com1": isa(COM1, 0)}, options=f"seed=1 {option}")
    assert done.code == 37
    assert qemu.last_error(done.logs["com1"]) == words


def test_no_console(tmp_path):
    """Nothing to print on: the verdict is in the exit status all the same."""
    assert Run(tmp_path).code == 33
    done = Run(tmp_path, COM1_AND_COM2, options="seed=1 console=none")
    assert done.code == 33 and done.logs == {"com1": b"", "com2": b""}
    assert Run(tmp_path, options="seed=1 levels=6").code == 37
