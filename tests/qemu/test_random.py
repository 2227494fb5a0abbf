# SPDX-License-Identifier: MIT
"""The random base over many boots, and that one seed gives one log."""
import re
from concurrent.futures import ThreadPoolExecutor

from landfall import model
import pytest
from conftest import boot
from landfall.records import without_times

BOOTS = 80
M, G = 1 << 20, 1 << 30
pytestmark = pytest.mark.xdist_group("random")  # one worker, so that the boots are made once


def many(machine, options, count):
    with ThreadPoolExecutor(2) as pool:
        boots = list(pool.map(lambda _: boot(machine, options), range(count)))
    assert [b.code for b in boots if b.code != 33] == []
    return [b.log for b in boots]


@pytest.fixture(scope="module")
def boots():
    return many("four-nodes", "alloc=memblock page_size=auto report=json", BOOTS)


def test_every_base_is_a_slot(boots):
    """Three islands of node 0 without the place where the image was loaded: 39 + 23 + 48 slots."""
    islands = (18 * M, 96 * M), (0x7d000000, 0x7fe00000), (4 * G, 4 * G + 96 * M)
    expected = [base for first, end in islands for base in range(first, end, 2 * M)]
    loaded = boots[0].one("kaslr")
    size = loaded["end"] - loaded["base"]
    assert list(model.Slots(boots[0], [(0, M), (16 * M, 16 * M + size)])) == expected and len(expected) == 110
    for log in boots:
        kaslr = log.one("kaslr")
        assert kaslr["slots"] == 110
        assert kaslr["base"] == expected[kaslr["slot"]]


def test_bases_are_spread_as_fair_draws_are(boots):
    bases = [log.one("kaslr")["base"] for log in boots]
    low, high = model.distinct_bounds(110, BOOTS)
    assert low <= len(set(bases)) <= high
    for first, last in ((18 * M, 96 * M), (0x7d000000, 0x80000000), (4 * G, 4 * G + 96 * M)):
        assert any(first <= base < last for base in bases)


def test_virtual_bases_and_seeds_differ(boots):
    """The virtual base is drawn on its own: 2 MiB aligned in [16M, 1G) of the kernel's window, 503 places."""
    virtual = [log.one("kaslr")["virt"] for log in boots]
    for virt in virtual:
        assert virt % (2 * M) == 0 and 0xffffffff81000000 <= virt <= 0xffffffffbfe00000
    low, high = model.distinct_bounds(model.virtual_slots(2 * M), BOOTS)
    assert low <= len(set(virtual)) <= high
    assert len({log.one("boot")["seed"] for log in boots}) == BOOTS
    assert len({log.one("boot")["boot_id"] for log in boots}) == BOOTS


def test_entropy_is_named(boots):
    sources = boots[0].one("boot")["entropy"]
    assert "tsc" in sources and "rdrand" in sources


@pytest.mark.parametrize("machine, options", [
    ("four-nodes", "seed=7"), ("pc-islands", "seed=7 alloc=all page_offset=random"), (None, "seed=7 fragment=rand:200")])
def test_one_seed_one_log(machine, options):
    first, second = boot(machine, options), boot(machine, options)
    assert first.data != second.data
    assert without_times(first.data) == without_times(second.data)
    assert without_times(first.data) != without_times(boot(machine, options.replace("7", "8")).data)


def test_the_log_says_how_to_repeat_it():
    first = boot("four-nodes", "alloc=memblock")
    words = first.log.text[-1].removeprefix("repeat with: ")
    assert re.search(r"\bseed=0x[0-9a-f]+\b", words)
    second = boot("four-nodes", words)
    assert first.log.one("kaslr")["base"] == second.log.one("kaslr")["base"]
    assert first.log.one("kaslr")["virt"] == second.log.one("kaslr")["virt"]
