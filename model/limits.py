"""What a number of the model may be; the message names field, value, strategy, group, draw and the parameters behind it."""

from __future__ import annotations

import numpy as np

from model import tables
from model.context import Context
from model.draws import DomainError
from model.formula import Formula

_LARGEST = float(np.finfo(float).max)


def check_rate(context: Context, place: str, values: np.ndarray, low: float, high: float, formula: Formula) -> None:
    """As `check_values`, without an upper limit; a hazard has to be a finite number at every time."""
    try:
        check_values(context, place, values, low, np.inf, formula)
    except DomainError as error:
        if np.isfinite(values).all() or "is read at" in str(error):
            raise
        raise DomainError(
            f"{error}. A hazard that begins or ends without bound is written with 'survival:', such as weibull(shape=0.5, scale=3)"
        ) from None


def check_values(
    context: Context, place: str, values: np.ndarray, low: float, high: float, formula: Formula | None = None
) -> None:
    """DomainError that names the first value [.., strategy, draw] that is not finite, or outside low..high.

    formula: of which they are the values; the message names the parameters behind it.
    """
    if (
        values.size and max(low, -_LARGEST) <= np.min(values) and np.max(values) <= min(high, _LARGEST)
    ):  # nan is neither
        return
    bad = ~(np.isfinite(values) & (values >= low) & (values <= high))
    if not bad.any():
        return
    if formula is not None:
        tables.check_known(context, formula, values, place)
    where = np.unravel_index(int(np.argmax(bad)), bad.shape)
    raise DomainError(
        f"{context.scenario.line(place)}: {_found(values[where], low, high)}, in "
        f"{words(context, where)}{_behind(context, formula, where)}"
    )


def words(context: Context, where) -> str:
    """'strategy b, group old, draw 3' of an index [.., strategy, draw]; events in time have no such index."""
    if len(where) < 2:
        return f"group {context.group.key}" if len(context.scenario.groups) > 1 else "an event"
    strategy, group = list(context.scenario.strategies)[where[-2]], context.group.key
    words = [f"strategy {strategy}", f"group {group}" if len(context.scenario.groups) > 1 else ""]
    return ", ".join(word for word in (*words, context.draws.label(where[-1])) if word)


def _found(value: float, low: float, high: float) -> str:
    if not np.isfinite(value):
        return f"{value:g} is not a finite number (is something divided by 0, or the logarithm of what is not above 0?)"
    if high - low < 1e-6:
        return f"{value:.6g} must be {low:.6g}"
    allowed = f"{low:g} to {high:g}" if np.isfinite(high) else f"from {low:g}"
    return f"{value:.6g} is outside what is allowed ({allowed})"


def _behind(context: Context, formula: Formula | None, where) -> str:
    """The parameters behind a formula, with their values in the draw at fault."""
    if formula is None or len(where) < 2:
        return ""
    found = [
        f"{n} = {context.draws.column(n)[where[-1]]:.6g}"
        for n in sorted(context.reads(formula))
        if n in context.draws.values
    ]
    return f" ('{formula.text}' with {', '.join(found)})" if found else ""
