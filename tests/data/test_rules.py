# SPDX-License-Identifier: MIT
"""Every rule that the code knows is explained, in docs/firmware-rules.md and by landfall-predict, and nothing else is."""
import re
import subprocess
from pathlib import Path

from conftest import PREDICT

RULE = r"[a-z0-9]+(?:-[a-z0-9]+)+"
SOURCES = ["acpi/table_rules.c", "mm/memory_rules.c", "kernel/judge.c", "kernel/report/report_finding.c"]
SECTION = re.compile(rf"^### ({RULE})\n\n([^\n]+)\n\n- Specification: \S[^\n]+\n- Linux: \S[^\n]+\n- Example: `finding: ({RULE})[^`\n]*`$",
                     re.M)
# Each paragraph and each item on one line, as they are before they are wrapped.
UNWRAPPED = re.sub(r"(?<=[^\n])\n *(?=[^\n #`-])|(?<=[^\n])\n +(?=[^\n])", " ", Path("docs/firmware-rules.md").read_text())
DOCUMENTED = {name: (sentence, example) for name, sentence, example in SECTION.findall(UNWRAPPED)}


def rules_of_the_code():
    return {name for path in SOURCES for name in re.findall(rf'"({RULE})"', Path(path).read_text())}


def sentences_of_predict():
    text = re.sub(r'"\s+"', "", Path("tools/predict/rules.c").read_text())
    return dict(re.findall(rf'{{\s*"({RULE})",\s*"((?:[^"\\]|\\.)*)"\s*}}', text))


def test_all_rules_are_documented():
    assert set(DOCUMENTED) == rules_of_the_code()
    assert Path("docs/firmware-rules.md").read_text().count("\n### ") == len(DOCUMENTED) >= 25
    assert all(example == name for name, (_, example) in DOCUMENTED.items())


def test_predict_says_the_same_sentences():
    said = sentences_of_predict()
    assert said == {name: sentence for name, (sentence, _) in DOCUMENTED.items()}


def test_predict_explains_a_finding_once(tmp_path):
    """Two pages of RAM in no range: less than what makes Linux refuse the table."""
    log = tmp_path / "log"
    log.write_text("""[    0.000000] Linux version 6.1.0 (x@y) #1 SMP
[    0.000000] Command line: nokaslr
[    0.000000] BIOS-provided physical RAM map:
[    0.000000] BIOS-e820: [mem 0x0000000000001000-0x000000000009ffff] usable
[    0.000000] BIOS-e820: [mem 0x0000000000100000-0x000000007fffffff] usable
[    0.000000] ACPI: SRAT: Node 0 PXM 0 [mem 0x00002000-0x3fffffff]
[    0.000000] ACPI: SRAT: Node 1 PXM 1 [mem 0x40000000-0x7fffefff]
""")
    done = subprocess.run([PREDICT, "--linux-log", log, "--kernel", "0x1000000:0x2000000"], capture_output=True, text=True)
    lines = done.stdout.splitlines()
    at = [i for i, line in enumerate(lines) if line.startswith("finding: ")]
    assert [lines[i] for i in at] == ["finding: srat-uncovered-ram [mem 0x00001000-0x00001fff]",
                                      "finding: srat-uncovered-ram [mem 0x7ffff000-0x7fffffff]"]
    assert lines[at[0] + 1] == "  RAM lies in no enabled range."
    assert lines.count("  RAM lies in no enabled range.") == 1
