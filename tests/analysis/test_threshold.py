"""Values at which a decision changes, against models that are solved by hand and against brute force."""

import numpy as np
import pytest
from linear_model import LINEAR
from runs import SCENARIOS, decided, write_scenario

from model import draws
from model.analysis import threshold
from model.analysis.evaluate import evaluate
from model.analysis.method import Method
from model.analysis.threshold import ThresholdError
from model.report import sensitivity_report
from model.sample import NO_PSA, Sample
from model.scenario_file import read


@pytest.fixture
def linear(tmp_path):
    return read(write_scenario(tmp_path, LINEAR))


def test_the_price_at_which_the_icer_meets_the_threshold(linear):
    found = threshold.break_even(linear, "price", 0, 2000, decided(linear), NO_PSA, Method())
    # 10,000 * 0.1 = price (1 + 100 * 0.5 / 500).
    assert [c.value for c in found.changes] == pytest.approx([1000 / 1.1], rel=1e-7)
    assert (found.changes[0].below, found.changes[0].above) == (1, 0)


def test_all_changes_in_the_range_are_found(tmp_path):
    scenario = read(
        write_scenario(tmp_path, LINEAR.replace("0.5 + gain * fixed", "0.5 + (fixed - 2) ** 2 / 10 - 0.09"))
    )
    found = threshold.break_even(scenario, "fixed", 0, 10, decided(scenario, 1e9), NO_PSA, Method())
    assert [c.value for c in found.changes] == pytest.approx([2 - 0.9**0.5, 2 + 0.9**0.5], abs=1e-4)


def test_two_changes_between_neighbouring_points_of_the_grid_are_found(tmp_path):
    """The grid has a point every 0.16, the changes are 0.02 and 0.002 apart; a lead that stays above 0 has none."""
    for half, number in ((0.01, 2), (0.001, 2), (None, 0)):
        dip = f"(fixed - 5.03) ** 2 - {half}**2" if half else "(fixed - 5.03) ** 2 + 1e-7"
        scenario = read(
            write_scenario(
                tmp_path, LINEAR.replace("gain * fixed, c: price * (1 + share_c / 5)", f"{dip}, c: 0 * price")
            )
        )
        found = threshold.break_even(scenario, "fixed", 0, 10, decided(scenario), NO_PSA, Method())
        assert [c.value for c in found.changes] == pytest.approx(
            [5.03 - half, 5.03 + half][:number] if half else [], abs=1e-6
        )


POLYNOMIALS = """
time: {unit: year, horizon: 1 year, cycle: 1 year}
wtp: {thresholds: [10000]}
parameters: {x: {value: 0, unit: number}%s}
strategies:
  none: {u: 0}
  cubic: {u: a * (x - b) * (x - c) * (x - d)}
  square: {u: e * (x - f) * (x - g)}
states: {alive: {start: 1, utility: u}}
transitions: []
"""


def exact_changes(a, b, c, d, e, f, g):
    """Where two of the polynomials meet, and no third is above them there; low and high ends are 0 and 1."""
    lines = [np.poly1d([0.0]), np.poly1d([b, c, d], True) * a, np.poly1d([f, g], True) * e]
    found = []
    for one, other in ((0, 1), (0, 2), (1, 2)):
        roots = (lines[one] - lines[other]).roots
        for root in roots[np.abs(roots.imag) < 1e-12].real:
            if 0 < root < 1 and max(line(root) for line in lines) <= lines[one](root) + 1e-12:
                found.append(root)
    return sorted(found)


def test_all_changes_among_three_curves_are_those_of_brute_force(tmp_path):
    rng, letters = np.random.default_rng(7), "abcdefg"
    path = write_scenario(tmp_path, POLYNOMIALS % "".join(f", {k}: {{value: 0, unit: number}}" for k in letters))
    numbers = []
    for _ in range(60):
        own = dict(zip(letters, rng.uniform(0, 1, 7)))
        own |= {"a": rng.normal() * 8, "e": rng.normal() * 2, "c": own["b"] + rng.choice([0.3, 3e-3, 3e-4])}
        scenario = read(path, [f"{k}={v!r}" for k, v in ((k, float(v)) for k, v in own.items())])
        found = [
            c.value for c in threshold.break_even(scenario, "x", 0, 1, decided(scenario), NO_PSA, Method()).changes
        ]
        # Where curves meet at a small angle, the last 1e-11 of net benefit is a tie, and moves the change by some 1e-6.
        assert found == pytest.approx(exact_changes(**own), abs=1e-5)
        numbers.append(len(found))
    assert min(numbers) <= 1 and max(numbers) >= 4


def test_a_narrow_range_far_from_0_is_searched_to_the_last_digit(tmp_path):
    scenario = read(
        write_scenario(
            tmp_path, LINEAR.replace("(1 + share_c / 5)", "(fixed - 1e9) / 500").replace("gain * fixed", "3e-5")
        )
    )
    found = threshold.break_even(scenario, "fixed", 1e9, 1e9 + 1, decided(scenario), NO_PSA, Method())
    assert [c.value - 1e9 for c in found.changes] == pytest.approx([0.3], abs=1e-6)


def test_none_in_the_range_is_said(linear):
    found = threshold.break_even(linear, "price", 1500, 2000, decided(linear), NO_PSA, Method())
    assert found.changes == ()
    assert sensitivity_report.sentence(found, "price (USD)").startswith(
        "None in the range: with price (USD) from 1,500 to 2,000"
    )


def test_the_threshold_of_a_psa_is_that_of_its_mean(linear):
    """Linear in gain, so the mean decides; the draws are the same at each value."""
    found = threshold.break_even(linear, "price", 0, 2000, decided(linear), Sample(4000), Method())
    # Mean over draws of 1e4 gain = price (1 + share_c / 5): error of the mean of gain 0.02 / sqrt(4000).
    assert found.changes[0].value == pytest.approx(1000 / 1.1, abs=4 * 1e4 * 0.02 / 4000**0.5)


def test_the_threshold_of_a_share_keeps_the_others_proportions_in_every_draw(linear):
    """Net benefit 1000 - 500 (1 + share_c / 5) is 0 nowhere; at wtp 5,400 it is where share_c = 0.4."""
    found = threshold.break_even(linear, "share_c", 0.1, 0.9, decided(linear, 5400), NO_PSA, Method())
    assert [c.value for c in found.changes] == pytest.approx([0.4], rel=1e-6)
    found = threshold.break_even(linear, "share_a", 0.0, 0.9, decided(linear, 5400), Sample(500), Method())
    sample = draws.probabilistic(linear, Sample(500, 1)).values
    # share_c = (1 - share_a) share_c / (share_b + share_c) of the draw: linear in share_a.
    rest = (sample["share_c"] / (sample["share_b"] + sample["share_c"])).mean()
    assert [c.value for c in found.changes] == pytest.approx(
        [1 - (5400 * sample["gain"].mean() / 500 - 1) * 5 / rest], abs=1e-7
    )


def test_the_standard_error_of_a_threshold_is_its_spread_over_samples(linear):
    """Threshold 1e4 mean(gain) / (1 + mean(share_c) / 5)."""
    found = [
        threshold.break_even(linear, "price", 500, 1500, decided(linear), Sample(400, seed), Method()).changes[0]
        for seed in range(60)
    ]
    spread = np.std([c.value for c in found], ddof=1)
    # Of 60 samples, a standard deviation has an error of 1 / sqrt(118) = 9 %.
    assert np.mean([c.standard_error for c in found]) == pytest.approx(spread, rel=0.3)
    assert np.isnan(
        threshold.break_even(linear, "price", 0, 2000, decided(linear), NO_PSA, Method()).changes[0].standard_error
    )


def test_a_simulated_threshold_between_two_others_than_the_reference_has_an_error_too(tmp_path):
    """Surgery with walking kept and regained as often and 0.7 times the deaths, at twice the price."""
    path = tmp_path / "three.yaml"
    path.write_text(f"""extends: {SCENARIOS / "mscc_constant_hazards.yaml"}
strategies:
  dear: {{p_retain: p_retain_surgery, p_regain: p_regain_surgery, hr: 0.7, hazard_loss: hazard_loss_surgery, operated: 2}}
""")
    limits = read(path), "c_surgery", 0, 90_000
    exact, found = (
        next(
            c
            for c in threshold.break_even(*limits, decided(limits[0], 300_000), NO_PSA, method).changes
            if {c.below, c.above} == {1, 2}
        )
        for method in (Method(), Method("individual", 20))
    )
    assert 0 < found.standard_error < 0.2 * exact.value and abs(found.value - exact.value) < 4 * found.standard_error


def test_a_simulated_threshold_is_within_its_standard_error():
    scenario = read(SCENARIOS / "mscc_constant_hazards.yaml")
    exact = threshold.break_even(
        scenario, "c_surgery", 0, 40_000, decided(scenario, 100_000), NO_PSA, Method()
    ).changes[0]
    found = threshold.break_even(
        scenario, "c_surgery", 0, 40_000, decided(scenario, 100_000), NO_PSA, Method("individual", 20)
    ).changes[0]
    # The net benefit falls by 1 with each dollar, so the errors of both are the same.
    table = draws.base(scenario).replace(c_surgery=np.array([found.value]))
    simulated = evaluate(scenario, table, Method("individual", 20).for_base()).simulated["all"]
    assert found.standard_error == pytest.approx(simulated.inb_se(100_000)[1, 0], rel=1e-6)
    assert abs(found.value - exact.value) < 4 * found.standard_error


def test_a_group_has_a_decision_of_its_own():
    """Net benefit is linear in the cost of surgery, of which each patient has one."""
    scenario = read(SCENARIOS / "mscc_constant_hazards.yaml")
    for group, other in (("walking", "not walking"), ("not walking", "walking")):
        found = threshold.break_even(
            scenario, "c_surgery", 0, 60_000, decided(scenario, 100_000, group=group), NO_PSA, Method()
        ).changes
        base = evaluate(scenario, draws.base(scenario)).outcomes
        gain = {key: np.diff(100_000 * part.get("qaly") - part.cost, axis=0)[0, 0] for key, part in base.items()}
        assert [c.value for c in found] == pytest.approx(
            [scenario.parameters["c_surgery"].base + gain[group]], rel=1e-7
        )
        assert abs(gain[group] - gain[other]) > 100


def test_the_slope_at_a_change_is_not_taken_over_another(tmp_path):
    """Of (x - 5.03)^2 - 0.01^2 it is -0.02 and 0.02 at its roots; the error of a QALY is that of the draws."""
    text = LINEAR.replace(
        "gain * fixed, c: price * (1 + share_c / 5)", "(fixed - 5.03) ** 2 - 0.01**2 + (gain - 0.1) / 1e5, c: 0 * price"
    )
    scenario = read(write_scenario(tmp_path, text))
    found = threshold.break_even(scenario, "fixed", 0, 10, decided(scenario), Sample(100), Method()).changes
    error = draws.probabilistic(scenario, Sample(100, 1)).values["gain"].std(ddof=1) / 1e5 / 10
    assert [c.standard_error for c in found] == pytest.approx([error / 0.02] * 2, rel=0.01)


def test_strategies_that_differ_by_rounding_do_not_change_places(tmp_path):
    """Net benefits of old and new differ in the last digit only, in either direction."""
    text = LINEAR.replace("u: 0.5, c: 0 * price", "u: 0.1 * fixed * 3, c: price / 3").replace(
        "0.5 + gain * fixed, c: price * (1 + share_c / 5)", "0.3 * fixed, c: price * (1 / 3)"
    )
    scenario = read(write_scenario(tmp_path, text))
    found = threshold.break_even(scenario, "fixed", 0, 1, decided(scenario), NO_PSA, Method())
    assert len(set(np.argmax(found.net_benefit, axis=0))) == 2 and found.changes == ()


@pytest.mark.parametrize(
    "vary, message",
    [
        (("prise", 0, 1), "is no parameter.*Did you mean 'price'"),
        (("price", 5, 1), "needs LOW below HIGH"),
        (("share_a", 0, 1.5), "within what 'probability' allows"),
        (("price", float("nan"), 1), "needs LOW below HIGH"),
        (("fixed", None, None), "has no distribution and no 'range': write fixed=LOW:HIGH"),
    ],
)
def test_bad_questions_are_clear_errors(linear, vary, message):
    with pytest.raises(ThresholdError, match=message):
        threshold.break_even(linear, *vary, decided(linear), NO_PSA, Method())
