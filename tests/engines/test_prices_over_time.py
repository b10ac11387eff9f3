"""Costs and utilities that change with time, in every engine, against closed forms and quadrature."""

import tracemalloc

import numpy as np
import pytest
from runs import write_scenario
from scipy.integrate import quad

from model import draws
from model.analysis.evaluate import evaluate
from model.analysis.method import COHORT, Method
from model.outcome_keys import QALY
from model.scenario_file import read

NORM = {60: 0.9, 61: 0.8, 62: 0.75, 63: 0.6, 64: 0.5}
HEAD = """time: {{unit: year, horizon: {horizon} years, cycle: {cycle}, convention: {convention}}}
discount: {{cost: {rate} %, effect: {rate} %}}
parameters:
  age: {{value: 60, unit: year}}
  cap: {{value: {cap}, unit: year}}
  c: {{value: 100, unit: USD per year}}
  once: {{value: 100, unit: USD}}
  norm: {{table: norm.csv, by: age, by unit: year, column: utility, unit: utility}}
"""
DYING = """states:
  well: {{start: 1, cost: {{drug: "{cost}"}}, utility: "{utility}"}}
  dead: {{}}
transitions:
  - {{from: well, to: dead, {dying}, cost: {{end: "{end}"}}}}
"""
CENTRE = "resources: {{bed: {{capacity: unlimited}}}}\narrivals: {{rate: 1 per day}}\n"
CURVES = """curves: {{os: {{survival: exponential(0.2) in years}}}}
states:
  well: {{share: os, cost: {{drug: "{cost}"}}, utility: "{utility}"}}
  dead: {{share: 1 - os, alive: false}}
costs: {{end: {{fall of: os, cost: "{end}"}}}}
"""
CAPPED, STEPS = "if(time < cap, 1, 0) * c", "0.75 * lookup(norm, age + time)"
CAPPED_ONCE = "if(time < cap, 1, 0) * once"
INDIVIDUAL = Method("individual", patients=40_000)


def scenario(folder, text=DYING, cycle="1 year", horizon=4, convention="integral", rate=3, cap=2.5, **prices):
    stated = {"cost": "0", "utility": "1", "end": "0 USD", "dying": "rate: 0.2 per year"} | prices
    (folder / "norm.csv").write_text("age,utility\n" + "".join(f"{a},{u}\n" for a, u in NORM.items()))
    head = HEAD.format(cycle=cycle, horizon=horizon, convention=convention, rate=rate, cap=cap)
    return read(write_scenario(folder, head + text.format(**stated)))


def total(made, name, discounted=True, method=COHORT):
    return evaluate(made, draws.base(made), method).total.get(name, discounted)[0, 0]


def expected(price, hazard=0.2, rate=0.03, horizon=4, points=(1, 2, 2.5, 3)):
    """Discounted integral of a price over those who are alive."""
    found = quad(lambda t: price(t) * np.exp(-(hazard + np.log1p(rate)) * t), 0, horizon, points=points, epsabs=1e-13)
    return found[0]


def norm(time):
    return 0.75 * NORM[60 + int(time)]


@pytest.mark.parametrize("text", [DYING, CURVES], ids=["cohort", "partitioned"])
@pytest.mark.parametrize("cycle", ["1 year", "0.4 years"])
def test_steps_that_all_draws_share_are_exact_whatever_the_cycle(tmp_path, text, cycle):
    made = scenario(tmp_path, text, cycle, cost=CAPPED, utility=STEPS, end=CAPPED_ONCE)
    assert total(made, "cost: drug") == pytest.approx(expected(lambda t: 100 * (t < 2.5)), rel=1e-9)
    assert total(made, QALY) == pytest.approx(expected(norm), rel=1e-9)
    assert total(made, "cost: end") == pytest.approx(expected(lambda t: 0.2 * 100 * (t < 2.5)), rel=1e-9)


def test_hazards_on_a_clock_meet_prices_that_step(tmp_path):
    dying = "survival: exponential(0.2) in years, clock: state"
    made = scenario(tmp_path, cycle="0.01 years", cost=CAPPED, utility=STEPS, dying=dying)
    assert total(made, "cost: drug") == pytest.approx(expected(lambda t: 100 * (t < 2.5)), rel=1e-5)
    assert total(made, QALY) == pytest.approx(expected(norm), rel=1e-5)


@pytest.mark.parametrize("engine", ["individual", "queueing"])
def test_patients_who_are_followed_pay_the_price_of_the_day(tmp_path, engine):
    made = scenario(tmp_path, DYING + CENTRE, cost=CAPPED, utility=STEPS, end=CAPPED_ONCE)
    method = INDIVIDUAL if engine == "individual" else Method(engine, patients=4000, replications=2)
    found = evaluate(made, draws.base(made), method)
    for name, price in (
        ("cost: drug", lambda t: 100 * (t < 2.5)),
        (QALY, norm),
        ("cost: end", lambda t: 20 * (t < 2.5)),
    ):
        error = found.errors.total.se[found.total.names.index(name), 1, 0, 0]
        assert abs(found.total.get(name)[0, 0] - expected(price)) < 4 * error, name


@pytest.mark.parametrize(("convention", "right"), [("half-cycle", 195.87), ("start", None), ("end", None)])
def test_a_textbook_cycle_spreads_its_time_evenly(tmp_path, convention, right):
    made = scenario(tmp_path, convention=convention, rate=0, cost=CAPPED)
    there = np.exp(-0.2 * np.arange(4))
    weight = {"start": (1, 0), "end": (0, 1), "half-cycle": (0.5, 0.5)}[convention]
    by_cycle = weight[0] * there[:-1] + weight[1] * there[1:]
    written_out = 100 * (by_cycle[0] + by_cycle[1] + 0.5 * by_cycle[2])
    assert total(made, "cost: drug") == pytest.approx(written_out, rel=1e-12)
    assert right is None or written_out == pytest.approx(right, abs=0.005)
    found = evaluate(made, draws.base(made), INDIVIDUAL)
    error = found.errors.total.se[found.total.names.index("cost: drug"), 0, 0, 0]
    assert abs(found.total.get("cost: drug", False)[0, 0] - written_out) < 4 * error


def test_probabilities_per_cycle_take_the_price_of_their_cycle(tmp_path):
    made = scenario(
        tmp_path,
        convention="start",
        cost=CAPPED,
        dying="probability per cycle: 0.2",
        end="lookup(norm, age + time) * once / 10",
    )
    there, factor = 0.8 ** np.arange(4), 1.03 ** -np.arange(4)
    assert total(made, "cost: drug") == pytest.approx(100 * (there * factor * [1, 1, 0.5, 0]).sum(), rel=1e-12)
    assert total(made, "cost: end") == pytest.approx(
        (2 * there * factor * [NORM[60 + k] for k in range(4)]).sum(), rel=1e-12
    )


def test_a_smooth_price_has_an_error_of_the_second_order(tmp_path):
    right = expected(lambda t: 100 * np.exp(-0.3 * t))
    for text in (DYING, CURVES):
        cost = "c * exp(-0.75 * time / cap)"
        errors = [
            total(scenario(tmp_path, text, cycle, cost=cost), "cost: drug") - right
            for cycle in ("1 year", "0.5 years", "0.25 years")
        ]
        assert abs(errors[0]) < 6e-3 * right
        assert np.array(errors[:-1]) / errors[1:] == pytest.approx(4, rel=0.05)


def test_steps_that_differ_by_draw_have_an_error_of_the_second_order(tmp_path):
    """Two draws, two caps: at a third of a cycle, and then at two thirds, as cycles are halved."""
    caps, errors = (4 / 3, 7 / 3), []
    for cycle in ("1 year", "0.5 years", "0.25 years"):
        made = scenario(tmp_path, cycle=cycle, cost=CAPPED)
        table = draws.base(made)
        table = draws.Draws(
            {key: np.repeat(value, 2) for key, value in table.values.items()} | {"cap": np.array(caps)},
            np.arange(2),
            table.seed,
        )
        found = evaluate(made, table).total.get("cost: drug")[0]
        errors.append(found - [expected(lambda t, cap=cap: 100 * (t < cap), points=(cap,)) for cap in caps])
    assert np.abs(errors[0] / found).max() < 0.02
    assert np.array(errors[:-1]) / errors[1:] == pytest.approx(4, rel=0.15)


def test_what_is_paid_at_the_start_has_the_price_of_the_start(tmp_path):
    text = DYING.replace("start: 1,", 'start: 1, entry cost: "once * exp(-time / cap)",')
    assert total(scenario(tmp_path, text), "cost: entry") == pytest.approx(100)


def test_forty_norms_take_about_the_memory_of_one(tmp_path):
    """The quantities of patients who are followed are priced some stretches at a time."""
    peaks = []
    for utility in ("0.75", STEPS):
        made = scenario(tmp_path, horizon=40, cycle="1 year", utility=utility, cost="c * " + utility)
        (tmp_path / "norm.csv").write_text("age,utility\n" + "".join(f"{a},{0.9 - a / 1000}\n" for a in range(60, 100)))
        made = read(made.path)
        tracemalloc.start()
        evaluate(made, draws.base(made), Method("individual", patients=20_000))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 2.5 * peaks[0]
