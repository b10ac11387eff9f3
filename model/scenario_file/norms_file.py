"""The CSV of norms: deaths and utility of the general population by age and sex."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from model import files
from model.files import FileError
from model.norms import SEXES, Norms

LIMITS = {"age": (0, 150), "death": (0, 1), "utility": (0, 1)}
COLUMNS = ("age", "sex", "death", "utility")
CERTAIN = 1 - 2.0**-53  # as in a life table: nobody survives the year, and no hazard is infinite
Years = dict[int, tuple[float, float]]  # death and utility by age


def read_norms(path: Path) -> dict[str, Norms]:
    """By sex. Raises FileError."""
    header, rows = files.table(path)
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise FileError(
            f"has no column '{missing[0]}'; {files.columns_in_words(header)}, needed are {', '.join(COLUMNS)}"
        )
    listed: dict[str, Years] = {}
    for number, cells in enumerate(rows, 2):
        _add(listed, number, dict(zip(header, (cell.strip() for cell in cells))))
    return {sex: _of_sex(sex, years) for sex, years in listed.items()}


def _add(listed: dict[str, Years], row: int, cells: dict[str, str]) -> None:
    sex = cells.get("sex", "")
    if sex not in SEXES:
        raise FileError(f"row {row}, column 'sex': must be {' or '.join(SEXES)}")
    age, death, utility = (_number(row, name, cells.get(name)) for name in LIMITS)
    if age != int(age):
        raise FileError(f"row {row}, column 'age': {age:g} is no whole number of years")
    years = listed.setdefault(sex, {})
    if int(age) in years:
        raise FileError(f"row {row}: the age {age:g} of sex '{sex}' stands in an earlier row too")
    years[int(age)] = death, utility


def _number(row: int, name: str, cell: str | None) -> float:
    try:
        value = float(cell or "")
    except ValueError:
        value = math.nan
    low, high = LIMITS[name]
    if not math.isfinite(value):
        raise FileError(f"row {row}, column '{name}': {files.cell_in_words(cell)}")
    if not low <= value <= high:
        raise FileError(f"row {row}, column '{name}': must be {low} to {high}, found {value:g}")
    return value


def _of_sex(sex: str, years: Years) -> Norms:
    first, last = min(years), max(years)
    gap = next((age for age in range(first, last) if age not in years), None)
    if gap is not None:
        raise FileError(f"has no row for the age {gap} of sex '{sex}'; each year from {first} to {last} needs one")
    death, utility = np.array([years[age] for age in range(first, last + 1)]).T
    if death[-1] == 0:
        raise FileError(f"the last row of sex '{sex}' (age {last}), which stands for all who are older, has no deaths")
    return Norms(first, -np.log1p(-np.minimum(death, CERTAIN)), utility)
