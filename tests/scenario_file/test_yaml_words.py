"""What is wrong with a YAML text is said in our words, whichever parser of PyYAML reads it, compiled or not."""

import pytest
import yaml

from model.scenario_file import ScenarioError
from model.scenario_file.problems import Problems
from model.scenario_file.yaml_text import parse_yaml

WRONG = {
    "title: a: b\n": "1: is not valid YAML: a text that contains ': ' must stand in quotes",
    "title: @home\n": "1: is not valid YAML: a text that begins with one of % @ ` must stand in quotes",
    "title: x\nstates\ntime: {}\n": "a field is written 'name: value', with a space behind the colon",
    "title: x\nstates: {a: {}\ntime: {\n": "is not valid YAML: a bracket { or [ is not closed",
    'title: "x\n': "is not valid YAML: a quote or a bracket is not closed",
    "title: *x\n": "1: is not valid YAML: a text that begins with * must stand in quotes",
    "title: &\n": "1: is not valid YAML: a text that begins with * or & must stand in quotes",
    "title: x\n---\ntitle: y\n": "2: is not valid YAML: '---' begins a second document",
    'title: "\\q"\n': "1: is not valid YAML: between double quotes \\ begins a special character",
    "title: - x\n": "1: is not valid YAML: '- ' begins an entry of a list",
    "title: >5 mg\n": "1: is not valid YAML: a text that begins with | or > must stand in quotes",
    "title: x\n\tstates: {}\n": "there is a tab; indent with spaces",
    "title: x\n  states: {}\n time: {}\n": "is not valid YAML: ",
    "title: " + "[" * 2000: "1: is nested more than 50 levels deep",
    "title: \x01\n": "1: has a character that is no text; is it a YAML file?",
}


@pytest.mark.parametrize("text", WRONG, ids=[repr(text[:25]) for text in WRONG])
@pytest.mark.parametrize("parser", ["compiled", "plain"])
def test_words_are_ours_whichever_parser_reads(text, parser, monkeypatch):
    if parser == "plain":
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    with pytest.raises(ScenarioError) as caught:
        parse_yaml(text, "x.yaml", Problems())
    (message,) = caught.value.problems
    assert message.startswith("x.yaml:") and WRONG[text] in message, message


def test_words_of_a_parser_of_another_day(monkeypatch):
    """An error that no version has yet worded so still has a line and says where to look."""

    def compose(text, Loader):
        raise yaml.MarkedYAMLError("while reading", None, "gremlins", yaml.Mark("x", 0, 1, 0, text, 0))

    monkeypatch.setattr(yaml, "compose", compose)
    with pytest.raises(ScenarioError, match=r"^x\.yaml:2: is not valid YAML: check the brackets, quotes, colons"):
        parse_yaml("title: x\n", "x.yaml", Problems())
