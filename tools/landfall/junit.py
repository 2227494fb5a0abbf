# SPDX-License-Identifier: MIT
"""JUnit XML of a log or of a run: always valid, whatever the words in it."""
import re
import xml.etree.ElementTree as ElementTree
from collections import namedtuple

from . import check
from .wire import Wire

# kind: passed, failure or skipped; why: the message, and of a failure its type; output: what it said, for people.
Case = namedtuple("Case", "group name kind type why output", defaults=("passed", "", "", ""))
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
TAIL = 60  # lines of the log that stand by a failure


def xml_text(words):
    """What XML can hold; the rest is spelled out."""
    return NOT_XML.sub(lambda m: f"\\x{ord(m[0]):02x}", str(words))


def checks(ktap, stain_allowed):
    """A case for each of Landfall's own checks."""
    found = []
    for m in filter(None, map(check.RESULT.fullmatch, ktap)):
        name, _, skip = m[3].partition(" # SKIP ")
        skip = "stained, which is allowed" if m[1] and stain_allowed else skip
        kind = "skipped" if skip else "failure" if m[1] else "passed"
        found.append(Case("landfall.check", name, kind, "not ok" if kind == "failure" else "", skip))
    return found


def of_log(judged):
    """The cases of a log as check.judge has judged it."""
    kind = {"passed": "passed", "no verdict": "skipped"}.get(judged.state, "failure")
    first = Case("landfall", "log", kind, judged.state if kind == "failure" else "", judged.why)
    ended = judged.state in ("passed", "failed", "no verdict")
    return [first] + checks(judged.wire.ktap if ended else [], judged.state == "passed")


def of_run(name, status, words, log):
    """The cases of a run of tools/run: how it ended, and its checks."""
    kind = "skipped" if words.startswith("no verdict") else "failure" if status else "passed"
    kinds = {1: "stained", 2: "error", 3: "fault"}
    tail = "\n".join(log.decode("utf-8", "replace").replace("\r", "").splitlines()[-TAIL:]) if kind == "failure" else ""
    return [Case("landfall.run", name, kind, kinds.get(status, ""), words, tail)] + checks(Wire(log).ktap, False)


def write(path, cases, suite="landfall"):
    root = ElementTree.Element("testsuite", name=suite, tests=str(len(cases)), failures=str(sum(c.kind == "failure" for c in cases)),
                               skipped=str(sum(c.kind == "skipped" for c in cases)))
    for c in cases:
        e = ElementTree.SubElement(root, "testcase", classname=xml_text(c.group), name=xml_text(c.name))
        if c.kind == "failure":
            ElementTree.SubElement(e, "failure", type=xml_text(c.type), message=xml_text(c.why))
        elif c.kind == "skipped":
            ElementTree.SubElement(e, "skipped", message=xml_text(c.why))
        if c.output or c.kind == "passed" and c.why:
            ElementTree.SubElement(e, "system-out").text = xml_text(c.output or c.why)
    ElementTree.indent(root, "")
    with open(path, "wb") as f:
        ElementTree.ElementTree(root).write(f, encoding="UTF-8", xml_declaration=True)
        f.write(b"\n")
