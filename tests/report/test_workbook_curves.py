"""Partitioned survival in the workbook, recomputed by LibreOffice, gives what a closed form and the engine give."""

from pathlib import Path

import numpy as np
import pytest

import model
from model.report.workbook import libreoffice
from model.report.workbook.cells import WorkbookError
from tests.report.test_workbook import ROOT, assert_together, needs_libreoffice, put, results

PARTITION = """
title: Three states by curves
currency: {{code: USD}}
time: {{unit: month, horizon: 30 months, cycle: 1 month, convention: {convention}}}
discount: {{cost: 5 %, effect: 3 %, convention: {discount}}}
wtp: {{thresholds: [50000]}}
parameters:
  leaves: {{value: 0.1, unit: per month}}
  dies: {{value: 0.04, unit: per month}}
  hr: {{value: 0.6, unit: hazard ratio}}
  shape: {{value: 0.8, unit: number}}
  scale: {{value: 11, unit: number}}
  part: {{value: 0.3, unit: number}}
strategies: {{old: {{ratio: 1}}, new: {{ratio: hr}}}}
periods: {{first: {{until: 6 months, fee: 40}}, later: {{fee: 10}}}}
curves:
  os: {{survival: "{os}", hazard ratio: ratio}}
  pfs: {{survival: "{pfs}"{more}}}
states:
  well: {{share: pfs, utility: 0.8, cost: {{care: fee * 1 USD per month}}, entry cost: {{care: 70 USD}}}}
  ill:
    share: os - pfs
    utility: 0.5
    cost: {{drug: {{share: part * (os - pfs), amount: 300 USD per month}}}}
  dead: {{share: 1 - os, alive: false}}
costs:
  terminal: {{fall of: os, cost: 5000 USD}}
"""
USUAL = {
    "convention": "integral",
    "discount": "continuous",
    "os": "exponential(dies)",
    "pfs": "exponential(leaves)",
    "more": "",
}
CASES = {
    "weibull": {"pfs": "weibull(shape=shape, scale=scale) in months"},
    "gompertz": {"os": "gompertz(shape=0.05, rate=0.02) in months", "pfs": "gompertz(shape=0.05, rate=0.08) in months"},
    "lognormal": {
        "os": "lognormal(meanlog=3, sdlog=0.9) in months",
        "pfs": "lognormal(meanlog=2, sdlog=0.9) in months",
    },
    "loglogistic": {
        "os": "loglogistic(shape=1.4, scale=25) in months",
        "pfs": "loglogistic(shape=1.4, scale=8) in months",
    },
    "acceleration": {"pfs": "weibull(shape=0.8, scale=5) in months", "more": ", acceleration factor: 1.5"},
    "at most": {"more": ", at most: os", "pfs": "weibull(shape=0.8, scale=8) in months"},
    "half": {"convention": "half-cycle", "discount": "at cycle"},
    "mid": {"convention": "half-cycle", "discount": "mid-cycle"},
    "whole year": {"discount": "by whole year"},
    "at cycle": {"discount": "at cycle"},
    "end at most": {
        "convention": "end",
        "discount": "at cycle",
        "pfs": "weibull(shape=0.8, scale=8) in months",
        "more": ", at most: os",
    },
}


def partition(folder: Path, name: str = "plain", **changes) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(PARTITION.format(**(USUAL | changes)))
    return path


@needs_libreoffice
@pytest.mark.slow
def test_exponential_curves_give_the_closed_form(tmp_path):
    made = model.workbook(partition(tmp_path))
    leaves, dies, end = 0.1, 0.04, 30.0
    cost, effect = np.log(1.05) / 12, np.log(1.03) / 12

    def area(rate, until=end):
        return (1 - np.exp(-rate * until)) / rate

    well, alive = area(leaves + cost), area(dies + cost)
    care = 70 + 10 * well + 30 * area(leaves + cost, 6)
    drug, terminal = 0.3 * 300 * (alive - well), 5000 * dies * alive
    qaly = (0.8 * area(leaves + effect) + 0.5 * (area(dies + effect) - area(leaves + effect))) / 12
    found = results(made, made.known)
    assert found["all", "old", "cost", 1] == pytest.approx(care + drug + terminal, rel=1e-10)
    assert found["all", "old", "qaly", 1] == pytest.approx(qaly, rel=1e-10)
    assert found["all", "old", "life_years", 0] == pytest.approx(area(dies) / 12, rel=1e-10)


@needs_libreoffice
@pytest.mark.slow
def test_curves_and_conventions_agree_after_recalculation(tmp_path):
    shipped = ROOT / "scenarios" / "validation" / "guma_savo_psm.yaml"
    made = [partition(tmp_path, name, **changes) for name, changes in CASES.items()]
    assert_together([*made, shipped], tmp_path)


@needs_libreoffice
@pytest.mark.slow
def test_changed_inputs_give_what_the_engine_gives(tmp_path):
    path = partition(tmp_path, **CASES["weibull"])
    made = model.workbook(path, recompute=False)
    changes = [{"hr": 0.3, "shape": 0.7, "scale": 6}, {"dies": 0.05, "part": 0.9}]
    files = [put(made, values, tmp_path / f"{i}.xlsx") for i, values in enumerate(changes)]
    for values, found in zip(changes, libreoffice.recomputed(files)):
        want = model.workbook(path, settings=values, recompute=False)
        assert results(made, found) == pytest.approx(want.values, rel=1e-9, abs=1e-9), values


@needs_libreoffice
@pytest.mark.slow
def test_curves_that_come_to_cross_are_told_by_a_check(tmp_path):
    made = model.workbook(partition(tmp_path, **CASES["at most"] | {"pfs": "weibull(shape=shape, scale=8) in months"}))
    crossing = put(made, {"shape": 3}, tmp_path / "crossing.xlsx")
    (found,) = libreoffice.recomputed([crossing])
    assert found["Results"][made.results.verdict].startswith("NO")


REFUSED = {
    "a hazard ratio of a curve that changes": {"more": ', hazard ratio: "if(time < 6 months, hr, 1)"'},
    "'piecewise'": {"pfs": "piecewise(rates=[0.1, 0.2], breaks=[5.5]) in months"},
    "curves that cross": {"pfs": "weibull(shape=3, scale=12) in months", "more": ", at most: os"},
    "a fixed time": {"pfs": "fixed(10) in months", "more": ", at most: os"},
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_not_covered_is_refused_with_its_reason(tmp_path, words):
    with pytest.raises(WorkbookError, match=words):
        model.workbook(partition(tmp_path, **REFUSED[words]))
