# SPDX-License-Identifier: MIT
"""Runs QEMU for tools/run and for the tests: machine descriptions, the command line, QMP, guest memory, verdicts."""
import contextlib
import functools
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from . import program, records
from .paths import MACHINE_TOOL, MACHINES

QEMU = "qemu-system-x86_64"
OVMF = Path("/usr/share/ovmf/OVMF.fd")
TPM = range(0xFED40000, 0xFED45000)  # the registers of its five localities

# What the guest writes to the debug-exit port comes out of QEMU as (value << 1) | 1.
VERDICTS = {33: "clean", 35: "stained", 37: "error", 39: "fault"}
# Exit status of tools/run for each of them.
STATUS = {"clean": 0, "stained": 1, "error": 2, "fault": 3}

# Nothing that is not asked for: no default devices, no configuration files, no window.
COMMON = ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
DEBUG_EXIT = ["-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
LOOK_AGAIN = 0.01  # seconds between two looks at the serial line
# What MACHINE=none starts from; options given after it win.
PLAIN = ["-machine", "q35,accel=tcg", "-cpu", "max", "-m", "512M"]
# The memory of a described machine. Kept in a file it is not written to the stream that save() makes, and not read from it.
OWN_RAM = "memory-backend-ram,"
IGNORE_SHARED = [{"capability": "x-ignore-shared", "state": True}]
# How QEMU writes whether a machine runs. It refuses to start as one that stands at a breakpoint.
AT_BREAKPOINT, PAUSED = (name.ljust(32, b"\0") for name in (b"debug", b"paused"))
# A Linux that gives up.
PANIC = rb"(Kernel panic - not syncing: [^\r\n]*|PANIC: early exception[^\r\n]*)[\r\n]"


class QemuError(Exception):
    """QEMU, or something it needs, is not there or refuses."""


class Machine:
    """A description turned into QEMU arguments and kernel options; name None is QEMU's plain machine. For a run on the host there are
    no arguments, and the tables lie in `folder`."""

    def __init__(self, name, folder, host=False):
        self.args, self.options, self.seed, self.facts, self.path = list(PLAIN), [], None, {}, None
        if name is None:
            return
        if not MACHINE_TOOL.exists():
            raise QemuError(f"{MACHINE_TOOL} is missing: run make")
        self.path = name if "/" in name or "." in name else MACHINES / f"{name}.machine"
        done = subprocess.run([MACHINE_TOOL, self.path, "-t" if host else "-o", folder, "--print"], capture_output=True, text=True)
        if done.returncode:
            raise QemuError(done.stderr.strip())
        self.args = [] if host else (Path(folder) / "qemu.args").read_text().splitlines()
        self.facts = dict(line.split(" ", 1) for line in done.stdout.splitlines())
        self.options = self.facts.get("options", "").split()
        self.seed = self.facts.get("seed")


def find_qemu():
    path = shutil.which(QEMU)
    if not path:
        raise QemuError(f"{QEMU} is missing: install the package qemu-system-x86 (make deps)")
    return path


@functools.cache
def ovmf():
    """OVMF in a file, gone with this process, that begins where a TPM would lie and reads as ones there. Without it zeros are read there,
    and the firmware waits about a second for that TPM to answer: 40 % of its start."""
    if not OVMF.exists():
        raise QemuError(f"{OVMF} is missing: install the package ovmf (make deps)")
    file, firmware = tempfile.NamedTemporaryFile(prefix="landfall-", suffix=".fd"), OVMF.read_bytes()
    start, end = TPM.start, 4 << 30  # QEMU takes whole pieces of 64 KiB, of which the last one ends there
    file.write(b"\xff" * len(TPM))
    file.seek(end - start - len(firmware))
    file.write(firmware)
    file.flush()
    return file


def uefi_args():
    """The part of the command line that starts UEFI instead of a BIOS.

    OVMF leaves all processors but one in MWAIT, where there is that: TCG lets them spin there, each in a thread of the host. Without it they halt."""
    return ["-bios", ovmf().name, "-global", "max-x86_64-cpu.monitor=off"]


def boot_args(kernel, options):
    """The part of the command line that boots a Multiboot kernel."""
    if not Path(kernel).is_file():
        raise QemuError(f"{kernel} is missing: run make")
    return ["-kernel", str(kernel), "-append", " ".join(options)]


def connect(path, timeout, process):
    """A socket connected to one that QEMU, the process, will make there; it waits that long for an answer, too."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(timeout)
    deadline = time.monotonic() + timeout
    while True:
        try:
            sock.connect(str(path))
            return sock
        except (FileNotFoundError, ConnectionRefusedError) as e:
            if process and process.poll() is not None:
                raise QemuError("QEMU has ended") from e
            if time.monotonic() > deadline:
                raise QemuError(f"{path}: {e.strerror}") from e
            time.sleep(0.01)


def kept_ram(args, file, share):
    """The arguments with the machine's memory in a file: `share` writes to it, else it is only read, and changes are private."""
    kept = f"memory-backend-file,mem-path={file},share={'on' if share else 'off'},"
    return [arg.replace(OWN_RAM, kept) if arg.startswith(OWN_RAM) else arg for arg in args]


class Qmp:
    """QEMU's machine protocol on a UNIX socket."""

    def __init__(self, path, process=None, timeout=30, words=str):
        """words: what QEMU says of why it goes away."""
        self.words = words
        try:
            self.sock = connect(path, timeout, process)
        except QemuError as e:
            raise self._failed(str(e)) from e
        self.file = self.sock.makefile()
        self.events = []
        self._message()
        self.command("qmp_capabilities")

    def _failed(self, what="QEMU has closed its monitor"):
        return QemuError(": ".join([what, *self.words().splitlines()[-1:]]))

    def _message(self):
        try:
            line = self.file.readline()
        except ConnectionError as e:
            raise self._failed() from e
        if not line.endswith("\n"):
            raise self._failed()
        return json.loads(line)

    def command(self, name, **arguments):
        try:
            self.sock.sendall(json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n")
        except ConnectionError as e:
            raise self._failed() from e
        while True:
            answer = self._message()
            if "event" in answer:
                self.events.append(answer)
            if "error" in answer:
                raise QemuError(f"{name}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def human(self, line):
        """A command of the human monitor, for what the protocol does not have."""
        return self.command("human-monitor-command", **{"command-line": line})

    def registers(self):
        """Registers of the first CPU by their names in `info registers`; GDT, IDT and TR are (base, limit)."""
        text, regs = self.human("info registers"), {}
        for name, value in re.findall(r"\b(R[A-Z0-9]{1,2}|RIP|RFL|CR\d|EFER)\s*=\s*([0-9a-f]+)", text):
            regs[name] = int(value, 16)
        for name, base, limit in re.findall(r"^(GDT|IDT)=\s+([0-9a-f]+) ([0-9a-f]+)", text, re.M):
            regs[name] = (int(base, 16), int(limit, 16))
        base, limit = re.search(r"^TR =\w+ ([0-9a-f]+) ([0-9a-f]+)", text, re.M).groups()
        regs["TR"] = (int(base, 16), int(limit, 16))
        return regs

    def memory(self, address, size):
        """`size` bytes of guest physical memory."""
        with tempfile.NamedTemporaryFile() as f:
            self.command("pmemsave", val=address, size=size, filename=f.name)
            return Path(f.name).read_bytes()

    def save(self, path):
        """Writes a machine that stands still to a file, all but memory that kept_ram() shares; it cannot go on then."""
        self._move("migrate", f"exec:cat >{path}")
        path.write_bytes(path.read_bytes().replace(AT_BREAKPOINT, PAUSED))

    def load(self, path):
        """A machine started with `-incoming defer` becomes the one that save() wrote."""
        self._move("migrate-incoming", f"exec:cat {path}")

    def _move(self, command, uri):
        self.command("migrate-set-capabilities", capabilities=IGNORE_SHARED)
        self.command(command, uri=uri)
        while (status := self.command("query-migrate").get("status")) != "completed":
            if status == "failed":
                raise QemuError(f"{command}: failed")
            time.sleep(0.01)

    def remaining_events(self):
        """All events up to QEMU's end: what it sends after the last command is only read here."""
        with contextlib.suppress(QemuError):
            while True:
                self.events.append(self._message())
        return self.events

    def close(self):
        self.file.close()
        self.sock.close()


class Guest:
    """A running QEMU. Everything it leaves behind goes when the `with` block ends."""

    def __init__(self, args, qmp=False, gdb=False):
        self.own = tempfile.TemporaryDirectory(prefix="landfall-", ignore_cleanup_errors=True)
        self.folder = Path(self.own.name)
        # A guest does not wait for ever until its serial line is ready: a pipe that nobody empties loses characters, and a full disk all that
        # come. So QEMU writes to memory.
        self.serial = open(os.memfd_create("serial"), "rb", buffering=0)
        command = [find_qemu(), *COMMON, *args, "-serial", f"file:/proc/self/fd/{self.serial.fileno()}"]
        if qmp:
            command += ["-qmp", f"unix:{self.folder}/qmp,server=on,wait=off"]
        if gdb:
            command += ["-gdb", f"unix:{self.folder}/gdb,server=on,wait=off", "-S"]
        self.command, self.log, self.qmp, self.process = command, b"", None, None
        try:
            with program.uninterrupted():
                self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                                stderr=open(self.folder / "stderr", "wb"), pass_fds=[self.serial.fileno()])
            if qmp:
                self.qmp = Qmp(self.folder / "qmp", self.process, words=self.stderr)
        except BaseException:  # nobody has the guest yet who would end it
            if self.process:
                self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.serial.close()
        if self.qmp:
            self.qmp.close()
        self.own.cleanup()

    def read(self, timeout):
        """What comes next on the serial line; None after `timeout` seconds of silence, b'' when QEMU has ended."""
        deadline = time.monotonic() + timeout
        while True:
            ended = self.process.poll() is not None  # before the last look
            data = self.serial.read()
            if data or ended:
                self.log += data
                return data
            if (left := deadline - time.monotonic()) <= 0:
                return None
            time.sleep(min(left, LOOK_AGAIN))

    def read_until(self, pattern, timeout):
        """Reads on until the log has the pattern, of at most 4096 characters; False when time is up or QEMU ends before."""
        pattern, deadline, begin = re.compile(pattern), time.monotonic() + timeout, 0
        while not pattern.search(self.log, begin):
            begin = max(len(self.log) - 4096, 0)
            if not self.read(deadline - time.monotonic()):
                return False
        return True

    def wait(self, timeout):
        """Reads on to QEMU's end; its exit status, None when time is up before."""
        deadline = time.monotonic() + timeout
        while (data := self.read(deadline - time.monotonic())) != b"":
            if data is None:
                return None
        return self.process.wait()

    def stderr(self):
        return (self.folder / "stderr").read_text(errors="replace")


def last_error(log):
    """The text of the last `error:` line, or ''."""
    errors = re.findall(rb"^\[[ 0-9.]+\] error: ([^\r\n]*)", log, re.M)
    return errors[-1].decode("ascii", "replace") if errors else ""


def judge(code, log):
    """(status for the shell, words) of a run: QEMU's exit status, None when it had to be ended, and the serial log."""
    found = records.read_all(log)
    ends = [r.get("status") for r in found if r.get("rec") == "end"]
    said = ends[-1] if ends else None
    if said is not None and said not in STATUS:
        return 3, f"fault: the log's end record says {said!r}"
    if code in VERDICTS:
        verdict = VERDICTS[code]
        if said not in (None, verdict):
            return 3, f"fault: the log says {said}, the exit status {verdict}"
    elif code not in (None, 0):
        return 2, f"could not complete: QEMU ended with status {code}"
    elif said:
        verdict = said
    elif code is None:
        return 3, "fault: hang, no verdict in the time given"
    else:
        return 3, "fault: the machine was reset or powered off without a verdict"
    if verdict == "error":
        return STATUS[verdict], f"could not complete: {last_error(log) or 'no error line in the log'}"
    return STATUS[verdict], no_verdict(found) if verdict == "clean" else verdict


def no_verdict(found):
    """`clean`, or why the run could not have been stained: the last map's verdict counts."""
    last = [r for r in found if r.get("rec") == "verdict"][-1:]
    if last and records.result_of(last[0]) == "none":
        return f"no verdict: SRAT {last[0].get('srat')}"
    return "clean"


def panic(log):
    """What a Linux in panic says, or ''."""
    m = re.search(PANIC, log)
    return m[1].decode("ascii", "replace") if m else ""


def last_words(log):
    """What a Linux that got no further said last: its panic, else the last line that is not empty."""
    lines = [line.strip() for line in log.decode("ascii", "replace").splitlines()]
    return panic(log) or next((line for line in reversed(lines) if line), "nothing")
