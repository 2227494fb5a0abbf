# SPDX-License-Identifier: MIT
"""One machine by every way in: the same nodes, whatever firmware and loader make of the memory map. And larger machines."""
import functools
import itertools
import tempfile

import maps
import pytest
import selection
from firmware import ELF, EFI, ISO, MACHINE, OVMF, boot_efi, grub_cd, is_loader, run
from landfall.records import need

M, G, T = 1 << 20, 1 << 30, 1 << 40
MENU = (rb"The highlighted entry will be executed", "l")
CD = ["-cdrom", ISO]
STICK = ["-device", "qemu-xhci", "-drive", f"if=none,id=u,format=raw,readonly=on,file={ISO}", "-device", "usb-storage,drive=u"]

# way: QEMU arguments and what to press, or GRUB's command and the firmware; protocol, loader.
WAYS = {
    "multiboot1": (["-kernel", ELF], None, "multiboot1", "qemu"),
    "uefi": ([*OVMF, "-kernel", EFI], None, "uefi", "EDK II"),
    "cd-bios": (CD, MENU, "linux", "GRUB"),
    "cd-uefi": ([*OVMF, *CD], MENU, "uefi", "EDK II"),
    "stick-bios": (STICK, MENU, "linux", "GRUB"),
    "stick-uefi": ([*OVMF, *STICK], MENU, "uefi", "EDK II"),
    "grub-multiboot1": ("multiboot /boot/landfall.elf", [], "multiboot1", "GRUB"),
    "grub-uefi-multiboot2": ("multiboot2 /boot/landfall.elf", OVMF, "multiboot2", "GRUB"),
    "grub-uefi-options": ("chainloader /boot/landfall.efi alloc=both seed=0x71", OVMF, "uefi", "EDK II"),
}
if not selection.ALL:  # the CD and the stick are one image, so one of them is enough for each firmware
    del WAYS["stick-bios"], WAYS["cd-uefi"]
COMPARED = ("node", "pxm", "hotplug", "movable", "cpus", "why")


@functools.lru_cache(maxsize=None)
def log_of(way):
    args, press, *_ = WAYS[way]
    if isinstance(args, str):
        with tempfile.TemporaryDirectory(prefix="landfall-") as folder:
            done = run([*press, *grub_cd(folder, f"insmod all_video\n{args}\nboot\n")], machine=MACHINE)
    else:
        done = run(args, press=press, machine=MACHINE)
    need(done.verdict == "clean", f"{done.code}\n{done.text[-3000:]}")
    return done.log


@pytest.mark.parametrize("way", WAYS)
def test_same_machine(way):
    log, reference = log_of(way), log_of("multiboot1")
    _, _, protocol, loader = WAYS[way]
    log.check_run()
    boot = log.one("boot")
    assert boot["protocol"] == protocol
    assert is_loader(boot["loader"], loader)
    assert way != "grub-uefi-options" or boot["cmdline"] == "alloc=both seed=0x71"
    assert [r["alloc"] for r in log.all("verdict")] == ["bottom-up", "memblock"]
    assert {r["srat"] for r in log.all("verdict")} == {"ok"}
    facts = [[{k: r[k] for k in COMPARED} for r in one.all("node")] for one in (log, reference)]
    assert facts[0] == facts[1]
    assert [f["movable"] for f in facts[0]] == [False, True]
    ranges = [[(r["start"], r["end"], r["pxm"], r["hotplug"]) for r in one.all("affinity")] for one in (log, reference)]
    assert ranges[0] == ranges[1] == [(0, 2 * G, 0, False), (4 * G, 8 * G, 1, True)]


def ram(log):
    return [(r["start"], r["end"]) for r in log.all("mem", type="usable")]


def type_at(log, address):
    return next((r["type"] for r in log.all("mem") if r["start"] <= address < r["end"]), "hole")


@pytest.mark.parametrize("one, other", itertools.combinations(WAYS, 2))
def test_map_differences_have_a_reason(one, other):
    maps.check(*((maps.of(log_of(way)), "uefi" in way) for way in (one, other)), 2 * G)


def test_boot_services_are_reserved_under_uefi_only():
    kept = {way: log_of(way).all("reserved", what="boot services") for way in ("multiboot1", "uefi", "stick-uefi")}
    assert kept["multiboot1"] == []
    for way in ("uefi", "stick-uefi"):
        assert kept[way] and all(r["end"] <= 2 * G for r in kept[way])
        image = log_of(way).one("reserved", what="image")
        for r in kept[way]:
            assert type_at(log_of(way), r["start"]) == "usable"
            assert r["end"] <= image["start"] or image["end"] <= r["start"]


SIZES = {
    "4G": ("-m 4G", 4 * G),
    "64G": ("-m 64G -object memory-backend-ram,id=m,size=64G,reserve=off -machine memory-backend=m", 64 * G),
    # Without another vendor QEMU moves all RAM above 1 TiB; a wider bus would cost the firmware a minute.
    "1T": ("-m 1T -object memory-backend-ram,id=m,size=1T,reserve=off -machine memory-backend=m "
           "-cpu max,vendor=GenuineIntel,phys-bits=41", T),
}


def levels_of(log):
    """As it says, and as its tables show."""
    levels = log.one("boot")["levels"]
    assert any(r["level"] == "p4d" for r in log.all("run", alloc="memblock")) == (levels == 5)
    return levels


@pytest.mark.parametrize("size", SIZES if selection.ALL else ["1T"])
def test_memory_sizes(size):
    args, expected = SIZES[size]
    done = boot_efi("seed=3", args.split())
    assert done.verdict == "clean", done.text[-3000:]
    done.log.check_run()
    assert levels_of(done.log) == 5
    assert expected - 64 * M < sum(end - start for start, end in ram(done.log)) <= expected


def test_four_levels():
    """OVMF runs on four levels: with five, as above, the application's image has gone through the trampoline."""
    done = boot_efi("seed=1 levels=4")
    assert done.verdict == "clean", done.text[-3000:]
    assert levels_of(done.log) == 4


def test_firmware_generator_is_a_source():
    with_generator = boot_efi("", ["-device", "virtio-rng-pci"]).log.one("boot")
    # OVMF may make one of the processor's
    without = boot_efi("", ["-cpu", "max,rdrand=off,rdseed=off"]).log.one("boot")
    assert "efi" in with_generator["entropy"] and "efi" not in without["entropy"]
    assert with_generator["seed"] != without["seed"]


@pytest.mark.parametrize("way", selection.one_of(["reboot", "poweroff"], 2))
def test_reset_system(way):
    """Without ACPI tables there is no other way to switch off; -no-reboot ends QEMU in both cases."""
    done = boot_efi(f"seed=1 exit={way}", ["-machine", "q35,acpi=off"], timeout=30)
    assert done.code == 0, f"{done.code}\n{done.text[-2000:]}"
    assert done.log.status == "clean"


def test_reset_system_without_gbpages():
    done = boot_efi("seed=1 exit=poweroff", ["-machine", "q35,acpi=off", "-cpu", "max,pdpe1gb=off,la57=off"], timeout=30)
    assert done.code == 0, f"{done.code}\n{done.text[-2000:]}"
    assert levels_of(done.log) == 4
