"""EVSI against closed forms, exact conjugate posteriors and voi; present value against its sum."""

from math import comb, exp, lgamma
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from reference import reference_file

from model.economics.evppi import evppi
from model.economics.evsi import (
    BinomialStudy,
    NormalStudy,
    TimeToEventStudy,
    enbs,
    evsi,
    evsi_by_size,
    population_value,
)

NORMAL = NormalDist()
SIZES = [1, 10, 100, 1000]
EXACT_NORMAL = [0.0251273, 0.0723251, 0.0821176, 0.0831946]


def choice(incremental):
    return np.stack([np.zeros_like(incremental), incremental])


def value_of(posterior_mean):
    """Value of learning these posterior means of an incremental net benefit."""
    return np.maximum(posterior_mean, 0).mean() - max(posterior_mean.mean(), 0)


def chemo(name):
    return pd.read_csv(reference_file("voi_chemo", name))


def test_literal_values_of_the_normal_example_are_the_closed_form():
    for n, exact in zip(SIZES, EXACT_NORMAL):
        sd = np.sqrt(n / (n + 1))  # of the posterior mean, prior N(1, 1) and data of sd 1
        assert NORMAL.cdf(1 / sd) + sd * NORMAL.pdf(1 / sd) - 1 == pytest.approx(exact, abs=1e-6)


def test_normal_study_equals_the_closed_form_within_error():
    rng = np.random.default_rng(1)
    p1, p2 = rng.normal(1, 1, 50_000), rng.normal(0, 2, 50_000)
    ours = evsi_by_size(choice(p1 - p2), NormalStudy(p1, 1), SIZES, rng)
    assert (np.abs(ours.value - EXACT_NORMAL) < 2.5 * ours.standard_error).all()
    assert (ours.standard_error < 0.004).all()


@pytest.mark.parametrize("n, voi", [(50, 208.20), (100, 238.64), (200, 276.28), (500, 303.87), (1000, 316.60)])
def test_trial_of_chemotherapy_equals_voi_on_the_same_simulated_data(n, voi):
    net_benefit = chemo("nb20000.csv").drop(columns="sim").to_numpy().T
    ours = evsi(net_benefit, chemo("evsi_study_data.csv")[[f"y1_n{n}", f"y2_n{n}"]].to_numpy().T)
    assert abs(ours.value - voi) < 0.2 * ours.standard_error
    assert ours.value < ours.evpi


def test_trial_of_chemotherapy_simulated_here_equals_voi_within_error():
    net_benefit = chemo("nb20000.csv").drop(columns="sim").to_numpy().T
    study = BinomialStudy(chemo("params.csv")[["p_side_effects_t1", "p_side_effects_t2"]].to_numpy().T)
    ours = evsi_by_size(net_benefit, study, [50, 200, 1000], np.random.default_rng(1))
    assert (np.abs(ours.value - [206.88, 274.22, 317.57]) < ours.standard_error).all()


def beta_binomial_evsi(n, a=2, b=3, threshold=0.45):
    """Exact: E max(0, posterior mean - threshold) summed over numbers of events; the prior mean is below."""

    def log_beta(x, y):
        return lgamma(x) + lgamma(y) - lgamma(x + y)

    chance = [comb(n, y) * exp(log_beta(a + y, b + n - y) - log_beta(a, b)) for y in range(n + 1)]
    return sum(c * max(0, (a + y) / (a + b + n) - threshold) for y, c in enumerate(chance))


@pytest.mark.parametrize("n", [1, 10, 200])
def test_binomial_study_equals_the_beta_binomial_sum_over_repeated_analyses(n):
    repeats = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        p = rng.beta(2, 3, 2000)
        net_benefit = choice(1000 * (p - 0.45) + rng.normal(0, 100, p.size))
        repeats.append(evsi_by_size(net_benefit, BinomialStudy(p), [n], rng).value[0])
    error = np.std(repeats, ddof=1) / np.sqrt(30)
    assert abs(np.mean(repeats) - 1000 * beta_binomial_evsi(n)) < 3 * error
    assert error < 0.05 * 1000 * beta_binomial_evsi(n)


@pytest.mark.parametrize("n, follow_up", [(20, 0.5), (20, 5), (200, 1)])
def test_time_to_event_study_equals_the_gamma_posterior_of_events_and_time_at_risk(n, follow_up):
    rng = np.random.default_rng(3)
    hazard = rng.gamma(4, 0.1, 10_000)
    net_benefit = choice(1000 * (hazard - 0.45) + rng.normal(0, 100, hazard.size))
    ours = evsi(net_benefit, TimeToEventStudy(hazard, follow_up).simulate(n, np.random.default_rng(4)))
    time = rng.exponential(1 / hazard, (n, hazard.size))
    events, at_risk = (time <= follow_up).sum(axis=0), np.minimum(time, follow_up).sum(axis=0)
    exact = value_of(1000 * ((4 + events) / (10 + at_risk) - 0.45))
    assert abs(ours.value - exact) < 2 * ours.standard_error


def test_large_trial_of_a_hazard_ratio_is_worth_the_evppi_of_both_hazards():
    rng = np.random.default_rng(5)
    baseline, ratio = rng.gamma(25, 0.02, 4000), rng.lognormal(-0.2, 0.2, 4000)
    net_benefit = choice(-1000 * baseline * (ratio - 0.85) + rng.normal(0, 50, 4000))
    study = TimeToEventStudy(np.stack([baseline, baseline * ratio]), follow_up=3)
    ours = evsi_by_size(net_benefit, study, [20, 20_000], rng)
    known = evppi(net_benefit, np.stack([baseline, ratio]))
    assert ours.value[1] == pytest.approx(known.value, rel=0.02)
    assert ours.value[0] < ours.value[1] - 2 * ours.standard_error[0]


def test_same_generator_gives_the_same_study_and_patients_in_blocks_are_all_there():
    hazard = np.random.default_rng(6).gamma(4, 0.1, (2, 500))
    study = TimeToEventStudy(hazard, follow_up=2)
    one, other = (study.simulate(5000, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert one.shape == hazard.shape
    # Standard error of a log rate: 1 / sqrt(events), and at least 5000 x (1 - exp(-2 x 0.03)) occur.
    np.testing.assert_allclose(one, np.log(hazard), atol=5 / np.sqrt(5000 * -np.expm1(-2 * hazard.min())))


def test_annual_population_value_is_the_discounted_sum_over_years():
    exact = sum(12.5 * 1000 / 1.035**year for year in range(10))
    assert population_value(12.5, 1000, 10, 0.035, "annual") == pytest.approx(exact, rel=1e-12)


def test_continuous_population_value_is_the_limit_of_ever_shorter_periods():
    periods = (np.arange(10_000) + 0.5) * 10 / 10_000
    exact = 12.5 * 1000 * (1.035**-periods).sum() * 10 / 10_000
    assert population_value(12.5, 1000, 10, 0.035) == pytest.approx(exact, rel=1e-6)


def test_continuous_population_value_is_that_of_voi_at_the_equivalent_continuous_rate():
    rate = np.log(1.035)  # pop_voi: voi x pop / dis x (1 - exp(-dis x time))
    assert population_value(2, 500, 7.5, 0.035) == pytest.approx(2 * 500 / rate * (1 - np.exp(-rate * 7.5)))


@pytest.mark.parametrize("convention", ["continuous", "annual"])
def test_undiscounted_population_value_is_a_product(convention):
    assert population_value(2, 500, 8, 0, convention) == 8000


def test_net_benefit_of_sampling_by_hand_and_its_best_size():
    rng = np.random.default_rng(8)
    p = rng.beta(2, 3, 2000)
    values = evsi_by_size(choice(1000 * (p - 0.45)), BinomialStudy(p), [10, 50, 1000], rng)
    patients, people = np.array([10, 50, 1000]), population_value(1, 100, 5, 0.035)
    ours = enbs(values, patients, people, fixed_cost=1000, cost_per_patient=30)
    np.testing.assert_allclose(ours.value, values.value * people - 1000 - 30 * patients)
    np.testing.assert_allclose(ours.standard_error, values.standard_error * people)
    assert ours.best == 1


RNG = np.random.default_rng(9)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: BinomialStudy(np.array([0.5, 1.2])).simulate(10, RNG), "0.5 to 1.2: allowed is 0 to 1"),
        (lambda: NormalStudy(np.zeros(3), 0).simulate(10, RNG), "sd of the study is 0: it must be above 0"),
        (lambda: TimeToEventStudy(np.array([0.0, 1.0]), 2).simulate(10, RNG), "lowest hazard is 0"),
        (lambda: evsi_by_size(np.zeros((2, 50)), NormalStudy(np.zeros(50), 1), [2.5], RNG), "2.5 patients per arm"),
        (lambda: population_value(1, 100, 2.5, 0.03, "annual"), "takes whole years"),
        (lambda: population_value(1, 100, 2, 0.03, "yearly"), "'yearly': allowed are 'continuous' and 'annual'"),
        (lambda: population_value(1, -100, 2, 0.03), "must be 0 or more"),
    ],
)
def test_wrong_input_is_refused_with_what_was_found(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_sizes_that_differ_by_no_more_than_error_are_as_good_as_the_best():
    """A parameter known almost perfectly from 1,000 patients is not known better from 2,000; 3 patients tell much less."""
    rng = np.random.default_rng(4)
    p = rng.beta(2, 3, 4000)
    values = evsi_by_size(choice(1000 * (p - 0.4)), BinomialStudy(p), [3, 1000, 2000], rng)
    assert values.loss.shape == (3, 4000)
    assert enbs(values, np.array([3, 1000, 2000]), 1.0, 0.0, 0.0).as_good.tolist() == [False, True, True]
    # A price on patients tells them apart again.
    assert enbs(values, np.array([3, 1000, 2000]), 1e6, 0.0, 20_000.0).as_good.tolist() == [False, True, False]
