"""What is written down of the command line stays right: commands of the documents are read, options of old go on working."""

import json
import re
import shlex
from pathlib import Path

import pandas as pd
import pytest
from runs import SCENARIOS

import model
from model.cli import main
from model.cli.main import COMMANDS, parser_for

ROOT = Path(__file__).resolve().parents[1]
PATH = str(SCENARIOS / "mscc_constant_hazards.yaml")
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
GROUP = "utilities=u_amb,u_nonamb"


def commands():
    """(page, arguments) of every command that a page spells out, once."""
    seen = set()
    for page in PAGES:
        for words in re.findall(r"run[_-]model(?:\.py)? ([a-z][^`\n#|>]*)", page.read_text(encoding="utf-8")):
            arguments = shlex.split(words)
            if arguments[0] in COMMANDS and len(arguments) > 1 and "..." not in arguments and words not in seen:
                seen.add(words)
                yield pytest.param(arguments, id=f"{page.stem}: {words.strip()[:70]}")


@pytest.mark.parametrize("arguments", list(commands()))
def test_a_command_of_the_documents_is_read(arguments, capsys):
    options = parser_for(arguments[0]).parse_args(arguments)
    assert callable(options.do) and not hasattr(options, "renamed")
    for word in arguments:
        if word.endswith(".yaml") and "/" in word:
            assert (ROOT / word).exists()


def test_the_documents_have_commands():
    assert len(list(commands())) > 30


def voi(out, *more):
    return main(["voi", PATH, "--draws", "60", "--out", str(out), *more])


def test_the_old_name_of_groups_of_parameters_warns_and_works(tmp_path, capsys):
    assert voi(tmp_path / "new", "--parameter-group", GROUP) == 0
    assert "now called" not in capsys.readouterr().err
    assert voi(tmp_path / "old", "--group", GROUP, "--group", "costs=c_rt,c_surgery") == 0
    assert "warning: --group is now called --parameter-group" in capsys.readouterr().err
    new, old = (pd.read_csv(tmp_path / name / "tables" / "evppi.csv") for name in ("new", "old"))
    assert set(old.query("kind == 'group'")["parameter"]) == {"utilities", "costs"}
    for table in (new, old):
        assert table.query("parameter == 'utilities'")["members"].tolist() == ["u_amb; u_nonamb"]
    values = [table.query("parameter == 'utilities'")["evppi"].item() for table in (new, old)]
    assert values[0] == values[1]
    manifest = json.loads((tmp_path / "old" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["parameter_groups"]["utilities"] == ["u_amb", "u_nonamb"]


def test_the_old_name_of_groups_works_for_results_made_elsewhere(tmp_path, capsys):
    tables = model.run(PATH, draws=60).tables
    for name, column in (("cost", "cost"), ("effect", "qaly")):
        wide = tables["psa"].query("group == 'all'").pivot(index="draw", columns="strategy", values=column)
        wide.to_csv(tmp_path / f"{name}.csv", index=False)
    tables["psa_parameters"].drop(columns="draw").to_csv(tmp_path / "p.csv", index=False)
    files = [part for name in ("cost", "effect") for part in (f"--{name}", str(tmp_path / f"{name}.csv"))]
    files += ["--parameters", str(tmp_path / "p.csv"), "--out", str(tmp_path / "out"), "--group", GROUP]
    assert main(["analyse", *files]) == 0
    assert "warning: --group is now called --parameter-group" in capsys.readouterr().err
    assert "utilities" in set(pd.read_csv(tmp_path / "out" / "tables" / "evppi.csv")["parameter"])


def test_a_group_that_is_none_is_refused_under_either_name(tmp_path, capsys):
    for name in ("--group", "--parameter-group"):
        with pytest.raises(SystemExit) as stopped:
            voi(tmp_path / "out", name, "walking")
        assert stopped.value.code == 2
        assert "'walking' is not name=parameter,parameter,..." in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["tornado", "voi", "sweep", "diff", "capacity"])
def test_one_willingness_to_pay_where_one_decides(command, tmp_path, capsys):
    more = {"sweep": ["--vary", "c_rt=1,2"], "diff": [PATH], "capacity": ["--resource", "linac"]}.get(command, [])
    arguments = [command, PATH, *more, "--wtp", "1", "--wtp", "2", "--out", str(tmp_path / "out")]
    assert main(arguments) == 2
    assert "--wtp: give one willingness to pay" in capsys.readouterr().err and not (tmp_path / "out").exists()
