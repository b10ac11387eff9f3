"""The schema for editors: what it offers and underlines is what the reader of files accepts and refuses."""

import copy
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from model import distributions, hazards
from model.formula import parse_call
from model.scenario_file import json_schema
from model.scenario_file.editor_words import patterns, snippets
from model.scenario_file.more_examples import MORE, OTHERS
from model.scenario_file.nodes import Text
from model.scenario_file.problems import Problems, ScenarioError
from model.scenario_file.read import read
from model.scenario_file.schema import number
from model.units import DAYS, PLAIN, UnitError, duration, parse_unit

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
PATTERNS = {kind: re.compile(pattern) for kind, pattern in patterns().items()}


def fields(schema, place=()):
    """(place, schema) of every value, those behind `or` as well."""
    for option in schema.get("anyOf", ()):
        yield from fields(option, place)
    for key, child in (schema.get("properties") or {}).items():
        yield from fields(child, (*place, key))
    for key, step in (("additionalProperties", "<name>"), ("items", 0)):
        if isinstance(schema.get(key), dict):
            yield from fields(schema[key], (*place, step))
    if not {"anyOf", "properties", "items"} & set(schema):
        yield place, schema


VALUES = list(fields(SCHEMA))
NAMED = {".".join(map(str, place)): (place, schema) for place, schema in VALUES}


def at(place, value):
    """A file that extends another and states one value."""
    for key in reversed(place):
        value = [value] if key == 0 else {"x" if key == "<name>" else key: value}
    return {"extends": "other.yaml", **value}


@pytest.mark.parametrize("place", [".".join(map(str, place)) for place, _ in VALUES])
def test_every_field_says_what_it_means_with_an_example(place):
    schema = NAMED[place][1]
    assert schema["description"]
    assert "enum" in schema or schema.get("examples")


@pytest.mark.parametrize("text", [MORE, OTHERS])
def test_the_examples_obey_the_schema(text):
    VALIDATOR.validate({"extends": "other.yaml", **yaml.safe_load(text)})


@pytest.mark.parametrize("place", [".".join(map(str, p)) for p, schema in VALUES if "enum" in schema])
def test_every_enum_is_enforced(place):
    keys, schema = NAMED[place]
    nearly = f"{schema['enum'][0]}s"
    for value in schema["enum"]:
        errors = [e for e in VALIDATOR.iter_errors(at(keys, value)) if e.validator == "enum"]
        assert not errors, value
    assert not VALIDATOR.is_valid(at(keys, nearly))


def test_an_editor_offers_neither_true_nor_null_where_words_are_meant():
    """Both come from a `type` that has them, or from an enum."""
    offered = {place for place, schema in NAMED.items() if {"null", "boolean"} & set(schema[1].get("type", ()))}
    assert offered == set()
    unit = NAMED["parameters.<name>.unit"][1]
    assert {"per year", "utility", "QALY"} <= {snippet["label"] for snippet in unit["defaultSnippets"]}


@pytest.mark.parametrize("place", ["parameters.<name>.unit", "transitions.0.rate", "time.horizon", "wtp.curve.to"])
@pytest.mark.parametrize("value", [True, ["a"], {"a": 1}])
def test_what_is_no_text_is_refused(place, value):
    assert not VALIDATOR.is_valid(at(NAMED[place][0], value))


# --- patterns: the reader's answer to the same text -------------------------------------------------------------------------


def accepts(call, *arguments):
    try:
        call(*arguments)
    except UnitError:
        return False
    return True


UNITS = [
    *(word for word in PLAIN if word),
    *DAYS,
    *(f"{word}s" for word in DAYS),
    *(f"per {word}" for word in DAYS),
    *(f"USD per {word}" for word in DAYS),
    *("USD", "QALY", "qalys", "Year", "per Year", "events per year", "probability over 30 days", "over 1 year"),
    *("probability over week", "Probability", "hazard  ratio", "USD  per day"),
    *(
        "dollars",
        "per",
        "USD/day",
        "usd",
        "per yr",
        "probabilty",
        "per 3 fortnights",
        "over",
        "rate",
        "USD per",
        "2 USD",
    ),
    *("probability per year per day", "QALY per", "utilities", "over 30", "days per"),
]


@pytest.mark.parametrize("text", UNITS)
def test_a_unit_is_underlined_where_the_reader_refuses_it(text):
    assert bool(PATTERNS["unit"].search(text)) == accepts(parse_unit, text, "USD")


@pytest.mark.parametrize(
    "text", ["30 days", "1 week", "week", "1.5 years", "2Years", "5", "5 fortnights", "", "a day", "-1 day"]
)
def test_so_is_a_length_of_time(text):
    assert bool(PATTERNS["duration"].search(text)) == accepts(duration, text)


@pytest.mark.parametrize(
    "text", ["3 %", "0.03", "1e5", "-2", ".5", "+1", "1,000", "1 000", "three", "", "3 % a year", "%"]
)
def test_so_is_a_number(text):
    problems = Problems()
    number(Text("f", 1, "wtp", text), problems)
    assert bool(PATTERNS["number"].search(text)) == (not problems.errors)


def test_every_unit_of_every_shipped_scenario_matches():
    for path in (ROOT / "scenarios").rglob("*.yaml"):
        for name, stated in (yaml.safe_load(path.read_text(encoding="utf-8")).get("parameters") or {}).items():
            if isinstance(stated, dict) and stated.get("unit") is not None:
                assert PATTERNS["unit"].search(str(stated["unit"])), f"{path}: {name}"


# --- snippets ---------------------------------------------------------------------------------------------------------------

BASE = yaml.safe_load((ROOT / "tests" / "invalid" / "good" / "base.yaml").read_text(encoding="utf-8"))


def filled(body, values=()):
    """A snippet as it stands in the file when nothing was typed, or values by name."""
    text = re.sub(r"\$\{\d+:([^}]*)\}", lambda match: dict(values).get(match[1], match[1]), body)
    return yaml.safe_load(f"{{a: {text}}}")["a"]


@pytest.mark.parametrize("kind", snippets())
def test_every_snippet_is_one_value_between_brackets_and_is_not_underlined(kind):
    for snippet in snippets()[kind]:
        assert PATTERNS[kind].search(filled(snippet["body"])), snippet


@pytest.mark.parametrize("snippet", snippets()["unit"], ids=lambda snippet: snippet["label"])
def test_every_unit_that_is_offered_is_read(snippet):
    parse_unit(filled(snippet["body"]), "USD")


def test_every_distribution_and_every_form_of_it_is_offered():
    offered = [snippet["label"] for snippet in snippets()["distribution"]]
    forms = [
        f"{n}({', '.join(form)})" for n, forms in distributions.FORMS.items() for form in forms if n != "empirical"
    ]
    assert offered == [*forms, "empirical(file)"]
    survival = [snippet["label"].split("(")[0] for snippet in snippets()["survival"]]
    assert set(survival) == {*hazards.FAMILIES, "life_table", "kaplan_meier"}


NESTED = dict.fromkeys(("a", "b", "distribution"), "exponential(0.1)")
NUMBERS = {
    **dict.fromkeys(("fraction", "weight", "ratio"), "0.4"),
    "knots": "0, 1",
    "coefficients": "-1, 1",
    **dict.fromkeys(("a", "b", "n", "rate", "scale", "meanlog", "sd", "rows", "time", "mu"), "3"),
    **dict.fromkeys(("mean", "lower", "events"), "0.4"),
    **dict.fromkeys(("se", "cv", "sdlog", "shape", "sigma", "Q"), "0.2"),
    **{"median": "0.4472", "mode": "0.45", "upper": "0.5", "rates": "0.1, 0.2", "breaks": "2"},
}


@pytest.mark.parametrize(
    "snippet",
    [s for s in snippets()["distribution"] if not s["label"].startswith(("dirichlet", "multinormal", "empirical"))],
    ids=lambda snippet: snippet["label"],
)
def test_a_distribution_filled_with_numbers_is_read(snippet, tmp_path):
    case = copy.deepcopy(BASE)
    case["parameters"]["c_drug"].pop("value")
    case["parameters"]["c_drug"]["distribution"] = filled(snippet["body"], NUMBERS)
    (tmp_path / "case.yaml").write_text(yaml.safe_dump(case), encoding="utf-8")
    read(tmp_path / "case.yaml")


@pytest.mark.parametrize(
    "snippet",
    [s for s in snippets()["survival"] if not s["label"].startswith(("life_table", "kaplan_meier"))],
    ids=lambda snippet: snippet["label"],
)
def test_a_survival_filled_with_numbers_is_read(snippet, tmp_path):
    case = copy.deepcopy(BASE)
    case["transitions"][3] = {
        "from": "well",
        "to": "dead",
        "clock": "model",
        "survival": filled(snippet["body"], NUMBERS | NESTED),
    }
    (tmp_path / "case.yaml").write_text(yaml.safe_dump(case), encoding="utf-8")
    read(tmp_path / "case.yaml")


def test_joint_distributions_are_calls_with_lists():
    for snippet in snippets()["distribution"]:
        if snippet["label"].startswith(("dirichlet", "multinormal")):
            family, _, named = parse_call(filled(snippet["body"]))
            assert family in distributions.FORMS and set(named) in [set(form) for form in distributions.FORMS[family]]


def test_a_misspelt_distribution_is_underlined_and_refused(tmp_path):
    case = copy.deepcopy(BASE)
    case["parameters"]["p_cure"]["distribution"] = "betta(20, 80)"
    assert not VALIDATOR.is_valid(case)
    (tmp_path / "case.yaml").write_text(yaml.safe_dump(case), encoding="utf-8")
    with pytest.raises(ScenarioError):
        read(tmp_path / "case.yaml")
