"""Tables of results as tables of the page: labels, headings, numbers with the digits that they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from model.report import numbers
from model.report.columns import described
from model.report.columns.column import EFFECT, MONEY, RATIO, SHARE, TEXT, TRUTH
from model.report.html.blocks import Cell, Grid
from model.report.html.material import Material
from model.report.html.sources import cited

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 60  # of a table of the page; longer ones are in the folder
HEADINGS = {
    "effect_value": "Effect",
    "comparator": "Versus",
    "icer": "ICER",
    "nmb": "Net monetary benefit",
    "nhb": "Net health benefit",
    "wtp": "Willingness to pay",
    "standard_error": "Standard error",
    "probability_most_cost_effective": "Probability most cost-effective",
    "evpi": "EVPI",
    "evppi": "EVPPI",
    "evppi_share_of_evpi": "Share of EVPI",
    "share_of_draws": "Share of draws",
    "inb": "Incremental net benefit",
}
LOW, HIGH = "lower_95", "upper_95"  # ends of the names of limits
PROSE = ("note", "source", "label", "used_in", "settings", "about", "expected", "found", "item", "title")


def heading(name: str) -> str:
    """Of a column: 'incremental_cost' is 'Incremental cost'."""
    if name.endswith(LOW):
        of = heading(name.removesuffix(LOW).rstrip("_"))
        return f"95 % interval: {of if of[1:2].isupper() else of[:1].lower() + of[1:]}" if of else "95 % interval"
    words = HEADINGS.get(name) or name.replace("_", " ").strip()
    for short in ("nmb", "icer", "qaly", "evpi", "inb", "ceac", "ceaf", "psa"):
        words = " ".join(short.upper() if word == short else word for word in words.split(" "))
    return words[:1].upper() + words[1:]


def grid(
    material: Material,
    table: pd.DataFrame,
    command: str,
    name: str,
    title: str,
    columns: Sequence[str] = (),
    basis: str = "",
    note: str = "",
    headings: Mapping[str, str] | None = None,
) -> Grid:
    """Of a table that a command writes under that name; columns: which, in that order; all that say something if not stated."""
    shown = [c for c in columns or table.columns if c in table and _says_something(table[c])]
    shown = [
        c for c in shown if not c.endswith(HIGH) or _low(c) not in shown
    ]  # which stands in one cell with the lower limit
    units = {c.name: c.unit for t in described(command, name) for c in t.columns}
    digits = _digits(table, shown, units)
    cells = [
        _limits(material, table, c, units.get(c, ""), digits)
        if c.endswith(LOW)
        else _cells(material, c, table[c], units.get(c, ""), digits)
        for c in shown
    ]
    return Grid(
        title,
        tuple((headings or {}).get(c) or heading(c) for c in shown),
        tuple(zip(*cells)),
        frozenset(i for i, c in enumerate(shown) if table[c].dtype.kind in "biuf"),
        basis,
        note,
        wraps=frozenset(i for i, c in enumerate(shown) if c in PROSE),
    )


def _says_something(values: pd.Series) -> bool:
    return bool((values.notna() & (values.astype(str) != "")).any())


def _digits(table: pd.DataFrame, shown: Sequence[str], units: Mapping[str, str]) -> dict[str, int]:
    """Decimals by unit: amounts of one kind have the same in a table."""
    kinds = {MONEY: numbers.places, EFFECT: numbers.effect_places}
    columns = {
        unit: [table[c] for c in shown if units.get(c) == unit and table[c].dtype.kind in "iuf"] for unit in kinds
    }
    return {unit: places(*columns[unit]) for unit, places in kinds.items()}


def _cells(material: Material, column: str, values: pd.Series, unit: str, digits: Mapping[str, int]) -> Sequence[Cell]:
    if column == "source":
        return [cited(material.scenario, str(value)) for value in values]
    if values.dtype.kind not in "iuf" or unit in (TEXT, TRUTH):
        return ["" if value != value else _yes(material.word(column, value)) for value in values]
    found = values.to_numpy(float)
    if unit == RATIO:
        return [_blank(text) for text in numbers.column(found)]
    if unit in digits:
        return [_blank(numbers.number(value, digits[unit])) for value in found]
    return [_blank(numbers.percent(value) if unit == SHARE else numbers.brief(value)) for value in found]


def _low(name: str) -> str:
    return f"{name.removesuffix(HIGH)}{LOW}"


def _limits(material: Material, table: pd.DataFrame, low: str, unit: str, digits: Mapping[str, int]) -> list[Cell]:
    """Both limits of an interval in one cell."""
    high = f"{low.removesuffix(LOW)}{HIGH}"
    ends = (_cells(material, name, table[name], unit, digits) for name in (low, high))
    return ["\N{EN DASH}" if "\N{EN DASH}" in pair else " to ".join(map(str, pair)) for pair in zip(*ends)]


def _blank(text: str) -> str:
    return "\N{EN DASH}" if text == numbers.NONE else text


def _yes(text: str) -> str:
    return {"true": "yes", "false": "no"}.get(text, text)
