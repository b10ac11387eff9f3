"""Results by group: closed forms of two exponential groups, and intervals and shares recomputed from the draws by plain NumPy."""

import numpy as np
import pandas as pd
import pytest

import model
from model.analysis.groups import MOST_ROWS, MOST_ROWS_OF_GROUPS, kept_draws, shown
from model.cli import main
from model.effects import BUILT_IN
from model.report.group_report import ratio

MODEL = """\
title: Two groups
currency: {code: EUR}
time: {unit: year, horizon: 10 years, cycle: 1 year}
discount: {cost: 0 %, effect: 0 %}
wtp: {thresholds: [300, 900], curve: {from: 0, to: 2000, step: 10}}
parameters:
  r: {value: 0.1, distribution: "gamma(mean=0.1, cv=0.3)", unit: per year}
  hr: {value: 0.7, distribution: "lognormal(median=0.7, sdlog=0.2)"}
  p_mild: {value: 0.4, distribution: "beta(40, 60)", unit: probability}
groups:
  mild: {label: Mild disease, weight: p_mild, k: 1}
  severe: {weight: 1 - p_mild, k: 3}
strategies: {old: {h: 1, c: 0 EUR}, new: {h: hr, c: 500 EUR}}
states: {well: {start: 1, utility: 0.8, entry cost: {drug: c}}, dead: {}}
transitions: [{from: well, to: dead, rate: r * k * h}]
"""
K = {"mild": 1, "severe": 3}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("groups")
    (folder / "two.yaml").write_text(MODEL)
    assert main(["run", str(folder / "two.yaml"), "--draws", "600", "--out", str(folder / "out")]) == 0
    read = {p.stem: pd.read_csv(p, keep_default_na=False, na_values=[""]) for p in (folder / "out/tables").iterdir()}
    return folder, read


@pytest.fixture(scope="module")
def draws(made):
    """group -> (incremental cost, incremental QALYs) [draw], from psa.csv."""
    wide = made[1]["psa"].pivot(index=["group", "draw"], columns="strategy", values=["cost", "qaly"])
    return {
        g: tuple((wide[x]["new"] - wide[x]["old"]).loc[g].to_numpy() for x in ("cost", "qaly"))
        for g in ("all", "mild", "severe")
    }


def qaly(rate):
    return 0.8 * (1 - np.exp(-10 * rate)) / rate


def test_draws_of_each_group_are_closed_forms_and_their_weighted_sum_is_that_of_all(made, draws):
    p = made[1]["psa_parameters"]
    for group, k in K.items():
        gain = (qaly(p.r * k * p.hr) - qaly(p.r * k)).to_numpy()
        np.testing.assert_allclose(draws[group][1], gain, rtol=1e-8)
        np.testing.assert_allclose(draws[group][0], 500, rtol=1e-10)
    share = p.p_mild.to_numpy()
    for total, mild, severe in zip(draws["all"], draws["mild"], draws["severe"]):
        np.testing.assert_allclose(total, share * mild + (1 - share) * severe, rtol=1e-8)
    shares = made[1]["groups"].set_index("group")["share"]
    assert shares.to_dict() == pytest.approx({"mild": share.mean(), "severe": 1 - share.mean(), "all": 1})


def test_intervals_are_percentiles_of_the_draws(made, draws):
    table = made[1]["incremental"].query("analysis == 'probabilistic' and effect == 'qaly' and strategy == 'new'")
    for row in [*table.itertuples(), *made[1]["groups"].itertuples()]:
        cost, gain = draws[row.group]
        assert (gain > 0).mean() > 0.9
        effect = np.quantile(gain, [0.025, 0.975])
        assert [row.incremental_effect_lower_95, row.incremental_effect_upper_95] == pytest.approx(effect.tolist())
        assert [row.incremental_cost_lower_95, row.incremental_cost_upper_95] == pytest.approx([500, 500])
        assert row.icer == pytest.approx(cost.mean() / gain.mean())
        # The price is certain, so dearer than any ratio is a draw that gains nothing; above 2.5 % of these there is no limit.
        ranked = np.where(gain > 0, cost / gain, np.inf)
        with np.errstate(invalid="ignore"):
            limits = np.quantile(ranked, [0.025, 0.975])
        if np.isfinite(limits).all():
            assert row.icer_interval == "interval"
            assert [row.icer_lower_95, row.icer_upper_95] == pytest.approx(limits.tolist())
        else:
            assert row.icer_interval == "not defined" and np.isnan([row.icer_lower_95, row.icer_upper_95]).all()


def test_net_benefit_has_the_percentiles_of_its_increment(made, draws):
    table = made[1]["net_benefit"].query("analysis == 'probabilistic'")
    for row in table.query("strategy == 'new'").itertuples():
        benefit = row.wtp * draws[row.group][1] - draws[row.group][0]
        found = [row.incremental_nmb, row.incremental_nmb_lower_95, row.incremental_nmb_upper_95]
        assert found == pytest.approx([benefit.mean(), *np.quantile(benefit, [0.025, 0.975])])
        assert row.comparator == "old"
    assert table.query("strategy == 'old'")["incremental_nmb"].isna().all()
    row = made[1]["groups"].query("group == 'severe'").iloc[0]
    benefit = 300 * draws["severe"][1] - draws["severe"][0]
    found = row[["wtp", "incremental_nmb", "incremental_nmb_lower_95", "incremental_nmb_upper_95"]].tolist()
    assert found == pytest.approx([300, benefit.mean(), *np.quantile(benefit, [0.025, 0.975])])


def test_acceptability_of_each_group_is_a_share_of_its_draws(made, draws):
    table = made[1]["ceac"]
    assert table.group.unique().tolist() == ["all", "mild", "severe"]
    assert {300, 900} <= set(table.query("group == 'mild'").wtp) and len(table.query("group == 'all'")) == 2 * 201
    for row in table.query("strategy == 'new'").itertuples():
        cost, gain = draws[row.group]
        assert row.probability_most_cost_effective == pytest.approx((row.wtp * gain > cost).mean(), abs=1e-12)


def test_the_base_case_has_increments_of_its_own_and_no_interval(made):
    table = made[1]["incremental"].query("analysis == 'deterministic' and effect == 'qaly' and strategy == 'new'")
    found = table.set_index("group")["incremental_effect"]
    gain = {group: qaly(0.1 * k * 0.7) - qaly(0.1 * k) for group, k in K.items()}
    assert found["mild"] == pytest.approx(gain["mild"]) and found["severe"] == pytest.approx(gain["severe"])
    assert found["all"] == pytest.approx(0.4 * gain["mild"] + 0.6 * gain["severe"])
    assert table.filter(regex="_95$").isna().all(axis=None)


def test_the_terminal_and_the_figures_show_the_groups(made):
    folder, _ = made
    result = model.run(folder / "two.yaml", draws=100)
    assert "By group, new versus old (probabilistic" in result.summary
    assert "Mild disease" in result.summary and "All patients" in result.summary
    for name in ("group_forest", "group_acceptability"):
        assert (folder / "out" / "figures" / f"{name}.png").exists()
        assert (folder / "out" / "figures" / f"{name}.csv").exists()
    alone = model.run(folder / "two.yaml", draws=0)
    assert "deterministic" in alone.summary and "95 % interval" not in alone.summary.split("By group")[1]
    assert "group_acceptability" not in alone.plans and alone.figure("group_forest") is not None


def test_without_several_groups_there_is_nothing_by_group(tmp_path):
    start, end = MODEL.index("groups:"), MODEL.index("strategies:")
    (tmp_path / "one.yaml").write_text((MODEL[:start] + MODEL[end:]).replace("r * k * h", "r * h"))
    result = model.run(tmp_path / "one.yaml", draws=20)
    assert "groups" not in result.tables and "group_forest" not in result.plans and "By group" not in result.summary
    assert set(result.tables["psa"]["group"]) == set(result.tables["ceac"]["group"]) == {"all"}


def test_simulated_groups_have_intervals_of_their_means(made):
    result = model.run(made[0] / "two.yaml", draws=0, engine="individual", patients=400)
    rows = result.tables["groups"].set_index("group")
    for group, k in K.items():
        gain = qaly(0.1 * k * 0.7) - qaly(0.1 * k)
        width = rows.loc[group, "incremental_nmb_upper_95"] - rows.loc[group, "incremental_nmb_lower_95"]
        assert width > 0 and abs(rows.loc[group, "incremental_nmb"] - (300 * gain - 500)) < 1.2 * width


class Made:
    def __init__(self, strategies, n):
        self.cost = np.zeros((strategies, n))


def test_draws_of_groups_stand_apart_where_they_are_many():
    groups = {"all": Made(2, 1000), "a": Made(2, 1000), "b": Made(2, 1000)}
    assert kept_draws(groups) == (1000, False)
    many = dict.fromkeys(["all", *map(str, range(50))], Made(2, MOST_ROWS // 100))
    assert kept_draws(many) == (MOST_ROWS // 100, True)
    more = dict.fromkeys(["all", *map(str, range(50))], Made(2, MOST_ROWS))
    assert kept_draws(more) == (MOST_ROWS_OF_GROUPS // 100, True)


def test_subgroups_and_the_largest_groups_are_shown():
    class Asked:
        groups, subgroups = dict.fromkeys("abc"), dict.fromkeys("s")

    share = {"a": 0.2, "b": 0.5, "c": 0.3, "s": 0.7, "all": 1.0}
    assert shown(Asked, share, 3) == ["b", "c", "s", "all"] and shown(Asked, share, 9) == list(share)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("dominant", "dominates"),
        ("dominated", "dominated"),
        ("equal", "equal"),
        ("costs more, more effective", "1,234"),
        ("costs less, less effective", "saves 1,234 per QALY lost"),
    ],
)
def test_an_icer_is_a_number_or_words(status, words):
    assert ratio(status, "1,234", BUILT_IN["qaly"]) == words
