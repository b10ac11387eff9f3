"""Probabilities that go by the cycle of the stay: against tunnel states written out, and against a recursion in NumPy."""

import numpy as np
import pytest
from runs import write_scenario

from model import draws, inputs
from model.analysis.evaluate import evaluate
from model.draws import DomainError
from model.engines import cohort, individual, refused_by
from model.formula import Formula
from model.sample import Sample
from model.scenario_file import ScenarioError, read

CYCLES = 12
TEXTBOOK = ("start", "end", "half-cycle", "life-table", "simpson")
HEAD = """time: {{unit: year, horizon: {cycles} years, cycle: 1 year, convention: {convention}}}
discount: {{cost: 3 %, effect: 1.5 %, convention: at cycle}}
parameters:
  shape: {{value: 1.1, distribution: "gamma(mean=1.1, cv=0.1)", unit: number}}
  scale: {{value: 0.08, distribution: "gamma(mean=0.08, cv=0.1)", unit: number}}
  p_back: {{value: 0.2, unit: probability}}
  one: {{value: 1, unit: year}}
"""
SICKER = "1 - exp(-(({k} * scale) ** shape - (({k} - 1) * scale) ** shape))"
IN_ONE_LINE = SICKER.format(k="cycle_in_state")
SHORT = """states:
  well: {{start: 0.9, utility: 1}}
  sick: {{start: 0.1, utility: 0.7, cost: 100 USD per year}}
  sicker: {{utility: 0.4, cost: 300 USD per year}}
  dead: {{}}
transitions:
  - {{from: well, to: sick, probability per cycle: 0.15}}
  - {{from: well, to: dead, probability per cycle: 0.01}}
  - {{from: sick, to: well, probability per cycle: "{back}"}}
  - {{from: sick, to: sicker, probability per cycle: "{sicker}", cost: 50 USD}}
  - {{from: sick, to: dead, probability per cycle: 0.03}}
  - {{from: sicker, to: dead, probability per cycle: 0.1}}
"""


def made(folder, text, convention="half-cycle", cycles=CYCLES, **words):
    return read(write_scenario(folder, (HEAD + text).format(convention=convention, cycles=cycles, **words)))


def short(folder, convention="half-cycle", sicker=IN_ONE_LINE, back="p_back", cycles=CYCLES):
    return made(folder, SHORT, convention, cycles, sicker=sicker, back=back)


def written_out(folder, convention):
    """Sick as a state for each cycle of the stay."""
    states = "".join(
        f"  sick_{k}: {{{{start: {0.1 if k == 1 else 0}, utility: 0.7, cost: 100 USD per year}}}}\n"
        for k in range(1, CYCLES + 1)
    )
    moves = ""
    for k in range(1, CYCLES + 1):
        moves += (
            f'  - {{{{from: sick_{k}, to: sicker, probability per cycle: "{SICKER.format(k=k)}", cost: 50 USD}}}}\n'
        )
        moves += f"  - {{{{from: sick_{k}, to: well, probability per cycle: p_back}}}}\n"
        moves += f"  - {{{{from: sick_{k}, to: dead, probability per cycle: 0.03}}}}\n"
        if k < CYCLES:
            stay = f"1 - p_back - 0.03 - ({SICKER.format(k=k)})"
            moves += f'  - {{{{from: sick_{k}, to: sick_{k + 1}, probability per cycle: "{stay}"}}}}\n'
    text = f"""states:
  well: {{{{start: 0.9, utility: 1}}}}
{states}  sicker: {{{{utility: 0.4, cost: 300 USD per year}}}}
  dead: {{{{}}}}
transitions:
  - {{{{from: well, to: sick_1, probability per cycle: 0.15}}}}
  - {{{{from: well, to: dead, probability per cycle: 0.01}}}}
{moves}  - {{{{from: sicker, to: dead, probability per cycle: 0.1}}}}
"""
    return made(folder, text, convention)


@pytest.mark.parametrize("convention", TEXTBOOK)
def test_one_line_equals_tunnels_written_out(tmp_path, convention):
    one, many = short(tmp_path, convention), written_out(tmp_path, convention)
    found, expected = (evaluate(s, draws.probabilistic(s, Sample(5, seed=3))).total for s in (one, many))
    for name in ("cost", "qaly", "life_years"):
        np.testing.assert_allclose(found.get(name), expected.get(name), rtol=2e-15)


def recursion(sicker, back):
    """Years spent well, sick, sicker and dead (start of cycles), with sicker(k, n) and back(k, n) of cycle of stay and of model."""
    well, worse, dead, sick, years = 0.9, 0.0, 0.0, {0: 0.1}, np.zeros(4)
    for n in range(CYCLES):
        years += [well, sum(sick.values()), worse, dead]
        new, left, returned, died = {}, 0.0, 0.0, 0.0
        for entry, mass in sick.items():
            k = n - entry + 1
            left, returned, died = left + mass * sicker(k, n), returned + mass * back(k, n), died + mass * 0.03
            new[entry] = mass * (1 - sicker(k, n) - back(k, n) - 0.03)
        new[n + 1] = well * 0.15
        dead += died + 0.01 * well + 0.1 * worse
        well, worse, sick = well * 0.84 + returned, worse * 0.9 + left, new
    return years


CASES = {
    "by the cycle of the stay": (
        SICKER.format(k="cycle_in_state"),
        lambda k, n: 1 - np.exp(-((k * 0.08) ** 1.1 - ((k - 1) * 0.08) ** 1.1)),
    ),
    "by time in state": (
        "if(time_in_state < 2 * one, 0.3, 0.05)",
        lambda k, n: 0.3 if k <= 2 else 0.05,
    ),
    "by both clocks": (
        "0.02 * cycle + if(time_in_state < 2 * one, 0.3, 0.05)",
        lambda k, n: 0.02 * (n + 1) + (0.3 if k <= 2 else 0.05),
    ),
    "by the time at entry": (
        "if(time_at_entry < 3 * one, 0.3, 0.05)",
        lambda k, n: 0.3 if n + 1 - k < 3 else 0.05,
    ),
}


def dynamics_of(scenario, table=None):
    return inputs.dynamics(scenario, table or draws.base(scenario), next(iter(scenario.groups.values())))


@pytest.mark.parametrize(("text", "function"), CASES.values(), ids=CASES)
def test_a_cohort_follows_the_recursion(tmp_path, text, function):
    scenario = short(tmp_path, "start", text)
    found = cohort.run(dynamics_of(scenario)).time[0, 0, :, 0, 0]
    np.testing.assert_allclose(found, recursion(function, lambda k, n: 0.2), rtol=1e-14)


@pytest.mark.parametrize(("text", "function"), list(CASES.values())[:2], ids=list(CASES)[:2])
def test_patients_follow_it_on_average(tmp_path, text, function):
    scenario = short(tmp_path, "start", text)
    found = individual.run(dynamics_of(scenario), 60_000, 1).time[0, 0, :, :, 0, 0]
    error = found.std(axis=0) / np.sqrt(len(found))
    assert np.all(np.abs(found.mean(axis=0) - recursion(function, lambda k, n: 0.2)) < 4 * error)


def test_two_transitions_that_go_by_the_stay(tmp_path):
    back = ("if(cycle_in_state == 3, 0.6, 0)", lambda k, n: 0.6 if k == 3 else 0.0)
    scenario = short(tmp_path, "start", CASES["by time in state"][0], back[0])
    expected = recursion(CASES["by time in state"][1], back[1])
    np.testing.assert_allclose(cohort.run(dynamics_of(scenario)).time[0, 0, :, 0, 0], expected, rtol=1e-14)
    found = individual.run(dynamics_of(scenario), 60_000, 1).time[0, 0, :, :, 0, 0]
    assert np.all(np.abs(found.mean(axis=0) - expected) < 4 * found.std(axis=0) / np.sqrt(len(found)))


def test_a_transition_to_the_same_state_begins_a_new_stay(tmp_path):
    """Only those who have had three years without a relapse are cured."""
    text = """states: {{ill: {{start: 1}}, cured: {{}}}}
transitions:
  - {{from: ill, to: ill, name: relapse, probability per cycle: 0.5}}
  - {{from: ill, to: cured, probability per cycle: "if(cycle_in_state == 3, 0.5, 0)"}}
"""
    scenario = made(tmp_path, text, "start", cycles=4)
    found = cohort.run(dynamics_of(scenario), trace=True).trace[:, 0, 0, 1]
    # Cured at the end of year 3: who had no relapse in two years, half of them; of year 4: who relapsed in the first only.
    np.testing.assert_allclose(found, [0, 0, 0, 0.125, 0.125 + 0.0625])


def test_draws_are_those_of_the_draws_one_by_one(tmp_path, monkeypatch):
    scenario = short(tmp_path)
    table = draws.probabilistic(scenario, Sample(7, seed=1))
    whole = cohort.run(dynamics_of(scenario, table)).time
    monkeypatch.setattr(cohort, "BLOCK", 3)
    np.testing.assert_allclose(cohort.run(dynamics_of(scenario, table)).time, whole, rtol=1e-15)


def test_patients_do_not_follow_both_clocks_and_check_says_so(tmp_path):
    scenario = short(tmp_path, "start", CASES["by both clocks"][0])
    with pytest.raises(DomainError, match="by the time of the model too: use --engine cohort"):
        individual.run(dynamics_of(scenario), 10, 1)
    assert [r.field for r in refused_by(scenario)["individual"]] == ["transitions.sick -> sicker.probability per cycle"]
    assert not refused_by(short(tmp_path))["individual"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.08 * cycle_in_state", "sum of its probabilities per cycle: 1.03"),
        ("0.08 * cycle", "sum of its probabilities per cycle: 1.03"),
        ("0.08 * cycle + 0 * cycle_in_state", "sum of its probabilities per cycle: 1.03 .*, in cycle 10"),
    ],
)
def test_a_sum_above_one_in_a_late_cycle_is_an_error(tmp_path, text, message):
    with pytest.raises((DomainError, ScenarioError), match=message):
        evaluate(scenario := short(tmp_path, "start", text), draws.base(scenario))


def test_both_clocks_are_announced(tmp_path):
    for text, announced in (("by both clocks", True), ("by time in state", False)):
        found = cohort.Cohort().warnings(short(tmp_path, "start", CASES[text][0]), 1)
        assert any("square of the number of cycles" in warning for warning in found) == announced


def test_a_formula_of_the_stay_is_evaluated_once_a_block(tmp_path, monkeypatch):
    """Not once a cycle, and not once a draw: 900 cycles are one evaluation for each strategy."""
    scenario = short(tmp_path, cycles=900, sicker="0.3 * exp(-cycle_in_state)")
    text, count = "0.3 * exp(-cycle_in_state)", []
    evaluate_formula = Formula.evaluate

    def counted(self, *arguments):
        count.append(self.text == text)
        return evaluate_formula(self, *arguments)

    monkeypatch.setattr(Formula, "evaluate", counted)
    evaluate(scenario, draws.probabilistic(scenario, Sample(50, seed=1)))
    assert sum(count) <= 3
