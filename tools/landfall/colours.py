# SPDX-License-Identifier: MIT
"""The colours of all pictures, of tools/report and of the page alike."""

# Light, dark. The light colours stand in the marks, so that they must all differ: a style sheet finds them by their value.
COLOURS = {
    "paper": ("#fefefe", "#12171d"), "ink": ("#1c2128", "#e6ebf0"), "muted": ("#59636e", "#9aa5b1"), "rule": ("#d3d9e0", "#333c46"),
    "hatch": ("#93a1b0", "#66747f"), "kernel": ("#22272d", "#f1f4f7"), "tables": ("#0b62c4", "#5aa9ff"),
    "stain": ("#cf2233", "#ff6b66"), "clean": ("#c3d6e8", "#2d4a63"), "amber": ("#8a5a00", "#e3b341"),
    "unsure": ("#e5a50a", "#b07d00"),
    "tint0": ("#e3e8ee", "#27303a"), "tint1": ("#f0e7d3", "#3b3423"), "tint2": ("#dcecdf", "#22382b"), "tint3": ("#ece0f0", "#3a2b40"),
}
