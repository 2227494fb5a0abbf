# SPDX-License-Identifier: MIT
"""A guest's screen: as a PNG for people, and its pixels for tests."""
import struct


class Image:
    """A binary PPM: width, height, and the colour of every pixel as 0xRRGGBB."""

    def __init__(self, data):
        magic, width, height, depth = data.split(None, 4)[:4]
        assert (magic, depth) == (b"P6", b"255"), "not the PPM we know"
        self.width, self.height = int(width), int(height)
        self.bytes = data[-3 * self.width * self.height:]

    def at(self, x, y):
        assert 0 <= x < self.width and 0 <= y < self.height
        at = 3 * (y * self.width + x)
        return int.from_bytes(self.bytes[at:at + 3], "big")

    def row(self, y):
        return [self.at(x, y) for x in range(self.width)]

    def has(self, colour):
        wanted, at = colour.to_bytes(3, "big"), -1
        while (at := self.bytes.find(wanted, at + 1)) >= 0:
            if at % 3 == 0:
                return True
        return False


def dump(qmp, path):
    """The screen now; written to `path` as a PNG as well."""
    raw = path.with_suffix(".ppm")
    qmp.command("screendump", filename=str(raw))
    image = Image(raw.read_bytes())
    raw.unlink()
    qmp.command("screendump", filename=str(path), format="png")
    head = path.read_bytes()[:24]
    assert head[:16] == b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"
    assert struct.unpack(">II", head[16:]) == (image.width, image.height)
    return image
