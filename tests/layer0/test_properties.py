"""Properties of hazards, distributions and formulas that hold for all arguments, by Hypothesis; moments and quantiles by SciPy."""

import math

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from scipy import stats

from model import distributions, formula, hazards
from model.distribution_checks import DistributionError
from model.units import MONEY, NUMBER, PER_TIME, TIME, days_in


def numbers(low, high):
    return st.floats(low, high, allow_nan=False, allow_subnormal=False)


def logs(low, high):
    """Numbers evenly spread over orders of magnitude."""
    return numbers(math.log(low), math.log(high)).map(math.exp)


# --- hazards ------------------------------------------------------------------------------------------------------

FAMILIES = {
    "exponential": {"rate": logs(1e-4, 1e3)},
    "weibull": {"shape": logs(0.1, 20), "scale": logs(1e-2, 1e3)},
    "gompertz": {"shape": numbers(-1, 1), "rate": logs(1e-5, 10)},
    "lognormal": {"meanlog": numbers(-5, 5), "sdlog": logs(0.05, 5)},
    "loglogistic": {"shape": logs(0.2, 20), "scale": logs(1e-2, 1e3)},
    "gamma": {"shape": logs(0.1, 100), "rate": logs(1e-3, 1e2)},
    "gengamma": {"mu": numbers(-3, 3), "sigma": logs(0.1, 3), "Q": numbers(-3, 3)},
}


@st.composite
def hazard(draw):
    """Any family, with a hazard ratio and an acceleration factor."""
    name = draw(st.sampled_from([*FAMILIES, "piecewise"]))
    if name == "piecewise":
        breaks = sorted(draw(st.sets(logs(1e-2, 1e2), max_size=5)))
        assume(all(b - a > 1e-6 * b for a, b in zip(breaks, breaks[1:])))
        rates = draw(
            st.lists(st.one_of(st.just(0.0), logs(1e-3, 1e2)), min_size=len(breaks) + 1, max_size=len(breaks) + 1)
        )
        made = hazards.make("piecewise", rates=rates, breaks=breaks)
    else:
        made = hazards.make(name, **{key: draw(values) for key, values in FAMILIES[name].items()})
    return hazards.Hazard(made.family, made.parameters, draw(logs(0.05, 20)), draw(logs(0.05, 20)))


@given(hazard(), logs(1e-8, 600))
def test_the_inverse_reaches_the_hazard_and_not_before(found, h):
    """H(H^-1(h)) = h, however small or large; where H never gets there, the inverse is infinity."""
    t = float(found.inverse(h))
    assert t >= 0
    if np.isfinite(t) and t > 0:
        assert found.cumulative(t) == pytest.approx(h, rel=1e-6)
        # Rounding of t itself moves H by its slope.
        assert found.cumulative(t * (1 - 1e-6)) <= h * (1 + 1e-6)
    elif t > 0:
        assert found.cumulative(1e12) <= h * (1 + 1e-9)


@given(hazard(), st.lists(logs(1e-6, 1e4), min_size=2, max_size=6))
def test_survival_is_1_at_first_falls_and_stays_in_0_to_1(found, times):
    t = np.sort(times)
    survival, cumulative = found.survival(t), found.cumulative(t)
    assert found.survival(0.0) == 1
    assert ((survival >= 0) & (survival <= 1)).all()
    assert (cumulative[1:] >= (1 - 1e-9) * cumulative[:-1]).all() and (np.diff(survival) <= 1e-12).all()


@given(hazard(), logs(1e-3, 1e3))
def test_the_hazard_is_the_slope_of_its_integral(found, t):
    h = found.cumulative(t)
    assume(1e-6 < h < 500)
    step = 1e-5 * t
    before, after = found.cumulative(t - step), found.cumulative(t + step)
    breaks = np.asarray(found.parameters.get("breaks", ())) * found.acceleration
    assume(not (np.abs(breaks - t) < 2 * step).any())
    assert found.hazard(t) == pytest.approx((after - before) / (2 * step), rel=1e-4, abs=1e-10 * h / step)


@given(hazard(), logs(0.05, 20), logs(1e-3, 1e3))
def test_a_ratio_multiplies_the_hazard_and_an_acceleration_stretches_time(found, factor, t):
    """S(t) ** ratio, and S(t / factor): the definitions."""
    more = hazards.Hazard(found.family, found.parameters, found.ratio * factor, found.acceleration)
    slower = hazards.Hazard(found.family, found.parameters, found.ratio, found.acceleration * factor)
    assert more.cumulative(t) == pytest.approx(factor * found.cumulative(t), rel=1e-9)
    assert slower.cumulative(t * factor) == pytest.approx(found.cumulative(t), rel=1e-6)


PEERS = {
    "weibull": lambda shape, scale: stats.weibull_min(shape, scale=scale),
    "lognormal": lambda meanlog, sdlog: stats.lognorm(sdlog, scale=np.exp(meanlog)),
    "loglogistic": lambda shape, scale: stats.fisk(shape, scale=scale),
    "gamma": lambda shape, rate: stats.gamma(shape, scale=1 / rate),
    "exponential": lambda rate: stats.expon(scale=1 / rate),
}


@pytest.mark.parametrize("name", PEERS)
@given(st.data())
def test_survival_is_scipys(name, data):
    parameters = {key: data.draw(values) for key, values in FAMILIES[name].items()}
    peer, made = PEERS[name](**parameters), hazards.make(name, **parameters)
    t = data.draw(logs(1e-3, 1e3))
    with np.errstate(divide="ignore"):
        assert made.survival(t) == pytest.approx(peer.sf(t), rel=1e-8, abs=1e-13)


# --- distributions ------------------------------------------------------------------------------------------------

LEVELS = np.array([0.001, 0.025, 0.2, 0.5, 0.8, 0.975, 0.999])
DISTRIBUTIONS = {
    "beta": ({"a": logs(0.3, 1e4), "b": logs(0.3, 1e4)}, lambda a, b: stats.beta(a, b)),
    "gamma": (
        {"shape": logs(0.3, 1e4), "rate": logs(1e-3, 1e3)},
        lambda shape, rate: stats.gamma(shape, scale=1 / rate),
    ),
    "lognormal": (
        {"meanlog": numbers(-8, 8), "sdlog": logs(1e-3, 2)},
        lambda meanlog, sdlog: stats.lognorm(sdlog, scale=np.exp(meanlog)),
    ),
    "normal": ({"mean": numbers(-1e3, 1e3), "sd": logs(1e-3, 1e3)}, lambda mean, sd: stats.norm(mean, sd)),
    "weibull": (
        {"shape": logs(0.3, 50), "scale": logs(1e-3, 1e3)},
        lambda shape, scale: stats.weibull_min(shape, scale=scale),
    ),
}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
@given(st.data())
def test_quantiles_and_moments_are_scipys(name, data):
    arguments, peer = DISTRIBUTIONS[name]
    values = {key: data.draw(some) for key, some in arguments.items()}
    made, theirs = distributions.make(name, (), values), peer(**values)
    np.testing.assert_allclose(made.quantile(LEVELS), theirs.ppf(LEVELS), rtol=1e-7, atol=1e-12)
    assert (made.mean, made.sd) == pytest.approx((theirs.mean(), theirs.std()), rel=1e-6)


@given(numbers(-1e3, 1e3), logs(1e-3, 1e3), numbers(0, 1))
def test_uniform_and_triangular_are_scipys(lower, width, share):
    for made, theirs in (
        (distributions.make("uniform", (lower, lower + width)), stats.uniform(lower, width)),
        (
            distributions.make("triangular", (lower, lower + share * width, lower + width)),
            stats.triang(share, lower, width),
        ),
    ):
        np.testing.assert_allclose(made.quantile(LEVELS), theirs.ppf(LEVELS), rtol=1e-7, atol=1e-7 * width)
        assert (made.mean, made.sd) == pytest.approx((theirs.mean(), theirs.std()), rel=1e-6, abs=1e-9 * width)


MOMENTS = {"beta": logs(1e-3, 0.999), "gamma": logs(1e-3, 1e5), "lognormal": logs(1e-3, 1e5)}


@pytest.mark.parametrize("name", MOMENTS)
@given(st.data())
def test_a_distribution_has_the_mean_and_the_standard_error_that_it_was_made_of(name, data):
    mean, cv = data.draw(MOMENTS[name]), data.draw(logs(1e-3, 1.5))
    try:
        made = distributions.make(name, (), {"mean": mean, "se": cv * mean})
    except DistributionError:
        assert name == "beta" and (cv * mean) ** 2 >= mean * (1 - mean)
        return
    assert (made.mean, made.sd) == pytest.approx((mean, cv * mean), rel=1e-6)


@pytest.mark.parametrize("name", ["beta", "gamma", "lognormal", "normal"])
@given(st.data())
def test_a_distribution_has_the_interval_that_it_was_made_of(name, data):
    low = data.draw(logs(1e-3, 0.9))
    high = low + data.draw(numbers(0.01, 0.99)) * ((1 if name == "beta" else 10 * low) - low)
    try:
        made = distributions.make(name, (), {"lower": low, "upper": high})
    except DistributionError as error:
        assert name in ("beta", "gamma") and "was found" in str(error)
        return
    assert made.interval() == pytest.approx((low, high), rel=1e-5)


# --- formulas -----------------------------------------------------------------------------------------------------

KNOWN = {"cost": MONEY, "pause": TIME, "rate": PER_TIME, "share": NUMBER, "ratio": NUMBER}


def _grown(inner):
    pair = st.tuples(inner, inner)
    return st.one_of(
        pair.map(lambda p: f"({p[0]} + {p[1]})"),
        pair.map(lambda p: f"({p[0]} * {p[1]})"),
        pair.map(lambda p: f"({p[0]} / (1 + {p[1]} ** 2))"),
        pair.map(lambda p: f"min({p[0]}, {p[1]})"),
        inner.map(lambda p: f"exp(-abs({p}))"),
        inner.map(lambda p: f"with_odds_ratio(share, 1 + abs({p}))"),
    )


# Numbers without a unit, made of names that have one: what they are worth cannot depend on the unit of time or money.
PLAIN = st.recursive(
    st.sampled_from(
        ["share", "ratio", "(rate * pause)", "(cost / (cost + cost))", "probability_from_rate(rate, pause)", "0.5"]
    ),
    _grown,
    max_leaves=6,
)
WHOLE = st.one_of(
    PLAIN.map(lambda p: (f"cost * {p}", MONEY, (1, 0))),
    PLAIN.map(lambda p: (f"rate * {p} + rate", PER_TIME, (0, -1))),
    PLAIN.map(lambda p: (f"pause + {p} / rate", TIME, (0, 1))),
    PLAIN.map(lambda p: (f"cost / pause * {p}", MONEY.times(TIME, -1), (1, -1))),
    PLAIN.map(lambda p: (p, NUMBER, (0, 0))),
)


@given(
    WHOLE,
    logs(1e-3, 1e3),
    logs(1e-3, 1e3),
    st.tuples(logs(1, 1e5), logs(0.1, 10), logs(1e-3, 1), numbers(0.05, 0.95), logs(0.1, 10)),
)
@example(("cost * share", MONEY, (1, 0)), 365.25, 1.0, (100.0, 1.0, 0.1, 0.5, 1.0))
def test_a_formula_scales_as_its_dimension_says(written, longer, dearer, worth):
    """Time told in a unit `longer` times as short and money in one `dearer` times as small: a rate is divided, a cost multiplied."""
    text, dimension, (money, time) = written
    made, values = formula.parse(text), dict(zip(KNOWN, worth))
    assert made.dimension(KNOWN) == dimension
    told = values | {
        "cost": values["cost"] * dearer,
        "pause": values["pause"] * longer,
        "rate": values["rate"] / longer,
    }
    assert float(made.evaluate(told)) == pytest.approx(
        float(made.evaluate(values)) * dearer**money * longer**time, rel=1e-9
    )


WORDS = ("hour", "day", "week", "month", "year")


@given(logs(1e-4, 1e2), st.sampled_from(WORDS), st.sampled_from(WORDS))
def test_a_rate_is_the_same_however_its_unit_is_written(rate, one, other):
    there, here = (
        formula.parse(f"{rate!r} per {one}"),
        formula.parse(f"{rate * days_in(other) / days_in(one)!r} per {other}"),
    )
    for day in (1.0, 1 / 365.25, 24.0):
        assert float(there.evaluate({}, day)) == pytest.approx(float(here.evaluate({}, day)), rel=1e-12)
