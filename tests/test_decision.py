"""The decision's family of scenarios: each runs, agrees between engines, and holds what its file says of itself."""

import numpy as np
import pytest
from runs import SCENARIOS, base_case, outcome

from model import draws, inputs
from model.analysis.evaluate import evaluate
from model.analysis.method import Method
from model.scenario_file import read
from model.scenario_file.variants import read_variants

DECISION = SCENARIOS / "mscc_decision.yaml"
FAMILY = [*sorted((SCENARIOS / "decision").glob("*.yaml")), SCENARIOS / "mscc_capacity.yaml"]
VARIANTS = sorted((SCENARIOS.parent / "variants").glob("mscc_*.yaml"))
ids = [path.stem for path in FAMILY]


@pytest.mark.parametrize("path", [DECISION, *FAMILY], ids=lambda path: path.stem)
def test_a_file_has_no_warning_and_says_the_status_of_each_figure(path):
    scenario = read(path)
    assert scenario.warnings == ()
    unstated = [name for name, p in scenario.parameters.items() if p.formula is None and not p.status]
    assert unstated == []


@pytest.mark.parametrize(
    "path",
    [p for p in VARIANTS if "decision" in p.stem or "structure" in p.stem or "beyond" in p.stem or "map" in p.stem],
    ids=lambda p: p.stem,
)
def test_variants_can_be_read(path):
    assert len(read_variants(path).scenarios) > 5


@pytest.mark.slow
@pytest.mark.parametrize("path", [DECISION, *FAMILY], ids=lambda path: path.stem)
def test_individual_and_cohort_engine_agree(path):
    scenario = read(path)
    table = draws.base(scenario)
    cohort = evaluate(scenario, table)
    found = evaluate(scenario, table, Method("individual", patients=400)).simulated
    for group, part in found.items():
        for name in ("cost", "qaly", "life_years"):
            expected = cohort.outcomes[group].get(name)[:, 0]
            error = part.se[part.mean.names.index(name), 1][:, 0]
            # 4.5 standard errors: 16 files x some 4 groups x 2 strategies x 3 outcomes
            assert np.all(np.abs(part.mean.get(name)[:, 0] - expected) <= 4.5 * error + 1e-9), (group, name)


@pytest.mark.parametrize("path", [DECISION, *FAMILY], ids=lambda path: path.stem)
def test_a_weekly_cycle_is_as_exact_as_a_daily_one(path):
    weekly, daily = base_case(path, "horizon=2 years"), base_case(path, "horizon=2 years", "cycle=1 day")
    # A Weibull hazard of shape below 1 begins without bound, so its first week counts most.
    close = 3e-4 if path.stem == "weibull" else 1e-4
    for name in ("cost", "qaly"):
        assert outcome(weekly, name) == pytest.approx(outcome(daily, name), rel=close)


def test_the_survival_of_the_operated_is_ontarios():
    scenario = read(DECISION, ["cycle=1 day", "horizon=741 days", "discount=0 %"])
    found = evaluate(scenario, draws.base(scenario), trace=True).traces["all"]
    alive = 1 - found.occupancy[:, 1, 0, list(scenario.states).index("dead")]
    at = {90: 0.71, 236: 0.50, 365: 0.41, 740: 0.25}  # Bhanot 2022, abstract
    for day, published in at.items():
        assert alive[day] == pytest.approx(published, abs=0.02), day


def walking(path, *settings):
    """Share that walks after treatment, [group, strategy], and the weights of the groups."""
    scenario = read(path, settings)
    table = draws.base(scenario)
    ambulatory = list(scenario.states).index("ambulatory")
    shares, weights = {}, inputs.group_weights(scenario, table)
    for key, group in scenario.groups.items():
        dynamics = inputs.dynamics(scenario, table, group)
        move = next(branch for branch in dynamics.branches(0).values() if branch.target == ambulatory)
        shares[key] = move.level.at(0.0)[:, 0]
    return shares, {key: float(w[0]) for key, w in weights.items()}


def test_the_strata_of_age_average_to_the_trial():
    shares, weights = walking(SCENARIOS / "decision" / "age.yaml")
    for presentation, published in (("walking", (26 / 35, 32 / 34)), ("not walking", (3 / 16, 10 / 16))):
        young, old = shares[f"young {presentation}"], shares[f"old {presentation}"]
        w = weights[f"young {presentation}"], weights[f"old {presentation}"]
        mean = (w[0] * young + w[1] * old) / sum(w)
        assert mean == pytest.approx(published, abs=1e-9), presentation
        assert old[0] == pytest.approx(old[1])  # no difference from 65 on (Chi 2009)


def test_pooled_and_matched_effects_give_the_shares_that_were_published():
    for name, published in (("pooled", (0.64, 0.85)), ("matched", (0.68, 0.69))):
        shares, weights = walking(SCENARIOS / "decision" / f"{name}.yaml")
        total = sum(weights[key] * shares[key] for key in shares)
        assert total == pytest.approx(published, abs=0.002), name


def test_without_events_beyond_walking_the_decision_is_the_base():
    off = [
        f"with_{event}=0" for event in ("complications", "crossover", "steroids", "pain", "continence", "reoperation")
    ]
    beyond = base_case(SCENARIOS / "decision" / "beyond_walking.yaml", *off)
    base = base_case(DECISION)
    for name in ("cost", "qaly", "life_years"):
        assert outcome(beyond, name) == pytest.approx(outcome(base, name), rel=1e-12)


def test_30_gy_and_surgery_of_the_schedules_are_the_decisions_but_for_local_failure():
    # With the failure rates of the base and nobody irradiated again, the two strategies are those of the base.
    off = ["p_again=0", "failure_long=0.0003", "failure_surgery=0.0003"]
    found = base_case(SCENARIOS / "decision" / "schedules.yaml", *off)
    strategies = list(read(SCENARIOS / "decision" / "schedules.yaml").strategies)
    base = base_case(DECISION)
    for name in ("cost", "qaly"):
        pair = outcome(found, name)[[strategies.index("gy30"), strategies.index("surgery")]]
        assert pair == pytest.approx(outcome(base, name), rel=1e-9)


def test_the_survival_of_the_trial_is_that_of_its_own_file():
    trial, own = read(SCENARIOS / "mscc_furlan.yaml"), read(SCENARIOS / "decision" / "trial_survival.yaml")
    pairs = (
        ("hazard_death_0_30", "hazard_death_0_30"),
        ("hazard_death_30_180", "hazard_death_30_90"),
        ("hazard_death_180", "hazard_death_365"),
        ("hr_early_surgery", "hr_early_surgery"),
    )
    for theirs, ours in pairs:
        one, other = trial.parameters[theirs], own.parameters[ours]
        assert one.base == other.base
        assert one.distribution.interval(0.95) == pytest.approx(other.distribution.interval(0.95), rel=1e-9)
    # The early loss of walking is the trial's, spread evenly over the first month: the mean of its hazard there.
    start, decay = (trial.parameters[name].base for name in ("hazard_loss_early_rt", "loss_decay"))
    mean = start * decay / 30 * -np.expm1(-30 / decay)
    assert read(DECISION).parameters["hazard_loss_month_rt"].base == pytest.approx(mean, rel=0.01)


def test_the_ratios_of_thomas_are_met_by_the_days_and_years_of_the_trial():
    found = base_case(SCENARIOS / "decision" / "thomas.yaml")
    days, years = (float(np.diff(outcome(found, name))[0]) for name in ("ambulatory_days", "life_years"))
    cost = float(np.diff(outcome(found, "cost"))[0])
    assert cost / days == pytest.approx(60, rel=0.05)  # recalled
    assert cost / years == pytest.approx(30_940, rel=0.05)
    assert days / years == pytest.approx(516, rel=0.1)  # free of the cost, which was derived from the ratios
