"""Partitioned survival against closed forms, sums written out by hand, and quadrature by SciPy."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats

from model import draws
from model.analysis.evaluate import evaluate
from model.analysis.method import EngineError, Method
from model.draws import DomainError
from model.sample import Sample
from model.scenario_file import ScenarioError, read

ROOT = Path(__file__).resolve().parents[2]
MONTHS = 12.0  # of a year
DECAY = np.log(1.05) / MONTHS  # a month, at 5 % a year

MODEL = """\
title: Curves
currency: {{code: USD}}
time: {{unit: month, horizon: {horizon} months, cycle: {cycle} months, convention: {convention}}}
discount: {{cost: 5 %, effect: 5 %}}
wtp: {{thresholds: [50000], curve: {{to: 100000}}}}
strategies: {{care: {{hr: 1}}, drug: {{hr: 0.5}}}}
curves:
  os: {{survival: "{os}", hazard ratio: hr}}
  pfs: {{survival: "{pfs}", at most: os}}
  {more}
states:
  stable: {{share: pfs, utility: 0.8, cost: {{care: 100 USD per month{portion}}}}}
  progressed: {{share: os - pfs, utility: 0.5}}
  dead: {{share: 1 - os, alive: false}}
costs:
  terminal: {{fall of: os, cost: 1000 USD}}
  relapse: {{fall of: pfs, cost: 10 USD}}
{rest}
"""


def model(tmp_path, **changes):
    stated = {
        "horizon": 36,
        "cycle": 12,
        "convention": "integral",
        "os": "exponential(0.03) in months",
        "pfs": "exponential(0.1) in months",
        "more": "",
        "portion": "",
        "rest": "",
    }
    path = tmp_path / "curves.yaml"
    path.write_text(MODEL.format(**(stated | changes)))
    return read(path)


def totals(scenario, name, discounted=True):
    """By strategy, at base values."""
    return evaluate(scenario, draws.base(scenario)).total.get(name, discounted)[:, 0]


def area(survival, low, high, decay=DECAY, points=()):
    return integrate.quad(
        lambda t: survival(t) * np.exp(-decay * t),
        low,
        high,
        points=points or None,
        epsabs=1e-13,
        epsrel=1e-12,
        limit=500,
    )[0]


# --- the integral -----------------------------------------------------------------------------------------------


def test_exponential_curves_have_the_closed_form(tmp_path):
    scenario = model(tmp_path, cycle=1)
    for name, rates in (("cost: care", (0.1, 0.1)),):
        expected = [100 * -np.expm1(-36 * (rate + DECAY)) / (rate + DECAY) for rate in rates]
        assert totals(scenario, name) == pytest.approx(expected, rel=1e-10)
    for strategy, rate in enumerate((0.03, 0.015)):
        alive = -np.expm1(-36 * (rate + DECAY)) / (rate + DECAY)
        stable = -np.expm1(-36 * (0.1 + DECAY)) / (0.1 + DECAY)
        assert totals(scenario, "life_years")[strategy] == pytest.approx(alive / MONTHS, rel=1e-10)
        qaly = (0.8 * stable + 0.5 * (alive - stable)) / MONTHS
        assert totals(scenario, "qaly")[strategy] == pytest.approx(qaly, rel=1e-10)
        assert totals(scenario, "cost: terminal")[strategy] == pytest.approx(1000 * rate * alive, rel=1e-10)
        undiscounted = 1000 * -np.expm1(-36 * rate)
        assert totals(scenario, "cost: terminal", False)[strategy] == pytest.approx(undiscounted, rel=1e-12)


CURVES = {
    "weibull(shape=0.7, scale=14) in months": lambda t: np.exp(-((t / 14) ** 0.7)),
    "weibull(shape=1.1, scale=14) in months": lambda t: np.exp(-((t / 14) ** 1.1)),
    "lognormal(meanlog=2.03, sdlog=1.32) in months": lambda t: stats.lognorm(s=1.32, scale=np.exp(2.03)).sf(t),
    "gompertz(shape=0.05, rate=0.02) in months": lambda t: np.exp(-0.02 * np.expm1(0.05 * t) / 0.05),
    "loglogistic(shape=1.5, scale=10) in months": lambda t: 1 / (1 + (t / 10) ** 1.5),
    "gamma(shape=0.8, rate=0.1) in months": lambda t: stats.gamma(0.8, scale=10).sf(t),
}


@pytest.mark.parametrize("text", CURVES)
@pytest.mark.parametrize("convention", ["", "by whole year", "at cycle"])
def test_the_integral_is_that_of_quadrature(text, convention, tmp_path):
    """Three cycles of a year. Falls: v(0) S(0) - v(T) S(T) - integral of S times the growth of the discount rate."""
    scenario, survival = model(tmp_path, pfs=text, os="exponential(0) in months"), CURVES[text]
    if convention:
        scenario = dataclasses.replace(scenario, discount=dataclasses.replace(scenario.discount, convention=convention))
    years = {"by whole year": 0.0, "at cycle": 0.5}.get(convention)
    if years is None:
        expected = area(survival, 0, 36)
        fell = 1 - survival(36) * np.exp(-DECAY * 36) - DECAY * expected
    else:
        factors = 1.05 ** -(np.arange(3) + years)
        ends = survival(np.arange(4) * 12.0)
        expected = sum(f * area(survival, 12 * k, 12 * k + 12, 0.0) for k, f in enumerate(factors))
        fell = (factors * (ends[:-1] - ends[1:])).sum()
    assert totals(scenario, "cost: care")[0] == pytest.approx(100 * expected, rel=1e-9)
    assert totals(scenario, "cost: relapse")[0] == pytest.approx(10 * fell, rel=1e-9)


def test_the_error_falls_with_the_sixth_power_of_the_cycle(tmp_path):
    text = "gompertz(shape=0.05, rate=0.02) in months"
    exact = 100 * area(CURVES[text], 0, 72)
    errors = []
    for cycle in (6, 3, 1.5):
        scenario = model(tmp_path, horizon=72, cycle=cycle, pfs=text, os="exponential(0) in months")
        errors.append(abs(totals(scenario, "cost: care")[0] - exact))
    assert errors[0] / errors[1] > 60 and errors[1] / errors[2] > 60 and errors[0] < 1e-5


def test_curves_that_cross_are_cut_where_they_do(tmp_path):
    """The smaller survival counts: log-logistic and exponential cross once, within a cycle."""
    scenario = model(tmp_path, pfs="loglogistic(shape=1.5, scale=10) in months", os="exponential(0.06) in months")
    for strategy, rate in enumerate((0.06, 0.03)):

        def smaller(t, rate=rate):
            return np.minimum(CURVES["loglogistic(shape=1.5, scale=10) in months"](t), np.exp(-rate * t))

        times = np.linspace(1e-3, 36, 200_001)
        gap = CURVES["loglogistic(shape=1.5, scale=10) in months"](times) - np.exp(-rate * times)
        crossed = times[1:][np.diff(np.sign(gap)) != 0].tolist()
        assert strategy or crossed
        expected = area(smaller, 0, 36, points=crossed)
        assert totals(scenario, "cost: care")[strategy] == pytest.approx(100 * expected, rel=1e-8)


def test_treatment_that_ends_at_a_fixed_time_and_a_hazard_in_pieces_are_exact(tmp_path):
    """In every draw, wherever in a cycle it ends; who is still on treatment at the end leaves then."""
    ttd = 'ttd: {survival: "fixed(10.7) in months", at most: pfs}'
    scenario = model(
        tmp_path,
        more=ttd,
        portion=", drug: {amount: 500 USD per month, share: ttd}",
        pfs="piecewise(rates=[0.1, 0.02], breaks=[7.3]) in months",
        os="exponential(0) in months",
        rest="  off: {fall of: ttd, cost: 1 USD}",
    )

    def survival(t):
        return np.exp(-0.1 * np.minimum(t, 7.3) - 0.02 * np.maximum(t - 7.3, 0))

    expected = area(survival, 0, 10.7, points=(7.3,))
    assert totals(scenario, "cost: drug")[0] == pytest.approx(500 * expected, rel=1e-9)
    assert totals(scenario, "cost: care")[0] == pytest.approx(100 * area(survival, 0, 36, points=(7.3,)), rel=1e-9)
    early = 1 - survival(10.7) * np.exp(-DECAY * 10.7) - DECAY * expected
    assert totals(scenario, "cost: off")[0] == pytest.approx(early + survival(10.7) * np.exp(-DECAY * 10.7), rel=1e-9)


LIFE = "age,rate\n60,0.01\n61,0.05\n62,0.2\n63,0.02\n64,0.4\n65,0.1\n"


def test_bends_that_each_strategy_has_elsewhere_are_exact(tmp_path):
    """A life table by age, and an end of treatment, that differ by strategy: within cycles of a year."""
    (tmp_path / "life.csv").write_text(LIFE)
    tables = "parameters:\n  mort: {table: life.csv, by: age, by unit: year, column: rate, unit: per year}"
    ages = "\n  old: {value: 60.3, unit: year}\n  young: {value: 0.25, unit: year}"
    scenario = model(
        tmp_path,
        os="life_table(mort, age=old + hr * young)",
        pfs="fixed(19 * hr) in months",
        rest=tables + ages,
    )
    for strategy, ratio in enumerate((1, 0.5)):

        def survival(t, ratio=ratio):
            rates, age = np.array([0.01, 0.05, 0.2, 0.02, 0.4, 0.1]), 60.3 + ratio * 0.25
            ends = np.array([61, 62, 63, 64, 65, 99])
            spent = np.clip(age + t / 12, ends - 1, ends) - np.clip(age, ends - 1, ends)
            return np.exp(-ratio * (spent * rates).sum())

        bends = [12 * (end - 60.3 - ratio * 0.25) for end in (61, 62, 63)]
        stable = area(survival, 0, 19 * ratio, points=[t for t in bends if t < 19 * ratio])
        alive = area(survival, 0, 36, points=bends)
        assert totals(scenario, "cost: care")[strategy] == pytest.approx(100 * stable, rel=1e-9)
        assert totals(scenario, "life_years")[strategy] == pytest.approx(alive / 12, rel=1e-9)


def test_what_falls_on_the_horizon_does_not_happen(tmp_path):
    scenario = model(
        tmp_path,
        os="exponential(0) in months",
        pfs="fixed(36) in months",
    )
    assert totals(scenario, "cost: relapse") == pytest.approx([0, 0], abs=1e-12)


def test_a_hazard_ratio_and_prices_change_by_periods(tmp_path):
    periods = "periods:\n  early: {until: 7.5 months, r: 0.5, price: 100 USD}\n  late: {r: 2, price: 300 USD}"
    scenario = model(tmp_path, rest=f"  late: {{fall of: ttd, cost: price}}\n{periods}",
                     more='ttd: {survival: "exponential(0.05) in months", hazard ratio: r}')  # fmt: skip
    at = np.exp(-0.025 * 7.5)
    expected = 100 * (1 - at) + 300 * at * -np.expm1(-0.1 * (36 - 7.5))
    assert totals(scenario, "cost: late", False)[0] == pytest.approx(expected, rel=1e-12)


# --- textbook conventions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("convention", "weights"),
    [
        ("start", [1, 1, 1, 0]),
        ("end", [0, 1, 1, 1]),
        ("half-cycle", [0.5, 1, 1, 0.5]),
        ("simpson", [3 / 8, 9 / 8, 9 / 8, 3 / 8]),
    ],
)
def test_points_and_falls_are_sums_by_hand(convention, weights, tmp_path):
    """A fall counts with weight and discount factor of the point at which it arrives."""
    scenario = model(tmp_path, convention=convention)
    times, weights = np.arange(4) * 12.0, np.array(weights)
    discounted = weights * 1.05 ** -np.arange(4.0)
    stable, alive = np.exp(-0.1 * times), np.exp(-0.03 * times)
    assert totals(scenario, "cost: care")[0] == pytest.approx(100 * 12 * (discounted * stable).sum(), rel=1e-12)
    assert totals(scenario, "life_years")[0] == pytest.approx((discounted * alive).sum(), rel=1e-12)
    assert totals(scenario, "life_years", False)[0] == pytest.approx((weights * alive).sum(), rel=1e-12)
    assert totals(scenario, "cost: terminal")[0] == pytest.approx(
        1000 * (discounted[1:] * -np.diff(alive)).sum(), rel=1e-12
    )


def test_life_table_counts_the_mean_of_both_ends_at_the_end(tmp_path):
    scenario = model(tmp_path, convention="life-table")
    alive, factors = np.exp(-0.36 * np.arange(4)), 1.05 ** -np.arange(1, 4.0)
    assert totals(scenario, "life_years")[0] == pytest.approx((factors * (alive[1:] + alive[:-1]) / 2).sum(), rel=1e-12)


def test_a_period_that_ends_within_a_cycle_has_its_share(tmp_path):
    periods = "periods:\n  early: {until: 15 months, price: 100 USD}\n  late: {price: 300 USD}"
    scenario = model(tmp_path, convention="half-cycle", rest=f"  late: {{fall of: os, cost: price}}\n{periods}")
    alive = np.exp(-0.03 * np.array([0, 12, 15, 24, 36]))
    early, within, rest, last = -np.diff(alive)
    expected = 100 * (early + within) + 300 * (rest + last / 2)
    assert totals(scenario, "cost: late", False)[0] == pytest.approx(expected, rel=1e-12)


# --- a published model ------------------------------------------------------------------------------------------

# Rebuilt outside this code from the inputs of the published model (an own run in NumPy); its README gives the ICER.
GUMA = {
    "gumarontinib": {
        "cost": 56273.03023789932,
        "qaly": 1.1554175761185328,
        "life_years": 1.7673595628069223,
        "cost: drug": 43763.53991684974,
        "cost: adverse events": 1.3068,
        "cost: subsequent": 4559.6388260531185,
        "cost: management": 1086.60230497933,
        "cost: terminal": 6861.942390017141,
    },
    "savolitinib": {
        "cost": 55313.94587259866,
        "qaly": 1.0726101395826162,
        "life_years": 1.7569540511532653,
        "cost: drug": 41592.41600231971,
        "cost: adverse events": 27.3609,
        "cost: subsequent": 5710.93996217381,
        "cost: management": 1116.1200390776858,
        "cost: terminal": 6867.108969027452,
    },
}


def test_a_published_model_is_met():
    scenario = read(ROOT / "scenarios" / "validation" / "guma_savo_psm.yaml")
    found = evaluate(scenario, draws.base(scenario)).total
    for s, strategy in enumerate(scenario.strategies):
        for name, value in GUMA[strategy].items():
            assert found.get(name)[s, 0] == pytest.approx(value, abs=1e-6), (strategy, name)
    cost, qaly = (np.diff(found.get(name)[:, 0])[0] for name in ("cost", "qaly"))
    assert round(cost / qaly) == scenario.published[0].value == 11582


def test_draws_of_the_curves_parameters_change_the_curves():
    scenario = read(ROOT / "scenarios" / "validation" / "guma_savo_psm.yaml")
    table = draws.probabilistic(scenario, Sample(40, 3))
    found = evaluate(scenario, table, trace=True)
    for strategy, rate in enumerate(("death_savo", "death_guma")):
        yearly = table.values[rate]
        at = np.arange(110.0)[:, None]
        assert found.traces.total.occupancy[:, strategy, :, 2] == pytest.approx(-np.expm1(-yearly * at), abs=1e-12)
    for k in (0, 17, 39):
        alone = evaluate(scenario, table.part(k, k + 1)).total.values[..., 0]
        assert np.array_equal(alone, found.total.values[..., k])


# --- what cannot be ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["individual", "queueing"])
def test_engines_that_follow_patients_refuse_curves(engine, tmp_path):
    scenario = model(tmp_path)
    with pytest.raises(
        EngineError, match=rf"curves.yaml:8: curves: the {engine} engine cannot follow patients by curves"
    ):
        evaluate(scenario, draws.base(scenario), Method(engine, patients=10))
    assert np.array_equal(
        evaluate(scenario, draws.base(scenario)).total.values,
        evaluate(scenario, draws.base(scenario), Method("partitioned")).total.values,
    )


def test_the_partitioned_engine_refuses_transitions():
    scenario = read(ROOT / "scenarios" / "validation" / "immortal.yaml")
    with pytest.raises(EngineError, match="runs files with 'curves', and this one has transitions"):
        evaluate(scenario, draws.base(scenario), Method("partitioned"))


UNCERTAIN = """\
parameters:
  r: {value: 0.02, distribution: "gamma(mean=0.02, cv=0.5)", unit: per month}
"""


def test_curves_that_cross_in_a_draw_name_curve_strategy_draw_and_time(tmp_path):
    path = tmp_path / "curves.yaml"
    text = MODEL.format(
        horizon=36, cycle=1, convention="integral", os="exponential(r)", pfs="exponential(0.04) in months",
        more="", portion="", rest=UNCERTAIN,
    )  # fmt: skip
    path.write_text(text.replace(", at most: os", ""))
    scenario = read(path)
    with pytest.raises(DomainError) as caught:
        evaluate(scenario, draws.probabilistic(scenario, Sample(50, 1)))
    message = str(caught.value)
    assert "states.progressed.share: at month " in message and "strategy care, draw" in message
    assert ": 'os - pfs' is -0." in message and "(os 0." in message
    assert "write 'at most: os' on the curve 'pfs'" in message


def test_a_curve_that_is_held_down_says_in_how_many_draws_and_from_when(tmp_path):
    scenario = model(tmp_path, os="exponential(r)", pfs="exponential(0.04) in months", cycle=1, rest=UNCERTAIN)
    (warning,) = scenario.warnings
    assert "curves.pfs.at most: 'pfs' would be above 'os', and is held at it, in " in warning
    assert " of 256 draws, from month 1 on at the earliest" in warning


def test_medians_are_those_of_curves_but_not_of_a_state_that_fills(tmp_path):
    scenario = model(tmp_path)
    assert scenario.comes_back(("stable",)) == scenario.comes_back(("stable", "progressed")) == ""
    assert "patients may come into progressed" in scenario.comes_back(("progressed",))


def test_a_curve_cannot_be_read_in_a_utility(tmp_path):
    with pytest.raises(ScenarioError, match="'os' is a survival curve, which can be read in the 'share'"):
        model(tmp_path, portion='}, entry qaly: "os * 1 QALY", entry cost: {x: 1 USD')
