# SPDX-License-Identifier: MIT
"""Sizes and ranges of memory: their names, and how they are said."""
PAGE, M, G = 1 << 12, 1 << 20, 1 << 30
SLOT = 2 * M  # KASLR chooses among places that lie so far apart
BLOCKS = {"128m": 128 * M, "2g": 2 * G}  # what Linux takes offline at once: on small machines, and on those of 64 GiB or more
UNITS = ((1 << 60, "EiB"), (1 << 50, "PiB"), (1 << 40, "TiB"), (G, "GiB"), (M, "MiB"), (1 << 10, "KiB"))


def size_words(n):
    """As the log says it: exact when it can be, else one decimal, rounded down."""
    for unit, name in UNITS:
        if n >= unit:
            tenths = f".{n % unit * 1024 // unit * 10 // 1024}" if n % unit else ""
            return f"{n // unit}{tenths} {name}"
    return f"{n} B"


def range_words(start, end):
    """Inclusive, as Linux prints ranges."""
    return f"[mem {start:#x}-{end - 1:#x}]"
