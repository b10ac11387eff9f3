"""The picture of a scenario: all is in it, nothing overlaps, and no label can break out of its text."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import model
from model.cli import main
from model.report import diagram
from model.report.diagram import graph

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    "mscc_furlan",
    "mscc_decision",
    "mscc_capacity",
    "decision/schedules",
    "gallery/colon_des_degeling2025",
    "gallery/crc_screening_heemod",
    "gallery/guma_savo_psm",
    "gallery/sumatriptan_evans1997",
    "gallery/tegaderm_jenks2016",
    "validation/closed_forms_semi_markov",
    "validation/immortal",
    "validation/sick_sicker",
]
SVG = "{http://www.w3.org/2000/svg}"


def scenario(name):
    return model.read(ROOT / "scenarios" / f"{name}.yaml")


def joined(text):
    """Without blanks, so that a wrapped text is found."""
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("name", FILES)
def test_every_state_and_transition_is_in_both_texts(name):
    read = scenario(name)
    root = ElementTree.fromstring(diagram.svg(read))
    drawn = joined("".join(root.itertext()))
    assert root.find(f"{SVG}title").text and root.find(f"{SVG}desc").text
    text = diagram.mermaid(read)
    nodes = re.findall(r"^    n\d+[(\[>]", text, re.MULTILINE)
    shown = graph.of(read)
    assert len(nodes) == len(shown.nodes)
    for state in read.states.values():
        assert joined(state.label or state.key) in drawn
        assert mermaid_words(state.label or state.key) in text
    boxes = [g for g in root.iter(f"{SVG}g") if g.get("class") == "node"]
    assert len(boxes) == len(shown.nodes)
    told = {line.label for edge in (*shown.edges, *shown.exits) for line in edge.lines}
    assert {t.label for t in read.transitions} <= told
    arrows = [line for line in text.splitlines() if "-->" in line]
    assert len(arrows) == len(shown.edges) + len(shown.exits)
    for line in (line for edge in (*shown.edges, *shown.exits) for line in edge.lines):
        assert joined(line.words) in drawn
        assert mermaid_words(line.words) in text


def mermaid_words(text):
    """As Mermaid writes them: every sign but a few by its number."""
    return "".join(c if c.isalnum() or c in " _.,()+-*/=" else f"#{ord(c)};" for c in text)


def boxes(svg):
    """(left, top, right, bottom, words) of each text, measured with a font that the drawing did not ask."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    measure = TextToPath()
    found = []

    def walk(element, dx, dy):
        if move := re.match(r"translate\(([-\d.]+),([-\d.]+)\)", element.get("transform", "")):
            dx, dy = dx + float(move[1]), dy + float(move[2])
        if element.tag == f"{SVG}text":
            size = float(element.get("font-size"))
            font = FontProperties(family="DejaVu Sans", size=size, weight=element.get("font-weight", "normal"))
            wide, *_ = measure.get_text_width_height_descent(element.text or "", font, False)
            x = float(element.get("x")) + dx - (wide / 2 if element.get("text-anchor") == "middle" else 0)
            y = float(element.get("y")) + dy
            found.append((x, y - 0.75 * size, x + wide, y + 0.2 * size, element.text))
        for child in element:
            walk(child, dx, dy)

    root = ElementTree.fromstring(svg)
    walk(root, 0.0, 0.0)
    return found, float(root.get("width")), float(root.get("height"))


@pytest.mark.parametrize("name", FILES)
def test_no_words_overlap_and_all_are_within_the_picture(name):
    found, wide, high = boxes(diagram.svg(scenario(name)))
    for i, (left, top, right, bottom, words) in enumerate(found):
        assert left >= -0.5 and top >= 0 and right <= wide and bottom <= high, words
        for other in found[i + 1 :]:
            apart = right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
            assert apart, f"'{words}' and '{other[4]}'"


HOSTILE = """title: '"]; click n0 "javascript:x" <script>alert(1)</script> %%{init: {}}%%'
currency: {code: EUR}
time: {unit: year, horizon: 2 years, cycle: 1 year}
discount: {cost: 0 %, effect: 0 %}
wtp: {thresholds: [1000], curve: {to: 2000}}
strategies: {a: {label: '<b>A</b> & "A"'}}
states:
  '"]-->n9; end': {label: '`**x**` <img src=x onerror=alert(1)> #quot; ]]> & 癌症の状態', start: 1, utility: 1}
  end: {}
transitions:
  - {from: '"]-->n9; end', to: end, name: '"| <i>x</i> --> end', rate: 0.1 per year}
"""


def test_labels_cannot_break_out(tmp_path):
    file = tmp_path / "hostile.yaml"
    file.write_text(HOSTILE, encoding="utf-8")
    read = model.read(file)
    root = ElementTree.fromstring(diagram.svg(read))
    assert {e.tag.removeprefix(SVG) for e in root.iter()} <= {
        "svg", "title", "desc", "rect", "g", "text", "path", "polygon", "circle"
    }  # fmt: skip
    assert all(not name.startswith("on") for e in root.iter() for name in e.attrib)
    lines = diagram.mermaid(read).splitlines()
    assert lines[0].startswith("%% ") and "{" not in lines[0] and lines[1] == "flowchart LR"
    quoted = re.compile(r'"[\w .,()+\-*/=#;]*(<br/>[\w .,()+\-*/=#;]*)*"')
    node = re.compile(rf"    n\d+(\({quoted.pattern}\)|\[\[{quoted.pattern}\]\])")
    edge = re.compile(rf"    n\d+ -->\|{quoted.pattern}\| n\d+")
    assert [bool(node.fullmatch(line)) for line in lines[2:4]] == [True, True]
    assert edge.fullmatch(lines[4])


def test_a_strategy_shows_what_it_binds():
    read = scenario("gallery/sumatriptan_evans1997")
    assert "p_relief_sumatriptan" in diagram.mermaid(read, "sumatriptan")
    assert "p_relief_caffeine" not in diagram.mermaid(read, "sumatriptan")
    assert "p_relief_sumatriptan" not in diagram.mermaid(read)


def test_command_prints_or_writes(tmp_path, capsys):
    from model.cli.main import main

    file = str(ROOT / "scenarios" / "gallery" / "sumatriptan_evans1997.yaml")
    assert main(["diagram", file, "--format", "mermaid"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == "flowchart LR"
    target = tmp_path / "tree.svg"
    assert main(["diagram", file, "--out", str(target), "--strategy", "caffeine"]) == 0
    assert ElementTree.parse(target).getroot().tag == f"{SVG}svg"
    assert main(["diagram", file, "--strategy", "cafeine"]) == 2
    told = capsys.readouterr().err
    assert "no 'cafeine'" in told and "did you mean" in told.lower() and "caffeine" in told


@pytest.mark.parametrize("words", [["diagram"], ["workbook", "--no-recompute"]])
def test_a_file_is_written_where_it_is_asked_for_and_never_over_another(words, tmp_path, capsys):
    target = tmp_path / "not there yet" / "file"
    asked = [words[0], "scenarios/mscc_constant_hazards.yaml", *words[1:], "--out", str(target)]
    assert main(asked) == 0 and target.stat().st_size > 1000
    target.write_text("mine")
    assert main(asked) == 2 and "give --replace" in capsys.readouterr().err and target.read_text() == "mine"
    assert main([*asked, "--replace"]) == 0 and target.stat().st_size > 1000
    assert main([*asked[:-1], str(target / "in a file.xlsx")]) == 2
    assert "cannot write" in capsys.readouterr().err
