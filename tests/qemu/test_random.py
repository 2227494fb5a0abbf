# SPDX-License-Identifier: MIT
"""The random base over many boots, and that one seed gives one log."""
import re
from concurrent.futures import ThreadPoolExecutor

from landfall import model
import on_host
import pytest
import selection
from conftest import boot
from landfall.records import without_times

M, G = 1 << 20, 1 << 30
RUNS = 80  # on the host, of as many seeds
BOOTS = RUNS if selection.ALL else 16
OPTIONS = "alloc=memblock page_size=auto report=json"
ISLANDS = (18 * M, 96 * M), (0x7d000000, 0x7fe00000), (4 * G, 4 * G + 96 * M)
pytestmark = pytest.mark.xdist_group("random")  # one worker, so that the boots are made once


def logs_of(runs):
    assert [r.code for r in runs if r.code != 33] == []
    return [r.log for r in runs]


@pytest.fixture(scope="module")
def boots():
    """With seeds of their own."""
    with ThreadPoolExecutor(2) as pool:
        return logs_of(list(pool.map(lambda _: boot("four-nodes", OPTIONS), range(BOOTS))))


@pytest.fixture(scope="module")
def runs():
    """On the host, with seeds that are always the same."""
    return logs_of([on_host.Run("four-nodes", f"{OPTIONS} seed={seed}") for seed in range(RUNS)])


def test_every_base_is_a_slot(boots, runs):
    """Three islands of node 0 without the place where the image was loaded: 39 + 23 + 48 slots."""
    expected = [base for first, end in ISLANDS for base in range(first, end, 2 * M)]
    loaded = boots[0].one("kaslr")
    size = loaded["end"] - loaded["base"]
    assert list(model.Slots(boots[0], [(0, M), (16 * M, 16 * M + size)])) == expected and len(expected) == 110
    for log in boots + runs:
        kaslr = log.one("kaslr")
        assert kaslr["slots"] == 110
        assert kaslr["base"] == expected[kaslr["slot"]]


def check_spread(boots, runs, place, slots):
    """The host's draws are always the same; a guest's are few, so of them only what chance cannot spoil is asked. Returns the host's."""
    drawn, fresh = ([log.one("kaslr")[place] for log in logs] for logs in (runs, boots))
    low, high = model.distinct_bounds(slots, RUNS)
    assert low <= len(set(drawn)) <= high
    assert len(set(fresh)) > BOOTS // 4
    return drawn


def test_bases_are_spread_as_fair_draws_are(boots, runs):
    bases = check_spread(boots, runs, "base", 110)
    assert all(any(first <= base < last for base in bases) for first, last in ISLANDS)


def test_virtual_bases_and_seeds_differ(boots, runs):
    """The virtual base is drawn on its own: 2 MiB aligned in [16M, 1G) of the kernel's window, 503 places."""
    check_spread(boots, runs, "virt", model.virtual_slots(2 * M))
    for virt in (log.one("kaslr")["virt"] for log in boots + runs):
        assert virt % (2 * M) == 0 and 0xffffffff81000000 <= virt <= 0xffffffffbfe00000
    assert len({log.one("boot")["seed"] for log in boots}) == BOOTS
    assert len({log.one("boot")["boot_id"] for log in boots}) == BOOTS


def test_entropy_is_named(boots):
    sources = boots[0].one("boot")["entropy"]
    assert "tsc" in sources and "rdrand" in sources


@pytest.mark.parametrize("machine, options", selection.one_of([
    ("pc-islands", "seed=7 alloc=all page_offset=random"), ("four-nodes", "seed=7"), (None, "seed=7 fragment=rand:200")], 2))
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
