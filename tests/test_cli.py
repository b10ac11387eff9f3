"""The command line as its user meets it: results are complete or absent, bad input ends with 2 and a message."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from reference import reference_file

from model.cli import main

ROOT = Path(__file__).resolve().parents[1]
DEFAULT = str(ROOT / "scenarios" / "mscc_furlan.yaml")
COLUMNS = {
    "outcomes": "analysis group strategy outcome discounted mean standard_error lower_95 upper_95",
    "incremental": "analysis group effect strategy cost effect_value comparator incremental_cost incremental_effect "
    "icer status",
    "net_benefit": "analysis group wtp strategy nmb nhb standard_error",
    "psa": "draw strategy cost qaly life_years ambulatory_days",
    "ceac": "wtp strategy probability_most_cost_effective",
    "ceaf": "wtp strategy probability_most_cost_effective",
    "expected_loss": "wtp strategy expected_loss",
    "evpi": "wtp evpi",
    "trace": "group strategy time state occupancy",
    "parameters": "name value lower_95 upper_95 distribution unit label status source note used_in",
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "furlan"
    assert main(["run", DEFAULT, "--draws", "400", "--seed", "3", "--out", str(out), "--set", "c_rt=3500"]) == 0
    return out


def table(folder, name):
    return pd.read_csv(folder / "tables" / f"{name}.csv")


@pytest.mark.parametrize("name", COLUMNS)
def test_every_table_has_its_columns(results, name):
    assert list(table(results, name).columns)[: len(COLUMNS[name].split())] == COLUMNS[name].split()


def test_every_figure_is_png_svg_and_csv(results):
    names = {"cost_effectiveness_plane", "acceptability", "expected_loss", "occupancy", "cost_components"}
    names |= {"sampled_distributions"}
    files = {p.name for p in (results / "figures").iterdir()}
    assert {f"{name}.{kind}" for name in names for kind in ("png", "svg", "csv")} <= files


def test_manifest_says_what_is_needed_to_repeat_the_run(results):
    manifest = json.loads((results / "manifest.json").read_text())
    assert manifest["seed"] == 3 and manifest["draws"] == 400 and manifest["settings"] == ["c_rt=3500"]
    assert "--seed 3" in manifest["command"] and len(manifest["scenario_sha256"]) == 64
    assert manifest["conventions"]["cycle convention"] == "integral" and "numpy" in manifest["versions"]


def test_the_resolved_scenario_repeats_the_run(results, tmp_path):
    again = tmp_path / "again"
    options = ["--draws", "400", "--seed", "3", "--no-figures", "--out", str(again)]
    assert main(["run", str(results / "scenario.yaml"), *options]) == 0
    for name in ("outcomes", "psa", "ceac", "incremental"):
        pd.testing.assert_frame_equal(table(again, name), table(results, name))


def test_the_tables_agree_with_each_other(results):
    psa, outcomes = table(results, "psa").query("group == 'all'"), table(results, "outcomes")
    rows = outcomes[(outcomes.analysis == "probabilistic") & (outcomes.group == "all") & (outcomes.discounted)]
    for outcome in ("cost", "qaly", "life_years"):
        means = rows[rows.outcome == outcome].set_index("strategy")["mean"]
        assert psa.groupby("strategy")[outcome].mean().to_dict() == pytest.approx(means.to_dict(), rel=1e-9)
    costs = rows[rows.outcome.str.startswith("cost: ")].groupby("strategy")["mean"].sum()
    assert costs.to_dict() == pytest.approx(rows[rows.outcome == "cost"].set_index("strategy")["mean"].to_dict())
    ceac = table(results, "ceac").groupby(["group", "wtp"]).probability_most_cost_effective.sum()
    assert ceac.to_numpy() == pytest.approx(1)


def test_a_failed_run_leaves_the_earlier_results_as_they_were(results, tmp_path, capsys):
    bad = tmp_path / "bad.yaml"
    bad.write_text(f"extends: {DEFAULT}\nparameters:\n  p_retain_rt: {{distribution: 'normal(0.9, 0.3)'}}\n")
    before = {p: p.stat().st_mtime_ns for p in results.rglob("*")}
    assert main(["run", str(bad), "--out", str(results)]) == 2
    message = capsys.readouterr().err
    assert "p_retain_rt" in message and "draw " in message and "Traceback" not in message
    assert {p: p.stat().st_mtime_ns for p in results.rglob("*")} == before
    assert [p.name for p in results.parent.iterdir()] == [results.name]


def test_a_folder_that_is_not_results_is_never_overwritten(tmp_path, capsys):
    (tmp_path / "thesis.docx").write_text("mine")
    assert main(["run", DEFAULT, "--draws", "50", "--no-figures", "--out", str(tmp_path)]) == 2
    assert "not a folder of results" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.docx"]


def test_check_and_schema(capsys):
    assert main(["check", DEFAULT]) == 0
    assert "no errors" in capsys.readouterr().out
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Scenario file"


def test_analyse_reproduces_dampack_from_its_files(tmp_path):
    """Expected statuses and ICERs: dampack's own output for its 11-strategy example."""
    cost, effect = (str(reference_file(f"dampack_cea/psa_cdiff_{kind}.csv")) for kind in ("cost", "effect"))
    out = tmp_path / "out"
    assert main(["analyse", "--cost", cost, "--effect", effect, "--wtp", "0:200000:5000", "--out", str(out)]) == 0
    found = table(out, "incremental").set_index("strategy")
    expected = pd.read_csv(reference_file("dampack_cea/psa_cdiff_icers.csv")).set_index("Strategy")
    frontier = expected[(expected.Status == "ND") & expected.ICER.notna()]
    assert found.loc[frontier.index, "icer"].to_numpy() == pytest.approx(frontier.ICER.to_numpy(), rel=1e-9)


def test_names_of_rows_as_r_writes_them_are_no_strategy(tmp_path):
    for name, values in (("cost", "10,20"), ("effect", "1,2")):
        (tmp_path / f"{name}.csv").write_text(f'"a","b"\n"1",{values}\n"2",{values}\n')
    files = ["--cost", str(tmp_path / "cost.csv"), "--effect", str(tmp_path / "effect.csv")]
    assert main(["analyse", *files, "--out", str(tmp_path / "out")]) == 0
    found = table(tmp_path / "out", "incremental")
    assert found.strategy.tolist() == ["a", "b"] and found.icer.iloc[1] == 10


def test_two_columns_of_one_name_are_refused_in_a_psa_made_elsewhere(tmp_path, capsys):
    (tmp_path / "cost.csv").write_text("A,A\n1,2\n3,4\n")
    (tmp_path / "effect.csv").write_text("A,B\n1,2\n3,4\n")
    files = ["--cost", str(tmp_path / "cost.csv"), "--effect", str(tmp_path / "effect.csv")]
    assert main(["analyse", *files, "--out", str(tmp_path / "out")]) == 2
    assert "two columns are called 'A'" in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_analyse_of_a_deterministic_table(tmp_path, capsys):
    """dampack's HIV screening example: ICERs 37,500, 58,286 and 100,800; annual screening is dominated."""
    source = tmp_path / "t.csv"
    source.write_text(
        "strategy,cost,effect\nstatus quo,26000,277.25\none time,27000,277.57\n5yr,28020,277.78\n"
        "3yr,28440,277.83\nannual,29440,277.76\n"
    )
    data = pd.read_csv(source)
    data["effect"] /= 12
    data.to_csv(source, index=False)
    assert main(["analyse", "--table", str(source), "--out", str(tmp_path / "out")]) == 0
    found = table(tmp_path / "out", "incremental").set_index("strategy")
    assert found.icer.dropna().to_numpy() == pytest.approx([37500, 58285.714, 100800], rel=1e-6)
    assert found.status["annual"] == "dominated" and "37,500" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a,b\n1,2\n", "at least two rows"),
        ("a,b\n1,2\n3,x\n", "row 3, column 'b': 'x' is not a number"),
        ("", "the file is empty"),
        ("c,b\n1,2\n3,4\n", "must be the same strategies"),
        ("a;b\n1,5;2,5\n3,5;4,5\n", "columns are separated by semicolons"),
        ("a,b\n1,5,2,5\n3,5,4,5\n", "row 2 has 4 fields, but the header has 2; decimal marks must be points"),
        ("a,b\n1,2,\n3,4,\n", "no line may end with a comma"),
        ("a,b\n1,2\n3,NA\n", "'NA' is not a number"),
        ("a,\xe9\n1,2\n3,4\n".encode("latin-1"), "is not UTF-8 text"),
    ],
)
def test_bad_psa_tables_are_refused_with_a_message(tmp_path, capsys, content, expected):
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("a,b\n1,2\n3,4\n")
    bad.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert main(["analyse", "--cost", str(good), "--effect", str(bad), "--out", str(tmp_path / "out")]) == 2
    assert expected in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_program_error_is_not_disguised_as_bad_input(monkeypatch):
    monkeypatch.setattr("model.analysis.run.run", lambda *a: (_ for _ in ()).throw(ValueError("a slip of ours")))
    with pytest.raises(ValueError, match="a slip of ours"):
        main(["run", DEFAULT, "--draws", "50"])


def test_help_and_check_do_not_import_heavy_packages():
    code = (
        "import sys; from model.cli import main; main(['check']); print([m for m in ('pandas', 'scipy', 'matplotlib', "
    )
    code += "'seaborn') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
