# SPDX-License-Identifier: MIT
"""Shows a log while it comes: as it is, its text alone, in colour for a terminal, or its records alone; a file gets all of it."""
import re
import sys

from . import records
from .sizes import size_words
from .terminal import Paint, printable
from .wire import ESCAPE, Wire

# What people see at the end of a run.
VERDICT_WORDS = {"clean": ("CLEAN", "green"), "stained": ("STAINED", "red"), "none": ("NO VERDICT", "amber"),
                 "error": ("COULD NOT COMPLETE", "red"), "fault": ("FAULT", "red")}
NOT_FOR_PEOPLE = re.compile(r"\{|KTAP version 1$|1\.\.\d+$|ok \d+ - |not ok \d+ - clean: ")


class Show:
    """form: raw, text or records; `file` is opened for writing in binary, or None."""

    def __init__(self, form, file, paint=Paint(False)):
        self.form, self.file, self.paint, self.rest = form, file, paint, b""

    def feed(self, data):
        data = data.replace(b"\r", b"")
        if self.file:
            self.file.write(data)
            self.file.flush()
        if self.form == "raw":
            sys.stdout.buffer.write(data)
        else:
            *lines, self.rest = (self.rest + data).split(b"\n")
            for line in lines:
                self._line(line)
        sys.stdout.flush()

    def _line(self, line):
        text = ESCAPE.sub(b"", line).decode("utf-8", "replace")
        if self.form == "records":
            if line.startswith(b"{") and line.endswith(b"}"):
                print(text)
        elif not NOT_FOR_PEOPLE.match(text):
            print(self.paint.line(printable(text)) if self.paint.on or sys.stdout.isatty() else text)

    def end(self):
        """What was left of a line that was never ended."""
        if self.rest:
            self._line(self.rest)
            sys.stdout.flush()


def verdict_lines(log, paint):
    """A line for each policy: its name, the verdict in colour, what it rests on."""
    found = [r for r in Wire(log).records if r["rec"] == "verdict"]
    lines, wide = [], max((len(str(r.get("alloc"))) for r in found), default=0)
    for r in found:
        words, colour = VERDICT_WORDS.get(records.result_of(r), ("UNKNOWN", "amber"))
        lines.append(f"{printable(r.get('alloc')):{wide}}  {paint(f'{words:10}', 'bold', colour)}  {because(r)}".rstrip())
    return lines


def because(verdict):
    """What stands behind a verdict, in a few words."""
    result = records.result_of(verdict)
    try:
        if result == "none":
            return f"the machine's SRAT is {printable(verdict['srat'])}"
        if result == "clean":
            return f"none of {verdict['table_pages']} page-table pages on a movable node"
        nodes = ", ".join(map(str, verdict["stained_nodes"]))
        return f"{verdict['on_movable']} of {verdict['table_pages']} page-table pages on movable node {nodes}; " \
               f"{size_words(verdict['pinned'])} can no longer be hot-removed"
    except (LookupError, TypeError):
        return "the record is none that is known here"


def final_words(words, log):
    """The words of a result line as the largest of the screen, and their colour; of several policies the last one counts, and is named."""
    policies = list(dict.fromkeys(r.get("alloc") for r in Wire(log).records if r["rec"] == "verdict"))
    for result, (large, colour) in VERDICT_WORDS.items():
        if words == result or words.startswith(large.lower()):
            named = policies[1:] and result in ("clean", "stained", "none")
            return f"{policies[-1]}: {large}" if named else large, colour
    return words, "red"
