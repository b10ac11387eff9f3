"""`definitions`: formulas that are named once, and read wherever what they read may be read."""

import numpy as np
import pytest
from scipy.integrate import quad
from written import level, outcome, scenario

from model.scenario_file import ScenarioError

WANING = """time: {unit: month, horizon: 5 years, cycle: CYCLE}
parameters:
  age: {value: 60 years}
  hr: {value: 0.5, unit: hazard ratio}
  mort: {table: life.csv, by: age, by unit: year, column: rate, unit: per year}
strategies: {care: {effect: 1}, drug: {effect: hr}}
definitions:
  age_now: age + time
  waning: if(time < 30 months, effect, 1)
  hazard: lookup(mort, age_now) * waning
states: {well: {start: 1, utility: 1}, dead: {}}
transitions:
  - {from: well, to: dead, rate: hazard}
"""


def waning(tmp_path, cycle="1 year", more=""):
    (tmp_path / "life.csv").write_text("age,rate\n60,0.1\n61,0.2\n62,0.3\n63,0.4\n")
    return scenario(tmp_path, WANING.replace("CYCLE", cycle) + more)


@pytest.mark.parametrize("cycle", ["2 years", "1 year", "1 month"])
def test_definitions_may_read_time_and_what_strategies_bind(tmp_path, cycle):
    def hazard(t, effect):
        return 0.1 * min(int(t) + 1, 4) * (effect if t < 2.5 else 1)

    def alive(effect):
        steps = np.linspace(0, 5, 11)
        cumulative = np.concatenate([[0], np.cumsum([hazard(t + 0.1, effect) * 0.5 for t in steps[:-1]])])
        return sum(
            quad(
                lambda t, i=i: np.exp(-cumulative[i] - hazard(steps[i] + 0.1, effect) * (t - steps[i])),
                *steps[i : i + 2],
            )[0]
            for i in range(10)
        )

    assert outcome(waning(tmp_path, cycle), "life_years") == pytest.approx([alive(1), alive(0.5)], rel=1e-9)


def test_a_definition_reads_others_in_any_order_and_has_the_unit_that_follows(tmp_path):
    text = """definitions: {b: a * 2, a: 0.1 per month}
states: {well: {start: 1, utility: 1}, dead: {}}
transitions: [{from: well, to: dead, rate: b}]"""
    assert level(scenario(tmp_path, text)) == pytest.approx([2.4])
    with pytest.raises(ScenarioError, match=r"states.well.utility: needs a plain number .*, found a rate .* in 'b'"):
        scenario(tmp_path, text.replace("utility: 1", "utility: b"))


def test_a_strategy_a_group_or_a_period_may_bind_what_is_defined(tmp_path):
    text = """strategies: {care: {}, drug: {u: 0.9}}
definitions: {u: 0.5, v: u / 2}
states: {well: {start: 1, utility: u + v, alive: true}}"""
    assert outcome(scenario(tmp_path, text.replace("0.9", "0.6")), "qaly") == pytest.approx([7.5, 9])
    periods = "periods: {one: {until: 4 years, u: 0.2}, two: {u: 0.4}}\n"
    assert outcome(scenario(tmp_path, periods + text.replace(", drug: {u: 0.9}", "")), "qaly") == pytest.approx([4.8])


def test_weights_of_groups_and_shares_of_curves_may_read_definitions(tmp_path):
    text = """parameters: {p: {value: 0.2}}
definitions: {p_old: 1 - p}
groups: {young: {weight: p}, old: {weight: p_old}}
states: {well: {start: 1, alive: true, utility: 0.5}}"""
    assert outcome(scenario(tmp_path, text), "qaly") == pytest.approx([5])
    curves = """curves: {os: {survival: exponential(0.1) in years}}
definitions: {gone: 1 - os}
states: {well: {share: os, utility: 1}, dead: {share: gone, alive: false}}
"""
    found = scenario(tmp_path, curves + "transitions: null")
    assert outcome(found, "qaly") == pytest.approx([10 * (1 - np.exp(-1))])


def test_a_definition_that_nothing_uses_gets_a_warning(tmp_path):
    found = waning(tmp_path, more="description: x")
    assert not any("nothing uses" in warning for warning in found.warnings)
    text = "definitions: {a: 1, b: a}\nstates: {well: {start: 1, alive: true}}"
    told = scenario(tmp_path, text).warnings
    assert any("definitions.a: nothing uses 'a'" in w for w in told) and any(
        "definitions.b: nothing" in w for w in told
    )


def test_a_definition_is_named_in_the_table_of_parameters(tmp_path):
    assert "definitions.age_now" in waning(tmp_path).used_in["age"]


def test_a_table_that_a_group_binds_is_read_by_a_definition_and_missing_rows_are_told(tmp_path):
    (tmp_path / "m.csv").write_text("age,rate\n60,0.1\n61,0.2\n")
    (tmp_path / "f.csv").write_text("age,rate\n50,0.05\n70,0.3\n")
    text = """parameters:
  age: {value: 60 years}
  mort_m: {table: m.csv, by: age, by unit: year, column: rate, unit: per year}
  mort_f: {table: f.csv, by: age, by unit: year, column: rate, unit: per year}
groups: {men: {weight: 0.5, mort: mort_m}, women: {weight: 0.5, mort: mort_f}}
definitions: {hazard: "lookup(mort, age + time)"}
states: {well: {start: 1, utility: 1}, dead: {}}
transitions: [{from: well, to: dead, rate: hazard}]
"""
    found = scenario(tmp_path, text)
    men = (1 - np.exp(-0.1)) / 0.1 + np.exp(-0.1) * (1 - np.exp(-0.2 * 9)) / 0.2
    assert outcome(found, "life_years", group="men") == pytest.approx([men], rel=1e-9)
    assert outcome(found, "life_years", group="women") == pytest.approx([(1 - np.exp(-0.5)) / 0.05], rel=1e-9)
    (warning,) = [w for w in found.warnings if "is read beyond" in w]
    assert "parameters.mort_m: m.csv ends at 61 years, but is read beyond that from 2 years on" in warning
    with pytest.raises(ScenarioError, match=r"'mort_m' \(m.csv\) is read at 59 years, below the first row, 60 years"):
        scenario(tmp_path, text.replace("60 years", "59 years"))
