"""QALY shortfalls are those of closed forms, of quadrature and of arithmetic by hand; weights change at the limits themselves."""

from math import exp, log, log1p

import numpy as np
import pytest
from runs import write_scenario
from scipy.integrate import quad

import model
from model.analysis.severity import weights
from model.norms import Norms
from model.profiles import NICE
from model.scenario_file import read

R = log(1.035)
TEXT = """
profile: nice
currency: {{code: GBP, year: 2024}}
discount: {{cost: 3.5 %, effect: 3.5 %}}
wtp: {{thresholds: [20000, 30000]}}
time: {{unit: {unit}, horizon: {horizon}, cycle: 1 {unit}}}
severity: {severity}
parameters:
  hazard: {hazard}
  age: {{value: 62 years}}
strategies:
  care: {{hr: 1, price: 0 GBP}}
  drug: {{hr: 0.5, price: 30000 GBP}}
states:
  ill: {{start: 1, utility: 0.5, entry cost: price}}
  dead: {{}}
transitions:
  - {{from: ill, to: dead, rate: hazard * hr}}
"""
HAZARD = "{value: 0.2, unit: per year}"
SEVERITY = "{norms: norms.csv, female: 1}"


def norms_file(folder, sexes, first=0, last=110):
    """sexes: (yearly probability of death, utility), the same at each age."""
    rows = [f"{age},{sex},{p!r},{u!r}" for sex, (p, u) in sexes.items() for age in range(first, last + 1)]
    (folder / "norms.csv").write_text("\n".join(["age,sex,death,utility", *rows]))


def written(folder, severity=SEVERITY, hazard=HAZARD, horizon="80 years", unit="year", more=""):
    text = TEXT.format(severity=severity, hazard=hazard, horizon=horizon, unit=unit) + more
    return write_scenario(folder, text)


def rows(result, name="severity", **where):
    table = result.tables[name]
    for column, value in where.items():
        table = table[table[column] == value]
    return table.to_dict("records")


@pytest.mark.parametrize("age", [30.0, 62.0, 62.4, 110.9])
def test_constant_mortality_is_an_exponential_lifetime(age):
    norms = Norms(30, np.full(81, 0.05), np.full(81, 0.8))
    assert norms.remaining(np.array([age]), R) == pytest.approx([0.8 / (0.05 + R)], rel=1e-13)


def test_without_deaths_and_discounting_a_year_is_a_year():
    norms = Norms(60, np.array([0.0, 0.0, 0.5]), np.array([1.0, 0.5, 0.25]))
    assert norms.remaining(np.array([60.0, 60.75]), 0.0) == pytest.approx([1 + 0.5 + 0.5, 0.25 + 0.5 + 0.5])


def test_two_rows_by_hand_and_by_quadrature():
    """60: death 0.1, utility 0.9; 61 and over: death 0.5, utility 0.6; from 60.25 on."""
    norms = Norms(60, -np.log1p(-np.array([0.1, 0.5])), np.array([0.9, 0.6]))
    h, late = -log(0.9), log(2)
    first = 0.9 * (1 - exp(-(h + R) * 0.75)) / (h + R)
    second = exp(-(h + R) * 0.75) * 0.6 / (late + R)
    assert norms.remaining(np.array([60.25]), R) == pytest.approx([first + second], rel=1e-13)

    def lived(t):
        alive = exp(-h * min(t, 0.75) - late * max(t - 0.75, 0))
        return (0.9 if t < 0.75 else 0.6) * alive * 1.035**-t

    assert quad(lived, 0, 80, points=[0.75, 5, 20], epsabs=1e-12)[0] == pytest.approx(first + second, rel=1e-9)
    assert norms.of_the_last(np.array([60.25]), R) == pytest.approx([second / (first + second)])


@pytest.mark.parametrize(
    ("absolute", "proportional", "weight"),
    [
        (11.999, 0.8499, 1.0),
        (12.0, 0.1, 1.2),
        (17.999, 0.1, 1.2),
        (18.0, 0.1, 1.7),
        (1.0, 0.85, 1.2),
        (1.0, 0.9499, 1.2),
        (1.0, 0.95, 1.7),
        (12.5, 0.96, 1.7),
        (18.5, 0.86, 1.7),
        (-1.0, -0.1, 1.0),
    ],
)
def test_the_greater_weight_counts_from_the_limit_on(absolute, proportional, weight):
    assert weights(NICE.severity, np.array(absolute), np.array(proportional)) == weight


@pytest.mark.parametrize("unit", ["year", "month"])
def test_a_run_is_the_closed_form(tmp_path, unit):
    norms_file(tmp_path, {"female": (0.02, 0.8), "male": (0.04, 0.7)})
    path = written(tmp_path, "{norms: norms.csv, female: 0.25}", unit=unit, horizon="100 years")
    result = model.run(path, draws=0)
    (row,) = rows(result)
    general = 0.25 * 0.8 / (-log1p(-0.02) + R) + 0.75 * 0.7 / (-log1p(-0.04) + R)
    care, drug = 0.5 / (0.2 + R), 0.5 / (0.1 + R)
    assert row["general_population_qaly"] == pytest.approx(general, rel=1e-12)
    assert row["comparator_qaly"] == pytest.approx(care, rel=1e-6)  # the last 1e-7 is beyond the horizon
    assert row["absolute_shortfall"] == pytest.approx(general - care, rel=1e-6)
    assert row["proportional_shortfall"] == pytest.approx(1 - care / general, rel=1e-6)
    assert (row["age"], row["female"], row["comparator"], row["weight"]) == (62, 0.25, "care", 1)
    assert not result.warnings
    for one, wtp in zip(rows(result, "severity_weighted"), (20000, 30000), strict=True):
        assert one["incremental_nmb"] == pytest.approx(wtp * (drug - care) - 30000, rel=1e-4)
        assert one["weighted_incremental_nmb"] == one["incremental_nmb"] and one["icer"] == one["weighted_icer"]


@pytest.mark.parametrize(("hazard", "weight"), [(0.4, 1.2), (1.5, 1.7), (0.2, 1.0)])
def test_weighted_results_stand_beside_the_others(tmp_path, hazard, weight):
    norms_file(tmp_path, {"female": (0.06, 0.8)})  # 8.3 QALYs
    path = written(tmp_path, hazard=f"{{value: {hazard}, unit: per year}}")
    result = model.run(path, draws=0)
    plain = result.tables["incremental"].query("effect == 'qaly' and strategy == 'drug'").iloc[0]
    for one in rows(result, "severity_weighted"):
        assert one["weight"] == weight and one["icer"] == pytest.approx(plain["icer"])
        assert one["weighted_icer"] == pytest.approx(one["icer"] / weight, rel=1e-12)
        gained = one["incremental_qaly"]
        assert gained == pytest.approx(0.5 / (hazard / 2 + R) - 0.5 / (hazard + R), rel=1e-3)
        assert one["weighted_incremental_nmb"] == pytest.approx(one["wtp"] * weight * gained - one["incremental_cost"])
    assert f"so a QALY weighs {weight:g}" in result.summary and "per weighted QALY" in result.summary
    assert str(tmp_path / "norms.csv") in read(path).files  # its digest goes into the manifest


def test_the_comparator_is_the_one_that_is_stated(tmp_path):
    norms_file(tmp_path, {"female": (0.06, 0.8)})
    result = model.run(written(tmp_path, "{norms: norms.csv, female: 1, comparator: drug}"), draws=0)
    (row,) = rows(result)
    assert row["comparator"] == "drug" and row["comparator_qaly"] == pytest.approx(0.5 / (0.1 + R), rel=1e-3)
    care = rows(result, "severity_weighted")[0]
    assert (care["strategy"], care["comparator"], care["status"]) == ("care", "drug", "costs less, less effective")
    assert care["icer"] > 0


def test_draws_are_counted_by_class_and_their_mean_has_the_weight(tmp_path):
    norms_file(tmp_path, {"female": (0.06, 0.8)})
    hazard = '{distribution: "gamma(mean=0.5, cv=0.5)", unit: per year}'
    result = model.run(written(tmp_path, hazard=hazard), draws=400, seed=3)
    (row,) = rows(result, analysis="probabilistic")
    general = 0.8 / (-log1p(-0.06) + R)
    psa = result.tables["psa"]
    own = psa.loc[psa["strategy"] == "care", "qaly"].to_numpy()
    fall = 1 - own / general  # absolute ones are below 12
    assert row["draws_of_weight_1"] == (fall < 0.85).mean()
    assert row["draws_of_weight_1.2"] == ((fall >= 0.85) & (fall < 0.95)).mean()
    assert row["draws_of_weight_1.7"] == (fall >= 0.95).mean() > 0
    assert row["proportional_shortfall"] == pytest.approx(1 - own.mean() / general)
    assert "Weight by draws: 1 in " in result.summary


def test_ages_and_sexes_of_groups(tmp_path):
    (tmp_path / "norms.csv").write_text(
        "age,sex,death,utility\n"
        + "\n".join(f"{a},{s},{p},{u}" for s, p, u in (("female", 0.1, 0.9), ("male", 0.2, 0.7)) for a in (60, 61, 62))
    )
    more = "patients: {sex: {shares: {female: 0.4, male: 0.6}}}\nsubgroups: {women: sex is female}\n"
    result = model.run(written(tmp_path, "{norms: norms.csv, female: sex is female}", more=more), draws=0)
    found = {row["group"]: row for row in rows(result)}
    women, men = 0.9 / (-log1p(-0.1) + R), 0.7 / (-log1p(-0.2) + R)
    assert found["all"]["female"] == pytest.approx(0.4)
    assert found["all"]["general_population_qaly"] == pytest.approx(0.4 * women + 0.6 * men, rel=1e-12)
    assert found["women"]["general_population_qaly"] == pytest.approx(women, rel=1e-12)
    assert len(found) == 4  # all, two sexes, the subgroup
    assert not any("nothing uses" in words or "no formula" in words for words in result.warnings)


def test_engines_that_follow_patients_have_the_same_general_population(tmp_path):
    norms_file(tmp_path, {"female": (0.06, 0.8)})
    result = model.run(written(tmp_path), draws=0, engine="individual", patients=500, seed=1)
    (row,) = rows(result)
    assert row["general_population_qaly"] == pytest.approx(0.8 / (-log1p(-0.06) + R), rel=1e-12)
    assert row["comparator_qaly"] == pytest.approx(0.5 / (0.2 + R), rel=0.03)


def test_warned_of_what_cuts_or_spoils_a_shortfall(tmp_path):
    norms_file(tmp_path, {"female": (0.06, 0.8)}, 60, 70)
    (horizon, late) = model.run(written(tmp_path, horizon="5 years"), draws=0).warnings
    assert f"{exp(-1):.1%} of the patients under care are alive at the horizon" in horizon
    share = exp(-8 * (-log1p(-0.06) + R))  # who reach 70 years of those who are 62, discounted
    assert f"{share:.1%} of the QALYs of the general population come from the last row of norms.csv" in late
    norms_file(tmp_path, {"female": (0.5, 0.8)})  # 1.1 QALYs, fewer than those of the patients
    (well,) = model.run(written(tmp_path), draws=0).warnings
    assert "the patients under care have more QALYs (2.133) than the general population (1.1" in well
    norms_file(tmp_path, {"female": (0.06, 0.8)})
    rate = written(tmp_path).read_text().replace("effect: 3.5 %", "effect: 1.5 %")
    path = write_scenario(tmp_path, rate, "other.yaml")
    assert any(
        "discounted at 3.5 %, and effects are discounted at 1.5 % here" in w for w in model.run(path, draws=0).warnings
    )


def test_another_effect_than_qalys_has_no_severity(tmp_path):
    norms_file(tmp_path, {"female": (0.06, 0.8)})
    result = model.run(written(tmp_path), draws=0, effect="life_years", wtp=20000)
    assert "severity" not in result.tables and "Severity" not in result.summary


def test_an_age_beyond_the_norms_in_a_draw_is_an_error(tmp_path):
    norms_file(tmp_path, {"female": (0.06, 0.8)}, 60, 64)
    path = (
        written(tmp_path)
        .read_text()
        .replace("{value: 62 years}", '{value: 62, distribution: "normal(mean=62, sd=3)", unit: year}')
    )
    with pytest.raises(model.DomainError, match=r"norms.csv has no age of .* years \(female: 60 to 64\)"):
        model.run(write_scenario(tmp_path, path, "wide.yaml"), draws=50)


def test_the_report_has_a_section(tmp_path):
    norms_file(tmp_path, {"female": (0.06, 0.8)})
    model.run(written(tmp_path, hazard="{value: 0.4, unit: per year}"), draws=0).save(tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert 'id="severity"' in page and "so a QALY weighs 1.2" in page and "Weighted ICER" in page


def test_an_age_that_severity_alone_reads_is_no_fault_of_the_model(tmp_path):
    norms_file(tmp_path, {"female": (0.06, 0.8)})
    text = written(tmp_path).read_text().replace("{value: 62 years}", '{distribution: "uniform(60, 64)", unit: year}')
    table = model.verify(write_scenario(tmp_path, text, "sampled.yaml"), draws=200).tables["verification"]
    (row,) = table[table["check"] == "parameters used"].to_dict("records")
    assert row["outcome"] == "not applicable" and "only the severity of the condition depends on it" in row["note"]
