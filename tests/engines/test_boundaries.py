"""What happens exactly at a border: of a period, of what a unit allows, of a piece of a hazard."""

import numpy as np
import pytest
from runs import write_scenario
from scipy import stats

from model import distribution_families, distributions, draws
from model.analysis.evaluate import Method, evaluate
from model.distribution_checks import DistributionError
from model.draws import DomainError
from model.hazards import make
from model.scenario_file import read

PERIODS = """time: {unit: year, horizon: 5 years, cycle: 1 year}
periods:
  early: {until: 2 years, price: 100 USD}
  late: {price: 60 USD}
states: {entry: {start: 1, stay: 0}, waiting: {alive: true}, done: {alive: true}}
transitions:
  - {from: entry, to: waiting, probability: 1, cost: {start: price}}
  - {from: waiting, to: done, survival: "fixed(time=TIME) in years", clock: model, cost: {move: price}}
"""


@pytest.mark.parametrize(("time", "price"), [(0.5, 100), (1.999, 100), (2, 60), (2.001, 60), (4, 60)])
def test_a_move_at_the_start_of_a_period_has_the_price_of_that_period(tmp_path, time, price):
    """Periods are half-open: from their start on, up to their end."""
    scenario = read(write_scenario(tmp_path, PERIODS.replace("TIME", str(time))))
    found = evaluate(scenario, draws.base(scenario), Method("individual", patients=10)).total
    assert found.get("cost: move", discounted=False)[0, 0] == pytest.approx(price)
    assert found.get("cost: start", discounted=False)[0, 0] == pytest.approx(100)  # at time 0, the start of the first


LIMITS = """parameters: {p: {value: 0.5, distribution: "uniform(0, 1)", unit: probability}}
states: {entry: {start: 1, stay: 0}, good: {alive: true, utility: 1}, bad: {alive: true, utility: 0}}
transitions: [{from: entry, to: good, probability: p}, {from: entry, to: bad, probability: rest}]
"""


def test_a_value_exactly_at_a_limit_of_its_unit_is_allowed_and_one_beyond_is_not(tmp_path):
    scenario = read(write_scenario(tmp_path, LIMITS))
    parameter = scenario.parameters["p"]
    draws.check_domain(scenario, parameter, np.array([0.0, 0.5, 1.0]))
    for beyond in (np.nextafter(0, -1), np.nextafter(1, 2), np.nan):
        with pytest.raises(DomainError, match="draw 2 is"):
            draws.check_domain(scenario, parameter, np.array([0.5, beyond]))


def test_probabilities_of_exactly_0_and_1_are_followed(tmp_path):
    scenario = read(write_scenario(tmp_path, LIMITS))
    table = draws.repeat(scenario, 3).replace(p=np.array([0.0, 1.0, 0.25]))
    assert evaluate(scenario, table).total.get("qaly")[0] == pytest.approx([0, 5, 1.25])


RATES = np.array([[1.0, 0.0, 2.0], [0.0, 0.0, 1.0], [2.0, 0.5, 0.0]])  # of pieces up to 1, up to 3, after 3


@pytest.mark.parametrize(
    ("row", "h", "time"),
    [
        (0, 0.5, 0.5),
        (0, 1.0, 1.0),  # reached where a piece of rate 0 begins, not where it ends
        (0, 1.0 + 1e-9, 3 + 0.5e-9),
        (0, 3.0, 4.0),
        (1, 0.0, 0.0),
        (1, 0.5, 3.5),
        (2, 2.0, 1.0),
        (2, 3.0, 3.0),
        (2, 3.0 + 1e-9, np.inf),  # never
    ],
)
def test_the_inverse_of_a_piecewise_hazard_is_the_earliest_time(row, h, time):
    one, all_rows = make("piecewise", rates=RATES[row], breaks=[1, 3]), make("piecewise", rates=RATES, breaks=[1, 3])
    assert one.inverse(h) == pytest.approx(time, rel=1e-12)
    assert all_rows.inverse(np.full(3, h))[row] == pytest.approx(time, rel=1e-12)


def test_a_fitted_beta_has_the_interval_or_is_refused():
    """SciPy's percentiles. Some intervals are too narrow, too wide or too near a limit for a beta distribution of floats."""
    grid, fitted, refused = [1e-9, 1e-4, 0.02, 0.3, 0.5, 0.9, 0.999, 1 - 1e-9], 0, 0
    pairs = [(low, high) for low in grid for high in grid if low < high]
    pairs += [(0.1, 0.1 + width) for width in (1e-3, 1e-5, 1e-7, 1e-9, 1e-11)]
    for low, high in pairs:
        try:
            made = distributions.make("beta", (), {"lower": low, "upper": high})
        except DistributionError:
            refused += 1
            continue
        fitted += 1
        assert stats.beta.ppf([0.025, 0.975], made.natural["a"], made.natural["b"]) == pytest.approx(
            [low, high], rel=1e-6, abs=2e-6 * (high - low)
        ), (low, high)
    assert fitted > 15 and refused > 3


@pytest.mark.parametrize("off", [1e-3, -1e-3, 0.5])
def test_a_beta_that_does_not_meet_its_interval_is_refused(monkeypatch, off):
    """The search ends a little beside the root, so what it finds has another interval."""
    search = distribution_families.root
    monkeypatch.setattr(distribution_families, "root", lambda function, low, high: search(function, low, high) + off)
    with pytest.raises(DistributionError, match="no beta distribution was found with the 95% interval 0.2 to 0.4"):
        distributions.make("beta", (), {"lower": 0.2, "upper": 0.4})


@pytest.mark.parametrize("arguments", [{"events": 0, "n": 10}, {"events": 10, "n": 10}, {"mean": 1, "se": 0.1}])
def test_a_beta_of_all_or_nobody_is_refused(arguments):
    with pytest.raises(DistributionError, match="must be above 0 and below"):
        distributions.make("beta", (), arguments)
