# SPDX-License-Identifier: MIT
"""The application among firmware's services: where its options come from, dry runs, what it returns, bad files."""
import re
import struct
import subprocess

import pytest
import selection
from landfall import paths, qemu
from firmware import EFI, ISO, OVMF, Disk, boot_disk, boot_efi, landfall_part, run, serial
from landfall.records import Log

BOOT = "EFI/BOOT/BOOTX64.EFI"
CFG = "EFI/BOOT/landfall.cfg"
NO_FILE = "warning: no load options and no landfall.cfg: the defaults are used"
NO_TEXT = "warning: landfall.cfg is not plain text: the defaults are used"


def booted(tmp_path, files, args=()):
    done, _ = boot_disk(tmp_path, files, args)
    assert done.verdict == "clean", done.text[-3000:]
    return done.log


# Read as text by dry runs from the shell, each in a folder of its own: the file, and the options that it makes.
TEXTS = {
    "one-line": (b"seed=0x11  alloc=memblock dry", "seed=0x11  alloc=memblock dry"),
    "comments": (b"\xef\xbb\xbf# what this box needs\r\nseed=0x12\r\n\talloc=memblock # one will do\r\ndry", "seed=0x12   alloc=memblock  dry"),
    "utf-16": ("\ufeff# from the shell's editor\r\nseed=0x14 alloc=memblock dry\r\n".encode("utf-16-le"), "seed=0x14 alloc=memblock dry"),
}
NO_TEXTS = {"utf-16-no-text": "\ufeffseed=0x13 alloc=\u0251".encode("utf-16-le"), "no-text": b"seed=0x13 alloc=\xff\xfe",
            "zeros": bytes(1 << 20)}


@pytest.mark.parametrize("name", TEXTS)
def test_config_file(shell, name):
    log = log_of(shell, name)
    assert log.one("boot")["cmdline"].strip() == TEXTS[name][1]
    assert not any(line.startswith("warning: ") for line in log.text)
    assert [r["alloc"] for r in log.all("verdict")] == ["memblock"]


@pytest.mark.parametrize("content, warning", [*((NO_TEXTS[name], NO_TEXT) for name in selection.one_of(NO_TEXTS, 3)), (b"", None), (None, NO_FILE)],
                         ids=[*selection.one_of(NO_TEXTS, 3), "empty", "missing"])
def test_config_file_of_no_use(tmp_path, content, warning):
    files = {BOOT: EFI} | ({CFG: content} if content is not None else {})
    log = booted(tmp_path, files)
    assert log.one("boot")["cmdline"] == ""
    assert [line for line in log.text if line.startswith("warning: ")] == ([warning] if warning else [])


def test_config_file_too_long(tmp_path):
    done, _ = boot_disk(tmp_path, {BOOT: EFI, CFG: b"seed=1 " * (1 << 17)})
    assert done.verdict == "error"
    assert "error: the command line is longer than 16383 characters" in done.log.text


def test_config_file_is_a_folder(tmp_path):
    log = booted(tmp_path, {BOOT: EFI, f"{CFG}/x": b"seed=1"})
    assert any(re.fullmatch(r"warning: landfall.cfg .*: the defaults are used", line) for line in log.text), log.text[:6]


SHELL = """@echo -off
fs0:
cd app
landfall.efi dry save seed=7 base=0x10000000 page_size=4k
echo first=%lasterror%
landfall.efi dry seed=7 hotplug=1 alloc=top-down levels=4
echo second=%lasterror%
landfall.efi dry nonsense
echo third=%lasterror%
landfall.efi dry
echo fourth=%lasterror%
MORE
landfall.efi seed=7 base=0x10000000 page_size=4k
"""
# More dry runs, a name and a command each.
MORE = {
    "quotes": 'landfall.efi seed=7 "dry" alloc=memblock',
    "counted": "landfall.efi dry seed=7 page_size=4k levels=4 memmap=16T@1T",
    "table": "\\table\\landfall.efi dry seed=1 alloc=memblock",
    "full": "fs1:\\landfall.efi dry save seed=1",
    "read-only": "fs2:\\landfall.efi dry save seed=1",
} | {name: f"\\{name}\\landfall.efi" for name in TEXTS}
TWO_NODES = "-m 4G -smp 2 -object memory-backend-ram,id=m0,size=2G -object memory-backend-ram,id=m1,size=2G " \
            "-numa node,cpus=0,memdev=m0 -numa node,cpus=1,memdev=m1"


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    """Dry runs from the shell on one machine, then a real one: what they printed, cut at the echoed lines, and the disk."""
    folder, full, fixed = (tmp_path_factory.mktemp(name) for name in ("shell", "full", "fixed"))
    subprocess.run([paths.MACHINE_TOOL, "tests/machines/four-nodes.machine", "-o", folder], check=True)
    files = {"app/landfall.efi": EFI, "app/landfall.cfg": b"dry seed=0x31 report=json", "app/landfall.log": b"x" * 4000000,
             "table/landfall.efi": EFI, "table/landfall.acpi": (folder / "srat.dat").read_bytes()}
    for name, (content, _) in TEXTS.items():
        files |= {f"{name}/landfall.efi": EFI, f"{name}/landfall.cfg": content}
    disks = [Disk(full, {"landfall.efi": EFI}), Disk(fixed, {"landfall.efi": EFI})]
    disks[0].fill(leave=4096)
    args = [*TWO_NODES.split(), *disks[0].more(1), *disks[1].more(2, ",readonly=on")]
    script = SHELL.replace("MORE", "\n".join(f"{command}\necho more={name}" for name, command in MORE.items()))
    done, disk = boot_disk(folder, files | {"startup.nsh": script.replace("\n", "\r\n").encode()}, args, timeout=120,
                           press=(b"any other key to continue", "spc"))
    assert done.verdict == "clean", done.text[-3000:]
    data, *more = re.split(rb"more=\S*", done.data)
    parts = re.split(rb"(?:first|second|third|fourth)=(\S*)", data)
    assert len(parts) == 9 and len(more) == len(MORE), done.text[-3000:]
    more = [parts.pop(), *more]
    return {"parts": [*parts[::2], more.pop()], "status": [int(s, 16) for s in parts[1::2]], "disk": disk, **dict(zip(MORE, more))}


def log_of(shell, name):
    return Log(landfall_part(shell[name]))


RUN = ("level", "start", "end", "node", "movable")


def test_dry_run_says_what_the_real_one_finds(shell):
    dry, real = (Log(landfall_part(shell["parts"][i])) for i in (0, 4))
    dry.check_run()
    real.check_run()
    assert dry.one("verdict", alloc="memblock")["table_pages"] > 2000
    for alloc in ("bottom-up", "memblock"):
        assert [[r[k] for k in RUN] for r in dry.all("run", alloc=alloc)] == \
               [[r[k] for k in RUN] for r in real.all("run", alloc=alloc)]
        assert dry.one("map", alloc=alloc)["leaf"] == real.one("map", alloc=alloc)["leaf"]
    assert dry.one("kaslr")["image_tables"] == real.one("kaslr")["image_tables"]
    assert any("read-back" in line and "# SKIP dry" in line for line in dry.ktap)


def test_dry_run_from_the_menu():
    """The first entry of the menu under UEFI: the report stays on the screen until Enter is pressed, then the menu is there again."""
    with qemu.Guest([*qemu.PLAIN, *OVMF, "-cdrom", str(ISO), "-vga", "std"], qmp=True) as guest:
        def press(key):
            guest.qmp.command("send-key", keys=[{"type": "qcode", "data": key}])
        assert guest.read_until(rb"The highlighted entry will be executed", 60)
        assert b"*Dry run" in guest.log, serial(guest.log)[-500:]
        press("ret")
        assert guest.read_until(rb"Press Enter to go back to the menu\.", 60), serial(guest.log)[-2000:]
        log = Log(landfall_part(guest.log))
        assert re.search(rb"ok \d+ - [^\r\n]*\r\n# done: back to the firmware\r\n", guest.log), serial(guest.log)[-500:]
        assert not guest.read_until(rb"Enter to go back[\s\S]*GNU GRUB", 2)
        press("ret")
        assert guest.read_until(rb"Enter to go back[\s\S]*GNU GRUB", 10)
    log.check_run()
    assert log.status == "clean" and log.one("boot")["cmdline"] == "alloc=both dry"


def test_dry_in_quotes(shell):
    """What the options call dry is dry: the application and the options read words alike, quotes and all."""
    log = log_of(shell, "quotes")
    assert log.one("boot")["cmdline"] == 'seed=7 "dry" alloc=memblock'
    assert any("read-back" in line and "# SKIP dry" in line for line in log.ktap)
    assert log.status == "clean"


def test_dry_run_counts_only(shell):
    """Tables of 16 TiB in 4 KiB pages do not fit: the numbers are there (one table for each 2 MiB), the pages are not, and it is said."""
    log = log_of(shell, "counted")
    assert log.status == "clean"
    assert "counts only: firmware has no room for so many tables, so no page of them is listed or looked at" in log.text
    for alloc in ("bottom-up", "memblock"):
        pages = log.one("map", alloc=alloc)["pages"]
        assert pages == {"pud": 33, "pmd": 16384 + 4, "pte": 8388608 + 2048}
        assert log.one("verdict", alloc=alloc)["table_pages"] == sum(pages.values())
        assert log.all("run", alloc=alloc) == []
        assert any(line.endswith(f"walk: {alloc} # SKIP counts only") for line in log.ktap)
    log.check_run()


def test_table_beside_the_application(shell):
    """It stands in for the one of firmware in a dry run, too (test_override.py: where firmware has none)."""
    log = log_of(shell, "table")
    assert "ACPI: Table Upgrade: override [SRAT-LNDFLL-MACHINE ]" in log.text
    assert "ACPI: SRAT: Node 1 PXM 1 [mem 0x06000000-0x7cffffff] hotplug" in log.text


def test_dry_run_status(shell):
    """Clean, stained (a warning), could not complete (EFI_ABORTED, of which the shell shows the low part), clean."""
    assert shell["status"] == [0, 2, 0x15, 0]


def test_dry_run_stained(shell):
    log = Log(landfall_part(shell["parts"][1]))
    log.check_run(forced_hotplug=(1,))
    assert log.status == "stained" and log.verdict["stained_nodes"] == [1]


def test_dry_run_error(shell):
    log = Log(landfall_part(shell["parts"][2]))
    assert log.status == "error" and "error: unknown option 'nonsense'" in log.text


def test_load_options_before_file(shell):
    """What the shell passes starts with the application's name, and wins over the file, in a real run too."""
    assert Log(landfall_part(shell["parts"][1])).one("boot")["cmdline"] == "dry seed=7 hotplug=1 alloc=top-down levels=4"
    assert Log(landfall_part(shell["parts"][4])).one("boot")["cmdline"] == "seed=7 base=0x10000000 page_size=4k"


def test_options_that_are_only_a_name_count_as_empty(shell):
    """`landfall.efi dry` takes its options from the load options; the file would have given another seed."""
    log = Log(landfall_part(shell["parts"][3]))
    assert log.one("boot")["cmdline"] == "dry"


def test_save(shell):
    """The file is the report, nothing else, and what was saved before is still there."""
    assert shell["disk"].read("app/landfall-01.log") == landfall_part(shell["parts"][0])
    assert shell["disk"].read("app/landfall.log") == b"x" * 4000000
    assert b"landfall: saved as landfall-01.log\r\n# done: back to the firmware\r\n" in shell["parts"][0]


def test_save_where_nothing_can_be_written(shell):
    assert "landfall: error: save: landfall.log cannot be made (EFI_STATUS 0x8000000000000008)" in serial(shell["read-only"])
    assert log_of(shell, "read-only").status == "clean"


def test_save_on_full_volume(shell):
    """Never a file that is cut without a word."""
    assert re.search(r"landfall: error: save: landfall.log cannot be (made|written)", serial(shell["full"]))
    assert log_of(shell, "full").status == "clean"


@pytest.mark.parametrize("cut", selection.one_of([-3000, 20000, 100], 3))
def test_cut_file(tmp_path, cut):
    """Firmware refuses what is not whole; nothing of it runs."""
    done, _ = boot_disk(tmp_path, {BOOT: EFI.read_bytes()[:cut]}, until=rb"Boot Maintenance Manager|failed to (load|start)")
    assert "Landfall" not in done.text


def section_flags(data):
    pe = struct.unpack_from("<I", data, 0x3c)[0]
    count, size = struct.unpack_from("<H12xH", data, pe + 6)
    for i in range(count):
        at = pe + 24 + size + 40 * i
        yield data[at:at + 8].rstrip(b"\0").decode(), struct.unpack_from("<I", data, at + 36)[0], at


def test_executable_file():
    """What firmware that enforces W^X, and shim, look at."""
    data = EFI.read_bytes()
    pe = struct.unpack_from("<I", data, 0x3c)[0]
    assert struct.unpack_from("<H", data, pe + 24 + 70)[0] & 0x100, "not marked NX-compatible"
    assert struct.unpack_from("<H", data, pe + 24 + 68)[0] == 10, "no EFI application"
    assert struct.unpack_from("<2Q", data, pe + 24 + 112) == (0, 0), "something is exported or imported"
    assert struct.unpack_from("<I", data, pe + 24 + 32)[0] % 4096 == 0, "sections are not page aligned"
    flags = {name: f for name, f, _ in section_flags(data)}
    assert {".text", ".data", ".reloc", ".sbat"} <= set(flags)
    assert not any(f & 0x20000000 and f & 0x80000000 for f in flags.values())
    at = next(at for name, _, at in section_flags(data) if name == ".sbat")
    size, _, _, offset = struct.unpack_from("<IIII", data, at + 8)
    # The true size: nothing but the lines counts, and zeros follow them in the file.
    assert data[offset + size - 1:offset + size + 1] == b"\n\0"
    rows = data[offset:offset + size].decode().splitlines()
    assert rows[0].startswith("sbat,1,") and rows[1].startswith("landfall,1,")
    assert all(len(row.split(",")) == 6 and all(row.split(",")) for row in rows)


