"""Global sensitivity: how much of the variance of the net benefit comes from each input, alone and with others.

Sobol indices from two independent samples A and B and, for each factor, A with that factor's values from B: first-order by
Saltelli et al. (Comput Phys Commun 2010; 181: 259-270), total by Jansen (1999). Morris screening (Technometrics 1991; 33:
161-174; groups after Campolongo et al. 2007) for models that are dear to run, by SALib.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model import chances, draws
from model.analysis.evaluate import evaluate
from model.analysis.method import Method
from model.decision import Decision
from model.economics.net_benefit import nmb
from model.scenario import Scenario
from model.software import installs

BOOTSTRAPS = 300
MOST_RUNS = 50_000_000
TAIL = 0.01  # Morris: levels are spread over the quantiles TAIL..1 - TAIL, as 0 and 1 can be infinite


METHODS = {"sobol": 4096, "morris": 50}  # points, or trajectories, where nothing is said


class GlobalError(ValueError):
    """A global analysis that cannot be made."""


@dataclass(frozen=True)
class Factor:
    """Inputs that vary together: one parameter, a joint distribution, or correlated parameters. keys: of their uniforms."""

    name: str
    parameters: tuple[str, ...]
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Indices:
    """[factor] or [factor, 2] (95 % interval by bootstrap): shares of the variance; runs: of the model."""

    first: np.ndarray
    first_interval: np.ndarray
    total: np.ndarray
    total_interval: np.ndarray
    variance: float
    runs: int


@dataclass(frozen=True)
class Screening:
    """[factor]: mean of |elementary effects| (over the whole range of quantiles) with its 95 % half-width, and their
    standard deviation (interactions, curvature)."""

    mean_absolute: np.ndarray
    half_width: np.ndarray
    spread: np.ndarray
    runs: int


def factors(scenario: Scenario) -> tuple[Factor, ...]:
    """Everything that is sampled, in independent blocks. Raises GlobalError where there is nothing to vary or to compare."""
    if len(scenario.strategies) < 2:
        raise GlobalError(f"{scenario.path}: one strategy, so there is no increment to explain")
    if not any(p.sampled for p in scenario.parameters.values()):
        raise GlobalError(f"{scenario.path}: no parameter has a distribution")
    blocks, taken = [], set()
    for correlation in scenario.correlations:
        blocks.append(Factor(" + ".join(correlation.names), correlation.names, correlation.names))
        taken |= set(correlation.names)
    blocks += [
        Factor(name, (name,), (name,))
        for name, p in scenario.parameters.items()
        if p.distribution is not None and name not in taken
    ]
    return tuple(
        blocks
        + [
            Factor(joint.key, joint.names, tuple(f"{joint.key}[{i}]" for i in range(joint.distribution.uniforms)))
            for joint in scenario.joints.values()
        ]
    )


def net_benefit_of(scenario: Scenario, method: Method, decision: Decision, seed: int = 1) -> Callable:
    """uniforms[key, run] -> incremental net benefit [strategy but the reference, run]. All runs meet the same patients."""
    keys, reference = draws.uniform_keys(scenario), scenario.reference_index

    def evaluated(uniform: np.ndarray) -> np.ndarray:
        index = np.zeros(uniform.shape[1], int)
        table = draws.of_uniforms(scenario, dict(zip(keys, uniform)), index, seed)
        found = evaluate(scenario, table, method.for_psa()).outcomes[decision.group]
        benefit = nmb(found.cost, found.get(decision.effect), decision.wtp)
        return np.delete(benefit - benefit[reference], reference, axis=0)

    return evaluated


def indices(
    scenario: Scenario,
    decision: Decision,
    found: tuple[Factor, ...],
    kind: str,
    n: int,
    method: Method,
    seed: int = 1,
    progress: Callable[[int], None] = lambda done: None,
) -> dict[str, Indices] | dict[str, Screening]:
    """Of every strategy but the reference, by one of METHODS. Raises GlobalError."""
    blocks = places(scenario, found)
    size, model = sum(len(block) for block in blocks), net_benefit_of(scenario, method, decision, seed)
    others = [key for key in scenario.strategies if key != decision.reference]
    if kind == "sobol":
        return dict(zip(others, sobol(model, size, blocks, n, seed, progress)))
    return dict(zip(others, morris(model, size, blocks, n, seed)))


def places(scenario: Scenario, found: tuple[Factor, ...]) -> list[np.ndarray]:
    """Rows of the uniforms of each factor."""
    keys = draws.uniform_keys(scenario)
    return [np.array([keys.index(key) for key in factor.keys]) for factor in found]


def sobol(
    model: Callable,
    size: int,
    blocks: list[np.ndarray],
    n: int,
    seed: int,
    progress: Callable[[int], None] = lambda done: None,
) -> list[Indices]:
    """Indices of each output of model(uniforms[size, run]) -> [output, run] for blocks of uniforms; n (len(blocks) + 2) runs.

    n is best a power of two. An output that does not vary has indices of 0. Raises GlobalError where none varies, or there
    are more than MOST_RUNS runs.
    """
    if n * (len(blocks) + 2) > MOST_RUNS:
        raise GlobalError(
            f"{n:,} points for {len(blocks)} inputs are {n * (len(blocks) + 2):,} runs of the model; at most "
            f"{MOST_RUNS:,} are allowed: ask for fewer with --n"
        )
    points = chances.sobol(seed, n, [("global", half, str(i)) for half in "AB" for i in range(size)])
    a, b = points[:size], points[size:]
    y = []
    for block in [None, slice(None), *blocks]:
        mixed = a.copy()
        if block is not None:
            mixed[block] = b[block]
        y.append(model(mixed))
        progress(1)
    picks = chances.stream(seed, "global", "bootstrap").integers(0, n, (BOOTSTRAPS, n))
    outputs = np.stack(y, axis=1)
    if not np.ptp(outputs[:, :2], axis=(1, 2)).any():
        raise GlobalError("the incremental net benefit is the same in every draw: there is no variance to share out")
    return [_indices(output, picks) for output in outputs]


def _indices(y: np.ndarray, picks: np.ndarray) -> Indices:
    """From y[A, B or A with a factor from B; run], and the runs of each bootstrap sample."""
    first, total = _shares(y)
    again = np.array([_shares(y[:, pick]) for pick in picks])  # [bootstrap, 2, factor]
    low, high = np.quantile(again, [0.025, 0.975], axis=0)
    intervals = np.stack([low, high], axis=-1)
    return Indices(first, intervals[0], total, intervals[1], float(y[:2].var()), y.size)


def _shares(y: np.ndarray) -> np.ndarray:
    """[first or total, factor] from the results of A, B, and A with each factor from B."""
    a, b, mixed = y[0], y[1], y[2:]
    middle, variance = y[:2].mean(), y[:2].var()
    first, total = ((b - middle) * (mixed - a)).mean(axis=1), ((a - mixed) ** 2).mean(axis=1) / 2
    return np.stack([first, total]) / (variance or 1)


def morris(model: Callable, size: int, blocks: list[np.ndarray], n: int, seed: int) -> list[Screening]:
    """Elementary effects on each output of the model over n trajectories on four levels.

    Raises GlobalError where SALib is not installed.
    """
    try:
        from SALib.analyze import morris as analysis
        from SALib.sample import morris as sample
    except ImportError:
        raise GlobalError(
            f"Morris screening needs SALib, which is not installed: {installs('sensitivity')} (or pip install SALib)"
        ) from None
    group = np.empty(size, object)
    for i, block in enumerate(blocks):
        group[block] = f"g{i}"
    problem = {"num_vars": size, "names": [f"u{i}" for i in range(size)], "bounds": [[0, 1]] * size}
    grouped = len(blocks) < size
    if grouped:
        problem["groups"] = group.tolist()
    steps = sample.sample(problem, n, num_levels=4, seed=seed)
    outputs = model(TAIL + (1 - 2 * TAIL) * steps.T)
    return [
        _screening(analysis.analyze(problem, steps, y, num_levels=4, seed=seed), blocks, grouped, len(y))
        for y in outputs
    ]


def _screening(found: dict, blocks: list[np.ndarray], grouped: bool, runs: int) -> Screening:
    names = list(found["names"])
    order = [names.index(f"g{i}" if grouped else f"u{block[0]}") for i, block in enumerate(blocks)]
    mean, half = (np.asarray(found[name], float)[order] for name in ("mu_star", "mu_star_conf"))
    spread = np.asarray(found["sigma"], float)[order] if not grouped else np.full(len(blocks), np.nan)
    return Screening(mean, half, spread, runs)
