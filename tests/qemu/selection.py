# SPDX-License-Identifier: MIT
"""Of a family of boots that are much alike only a part runs, one of each kind; with LANDFALL_TESTS=all in the environment all of it,
and with LANDFALL_TESTS=host all that can run on the host runs there."""
import os

HOST = os.environ.get("LANDFALL_TESTS") == "host"
ALL = os.environ.get("LANDFALL_TESTS") == "all"


def one_of_each(family, kind):
    """The first of each kind, in the family's order."""
    seen = set()
    return [x for x in family if ALL or (k := kind(x)) not in seen and not seen.add(k)]


def one_of(family, nr):
    """Every nr-th, from the first on."""
    return list(family)[::1 if ALL else nr]
