"""Command `survival` as its user meets it: what it writes, scenarios that run as they stand, and what it refuses."""

import numpy as np
import pandas as pd
import pytest

import model
from model.analysis.survival_data_fits import DISTRIBUTIONS
from model.cli import main
from model.draws import probabilistic
from model.sample import Sample
from tests.reference import reference_file

DATA = str(reference_file("flexsurv_fits/veteran_ipd.csv"))


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    out = tmp_path_factory.mktemp("survival") / "out"
    options = [
        "--time-unit",
        "day",
        "--joint",
        "--horizon",
        "5",
        "--no-figures",
        "--source",
        "Kalbfleisch 1980: a trial",
    ]
    assert main(["survival", DATA, *options, "--out", str(out)]) == 0
    return out


def table(results, name):
    return pd.read_csv(results / "tables" / f"{name}.csv")


def means(results, kind, name):
    found = table(results, "means")
    return found[(found.fit == kind) & (found.distribution == name)].set_index("arm").mean_to_horizon


# --- scenarios to paste -------------------------------------------------------------------------------------------


def life_years(path, **options):
    outcomes = model.run(path, draws=0, **options).tables["outcomes"]
    years = outcomes[(outcomes.outcome == "life_years") & (outcomes.discounted == "true")]
    return years.set_index("strategy")["mean"]


def by_transition(path, folder):
    """The file with its commented lines in the place of curves and states."""
    text = path.read_text()
    kept, commented = text[: text.index("curves:\n")], text[text.index("# states:") :]
    (folder / "transition.yaml").write_text(
        kept + "\n".join(line.removeprefix("# ") for line in commented.splitlines())
    )
    return folder / "transition.yaml"


FILES = [(name, kind) for name in DISTRIBUTIONS for kind in ("by arm", "joint")]


@pytest.mark.parametrize(("name", "kind"), FILES)
def test_a_scenario_runs_as_it_stands_and_its_life_years_are_the_means(results, name, kind):
    """To rounding."""
    path = results / f"scenario_{name}{'_joint' if kind == 'joint' else ''}.yaml"
    expected = means(results, kind, name) / 365.25
    assert life_years(path).to_dict() == pytest.approx(expected.to_dict(), rel=1e-6)


@pytest.mark.parametrize("name", ["loglogistic", "gompertz_joint"])
def test_the_commented_transition_is_the_same_as_the_cycle_shortens(results, name, tmp_path):
    distribution, _, kind = name.partition("_")
    file = by_transition(results / f"scenario_{name}.yaml", tmp_path)
    expected = means(results, kind or "by arm", distribution) / 365.25
    off = [abs(life_years(file, settings={"cycle": f"{n} days"}) / expected - 1).max() for n in (28, 14, 7)]
    assert off[2] < 2e-4 and off[1] < off[0] / 2 and off[2] < off[1] / 2


@pytest.mark.parametrize("file", ["weibull", "gengamma", "exponential", "lognormal_joint", "gompertz_joint"])
def test_draws_have_the_covariance_of_the_fit(results, file):
    """400,000 draws: standard errors of a covariance are below 0.5 % of the variances."""
    name, _, kind = file.partition("_")
    scenario = model.read(results / f"scenario_{file}.yaml")
    drawn = probabilistic(scenario, Sample(400_000, 1)).values
    found = table(results, "covariance")
    found = found[(found.distribution == name) & (found.fit == (kind or "by arm"))]
    for arm, own in found.groupby("arm"):
        wide = own.pivot(index="row", columns="column", values="covariance")
        order = list(dict.fromkeys(own.row))
        names = [key for key in scenario.parameters if kind or key.endswith(arm)]
        spread = np.atleast_2d(np.cov([drawn[key] for key in names]))
        se = np.sqrt(np.diag(wide.loc[order, order]))
        assert spread / np.outer(se, se) == pytest.approx(
            wide.loc[order, order].to_numpy() / np.outer(se, se), abs=0.01
        )


def test_what_is_pasted_says_where_it_comes_from(results):
    scenario = model.read(results / "scenario_weibull.yaml")
    parameter = scenario.parameters["log_shape_test"]
    assert parameter.source == "survival_data" and "64 events in 68 patients, arm test" in parameter.note
    assert scenario.sources["survival_data"]["citation"] == "Kalbfleisch 1980: a trial"


def test_names_of_arms_may_be_any_text(tmp_path):
    data = pd.read_csv(DATA)
    names = ["no: drug, 5 mg", "no drug 5 mg", "yes", "\u85e5", "\u85e5 2"]
    data["arm"] = [names[i % len(names)] for i in range(len(data))]
    model.survival(data, "day", joint=True, splines=False).save(tmp_path / "out")
    for file in ("weibull", "weibull_joint"):
        scenario = model.read(tmp_path / "out" / f"scenario_{file}.yaml")
        assert list(scenario.strategies) == names
    assert len(scenario.parameters) == 2 + 4


# --- tables, figures ----------------------------------------------------------------------------------------------


def test_figures_are_drawn_each_with_its_csv(tmp_path):
    result = model.survival(DATA, "day", joint=True)
    sets = [
        f"{name}_{what}" for name in ("distribution", "joint", "spline") for what in ("curves", "to_horizon", "hazards")
    ]
    assert set(result.figures) == {"kaplan_meier", "log_log", *sets}
    for name, plan in result.plans.items():
        assert len(plan.data) and result.figures[name].axes, name
    shown = result.plans["distribution_curves"].data
    assert set(shown.distribution) == {"Kaplan-Meier", *DISTRIBUTIONS} and set(shown.arm) == {"standard", "test"}


def test_the_summary_lists_arms_by_aic_and_the_hazard_ratio(results, capsys):
    text = model.survival(DATA, "day").summary
    assert "137 patients, 128 events" in text and "Hazard ratio (Cox) of test versus standard: 1.018" in text
    order = [line.split()[0] for line in text[text.index("Arm test") :].splitlines()[3:7]]
    assert order[0] == "Kaplan-Meier" and order[1] == "loglogistic"


def test_a_figure_becomes_patients_whom_the_command_reads(tmp_path):
    files = [str(reference_file(f"flexsurv_fits/veteran_{name}.csv")) for name in ("digitised", "at_risk")]
    options = ["--time-unit", "day", "--no-splines", "--no-figures"]
    first, second = tmp_path / "first", tmp_path / "second"
    assert main(["survival", "--curve", files[0], "--at-risk", files[1], *options, "--out", str(first)]) == 0
    assert main(["survival", str(first / "tables" / "reconstructed.csv"), *options, "--out", str(second)]) == 0
    for name in ("fit", "means", "kaplan_meier"):
        pd.testing.assert_frame_equal(table(first, name), table(second, name))


# --- what is refused ----------------------------------------------------------------------------------------------

GOOD = "time,event,arm\n3,1,a\n5,0,a\n6,1,b\n8,1,b\n"
BAD = [
    (GOOD.replace("event,", "evnt,"), [], "no column 'event'; it has time, evnt, arm. Did you mean 'evnt'?"),
    (GOOD, ["--time", "tme"], "no column 'tme'; it has time, event, arm. Did you mean 'time'?"),
    (GOOD.replace("5,0", "-5,0"), [], "row 3, column 'time': -5 must be 0 or more"),
    (GOOD.replace("5,0", "5,2"), [], "row 3, column 'event': 2 must be 1 (event) or 0 (censored)"),
    (GOOD.replace("3,1", "0,1"), [], "row 2, column 'time': 0 is an event at time 0"),
    (GOOD.replace("6,1", "six,1"), [], "row 4, column 'time': is a text; it must be a number"),
    (GOOD.replace("6,1", ",1"), [], "row 4, column 'time': is empty; it must be a number"),
    (GOOD.replace("8,1,b", "8,1,"), [], "row 5, column 'arm': is empty"),
    (GOOD.replace("3,1", "3,0"), [], "arm 'a': none of 2 patients has the event, so nothing can be fitted"),
    (GOOD.replace("arm", "group"), [], "there is no column 'arm', but one 'group': state --arm group to fit by it"),
    (GOOD.replace(",arm", ";arm"), [], "in row 2 than in its header"),
    (GOOD, ["--time-unit", "mnth"], "the unit of time must be one of hour, day, week, month, year; found 'mnth'"),
    (
        GOOD,
        ["--time-unit", ""],
        "the unit of time must be one of hour, day, week, month, year; none is stated (--time-unit)",
    ),
    (GOOD, ["--horizon", "0"], "'0' must be above 0"),
    (GOOD, ["--landmarks", "1,x"], "'x' must be a number, 0 or more"),
    (GOOD, ["--curve", "c.csv"], "give either a CSV with a row a patient, or --curve and --at-risk"),
]


@pytest.mark.parametrize(("text", "options", "words"), BAD, ids=[words[:40] for *_, words in BAD])
def test_bad_data_and_options_are_refused_with_file_row_and_column(text, options, words, tmp_path, capsys):
    (tmp_path / "data.csv").write_text(text)
    with pytest.raises(SystemExit) if words[0] == "'" else _nothing():
        assert (
            main(
                [
                    "survival",
                    str(tmp_path / "data.csv"),
                    "--time-unit",
                    "month",
                    *options,
                    "--out",
                    str(tmp_path / "out"),
                ]
            )
            == 2
        )
    message = capsys.readouterr().err
    assert words in message and "Traceback" not in message and not (tmp_path / "out").exists()
    assert words.startswith(("give", "'")) or "data.csv" in message


def _nothing():
    from contextlib import nullcontext

    return nullcontext()


CURVE, AT_RISK = "time,survival\n0,1\n5,0.6\n9,0.3\n", "time,at_risk\n0,20\n6,9\n"
BAD_FIGURES = [
    (
        CURVE.replace("0.6", "60"),
        AT_RISK,
        "curve.csv: row 3, column 'survival': 60 must be a share from 0 to 1 (45 % is 0.45)",
    ),
    (CURVE, AT_RISK.replace("6,9", "6,29"), "at_risk.csv: more are at risk at 6 than before: 29 after 20"),
    (
        CURVE,
        AT_RISK.replace("0,20\n", "1,20\n"),
        "at_risk.csv: the number at risk at time 0 is missing; the first is at 1",
    ),
    (CURVE, AT_RISK.replace("9", "8.5"), "at_risk.csv: row 3, column 'at_risk': 8.5 must be a whole number, 0 or more"),
    (CURVE, AT_RISK.replace("at_risk", "n"), "at_risk.csv: no column 'at_risk'; it has time, n."),
    (CURVE.replace("0.6", "1").replace("0.3", "1"), AT_RISK, "does not fall by as much as one patient"),
    (
        "time,survival,arm\n0,1,a\n5,0.5,a\n",
        "time,at_risk,arm\n0,20,b\n",
        "at_risk.csv: arm 'a' is missing; both files must have the same arms",
    ),
]


@pytest.mark.parametrize(("curve", "at_risk", "words"), BAD_FIGURES)
def test_bad_figures_are_refused(curve, at_risk, words, tmp_path, capsys):
    for name, text in (("curve", curve), ("at_risk", at_risk)):
        (tmp_path / f"{name}.csv").write_text(text)
    files = ["--curve", str(tmp_path / "curve.csv"), "--at-risk", str(tmp_path / "at_risk.csv")]
    assert main(["survival", *files, "--time-unit", "month", "--out", str(tmp_path / "out")]) == 2
    assert words in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_what_cannot_be_fitted_is_told_and_has_no_scenario(tmp_path, capsys):
    (tmp_path / "data.csv").write_text(GOOD)
    out = tmp_path / "out"
    assert (
        main(["survival", str(tmp_path / "data.csv"), "--time-unit", "month", "--no-figures", "--out", str(out)]) == 0
    )
    assert "weibull, arm 'a': not fitted: 1 event, but 2 parameters" in capsys.readouterr().err
    fits = table(out, "fit").set_index(["arm", "distribution"])
    assert fits.loc[("a", "weibull"), "not_possible"] == "1 event, but 2 parameters"
    assert (out / "scenario_exponential.yaml").exists() and not (out / "scenario_weibull.yaml").exists()


SPLINES = ("spline hazard 1", "spline odds 2", "spline normal 3")


@pytest.fixture(scope="module")
def splines(tmp_path_factory):
    out = tmp_path_factory.mktemp("splines") / "out"
    assert main(["survival", DATA, "--time-unit", "day", "--horizon", "5", "--no-figures", "--out", str(out)]) == 0
    return out


@pytest.mark.parametrize("name", SPLINES)
def test_a_scenario_of_splines_runs_as_it_stands_and_its_life_years_are_the_means(splines, name):
    path = splines / f"scenario_{name.replace(' ', '_')}.yaml"
    expected = means(splines, "by arm", name) / 365.25
    assert life_years(path).to_dict() == pytest.approx(expected.to_dict(), rel=1e-6)


@pytest.mark.parametrize("name", SPLINES[1:])
def test_a_psa_of_splines_leaves_out_draws_in_which_survival_would_rise(splines, name):
    path = splines / f"scenario_{name.replace(' ', '_')}.yaml"
    with pytest.raises(ValueError, match="survival would rise"):
        model.run(path, draws=4000)
    text = path.read_text()
    instead = [line.removeprefix("# ") for line in text.splitlines() if line.startswith("#   gamma")]
    names = {line.partition(":")[0].strip() for line in instead}
    kept = [line for line in text.splitlines() if line.partition(":")[0].strip() not in names]
    at = kept.index("parameters:") + 1
    (splines / "psa.yaml").write_text("\n".join([*kept[:at], *instead, *kept[at:]]))
    psa = model.run(splines / "psa.yaml", draws=4000).tables["psa"]
    base = means(splines, "by arm", name) / 365.25
    assert psa.groupby("strategy").life_years.mean().to_dict() == pytest.approx(base.to_dict(), rel=0.15)
