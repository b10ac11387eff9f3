"""Names of any kind: safe names of files, text as it was written, nothing that a browser or a spreadsheet would run."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from model.analysis.external import analyse
from model.cli import main
from model.report import plots, style
from model.report.csv_files import write_csv
from model.report.file_names import LONGEST, file_names
from model.report.result import Result
from model.spreadsheets import escape, unescape

ROOT = Path(__file__).resolve().parents[2]
TWO_STATES = Path(__file__).with_name("two_states.yaml")
NAMES = [
    *(
        "drug A/B",
        "$x_{5}$ arm $",
        "a 'b' \"c\"",
        "=1+1",
        "-x",
        "@SUM(1)",
        "L" * 300,
        "\U0001f600\U0001f48a",
        "100% %s",
    ),
    *(
        "\u062f\u0648\u0627\u0621 \u202eabc",
        "_hidden",
        "<img src=x onerror=alert(1)>",
        "a\\b",
        "a:b*?|",
        "..",
        "{x}",
        "CON",
    ),
]


def test_file_names_are_safe_and_all_different():
    found = file_names([f"tornado_inb_{name}" for name in NAMES] + NAMES)
    assert len({name.casefold() for name in found}) == len(found) == 2 * len(NAMES)
    for name in found:
        assert not set(name) & set('/\\:*?"<>|\0\u202e') and len(name.encode()) <= LONGEST + 3
        assert name.strip(" .") == name != "" and name.upper() != "CON"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["tornado_inb_drug C", "acceptability"], ["tornado_inb_drug C", "acceptability"]),
        (["a/b", "a_b", "A_B"], ["a_b", "a_b-2", "A_B-3"]),
        (["x" * 200 + "1", "x" * 200 + "2"], ["x" * 120, "x" * 120 + "-2"]),
        (["\U0001f600" * 50], ["\U0001f600" * 30]),  # four bytes each
        (["", "...", "nul.a"], ["_", "_-2", "_nul.a"]),
    ],
)
def test_ordinary_names_stay_and_others_are_made_safe(names, expected):
    assert file_names(names) == expected


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-x", "'-x"),
        ("-", "'-"),
        ("\t=1", "'\t=1"),
        ("'=1", "''=1"),
        ("-5", "-5"),
        ("+1.5e-3", "+1.5e-3"),
        ("-3 %", "'-3 %"),
        ("'quoted'", "'quoted'"),
        ("usual", "usual"),
        ("", ""),
    ],
)
def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(text, cell, tmp_path):
    assert escape(text) == cell and unescape(cell) == text
    write_csv(pd.DataFrame({text or "empty": [text or "empty", "b"], "number": [-1.5, 2]}), tmp_path / "t.csv")
    found = pd.read_csv(tmp_path / "t.csv", keep_default_na=False, dtype={0: str})
    assert found.columns[0] == (cell or "empty") and found.iloc[0, 0] == (cell or "empty")
    assert found.number.tolist() == [-1.5, 2]


def test_a_frame_that_is_written_stays_as_it_was(tmp_path):
    table = pd.DataFrame({"=a": pd.Categorical(["=x", "y"]), "b": ["-1", None]})
    write_csv(table, tmp_path / "t.csv")
    assert list(table.columns) == ["=a", "b"] and list(table["=a"]) == ["=x", "y"]
    assert (tmp_path / "t.csv").read_text() == "'=a,b\n'=x,-1\ny,\n"


def test_analyse_reads_names_as_they_were_before_they_were_escaped(tmp_path):
    for name, values in (("cost", [10, 20]), ("effect", [1, 2])):
        write_csv(pd.DataFrame({"=usual": [values[0]] * 2, "@new": [values[1]] * 2}), tmp_path / f"{name}.csv")
    assert analyse(tmp_path / "cost.csv", tmp_path / "effect.csv").strategies == ("=usual", "@new")


def test_text_in_a_notebook_is_escaped():
    assert Result({}, {}, None, "<img src=x onerror=alert(1)> & b")._repr_html_() == (
        "<pre>&lt;img src=x onerror=alert(1)&gt; &amp; b</pre>"
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_shows_labels_as_written(name, tmp_path, recwarn):
    look = style.Style({"usual": "Usual care", "new": name}, title=f"{name} v {name}")
    table = pd.DataFrame({"wtp": [0, 1, 0, 1], "strategy": ["usual", "usual", "new", "new"]})
    table["probability_most_cost_effective"] = [0.5, 0.4, 0.5, 0.6]
    figure = plots.acceptability(table, table[table.strategy == "new"], look, (1,))
    plots.save(figure, table, tmp_path, "f")
    drawn = (tmp_path / "f.svg").read_text(encoding="utf-8")
    shown = style.shortened(name).split(" ")[0]
    assert shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in drawn
    assert not [str(w.message) for w in recwarn]
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_a_long_label_keeps_its_ends():
    assert style.shortened("x" * 80) == "x" * 80
    assert style.shortened("a" * 200 + "b" * 200) == "a" * 39 + " \u2026 " + "b" * 39


def with_strategies(tmp_path, *names):
    path = tmp_path / "named.yaml"
    arms = "".join(f"  {n!r}: {{hr: 0.{8 - i}, m: {i + 1}}}\n" for i, n in enumerate(names))
    path.write_text(f"extends: {TWO_STATES}\nstrategies:\n  new: null\n{arms}", encoding="utf-8")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("names", [("drug A/B", "drug A_B"), ("$a$ $", "x" * 300), ("\U0001f600", "=1+1")])
def test_every_command_with_figures_takes_any_name(names, tmp_path, capsys):
    path = with_strategies(tmp_path, *names)
    other = tmp_path / "other.yaml"
    other.write_text("extends: named.yaml\nparameters:\n  price: {value: 1200}\nstates:\n  well: {utility: 0.7}\n")
    variants = tmp_path / "variants.yaml"
    variants.write_text("base: named.yaml\nvariants:\n  dear/er: {set: {price: 2000}}\n")
    small = ("--draws", "60")
    for command in (
        ("run", path, *small),
        ("run", path, "--draws", "4", "--engine", "individual", "--patients", "20"),
        ("tornado", path),
        ("sweep", path, "--vary", "p=0.1,0.2,0.3", "--vary", "price=500,1000,1500"),
        ("diff", path, other),
        ("global", path, "--n", "16"),
        ("converge", path, *small),
        ("voi", path, *small),
        ("threshold", path, "--vary", "price=100:100000"),
        ("compare", path, "--patients", "200"),
        ("variants", variants, *small),
    ):
        out = tmp_path / "out" / command[0]
        code = main([*map(str, command), "--out", str(out)])
        error = capsys.readouterr().err
        assert code in ((0, 1) if command[0] == "compare" else (0,)) and "Warning" not in error, (command[0], error)
        assert (out / "manifest.json").exists() and len(list((out / "figures").glob("*.png"))) >= 1


def printed(*arguments, **options):
    command = [sys.executable, "run_model.py", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, **options)


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_text_that_the_terminal_cannot_show_is_replaced(encoding, tmp_path):
    path = with_strategies(tmp_path, "Wirkstoff \u00dc \u2212 \u65e5\u672c")
    options = ("run", path, "--draws", "20", "--no-figures", "--out", tmp_path / "out")
    done = printed(*options, stdout=subprocess.PIPE, env=os.environ | {"PYTHONIOENCODING": encoding})
    assert done.returncode == 0 and done.stderr == b""
    assert ("Wirkstoff Ü - ??" if encoding == "cp1252" else "Wirkstoff ? - ??").encode(encoding) in done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a Linux device")
@pytest.mark.parametrize("arguments", [("schema",), ("check", str(TWO_STATES)), ("run", str(TWO_STATES))])
def test_output_that_cannot_be_written_is_one_line_and_the_results_stay(arguments, tmp_path):
    more = ("--draws", "20", "--no-figures", "--out", tmp_path / "out") if arguments[0] == "run" else ()
    with open("/dev/full", "w") as full:
        done = printed(*arguments, *more, stdout=full, text=True)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "No space left on device" in done.stderr
    assert (tmp_path / "out" / "manifest.json").exists() == (arguments[0] == "run")


def test_a_reader_that_goes_away_is_one_line():
    read, write = os.pipe()
    os.close(read)
    done = printed("schema", stdout=write, text=True)
    os.close(write)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "Broken pipe" in done.stderr
