# SPDX-License-Identifier: MIT
"""What has come over a wire, or out of a lab's capture: records that are whole, traces of others, text and KTAP, without what was put round them."""
import re
import zlib
from collections import Counter
from heapq import merge
from itertools import groupby

from . import records

ESCAPE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)|[()*+][0-9A-Za-z]|[0-9=>A-Za-z])")
RECORD = re.compile(r'\{"rec":"[^\x00-\x1f\x7f]*?,"crc":"[0-9a-f]{8}"\}')
# What is left of a record after most accidents.
TRACE = re.compile(r'\{"rec|"boot_id":|,"crc":|"seq":\d')
BROKEN = (AssertionError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError)
GZIP = b"\x1f\x8b"
LARGEST = 1 << 30  # bytes that a compressed log may have
BANNER = re.compile(r"Landfall \d+\.\d+\.\d+: ")
VERDICT = re.compile(r"([a-z][a-z-]*): (CLEAN|STAINED|NO VERDICT): ")
# What is in each line that Wire._take makes anything of, and in few others. It is looked for in millions of lines: many times faster if each
# pattern begins with a character of its own.
MATTERS = [re.compile(pattern) for pattern in (
    rb'":', rb'\{"rec', rb"\] (?:(?:error|fault|finding|repeat with): |Landfall \d|[a-z][a-z-]*: (?:CLEAN|STAINED|NO VERDICT): )",
    rb"KTAP version 1", rb"1\.\.\d", rb"ok \d", rb"# ", rb"Bail out! ")]
STAMPED = [re.compile(rb"\[ {0,4}\d+\.\d{6}\] |KTAP version 1")]
REST = re.compile(rb"[^\r\n]*")
BLOCK = 1 << 20  # bytes; each block is searched for several patterns, and should stay in the cache of a processor


# ---- what labs do to whole logs --------------------------------------------------------------------------------------

def unpacked(data):
    """The log out of gzip, as far as it can be unpacked."""
    found = b""
    while data.startswith(GZIP) and len(found) < LARGEST:
        member = zlib.decompressobj(31)
        try:
            found += member.decompress(data, LARGEST - len(found))
        except zlib.error:
            break
        data = member.unused_data
    return found


def plain(data):
    """The log as bytes of ASCII, whether it was compressed or written as UTF-16."""
    if data.startswith(GZIP):
        data = unpacked(data)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace").encode("ascii", "replace")
    for odd, code in ((1, "utf-16-le"), (0, "utf-16-be")):
        sample = data[odd:400:2]
        if len(sample) >= 100 and sample.count(0) > 0.9 * len(sample):
            return data.decode(code, "replace").encode("ascii", "replace")
    return data


def shape(prefix):
    """A prefix as a regular expression for its like: numbers and words may differ from line to line."""
    parts = re.findall(r"\d+|[^\W\d_]+|\s+|.", prefix, re.S)
    return "".join(r"\d+" if p[0].isdigit() else r"[^\W\d_]+" if p[0].isalpha() else r"\s+" if p[0].isspace() else re.escape(p) for p in parts)


def spans_with(pattern, text):
    """Where each line is that has the pattern, which is of one line; the text is bytes, and no other line of it costs more than the search."""
    at = 0
    while m := pattern.search(text, at):
        start = max(text.rfind(end, at, m.start()) for end in (b"\n", b"\r")) + 1 or at
        at = m.end() + len(REST.match(text, m.end())[0])
        yield start, at


def blocks(text):
    """The text in blocks of whole lines, without what colours them."""
    at = 0
    while at < len(text):
        end = text.find(b"\n", at + BLOCK) + 1 or len(text)
        block = text[at:end]
        yield ESCAPE.sub(b"", block) if b"\x1b" in block else block
        at = end


def lines_with(patterns, text):
    """Each line that has one of the patterns."""
    for block in blocks(text):
        for (start, end), _ in groupby(merge(*(spans_with(pattern, block) for pattern in patterns))):
            yield block[start:end].decode("ascii", "replace")


def common_prefix(lines, text):
    """What stands in front of nearly every line, as a time stamp of the capture does: a pattern, or None.

    It is found where Landfall's own beginning of a line is known: records, all of which are in `lines`, else its time stamps."""
    for own, among in ((r'\{"rec":"', lines), (r"\[ {0,4}\d+\.\d{6}\] |KTAP version 1$", lines_with(STAMPED, text))):
        found = Counter(shape(line[:m.start()]) for line in among if (m := re.search(own, line)) and m.start() <= 200)
        if found:
            pattern, count = found.most_common(1)[0]
            return re.compile(pattern) if pattern and count > 0.8 * sum(found.values()) else None
    return None


# ---- what is in it ---------------------------------------------------------------------------------------------------

class Wire:
    """Taken apart. .unknown: (number, words) of whole records that are not as the schema has them."""

    def __init__(self, data):
        self.lines, self.records, self.damaged_at, self.ktap, self.unknown = [], [], [], [], []
        self.error, self.banners, self.verdicts, self.repeats, self.findings = None, 0, [], False, []
        text = plain(data)
        lines = list(lines_with(MATTERS, text))
        prefix = common_prefix(lines, text)
        for line in lines:
            m = prefix.match(line) if prefix else None
            self._take(line[m.end():] if m else line)

    def _take(self, line):
        """Noise may stand in front of a record or behind it: its CRC says what belongs to it."""
        rest, end = [], 0
        for m in RECORD.finditer(line):
            if self._take_record(m[0]):
                rest.append(line[end:m.start()])
                end = m.end()
        rest.append(line[end:])
        if any(TRACE.search(part) for part in rest):
            self.damaged_at.append(len(self.records))
        self._take_text(line)

    def _take_record(self, line):
        try:
            record, unknown = records.read_any(line)
            if not isinstance(record["boot_id"], str) or type(record["seq"]) is not int or not isinstance(record["rec"], str):
                return False
        except BROKEN:
            return False
        if line not in self.lines[-8:]:  # what two consoles on one wire send twice
            self.lines.append(line)
            self.records.append(record)
            if unknown:
                self.unknown.append((record["seq"], unknown))
        return True

    def _take_text(self, line):
        stamp = records.STAMP.match(line)
        if stamp:
            self._take_words(line[stamp.end():])
        if line == "KTAP version 1" or (self.ktap and line.isascii() and records.KTAP.fullmatch(line)):
            self.ktap.append(line)

    def _take_words(self, words):
        if re.match(r"(error|fault): ", words):
            self.error = words
        self.banners += bool(BANNER.match(words))
        self.repeats = self.repeats or words.startswith("repeat with: ")
        if words.startswith("finding: "):
            self.findings.append(words[9:])
        verdict = VERDICT.match(words)
        if verdict:
            self.verdicts.append((verdict[1], verdict[2].lower()))
