# SPDX-License-Identifier: MIT
"""What a screen shows at the end, pixel by pixel where it matters. The pictures are kept in build/screens/."""
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from selection import one_of
from landfall import paths, qemu
from landfall.records import Log
from screendump import dump

SHOTS = paths.ROOT / "build/screens"
EFI = paths.ROOT / "build/landfall.efi"
GRUB_MODULES = "normal multiboot2 all_video iso9660"
STAINED = "seed=0x21 page_size=4k levels=4"  # of the machine four-nodes: bottom-up stains node 1
CLEAN = "seed=0x2a page_size=4k levels=4"

# boot/dev/screen.c
BACK, BAND, GOOD, WARNING, STAIN = 0x12161C, 0x1F2A38, 0x3FB950, 0xE3B341, 0xFF4B4B
MEMORY, MOVABLE, IMAGE, LANE = 0x38547A, 0x7D5F2C, 0xFFFFFF, 0x222B36
POLICIES = [0x4CC9F0, 0x7EE787]
LEGEND = [("memory", MEMORY), ("movable", None), ("image", IMAGE), ("stain", STAIN), ("bottom-up", POLICIES[0]),
          ("memblock", POLICIES[1])]
# QEMU's VGA colours
VGA_BLUE, VGA_GREEN, VGA_RED, VGA_BRIGHT_RED = 0x0000A8, 0x00A800, 0xA80000, 0xFF5757


@pytest.fixture(scope="module", autouse=True)
def shots():
    SHOTS.mkdir(parents=True, exist_ok=True)


def iso(folder, options, payload):
    """A CD that boots the kernel through GRUB and Multiboot 2. The mode is set behind the kernel, which asks for one itself."""
    if not shutil.which("grub-mkrescue") or not Path("/usr/lib/grub/i386-pc").exists():
        pytest.skip("grub-mkrescue or grub-pc-bin is missing")
    tree = Path(folder) / "iso/boot/grub"
    tree.mkdir(parents=True)
    shutil.copy(paths.KERNEL, tree.parent)
    mode = f"set gfxpayload={payload}" if payload else ""
    (tree / "grub.cfg").write_text(f"insmod all_video\nmultiboot2 /boot/landfall.elf {options}\n{mode}\nboot\n")
    subprocess.run(["grub-mkrescue", "-o", f"{folder}/x.iso", "--locales=", "--fonts=", "--themes=",
                    f"--install-modules={GRUB_MODULES}", f"{folder}/iso"], check=True, capture_output=True)
    return ["-cdrom", f"{folder}/x.iso"]


def shoot(guest, name, done):
    """Dumps the screen until `done` says that it is finished, and one dump more shows the same: QEMU draws while the guest does."""
    path, deadline, before = SHOTS / f"{name}.png", time.monotonic() + 20, None
    while True:
        image = dump(guest.qmp, path)
        if done(image) and image.bytes == before:
            return image
        before = image.bytes
        assert time.monotonic() < deadline, f"the screen is never finished: see {path}"
        time.sleep(0.1)


class Shot:
    """A boot up to exit=halt: its picture and its log."""

    def __init__(self, name, machine, options, args, done, boot="kernel", payload=None):
        with tempfile.TemporaryDirectory(prefix="landfall-") as folder:
            m = qemu.Machine(machine, folder)
            options = " ".join(m.options + [options, "exit=halt"])
            how = {"kernel": lambda: qemu.boot_args(paths.KERNEL, options.split()),
                   "grub": lambda: iso(folder, options, payload),
                   "uefi": lambda: [*qemu.uefi_args(), "-kernel", str(EFI), "-append", options]}[boot]()
            with qemu.Guest(m.args + how + args, qmp=True) as guest:
                guest.read_until(rb'"rec":"end"[^\n]*\n', 60)
                self.image = shoot(guest, name, done)
                while guest.read(0.1):
                    pass
                self.data = guest.log

    @property
    def log(self):
        return Log(self.data)


def legend_row(image, line):
    """The middle of the legend's line: over a gap, the line that repeats the run, and the last whole line."""
    return image.height // line * line - 3 * line


def legend_is_there(line=16, last=True):
    """True once the first and the last sample of the legend are there, and something on the last line, if anything is to come there."""
    def done(image):
        y = legend_row(image, line)
        return {MEMORY, POLICIES[1]} <= set(image.row(y)) and (not last or set(image.row(y + 5 * line // 2)) > {BACK})
    return done


def check_legend(image, grow=1):
    """Each sample in its colour, in order, two columns wide."""
    column, line = 8 * grow, 16 * grow
    x, y = 2 * column, legend_row(image, line)
    for name, colour in LEGEND:
        sample = {image.at(x + i, y) for i in range(2 * column)}
        assert sample == ({colour} if colour else {MOVABLE, BACK}), name
        x += (len(name) + 5) * column


def shows(image, word, x, y):
    """True when the word can be read there, dot by dot."""
    source = (paths.ROOT / "build/font.c").read_text()
    for i, c in enumerate(word):
        rows = re.search(rf"\{{ (.*) \}}, /\* {ord(c):#x} \*/", source)[1].split(", ")
        for row, bits in enumerate(int(r, 16) for r in rows):
            for column in range(8):
                dot = image.at(x + 8 * i + column, y + row)
                if (dot != BAND) != bool(bits & 0x80 >> column):
                    return False
    return True


def check_frame(image, grow=1):
    """Band at the top with the title, ground below and in the corners."""
    assert grow > 1 or shows(image, "Landfall", 16, 8)  # larger letters are smoothed
    line = 16 * grow
    assert image.at(0, 0) == image.at(image.width - 1, 3 * line - 1) == BAND
    assert image.at(0, 3 * line) == image.at(image.width - 1, image.height - 1) == BACK
    check_legend(image, grow)


def badges(image, grow=1):
    """The verdicts' badges from top to bottom."""
    column, line = 8 * grow, 16 * grow
    return [image.at(2 * column + 1, line * 4 + 1 + i * (line + line // 4)) for i in range(2)]


def bar_row(image, y, label=12):
    """The pixels of the bar at that height, grow 1."""
    full = image.width - 32 - (label + 21) * 8
    return image.row(y)[16 + label * 8:16 + label * 8 + full]


def check_marks(shot, bars, bar, lane_height, step):
    """Every run of page tables is seen where it lies, in its lane, in its colour; stains in the bar of the node too."""
    image, log = shot.image, shot.log
    nodes = [r for r in log.all("node") if r["present"]]
    ram = sorted((r["start"], r["end"]) for r in log.all("mem", type="usable"))
    widest, full = max(n["present"] for n in nodes), len(bar_row(image, bars))
    blocks = [r for r in log.all("affinity", enabled=True)]
    seen = 0
    for i, node in enumerate(nodes):
        own = [(max(a, b["start"]), min(e, b["end"])) for a, e in ram for b in blocks if b["node"] == node["node"]]
        own = [(a, e) for a, e in own if a < e]
        width = max(full * node["present"] // widest, 4)
        for p, alloc in enumerate(("bottom-up", "memblock")):
            lane = bar_row(image, bars + i * step + bar + p * lane_height + lane_height // 2)
            assert set(lane[width:]) <= {BACK} and LANE in lane[:width]
            for run in log.all("run", alloc=alloc, node=node["node"]):
                if run["level"] == "pgd":
                    continue
                below = sum(max(0, min(e, run["start"]) - a) for a, e in own)
                x = min(below * width // node["present"], width - 4)
                colour = STAIN if run["movable"] else POLICIES[p]
                assert colour in lane[max(x - 1, 0):x + 4], (alloc, run)
                if run["movable"]:
                    assert STAIN in bar_row(image, bars + i * step + 4)[max(x - 1, 0):x + 4]
                seen += 1
            if not log.all("run", alloc=alloc, node=node["node"]):
                assert set(lane[:width]) == {LANE}
    assert seen > 4


@pytest.mark.parametrize("options, verdicts", one_of([(STAINED, [STAIN, GOOD]), (CLEAN, [GOOD, GOOD])], 2))
def test_framebuffer_800x600(options, verdicts):
    """GRUB's own choice of a mode."""
    shot = Shot(f"grub-800x600-{'stained' if STAIN in verdicts else 'clean'}", "four-nodes", options, ["-vga", "std"],
                legend_is_there(), "grub")
    assert (shot.image.width, shot.image.height) == (800, 600)
    check_frame(shot.image)
    assert badges(shot.image) == verdicts
    assert shot.log.status == "clean"  # the last policy is memblock
    # under the line of findings room 376 for four nodes of 56: 38 dots more, half of them for the bar, a quarter for its two
    # lanes, a quarter for the gap
    check_marks(shot, 152, 16 + 19, 16 + 4, 56 + 19 + 8 + 9)


@pytest.mark.parametrize("width, height, label", one_of([(1024, 768, 27), (1280, 800, 27), (1920, 1080, 27)], 3))
def test_framebuffer_of_other_sizes(width, height, label):
    shot = Shot(f"grub-{width}x{height}", "four-nodes", STAINED, ["-vga", "std"], legend_is_there(), "grub",
                f"{width}x{height}x32")
    assert (shot.image.width, shot.image.height) == (width, height)
    check_frame(shot.image)
    assert badges(shot.image) == [STAIN, GOOD]
    row = bar_row(shot.image, 152 + 4, label)
    assert row.count(IMAGE) == 4 and MEMORY in row


def test_framebuffer_4k():
    """The font is twice as large, and so is everything else."""
    args = ["-device", "VGA,vgamem_mb=64,xres=3840,yres=2160"]
    shot = Shot("grub-3840x2160", "four-nodes", STAINED, args, legend_is_there(32), "grub", "3840x2160x32")
    assert (shot.image.width, shot.image.height) == (3840, 2160)
    check_frame(shot.image, 2)
    assert badges(shot.image, 2) == [STAIN, GOOD]


def test_framebuffer_of_16_bits():
    """Colours as near as five and six bits allow."""
    def done(image):
        return any(c >> 16 > 0xF0 and 0x40 < (c >> 8 & 0xFF) < 0x58 for c in image.row(600 - 56))
    shot = Shot("grub-800x600x16", "four-nodes", STAINED, ["-vga", "std"], done, "grub", "800x600x16")
    assert all(abs((shot.image.at(17, 65) >> s & 0xFF) - (STAIN >> s & 0xFF)) <= 8 for s in (0, 8, 16))


def check_vga_text(image):
    """720x400: cells of 9 by 16 dots, the band blue, the badges' grounds as VGA has them."""
    assert (image.width, image.height) == (720, 400)
    assert image.at(719, 8) == VGA_BLUE
    assert [image.at(9 + 1, y) for y in (33, 49)] == [VGA_RED, VGA_GREEN]
    assert VGA_BRIGHT_RED in image.row(21 * 16 + 8)


def vga_done(image):
    return image.height == 400 and VGA_BRIGHT_RED in image.row(21 * 16 + 8) and image.at(719, 8) == VGA_BLUE


def test_vga_text_by_multiboot_1():
    """No loader says anything of the screen; the BIOS data area does."""
    check_vga_text(Shot("qemu-text", "four-nodes", STAINED, ["-vga", "std"], vga_done).image)


def test_vga_text_by_grub():
    check_vga_text(Shot("grub-text", "four-nodes", STAINED, ["-vga", "std"], vga_done, "grub", "text").image)


@pytest.mark.parametrize("width, height", one_of([(800, 600), (1280, 800), (1920, 1080)], 3))
def test_uefi(width, height):
    """The firmware's own mode, through GOP. The machine has no SRAT, so there is no verdict."""
    args = ["-device", f"VGA,vgamem_mb=64,xres={width},yres={height}"]
    shot = Shot(f"uefi-{width}x{height}", None, CLEAN, args, legend_is_there(), "uefi")
    assert (shot.image.width, shot.image.height) == (width, height)
    check_frame(shot.image)
    assert badges(shot.image) == [WARNING, WARNING]


def test_an_error_stays_on_the_screen():
    """No picture then: the last words of the log, the error in red."""
    def red(image):
        return [y for y in range(0, 592, 16) if any(STAIN in image.row(y + i) for i in range(16))]
    shot = Shot("grub-error", None, "require=srat", ["-vga", "std"], lambda i: len(red(i)) > 1, "grub")
    assert (shot.image.width, shot.image.height) == (800, 600)
    assert shot.log.status == "error"
    shown = [t for t in shot.data.decode().splitlines() if not t.startswith("{")]
    first = next(i for i, t in enumerate(shown) if "error:" in t)
    assert red(shot.image) == [y * 16 for y in (first, first + 2)]  # the line itself, KTAP's version, its bail-out
    assert not shot.image.has(MEMORY)


def run(options, args):
    command = [qemu.find_qemu(), *qemu.COMMON, *qemu.PLAIN, *qemu.DEBUG_EXIT, *args,
               *qemu.boot_args(paths.KERNEL, options.split())]
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=60)


def test_screen_only():
    """No UART at all: the exit status is right."""
    assert run("seed=1", ["-vga", "std"]).returncode == 33
    assert run("seed=1 console=fb", ["-vga", "std"]).returncode == 33
    assert run("seed=1 require=srat", ["-vga", "std"]).returncode == 37


def test_consoles_given_by_name():
    """console=fb leaves the UART alone, console=ttyS0 the screen."""
    done = run("seed=1 console=fb", ["-vga", "std", "-serial", "stdio"])
    assert done.returncode == 33 and done.stdout == b""
    shot = Shot("serial-only", None, "seed=1 console=ttyS0", ["-vga", "std"], lambda i: i.height == 400)
    assert shot.log.status == "clean"
    assert not shot.image.has(VGA_BLUE)


def test_framebuffer_nowhere():
    """GRUB has no video device to offer: the log takes no harm."""
    with tempfile.TemporaryDirectory(prefix="landfall-") as folder:
        m = qemu.Machine(None, folder)
        with qemu.Guest(m.args + qemu.DEBUG_EXIT + iso(folder, "seed=1", None)) as guest:
            assert guest.wait(60) == 33
            assert Log(guest.log[guest.log.index(b"[ "):]).status == "clean"
