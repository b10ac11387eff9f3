"""Sobol indices and Morris effects against closed forms; the convergence of a PSA against its moments."""

import sys

import numpy as np
import pytest
from runs import SCENARIOS, VALIDATION, decided, write_scenario
from scipy import stats

from model import draws
from model.analysis import convergence, globalsens
from model.analysis.evaluate import evaluate
from model.analysis.globalsens import GlobalError
from model.analysis.method import Method
from model.analysis.run import run
from model.analysis.workers import workers
from model.cli import main
from model.economics import net_benefit
from model.sample import Sample
from model.scenario_file import read

DEFAULT = SCENARIOS / "mscc_constant_hazards.yaml"


def each(size):
    return [np.array([i]) for i in range(size)]


def ishigami(u, a=7.0, b=0.1):
    x = np.pi * (2 * u - 1)
    return (np.sin(x[0]) + a * np.sin(x[1]) ** 2 + b * x[2] ** 4 * np.sin(x[0]))[None]


def test_indices_of_ishigamis_function_are_its_closed_forms():
    """Ishigami and Homma 1990: V1 = (1 + b pi^4 / 5)^2 / 2, V2 = a^2 / 8, V13 = 8 b^2 pi^8 / 225."""
    a, b, p = 7.0, 0.1, np.pi
    parts = np.array([(1 + b * p**4 / 5) ** 2 / 2, a**2 / 8, 0.0])
    together = 8 * b**2 * p**8 / 225
    variance = parts.sum() + together
    (found,) = globalsens.sobol(ishigami, 3, each(3), 8192, 1)
    np.testing.assert_allclose(found.first, parts / variance, atol=0.01)
    np.testing.assert_allclose(found.total, (parts + [together, 0, together]) / variance, atol=0.01)
    assert found.variance == pytest.approx(variance, rel=0.01) and found.runs == 5 * 8192
    inside = (found.total_interval[:, 0] <= found.total) & (found.total <= found.total_interval[:, 1])
    assert inside.all() and (np.diff(found.total_interval) < 0.1).all()


def test_a_linear_model_shares_its_variance_out():
    weights = np.array([1.0, 2.0, 4.0, 0.0])
    (found,) = globalsens.sobol(lambda u: [weights @ stats.norm.ppf(u)], 4, each(4), 4096, 2)
    np.testing.assert_allclose(found.first, weights**2 / 21, atol=0.02)
    np.testing.assert_allclose(found.total, weights**2 / 21, atol=0.02)


def test_a_product_is_all_interaction():
    (found,) = globalsens.sobol(lambda u: [np.prod(u - 0.5, axis=0)], 2, each(2), 4096, 3)
    np.testing.assert_allclose(found.first, 0, atol=0.02)
    np.testing.assert_allclose(found.total, 1, atol=0.04)


def test_inputs_that_vary_together_are_one_factor():
    """x1 x2 + x3 with x1, x2 one factor: all its variance is first order."""
    (found,) = globalsens.sobol(
        lambda u: [(u[0] - 0.5) * (u[1] - 0.5) * 12 + (u[2] - 0.5)], 3, [np.array([0, 1]), np.array([2])], 4096, 4
    )
    np.testing.assert_allclose(found.first, [12 / 13, 1 / 13], atol=0.02)
    np.testing.assert_allclose(found.total, [12 / 13, 1 / 13], atol=0.02)


def test_every_output_has_the_indices_it_would_have_alone():
    both = globalsens.sobol(lambda u: [u[0] + u[1], 0 * u[0], ishigami(u)[0]], 3, each(3), 512, 5)
    (alone,) = globalsens.sobol(ishigami, 3, each(3), 512, 5)
    np.testing.assert_array_equal(both[2].total_interval, alone.total_interval)
    np.testing.assert_allclose(both[0].first, [0.5, 0.5, 0], atol=0.03)
    assert not both[1].total.any() and both[1].variance == 0


def test_intervals_of_the_bootstrap_hold_the_closed_form():
    """95 % intervals; scrambled Sobol points err less than independent ones, so nearly all of 40 x 3 hold it."""
    truth = np.array([0.5575, 0.4424, 0.2437])
    held = np.array(
        [
            (i.total_interval[:, 0] <= truth) & (truth <= i.total_interval[:, 1])
            for i in (globalsens.sobol(ishigami, 3, each(3), 256, seed)[0] for seed in range(40))
        ]
    )
    assert held.mean() > 0.93


def test_elementary_effects_of_a_linear_model_are_its_slopes():
    slopes = np.array([3.0, -1.0, 0.0])
    (found,) = globalsens.morris(lambda u: [slopes @ u], 3, each(3), 20, 1)
    # The levels span the quantiles from 1 % to 99 %.
    np.testing.assert_allclose(found.mean_absolute, np.abs(slopes) * 0.98)
    np.testing.assert_allclose(found.spread, 0, atol=1e-12)
    assert found.runs == 20 * 4


def test_morris_takes_groups_and_says_what_is_missing(monkeypatch):
    (found,) = globalsens.morris(lambda u: [3 * u[0] + u[1] - 2 * u[2]], 3, [np.array([0, 1]), np.array([2])], 200, 1)
    assert found.mean_absolute[1] == pytest.approx(2 * 0.98) and np.isnan(found.spread).all()
    monkeypatch.setitem(sys.modules, "SALib.analyze", None)
    with pytest.raises(GlobalError, match="needs SALib, which is not installed"):
        globalsens.morris(lambda u: [u[0]], 1, each(1), 5, 1)


CORRELATED = """
parameters:
  a: {distribution: "normal(mean=1, sd=0.1)", unit: number}
  b: {distribution: "normal(mean=1, sd=0.1)", unit: number}
  c: {distribution: "normal(mean=1, sd=0.2)", unit: number}
  p, q, r: {distribution: "dirichlet(2, 3, 5)", unit: probability}
correlations: [{between: [a, b], value: 0.5}]
strategies: {old: {u: 0.1}, new: {u: 0.1 * a + 0.1 * b + 0.1 * c + 0 * p}}
states: {alive: {start: 1, utility: u, cost: 0 USD per year}}
transitions: []
"""


def test_correlated_and_joint_inputs_are_factors_of_their_own(tmp_path):
    scenario = read(write_scenario(tmp_path, CORRELATED))
    found = globalsens.factors(scenario)
    assert [f.parameters for f in found] == [("a", "b"), ("c",), ("p", "q", "r")]
    assert [f.name for f in found[:2]] == ["a + b", "c"]
    model = globalsens.net_benefit_of(scenario, Method(), decided(scenario, 1.0))
    blocks = globalsens.places(scenario, found)
    (indices,) = globalsens.sobol(model, sum(map(len, blocks)), blocks, 2048, 1)
    # var(a + b) = 0.01 (1 + 1 + 2 * 0.5) = 0.03, var(c) = 0.04.
    np.testing.assert_allclose(indices.first, [3 / 7, 4 / 7, 0], atol=0.02)


def test_too_many_runs_and_no_variance_are_errors():
    with pytest.raises(GlobalError, match="50,000,000 are allowed: ask for fewer with --n"):
        globalsens.sobol(ishigami, 3, each(3), 20_000_000, 1)
    with pytest.raises(GlobalError, match="no variance to share out"):
        globalsens.sobol(lambda u: [u[0] * 0], 1, each(1), 16, 1)


def test_four_strategies_cost_one_table_a_factor(monkeypatch):
    scenario, rows = read(VALIDATION / "sick_sicker.yaml"), []
    monkeypatch.setattr(globalsens, "evaluate", lambda s, table, m: rows.append(table.n) or evaluate(s, table, m))
    factors = globalsens.factors(scenario)
    blocks = globalsens.places(scenario, factors)
    found = globalsens.sobol(
        globalsens.net_benefit_of(scenario, Method(), decided(scenario, 1e5)), sum(map(len, blocks)), blocks, 16, 1
    )
    assert len(found) == len(scenario.strategies) - 1 and rows == [16] * (len(factors) + 2)


# --- convergence ------------------------------------------------------------------------------------------------


def test_running_moments_are_those_of_the_first_draws():
    gain = np.random.default_rng(1).normal(1e9, 3.0, 5000)
    found = convergence.of_draws("all", 1, 1.0, gain, gain > 1e9, None)
    assert found.draws[0] == 2 and found.draws[-1] == 5000
    for i in (0, 30, -1):
        own = gain[: found.draws[i]]
        assert found.mean[i] == pytest.approx(own.mean(), rel=1e-15)
        assert found.standard_error[i] == pytest.approx(own.std(ddof=1) / np.sqrt(len(own)), rel=1e-6)
        assert found.probability[i] == pytest.approx((own > 1e9).mean())


def test_draws_needed_follow_the_square_root_rule():
    gain = np.random.default_rng(2).normal(10, 50, 4000)
    found = convergence.of_draws("all", 1, 1.0, gain, gain > 0, 0.5)
    assert found.needed == int(np.ceil(gain.var(ddof=1) / 0.25)) and not found.enough
    assert convergence.of_draws("all", 1, 1.0, gain, gain > 0, 2.0).enough
    assert found.wrong_sign == pytest.approx(stats.norm.cdf(-gain.mean() / (gain.std(ddof=1) / 4000**0.5)))


def test_a_mean_near_zero_is_not_enough_whatever_the_error():
    gain = np.random.default_rng(3).normal(0.001, 1, 100)
    found = convergence.of_draws("all", 1, 1.0, gain - gain.mean() + 0.001, gain > 0, 10.0)
    assert found.wrong_sign > 0.4 and not found.enough


def test_convergence_of_the_default_scenario_is_its_psa():
    made = run(read(DEFAULT), Sample(500, 3), decision=decided(read(DEFAULT), 250_000))
    found = convergence.convergence(made)
    total = made.psa.total
    benefit = net_benefit.mean_net_benefit(total.cost, total.get("qaly"), np.array([250_000.0]))
    assert found[0].group == "all" and found[0].mean[-1] == pytest.approx(benefit.nmb[0, 1] - benefit.nmb[0, 0])
    assert {one.group for one in found} == {"all", "walking", "not walking"}


def test_the_ceac_is_that_of_the_run_where_patients_make_noise():
    made = run(
        read(DEFAULT), Sample(300, 3), method=Method("individual", 20), decision=decided(read(DEFAULT), 50_000.0)
    )
    found = convergence.convergence(made)[0]
    at = np.flatnonzero(made.curves.wtp == 50_000)[0]
    assert found.probability[-1] == pytest.approx(made.curves.probability_most_cost_effective[at, 1])
    raw = 50_000 * made.psa.total.get("qaly") - made.psa.total.cost
    assert found.probability[-1] != (raw.argmax(axis=0) == 1).mean()


def test_any_number_of_chunks_and_workers_gives_the_same_bits(monkeypatch):
    scenario = read(DEFAULT)
    table = draws.probabilistic(scenario, Sample(700, 5))
    results = []
    for chunk in (700, 350, 100):
        monkeypatch.setattr("model.engines.contract.DRAWS", chunk)
        results.append(evaluate(scenario, table).total.values)
    with workers(2) as executor:
        results.append(evaluate(scenario, table, Method(executor=executor)).total.values)
    for other in results[1:]:
        np.testing.assert_array_equal(results[0], other)


# --- the commands -----------------------------------------------------------------------------------------------


def test_commands_leave_tables_and_figures(tmp_path, capsys):
    assert main(["global", str(DEFAULT), "--n", "256", "--out", str(tmp_path / "s")]) == 0
    assert (tmp_path / "s" / "figures" / "sobol.png").exists() and (tmp_path / "s" / "tables" / "sobol.csv").exists()
    assert main(["global", str(DEFAULT), "--method", "morris", "--n", "5", "--out", str(tmp_path / "m")]) == 0
    assert (tmp_path / "m" / "figures" / "morris.csv").exists()
    assert main(["converge", str(DEFAULT), "--draws", "400", "--out", str(tmp_path / "c")]) == 0
    assert "400 draws are " in capsys.readouterr().out and (tmp_path / "c" / "figures" / "convergence.svg").exists()


@pytest.mark.parametrize("command", ["global", "converge", "tornado", "threshold --vary gain"])
def test_one_strategy_is_a_clear_error(command, tmp_path, capsys):
    path = write_scenario(
        tmp_path,
        """
parameters: {gain: {distribution: "normal(mean=0.1, sd=0.02)", unit: number}}
states: {alive: {start: 1, utility: 0.5 + gain}}
transitions: []
""",
    )
    name, *options = command.split()
    assert main([name, str(path), *options, "--out", str(tmp_path / "x")]) == 2
    assert "one strategy, so there is no" in capsys.readouterr().err and not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["global", "--patients-group", "x"], "unknown group 'x'"),
        (["converge", "--draws", "0"], "no draws were asked for"),
        (["converge", "--draws", "50", "--target-se", "-1"], "must be above 0"),
    ],
)
def test_bad_options_end_with_2_and_write_nothing(arguments, message, tmp_path, capsys):
    command, *rest = arguments
    assert main([command, str(DEFAULT), *rest, "--out", str(tmp_path / "x")]) == 2
    assert message in capsys.readouterr().err and not (tmp_path / "x").exists()
