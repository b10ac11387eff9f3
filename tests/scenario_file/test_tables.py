"""Tables where they have no row, tables that end in certain death, tables by group: against closed forms."""

import itertools
import math

import numpy as np
import pytest
from written import outcome, scenario, survival, write

from model import draws, inputs
from model.analysis.evaluate import evaluate
from model.analysis.method import Method
from model.cli import main
from model.draws import DomainError
from model.dynamics import AtEvent
from model.sample import Sample
from model.scenario_file import ScenarioError

MORT = "age,rate\n60,0.1\n61,0.2\n62,0.3\n"
HEAD = (
    "parameters:\n  mort: {table: mort.csv, by: age, by unit: year, column: rate, unit: per year}\n"
    "  age: {value: AGE, unit: year}\n"
)
DIES = "states: {well: {start: 1}, dead: {}}\ntransitions:\n  - {from: well, to: dead, MOVE}\n"
LOOKUP, LIFE = 'rate: "lookup(mort, age + time)"', 'survival: "life_table(mort, age=age)", clock: model'


def model(folder, move, age="60", table=MORT, settings=(), more=""):
    (folder / "mort.csv").write_text(table)
    return scenario(folder, HEAD.replace("AGE", age) + DIES.replace("MOVE", move) + more, settings)


def lived(rates, years):
    """Life-years of piecewise constant hazards, each for its time."""
    alive, total = 1.0, 0.0
    for rate, length in zip(rates, years):
        total += alive * -math.expm1(-rate * length) / rate
        alive *= math.exp(-rate * length)
    return total


# --- below the first row ------------------------------------------------------------------------------------------------

PLACES = {
    "rate": LOOKUP,
    "hazard ratio": 'survival: "exponential(rate=0.1) in years", hazard ratio: "lookup(mort, age) * age / age", clock: model',
    "survival": LIFE,
}


@pytest.mark.parametrize("place", PLACES)
def test_below_the_first_row_is_an_error_that_names_everything(tmp_path, place):
    move = PLACES[place].replace("* age / age", "* age")  # a ratio is a number
    with pytest.raises(ScenarioError) as caught:
        outcome(model(tmp_path, move, "40"), "life_years")
    path = tmp_path / "scenario.yaml"
    line = next(i for i, text in enumerate(path.read_text().splitlines(), 1) if "from: well" in text)
    assert str(caught.value) == (
        f"{path}:{line}: transitions.well -> dead.{place}: the table 'mort' (mort.csv) is read at 40 years, below the first row, "
        "60 years, in strategy care"
    )


@pytest.mark.parametrize(
    ("field", "unit"),
    [("utility", "utility"), ("cost: {care", "USD per year"), ("entry cost: {care", "USD"), ("start", "proportion")],
)
def test_prices_and_starts_below_the_first_row_too(tmp_path, field, unit):
    (tmp_path / "mort.csv").write_text(MORT)
    end = "}" if "{" in field else ""
    text = HEAD.replace("AGE", "40").replace("per year}", f"{unit}}}")
    start = "" if field == "start" else "start: 1, "
    text += f"states: {{well: {{{start}{field}: 'lookup(mort, age)'{end}, alive: true}}}}\n"
    with pytest.raises(
        ScenarioError, match=r"scenario.yaml:\d+: states.well.*'mort' \(mort.csv\) is read at 40 years, below"
    ):
        outcome(scenario(tmp_path, text), "cost")


def test_the_draw_is_named(tmp_path):
    found = model(tmp_path, LOOKUP, "62, distribution: 'normal(62, 2)'")
    table = draws.probabilistic(found, Sample(200, 1))
    first = int(np.argmax(table.values["age"] < 60))
    assert table.values["age"][first] < 60
    with pytest.raises(
        DomainError, match=f"is read at {table.values['age'][first]:.6g} years, below .* draw {first + 1}$"
    ):
        evaluate(found, table)


def test_what_a_condition_leaves_out_does_not_matter(tmp_path):
    guarded = 'rate: "if(age + time < first, low, lookup(mort, age + time))"'
    more = "effects: {lived: {time in: [well], unit: year}}"
    head = HEAD + "  first: {value: 60, unit: year}\n  low: {value: 0.01, unit: per year}\n"
    (tmp_path / "mort.csv").write_text(MORT)
    found = scenario(tmp_path, head.replace("AGE", "58") + DIES.replace("MOVE", guarded) + more)
    assert outcome(found, "lived") == pytest.approx([lived([0.01, 0.1, 0.2, 0.3], [2, 1, 1, 6])], rel=1e-9)


def test_the_command_refuses_it(tmp_path, capsys):
    (tmp_path / "mort.csv").write_text(MORT)
    path = write(tmp_path, HEAD.replace("AGE", "60") + DIES.replace("MOVE", LOOKUP))
    assert main(["run", str(path), "--set", "age=40", "--out", str(tmp_path / "out")]) == 2
    assert "below the first row, 60 years" in capsys.readouterr().err and not (tmp_path / "out").exists()


# --- beyond the last row, and gaps ------------------------------------------------------------------------------------


@pytest.mark.parametrize("move", [LOOKUP, LIFE])
@pytest.mark.parametrize(("unit", "when"), [("year", "3 years"), ("month", "36 months")])
def test_beyond_the_last_row_its_value_holds_and_one_warning_says_from_when(tmp_path, move, unit, when):
    found = model(tmp_path, move, more=f"time: {{unit: {unit}, horizon: 10 years, cycle: 1 year}}\n")
    (warning,) = found.warnings
    assert f": parameters.mort: mort.csv ends at 62 years, but is read beyond that from {when} on" in warning
    assert outcome(found, "life_years") == pytest.approx([lived([0.1, 0.2, 0.3], [1, 1, 8])], rel=1e-9)


@pytest.mark.parametrize("move", [LOOKUP, LIFE])
def test_a_table_that_lasts_gets_no_warning(tmp_path, move):
    assert model(tmp_path, move, settings=["horizon=3 years"]).warnings == ()
    assert "from the start" in model(tmp_path, move, "70").warnings[0]


@pytest.mark.parametrize(
    ("ages", "gap"),
    [
        ([60, 61, 62, 101, 102], "a gap of 39 between row 4 (62) and row 5 (101); the usual step is 1"),
        ([0, 1, 2, 3, 40], "a gap of 37 between row 5 (3) and row 6 (40)"),
        ([0, 1, 5, 10, 15, 20, 25, 30], ""),
        ([0, 1, 2, 5, 10, 20, 40], ""),
        ([0, 50], ""),
    ],
)
def test_a_gap_far_larger_than_the_usual_step_gets_a_warning(tmp_path, ages, gap):
    table = "age,rate\n" + "".join(f"{age},0.1\n" for age in ages)
    found = model(tmp_path, LOOKUP, "63" if ages[0] else "1", table, ["horizon=1 year"])
    assert len(found.warnings) == bool(gap)
    assert not gap or gap in found.warnings[0]


# --- certain death --------------------------------------------------------------------------------------------------------

QX = "age,rate\n95,0.25\n100,0.35\n105,0.5\n110,1\n"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("move", [LOOKUP, LIFE])
def test_a_life_table_that_ends_in_1_leaves_nobody_alive_after_that_year(tmp_path, move):
    text = (HEAD.replace("AGE", "95") + DIES.replace("MOVE", move)).replace(
        "unit: per year", "unit: probability over 1 year"
    )
    (tmp_path / "mort.csv").write_text(QX)
    found = scenario(tmp_path, text + "time: {unit: year, horizon: 20 years, cycle: 1 year}\n")
    assert found.warnings == ()
    rates = [-math.log1p(-q) for q in (0.25, 0.35, 0.5)]
    reached, alive = lived(rates, [5, 5, 5]), math.exp(-5 * sum(rates))
    (value,) = outcome(found, "life_years")
    assert reached < value < reached + alive  # those who reach 110 live on, but not for a year
    trace = evaluate(found, draws.base(found), trace=True).traces["all"].occupancy[:, 0, 0, 0]
    assert trace[15] == pytest.approx(alive, rel=1e-9) and trace[16] < 1e-15 * alive
    (simulated,) = evaluate(found, draws.base(found), Method("individual", patients=20000)).total.get(
        "life_years", False
    )
    assert simulated == pytest.approx(value, abs=5 * 3.4 / math.sqrt(20000))


# --- tables by group and strategy -------------------------------------------------------------------------------------------

MEN, WOMEN = {40: 0.002, 41: 0.003, 42: 0.2}, {0: 0.0005, 41: 0.1, 43: 0.15}
BY_GROUP = (
    "parameters:\n"
    "  mort_m: {table: men.csv, by: age, by unit: year, column: p, unit: probability over 1 year}\n"
    "  mort_f: {table: women.csv, by: age, by unit: year, column: p, unit: probability over 1 year}\n"
    "  age: {value: 40.5, unit: year}\n"
)


def tables(folder):
    for name, rows in (("men", MEN), ("women", WOMEN)):
        (folder / f"{name}.csv").write_text("age,p\n" + "".join(f"{age},{p}\n" for age, p in rows.items()))


def expected(rows, age=40.5, horizon=10.0, ratio=1.0):
    edges = [age, *(a for a in rows if age < a < age + horizon), age + horizon]
    rates = [-ratio * math.log1p(-rows[max(a for a in rows if a <= low)]) for low in edges[:-1]]
    return lived(rates, np.diff(edges))


MOVES = [
    'rate: "lookup(mort, age + time) * hr"',
    'survival: "life_table(mort, age=age)", clock: model, hazard ratio: hr',
]


@pytest.mark.parametrize("move", MOVES)
def test_groups_bind_a_table(tmp_path, move):
    tables(tmp_path)
    text = BY_GROUP + "strategies: {usual: {hr: 1}, worse: {hr: 2}}\n" + DIES.replace("MOVE", move)
    text += "groups: {men: {weight: 0.25, mort: mort_m}, women: {weight: 0.75, mort: mort_f}}\n"
    found = scenario(tmp_path, text, ["cycle=6 months"])
    assert not [w for w in found.warnings if "nothing uses" in w]
    for s, ratio in enumerate((1, 2)):
        values = {"men": expected(MEN, ratio=ratio), "women": expected(WOMEN, ratio=ratio)}
        for group, value in values.items():
            assert outcome(found, "life_years", group=group)[s] == pytest.approx(value, rel=1e-9)
        assert outcome(found, "life_years")[s] == pytest.approx(0.25 * values["men"] + 0.75 * values["women"], rel=1e-9)


@pytest.mark.parametrize("move", MOVES)
def test_strategies_bind_a_table_in_every_draw_and_engine(tmp_path, move):
    """The ages of the tables differ, the age at start differs by draw."""
    tables(tmp_path)
    text = BY_GROUP.replace("value: 40.5", "value: 40.5, distribution: 'uniform(40, 41)'") + DIES.replace("MOVE", move)
    found = scenario(
        tmp_path, text + "strategies: {men: {hr: 1, mort: mort_m}, women: {hr: 1, mort: mort_f}}\n", ["cycle=3 months"]
    )
    ages = np.array([40.25, 40.5, 40.75])
    table = draws.repeat(found, 3).replace(age=ages)
    values = [[expected(rows, age) for age in ages] for rows in (MEN, WOMEN)]
    assert evaluate(found, table).total.get("life_years", False) == pytest.approx(np.array(values), rel=1e-9)
    simulated = evaluate(found, table, Method("individual", patients=4000)).total.get("life_years", False)
    assert simulated == pytest.approx(np.array(values), abs=5 * 3.5 / math.sqrt(4000))


def test_monthly_life_table_correction_with_tables_by_group(tmp_path):
    """The mean of both ends of each month, as a spreadsheet adds it up."""
    tables(tmp_path)
    text = BY_GROUP + DIES.replace("MOVE", MOVES[1].replace("hr", "1.5"))
    text += "groups: {men: {weight: 0.25, mort: mort_m}, women: {weight: 0.75, mort: mort_f}}\n"
    found = scenario(tmp_path, text, ["convention=life-table", "cycle=1 month"])
    for group, rows in (("men", MEN), ("women", WOMEN)):
        hazards = [
            1.5 * -math.log1p(-rows[max(a for a in rows if a <= 40.5 + (k + 1e-6) / 12)]) / 12 for k in range(120)
        ]
        alive = np.exp(-np.concatenate([[0], list(itertools.accumulate(hazards))]))
        assert outcome(found, "life_years", group=group) == pytest.approx(
            [(alive[:-1] + alive[1:]).sum() / 24], rel=1e-9
        )


def test_a_table_bound_by_periods_is_looked_up(tmp_path):
    tables(tmp_path)
    text = BY_GROUP.replace("40.5", "41") + "periods: {early: {until: 1 year, mort: mort_m}, late: {mort: mort_f}}\n"
    found = scenario(tmp_path, text + DIES.replace("MOVE", 'rate: "lookup(mort, age)"'))
    rates = [-math.log1p(-0.003), -math.log1p(-0.1)]
    assert outcome(found, "life_years") == pytest.approx([lived(rates, [1, 9])], rel=1e-9)


def test_survival_of_one_group_is_that_of_its_table(tmp_path):
    tables(tmp_path)
    text = BY_GROUP + DIES.replace("MOVE", MOVES[1].replace("hr", "1")) + "groups: {women: {weight: 1, mort: mort_f}}\n"
    found = scenario(tmp_path, text)
    assert survival(found, 1.5) == pytest.approx(math.sqrt(1 - 0.0005) * 0.9, rel=1e-12)
    assert isinstance(inputs.dynamics(found, draws.base(found), found.groups["women"]).transitions[0], AtEvent)
