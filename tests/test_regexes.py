"""Hostile text does not make a search go back over itself: every pattern is linear, or nearly, in the length of the text."""

import ast
import contextlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from model.analysis.studies import StudyError, proposal
from model.analysis.sweep_points import _split
from model.formula import FormulaError, parse
from model.scenario_file.named_files import empirical_file
from model.scenario_file.nodes import Text
from model.scenario_file.problems import Problems
from model.scenario_file.schema import number
from model.units import UnitError, duration, parse_unit

ROOT = Path(__file__).resolve().parents[1]
N = 50_000
HOSTILE = [
    "empirical(" + " " * N,
    "empirical(file" + " " * N,
    "empirical('" + "a " * N,
    " " * N + "x",
    "1" * N + "!",
    "1" * N + "." + "1" * N + "!",
    "." + "1" * N + "e" + "1" * N + "!",
    "1 over " + "e" * N + "!",
    "over " * N,
    "x over " + "1e" * N + "!",
    "a " * N + "!",
    "weibull" + ")" * N + " in ",
    "weibull(1)" + " " * N + "in" + " " * N + "!",
    ") " * N,
    "Mon" + " " * N + "-" + " " * N + "!",
    "1" + " " * N + "per" + " " * N + "!",
    "a," * N + ")",
    "a:" + " " * N,
    ": ~ " * N,
    "x" + "~" * N,
    "#" * N,
    "1_" * N,
    "if" + " " * N,
    "if(" * N,
    ":1" * N,
    ": " * N,
    "%" * N,
    "1%" * N,
]


def constants():
    """Every pattern that the package compiles."""
    for path in sorted((ROOT / "model").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re."):
                yield path.relative_to(ROOT), node


def read_all(text):
    """Whatever a reader makes of the text, it makes it soon."""
    from model.scenario_file import arrivals, opening_hours

    problems, node = Problems(), Text("x.yaml", 1, "place", text)
    for read in (parse, duration, lambda t: parse_unit(t, "USD"), proposal, empirical_file, _split):
        with contextlib.suppress(FormulaError, UnitError, ValueError, StudyError):
            read(text)
    number(node, problems)
    for pattern in (opening_hours._SPAN, arrivals._RATE):
        pattern.fullmatch(text)
    problems.say(text)
    with contextlib.suppress(ValueError):
        problems.stop()


def test_hostile_texts_are_read_within_the_time_of_many():
    """In a process of its own, as a search that goes back over itself cannot be stopped from within."""
    program = "import sys; sys.path[:0] = ['tests']; import test_regexes as t; [t.read_all(text) for text in t.HOSTILE]"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, timeout=300, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_a_message_has_a_length_that_can_be_read():
    problems = Problems()
    problems.say("x.yaml:1: '" + "a" * 1_000_000 + "' is not a number")
    (message,) = problems.errors
    assert len(message) < 2100 and message.startswith("x.yaml:1: '") and message.endswith("is not a number")


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("empirical(a.csv)", "a.csv"),
        ("empirical('a b.csv')", "a b.csv"),
        ('empirical( file = "a.csv" )', "a.csv"),
        ("empirical(file=a.csv)", "a.csv"),
        ("empirical(profile=a.csv)", "profile=a.csv"),
        ("empirical(a.csv", ""),
        ("empirical()", ""),
        ("empirical('a' 'b')", ""),
        ("beta(1, 2)", ""),
    ],
)
def test_the_file_of_an_empirical_distribution_is_found(text, file):
    assert empirical_file(text) == file


def test_lists_are_cut_at_the_commas_that_stand_in_no_bracket():
    assert _split("1, 2,3") == ["1", "2", "3"]
    assert _split("beta(1, 2), min(a, (b), c)") == ["beta(1, 2)", "min(a, (b), c)"]


def test_no_pattern_repeats_a_repetition():
    """(a+)+ and its like take a time that doubles with each letter."""
    found = list(constants())
    assert len(found) > 15
    for path, call in found:
        text = ast.unparse(call)
        assert not re.search(r"[+*]\)[+*](?!\+)", text), f"{path}: {text}"
