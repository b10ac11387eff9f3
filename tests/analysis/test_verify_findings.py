"""What the verifier says of results, notes and conventions whose right values are known in closed form."""

import math

import pytest
from scipy.stats import gamma

import model

MODEL = """\
title: A constant hazard of death
currency: {{code: USD}}
time: {{unit: year, horizon: 10 years, cycle: 1 year, convention: {convention}}}
discount: {{cost: {rate} %, effect: {rate} %, convention: {discounted}}}
wtp: {{thresholds: [1000]}}
parameters:
  r: {{distribution: "gamma(mean=0.1, cv=0.5)", unit: per year, note: "{note}"}}
  beside: {{distribution: "uniform(1, 2)", unit: number}}
  nothing: {{value: 0, unit: number}}
strategies: {{a: {{h: 1, c: 0}}, b: {{h: 0.5, c: 10}}, dear: {{h: 1, c: 20}}}}
states:
  well: {{start: 1, utility: 0.8, cost: "(100 + c + beside * nothing) * 1 USD per year"}}
  dead: {{alive: false}}
transitions:
  - {{from: well, to: dead, rate: r * h}}
"""
HAZARD, HORIZON = 0.1, 10


def findings(tmp_path, more="", convention="integral", rate=0, discounted="continuous", note="", draws=0):
    """Rows of the table by check: outcome, expected, found, note."""
    path = tmp_path / "model.yaml"
    text = MODEL.format(convention=convention, rate=rate, discounted=discounted, note=note)
    path.write_text(text + more, encoding="utf-8")
    table = model.verify(path, draws=draws).tables["verification"]
    return {check: part for check, part in table.groupby("check")}


def alive(years, ratio=1.0):
    return math.exp(-HAZARD * ratio * years)


LIFE_YEARS = (1 - alive(HORIZON)) / HAZARD
PUBLISHED = f"""\
published:
  share: {{measure: occupancy, states: alive, at: 5 years, strategy: a, value: {alive(5) + 0.05}, n: 100}}
  drawn: {{measure: occupancy, states: [dead], at: 5 years, strategy: a, value: 0.25, n: 400}}
  apart: {{measure: occupancy, states: alive, at: 5 years, strategy: a, value: 0.97, n: 400}}
  years: {{measure: total, outcome: life_years, strategy: a, value: {LIFE_YEARS * 1.02}}}
  years apart: {{measure: total, outcome: life_years, strategy: a, value: {LIFE_YEARS * 1.03}}}
  cost: {{measure: total, outcome: cost, strategy: a, value: {100 * LIFE_YEARS + 20}, standard error: 10}}
  cost apart: {{measure: total, outcome: cost, strategy: a, value: {100 * LIFE_YEARS + 31}, standard error: 10}}
  ratio: {{measure: icer, strategy: dear, value: 100}}
  late: {{measure: median, of: survival, strategy: b, value: 9 years, n: 500}}
"""


def test_published_results_against_closed_forms(tmp_path):
    """alive(t) = exp(-0.1 t): each within or beyond its error, 2.5 % where none is stated, or what 95 % of draws cover."""
    rows = findings(tmp_path, PUBLISHED, draws=400)["published results"]
    outcome = {note.partition(";")[0].partition(":")[0]: o for note, o in zip(rows["note"], rows["outcome"])}
    assert outcome == {
        **{"share": "pass", "drawn": "pass", "apart": "fail", "years": "pass", "years apart": "fail"},
        **{"cost": "pass", "cost apart": "fail", "ratio": "fail", "late": "fail"},
    }
    by_note = {note: row for note, row in zip(rows["note"], rows.to_dict("records"))}
    (covered,) = [row for note, row in by_note.items() if note.startswith("drawn")]
    assert covered["found"] == pytest.approx(1 - alive(5), rel=1e-6)
    assert "95 % of draws" in covered["note"] and "as one dominates" in " ".join(by_note)


def test_the_interval_of_draws_is_that_of_the_distribution(tmp_path):
    """r is gamma with shape 4 and scale 0.025, so 95 % of draws of the share who died lie between two quantiles."""
    rows = findings(tmp_path, PUBLISHED, draws=400)["published results"]
    (note,) = [note for note in rows["note"] if note.startswith("drawn")]
    low, high = (float(word) for word in note.split("draws ")[1].split(", +-")[0].split(" to "))
    expected = [1 - math.exp(-5 * gamma.ppf(p, 4, scale=0.025)) for p in (0.025, 0.975)]
    assert [low, high] == pytest.approx(expected, abs=0.08)  # 200 draws


@pytest.mark.parametrize(
    "note, outcomes",
    [
        ("0.1 (0.027 to 0.22)", {"pass"}),
        ("0.1 (0.06 to 0.22)", {"pass", "fail"}),
        ("0.12 (0.027 to 0.22)", {"pass", "fail"}),
        ("no numbers here", {"not applicable"}),
    ],
)
def test_limits_in_a_note_are_those_of_the_distribution(note, outcomes, tmp_path):
    assert gamma.ppf([0.025, 0.975], 4, scale=0.025) == pytest.approx([0.027, 0.22], abs=1e-3)
    assert set(findings(tmp_path, note=note)["notes"]["outcome"]) == outcomes


def test_a_parameter_that_stands_beside_a_zero_moves_nothing(tmp_path):
    rows = findings(tmp_path, draws=50)["parameters used"]
    told = {note.partition(":")[0]: (outcome, note) for note, outcome in zip(rows["note"], rows["outcome"])}
    assert told["r"][0] == "pass"
    assert told["beside"][0] == "not applicable" and told["beside"][1].endswith("nothing is 0")


TEXTBOOK = ["start", "end", "half-cycle", "life-table", "simpson", "simpson-interchanged"]
PAIRS = [
    *(("integral", discounted) for discounted in ("continuous", "by whole year")),
    *((convention, discounted) for convention in TEXTBOOK for discounted in ("at cycle", "mid-cycle", "by whole year")),
]


@pytest.mark.parametrize("convention, discounted", PAIRS)
def test_every_convention_is_recomputed(convention, discounted, tmp_path):
    rows = findings(tmp_path, convention=convention, rate=3, discounted=discounted)["recomputed"]
    assert set(rows["outcome"]) == {"pass"} and (rows["found"] > 0).any()


@pytest.mark.parametrize("cycles", [3, 5, 9])
def test_simpson_of_an_odd_number_of_cycles_is_recomputed(cycles, tmp_path):
    """The last three cycles by the three-eighths rule; without discount the area of exp(-0.1 t) to 1e-5."""
    path = tmp_path / "model.yaml"
    text = MODEL.format(convention="simpson", rate=0, discounted="at cycle", note="")
    path.write_text(text.replace("10 years", f"{cycles} years"), encoding="utf-8")
    rows = model.verify(path, draws=0).tables["verification"].query("check == 'recomputed' and strategy == 'a'")
    assert set(rows["outcome"]) == {"pass"}
    (years,) = [row.found for row in rows.itertuples() if row.note.startswith("life_years, base case")]
    assert years == pytest.approx((1 - alive(cycles)) / HAZARD, rel=1e-5)


@pytest.mark.parametrize("shift, outcome", [(0.0, "pass"), (0.04, "pass"), (0.06, "fail")])
def test_a_published_curve_is_met_within_its_tolerance(shift, outcome, tmp_path):
    """Points of exp(-0.1 t), all lower by the shift but the first; 0.05 is allowed where no numbers at risk are given."""
    points = "".join(f"{t},{alive(t) - shift * (t > 0)}\n" for t in (0, 1, 2, 4, 8))
    (tmp_path / "km.csv").write_text("time,survival\n" + points, encoding="utf-8")
    published = "published:\n  curve: {measure: survival, strategy: a, file: km.csv, time unit: year}\n"
    (row,) = findings(tmp_path, published)["published results"].to_dict("records")
    assert row["outcome"] == outcome and row["note"].startswith("curve, at time")
    assert row["found"] - row["expected"] == pytest.approx(shift, abs=1e-6)


def test_a_published_probability_and_what_has_no_number(tmp_path):
    """'dear' costs more and gains nothing, so it is never cost-effective."""
    published = """\
published:
  never: {measure: probability cost-effective, strategy: dear, wtp: 1000, value: 0.02}
  often: {measure: probability cost-effective, strategy: dear, wtp: 1000, value: 0.5}
"""
    rows = findings(tmp_path, published, draws=400)["published results"]
    outcome = {
        note.partition(";")[0]: (o, found) for note, o, found in zip(rows["note"], rows["outcome"], rows["found"])
    }
    assert outcome == {"never": ("pass", 0.0), "often": ("fail", 0.0)}


@pytest.mark.parametrize(
    "note, outcome", [("95 % of draws lie between 0.027 and 0.22", "pass"), ("95 % interval: 0.01 to 0.11", "fail")]
)
def test_an_interval_in_a_note_is_that_of_the_distribution(note, outcome, tmp_path):
    rows = findings(tmp_path, note=note)["notes"]
    upper = rows[rows["note"].str.contains("upper")].iloc[0]
    assert upper["found"] == pytest.approx(gamma.ppf(0.975, 4, scale=0.025), rel=1e-6) and upper["outcome"] == outcome


DEATH = "  - {from: well, to: dead, rate: r * h}\n"


def with_survival(tmp_path, fields):
    """Rows of the recomputation, strategy a, where death goes by a survival distribution."""
    (tmp_path / "mort.csv").write_text("age,rate\n0,0.01\n63,0.05\n67,0.2\n", encoding="utf-8")
    (tmp_path / "km.csv").write_text("time,survival\n2,0.8\n5,0.55\n", encoding="utf-8")
    tables = """\
  mort: {table: mort.csv, by: age, by unit: year, column: rate, unit: per year}
  km: {table: km.csv, by: time, by unit: year, column: survival, unit: probability}
  age: {value: 60, unit: year}
strategies"""
    text = MODEL.format(convention="integral", rate=0, discounted="continuous", note="").replace(
        "strategies", tables, 1
    )
    path = tmp_path / "model.yaml"
    path.write_text(text.replace(DEATH, f"  - {{from: well, to: dead, clock: model, {fields}}}\n"), encoding="utf-8")
    table = model.verify(path, draws=0).tables["verification"]
    return table[(table["check"] == "recomputed") & table["strategy"].isin(["a", ""])]


def test_a_life_table_is_recomputed(tmp_path):
    """0.01 a year until 63, 0.05 until 67, then 0.2: the area under the survival from 60 to 70."""
    rows = with_survival(tmp_path, 'survival: "life_table(mort, age=age)"')
    assert set(rows["outcome"]) == {"pass"}
    area, left = 0.0, 1.0
    for rate, years in ((0.01, 3), (0.05, 4), (0.2, 3)):
        area, left = area + left * (1 - math.exp(-rate * years)) / rate, left * math.exp(-rate * years)
    (found,) = rows[rows["note"].str.startswith("life_years, base case")]["found"]
    assert found == pytest.approx(area, rel=1e-9)


@pytest.mark.parametrize(
    "fields, words",
    [
        ('survival: "weibull(shape=1.4, scale=20) in years", plus hazard: "exponential(rate=0.01) in years"', "added"),
        ('survival: "weibull(shape=1.4, scale=20) in years", at least hazard: "life_table(mort, age=age)"', "floor"),
        ('survival: "kaplan_meier(km, then=exponential(rate=0.2), after=5) in years"', "Kaplan-Meier"),
    ],
)
def test_a_survival_distribution_that_it_does_not_know_is_told(fields, words, tmp_path):
    rows = with_survival(tmp_path, fields)
    assert set(rows["outcome"]) == {"not applicable"} and words in " ".join(rows["note"])


@pytest.mark.parametrize(
    "limits, outcomes",
    [((0.03, 0.2), ["pass", "pass"]), ((0.12, 0.3), ["fail", "pass"]), ((0.099, 0.101), ["pass", "fail"])],
)
def test_limits_that_a_file_states(limits, outcomes, tmp_path):
    """They hold the base value of 0.1, and are neither much wider nor much narrower than 95 % of draws."""
    path = tmp_path / "model.yaml"
    text = MODEL.format(convention="integral", rate=0, discounted="continuous", note="")
    path.write_text(text.replace('note: ""', f"range: {list(limits)}"), encoding="utf-8")
    rows = model.verify(path, draws=0).tables["verification"].query("check == 'stated limits'")
    base, width = (rows[rows["note"].str.contains(word)].iloc[0] for word in ("base value", "width"))
    assert [base["outcome"], width["outcome"]] == outcomes
    low, high = gamma.ppf([0.025, 0.975], 4, scale=0.025)
    assert base["found"] == pytest.approx(0.1)
    assert width["found"] == pytest.approx((high - low) / (limits[1] - limits[0]), rel=1e-6)
