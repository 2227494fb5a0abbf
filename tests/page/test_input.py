# SPDX-License-Identifier: MIT
"""What is dropped may be anything. Broken input gives the program's own line; what it holds is text, never markup."""
import gzip
import http.server
import json
import subprocess
import threading

import pytest
from conftest import ROOT, Page, recorded_logs, same_as_terminal, terminal

NAME, LOG = next(iter(recorded_logs()))
SRAT = b"SRAT" + (40).to_bytes(4, "little") + bytes(28)
DESCRIPTION = (ROOT / "tests/machines/four-nodes.machine").read_bytes()
BAD = {
    "empty.log": b"",
    "zeros": bytes(5000),
    "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40,
    "words.txt": b"no log at all\n" * 100,
    "long-line.log": b"x" * 3_000_000,
    "<img src=x onerror=alert(1)>.log": b"<script>alert(1)</script>\n",
    "records.log": b'{"rec":"boot"}\n',
    "cut.log": LOG[:len(LOG) // 3],
    "no-map.log": b"Linux version 6.1.0 (x)\nCommand line: quiet\n",
    "backwards.log": b"BIOS-e820: [mem 0x0000000000200000-0x0000000000100000] usable\nLinux version 6.1.0 (x)\n",
    "short.dat": SRAT[:20],
    "liar.dat": SRAT,
    "bad.machine": DESCRIPTION.replace(b"map       1M ", b"map       what "),
    "$(reboot) 'quoted'.log": b"[    0.000000] nothing\n",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gives_the_programs_own_line(page, tmp_path, name):
    (tmp_path / name.replace("/", "_")).write_bytes(BAD[name])
    page.stay().give(tmp_path / name)
    done = terminal(page.command, cwd=tmp_path)
    assert done.returncode == 2 and done.stderr.startswith("landfall-predict: error: ")
    assert page.text("verdict-words") == done.stderr.strip()
    assert page.js("return document.querySelectorAll('main img, main script, main i:not(.legend i)').length") == 0
    # And it is not stuck.
    page.choose("machine", "azure")
    assert page.text("verdict-head") != "No answer"


@pytest.mark.parametrize("cut", [5, 60])
def test_damaged_gzip(page, tmp_path, cut):
    (tmp_path / "log.gz").write_bytes(gzip.compress(LOG)[:cut])
    page.stay().give(tmp_path / "log.gz")
    assert page.text("verdict-words") == "log.gz: compressed by gzip, but damaged or cut"


@pytest.mark.parametrize("fragment", ["file=log:%%%:x", "file=log:AAAA:x", "machine=nosuch", "machine=%3Cb%3E", "base=zz&machine=azure"])
def test_damaged_links(page, fragment):
    page.open(fragment)
    assert page.text("verdict-head") == "No answer" and page.text("verdict-words")


def test_hostile_words_are_text(page, tmp_path):
    """In a log: as names of a kernel, of a machine, in a command line."""
    bad = "<img/src=x/onerror=alert(1)>"
    log = LOG.decode().replace("Linux version ", f"Linux version {bad}", 1)
    log = log.replace("\n", f"\nDMI: {bad} \"'&amp;</script><script>alert(2)</script>\n", 1)
    (tmp_path / "hostile.log").write_text(log)
    page.open().give(tmp_path / "hostile.log")
    assert bad in page.text("facts")
    assert page.js("return document.querySelectorAll('main img, main script').length") == 0


def test_drop(page):
    """The event that a browser makes when a file is dropped."""
    page.open()
    page.js("""const d = new DataTransfer(); d.items.add(new File([arguments[0]], arguments[1]));
               document.body.dispatchEvent(new DragEvent("drop", {bubbles: true, cancelable: true, dataTransfer: d}))""", LOG.decode(), NAME)
    page.driver.implicitly_wait(5)
    page.driver.find_element("css selector", "#sources li")
    page.driver.implicitly_wait(0)
    assert page.wait().command == ["landfall-predict", "--linux-log", NAME]
    page.by_id("sources").find_element("tag name", "button").click()
    assert page.wait().command == ["landfall-predict", "--machine", "four-nodes"]


def test_paste(page, tmp_path):
    page.open()
    page.js("document.querySelector('.paste').open = true; document.getElementById('paste').value = arguments[0]", LOG.decode())
    page.by_id("take-paste").click()
    page.driver.implicitly_wait(5)
    page.driver.find_element("css selector", "#sources li")
    page.driver.implicitly_wait(0)
    page.wait()
    (tmp_path / "pasted.txt").write_bytes(LOG)
    same_as_terminal(page, cwd=tmp_path)


def test_a_link_carries_the_answer(page, tmp_path):
    (tmp_path / NAME).write_bytes(LOG)
    page.open().give(tmp_path / NAME).choose("policy", "memblock")
    page.driver.implicitly_wait(2)
    url = page.js("return document.getElementById('copy-link').dataset.url")
    first = page.answer()
    page.driver.get("about:blank")
    page.driver.get(url)
    page.wait()
    again = page.answer()
    assert page.command == ["landfall-predict", "--linux-log", NAME, "--alloc", "memblock"]
    assert [r for r in again["records"] if r["rec"] == "verdict"][0]["table_pages"] == [r for r in first["records"] if r["rec"] == "verdict"][0]["table_pages"]


def test_a_large_log_is_quick_and_in_no_link(page, tmp_path):
    """60,000 lines."""
    lines = LOG.decode().splitlines()
    noise = [f"[    9.{i:06}] usb 1-{i}: new device {i * 7919 % 65536:#x}{i * 104729 % 1000003}" for i in range(60000 - len(lines))]
    (tmp_path / "large.log").write_text("\n".join(lines + noise) + "\n")
    page.open().give(tmp_path / "large.log")
    assert page.js("return document.getElementById('copy-link').disabled") is True
    same_as_terminal(page, cwd=tmp_path)


def test_long_work_can_be_cancelled(page, tmp_path):
    """With leaves split by chance every slot is another question: a sweep that takes long."""
    page.open("machine=thirtytwo-nodes")
    page.js("""const e = document.getElementById("page-size"); e.value = "4k"; e.dispatchEvent(new Event("change", {bubbles: true}));
               document.getElementById("cancel").click()""")
    assert page.wait().text("verdict-head") == "Cancelled"
    page.choose("machine", "azure")
    assert page.text("verdict-head") != "Cancelled"


class Counting(http.server.BaseHTTPRequestHandler):
    seen = []

    def do_GET(self):
        self.seen.append(self.path)
        self.send_response(200)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *_):
        pass


def test_no_request_leaves_the_page(chromium, tmp_path):
    """The browser is told to ask for nothing; and when a script tries, it is not let."""
    page = Page(chromium)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Counting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    chromium.get_log("performance")
    (tmp_path / NAME).write_bytes(LOG)
    page.open().give(tmp_path / NAME).choose("policy", "memblock")
    page.saved("save-svg")
    events = [json.loads(e["message"])["message"] for e in chromium.get_log("performance")]
    asked = {e["params"]["request"]["url"].split(":")[0] for e in events if e["method"] == "Network.requestWillBeSent"}
    assert asked <= {"file", "blob", "about", "data"}
    assert page.complaints() == []
    refused = chromium.execute_async_script("""
      const [url, done] = arguments, failed = [];
      const image = new Image();
      image.onerror = () => failed.push("image");
      image.src = url + "image";
      try { new WebSocket(url.replace("http", "ws")).onerror = () => failed.push("socket"); } catch { failed.push("socket"); }
      navigator.sendBeacon(url + "beacon", "x");
      const inside = new Worker(URL.createObjectURL(new Blob([
        `fetch("${url}worker").then(() => postMessage("let"), () => postMessage("worker"))`])));
      inside.onmessage = e => failed.push(e.data);
      fetch(url + "fetch").then(() => failed.push("let"), () => failed.push("fetch"));
      setTimeout(() => done(failed), 1500);
    """, url)
    server.shutdown()
    assert set(refused) >= {"image", "fetch", "worker"} and "let" not in refused
    assert Counting.seen == []
    page.complaints()


def test_the_file_is_small_and_made_the_same_twice(tmp_path):
    data = (ROOT / "build/landfall.html").read_bytes()
    assert len(data) <= 1_200_000
    subprocess.run([ROOT / "tools/page/build", ROOT / "build/page/predict.wasm", tmp_path / "again.html"], check=True)
    assert (tmp_path / "again.html").read_bytes() == data
    assert str(ROOT).encode() not in data


@pytest.mark.all
def test_types():
    done = subprocess.run(["tsc", "-p", ROOT / "tools/page"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
