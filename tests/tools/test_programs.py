# SPDX-License-Identifier: MIT
"""What all programs of tools/ have in common: docs/exit-codes.md holds for each of them, whatever becomes of their streams."""
import contextlib
import os
import pty
import re
import signal
import struct
import subprocess
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from landfall import gdb, junit, paths, qemu
from landfall.sizes import size_words
from landfall.terminal import Paint, printable

ROOT = Path(__file__).resolve().parents[2]
LOG = ROOT / "tests/machines/four-nodes.expect"
HOSTILE = "\x1b[2J\x07\x9b31m</script>&\"'<b>\u202eevil\x00"
# What each is given that has something to do, and something to say.
WORK = {
    "run": ["--append=alloc=memblock seed=1", "--timeout=60"],
    "check-log": [LOG],
    "report": [],
    "campaign": ["--boot=azure 1 memblock 2m"],
    "study": ["azure"],
    "witness": [],
    "transplant": [],
}
MISSING = {"run": ["--machine=/nonexistent/m"], "check-log": ["/nonexistent/log"], "report": ["/nonexistent/log", "-o", "/dev/null.svg"],
           "campaign": ["-o", "/dev/null/c"], "study": ["nowhere"], "witness": ["/nonexistent/qmp", "--srat=/nonexistent/srat"],
           "transplant": ["/nonexistent/vmlinuz", "--machine=none", "--alloc=series"]}
needs_kernel = pytest.mark.skipif(not (ROOT / "build/landfall-predict").exists(), reason="needs make")


def tool(name, *args, **how):
    return subprocess.run([ROOT / "tools" / name, *args], stderr=subprocess.PIPE, timeout=120, **how)


@pytest.mark.parametrize("name", WORK)
def test_version_and_help(name):
    done = tool(name, "--version", stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout.decode(), done.stderr) == (0, f"{name} {paths.version()}\n", b"")
    done = tool(name, "--help", stdout=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b"") and done.stdout.startswith(b"usage: ")


def test_the_version_is_the_kernels():
    assert f'#define LANDFALL_VERSION "{paths.version()}"' in (ROOT / "lib/version.h").read_text()


@pytest.mark.parametrize("name", WORK)
def test_wrong_usage(name):
    done = tool(name, "--nonsense\x1b[31m", stdout=subprocess.PIPE)
    assert done.returncode == 2 and b"\x1b" not in done.stderr and b"Traceback" not in done.stderr


@needs_kernel
@pytest.mark.parametrize("name", WORK)
def test_a_full_disk(name):
    for args in [WORK[name]] * bool(WORK[name]) + [["--help"]]:
        with open("/dev/full", "wb") as full:
            done = tool(name, *args, stdout=full)
        assert done.returncode == 2 and b"No space left on device" in done.stderr and b"Traceback" not in done.stderr, done.stderr


@needs_kernel
@pytest.mark.parametrize("name", [n for n in WORK if WORK[n]])
def test_a_closed_pipe(name):
    reader, writer = os.pipe()
    os.close(reader)
    done = tool(name, *WORK[name], stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize("name", WORK)
def test_a_closed_standard_output(name):
    done = subprocess.run(["/bin/sh", "-c", 'exec "$0" "$@" >&-', ROOT / "tools" / name, *(WORK[name] or ["--help"])],
                          stderr=subprocess.PIPE, timeout=120)
    assert (done.returncode, done.stderr.decode()) == (2, f"{name}: standard output is closed\n")


@pytest.mark.parametrize("name", WORK)
def test_a_closed_standard_error(name):
    done = subprocess.run(["/bin/sh", "-c", 'exec "$0" "$@" 2>&-', ROOT / "tools" / name, *MISSING[name]], stdout=subprocess.PIPE, timeout=120)
    assert done.returncode == 2


@pytest.mark.parametrize("name", WORK)
def test_what_is_not_there(name):
    done = tool(name, *MISSING[name], stdout=subprocess.PIPE)
    assert done.returncode == 2 and b"Traceback" not in done.stderr and (done.stderr + done.stdout).count(b"\n") <= 2, done.stderr


@needs_kernel
@pytest.mark.parametrize("name, args", [("run", ["--machine=none", "--qemu-args=-S"]), ("check-log", ["-"]),
                                        ("campaign", ["--boot=none 1 memblock 4k", "--kernel=HANG"])])
@pytest.mark.parametrize("number", (signal.SIGINT, signal.SIGTERM))
def test_ctrl_c(name, args, number, tmp_path):
    """It ends at once, says so in a line, and leaves no QEMU behind."""
    (tmp_path / "HANG").write_bytes(kernel(HANG))
    args = [a.replace("HANG", str(tmp_path / "HANG")).replace("none 1", f"{tmp_path}/m.machine 1") for a in args]
    (tmp_path / "m.machine").write_text("about small\nsource here\nqemu pc\nmemory 128M\n")
    process = subprocess.Popen([ROOT / "tools" / name, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**os.environ, "TMPDIR": str(tmp_path)})
    deadline = time.monotonic() + 60
    ready = (lambda: list(tmp_path.glob("landfall-*/stderr"))) if name != "check-log" else lambda: sleeps(process.pid)
    while not ready() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.2)  # beyond Popen in qemu.py
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 2 and b"interrupted" in out + err and b"Traceback" not in err, err
    assert not list(tmp_path.glob("landfall-*"))


def sleeps(pid):
    return "pipe_read" in Path(f"/proc/{pid}/wchan").read_text() or re.search(r"^State:\tS", Path(f"/proc/{pid}/status").read_text(), re.M)


def kernel(code):
    """A Multiboot kernel that is this code."""
    base, magic, flags = 0x1000000, 0x1badb002, 0x10000
    end = base + 32 + len(code)
    return struct.pack("<8I", magic, flags, -(magic + flags) & 0xffffffff, base, base, end, end, base + 32) + code


HANG = b"\xf4\xeb\xfd"  # hlt; jmp $ - 1: no interrupt wakes it


def printing(words):
    """mov esi, words; mov ecx, length; mov dx, 0x3f8; rep outsb; HANG"""
    return b"\xbe\x33\x00\x00\x01\xb9" + struct.pack("<I", len(words)) + b"\x66\xba\xf8\x03\xf3\x6e" + HANG + words


STARTED_AND_STOPPED = """
import os, signal, subprocess, sys
from landfall import program, qemu
class Popen(subprocess.Popen):
    def __init__(self, *args, **how):
        super().__init__(*args, **how)
        print(self.pid, flush=True)
        os.kill(os.getpid(), signal.SIGTERM)
subprocess.Popen = Popen
program.start(lambda: qemu.Guest(["-S"]).wait(60))
"""


def test_sigterm_while_qemu_is_started():
    """No QEMU is left that nobody knows of yet."""
    done = subprocess.run(["/usr/bin/python3", "-c", STARTED_AND_STOPPED], env=os.environ | {"PYTHONPATH": str(paths.ROOT / "tools")},
                          capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (2, "-c: interrupted\n")
    assert not Path(f"/proc/{int(done.stdout)}").exists()


# ---- words of others -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("connection", ["monitor", "debugger"])
def test_qemu_goes_away(connection):
    """Whoever speaks with it then gets an error that is told in a line, and not that of a closed pipe, which a program ends quietly with."""
    with pytest.raises(qemu.QemuError, match="QEMU has closed"):
        with qemu.Guest(["-S"], qmp=True, gdb=True) as guest, contextlib.closing(gdb.Gdb(guest)) as debugger:
            guest.process.kill()
            guest.process.wait()
            if connection == "monitor":
                guest.qmp.command("query-status")
            else:
                debugger.interrupt()


def test_qemu_does_not_start():
    """Its own last words are told."""
    with pytest.raises(qemu.QemuError, match="no-such-device"):
        qemu.Guest(["-device", "no-such-device"], qmp=True)


def test_unit_tests_that_cannot_be_listed(tmp_path):
    """Not the folder's own files are taken for tests then, and written over."""
    done = subprocess.run([paths.ROOT / "tests/unit/run", "true"], cwd=tmp_path, env=os.environ | {"EMULATOR": "env"}, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "unit: 0 passed, 1 failed, 0 skipped\n")


def test_printable():
    assert printable(HOSTILE) == "\\x1b[2J\\x07\\x9b31m</script>&\"'<b>\\u202eevil\\x00"
    assert printable("a\tb äöü 漢") == "a\tb äöü 漢"
    assert printable("a\nb") == "a\\x0ab" and printable(os.fsdecode(b"\xff")) == "\\udcff"


def test_sizes_are_said_as_the_log_says_them():
    """In tests/unit/test_format.c the kernel's."""
    said = {0: "0 B", 1023: "1023 B", 1025: "1.0 KiB", 3 << 29: "1.5 GiB", 1996488704: "1.8 GiB", (2 << 30) - 1: "1.9 GiB", 2 << 30: "2 GiB",
            (1 << 40) + (1 << 20) // 10: "1.0 TiB", 5 << 60: "5 EiB"}
    assert {n: size_words(n) for n in said} == said


def test_junit_is_xml_whatever_it_holds(tmp_path):
    path = tmp_path / "x.xml"
    words = HOSTILE + "]]>\ud800\ufffe"
    junit.write(path, [junit.Case(words, words, "failure", words, words, words), junit.Case(words, words, "skipped", "", words),
                       junit.Case(words, words)])
    suite = ElementTree.parse(path).getroot()
    assert [c.get("name")[:4] for c in suite] == ["\\x1b"] * 3 and suite[0][0].get("message").endswith("]]>\\xd800\\xfffe")


# ---- tools/run on a terminal -----------------------------------------------------------------------------------------

def on_a_terminal(*args, **env):
    """What tools/run writes to a terminal, and its exit status."""
    main, child = pty.openpty()
    process = subprocess.Popen([ROOT / "tools/run", *args], stdout=child, stderr=child, env={**os.environ, "TERM": "xterm", **env})
    os.close(child)
    found = b""
    while True:
        try:
            data = os.read(main, 65536)
        except OSError:
            break
        found += data
    os.close(main)
    return process.wait(), found.decode().replace("\r\n", "\n")


@needs_kernel
def test_a_terminal_gets_text_in_colour_and_a_file_the_log(tmp_path):
    log = tmp_path / "whole log"
    code, shown = on_a_terminal("--seed=0x21", f"--log={log}")
    assert code == 0 and '{"rec"' not in shown and "KTAP" not in shown
    assert re.search(r"bottom-up: \x1b\[1;31mSTAINED\x1b\[0m: \d+ of \d+ page-table pages", shown)
    assert re.search(r"\x1b\[1;97;42m +M E M B L O C K :   C L E A N +\x1b\[0m", shown)
    assert shown.splitlines()[-1] == "result: clean" and "the whole log: " in shown.splitlines()[-2]
    assert subprocess.run([ROOT / "tools/check-log", log], stdout=subprocess.PIPE).returncode == 0


@needs_kernel
@pytest.mark.parametrize("args, env", [((), {"NO_COLOR": "1"}), (("--color=never",), {}), ((), {"TERM": "dumb"})])
def test_no_colour(args, env, tmp_path):
    code, shown = on_a_terminal("--alloc=bottom-up", f"--log={tmp_path}/log", *args, **env)
    assert code == 1 and "\x1b" not in shown and "STAINED" in shown and shown.endswith("result: stained\n")


@needs_kernel
def test_no_verdict_in_amber(tmp_path):
    code, shown = on_a_terminal("--machine=none", "--alloc=memblock", f"--log={tmp_path}/log")
    assert code == 0 and "\x1b[1;30;43m   N O   V E R D I C T" in shown and shown.endswith("result: no verdict: SRAT absent\n")


@needs_kernel
def test_control_bytes_do_not_reach_a_terminal(tmp_path):
    path = tmp_path / "kernel"
    path.write_bytes(kernel(printing(b"[    0.000000] error: a\x1b[2Jb\x9bc\r\n")))
    code, shown = on_a_terminal(f"--kernel={path}", "--machine=none", "--timeout=3", f"--log={tmp_path}/log", NO_COLOR="1")
    assert code == 3 and "error: ab" in shown and "\x1b" not in shown and "\x9b" not in shown
    assert b"a\x1b[2Jb\x9bc" in (tmp_path / "log").read_bytes()  # the file has what came


def test_paint_leaves_words_as_they_are_without_colour():
    assert Paint(False).line("[    0.000000] memblock: CLEAN: none") == "[    0.000000] memblock: CLEAN: none"
    assert Paint(True).line("x: NO VERDICT: y") == "x: \x1b[1;33mNO VERDICT\x1b[0m: y"


# ---- tools/run into a pipe -------------------------------------------------------------------------------------------

@needs_kernel
def test_forms_and_the_log_file(tmp_path):
    log, xml = tmp_path / "log", tmp_path / "junit.xml"
    raw = tool("run", "--seed=0x21", f"--log={log}", f"--junit={xml}", stdout=subprocess.PIPE)
    assert raw.returncode == 0 and raw.stdout == log.read_bytes() + b"result: clean\n"
    suite = ElementTree.parse(xml).getroot()
    assert [c.get("name") for c in suite][:2] == ["four-nodes", "seed"] and suite.get("failures") == "0"
    text = tool("run", "--seed=0x21", "--text", stdout=subprocess.PIPE)
    assert b'{"rec"' not in text.stdout and b"\x1b" not in text.stdout and text.stdout.endswith(b"\nresult: clean\n")
    only = tool("run", "--seed=0x21", "--json", stdout=subprocess.PIPE)
    assert all(line.startswith(b'{"rec":') for line in only.stdout.splitlines()) and only.stderr == b"result: clean\n"
    assert b"\x1b[1;31mSTAINED" in tool("run", "--seed=0x21", "--text", "--color=always", stdout=subprocess.PIPE).stdout


@needs_kernel
@pytest.mark.parametrize("args, code, kind, why", [
    (["--alloc=bottom-up"], 1, "failure", "stained"), (["--append=alloc=\u00e9"], 2, "failure", "could not complete: "),
    (["--machine=none"], 0, "skipped", "no verdict: SRAT absent"), (["--kernel=/nonexistent"], 2, "failure", "could not complete: ")])
def test_junit_is_written_however_it_ends(tmp_path, args, code, kind, why):
    xml = tmp_path / "junit.xml"
    assert tool("run", f"--junit={xml}", *args, stdout=subprocess.PIPE).returncode == code
    case = ElementTree.parse(xml).getroot()[0]
    assert case.find(kind).get("message").startswith(why)
