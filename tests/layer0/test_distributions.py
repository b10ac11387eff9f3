"""Distributions of parameters against scipy.stats, published conversions, and their own definitions."""

import numpy as np
import pytest
from scipy import stats

from model import distributions
from model.distributions import DistributionError, copula, make

KS_LEVEL = 0.001  # some twenty Kolmogorov-Smirnov tests with fixed seeds: false alarms in 2% of such suites
U = np.array([1e-10, 0.001, 0.025, 0.2, 0.5, 0.8, 0.975, 0.999, 1 - 1e-10])

NATURAL = [
    ("beta", (42, 8), {}, stats.beta(42, 8)),
    ("beta", (0.3, 0.2), {}, stats.beta(0.3, 0.2)),
    ("beta", (), dict(events=30, n=100), stats.beta(30, 70)),
    ("gamma", (4, 0.5), {}, stats.gamma(4, scale=2)),
    ("gamma", (), dict(shape=0.2, scale=100), stats.gamma(0.2, scale=100)),
    ("lognormal", (0.5, 0.4), {}, stats.lognorm(0.4, scale=np.exp(0.5))),
    ("lognormal", (), dict(median=2, sdlog=0.4), stats.lognorm(0.4, scale=2)),
    ("normal", (3, 2), {}, stats.norm(3, 2)),
    ("uniform", (2, 5), {}, stats.uniform(2, 3)),
    ("triangular", (1, 2, 5), {}, stats.triang(0.25, 1, 4)),
    ("triangular", (1, 1, 5), {}, stats.triang(0, 1, 4)),
    ("triangular", (1, 5, 5), {}, stats.triang(1, 1, 4)),
    ("weibull", (0.8, 3), {}, stats.weibull_min(0.8, scale=3)),
    ("weibull", (2.5, 3), {}, stats.weibull_min(2.5, scale=3)),
]


@pytest.mark.parametrize("name, positional, named, peer", NATURAL)
def test_quantiles_moments_and_interval_agree_with_scipy(name, positional, named, peer):
    made = make(name, positional, named)
    assert made.quantile(U) == pytest.approx(peer.ppf(U), rel=1e-9)
    assert (made.mean, made.sd) == pytest.approx((peer.mean(), peer.std()), rel=1e-12)
    assert made.interval(0.9) == pytest.approx(peer.interval(0.9), rel=1e-12)


MOMENTS = [
    ("beta", 0.8, 0.05),
    ("beta", 0.02, 0.019),
    ("gamma", 1200, 300),
    ("lognormal", 1.4, 0.9),
    ("normal", -3, 2),
    ("weibull", 10, 3),
    ("weibull", 10, 30),
]


@pytest.mark.parametrize("name, mean, se", MOMENTS)
def test_mean_and_standard_error_come_back(name, mean, se):
    for named in (dict(mean=mean, se=se), dict(mean=mean, cv=se / abs(mean))):
        made = make(name, (), named)
        assert (made.mean, made.sd) == pytest.approx((mean, se), rel=1e-9)


INTERVALS = [
    ("beta", 0.7, 0.9),
    ("beta", 1e-4, 0.99),
    ("beta", 0.001, 0.002),
    ("beta", 0.98, 0.999),
    ("beta", 1e-6, 0.5),
    ("gamma", 10, 11),
    ("gamma", 0.001, 1100),
    ("lognormal", 0.5, 0.9),
    ("normal", -1, 3),
    ("weibull", 1, 3),
    ("weibull", 0.001, 40),
]


@pytest.mark.parametrize("name, lower, upper", INTERVALS)
def test_a_95_percent_interval_comes_back(name, lower, upper):
    assert make(name, (), dict(lower=lower, upper=upper)).interval(0.95) == pytest.approx((lower, upper), rel=1e-8)


def test_lognormal_mean_with_sdlog_keeps_the_mean():
    assert make("lognormal", (), dict(mean=2, sdlog=0.7)).mean == pytest.approx(2, rel=1e-14)


def test_hazard_ratio_as_published_has_its_median_and_the_standard_error_of_its_interval():
    # HR 0.70 (95% CI 0.55 to 0.89): SE of log HR = (ln 0.89 - ln 0.55) / 3.92 (Cochrane Handbook 6.3.2)
    made = make("lognormal", (), dict(median=0.70, lower=0.55, upper=0.89))
    assert made.quantile(np.array([0.5]))[0] == pytest.approx(0.70)
    assert made.natural["sdlog"] == pytest.approx((np.log(0.89) - np.log(0.55)) / 3.92, rel=1e-4)


def test_beta_from_mean_and_se_equals_the_method_of_moments_by_hand():
    # mean 0.6, se 0.1: a + b + 1 = 0.6 * 0.4 / 0.01 = 24
    assert make("beta", (), dict(mean=0.6, se=0.1)).natural == pytest.approx({"a": 13.8, "b": 9.2})


def _uniforms(rows, n=40_000, seed=7):
    return np.random.default_rng(seed).random((rows, n))


def test_dirichlet_draws_add_up_to_1_and_have_beta_margins():
    counts = np.array([6.0, 3.0, 0.5])
    made = make("dirichlet", (6, 3, 0.5))
    draws = made.quantile(_uniforms(made.uniforms))
    assert (made.size, draws.shape) == (3, (3, 40_000))
    assert draws.sum(0) == pytest.approx(np.ones(40_000), rel=1e-14)
    for i, count in enumerate(counts):
        peer = stats.beta(count, counts.sum() - count)
        assert stats.kstest(draws[i], peer.cdf).pvalue > KS_LEVEL
        assert (made.mean[i], made.sd[i]) == pytest.approx((peer.mean(), peer.std()))
        assert [limit[i] for limit in made.interval(0.95)] == pytest.approx(peer.interval(0.95))
    # negative correlation of the components: -a_i a_j / (n^2 (n + 1))
    assert np.cov(draws)[0, 1] == pytest.approx(-6 * 3 / (9.5**2 * 10.5), rel=0.05)


def test_dirichlet_with_tiny_counts_stays_finite():
    draws = make("dirichlet", (), dict(mean=[0.5, 0.3, 0.2], n=0.001)).quantile(_uniforms(3, 2000))
    assert np.isfinite(draws).all()
    assert draws.mean(1) == pytest.approx([0.5, 0.3, 0.2], abs=4 * 0.5 / np.sqrt(2000))


def test_dirichlet_forms_are_the_same_distribution():
    u = _uniforms(3, 10)
    expected = make("dirichlet", (5, 3, 2)).quantile(u)
    assert make("dirichlet", (), dict(counts=[5, 3, 2])).quantile(u) == pytest.approx(expected)
    assert make("dirichlet", (), dict(mean=[0.5, 0.3, 0.2], n=10)).quantile(u) == pytest.approx(expected)


def test_multinormal_has_the_stated_means_covariance_and_margins():
    covariance = np.array([[4.0, 1.2, 0.0], [1.2, 1.0, -0.3], [0.0, -0.3, 0.25]])
    mean = [1.0, -2.0, 5.0]
    made = make("multinormal", (), dict(mean=mean, covariance=covariance.tolist()))
    draws = made.quantile(_uniforms(3))
    assert made.mean == pytest.approx(mean)
    assert made.sd == pytest.approx([2, 1, 0.5])
    assert made.interval(0.95)[1] == pytest.approx(stats.norm(mean, [2, 1, 0.5]).ppf(0.975))
    assert np.cov(draws) == pytest.approx(covariance, abs=4 * 4 * np.sqrt(2 / 40_000))
    for row, m, s in zip(draws, mean, made.sd):
        assert stats.kstest(row, stats.norm(m, s).cdf).pvalue > KS_LEVEL
    se = np.sqrt(np.diag(covariance))
    same = make("multinormal", (), dict(mean=mean, se=se.tolist(), correlation=covariance / np.outer(se, se)))
    assert same.quantile(_uniforms(3, 5)) == pytest.approx(made.quantile(_uniforms(3, 5)))


def test_empirical_picks_each_row_whole_and_equally_often():
    rows = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 40.0]])
    made = make("empirical", (), {"rows": rows})
    draws = made.quantile(np.array([[0.01, 0.33, 0.34, 0.66, 0.67, 1 - 2.0**-53]]))
    assert draws.T.tolist() == rows[[0, 0, 1, 1, 2, 2]].tolist()
    assert (made.size, made.uniforms) == (2, 1)
    assert made.mean == pytest.approx([2, 70 / 3])
    assert made.sd == pytest.approx(rows.std(0))
    assert made.interval(0.5)[0] == pytest.approx(np.quantile(rows, 0.25, axis=0))


def test_copula_keeps_margins_uniform_and_gives_the_stated_correlation():
    matrix = np.array([[1.0, 0.6, -0.2], [0.6, 1.0, 0.1], [-0.2, 0.1, 1.0]])
    u = copula(_uniforms(3), matrix)
    for row in u:
        assert stats.kstest(row, "uniform").pvalue > KS_LEVEL
    scores = stats.norm.ppf(u)
    assert np.corrcoef(scores) == pytest.approx(matrix, abs=4 / np.sqrt(40_000))
    # Spearman's correlation of a Gaussian copula is 6 / pi arcsin(rho / 2)
    assert stats.spearmanr(u[0], u[1])[0] == pytest.approx(6 / np.pi * np.arcsin(0.3), abs=0.02)


def test_copula_without_correlation_changes_nothing_and_stays_inside_the_open_interval():
    u = np.array([[1e-12, 0.3, 1 - 2.0**-53], [0.9, 0.5, 1 - 2.0**-53]])
    assert copula(u, np.eye(2)) == pytest.approx(u, rel=1e-12)
    extreme = copula(u, np.array([[1.0, 0.9], [0.9, 1.0]]))
    assert ((extreme > 0) & (extreme < 1)).all()


def test_every_documented_form_is_accepted():
    values = dict(
        a=2,
        b=3,
        mean=0.4,
        se=0.1,
        cv=0.2,
        events=3,
        n=10,
        lower=0.3,
        upper=0.6,
        shape=2,
        rate=3,
        scale=4,
        meanlog=0,
        sdlog=0.3,
        median=0.4,
        sd=1,
        mode=0.5,
    )
    joint = dict(
        counts=[1, 2],
        mean=[0.4, 0.6],
        n=9,
        covariance=[[1, 0], [0, 1]],
        se=[1, 1],
        correlation=[[1, 0.5], [0.5, 1]],
        rows=[[1, 2], [3, 4]],
    )
    for name in distributions.NAMES:
        given = joint if name in ("dirichlet", "multinormal", "empirical") else values
        for form in distributions.FORMS[name]:
            made = make(name, (), {k: given[k] for k in form})
            assert np.all(np.isfinite(made.mean)) and np.all(np.asarray(made.sd) > 0)


@pytest.mark.parametrize(
    "name, positional, named, message",
    [
        ("bta", (1, 2), {}, "unknown distribution 'bta'; allowed: beta, gamma.*Did you mean 'beta'"),
        ("beta", (1, -2), {}, "beta: b must be above 0, found -2"),
        ("beta", (1, 2, 3), {}, r"beta takes \(a, b\), \(mean, se\).* found 3 values without a name"),
        ("beta", (), dict(mean=0.5, sse=0.1), "Unknown argument 'sse'. Did you mean 'se'"),
        ("beta", (1,), dict(a=2), "beta: a given twice"),
        ("beta", (), dict(mean=1.2, se=0.1), "beta: mean must be above 0 and below 1, found 1.2"),
        ("beta", (), dict(mean=0.5, se=0.6), r"must be below sqrt\(mean \(1 - mean\)\) = 0.5, found 0.6"),
        ("beta", (), dict(events=12, n=10), "beta: events must be above 0 and below 10, found 12"),
        ("beta", (), dict(lower=0.9, upper=0.7), "beta: lower must be below upper, found lower 0.9 and upper 0.7"),
        ("beta", ([1, 2], 3), {}, r"beta: a must be a number, found \[1, 2\]"),
        ("beta", ("x", 3), {}, "beta: a must be a number, found 'x'"),
        (
            "gamma",
            (),
            dict(mean=3),
            r"gamma takes \(shape, rate\), \(shape, scale\), \(mean, se\), \(mean, cv\) or "
            r"\(lower, upper\); found \(mean\)",
        ),
        ("gamma", (), dict(mean=3, se=0), "gamma: se must be above 0, found 0"),
        ("gamma", (float("nan"), 1), {}, "gamma: shape must be finite, found nan"),
        ("gamma", (), dict(lower=100, upper=100.001), r"no gamma distribution was found.*100 to 100.001; state"),
        (
            "lognormal",
            (),
            dict(median=2, lower=0.5, upper=0.9),
            "median must be below upper, found median 2 and upper 0.9",
        ),
        ("normal", (), dict(mean=0, cv=0.1), "normal: mean must not be 0"),
        ("triangular", (1, 7, 5), {}, "triangular: mode must be 1 to 5, found 7"),
        ("weibull", (), dict(mean=1, se=1e-6), "weibull: no shape between 0.05 and 10000"),
        ("dirichlet", (1, 0, 2), {}, "dirichlet: counts must be above 0, found 0"),
        ("dirichlet", (3,), {}, "dirichlet: counts needs at least 2 values, found 1"),
        ("dirichlet", (), dict(mean=[0.5, 0.6], n=10), "the means must add up to 1, found 1.1"),
        (
            "multinormal",
            (),
            dict(mean=[1, 2], covariance=[[4, 7], [7, 9]]),
            "covariance: row 1, column 2 is 7, but with the variances 4 and 9 it must be -6 to 6",
        ),
        (
            "multinormal",
            (),
            dict(mean=[1, 2], covariance=[[4, 7], [6, 9]]),
            "covariance is not symmetric: row 1, column 2 is 7, row 2, column 1 is 6",
        ),
        (
            "multinormal",
            (),
            dict(mean=[1, 2], covariance=[[4, -6], [-6, 9]]),
            r"the correlations that follow from covariance: numbers 1 and 2 always move together \(-1\)",
        ),
        (
            "multinormal",
            (),
            dict(mean=[0, 0], se=[1, 1], correlation=[[1, 1.5], [1.5, 1]]),
            r"multinormal: correlation: row 2, column 1 is 1.5 \(allowed: -1 to 1\)",
        ),
        (
            "multinormal",
            (),
            dict(mean=[1, 2], covariance=[[1]]),
            "covariance must have 2 rows and columns.*found 1 x 1",
        ),
        ("multinormal", (), dict(mean=[1, 2], covariance=[[1, 2], [3]]), "covariance must be a list of rows"),
        ("empirical", (), dict(rows=[]), "empirical: rows must be a list of rows of equal length"),
    ],
)
def test_a_wrong_distribution_is_refused_with_what_was_found_and_what_is_allowed(name, positional, named, message):
    with pytest.raises(DistributionError, match=message):
        make(name, positional, named)


@pytest.mark.parametrize(
    "matrix, message",
    [
        ([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]], "not positive definite: its smallest eigenvalue is -0.8"),
        ([[1, 1], [1, 1]], r"numbers 1 and 2 always move together \(1\), so they are one uncertain number"),
        ([[1, 0.2], [0.3, 1]], "not symmetric: row 1, column 2 is 0.2, row 2, column 1 is 0.3"),
        ([[2, 0.2], [0.2, 1]], "the diagonal must be 1, found 2, 1"),
        ([[1, 0, 0], [0, 1, 0]], "must have 2 rows and columns, found 2 x 3"),
    ],
)
def test_a_matrix_that_is_no_correlation_matrix_is_refused(matrix, message):
    with pytest.raises(DistributionError, match=message):
        copula(np.full((len(matrix), 4), 0.5), np.array(matrix, float))


@pytest.mark.parametrize(
    "name, named",
    [
        ("beta", dict(a=2, b=3)),
        ("gamma", dict(shape=2, rate=3)),
        ("lognormal", dict(median=2, sdlog=1)),
        ("normal", dict(mean=1, sd=2)),
        ("uniform", dict(lower=-1, upper=2)),
        ("triangular", dict(lower=-1, mode=0, upper=2)),
        ("weibull", dict(shape=2, scale=3)),
    ],
)
def test_bounds_are_where_the_extreme_quantiles_lead(name, named):
    made = make(name, (), named)
    (low, high), reached = made.bounds, made.quantile(np.array([1e-12, 1 - 1e-12]))
    assert low <= reached[0] and reached[1] <= high
    assert np.isinf(low) or reached[0] - low < 1e-2
    assert np.isinf(high) or high - reached[1] < 1e-2


def test_bounds_of_numbers_that_are_drawn_together():
    assert make("dirichlet", (1, 2), {}).bounds == (0, 1)
    assert make("multinormal", (), dict(mean=[0, 0], se=[1, 1], correlation=[[1, 0], [0, 1]])).bounds == (
        -np.inf,
        np.inf,
    )
    assert make("empirical", (), dict(rows=[[1, 5], [2, -3]])).bounds == (-3, 5)
