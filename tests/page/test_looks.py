# SPDX-License-Identifier: MIT
"""Whom the page is for: wide and narrow, light and dark, by eye (pictures in build/page/screenshots), by screen reader, on paper, in Firefox."""
import shutil
import subprocess
import tarfile
import time

import pytest
from conftest import FILE, ROOT, Page, recorded_logs, start_chromium

AXE = "axe-core@4.14.1"
STAINED = "machine=four-nodes&base=0x102800000&alloc=bottom-up"
SCREENS = ROOT / "build/page/screenshots"
WIDTHS = (360, 1280, 3840)


@pytest.fixture(scope="module")
def own_chromium():
    """Its window changes."""
    driver = start_chromium()
    yield driver
    driver.quit()


@pytest.fixture
def shown(own_chromium):
    page = Page(own_chromium)

    def show(fragment, width=1280, scheme="light", height=900, media=""):
        own_chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})
        own_chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": [
            {"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}]})
        return page.open(fragment)
    return show


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    if not shutil.which("npm"):
        pytest.skip("no npm here")
    folder = tmp_path_factory.mktemp("axe")
    done = subprocess.run(["npm", "pack", "--silent", AXE], cwd=folder, capture_output=True, text=True, timeout=120)
    if done.returncode:
        pytest.skip(f"the npm registry is out of reach: {done.stderr.strip()[-200:]}")
    with tarfile.open(next(folder.glob("*.tgz"))) as tar:
        return tar.extractfile("package/axe.min.js").read().decode()


@pytest.mark.parametrize("width,scheme", [pytest.param(width, scheme, marks=[] if (width, scheme) == (360, "dark") else pytest.mark.all)
                                          for width in WIDTHS for scheme in ("light", "dark")])
def test_nothing_is_wider_than_the_window(shown, width, scheme):
    page = shown(STAINED, width, scheme, 2160 if width > 2000 else 900)
    assert page.js("return document.documentElement.scrollWidth") <= width
    box = "const b = document.getElementById(arguments[0]).getBoundingClientRect(); return [b.left, b.right]"
    for name in ("memory", "strip", "verdict"):
        left, right = page.js(box, name)
        assert 0 <= left and right <= width
    SCREENS.mkdir(parents=True, exist_ok=True)
    height = page.js("return document.documentElement.scrollHeight")
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": max(height, 900), "deviceScaleFactor": 1, "mobile": False})
    page.driver.save_screenshot(str(SCREENS / f"{width}-{scheme}.png"))


@pytest.mark.all
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("fragment", [STAINED, "machine=boards", "machine=no-srat", "machine=thirtytwo-nodes", "machine=nosuch"])
def test_accessible(shown, axe, fragment, scheme):
    page = shown(fragment, 1280, scheme)
    page.js("for (const d of document.querySelectorAll('details')) d.open = true")
    page.js(axe)
    found = page.driver.execute_async_script("axe.run().then(arguments[arguments.length - 1])")
    assert [(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in found["violations"]] == []


def test_every_picture_has_a_table(shown):
    page = shown(STAINED)
    page.js("for (const d of document.querySelectorAll('details')) d.open = true")
    time.sleep(0.1)
    assert "node 2" in page.js("return document.getElementById('memory').getAttribute('aria-label')")
    assert "0x102800000" in page.text("strip-table")
    rows = page.js("return [...document.querySelectorAll('#memory-table tr')].map(r => r.textContent)")
    assert any("stained" in row for row in rows) and any("movable" in row for row in rows)


def test_nothing_moves_when_the_image_does(shown):
    """No part of the page changes its place or its height while slots are tried."""
    page = shown("machine=four-nodes&base=0x102600000&alloc=bottom-up")
    tops = "return [...document.querySelectorAll('main > *')].map(e => [e.offsetTop, e.offsetHeight])"
    before = page.js(tops)
    page.js("document.getElementById('handle').dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight'}))")
    page.wait()
    assert page.text("verdict-head") == "2.9 GiB can never be removed." and page.js(tops) == before


SHIFTS = """
  window.shifts = [];
  new PerformanceObserver(list => {
    for (const e of list.getEntries())
      window.shifts.push([e.value, ...e.sources.map(s => `${s.node?.id || s.node?.className || s.node?.nodeName} ${s.previousRect.y} ${s.currentRect.y}`)]);
  }).observe({type: "layout-shift", buffered: true});
"""


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_moves_while_it_is_filled(shown, own_chromium, width):
    """From the first paint to the answer, and when that machine is asked something else: as the browser measures it, where 0.1 counts as good."""
    script = own_chromium.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": SHIFTS})
    try:
        page = shown(STAINED, width, height=2160 if width > 2000 else 900)
        for name, value in [("policy", "memblock"), ("page-size", "2m"), ("levels", "4")]:
            page.choose(name, value)
    finally:
        own_chromium.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
    shifts = page.js("return window.shifts")
    assert sum(value for value, *_ in shifts) < 0.01, shifts


def test_keyboard_reaches_everything(shown):
    from selenium.webdriver import ActionChains, Keys
    page = shown(STAINED)
    reached = []
    for _ in range(40):
        ActionChains(page.driver).send_keys(Keys.TAB).perform()
        reached.append(page.js("return document.activeElement.id"))
    for name in ("files", "machine", "policy", "page-size", "levels", "movable", "fragment", "reset", "handle", "copy-command", "copy-link", "save-svg", "save-json"):
        assert name in reached


def test_paper(shown):
    """Controls are not printed, the answer is."""
    page = shown(STAINED, media="print")
    seen = "return getComputedStyle(document.getElementById(arguments[0])).display !== 'none'"
    assert [page.js(seen, name) for name in ("verdict", "memory", "controls", "handle")] == [True, True, False, False]


def test_the_svg_stands_alone(shown, tmp_path):
    page = shown(STAINED)
    (tmp_path / "out.svg").write_text(page.saved("save-svg"))
    done = subprocess.run(["/usr/bin/python3", "-c", "import sys, xml.etree.ElementTree as e; r = e.parse(sys.argv[1]).getroot(); "
                           "print(r.tag, len(list(r.iter())) > 100)", tmp_path / "out.svg"], capture_output=True, text=True, check=True)
    assert done.stdout == "{http://www.w3.org/2000/svg}svg True\n"
    text = (tmp_path / "out.svg").read_text()
    assert "var(" not in text and "class=" not in text and "rgb(207, 34, 51)" in text


@pytest.mark.all
@pytest.mark.skipif(not shutil.which("firefox-esr"), reason="needs firefox-esr")
def test_firefox(tmp_path):
    """The main path: a machine, a recorded log, another slot."""
    from firefox import Firefox
    name, log = next(iter(recorded_logs()))
    (tmp_path / name).write_bytes(log)
    (tmp_path / "profile").mkdir()
    firefox = Firefox(tmp_path / "profile")

    def wait():
        end = time.monotonic() + 60
        while firefox.js("return document.getElementById('verdict').getAttribute('aria-busy')") != "false":
            assert time.monotonic() < end
            time.sleep(0.05)
        return firefox.js("return document.getElementById('verdict-head').textContent")
    try:
        firefox.go(f"{FILE.as_uri()}#{STAINED}")
        assert wait() == "2.9 GiB can never be removed."
        firefox.js("document.getElementById('handle').dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowLeft'}))")
        assert wait() == "All movable memory can be removed."
        firefox.give("files", tmp_path / name)
        time.sleep(0.5)
        assert wait() != "No answer"
        assert firefox.js("return document.getElementById('command').textContent") == f"landfall-predict --linux-log {name} --alloc bottom-up"
    finally:
        firefox.close()
