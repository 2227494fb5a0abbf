# SPDX-License-Identifier: MIT
"""Words and lines on their way to a terminal: nothing in them can move its cursor, and colour only where it is wanted."""
import os
import re

COLOURS = {"red": "31", "green": "32", "amber": "33", "dim": "2", "bold": "1"}
BLOCKS = {"red": "1;97;41", "green": "1;97;42", "amber": "1;30;43"}
# C0 but for the tabulator, DEL and C1; marks that turn the direction of writing; lone surrogates (bytes that are no UTF-8).
CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
VERDICT = {"CLEAN": "green", "STAINED": "red", "NO VERDICT": "amber"}


def printable(words):
    """The words on one line, with what a terminal would obey spelled out."""
    return CONTROL.sub(lambda m: f"\\x{ord(m[0]):02x}" if ord(m[0]) < 256 else f"\\u{ord(m[0]):04x}", str(words))


def wants_colour(how, stream):
    """how: always, never, or auto, which is a terminal that is not dumb, unless NO_COLOR is set."""
    if how != "auto":
        return how == "always"
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class Paint:
    """Puts colour round words, or leaves them as they are."""

    def __init__(self, on):
        self.on = on

    def __call__(self, words, *colours):
        return f"\x1b[{';'.join(COLOURS[c] for c in colours)}m{words}\x1b[0m" if self.on and words else words

    def line(self, line):
        """A line of the log: its stamp dim, verdicts and complaints in their colours."""
        stamp, rest = re.fullmatch(r"(\[ *\d+\.\d{6}\] )?(.*)", line, re.S).groups()
        return self(stamp or "", "dim") + self._rest(rest)

    def _rest(self, rest):
        verdict = re.match(r"([\w-]+: )(STAINED|CLEAN|NO VERDICT)\b(.*)", rest)
        if verdict:
            return verdict[1] + self(verdict[2], "bold", VERDICT[verdict[2]]) + verdict[3]
        if re.match(r"(error|fault|check failed|not ok)\b", rest):
            return self(rest, "bold", "red")
        if re.match(r"(warning|finding)\b", rest):
            return self(rest, "amber")
        return self(rest, "bold") if rest.startswith("---- ") else rest

    def block(self, words, colour, width=60):
        """Words as large as they go: spaced, in three rows of colour."""
        large = " ".join(words.upper()) if len(words) < width // 2 else words.upper()
        rows = ["", "   " + large, ""] if self.on else ["", f"   {words.upper()}", ""]
        return "\n".join(f"\x1b[{BLOCKS[colour]}m{row:{width}}\x1b[0m" if self.on else row for row in rows)
