# SPDX-License-Identifier: MIT
"""A small client of gdb's remote protocol, as much of it as QEMU's stub for x86-64 needs."""
from landfall import qemu

GENERAL = ["RAX", "RBX", "RCX", "RDX", "RSI", "RDI", "RBP", "RSP"] + [f"R{n}" for n in range(8, 16)] + ["RIP"]


class GdbError(Exception):
    pass


class Gdb:
    def __init__(self, path, timeout=30):
        self.sock = qemu.connect(path, timeout)
        self.waiting = b""
        self.command("qXfer:features:read:target.xml:0,ffb")  # without it QEMU ignores P packets
        self.command("?")

    def close(self):
        self.sock.close()

    # ---- packets ----

    def _byte(self):
        if not self.waiting:
            self.waiting = self.sock.recv(65536)
            if not self.waiting:
                raise GdbError("QEMU has closed the connection")
        byte, self.waiting = self.waiting[:1], self.waiting[1:]
        return byte

    def _send(self, text):
        body = text.encode()
        self.sock.sendall(b"$" + body + b"#%02x" % (sum(body) & 255))

    def _receive(self):
        while self._byte() != b"$":
            pass
        body = b""
        while (byte := self._byte()) != b"#":
            body += byte
        if int(self._byte() + self._byte(), 16) != sum(body) & 255:
            raise GdbError("wrong checksum")
        self.sock.sendall(b"+")
        return body.decode()

    def command(self, text):
        self._send(text)
        answer = self._receive()
        if answer.startswith("E"):
            raise GdbError(f"{text}: {answer}")
        return answer

    # ---- what the tests want ----

    def register(self, name):
        data = bytes.fromhex(self.command("g"))
        at = 8 * GENERAL.index(name)
        return int.from_bytes(data[at:at + 8], "little")

    def set_register(self, name, value):
        self.command(f"P{GENERAL.index(name):x}={value.to_bytes(8, 'little').hex()}")

    def write(self, virt, data):
        self.command(f"M{virt:x},{len(data):x}:{data.hex()}")

    def read(self, virt, size):
        return bytes.fromhex(self.command(f"m{virt:x},{size:x}"))

    def run_to(self, virt, timeout=30):
        """Goes on until RIP is there, the next time if it is there now."""
        if self.register("RIP") == virt:
            self.command("s")
        self.command(f"Z1,{virt:x},1")
        self.sock.settimeout(timeout)
        self.command("c")
        self.command(f"z1,{virt:x},1")
        if self.register("RIP") != virt:
            raise GdbError(f"stopped at {self.register('RIP'):#x}, not at {virt:#x}")

    def go(self):
        """Goes on and leaves the guest to itself."""
        self._send("c")
