"""The default scenario shows what it claims: Furlan's three results (a fit), from the clinical model of the trial.

Furlan et al., Neuro-Oncology 2012; 14: 631-640 (abstract).
"""

import numpy as np
import pytest
from runs import SCENARIOS

import model
from model import draws, shipped
from model.analysis.evaluate import evaluate
from model.economics.acceptability import acceptability
from model.sample import Sample
from model.scenario_file import read

DEFAULT, FIVE_YEARS = SCENARIOS / "mscc_furlan.yaml", SCENARIOS / "mscc_furlan_5_years.yaml"
SURGERY = 1
POINTS, FURLAN = [50_000, 1_683_000], [0.1811, 0.9111]


def base_icer(path, *settings):
    scenario = read(path, settings)
    total = evaluate(scenario, draws.base(scenario)).total
    return float((np.diff(total.cost[:, 0]) / np.diff(total.get("qaly")[:, 0]))[0])


def points(path, seed, n=10_000, settings=()):
    scenario = read(path, settings)
    total = evaluate(scenario, draws.probabilistic(scenario, Sample(n, seed))).total
    return acceptability(total.cost, total.get("qaly"), POINTS).probability_most_cost_effective[:, SURGERY]


def test_it_is_the_default_command_and_reads_without_a_warning():
    assert shipped.root() / shipped.DEFAULT == DEFAULT
    assert read(DEFAULT).warnings == () and all(p.status for p in read(DEFAULT).parameters.values())


@pytest.mark.parametrize("path", [DEFAULT, FIVE_YEARS], ids=lambda p: p.stem)
@pytest.mark.parametrize("cycle", ["1 week", "1 day"])
def test_base_case_icer_is_within_1_percent_of_furlan(path, cycle):
    assert base_icer(path, f"cycle={cycle}") == pytest.approx(250_307, rel=0.01)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_probability_cost_effective_is_within_1_point_of_furlan(seed):
    assert points(DEFAULT, seed) == pytest.approx(FURLAN, abs=0.01)


def test_the_trials_own_spread_of_a_direct_effect_does_not_give_the_second_point():
    narrow = "parameters.hr_surgery.distribution=lognormal(median=1, sdlog=0.257)"
    assert points(DEFAULT, 1, 4000, [narrow])[1] == pytest.approx(0.96, abs=0.01)


def test_over_five_years_both_points_are_missed():
    found = points(FIVE_YEARS, 1, 4000)
    assert (found < np.array(FURLAN) - 0.03).all()


def test_the_clinical_model_is_the_trials():
    table = model.run(DEFAULT, draws=0).tables["published"].set_index("name")
    nine = table[table["standard_error"].notna() | table["compared_standard_error"].notna()]
    assert len(nine) == 9 and (nine["within_1_se"] == "true").all()
    assert table.loc["ICER", "model"] == pytest.approx(base_icer(DEFAULT), rel=1e-12)


@pytest.mark.slow
def test_the_figures_of_the_pages_are_those_of_a_run():
    trial, validation = (
        (SCENARIOS.parent / "docs" / name).read_text(encoding="utf-8") for name in ("trial.md", "validation.md")
    )
    scenario, found = read(DEFAULT), []
    for seed in (1, 2, 3):
        total = evaluate(scenario, draws.probabilistic(scenario, Sample(10_000, seed))).total
        icer = np.diff(total.cost.mean(axis=1))[0] / np.diff(total.get("qaly").mean(axis=1))[0]
        chance = acceptability(total.cost, total.get("qaly"), POINTS).probability_most_cost_effective[:, SURGERY]
        found.append((icer, *(100 * chance)))
    icers, low, high = zip(*found)
    assert "; ".join(f"{x:,.0f}" for x in icers) in trial
    for page in (trial, validation):
        assert f"| 250,307 | {base_icer(DEFAULT):,.0f} |" in page
        for published, points_of in (("18.11 %", low), ("91.11 %", high)):
            assert f"| {published} | " + ", ".join(f"{x:.1f}" for x in points_of) + " % |" in page


def test_the_answer_of_the_first_page_is_that_of_the_default_command():
    text = " ".join((SCENARIOS.parent / "README.md").read_text(encoding="utf-8").split())
    icer, chance = round(base_icer(DEFAULT), -4), 100 * points(DEFAULT, 1)[0]
    assert f"about US${icer:,.0f} per QALY gained, {chance:.1f} % likely to be cost-effective at US$50,000" in text
