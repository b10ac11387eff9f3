"""Royston-Parmar splines against flexsurv's fits, closed forms and quadrature."""

import csv

import numpy as np
import pytest
from reference import reference_file
from scipy import integrate, stats

from model.hazards import HazardError, make

KNOTS = [-1.6, 0.6, 1.9]


def _rows(name):
    with open(reference_file("flexsurv_fits", name), encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _fits():
    """{(data, model): spline} as flexsurv estimated them."""
    found = {}
    for row in (row for row in _rows("estimates.csv") if row["model"].startswith("spline")):
        kind = "knots" if row["parameter"].startswith("knot") else "coefficients"
        lists = found.setdefault((row["data"], row["model"]), {"knots": [], "coefficients": []})
        lists[kind].append(float(row["estimate"]))
    return {key: make("spline", **lists, scale=key[1].split("_")[1]) for key, lists in found.items()}


FITS = _fits()


@pytest.mark.parametrize("key", FITS, ids=" ".join)
def test_survival_and_hazard_are_those_of_flexsurv(key):
    points = [row for row in _rows("survival_and_hazard.csv") if (row["data"], row["model"]) == key]
    t, survival, hazard = (np.array([float(row[name]) for row in points]) for name in ("time", "survival", "hazard"))
    assert len(t) >= 7
    # Twelve digits of each coefficient, times cubes of differences of log time, leave nine of survival.
    np.testing.assert_allclose(FITS[key].survival(t), survival, rtol=1e-9)
    np.testing.assert_allclose(FITS[key].hazard(t), hazard, rtol=1e-8)


@pytest.mark.parametrize("key", FITS, ids=" ".join)
def test_the_inverse_returns_the_time_and_the_hazard_is_the_slope(key):
    made, t = FITS[key], np.geomspace(1e-3, 1e3, 200)
    h = made.cumulative(t)
    sure = (h > 0) & (np.isfinite(h))
    np.testing.assert_allclose(made.inverse(h)[sure], t[sure], rtol=1e-9)
    steps = np.diff(np.log(t))
    rise = [
        integrate.quad(lambda x: made.hazard(np.exp(x)) * np.exp(x), a, a + d, epsabs=0)[0]
        for a, d in zip(np.log(t[80:120]), steps[80:120])
    ]
    np.testing.assert_allclose(np.diff(h[80:121]), rise, rtol=1e-8)


@pytest.mark.parametrize(
    "scale, coefficients, peer",
    [
        ("hazard", [-1.2 * np.log(14), 1.2], stats.weibull_min(1.2, scale=14)),
        ("odds", [-1.5 * np.log(8), 1.5], stats.fisk(1.5, scale=8)),
        ("normal", [-2 / 0.7, 1 / 0.7], stats.lognorm(0.7, scale=np.exp(2))),
    ],
)
def test_without_inner_knots_they_are_the_families_that_they_extend(scale, coefficients, peer):
    made, t = make("spline", knots=[-1, 3], coefficients=coefficients, scale=scale), np.array([0.1, 1, 5, 20, 60])
    np.testing.assert_allclose(made.survival(t), peer.sf(t), rtol=1e-12)
    np.testing.assert_allclose(made.hazard(t), peer.pdf(t) / peer.sf(t), rtol=1e-11)
    np.testing.assert_allclose(made.quantile([0.1, 0.5, 0.9]), peer.ppf([0.1, 0.5, 0.9]), rtol=1e-11)
    assert made.cumulative(0.0) == 0 and made.inverse(0.0) == 0


def test_the_mean_cumulative_hazard_is_the_integral():
    made = FITS["veteran", "spline_odds_k3"]
    for t in (1.0, 30.0, 400.0):
        points = [np.exp(k) for k in made.parameters["knots"] if np.exp(k) < t]
        area = integrate.quad(made.cumulative, 0, t, points=points or None, epsrel=1e-12, limit=500)[0]
        assert made.mean_cumulative(t) == pytest.approx(area / t, rel=1e-5)


def test_strategies_and_draws_have_their_own_coefficients():
    coefficients = np.array([[[-2.0, 2.5, 0.2], [-2.1, 2.4, 0.1]], [[-1.5, 1.5, 0.05], [-2, 2.0, 0.0]]])
    together = make("spline", knots=KNOTS, coefficients=coefficients, scale="odds")
    rows = together.flat((2, 2)).take(np.array([3, 1, 1]))
    for strategy, draw in np.ndindex(2, 2):
        alone = make("spline", knots=KNOTS, coefficients=coefficients[strategy, draw], scale="odds")
        assert together.cumulative(2.0)[strategy, draw] == alone.cumulative(2.0)
    np.testing.assert_array_equal(
        rows.inverse(np.array([0.3, 0.3, 2])),
        [
            make("spline", knots=KNOTS, coefficients=c, scale="odds").inverse(h)
            for c, h in ((coefficients[1, 1], 0.3), (coefficients[0, 1], 0.3), (coefficients[0, 1], 2.0))
        ],
    )


@pytest.mark.parametrize(
    "knots, coefficients, message",
    [
        ([0, 2, 1], [0, 1, 1], "knots must rise, found 0, 2, 1"),
        ([0, 1, 2], [0, 1], "found 3 knots and 2 coefficients"),
        ([0], [1], "two knots or more"),
        ([0, 1], [0, -0.5], "survival would rise with time"),
        (KNOTS, [-2.0, 0.4, 0.5], "its lowest slope is -"),
        (KNOTS, [-2.0, np.nan, 0.5], "must be any number, found nan"),
    ],
)
def test_what_cannot_be_is_refused(knots, coefficients, message):
    with pytest.raises(HazardError, match=message):
        make("spline", knots=knots, coefficients=coefficients, scale="hazard")


def test_the_draw_in_which_survival_would_rise_is_named():
    with pytest.raises(HazardError) as caught:
        make("spline", knots=[0, 1], coefficients=[[[0, 1.0], [0, -1.0]]], scale="hazard")
    assert caught.value.where == (0, 1)


def test_an_unknown_scale_is_refused():
    with pytest.raises(HazardError, match="hazard, odds, normal"):
        make("spline", knots=[0, 1], coefficients=[0, 1], scale="probit")
