"""Columns of the 95 % intervals of increments, in every table that has increments of draws."""

from __future__ import annotations

import numpy as np

from model.analysis.means import Spread


def limits_of_increments(found: Spread | None) -> dict[str, object]:
    """Columns of the 95 % intervals of increments; blank where there are none."""
    nothing = np.full(2, np.nan)
    parts = {
        "incremental_cost": found.cost if found else nothing,
        "incremental_effect": found.effect if found else nothing,
        "icer": found.icer if found else nothing,
    }
    columns = {f"{name}_{end}_95": x for name, pair in parts.items() for end, x in zip(("lower", "upper"), pair)}
    return {**columns, "icer_interval": found.icer_kind if found else ""}
