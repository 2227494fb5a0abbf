# SPDX-License-Identifier: MIT
"""A small client of gdb's remote protocol, as much of it as QEMU's stub for x86-64 needs."""
import contextlib
import select
import struct
import time

from . import qemu

GENERAL = ["RAX", "RBX", "RCX", "RDX", "RSI", "RDI", "RBP", "RSP"] + [f"R{n}" for n in range(8, 16)] + ["RIP"]


class GdbError(qemu.QemuError):
    """QEMU has gone away, refuses, or stopped somewhere else."""


class Gdb:
    """A qemu.Guest under control. `idle`, if given, is called again and again while the guest runs on and on."""

    def __init__(self, guest, timeout=30, idle=None):
        self.sock = qemu.connect(guest.folder / "gdb", timeout, guest.process)
        self.waiting, self.idle = b"", idle
        self.command("qXfer:features:read:target.xml:0,ffb")  # without it QEMU ignores P packets
        self.command("?")

    def close(self):
        self.sock.close()

    # ---- packets ----

    def _byte(self):
        if not self.waiting:
            try:
                self.waiting = self.sock.recv(65536)
            except TimeoutError as e:
                raise GdbError("QEMU does not answer") from e
            except ConnectionError:
                pass
            if not self.waiting:
                raise GdbError("QEMU has closed the connection")
        byte, self.waiting = self.waiting[:1], self.waiting[1:]
        return byte

    def _write(self, data):
        try:
            self.sock.sendall(data)
        except OSError as e:
            raise GdbError(f"QEMU has closed the connection: {e.strerror}") from e

    def _send(self, text):
        body = text.encode()
        self._write(b"$" + body + b"#%02x" % (sum(body) & 255))
        while self._byte() != b"+":
            pass

    def _receive(self):
        while self._byte() != b"$":
            pass
        body = b""
        while (byte := self._byte()) != b"#":
            body += byte
        if int(self._byte() + self._byte(), 16) != sum(body) & 255:
            raise GdbError("wrong checksum")
        self._write(b"+")
        return body.decode()

    def command(self, text):
        self._send(text)
        answer = self._receive()
        if answer.startswith("E"):
            raise GdbError(f"{text}: {answer}")
        return answer

    # ---- registers and memory ----

    def registers(self):
        """All general registers by name."""
        data = bytes.fromhex(self.command("g"))
        return dict(zip(GENERAL, struct.unpack_from(f"<{len(GENERAL)}Q", data)))

    def register(self, name):
        return self.registers()[name]

    def set_register(self, name, value):
        self.command(f"P{GENERAL.index(name):x}={(value % 2**64).to_bytes(8, 'little').hex()}")

    def set_registers(self, values):
        for name, value in values.items():
            self.set_register(name, value)

    def write(self, virt, data):
        self.command(f"M{virt:x},{len(data):x}:{data.hex()}")

    def read(self, virt, size):
        return bytes.fromhex(self.command(f"m{virt:x},{size:x}"))

    # ---- running ----

    def set_breakpoint(self, virt):
        self.command(f"Z1,{virt:x},1")

    def clear_breakpoint(self, virt):
        self.command(f"z1,{virt:x},1")

    @contextlib.contextmanager
    def breakpoints(self, *places):
        """
        Breakpoints for the length of a `with` block, to be set while the guest stands still. After an error they stay: a guest that
        still runs would not answer.
        """
        for virt in places:
            self.set_breakpoint(virt)
        yield
        for virt in places:
            self.clear_breakpoint(virt)

    def run(self, timeout):
        """Goes on until a breakpoint; the registers there."""
        self.command("s")  # off a breakpoint that is where it stands now
        self._send("c")
        deadline = time.monotonic() + timeout
        while not self.waiting and not select.select([self.sock], [], [], 0.05 if self.idle else timeout)[0]:
            if time.monotonic() > deadline:
                raise GdbError(f"the guest has not stopped within {timeout} s")
            if self.idle:
                self.idle()
        self._receive()
        return self.registers()

    def run_to(self, virt, timeout=30):
        """Goes on until RIP is there, the next time if it is there now."""
        with self.breakpoints(virt):
            at = self.run(timeout)["RIP"]
        if at != virt:
            raise GdbError(f"stopped at {at:#x}, not at {virt:#x}")

    def interrupt(self):
        """Stops a guest that go() has let go."""
        self._write(b"\x03")
        self._receive()

    def go(self):
        """Goes on and leaves the guest to itself."""
        self._send("c")
