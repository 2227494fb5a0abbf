# SPDX-License-Identifier: MIT
"""Page and terminal give the same records: for machine descriptions, recorded boots, tables, and everything that can be asked of them."""
import gzip
import subprocess

import pytest
from conftest import ALL, MACHINES, ROOT, recorded_logs, records_of, same_as_terminal, terminal


def test_there_is_something_to_ask():
    assert len(MACHINES) >= 40 and len(list(recorded_logs())) >= (480 if ALL else 11)


def test_machine(page, machine):
    same_as_terminal(page.open(f"machine={machine}"))


def test_recorded_boots(page, tmp_path):
    page.open()
    for name, log in recorded_logs():
        (tmp_path / name).write_bytes(log)
        page.give(tmp_path / name)
        assert page.command == ["landfall-predict", "--linux-log", name]
        same_as_terminal(page, cwd=tmp_path)


@pytest.fixture
def tables(tmp_path):
    subprocess.run([ROOT / "build/landfall-machine", "four-nodes", "-t", tmp_path], check=True)
    return tmp_path


def test_a_table_with_a_memory_map(page, tables):
    """Given one after the other; together they are a machine, and the kernel is Debian's or the one that is told."""
    page.open().give(tables / "srat.dat")
    assert "--srat" in page.command and page.text("verdict-head") == "Linux accepts this SRAT."
    assert page.text("odds") == "" and page.js("return document.querySelectorAll('#nodes input').length") == 0
    page.give(tables / "e820").give(tables / "slit.dat")
    assert page.command == ["landfall-predict", "--srat", "srat.dat", "--e820", "e820", "--slit", "slit.dat", "--kernel", "debian"]
    same_as_terminal(page, cwd=tables)
    page.choose("kernel", "16M:48M")
    assert "16M:48M" in page.command
    same_as_terminal(page, cwd=tables)


def test_a_table_as_text(page, tables):
    """What iasl prints of a SRAT is that SRAT, to page and terminal, and beside a memory map it makes a machine."""
    subprocess.run(["iasl", "-d", "srat.dat"], cwd=tables, check=True, capture_output=True)
    page.open().give(tables / "srat.dsl")
    assert page.command == ["landfall-predict", "--srat", "srat.dsl"] and page.text("verdict-head") == "Linux accepts this SRAT."
    page.give(tables / "e820")
    assert page.command == ["landfall-predict", "--srat", "srat.dsl", "--e820", "e820", "--kernel", "debian"]
    same_as_terminal(page, cwd=tables)
    binary = ["srat.dat" if word == "srat.dsl" else word for word in page.command]
    assert records_of(terminal(page.command, "--json", cwd=tables)) == records_of(terminal(binary, "--json", cwd=tables))


def test_compressed(page, tmp_path):
    name, log = next(iter(recorded_logs()))
    (tmp_path / f"{name}.gz").write_bytes(gzip.compress(log))
    (tmp_path / name).write_bytes(log)
    page.open().give(tmp_path / f"{name}.gz")
    assert page.command[-1] == name
    same_as_terminal(page, cwd=tmp_path)


def test_a_log_of_landfall_itself(page, tmp_path):
    done = subprocess.run([ROOT / "tools/run", "--host", "--machine=four-nodes", "--append=seed=0x21"], capture_output=True, text=True)
    (tmp_path / "serial.log").write_text(done.stdout)
    page.open().give(tmp_path / "serial.log")
    assert page.command == ["landfall-predict", "--linux-log", "serial.log"]
    same_as_terminal(page, cwd=tmp_path)


def test_a_description_of_ones_own(page, tmp_path):
    text = (ROOT / "tests/machines/azure.machine").read_text().replace("about", "about  <i>mine</i>", 1)
    (tmp_path / "mine").write_text(text)
    page.open().give(tmp_path / "mine")
    assert page.command == ["landfall-predict", "--machine", "./mine"]
    assert "<i>mine</i>" in page.text("facts")
    same_as_terminal(page, cwd=tmp_path)


OPTIONS = ["policy=top-down", "page-size=2m", "page-size=4k", "levels=4", "movable=off", "fragment=every:N", "fragment=rand:PERMILLE"]


@pytest.mark.parametrize("option", OPTIONS)
def test_control(page, option):
    name, value = option.split("=")
    before = page.open("machine=azure").command
    page.choose(name, value)
    added = page.command[len(before):]
    assert len(added) == 2 and added[0].startswith("--") and added[1].startswith(value.split(":")[0])
    same_as_terminal(page)
    page.by_id("reset").click()
    assert page.wait().command == before


def test_hot_plug_nodes(page):
    page.open("machine=two-tib")
    page.js("document.querySelector('#nodes input:not(:disabled)').click()")
    page.wait()
    assert "--hotplug" in page.command
    same_as_terminal(page)


def test_memory_left(page):
    """What a policy leaves stands in its row, since it follows from the place of the image: the tables themselves are not odd."""
    page.open("machine=four-nodes&base=0x1000000")
    rows = page.js("return [...document.querySelectorAll('#policies tbody tr')].map(r => [r.firstChild.textContent, r.lastChild.textContent])")
    assert dict(rows)["memblock"] == "239 of 8191 MiB"
    assert "Nothing in the tables of the firmware is odd." in page.text("findings")


def test_without_a_srat_there_are_no_odds(page):
    page.open("machine=no-srat")
    rows = page.js("return [...document.querySelectorAll('#policies tbody tr')].map(r => [r.cells[2].textContent, r.cells[5].textContent])")
    assert rows and all(row == ["no verdict", "–"] for row in rows)


def test_policies_are_those_of_the_program(page):
    page.open()
    offered = page.js("return [...document.getElementById('policy').options].map(o => o.textContent)")[1:]
    said = subprocess.run([ROOT / "build/landfall-predict", "--policies"], capture_output=True, text=True, check=True).stdout.splitlines()
    assert [" ".join(line.split()) for line in said] == [" ".join(words.replace(":", "", 1).split()) for words in offered]
