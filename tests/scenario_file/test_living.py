"""Dead or alive: life-years against closed forms, for every way in which published models write a dead state."""

import json
import math

import numpy as np
import pytest
from written import outcome, scenario, write

from model import draws
from model.analysis.evaluate import evaluate
from model.analysis.method import Method
from model.cli import main
from model.draws import DomainError
from model.scenario_file import ScenarioError

TWO = """
strategies: {{a: {{hr: 1}}, b: {{hr: 0.5}}}}
states:
  healthy: {{start: 1, cost: {{care: 1000 USD per year}}, utility: 0.8}}
  {dead}
transitions:
  - {{from: healthy, to: dead, rate: 0.2 * hr per year}}
{more}
"""
LIVED = [(1 - math.exp(-10 * rate)) / rate for rate in (0.2, 0.1)]


def two(folder, dead="dead: {utility: 0}", more="", parameters=""):
    return scenario(folder, TWO.format(dead=dead, more=more) + parameters)


@pytest.mark.parametrize(
    "dead",
    [
        "dead: {}",
        "dead: {utility: 0}",
        "dead: {cost: 0, utility: 0}",
        "dead: {cost: {care: 0 USD per year, drug: 0}, utility: 0}",
        "dead: {utility: 1 - hr / hr}",
        "dead: {utility: -0.1}",
        "dead: {utility: 0.3, alive: false}",
    ],
)
def test_life_years_are_the_closed_form_however_the_dead_state_is_written(tmp_path, dead):
    found = two(tmp_path, dead)
    assert found.dead_states == ("dead",)
    assert found.warnings == ()
    assert outcome(found, "life_years") == pytest.approx(LIVED, rel=1e-9)


def test_a_move_of_the_dead_to_themselves_does_not_leave(tmp_path):
    found = two(tmp_path, more="  - {from: dead, to: dead, rate: 1 per year}")
    assert found.dead_states == ("dead",)
    assert outcome(found, "life_years") == pytest.approx(LIVED, rel=1e-9)


@pytest.mark.parametrize("convention", ["start", "end", "half-cycle"])
def test_under_textbook_conventions_too(tmp_path, convention):
    """Life-years at the points of the cycles: the sum of exp(-rate k)."""
    text = TWO.format(dead="dead: {cost: 0, utility: 0}", more="")
    found = scenario(tmp_path, text, [f"convention={convention}"])
    weights = {"start": [1] * 10 + [0], "end": [0] + [1] * 10, "half-cycle": [0.5] + [1] * 9 + [0.5]}[convention]
    lived = [np.dot(weights, np.exp(-rate * np.arange(11))) for rate in (0.2, 0.1)]
    assert outcome(found, "life_years") == pytest.approx(lived, rel=1e-9)


@pytest.mark.parametrize("engine", ["individual", "queueing"])
def test_in_engines_that_follow_patients_too(tmp_path, engine):
    centre = "resources: {bed: {capacity: unlimited}}\narrivals: {rate: 1 per day}\n"
    found = two(tmp_path, parameters=centre)
    method = Method(engine, patients=4000, replications=1)
    lived = evaluate(found, draws.base(found), method).total.get("life_years", False)[:, 0]
    assert lived == pytest.approx(LIVED, abs=5 * 4 / math.sqrt(4000))


def test_medians_and_manifest_know_the_dead_state(tmp_path, capsys):
    path = write(tmp_path, TWO.format(dead="dead: {utility: 0}", more=""))
    assert main(["run", str(path), "--draws", "0", "--no-figures", "--out", str(tmp_path / "out")]) == 0
    assert json.loads((tmp_path / "out/manifest.json").read_text())["conventions"]["dead states"] == ["dead"]
    medians = (tmp_path / "out/tables/medians.csv").read_text().splitlines()
    column = medians[0].split(",").index("median")
    assert [float(line.split(",")[column]) for line in medians[1:]] == pytest.approx(
        [math.log(2) / 0.2, math.log(2) / 0.1], rel=1e-3
    )


# --- what follows and may not be meant ------------------------------------------------------------------------------

CURED = "  - {from: healthy, to: cured, rate: 0.1 per year}"


@pytest.mark.parametrize(
    ("cured", "alive", "word"),
    [
        ("{}", False, "counts as dead"),
        ("{utility: 0}", False, "counts as dead"),
        ("{utility: -0.2}", False, "counts as dead"),
        ("{utility: 0.9}", True, "a utility above 0, so it counts as alive"),
        ("{cost: 10 USD per year}", True, "a cost above 0, so it counts as alive"),
        ("{alive: true}", True, ""),
        ("{alive: false}", False, ""),
        ("{utility: 0.9, alive: true}", True, ""),
    ],
)
def test_an_absorbing_state_whose_life_is_inferred_gets_a_warning_that_a_stated_one_silences(
    tmp_path, cured, alive, word
):
    found = two(tmp_path, f"dead: {{}}\n  cured: {cured}", CURED)
    assert found.states["cured"].alive is alive
    assert len(found.warnings) == bool(word)
    if word:
        (warning,) = found.warnings
        assert word in warning and "alive: true" in warning and "alive: false" in warning
        assert ": states.cured: " in warning


def test_a_cohort_does_not_start_dead_but_some_of_it_may(tmp_path):
    """A model of one state is of the living, also while a price or utility that is varied is 0."""
    alone = scenario(tmp_path, "states: {here: {start: 1, utility: 0}}")
    assert alone.dead_states == () and alone.warnings == ()
    assert outcome(alone, "life_years") == pytest.approx([10])
    text = TWO.format(dead="dead: {start: 0.25, utility: 0}", more="").replace(
        "healthy: {start: 1,", "healthy: {start: 0.75,"
    )
    assert scenario(tmp_path, text).dead_states == ("dead",)


UNCERTAIN = "parameters:\n  u: {{value: 0, distribution: '{}', unit: {}}}\n"


def test_above_0_in_some_draws_is_alive_in_all(tmp_path):
    found = two(tmp_path, "dead: {utility: u}", parameters=UNCERTAIN.format("normal(0, 0.1)", "number"))
    assert found.dead_states == ()
    assert "a utility above 0" in found.warnings[0]
    assert outcome(found, "life_years") == pytest.approx([10, 10])


def test_a_draw_that_contradicts_the_reading_is_refused(tmp_path):
    """One draw in some 3,500 is above 3.5: not seen when the file is read."""
    rare = two(
        tmp_path, "dead: {utility: 'if(u > 3.5, 0.5, 0)'}", parameters=UNCERTAIN.format("normal(0, 1)", "number")
    )
    assert rare.dead_states == ("dead",)
    table = draws.base(rare).replace(u=np.array([0.0]))
    evaluate(rare, table)
    with pytest.raises(
        DomainError, match=r"scenario.yaml:\d+: states.dead: counts as dead.*is 0.5 in draw 1; write 'alive: true'"
    ):
        evaluate(rare, table.replace(u=np.array([3.6])))


def test_what_cannot_be_evaluated_is_an_error_of_the_file(tmp_path):
    (tmp_path / "t.csv").write_text("age,u\n60,0.5\n61,0.4\n")
    table = "parameters:\n  t: {table: t.csv, by: age, by unit: year, column: u, unit: utility}\n  age: {value: 50, unit: year}\n"
    with pytest.raises(ScenarioError, match="below the first row"):
        two(tmp_path, "dead: {utility: 'lookup(t, age)'}", parameters=table)
