"""Time to event against scipy.stats, closed forms, the US life table, and the definitions of PH and AFT."""

from math import exp, lgamma, log

import numpy as np
import pytest
from reference import reference_file
from scipy import integrate, special, stats

from model import hazards
from model.hazards import Hazard, HazardError, life_table, make

KS_LEVEL = 0.001  # some twenty Kolmogorov-Smirnov tests with fixed seeds: false alarms in 2% of such suites
T = np.array([0.01, 0.1, 0.5, 1.0, 2.0, 4.0, 9.0, 20.0])


def _prentice(mu, sigma, Q):
    """flexsurv's gengamma as scipy's: T = exp(mu) (Q^2 G)^(sigma/Q), G ~ Gamma(Q^-2)."""
    return stats.gengamma(Q**-2, Q / sigma, scale=np.exp(mu) * Q ** (2 * sigma / Q))


def _negative_prentice(mu, sigma, Q):
    """With Q below 0, 1/T is a generalised gamma with Q above 0."""
    a, q = Q**-2, -Q
    return stats.gengamma(a, -q / sigma, scale=np.exp(mu) * q ** (-2 * sigma / q))


SCIPY = [
    (dict(name="exponential", rate=0.3), stats.expon(scale=1 / 0.3)),
    (dict(name="weibull", shape=0.7, scale=3), stats.weibull_min(0.7, scale=3)),
    (dict(name="weibull", shape=2.3, scale=3), stats.weibull_min(2.3, scale=3)),
    (dict(name="gompertz", shape=0.1, rate=0.02), stats.gompertz(0.02 / 0.1, scale=1 / 0.1)),
    (dict(name="lognormal", meanlog=0.8, sdlog=0.6), stats.lognorm(0.6, scale=np.exp(0.8))),
    (dict(name="lognormal", median=2.5, sdlog=1.4), stats.lognorm(1.4, scale=2.5)),
    (dict(name="loglogistic", shape=1.8, scale=2), stats.fisk(1.8, scale=2)),
    (dict(name="loglogistic", shape=0.6, scale=2), stats.fisk(0.6, scale=2)),
    (dict(name="gamma", shape=0.4, rate=0.5), stats.gamma(0.4, scale=2)),
    (dict(name="gamma", shape=3.7, rate=1.5), stats.gamma(3.7, scale=1 / 1.5)),
    (dict(name="gengamma", mu=0.5, sigma=0.7, Q=0.9), _prentice(0.5, 0.7, 0.9)),
    (dict(name="gengamma", mu=0.5, sigma=0.7, Q=2.0), _prentice(0.5, 0.7, 2.0)),
    (dict(name="gengamma", mu=0.5, sigma=0.7, Q=-0.8), _negative_prentice(0.5, 0.7, -0.8)),
    (dict(name="gengamma", mu=0.5, sigma=0.7, Q=0.0), stats.lognorm(0.7, scale=np.exp(0.5))),
]
LABELS = [" ".join(map(str, kw.values())) for kw, _ in SCIPY]
ROUND_TRIP = [kw for kw, _ in SCIPY] + [
    dict(name="gompertz", shape=0.0, rate=0.02),
    dict(name="gamma", shape=900.0, rate=2.0),
    dict(name="gengamma", mu=0.5, sigma=0.3, Q=-3.0),
    dict(name="gengamma", mu=0.5, sigma=0.3, Q=3.0),
    dict(name="gengamma", mu=0.5, sigma=0.3, Q=1e-3),
    dict(name="gengamma", mu=0.5, sigma=0.3, Q=-0.01),
    dict(name="piecewise", rates=[0.1, 0.4, 0.02], breaks=[1.0, 3.0]),
]
ROUND_TRIP_LABELS = [" ".join(map(str, kw.values())) for kw in ROUND_TRIP]


@pytest.mark.parametrize("arguments, peer", SCIPY, ids=LABELS)
def test_survival_hazard_and_quantile_agree_with_scipy(arguments, peer):
    made = make(**arguments)
    t = T[peer.sf(T) > 1e-12]
    assert made.survival(t) == pytest.approx(peer.sf(t), rel=1e-10)
    assert made.hazard(t) == pytest.approx(peer.pdf(t) / peer.sf(t), rel=1e-9, abs=1e-15)
    p = np.array([0.001, 0.1, 0.5, 0.9, 0.999])
    assert made.quantile(p) == pytest.approx(peer.ppf(p), rel=1e-10)


@pytest.mark.parametrize("arguments", ROUND_TRIP, ids=ROUND_TRIP_LABELS)
def test_inverse_undoes_cumulative_from_the_first_instant_to_far_in_the_tail(arguments):
    made = make(**arguments)
    h = np.concatenate([[1e-9, 1e-6, 1e-3], np.linspace(0.1, 50, 60)])
    t = made.inverse(h)
    assert made.cumulative(t) == pytest.approx(h, rel=1e-10)
    assert made.inverse(made.cumulative(t)) == pytest.approx(t, rel=1e-10)
    assert made.inverse(0.0) == 0
    assert made.cumulative(0.0) == 0


@pytest.mark.parametrize("arguments", ROUND_TRIP, ids=ROUND_TRIP_LABELS)
def test_mean_cumulative_is_the_integral_of_the_cumulative_hazard(arguments):
    made = Hazard(make(**arguments).family, make(**arguments).parameters, ratio=1.7, acceleration=0.6)
    for t in (0.3, 2.0, 7.0):
        # cubed abscissa: the integrand of a hazard that starts at infinity is smooth in it
        exact = integrate.quad(
            lambda y, t=t: made.cumulative(t * y**3) * 3 * y**2,
            0,
            1,
            epsabs=0,
            epsrel=1e-11,
            limit=400,
            points=[(b * 0.6 / t) ** (1 / 3) for b in (1.0, 3.0) if b * 0.6 < t],
        )[0]
        assert made.mean_cumulative(t) == pytest.approx(exact, rel=1e-6, abs=1e-12)
    assert made.mean_cumulative(0.0) == 0


@pytest.mark.parametrize("arguments, peer", SCIPY, ids=LABELS)
def test_hazard_ratio_multiplies_hazard_and_acceleration_stretches_time(arguments, peer):
    base = make(**arguments)
    changed = Hazard(base.family, base.parameters, ratio=0.6, acceleration=1.5)
    t = T[peer.sf(T / 1.5) > 1e-12]
    assert changed.survival(t) == pytest.approx(peer.sf(t / 1.5) ** 0.6, rel=1e-10)
    assert changed.hazard(t) == pytest.approx(0.6 / 1.5 * base.hazard(t / 1.5), rel=1e-12)
    t = t[base.cumulative(t / 1.5) > 1e-200]  # before that, the hazard of the inverse gamma is rounded to 0
    assert changed.inverse(changed.cumulative(t)) == pytest.approx(t, rel=1e-10)
    accelerated = Hazard(base.family, base.parameters, acceleration=1.5)
    assert accelerated.quantile(0.5) == pytest.approx(1.5 * peer.median(), rel=1e-10)


def _log_poisson_tail(a: int, x: float) -> float:
    """log Q(a, x) for an integer a: log of the probability of fewer than a Poisson events (DLMF 8.4.10)."""
    terms = np.array([k * log(x) - x - lgamma(k + 1) for k in range(a)])
    return terms.max() + log(np.exp(terms - terms.max()).sum())


@pytest.mark.parametrize("shape", [1, 2, 30, 400])
@pytest.mark.parametrize("h", [20.0, 300.0, 690.0, 760.0, 3000.0])
def test_gamma_tail_equals_the_poisson_sum_beyond_the_smallest_double(shape, h):
    made = make("gamma", shape=float(shape), rate=2.0)
    t = float(made.inverse(h))
    assert -_log_poisson_tail(shape, 2.0 * t) == pytest.approx(h, rel=1e-10)
    assert made.cumulative(t) == pytest.approx(h, rel=1e-10)


@pytest.mark.parametrize("h", [20.0, 300.0, 690.0, 760.0, 3000.0])
def test_gengamma_with_negative_Q_has_the_tail_of_an_inverse_gamma(h):
    # Q = -1, sigma = 1: 1 / T is exponential with rate exp(mu), so S(t) = 1 - exp(-exp(mu) / t)
    made = make("gengamma", mu=0.5, sigma=1.0, Q=-1.0)
    t = exp(0.5) / -np.log1p(-np.exp(-h)) if h < 700 else exp(0.5 + h) if h < 709 else None
    if t is not None:
        assert made.cumulative(t) == pytest.approx(h, rel=1e-12)
        assert made.inverse(h) == pytest.approx(t, rel=1e-10)
    narrow = make("gengamma", mu=0.5, sigma=0.1, Q=-1.0)  # T^10: the same tail, at times a double can hold
    assert np.log(narrow.inverse(h)) == pytest.approx(0.5 + h / 10, rel=1e-8)
    assert narrow.cumulative(narrow.inverse(h)) == pytest.approx(h, rel=1e-10)


@pytest.mark.parametrize("Q", [1.9e-3, -1.9e-3])
def test_gengamma_near_the_lognormal_differs_from_the_incomplete_gamma_function_by_order_Q_cubed(Q):
    made, w = make("gengamma", mu=0.0, sigma=1.0, Q=Q), np.linspace(-4, 4, 17)
    x = np.exp(Q * w) / Q**2
    tail = special.gammaincc(Q**-2, x) if Q > 0 else special.gammainc(Q**-2, x)
    assert (np.abs(made.survival(np.exp(w)) / tail - 1) < abs(Q) ** 3 * (1 + w**4)).all()


def test_gengamma_is_weibull_at_Q_1_and_gamma_at_Q_equal_to_sigma():
    t = T[:-1]
    weibull = make("weibull", shape=1 / 0.7, scale=np.exp(0.4))
    assert make("gengamma", mu=0.4, sigma=0.7, Q=1.0).cumulative(t) == pytest.approx(weibull.cumulative(t), rel=1e-11)
    gamma = make("gamma", shape=0.7**-2, rate=0.7**-2 / np.exp(0.4))
    assert make("gengamma", mu=0.4, sigma=0.7, Q=0.7).cumulative(t) == pytest.approx(gamma.cumulative(t), rel=1e-11)


def test_rows_with_different_signs_of_Q_are_each_evaluated_by_their_own_formula():
    Q = np.array([0.9, -0.8, 0.0])
    made = make("gengamma", mu=0.5, sigma=0.7, Q=Q)
    one_by_one = [make("gengamma", mu=0.5, sigma=0.7, Q=q).cumulative(2.0) for q in Q]
    assert made.cumulative(2.0) == pytest.approx(np.array(one_by_one), rel=1e-14)
    assert made.inverse(np.ones((4, 1))).shape == (4, 3)


def test_gompertz_with_negative_shape_leaves_some_without_the_event():
    made = make("gompertz", shape=-0.1, rate=0.02)
    assert made.inverse(0.2 - 1e-12) > 200
    assert made.inverse(np.array([0.2 + 1e-12, 1.0, np.inf])) == pytest.approx(np.inf)
    assert made.quantile(0.1) == pytest.approx(np.log1p(-0.1 / 0.02 * -np.log(0.9)) / -0.1, rel=1e-12)


def test_zero_rates_and_zero_ratios_never_bring_the_event():
    for made in (
        make("exponential", rate=0.0),
        make("gompertz", shape=0.1, rate=0.0),
        make("gompertz", shape=-0.1, rate=0.0),
        make("piecewise", rates=[0.0, 0.0], breaks=[1.0]),
        Hazard("weibull", {"shape": 2.0, "scale": 3.0}, ratio=0.0),
    ):
        assert made.cumulative(5.0) == 0
        assert list(made.inverse(np.array([0.0, 1e-9, 3.0]))) == [0, np.inf, np.inf]


def test_hazard_at_time_zero_is_its_limit():
    assert make("weibull", shape=0.7, scale=3.0).hazard(0.0) == np.inf
    assert make("gamma", shape=1.0, rate=0.4).hazard(0.0) == pytest.approx(0.4)
    assert make("gengamma", mu=0.5, sigma=1.0, Q=1.0).hazard(0.0) == pytest.approx(np.exp(-0.5))
    assert make("lognormal", meanlog=1.0, sdlog=0.5).hazard(0.0) == 0


def test_piecewise_equals_the_hand_calculation():
    made = make("piecewise", rates=[0.1, 0.0, 0.3], breaks=[1.0, 4.0])
    assert made.cumulative(np.array([0.5, 1, 3, 4, 6])) == pytest.approx([0.05, 0.1, 0.1, 0.1, 0.7])
    # H stays at 0.1 from 1 to 4: the earliest time counts
    assert made.inverse(np.array([0.05, 0.1, 0.4])) == pytest.approx([0.5, 1.0, 5.0])
    assert made.hazard(np.array([0, 1, 3.9, 4, 9])) == pytest.approx([0.1, 0, 0, 0.3, 0.3])
    # integral of H over 0..6: 0.05 + 3 * 0.1 + (2 * 0.1 + 0.3 * 2)
    assert made.mean_cumulative(6.0) == pytest.approx(1.15 / 6)


def test_piecewise_rates_may_differ_by_strategy_and_draw():
    rates = np.array([[[0.1, 0.2], [0.3, 0.4]], [[0.5, 0.6], [0.7, 0.0]]])
    made = make("piecewise", rates=rates, breaks=[2.0])
    assert made.cumulative(3.0) == pytest.approx(2 * rates[..., 0] + rates[..., 1])
    assert made.inverse(1.5)[1, 1] == np.inf
    assert made.cumulative(made.inverse(0.9)) == pytest.approx(np.full((2, 2), 0.9))
    rows = made.flat((2, 2)).take(np.array([3, 0, 0]))
    assert rows.cumulative(np.array([3.0, 1.0, 3.0])) == pytest.approx([1.4, 0.1, 0.4])


def test_fixed_time_is_reached_at_exactly_that_time():
    made = make("fixed", time=np.array([3.0, 7.0]))
    assert list(made.inverse(0.2)) == [3, 7]
    assert list(made.survival(np.nextafter(3.0, 0))) == [1, 1]
    assert list(made.survival(3.0)) == [0, 1]


def _us_life_table():
    table = np.loadtxt(reference_file("us_life_table_2015", "mortality.csv"), delimiter=",", skiprows=1)
    return table[:, 0], table[:, 1]


def test_life_table_survival_is_the_product_of_yearly_survival_in_the_us_life_table():
    ages, rates = _us_life_table()
    made = life_table(ages, rates, 50.0)
    from_50 = rates[ages >= 50]
    assert made.survival(np.arange(51.0)) == pytest.approx(np.concatenate([[1], np.cumprod(np.exp(-from_50))]))
    # after the last age the last rate holds
    assert made.cumulative(60.0) == pytest.approx(from_50.sum() + 10 * rates[-1])


def test_life_table_with_an_age_per_row_equals_one_table_for_each_age():
    ages, rates = _us_life_table()
    start = np.array([[25.0, 61.3], [99.0, 120.0]])
    made, t = life_table(ages, rates, start), 12.7
    alone = np.array([[life_table(ages, rates, a).cumulative(t) for a in row] for row in start])
    assert made.cumulative(t) == pytest.approx(alone, rel=1e-12)
    assert made.inverse(alone) == pytest.approx(np.full((2, 2), t), rel=1e-10)
    assert made.hazard(t)[0] == pytest.approx([rates[ages == 37][0], rates[ages == 74][0]])
    mean = np.array([[life_table(ages, rates, a).mean_cumulative(t) for a in row] for row in start])
    assert made.mean_cumulative(t) == pytest.approx(mean, rel=1e-12)
    assert made.flat((2, 2)).take(np.array([1, 1])).cumulative(t) == pytest.approx(alone[0, [1, 1]], rel=1e-12)


@pytest.mark.parametrize("arguments, peer", SCIPY, ids=LABELS)
def test_times_made_from_standard_exponentials_follow_the_distribution(arguments, peer):
    e = np.random.default_rng(20240).exponential(size=20_000)
    assert stats.kstest(make(**arguments).inverse(e), peer.cdf).pvalue > KS_LEVEL


def test_taking_rows_of_flattened_strategies_and_draws_equals_indexing_the_whole():
    rng = np.random.default_rng(1)
    shape, ratio = rng.uniform(0.5, 2, (2, 3)), rng.uniform(0.5, 2, (2, 1))
    made = Hazard("weibull", {"shape": shape, "scale": np.full((2, 3), 4.0)}, ratio=ratio)
    rows = np.array([5, 0, 3, 3])
    assert made.flat((2, 3)).take(rows).cumulative(2.0) == pytest.approx(made.cumulative(2.0).ravel()[rows], rel=1e-15)
    assert made.flat((2, 3)).parameters["scale"].shape == ()


@pytest.mark.parametrize("arguments", ROUND_TRIP, ids=ROUND_TRIP_LABELS)
def test_arguments_are_left_as_they_were(arguments):
    base = make(**arguments)
    kept, t = {k: v.copy() for k, v in base.parameters.items()}, T.copy()
    made = Hazard(base.family, base.parameters, ratio=np.full(8, 2.0), acceleration=np.full(8, 0.5))
    for function in (made.cumulative, made.inverse, made.hazard, made.mean_cumulative, made.survival):
        function(t)
    assert (t == T).all()
    assert all((made.parameters[k] == v).all() for k, v in kept.items())
    assert (made.ratio == 2).all() and (made.acceleration == 0.5).all()


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: make("weibul", shape=1, scale=2), "unknown distribution 'weibul'.*Did you mean 'weibull'"),
        (lambda: make("weibull", shape=1, rate=2), r"weibull takes \(shape, scale\); found \(shape, rate\)"),
        (lambda: make("lognormal", mean=1, sdlog=2), r"lognormal takes \(meanlog, sdlog\) or \(median, sdlog\)"),
        (lambda: make("lognormal", median=-1, sdlog=2), "lognormal: median must be above 0, found -1"),
        (
            lambda: make("weibull", shape=np.array([[1.0, 2.0], [3.0, -1.0]]), scale=2),
            "weibull: shape must be above 0, found -1$",
        ),
        (lambda: make("exponential", rate=np.nan), "exponential: rate must be 0 or more, found nan"),
        (lambda: make("piecewise", rates=[0.1, 0.2], breaks=[1, 2]), "2 rates and 2 breaks"),
        (lambda: make("piecewise", rates=[0.1, 0.2, 0.3], breaks=[2, 1]), "breaks must rise, found 2, 1"),
        (lambda: make("piecewise", rates=np.ones((2, 2)), breaks=np.array([[1.0], [2.0]])), "same in every strategy"),
        (lambda: make("fixed", time=-1), "fixed: time must be 0 or more, found -1"),
        (lambda: life_table([25, 26], [0.1, 0.1], 20), "start_age must be 25 or more"),
        (lambda: life_table([25, 26], [0.1]), "2 ages and 1 rates"),
        (lambda: life_table([25, 26], [0.1, -0.2], 30), "rates must be 0 or more, found -0.2"),
        (
            lambda: hazards.check(Hazard("weibull", {"shape": 1.0, "scale": 1.0}, ratio=-2.0)),
            "hazard ratio must be 0 or more, found -2",
        ),
        (
            lambda: hazards.check(Hazard("weibull", {"shape": 1.0, "scale": 1.0}, acceleration=0.0)),
            "acceleration factor must be above 0, found 0",
        ),
    ],
)
def test_a_wrong_hazard_is_refused_with_what_was_found_and_what_is_allowed(call, message):
    with pytest.raises(HazardError, match=message):
        call()
