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


def stations(states: int = 1, strategies: int = 2, units: int = 3, per_day: float = 2.4) -> str:
    """Patients pass one station after the other, of `units` each, where they wait in line and are served for a day on average."""
    places = range(states)
    lines = [f"  server{i}: {{capacity: {units}}}" for i in places]
    lines += ["states:", "  waiting: {start: 1, utility: 0.5}"]
    lines += [f"  service{i}: {{utility: 1, holds: [server{i}]}}" for i in places]
    lines += ["  done: {}", "transitions:"]
    lines += ['  - {from: waiting, to: service0, survival: "fixed(time=0) in days", clock: state}']
    after = [*(f"service{i}" for i in places), "done"]
    lines += [f'  - {{from: {a}, to: {b}, survival: "exponential(rate=1) in days", clock: state}}'
              for a, b in zip(after, after[1:])]  # fmt: skip
    arrivals = f"arrivals: {{rate: {per_day} per day}}\nresources:\n"
    return _head(1, "integral") + _strategies(strategies) + arrivals + "\n".join(lines)


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
