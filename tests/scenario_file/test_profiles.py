"""Attributes of patients (`patients:`) and subgroups, against sums over profiles written out in the test."""

import itertools

import numpy as np
import pytest
from scipy import integrate, stats

import model
from model import draws
from model.analysis.evaluate import evaluate
from model.analysis.method import Method
from model.decision import groups
from model.scenario_file import ScenarioError, read

MODEL = """\
title: Patients
currency: {code: USD}
time: {unit: year, horizon: 10 years, cycle: 1 year}
discount: {cost: 3 %, effect: 3 %}
wtp: {thresholds: [1000], curve: {to: 10000}}
parameters:
  r: {value: 0.02, distribution: "gamma(mean=0.02, cv=0.2)", unit: per year}
  hr: {value: 0.7}
  p_w: {value: 0.4, distribution: "beta(40, 60)", unit: probability}
patients:
  age: {shares: {55 years: 0.2, 65 years: 0.5, 75 years: 0.3}}
  tumour: {shares: {breast: 0.25, renal: 0.75}}
subgroups:
  young: age < 60 years
  renal: {label: Renal cancer, who: tumour is renal}
  old or breast: age > 70 years or tumour is not renal
groups:
  walking: {weight: p_w, hr_g: 1}
  not walking: {weight: 1 - p_w, hr_g: 2}
strategies: {a: {h: 1, c: 0 USD per year}, b: {h: hr, c: 10 USD per year}}
states:
  well: {start: 1, utility: "1 - 0.1 * (age / 62 years)", cost: {drug: c}}
  dead: {alive: false}
transitions:
  - {from: well, to: dead, rate: "r * h * hr_g * (age / 62 years) ** 3 * if(tumour is renal, 2, 1)"}
"""
DECAY = np.log(1.03)
PROFILES = [
    (wa * wu * wg, age, tumour, hr)
    for (age, wa), (tumour, wu), (hr, wg) in itertools.product(
        [(55, 0.2), (65, 0.5), (75, 0.3)], [(1, 0.25), (2, 0.75)], [(1, 0.4), (2, 0.6)]
    )
]
SUBGROUPS = {
    "all": lambda age, tumour: True,
    "young": lambda age, tumour: age < 60,
    "renal": lambda age, tumour: tumour == 2,
    "old or breast": lambda age, tumour: age > 70 or tumour != 2,
}


def written(tmp_path, text=MODEL):
    path = tmp_path / "patients.yaml"
    path.write_text(text)
    return path


def expected(who, h=1.0, r=0.02):
    """Mean discounted life-years of those whom a condition takes in."""
    total = weights = 0.0
    for weight, age, tumour, hr in PROFILES:
        if who(age, tumour):
            hazard = r * h * hr * (age / 62) ** 3 * tumour + DECAY
            total, weights = total + weight * (1 - np.exp(-hazard * 10)) / hazard, weights + weight
    return total / weights


@pytest.mark.parametrize("name", list(SUBGROUPS))
def test_each_profile_counts_with_its_exact_share(tmp_path, name):
    scenario = read(written(tmp_path))
    found = evaluate(scenario, draws.base(scenario)).outcomes[name].get("life_years")[:, 0]
    assert found == pytest.approx([expected(SUBGROUPS[name]), expected(SUBGROUPS[name], 0.7)], rel=1e-10)


def test_patients_one_by_one_are_in_the_same_subgroups(tmp_path):
    scenario = read(written(tmp_path))
    found = evaluate(scenario, draws.base(scenario), Method("individual", patients=20_000)).errors
    for name, who in SUBGROUPS.items():
        place = found[name].mean.names.index("life_years"), 1, 0, 0
        assert found[name].mean.values[place] == pytest.approx(expected(who), abs=4 * found[name].se[place])


def test_shares_of_groups_may_be_drawn_and_those_of_attributes_are_not(tmp_path):
    """A total is the sum over groups of weight(draw) times the mean over profiles."""
    result = model.run(written(tmp_path), draws=50)
    psa = result.run.probabilistic
    parts = [psa.evaluation.weights[key] for key in result.run.scenario.groups]
    assert len(parts) == 12 and np.allclose(sum(parts), 1)
    walking = sum(w for key, w in psa.evaluation.weights.items() if key.startswith("walking"))
    assert np.allclose(walking, psa.draws.values["p_w"])
    ages = [psa.evaluation.weights[f"walking, age {age} years, renal"] / walking for age in (55, 65, 75)]
    assert np.allclose(np.array(ages).T, 0.75 * np.array([0.2, 0.5, 0.3]))


def test_every_table_by_group_and_every_question_has_the_subgroups(tmp_path):
    path = written(tmp_path)
    run = model.run(path, draws=50)
    for name in ("outcomes", "incremental", "net_benefit"):
        assert {*SUBGROUPS} <= set(run.tables[name]["group"])
    tornado = model.tornado(path, group="renal", wtp=1000)
    assert "renal" in map(str, tornado.manifest.values())
    sweep = model.sweep(path, {"hr": [0.5, 0.7]}, draws=0).tables["sweep"]
    at = sweep.query("group == 'young' and strategy == 'b' and hr == 0.7")
    assert {*SUBGROUPS} <= set(sweep["group"]) and len(at) == 1
    other = tmp_path / "other.yaml"
    other.write_text(MODEL.replace("hr: {value: 0.7}", "hr: {value: 0.5}"))
    shares = next(t for t in model.diff(path, other, draws=0).tables.values() if "group" in t)
    assert {*SUBGROUPS} <= set(shares["group"]) == set(groups(read(path)))


def test_profiles_of_a_file(tmp_path):
    (tmp_path / "cohort.csv").write_text("age,tumour,weight\n55,breast,2\n65,renal,1\n55,breast,1\n65,renal,1\n")
    start, end = MODEL.index("patients:"), MODEL.index("subgroups:")
    text = MODEL[:start] + "patients: {file: cohort.csv, unit: {age: year}}\n" + MODEL[end:]
    scenario = read(written(tmp_path, text))
    assert [g.weight.text for g in scenario.groups.values() if g.key.startswith("walking")] == [
        "(p_w) * 0.6",
        "(p_w) * 0.4",
    ]
    assert scenario.subgroups["young"].members == ("walking, age 55 year, breast", "not walking, age 55 year, breast")
    assert str(tmp_path / "cohort.csv") in scenario.text and scenario.files  # the copy finds it, and knows what it was


FAULTS = [
    ("{55 years: 0.2, 65 years: 0.5, 75 years: 0.3}", "{55 years: 0.2, 65 years: 0.5}", "add up to 1, found 0.7"),
    ("{55 years: 0.2, 65 years: 0.5,", "{young: 0.2, 65 years: 0.5,", "all numbers .* or all words"),
    ("if(tumour is renal", "if(tumour is renl", "unknown value of 'tumour' 'renl'. Did you mean 'renal'?"),
    ("young: age < 60 years", "young: ages < 60 years", "unknown attribute of patients 'ages'. Did you mean 'age'?"),
    ("young: age < 60 years", "young: age < 60", "mixes"),
    ("young: age < 60 years", "young: hr_g < 2 * hr", "unknown attribute of patients 'hr'"),
    ("young: age < 60 years", "young: age < 10 years", "nobody meets 'age < 10 years'"),
    ("young: age < 60 years", "young: age + 60 years", "must be a condition"),
    ("young: age < 60 years", "all: age < 60 years", "'all' is the name of a group"),
    ("  hr: {value: 0.7}", "  hr: {value: 0.7}\n  age: {value: 60, unit: year}", "'age' stands in 'parameters' too"),
    ("weight: p_w, hr_g: 1", "weight: p_w, hr_g: 1, age: 70 years", "so groups.walking cannot bind it"),
    ("a: {h: 1,", "a: {h: 1, age: 50 years,", "so strategies.a cannot bind it"),
    ("  age: {shares", "  rate-1: {shares", "'rate-1' cannot be a name in formulas"),
]


def test_a_fault_of_patients_is_told_alone(tmp_path):
    """Formulas that read what is missing then are not called wrong."""
    with pytest.raises(ScenarioError) as told:
        read(written(tmp_path, MODEL.replace("55 years: 0.2, ", "")))
    assert len(told.value.problems if hasattr(told.value, "problems") else str(told.value).splitlines()) == 1


PUBLISHED = """
published:
  alive: {measure: occupancy, states: [well], at: 5 years, strategy: a, group: young, value: 0.8, n: 100}
  years: {measure: total, outcome: life_years, strategy: a, group: renal, value: 6, standard error: 0.3}
"""


@pytest.mark.parametrize("engine", ["cohort", "individual"])
def test_published_results_may_be_of_subgroups(tmp_path, engine):
    path = written(tmp_path, MODEL + PUBLISHED)
    tables = model.run(path, draws=0, engine=engine, patients=4000).tables
    found = tables["published"].set_index("group")["model"] if "published" in tables else None
    alive = sum(
        weight * np.exp(-0.02 * hr * (age / 62) ** 3 * tumour * 5) for weight, age, tumour, hr in PROFILES if age < 60
    ) / sum(weight for weight, age, _, _ in PROFILES if age < 60)
    near = 1e-9 if engine == "cohort" else 0.03
    assert found["young"] == pytest.approx(alive, abs=near)
    assert found["renal"] == pytest.approx(expected(SUBGROUPS["renal"]), abs=10 * near)
    if engine == "individual":
        assert {*SUBGROUPS} <= set(tables["first_order"]["group"])


@pytest.mark.parametrize(("before", "after", "words"), FAULTS, ids=[words for _, _, words in FAULTS])
def test_faults_are_told(tmp_path, before, after, words):
    assert before in MODEL
    with pytest.raises(ScenarioError, match=words):
        read(written(tmp_path, MODEL.replace(before, after)))


def test_too_many_profiles_are_refused(tmp_path):
    many = ", ".join(f"{age} years: 0.01" for age in range(100))
    with pytest.raises(ScenarioError, match="200 profiles of patients in 2 groups are more than 200"):
        read(written(tmp_path, MODEL.replace("55 years: 0.2, 65 years: 0.5, 75 years: 0.3", many)))


def test_an_attribute_that_nobody_uses_is_told(tmp_path):
    text = MODEL.replace("patients:\n", "patients:\n  sex: {shares: {male: 0.5, female: 0.5}}\n")
    assert any(
        "no formula and no subgroup uses the attribute 'sex'" in w for w in read(written(tmp_path, text)).warnings
    )
    assert not read(written(tmp_path)).warnings


@pytest.mark.parametrize("unit", ["month", "day"])
def test_a_condition_of_years_is_that_whatever_the_models_unit(tmp_path, unit):
    scenario = read(written(tmp_path, MODEL.replace("time: {unit: year", f"time: {{unit: {unit}")))
    assert scenario.subgroups["young"].members == (
        "walking, age 55 years, breast",
        "walking, age 55 years, renal",
        "not walking, age 55 years, breast",
        "not walking, age 55 years, renal",
    )


CONTINUOUS = MODEL.replace(
    "{shares: {55 years: 0.2, 65 years: 0.5, 75 years: 0.3}}",
    "{distribution: 'normal(mean=63, sd=10)', at least: 40, at most: 95, unit: year, strata: STRATA}",
)
AGES = stats.truncnorm(-2.3, 3.2, loc=63, scale=10)


def exact(low, high, tumours=((1, 0.25), (2, 0.75))):
    """Mean discounted life-years of those between two ages, by quadrature."""

    def lived(age):
        return sum(
            wu
            * wg
            * (1 - np.exp(-(0.02 * hr * (age / 62) ** 3 * tumour + DECAY) * 10))
            / (0.02 * hr * (age / 62) ** 3 * tumour + DECAY)
            for tumour, wu in tumours
            for hr, wg in ((1, 0.4), (2, 0.6))
        )

    total = integrate.quad(lambda age: AGES.pdf(age) * lived(age), low, high, epsabs=1e-12)[0]
    return total / (AGES.cdf(high) - AGES.cdf(low))


def of_strata(tmp_path, strata, group):
    scenario = read(written(tmp_path, CONTINUOUS.replace("STRATA", str(strata))))
    return scenario, evaluate(scenario, draws.base(scenario)).outcomes[group].get("life_years")[0, 0]


def test_a_continuous_attribute_is_taken_by_strata_with_their_means(tmp_path):
    scenario, _ = of_strata(tmp_path, 5, "all")
    ages = {g.bindings["age"].text for g in scenario.groups.values()}
    values = sorted(float(text.split()[0]) for text in ages)
    edges = np.sort(np.append(AGES.ppf([0.2, 0.4, 0.6, 0.8]), [60, 70]))  # the conditions of subgroups cut them
    means = [AGES.expect(lb=a, ub=b, conditional=True) for a, b in zip([40, *edges], [*edges, 95])]
    assert values == pytest.approx(means, rel=1e-8)
    weights = evaluate(scenario, draws.base(scenario)).weights
    young = sum(float(weights[key][0]) for key in scenario.subgroups["young"].members)
    assert young == pytest.approx(AGES.cdf(60), rel=1e-9)


@pytest.mark.parametrize(("group", "ages"), [("all", (40, 95)), ("young", (40, 60))])
def test_the_error_of_strata_falls_with_their_number(tmp_path, group, ages):
    errors = [abs(of_strata(tmp_path, n, group)[1] / exact(*ages) - 1) for n in (4, 8, 16)]
    assert errors[0] < 2e-3 and errors[0] > 2 * errors[1] > 4 * errors[2]


def test_patients_have_the_same_strata(tmp_path):
    scenario, cohort = of_strata(tmp_path, 8, "young")
    found = evaluate(scenario, draws.base(scenario), Method("individual", patients=20_000)).errors["young"]
    place = found.mean.names.index("life_years"), 1, 0, 0
    assert found.mean.values[place] == pytest.approx(cohort, abs=4 * found.se[place])


def test_units_of_continuous_attributes_are_read_or_refused(tmp_path):
    weighed = MODEL.replace(
        "subgroups:",
        "  kg: {distribution: 'normal(mean=75, sd=9)', unit: number, strata: 2}\nsubgroups:\n  heavy: kg > 80",
    )
    assert read(written(tmp_path, weighed)).subgroups["heavy"].members
    with pytest.raises(ScenarioError, match="patients.kg.unit: .*'yaer'"):
        read(written(tmp_path, weighed.replace("unit: number", "unit: yaer")))


def test_the_figure_of_a_subgroup_says_of_whom_it_is(tmp_path):
    result = model.tornado(written(tmp_path), group="renal", wtp=1000)
    assert result.figures["tornado_inb"].axes[0].get_xlabel().replace("\n", " ").endswith("b versus a, Renal cancer")
    assert "b versus a, Renal cancer" in result.summary
