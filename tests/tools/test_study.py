# SPDX-License-Identifier: MIT
"""tools/study: the tables in docs/ are what comes out today, and a figure of theirs is what the program says slot by slot."""
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PREDICT = ROOT / "build/landfall-predict"
MIB, END = 1 << 20, 0x3430000
pytestmark = pytest.mark.skipif(not PREDICT.exists(), reason="needs make")


def study(*args, root=ROOT):
    done = subprocess.run([root / "tools/study", *args], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def rows(text, first):
    """The rows of the table whose head begins with these columns, as {policy: cells}."""
    lines = text.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith(f"| {first} "))
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in lines[at + 2:]]
    return {c[0]: c for c in cells[:next((i for i, c in enumerate(cells) if len(c) < 2), len(cells))]}


@pytest.fixture
def copy(tmp_path):
    """The study with pages of its own, to be spoilt."""
    for name in ("tools/study", "docs/study.md", "docs/study-tables.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "tools/landfall", tmp_path / "tools/landfall")
    for name in ("build", "lib", "linker.ld", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def test_the_pages_are_up_to_date_and_a_changed_figure_is_found(copy):
    """What is written anew is what stands in docs/."""
    page, tables = copy / "docs/study.md", copy / "docs/study-tables.md"
    good, good_tables = page.read_text(), tables.read_text()
    page.write_text(good.replace("| bottom-up | 9 of 34 |", "| bottom-up | 8 of 34 |"))
    assert page.read_text() != good
    assert study("--check", root=copy) == (1, "", "docs/study.md is out of date: make study\n")
    assert study("--write", root=copy) == (0, "", "")
    assert (page.read_text(), tables.read_text()) == (good, good_tables)
    page.write_text(good.replace("<!-- study: slip -->", ""))
    assert study("--write", root=copy)[::2] == (2, "study: no place for: slip\n")


def test_every_figure_in_the_words_is_in_a_table():
    """What the text says of single cases stands in the tables."""
    page, tables = ((ROOT / f"docs/{name}.md").read_text() for name in ("study", "study-tables"))
    words = re.sub(r"<!-- study.*?<!-- end -->", "", page, flags=re.S)
    said = re.findall(r"([\d,]+) of (\d{1,3}(?:,\d{3})+) slots|([\d,]+) of (\d[\d,]{6,})", words)
    assert {(a or c, b or d) for a, b, c, d in said} == {("174", "2,095,931"), ("443", "16,776,064")}
    for a, b, c, d in said:
        assert f"| {(a or c).replace(',', '')}/{(b or d).replace(',', '')} |" in page
    assert "1 of 17 slots" in words and "| four-nodes:4k | 1/17 |" in page
    assert "1.6 % on sixteen-nodes, 4.5 % on thirtytwo-nodes" in words.replace("\n", " ")
    assert "1356/87275 = 0.015537" in tables and "94567/2095931 = 0.045119" in tables
    score = rows(page, "policy | cases")
    assert "26 of 34 cases" in words and score["top-down"][2] == "26" and score["top-down"][1].endswith(" of 34")
    assert [score[p][1][:2] for p in ("memblock", "series", "lowest", "floor")] == ["0 "] * 4
    assert "59 stained slots" in words and "| boards | 194 | 0 | 48769 | 59/31483 |" in page


def test_a_case_is_what_the_program_says_of_each_slot(tmp_path):
    """four-nodes with 4K pages: all 17 slots tried one by one, with real tables; the one that is stained, and what it costs."""
    code, out, err = study("four-nodes:4k")
    assert (code, err) == (0, "")
    first, second = rows(out, "policy | stained"), rows(out, "policy | base")
    subprocess.run([ROOT / "build/landfall-machine", "four-nodes", "-t", tmp_path], cwd=ROOT, check=True)
    # node 0 alone is fixed: [1M, 96M) is where the loader unpacks, [2000M, 2G) is too small, [4G, 4G + 96M) has these slots
    bases = range(4096 * MIB, (4096 + 96 - 64) * MIB + 1, 2 * MIB)
    stained = {}
    for base in bases:
        words = ["--e820", tmp_path / "e820", "--srat", tmp_path / "srat.dat", "--slit", tmp_path / "slit.dat", "--kernel",
                 f"{base:#x}:{base + END:#x}", "--page-size", "4k", "--levels", "5", "--alloc", "all", "--json"]
        done = subprocess.run([PREDICT, *map(str, words)], capture_output=True, text=True, timeout=60)
        for r in map(json.loads, done.stdout.splitlines()):
            if r["rec"] == "cost" and r["on_movable"]:
                stained.setdefault(r["alloc"], {})[base] = r
    assert len(bases) == 17
    for policy, cells in first.items():
        found = stained.get(policy, {})
        assert int(cells[1]) == len(found), policy
        if found:
            worst = max(found, key=lambda b: (found[b]["on_movable"], -b))
            assert (cells[5], int(cells[6])) == (hex(worst), found[worst]["on_movable"])
            levels = [found[worst]["stained"][level] for level in ("pte", "pmd", "pud", "p4d")]
            assert [int(c) for c in second[policy][2:6]] == levels
            assert [int(c) for c in second[policy][8:10]] == [found[worst]["below"][k] for k in ("16m", "4g")]
    assert set(stained) == {"bottom-up", "top-down", "hybrid", "node-local"}


def test_a_description_of_ones_own(tmp_path):
    mine = tmp_path / "my own.machine"
    mine.write_text((ROOT / "tests/machines/hole64.machine").read_text())
    status, out, err = study(str(mine))
    assert (status, err) == (0, "")
    assert out.replace(str(mine), "hole64") == study("hole64")[1]


def test_what_cannot_be_studied():
    assert study("./nowhere.machine") == (2, "", "study: ./nowhere.machine: there is no ./nowhere.machine\n")
    assert study("nowhere") == (2, "", "study: nowhere: there is no tests/machines/nowhere.machine\n")
    code, out, err = study("four-nodes:3m")
    assert (code, out) == (2, "") and "--page-size 3m: not one of auto, 4k, 2m, 1g" in err
    assert study()[0] == 2
