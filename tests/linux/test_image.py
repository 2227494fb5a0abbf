# SPDX-License-Identifier: MIT
"""--kernel-image with real kernels, and what tools/presets makes of them."""
import re
import subprocess

import boots
import debian
import pytest

PRESETS = boots.ROOT / "kernel/state/presets.h"


@pytest.mark.parametrize("name", debian.KERNELS)
def test_presets_are_what_the_images_tell(name):
    kernel = boots.kernel(name)
    done = subprocess.run([boots.ROOT / "tools/presets", kernel.path], capture_output=True, text=True, check=True)
    said = re.search(r"\{ SERIES.*\},", done.stdout)[0]
    assert f"/* {kernel.release} */" in done.stdout
    if f"/* {kernel.release} */" in PRESETS.read_text():  # else Debian has a newer one
        assert said in PRESETS.read_text()


@pytest.mark.parametrize("name", debian.KERNELS)
def test_a_machine_with_that_kernel(name):
    kernel = boots.kernel(name)
    told = subprocess.run([boots.PREDICT, "--kernel-image", kernel.path], capture_output=True, text=True, check=True).stdout
    slot, end = re.search(r"^image_size=(\w+),(\w+)$", told, re.M).groups()
    done = subprocess.run([boots.PREDICT, "--machine", "four-nodes", "--kernel-image", kernel.path, "--json"], capture_output=True,
                          text=True)
    assert done.returncode in (0, 1), done.stderr
    assert f'"base":"0x1000000","end":"{0x1000000 + int(end, 16):#x}","size":{int(slot, 16)},' in done.stdout


def test_an_image_that_nothing_here_unpacks():
    """The program that is missing is named."""
    path = boots.kernel(debian.KERNELS[-1]).path
    alone = {"capture_output": True, "text": True, "env": {"PATH": "/nonexistent"}}
    done = subprocess.run([boots.PREDICT, "--kernel-image", path], **alone)
    why = r"(zstd|xz) cannot unpack the file in it \(is it installed\?\), or that has no section \.brk$"
    assert done.returncode == 0 and re.search(f"^_end: not known: {why}", done.stdout, re.M)
    assert "image_size" not in done.stdout
    done = subprocess.run([boots.PREDICT, "--machine", boots.ROOT / "tests/machines/four-nodes.machine", "--kernel-image", path], **alone)
    assert done.returncode == 2 and re.match(f"landfall-predict: error: {re.escape(str(path))}: {why}", done.stderr)
    done = subprocess.run(["/usr/bin/python3", boots.ROOT / "tools/presets", path], **alone)
    assert done.returncode == 1 and re.match(f"{re.escape(str(path))}: {why}", done.stderr)


@pytest.mark.parametrize("cut,why", [(0x100, "not a bzImage of Linux"), (0x8000, "it is cut short")])
def test_not_an_image(tmp_path, cut, why):
    image = tmp_path / "image"
    image.write_bytes(boots.kernel(debian.KERNELS[-1]).path.read_bytes()[:cut])
    done = subprocess.run([boots.PREDICT, "--kernel-image", image], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"landfall-predict: error: {image}: {why}\n")
