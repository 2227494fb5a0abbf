# SPDX-License-Identifier: MIT
"""ACPI tables of two nodes, and a list of chosen corruptions of them, each with all that must come of it.

A corruption is made of
  put       bytes at a place, before the checksums are made right
  hurt      bytes at a place, after that; None: one more than what is there
and of what is expected, where it is not what the sound tables give:
  finds     the findings, in order
  says      the other lines that complain, in order; the lines of the words below come on top of them
  refused   why the SRAT is not used, though KASLR may honour it
  damaged   the same, and nobody honours it
  absent    there is no SRAT
  error     the run could not complete
  nodes     (PXM, bytes of RAM, hot-pluggable) of each node
  host      False: only a CPU has so few address bits
"""
import struct

BASE = 0x8000000  # where the tables are, in RAM that nobody else uses so early
HIGH_WORD = 1 << 40  # more than the address bits of the CPU

# ---- the tables, by their places ----

RSDP, XSDT, RSDT, SRAT, MADT, OTHER = 0, 0x100, 0x200, 0x1000, 0x2000, 0x3000
APIC, X2APIC, LOW, MAIN, HOT, INITIATOR, END = (SRAT + n for n in (48, 80, 104, 144, 184, 224, 256))
SIZES = {RSDP: 36, XSDT: 52, RSDT: 44, SRAT: 256, MADT: 76, OTHER: 88}


def u8(*values):
    return bytes(values)


def u16(value):
    return struct.pack("<H", value)


def u32(value):
    return struct.pack("<I", value)


def u64(*values):
    return struct.pack(f"<{len(values)}Q", *values)


def header(signature, revision, body):
    return struct.pack("<4sIBB6s8sI4sI", signature, 36 + len(body), revision, 0, b"LNDFLL", b"CORRUPT ", 1, b"LNDF", 1) + body


def memory(pxm, start, end, flags):
    return struct.pack("<BBIHQQIIQ", 1, 40, pxm, 0, start, end - start, 0, flags, 0)


def cpu(pxm, apic):
    return struct.pack("<BBBBIIL", 0, 16, pxm, apic, 1, 0, 0)


def srat(*entries):
    return header(b"SRAT", 3, struct.pack("<IQ", 1, 0) + b"".join(entries))


def tables():
    """Two nodes: [0, 256M) and, hot-pluggable, [256M, 512M)."""
    out = bytearray(0x4000)
    parts = {
        RSDP: struct.pack("<8sB6sBIIQB3x", b"RSD PTR ", 0, b"LNDFLL", 2, BASE + RSDT, 36, BASE + XSDT, 0),
        XSDT: header(b"XSDT", 1, u64(BASE + SRAT, BASE + MADT)),
        RSDT: header(b"RSDT", 1, u32(BASE + SRAT) + u32(BASE + MADT)),
        SRAT: srat(cpu(0, 0), cpu(1, 1), struct.pack("<BBHIIIII", 2, 24, 0, 1, 0x100, 1, 0, 0), memory(0, 0, 0xA0000, 1),
                   memory(0, 1 << 20, 256 << 20, 1), memory(1, 256 << 20, 512 << 20, 3),
                   struct.pack("<BBBBI16sII", 5, 32, 0, 1, 1, b"", 1, 0)),
        MADT: header(b"APIC", 5, u32(0xFEE00000) + u32(0) + u8(0, 8, 0, 0) + u32(1) + u8(0, 8, 1, 1) + u32(1) +
                     u8(9, 16, 0, 0) + u32(0x100) + u32(1) + u32(2)),
        OTHER: srat(memory(0, 0, 512 << 20, 1)),
    }
    for at, data in parts.items():
        assert len(data) == SIZES[at]
        out[at:at + len(data)] = data
    return out


def sum_up(out, at, length, where):
    """Makes the sum of `length` bytes 0; what lies beyond the tables is RAM that nobody has written to."""
    out[at + where] = (out[at + where] - sum(out[at:at + length])) & 0xFF


def corrupted(case):
    out = tables()
    for at, data in case.get("put", []):
        out[at:at + len(data)] = data
    for at in (OTHER, MADT, SRAT, RSDT, XSDT):  # one that is too long has those behind it in its sum
        length, = struct.unpack_from("<I", out, at + 4)
        sum_up(out, at, length, 9)
    sum_up(out, RSDP, 20, 8)
    sum_up(out, RSDP, 36, 32)
    for at, data in case.get("hurt", []):
        if data is None:
            out[at] = (out[at] + 1) & 0xFF
        else:
            out[at:at + len(data)] = data
    return bytes(out)


LENGTH, REVISION, SUM = 4, 8, 9  # offsets in a table


# ---- what comes of them ----

NODE_0, NODE_1 = (0, 0xFF9E000, False), (1, 0xFFE0000, True)
ONE = [(0, 0x1FF7E000, False)]
NO_CPU = ["madt-extra-cpu APIC 0x00", "madt-extra-cpu APIC 0x01", "madt-extra-cpu APIC 0x100"]
NO_FIT = ("warning: SRAT and memory map do not fit: of 2 ranges that cannot be plugged in later, 1 hold no memory: "
          "is it another machine's?")
COVER = "1 MiB or more of RAM lies in none of its ranges"
OVERLAP = "ranges of different nodes overlap"


def case(name, *put, **more):
    return {"name": name, "put": put, **more}


def complaints(wanted):
    """All lines but findings that a case expects, in order."""
    lines = list(wanted.get("says", []))
    if "damaged" in wanted:
        lines.append("warning: the SRAT is damaged: KASLR goes without a limit")
    if why := wanted.get("refused", wanted.get("damaged")):
        lines.append(f"warning: SRAT rejected: {why}: going on with one node")
    if wanted.get("absent"):
        lines.append("no SRAT: going on with one node")
    if "error" in wanted:
        lines.append(f"error: {wanted['error']}")
    return lines


def root_cases(place, name, size, entry):
    """Of the XSDT, or of the RSDT, which an RSDP of revision 0 uses."""
    first, found = place + 36, []
    lost = [f"warning: {name.upper()}: entries that lead to no table: {n}" for n in (0, 1, 2)]
    if place == XSDT:
        use, useless = (), {"says": ["warning: XSDT: malformed; using the RSDT"]}
    else:
        use, useless = [(RSDP + 15, u8(0))], {"error": f"acpi_rsdp={BASE:#x}: malformed"}

    def root(words, *put, **more):
        found.append(case(f"{name} {words}", *use, *put, **more))

    root("signature", (place, b"XXXX"), **useless)
    root("length 0", (place + LENGTH, u32(0)), **useless)
    root("length 35", (place + LENGTH, u32(35)), **useless)
    root("length 36, no entries", (place + LENGTH, u32(36)), **useless)
    root("length short of one entry", (place + LENGTH, u32(36 + size - 1)), **useless)
    root("length 4 GiB - 1", (place + LENGTH, u32(0xFFFFFFFF)), **useless)
    root("length of one entry", (place + LENGTH, u32(36 + size)))
    root("length odd, one entry and a half", (place + LENGTH, u32(36 + size + size // 2)))
    root("length into zeroed RAM", (place + LENGTH, u32(0x80)))
    root("checksum", hurt=[(place + SUM, None)], says=[f"warning: {name.upper()}: the checksum is wrong"])
    root("revision 255, ids", (place + REVISION, u8(255)), (place + 10, u8(255) * 26))
    root("entry 0", (first, entry(0)), absent=True)
    for words, address in (("to the root table itself", BASE + place), ("to the RSDP", BASE + RSDP),
                           ("one byte before the table", BASE + SRAT - 1), ("inside the table", BASE + HOT),
                           ("into zeroed RAM", BASE + 0x100000), ("into the PCI hole", 0xE0000000),
                           ("to a device", 0xFEE00000), ("to the last bytes below 4 GiB", 0xFFFFFFFE)):
        root(f"entry {words}", (first, entry(address)), absent=True, says=lost[1:2])
    root("entry twice", (first + size, entry(BASE + SRAT)))
    root("entry to another SRAT first", (first, entry(BASE + OTHER)), (first + size, entry(BASE + SRAT)), nodes=ONE)
    root("both entries to nowhere", (first, entry(0xE0000000)), (first + size, entry(0xE0001000)), absent=True, says=lost[2:3])
    return found


CASES = [
    # ---- SRAT: header ----
    case("srat signature", (SRAT, b"SRAX"), absent=True),
    case("srat length 0", (SRAT + LENGTH, u32(0)), damaged="its length is impossible"),
    case("srat length 35", (SRAT + LENGTH, u32(35)), damaged="its length is impossible"),
    case("srat length 36, no reserved bytes", (SRAT + LENGTH, u32(36)), damaged="it is too short",
         finds=["srat-no-memory", *NO_CPU]),
    case("srat length 47", (SRAT + LENGTH, u32(47)), damaged="it is too short", finds=["srat-no-memory", *NO_CPU]),
    case("srat length 48, no entries", (SRAT + LENGTH, u32(48)), refused="no enabled memory entry",
         finds=["srat-no-memory", *NO_CPU]),
    case("srat length 50, two bytes of an entry", (SRAT + LENGTH, u32(50)), refused="no enabled memory entry",
         finds=["srat-stray-bytes at offset 0x30", "srat-no-memory", *NO_CPU]),
    case("srat length 51, three bytes of an entry", (SRAT + LENGTH, u32(51)),
         damaged="the entry at offset 0x30 has a wrong length (16)",
         finds=["srat-truncated-entry at offset 0x30", *NO_CPU]),
    case("srat ends before the hot-pluggable range", (SRAT + LENGTH, u32(HOT - SRAT)), refused=COVER,
         finds=["srat-uncovered-ram [mem 0x10000000-0x1ffdffff]", "cpu-only-domain PXM 1"],
         says=["NUMA: nodes only cover 255MB of your 511MB e820 RAM. Not used."]),
    case("srat ends in the hot-pluggable range", (SRAT + LENGTH, u32(HOT - SRAT + 39)),
         damaged="the entry at offset 0xb8 has a wrong length (40)", finds=["srat-truncated-entry at offset 0xb8"]),
    case("srat ends before the last entry", (SRAT + LENGTH, u32(INITIATOR - SRAT))),
    case("srat one byte longer", (SRAT + LENGTH, u32(257)), finds=["srat-stray-bytes at offset 0x100"]),
    case("srat two bytes longer", (SRAT + LENGTH, u32(258)), finds=["srat-stray-bytes at offset 0x100"]),
    case("srat three bytes longer", (SRAT + LENGTH, u32(259)), damaged="the entry at offset 0x100 has a wrong length (0)",
         finds=["srat-zero-length-entry at offset 0x100"]),
    case("srat length 16 MiB", (SRAT + LENGTH, u32(16 << 20)), damaged="the entry at offset 0x100 has a wrong length (0)",
         finds=["srat-zero-length-entry at offset 0x100"]),
    case("srat length above 16 MiB", (SRAT + LENGTH, u32((16 << 20) + 1)), damaged="its length is impossible"),
    case("srat length 4 GiB - 1", (SRAT + LENGTH, u32(0xFFFFFFFF)), damaged="its length is impossible"),
    case("srat revision 0", (SRAT + REVISION, u8(0))),
    case("srat revision 1", (SRAT + REVISION, u8(1))),
    case("srat revision 2", (SRAT + REVISION, u8(2))),
    case("srat revision 255", (SRAT + REVISION, u8(255))),
    case("srat checksum one too high", hurt=[(SRAT + SUM, None)], refused="its checksum is wrong", finds=["srat-checksum"],
         says=["warning: SRAT: the checksum is wrong"]),
    case("srat bit flipped under its checksum", hurt=[(HOT + 9, u8(0x10))], refused="its checksum is wrong",
         finds=["srat-checksum"], says=["warning: SRAT: the checksum is wrong"]),
    case("srat oem id", (SRAT + 10, u8(255) * 6)),
    case("srat oem table id of zeros", (SRAT + 16, bytes(8))),
    case("srat oem revision, creator", (SRAT + 24, u8(255) * 12)),
    case("srat reserved bytes", (SRAT + 36, u8(255) * 12)),
    # ---- SRAT: local APIC ----
    case("apic length 0", (APIC + 1, u8(0)), damaged="the entry at offset 0x30 has a wrong length (0)",
         finds=["srat-zero-length-entry at offset 0x30", *NO_CPU]),
    case("apic length 1", (APIC + 1, u8(1)), damaged="the entry at offset 0x30 has a wrong length (1)",
         finds=["srat-zero-length-entry at offset 0x30", *NO_CPU]),
    case("apic length 2", (APIC + 1, u8(2)), damaged="the entry at offset 0x30 has a wrong length (2)",
         finds=["srat-entry-length at offset 0x30", "srat-zero-length-entry at offset 0x32", *NO_CPU]),
    case("apic length 15", (APIC + 1, u8(15)), damaged="the entry at offset 0x30 has a wrong length (15)",
         finds=["srat-entry-length at offset 0x30", "srat-zero-length-entry at offset 0x3f", *NO_CPU]),
    case("apic length 17", (APIC + 1, u8(17)), damaged="the entry at offset 0x30 has a wrong length (17)",
         finds=["srat-entry-length at offset 0x30", "srat-zero-length-entry at offset 0x41", *NO_CPU]),
    case("apic length 32, over the next", (APIC + 1, u8(32)), damaged="the entry at offset 0x30 has a wrong length (32)",
         finds=["srat-entry-length at offset 0x30", *NO_CPU]),
    case("apic length 255", (APIC + 1, u8(255)), damaged="the entry at offset 0x30 has a wrong length (255)",
         finds=["srat-truncated-entry at offset 0x30", *NO_CPU]),
    case("apic becomes a memory entry", (APIC, u8(1)), damaged="the entry at offset 0x30 has a wrong length (16)",
         finds=["srat-entry-length at offset 0x30", *NO_CPU]),
    case("apic becomes an x2apic entry", (APIC, u8(2)), damaged="the entry at offset 0x30 has a wrong length (16)",
         finds=["srat-entry-length at offset 0x30", *NO_CPU]),
    case("apic becomes a GICC entry", (APIC, u8(3)), nodes=[NODE_1, NODE_0],
         finds=["srat-foreign-entry at offset 0x30", "madt-extra-cpu APIC 0x00", "memory-only-domain PXM 0"]),
    case("apic becomes an ITS entry", (APIC, u8(4)), nodes=[NODE_1, NODE_0],
         finds=["srat-foreign-entry at offset 0x30", "madt-extra-cpu APIC 0x00", "memory-only-domain PXM 0"]),
    case("apic becomes a generic initiator", (APIC, u8(5)), nodes=[NODE_1, NODE_0],
         finds=["srat-entry-length at offset 0x30", "madt-extra-cpu APIC 0x00", "memory-only-domain PXM 0"]),
    case("apic becomes an RINTC entry", (APIC, u8(7)), nodes=[NODE_1, NODE_0],
         finds=["srat-foreign-entry at offset 0x30", "madt-extra-cpu APIC 0x00", "memory-only-domain PXM 0"]),
    case("apic becomes an unknown entry", (APIC, u8(255)), nodes=[NODE_1, NODE_0],
         finds=["srat-unknown-entry at offset 0x30", "madt-extra-cpu APIC 0x00", "memory-only-domain PXM 0"]),
    case("apic disabled", (APIC + 4, u32(0)), nodes=[NODE_1, NODE_0],
         finds=["madt-extra-cpu APIC 0x00", "memory-only-domain PXM 0"]),
    case("apic reserved flags", (APIC + 4, u32(0xFFFFFFFF))),
    case("apic pxm 255", (APIC + 2, u8(255)), nodes=[(255, 0, False), NODE_1, NODE_0],
         finds=["cpu-only-domain PXM 255", "memory-only-domain PXM 0"]),
    case("apic pxm high bytes", (APIC + 9, u8(1, 0, 0)), nodes=[(256, 0, False), NODE_1, NODE_0],
         finds=["cpu-only-domain PXM 256", "memory-only-domain PXM 0"]),
    case("apic pxm highest byte", (APIC + 9, u8(0, 0, 0x80)),
         refused="proximity domain 2147483648 is one too many or beyond 1023", finds=["pxm-too-large PXM 2147483648"],
         says=["SRAT: Too many proximity domains 80000000", "ACPI: SRAT: SRAT not used."]),
    case("apic pxm high bytes in revision 1", (SRAT + REVISION, u8(1)), (APIC + 9, u8(1, 2, 3)),
         finds=["pxm-high-bytes at offset 0x30"]),
    case("apic id of another entry", (APIC + 3, u8(1)),
         finds=["srat-duplicate-cpu APIC 0x01 of PXM 1", "madt-extra-cpu APIC 0x00"]),
    case("apic id of nobody", (APIC + 3, u8(77)), finds=["madt-extra-cpu APIC 0x00", "madt-missing-cpu APIC 0x4d of PXM 0"]),
    case("apic id broadcast", (APIC + 3, u8(255)),
         finds=["srat-broadcast-cpu APIC 0xff of PXM 0", "madt-extra-cpu APIC 0x00", "madt-missing-cpu APIC 0xff of PXM 0"]),
    case("apic sapic eid and clock domain", (APIC + 8, u8(255)), (APIC + 12, u32(0xFFFFFFFF))),
    # ---- SRAT: x2APIC ----
    case("x2apic length 0", (X2APIC + 1, u8(0)), damaged="the entry at offset 0x50 has a wrong length (0)",
         finds=["srat-zero-length-entry at offset 0x50", "madt-extra-cpu APIC 0x100"]),
    case("x2apic length 1", (X2APIC + 1, u8(1)), damaged="the entry at offset 0x50 has a wrong length (1)",
         finds=["srat-zero-length-entry at offset 0x50", "madt-extra-cpu APIC 0x100"]),
    case("x2apic length 23", (X2APIC + 1, u8(23)), damaged="the entry at offset 0x50 has a wrong length (23)",
         finds=["srat-entry-length at offset 0x50", "srat-zero-length-entry at offset 0x67",
             "madt-extra-cpu APIC 0x100"]),
    case("x2apic length 64, over the next", (X2APIC + 1, u8(64)), nodes=[(0, 0xFF00000, False), NODE_1],
         finds=["srat-uncovered-ram [mem 0x00001000-0x0009efff]"]),
    case("x2apic length 255", (X2APIC + 1, u8(255)), damaged="the entry at offset 0x50 has a wrong length (255)",
         finds=["srat-truncated-entry at offset 0x50", "madt-extra-cpu APIC 0x100"]),
    case("x2apic becomes an apic entry", (X2APIC, u8(0)), damaged="the entry at offset 0x50 has a wrong length (24)",
         finds=["srat-entry-length at offset 0x50", "madt-extra-cpu APIC 0x100"]),
    case("x2apic disabled", (X2APIC + 12, u32(0)), finds=["madt-extra-cpu APIC 0x100"]),
    case("x2apic pxm 1023", (X2APIC + 4, u32(1023)), nodes=[NODE_0, NODE_1, (1023, 0, False)],
         finds=["cpu-only-domain PXM 1023"]),
    case("x2apic pxm 1024", (X2APIC + 4, u32(1024)), refused="proximity domain 1024 is one too many or beyond 1023",
         finds=["pxm-too-large PXM 1024"], says=["SRAT: Too many proximity domains 400", "ACPI: SRAT: SRAT not used."]),
    case("x2apic pxm 4 G - 1", (X2APIC + 4, u32(0xFFFFFFFF)),
         refused="proximity domain 4294967295 is one too many or beyond 1023", finds=["pxm-too-large PXM 4294967295"],
         says=["SRAT: Too many proximity domains ffffffff", "ACPI: SRAT: SRAT not used."]),
    case("x2apic id 32768", (X2APIC + 8, u32(32768)),
         finds=["srat-apic-too-large APIC 0x8000 of PXM 1", "madt-extra-cpu APIC 0x100", "madt-missing-cpu APIC 0x8000 of PXM 1"]),
    case("x2apic id broadcast", (X2APIC + 8, u32(0xFFFFFFFF)),
         finds=["srat-broadcast-cpu APIC 0xffffffff of PXM 1", "madt-extra-cpu APIC 0x100", "madt-missing-cpu APIC 0xffffffff of PXM 1"]),
    case("x2apic reserved bytes and flags", (X2APIC + 2, u16(0xFFFF)), (X2APIC + 12, u32(0xFFFFFFFF)),
         (X2APIC + 20, u32(0xFFFFFFFF))),
    # ---- SRAT: memory ----
    case("memory length 0", (HOT + 1, u8(0)), damaged="the entry at offset 0xb8 has a wrong length (0)",
         finds=["srat-zero-length-entry at offset 0xb8"]),
    case("memory length 1", (HOT + 1, u8(1)), damaged="the entry at offset 0xb8 has a wrong length (1)",
         finds=["srat-zero-length-entry at offset 0xb8"]),
    case("memory length 2", (HOT + 1, u8(2)), damaged="the entry at offset 0xb8 has a wrong length (2)",
         finds=["srat-entry-length at offset 0xb8", "srat-zero-length-entry at offset 0xba"]),
    case("memory length 39", (HOT + 1, u8(39)), damaged="the entry at offset 0xb8 has a wrong length (39)",
         finds=["srat-entry-length at offset 0xb8", "srat-entry-length at offset 0xdf", "srat-zero-length-entry at offset 0xe4"]),
    case("memory length 72, over the last", (HOT + 1, u8(72))),
    case("memory length 73, past the end", (HOT + 1, u8(73)), damaged="the entry at offset 0xb8 has a wrong length (73)",
         finds=["srat-truncated-entry at offset 0xb8"]),
    case("memory length 255", (HOT + 1, u8(255)), damaged="the entry at offset 0xb8 has a wrong length (255)",
         finds=["srat-truncated-entry at offset 0xb8"]),
    case("memory becomes an apic entry", (HOT, u8(0)), damaged="the entry at offset 0xb8 has a wrong length (40)",
         finds=["srat-entry-length at offset 0xb8"]),
    case("memory becomes an x2apic entry", (HOT, u8(2)), refused=COVER,
         finds=["srat-uncovered-ram [mem 0x10000000-0x1ffdffff]", "cpu-only-domain PXM 1"],
         says=["NUMA: nodes only cover 255MB of your 511MB e820 RAM. Not used."]),
    case("memory becomes a generic port", (HOT, u8(6)), refused=COVER,
         finds=["srat-uncovered-ram [mem 0x10000000-0x1ffdffff]", "cpu-only-domain PXM 1"],
         says=["NUMA: nodes only cover 255MB of your 511MB e820 RAM. Not used."]),
    case("memory becomes an unknown entry", (HOT, u8(8)), refused=COVER,
         finds=["srat-unknown-entry at offset 0xb8", "srat-uncovered-ram [mem 0x10000000-0x1ffdffff]", "cpu-only-domain PXM 1"],
         says=["NUMA: nodes only cover 255MB of your 511MB e820 RAM. Not used."]),
    case("memory pxm of the other node", (HOT + 2, u32(0)), nodes=[(0, 0x1FF7E000, True), (1, 0, False)],
         finds=["hotplug-mixed-node PXM 0", "cpu-only-domain PXM 1"]),
    case("memory pxm 1023", (HOT + 2, u32(1023)), nodes=[NODE_0, (1, 0, False), (1023, 0xFFE0000, True)],
         finds=["cpu-only-domain PXM 1", "memory-only-domain PXM 1023"]),
    case("memory pxm 1024", (HOT + 2, u32(1024)), refused="proximity domain 1024 is one too many or beyond 1023",
         finds=["pxm-too-large PXM 1024"], says=["ACPI: SRAT: Too many proximity domains.", "ACPI: SRAT: SRAT not used."]),
    case("memory pxm 4 G - 1", (HOT + 2, u32(0xFFFFFFFF)), refused="proximity domain 4294967295 is one too many or beyond 1023",
         finds=["pxm-too-large PXM 4294967295"], says=["ACPI: SRAT: Too many proximity domains.", "ACPI: SRAT: SRAT not used."]),
    case("memory pxm high bytes", (HOT + 3, u8(1)), nodes=[NODE_0, (1, 0, False), (257, 0xFFE0000, True)],
         finds=["cpu-only-domain PXM 1", "memory-only-domain PXM 257"]),
    case("memory pxm high bytes in revision 1", (SRAT + REVISION, u8(1)), (HOT + 3, u8(1, 2, 3)),
         finds=["pxm-high-bytes at offset 0xb8"]),
    case("memory pxm high bytes in revision 2", (SRAT + REVISION, u8(2)), (HOT + 5, u8(1)),
         refused="proximity domain 16777217 is one too many or beyond 1023", finds=["pxm-too-large PXM 16777217"],
         says=["ACPI: SRAT: Too many proximity domains.", "ACPI: SRAT: SRAT not used."]),
    case("memory base one byte up", (HOT + 8, u64((256 << 20) + 1)), nodes=[NODE_0, (1, 0xFFDFFFF, True)],
         finds=["unaligned-range [mem 0x10000001-0x20000000] of PXM 1", "srat-uncovered-ram [mem 0x10000000-0x10000000]"]),
    case("memory base half a page up", (HOT + 8, u64((256 << 20) + 0x800, (256 << 20) - 0x800)),
         nodes=[NODE_0, (1, 0xFFDF800, True)],
         finds=["unaligned-range [mem 0x10000800-0x1fffffff] of PXM 1", "srat-uncovered-ram [mem 0x10000000-0x100007ff]"]),
    case("memory base one page down", (HOT + 8, u64((256 << 20) - 4096)), refused=OVERLAP,
         finds=["srat-overlap [mem 0x00100000-0x0fffffff] of PXM 0 and [mem 0x0ffff000-0x1fffefff] of PXM 1"],
         says=["node 0 [mem 0x00100000-0x0fffffff] overlaps with node 1 [mem 0x0ffff000-0x1ffdffff]"]),
    case("memory base 1 MiB up", (HOT + 8, u64(257 << 20)), refused=COVER,
         finds=["srat-uncovered-ram [mem 0x10000000-0x100fffff]"],
         says=["NUMA: nodes only cover 510MB of your 511MB e820 RAM. Not used."]),
    case("memory base 1 MiB less a page up", (HOT + 8, u64((257 << 20) - 4096)), nodes=[NODE_0, (1, 0xFEE1000, True)],
         finds=["srat-uncovered-ram [mem 0x10000000-0x100fefff]"]),
    case("memory base beyond the address bits", (HOT + 8, u64(HIGH_WORD)), refused=COVER,
         finds=["range-out-of-reach [mem 0x10000000000-0x1000fffffff] of PXM 1", "srat-uncovered-ram [mem 0x10000000-0x1ffdffff]",
             "hotplug-without-ram [mem 0x10000000000-0x1000fffffff] of PXM 1", "cpu-only-domain PXM 1"],
         says=["NUMA: nodes only cover 255MB of your 511MB e820 RAM. Not used."]),
    case("memory base in the highest page", (HOT + 8, u64(2**64 - 4096)), refused=COVER,
         finds=["srat-range-wraps [mem 0xfffffffffffff000-0x0fffefff] of PXM 1", "srat-uncovered-ram [mem 0x10000000-0x1ffdffff]",
             "cpu-only-domain PXM 1"],
         says=["Warning: invalid memblk node 1 [mem 0xfffffffffffff000-0x0fffefff]",
             "NUMA: nodes only cover 255MB of your 511MB e820 RAM. Not used."]),
    case("memory base all ones", (HOT + 8, u64(2**64 - 1)), refused=COVER,
         finds=["srat-range-wraps [mem 0xffffffffffffffff-0x0ffffffe] of PXM 1", "srat-uncovered-ram [mem 0x10000000-0x1ffdffff]",
             "cpu-only-domain PXM 1"],
         says=["Warning: invalid memblk node 1 [mem 0xffffffffffffffff-0x0ffffffe]",
             "NUMA: nodes only cover 255MB of your 511MB e820 RAM. Not used."]),
    case("memory of no length", (HOT + 16, u64(0)), refused=COVER,
         finds=["srat-empty-range [mem 0x10000000-0x0fffffff] of PXM 1", "srat-uncovered-ram [mem 0x10000000-0x1ffdffff]",
             "cpu-only-domain PXM 1"],
         says=["NUMA: nodes only cover 255MB of your 511MB e820 RAM. Not used."]),
    case("memory of length 1", (HOT + 16, u64(1)), refused=COVER,
         finds=["unaligned-range [mem 0x10000000-0x10000000] of PXM 1", "srat-uncovered-ram [mem 0x10000001-0x1ffdffff]"],
         says=["NUMA: nodes only cover 255MB of your 511MB e820 RAM. Not used."]),
    case("memory a byte short", (HOT + 16, u64((256 << 20) - 1)), finds=["unaligned-range [mem 0x10000000-0x1ffffffe] of PXM 1"]),
    case("memory half as long", (HOT + 16, u64(128 << 20)), refused=COVER,
         finds=["srat-uncovered-ram [mem 0x18000000-0x1ffdffff]"],
         says=["NUMA: nodes only cover 383MB of your 511MB e820 RAM. Not used."]),
    case("memory up to the last byte", (HOT + 16, u64(2**64 - (256 << 20))), refused=COVER,
         finds=["srat-range-wraps [mem 0x10000000-0xffffffffffffffff] of PXM 1", "srat-uncovered-ram [mem 0x10000000-0x1ffdffff]",
             "cpu-only-domain PXM 1"],
         says=["Warning: invalid memblk node 1 [mem 0x10000000-0xffffffffffffffff]",
             "NUMA: nodes only cover 255MB of your 511MB e820 RAM. Not used."]),
    case("memory ends at 2**64 - 1", (HOT + 16, u64(2**64 - (256 << 20) - 1)),
         finds=["unaligned-range [mem 0x10000000-0xfffffffffffffffe] of PXM 1",
             "range-out-of-reach [mem 0x10000000-0xfffffffffffffffe] of PXM 1"]),
    case("memory wraps by one byte", (HOT + 16, u64(2**64 - (256 << 20) + 1)), refused=COVER,
         finds=["srat-range-wraps [mem 0x10000000-0x00000000] of PXM 1", "srat-uncovered-ram [mem 0x10000000-0x1ffdffff]",
             "cpu-only-domain PXM 1"],
         says=["Warning: invalid memblk node 1 [mem 0x10000000-0x00000000]",
             "NUMA: nodes only cover 255MB of your 511MB e820 RAM. Not used."]),
    case("memory of length 2**64 - 1", (HOT + 16, u64(2**64 - 1)), refused=COVER,
         finds=["srat-range-wraps [mem 0x10000000-0x0ffffffe] of PXM 1", "srat-uncovered-ram [mem 0x10000000-0x1ffdffff]",
             "cpu-only-domain PXM 1"],
         says=["Warning: invalid memblk node 1 [mem 0x10000000-0x0ffffffe]",
             "NUMA: nodes only cover 255MB of your 511MB e820 RAM. Not used."]),
    case("memory of all there is", (HOT + 8, u64(0, 2**64 - 1)), refused=OVERLAP,
         finds=["unaligned-range [mem 0x00000000-0xfffffffffffffffe] of PXM 1",
             "srat-overlap [mem 0x00000000-0x0009ffff] of PXM 0 and [mem 0x00000000-0xfffffffffffffffe] of PXM 1",
             "srat-overlap [mem 0x00100000-0x0fffffff] of PXM 0 and [mem 0x00000000-0xfffffffffffffffe] of PXM 1",
             "range-out-of-reach [mem 0x00000000-0xfffffffffffffffe] of PXM 1",
             "hotplug-low-memory [mem 0x00000000-0xfffffffffffffffe] of PXM 1"],
         says=["node 0 [mem 0x00000000-0x0009ffff] overlaps with node 1 [mem 0x00000000-0x1ffdffff]"]),
    case("memory inside the other node", (HOT + 8, u64(64 << 20, 64 << 20)), refused=OVERLAP,
         finds=["srat-overlap [mem 0x00100000-0x0fffffff] of PXM 0 and [mem 0x04000000-0x07ffffff] of PXM 1",
             "srat-uncovered-ram [mem 0x10000000-0x1ffdffff]", "hotplug-without-ram [mem 0x04000000-0x07ffffff] of PXM 1",
             "cpu-only-domain PXM 1"],
         says=["node 0 [mem 0x00100000-0x0fffffff] overlaps with node 1 [mem 0x04000000-0x07ffffff]"]),
    case("memory twice, of two nodes", (HOT + 8, u64(1 << 20, 511 << 20)), refused=OVERLAP,
         finds=["srat-overlap [mem 0x00100000-0x0fffffff] of PXM 0 and [mem 0x00100000-0x1fffffff] of PXM 1"],
         says=["node 0 [mem 0x00100000-0x0fffffff] overlaps with node 1 [mem 0x00100000-0x1ffdffff]"]),
    case("memory twice, of one node", (LOW + 8, u64(1 << 20, 255 << 20)), nodes=[(0, 0xFF00000, False), NODE_1],
         finds=["srat-self-overlap [mem 0x00100000-0x0fffffff] of PXM 0 and [mem 0x00100000-0x0fffffff] of PXM 0",
             "srat-uncovered-ram [mem 0x00001000-0x0009efff]"],
         says=["Warning: node 0 [mem 0x00100000-0x0fffffff] overlaps with itself [mem 0x00100000-0x0fffffff]"]),
    case("memory in no RAM", (LOW + 8, u64(4 << 30, 1 << 30)), nodes=[(0, 0xFF00000, False), NODE_1],
         finds=["srat-uncovered-ram [mem 0x00001000-0x0009efff]"], says=[NO_FIT]),
    case("memory overlaps where there is no RAM", (HOT + 16, u64(8 << 30)), (LOW + 8, u64(1 << 30, 1 << 30)),
         nodes=[(0, 0xFF00000, False), NODE_1], finds=["srat-uncovered-ram [mem 0x00001000-0x0009efff]"], says=[NO_FIT]),
    case("memory disabled", (HOT + 28, u32(0)), refused=COVER,
         finds=["srat-uncovered-ram [mem 0x10000000-0x1ffdffff]", "cpu-only-domain PXM 1"],
         says=["NUMA: nodes only cover 255MB of your 511MB e820 RAM. Not used."]),
    case("memory disabled, hot-pluggable", (HOT + 28, u32(2)), refused=COVER,
         finds=["srat-uncovered-ram [mem 0x10000000-0x1ffdffff]", "cpu-only-domain PXM 1"],
         says=["NUMA: nodes only cover 255MB of your 511MB e820 RAM. Not used."]),
    case("memory not hot-pluggable", (HOT + 28, u32(1)), nodes=[NODE_0, (1, 0xFFE0000, False)]),
    case("memory non-volatile", (HOT + 28, u32(7)), finds=["nonvolatile-ram [mem 0x10000000-0x1fffffff] of PXM 1"]),
    case("memory reserved flags", (HOT + 28, u32(0x80000003)), finds=["srat-unknown-flags at offset 0xb8"]),
    case("memory all flags", (HOT + 28, u32(0xFFFFFFFF)),
         finds=["srat-unknown-flags at offset 0xb8", "nonvolatile-ram [mem 0x10000000-0x1fffffff] of PXM 1"]),
    case("memory reserved bytes", (HOT + 6, u16(0xFFFF)), (HOT + 24, u32(0xFFFFFFFF)), (HOT + 32, u64(2**64 - 1))),
    case("main memory hot-pluggable too", (MAIN + 28, u32(3)), nodes=[(0, 0xFF9E000, True), NODE_1],
         finds=["hotplug-mixed-node PXM 0"],
         says=["warning: no slot holds 2 MiB: the base is not random",
             "warning: the image lies on hot-pluggable memory: its node cannot be removed"]),
    case("all memory hot-pluggable", (LOW + 28, u32(3)), (MAIN + 28, u32(3)), nodes=[(0, 0xFF9E000, True), NODE_1],
         finds=["hotplug-all", "hotplug-low-memory [mem 0x00000000-0x0009ffff] of PXM 0"],
         says=["warning: no SRAT range is immovable: KASLR goes without a limit, as in Linux",
             "warning: the image lies on hot-pluggable memory: its node cannot be removed"]),
    case("all memory disabled", (LOW + 28, u32(0)), (MAIN + 28, u32(0)), (HOT + 28, u32(0)), refused="no enabled memory entry",
         finds=["srat-no-memory"]),
    # ---- SRAT: generic initiator ----
    case("initiator length 0", (INITIATOR + 1, u8(0)), damaged="the entry at offset 0xe0 has a wrong length (0)",
         finds=["srat-zero-length-entry at offset 0xe0"]),
    case("initiator length 1", (INITIATOR + 1, u8(1)), damaged="the entry at offset 0xe0 has a wrong length (1)",
         finds=["srat-zero-length-entry at offset 0xe0"]),
    case("initiator length 31", (INITIATOR + 1, u8(31)),
         finds=["srat-entry-length at offset 0xe0", "srat-stray-bytes at offset 0xff"]),
    case("initiator length 33, past the end", (INITIATOR + 1, u8(33)), damaged="the entry at offset 0xe0 has a wrong length (33)",
         finds=["srat-truncated-entry at offset 0xe0"]),
    case("initiator length 255", (INITIATOR + 1, u8(255)), damaged="the entry at offset 0xe0 has a wrong length (255)",
         finds=["srat-truncated-entry at offset 0xe0"]),
    case("initiator becomes a memory entry", (INITIATOR, u8(1)), damaged="the entry at offset 0xe0 has a wrong length (32)",
         finds=["srat-entry-length at offset 0xe0"]),
    case("initiator becomes an apic entry", (INITIATOR, u8(0)), damaged="the entry at offset 0xe0 has a wrong length (32)",
         finds=["srat-entry-length at offset 0xe0"]),
    case("initiator of a node of its own", (INITIATOR + 4, u32(7)), nodes=[NODE_0, NODE_1, (7, 0, False)]),
    case("initiator pxm 4 G - 1", (INITIATOR + 4, u32(0xFFFFFFFF)), finds=["pxm-too-large PXM 4294967295"]),
    case("initiator handle", (INITIATOR + 2, u8(255, 255)), (INITIATOR + 8, u8(255) * 16)),
    case("initiator disabled", (INITIATOR + 4, u32(9)), (INITIATOR + 24, u32(0))),
]
CASES += root_cases(XSDT, "xsdt", 8, u64) + root_cases(RSDT, "rsdt", 4, u32)
CASES += [
    case("xsdt entry above 4 GiB", (XSDT + 36, u64(1 << 32)), absent=True,
         says=["warning: XSDT: entries that lead to no table: 1"]),
    case("xsdt entry beyond the address bits", (XSDT + 36, u64(HIGH_WORD)), absent=True,
         says=["warning: XSDT: entries that lead to no table: 1"]),
    case("xsdt entry at the end of 64 bits", (XSDT + 36, u64(2**64 - 2)), absent=True,
         says=["warning: XSDT: entries that lead to no table: 1"]),
    case("xsdt entry all ones", (XSDT + 36, u64(2**64 - 1)), absent=True,
         says=["warning: XSDT: entries that lead to no table: 1"]),
    case("xsdt length 16 MiB, over all tables", (XSDT + LENGTH, u32(16 << 20)),
         says=["warning: XSDT: entries that lead to no table: 52"]),
    # ---- RSDP ----
    case("rsdp revision 1", (RSDP + 15, u8(1))),
    case("rsdp revision 255", (RSDP + 15, u8(255))),
    case("rsdp revision 0, rubbish after 20 bytes", (RSDP + 15, u8(0)), hurt=[(RSDP + 20, u8(255) * 16)]),
    case("rsdp length 0", (RSDP + 20, u32(0))),
    case("rsdp length 20", (RSDP + 20, u32(20))),
    case("rsdp length 4 GiB - 1", (RSDP + 20, u32(0xFFFFFFFF))),
    case("rsdp oem id", (RSDP + 9, u8(255) * 6)),
    case("rsdp reserved bytes", (RSDP + 33, u8(255) * 3)),
    case("rsdp no xsdt", (RSDP + 24, u64(0))),
    case("rsdp no rsdt", (RSDP + 16, u32(0))),
    case("rsdp xsdt is the rsdt", (RSDP + 24, u64(BASE + RSDT)), says=["warning: XSDT: malformed; using the RSDT"]),
    case("rsdp xsdt is the srat", (RSDP + 24, u64(BASE + SRAT)), says=["warning: XSDT: malformed; using the RSDT"]),
    case("rsdp xsdt is the rsdp", (RSDP + 24, u64(BASE)), says=["warning: XSDT: malformed; using the RSDT"]),
    case("rsdp xsdt in zeroed RAM", (RSDP + 24, u64(BASE + 0x100000)), says=["warning: XSDT: malformed; using the RSDT"]),
    case("rsdp xsdt in the PCI hole", (RSDP + 24, u64(0xE0000000)), says=["warning: XSDT: malformed; using the RSDT"]),
    case("rsdp xsdt above 4 GiB", (RSDP + 24, u64(1 << 32)), says=["warning: XSDT: malformed; using the RSDT"]),
    case("rsdp xsdt beyond the address bits", (RSDP + 24, u64(HIGH_WORD)), host=False,
         says=["warning: XSDT: not readable; using the RSDT"]),
    case("rsdp xsdt all ones", (RSDP + 24, u64(2**64 - 1)), says=["warning: XSDT: not readable; using the RSDT"]),
    case("rsdp rsdt is the xsdt, revision 0", (RSDP + 15, u8(0)), (RSDP + 16, u32(BASE + XSDT)),
         error="acpi_rsdp=0x8000000: malformed"),
    case("rsdp rsdt all ones, revision 2", (RSDP + 16, u32(0xFFFFFFFF))),
    case("rsdp signature", (RSDP, b"RSD PTRX"), error="acpi_rsdp=0x8000000: no RSDP there"),
    case("rsdp checksum", hurt=[(RSDP + 8, None)], error="acpi_rsdp=0x8000000: bad checksum"),
    case("rsdp extended checksum", hurt=[(RSDP + 32, None)], error="acpi_rsdp=0x8000000: bad checksum"),
    case("rsdp no root table", (RSDP + 16, u32(0)), (RSDP + 24, u64(0)), error="acpi_rsdp=0x8000000: malformed"),
    case("rsdp no rsdt, revision 0", (RSDP + 15, u8(0)), (RSDP + 16, u32(0)), error="acpi_rsdp=0x8000000: malformed"),
    case("rsdp both root tables nowhere", (RSDP + 16, u32(BASE + 0x100000)), (RSDP + 24, u64(BASE + 0x100000)),
         error="acpi_rsdp=0x8000000: malformed"),
    case("rsdp both root tables in the PCI hole", (RSDP + 16, u32(0xE0000000)), (RSDP + 24, u64(0xE0000000)),
         error="acpi_rsdp=0x8000000: malformed"),
    case("rsdp both root tables out of reach", (RSDP + 16, u32(0)), (RSDP + 24, u64(HIGH_WORD)), host=False,
         error="acpi_rsdp=0x8000000: not readable"),
]
