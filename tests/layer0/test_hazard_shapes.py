"""Cured patients, mixtures, hazards that add up, the larger of two: against the formulas of survival, and quadrature."""

import numpy as np
import pytest
from scipy import integrate, stats

from model.hazards import ALL, Hazard, HazardError, life_table, make
from model.larger_hazard import larger

T = np.array([1e-4, 0.02, 0.5, 1.0, 2.0, 4.0, 9.0, 20.0])
WEIBULL, NORMAL = make("weibull", shape=1.2, scale=14), make("lognormal", meanlog=0.5, sdlog=1.1)
S_WEIBULL, S_NORMAL = stats.weibull_min(1.2, scale=14).sf, stats.lognorm(1.1, scale=np.exp(0.5)).sf
TABLE = life_table([60, 61, 65, 80], [0.01, 0.02, 0.04, 0.3], 60.5)
COMPOUND = {
    "cure": (make("cure", fraction=0.3, distribution=NORMAL), lambda t: 0.3 + 0.7 * S_NORMAL(t)),
    "cure of none": (make("cure", fraction=0.0, distribution=WEIBULL), S_WEIBULL),
    "mixture": (make("mixture", weight=0.4, a=WEIBULL, b=NORMAL), lambda t: 0.4 * S_WEIBULL(t) + 0.6 * S_NORMAL(t)),
    "mixture of one": (make("mixture", weight=1, a=WEIBULL, b=NORMAL), S_WEIBULL),
    "mixture with the cured": (
        make("mixture", weight=0.4, a=make("cure", fraction=0.5, distribution=NORMAL), b=WEIBULL),
        lambda t: 0.4 * (0.5 + 0.5 * S_NORMAL(t)) + 0.6 * S_WEIBULL(t),
    ),
    "ratio inside": (
        make("cure", fraction=0.3, distribution=make("hazard_ratio", ratio=0.5, distribution=WEIBULL)),
        lambda t: 0.3 + 0.7 * S_WEIBULL(t) ** 0.5,
    ),
    "plus": (Hazard("plus", {"first": WEIBULL, "second": NORMAL}), lambda t: S_WEIBULL(t) * S_NORMAL(t)),
    "plus a table": (
        Hazard("plus", {"first": make("weibull", shape=0.6, scale=9), "second": TABLE}),
        lambda t: np.exp(-((t / 9) ** 0.6)) * TABLE.survival(t),
    ),
    "joined": (
        make("joined", first=NORMAL, then=WEIBULL, after=3.0),
        lambda t: np.where(t < 3, S_NORMAL(t), S_NORMAL(3) * S_WEIBULL(t) / S_WEIBULL(3)),
    ),
    "stepped": (
        Hazard("stepped", {"distribution": WEIBULL, "starts": np.array([0.0, 3]), "ratios": np.array([0.5, 2])}),
        lambda t: np.where(t < 3, S_WEIBULL(t) ** 0.5, S_WEIBULL(3) ** 0.5 * (S_WEIBULL(t) / S_WEIBULL(3)) ** 2),
    ),
}


@pytest.mark.parametrize("name", COMPOUND)
def test_survival_is_that_of_the_formula(name):
    made, survival = COMPOUND[name]
    np.testing.assert_allclose(made.survival(T), survival(T), rtol=1e-12)


@pytest.mark.parametrize("name", COMPOUND)
def test_the_inverse_returns_the_time(name):
    made, t = COMPOUND[name][0], np.geomspace(1e-3, 60, 301)
    np.testing.assert_allclose(made.inverse(made.cumulative(t)), t, rtol=1e-9)
    assert made.inverse(0.0) == 0


@pytest.mark.parametrize("name", COMPOUND)
def test_the_hazard_is_the_slope_and_the_mean_is_the_mean(name):
    made = COMPOUND[name][0]
    for low, high in ((0.5, 2.9), (3.0, 9.0), (9.0, 30.0)):
        rise = integrate.quad(made.hazard, low, high, epsrel=1e-11)[0]
        assert made.cumulative(high) - made.cumulative(low) == pytest.approx(rise, rel=1e-9)
    for t in (0.3, 2.0, 8.0):
        area = integrate.quad(made.cumulative, 0, t, points=[min(3, t / 2)], epsrel=1e-12, limit=300)[0]
        assert made.mean_cumulative(t) == pytest.approx(area / t, rel=2e-5)


def test_a_ratio_outside_raises_the_cured_to_its_power():
    made = make("cure", fraction=0.3, distribution=NORMAL)
    outside = Hazard("cure", made.parameters, ratio=0.5)
    assert outside.survival(1e9) == pytest.approx(0.3**0.5, rel=1e-12)
    assert COMPOUND["ratio inside"][0].survival(1e9) == pytest.approx(0.3, rel=1e-12)
    assert np.isinf(outside.inverse(0.61)) and np.isfinite(outside.inverse(0.6))


def test_the_cured_never_have_the_event():
    assert np.isinf(COMPOUND["cure"][0].quantile(0.71)) and COMPOUND["cure"][0].quantile(0.69) > 0


@pytest.mark.parametrize(
    "name, arguments, message",
    [
        ("cure", {"fraction": 1.0, "distribution": WEIBULL}, "fraction must be 0 or more and below 1, found 1"),
        ("mixture", {"weight": 1.2, "a": WEIBULL, "b": NORMAL}, "weight must be 0 to 1, found 1.2"),
    ],
)
def test_shares_are_shares(name, arguments, message):
    with pytest.raises(HazardError, match=message):
        make(name, **arguments)


# --- the larger of two ------------------------------------------------------------------------------------------

FALLING = make("weibull", shape=0.6, scale=9)
PAIRS = {
    "cross once": (NORMAL, make("exponential", rate=0.2)),
    "never": (make("exponential", rate=0.1), make("exponential", rate=0.2)),
    "the same": (make("exponential", rate=0.2), make("exponential", rate=0.2)),
    "a hump above a floor": (make("loglogistic", shape=3, scale=4), make("exponential", rate=0.15)),
    "a life table as floor": (FALLING, TABLE),
    "sawtooth": (make("gompertz", shape=0.1, rate=0.01), life_table(range(60, 90), np.exp(np.arange(30) / 9) / 90, 60)),
    "stretched": (Hazard("lognormal", NORMAL.parameters, 0.7, 2.0), TABLE),
}


def _area(first, second, end):
    """Integral of the larger hazard, cut at every step of the tables and on a fine grid."""
    cuts = np.unique(
        np.concatenate(
            [
                np.linspace(0, end, 401),
                np.geomspace(1e-9, end, 60),
                *([k] for h in (first, second) for k in h.kinks() if 0 < k < end),
            ]
        )
    )
    rule, weights = np.polynomial.legendre.leggauss(40)
    total = 0.0
    for low, high in zip(cuts, cuts[1:]):
        t = (low + high) / 2 + rule * (high - low) / 2
        total += np.sum(weights * np.maximum(first.hazard(t), second.hazard(t))) * (high - low) / 2
    return total


@pytest.mark.parametrize("name", PAIRS)
def test_the_larger_hazard_has_the_integral_of_the_maximum(name):
    first, second = PAIRS[name]
    made = larger(first, second, 30.0, ())
    for end in (0.7, 3.3, 11.0, 29.5):
        # A cell of the quadrature in which they cross, or begin without bound, leaves some 1e-6 of it.
        assert made.cumulative(end) == pytest.approx(_area(first, second, end), rel=3e-5, abs=1e-7)
        grid = np.linspace(0, end, 20001)[1:] - end / 40000
        assert made.mean_cumulative(end) == pytest.approx(made.cumulative(grid).mean(), rel=1e-4)


@pytest.mark.parametrize("name", PAIRS)
def test_the_larger_hazard_is_inverted(name):
    made, t = larger(*PAIRS[name], 30.0, ()), np.linspace(0.01, 29.9, 400)
    np.testing.assert_allclose(made.inverse(made.cumulative(t)), t, rtol=1e-9)


def test_two_exponentials_and_a_step_are_exact():
    steps = make("piecewise", rates=[0.1, 0.4, 0.02], breaks=[1.0, 3.0])
    made = larger(steps, make("exponential", rate=0.15), 10.0, ())
    assert made.cumulative(8.0) == pytest.approx(0.15 + 2 * 0.4 + 5 * 0.15, abs=1e-8)
    np.testing.assert_allclose(made.parameters["switches"], [1, 3])


def test_rows_of_strategy_and_draw_cross_at_their_own_times():
    shape, rate = np.array([[0.5, 0.7, 1.3], [1.0, 2.0, 0.9]]), np.array([[0.2, 0.1, 0.3]] * 2)
    starts = np.array([[60.0, 61.5, 70.0]] * 2)
    first, second = (
        make("weibull", shape=shape, scale=np.full((2, 3), 8.0)),
        life_table([60, 65, 75], [0.01, 0.1, 0.3], starts),
    )
    made = larger(first, second, 20.0, (2, 3))
    rows, which = made.flat((2, 3)), np.arange(6)
    for s, d in np.ndindex(2, 3):
        alone = larger(
            make("weibull", shape=shape[s, d], scale=8.0),
            life_table([60, 65, 75], [0.01, 0.1, 0.3], starts[s, d]),
            20.0,
            (),
        )
        for t in (0.5, 7.0, 19.0):
            assert made.cumulative(t)[s, d] == pytest.approx(float(alone.cumulative(t)), rel=1e-9)
    h = made.cumulative(7.0).reshape(-1)
    np.testing.assert_allclose(rows.take(which).inverse(h), 7.0, rtol=1e-9)
    assert rate.shape == (2, 3)


def test_every_family_that_is_made_here_is_checked_above():
    assert {"cure", "mixture", "hazard_ratio", "plus", "greatest", "stepped", "joined"} <= set(ALL)
