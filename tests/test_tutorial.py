"""docs/tutorial.md: the file is built as a reader builds it, and every line and number that the page quotes is that of a run."""

import re
import shlex
from pathlib import Path

import pytest
from page_words import numbers

import model
from model.cli import main

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "tutorial.md").read_text(encoding="utf-8")
PROSE = " ".join(PAGE.split())
YAML = re.findall(r"^```yaml\n(.*?)^```", PAGE, flags=re.M | re.S)
SHIPPED = Path(__file__).resolve().parents[1] / "scenarios" / "validation" / "hiv_chancellor.yaml"
# The block that ends each step that can be run; FINAL is the finished file.
LIFE_YEARS, COSTS, STRATEGIES, PUBLISHED, FINAL = 0, 2, 4, 5, 6


def sections(text):
    """Top-level sections of a file, by name; their text begins with the name."""
    parts = re.split(r"^(?=\w[\w ]*:)", text, flags=re.M)
    return {part.split(":")[0]: part for part in parts if part.strip()}


def stage(number):
    """The file after so many blocks: a section is replaced, or added to where its first line says `# add`."""
    file = {}
    for block in YAML[: number + 1]:
        for name, text in sections(block).items():
            first, _, rest = text.partition("\n")
            file[name] = file[name].rstrip("\n") + "\n" + rest if first.endswith("# add") else text
    return "".join(file.values())


def test_the_last_block_is_that_of_the_finished_file():
    assert len(YAML) == FINAL + 1


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(number, old="", new=""):
    Path("hiv.yaml").write_text(stage(number).replace(old, new, 1) if old else stage(number), encoding="utf-8")
    return "hiv.yaml"


def squeezed(text):
    """Lines of a text, with runs of blanks as one."""
    return {" ".join(line.split()) for line in text.splitlines()}


def quoted(heading):
    """Lines of the text blocks of a section, a set a block."""
    section = PAGE[PAGE.index(f"\n## {heading}") :].split("\n## ")[1]
    return [squeezed(block) for block in re.findall(r"^```text\n(.*?)^```", section, flags=re.M | re.S)]


@pytest.mark.parametrize("number", [LIFE_YEARS, COSTS, STRATEGIES, PUBLISHED, FINAL])
def test_the_file_is_right_at_each_step(number, folder, capsys):
    assert main(["check", written(number)]) == 0
    assert "no errors, 0 warnings" in capsys.readouterr().out


def test_check_says_what_the_page_says(folder, capsys):
    right, wrong = quoted("1.")[:2]
    assert main(["check", written(LIFE_YEARS)]) == 0
    assert right <= squeezed(capsys.readouterr().out)
    assert main(["check", written(LIFE_YEARS, "cycle: p_AB", "cycle: pAB")]) == 2
    assert wrong <= squeezed(capsys.readouterr().err)


def test_life_years_and_trace_of_the_first_step(folder):
    result = model.run(written(LIFE_YEARS), draws=0)
    assert quoted("1.")[2] <= squeezed(result.summary)
    row = result.tables["trace"].query("time == 1").set_index("state")["occupancy"]
    said = "{A:.4f} are in A, {B:.4f} in B, {C:.4f} in C and {D:.4f} are dead".format(**row)
    assert said in PROSE
    assert row.to_list() == pytest.approx([n / 1734 for n in (1251, 350, 116, 17)], rel=1e-12)


def test_an_input_that_nothing_uses_is_told(folder, capsys):
    assert main(["check", written(COSTS - 1)]) == 0
    assert "nothing uses 'c_medical_A'" in capsys.readouterr().err and "nothing uses 'c_medical_A'" in PROSE


def test_costs_of_the_second_step(folder):
    outcomes = model.run(written(COSTS), draws=0).tables["outcomes"]
    cost = outcomes.query("discounted == 'true' and outcome == 'cost'")["mean"].item()
    assert f"GBP {cost:,.0f}, as published" in PROSE


@pytest.mark.parametrize(("number", "heading"), [(STRATEGIES, "3."), (PUBLISHED, "4.")])
def test_results_of_the_steps_without_draws(number, heading, folder):
    (lines,) = quoted(heading)
    assert lines <= squeezed(model.run(written(number), draws=0).summary)


def test_the_psa(folder):
    (lines,) = quoted("5.")
    assert lines <= squeezed(model.run(written(FINAL), draws=1000).summary)


def test_the_finished_file_gives_what_the_shipped_one_gives(folder):
    """In every draw, since draws go by the names of parameters."""
    mine, shipped = (model.run(path, draws=50).tables["psa"] for path in (written(FINAL), SHIPPED))
    assert mine[["cost", "qaly"]].to_numpy() == pytest.approx(shipped[["cost", "qaly"]].to_numpy(), rel=1e-12)


def test_the_tornado(folder):
    result = model.tornado(written(FINAL), on=["icer"])
    (lines,) = quoted("6.")
    assert lines <= squeezed(result.summary)
    icers = result.tables["tornado"].query("result == 'icer'")
    assert 0 < icers[["result_low", "result_high"]].max().max() < 10_000
    assert "tornado_icer" in result.figures


def test_verification(folder):
    (lines,) = quoted("7.")
    assert lines <= squeezed(model.verify(written(FINAL)).summary)


def test_what_is_handed_over(folder):
    """Diagram, workbook and report of the finished file; their contents have tests of their own."""
    path = written(FINAL)
    assert main(["diagram", path, "--out", "hiv.svg"]) == 0 and "<svg" in Path("hiv.svg").read_text()
    assert main(["workbook", path, "--out", "hiv.xlsx", "--no-recompute"]) == 0 and Path("hiv.xlsx").stat().st_size > 0
    assert model.full_report(path, draws=100).tables


def test_questions_of_a_reviewer(folder):
    """The commands of the table, and the figures beside them."""
    path, asked = (
        written(FINAL),
        re.findall(r"^\| [^|]*\? \| `python run_model\.py ([^`]*)` \| ([^|]*) \|", PAGE, flags=re.M),
    )
    assert len(asked) == 4
    for command, said in asked[:3]:
        words = shlex.split(command)
        name, value = words[words.index("--set") + 1].split("=", 1)
        table = model.run(path, draws=0, settings={name: value}).tables["incremental"]
        icer = table.query("strategy == 'combination' and effect == 'qaly'")["icer"].item()
        assert f"{icer:,.0f}" == said
    assert "c_lamivudine=0:10000" in asked[3][0]
    summary = model.threshold(path, "c_lamivudine", 0, 10_000, wtp=10_000).summary
    assert f"changes at {asked[3][1].removeprefix('price ')} from" in summary


def test_no_number_of_the_text_is_without_a_block_or_a_test():
    """Counts, prices and results in sentences are those of the blocks; the others are tested above, or are of the citations."""
    blocks = numbers(" ".join(re.findall(r"^```.*?^```", PAGE, flags=re.M | re.S)))
    prose = numbers(re.sub(r"^```.*?^```", "", PAGE, flags=re.M | re.S))
    tested = {"0.7215", "0.2018", "0.0669", "0.0098", "6427", "10206", "8029", "4026.8", "3000"}
    citations = {"1997", "2006", "2022"}
    assert prose - blocks - tested - citations == set()
