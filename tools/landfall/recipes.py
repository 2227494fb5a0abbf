# SPDX-License-Identifier: MIT
"""How an unmodified Linux is made to build its direct map in the order of each policy: one line a policy.

init_mem_mapping() of Linux maps [0, 1M), asks memblock for its direction, and calls one of two loops. A recipe says what of
that is changed; everything below is Linux's own. mm/policy_NAME.c says what the policy is and where it comes from."""
import re
from collections import namedtuple

from .paths import ROOT

UP, DOWN = True, False  # memblock's direction
# Places: the end of the first MiB, the floor of `floor`, the kernel's _end, the end of RAM.
ISA, FLOOR, KERNEL, END = "ISA_END_ADDRESS", "16M", "_end", "end of RAM"

# srat_first: the kernel reads ACPI tables and SRAT before it maps anything, and not again later.
# direction: memblock's, while the map is built.
# calls: what takes the place of the two loops; None: the loop that Linux has for this direction.
# otherwise: (direction, lowest, highest): where a page comes from when the bounds have none left; None: nowhere.
Recipe = namedtuple("Recipe", "srat_first direction calls otherwise", defaults=(None, None))

# memory_map_bottom_up(start, end): it sets its own bounds.
Loop = namedtuple("Loop", "start end")
# init_range_memory_mapping(start, end) with pages from [lowest, highest), which go to min_pfn_mapped and max_pfn_mapped; None: those
# of the call before.
Pass = namedtuple("Pass", "start end lowest highest", defaults=(None, None))
# One Pass(ISA, END) for each of memblock's regions, with pages of that region's node, hot-pluggable or not (in a register of
# memblock_find_in_range_node), and the buffer in the image for the image's own node only.
Regions = namedtuple("Regions", "lowest highest")

RECIPES = {
    "bottom-up": Recipe(False, UP),
    "top-down": Recipe(False, DOWN),
    "memblock": Recipe(True, DOWN),
    "lowest": Recipe(False, UP, [Loop(ISA, END)]),
    "series": Recipe(True, DOWN, [Pass(ISA, END, ISA, END)]),
    "floor": Recipe(False, UP, [Pass(ISA, END, FLOOR, END)], (UP, ISA, END)),
    "hybrid": Recipe(False, UP, [Pass(KERNEL, END, KERNEL, END), Pass(ISA, KERNEL)], (DOWN, ISA, KERNEL)),
    "node-local": Recipe(True, DOWN, [Regions(ISA, END)], (DOWN, ISA, END)),
}


def known_policies():
    """The policies that Landfall has, by its own sources."""
    texts = [path.read_text() for path in sorted((ROOT / "mm").glob("policy_*.c"))]
    return [m[1] for text in texts if (m := re.search(r'\.name = "([\w-]+)"', text))]


def find_recipe(policy):
    """The policy's recipe; ValueError with the reason when it has none."""
    if policy in RECIPES:
        return RECIPES[policy]
    if policy in known_policies():
        raise ValueError(f"{policy}: this policy has no recipe for Linux (tools/landfall/recipes.py)")
    raise ValueError(f"{policy}: no such policy; there are {', '.join(RECIPES)}")
