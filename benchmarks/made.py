"""Scenarios of any size: chains of states, survival curves, a row of stations with queues. Figures are invented."""

from __future__ import annotations

import tempfile
from pathlib import Path

import timing  # noqa: F401  # makes `model` importable

from model.scenario import Scenario
from model.scenario_file import read

DAYS = 14_400  # horizon of every scenario here, about 40 years
HEAD = """\
title: Made for a benchmark
currency: {{code: USD}}
time: {{unit: day, horizon: {days} days, cycle: {cycle!r} days, convention: {convention}}}
discount: {{cost: 3 %, effect: 3 %}}
wtp: {{thresholds: [1000]}}
"""
RATES = """\
parameters:
  r: {distribution: "gamma(mean=0.2, cv=0.2)", unit: per year}
  m: {distribution: "gamma(mean=0.01, cv=0.2)", unit: per year}
  scale: {distribution: "gamma(mean=5, cv=0.1)", unit: year}
  hr: {value: 0.95}
"""
KINDS = ("constant rates", "rates over time", "time in state")


def scenario(text: str) -> Scenario:
    """What a file with this text holds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.yaml"
        path.write_text(text, encoding="utf-8")
        return read(path)


def chain(kind: str = KINDS[0], states: int = 4, cycles: int = 480, strategies: int = 2, convention="integral") -> str:
    """One state after the other, some steps back, death from everywhere. kind: one of KINDS."""
    alive = range(states - 1)
    lines = [f"  s{i}: {{start: {int(i == 0)}, {_worth(i, states)}}}" for i in alive]
    lines += ["  dead: {alive: false}", "transitions:"]
    lines += [f"  - {{from: s{i}, to: s{i + 1}, {_onward(kind)}}}" for i in range(states - 2)]
    lines += [f"  - {{from: s{i}, to: s{i - 1}, rate: r / 3}}" for i in range(1, states - 1, 2)]
    lines += [f"  - {{from: s{i}, to: dead, rate: {_deadly(kind, i)}}}" for i in alive]
    return _head(cycles, convention) + RATES + _strategies(strategies) + "states:\n" + "\n".join(lines)


def curves(states: int = 3, cycles: int = 480, strategies: int = 2, convention="integral") -> str:
    """Partitioned survival: each curve above the one before, a state between each two."""
    names = [f"c{i}" for i in range(states - 1)]
    shares = [names[0], *(f"{b} - {a}" for a, b in zip(names, names[1:]))]
    lines = [f'  {name}: {{survival: "weibull(shape=1.2, scale=scale * {i + 1} / h)"}}' for i, name in enumerate(names)]
    lines += ["states:"]
    lines += [f"  s{i}: {{share: {share}, {_worth(i, states)}}}" for i, share in enumerate(shares)]
    lines += [f"  dead: {{share: 1 - {names[-1]}, alive: false}}"]
    return _head(cycles, convention) + RATES + _strategies(strategies) + "curves:\n" + "\n".join(lines)


def stations(number: int = 1, strategies: int = 2, per_day: float = 2.4) -> str:
    """Patients pass one station after the other, of three units each, where they wait in line and are served for a day on average."""
    held = {f"service{i}": [f"server{i}"] for i in range(number)}
    return _queues(
        {"waiting": (1.0, "service0")}, held, dict(zip(held, [*list(held)[1:], "done"])), strategies, per_day
    )


def joint_needs(strategies: int = 2, per_day: float = 2.4) -> str:
    """A quarter of the patients needs one resource, a quarter the other, half both together; three units each, a day on average."""
    held = {"one": ["server0"], "other": ["server1"], "both": ["server0", "server1"]}
    start = {f"for_{kind}": (0.5 if kind == "both" else 0.25, kind) for kind in held}
    return _queues(start, held, dict.fromkeys(held, "done"), strategies, per_day)


def _queues(start: dict, held: dict[str, list[str]], onward: dict[str, str], strategies: int, per_day: float) -> str:
    """start: share of the patients who wait in a state, and the one they wait for; held: resources of a state; onward: what follows."""
    lines = [f"  {key}: {{capacity: 3}}" for key in dict.fromkeys(sum(held.values(), []))]
    lines += ["states:", *(f"  {state}: {{start: {share}, utility: 0.5}}" for state, (share, _) in start.items())]
    lines += [f"  {state}: {{utility: 1, holds: [{', '.join(keys)}]}}" for state, keys in held.items()]
    lines += ["  done: {}", "transitions:"]
    lines += [_after(state, to, "fixed(time=0)") for state, (_, to) in start.items()]
    lines += [_after(state, to, "exponential(rate=1)") for state, to in onward.items()]
    return "".join(
        [_head(1, "integral"), _strategies(strategies), f"arrivals: {{rate: {per_day} per day}}\n", "resources:\n"]
    ) + "\n".join(lines)


def _after(state: str, to: str, survival: str) -> str:
    return f'  - {{from: {state}, to: {to}, survival: "{survival} in days", clock: state}}'


def _head(cycles: int, convention: str) -> str:
    return HEAD.format(days=DAYS, cycle=DAYS / cycles, convention=convention)


def _strategies(number: int) -> str:
    """Each a little better than the one before."""
    return "".join(["strategies:\n", *(f"  x{i}: {{h: 0.95 ** {i}}}\n" for i in range(number))])


def _worth(state: int, states: int) -> str:
    return f"utility: {1 - state / states / 2:.3f}, cost: {10 * state} USD per year"


def _onward(kind: str) -> str:
    by_stay = 'survival: "weibull(shape=1.3, scale=scale)", clock: state, hazard ratio: h'
    return by_stay if kind == "time in state" else "rate: r * h"


def _deadly(kind: str, state: int) -> str:
    return f"m * {1 + state}" + (" * exp(0.05 per year * time)" if kind == "rates over time" else "")
