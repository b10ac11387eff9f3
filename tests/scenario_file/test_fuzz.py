"""Whatever is in a file, read() gives a scenario or a ScenarioError: never anything else."""

import copy
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
    try:
        return read(path, settings)
    except ScenarioError as error:
        assert error.problems and all(isinstance(p, str) and p for p in error.problems)
        return error


def dump(tree):
    return yaml.dump(tree, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), sort_keys=False)


def places(tree):
    """(container, key) of every value of a tree."""
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        yield tree, key
        if isinstance(value, (dict, list)):
            yield from places(value)


def mutate(tree, rng):
    container, key = rng.choice(list(places(tree)))
    kind = rng.choice(["delete", "replace", "rename", "copy", "swap"])
    other, its_key = rng.choice(list(places(tree)))
    if kind == "delete":
        del container[key]
    elif kind == "replace":
        container[key] = rng.choice(JUNK)
    elif kind == "copy":
        container[key] = copy.deepcopy(other[its_key])
    elif kind == "swap":
        container[key] = rng.choice([str(container[key])[::-1], [container[key]], {"value": container[key]}])
    elif isinstance(container, dict):
        container[rng.choice(["x", "all", "max", "a b", "p, q", "rate", "distribution", "0", str(its_key)])] = (
            container.pop(key)
        )


def test_a_mutated_scenario_is_read_or_refused(tmp_path):
    original, rng, path = yaml.safe_load(DEFAULT.read_text()), random.Random(1), tmp_path / "mutant.yaml"
    refused = 0
    for _ in range(400):
        tree = copy.deepcopy(original)
        for _ in range(rng.choice([1, 1, 2, 5])):
            mutate(tree, rng)
        path.write_text(dump(tree), encoding="utf-8")
        refused += isinstance(outcome(path), ScenarioError)
    assert 100 < refused < 400


def test_random_bytes_in_a_scenario_are_read_or_refused(tmp_path):
    original, rng, path = DEFAULT.read_bytes(), random.Random(2), tmp_path / "mutant.yaml"
    for _ in range(400):
        data = bytearray(original)
        for _ in range(rng.choice([1, 3, 30])):
            at, size = rng.randrange(len(data)), rng.choice([0, 1, 5, 100])
            data[at : at + size] = rng.choice(
                [
                    rng.randbytes(rng.randrange(4)),
                    bytes(rng.choices(b"{}[]:,-#\"'&*!|>%@ \n\t()=", k=3)),
                    bytes(data[at // 2 : at // 2 + size]),
                ]
            )
        path.write_bytes(data)
        outcome(path)


def test_a_scenario_cut_off_anywhere_is_read_or_refused(tmp_path):
    data, path = DEFAULT.read_bytes(), tmp_path / "cut.yaml"
    for end in range(0, len(data), 61):
        path.write_bytes(data[:end])
        outcome(path)


def test_a_mutated_extension_is_read_or_refused(tmp_path):
    original, rng, path = yaml.safe_load(DEFAULT.read_text()), random.Random(3), tmp_path / "child.yaml"
    for _ in range(200):
        tree = copy.deepcopy(original)
        for _ in range(3):
            mutate(tree, rng)
        some = {key: tree[key] for key in rng.sample(list(tree), min(3, len(tree)))}
        path.write_text(dump({"extends": str(DEFAULT), **some}), encoding="utf-8")
        outcome(path)


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
