"""The workbook, recomputed by LibreOffice with other values in its yellow cells, gives what a closed form and the engine give."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import model
from model.report.workbook import libreoffice, write
from model.report.workbook.cells import Book, WorkbookError, letters
from model.report.workbook.expressions import FUNCTIONS
from model.report.workbook.names import defined

ROOT = Path(__file__).resolve().parents[2]
needs_libreoffice = pytest.mark.skipif(libreoffice.found() is None, reason="LibreOffice is not installed")
PLAIN = """
title: "=1+1 is a text"
currency: {{code: USD}}
time: {{unit: year, horizon: {horizon}, cycle: 1 year, convention: {convention}}}
discount: {{cost: {cost}, effect: {effect}}}
wtp: {{thresholds: [50000]}}
parameters:
  ill: {{value: {ill}, unit: per year, note: "=A1"}}
  dies: {{value: 0.3, unit: per year}}
  hr1: {{value: 0.7, unit: hazard ratio}}
  u2: {{value: 0.9, unit: utility}}
  c_event: {{value: 5000, unit: USD}}
strategies:
  standard: {{ratio: 1}}
  new: {{ratio: hr1}}
states:
  well: {{start: 1, utility: u2, cost: {{care: 200 USD per year}}}}
  ill: {{utility: 0.6, cost: {{care: 8000 USD per year}}}}
  dead: {{}}
transitions:
  - {{from: well, to: ill, {kind}: ill * ratio, cost: {{event: c_event}}}}
  - {{from: ill, to: dead, {kind}: dies}}
"""
USUAL = {
    "horizon": "10.5 years",
    "convention": "integral",
    "cost": "3 %",
    "effect": "1.5 %",
    "ill": 0.2,
    "kind": "rate",
}


def scenario(folder: Path, name: str = "plain", **changes) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(PLAIN.format(**(USUAL | changes)))
    return path


def put(made, values: dict, path: Path) -> Path:
    """The file as a user saves it who has changed yellow cells."""
    openpyxl = pytest.importorskip("openpyxl")
    made.save(path)
    book = openpyxl.load_workbook(path)
    for name, value in values.items():
        sheet, cell = re.fullmatch(r"'(.*)'!(.*)", made.inputs[name]).groups()
        book[sheet][cell.replace("$", "")] = value
    book.save(path)
    return path


def results(made, known) -> dict:
    return {key: known["Results"][place] for key, place in made.results.cells.items() if key in made.values}


def assert_together(paths: list[Path], folder: Path) -> None:
    """Each workbook, recomputed in one call of LibreOffice, gives what the engine gives, and its checks hold."""
    made = [model.workbook(path, recompute=False) for path in paths]
    files = [folder / f"{i} {path.stem}.xlsx" for i, path in enumerate(paths)]
    for one, file in zip(made, files):
        write.write(one.book, file, {sheet.title: dict.fromkeys(sheet.cells) for sheet in one.book.sheets})
    for path, one, known in zip(paths, made, libreoffice.recomputed(files), strict=True):
        assert results(one, known) == pytest.approx(one.values, rel=1e-9, abs=1e-12), path.stem
        assert known["Results"][one.results.verdict] == "yes", path.stem


CHANGES = [
    {"ill": 0.4},
    {"hr1": 0.5},
    {"u2": 0.8},
    {"c_event": 9000},
    {"ill": 1e-4},
    {"ill": 40},
    {"ill": 0.4, "dies": 25},
]


@needs_libreoffice
def test_changed_inputs_give_what_the_engine_gives(tmp_path):
    path = scenario(tmp_path)
    made = model.workbook(path)
    assert made.known is not None and made.worst < 1e-9
    files = [put(made, values, tmp_path / f"{i}.xlsx") for i, values in enumerate(CHANGES)]
    rates = put(made, {"discount_cost_rate": 0.06, "discount_effect_rate": 0}, tmp_path / "rates.xlsx")
    *known, of_rates = libreoffice.recomputed([*files, rates])
    for values, found in zip(CHANGES, known):
        want = model.workbook(path, settings=values, recompute=False)
        assert results(made, found) == pytest.approx(want.values, rel=1e-9, abs=1e-9), values
        assert found["Results"][made.results.verdict] == "yes", values
    other = model.workbook(scenario(tmp_path, "other", cost="6 %", effect="0 %"), recompute=False)
    assert results(made, of_rates) == pytest.approx(other.values, rel=1e-9, abs=1e-9)


@needs_libreoffice
def test_results_are_those_of_the_closed_form(tmp_path):
    """Two constant hazards: time in state is an integral of exponentials."""
    made = model.workbook(scenario(tmp_path))
    a, b, end, d, e = 0.2, 0.3, 10.5, np.log(1.03), np.log(1.015)

    def area(rate):
        return (1 - np.exp(-rate * end)) / rate

    well, ill = area(a + d), a / (b - a) * (area(a + d) - area(b + d))
    cost = 200 * well + 8000 * ill + 5000 * a * well
    qaly = 0.9 * area(a + e) + 0.6 * a / (b - a) * (area(a + e) - area(b + e))
    found = results(made, made.known)
    assert found["all", "standard", "cost", 1] == pytest.approx(cost, rel=1e-10)
    assert found["all", "standard", "qaly", 1] == pytest.approx(qaly, rel=1e-10)


CASES = {
    "start": {"convention": "start", "horizon": "10 years"},
    "half": {"convention": "half-cycle", "horizon": "10 years"},
    "table": {"convention": "life-table", "horizon": "10 years"},
    "cycles": {"convention": "half-cycle", "horizon": "10 years", "kind": "probability per cycle"},
    "simpson": {"convention": "simpson", "horizon": "9 years", "kind": "probability per cycle"},
    "fast": {"ill": 90},
    "slow": {"ill": 1e-7},
    "curve": {"kind": "rate", "ill": "0.2"},
}


@needs_libreoffice
@pytest.mark.parametrize("case", CASES)
def test_conventions_agree_after_recalculation(tmp_path, case):
    changes = dict(CASES[case])
    if changes.get("kind", "rate") != "rate":
        path = scenario(tmp_path, case, **changes)
        path.write_text(path.read_text().replace("unit: per year", "unit: probability"))
    else:
        path = scenario(tmp_path, case, **changes)
    if case == "curve":
        path.write_text(path.read_text().replace("rate: dies", "rate: dies * exp(0.1 * time / 1 year)"))
    assert model.workbook(path).worst < 1e-9


TEXTBOOK = {"convention": "half-cycle", "horizon": "6 years"}
ENTERED = TEXTBOOK | {"convention": "half-cycle, transitions counted: with the state entered"}
SIMPSON = {"convention": "simpson, transitions counted: with the state entered", "horizon": "6 years"}
DISCOUNTED = {
    "whole years": {"effect": "1.5 %, convention: by whole year"},
    "at cycle": {"effect": "1.5 %, convention: at cycle"},
    "compounding": {"effect": "1.5 %, compounding: continuous"},
    "compounding by year": {"effect": "1.5 %, compounding: continuous, convention: by whole year"},
    "middle": TEXTBOOK | {"effect": "1.5 %, convention: mid-cycle"},
    "middle of start": TEXTBOOK | {"convention": "start", "effect": "1.5 %, convention: mid-cycle"},
    "textbook by year": TEXTBOOK | {"effect": "1.5 %, convention: by whole year"},
    "textbook compounding": TEXTBOOK | {"convention": "end", "effect": "1.5 %, compounding: continuous"},
    "entered": ENTERED,
    "entered, life-table": ENTERED | {"convention": "life-table, transitions counted: with the state entered"},
    "entered, simpson": SIMPSON,
    "counted at start": ENTERED | {"convention": "half-cycle, transitions counted: start"},
    "counted at middle": ENTERED | {"convention": "half-cycle, transitions counted: middle"},
}
SURVIVAL = {
    "gamma": "gamma(shape=1.7, rate=0.4) in years",
    "gamma, falling": "gamma(shape=0.6, rate=0.2) in years",
    "gengamma": "gengamma(mu=1.2, sigma=0.8, Q=0.6) in years",
    "gengamma, below 0": "gengamma(mu=1.2, sigma=0.8, Q=-0.4) in years",
    "gengamma, 0": "gengamma(mu=1.2, sigma=0.8, Q=0) in years",
    "cure": "cure(0.3, weibull(shape=1.2, scale=4)) in years",
    "mixture": "mixture(0.4, exponential(0.5), gompertz(shape=0.1, rate=0.1)) in years",
    "piecewise": "piecewise(rates=[0.1, 0.4], breaks=[3]) in years",
}


@needs_libreoffice
@pytest.mark.slow
def test_discounting_and_counting_agree_after_recalculation(tmp_path):
    assert_together([scenario(tmp_path, name, **changes) for name, changes in DISCOUNTED.items()], tmp_path)


@needs_libreoffice
@pytest.mark.slow
def test_hazards_agree_after_recalculation(tmp_path):
    """The hazard of each goes on from where the step begins: its formulas are read far into the tail too."""
    paths = []
    for name, survival in SURVIVAL.items():
        path = scenario(tmp_path, name)
        path.write_text(path.read_text().replace("rate: dies", f'survival: "{survival}", clock: model'))
        paths.append(path)
    assert_together(paths, tmp_path)


@needs_libreoffice
@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["mscc_constant_hazards", "mscc_furlan", "validation/hiv_chancellor", "gallery/crc_screening_heemod"]
)
def test_shipped_scenarios_agree_after_recalculation(name):
    assert model.workbook(ROOT / "scenarios" / f"{name}.yaml").worst < 1e-9


@needs_libreoffice
def test_a_tree_counts_each_branch_once():
    """Chance nodes one behind the other: published cost of sumatriptan (Evans 1997), 22.06."""
    made = model.workbook(ROOT / "scenarios" / "gallery" / "sumatriptan_evans1997.yaml")
    assert made.known["Results"][made.results.cells["all", "sumatriptan", "cost", 1]] == pytest.approx(22.06, abs=0.005)


REFUSED = {
    "mscc_capacity": "resources",
    "validation/closed_forms_semi_markov": "clock: state",
    "gallery/colon_des_degeling2025": "fixed times",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_covered_is_refused_by_field(name, tmp_path, monkeypatch, capsys):
    from model.cli.main import main

    monkeypatch.chdir(tmp_path)
    assert main(["workbook", str(ROOT / "scenarios" / f"{name}.yaml")]) == 2
    told = capsys.readouterr().err
    assert REFUSED[name] in told and "does not cover" in told and ".yaml" in told
    assert not list(tmp_path.iterdir())


def test_a_file_that_exists_is_kept(tmp_path, capsys):
    from model.cli.main import main

    out, path = tmp_path / "model.xlsx", scenario(tmp_path)
    out.write_text("mine")
    assert main(["workbook", str(path), "--out", str(out), "--no-recompute"]) == 2
    assert out.read_text() == "mine"
    assert main(["workbook", str(path), "--out", str(out), "--no-recompute", "--replace"]) == 0
    assert out.stat().st_size > 10_000


def test_without_libreoffice_the_file_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert "not recomputed: LibreOffice not found" in model.workbook(scenario(tmp_path)).summary


def test_texts_stay_texts_and_results_are_kept_beside_formulas(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    made = model.workbook(scenario(tmp_path), recompute=False)
    made.save(tmp_path / "model.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "model.xlsx")["Results"]
    assert (sheet["A1"].value, sheet["A1"].data_type) == ("=1+1 is a text", "s")
    values = openpyxl.load_workbook(tmp_path / "model.xlsx", data_only=True)["Results"]
    row, column = made.results.cells["all", "new", "cost", 1]
    assert values.cell(row + 1, column + 1).value == pytest.approx(made.values["all", "new", "cost", 1], rel=1e-12)


def test_names_are_no_addresses_and_differ_in_more_than_capitals():
    found = defined(["hr1", "u2", "R1C1", "r", "C", "abc", "ABC", "true"])
    assert [found[n] for n in ("hr1", "u2", "R1C1", "r", "C", "true")] == ["hr1_", "u2_", "R1C1_", "r_", "C_", "true_"]
    assert found["abc"].casefold() != found["ABC"].casefold()
    assert (letters(0), letters(25), letters(26), letters(702)) == ("A", "Z", "AA", "AAA")


@needs_libreoffice
def test_functions_are_those_of_the_language(tmp_path):
    from model.formula import parse
    from model.functions import FUNCTIONS as LANGUAGE
    from model.report.workbook.expressions import translated

    assert set(FUNCTIONS) == set(LANGUAGE)
    texts = [
        *(
            "min(3, 1, 2)",
            "max(1, 2)",
            "exp(-2)",
            "log(0.3)",
            "sqrt(2)",
            "abs(-3)",
            "floor(-1.5)",
            "ceil(1.2)",
            "round(-2.5)",
        ),
        *(
            "mod(7.5, 2)",
            "mod(-7.5, 2)",
            "if(1 < 2 < 3, 4, 5)",
            "odds(0.2)",
            "from_odds(0.25)",
            "logit(0.3)",
            "expit(-1)",
        ),
        *("with_odds_ratio(0.2, 1.5)", "with_hazard_ratio(0.2, 1.5)", "rate_from_probability(0.00001, 2)", "-2 ** 2"),
        *(
            "probability_from_rate(0.3)",
            "probability_from_rate(0.0000001, 3)",
            "not (1 > 2)",
            "1 > 2 or 3 > 2",
            "1 - 2 - 3 / 4 * 2",
        ),
    ]
    book = Book()
    sheet = book.sheet("Results")
    for row, text in enumerate(texts):
        sheet.formula(row, 0, translated(parse(text), lambda n: n, lambda n, x: x, 1.0))
    write.write(book, tmp_path / "functions.xlsx")
    (known,) = libreoffice.recomputed([tmp_path / "functions.xlsx"])
    for row, text in enumerate(texts):
        assert known["Results"][row, 0] == pytest.approx(float(parse(text).evaluate({})), rel=1e-13), text


def test_a_workbook_that_disagrees_is_not_handed_out(tmp_path, monkeypatch):
    from model.report.workbook import export

    made = model.workbook(scenario(tmp_path), recompute=False)
    wrong = {"Results": {place: made.values.get(key, 0.0) for key, place in made.results.cells.items()}}
    wrong["Results"][made.results.verdict] = "yes"
    wrong["Results"][made.results.cells["all", "new", "qaly", 1]] *= 1 + 1e-8
    monkeypatch.setattr(libreoffice, "found", lambda: "soffice")
    monkeypatch.setattr(export, "recomputed", lambda book: wrong)
    with pytest.raises(WorkbookError, match="not handed out: qaly of new"):
        model.workbook(tmp_path / "plain.yaml")
