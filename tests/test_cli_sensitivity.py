"""The commands `tornado` and `threshold` as their user meets them."""

import json

import pandas as pd
import pytest
from linear_model import LINEAR
from runs import SCENARIOS, write_scenario

from model.cli import main


def test_commands_leave_tables_and_figures(tmp_path, capsys):
    path = str(SCENARIOS / "mscc_constant_hazards.yaml")
    assert main(["tornado", path, "--on", "inb", "--on", "ambulatory_days", "--out", str(tmp_path / "t")]) == 0
    names = {p.name for p in (tmp_path / "t" / "figures").iterdir()}
    assert {"tornado_inb.png", "tornado_inb.svg", "tornado_inb.csv", "tornado_ambulatory_days.png"} <= names
    assert (
        main(["threshold", path, "--vary", "c_surgery=0:40000", "--wtp", "100000", "--out", str(tmp_path / "h")]) == 0
    )
    # The incremental cost falls by what surgery gets cheaper: 34,000 - (24,716.75 - 100,000 * 0.0986136).
    assert "changes at 19,144.6 from Surgery + radiotherapy to Radiotherapy alone" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments, message",
    [
        (
            ["tornado", "--on", "icers"],
            "unknown result 'icers'; allowed: inb, icer, cost, qaly, life_years, ambulatory_days. Did you mean 'icer'?",
        ),
        (
            ["tornado", "--patients-group", "walkin"],
            "unknown group 'walkin'; allowed: all, walking, not walking. Did you mean",
        ),
        (["threshold", "--vary", "c_surgary=0:1"], "Did you mean 'c_surgery'?"),
        (["threshold", "--vary", "c_surgery", "--patients-group", "walkin"], "Did you mean 'walking'?"),
        (["threshold", "--vary", "c_surgery=2:1"], "c_surgery=2:1: needs LOW below HIGH"),
        (["threshold", "--vary", "u_amb=0.5:2"], "within what 'utility' allows (-inf to 1)"),
        (["threshold", "--vary", "c_surgery", "--draws", "100"], "--draws belongs to --with-psa"),
        (["threshold", "--vary", "c_surgery", "--with-psa", "--draws", "0"], "--with-psa needs draws: 2 or more"),
    ],
)
def test_bad_options_end_with_2_and_write_nothing(arguments, message, tmp_path, capsys):
    command, *rest = arguments
    assert main([command, str(SCENARIOS / "mscc_constant_hazards.yaml"), *rest, "--out", str(tmp_path / "x")]) == 2
    assert message in capsys.readouterr().err and not (tmp_path / "x").exists()


def test_a_formula_cannot_be_varied_and_a_psa_needs_distributions(tmp_path, capsys):
    text = LINEAR.replace("fixed: {value: 1, unit: number}", "fixed: {value: 2 * price / price, unit: number}").replace(
        '{distribution: "normal(mean=0.1, sd=0.02)"', "{value: 0.1"
    )
    text = text.replace(
        '  share_a, share_b, share_c: {distribution: "dirichlet(20, 30, 50)", unit: probability}',
        "  share_c: {value: 0.5, unit: number}",
    )
    path = str(write_scenario(tmp_path, text))
    for rest, message in (
        (["--vary", "fixed=0:1"], "'fixed' is a formula of others"),
        (["--vary", "price", "--with-psa"], "no parameter has a distribution, so there is no PSA"),
    ):
        assert main(["threshold", path, *rest, "--out", str(tmp_path / "x")]) == 2
        assert message in capsys.readouterr().err and not (tmp_path / "x").exists()


def test_tables_say_what_they_hold(tmp_path, capsys):
    path, out = str(write_scenario(tmp_path, LINEAR)), tmp_path / "x"
    assert (
        main(["threshold", path, "--vary", "price", "--with-psa", "--draws", "50", "--seed", "3", "--out", str(out)])
        == 0
    )
    row = pd.read_csv(out / "tables" / "threshold.csv").iloc[0]
    assert (row.low, row.high, row.draws, row.group, row.best_below, row.best_above) == (
        100,
        2000,
        50,
        "all",
        "new",
        "old",
    )
    about = json.loads((out / "manifest.json").read_text())
    assert (about["draws"], about["seed"], about["wtp"]) == (50, 3, 10_000)
    assert "of highest mean net benefit of 50 draws changes at" in capsys.readouterr().out
