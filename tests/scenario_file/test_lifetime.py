"""`horizon: lifetime`: until the youngest become 100, rounded up to whole cycles."""

import numpy as np
import pytest
from written import outcome, scenario, write

from model.scenario_file import ScenarioError, read

MODEL = """time: {unit: UNIT, horizon: lifetime, cycle: CYCLE}
parameters: {age: {value: 63.5, unit: year}}
states: {well: {start: 1, utility: 1}, dead: {}}
transitions: [{from: well, to: dead, rate: 0.1 per year}]
"""


@pytest.mark.parametrize(
    ("unit", "cycle", "years"),
    [("year", "1 year", 37), ("month", "1 month", 36.5), ("day", "5 years", 40), ("week", "6 months", 36.5)],
)
def test_the_horizon_is_the_end_of_the_cycle_in_which_the_youngest_become_100(tmp_path, unit, cycle, years):
    found = scenario(tmp_path, MODEL.replace("UNIT", unit).replace("CYCLE", cycle))
    assert found.time.horizon * found.time.years == pytest.approx(years, rel=1e-12)
    assert outcome(found, "life_years") == pytest.approx([10 * (1 - np.exp(-years / 10))], rel=1e-9)


@pytest.mark.parametrize("convention", ["half-cycle", "start", "simpson"])
def test_a_textbook_convention_gets_its_whole_cycles(tmp_path, convention):
    text = MODEL.replace("UNIT", "year").replace("CYCLE", f"0.1 years, convention: {convention}")
    assert scenario(tmp_path, text).time.whole_cycles == 365


def test_the_youngest_of_groups_and_of_patients_decide_at_base_values(tmp_path):
    text = MODEL.replace("UNIT", "year").replace("CYCLE", "1 year")
    text = text.replace("value: 63.5, unit: year", 'value: 60, distribution: "normal(mean=60, sd=5)", unit: year')
    assert scenario(tmp_path, text).time.horizon == pytest.approx(40)
    groups = "groups: {old: {weight: 0.5, age: 80 years}, young: {weight: 0.5, age: 45 years}}\n"
    assert scenario(tmp_path, groups + text).time.horizon == pytest.approx(55)
    patients = (
        text.replace("parameters: {age", "parameters: {other")
        + "patients: {age: {shares: {50 years: 0.5, 70 years: 0.5}}}\n"
    )
    assert scenario(tmp_path, patients).time.horizon == pytest.approx(50)


def test_another_age_is_named_and_a_setting_says_lifetime_too(tmp_path):
    text = MODEL.replace("UNIT", "year").replace("CYCLE", "1 year").replace("{age:", "{start_age:")
    named = text.replace("horizon: lifetime", "horizon: {lifetime: start_age + 1.5 years}")
    assert scenario(tmp_path, named).time.horizon == pytest.approx(35)
    path = write(tmp_path, MODEL.replace("UNIT", "year").replace("CYCLE", "1 year").replace("lifetime", "3 years"))
    assert read(path, ["horizon=lifetime"]).time.horizon == pytest.approx(37)
    assert "lifetime" in read(path, ["horizon=lifetime"]).text


def test_nothing_is_said_twice(tmp_path):
    text = MODEL.replace("UNIT", "year").replace("CYCLE", "1 year").replace("0.1 per year", "0.1 per year * nothing")
    with pytest.raises(ScenarioError) as caught:
        scenario(tmp_path, text)
    assert len(caught.value.problems) == 1


def test_an_age_that_only_the_horizon_reads_is_used(tmp_path):
    found = scenario(tmp_path, MODEL.replace("UNIT", "year").replace("CYCLE", "1 year"))
    assert not any("nothing uses" in warning for warning in found.warnings)
