"""Economics of results made in any other software: a PSA (cost.csv, effect.csv) or a table (strategy,cost,effect)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from model.economics import acceptability

if TYPE_CHECKING:
    import pandas as pd

INDEX_COLUMNS = ("draw", "sim", "simulation", "iteration", "iter", "index", "")


class TableError(ValueError):
    """A table of results that cannot be used; names file, row and column."""


@dataclass(frozen=True)
class External:
    """cost, effect: [strategy, draw]; `curves` is None for a deterministic table (one draw)."""

    strategies: tuple[str, ...]
    cost: np.ndarray
    effect: np.ndarray
    thresholds: tuple[float, ...]
    curves: acceptability.Acceptability | None
    reference: int
    files: tuple[str, ...]


def analyse(cost, effect=None, wtp: np.ndarray | None = None, thresholds=(), reference: str | None = None) -> External:
    """cost, effect: files or DataFrames, a column a strategy, a row a draw. wtp: grid of the curves.

    A first column called draw, sim or iteration is left out. Without `effect`, `cost` is a deterministic table
    with the columns strategy, cost, effect.
    """
    files = tuple(str(f) for f in (cost, effect) if isinstance(f, (str, Path)))
    if effect is None:
        names, costs, effects = _deterministic(cost)
    else:
        names, costs = _psa_table(cost, "cost")
        other, effects = _psa_table(effect, "effect")
        if names != other:
            raise TableError(
                f"the columns of the cost table ({', '.join(names)}) and of the effect table "
                f"({', '.join(other)}) must be the same strategies in the same order"
            )
        if costs.shape != effects.shape:
            raise TableError(
                f"the cost table has {costs.shape[1]} rows and the effect table {effects.shape[1]}; a row is "
                "a draw in both"
            )
    index = _reference(reference, names)
    grid = _grid(costs, effects) if wtp is None else np.asarray(wtp, float)
    grid = np.unique(np.concatenate([grid, np.asarray(thresholds, float)]))
    curves = acceptability.acceptability(costs, effects, grid) if effect is not None else None
    listed = tuple(thresholds) or tuple(grid[np.linspace(0, len(grid) - 1, 6).round().astype(int)].tolist())
    return External(names, costs, effects, listed, curves, index, files)


def _reference(name: str | None, names: tuple[str, ...]) -> int:
    if name is None:
        return 0
    if name not in names:
        raise TableError(f"the reference '{name}' is not a strategy; strategies: {', '.join(names)}")
    return names.index(name)


def _frame(source) -> tuple[pd.DataFrame, str]:
    import pandas as pd

    if isinstance(source, pd.DataFrame):
        return source, "table"
    path = Path(source)
    try:
        return pd.read_csv(path, encoding="utf-8-sig"), str(path)
    except FileNotFoundError:
        raise TableError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise TableError(f"{path}: cannot be read as CSV ({error})") from None


def _psa_table(source, what: str) -> tuple[tuple[str, ...], np.ndarray]:
    frame, name = _frame(source)
    first = str(frame.columns[0]).strip().lower() if len(frame.columns) else ""
    if first in INDEX_COLUMNS or first.startswith("unnamed"):
        frame = frame.iloc[:, 1:]
    if not len(frame.columns) or len(frame) < 2:
        raise TableError(f"{name}: a PSA table of {what} needs a column a strategy and at least two rows (draws)")
    columns = [_numbers(frame[c], name, str(c)) for c in frame.columns]
    return tuple(str(c).strip() for c in frame.columns), np.stack(columns)


def _numbers(column, file: str, name: str) -> np.ndarray:
    import pandas as pd

    values = pd.to_numeric(column, errors="coerce").to_numpy(float)
    if not np.isfinite(values).all():
        row = int(np.argmin(np.isfinite(values)))
        raise TableError(f"{file}: row {row + 2}, column '{name}': '{column.iloc[row]}' is not a number")
    return values


def _deterministic(source) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    frame, name = _frame(source)
    lower = {str(c).strip().lower(): c for c in frame.columns}
    missing = [c for c in ("strategy", "cost", "effect") if c not in lower]
    if missing:
        raise TableError(
            f"{name}: a deterministic table needs the columns strategy, cost, effect; {', '.join(missing)} "
            f"is missing, found {', '.join(map(str, frame.columns))}"
        )
    names = tuple(frame[lower["strategy"]].astype(str).str.strip())
    if len(set(names)) != len(names) or not names:
        raise TableError(f"{name}: each strategy must stand in one row; found {', '.join(names) or 'none'}")
    return names, *(_numbers(frame[lower[c]], name, c)[:, None] for c in ("cost", "effect"))


def _grid(cost: np.ndarray, effect: np.ndarray) -> np.ndarray:
    """A grid that shows the decision: 0 to three times the largest ICER of the means, rounded up."""
    from model.economics import incremental

    icer = incremental.frontier(cost.mean(axis=1), effect.mean(axis=1)).icer
    top = 3 * np.nanmax(icer) if np.isfinite(icer).any() else 100_000.0
    unit = 10.0 ** np.floor(np.log10(top))
    return np.linspace(0, np.ceil(top / unit) * unit, 501)
