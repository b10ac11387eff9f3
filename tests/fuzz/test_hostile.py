"""Settings that make no sense, and files made to take time or memory, are refused soon."""

import random
import time
from pathlib import Path

import pytest
import yaml

from model.scenario_file import ScenarioError, read

ROOT = Path(__file__).resolve().parents[2]
DEFAULT = ROOT / "scenarios" / "mscc_constant_hazards.yaml"
JUNK = [
    None,
    "",
    "no",
    "12:30",
    "1e5",
    -1,
    0,
    3,
    1e308,
    "1,000",
    [],
    {},
    [1, 2],
    {"a": 1},
    [[1]],
    {"a": {"b": []}},
    "rest",
    "all",
    "probability over 30 days",
    "p_retain",
    "beta(0, 1)",
    "dirichlet(1, 2)",
    "max(",
    "x" * 3000,
    "per year",
    "5 years",
    "lookup(a, b)",
    "weibull(1, 2) in days",
    "hr ** hr ** hr",
    "\x85",
    "a: b",
    "1 / 0",
    "log(-1)",
    "0 / 0 USD",
    True,
]


def outcome(path, settings=()):
    """A scenario or a ScenarioError: nothing else."""
    try:
        return read(path, settings)
    except ScenarioError as error:
        assert error.problems and all(isinstance(p, str) and p for p in error.problems)
        return error


def places(tree):
    """(container, key) of every value of a tree."""
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        yield tree, key
        if isinstance(value, (dict, list)):
            yield from places(value)


def test_random_settings_are_applied_or_refused():
    rng, names = random.Random(4), []
    for container, key in places(yaml.safe_load(DEFAULT.read_text())):
        names.append(str(key))
    names += [
        "time.horizon",
        "transitions.ambulatory -> dead.rate",
        "states.dead.cost",
        "strategies.surgery.hr",
        "a.b.c",
        "..",
        ".",
        "transitions.x",
        "title.x",
        "parameters.c_rt.value",
        "discount",
        "perspective",
    ]
    for _ in range(300):
        outcome(DEFAULT, [f"{rng.choice(names)}={rng.choice(JUNK)}" for _ in range(2)])


LAUGHS = "".join(f"  {b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi"))
HOSTILE = {
    "billion laughs": "title: x\nsources:\n  a: &a [x, x, x, x, x, x, x, x, x]\n" + LAUGHS,
    "deep flow": "title: " + "[" * 100_000,
    "deep maps": "title: " + "{a: " * 100_000,
    "deep blocks": "\n".join(" " * i + f"a{i}:" for i in range(500)),
    "many keys": "parameters:\n" + "".join(f"  p{i}: {{value: 1}}\n" for i in range(20_000)),
    "many brackets": 'strategies: {a: {x: "' + "(" * 1500 + '"}}',
    "many signs": 'strategies: {a: {x: "' + "-" * 1900 + '1"}}',
    "long number": "parameters: {a: {value: " + "9" * 100_000 + "}}",
    "long power": "parameters: {a: {value: 10**10**10**10}}",
    "long distribution": 'parameters: {a: {distribution: "beta(' + "1+" * 900 + '1, 2)"}}',
    "deep list": 'parameters: {a: {distribution: "dirichlet(' + "[" * 150 + "1" + "]" * 150 + ')"}}',
    "null in a file name": 'extends: "a\\0b.yaml"',
    "long file name": "extends: " + "a" * 5000,
    "endless file": "extends: /dev/zero",
    "endless table": "parameters: {a: {table: /dev/zero, by: age, column: x}}",
    "doubling names": (
        "strategies: {a: {x0: 1, " + ", ".join(f"x{i}: x{i - 1} + x{i - 1}" for i in range(1, 40)) + "}}\n"
        "states: {s: {start: x39}}\ntransitions: []"
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_soon(tmp_path, name):
    path = tmp_path / "hostile.yaml"
    path.write_text(HOSTILE[name])
    started = time.perf_counter()
    assert isinstance(outcome(path), ScenarioError)
    assert time.perf_counter() - started < 20
