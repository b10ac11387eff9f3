"""PSA samples: each parameter has a stream of its own, exact margins, the stated correlation."""

import numpy as np
import pytest
from scipy import stats

from model import chances, draws
from model.draws import DomainError
from model.sample import Sample
from model.scenario_file import read

HEAD = """\
title: Test
currency: {code: USD}
time: {unit: year, horizon: 1 year, cycle: 1 year}
discount: {cost: 0, effect: 0}
wtp: {thresholds: [1]}
strategies: {care: {}}
states: {well: {start: 1}}
transitions: []
parameters:
"""
PARAMETERS = {
    "p": "{distribution: 'beta(20, 80)', unit: probability}",
    "hr": "{distribution: 'lognormal(median=0.8, sdlog=0.2)', unit: hazard ratio}",
    "c": "{distribution: 'gamma(mean=1000, cv=0.3)', unit: USD}",
    "n": "{distribution: 'normal(3, 2)'}",
    "t": "{distribution: 'triangular(0, 1, 5)'}",
    "w": "{distribution: 'weibull(1.5, 2)'}",
    "fixed": "{value: 4}",
    "double": "{value: 2 * hr}",
    "x, y, z": "{distribution: 'dirichlet(5, 3, 2)', unit: probability}",
    "m, k": "{distribution: 'multinormal(mean=[1, 2], covariance=[[4, 1.5], [1.5, 9]])'}",
}
MARGINS = {
    "p": stats.beta(20, 80),
    "hr": stats.lognorm(0.2, scale=0.8),
    "c": stats.gamma(1 / 0.09, scale=90),
    "n": stats.norm(3, 2),
    "t": stats.triang(0.2, 0, 5),
    "w": stats.weibull_min(1.5, scale=2),
    "x": stats.beta(5, 5),
    "y": stats.beta(3, 7),
    "z": stats.beta(2, 8),
    "m": stats.norm(1, 2),
    "k": stats.norm(2, 3),
}
N = 10_000


@pytest.fixture
def scenario(tmp_path):
    def made(names=PARAMETERS, more=""):
        path = tmp_path / "s.yaml"
        path.write_text(HEAD + "".join(f"  {name}: {PARAMETERS.get(name, name)}\n" for name in names) + more)
        return read(path)

    return made


@pytest.mark.parametrize("sampling", ["random", "latin hypercube"])
def test_adding_or_reordering_parameters_leaves_the_samples_of_the_others_alone(scenario, sampling):
    some = draws.probabilistic(scenario(["hr", "p", "x, y, z"]), Sample(50, 7, sampling)).values
    more = draws.probabilistic(scenario(list(PARAMETERS)[::-1]), Sample(50, 7, sampling)).values
    for name in ("hr", "p", "x", "y", "z"):
        assert (some[name] == more[name]).all(), name


def test_under_sobol_a_parameter_added_at_the_end_leaves_the_others_alone(scenario):
    some = draws.probabilistic(scenario(["hr", "p"]), Sample(50, 7, "sobol")).values
    more = draws.probabilistic(scenario(["hr", "p", "c"]), Sample(50, 7, "sobol")).values
    assert (some["hr"] == more["hr"]).all() and (some["p"] == more["p"]).all()


@pytest.mark.parametrize("sampling", ["random", "sobol"])
def test_the_first_draws_of_many_are_those_of_a_few(scenario, sampling):
    few, many = (draws.probabilistic(scenario(), Sample(n, 3, sampling)).values for n in (37, 200))
    for name in few:
        assert (few[name] == many[name][: len(few[name])]).all(), name


def test_another_seed_or_name_gives_other_samples(scenario):
    a, b = (draws.probabilistic(scenario(), Sample(50, seed)).values for seed in (1, 2))
    assert not np.isclose(a["p"], b["p"]).any()
    other = draws.probabilistic(scenario(["hr"], f"  hr2: {PARAMETERS['hr']}\n"), Sample(50, 1)).values
    assert not np.isclose(other["hr"], other["hr2"]).any()


@pytest.mark.parametrize("sampling", draws.SAMPLING)
@pytest.mark.parametrize("name", MARGINS)
def test_samples_have_the_stated_margin(scenario, name, sampling):
    """Kolmogorov-Smirnov against SciPy's distribution, fixed seed."""
    values = draws.probabilistic(scenario(), Sample(N, 11, sampling)).values[name]
    assert stats.kstest(values, MARGINS[name].cdf).pvalue > 0.001


def test_base_values_and_formulas_are_not_sampled(scenario):
    found = draws.probabilistic(scenario(), Sample(10, 1))
    assert found.values["fixed"].tolist() == [4] and "double" not in found.values
    assert (found.n, found.column("fixed").tolist()) == (10, [4] * 10)


def test_dirichlet_shares_add_up_to_one_and_multinormal_has_its_covariance(scenario):
    values = draws.probabilistic(scenario(), Sample(N, 5)).values
    assert values["x"] + values["y"] + values["z"] == pytest.approx(np.ones(N), abs=1e-12)
    assert np.cov(values["m"], values["k"])[0, 1] == pytest.approx(1.5, abs=0.2)
    # Dirichlet: cov(x, y) = -a b / (n^2 (n + 1)) = -15 / 1100
    assert np.cov(values["x"], values["y"])[0, 1] == pytest.approx(-15 / 1100, rel=0.05)


CORRELATED = "correlations:\n  - {between: [p, hr, c], matrix: [[1, 0.8, -0.3], [0.8, 1, 0], [-0.3, 0, 1]]}\n"


@pytest.mark.parametrize("sampling", draws.SAMPLING)
def test_a_copula_keeps_exact_margins_and_gives_the_correlation_of_normal_scores(scenario, sampling):
    values = draws.probabilistic(scenario(["p", "hr", "c", "n"], CORRELATED), Sample(N, 2, sampling)).values
    scores = {name: stats.norm.ppf(MARGINS[name].cdf(values[name])) for name in ("p", "hr", "c", "n")}
    for name in scores:
        assert stats.kstest(values[name], MARGINS[name].cdf).pvalue > 0.001
    found = np.corrcoef([scores[name] for name in ("p", "hr", "c", "n")])
    expected = np.array([[1, 0.8, -0.3, 0], [0.8, 1, 0, 0], [-0.3, 0, 1, 0], [0, 0, 0, 1]])
    assert found == pytest.approx(expected, abs=4 / np.sqrt(N))  # four standard errors


def test_correlating_two_parameters_leaves_the_rest_alone(scenario):
    alone = draws.probabilistic(scenario(["p", "hr", "c", "n"]), Sample(50, 2)).values
    together = draws.probabilistic(scenario(["p", "hr", "c", "n"], CORRELATED), Sample(50, 2)).values
    assert (alone["n"] == together["n"]).all() and alone["p"] == pytest.approx(together["p"])
    assert not np.isclose(alone["hr"], together["hr"]).any()


def test_latin_hypercube_has_one_draw_in_each_stratum(scenario):
    values = draws.probabilistic(scenario(), Sample(500, 4, "latin hypercube")).values
    for name in ("p", "hr", "n"):
        assert sorted(np.floor(MARGINS[name].cdf(values[name]) * 500 + 1e-7)) == list(range(500)), name


def test_sobol_means_are_nearer_than_random_ones(scenario):
    error = {
        s: np.mean(
            [
                abs(draws.probabilistic(scenario(["n", "p", "c"]), Sample(1024, seed, s)).values["n"].mean() - 3)
                for seed in range(5)
            ]
        )
        for s in ("random", "sobol")
    }
    assert error["sobol"] < error["random"] / 10


def test_sobol_of_any_number_of_draws_comes_without_a_warning(recwarn):
    assert chances.sobol(1, 1000, [("a",), ("b",), ("c",)]).shape == (3, 1000)
    assert chances.sobol(1, 1, [("a",)]).shape == (1, 1) and chances.sobol(1, 10, []).shape == (0, 10)
    assert not recwarn


@pytest.mark.parametrize(
    ("stated", "limits"),
    [
        ("{distribution: 'normal(0.9, 0.2)', unit: probability}", "'probability' must be 0 to 1"),
        ("{distribution: 'normal(0.9, 0.2)', unit: utility}", "'utility' must be at most 1"),
        ("{distribution: 'normal(0.1, 0.2)', unit: per year}", "'per year' must be 0 or more"),
        (
            "{distribution: 'normal(0.9, 0.2)', unit: probability over 30 days}",
            "'probability over 30 days' must be 0 to below 1",
        ),
    ],
)
def test_a_draw_outside_the_domain_names_parameter_draw_and_value(scenario, stated, limits):
    found = scenario([], f"  odd: {stated}\n")
    values = found.parameters["odd"].distribution.quantile(chances.uniforms(1, 1000, "parameter", "odd"))
    low, high = found.parameters["odd"].unit.limits
    first = int(np.argmax((values < low) | (values > high)))
    with pytest.raises(DomainError) as caught:
        draws.probabilistic(found, Sample(1000, 1))
    message = str(caught.value)
    assert f"s.yaml:10: parameters.odd: draw {first + 1} is {values[first]:.6g}, but {limits}" in message
    assert "Its distribution is normal(0.9, 0.2)" in message or "normal(0.1, 0.2)" in message


def test_an_unknown_way_of_sampling_is_refused(scenario):
    with pytest.raises(DomainError, match="unknown sampling 'halton'; allowed: random, latin hypercube, sobol"):
        draws.probabilistic(scenario(), Sample(10, 1, "halton"))


def test_base_repeat_replace_and_part(scenario):
    found = scenario(["p", "fixed"])
    table = draws.repeat(found, 4).replace(fixed=np.arange(4.0))
    assert draws.base(found).values["p"].tolist() == pytest.approx([0.2])
    part = table.part(1, 3)
    assert part.n == 2 and part.values["fixed"].tolist() == [1, 2]
    assert table.index.tolist() == [0, 0, 0, 0]  # the same simulated patients in every row
    assert part.column("p").tolist() == pytest.approx([0.2, 0.2])
