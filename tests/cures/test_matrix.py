# SPDX-License-Identifier: MIT
"""tests/cures/matrix: which boots count, and the figures that it writes into the documentation."""
import importlib.machinery
import importlib.util
import json

import pytest
from landfall.paths import ROOT

BEGIN, END = "<!-- tests/cures/matrix --write -->\n", "<!-- end -->\n"
BOOT = {"kernel": "6.1", "machine": "large", "alloc": "series", "page_size": "2m", "kaslr": False, "uefi": False,
        "pages": 1200, "pages_predicted": 1200, "tables": 16, "tables_predicted": 16, "why": ""}


@pytest.fixture
def matrix(tmp_path, monkeypatch):
    """The program with a folder of its own."""
    loader = importlib.machinery.SourceFileLoader("matrix", str(ROOT / "tests/cures/matrix"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("matrix", loader))
    loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "RESULTS", tmp_path / "results.jsonl")
    (tmp_path / "docs").mkdir()
    for name in ("fidelity", "cures"):
        (tmp_path / f"docs/{name}.md").write_text(f"before\n{BEGIN}old\n{END}after\n")
    return module


def write(matrix, *results):
    matrix.RESULTS.write_text("".join(json.dumps(r) + "\n" for r in results))
    matrix.write_docs(matrix.chosen(matrix.KERNELS, matrix.MACHINES, list(matrix.recipes.RECIPES)))
    return [(matrix.ROOT / f"docs/{name}.md").read_text() for name in ("fidelity", "cures")]


def test_figures(matrix):
    fidelity, cures = write(matrix, BOOT | {"pages_predicted": 7}, BOOT, BOOT | {"kernel": "7.3", "alloc": "floor"})
    assert "| `series` | 1 | 1,200 of 1,200 | 16 of 16 |" in fidelity  # the later result of a boot is the one that counts
    assert "| all | 2 | 2,400 of 2,400 | 32 of 32 |" in fidelity
    assert "| *large* | 6.1 7.3 | - | - | - |" in fidelity
    assert "Measured: 2 boots, 2,400 of 2,400 pages from memblock in order,\n32 of 32 tables in use." in cures
    for text in (fidelity, cures):
        assert text.startswith(f"before\n{BEGIN}") and text.endswith(f"{END}after\n") and "old" not in text


def test_what_differs_is_named(matrix):
    fidelity, _ = write(matrix, BOOT | {"tables_predicted": 15}, BOOT | {"alloc": "floor", "error": "a panic"})
    assert "- 6.1 large 2m series: 1200 of 1200 pages, 15 of 16 tables\n- 6.1 large 2m floor: a panic\n" in fidelity


def test_what_is_long_is_wrapped(matrix):
    """As all of the documentation is, so that the figures can be written anew at any time."""
    fidelity, _ = write(matrix, BOOT | {"tables_predicted": 15, "why": " ".join(["word"] * 40)})
    named = [line for line in fidelity.splitlines() if "word" in line]
    assert len(named) == 3 and all(len(line) <= 100 for line in named)
    assert named[0].startswith("- 6.1 large") and named[1].startswith("  word")


def test_no_place_for_figures(matrix):
    (matrix.ROOT / "docs/cures.md").write_text("no marks\n")
    with pytest.raises(SystemExit, match="no place for the figures"):
        write(matrix, BOOT)
    assert (matrix.ROOT / "docs/cures.md").read_text() == "no marks\n"
