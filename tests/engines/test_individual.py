"""The individual engine against closed forms, and what common random numbers by address promise."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from runs import SCENARIOS, write_scenario
from scipy import integrate, stats

from model import draws, inputs
from model.analysis.evaluate import Method, evaluate
from model.analysis.simulate import strata
from model.draws import DomainError
from model.engines import individual
from model.scenario_file import read

MANY = 40_000
WEIBULL = """
discount: {cost: 0 %, effect: 3 %}
time: {unit: year, horizon: 12 years, cycle: 1 month}
strategies: {old: {hr: 1}, new: {hr: 0.5}}
states:
  well: {start: 1, utility: 1, cost: 100 USD per year}
  dead: {}
transitions:
  - {from: well, to: dead, survival: "weibull(shape=1.7, scale=6) in years", clock: model, hazard ratio: hr}
"""
ILLNESS = """
discount: {cost: 3 %, effect: 3 %}
time: {unit: year, horizon: 20 years, cycle: 1 month}
strategies: {old: {hr: 1}, new: {hr: 0.8}}
states:
  well: {start: 1, utility: 0.9, cost: 100 USD per year}
  ill: {utility: 0.5, cost: 1000 USD per year, entry cost: 500 USD}
  dead: {}
transitions:
  - {from: well, to: ill, survival: "weibull(shape=1.4, scale=6) in years", clock: state, hazard ratio: hr}
  - {from: well, to: dead, rate: 0.03 per year}
  - {from: ill, to: well, rate: 0.4 per year}
  - {from: ill, to: dead, survival: "weibull(shape=1.2, scale=5) in years", clock: state}
"""


def dynamics_of(scenario, table=None):
    group = next(iter(scenario.groups.values()))
    return inputs.dynamics(scenario, table or draws.base(scenario), group)


@pytest.fixture
def scenario(tmp_path):
    return lambda text: read(write_scenario(tmp_path, text))


def test_exponential_survival_has_its_closed_form(scenario):
    made = scenario("""
discount: {cost: 0 %, effect: 3 %}
time: {unit: year, horizon: 10 years, cycle: 1 year}
states: {well: {start: 1, utility: 1}, dead: {}}
transitions: [{from: well, to: dead, rate: 0.2 per year}]
""")
    found = simulate(made, draws.base(made), MANY)["all"]
    d = np.log(1.03)
    expected = {0: (1 - np.exp(-2)) / 0.2, 1: (1 - np.exp(-10 * (0.2 + d))) / (0.2 + d)}
    for discounted, value in expected.items():
        error = found.mean.get("qaly", bool(discounted))[0, 0] - value
        assert abs(error) < 4 * found.se[found.mean.names.index("qaly"), discounted, 0, 0]


def test_times_of_death_have_the_weibull_distribution(scenario):
    made = dynamics_of(scenario(WEIBULL))
    found = individual.history(made, MANY, 2)
    for strategy, ratio in enumerate((1, 0.5)):
        died = found.left[(found.strategy == strategy) & (found.transition == 0)]
        truth = stats.weibull_min(1.7, scale=6 * ratio ** (-1 / 1.7))
        assert stats.kstest(truth.cdf(died) / truth.cdf(12), "uniform").pvalue > 0.001
        assert stats.binomtest(len(died), MANY, truth.cdf(12)).pvalue > 0.001


def test_semi_markov_illness_death_solves_its_renewal_equation(scenario):
    """Time ill, without recovery: integral of h(u) S(u) times the mean time ill of those who fall ill at u."""
    text = ILLNESS.replace("  - {from: ill, to: well, rate: 0.4 per year}\n", "")
    found = simulate(scenario(text), draws.base(scenario(text), 3), MANY)["all"]
    ill, dying = stats.weibull_min(1.4, scale=6), stats.weibull_min(1.2, scale=5)
    lived = integrate.quad(lambda u: ill.sf(u) * np.exp(-0.03 * u), 0, 20)[0]
    u = np.linspace(0, 20, 2001)
    sick_for = np.concatenate([[0.0], integrate.cumulative_trapezoid(dying.sf(u), u)])[::-1]
    time_ill = integrate.simpson(ill.pdf(u) * np.exp(-0.03 * u) * sick_for, x=u)
    where = found.mean.names.index("life_years"), 0, 0, 0
    assert abs(found.mean.values[where] - lived - time_ill) < 4 * found.se[where]


def own_patients(made, n, seed=1):
    """n draws of base values, each with patients of its own."""
    return dataclasses.replace(draws.repeat(made, n, seed), index=np.arange(n))


def simulate(made, table, patients, executor=None):
    """Means with standard errors, by group."""
    return evaluate(made, table, Method("individual", patients, executor=executor)).simulated


def test_standard_errors_are_the_spread_of_the_means(scenario):
    """z-scores of 400 replications of 100 patients have unit variance."""
    made = scenario(ILLNESS)
    found = simulate(made, own_patients(made, 400, 5), 100)["all"]
    for name in ("cost", "qaly"):
        place = found.mean.names.index(name), 1
        means, errors = found.mean.values[place][0], found.se[place][0]
        assert np.std(means, ddof=1) == pytest.approx(np.sqrt(np.mean(errors**2)), rel=4 / np.sqrt(2 * 400))
        gains = np.diff(found.mean.values[place], axis=0)[0]
        assert np.std(gains, ddof=1) == pytest.approx(
            np.sqrt(np.mean(found.increment_se[place][1] ** 2)), rel=4 / np.sqrt(2 * 400)
        )
    net = np.diff(10_000 * found.mean.get("qaly") - found.mean.cost, axis=0)[0]
    assert np.std(net, ddof=1) == pytest.approx(np.sqrt(np.mean(found.inb_se(10_000)[1] ** 2)), rel=4 / np.sqrt(800))
    years = np.diff(10_000 * found.mean.get("life_years") - found.mean.cost, axis=0)[0]
    error = np.sqrt(np.mean(found.inb_se(10_000, "life_years")[1] ** 2))
    assert np.std(years, ddof=1) == pytest.approx(error, rel=4 / np.sqrt(800)) and error != pytest.approx(np.std(net))


# --- common random numbers --------------------------------------------------------------------------------------


def stays(found, strategy=0, draw=0):
    """Everything that happened under one strategy in one draw, in the order of patients and time."""
    own = found.sorted()
    chosen = (own.strategy == strategy) & (own.draw == draw)
    return np.column_stack([own.patient, own.state, own.entered, own.left])[chosen]


def test_adding_a_strategy_changes_nothing_else(scenario):
    one, two = ILLNESS, ILLNESS.replace("{hr: 1}", "{hr: 1}, between: {hr: 0.9}")
    before, after = (individual.history(dynamics_of(scenario(text)), 500, 1) for text in (one, two))
    assert np.array_equal(stays(before, 1), stays(after, 2))


def test_adding_a_transition_elsewhere_changes_no_other_event(scenario):
    more = ILLNESS + "  - {from: ill, to: dead, name: accident, rate: 0.3 per year}\n"
    before, after = (individual.history(dynamics_of(scenario(text)), 2000, 1) for text in (ILLNESS, more))
    first = [f.left[(f.state == 0) & (f.entered == 0)] for f in (before, after)]
    assert np.array_equal(*first)
    assert not np.array_equal(stays(before), stays(after))


def test_more_patients_leave_the_first_as_they_were(scenario):
    made = dynamics_of(scenario(ILLNESS))
    few, many = stays(individual.history(made, 100, 1)), stays(individual.history(made, 300, 1))
    assert np.array_equal(few, many[many[:, 0] < 100])


def test_a_draw_alone_has_the_patients_that_it_has_among_others(scenario):
    made = scenario(ILLNESS)
    table = own_patients(made, 6)
    together = individual.history(dynamics_of(made, table), 200, 1, table.index)
    alone = individual.history(dynamics_of(made, table.part(4, 5)), 200, 1, table.part(4, 5).index)
    assert np.array_equal(stays(together, draw=4), stays(alone))
    assert not np.array_equal(stays(together, draw=3), stays(alone))


@pytest.mark.parametrize("chunk", [300, 40])
def test_workers_and_the_size_of_tasks_change_nothing(scenario, monkeypatch, chunk):
    made = scenario(ILLNESS)
    table = own_patients(made, 7)
    whole = simulate(made, table, 50)["all"]
    monkeypatch.setattr("model.engines.individual.CHUNK", chunk)
    with ThreadPoolExecutor(2) as executor:
        parts = simulate(made, table, 50, executor)["all"]
    for name in ("se", "increment_se", "covariance"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-12)
    np.testing.assert_allclose(parts.mean.values, whole.mean.values, rtol=1e-13)


def test_strategies_that_do_the_same_have_no_increment(scenario):
    made = scenario(ILLNESS.replace("hr: 0.8", "hr: 1"))
    found = simulate(made, draws.base(made), 300)["all"]
    assert (found.increment_se == 0).all()


def test_common_random_numbers_shrink_the_error_of_the_increment(scenario):
    """By the factor that docs report: independent streams would have sqrt(se^2 + se^2)."""
    made = scenario(ILLNESS)
    found = simulate(made, draws.base(made), MANY)["all"]
    qaly = found.mean.names.index("qaly")
    independent = np.hypot(*found.se[qaly, 1, :, 0])
    assert independent / found.increment_se[qaly, 1, 1, 0] > 2


# --- the diagram ------------------------------------------------------------------------------------------------


def test_branches_are_taken_in_proportion_to_their_probability(scenario):
    made = dynamics_of(
        scenario("""
states: {node: {start: 1, stay: 0}, a: {utility: 1}, b: {utility: 1}, c: {utility: 1}, never: {utility: 1}}
transitions:
  - {from: node, to: a, probability: 0.2}
  - {from: node, to: b, probability: 0.5}
  - {from: node, to: never, probability: 0}
  - {from: node, to: c, probability: rest}
""")
    )
    found = individual.history(made, MANY, 1)
    counts = np.bincount(found.transition[found.state == 0], minlength=4)
    assert counts[2] == 0
    assert stats.chisquare(counts[[0, 1, 3]], MANY * np.array([0.2, 0.5, 0.3])).pvalue > 0.001


def test_start_states_are_taken_in_proportion_to_their_share(scenario):
    made = dynamics_of(
        scenario(
            "states: {a: {start: 0.3, utility: 1}, b: {start: 0.7, utility: 1}}\n"
            "transitions: [{from: a, to: b, rate: 1 per year}]"
        )
    )
    assert stats.binomtest(int((individual.history(made, MANY, 1).start == 0).sum()), MANY, 0.3).pvalue > 0.001


def test_a_certain_probability_per_cycle_moves_everyone_at_the_end_of_the_cycle(scenario):
    made = dynamics_of(
        scenario("""
time: {unit: year, horizon: 5 years, cycle: 1 year, convention: start}
states: {a: {start: 1, utility: 1}, b: {utility: 1}}
transitions: [{from: a, to: b, probability per cycle: 1}]
""")
    )
    found = individual.history(made, 1000, 1)
    assert (found.left[found.state == 0] == 1).all()


def test_moves_in_a_circle_without_time_are_an_error(scenario):
    made = dynamics_of(
        scenario("""
states: {a: {start: 1, utility: 1}, b: {utility: 1}}
transitions:
  - {from: a, to: b, survival: "fixed(time=0) in years", clock: state}
  - {from: b, to: a, survival: "fixed(time=0) in years", clock: state}
""")
    )
    with pytest.raises(DomainError, match="states.a: a patient entered it more than 10,000 times"):
        individual.history(made, 3, 1)


def test_strata_have_their_share_of_the_patients():
    scenario = read(SCENARIOS / "mscc_constant_hazards.yaml")
    assert strata(scenario, 1000) == {"walking": 683, "not walking": 317}


def test_history_as_a_table_reads_as_a_patient_story(scenario):
    made = dynamics_of(scenario(ILLNESS))
    table = individual.history(made, 5, 1).table(made.strategies, made.states, [m.label for m in made.transitions])
    own = table[(table.strategy == "new") & (table.patient == 3)]
    assert own.entered.iloc[0] == 0 and own.left.iloc[-1] == 20
    assert np.array_equal(own.left.iloc[:-1], own.entered.iloc[1:])
    for transition, state, after in zip(own.transition.iloc[:-1], own.state.iloc[:-1], own.state.iloc[1:]):
        assert transition == f"{state} -> {after}"
