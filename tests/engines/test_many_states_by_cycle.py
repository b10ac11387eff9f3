"""Textbook conventions of models with many states, which are solved without the matrix of a cycle."""

import numpy as np
import pytest
from scipy.integrate import simpson, trapezoid
from scipy.linalg import expm

from model import draws, inputs
from model.engines import cohort
from model.scenario_file import read

STATES, CYCLES, RATE, DEATH = 20, 24, 0.3, 0.02


def text(convention, discount="0 %", onward="r", *more):
    """One state after the other, death from everywhere; twelve cycles a year, rates per year, prices that change within a cycle."""
    alive = range(STATES - 1)
    lines = [f"  s{i}: {{start: {int(i == 0)}, utility: 0.5, cost: 10 USD per year}}" for i in alive]
    lines += ["  dead: {alive: false}", "transitions:"]
    lines += [f'  - {{from: s{i}, to: s{i + 1}, rate: "{onward}"}}' for i in range(STATES - 2)]
    lines += [f"  - {{from: s{i}, to: dead, rate: m}}" for i in alive]
    lines += more
    return f"""\
title: Many states
currency: {{code: USD}}
time: {{unit: year, horizon: {CYCLES / 12} years, cycle: {1 / 12!r} years, convention: {convention}}}
discount: {{cost: {discount}, effect: {discount}}}
wtp: {{thresholds: [1000]}}
parameters:
  r: {{value: {RATE}, unit: per year}}
  m: {{value: {DEATH}, unit: per year}}
strategies:
  x0: {{}}
  x1: {{m: 0.04 per year}}
states:
""" + "\n".join(lines)


def quantities(tmp_path, *words, trace=False):
    path = tmp_path / "many.yaml"
    path.write_text(text(*words), encoding="utf-8")
    scenario = read(path)
    return cohort.run(inputs.dynamics(scenario, draws.base(scenario), scenario.groups["all"]), trace=trace)


def seen(death):
    """[point, state] by SciPy, and its generator per year."""
    a = np.zeros((STATES, STATES))
    for i in range(STATES - 1):
        onward = RATE * (i < STATES - 2)
        a[i, i] -= onward + death
        a[STATES - 1, i] += death
        a[i + 1, i] += onward
    step, points = expm(a / 12), [np.eye(STATES)[0]]
    for _ in range(CYCLES):
        points.append(step @ points[-1])
    return np.array(points), a


@pytest.mark.parametrize(("convention", "start", "end"), [("start", 1, 0), ("end", 0, 1), ("half-cycle", 0.5, 0.5)])
def test_time_in_states_and_transitions_are_scipys(tmp_path, convention, start, end):
    found = quantities(tmp_path, convention)
    for strategy, death in enumerate((DEATH, 0.04)):
        points, a = seen(death)
        time = (start * points[:-1] + end * points[1:]).sum(axis=0) / 12
        np.testing.assert_allclose(found.time[strategy, 0, :, 0, 0], time, rtol=1e-12, atol=1e-14)
        n = STATES - 1  # the dead make the generator singular; they move nowhere
        spent = np.linalg.solve(a[:n, :n], (points[-1] - points[0])[:n])
        made = np.concatenate([RATE * spent[:-1], death * spent])
        np.testing.assert_allclose(found.transitions[strategy, 0, :, 0, 0], made, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize(("convention", "rule"), [("life-table", trapezoid), ("simpson", simpson)])
def test_time_in_states_is_by_scipys_rule(tmp_path, convention, rule):
    found = quantities(tmp_path, convention)
    for strategy, death in enumerate((DEATH, 0.04)):
        time = rule(seen(death)[0], dx=1 / 12, axis=0)
        np.testing.assert_allclose(found.time[strategy, 0, :, 0, 0], time, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("onward", ["r", "r * if(time < 0.3 years, 1, if(time < 0.9 years, 2, 0.5))"])
@pytest.mark.parametrize("more", [(), ("  - {from: s1, to: s0, survival: fixed(time=1 year), clock: model}",)])
@pytest.mark.parametrize("convention", ["half-cycle", "life-table", "simpson"])
def test_the_way_with_a_trace_gives_the_same(tmp_path, convention, more, onward):
    """It goes cycle by cycle, with matrices. more: an appointment."""
    short = quantities(tmp_path, convention, "3 %", onward, *more)
    long = quantities(tmp_path, convention, "3 %", onward, *more, trace=True)
    np.testing.assert_allclose(short.time, long.time, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(short.transitions, long.transitions, rtol=1e-12, atol=1e-15)
