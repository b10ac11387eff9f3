"""Results of many draws: the same numbers in a file, in memory that does not grow with the draws."""

import pickle
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

from model import stores
from model.effort import EffortError
from model.grouped import Grouped
from model.outcomes import Outcomes, collected

NAMES, STRATEGIES = ("cost", "qaly", "life_years"), ("a", "b")


def block(first: int, n: int) -> Grouped[Outcomes]:
    values = np.random.default_rng(first).normal(size=(len(NAMES), 2, len(STRATEGIES), n))
    return Grouped({"all": Outcomes(NAMES, STRATEGIES, values), "men": Outcomes(NAMES, STRATEGIES, -values)})


@pytest.mark.parametrize("most", [0.0, np.inf])
def test_blocks_one_behind_the_other(most, monkeypatch):
    monkeypatch.setattr(stores, "MOST", most)
    monkeypatch.setattr(stores, "TOGETHER", 5_000)  # several writes
    sizes, starts = [100, 100, 100, 37], [0, 100, 200, 300]
    blocks = [block(first, n) for first, n in zip(starts, sizes)]
    found = collected(iter(blocks), 337)
    for group in ("all", "men"):
        expected = np.concatenate([b[group].values for b in blocks], axis=-1)
        assert np.array_equal(found[group].values, expected)
        assert np.array_equal(found[group].get("qaly"), expected[1, 1])
        assert np.array_equal(found[group].some("cost", 1, 90, 210), expected[0, 1, 1, 90:210])
        assert stores.mapped(found[group].values) == (most == 0)
        assert not stores.mapped(found[group].get("qaly"))
        assert np.array_equal(pickle.loads(pickle.dumps(found[group])).values, expected)


def test_one_block_is_taken_as_it_is():
    one = block(0, 10)
    assert collected(iter([one]), 10) is one


def peak(n: int, size: int = 500) -> int:
    tracemalloc.start()
    try:
        collected((block(first, size) for first in range(0, n, size)), n)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_draws(monkeypatch):
    monkeypatch.setattr(stores, "MOST", 0.0)
    monkeypatch.setattr(stores, "TOGETHER", 200_000)
    few, many = peak(10_000), peak(40_000)
    assert many < 1.1 * few < 4e6 < 40_000 * 2 * 12 * 8


def test_without_room_on_the_disk_results_stay_in_memory(monkeypatch):
    monkeypatch.setattr(stores.shutil, "disk_usage", lambda folder: SimpleNamespace(free=1.5 * stores.MOST))
    assert not stores.in_file(stores.MOST)
    assert not stores.in_file(1.01 * stores.MOST)
    monkeypatch.setattr(stores.shutil, "disk_usage", lambda folder: SimpleNamespace(free=3 * stores.MOST))
    assert stores.in_file(1.01 * stores.MOST)


def test_a_disk_that_is_full_is_told_with_what_to_do():
    class Full:
        def seek(self, place):
            """Anywhere."""

        def write(self, values):
            raise OSError(stores.errno.ENOSPC, "No space left on device")

    store = stores.Store((2,), 10, True)
    store._file = Full()
    with pytest.raises(EffortError, match="TMPDIR"):
        store.add(np.zeros((2, 10)))
        store.array()


def test_values_in_a_file_are_read_only():
    store = stores.Store((2,), 3, True)
    store.add(np.ones((2, 3)))
    with pytest.raises(ValueError, match="read-only"):
        store.array()[0] = 2


def test_without_a_folder_of_temporary_files_results_stay_in_memory(monkeypatch):
    def none():
        raise FileNotFoundError("no usable temporary directory")

    monkeypatch.setattr(stores.tempfile, "gettempdir", none)
    assert not stores.in_file(1e12)
