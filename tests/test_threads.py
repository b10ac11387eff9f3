"""Linear algebra uses one thread while an analysis is at work, and what it used before afterwards."""

import os

import pytest
import scipy.linalg  # noqa: F401  # libraries that are loaded, as in a notebook
from threadpoolctl import threadpool_info, threadpool_limits

import model
from model import threads


def numbers() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.fixture
def nothing_stated(monkeypatch):
    for name in threads.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    with threadpool_limits(limits=2, user_api="blas"):
        yield


def test_one_thread_while_it_works(nothing_stated):
    before = dict(os.environ)
    with threads.one():
        assert numbers() == {1}
        assert {os.environ[name] for name in threads.VARIABLES} == {"1"}
        with threads.one():
            assert numbers() == {1}
        assert numbers() == {1}
    assert numbers() == {2}
    assert dict(os.environ) == before


def test_what_the_environment_says_is_kept(nothing_stated, monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    with threads.one():
        assert numbers() == {2}


@pytest.mark.parametrize("call", ["voi", "run"])
def test_an_analysis_works_with_one(nothing_stated, call, monkeypatch):
    from model.analysis import run as module

    seen = []
    priced = module.run

    def watched(*arguments, **options):
        seen.append(numbers())
        return priced(*arguments, **options)

    monkeypatch.setattr(module, "run", watched)
    getattr(model, call)("scenarios/mscc_constant_hazards.yaml", draws=20)
    assert seen and all(found == {1} for found in seen)
    assert numbers() == {2}
