# SPDX-License-Identifier: MIT
"""A policy is one new file and one line in the table of policies: a copy of the project gets a ninth one that way, and everything in it
knows that policy."""
import json
import re
import shutil
import subprocess

import pytest
from landfall.paths import ROOT

PARTS = ["Makefile", "linker.ld", "lib", "acpi", "mm", "kernel", "boot", "tools", "tests/schema", "tests/machines", "tests/unit32",
         "build/kernel", "build/tools", "build/font.c"]
NAMES = ["bottom-up", "memblock", "lowest", "top-down", "series", "hybrid", "floor", "node-local", "srat-known"]
POLICY = """/* SPDX-License-Identifier: MIT */
/* Made by a test: from above, as if SRAT were known by then. */
#include "mm/policy.h"

static enum status map(struct direct_map *dm)
{
	return policy_map_top_down(dm, (struct range){ ISA_END, dm->end });
}

const struct pt_policy policy_srat_known = {
	.name = "srat-known",
	.says = "top-down, SRAT first",
	.srat_first = true,
	.map = map,
};
"""


def run(folder, *command, status=(0, 1)):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode in status, done.stdout[-2000:] + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The project with one file and one line more, built; what does not depend on them is not built again."""
    folder = tmp_path_factory.mktemp("a ninth policy")
    for part in PARTS:
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / part, folder / part)
    (folder / "mm/policy_srat_known.c").write_text(POLICY)
    table = folder / "mm/policy.h"
    text, lines = re.subn(r"(\tPOLICY\(node_local\))\n", r"\1 \\\n\tPOLICY(srat_known)\n", table.read_text())
    assert lines == 1
    table.write_text(text)
    quick = "TFLAGS=$(WARN) -O0 -D_FILE_OFFSET_BITS=64"  # of the host's programs: they are compiled longer than they run
    run(folder, "make", "-s", quick, *(f"build/landfall{name}" for name in (".elf", "-machine", "-predict", "-host")), status=[0])
    return folder


@pytest.mark.parametrize("host", [["--host"], []], ids=["on the host", "in QEMU"])
def test_runs_and_logs(copy, host):
    """All nine policies run, and the log is one that check-log knows: the schema has the ninth."""
    run(copy, "tools/run", *host, "--log=log", "--append=alloc=all page_size=2m sweep")
    lines = [json.loads(line) for line in (copy / "log").read_text().splitlines() if line.startswith("{")]
    for rec in ("verdict", "map", "cost", "sweep"):
        assert [r["alloc"] for r in lines if r["rec"] == rec] == NAMES, rec
    run(copy, "tools/check-log", "--allow-stained", "log", status=[0])


def test_predicted(copy):
    """The prediction has it, too, and says so in its help."""
    said = run(copy, "tools/campaign", "--host", "--boot=four-nodes 7 srat-known 4k", status=[0])
    assert [v["alloc"] for v in json.loads(said)["verdicts"]] == ["srat-known"]
    assert "srat-known" in run(copy, "build/landfall-predict", "--help", status=[0])


def test_study(copy):
    """The comparison has a column for it."""
    said = run(copy, "tools/study", "tests/machines/four-nodes.machine", status=[0])
    assert "srat-known" in said
