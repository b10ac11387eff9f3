"""Value of capacity against the waits of M/M/1 and M/M/2; comparison of engines and the bridge between them."""

import dataclasses

import numpy as np
import pytest
from runs import SCENARIOS, base_case, decided, outcome

from model.analysis import agreement, capacity
from model.analysis.capacity import CapacityError
from model.analysis.method import EngineError, Method
from model.cli import main
from model.decision import Decision
from model.engines.queueing_numbers import Drawn
from model.report import capacity_report, centre_report, comparison_report
from model.resources import Arrivals, Hold, Resource, System
from model.sample import Sample
from model.scenario_file import read

# Only waiting costs QALYs: 1 a year in every other state, and all live to the horizon.
WAITING = """
title: Waiting
currency: {code: USD}
time: {unit: day, horizon: 2 years, cycle: 1 week}
discount: {cost: 0 %, effect: 0 %}
wtp: {thresholds: [36525]}
strategies: {old: {}, new: {}}
states: {waiting: {start: 1}, service: {utility: 1}, done: {utility: 1, alive: true}}
transitions:
  - {from: waiting, to: service, survival: "fixed(time=0) in days", clock: state}
  - {from: service, to: done, rate: 1 per day}
"""
MANY = Method(patients=1500, replications=12)


@pytest.fixture
def waiting(tmp_path):
    path = tmp_path / "waiting.yaml"
    path.write_text(WAITING)
    system = System(
        (Resource("server", 1),), (Hold("service", ("server",)),), Arrivals((0.7,)), warm_up=150, cool_down=20
    )
    return dataclasses.replace(read(path), system=system)


def test_gain_of_a_second_server_is_the_difference_of_the_mean_waits(waiting):
    found = capacity.value_of_capacity(waiting, "server", 1, 3, decided(waiting), MANY, unit_cost=1000)
    saved = 0.7 / 0.3 - 0.49 / 3.51  # days: rho / (mu - lambda) and a^2 / (4 - a^2) / mu
    row = capacity_report.capacity_table(found).query("capacity == 2 and strategy == 'old'").iloc[0]
    # 100 USD a day of waiting (36,525 / 365.25).
    assert (
        abs(row["gain_per_extra_unit_per_patient"] - 100 * saved)
        < 4 * row["gain_per_extra_unit_per_patient_standard_error"]
    )
    assert row["gain_per_extra_unit_per_patient_standard_error"] < 30
    assert row["utilisation"] == pytest.approx(0.35, rel=0.05) and row["offered_load"] == pytest.approx(0.35, rel=0.05)
    year = 0.7 * 365.25
    assert row["gain_per_extra_unit_per_year"] == pytest.approx(year * row["gain_per_extra_unit_per_patient"])
    assert row["net_gain_per_year"] == pytest.approx(row["gain_from_least_per_year"] - 1000)


def test_the_best_number_of_units_weighs_gain_and_cost(waiting):
    # The second server saves 2.2 days x 100 USD x 256 patients, the third 0.13 days: some 56,000 and 3,000 USD a year.
    best = {}
    for cost in (0, 20_000, 200_000):
        few = Method(patients=600, replications=6)
        table = capacity_report.capacity_table(
            capacity.value_of_capacity(waiting, "server", 1, 3, decided(waiting), few, unit_cost=cost)
        )
        best[cost] = table.query("best == 'true' and strategy == 'new'")["capacity"].item()
    assert best == {0: 3, 20_000: 2, 200_000: 1}


def test_overload_is_said(waiting):
    busy = dataclasses.replace(waiting.system, arrivals=Arrivals((1.5,)), most_waiting=30)
    found = capacity.value_of_capacity(
        dataclasses.replace(waiting, system=busy), "server", 1, 2, decided(waiting), MANY
    )
    table = capacity_report.capacity_table(found)
    assert table["status"].tolist() == ["stopped: backlog beyond its bound"] * 2 + ["ok"] * 2
    assert table["offered_load"].iloc[0] == pytest.approx(1.5, rel=0.05)


def test_unknown_resources_and_scenarios_without_any_are_errors(waiting):
    with pytest.raises(CapacityError, match="unknown resource 'sever'; resources: server. Did you mean 'server'"):
        capacity.value_of_capacity(waiting, "sever", 1, 2, decided(waiting), MANY)
    with pytest.raises(CapacityError, match="needs 1 <= from <= to"):
        capacity.value_of_capacity(waiting, "server", 3, 2, decided(waiting), MANY)
    with pytest.raises(EngineError, match="no 'resources' and 'arrivals'"):
        capacity.value_of_capacity(dataclasses.replace(waiting, system=None), "server", 1, 2, decided(waiting), MANY)


# --- agreement --------------------------------------------------------------------------------------------------


def test_the_engines_agree_on_the_default_scenario():
    found = agreement.agreement(read(SCENARIOS / "mscc_constant_hazards.yaml"), Method(patients=300, replications=10))
    assert found.agree and found.patients == 600 and len(found.rows) == 84
    assert found.limit == pytest.approx(0.05 / 84)
    few = agreement.Compared("queueing", "all", "a", "cost", 0.0, 2.262, 1.0, 9)
    assert few.p_value == pytest.approx(0.05, abs=1e-4)  # t table, 9 degrees of freedom


def test_an_engine_that_is_off_by_a_hair_for_few_patients_is_found(monkeypatch):
    right = Drawn.of

    def hair(self, *address):
        exponentials = right(self, *address).copy()
        exponentials[7:8] *= 1 + 1e-6
        return exponentials

    monkeypatch.setattr(Drawn, "of", hair)
    found = agreement.agreement(read(SCENARIOS / "mscc_constant_hazards.yaml"), Method(patients=300, replications=10))
    assert not found.agree and 0 < found.differing <= 4
    assert comparison_report.agreement_text(found).startswith("THE ENGINES DIFFER")


def test_a_biased_engine_is_found_by_its_means(monkeypatch, tmp_path, capsys):
    right = Drawn.of
    monkeypatch.setattr(Drawn, "of", lambda self, *address: 0.8 * right(self, *address))
    assert (
        main(
            [
                "compare",
                str(SCENARIOS / "mscc_constant_hazards.yaml"),
                "--patients",
                "400",
                "--out",
                str(tmp_path / "out"),
            ]
        )
        == 1
    )
    assert "THE ENGINES DIFFER" in capsys.readouterr().out
    assert (tmp_path / "out" / "figures" / "bridge.png").exists()


def test_steps_of_the_bridge_add_up_and_queues_cost_the_wait(waiting):
    found = agreement.bridge(waiting, decided(waiting), MANY)
    assert [step.name for step in found.steps] == ["Cohort", "Individual patients", "Queues"]
    table = comparison_report.bridge_table(found)
    name = "incremental_net_benefit"
    assert table[name].iloc[-1] == pytest.approx(table[name].iloc[0] + table[f"{name}_change"].sum())
    # Both strategies wait alike.
    np.testing.assert_allclose(table[f"{name}_change"].iloc[2], 0, atol=1e-6)


def test_jackknife_error_of_a_mean_is_its_standard_error():
    generator = np.random.default_rng(1)
    cost = 10 + generator.normal(size=(2, 15))
    steps = (agreement.Step("one", cost * 0 + 1, cost * 0 + 1), agreement.Step("two", cost, cost * 0 + 1))
    value, error = agreement.Bridge(steps, ("a", "b"), 0, Decision(1.0, "a")).changes(1, agreement.icer)
    assert value[1] == pytest.approx(cost[1].mean() - 1)
    assert error[1] == pytest.approx(cost[1].std(ddof=1) / np.sqrt(15))


# --- claims of docs/capacity.md ---------------------------------------------------------------------------------

CAPACITY = SCENARIOS / "mscc_capacity.yaml"
CONSTANT = SCENARIOS / "mscc_capacity_constant_hazards.yaml"
UNLIMITED = [
    f"resources.{key}.{what}"
    for key in ("mri", "theatre", "bed", "linac")
    for what in ("capacity=unlimited", "open=always")
]


@pytest.mark.slow
@pytest.mark.parametrize("path", [CAPACITY, CONSTANT], ids=lambda path: path.stem)
def test_the_engines_agree_on_the_capacity_scenario(path):
    found = agreement.agreement(read(path), Method(patients=300, replications=12))
    assert found.agree and found.differing == 0


@pytest.mark.slow
def test_queues_raise_the_icer_and_shorter_ones_lower_it():
    changed = {
        "none": (("",), read(CONSTANT, UNLIMITED)),
        "night": (("",), read(CONSTANT, ["resources.theatre.open=always"])),
        "linac": (("",), read(CONSTANT, ["resources.linac.capacity=16"])),
    }
    found = capacity.alternatives(read(CONSTANT), changed, Method(patients=400, replications=10))
    table = centre_report.change_of_icer(read(CONSTANT), found, decided(read(CONSTANT))).set_index("alternative")
    score = table["change"] / table["change_standard_error"]
    assert score["none"] < -3 and score["night"] < -4 and score["linac"] > 2
    walking = centre_report.change_table(found, decided(read(CONSTANT), 50_000)).query(
        "outcome == 'ambulatory_days' and strategy == 'surgery'"
    )
    walking = walking.set_index("alternative")["change"]
    assert walking["none"] > walking["night"] > 2


@pytest.mark.slow
@pytest.mark.parametrize(("share", "sign"), [(1, -1), (0.21, 1)])
def test_queues_take_from_surgery_if_all_are_operated_on_and_give_if_one_in_five_is(share, sign):
    scenario = read(CAPACITY, [f"surgery_share={share}"])
    found = agreement.bridge(scenario, decided(scenario), Method(patients=1000, replications=40))
    row = comparison_report.bridge_table(found).set_index("step").loc["Queues"]
    name = "incremental_net_benefit_change"
    assert row["wtp"] == 50_000 and sign * row[name] > 2 * row[f"{name}_standard_error"]


# Ratios of surgery and its toll away from 1 and 0, so that who has them counts.
DIRECT = {CAPACITY: ["hr_surgery=0.7", "hr_early_surgery=0.5", "dq_surgery=-0.05"], CONSTANT: ["hr_surgery=0.7"]}
PATHS = pytest.mark.parametrize("path", DIRECT, ids=lambda path: path.stem)


@PATHS
def test_the_share_who_are_operated_on_scales_what_surgery_adds_where_nobody_waits(path):
    """The others have radiotherapy alone under both strategies, with its probabilities and hazards: increments are the
    share times those of surgery for all, also where surgery has a direct effect on survival."""
    changes = []
    for share in (1, 0.3):
        total = base_case(path, f"surgery_share={share}", *DIRECT[path]).total
        changes.append(
            [(x[1, 0] - x[0, 0]) / share for x in (total.cost, total.get("qaly"), total.get("ambulatory_days", True))]
        )
    assert changes[1] == pytest.approx(changes[0], rel=1e-9)


@pytest.mark.parametrize(("path", "below"), [(CAPACITY, "mscc_decision"), (CONSTANT, "mscc_constant_hazards")])
def test_where_nobody_waits_and_scans_and_operations_take_no_time_the_centre_is_the_model_below(path, below):
    """Time in scan and theatre has no ratios of surgery, or no deaths; radiotherapy after surgery costs only those who
    live to have it. Without these the treatment is at referral, as in the scenario whose clinical model it is."""
    at_once = ["scan_time=1e-4", "theatre_time=1e-4"]  # hours
    settings = [*DIRECT[path], "c_rt=0"]
    centre, model = base_case(path, *at_once, *settings), base_case(SCENARIOS / f"{below}.yaml", *settings)
    for name in ("cost", "qaly", "life_years"):
        assert outcome(centre, name) == pytest.approx(outcome(model, name), rel=1e-5), name


def test_without_queues_the_icer_is_near_that_of_the_default_scenario():
    from model.analysis.run import run

    total = run(read(CONSTANT), Sample(0)).base.total
    icer = (total.cost[1, 0] - total.cost[0, 0]) / (total.get("qaly")[1, 0] - total.get("qaly")[0, 0])
    assert icer == pytest.approx(250_642, rel=0.02)


def test_the_variant_with_constant_hazards_has_the_inputs_of_its_own_scenario():
    ours, theirs = read(CONSTANT), read(SCENARIOS / "mscc_constant_hazards.yaml")
    for name, parameter in theirs.parameters.items():
        own = ours.parameters["hazard_death_constant" if name == "hazard_death" else name]
        assert (own.base, own.unit) == (parameter.base, parameter.unit), name
        if parameter.distribution is not None:
            assert own.distribution.interval(0.95) == pytest.approx(parameter.distribution.interval(0.95)), name
    assert (ours.wtp, ours.time, ours.discount) == (theirs.wtp, theirs.time, theirs.discount)
