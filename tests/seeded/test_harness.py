"""The harness tells what catches a seed from what fails anyway."""

from __future__ import annotations

from types import SimpleNamespace

import harness
import pandas as pd
import seeds

import model


def fake(scenario: str, draws: int) -> SimpleNamespace:
    """One check that always fails, and one that fails where the first published result is not met to 1 %."""
    first = model.run(scenario, draws=0).tables["published"].iloc[0]
    met = abs(first["model"] / first["published"] - 1) < 0.01
    rows = [("always", "fail"), ("published", "pass" if met else "fail")]
    return SimpleNamespace(tables={"verification": pd.DataFrame(rows, columns=["check", "outcome"])})


def test_a_seed_is_caught_by_what_fails_because_of_it(monkeypatch):
    monkeypatch.setattr(model, "verify", fake, raising=False)
    chosen = [seed for seed in seeds.read("files") if seed.id in ("F05", "F06", "F08")]
    found = harness.catch(chosen, draws=2)
    assert [one.by for one in found] == [("published",), ("published",), ()]
    assert harness.share(found) == 1
    text = harness.table(found)
    assert "2 of 2 visible errors are caught (100%)" in text
    assert "invisible: only the spread is wrong" in text


def test_a_file_that_is_refused_is_caught(monkeypatch):
    def refuse(scenario: str, draws: int):
        raise model.DomainError("shares do not add up")

    monkeypatch.setattr(model, "verify", refuse, raising=False)
    assert harness.in_process(seeds.ROOT, "scenarios/gallery/sumatriptan_evans1997.yaml", 2) == [
        "refused: shares do not add up"
    ]
