# SPDX-License-Identifier: MIT
"""Screens of firmware: other pixel formats, several of them, none that can be used, and the picture of a dry run."""
import pytest
from selection import one_of
from landfall import qemu
from firmware import EFI, OVMF, ROOT, Disk, landfall_part, serial
from landfall.records import Log, need
from screendump import dump
from test_screen import BACK, BAND, SHOTS, WARNING, badges, check_frame, legend_is_there, shoot

ODD = ROOT / "build/odd-firmware.efi"
CLEAN = "seed=0x2a page_size=4k levels=4"
END = rb'"rec":"end"[^\n]*\n'
PLAIN = ["-machine", "q35", "-cpu", "max", "-m", "512M"]
VGA = ["-vga", "std"]


class Screens:
    """QEMU with the application, behind odd_firmware.c if that has something to do; the log, and the screen when it is finished."""

    def __init__(self, folder, how, options, args=VGA):
        SHOTS.mkdir(parents=True, exist_ok=True)
        disk = Disk(folder, {"landfall.efi": EFI, "landfall.cfg": options.encode()})
        start = ["-kernel", str(ODD), "-append", how] if how else ["-kernel", str(EFI), "-append", options]
        self.guest = qemu.Guest([*PLAIN, *OVMF, *start, *disk.args, *args], qmp=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.guest.__exit__()

    def wait(self, pattern=END):
        need(self.guest.read_until(pattern, 60), f"no {pattern}:\n{serial(self.guest.log)[-3000:]}")

    def picture(self, name, done):
        self.wait()
        return shoot(self.guest, name, done)


def permuted(colour, order):
    """What a screen shows of a colour whose red, green and blue went where it has those of `order`."""
    share = dict(zip("rgb", colour.to_bytes(3, "big")))
    return int.from_bytes(bytes(share[c] for c in order), "big")


@pytest.mark.parametrize("how, order", [("r", "bgr"), ("m", "brg")], ids=["rgb", "masks"])
def test_pixel_formats(tmp_path, how, order):
    """The device is made to say that its colours lie elsewhere: all of them appear in the wrong place, in the same way."""
    amber, band = permuted(WARNING, order), permuted(BAND, order)
    with Screens(tmp_path, f"gop={how}", f"{CLEAN} exit=halt") as s:
        image = s.picture(f"uefi-gop-{order}", lambda i: i.at(17, 65) == amber)
    assert image.at(0, 0) == image.at(1279, 47) == band
    assert badges(image) == [amber, amber]
    assert not image.has(WARNING)


def test_console_that_cannot_be_drawn_on(tmp_path):
    """The console's own screen is for Blt only, as firmware makes it over several: the device behind it is found."""
    with Screens(tmp_path, "gop=B", f"{CLEAN} exit=halt") as s:
        image = s.picture("uefi-gop-other", legend_is_there())
    check_frame(image)
    assert badges(image) == [WARNING, WARNING]


def test_two_screens(tmp_path):
    """Firmware's console is on both, and has no memory of its own then."""
    with Screens(tmp_path, "", f"{CLEAN} exit=halt", [*VGA, "-device", "secondary-vga"]) as s:
        image = s.picture("uefi-two", legend_is_there())
    check_frame(image)


@pytest.mark.parametrize("how", one_of(["n", "b"], 2))  # at address 0; Blt only
def test_no_screen_that_can_be_used(tmp_path, how):
    """The run is the same, and what the screen showed before stays."""
    with Screens(tmp_path, f"gop={how}", f"{CLEAN} exit=halt") as s:
        s.wait(rb"ok 7 - [^\n]*\n")
        image = dump(s.guest.qmp, SHOTS / "uefi-gop-none.png")
    assert not image.has(BAND) and not image.has(BACK)


@pytest.mark.parametrize("how", one_of(["b", "n"], 2))
def test_screen_asked_for_by_name(tmp_path, how):
    with Screens(tmp_path, f"gop={how}", "seed=1 console=fb exit=halt") as s:
        s.wait(rb"Bail out! [^\n]*\n")
        assert "error: console=fb: there is no screen" in serial(s.guest.log)


@pytest.mark.parametrize("how", one_of(["gop=b", ""], 2), ids=lambda how: how or "plain")
def test_picture_of_a_dry_run(tmp_path, how):
    """By Blt, so any screen will do; it stays until a key is pressed, then the screen is as it was."""
    with Screens(tmp_path, how or "plain", f"{CLEAN} dry console=fb") as s:
        image = s.picture(f"uefi-dry-{how or 'plain'}", legend_is_there(last=False))
        check_frame(image)
        assert badges(image) == [WARNING, WARNING]
        assert b"landfall.efi returned" not in s.guest.log
        s.guest.qmp.command("send-key", keys=[{"type": "qcode", "data": "spc"}])
        s.wait(rb"landfall.efi returned 0{16}")
        after = dump(s.guest.qmp, SHOTS / "uefi-dry-after.png")
    assert not after.has(BAND) and not after.has(BACK)
    log = Log(landfall_part(s.guest.log))
    log.check_run()
    assert log.status == "clean"
