# SPDX-License-Identifier: MIT
"""landfall-predict without a boot: a SRAT alone is judged, and a machine description alone is answered."""
import json
import shutil
import struct
import subprocess
from pathlib import Path

import jsonschema
import pytest

from landfall.paths import MACHINE_TOOL, MACHINES, PREDICT, SCHEMA

OVERLAP = ("finding: srat-overlap [mem 0x00100000-0x3fffffff] of PXM 0 and [mem 0x30000000-0x7fffffff] of PXM 1",
           "result: Linux rejects the table: ranges of different domains overlap, unless one of the two holds no RAM")


def predict(*words, **more):
    return subprocess.run([PREDICT, *words], capture_output=True, text=True, **more)


def table(tmp_path, machine, name="srat"):
    subprocess.run([MACHINE_TOOL, machine, "-t", tmp_path], check=True)
    return tmp_path / f"{name}.dat"


@pytest.mark.parametrize("machine,status,said", [
    ("four-nodes", 0, ("  0x0030: CPU of PXM 0 APIC 0x00", "result: Linux accepts the table")),
    ("overlap", 1, OVERLAP),
    ("zero-entry", 1, ("finding: srat-zero-length-entry at offset 0xa0",
                       "result: Linux rejects the table: the entry at offset 0xa0 has a wrong length (0)")),
    ("overlong-entry", 1, ("finding: srat-truncated-entry at offset 0x90",
                           "result: Linux reads on behind the end of the table; Landfall rejects it: "
                           "the entry at offset 0x90 has a wrong length (40)")),
    ("bad-checksum", 1, ("finding: srat-checksum",
                         "result: Linux accepts the table; it does not look at the checksum, which is wrong")),
])
def test_a_srat_alone(tmp_path, machine, status, said):
    done = predict("--srat", table(tmp_path, machine))
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (status, "")
    assert all(line in lines for line in said) and lines[-1] == said[-1]
    for n, line in enumerate(lines):
        if line.startswith("finding: "):
            assert lines[n + 1].startswith("  ")  # what the rule says


@pytest.mark.parametrize("left,result", [
    (b"\1\x28", "Linux accepts the table"), (b"\1\x28\0", "Linux reads on behind the end of the table; Landfall rejects it: ")])
def test_what_an_end_cuts(tmp_path, left, result):
    """Two bytes are too few for an entry; of one that begins in the table Linux reads the rest behind it."""
    path = table(tmp_path, "four-nodes")
    data = bytearray(path.read_bytes() + left)
    data[4:8], data[9] = struct.pack("<I", len(data)), 0
    data[9] = -sum(data) & 255
    path.write_bytes(data)
    said = predict("--srat", path).stdout.splitlines()[-1]
    assert said == f"result: {result}" + "the entry at offset 0x188 has a wrong length (40)" * (len(left) > 2)


def test_every_entry_is_a_line(tmp_path):
    lines = predict("--srat", table(tmp_path, "boards")).stdout.splitlines()
    text = (MACHINES / "boards.machine").read_text()
    assert sum(line.startswith("  0x") for line in lines) == sum(line[:1] in " \t" and bool(line.strip()) and line.split()[0] != "#"
                                                                for line in text.splitlines())


def test_records_of_a_srat(tmp_path):
    done = predict("--srat", table(tmp_path, "overlap"), "--json")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    for record in records:
        jsonschema.validate(record, json.loads(SCHEMA.read_text()))
    assert [r["rec"] for r in records] == ["affinity"] * 3 + ["finding", "lint"]
    assert [r["seq"] for r in records] == list(range(5))
    assert records[3]["rule"] == "srat-overlap" and records[3]["about"] == OVERLAP[0].split(" ", 2)[2]
    assert (records[4]["accepted"], records[4]["findings"], done.returncode) == (False, 1, 1)


OTHERS = (512, 514, 516, 518)


def test_more_findings_than_are_told(tmp_path):
    """Each of four ranges of one domain overlaps the three others; four ranges of domain 2 overlap one of another each."""
    (tmp_path / "many.machine").write_text("about t\nsource t\nqemu none\nmap 0 4G usable\nsrat 3\n cpu 0 0\n mem 0 0 1G\n"
                                           + "".join(f" mem 1 1G {1024 + n}M\n" for n in (1, 2, 3, 4))
                                           + "".join(f" mem 2 {at}M {at + 1}M\n" for at in OTHERS) + " unknown 9 4\n")
    path = table(tmp_path, tmp_path / "many.machine")
    done = predict("--srat", path)
    found = [line for line in done.stdout.splitlines() if line.startswith("finding: ")]
    inner = [(1, 2), (1, 3), (1, 4), (2, 3)]
    assert done.returncode == 1 and found == [
        "finding: srat-unknown-entry at offset 0x1a8",
        *(f"finding: srat-overlap [mem 0x00000000-0x3fffffff] of PXM 0 and [mem {at:#x}-{at + 0xfffff:#x}] of PXM 2"
          for at in (mib << 20 for mib in OTHERS)),
        *(f"finding: srat-self-overlap [mem 0x40000000-{0x3fffffff + (a << 20):#x}] of PXM 1 and "
          f"[mem 0x40000000-{0x3fffffff + (b << 20):#x}] of PXM 1" for a, b in inner),
        "finding: srat-self-overlap: 2 more"]
    assert json.loads(predict("--srat", path, "--json").stdout.splitlines()[-1])["findings"] == 1 + 6 + 4


def test_a_slit_beside_it(tmp_path):
    srat, slit = table(tmp_path, "four-nodes"), tmp_path / "slit.dat"
    assert predict("--srat", srat, "--slit", slit).returncode == 0
    data = bytearray(slit.read_bytes())
    data[45] += 1
    slit.write_bytes(data)
    done = predict("--srat", srat, "--slit", slit)
    assert done.returncode == 1 and "finding: slit-checksum\n" in done.stdout
    assert "finding: slit-asymmetric PXM 0 and PXM 1\n" in done.stdout


@pytest.mark.parametrize("words,why", [
    (["--sweep"], "--srat alone takes --slit and --json; else exactly one of --linux-log, --host, --e820 and --machine is needed (--help)"),
    (["--machine", "four-nodes"], "--srat has no effect with --machine"),
])
def test_what_a_srat_alone_cannot_be_asked(tmp_path, words, why):
    done = predict("--srat", table(tmp_path, "four-nodes"), *words)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"landfall-predict: error: {why}\n")


def test_what_is_no_srat(tmp_path):
    short = tmp_path / "short"
    short.write_bytes(table(tmp_path, "four-nodes").read_bytes()[:100])
    done = predict("--srat", short)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"landfall-predict: error: {short}: the table says it is 392 bytes long; the file has 100\n"


def test_a_srat_of_nothing_but_its_header(tmp_path):
    header = tmp_path / "header"
    header.write_bytes(struct.pack("<4sI28x", b"SRAT", 36))
    done = predict("--srat", header)
    assert done.returncode == 1 and done.stdout.endswith("\nresult: Linux rejects the table: it is too short\n")


def sweep_of(*words, **more):
    done = predict(*words, "--sweep", "--json", "--counts", **more)
    assert done.returncode in (0, 1) and not done.stderr
    return [{k: v for k, v in json.loads(line).items() if k not in ("boot_id", "crc", "build_ns", "elapsed_ns", "cmdline")}
            for line in done.stdout.splitlines()]


def test_a_machine_alone(tmp_path):
    """By name, by file, from anywhere: one answer; and the kernel that is assumed is named."""
    other = tmp_path / "mine.machine"
    shutil.copy(MACHINES / "four-nodes.machine", other)
    first = sweep_of("--machine", "four-nodes", cwd=tmp_path)
    assert first == sweep_of("--machine", other)
    kaslr = next(r for r in first if r["rec"] == "kaslr")
    assert (kaslr["base"], kaslr["end"], kaslr["size"], kaslr["slots"]) == ("0x1000000", "0x3c30000", 56 << 20, 21)
    assert "\nLinux 6.12.117+deb12-cloud-amd64 (assumed)\n" in predict("--machine", "four-nodes").stdout


def test_a_machine_and_its_files_agree(tmp_path):
    """The same facts as files."""
    table(tmp_path, "four-nodes")
    files = ["--e820", tmp_path / "e820", "--srat", tmp_path / "srat.dat", "--slit", tmp_path / "slit.dat", "--page-size", "4k",
             "--levels", "5", "--avoid", "16M:0x47dc000", "--image-size", "56M"]
    kernel = ["--kernel", "16M:0x3c30000"]
    one = sweep_of("--machine", "four-nodes", *kernel, "--avoid", "16M:0x47dc000", "--image-size", "56M")
    two = sweep_of(*files, *kernel)
    same = {"mem", "affinity", "node", "kaslr", "reserved", "map", "verdict", "sweep"}
    assert [{**r, "seq": 0} for r in one if r["rec"] in same] == [{**r, "seq": 0} for r in two if r["rec"] in same]


def test_an_installed_program_finds_its_machines(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "share/landfall/machines").mkdir(parents=True)
    for program in (PREDICT, MACHINE_TOOL):
        shutil.copy(program, tmp_path / "bin")
    shutil.copy(MACHINES / "four-nodes.machine", tmp_path / "share/landfall/machines/ours.machine")
    done = subprocess.run([tmp_path / "bin/landfall-predict", "--machine", "ours"], cwd="/", capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.endswith("result: clean\n")
    done = subprocess.run([tmp_path / "bin/landfall-machine", "ours", "--print"], cwd="/", capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith("about Four nodes")


@pytest.mark.parametrize("name,why", [
    ("nosuch", "nosuch: no machine description of that name comes with Landfall"),
    ("./nosuch", "./nosuch: No such file or directory"),
    ("/", "/: cannot be read"),
    ("/dev/null", "/dev/null: about is missing"),
])
def test_no_such_machine(name, why):
    for program, words in ((PREDICT, ["--machine", name]), (MACHINE_TOOL, [name, "--print"])):
        done = subprocess.run([program, *words], capture_output=True, text=True)
        said = "error: " if program == PREDICT else ""
        assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{Path(program).name}: {said}{why}\n")


@pytest.mark.parametrize("levels,first,last", [("4", 0x400000000000, 0x7fffffffffff), ("5", 1 << 52, (1 << 52) + (1 << 41) - 1)])
def test_a_kernel_out_of_reach(tmp_path, levels, first, last):
    """RAM may lie where page tables of so many levels do not reach; a kernel may not."""
    (tmp_path / "e820").write_text("BIOS-e820: [mem 0x0000000000100000-0x000000007fffffff] usable\n"
                                   f"BIOS-e820: [mem {first:#018x}-{last:#018x}] usable\n")
    start, end = first + (1 << 40), first + (1 << 40) + (16 << 20)
    done = predict("--e820", tmp_path / "e820", "--kernel", f"{start:#x}:{end:#x}", "--levels", levels)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (f"landfall-predict: error: {tmp_path}/e820: the kernel [mem {start:#x}-{end - 1:#x}] lies where page tables "
                           f"of {levels} levels do not reach\n")
