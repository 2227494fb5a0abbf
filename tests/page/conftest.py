# SPDX-License-Identifier: MIT
"""The page in a headless browser, and the same question in a terminal. LANDFALL_PAGE=all asks everything, not a part of it."""
import json
import os
import shlex
import subprocess
import tarfile
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PREDICT = ROOT / "build/landfall-predict"
FILE = ROOT / "build/landfall.html"
MACHINES = sorted(p.stem for p in (ROOT / "tests/machines").glob("*.machine"))
ALL = os.environ.get("LANDFALL_PAGE") == "all"
DEADLINE = 60  # seconds, for a machine that does much else
# Of a record that differ from run to run.
VOLATILE = ("boot_id", "crc", "build_ns", "elapsed_ns", "seq")
# What the page saves goes to the test instead of a folder.
CATCH = """
  const done = arguments[arguments.length - 1], make = URL.createObjectURL, go = HTMLAnchorElement.prototype.click;
  URL.createObjectURL = blob => { blob.text().then(text => done({text, name: link?.download})); return ""; };
  let link = null;
  HTMLAnchorElement.prototype.click = function () { link = this; };
  document.getElementById(arguments[0]).click();
  URL.createObjectURL = make;
  HTMLAnchorElement.prototype.click = go;
"""


def pytest_configure(config):
    config.addinivalue_line("markers", "all: only with LANDFALL_PAGE=all in the environment")


def pytest_collection_modifyitems(config, items):
    rest = [item for item in items if item.get_closest_marker("all") and not ALL]
    config.hook.pytest_deselected(items=rest)
    items[:] = [item for item in items if item not in set(rest)]


def pytest_generate_tests(metafunc):
    if "machine" in metafunc.fixturenames:
        metafunc.parametrize("machine", MACHINES if ALL else MACHINES[::11])


def start_chromium(width=1280, height=900):
    from selenium import webdriver
    options = webdriver.ChromeOptions()
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--window-size={width},{height}"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(service=webdriver.chrome.service.Service("/usr/bin/chromedriver"), options=options)


class Page:
    def __init__(self, driver):
        self.driver = driver
        driver.set_script_timeout(DEADLINE)

    def open(self, fragment=""):
        self.driver.get("about:blank")
        self.driver.get(f"{FILE.as_uri()}#{fragment}")
        return self.wait()

    def stay(self):
        """Opened, if it is not: what the last test has left is what a user would have before the next file."""
        return self.wait() if self.driver.current_url.startswith(FILE.as_uri()) else self.open()

    def by_id(self, name):
        return self.driver.find_element("id", name)

    def js(self, script, *words):
        return self.driver.execute_script(script, *words)

    def wait(self):
        end = time.monotonic() + DEADLINE
        while self.js("return document.getElementById('verdict').getAttribute('aria-busy')") != "false":
            assert time.monotonic() < end, self.text("verdict")
            time.sleep(0.02)
        return self

    def text(self, name):
        return self.js("return document.getElementById(arguments[0]).textContent", name)

    def choose(self, name, value):
        """As a person does: the control changes, and says so."""
        self.js("""const e = document.getElementById(arguments[0]); e.value = arguments[1];
                   e.dispatchEvent(new Event("change", {bubbles: true}))""", name, value)
        return self.wait()

    def give(self, *paths):
        self.by_id("files").send_keys("\n".join(str(p) for p in paths))
        end = time.monotonic() + DEADLINE
        while self.js("return document.getElementById('files').files.length"):
            assert time.monotonic() < end
            time.sleep(0.02)
        return self.wait()

    @property
    def command(self):
        return shlex.split(self.text("command"))

    def saved(self, button="save-json"):
        return self.driver.execute_async_script(CATCH, button)["text"]

    def answer(self):
        return json.loads(self.saved())

    def complaints(self):
        return [line["message"] for line in self.driver.get_log("browser") if line["level"] in ("SEVERE", "WARNING")]


@pytest.fixture(scope="session")
def chromium():
    driver = start_chromium()
    yield driver
    driver.quit()


@pytest.fixture
def page(chromium):
    page = Page(chromium)
    page.complaints()
    yield page
    assert page.complaints() == []


def still(records):
    return [{k: v for k, v in r.items() if k not in VOLATILE} for r in records]


def terminal(command, *more, cwd=ROOT):
    assert command[0] == "landfall-predict"
    return subprocess.run([PREDICT, *command[1:], *more], capture_output=True, text=True, errors="replace", cwd=cwd, timeout=120)


def records_of(done):
    return still(json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))


def same_as_terminal(page, cwd=ROOT):
    """Both answers of the page are those of the command that it shows."""
    answer = page.answer()
    assert shlex.split(answer["command"]) == page.command
    done = terminal(page.command, "--layout", "--json", cwd=cwd)
    assert (answer["status"], still(answer["records"])) == (done.returncode, [{**r, "cmdline": r["cmdline"].replace("report=json", "report=text,json")}
                                                                             if r["rec"] == "boot" else r for r in records_of(done)])
    every = terminal(page.command, "--alloc", "all", "--counts", "--sweep", "--layout", "--json", cwd=cwd)
    kinds = ("verdict", "cost", "sweep", "node", "piece", "slots", "finding")
    assert [r for r in still(answer["every_policy_and_slot"]) if r["rec"] in kinds] == [r for r in records_of(every) if r["rec"] in kinds]
    return answer


def recorded_logs():
    """(name, bytes) of recorded boots: of each kernel one, or all."""
    for archive in sorted((ROOT / "tests/linux/recorded").glob("*.tar.xz")):
        with tarfile.open(archive) as tar:
            members = tar.getmembers()
            for member in members if ALL else members[7:8]:
                yield f"{archive.name.removesuffix('.tar.xz')}-{member.name}", tar.extractfile(member).read()
