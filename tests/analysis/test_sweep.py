"""Sweeps: every point is the run that one would make by hand, in whatever order, on whatever machine, resumed or not."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from runs import SCENARIOS, decided, write_scenario

from model import draws, software
from model.analysis import comparison
from model.analysis import sweep as sweeps
from model.analysis.evaluate import evaluate
from model.analysis.journal import Journal
from model.analysis.method import Method
from model.analysis.sweep import sweep
from model.analysis.sweep_points import SweepError, axis, points
from model.economics import incremental
from model.sample import NO_PSA, Sample
from model.scenario_file import read

DEFAULT = SCENARIOS / "mscc_constant_hazards.yaml"
SAMPLE = Sample(200, 3)


@pytest.fixture(scope="module")
def furlan():
    return read(DEFAULT)


def run(scenario, *varied, wtp=None, **options):
    axes = [axis(scenario, text) for text in varied]
    return sweep(scenario, axes, points(axes), decided(scenario, wtp), **options)


def identical(one, other) -> bool:
    """To the last bit."""
    pairs = [(one.columns[name], other.columns[name]) for name in one.columns]
    return list(one.columns) == list(other.columns) and all(
        np.array_equal(x, y, equal_nan=x.dtype.kind == "f") for x, y in pairs
    )


# --- points -----------------------------------------------------------------------------------------------------


def test_a_grid_is_every_combination_and_ranges_include_both_limits(furlan):
    axes = [axis(furlan, "c_surgery=10:20:3"), axis(furlan, "horizon=6 months,1 year"), axis(furlan, "wtp=0,50000")]
    assert points(axes)[:3] == [(10.0, "6 months", 0.0), (10.0, "6 months", 50000.0), (10.0, "1 year", 0.0)]
    assert {p[0] for p in points(axes)} == {10.0, 15.0, 20.0} and len(points(axes)) == 12


def test_a_range_of_settings_keeps_its_unit(furlan):
    assert axis(furlan, "horizon=1:3 years:3").values == ("1 year", "2 years", "3 years")
    assert axis(furlan, "discount.cost=0%:5%:3").values == ("0 %", "2.5 %", "5 %")
    assert axis(furlan, "p_retain_rt=0%:50%:3").values == (0.0, 0.25, 0.5)


def test_formulas_with_commas_are_one_value(furlan):
    assert axis(furlan, "strategies.surgery.hr=min(hr_surgery, 1),1").values == ("min(hr_surgery, 1)", "1")


@pytest.mark.parametrize("kind", ["sobol", "lhs"])
def test_space_filling_points_put_one_in_each_of_n_strata(furlan, kind):
    axes = [axis(furlan, "c_surgery=100:200"), axis(furlan, "hr_surgery=0.5:1.5:9")]
    made = np.array(points(axes, kind, 16, seed=5))
    strata = np.floor((made - [100, 0.5]) / [100, 1.0] * 16)
    assert all(sorted(column) == list(range(16)) for column in strata.T)


def test_points_of_a_list_are_drawn_in_equal_numbers(furlan):
    axes = [axis(furlan, "convention=integral,half-cycle"), axis(furlan, "c_surgery=1:2")]
    names = [p[0] for p in points(axes, "sobol", 32)]
    assert names.count("integral") == names.count("half-cycle") == 16


SHARES = """
parameters:
  a, b, c: {distribution: "dirichlet(5, 3, 2)", unit: probability}
states: {here: {start: a, utility: 1}, there: {start: b, utility: 0.5}, nowhere: {start: c, utility: 0}, dead: {}}
transitions:
  - {from: here, to: dead, rate: 0.1 per year}
  - {from: there, to: dead, rate: 0.1 per year}
  - {from: nowhere, to: dead, rate: 0.1 per year}
"""


@pytest.mark.parametrize("sample", [NO_PSA, SAMPLE])
def test_other_shares_of_a_dirichlet_distribution_keep_their_proportions(tmp_path, sample):
    scenario = read(write_scenario(tmp_path, SHARES))
    qaly = run(scenario, "a=0.2,0.5,1", sample=sample).columns["qaly"][:, 0, 0]
    whole = qaly[2]  # all start in `here`
    there = 3 / 5 if sample is NO_PSA else draws.probabilistic(scenario, sample)
    if sample is not NO_PSA:
        there = (there.values["b"] / (there.values["b"] + there.values["c"])).mean()
    np.testing.assert_allclose(qaly[:2] / whole, [a + (1 - a) * there / 2 for a in (0.2, 0.5)], rtol=1e-9)


def test_two_shares_of_one_dirichlet_distribution_cannot_vary_together(tmp_path):
    scenario = read(write_scenario(tmp_path, SHARES))
    with pytest.raises(SweepError, match="both are shares of one Dirichlet distribution \\(a, b, c\\)"):
        run(scenario, "a=0.1,0.2", "b=0.1,0.2")


# --- results ----------------------------------------------------------------------------------------------------


def test_every_point_is_the_run_with_those_settings(furlan):
    found = run(
        furlan, "c_surgery=19000,34000", "horizon=1 year,5 years", "strategies.surgery.hr=0.8,1", "wtp=0,100000"
    )
    assert len(found.points) == 16
    for k, (cost, horizon, ratio, wtp) in enumerate(found.points):
        other = read(DEFAULT, [f"c_surgery={cost}", f"horizon={horizon}", f"strategies.surgery.hr={ratio}"])
        for g, result in enumerate(evaluate(other, draws.base(other)).outcomes.values()):
            for name in ("cost", "qaly", "life_years", "ambulatory_days"):
                assert found.columns[name][k, g] == pytest.approx(result.get(name)[:, 0], rel=1e-12)
            benefit = wtp * result.get("qaly")[:, 0] - result.cost[:, 0]
            assert found.columns["nmb"][k, g] == pytest.approx(benefit, rel=1e-12, abs=1e-9)
            assert found.columns["incremental_nmb"][k, g, 1] == pytest.approx(benefit[1] - benefit[0], rel=1e-9)


def test_a_price_paid_once_moves_net_benefit_one_for_one(furlan):
    found = run(furlan, "c_surgery=0:40000:9")
    slope = np.diff(found.columns["incremental_nmb"][:, 0, 1]) / np.diff([p[0] for p in found.points])
    assert slope == pytest.approx(np.full(8, -1.0), rel=1e-9)


def test_with_psa_each_point_is_a_psa_on_the_same_draws(furlan):
    found = run(furlan, "c_surgery=10000,19000", "wtp=50000,200000", sample=SAMPLE)
    table = draws.probabilistic(furlan, SAMPLE)
    for k, (cost, wtp) in enumerate(found.points):
        result = evaluate(furlan, table.replace(c_surgery=cost)).outcomes["walking"]
        benefit = wtp * result.get("qaly") - result.cost
        gain = benefit[1] - benefit[0]
        own = {name: values[k, 1, 1] for name, values in found.columns.items()}
        assert own["cost"] == pytest.approx(result.cost[1].mean(), rel=1e-12)
        assert own["incremental_nmb"] == pytest.approx(gain.mean(), rel=1e-9)
        assert own["incremental_nmb_standard_error"] == pytest.approx(gain.std(ddof=1) / np.sqrt(SAMPLE.n), rel=1e-9)
        assert own["cost_standard_error"] == pytest.approx(result.cost[1].std(ddof=1) / np.sqrt(SAMPLE.n), rel=1e-9)
        assert own["probability_most_cost_effective"] == pytest.approx((gain > 0).mean())


def test_increments_icer_and_status_are_those_of_the_pairwise_table():
    rng = np.random.default_rng(4)
    cost, qaly = rng.integers(0, 3, (2, 60, 2, 3)).astype(float)
    found = comparison.with_economics({"cost": cost, "qaly": qaly}, np.full(60, 2.0), 1, "qaly")
    for k, g in np.ndindex(60, 2):
        one = incremental.pairwise(cost[k, g], qaly[k, g], 1)
        assert found["status"][k, g].tolist() == one.status.tolist()
        assert found["icer"][k, g] == pytest.approx(one.icer, nan_ok=True)
        others = [0, 2]
        assert found["incremental_cost"][k, g, others] == pytest.approx(one.incremental_cost[others])


def test_points_of_an_engine_that_follows_patients_meet_the_same_patients(furlan):
    method, sample = Method("individual", patients=2), Sample(0, 2)
    found = run(furlan, "c_surgery=10000,20000", "strategies.surgery.hr=hr_surgery,1", sample=sample, method=method)
    gain = found.columns["incremental_nmb"][:, 0, 1]
    assert gain[0] - gain[2] == pytest.approx(10_000, rel=1e-9)
    assert gain[0] == pytest.approx(gain[1], rel=1e-9)  # the same model, read again
    assert (found.columns["incremental_nmb_standard_error"][:, 0, 1] > 0).all()


def test_a_point_outside_the_domain_is_named(tmp_path):
    scenario = read(
        write_scenario(
            tmp_path,
            """
parameters: {p: {value: 0.2, unit: probability}, q: {value: 0.3, unit: probability}}
states: {entry: {start: 1, stay: 0}, here: {utility: 1}, dead: {}}
transitions:
  - {from: entry, to: dead, probability: p + q}
  - {from: entry, to: here, probability: rest}
  - {from: here, to: dead, rate: 0.1 per year}
""",
        )
    )
    with pytest.raises(SweepError, match="at p = 0.9, q = 0.6: .*1.5 is outside"):
        run(scenario, "p=0.1,0.9", "q=0.05,0.6")


def test_more_readings_of_the_file_than_allowed_are_refused_before_the_first(furlan, monkeypatch):
    axes = [axis(furlan, "horizon=1:5 years"), axis(furlan, "c_surgery=1:2")]
    monkeypatch.setattr(sweeps, "read", None)
    with pytest.raises(SweepError, match="10,001 different combinations; at most 10,000"):
        sweep(furlan, axes, points(axes, "lhs", 10_001), decided(furlan))


# --- interruption and workers -----------------------------------------------------------------------------------


class Interruption:
    """Stops the work after some points."""

    def __init__(self, after: int):
        self.left = after

    def __call__(self, done: int) -> None:
        self.left -= done
        if self.left <= 0:
            raise KeyboardInterrupt


VARIED = ("c_surgery=10000,19000,34000", "horizon=1 year,5 years")


@pytest.mark.parametrize("sample", [NO_PSA, SAMPLE])
def test_an_interrupted_sweep_goes_on_where_it_stopped_with_identical_results(furlan, tmp_path, monkeypatch, sample):
    whole, journal = run(furlan, *VARIED, sample=sample), tmp_path / "deep" / "journal"
    with pytest.raises(KeyboardInterrupt):
        run(furlan, *VARIED, sample=sample, journal=journal, progress=Interruption(3))
    with journal.open("a") as file:
        file.write('{"key": "half a li')
    kept, done, computed = len(Journal(journal).known), [], sweeps.columns_of
    monkeypatch.setattr(sweeps, "columns_of", lambda *task: done.append(task) or computed(*task))
    resumed = run(furlan, *VARIED, sample=sample, journal=journal)
    blocks = 6 if sample.n else 2
    assert 0 < kept < blocks and len(done) == blocks - kept
    assert identical(whole, resumed)
    assert len(Journal(journal).known) == blocks


@pytest.mark.parametrize("change", [{"sample": Sample(200, 4)}, {"sample": Sample(100, 3)}])
def test_points_of_another_sweep_are_not_taken_from_a_journal(furlan, tmp_path, monkeypatch, change):
    journal, done, computed = tmp_path / "journal", [], sweeps.columns_of
    run(furlan, *VARIED, sample=SAMPLE, journal=journal)
    monkeypatch.setattr(sweeps, "columns_of", lambda *task: done.append(task) or computed(*task))
    run(read(DEFAULT, ["c_rt=0"]), *VARIED, sample=SAMPLE, journal=journal)
    run(furlan, *VARIED, journal=journal, **change)
    assert len(done) == 12


def test_the_journal_sees_a_change_in_the_arrivals_and_in_the_software(tmp_path, monkeypatch):
    arrivals = tmp_path / "arrivals.csv"
    text = """
parameters: {}
resources: {bed: {capacity: 1}}
arrivals: {file: arrivals.csv}
states: {here: {start: 1, utility: 1, holds: bed}, dead: {}}
transitions: [{from: here, to: dead, rate: 0.1 per day}]
"""
    arrivals.write_text("day\n1\n2\n")
    scenario = read(write_scenario(tmp_path, text))
    before = sweeps.of_scenario(scenario)
    assert scenario.files == {str(arrivals): hashlib.sha256(arrivals.read_bytes()).hexdigest()}
    assert str(arrivals.resolve()) in scenario.text  # the resolved copy stands elsewhere
    arrivals.write_text("day\n1\n3\n")
    assert before != sweeps.of_scenario(read(tmp_path / "scenario.yaml"))
    monkeypatch.setattr(software, "source_sha256", lambda: "another")
    assert before != sweeps.of_scenario(scenario)


def test_points_at_another_willingness_to_pay_are_not_taken_from_a_journal(furlan, tmp_path):
    journal = tmp_path / "journal"
    run(furlan, "c_surgery=10000,19000", wtp=0, journal=journal)
    assert identical(
        run(furlan, "c_surgery=10000,19000", wtp=1e5, journal=journal), run(furlan, "c_surgery=10000,19000", wtp=1e5)
    )


def test_the_journal_sees_a_change_in_a_file_that_the_scenario_reads(tmp_path):
    table = tmp_path / "mortality.csv"
    text = """
parameters:
  mortality: {table: mortality.csv, by: age, by unit: year, column: rate, unit: per year}
  age: {value: 50, unit: year}
states: {here: {start: 1, utility: 1}, dead: {}}
transitions: [{from: here, to: dead, rate: "lookup(mortality, age)"}]
"""
    table.write_text("age,rate\n0,0.1\n60,0.2\n")
    before = sweeps.of_scenario(read(write_scenario(tmp_path, text)))
    assert before == sweeps.of_scenario(read(tmp_path / "scenario.yaml"))
    table.write_text("age,rate\n0,0.11\n60,0.2\n")
    assert before != sweeps.of_scenario(read(tmp_path / "scenario.yaml"))


@pytest.mark.parametrize("sample", [NO_PSA, SAMPLE])
def test_workers_change_nothing(furlan, sample):
    alone = run(furlan, *VARIED, sample=sample)
    with ThreadPoolExecutor(3) as executor:
        shared = run(furlan, *VARIED, sample=sample, method=Method(executor=executor))
    assert identical(alone, shared)
