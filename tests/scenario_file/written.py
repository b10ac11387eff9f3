"""Scenarios written in a test: `write(folder, 'states: ...')` lays fields over an immortal cohort of ten years."""

import numpy as np

from model import draws, inputs
from model.analysis.evaluate import evaluate
from model.scenario_file import read

# One state that nobody leaves; no discounting. Every section can be replaced.
SECTIONS = {
    "title": "title: Test",
    "currency": "currency: {code: USD, year: 2020}",
    "time": "time: {unit: year, horizon: 10 years, cycle: 1 year}",
    "discount": "discount: {cost: 0 %, effect: 0 %}",
    "wtp": "wtp: {thresholds: [50000]}",
    "strategies": "strategies: {care: {}}",
    "states": "states: {well: {start: 1, alive: true}}",
    "transitions": "transitions: []",
}


def write(folder, text, name="scenario.yaml"):
    """The path of a scenario whose sections are those of `text`, and of SECTIONS where it has none."""
    lines = text.splitlines()
    given = {line.split(":")[0] for line in lines if line and not line.startswith((" ", "#"))}
    path = folder / name
    path.write_text("\n".join([s for key, s in SECTIONS.items() if key not in given] + lines) + "\n", encoding="utf-8")
    return path


def scenario(folder, text, settings=()):
    return read(write(folder, text), settings)


def dynamics(found, group=None):
    """Dynamics of the base case."""
    groups = found.groups
    return inputs.dynamics(found, draws.base(found), groups[group] if group else next(iter(groups.values())))


def level(found, move=0, time=0.0, group=None):
    """Rate or probability of one move in force at `time`, a number a strategy."""
    return dynamics(found, group).transitions[move].level.at(time)[:, 0]


def outcome(found, name, discounted=False, group="all"):
    """One outcome of the base case, a number a strategy."""
    return evaluate(found, draws.base(found)).outcomes[group].get(name, discounted)[:, 0]


def survival(found, t, move=0):
    """S(t) of a move by survival, t in model units, in the first strategy."""
    hazard = dynamics(found).transitions[move].hazard
    return float(np.ravel(hazard.survival(t))[0])
