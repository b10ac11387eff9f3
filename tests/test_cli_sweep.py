"""`sweep`, `variants` and `diff` as their user meets them: files, messages, and going on after an interruption."""

import json

import numpy as np
import pandas as pd
import pytest
from runs import SCENARIOS, decided

from model.cli import main

DEFAULT = str(SCENARIOS / "mscc_constant_hazards.yaml")
VARIANTS = str(SCENARIOS.parent / "variants" / "mscc.yaml")


def table(folder, name):
    return pd.read_csv(folder / "tables" / f"{name}.csv")


def figures(folder):
    found = {p.stem for p in (folder / "figures").iterdir()}
    assert all((folder / "figures" / f"{name}{end}").exists() for name in found for end in (".png", ".svg", ".csv"))
    return found


def sweep(out, *options):
    return main(
        [
            "sweep",
            DEFAULT,
            *(x for o in options for x in (["--vary", o] if "=" in o and o[0] != "-" else [o])),
            "--out",
            str(out),
        ]
    )


def test_one_parameter_gives_a_line_and_a_tidy_table(tmp_path):
    out = tmp_path / "out"
    assert sweep(out, "c_surgery=10000:34000:4", "--with-psa", "--draws", "100") == 0
    found = table(out, "sweep")
    assert list(found)[:7] == ["c_surgery", "group", "strategy", "cost", "qaly", "life_years", "ambulatory_days"]
    assert {"nmb", "icer", "status", "probability_most_cost_effective", "nmb_standard_error"} < set(found)
    assert len(found) == 4 * 3 * 2 and not found.duplicated(["c_surgery", "group", "strategy"]).any()
    assert figures(out) == {"incremental_net_benefit", "probability_most_cost_effective"}
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["vary"] == ["c_surgery=10000:34000:4"] and manifest["draws_of_a_point"] == 100
    assert manifest["engine"] == "cohort" and manifest["points"] == 4
    assert not list(tmp_path.glob(".*")), "the journal of a finished sweep is gone"


def test_the_map_of_two_parameters_shows_where_the_decision_changes(tmp_path):
    out = tmp_path / "out"
    assert sweep(out, "c_surgery=1000:34000:8", "hr_surgery=0.5:1.5:6", "--wtp", "150000") == 0
    data = pd.read_csv(out / "figures" / "incremental_net_benefit.csv")
    assert len(data) == 48 and data.z.min() < 0 < data.z.max()


def test_a_map_of_few_values_has_its_ticks_at_them():
    from model.analysis.sweep import sweep as run
    from model.analysis.sweep_points import axis, points
    from model.report.sweep_report import report
    from model.scenario_file import read

    scenario = read(DEFAULT)
    axes = [axis(scenario, "discount.cost=0%,3%"), axis(scenario, "c_surgery=0,1,100000")]
    map_of = report(run(scenario, axes, points(axes), decided(scenario))).figure("incremental_net_benefit").axes[0]
    assert list(map_of.get_xticks()) == [0, 3]
    assert list(map_of.get_yticks()) != [0, 1, 100000], "0 and 1 would be written over each other"


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["horizon=1:5 years:3"], {"incremental_net_benefit"}),
        (["discount.cost=0%,3%,5%"], {"incremental_net_benefit"}),
        (["wtp=0:100000:5"], {"incremental_net_benefit"}),
        (["convention=integral,half-cycle", "--set", "horizon=260 weeks"], {"incremental_net_benefit"}),
        (["c_surgery=1:2", "hr_surgery=0.5:1", "c_rt=0:1", "--points", "sobol", "--n", "64"], set()),
    ],
)
def test_settings_and_any_number_of_parameters(tmp_path, options, names):
    out, flags = (
        tmp_path / "out",
        ["--vary", options[0], *(x for o in options[1:] for x in (["--vary", o] if "=" in o and ":" in o else [o]))],
    )
    assert main(["sweep", DEFAULT, *flags, "--out", str(out)]) == 0
    assert len(table(out, "sweep")) % 6 == 0 and figures(out) == names


def test_a_sweep_that_is_stopped_goes_on_with_the_same_command(tmp_path, monkeypatch, capsys):
    from model.analysis import sweep as sweeps

    options = ["c_surgery=10000:34000:5", "--with-psa", "--draws", "100"]
    assert sweep(tmp_path / "whole", *options) == 0
    computed, calls = sweeps.columns_of, []

    def stop(*task):
        calls.append(task)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return computed(*task)

    monkeypatch.setattr(sweeps, "columns_of", stop)
    capsys.readouterr()
    assert sweep(tmp_path / "out", *options) == 130
    assert "give the same command again" in capsys.readouterr().err
    assert not (tmp_path / "out").exists() and len(list(tmp_path.glob(".out-*.journal"))) == 1
    assert sweep(tmp_path / "out", *options) == 0
    assert len(calls) == 3 + 3, "two of the five points were kept"
    for name in ("tables/sweep.csv", "figures/incremental_net_benefit.png"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert not list(tmp_path.glob(".out-*"))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--vary", "c_surgry=1:2:3"], "unknown name 'c_surgry'. Did you mean 'c_surgery'?"),
        (["--vary", "time.horizn=1 year,2 years"], "unknown field 'horizn'. Did you mean 'horizon'?"),
        (["--vary", "strategies.surgry.hr=1,2"], "Did you mean 'surgery'?"),
        (["--vary", "strategies.surgery.h=1,2"], "'surgery' binds no 'h'"),
        (["--vary", "c_surgery=2:1:3"], "the limits are reversed"),
        (["--vary", "c_surgery=1:2:1"], "2 or more"),
        (["--vary", "c_surgery=1:2:3:4"], "a range is low:high:number"),
        (["--vary", "c_surgery"], "write name=low:high:number"),
        (["--vary", "c_surgery=a,b"], "'a' is not a number"),
        (["--vary", "c_surgery=1,nan"], "'nan' is not a number"),
        (["--vary", "c_surgery=1,,2"], "nothing between two commas"),
        (["--vary", "c_surgery=1 USD,2 USD"], "leave out 'USD'"),
        (["--vary", "c_surgery=1,2,1"], "is given twice"),
        (["--vary", "c_surgery=1,2", "--vary", "c_surgery=3,4"], "--vary c_surgery is given twice"),
        (["--vary", "p_retain_rt=0.5:1.5:3"], "1.5 is outside what is allowed of a probability (0 to 1)"),
        (["--vary", "u_amb=0.5,1.5"], "1.5 is outside what is allowed of a utility (at most 1)"),
        (["--vary", "hazard_death=-1,0"], "-1 is outside what is allowed of a per day (0 or more)"),
        (["--vary", "wtp=-1,0"], "-1 is outside"),
        (["--vary", "wtp=0:100000:3", "--wtp", "50000"], "both varied and given"),
        (
            ["--vary", "horizon=1:2 years:3", "--vary", "reference=surgery,radiotherapy"],
            "compared with the same strategy",
        ),
        (["--vary", "horizon=1:2:3"], "'1' is no length of time"),
        (["--vary", "horizon=1 month:2 years:3"], "must have the same unit"),
        (["--vary", "convention=half-cycle,integral"], "(with --vary convention=half-cycle)"),
        (["--vary", "c_surgery=1:2:2000000"], "2,000,000 points"),
        (["--vary", "c_surgery=1:2:2000", "--vary", "c_rt=1:2:2000"], "4,000,000 points"),
        (["--vary", "c_surgery=1:2:900000", "--vary", "wtp=1,2"], "1,800,000 points"),
        (["--vary", "c_surgery=1:2:200000", "--with-psa", "--draws", "100000"], "200,000 points of 100,000 draws"),
        (["--vary", "c_surgery=1:2", "--points", "sobol"], "--points sobol needs --n"),
        (["--vary", "c_surgery=1:2:3", "--n", "5"], "--n says how many points sobol and lhs have"),
        (["--vary", "c_surgery=1:2:3", "--with-psa", "--draws", "0"], "2 draws or more"),
    ],
)
def test_a_bad_sweep_is_refused_before_work_starts(tmp_path, capsys, monkeypatch, options, expected):
    from model.analysis import sweep as sweeps

    monkeypatch.setattr(sweeps, "evaluate", None)
    assert main(["sweep", DEFAULT, *options, "--out", str(tmp_path / "out")]) == 2
    message = capsys.readouterr().err
    assert expected in message and "Traceback" not in message
    assert not list(tmp_path.iterdir())


def test_variants_gives_one_table_and_a_figure(tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["variants", VARIANTS, "--draws", "100", "--out", str(out)]) == 0
    found = table(out, "variants")
    assert len(found) == 17 * 2 * 3 * 2
    assert not found[found.strategy == "surgery"].incremental_nmb_difference.isna().any()
    assert figures(out) == {"incremental_net_benefit", "forest_incremental_net_benefit"}
    printed = capsys.readouterr().out
    assert "Base case" in printed and "Probabilistic (100 draws)" in printed


def test_a_slip_in_a_file_of_variants_ends_with_a_message(tmp_path, capsys):
    path = tmp_path / "v.yaml"
    path.write_text(f"base: {DEFAULT}\nvariants:\n  a: {{set: {{c_surgry: 1}}}}\n")
    assert main(["variants", str(path), "--out", str(tmp_path / "out")]) == 2
    assert (
        "v.yaml:3: variants.a.set.c_surgry: unknown name 'c_surgry'. Did you mean 'c_surgery'?"
        in capsys.readouterr().err
    )
    assert not (tmp_path / "out").exists()


def test_diff_lists_the_fields_and_attributes_the_difference(tmp_path, capsys):
    other, out = tmp_path / "b.yaml", tmp_path / "out"
    other.write_text(f"extends: {DEFAULT}\ntime: {{horizon: 1 year}}\nparameters: {{c_surgery: {{value: 19000}}}}\n")
    assert main(["diff", DEFAULT, str(other), "--out", str(out)]) == 0
    found = table(out, "attribution").query("group == 'all'").set_index("change").incremental_nmb
    assert found["c_surgery"] == pytest.approx(15_000)
    assert found["mscc_constant_hazards"] + found["c_surgery"] + found["time.horizon"] == pytest.approx(found["b"])
    assert set(table(out, "differences").field) == {
        "time.horizon",
        "parameters.c_surgery.value",
        "parameters.c_surgery.distribution",
    }
    assert figures(out) == {"attribution"} and "Shapley values over 2 changes (exact)" in capsys.readouterr().out


def test_two_files_that_say_the_same_have_no_difference(tmp_path, capsys):
    assert main(["diff", DEFAULT, DEFAULT, "--out", str(tmp_path / "out")]) == 0
    assert "0 fields differ" in capsys.readouterr().out
    ends = table(tmp_path / "out", "attribution").query("group == 'all'").incremental_nmb
    assert len(ends) == 2 and np.ptp(ends) == 0


@pytest.mark.parametrize(
    ("options", "expected"),
    [(["nothing.yaml"], "no such file"), ([DEFAULT, "--permutations", "1"], "must be a whole number, 4 or more")],
)
def test_a_bad_diff_is_refused(tmp_path, capsys, options, expected):
    try:
        code = main(["diff", DEFAULT, *options, "--out", str(tmp_path / "out")])
    except SystemExit as error:
        code = error.code
    assert code == 2 and expected in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
