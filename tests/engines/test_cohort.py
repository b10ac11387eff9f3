"""The cohort engine: mass balance, chance nodes, discounting, periods, rates by time, blocks of draws."""

from math import exp

import numpy as np
import pytest
from runs import SCENARIOS, VALIDATION, base_case, occupancy, outcome, quantities, write_scenario

from model import draws
from model.analysis.run import run as run_scenario
from model.engines import cohort
from model.engines.contract import EngineError
from model.quantities import COST, EFFECT, UNDISCOUNTED
from model.sample import Sample
from model.scenario import CONVENTIONS
from model.scenario_file import read

FILES = [SCENARIOS / "mscc_constant_hazards.yaml", *sorted(VALIDATION.glob("*.yaml"))]
PER_CYCLE = ("hiv", "sick_sicker")


def by_name(path):
    return path.stem


# --- mass balance -----------------------------------------------------------------------------------------------


RATES = [p for p in FILES if not p.stem.startswith(PER_CYCLE)]


@pytest.mark.parametrize("path, convention", [(p, "integral") for p in RATES] + [(p, "half-cycle") for p in FILES])
def test_occupancies_sum_to_1_lie_in_0_to_1_and_the_dead_stay_dead(path, convention):
    whole_cycles = ["horizon=4 years", "cycle=1 month"] if path.stem == "mscc_constant_hazards" else []
    settings = [f"convention={convention}", *whole_cycles]
    trace, scenario = base_case(path, *settings).traces["all"].occupancy, read(path)
    np.testing.assert_allclose(trace.sum(axis=-1), 1, rtol=1e-12)
    assert trace.min() > -1e-15 and trace.max() < 1 + 1e-12
    for state in scenario.dead_states:
        assert (np.diff(trace[..., list(scenario.states).index(state)], axis=0) > -1e-14).all()


@pytest.mark.parametrize("path", RATES, ids=by_name)
def test_time_in_all_states_is_the_horizon_and_moves_balance_occupancy(path):
    """What enters a state less what leaves it is what is in it at the horizon."""
    scenario, found = quantities(path)
    np.testing.assert_allclose(found.time[..., UNDISCOUNTED].sum(axis=(2, 3)), scenario.time.horizon, rtol=1e-12)
    moves, keys = found.transitions[..., UNDISCOUNTED].sum(axis=3), list(scenario.states)
    change = found.starts.copy()
    for i, move in enumerate(scenario.transitions):
        change[..., keys.index(move.target)] += moves[..., i]
        change[..., keys.index(move.source)] -= moves[..., i]
    np.testing.assert_allclose(change, found.trace[-1], atol=1e-11)


# --- chance nodes -----------------------------------------------------------------------------------------------

CHAIN = """
states:
  arrival: {start: 0.8, stay: 0}
  theatre: {start: 0.2, stay: 0, entry cost: 7 USD}
  ward: {}
  home: {}
  check: {stay: 0}
  dead: {}
transitions:
  - {from: arrival, to: theatre, probability: 0.6, cost: 1 USD}
  - {from: arrival, to: ward, probability: rest}
  - {from: theatre, to: dead, probability: 0.1, cost: 100 USD}
  - {from: theatre, to: ward, probability: rest}
  - {from: ward, to: check, rate: 0.5 per year}
  - {from: check, to: arrival, probability: 0.25}
  - {from: check, to: home, probability: rest}
  - {from: home, to: dead, rate: 0.1 per year}
"""


def chain_by_hand(horizon=5.0):
    """(ward, home) occupancy and years, and entries into theatre, from the two rate equations of the model.

    Of those who leave the ward a quarter come back by way of check and arrival: 0.4 + 0.6 * 0.9 of them to the ward.
    """
    back = 0.25 * (0.4 + 0.6 * 0.9)
    leave = 0.5 * (1 - back)
    ward0 = 0.8 * (0.4 + 0.6 * 0.9) + 0.2 * 0.9
    ward = ward0 * np.exp(-leave * horizon)
    in_ward = ward0 * -np.expm1(-leave * horizon) / leave
    home = 0.5 * 0.75 * ward0 / (leave - 0.1) * (np.exp(-0.1 * horizon) - np.exp(-leave * horizon))
    theatre = 0.2 + 0.8 * 0.6 + 0.5 * in_ward * 0.25 * 0.6
    return ward, home, in_ward, theatre


def test_chains_of_chance_nodes_at_the_start_and_re_entered_later(tmp_path):
    scenario, found = quantities(write_scenario(tmp_path, CHAIN))
    ward, home, in_ward, theatre = chain_by_hand()
    end, keys = found.trace[-1, 0, 0], list(scenario.states)
    assert end[keys.index("ward")] == pytest.approx(ward, rel=1e-12)
    assert end[keys.index("home")] == pytest.approx(home, rel=1e-12)
    assert end[[keys.index(k) for k in ("arrival", "theatre", "check")]].tolist() == [0, 0, 0]
    assert found.time[0, 0, keys.index("ward"), 0, UNDISCOUNTED] == pytest.approx(in_ward, rel=1e-12)


def test_costs_on_branches_and_on_entry_count_every_pass(tmp_path):
    ward, home, in_ward, theatre = chain_by_hand()
    arrived_in_theatre = theatre - 0.2
    expected = 7 * theatre + 1 * arrived_in_theatre + 100 * 0.1 * theatre
    assert outcome(base_case(write_scenario(tmp_path, CHAIN)), "cost")[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("last", ["rate: 0.5 per year", 'survival: "exponential(rate=0.5) in years"'])
def test_a_hazard_on_the_survival_path_passes_chance_nodes_too(tmp_path, last):
    """The same chain with a hazard that the engine integrates step by step."""
    text = CHAIN.replace("from: ward, to: check, rate: 0.5 per year", f"from: ward, to: check, {last}")
    text = "time: {unit: year, horizon: 5 years, cycle: 1 month}\n" + text
    in_ward = occupancy(base_case(write_scenario(tmp_path, text)))[-1, 0, 2]
    assert in_ward == pytest.approx(chain_by_hand()[0], rel=1e-12)


def test_chance_nodes_settle_within_a_cycle_of_probabilities(tmp_path):
    text = CHAIN.replace("rate: 0.5 per year", "probability per cycle: 0.5").replace(
        "rate: 0.1 per year", "probability per cycle: 0.1"
    )
    path = write_scenario(tmp_path, "time: {unit: year, horizon: 2 years, cycle: 1 year, convention: end}\n" + text)
    trace = occupancy(base_case(path))[:, 0]
    ward, back = 0.8 * 0.94 + 0.2 * 0.9, 0.25 * 0.94
    step1 = ward * (1 - 0.5 * (1 - back)), 0.5 * 0.75 * ward
    step2 = step1[0] * (1 - 0.5 * (1 - back)), step1[1] * 0.9 + 0.5 * 0.75 * step1[0]
    np.testing.assert_allclose(trace[:, 2:4], [(ward, 0), step1, step2], rtol=1e-13)


# --- discounting ------------------------------------------------------------------------------------------------

DYING = """
discount: {{cost: 10 %, effect: 0 %, convention: {discounting}}}
time: {{unit: year, horizon: 3 years, cycle: {cycle}, convention: {convention}}}
states:
  well: {{start: 1, cost: 100 USD per year, utility: 1}}
  dead: {{entry cost: 1000 USD}}
transitions:
  - {{from: well, to: dead, rate: 0.3 per year}}
"""


def dying(tmp_path, discounting, cycle="1 year", convention="integral"):
    path = write_scenario(tmp_path, DYING.format(discounting=discounting, cycle=cycle, convention=convention))
    return outcome(base_case(path), "cost")[0]


def between(a, b):
    """Years lived between times a and b."""
    return (np.exp(-0.3 * a) - np.exp(-0.3 * b)) / 0.3


def test_discounting_by_whole_year_cuts_the_time_to_years(tmp_path):
    expected = sum(1.1**-k * between(k, k + 1) * (100 + 0.3 * 1000) for k in range(3))
    for cycle in ("1 year", "6 months", "3 years", "1 month"):
        assert dying(tmp_path, "by whole year", cycle) == pytest.approx(expected, rel=1e-12), cycle


@pytest.mark.parametrize("per_year", [1, 2, 12])
def test_discounting_at_cycle_takes_the_middle_of_the_cycle_under_integral(tmp_path, per_year):
    h = 1 / per_year
    expected = sum(1.1 ** -((k + 0.5) * h) * between(k * h, (k + 1) * h) * 400 for k in range(3 * per_year))
    assert dying(tmp_path, "at cycle", f"{12 // per_year} months") == pytest.approx(expected, rel=1e-12)


def test_continuous_discounting_is_the_integral(tmp_path):
    rate = 0.3 + np.log(1.1)
    assert dying(tmp_path, "continuous") == pytest.approx(400 * -np.expm1(-3 * rate) / rate, rel=1e-12)


def test_hand_sums_of_the_textbook_conventions(tmp_path):
    """Occupancy and deaths discounted where they are counted; the mean of both ends for the symmetric conventions."""
    at, died = np.exp(-0.3 * np.arange(4)), -np.diff(np.exp(-0.3 * np.arange(4)))
    v = 1.1 ** -np.arange(4.0)
    start, end = at[:-1], at[1:]
    expected = {
        "start": 100 * start @ v[:-1] + 1000 * died @ v[:-1],
        "end": 100 * end @ v[1:] + 1000 * died @ v[1:],
        "half-cycle": 50 * (start @ v[:-1] + end @ v[1:]) + 500 * died @ (v[:-1] + v[1:]),
        "life-table": 50 * (start + end) @ v[1:] + 1000 * died @ v[1:],
    }
    for convention, value in expected.items():
        assert dying(tmp_path, "at cycle", convention=convention) == pytest.approx(value, rel=1e-12), convention


def test_textbook_conventions_by_whole_year_discount_each_point_at_its_whole_year(tmp_path):
    at, k = np.exp(-0.15 * np.arange(7)), np.arange(7)
    v = 1.1 ** -(k // 2).astype(float)
    expected = 50 * at[:-1] @ v[:-1] + 1000 * -np.diff(at) @ v[:-1]
    assert dying(tmp_path, "by whole year", "6 months", "start") == pytest.approx(expected, rel=1e-12)


# --- what changes over time -------------------------------------------------------------------------------------

TWO_PERIODS = """
time: {unit: year, horizon: 5 years, cycle: 1 year}
periods:
  first: {until: 18 months, hazard: 0.4 per year, price: 100 USD per year}
  later: {hazard: 0.1 per year, price: 10 USD per year}
states:
  well: {start: 1, cost: price, utility: 1}
  dead: {}
transitions:
  - {from: well, to: dead, rate: hazard}
"""


def test_periods_change_hazards_and_prices_exactly_even_within_a_cycle(tmp_path):
    first = -np.expm1(-0.4 * 1.5) / 0.4
    later = np.exp(-0.4 * 1.5) * -np.expm1(-0.1 * 3.5) / 0.1
    found = base_case(write_scenario(tmp_path, TWO_PERIODS))
    assert outcome(found, "life_years")[0] == pytest.approx(first + later, rel=1e-12)
    assert outcome(found, "cost")[0] == pytest.approx(100 * first + 10 * later, rel=1e-12)


def test_periods_hold_on_the_step_by_step_path_too(tmp_path):
    """A survival distribution beside the rates makes the engine step; one that nobody meets changes no result."""
    stepping = TWO_PERIODS + '  - {from: well, to: dead, name: never, survival: "exponential(rate=0) in years"}\n'
    found, expected = (base_case(write_scenario(tmp_path, text)) for text in (stepping, TWO_PERIODS))
    np.testing.assert_allclose(found.total.values, expected.total.values, rtol=1e-12)


def test_a_rate_by_time_counts_with_its_integral(tmp_path):
    text = """parameters:
  slope: {value: 0.2, unit: per year}
  one: {value: 1, unit: year}
states:
  well: {start: 1}
  dead: {}
transitions:
  - {from: well, to: dead, rate: slope * (1 + time / one)}
"""
    trace = occupancy(base_case(write_scenario(tmp_path, text)))[:, 0, 0]
    np.testing.assert_allclose(trace, np.exp(-0.2 * (np.arange(6) + np.arange(6) ** 2 / 2)), rtol=1e-13)


def test_a_probability_by_cycle_number_counts_from_1(tmp_path):
    text = """time: {unit: year, horizon: 3 years, cycle: 1 year, convention: end}
states:
  well: {start: 1}
  dead: {}
transitions:
  - {from: well, to: dead, probability per cycle: 0.1 * cycle}
"""
    trace = occupancy(base_case(write_scenario(tmp_path, text)))[:, 0, 0]
    np.testing.assert_allclose(trace, [1, 0.9, 0.9 * 0.8, 0.9 * 0.8 * 0.7], rtol=1e-14)


# --- blocks of draws, extremes ----------------------------------------------------------------------------------

UNCERTAIN = [p for p in FILES if any(q.sampled for q in read(p).parameters.values())]


@pytest.mark.parametrize("path", UNCERTAIN, ids=by_name)
def test_results_do_not_depend_on_how_draws_are_cut_into_blocks(path, monkeypatch):
    scenario = read(path)
    table = draws.probabilistic(scenario, Sample(23, 1))
    _, whole = quantities(path, table)
    pieces = [quantities(path, table.part(a, a + 4))[1] for a in range(0, 23, 4)]
    np.testing.assert_array_equal(np.concatenate([p.time for p in pieces], axis=1), whole.time)
    np.testing.assert_array_equal(np.concatenate([p.transitions for p in pieces], axis=1), whole.transitions)
    monkeypatch.setattr(cohort, "BLOCK", 5)
    _, cut = quantities(path, table)
    np.testing.assert_allclose(cut.time, whole.time, rtol=1e-13)
    np.testing.assert_array_equal(cut.trace, whole.trace)


def test_time_in_state_does_not_depend_on_how_draws_are_cut_into_blocks(tmp_path, monkeypatch):
    text = f"""extends: {VALIDATION / "closed_forms_semi_markov.yaml"}
parameters:
  rate_ill: {{distribution: "gamma(mean=0.3, cv=0.3)", unit: per year}}
  shape: {{distribution: "lognormal(median=1.5, sdlog=0.2)", unit: number}}
"""
    path = write_scenario(tmp_path, text)
    table = draws.probabilistic(read(path), Sample(11, 1))
    _, whole = quantities(path, table)
    monkeypatch.setattr(cohort, "BLOCK", 4)
    _, cut = quantities(path, table)
    np.testing.assert_array_equal(cut.time, whole.time)
    np.testing.assert_array_equal(cut.trace, whole.trace)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_equal_discount_rates_give_equal_weights(tmp_path, convention):
    text = DYING.format(discounting="by whole year", cycle="1 year", convention=convention).replace(
        "effect: 0 %", "effect: 10 %"
    )
    _, found = quantities(write_scenario(tmp_path, text))
    np.testing.assert_array_equal(found.time[..., COST], found.time[..., EFFECT])


@pytest.mark.parametrize("cycle", ["3 months", "1 month", "1 week"])
def test_a_short_stay_after_time_in_state_lasts_its_mean_whatever_the_cycle(tmp_path, cycle):
    """All but 1e-5 leave w and enter icu, for 2 days each; its expected time does not depend on when they do (3e-7 are there at the end)."""
    text = f"""time: {{unit: day, horizon: 5 years, cycle: {cycle}}}
states: {{w: {{start: 1}}, icu: {{cost: {{icu: 2000 USD per day}}}}, home: {{}}, d: {{}}}}
transitions:
  - {{from: w, to: icu, survival: "weibull(shape=1.5, scale=1) in years", clock: state}}
  - {{from: icu, to: home, rate: 0.5 per day}}
  - {{from: home, to: d, rate: 0.2 per year}}
"""
    entered = -np.expm1(-(5**1.5))
    assert outcome(base_case(write_scenario(tmp_path, text)), "cost")[0] == pytest.approx(4000 * entered, rel=1e-6)


@pytest.mark.parametrize("cycle", ["1 year", "3 months", "1 week"])
def test_a_hazard_that_changes_elsewhere_leaves_high_constant_rates_alone(tmp_path, cycle):
    text = f"""time: {{unit: day, horizon: 5 years, cycle: {cycle}}}
states: {{w: {{start: 1}}, visit: {{cost: {{v: 400 USD per hour}}}}, r: {{}}, d: {{}}}}
transitions:
  - {{from: w, to: visit, rate: 0.5 per year}}
  - {{from: visit, to: r, rate: 2 per hour}}
  - {{from: r, to: d, survival: "gompertz(shape=0.1, rate=0.1) in years", clock: model}}
"""
    there = 0.5 / (2 * 24 * 365.25) * np.exp(-2.5)  # at the horizon, with half an hour to go
    assert outcome(base_case(write_scenario(tmp_path, text)), "cost")[0] == pytest.approx(
        200 * (1 - np.exp(-2.5) - there), rel=1e-8
    )


def test_a_cycle_too_long_for_a_stay_is_a_warning(tmp_path):
    text = """time: {unit: day, horizon: 5 years, cycle: 1 week}
states: {w: {start: 1}, v: {utility: 1}, d: {}}
transitions:
  - {from: w, to: v, rate: 0.5 per year}
  - {from: v, to: d, survival: "gamma(shape=2, rate=1) in days", clock: state}
"""
    path = write_scenario(tmp_path, text)
    assert "states.v: 99% of those who enter leave within one cycle" in run_scenario(read(path), Sample(0)).warnings[0]
    assert not run_scenario(read(path, ["cycle=0.5 days"]), Sample(0)).warnings


def test_a_cycle_too_long_for_a_stay_that_a_rate_ends_is_a_warning(tmp_path):
    text = """time: {unit: day, horizon: 1 year, cycle: 1 month}
states: {home: {start: 1, utility: 1}, ward: {utility: 0.5}, infected: {}}
transitions:
  - {from: home, to: ward, rate: 0.02 per day}
  - {from: ward, to: home, rate: 0.2 per day}
  - {from: ward, to: infected, survival: "weibull(shape=2, scale=60) in days", clock: state}
"""
    path = write_scenario(tmp_path, text)
    assert (
        "states.ward: 100% of those who enter leave within one cycle" in run_scenario(read(path), Sample(0)).warnings[0]
    )
    assert not run_scenario(read(path, ["cycle=1 day"]), Sample(0)).warnings


@pytest.mark.parametrize("digits", [9, 10, 11, 12])
@pytest.mark.parametrize(
    "move", ["rate: 0.1 per year", "survival: 'weibull(shape=1.5, scale=3) in years', clock: state"]
)
def test_a_cycle_that_almost_divides_the_horizon_leaves_no_cycle_of_nothing(tmp_path, digits, move):
    text = f"""time: {{unit: year, horizon: 5 years, cycle: {1 / 12:.{digits}f} years}}
states: {{well: {{start: 1, utility: 1}}, dead: {{}}}}
transitions: [{{from: well, to: dead, {move}}}]
"""
    found = base_case(write_scenario(tmp_path, text))
    times = found.traces["all"].times
    assert times[-1] == 5 and len(times) == len(found.traces["all"].occupancy) and len(times) in (61, 62)


def test_an_exploding_hazard_empties_the_state_within_its_cycle_and_no_more(tmp_path):
    text = """time: {unit: year, horizon: 5 years, cycle: 1 month}
states:
  well: {start: 1}
  dead: {}
transitions:
  - {from: well, to: dead, survival: "gompertz(shape=20, rate=1e-12) in years", clock: model}
"""
    found = base_case(write_scenario(tmp_path, text))
    median = np.log(np.log(2) * 20 / 1e-12) / 20
    assert outcome(found, "life_years")[0] == pytest.approx(median, abs=1 / 12)
    assert occupancy(found)[-1, 0].tolist() == pytest.approx([0, 1], abs=1e-12)


def test_a_fixed_time_of_an_event_is_refused_with_what_can_run_it(tmp_path):
    text = """states:
  well: {start: 1}
  dead: {}
transitions:
  - {from: well, to: dead, survival: "fixed(time=2) in years", clock: state}
"""
    with pytest.raises(EngineError, match="well -> dead.*individual and queueing engines"):
        base_case(write_scenario(tmp_path, text))


# The second one reaches a cumulative hazard of 1e308, nearly the largest of all numbers, by the horizon.
@pytest.mark.parametrize("wild", ["gompertz(shape=60, rate=1e-9)", "weibull(shape=400, scale=0.679)"])
def test_one_state_of_several_whose_hazard_explodes_is_left_once_and_leaves_the_others_alone(tmp_path, wild):
    """Closed forms: all who start in `wild` leave it; in `calm`, S(t) = exp(-(t / 3)^2)."""
    text = f"""time: {{unit: year, horizon: 4 years, cycle: 1 year}}
states: {{calm: {{start: 0.5}}, wild: {{start: 0.5}}, gone: {{}}}}
transitions:
  - {{from: calm, to: gone, survival: "weibull(shape=2, scale=3) in years", clock: model}}
  - {{from: wild, to: gone, survival: "{wild} in years", clock: model}}
effects: {{left calm: {{count of: [calm -> gone]}}, left wild: {{count of: [wild -> gone]}}}}
"""
    found = base_case(write_scenario(tmp_path, text))
    assert outcome(found, "left wild")[0] == pytest.approx(0.5, abs=1e-9)
    assert outcome(found, "left calm")[0] == pytest.approx(0.5 * (1 - exp(-16 / 9)), rel=1e-9)
    assert occupancy(found)[-1, 0].tolist() == pytest.approx([0.5 * exp(-16 / 9), 0, 1 - 0.5 * exp(-16 / 9)], abs=1e-9)
