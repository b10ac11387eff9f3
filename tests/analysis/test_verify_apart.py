"""What the verifier reads for itself, against closed forms, SciPy and what the program reads of the same words."""

import numpy as np
import pytest

import model
from model import distributions
from model.analysis import verify_samples
from model.scenario import Parameter
from model.units import NUMBER

FORMS = [
    "beta(42, 8)",
    "beta(mean=0.6, se=0.1)",
    "beta(mean=0.6, cv=0.1)",
    "beta(events=26, n=35)",
    "beta(a=3, b=4)",
    "gamma(2, 0.5)",
    "gamma(shape=2, scale=3)",
    "gamma(shape=2, rate=3)",
    "gamma(mean=32300, cv=0.61)",
    "normal(3, 2)",
    "normal(mean=3, sd=2)",
    "normal(lower=1, upper=5)",
    "lognormal(-1, 0.3)",
    "lognormal(meanlog=-1, sdlog=0.3)",
    "lognormal(mean=2, sdlog=0.3)",
    "lognormal(mean=2, se=0.3)",
    "lognormal(median=1, sdlog=0.36)",
    "lognormal(lower=0.5, upper=2)",
    "uniform(1, 4)",
    "uniform(lower=1, upper=4)",
    "triangular(0, 1, 4)",
    "triangular(lower=0, mode=1, upper=4)",
]


def words(text):
    """(family, positional, named) of a form with plain numbers."""
    name, _, rest = text.removesuffix(")").partition("(")
    parts = [part.split("=") for part in rest.split(", ")]
    return name, tuple(float(p[0]) for p in parts if len(p) == 1), {p[0]: float(p[1]) for p in parts if len(p) == 2}


@pytest.mark.parametrize("text", FORMS)
def test_a_distribution_as_written_is_that_which_is_drawn(text):
    apart = verify_samples.stated(Parameter("p", NUMBER, text=text))
    ours = distributions.make(*words(text))
    u = np.linspace(0.01, 0.99, 25)
    np.testing.assert_allclose(apart.ppf(u), ours.quantile(u), rtol=2e-6)


@pytest.mark.parametrize("text", ["", "beta(", "empirical(draws.csv)", "x + 1", "gamma(mean=a, cv=2)", "beta(*p)"])
def test_what_it_does_not_read_it_leaves_out(text):
    assert verify_samples.stated(Parameter("p", NUMBER, text=text)) is None


def test_numbers_of_a_form_may_be_quotients_and_logarithms():
    apart = verify_samples.stated(Parameter("p", NUMBER, text="normal(log(2) * 3, -1 / -4)"))
    assert apart.mean() == pytest.approx(3 * np.log(2)) and apart.std() == pytest.approx(0.25)


HAZARDS = """\
title: Every survival distribution at once
currency: {code: USD}
time: {unit: year, horizon: 10 years, cycle: 1 month}
discount: {cost: 3 %, effect: 3 %}
wtp: {thresholds: [1000]}
strategies: {a: {h: 1}, b: {h: 0.7}}
states: {well: {start: 1, utility: 0.8, cost: 100 USD per year}, dead: {alive: false}}
transitions:
"""
SURVIVALS = [
    "exponential(rate=0.02) in years",
    "weibull(shape=1.4, scale=20) in years",
    "gompertz(shape=0.1, rate=0.01) in years",
    "lognormal(median=15, sdlog=1.1) in years",
    "lognormal(meanlog=3, sdlog=0.9) in years",
    "loglogistic(shape=1.5, scale=25) in years",
    "gamma(shape=2, rate=0.1) in years",
    "piecewise(rates=[0.01, 0.03], breaks=[4]) in years",
    "cure(0.3, weibull(shape=1.2, scale=8)) in years",
    "mixture(0.4, exponential(rate=0.05), exponential(rate=0.2)) in years",
]


def findings(tmp_path, text, **options):
    path = tmp_path / "model.yaml"
    path.write_text(text)
    table = model.verify(path, **options).tables["verification"]
    return {check: part for check, part in table.groupby("check")}


@pytest.mark.parametrize("survival", SURVIVALS)
def test_every_survival_distribution_is_recomputed(survival, tmp_path):
    line = f'  - {{from: well, to: dead, survival: "{survival}", clock: model, hazard ratio: h}}\n'
    found = findings(tmp_path, HAZARDS + line, draws=0)["recomputed"]
    assert set(found["outcome"]) == {"pass"} and (found["found"] > 0).any()


DRAWN = """\
title: Parameters drawn together
currency: {code: USD}
time: {unit: year, horizon: 5 years, cycle: 1 year}
discount: {cost: 3 %, effect: 3 %}
wtp: {thresholds: [1000]}
parameters:
  p_a, p_b, p_c: {distribution: "dirichlet(20, 30, 50)", unit: probability}
  m, n: {distribution: "multinormal(mean=[10, 20], covariance=[[1, 0.5], [0.5, 2]])", unit: USD}
  r: {distribution: "weibull(shape=8, scale=0.2)", unit: per year}
strategies: {a: {c: m}, b: {c: m + n}}
states:
  well: {start: 1, utility: 0.5 + 0.3 * p_a, cost: {each: 10 USD per year}}
  ill: {utility: 0.4 * p_b, cost: {each: 30 USD per year}}
  dead: {alive: false}
transitions:
  - {from: well, to: ill, rate: "r * (1 + p_c)", cost: {once: c}}
  - {from: ill, to: dead, rate: 2 * r}
  - {from: well, to: dead, rate: r / 2}
"""


def test_parameters_drawn_together_and_forms_that_it_does_not_know(tmp_path):
    found = findings(tmp_path, DRAWN, draws=400)
    assert set(found["joint samples"]["outcome"]) == {"pass", "not applicable"}
    assert set(found["samples"]["outcome"]) == {"not applicable"}  # a distribution of a parameter by Weibull
    assert set(found["recomputed"]["outcome"]) == {"pass"}
    assert not [check for check, part in found.items() if "fail" in set(part["outcome"])]


def test_the_report_and_the_diagram_write_out_every_survival_distribution(tmp_path):
    lines = "".join(
        f'  - {{from: well, to: dead, name: n{i}, survival: "{text}", clock: model, hazard ratio: h, acceleration factor: 1.1}}\n'
        for i, text in enumerate(SURVIVALS)
    )
    path = tmp_path / "model.yaml"
    path.write_text(HAZARDS + lines)
    model.run(path, draws=0, engine="individual", patients=60).save(tmp_path / "out")
    page, drawn = (tmp_path / "out" / "report.html").read_text(), model.diagram(path)
    for family in (
        "exponential",
        "weibull",
        "gompertz",
        "lognormal",
        "loglogistic",
        "gamma",
        "piecewise",
        "cure",
        "mixture",
    ):
        assert f"{family}(" in page and f"{family}(" in drawn
    assert "6,000 patients a strategy" in page.replace("\N{NO-BREAK SPACE}", " ") and "time ratio" in drawn


FORMULAS = """\
title: Every kind of formula
currency: {code: USD}
time: {unit: year, horizon: 8 years, cycle: 1 year}
discount: {cost: 3 %, effect: 3 %}
wtp: {thresholds: [1000]}
parameters:
  base: {value: 0.02, unit: per year}
  doubled: {value: base * 2, unit: per year}
  share: {value: 0.2}
  norm: {table: norm.csv, by: year, by unit: year, column: rate, unit: per year}
definitions:
  late: time > 5 years
strategies: {a: {h: 1, t: norm}, b: {h: 0.7, t: norm}}
states:
  well: {start: 1, utility: "if(not late and time >= 1 year, 0.8, +0.7)", cost: "100 USD per year * floor(1.5) * (1 + share)"}
  dead: {alive: false}
transitions:
  - {from: well, to: dead, rate: "h * (doubled + if(time < 2 years or late, 0.01 per year, 0.03 per year) + lookup(t, time)) * min(1, max(0.2, abs(-0.5)))"}
"""


def test_every_kind_of_formula_is_recomputed(tmp_path):
    (tmp_path / "norm.csv").write_text("year,rate\n0,0.02\n3,0.04\n6,0.09\n")
    found = findings(tmp_path, FORMULAS, draws=0)["recomputed"]
    assert set(found["outcome"]) == {"pass"} and (found["found"] > 0).any()
