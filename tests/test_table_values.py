"""The values in every table of a run, from draws and parameters by arithmetic written here, apart from the project's.

Three steps: the sampled parameters follow SciPy's distributions; closed forms of an illness-death model turn parameters
into costs and effects, for the base case and draw by draw; pandas and NumPy turn those into the decision tables.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from model.cli import main

SCENARIO = """
title: Something in every table
currency: {code: EUR}
time: {unit: year, horizon: 20 years, cycle: 6 months}
discount: {cost: 6 %, effect: 1.5 %}
wtp: {thresholds: [8000, 20000, 45500], curve: {from: 0, to: 60000, step: 1000}}
reference: usual
sources: {registry: {citation: The registry}}
parameters:
  share_severe: {distribution: "beta(30, 70)", unit: probability}
  p_well, p_ill: {distribution: "dirichlet(80, 20)", unit: probability, source: registry}
  hazard_ill: {distribution: "gamma(mean=0.012, cv=0.2)", unit: per month, note: monthly}
  hazard_death: {value: 0.02, distribution: "lognormal(median=0.02, sdlog=0.3)", unit: per year}
  hr_severe: {value: 2.5, unit: hazard ratio, range: [2, 3]}
  hr_ill: {distribution: "uniform(3, 6)", unit: hazard ratio}
  hr_gene: {value: 0.5, distribution: "lognormal(median=0.5, sdlog=0.15)", unit: hazard ratio}
  u_ill: {distribution: "beta(60, 40)", unit: utility}
  c_well: {value: 500, unit: EUR per year}
  c_ill: {distribution: "gamma(mean=250, cv=0.5)", unit: EUR per month}
  c_drug: {distribution: "normal(mean=5000, se=400)", unit: EUR}
  c_gene: {distribution: "gamma(mean=28000, cv=1.5)", unit: EUR}
  c_infusion: {value: 3 * c_drug, unit: EUR}
strategies:
  usual: {hr: 1, price: 0}
  drug: {hr: 0.8, price: c_drug}
  infusion: {hr: 0.75, price: c_infusion}
  sham: {hr: 0.85, price: 1.2 * c_drug}
  gene: {hr: hr_gene, price: c_gene}
groups:
  mild: {weight: 1 - share_severe, k: 1}
  severe: {weight: share_severe, k: hr_severe}
states:
  presenting: {start: 1, stay: 0}
  well: {cost: {care: c_well}, utility: 0.9}
  ill: {cost: {care: c_ill}, utility: u_ill}
  dead: {}
transitions:
  - {from: presenting, to: well, probability: p_well, cost: {treatment: price}}
  - {from: presenting, to: ill, probability: rest, cost: {treatment: price}}
  - {from: well, to: ill, rate: hazard_ill * k * hr}
  - {from: well, to: dead, rate: hazard_death}
  - {from: ill, to: dead, rate: hazard_death * hr_ill}
published medians: [{of: survival, strategy: gene, value: 156 months, source: registry}]
effects:
  weeks_ill: {time in: [ill], unit: week}
  relapses: {count of: [well -> ill]}
"""
DISTRIBUTIONS = {
    "share_severe": stats.beta(30, 70),
    "p_well": stats.beta(80, 20),
    "p_ill": stats.beta(20, 80),
    "hazard_ill": stats.gamma(25, scale=0.012 / 25),
    "hazard_death": stats.lognorm(0.3, scale=0.02),
    "hr_ill": stats.uniform(3, 3),
    "hr_gene": stats.lognorm(0.15, scale=0.5),
    "u_ill": stats.beta(60, 40),
    "c_ill": stats.gamma(4, scale=250 / 4),
    "c_drug": stats.norm(5000, 400),
    "c_gene": stats.gamma(1 / 2.25, scale=28000 * 2.25),
}
STATED = {"hazard_death": 0.02, "hr_severe": 2.5, "hr_gene": 0.5, "c_well": 500}
USED_IN = {
    "share_severe": {"groups.mild.weight", "groups.severe.weight"},
    "hr_severe": {"groups.severe.k"},
    "hazard_death": {"transitions.well -> dead.rate", "transitions.ill -> dead.rate"},
    "c_drug": {"parameters.c_infusion", "strategies.drug.price", "strategies.sham.price"},
    "c_gene": {"strategies.gene.price"},
    "u_ill": {"states.ill.utility"},
    "c_ill": {"states.ill.cost.care"},
}
STRATEGIES = ["usual", "drug", "infusion", "sham", "gene"]
GROUPS = ["all", "mild", "severe"]
EFFECTS = ["qaly", "life_years", "weeks_ill", "relapses"]
GRID = np.unique([*range(0, 60001, 1000), 45500])
PROBABILITY = "probability_most_cost_effective"
DRAWS, YEARS = 400, 20.0


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("values")
    (folder / "scenario.yaml").write_text(SCENARIO)
    options = ["--draws", str(DRAWS), "--seed", "7", "--no-figures", "--out", str(folder / "out")]
    assert main(["run", str(folder / "scenario.yaml"), *options]) == 0
    return {p.stem: pd.read_csv(p, keep_default_na=False, na_values=[""]) for p in (folder / "out/tables").iterdir()}


# --- parameters to outcomes, by closed forms --------------------------------------------------------------------


def base_values():
    return {name: d.mean() for name, d in DISTRIBUTIONS.items()} | STATED


def sampled_values(tables):
    return STATED | {name: tables["psa_parameters"][name].to_numpy() for name in DISTRIBUTIONS}


def hazards(p, group, strategy):
    """Yearly hazards of leaving well, of falling ill and of death when ill."""
    hr = {"usual": 1, "drug": 0.8, "infusion": 0.75, "sham": 0.85, "gene": p["hr_gene"]}[strategy]
    falls_ill = 12 * p["hazard_ill"] * hr * (p["hr_severe"] if group == "severe" else 1)
    return falls_ill + p["hazard_death"], falls_ill, p["hazard_death"] * p["hr_ill"]


def annuity(rate):
    return -np.expm1(-rate * YEARS) / rate


def years(p, group, strategy, annual_discount):
    """Years well and ill, and relapses, each discounted from when they happen."""
    leave, falls_ill, dies = hazards(p, group, strategy)
    d = np.log1p(annual_discount)
    well = p["p_well"] * annuity(leave + d)
    relapsed = p["p_well"] * falls_ill * (annuity(dies + d) - annuity(leave + d)) / (leave - dies)
    return well, p["p_ill"] * annuity(dies + d) + relapsed, falls_ill * well


def well_and_ill(p, group, strategy, t):
    """Shares of patients well and ill at times t."""
    if group == "all":
        mild, severe = (np.array(well_and_ill(p, g, strategy, t)) for g in ("mild", "severe"))
        return (1 - p["share_severe"]) * mild + p["share_severe"] * severe
    leave, falls_ill, dies = hazards(p, group, strategy)
    relapsed = p["p_well"] * falls_ill * (np.exp(-dies * t) - np.exp(-leave * t)) / (leave - dies)
    return p["p_well"] * np.exp(-leave * t), p["p_ill"] * np.exp(-dies * t) + relapsed


def price(p, strategy):
    drug = p["c_drug"]
    return {"usual": 0 * drug, "drug": drug, "infusion": 3 * drug, "sham": 1.2 * drug, "gene": p["c_gene"]}[strategy]


def outcomes_of_group(p, group, strategy, discounted):
    well, ill, _ = years(p, group, strategy, 0.06 * discounted)
    costs = {"cost: care": p["c_well"] * well + 12 * p["c_ill"] * ill, "cost: treatment": price(p, strategy)}
    well, ill, relapses = years(p, group, strategy, 0.015 * discounted)
    effects = {
        "qaly": 0.9 * well + p["u_ill"] * ill,
        "life_years": well + ill,
        "weeks_ill": ill * 365.25 / 7,
        "relapses": relapses,
    }
    return {"cost": sum(costs.values()), **costs, **effects}


def expected(p, group, strategy, discounted=True):
    """Every outcome, one number a draw; of all groups: weighted in each draw with that draw's shares."""
    if group != "all":
        return outcomes_of_group(p, group, strategy, discounted)
    mild, severe = (outcomes_of_group(p, g, strategy, discounted) for g in ("mild", "severe"))
    share = p["share_severe"]
    return {name: (1 - share) * mild[name] + share * severe[name] for name in mild}


def analyses(tables):
    return {"deterministic": base_values(), "probabilistic": sampled_values(tables)}


# --- inputs -----------------------------------------------------------------------------------------------------


def test_sampled_parameters_follow_their_distributions(tables):
    sampled = tables["psa_parameters"]
    assert set(sampled.columns) == {"draw", *DISTRIBUTIONS} and sampled.draw.tolist() == list(range(1, DRAWS + 1))
    for name, distribution in DISTRIBUTIONS.items():
        assert stats.kstest(sampled[name], distribution.cdf).pvalue > 0.001, name
    assert (sampled.p_well + sampled.p_ill).to_numpy() == pytest.approx(1)


def test_parameters_are_listed_with_value_95_percent_interval_and_sampled_moments(tables):
    table, base = tables["parameters"].set_index("name"), base_values()
    assert set(table.index) == {*base, "c_infusion"}
    for name, row in table.iterrows():
        assert row["value"] == pytest.approx(3 * base["c_drug"] if name == "c_infusion" else base[name]), name
        limits = {"hr_severe": [2, 3]}.get(name, [np.nan, np.nan])
        moments = [np.nan, np.nan]
        if name in DISTRIBUTIONS:
            limits = DISTRIBUTIONS[name].ppf([0.025, 0.975])
            sampled = tables["psa_parameters"][name]
            moments = [sampled.mean(), sampled.std()]
        assert row[["lower_95", "upper_95"]].tolist() == pytest.approx(list(limits), nan_ok=True), name
        assert row[["sampled_mean", "sampled_sd"]].tolist() == pytest.approx(moments, nan_ok=True), name


def test_parameters_are_listed_with_what_the_file_says_and_where_they_are_used(tables):
    table = tables["parameters"].set_index("name")
    for name, places in USED_IN.items():
        assert set(table.used_in[name].split("; ")) == places, name
    assert table.loc["hazard_ill", ["unit", "note", "distribution"]].tolist() == [
        "per month",
        "monthly",
        "gamma(mean=0.012, cv=0.2)",
    ]
    sources = dict.fromkeys(table.index, "not reported") | {"p_well": "registry", "p_ill": "registry"}
    assert table.source.to_dict() == sources


# --- costs and effects ------------------------------------------------------------------------------------------


def test_psa_holds_the_discounted_cost_and_effects_of_all_groups_in_each_draw(tables):
    psa, p = tables["psa"], sampled_values(tables)
    assert list(psa.columns) == ["draw", "strategy", "cost", *EFFECTS, "group"]
    assert len(psa) == DRAWS * len(STRATEGIES) * len(GROUPS) and psa.group.unique().tolist() == GROUPS
    for (group, strategy), rows in psa.groupby(["group", "strategy"]):
        truth = expected(p, group, strategy)
        assert rows.draw.tolist() == list(range(1, DRAWS + 1))
        for name in ["cost", *EFFECTS]:
            np.testing.assert_allclose(rows[name], truth[name], rtol=1e-8, atol=1e-11, err_msg=f"{strategy}, {name}")


def summary(values):
    if np.ndim(values) == 0:
        return [values, np.nan, np.nan, np.nan]
    return [values.mean(), values.std(ddof=1) / np.sqrt(len(values)), *np.percentile(values, [2.5, 97.5])]


def test_outcomes_are_means_standard_errors_and_intervals_by_group_discounted_and_not(tables):
    values = analyses(tables)
    found = tables["outcomes"].set_index(["analysis", "group", "strategy", "outcome", "discounted"])
    assert found.index.is_unique and len(found) == 2 * len(GROUPS) * len(STRATEGIES) * 7 * 2
    for (analysis, group, strategy, outcome, discounted), row in found.iterrows():
        truth = expected(values[analysis], group, strategy, discounted)[outcome]
        wanted = summary(truth + np.zeros(DRAWS) if analysis == "probabilistic" else truth)
        numbers = row[["mean", "standard_error", "lower_95", "upper_95"]].tolist()
        assert numbers == pytest.approx(wanted, rel=1e-8, abs=1e-9, nan_ok=True), row.name


def test_trace_is_the_closed_form_and_sums_to_1(tables):
    trace, p = tables["trace"], base_values()
    wide = trace.pivot(index=["group", "strategy", "time"], columns="state", values="occupancy")
    assert set(wide.columns) == {"well", "ill", "dead"} and wide.sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-11)
    assert wide.loc[("all", "gene")].index.to_numpy() == pytest.approx(np.arange(41) / 2)
    for (group, strategy), rows in wide.groupby(level=[0, 1]):
        well, ill = well_and_ill(p, group, strategy, rows.index.get_level_values("time").to_numpy())
        np.testing.assert_allclose(rows["well"], well, rtol=1e-9, err_msg=f"{group}, {strategy}")
        np.testing.assert_allclose(rows["ill"], ill, rtol=1e-9, err_msg=f"{group}, {strategy}")


def test_half_are_alive_at_the_median_which_stands_beside_the_published_one(tables):
    """Up to the interpolation within a cycle of half a year."""
    found = tables["medians"].set_index("strategy")
    for strategy in STRATEGIES:
        alive = sum(well_and_ill(base_values(), "all", strategy, found["median"][strategy]))
        assert alive == pytest.approx(0.5, abs=1e-4), strategy
    assert set(found.event) == {"survival"} and set(found.unit) == {"year"}
    assert found.published.dropna().to_dict() == {"gene": 13}
    assert found.source.dropna().to_dict() == {"gene": "registry"}


# --- decisions --------------------------------------------------------------------------------------------------


def drop_dominated(names, cost, effect):
    """What is left, cheapest first, when no strategy costs at least as much as another that is as effective."""
    return sorted(
        (s for s in names if not any(cost[o] <= cost[s] and effect[o] >= effect[s] for o in names if o != s)),
        key=cost.get,
    )


def drop_extendedly_dominated(ranked, cost, effect):
    """Leave out, one at a time, a strategy whose ICER is above that of the next."""
    icers = [(cost[b] - cost[a]) / (effect[b] - effect[a]) for a, b in zip(ranked, ranked[1:])]
    for i in range(len(icers) - 1):
        if icers[i] >= icers[i + 1]:
            return drop_extendedly_dominated(ranked[: i + 1] + ranked[i + 2 :], cost, effect)
    return ranked


def fully_incremental(cost, effect):
    """strategy -> (comparator, status)."""
    undominated = drop_dominated(STRATEGIES, cost, effect)
    frontier = drop_extendedly_dominated(undominated, cost, effect)
    found = {}
    for s in STRATEGIES:
        status = "frontier" if s in frontier else "extendedly dominated" if s in undominated else "dominated"
        rivals = [o for o in (undominated if status == "dominated" else frontier) if cost[o] < cost[s]]
        found[s] = (max(rivals, key=cost.get), status) if rivals else ("", "reference")
    return found


def test_incremental_table_is_the_full_analysis_of_the_means(tables):
    table, values = tables["incremental"], analyses(tables)
    assert len(table) == 2 * len(GROUPS) * len(EFFECTS) * len(STRATEGIES)
    seen = set()
    for (analysis, group, effect_name), rows in table.groupby(["analysis", "group", "effect"]):
        means = {s: expected(values[analysis], group, s) for s in STRATEGIES}
        cost = {s: np.mean(means[s]["cost"]) for s in STRATEGIES}
        effect = {s: np.mean(means[s][effect_name]) for s in STRATEGIES}
        assert rows.strategy.tolist() == sorted(STRATEGIES, key=cost.get)
        for row in rows.itertuples():
            about, s = (analysis, group, effect_name, row.strategy), row.strategy
            comparator, status = fully_incremental(cost, effect)[s]
            extra = (cost[s] - cost[comparator], effect[s] - effect[comparator]) if comparator else (np.nan, np.nan)
            icer = extra[0] / extra[1] if status == "frontier" else np.nan
            assert ("" if pd.isna(row.comparator) else row.comparator, row.status) == (comparator, status), about
            numbers = [row.cost, row.effect_value, row.incremental_cost, row.incremental_effect, row.icer]
            wanted = [cost[s], effect[s], *extra, icer]
            assert numbers == pytest.approx(wanted, rel=1e-6, abs=1e-9, nan_ok=True), about
            seen |= {status} if effect_name == "qaly" else set()
    assert seen == {"reference", "frontier", "dominated", "extendedly dominated"}


def test_net_benefit_is_that_of_each_group_with_its_standard_error(tables):
    table, values = tables["net_benefit"], analyses(tables)
    assert len(table) == 2 * len(GROUPS) * 3 * len(STRATEGIES) and sorted(set(table.wtp)) == [8000, 20000, 45500]
    for row in table.itertuples():
        truth = expected(values[row.analysis], row.group, row.strategy)
        benefit = row.wtp * truth["qaly"] - truth["cost"]
        wanted = [*summary(benefit)[:2], np.mean(truth["qaly"] - truth["cost"] / row.wtp)]
        assert [row.nmb, row.standard_error, row.nhb] == pytest.approx(wanted, rel=1e-7, nan_ok=True), row


def test_the_probability_of_being_most_cost_effective_is_that_of_each_group(tables):
    table, values = tables["net_benefit"], analyses(tables)
    assert table.loc[table.analysis == "deterministic", "probability_most_cost_effective"].isna().all()
    for (group, wtp), rows in table[table.analysis == "probabilistic"].groupby(["group", "wtp"]):
        truth = {s: expected(values["probabilistic"], group, s) for s in rows.strategy}
        best = np.argmax([wtp * truth[s]["qaly"] - truth[s]["cost"] for s in rows.strategy], axis=0)
        wanted = [(best == i).mean() for i in range(len(rows))]
        assert rows.probability_most_cost_effective.tolist() == pytest.approx(wanted, abs=1e-12), (group, wtp)


@pytest.fixture(scope="module")
def benefit(tables):
    """wtp -> net monetary benefit [draw, strategy], from psa.csv."""
    wide = tables["psa"].query("group == 'all'").pivot(index="draw", columns="strategy", values=["cost", "qaly"])
    return {wtp: (wtp * wide["qaly"] - wide["cost"])[STRATEGIES] for wtp in GRID}


def by_strategy(tables, name, column):
    """[wtp, strategy] of a long table."""
    table = tables[name].query("group == 'all'") if "group" in tables[name] else tables[name]
    wide = table.pivot(index="wtp", columns="strategy", values=column)[STRATEGIES]
    assert wide.index.tolist() == GRID.tolist()
    return wide


def binomial_error(share):
    return np.sqrt(np.multiply(share, 1 - np.array(share)) / DRAWS)


def test_ceac_is_the_share_of_draws_in_which_a_strategy_is_best(tables, benefit):
    shares = [[(b.idxmax(axis=1) == s).mean() for s in STRATEGIES] for b in benefit.values()]
    np.testing.assert_allclose(by_strategy(tables, "ceac", PROBABILITY), shares, atol=1e-11)
    np.testing.assert_allclose(by_strategy(tables, "ceac", "standard_error"), binomial_error(shares), atol=1e-11)


def test_ceaf_follows_the_highest_mean_net_benefit_which_is_not_the_highest_probability(tables, benefit):
    best = [b.mean().idxmax() for b in benefit.values()]
    ceac, ceaf = by_strategy(tables, "ceac", PROBABILITY), tables["ceaf"]
    assert ceaf.wtp.tolist() == GRID.tolist() and ceaf.strategy.tolist() == best
    wanted = [(b.idxmax(axis=1) == s).mean() for s, b in zip(best, benefit.values())]
    np.testing.assert_allclose(ceaf[PROBABILITY], wanted, atol=1e-11)
    np.testing.assert_allclose(ceaf.standard_error, binomial_error(wanted), atol=1e-11)
    differ = ceac.idxmax(axis=1).to_numpy() != ceaf.strategy.to_numpy()
    assert differ.sum() > 3 and not differ.all()


def test_expected_loss_is_the_mean_distance_from_the_best_of_each_draw(tables, benefit):
    loss = [[(b.max(axis=1) - b[s]).mean() for s in STRATEGIES] for b in benefit.values()]
    np.testing.assert_allclose(by_strategy(tables, "expected_loss", "expected_loss"), loss, rtol=1e-7, atol=1e-6)


def test_evpi_is_the_mean_of_maxima_less_the_maximum_of_means(tables, benefit):
    evpi, table = [b.max(axis=1).mean() - b.mean().max() for b in benefit.values()], tables["evpi"]
    lost = [b.max(axis=1) - b[b.mean().idxmax()] for b in benefit.values()]
    assert table.wtp.tolist() == GRID.tolist() and max(evpi) > 100
    np.testing.assert_allclose(table.evpi, evpi, rtol=1e-7, atol=1e-6)
    np.testing.assert_allclose(table.standard_error, [x.std() / np.sqrt(DRAWS) for x in lost], rtol=1e-7, atol=1e-6)


@pytest.fixture(scope="module")
def gains(tables):
    """strategy -> (incremental cost, incremental QALYs) by draw against the reference, from psa.csv."""
    wide = tables["psa"].query("group == 'all'").pivot(index="draw", columns="strategy", values=["cost", "qaly"])
    return {s: tuple(wide[name][s] - wide[name]["usual"] for name in ("cost", "qaly")) for s in STRATEGIES[1:]}


def test_quadrants_are_shares_of_draws(tables, gains):
    found = tables["quadrants"].set_index(["strategy", "quadrant"]).share_of_draws
    assert len(found) == 16 and set(tables["quadrants"].comparator) == {"usual"}
    for s, (cost, qaly) in gains.items():
        for quadrant, share in (
            ("north-east", (cost > 0) & (qaly > 0)),
            ("south-east", (cost < 0) & (qaly > 0)),
            ("south-west", (cost < 0) & (qaly < 0)),
            ("north-west", (cost > 0) & (qaly < 0)),
        ):
            assert found[s, quadrant] == pytest.approx(share.mean(), abs=1e-11), (s, quadrant)


def test_intervals_of_the_icer_are_percentiles_of_ratios_and_thresholds_where_net_benefit_may_be_0(tables, gains):
    found = tables["icer_interval"].set_index(["strategy", "method"])
    for s, (cost, qaly) in gains.items():
        assert (qaly > 0).all() and set(found.loc[s].kind) == {"interval"}
        assert found.loc[s].icer.to_numpy() == pytest.approx(cost.mean() / qaly.mean())
        limits = found.loc[(s, "percentile"), ["lower_95", "upper_95"]].tolist()
        assert limits == pytest.approx(np.percentile(cost / qaly, [2.5, 97.5]).tolist())
        for limit in found.loc[(s, "Fieller"), ["lower_95", "upper_95"]]:
            benefit = limit * qaly - cost
            assert abs(benefit.mean()) / benefit.std() == pytest.approx(stats.norm.ppf(0.975)), s
