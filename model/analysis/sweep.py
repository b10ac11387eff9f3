"""Sweeps: outcomes at every point of a design over parameters, settings and willingness to pay.

Parameters vary as rows of one table of draws; settings of the file need it to be read again. All points meet the same
random numbers: the same simulated patients, and under a PSA the same draws of what does not vary.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model import draws
from model.analysis import comparison, oneway
from model.analysis.comparison import Columns
from model.analysis.evaluate import evaluate
from model.analysis.journal import Journal, fingerprint, of_method, of_scenario
from model.analysis.method import COHORT, EngineError, Method
from model.analysis.sweep_points import Axis, SweepError
from model.analysis.workers import in_order
from model.decision import ALL, Decision
from model.decision import groups as groups_of
from model.draws import DomainError, Draws
from model.engines.contract import DRAWS
from model.outcomes import OutcomeError
from model.sample import NO_PSA, Sample
from model.scenario import Scenario
from model.scenario_file import ScenarioError, read

MOST_READINGS = 10_000  # two minutes for the default scenario


@dataclass(frozen=True)
class Sweep:
    """columns[name]: array[point, group, strategy], see comparison; points: a value of each axis; wtp[point].

    sample: of the PSA at each point; base values where it has no draws.
    """

    scenario: Scenario
    axes: tuple[Axis, ...]
    points: list[tuple]
    wtp: np.ndarray
    groups: tuple[str, ...]
    columns: Columns
    decision: Decision
    sample: Sample

    @property
    def is_grid(self) -> bool:
        """Whether the points are all combinations of the values of the axes."""
        return len(self.points) == math.prod(len(axis.values) for axis in self.axes)

    def extremes(self, strategy: str) -> Extremes:
        """Of the incremental net benefit of a strategy, of all patients."""
        place = self.groups.index(ALL), list(self.scenario.strategies).index(strategy)
        values = self.columns["incremental_nmb"][:, *place]
        return Extremes(int(np.nanargmin(values)), int(np.nanargmax(values)), int((values > 0).sum()))


@dataclass(frozen=True)
class Extremes:
    """lowest, highest: indices of points; above: number of points at which it is above 0."""

    lowest: int
    highest: int
    above: int


@dataclass(frozen=True)
class Block:
    """Points of one task: `columns` are the values of the parameters that vary, by row; row[point] and wtp[point]."""

    scenario: Scenario
    key: str
    points: np.ndarray
    columns: dict[str, np.ndarray]
    row: np.ndarray
    wtp: np.ndarray


def sweep(
    scenario: Scenario,
    axes: Sequence[Axis],
    points: list[tuple],
    decision: Decision,
    sample: Sample = NO_PSA,
    method: Method = COHORT,
    journal: Path | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Sweep:
    """Every point of a sweep (see sweep_points); `journal`: file of finished points, of this sweep or none.

    Raises SweepError that names the point where the model leaves its domain, ScenarioError where a setting cannot be.
    """
    if sample.n and (sample.n < 2 or not any(p.sampled for p in scenario.parameters.values())):
        raise SweepError("a sweep with PSA needs 2 draws or more, and a parameter with a distribution")
    _check_shares(scenario, axes)
    levels = _levels(axes, points, decision.wtp)
    made = _blocks(scenario, axes, points, levels, 1 if sample.n or method.follows_patients else DRAWS)
    kept = Journal(journal) if journal is not None else None
    found = _run(made, decision, sample, method, kept, progress)
    columns = _together(made, found, len(points))
    columns = comparison.with_economics(columns, levels, scenario.reference_index, decision.effect)
    groups = groups_of(scenario)
    return Sweep(scenario, tuple(axes), points, levels, groups, columns, decision, sample)


def identity(scenario: Scenario, points: list[tuple], decision: Decision, sample: Sample, method: Method) -> str:
    """Twelve letters that are the same for the same sweep only."""
    return fingerprint(of_scenario(scenario), points, decision, sample, of_method(method))[:12]


def _check_shares(scenario: Scenario, axes: Sequence[Axis]) -> None:
    varied: dict[str, str] = {}
    for name in (a.name for a in axes if a.kind == "parameter"):
        joint = scenario.joints.get(scenario.parameters[name].joint or "")
        if joint is not None and joint.distribution.name == "dirichlet":
            other = varied.setdefault(joint.key, name)
            if other != name:
                raise SweepError(
                    f"--vary {other} --vary {name}: both are shares of one Dirichlet distribution "
                    f"({', '.join(joint.names)}); vary one, and the others keep their proportions"
                )


def _levels(axes: Sequence[Axis], points: list[tuple], wtp: float) -> np.ndarray:
    column = next((i for i, a in enumerate(axes) if a.kind == "wtp"), None)
    return np.array([wtp if column is None else point[column] for point in points], float)


def _blocks(scenario: Scenario, axes, points: list[tuple], wtp: np.ndarray, rows: int) -> list[Block]:
    """Tasks, each of at most `rows` rows of parameters; points that differ in wtp only share a row."""
    settings = [i for i, a in enumerate(axes) if a.kind == "setting"]
    varied = [i for i, a in enumerate(axes) if a.kind == "parameter"]
    tree: dict[tuple, dict[tuple, list[int]]] = {}
    for k, point in enumerate(points):
        by_row = tree.setdefault(tuple(point[i] for i in settings), {})
        by_row.setdefault(tuple(point[i] for i in varied), []).append(k)
    if len(tree) > MOST_READINGS:
        raise SweepError(
            f"settings have {len(tree):,} different combinations; at most {MOST_READINGS:,} are allowed, since the "
            "file is read again for each. Parameters have no such limit"
        )
    made = []
    for values, by_row in tree.items():
        own = _again(scenario, [f"{axes[i].name}={v}" for i, v in zip(settings, values)])
        key, listed = of_scenario(own), list(by_row)
        for start in range(0, len(listed), rows):
            part = listed[start : start + rows]
            names = [axes[i].name for i in varied]
            made.append(_block(own, key, names, part, [by_row[row] for row in part], wtp))
    return made


def _block(scenario: Scenario, key: str, names: list[str], rows: list[tuple], members: list[list[int]], wtp) -> Block:
    columns = {name: np.array([row[i] for row in rows], float) for i, name in enumerate(names)}
    row = np.repeat(np.arange(len(rows)), [len(m) for m in members])
    points = np.array([k for m in members for k in m])
    return Block(scenario, key, points, columns, row, wtp[points])


def _again(scenario: Scenario, settings: list[str]) -> Scenario:
    """The scenario, read with further settings."""
    if not settings:
        return scenario
    try:
        return read(scenario.path, (*scenario.settings, *settings))
    except ScenarioError as error:
        with_these = f" (with --vary {' '.join(settings)})"
        raise ScenarioError(
            [p.replace("--set ", "--vary ", 1) if p.startswith("--set ") else p + with_these for p in error.problems]
        ) from None


def _run(
    made: list[Block], decision: Decision, sample: Sample, method: Method, kept: Journal | None, progress
) -> list[Columns]:
    """The columns of each block: from the journal where it has them, else from the model."""
    keys = [_key(block, decision, sample, method) for block in made]
    known = kept.known if kept is not None else {}
    waiting = [i for i, key in enumerate(keys) if key not in known]
    found = {i: _arrays(known[key]) for i, key in enumerate(keys) if key in known}
    progress(sum(len(made[i].points) for i in found))
    # Many tasks are spread over the workers; one alone is cut up within.
    alone = dataclasses.replace(method, executor=None if len(waiting) > 1 else method.executor)
    tasks = ((made[i], decision, sample, alone) for i in waiting)
    for i, columns in zip(waiting, in_order(method.executor if len(waiting) > 1 else None, columns_of, tasks)):
        if kept is not None:
            kept.add(keys[i], {name: values.tolist() for name, values in columns.items()})
        found[i] = columns
        progress(len(made[i].points))
    return [found[i] for i in range(len(made))]


def _key(block: Block, decision: Decision, sample: Sample, method: Method) -> str:
    columns = {name: values.tolist() for name, values in block.columns.items()}
    rows, levels = block.row.tolist(), block.wtp.tolist()
    return fingerprint(block.key, columns, rows, levels, decision, sample, of_method(method))


def _arrays(content: dict) -> Columns:
    return {name: np.array(values, float) for name, values in content.items()}


def columns_of(block: Block, decision: Decision, sample: Sample, method: Method) -> Columns:
    """[point, group, strategy] of one task. SweepError names the first point that fails."""
    try:
        return _evaluated(block, decision, sample, method)
    except (DomainError, OutcomeError, EngineError) as error:
        for row in range(int(block.row.max()) + 1 if block.columns else 0):
            values = {name: column[row] for name, column in block.columns.items()}
            _try(block, values, decision, sample, method)
        raise SweepError(
            f"{' '.join(block.scenario.settings)}: {error}" if block.scenario.settings else str(error)
        ) from None


def _try(block: Block, values: dict[str, float], decision: Decision, sample: Sample, method: Method) -> None:
    alone = dataclasses.replace(
        block,
        columns={name: np.array([v]) for name, v in values.items()},
        points=block.points[:1],
        row=np.zeros(1, int),
        wtp=block.wtp[:1],
    )
    try:
        _evaluated(alone, decision, sample, method)
    except (DomainError, OutcomeError, EngineError) as error:
        where = ", ".join([*(f"{name} = {v:g}" for name, v in values.items()), *block.scenario.settings])
        raise SweepError(f"at {where}: {error}") from None


def _evaluated(block: Block, decision: Decision, sample: Sample, method: Method) -> Columns:
    if not sample.n:
        table = _varied(block, draws.repeat(block.scenario, int(block.row.max()) + 1, sample.seed))
        found = evaluate(block.scenario, table, method.for_base())
        return comparison.of_base(found, block.row, block.wtp, decision.effect)
    table = _varied(block, _sampled(block, sample))
    return comparison.of_psa(block.scenario, evaluate(block.scenario, table, method.for_psa()), block.wtp, decision)


def _varied(block: Block, table: Draws) -> Draws:
    for name, values in block.columns.items():
        table = oneway.with_value(block.scenario, table, name, values)
    return table


_LAST: dict[tuple, Draws] = {}  # the latest sample of this process: neighbouring points share it


def _sampled(block: Block, sample: Sample) -> Draws:
    key = block.key, sample
    found = _LAST.get(key)
    if found is None:
        found = draws.probabilistic(block.scenario, sample)
        _LAST.clear()
        _LAST[key] = found
    return found


def _together(made: list[Block], found: list[Columns], n: int) -> Columns:
    """The points in their own order again."""
    order = np.argsort(np.concatenate([block.points for block in made]), kind="stable")
    return {name: np.concatenate([part[name] for part in found])[order] for name in found[0]}
