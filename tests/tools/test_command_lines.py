# SPDX-License-Identifier: MIT
"""Command lines drawn at random: landfall-predict answers each with a documented exit status, and one line where it cannot; its own
asserts and sanitizers' complaints are never the answer. LANDFALL_LINES= and LANDFALL_LINES_FROM= (a seed) try more and others."""
import os
import random
import re
import subprocess

import pytest
from landfall import paths

LINES, FROM = (int(os.environ.get(f"LANDFALL_LINES{more}", usual)) for more, usual in (("", 400), ("_FROM", 1)))
M, G, T = 1 << 20, 1 << 30, 1 << 40
EDGES = [0, 1, 0xfff, 0x1000, M, 16 * M, 0x9fc00, G, 4 * G - 1, 4 * G, 64 * T, 1 << 46, (1 << 47) - 1, 1 << 51, 1 << 52, (1 << 63) - 1,
         1 << 63, (1 << 64) - 0x1000, (1 << 64) - 1, 1 << 64]
# A machine that is quick to map in 4 KiB pages, and one with everything in it.
MACHINES = ["azure", "four-nodes", "no-srat", "bad-checksum", "cxl-pxm14"]
SUFFIXES = ["", "K", "M", "G", "T", "P", "k", "X", "KM"]


def number(dice):
    n = dice.choice(EDGES) + dice.choice([0, 0, 0, -1, 1, 0x1000, -0x1000])
    shape = dice.choice(["{:#x}", "{}", "{:x}", "{:#X}", "0{}", "-{}", "+{}", " {}"][:dice.choice([2, 2, 2, 8])])
    return shape.format(n) + dice.choice(SUFFIXES[:dice.choice([1, 6, 9])])


def pair(dice, between=":"):
    return number(dice) + dice.choice([between] * 9 + ["", "::", ",", "-"]) + number(dice)


def close(dice):
    """A range where a kernel could lie."""
    start = dice.choice([16 * M, 0x5e00000, 0x7fc00000, 4 * G]) + dice.randrange(4) * 2 * M
    return f"{start:#x}:{start + dice.choice([0, 0x1000, 2 * M, 53 * M, 4 * G]):#x}"


def words(*choices):
    return lambda dice: ",".join(dice.choices(choices, k=dice.choice([1, 1, 1, 2, 9])))


def one_of(*choices):
    return lambda dice: dice.choice(choices)


OPTIONS = {
    "--kernel": lambda dice: dice.choice([close, close, pair])(dice),
    "--brk": lambda dice: dice.choice([lambda d: f"{d.choice([16 * M, 0x5e00000]) + 4096 * d.randrange(9):#x}:{d.choice([0, 1, 6, 12, 16, 99])}",
                                       pair])(dice),
    "--reserve": lambda dice: dice.choice([close, pair])(dice),
    "--alloc": words("bottom-up", "memblock", "lowest", "top-down", "series", "hybrid", "floor", "node-local", "both", "all", "", "none"),
    "--page-size": one_of("auto", "4k", "2m", "1g", "2M", "8k", ""),
    "--levels": one_of("auto", "4", "5", "6", "-4", ""),
    "--movable-node": one_of("on", "off", "maybe", ""),
    "--kaslr": one_of("on", "off", "1"),
    "--image-size": lambda dice: dice.choice(["64M", "64M,0x3430000", number(dice), pair(dice, ",")]),
    "--avoid": lambda dice: dice.choice([close, pair])(dice),
    "--chooser": one_of("decompressor", "efistub", "neither"),
    "--page-offset": lambda dice: dice.choice(["0xffff888000000000", "0xff11000000000000", number(dice)]),
    "--hotplug": words("0", "1", "2", "3", "63", "1023", "1024", "4294967295", "-1", "x", ""),
    "--fragment": lambda dice: dice.choice(["every:7", "every:1", "rand:500", "every:0", "rand:1001", "rand:0", "every:" + number(dice), "often"]),
    "--seed": number,
}
FLAGS = ["--require-srat", "--sweep", "--counts", "--json", "--sequence", "--compare"]


def command_line(dice):
    """A source of facts, now and then two or none, and a few options."""
    source = {"machine": [f"--machine={dice.choice(MACHINES)}"],
              "log": ["--linux-log=-"],
              "srat": ["--srat=/dev/null"],
              "e820": ["--e820=-", "--srat=/dev/null"]}
    line = [w for s in dice.sample(sorted(source), dice.choice([0] + 12 * [1] + [2])) for w in source[s]]
    for name in dice.sample(sorted(OPTIONS), dice.choice([0, 1, 2, 3, 5])):
        line += [f"{name}={OPTIONS[name](dice)}"] * dice.choice([1, 1, 1, 2])
    line += dice.sample(FLAGS, dice.choice([0, 0, 1, 2]))
    return line


@pytest.fixture(scope="module")
def seen():
    """The exit statuses of all lines."""
    return set()


@pytest.mark.skipif(not paths.PREDICT.exists(), reason="needs make")
@pytest.mark.parametrize("seed", range(FROM, FROM + 8))
def test_landfall_predict(seed, seen):
    dice = random.Random(seed)
    for _ in range(LINES // 8):
        line = command_line(dice)
        done = subprocess.run([paths.PREDICT, *line], input=b"BIOS-e820: [mem 0x0000000000100000-0x000000007fffffff] usable\n",
                              capture_output=True, timeout=60)
        said = done.stderr.decode()
        assert done.returncode in (0, 1, 2), f"{line}: {done.returncode}\n{said[-2000:]}"
        if done.returncode == 2:
            assert re.search(r"(^|\n)landfall-predict: [^\n]+\n$", said) or "error:" in done.stdout.decode(), f"{line}:\n{said[-2000:]}"
        seen.add(done.returncode)


def test_good_lines_and_bad_ones_were_drawn(seen):
    assert not seen or {0, 2} <= seen
