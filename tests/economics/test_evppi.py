"""EVPPI against closed forms, voi's chemotherapy example, BCEA's vaccine example and repeated sampling."""

from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from reference import reference_file

from model.economics.evppi import evppi, evppi_all, evppi_by_wtp
from model.economics.regression import fit

NORMAL = NormalDist()


def choice(incremental):
    """Net benefit [2, draw] of doing nothing and of a strategy with this increment."""
    return np.stack([np.zeros_like(incremental), incremental])


def expected_gain(mean, sd):
    """Value of learning a normal incremental net benefit: E max(0, X) - max(0, mean)."""
    return mean * NORMAL.cdf(mean / sd) + sd * NORMAL.pdf(mean / sd) - max(mean, 0)


def table(folder, name):
    return pd.read_csv(reference_file(folder, name))


def outcomes(folder, name):
    return table(folder, name).drop(columns="sim").to_numpy().T


def columns(frame, names):
    return frame[names.split("+")].to_numpy().T


def normal_example():
    draws = table("voi_chemo", "analytic_normal_inputs.csv")
    return draws.p1.to_numpy(), draws.p2.to_numpy()


@pytest.mark.parametrize("which, exact, voi", [(0, 0.0833155, 0.0821007), (1, 0.3955931, 0.3902983)])
def test_normal_example_equals_voi_on_the_same_draws_and_the_closed_form_within_error(which, exact, voi):
    p = normal_example()
    ours = evppi(choice(p[0] - p[1]), p[which])
    assert exact == pytest.approx(expected_gain(1, (1, 2)[which]), abs=1e-6)
    assert ours.value == pytest.approx(voi, abs=0.0015)
    assert abs(ours.value - exact) < 2 * ours.standard_error


def test_normal_example_both_parameters_are_worth_evpi():
    p = normal_example()
    ours = evppi(choice(p[0] - p[1]), p)
    assert ours.evpi == pytest.approx(0.4759885, abs=1e-6)  # voi; exact is 0.47981
    assert ours.value == pytest.approx(ours.evpi, rel=0.001)


def product_gain():
    """E max(0, 600 x1 x2 + 150) - 150 exactly: normal in x2, Gauss-Legendre over |x1|."""
    node, weight = np.polynomial.legendre.leggauss(400)
    x, weight = 4.5 * (node + 1), 4.5 * weight
    gain = [expected_gain(150, 600 * value) for value in x]
    return float((gain * np.exp(-(x**2) / 2) * 2 / np.sqrt(2 * np.pi)) @ weight)


def test_pair_that_acts_only_by_interaction_is_found():
    assert product_gain() == pytest.approx(133.95, abs=0.01)
    estimates = []
    for seed in range(10):
        x = np.random.default_rng(seed).normal(size=(2, 10_000))
        estimates.append(evppi(choice(600 * x[0] * x[1] + 150), x))
    values = np.array([e.value for e in estimates])
    np.testing.assert_allclose(values, [e.evpi for e in estimates], rtol=0.001)
    assert abs(values.mean() - product_gain()) < 3 * values.std(ddof=1) / np.sqrt(10)


def test_each_of_two_parameters_that_act_only_together_is_worth_next_to_nothing():
    singles = []
    for seed in range(10):
        x = np.random.default_rng(seed).normal(size=(2, 10_000))
        singles += [evppi(choice(600 * x[0] * x[1] + 150), row).value for row in x]
    assert np.mean(singles) < 0.01 * product_gain()


VOI_CHEMO = {  # EVPPI and its standard error by voi (gam) on the same 10,000 draws at 20,000 per QALY
    "p_side_effects_t1": (26.75, 5.50),
    "p_side_effects_t2": (262.11, 4.53),
    "logor_side_effects": (331.87, 2.94),
    "u_home_care": (100.56, 5.70),
    "rate_longterm": (37.72, 4.65),
    "p_died": (55.04, 6.05),
    "c_home_care": (1.44, 2.65),
    "p_side_effects_t1+logor_side_effects": (333.88, 2.69),
    "p_side_effects_t1+p_side_effects_t2": (333.45, 2.69),
    "u_recovery+u_home_care+u_hospital": (101.65, 5.50),
    "c_home_care+c_hospital+c_death": (2.02, 3.27),
}


@pytest.mark.parametrize("names", VOI_CHEMO)
def test_chemotherapy_equals_voi_gam_within_its_error_and_has_the_same_error(names):
    ours = evppi(outcomes("voi_chemo", "nb20000.csv"), columns(table("voi_chemo", "params.csv"), names))
    gam, se = VOI_CHEMO[names]
    assert abs(ours.value - gam) < 0.6 * se
    assert ours.regression_error == pytest.approx(se, rel=0.2)


def test_chemotherapy_all_fourteen_parameters_are_worth_evpi_as_bart_finds():
    parameters = table("voi_chemo", "params.csv").drop(columns="sim").to_numpy().T
    ours = evppi(outcomes("voi_chemo", "nb20000.csv"), parameters)
    assert ours.evpi == pytest.approx(368.6051, abs=1e-3)
    assert ours.value == pytest.approx(368.50, rel=0.002)  # voi bart; earth, which is stiffer, has 364.62


def test_chemotherapy_equals_voi_gam_at_every_wtp():
    cost, effect = outcomes("voi_chemo", "costs.csv"), outcomes("voi_chemo", "effects.csv")
    parameters = table("voi_chemo", "params.csv")
    for names, theirs in table("voi_chemo", "evppi_gam_by_wtp.csv").groupby("pars"):
        ours = evppi_by_wtp(cost, effect, columns(parameters, names), theirs.k)
        assert len(theirs) == 51
        assert (np.abs(ours.value - theirs.evppi) <= 0.5 * ours.standard_error + 0.7).all(), names


def test_vaccine_with_a_thousand_draws_equals_bcea_within_the_error():
    cost, effect = outcomes("bcea_vaccine", "costs.csv"), outcomes("bcea_vaccine", "effects.csv")
    parameters, theirs = table("bcea_vaccine", "params.csv"), table("bcea_vaccine", "evppi.csv")
    theirs = theirs[theirs.method.isin(["gam", "gp"]) & (theirs.k == 20_100)].groupby("pars").evppi
    assert len(theirs) == 11
    for names, values in theirs:
        ours = evppi_by_wtp(cost, effect, columns(parameters, names), [20_100])
        assert values.min() - ours.standard_error[0] < ours.value[0] < values.max() + ours.standard_error[0]


def test_vaccine_pair_equals_bcea_over_the_grid_within_the_error():
    cost, effect = outcomes("bcea_vaccine", "costs.csv"), outcomes("bcea_vaccine", "effects.csv")
    theirs = table("bcea_vaccine", "bcea_evppi_gam_beta1_beta2.csv")
    pair = columns(table("bcea_vaccine", "params.csv"), "beta.1.+beta.2.")
    ours = evppi_by_wtp(cost, effect, pair, theirs.k)
    np.testing.assert_allclose(ours.evpi, theirs.evi, rtol=1e-9, atol=1e-9)
    # Away from the threshold of 20,100 both are nearly 0 and so are the errors.
    assert (np.abs(ours.value - theirs.evppi) < ours.standard_error + 0.01).all()


def repeated(make, n, repeats=60):
    """Estimates of repeated analyses of `n` draws: values, standard errors."""
    every = [evppi(*make(np.random.default_rng(seed), n)) for seed in range(repeats)]
    return np.array([e.value for e in every]), np.array([e.standard_error for e in every])


def linear(rng, n):
    p = rng.normal(1, 1, n)
    return choice(p - rng.normal(0, 2, n)), p


def heavy_tailed(rng, n):
    p = rng.lognormal(0, 1.5, n)
    return choice(np.log(p) * 2 + 0.5 + rng.normal(0, 3, n)), p


def interaction(rng, n):
    x = rng.normal(size=(2, n))
    return choice(600 * x[0] * x[1] + 150 + rng.normal(0, 600, n)), x


@pytest.mark.parametrize(
    "make, exact", [(linear, expected_gain(1, 1)), (heavy_tailed, expected_gain(0.5, 3)), (interaction, product_gain())]
)
def test_repeated_analyses_scatter_about_the_exact_value_as_the_standard_error_says(make, exact):
    values, errors = repeated(make, 1000)
    scatter = values.std(ddof=1)
    assert abs(values.mean() - exact) < 3.5 * scatter / np.sqrt(len(values))
    # With 60 repeats the scatter itself is known to 9%.
    assert errors.mean() == pytest.approx(scatter, rel=0.3)


def test_value_of_parameters_worth_nothing_is_of_the_size_of_its_upward_bias():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(5, 2000))
    worthless = [evppi(choice(rng.normal(0, 1, 2000)), x) for _ in range(10)]
    values, bias = np.array([(e.value, e.upward_bias) for e in worthless]).T
    # Five straight lines through noise scatter with sd sqrt(5 / 2000); half of its mean size counts as value.
    chance = np.sqrt(5 / 2000) / np.sqrt(2 * np.pi)
    assert 0.5 * chance < values.mean() < 1.5 * chance
    assert bias.mean() > 0.2 * values.mean()


def test_larger_group_is_worth_no_less_up_to_error():
    net_benefit, frame = outcomes("voi_chemo", "nb20000.csv"), table("voi_chemo", "params.csv")
    names = ["u_home_care", "rate_longterm", "p_died", "p_side_effects_t2", "logor_side_effects"]
    groups = [evppi(net_benefit, columns(frame, "+".join(names[:k]))) for k in range(1, 6)]
    for smaller, larger in zip(groups, groups[1:]):
        assert larger.value > smaller.value - smaller.standard_error


def test_constant_parameter_is_worth_exactly_nothing():
    ours = evppi(choice(np.random.default_rng(1).normal(size=500)), np.full(500, 0.1))
    assert (ours.value, ours.standard_error, ours.upward_bias, ours.clamped) == (0, 0, 0, False)


def test_functions_of_the_parameters_add_nothing():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(2, 2000))
    net_benefit = choice(x[0] + 0.3 + rng.normal(size=2000))
    alone = evppi(net_benefit, x[0])
    assert evppi(net_benefit, np.stack([x[0], 3 * x[0], np.exp(x[0]), -x[0], np.ones(2000)])) == alone
    assert evppi(net_benefit, np.stack([*x, x[0] + x[1], x[0] - x[1]])).value == pytest.approx(
        alone.value, abs=alone.standard_error
    )


def test_categories_are_worth_what_their_means_say():
    rng = np.random.default_rng(3)
    category = rng.integers(0, 3, 3000)
    gain = category - 0.9 + rng.normal(size=3000)
    means = np.array([gain[category == c].mean() for c in range(3)])[category]
    exact = np.maximum(means, 0).mean() - max(means.mean(), 0)
    dummies = np.stack([category == c for c in range(3)]).astype(float)
    assert evppi(choice(gain), category).value == pytest.approx(exact, rel=0.01)
    assert evppi(choice(gain), dummies).value == pytest.approx(exact, rel=0.01)


def test_value_above_evpi_is_lowered_and_said_to_be():
    x = np.random.default_rng(1).normal(size=(2, 10_000))
    gain = 600 * x[0] * x[1] + 150
    clamped = [e for e in (evppi(choice(gain + shift), x) for shift in range(0, 300, 30)) if e.clamped]
    assert clamped and all(e.value == e.evpi for e in clamped)


def test_result_does_not_depend_on_units():
    rng = np.random.default_rng(4)
    x = rng.gamma(2, 1, (2, 1000))
    gain = x[0] * x[1] - 3.5 + rng.normal(size=1000)
    one, other = evppi(choice(gain), x), evppi(1e6 * choice(gain), 1e-9 * x)
    assert other.value == pytest.approx(1e6 * one.value) and other.clamped == one.clamped
    assert other.standard_error == pytest.approx(1e6 * one.standard_error)


def test_pair_among_sixty_parameters_is_found():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(60, 4000))
    net_benefit = choice(3 * x[7] * x[31] + x[2] + rng.normal(size=4000))
    alone = evppi(net_benefit, x[[2, 7, 31]])
    assert evppi(net_benefit, x).value == pytest.approx(alone.value, rel=0.03)


def test_kink_between_two_parameters_of_three_strategies_is_found_within_the_error():
    rng = np.random.default_rng(6)
    x = rng.normal(size=(3, 4000))
    known = np.stack([x[0], x[1] * x[2], np.maximum(x[0] - x[1], 0) - 0.3])
    ours = evppi(known + rng.normal(0, 2, known.shape), x)
    exact = known.max(axis=0).mean() - known.mean(axis=1).max()
    assert abs(ours.value - exact) < 2 * ours.standard_error


def test_by_wtp_equals_one_threshold_at_a_time_within_a_fraction_of_the_error():
    rng = np.random.default_rng(7)
    x = rng.normal(size=(2, 2000))
    cost = np.stack([np.zeros(2000), 900 + 200 * x[0], 1500 + 300 * x[1]]) + rng.normal(0, 50, (3, 2000))
    effect = np.stack([np.zeros(2000), 0.05 + 0.02 * x[1], 0.08 + 0.03 * x[0]])
    effect += rng.normal(0, 0.02, effect.shape)
    wtp = np.array([0, 10_000, 20_000, 30_000, 50_000])
    curve = evppi_by_wtp(cost, effect, x, wtp)
    each = [evppi(k * effect - cost, x) for k in wtp]
    np.testing.assert_allclose(curve.evpi, [e.evpi for e in each], rtol=1e-9)
    assert (np.abs(curve.value - [e.value for e in each]) <= 0.2 * curve.standard_error).all()


def test_all_groups_are_those_asked_for():
    rng = np.random.default_rng(8)
    parameters = dict(zip("abc", rng.normal(size=(3, 500))))
    net_benefit = choice(parameters["a"] + parameters["b"])
    assert list(evppi_all(net_benefit, parameters)) == ["a", "b", "c"]
    pair = evppi_all(net_benefit, parameters, {"both": ["a", "b"]})
    assert pair["both"] == evppi(net_benefit, np.stack([parameters["a"], parameters["b"]]))


@pytest.mark.parametrize(
    "net_benefit, parameters, message",
    [
        (np.zeros((1, 50)), np.zeros(50), "one strategy"),
        (np.zeros((2, 5)), np.zeros(5), "5 draws: the regression needs 20"),
        (np.zeros((2, 50)), np.zeros(49), "49 draws, the outcomes 50"),
        (np.zeros((2, 50)), np.full(50, np.nan), "parameters is nan at parameter 1 of 1, draw 1 of 50"),
        (np.zeros(50), np.zeros(50), "expected \\[strategy, draw\\]"),
    ],
)
def test_wrong_input_is_refused_with_what_was_found(net_benefit, parameters, message):
    with pytest.raises(ValueError, match=message):
        evppi(net_benefit, parameters)


def test_cost_and_effect_of_different_analyses_are_refused():
    with pytest.raises(ValueError, match="2 strategies x 50 draws and 3 strategies x 50 draws"):
        evppi_by_wtp(np.zeros((2, 50)), np.zeros((3, 50)), np.zeros(50), [0])


def test_group_of_an_unknown_parameter_is_refused():
    with pytest.raises(ValueError, match="'tested' names 'q', which is no parameter; these are: p"):
        evppi_all(np.zeros((2, 50)), {"p": np.zeros(50)}, {"tested": ["q"]})


def unordered(levels, n=5000, noise=500.0, seed=3):
    """The level of each draw, and an incremental net benefit whose mean is another for each; what that is worth exactly."""
    rng = np.random.default_rng(seed)
    level = rng.integers(0, levels, n).astype(float)
    gain = rng.normal(0, 1000, levels)
    mean = gain[level.astype(int)]
    return level, mean + rng.normal(0, noise, n), np.maximum(mean, 0).mean() - max(0, mean.mean())


def test_forty_unordered_levels_are_worth_what_the_means_of_the_levels_say():
    level, gain, _ = unordered(40)
    by_level = sum((level == u).mean() * max(0, gain[level == u].mean()) for u in range(40)) - max(0, gain.mean())
    ours = evppi(choice(gain), level)
    assert by_level == pytest.approx(326.5, abs=0.05)
    assert ours.value == pytest.approx(by_level, abs=2) and not ours.doubtful


def test_a_step_is_followed():
    rng = np.random.default_rng(3)
    rng.integers(0, 40, 5000), rng.normal(0, 1000, 40), rng.normal(0, 500, 5000)  # those of the levels come first
    p = rng.random(5000)
    mean = np.where(p > 0.5, 1000.0, -1000.0)
    exact = np.maximum(mean, 0).mean() - max(0, mean.mean())
    ours = evppi(choice(mean + rng.normal(0, 100, 5000)), p)
    assert exact == pytest.approx(493.4, abs=0.05)
    assert ours.value == pytest.approx(exact, abs=2) and not ours.doubtful


@pytest.mark.parametrize("steps", [3, 10])
def test_several_steps_are_followed(steps):
    rng = np.random.default_rng(steps)
    p, height = rng.random(5000), rng.normal(0, 1000, steps + 1)
    mean = height[(p * (steps + 1)).astype(int)]
    ours = evppi(choice(mean + rng.normal(0, 100, 5000)), p)
    exact = np.maximum(mean, 0).mean() - max(0, mean.mean())
    assert ours.value == pytest.approx(exact, abs=0.01 * exact + 2)


def test_cells_of_two_discrete_parameters_are_levels_too():
    rng = np.random.default_rng(5)
    a, b = rng.integers(0, 6, 5000), rng.integers(0, 7, 5000)
    mean = rng.normal(0, 1000, (6, 7))[a, b]
    exact = np.maximum(mean, 0).mean() - max(0, mean.mean())
    ours = evppi(choice(mean + rng.normal(0, 500, 5000)), np.stack([a, b]).astype(float))
    assert ours.value == pytest.approx(exact, abs=0.02 * exact) and not ours.doubtful


@pytest.mark.parametrize("levels", [300, 1500])
def test_what_too_many_levels_hide_is_told_with_its_size(levels):
    level, gain, exact = unordered(levels)
    ours = evppi(choice(gain), level)
    assert ours.value < exact - 5 * ours.standard_error  # beyond the regression...
    assert ours.doubtful and ours.doubt > 0.4 * (exact - ours.value)  # ... and said so


def test_a_step_that_depends_on_two_parameters_is_followed_or_told():
    rng = np.random.default_rng(1)
    p, q = rng.random((2, 5000))
    for pattern in ((p > 0.5) ^ (q > 0.5), p + q > 1):
        mean = np.where(pattern, 1000.0, -1000.0)
        exact = np.maximum(mean, 0).mean() - max(0, mean.mean())
        ours = evppi(choice(mean + rng.normal(0, 500, 5000)), np.stack([p, q]))
        off = abs(ours.value - exact)
        assert off < 2 * ours.standard_error or (ours.doubtful and ours.doubt == pytest.approx(off, rel=0.5))


def test_a_smooth_function_and_pure_noise_raise_no_doubt_and_get_no_steps():
    for seed in range(5):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(2, 4000))
        for mean in (0 * x[0], 800 * x[0] + 200, 900 * np.sin(x[0]) * x[1]):
            parameters, gain = x if mean.any() else x[0], mean + rng.normal(0, 1000, 4000)
            made = fit(np.atleast_2d(parameters), gain[None])
            assert not made._design.jumps and not made.left_over.any()
            assert evppi(choice(gain), parameters).doubt == 0
