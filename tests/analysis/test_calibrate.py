"""Calibration finds what closed forms say, says what targets leave open, and its posterior is the exact one."""

import numpy as np
import pytest
from runs import SCENARIOS, write_scenario

from model.analysis.calibrate import CalibrationError, calibrate, with_values
from model.analysis.workers import workers
from model.report.calibration_report import identifiability_text, report, starts_text
from model.sample import Sample
from model.scenario_file import read

ONE_YEAR = "time: {unit: year, horizon: 1 year, cycle: 1 year}"


def exponential(folder, calibration):
    """One way out of life, at the hazard h."""
    return read(
        write_scenario(
            folder,
            f"""
time: {{unit: day, horizon: 3 years, cycle: 1 week}}
parameters:
  h: {{value: 0.001, unit: per day}}
states: {{alive: {{start: 1, utility: 1}}, dead: {{}}}}
transitions: [{{from: alive, to: dead, rate: h}}]
calibration:
  vary: {{h: {{from: 0.0001, to: 0.1}}}}
  targets: {{{calibration}}}
""",
        )
    )


def spending(folder, parameters, costs, vary, targets):
    """A year in one state; costs: {strategy: formula in USD}, targets: {strategy: (value, tolerance)}."""
    listed = "\n".join(f"  {key}: {{spent: {formula}}}" for key, formula in costs.items())
    wanted = "\n".join(
        f"    {key}: {{measure: total, outcome: cost, strategy: {key}, value: {v}, tolerance: {e}}}"
        for key, (v, e) in targets.items()
    )
    return read(
        write_scenario(
            folder,
            f"""
{ONE_YEAR}
parameters: {{{parameters}}}
strategies:
{listed}
states: {{here: {{start: 1, alive: true, utility: 0.5, entry cost: {{all: spent}}}}}}
transitions: []
calibration:
  vary: {{{vary}}}
  targets:
{wanted}
""",
        )
    )


# --- closed forms -----------------------------------------------------------------------------------------------


def test_the_hazard_is_the_one_that_median_survival_determines(tmp_path):
    """S(t) = exp(-h t), so h = ln 2 / median."""
    found = calibrate(
        exponential(tmp_path, "s: {measure: median survival, strategy: only, value: 100 days, tolerance: 1 day}"),
        Sample(10_000),
        starts=3,
    )
    assert found.best.values == pytest.approx([np.log(2) / 100], rel=1e-5)
    assert found.reached == pytest.approx([100], rel=1e-5) and found.best.converged
    # A change of the median by d is one of the hazard by ln 2 / 100^2 * d.
    assert found.standard_error == pytest.approx([np.log(2) / 100**2], rel=0.01)
    assert found.agreement() == ["same"] * 3


def test_the_hazard_is_the_one_that_occupancy_determines(tmp_path):
    found = calibrate(
        exponential(
            tmp_path,
            "s: {measure: occupancy, strategy: only, states: [alive], at: 70 days, value: 0.3, tolerance: 0.01}",
        ),
        Sample(10_000),
        starts=2,
    )
    assert found.best.values == pytest.approx([-np.log(0.3) / 70], rel=1e-4)


def test_an_over_determined_problem_ends_at_the_weighted_least_squares(tmp_path):
    """Two measurements of one cost: 1000 with error 10 and 1400 with error 20 have the weighted mean 1080."""
    found = calibrate(
        spending(
            tmp_path,
            "c: {value: 1, unit: USD}",
            {"a": "c", "b": "c"},
            "c: {from: 0, to: 5000}",
            {"a": (1000, 10), "b": (1400, 20)},
        ),
        Sample(10_000),
        starts=2,
    )
    assert found.best.values == pytest.approx([1080], rel=1e-6)
    assert found.best.distance == pytest.approx((80 / 10) ** 2 + (320 / 20) ** 2)
    assert found.standard_error == pytest.approx([(1 / 10**2 + 1 / 20**2) ** -0.5], rel=1e-4)
    assert "Not met: a, b." in report(found).text


def test_an_under_determined_problem_says_which_combination_is_open(tmp_path):
    """Only c + d is measured."""
    found = calibrate(
        spending(
            tmp_path,
            "c: {value: 1, unit: USD}, d: {value: 1, unit: USD}",
            {"a": "c + d"},
            "c: {from: 0, to: 1000}, d: {from: 0, to: 1000}",
            {"a": (1000, 1)},
        ),
        Sample(10_000),
        starts=4,
    )
    loose, tight = found.directions()
    assert loose.moves == pytest.approx(0, abs=1e-6) and loose.verdict == "not determined"
    assert tight.moves == pytest.approx(1000 * np.sqrt(2), rel=1e-6) and tight.verdict == "determined"
    assert loose.weights * np.sign(loose.weights[0]) == pytest.approx([0.5**0.5, -(0.5**0.5)])
    assert found.reached == pytest.approx([1000]) and "other values, as good" in found.agreement()
    assert identifiability_text(found).startswith("Not determined: ")
    assert "(share 50 %) with" in identifiability_text(found) and "The fit is not unique" in starts_text(found)


def test_a_price_meets_the_icer(tmp_path):
    """The new treatment gains 0.2 QALYs, so 30,000 per QALY is a price of 6,000."""
    scenario = read(
        write_scenario(
            tmp_path,
            f"""
{ONE_YEAR}
parameters: {{c: {{value: 1, unit: USD}}}}
strategies: {{old: {{u: 0.5, price: 0 USD}}, new: {{u: 0.7, price: c}}}}
states: {{here: {{start: 1, alive: true, utility: u, entry cost: {{drug: price}}}}}}
transitions: []
calibration:
  vary: {{c: {{from: 0, to: 100000}}}}
  targets: {{i: {{measure: icer, strategy: new, value: 30000, tolerance: 10}}}}
""",
        )
    )
    assert calibrate(scenario, Sample(10_000), starts=2).best.values == pytest.approx([6000], rel=1e-6)


def test_a_mean_meets_a_point_of_the_acceptability_curve(tmp_path):
    """At 50,000 a gain of 0.2 QALYs is worth 10,000; P(price < 10,000) = 0.8 for a normal price, sd 1000, of this mean."""
    from scipy.stats import norm

    scenario = read(
        write_scenario(
            tmp_path,
            f"""
{ONE_YEAR}
parameters: {{c: {{distribution: "normal(mean=5000, sd=1000)", unit: USD}}}}
strategies: {{old: {{u: 0.5, price: 0 USD}}, new: {{u: 0.7, price: c}}}}
states: {{here: {{start: 1, alive: true, utility: u, entry cost: {{drug: price}}}}}}
transitions: []
calibration:
  vary: {{c: {{from: 5000, to: 15000}}}}
  targets: {{p: {{measure: probability cost-effective, strategy: new, wtp: 50000, value: 0.8, tolerance: 0.005}}}}
""",
        )
    )
    found = calibrate(scenario, Sample(20_000), starts=2)
    sampling_error = 1000 * np.sqrt(0.8 * 0.2 / 20_000) / norm.pdf(norm.ppf(0.8))
    assert abs(found.best.values[0] - (10_000 - 1000 * norm.ppf(0.8))) < 3 * sampling_error
    assert found.reached == pytest.approx([0.8], abs=0.0005)


def test_combinations_that_a_distribution_cannot_have_are_walked_around(tmp_path):
    """A beta of mean 0.9 cannot have a standard error above 0.3."""
    scenario = spending(
        tmp_path,
        'u: {distribution: "beta(mean=0.5, se=0.1)", unit: probability}, k: {value: 1000, unit: USD}',
        {"a": "u * k"},
        "u.mean: {from: 0.1, to: 0.95}, u.se: {from: 0.05, to: 0.45}",
        {"a": (900, 1)},
    )
    found = calibrate(scenario, Sample(10_000), starts=4, posterior=40)
    assert found.best.values[0] == pytest.approx(0.9, rel=1e-4)
    mean, se = found.posterior.T
    assert (se**2 < mean * (1 - mean)).all()


# --- posterior --------------------------------------------------------------------------------------------------


def test_the_posterior_of_a_linear_problem_is_the_exact_normal_one(tmp_path):
    """Costs c + d, c and d - c/2 measured with errors: a regression with known errors and a flat prior."""
    scenario = spending(
        tmp_path,
        "c: {value: 1, unit: USD}, d: {value: 1, unit: USD}",
        {"x": "c + d", "y": "c", "z": "d - 0.5 * c"},
        "c: {from: 0, to: 1000}, d: {from: 0, to: 1000}",
        {"x": (1000, 20), "y": (420, 30), "z": (350, 25)},
    )
    found = calibrate(scenario, Sample(10_000), starts=2, posterior=2000)
    design, error = np.array([[1, 1], [1, 0], [-0.5, 1]]), np.array([20, 30, 25])
    covariance = np.linalg.inv((design / error[:, None] ** 2).T @ design)
    mean = covariance @ (design / error[:, None] ** 2).T @ np.array([1000, 420, 350])
    sd = np.sqrt(np.diag(covariance))
    assert found.best.values == pytest.approx(mean, rel=1e-5)
    assert found.effective > 1000
    assert (np.abs(found.posterior.mean(axis=0) - mean) < 4 * sd / np.sqrt(found.effective)).all()
    sample = np.cov(found.posterior.T)
    spread = 4 * np.sqrt((np.outer(sd, sd) ** 2 + covariance**2) / found.effective)
    assert (np.abs(sample - covariance) < spread).all()


def test_the_posterior_has_both_solutions_of_a_square(tmp_path):
    """(x - 0.5)^2 = 0.04 has the solutions 0.3 and 0.7, with equal posterior mass."""
    scenario = spending(
        tmp_path,
        "x: {value: 0.1}, k: {value: 1000, unit: USD}",
        {"a": "k * (x - 0.5) * (x - 0.5)"},
        "x: {from: 0, to: 1}",
        {"a": (40, 2)},
    )
    found = calibrate(scenario, Sample(10_000), starts=6, posterior=1000)
    assert "other values, as good" in found.agreement()
    above = found.posterior[:, 0] > 0.5
    assert above.mean() == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(found.effective))
    assert found.posterior[above].mean() == pytest.approx(0.7, abs=0.01)


def test_without_information_the_posterior_is_the_uniform_prior(tmp_path):
    scenario = spending(
        tmp_path,
        "c: {value: 1, unit: USD}, d: {value: 1, unit: USD}",
        {"a": "c + 0 * d"},
        "c: {from: 0, to: 1000}, d: {from: 10, to: 20}",
        {"a": (500, 1)},
    )
    found = calibrate(scenario, Sample(10_000), starts=2, posterior=2000)
    d = found.posterior[:, 1]
    assert d.mean() == pytest.approx(15, abs=4 * 10 / np.sqrt(12 * found.effective))
    assert d.std() == pytest.approx(10 / np.sqrt(12), rel=0.1)


def test_sets_are_drawn_from_the_distribution_that_each_set_of_arguments_makes(tmp_path):
    """A mean known to 1 % leaves the spread of the distribution itself; a parameter varied by name has the posterior's."""
    scenario = spending(
        tmp_path,
        'c: {distribution: "gamma(mean=100, cv=0.5)", unit: USD}, '
        'd: {distribution: "gamma(mean=100, cv=0.5)", unit: USD}',
        {"a": "c", "b": "d"},
        "c.mean: {from: 10, to: 1000}, d: {from: 10, to: 1000}",
        {"a": (300, 3), "b": (300, 3)},
    )
    found = calibrate(scenario, Sample(10_000), starts=2, posterior=1000)
    c, d = found.parameter_sets().values()
    assert c.mean() == pytest.approx(300, rel=0.03) and c.std() == pytest.approx(150, rel=0.1)
    np.testing.assert_array_equal(d, found.posterior[:, 1])


# --- the same for everyone --------------------------------------------------------------------------------------


def test_the_result_is_the_same_to_the_last_bit_with_any_number_of_workers(tmp_path):
    scenario = read(SCENARIOS / "mscc_constant_hazards.yaml", ["calibration.targets.ICER.tolerance=5000"])
    alone = calibrate(scenario, Sample(200), starts=2, posterior=30)
    for jobs in (2, 3):
        with workers(jobs) as executor:
            found = calibrate(scenario, Sample(200), starts=2, posterior=30, executor=executor)
        for one, other in zip(alone.fits, found.fits):
            np.testing.assert_array_equal(one.values, other.values)
        np.testing.assert_array_equal(alone.jacobian, found.jacobian)
        np.testing.assert_array_equal(alone.posterior, found.posterior)


def test_progress_counts_starts_and_sets(tmp_path):
    scenario, seen = (
        exponential(tmp_path, "s: {measure: median survival, strategy: only, value: 100 days, tolerance: 1 day}"),
        [],
    )
    calibrate(scenario, Sample(10_000), starts=3, posterior=25, progress=seen.append)
    assert sum(seen) == 28


# --- parameters -------------------------------------------------------------------------------------------------


def test_another_mean_leaves_the_other_arguments_and_moves_the_base_value():
    scenario = read(SCENARIOS / "mscc_constant_hazards.yaml")
    changed = with_values(scenario, {"c_surgery.mean": 20_000.0, "hr_surgery.sdlog": 0.5}).parameters
    assert changed["c_surgery"].base == 20_000 and changed["c_surgery"].distribution.mean == pytest.approx(20_000)
    assert changed["c_surgery"].text == "gamma(mean=20000, cv=0.61)"
    assert changed["hr_surgery"].base == 1 and changed["hr_surgery"].text == "lognormal(median=1, sdlog=0.5)"
    assert changed["u_amb"] is scenario.parameters["u_amb"]


def test_what_a_variant_fixes_is_not_varied_and_said_to_be_fixed():
    scenario = read(SCENARIOS / "mscc_constant_hazards.yaml", ["c_surgery=30000", "c_day_amb=100"])
    assert scenario.calibration.fixed == ("c_surgery.mean", "c_day_amb.cv")
    assert list(scenario.calibration.vary) == ["hazard_death.mean", "c_day_nonamb.cv", "hr_surgery.sdlog"]


def test_a_scenario_without_the_section_or_with_everything_fixed_is_refused(tmp_path):
    plain = read(write_scenario(tmp_path, "states: {a: {start: 1, alive: true}}\ntransitions: []"))
    with pytest.raises(CalibrationError, match="has no 'calibration' section"):
        calibrate(plain, Sample(10_000))
    fixed = spending(tmp_path, "c: {value: 1, unit: USD}", {"a": "c"}, "c.mean: {from: 0, to: 9}", {"a": (1, 1)})
    with pytest.raises(CalibrationError, match="nothing is left to vary, as these are fixed: c.mean"):
        calibrate(fixed, Sample(10_000))


# --- the default scenario ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_calibrated_values_of_the_default_scenario_are_found_again():
    """Three of the four; the spread of the daily costs is found too, but hardly determined (docs/calibration.md)."""
    scenario = read(SCENARIOS / "mscc_constant_hazards.yaml")
    with workers(2) as executor:
        found = calibrate(scenario, Sample(10_000), starts=3, executor=executor)
    assert found.reached == pytest.approx([100, 250_307, 0.1811, 0.9111], rel=1e-3)
    hazard, surgery, cv, sdlog = found.best.values
    assert hazard == pytest.approx(0.00488, rel=0.002)
    assert surgery == pytest.approx(34_000, rel=0.01)
    assert sdlog == pytest.approx(0.257, rel=0.03)
    assert cv == pytest.approx(0.69, abs=2 * found.standard_error[2])
    loose, *others = found.directions()
    assert loose.verdict == "weakly determined" and abs(loose.weights[2]) > 0.99
    assert all(direction.verdict == "determined" for direction in others)


def test_a_target_beyond_the_horizon_stops_a_calibration_but_no_run(tmp_path):
    scenario = exponential(
        tmp_path, "s: {measure: occupancy, strategy: only, states: [alive], at: 4 years, value: 0.3, tolerance: 0.01}"
    )
    with pytest.raises(
        CalibrationError, match=r"beyond the horizon \(1095.75 days\) lie the targets 's' \(1461 days\)"
    ):
        calibrate(scenario, Sample(10_000))


LANDMARK = "s: {{measure: occupancy, strategy: only, states: [alive], at: 45 days, value: 0.3, tolerance: 0.01}}"


@pytest.mark.parametrize("convention", ["integral", "half-cycle"])
@pytest.mark.parametrize(
    "settings", [(), ("transitions.alive -> dead.rate=h * (1 + 0 * cycle)",)], ids=["constant", "by cycle"]
)
def test_occupancy_within_a_cycle_is_read_there(tmp_path, convention, settings):
    """At 45 days, in the middle of a cycle of 30: a straight line between its ends would give a hazard 5 % lower."""
    path = exponential(tmp_path, LANDMARK.format()).path
    made = read(path, ["cycle=30 days", "horizon=300 days", f"convention={convention}", *settings])
    assert calibrate(made, Sample(10_000), starts=2).best.values == pytest.approx([-np.log(0.3) / 45], rel=1e-4)
