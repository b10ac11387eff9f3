"""Survival data against R: flexsurv's fits and splines, survival's Kaplan-Meier and Cox; reconstruction against the patients."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from model.analysis import survival_data_guyot as guyot
from model.analysis.survival_data import Arm, Columns, SurvivalData, read
from model.analysis.survival_data_cox import cox
from model.analysis.survival_data_fits import DISTRIBUTIONS, fit
from model.analysis.survival_data_kaplan_meier import kaplan_meier, smoothed_hazard
from model.analysis.survival_data_measures import analyse, area, landmarks, means
from model.analysis.survival_data_splines import SPLINES, curve, fit_spline
from tests.reference import reference_file

R = {"exponential": "exp", "lognormal": "lnorm", "loglogistic": "llogis"}  # what flexsurv calls them
UNITS = {"breast": "year", "veteran": "day"}
HORIZON = {"breast": 20.0, "veteran": 1095.0}
# Where flexsurv's search ended early, its log-likelihood is below the one found here, by no more than this.
SHORT_OF_BEST = 3e-4


def table(name):
    return pd.read_csv(reference_file(f"flexsurv_fits/{name}.csv"))


def patients(data, arm=""):
    return read(reference_file(f"flexsurv_fits/{data}_ipd.csv"), UNITS[data], Columns(arm=arm))


def rows(name, data, model):
    found = table(name)
    return found[(found.data == data) & (found.model == model)]


CASES = [(data, name) for data in UNITS for name in DISTRIBUTIONS]


@pytest.mark.parametrize(("data", "name"), CASES)
def test_fits_are_those_of_flexsurv_to_four_digits(data, name):
    found, model = fit(name, patients(data).arms), R.get(name, name)
    scores, estimates = rows("fit", data, model).iloc[0], rows("estimates", data, model)
    assert list(estimates.parameter) == list(found.parameters)
    assert (
        found.log_likelihood == pytest.approx(scores.loglik, rel=1e-7) and found.log_likelihood > scores.loglik - 1e-8
    )
    assert (found.aic, found.bic) == pytest.approx((scores.aic, scores.bic), rel=1e-7)
    off = np.abs(found.coefficients - estimates.coefficient.to_numpy()) / found.standard_errors
    # A search that ended at a likelihood lower by L is sqrt(2 L) standard errors away: flexsurv's for Gompertz, by up to 1e-5.
    short = np.sqrt(2 * max(found.log_likelihood - scores.loglik, 0.0))
    assert short < 5e-3 and off.max() < 1e-4 + short
    listed = estimates[["estimate", "lower_95", "upper_95"]].to_numpy().T
    width = listed[2] - listed[1]
    assert found.estimates / width == pytest.approx(listed / width, abs=2e-4 + short / 2)
    covariance = rows("covariance_of_coefficients", data, model).covariance.to_numpy()
    assert found.covariance.ravel() == pytest.approx(covariance, rel=5e-4)


@pytest.mark.parametrize(("data", "name"), CASES)
def test_the_language_with_these_estimates_has_flexsurvs_survival_hazard_median_and_mean(data, name):
    hazard, model = fit(name, patients(data).arms).hazard("all"), R.get(name, name)
    curves, scores = rows("survival_and_hazard", data, model), rows("fit", data, model).iloc[0]
    close = 5e-3 if name == "gompertz" else 2e-4  # see above
    assert hazard.survival(curves.time.to_numpy()) == pytest.approx(curves.survival.to_numpy(), abs=close / 20)
    assert hazard.hazard(curves.time.to_numpy()) == pytest.approx(curves.hazard.to_numpy(), rel=close)
    assert float(hazard.quantile(0.5)) == pytest.approx(scores["median"], rel=close / 10)
    assert area(hazard, HORIZON[data]) == pytest.approx(scores.rmst, rel=close / 10)


@pytest.mark.parametrize(
    ("name", "model"), [("weibull", "weibullPH"), ("exponential", "exp"), ("gompertz", "gompertz")]
)
def test_hazard_ratios_of_arms_are_those_of_flexsurv(name, model):
    found = fit(name, patients("veteran", "arm").arms)
    scores, estimates = rows("fit", "veteran by arm", model).iloc[0], rows("estimates", "veteran by arm", model)
    assert found.factors == "hazard ratio" and found.labels[-1] == "hazard ratio of test"
    assert (found.log_likelihood, found.aic, found.bic) == pytest.approx(
        (scores.loglik, scores.aic, scores.bic), rel=1e-8
    )
    effect = estimates.set_index("parameter").loc["armtest"]
    half = (effect.upper_95 - effect.lower_95) / 2
    assert found.coefficients[-1] == pytest.approx(effect.coefficient, abs=1e-4 * half)
    assert 1.959963985 * found.standard_errors[-1] == pytest.approx(half, rel=1e-4)


@pytest.mark.parametrize("name", ["lognormal", "loglogistic", "gamma", "gengamma"])
def test_an_acceleration_factor_is_that_of_times_that_were_stretched(name):
    """Times three times as long, in all else the same: the factor is 3, and twice the likelihood of one arm less 2 log 3 an event."""
    one = patients("veteran").arms[0]
    both = fit(name, (Arm("a", one.time, one.event), Arm("b", 3 * one.time, one.event)))
    alone = fit(name, (one,))
    assert both.factors == "acceleration factor"
    assert float(np.exp(both.coefficients[-1])) == pytest.approx(3, rel=1e-5)
    assert both.log_likelihood == pytest.approx(2 * alone.log_likelihood - one.events * np.log(3), abs=1e-6)


@pytest.mark.parametrize("data", UNITS)
@pytest.mark.parametrize("name", SPLINES)
def test_splines_are_those_of_flexsurv_or_better(data, name):
    found, (_, scale, inner) = fit_spline(name, patients(data).arms[0]), name.split()
    model = f"spline_{scale}_k{inner}"
    scores, estimates = rows("fit", data, model).iloc[0], rows("estimates", data, model)
    knots = estimates[estimates.parameter.str.startswith("knot")].estimate.to_numpy()
    assert found.knots == pytest.approx(knots, rel=1e-10, abs=1e-12)
    better = found.log_likelihood - scores.loglik
    assert -1e-8 < better < SHORT_OF_BEST
    curves = rows("survival_and_hazard", data, model)
    fitted = curve(found).survival(curves.time.to_numpy())
    assert fitted == pytest.approx(curves.survival.to_numpy(), abs=1e-5 if better < 1e-6 else 5e-4)
    if better < 1e-7:
        own = estimates[estimates.parameter.str.startswith("gamma")].coefficient.to_numpy()
        covariance = rows("covariance_of_coefficients", data, model).covariance.to_numpy()
        assert found.coefficients == pytest.approx(own, rel=3e-4)
        assert found.covariance.ravel() == pytest.approx(covariance, rel=5e-4)
        assert curve(found).quantile(0.5) == pytest.approx(scores["median"], rel=2e-5)
        assert area(curve(found), HORIZON[data]) == pytest.approx(scores.rmst, rel=2e-5)


def test_the_hazard_of_a_spline_is_the_slope_of_its_cumulative_hazard():
    for name in SPLINES:
        found = curve(fit_spline(name, patients("veteran").arms[0]))
        for t in (5.0, 60.0, 400.0, 2000.0):
            slope = (found.cumulative(t * 1.00001) - found.cumulative(t / 1.00001)) / (t * 1.00001 - t / 1.00001)
            assert found.hazard(t) == pytest.approx(slope, rel=1e-5), (name, t)


def test_the_unit_of_time_changes_nothing_but_the_unit():
    one = patients("veteran").arms[0]
    for name in DISTRIBUTIONS:
        days, years = (fit(name, (Arm("all", one.time / by, one.event),)) for by in (1, 365.25))
        there = days.log_likelihood + one.events * np.log(365.25)
        assert years.log_likelihood == pytest.approx(there, abs=1e-6)
        assert years.hazard("all").survival(0.3) == pytest.approx(
            float(days.hazard("all").survival(0.3 * 365.25)), rel=1e-6
        )


# --- what was observed -------------------------------------------------------------------------------------------


def test_kaplan_meier_is_that_of_r():
    expected = table("veteran_kaplan_meier")
    for arm in patients("veteran", "arm").arms:
        found, own = kaplan_meier(arm), expected[expected.arm == arm.name]
        at = np.isin(found.time, own.time)
        assert found.time[at].tolist() == own.time.tolist()
        assert found.survival[at] == pytest.approx(own.survival.to_numpy(), abs=1e-11)
        assert found.at_risk[at].tolist() == own.at_risk.tolist() and found.events[at].tolist() == own.events.tolist()


def test_medians_restricted_means_and_cox_are_those_of_r():
    arms, truth = patients("veteran", "arm").arms, table("veteran_truth").set_index("arm")
    for arm in arms:
        found, own = kaplan_meier(arm), truth.loc[arm.name]
        assert (len(arm.time), arm.events, found.median()[0]) == (own.n, own.events, own["median"])
        assert found.restricted_mean(500)[0] == pytest.approx(own.rmst_500, rel=1e-9)
    ratio, low, high = cox(arms).ratios[0]
    assert [ratio, low, high] == pytest.approx(table("veteran_cox")["value"].tolist(), rel=1e-6)


def test_limits_are_those_of_a_published_example():
    """Freireich's remission times, 6-mercaptopurine arm (Cox & Oakes 1984; log-log limits as Stata and SAS print them)."""
    time = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    event = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    found = kaplan_meier(Arm("6-MP", np.array(time, float), np.array(event) == 1))
    low, high = found.limits_at([6, 23])
    assert found.at([6, 23]) == pytest.approx([0.8571, 0.4482], abs=5e-5)
    assert low == pytest.approx([0.6197, 0.1881], abs=5e-4) and high == pytest.approx([0.9516, 0.6801], abs=5e-4)
    assert found.median()[0] == 23 and np.isnan(found.at(36))


def test_the_smoothed_hazard_of_constant_hazards_is_constant():
    rng = np.random.default_rng(4)
    time, lost = rng.exponential(5, 20_000), rng.uniform(0, 12, 20_000)
    arm = Arm("all", np.minimum(time, lost), time <= lost)
    found = smoothed_hazard(kaplan_meier(arm), np.linspace(0, 8, 9))
    assert found == pytest.approx(np.full(9, 0.2), rel=0.1)


def test_means_and_landmarks_are_the_integral_and_the_survival_of_the_fit():
    found = analyse(patients("breast"), False, False, (1, 5), 30)
    listed = {row.name: row for row in means(found)}
    weibull = found.best("all") and next(f for f in found.fits if f.name == "weibull")
    shape, scale = weibull.estimates[0]
    law = stats.weibull_min(shape, scale=scale)
    assert listed["weibull"].to_horizon == pytest.approx(integrate.quad(law.sf, 0, 30)[0], rel=1e-9)
    assert listed["weibull"].median == pytest.approx(law.median())
    marks = {(mark.name, mark.years): mark.survival for mark in landmarks(found)}
    assert marks["weibull", 5] == pytest.approx(law.sf(5))
    assert marks["Kaplan-Meier", 5] == pytest.approx(float(kaplan_meier(patients("breast").arms[0]).at(5)))


# --- what cannot be fitted ----------------------------------------------------------------------------------------


def test_fewer_events_than_parameters_are_told_and_the_others_go_on():
    data = SurvivalData(
        (Arm("all", np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, False, True, False])),), "month", "x"
    )
    found = {f.name: f for f in analyse(data, False, True).fits}
    assert found["gengamma"].why == "2 events, but 3 parameters" and found["spline hazard 1"].why
    assert found["exponential"].coefficients == pytest.approx([np.log(2 / 10)])


def test_a_likelihood_without_a_maximum_is_told():
    """All events at one time: the more peaked a Weibull, the likelier."""
    arm = Arm("all", np.full(10, 3.0), np.ones(10, bool))
    assert fit("weibull", (arm,)).why and not fit("exponential", (arm,)).why


# --- reconstruction -----------------------------------------------------------------------------------------------


def test_patients_made_from_a_figure_have_its_events_medians_means_and_hazard_ratio():
    files = (reference_file(f"flexsurv_fits/veteran_{name}.csv") for name in ("digitised", "at_risk"))
    found, truth = (
        guyot.reconstructed(guyot.read_figures(*files), "day", "figure"),
        table("veteran_truth").set_index("arm"),
    )
    for arm in found.arms:
        observed, own = kaplan_meier(arm), truth.loc[arm.name]
        assert len(arm.time) == own.n
        assert observed.median()[0] == pytest.approx(own["median"], rel=0.02)
        assert observed.restricted_mean(500)[0] == pytest.approx(own.rmst_500, rel=0.02)
        seen = patients("veteran", "arm").arms[list(truth.index).index(arm.name)]
        within = (seen.time[seen.event] <= 600).sum()  # the figure ends there: two events of the test arm come later
        assert arm.events == pytest.approx(within, abs=0.02 * own.events)
    assert sum(arm.events for arm in found.arms) == pytest.approx(truth.events.sum(), rel=0.02)
    assert cox(found.arms).ratios[0, 0] == pytest.approx(table("veteran_cox")["value"][0], abs=0.03)


def test_numbers_at_risk_are_kept():
    files = [reference_file(f"flexsurv_fits/veteran_{name}.csv") for name in ("digitised", "at_risk")]
    found, printed = guyot.reconstructed(guyot.read_figures(*files), "day", "figure"), table("veteran_at_risk")
    for arm in found.arms:
        own = printed[printed.arm == arm.name]
        left = [(arm.time >= t).sum() for t in own.time]
        assert left == pytest.approx(own.at_risk.tolist(), abs=1)


def test_a_curve_read_off_at_its_corners_gives_the_patients_back():
    """Without error and without censoring before the end, all is known."""
    time = np.array([2.0, 3.0, 5.0, 9.0])
    clicks = pd.DataFrame({"time": np.repeat(time, 2), "survival": [1, 0.75, 0.75, 0.5, 0.5, 0.25, 0.25, 0.25]})
    figures = guyot.read_figures(clicks, pd.DataFrame({"time": [0, 4], "at_risk": [4, 2]}))
    (arm,) = guyot.reconstructed(figures, "month", "figure").arms
    assert arm.time.tolist() == [2, 3, 5, 9] and arm.event.tolist() == [True, True, True, False]


def test_reconstruction_is_not_biased():
    """Trials simulated here, their curves read off with an error as above: events, medians and restricted means are right on average
    to 1 %, and mostly within 3 %."""
    off = np.array([_one_reconstruction(np.random.default_rng(seed)) for seed in range(150)])
    assert np.abs(off.mean(axis=0)).max() < 0.01
    assert np.quantile(np.abs(off), 0.8, axis=0).max() < 0.03


def _one_reconstruction(rng):
    """Relative errors of events, median and restricted mean, of one arm of 60 to 400."""
    n = int(rng.integers(60, 400))
    time, lost = 100 * rng.weibull(rng.uniform(0.7, 1.6), n), rng.uniform(100, 400, n)
    arm = Arm("a", np.minimum(time, lost), time <= lost)
    seen = kaplan_meier(arm)
    end = min(seen.time[-1], 300.0)
    at = np.arange(0, end, rng.uniform(2, 8))
    read_off = np.clip(seen.at(at) + rng.uniform(-0.003, 0.003, len(at)), 0, 1)
    clicked = np.maximum(at + rng.uniform(-0.6, 0.6, len(at)), 0)
    printed = np.arange(0, end, 60.0)
    at_risk = np.array([(arm.time >= t).sum() for t in printed])
    (made,) = guyot.reconstructed({"a": guyot.figure(clicked, read_off, printed, at_risk)}, "day", "figure").arms
    found = kaplan_meier(made)
    events = (arm.time[arm.event] <= end).sum()
    means = [curve.restricted_mean(0.9 * end)[0] for curve in (found, seen)]
    return made.events / events - 1, found.median()[0] / seen.median()[0] - 1, means[0] / means[1] - 1
