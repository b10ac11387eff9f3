"""Economics of results made in any other software: a PSA (cost.csv, effect.csv) or a table (strategy,cost,effect).

With the PSA's parameters (params.csv) also the value of information.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from model import files
from model.analysis import value_of_information as voi
from model.economics import acceptability, evppi
from model.economics.net_benefit import nmb
from model.spreadsheets import unescape

if TYPE_CHECKING:
    import pandas as pd

MOST_BYTES = 2_000_000_000  # of a table of draws
INDEX_COLUMNS = ("draw", "sim", "simulation", "iteration", "iter", "index", "")


class TableError(ValueError):
    """A table of results that cannot be used; names file, row and column."""


@dataclass(frozen=True)
class ByWtp:
    """EVPPI at each of `wtp`: fields of `evppi[parameter]` are arrays [wtp]."""

    wtp: np.ndarray
    evppi: dict[str, evppi.Evppi]


@dataclass(frozen=True)
class External:
    """cost, effect: [strategy, draw]; `curves` is None for a deterministic table (one draw).

    information, by_wtp: where the parameters of the PSA are known, at one willingness to pay and along the grid.
    """

    strategies: tuple[str, ...]
    cost: np.ndarray
    effect: np.ndarray
    thresholds: tuple[float, ...]
    curves: acceptability.Acceptability | None
    reference: int
    files: tuple[str, ...]
    information: voi.Information | None = None
    by_wtp: ByWtp | None = None


def analyse(
    cost,
    effect=None,
    wtp: np.ndarray | None = None,
    thresholds=(),
    reference: str | None = None,
    parameters=None,
    voi_wtp: float | None = None,
    groups: dict[str, tuple[str, ...]] | None = None,
) -> External:
    """cost, effect: files or DataFrames, a column a strategy, a row a draw. wtp: grid of the curves.

    The number of the draw is a column that counts the rows (1, 2, 3 or 0, 1, 2, in any order) in every file that has it,
    whatever its name or place, or a first column called draw, sim or iteration. Files that have one must agree.
    Without `effect`, `cost` is a deterministic table with the columns strategy, cost, effect.
    parameters: of the PSA, a column a parameter, a row a draw; then EVPPI of each and of `groups` {name: parameters} at
    `voi_wtp` (by default the point of the grid where EVPI is highest), and of each along the grid.
    Raises TableError, and InformationError where the value of information cannot be found.
    """
    files = tuple(str(f) for f in (cost, effect, parameters) if isinstance(f, (str, Path)))
    if parameters is None and (voi_wtp is not None or groups):
        raise TableError("the value of information needs the parameters of the PSA: give --parameters")
    if parameters is not None and effect is None:
        raise TableError("the value of information needs a PSA: give --cost and --effect with --parameters")
    if effect is None:
        names, costs, effects = _deterministic(cost)
    else:
        frames = [_frame(cost), _frame(effect)]
        names, costs, effects, rows = _probabilistic(*frames)
    index = _reference(reference, names)
    grid = _grid(costs, effects) if wtp is None else np.asarray(wtp, float)
    grid = np.unique(np.concatenate([grid, np.asarray(thresholds, float)]))
    curves = acceptability.acceptability(costs, effects, grid) if effect is not None else None
    listed = tuple(thresholds) or tuple(grid[np.linspace(0, len(grid) - 1, 6).round().astype(int)].tolist())
    if parameters is None:
        return External(names, costs, effects, listed, curves, index, files)
    found = _parameters(parameters, costs.shape[1], rows, frames[0][0])
    information, by_wtp = _information(costs, effects, found, curves, voi_wtp, groups or {})
    return External(names, costs, effects, listed, curves, index, files, information, by_wtp)


def _probabilistic(cost: tuple[pd.DataFrame, str], effect: tuple[pd.DataFrame, str]):
    """(strategies, costs [strategy, draw], effects, numbers of the draws where either table has them)."""
    names, costs, rows = _psa_table(*cost, "cost", effect[0])
    other, effects, other_rows = _psa_table(*effect, "effect", cost[0])
    if names != other:
        raise TableError(
            f"the columns of the cost table ({', '.join(names)}) and of the effect table "
            f"({', '.join(other)}) must be the same strategies in the same order"
        )
    if costs.shape != effects.shape:
        raise TableError(
            f"the cost table has {costs.shape[1]} rows and the effect table {effects.shape[1]}; a row is a draw in both"
        )
    _check_rows("cost", rows, "effect", other_rows)
    return names, costs, effects, rows if rows is not None else other_rows


def _information(costs, effects, parameters, curves, wtp: float | None, groups) -> tuple[voi.Information, ByWtp]:
    if wtp is None:
        wtp = float(curves.wtp[curves.evpi.argmax()])
    found = voi.information(nmb(costs, effects, wtp), parameters, wtp, groups)
    varying = {name: parameters[name] for name in found.single}
    return found, ByWtp(*voi.by_wtp(costs, effects, varying, curves.wtp, wtp))


def _parameters(source, n: int, rows, costs: pd.DataFrame) -> dict[str, np.ndarray]:
    names, values, own_rows = _psa_table(*_frame(source), "parameters", costs, "parameter")
    if values.shape[1] != n:
        raise TableError(
            f"the parameter table has {values.shape[1]} rows and the cost table {n}; a row is a draw in both"
        )
    _check_rows("cost or effect", rows, "parameter", own_rows)
    return dict(zip(names, values))


def _check_rows(what: str, rows, other: str, other_rows) -> None:
    """TableError where both tables number their rows, and not alike: draws would be paired wrongly in silence."""
    if rows is None or other_rows is None or np.array_equal(rows, other_rows):
        return
    if _numbers_rows(rows) and _numbers_rows(other_rows) and (rows - other_rows == rows[0] - other_rows[0]).all():
        return  # one counts from 0, the other from 1
    at = int(np.argmax(rows != other_rows))
    raise TableError(
        f"the rows of the {what} table and of the {other} table must be the same draws in the same order; row "
        f"{at + 2} is draw {rows[at]} in one and {other_rows[at]} in the other"
    )


def _numbers_rows(values) -> bool:
    """Whether these are the whole numbers from 0 or 1, each once, in any order. Two rows are too few to tell."""
    if not np.issubdtype(np.asarray(values).dtype, np.number):
        return False
    ranked = np.sort(values)
    return len(ranked) > 2 and ranked[0] in (0, 1) and bool((np.diff(ranked) == 1).all())


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
        found = files.text(path, MOST_BYTES)
        _check_shape((row for row in csv.reader(files.lines(found)) if row), str(path))
        # Cells are as written ('NA' is named as such in a message). Bytes take a quarter of what io.StringIO takes.
        return pd.read_csv(io.BytesIO(found.encode()), keep_default_na=False), str(path)
    except TableError:
        raise
    except files.FileError as error:
        raise TableError(f"{path}: {error}") from None
    except (ValueError, csv.Error) as error:
        raise TableError(f"{path}: cannot be read as CSV ({error})") from None


def _check_shape(rows: Iterator[list[str]], file: str) -> None:
    """TableError where pandas would make something else of the file than its writer meant: a second column `A` would be
    called `A.1`, and the first of too many fields would become the row's name."""
    names = [name.strip() for name in next(rows, ())]
    if not names:
        raise TableError(f"{file}: the file is empty")
    if len(names) == 1 and (mark := next((m for m in ";\t" if m in names[0]), None)):
        raise TableError(
            f"{file}: its columns are separated by {'tabs' if mark != ';' else 'semicolons'}; save it with commas between "
            "columns and points as decimal marks"
        )
    if wrong := _of_other_width(rows, len(names)):
        raise TableError(
            f"{file}: row {wrong[0]} has {wrong[1]} fields, but the header has {len(names)}; decimal marks must be "
            "points, and no line may end with a comma"
        )
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twice is not None:
        raise TableError(f"{file}: two columns are called '{twice}'; each needs a name of its own")


def _of_other_width(rows: Iterator[list[str]], width: int) -> tuple[int, int] | None:
    """(row of the file, its fields) of the first row below the header that is longer or shorter; none where every row begins
    with its number as a name, as R writes them."""
    wrong, named = None, True
    for i, row in enumerate(rows, 1):
        named = named and len(row) == width + 1 and row[0].strip() == str(i)
        if wrong is None and len(row) != width:
            wrong = i + 1, len(row)
        if wrong and not named:
            return wrong
    return None


def _psa_table(
    frame: pd.DataFrame, name: str, what: str, beside: pd.DataFrame, column: str = "strategy"
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray | None]:
    """Names of the columns, values [column, draw], and the numbers of the draws where the table has them. beside: another
    table of the same draws."""
    rows, index = None, _index_column(frame, beside)
    if index is not None:
        rows, frame = frame.iloc[:, index].to_numpy(), frame.drop(columns=frame.columns[index])
    if not len(frame.columns) or len(frame) < 2:
        raise TableError(f"{name}: a PSA table of {what} needs a column a {column} and at least two rows (draws)")
    columns = [_numbers(frame[c], name, str(c)) for c in frame.columns]
    return tuple(unescape(str(c).strip()) for c in frame.columns), np.stack(columns), rows


def _index_column(frame: pd.DataFrame, beside: pd.DataFrame) -> int | None:
    """Place of the column that numbers the draws. One that does so only here, where both tables have it, is a strategy."""
    names, others = ([str(c).strip() for c in table.columns] for table in (frame, beside))
    if names and (names[0].lower() in INDEX_COLUMNS or names[0].lower().startswith("unnamed")):
        return 0
    for place, name in enumerate(names):
        if _numbers_rows(frame.iloc[:, place].to_numpy()):
            there = beside.iloc[:, others.index(name)].to_numpy() if name in others else None
            if there is None or _numbers_rows(there):
                return place
    return None


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
    names = tuple(unescape(name.strip()) for name in frame[lower["strategy"]].astype(str))
    if len(set(names)) != len(names) or not names:
        raise TableError(f"{name}: each strategy must stand in one row; found {', '.join(names) or 'none'}")
    cost, effect = (_numbers(frame[lower[c]], name, c)[:, None] for c in ("cost", "effect"))
    return names, cost, effect


def _grid(cost: np.ndarray, effect: np.ndarray) -> np.ndarray:
    """A grid that shows the decision: 0 to three times the largest ICER of the means, rounded up."""
    from model.economics import incremental

    icer = incremental.frontier(cost.mean(axis=1), effect.mean(axis=1)).icer
    top = 3 * np.nanmax(icer) if np.isfinite(icer).any() else 100_000.0
    unit = 10.0 ** np.floor(np.log10(top))
    return np.linspace(0, np.ceil(top / unit) * unit, 501)
