"""What commands write is what model/report/columns and docs/tables.md say."""

import sys
from functools import cache
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest

import model as api
from model.analysis.population import Population
from model.report.columns import TABLES, UNITS, described

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "pages"))
import tables as page_of_tables  # noqa: E402

FURLAN, DECISION = ROOT / "scenarios" / "mscc_furlan.yaml", ROOT / "scenarios" / "mscc_decision.yaml"
CAPACITY, HIV = ROOT / "scenarios" / "mscc_capacity.yaml", ROOT / "scenarios" / "validation"
SCHEDULES, MAP = (ROOT / "scenarios" / "decision" / f"{name}.yaml" for name in ("schedules", "map"))
CALIBRATED = Path(__file__).with_name("calibrated.yaml")
SEVERITY = Path(__file__).with_name("severe.yaml")
CURVES = Path(__file__).with_name("with_curve.yaml")
VARIANTS = ROOT / "variants"
FOLLOWED = {"engine": "individual", "patients": 20}
TRIAL = {"studies": ["trial: p_retain_rt, p_retain_surgery ~ binomial"], "sizes": [20, 100]}


def _made_elsewhere():
    rng = np.random.default_rng(1)
    parts = [rng.normal(mean, mean / 5, (120, 2)) for mean in (100, 1, 1)]
    return [pd.DataFrame(part, columns=names) for part, names in zip(parts, (["a", "b"], ["a", "b"], ["p", "q"]))]


def _analyse():
    cost, effect, parameters = _made_elsewhere()
    return api.analyse(cost, effect, parameters=parameters, voi_wtp=100.0)


def _with_groups_apart():
    with patch("model.analysis.groups.MOST_ROWS", 10):
        return api.run(FURLAN, draws=20)


PATIENTS = pd.DataFrame(
    {
        "time": np.random.default_rng(2).weibull(1.3, 80) * 10 + 0.1,
        "event": [1, 1, 1, 0] * 20,
        "arm": ["new", "old"] * 40,
    }
)
CURVE = pd.DataFrame({"time": [0, 2, 4, 6, 8, 10], "survival": [1, 0.8, 0.65, 0.5, 0.4, 0.3]})

# (command, call): each command, and each branch of it that writes other columns.
CALLS = {
    "check": lambda: api.check(DECISION),
    "run": lambda: api.run(DECISION, draws=40),
    "run, draws of groups apart": _with_groups_apart,
    "run, another effect": lambda: api.run(FURLAN, draws=40, effect="ambulatory_days", wtp=100),
    "run, three strategies": lambda: api.run(SCHEDULES, draws=20),
    "run, individual": lambda: api.run(DECISION, draws=3, **FOLLOWED),
    "run, profile": lambda: api.run(FURLAN, draws=0, settings=["profile=nice"]),
    "run, severity": lambda: api.run(SEVERITY, draws=20),
    "run, curves": lambda: api.run(CURVES, draws=0),
    "run, queueing": lambda: api.run(CAPACITY, draws=3, engine="queueing", patients=40, replications=2),
    "tornado": lambda: api.tornado(FURLAN),
    "tornado, individual": lambda: api.tornado(FURLAN, **FOLLOWED),
    "tornado, three strategies": lambda: api.tornado(SCHEDULES),
    "threshold": lambda: api.threshold(FURLAN, "c_surgery", 0, 40_000, wtp=100_000),
    "sweep": lambda: api.sweep(FURLAN, {"c_surgery": [20_000, 30_000]}, draws=20),
    "sweep, individual": lambda: api.sweep(FURLAN, {"c_surgery": [20_000, 30_000]}, **FOLLOWED),
    "sweep, map": lambda: api.sweep(FURLAN, {"c_surgery": [20_000, 30_000], "wtp": [1000, 2000]}),
    "sweep, best": lambda: api.sweep(SCHEDULES, {"wtp": [1000, 2000], "horizon": ["1 year", "2 years"]}),
    "sweep, dots": lambda: api.sweep(FURLAN, {n: [1, 2] for n in ("hr_surgery", "hr_nonamb", "hr_early_surgery")}),
    "variants": lambda: api.variants(VARIANTS / "mscc_structure.yaml", draws=20),
    "variants, individual": lambda: api.variants(VARIANTS / "mscc.yaml", draws=0, **FOLLOWED),
    "diff": lambda: api.diff(HIV / "hiv_chancellor.yaml", HIV / "hiv_rdecision.yaml"),
    "global": lambda: api.sensitivity(FURLAN, n=8),
    "global, morris": lambda: api.sensitivity(FURLAN, method="morris", n=3),
    "headroom": lambda: api.headroom(FURLAN, "surgery", draws=20, effect="life_years", wtp=[1000, 2000]),
    "headroom, map": lambda: api.headroom(
        MAP, "surgery", vary={"hr_prognosis": "0.3:3:3", "or_walk": "0.5:8:3"}, mark=VARIANTS / "mscc_map.yaml"
    ),
    "voi": lambda: api.voi(DECISION, draws=100, population=Population(100, fixed_cost=1e5), **TRIAL),
    "voi, without costs": lambda: api.voi(DECISION, draws=60, **TRIAL, **FOLLOWED),
    "converge": lambda: api.converge(FURLAN, draws=100),
    "calibrate": lambda: api.calibrate(CALIBRATED, starts=1, posterior=5, draws=50),
    "compare": lambda: api.compare(CAPACITY, patients=20, replications=2),
    "capacity": lambda: api.capacity(CAPACITY, "bed", 4, 5, unit_cost=3e5, patients=20, replications=2),
    "capacity, changes": lambda: api.capacity(
        CAPACITY, changes={"more": {"resources.bed.capacity": 8}}, patients=20, replications=2
    ),
    "verify": lambda: api.verify(FURLAN, draws=20),
    "analyse": _analyse,
    "analyse, means": lambda: api.analyse(pd.DataFrame({"strategy": ["a", "b"], "cost": [1, 2], "effect": [1, 2]})),
    "survival": lambda: api.survival(PATIENTS, "month", joint=True),
    "survival, figure": lambda: api.survival(
        time_unit="month", curve=CURVE, at_risk=pd.DataFrame({"time": [0, 6], "at_risk": [40, 18]}), splines=False
    ),
}
# What may stand in the braces of a name.
EFFECTS = {"qaly", "life_years", "ambulatory_days", "failures"}
NAMES = {"effect": EFFECTS, "outcome": {"cost", "effect", *EFFECTS}}
VARIED = {
    "c_surgery",
    "horizon",
    "hr_surgery",
    "hr_nonamb",
    "hr_early_surgery",
    "hr_prognosis",
    "or_walk",
    "wtp",
    "c",
    "d",
}
made = cache(lambda call: CALLS[call]())


def files(call):
    """(name, whether of a figure, columns) of each CSV that a call writes."""
    result = made(call)
    yield from ((name, False, table) for name, table in result.tables.items())
    yield from ((name, True, plan.data) for name, plan in result.plans.items())


def names_of(call):
    """What may stand in the braces of names: outcomes, parameters sampled, and inputs that a call varies."""
    run = made(call).run
    sampled = {name for name, p in run.scenario.parameters.items() if p.sampled} if run else set()
    return NAMES | {"input": VARIED | sampled, "varied": {"c.mean", "d"}}


@pytest.mark.parametrize("call", CALLS)
def test_every_csv_has_the_columns_that_are_described(call):
    for name, figure, table in files(call):
        known = described(call.split(",")[0], name, figure)
        assert known, f"{name} is not described"
        assert [] in [t.differences(list(table.columns), names_of(call)) for t in known], name


def test_every_described_table_is_written():
    written = {
        id(t) for call in CALLS for name, figure, _ in files(call) for t in described(call.split(",")[0], name, figure)
    }
    assert [table.name for table in TABLES if id(table) not in written] == []


def test_what_is_not_described_is_found():
    (ceac,) = described("run", "ceac")
    assert ceac.differences(["wtp", "strategy", "standard_error", "group", "chance"], {}) == [
        "probability_most_cost_effective is missing",
        "chance is not described",
    ]


def test_every_unit_is_explained():
    assert {c.unit for t in TABLES for c in t.columns} == set(UNITS)


def test_page_is_that_of_the_columns():
    assert page_of_tables.PAGE.read_text(encoding="utf-8") == page_of_tables.page(), "python tests/pages/tables.py"
