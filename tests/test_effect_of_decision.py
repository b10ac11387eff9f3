"""Decisions on another effect than QALYs: every analysis gives the figures that the tables of costs and effects give by hand."""

import dataclasses
import json

import numpy as np
import pytest
from matplotlib.text import Text
from runs import SCENARIOS, decided

import model
from model import draws
from model.analysis import globalsens
from model.analysis.evaluate import evaluate
from model.analysis.method import COHORT, Method
from model.cli import main
from model.effects import words_of
from model.scenario_file import read

PATH = SCENARIOS / "mscc_constant_hazards.yaml"
QUEUES = SCENARIOS / "mscc_capacity_constant_hazards.yaml"
DRAWS, SURGERY = 200, 34_000  # the price that the file states
EFFECTS = [("life_years", 40_000.0), ("ambulatory_days", 150.0)]
each_effect = pytest.mark.parametrize(("effect", "wtp"), EFFECTS, ids=[effect for effect, _ in EFFECTS])


@pytest.fixture(scope="module")
def plain():
    """Tables of the run that decides on QALYs: nothing in them depends on what decides but what this file asks for anew."""
    return model.run(PATH, draws=DRAWS).tables


@pytest.fixture(scope="module")
def variants_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("variants") / "v.yaml"
    path.write_text(f"base: {PATH}\nvariants:\n  short: {{label: One year, set: {{horizon: 1 year}}}}\n")
    return path


def base(tables, name, group="all"):
    """(radiotherapy, surgery): discounted means of the base case."""
    table = tables["outcomes"].query("analysis == 'deterministic' and discounted == 'true'")
    table = table[(table["group"] == group) & (table["outcome"] == name)].set_index("strategy")["mean"]
    return table[["radiotherapy", "surgery"]].to_numpy()


def drawn(tables, name):
    """[strategy, draw] of the PSA, radiotherapy first."""
    return (
        tables["psa"]
        .query("group == 'all'")
        .pivot(index="strategy", columns="draw", values=name)
        .loc[["radiotherapy", "surgery"]]
        .to_numpy()
    )


def benefit(of, tables, effect, wtp, *group):
    return wtp * of(tables, effect, *group) - of(tables, "cost", *group)


def gain(of, tables, effect, wtp, *group):
    """Incremental net benefit of surgery."""
    nmb = benefit(of, tables, effect, wtp, *group)
    return nmb[1] - nmb[0]


def with_settings(**settings):
    return model.run(PATH, draws=0, settings=settings).tables


# --- a run ------------------------------------------------------------------------------------------------------


@each_effect
def test_net_benefit_and_its_probabilities(plain, effect, wtp):
    table = model.run(PATH, draws=DRAWS, effect=effect, wtp=wtp).tables["net_benefit"]
    assert set(table["wtp"]) == {wtp}
    for group in ("all", "walking", "not walking"):
        rows = table.query(f"analysis == 'deterministic' and group == '{group}'").set_index("strategy")["nmb"]
        assert rows[["radiotherapy", "surgery"]].tolist() == pytest.approx(benefit(base, plain, effect, wtp, group))
    rows = table.query("analysis == 'probabilistic' and group == 'all'").set_index("strategy")
    found = rows.loc[["radiotherapy", "surgery"]]
    nmb = benefit(drawn, plain, effect, wtp)
    assert found["nmb"].tolist() == pytest.approx(nmb.mean(axis=1))
    assert found["standard_error"].tolist() == pytest.approx(nmb.std(axis=1, ddof=1) / np.sqrt(DRAWS))
    assert found["probability_most_cost_effective"].tolist() == [(nmb[0] >= nmb[1]).mean(), (nmb[1] > nmb[0]).mean()]


@each_effect
def test_curves_count_draws_along_thresholds_up_to_twice_the_one_that_decides(plain, effect, wtp):
    tables = model.run(PATH, draws=DRAWS, effect=effect, wtp=wtp).tables
    levels = np.unique(tables["ceac"]["wtp"])
    assert (levels.min(), levels.max()) == (0, 2 * wtp) and wtp in levels
    ceac = (
        tables["ceac"]
        .query("group == 'all'")
        .pivot(index="wtp", columns="strategy", values="probability_most_cost_effective")["surgery"]
    )
    loss = tables["expected_loss"].pivot(index="wtp", columns="strategy", values="expected_loss")
    evpi = tables["evpi"].set_index("wtp")["evpi"]
    for level in (0.0, wtp / 2, wtp, 2 * wtp):
        nmb = benefit(drawn, plain, effect, level)
        best = nmb.max(axis=0).mean()
        assert ceac[level] == (nmb[1] > nmb[0]).mean()
        expected = dict(zip(("radiotherapy", "surgery"), best - nmb.mean(axis=1)))
        assert loss.loc[level].to_dict() == pytest.approx(expected, abs=1e-9)
        assert evpi[level] == pytest.approx(best - nmb.mean(axis=1).max(), abs=1e-9)


@each_effect
def test_the_plane_and_the_icer_are_those_of_the_effect(plain, effect, wtp):
    tables = model.run(PATH, draws=DRAWS, effect=effect, wtp=wtp).tables
    d_cost, d_effect = (np.diff(drawn(plain, name), axis=0)[0] for name in ("cost", effect))
    rows = tables["icer_interval"]
    assert rows["icer"].dropna().tolist() == pytest.approx([d_cost.mean() / d_effect.mean()] * rows["icer"].count())
    shares = tables["quadrants"].set_index("quadrant")["share_of_draws"]
    assert sorted(shares) == pytest.approx(
        sorted(np.mean((d_cost > 0) == dear, where=(d_effect > 0) == good) * np.mean((d_effect > 0) == good)
               for dear in (True, False) for good in (True, False))
    )  # fmt: skip
    icer = np.diff(base(plain, "cost"))[0] / np.diff(base(plain, effect))[0]
    own = tables["incremental"].query(f"analysis == 'deterministic' and group == 'all' and effect == '{effect}'")
    assert own.set_index("strategy")["icer"]["surgery"] == pytest.approx(icer)


def test_several_thresholds_are_listed_and_the_first_decides(plain):
    result = model.run(PATH, draws=DRAWS, effect="ambulatory_days", wtp=[150, 400])
    table = result.tables["net_benefit"].query("analysis == 'deterministic' and group == 'all'")
    assert sorted(set(table["wtp"])) == [150, 400]
    share = np.mean(gain(drawn, plain, "ambulatory_days", 150) > 0)
    assert f"at USD 150 per day (Days able to walk): Radiotherapy alone {100 * (1 - share):.1f} %" in result.summary


@pytest.mark.parametrize("wtp", [0.0, 61_234.0, 3e6])
def test_any_willingness_to_pay_for_qalys_decides_and_is_listed(plain, wtp):
    result = model.run(PATH, draws=DRAWS, wtp=wtp)
    assert set(result.tables["net_benefit"]["wtp"]) == {wtp}
    assert (
        f"per QALY: Radiotherapy alone {np.mean(gain(drawn, plain, 'qaly', wtp) <= 0):.1%}".replace("%", " %")
        in result.summary
    )


def test_nothing_is_worth_paying_for(plain):
    result = model.run(PATH, draws=DRAWS, effect="life_years", wtp=0)
    assert f"{np.mean(gain(drawn, plain, 'life_years', 0) <= 0):.1%}".replace("%", " %") in result.summary


def test_another_reference_turns_the_increments_round(plain):
    options = {"effect": "life_years", "wtp": 40_000.0}
    result = model.tornado(PATH, on=("inb",), reference="surgery", **options)
    assert set(result.tables["tornado"]["comparator"]) == {"surgery"}
    expected = -gain(base, plain, "life_years", 40_000.0)
    row = result.tables["tornado"].query("group == 'all' and result == 'inb'").iloc[0]
    assert (row["strategy"], row["base_result"]) == ("radiotherapy", pytest.approx(expected))


# --- one input at a time ----------------------------------------------------------------------------------------


@each_effect
@pytest.mark.parametrize("group", ["all", "walking"])
def test_ends_of_a_tornado_are_runs_of_their_own(plain, effect, wtp, group):
    result = model.tornado(PATH, on=("inb", "icer"), effect=effect, wtp=wtp, group=group)
    table = result.tables["tornado"].query(f"group == '{group}'").set_index(["result", "parameter"])
    assert set(table["wtp"].dropna()) == {wtp}
    for parameter in ("hazard_death", "c_surgery"):
        inb, icer = table.loc[("inb", parameter)], table.loc[("icer", parameter)]
        assert inb["base_result"] == pytest.approx(gain(base, plain, effect, wtp, group))
        for end in ("low", "high"):
            there = with_settings(**{parameter: float(inb[f"{end}_value"])})
            assert inb[f"result_{end}"] == pytest.approx(gain(base, there, effect, wtp, group))
            ratio = np.diff(base(there, "cost", group))[0] / np.diff(base(there, effect, group))[0]
            assert icer[f"result_{end}"] == pytest.approx(ratio) or icer[f"status_{end}"] == "dominant"


@each_effect
def test_the_threshold_of_a_price_is_the_price_and_the_net_benefit(plain, effect, wtp):
    """What is paid once moves the net benefit one for one."""
    result = model.threshold(PATH, "c_surgery", 0, 60_000, effect=effect, wtp=wtp)
    row = result.tables["threshold"].iloc[0]
    assert row["threshold"] == pytest.approx(SURGERY + gain(base, plain, effect, wtp), rel=1e-6)
    assert (row["wtp"], row["best_below"], row["best_above"]) == (wtp, "surgery", "radiotherapy")


@each_effect
def test_points_of_a_sweep_are_runs_of_their_own(effect, wtp):
    vary = {"c_surgery": [10_000, 30_000], "horizon": ["1 year", "5 years"]}
    table = model.sweep(PATH, vary, effect=effect, wtp=wtp).tables["sweep"].query("group == 'all'")
    for price in (10_000, 30_000):
        for horizon in ("1 year", "5 years"):
            own = table[(table["c_surgery"] == price) & (table["horizon"] == horizon)].set_index("strategy")
            there = with_settings(c_surgery=price, horizon=horizon)
            assert own["nmb"][["radiotherapy", "surgery"]].tolist() == pytest.approx(benefit(base, there, effect, wtp))
            row = own.loc["surgery"]
            more, better = (np.diff(base(there, name))[0] for name in ("cost", effect))
            assert (row[f"incremental_{effect}"], row["incremental_cost"]) == pytest.approx((better, more))
            assert row["incremental_nmb"] == pytest.approx(wtp * better - more)
            assert row["icer"] == pytest.approx(more / better) or row["status"] != "costs more, more effective"


@each_effect
def test_a_sweep_over_the_willingness_to_pay_needs_no_other(plain, effect, wtp):
    vary = {"wtp": [0, wtp, 3 * wtp]}
    table = model.sweep(PATH, vary, draws=DRAWS, effect=effect).tables["sweep"]
    own = table.query("group == 'all' and strategy == 'surgery'").set_index("wtp")
    for level in vary["wtp"]:
        gains = gain(drawn, plain, effect, level)
        assert own["incremental_nmb"][level] == pytest.approx(gains.mean())
        assert own["probability_most_cost_effective"][level] == (gains > 0).mean()


# --- scenarios side by side -------------------------------------------------------------------------------------


@each_effect
def test_variants_are_runs_of_their_own(plain, variants_file, effect, wtp):
    table = model.variants(variants_file, draws=DRAWS, effect=effect, wtp=wtp).tables["variants"]
    own = table.query("group == 'all' and strategy == 'surgery'").set_index(["variant", "analysis"])
    short = model.run(PATH, draws=DRAWS, settings={"horizon": "1 year"}).tables
    for of, analysis in ((base, "deterministic"), (drawn, "probabilistic")):
        for variant, tables in (("base", plain), ("short", short)):
            row = own.loc[(variant, analysis)]
            assert row["wtp"] == wtp
            assert row["incremental_nmb"] == pytest.approx(np.mean(gain(of, tables, effect, wtp)))
            assert row[f"incremental_{effect}"] == pytest.approx(np.mean(np.diff(of(tables, effect), axis=0)))
            if of is drawn:
                assert row["probability_most_cost_effective"] == np.mean(gain(of, tables, effect, wtp) > 0)


@each_effect
def test_differences_between_two_files_add_up_in_the_effect(plain, tmp_path, effect, wtp):
    other = tmp_path / "other.yaml"
    other.write_text(f"extends: {PATH}\ntime: {{horizon: 1 year}}\nparameters: {{c_surgery: {{value: 20000}}}}\n")
    table = model.diff(PATH, other, effect=effect, wtp=wtp).tables["attribution"]
    own = table.query("group == 'all' and strategy == 'surgery'")
    there = model.run(other, draws=0).tables
    for name, value in (
        ("incremental_nmb", lambda tables: gain(base, tables, effect, wtp)),
        (f"incremental_{effect}", lambda tables: np.diff(base(tables, effect))[0]),
    ):
        assert own[own["kind"] == "level"][name].tolist() == pytest.approx([value(plain), value(there)])
        assert own[own["kind"] == "change"][name].sum() == pytest.approx(value(there) - value(plain))


@each_effect
def test_headroom_is_the_net_benefit_and_the_price(plain, effect, wtp):
    table = model.headroom(PATH, "surgery", draws=DRAWS, effect=effect, wtp=wtp).tables["headroom"]
    row = table.query("group == 'all'").iloc[0]
    price = np.diff(base(plain, "cost: surgery"))[0]
    assert row["headroom_base"] == pytest.approx(price + gain(base, plain, effect, wtp))
    assert row[f"incremental_{effect}_mean"] == pytest.approx(np.diff(drawn(plain, effect), axis=0).mean())
    assert row["incremental_nmb_mean"] == pytest.approx(gain(drawn, plain, effect, wtp).mean())
    assert row["probability_worth_it"] == np.mean(gain(drawn, plain, effect, wtp) > 0)


def test_a_variant_or_another_file_without_the_effect_is_refused(tmp_path):
    (tmp_path / "without.yaml").write_text(f"extends: {PATH}\neffects: null\npublished: null\n")
    (tmp_path / "v.yaml").write_text(f"base: {PATH}\nvariants:\n  bare: {{file: without.yaml}}\n")
    options = {"effect": "ambulatory_days", "wtp": 150, "draws": 0}
    for analysis in (model.variants, lambda file, **more: model.headroom(file, "surgery", **more)):
        with pytest.raises(model.DecisionError, match="variant 'bare': unknown effect 'ambulatory_days'"):
            analysis(tmp_path / "v.yaml", **options)
    with pytest.raises(ValueError, match="without.yaml has no effect 'ambulatory_days'"):
        model.diff(PATH, tmp_path / "without.yaml", **options)


def test_another_reference_is_that_of_every_variant(plain, variants_file):
    options = {"reference": "surgery", "draws": 0}
    table = model.variants(variants_file, **options).tables["variants"].query("group == 'all'")
    own = table[table["strategy"] == "radiotherapy"].set_index("variant")["incremental_nmb"]
    short = with_settings(horizon="1 year")
    expected = [-gain(base, tables, "qaly", 50_000) for tables in (plain, short)]
    assert own[["base", "short"]].tolist() == pytest.approx(expected)
    worth = model.headroom(variants_file, "surgery", **options).tables["headroom"]
    assert set(worth["comparator"]) == {"surgery"}


# --- uncertainty ------------------------------------------------------------------------------------------------


@each_effect
def test_the_value_of_information_is_that_of_the_net_benefit(plain, effect, wtp):
    result = model.voi(PATH, draws=DRAWS, effect=effect, wtp=wtp, parameter_groups={"utilities": ["u_amb", "u_nonamb"]})
    table = result.tables["evppi"].set_index("parameter")
    nmb = benefit(drawn, plain, effect, wtp)
    assert np.ptp(table["evpi"]) == 0 and set(table["wtp"]) == {wtp}
    assert table["evpi"].iloc[0] == pytest.approx(nmb.max(axis=0).mean() - nmb.mean(axis=1).max())
    # What QALYs depend on alone has no part in it; what is spent on surgery has the largest.
    assert table["evppi"].idxmax() == "c_surgery" and table["evppi"]["utilities"] < 0.05 * table["evppi"].max()


@each_effect
def test_convergence_ends_at_the_psa(plain, effect, wtp):
    table = model.converge(PATH, draws=DRAWS, effect=effect, wtp=wtp).tables["convergence"]
    last = table.query("group == 'all'").iloc[-1]
    gains = gain(drawn, plain, effect, wtp)
    assert (last["draws"], last["wtp"]) == (DRAWS, wtp)
    assert last["incremental_net_benefit"] == pytest.approx(gains.mean())
    assert last["standard_error"] == pytest.approx(gains.std(ddof=1) / np.sqrt(DRAWS))
    assert last["probability_most_cost_effective"] == np.mean(gains > 0)


@each_effect
def test_global_sensitivity_is_that_of_the_net_benefit(effect, wtp):
    scenario = read(PATH)
    keys = draws.uniform_keys(scenario)
    uniform = np.random.default_rng(1).random((len(keys), 20))
    total = evaluate(scenario, draws.of_uniforms(scenario, dict(zip(keys, uniform)), np.zeros(20, int))).total
    expected = np.diff(wtp * total.get(effect) - total.cost, axis=0)
    benefit_of = globalsens.net_benefit_of(scenario, COHORT, decided(scenario, wtp, effect=effect))
    assert benefit_of(uniform) == pytest.approx(expected)
    table = model.sensitivity(PATH, n=32, effect=effect, wtp=wtp).tables["sobol"].set_index("input")
    assert set(table["wtp"]) == {wtp}
    assert table["total"][["u_amb", "u_nonamb"]].tolist() == [0, 0] and (table["total"] > 0.01).sum() > 3


# --- other engines ----------------------------------------------------------------------------------------------


@each_effect
def test_errors_of_simulated_patients_are_the_spread_of_the_means(effect, wtp):
    """400 replications of 100 patients; the standard error of a standard deviation of n values is a share 1 / sqrt(2 n)."""
    scenario, n = read(PATH), 400
    table = dataclasses.replace(draws.repeat(scenario, n), index=np.arange(n))
    found = evaluate(scenario, table, Method("individual", patients=100)).simulated["all"]
    nmb = wtp * found.mean.get(effect) - found.mean.cost
    spread = [*nmb.std(axis=1, ddof=1), (nmb[1] - nmb[0]).std(ddof=1)]
    stated = np.sqrt([*(found.nmb_se(wtp, effect) ** 2).mean(axis=1), (found.inb_se(wtp, effect)[1] ** 2).mean()])
    assert stated.tolist() == pytest.approx(spread, rel=4 / np.sqrt(2 * n))


@each_effect
def test_a_run_of_simulated_patients_states_the_error_of_the_net_benefit(effect, wtp):
    result = model.run(PATH, draws=40, engine="individual", patients=40, effect=effect, wtp=wtp)
    simulated = result.run.base.simulated["all"]
    rows = result.tables["net_benefit"].query("group == 'all'").set_index(["analysis", "strategy"])
    errors = rows.loc["deterministic"]["standard_error"][["radiotherapy", "surgery"]]
    assert errors.tolist() == pytest.approx(simulated.nmb_se(wtp, effect)[:, 0].tolist())
    assert (rows["standard_error"] > 0).all()
    # Less than the spread with the noise of few patients, which is taken out before draws are counted.
    psa = result.tables["psa"].query("group == 'all'").pivot(index="draw", columns="strategy", values=[effect, "cost"])
    noisy = (wtp * psa[effect] - psa["cost"]).diff(axis=1)["surgery"].std()
    corrected = result.run.corrected
    assert (wtp * corrected.effect - corrected.cost)[1].std() < noisy


@each_effect
def test_the_bridge_between_engines_starts_at_the_cohort(plain, effect, wtp):
    table = model.compare(PATH, patients=20, replications=3, effect=effect, wtp=wtp).tables["bridge"]
    first = table.iloc[0]
    more, better = (np.diff(base(plain, name))[0] for name in ("cost", effect))
    assert (first["step"], first["wtp"]) == ("Cohort", wtp)
    assert first["icer"] == pytest.approx(more / better)
    assert first["incremental_net_benefit"] == pytest.approx(wtp * better - more)
    found = wtp * table["incremental_effect"] - table["incremental_cost"]
    assert table["incremental_net_benefit"].tolist() == pytest.approx(found.tolist())


@each_effect
def test_centres_are_compared_in_the_net_benefit_of_the_effect(effect, wtp):
    change = {"night": {"resources.theatre.open": "always"}}
    few = {"patients": 20, "replications": 2}
    table = model.capacity(QUEUES, changes=change, effect=effect, wtp=wtp, **few).tables["changes"]
    own = table.query("strategy == 'surgery'").set_index("outcome")
    for column in ("mean", "change"):
        values = own[own["alternative"] == "night"][column]
        assert values["net_benefit"] == pytest.approx(wtp * values[effect] - values["cost"])


# --- words ------------------------------------------------------------------------------------------------------

ANALYSES = {
    "run": lambda **options: model.run(PATH, draws=50, **options),
    "tornado": lambda **options: model.tornado(PATH, **options),
    "threshold": lambda **options: model.threshold(PATH, "c_surgery", 0, 60_000, **options),
    "sweep": lambda **options: model.sweep(PATH, {"c_surgery": [10_000, 30_000]}, draws=20, **options),
    "sweep_map": lambda **options: model.sweep(PATH, {"c_surgery": "1:2:2", "u_amb": "0.5:0.6:2"}, **options),
    "diff": lambda **options: model.diff(PATH, QUEUES.parent / "mscc_constant_hazards.yaml", **options),
    "voi": lambda **options: model.voi(PATH, draws=100, **options),
    "headroom": lambda **options: model.headroom(PATH, "surgery", draws=20, **options),
    "headroom_map": lambda **options: model.headroom(
        PATH, "surgery", vary={"hr_nonamb": "1:2:2", "p_retain_rt": "0.5:0.7:2"}, **options
    ),
    "converge": lambda **options: model.converge(PATH, draws=100, **options),
    "sobol": lambda **options: model.sensitivity(PATH, n=8, **options),
    "compare": lambda **options: model.compare(PATH, patients=20, replications=3, **options),
    "capacity": lambda **options: model.capacity(QUEUES, "linac", 8, 9, patients=20, replications=2, **options),
}
SILENT = ("diff", "capacity")  # their figures, or their text, speak of money alone


def words_in(figure):
    return " ".join(" ".join(text.get_text().split()) for text in figure.findobj(Text))


@each_effect
@pytest.mark.parametrize("name", [*ANALYSES, "variants"])
def test_text_figures_and_columns_name_the_effect_and_no_other(name, variants_file, effect, wtp):
    options = {"effect": effect, "wtp": wtp}
    result = ANALYSES[name](**options) if name != "variants" else model.variants(variants_file, draws=20, **options)
    words = words_of(read(PATH), effect)
    unit = f"per {words.one}"
    assert "QALY" not in result.summary
    assert name in SILENT or words.one in result.summary or words.many in result.summary
    shown = [words_in(result.figures[figure]) for figure in result.figures]
    assert not [words for words in shown if "QALY" in words or "qaly" in words]
    assert name in SILENT or any(unit in words for words in shown)
    columns = {column for table in result.tables.values() for column in table.columns}
    assert not {column for column in columns if "qaly" in column} - {"qaly"}  # the outcome as such stays


@pytest.mark.parametrize("name", ["run", "voi"])
def test_the_default_speaks_of_qalys(name):
    result = ANALYSES[name]()
    assert "QALY" in result.summary and any("QALY" in words_in(figure) for figure in result.figures.values())


# --- the command line -------------------------------------------------------------------------------------------

COMMANDS = {
    "run": ["--draws", "20"],
    "tornado": [],
    "threshold": ["--vary", "c_surgery=0:60000"],
    "sweep": ["--vary", "c_surgery=1,2"],
    "variants": ["--draws", "20"],
    "diff": [],
    "voi": ["--draws", "100"],
    "headroom": ["--component", "surgery", "--draws", "20"],
    "converge": ["--draws", "100"],
    "global": ["--n", "8"],
    "compare": ["--patients", "20", "--replications", "3"],
    "capacity": ["--resource", "linac", "--patients", "20", "--replications", "2"],
}


def command(name, variants_file, out, *more):
    files = {"variants": [variants_file], "diff": [PATH, PATH], "capacity": [QUEUES]}.get(name, [PATH])
    return main([name, *map(str, files), *COMMANDS[name], "--out", str(out), *more])


@pytest.mark.parametrize("name", COMMANDS)
def test_thresholds_of_the_file_are_for_qalys_only(name, variants_file, tmp_path, capsys):
    assert command(name, variants_file, tmp_path / "out", "--effect", "ambulatory_days") == 2
    error = capsys.readouterr().err
    assert "its thresholds are per QALY; say what a day (Days able to walk) is worth, with --wtp" in error
    assert "Traceback" not in error and not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", COMMANDS)
def test_an_unknown_effect_is_refused_with_a_suggestion(name, variants_file, tmp_path, capsys):
    assert command(name, variants_file, tmp_path / "out", "--effect", "ambulatory_day", "--wtp", "150") == 2
    error = capsys.readouterr().err
    assert "unknown effect 'ambulatory_day'; allowed: qaly, life_years, ambulatory_days" in error
    assert "Did you mean 'ambulatory_days'?" in error and not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["run", "tornado", "voi"])
def test_the_command_writes_what_the_call_gives(name, variants_file, tmp_path, capsys):
    out = tmp_path / "out"
    assert command(name, variants_file, out, "--effect", "ambulatory_days", "--wtp", "150") == 0
    assert "per day (Days able to walk)" in capsys.readouterr().out
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["effect"], manifest["wtp"]) == ("ambulatory_days", 150)
    assert manifest["options"]["effect"] == "ambulatory_days"
    drawings = list((out / "figures").glob("*.svg"))
    assert drawings and not [path for path in drawings if "QALY" in path.read_text(encoding="utf-8")]
