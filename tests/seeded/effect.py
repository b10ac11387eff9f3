"""What a scenario gives, as one line of JSON: python tests/seeded/effect.py SCENARIO ENGINE. A seed must change some of it."""

from __future__ import annotations

import json
import sys

import model

DRAWS, PATIENTS, OF_BASE = 200, 20, 100  # the base case of an engine of patients follows so many times more
TABLES = ("outcomes", "incremental", "net_benefit", "ceac", "evpi", "published", "psa_parameters")
ROWS = ("analysis", "group", "strategy", "outcome", "discounted", "wtp", "name", "parameter", "draw")


def figures(scenario: str, engine: str) -> dict[str, float | str]:
    """Every cell of the tables of a run, by table, row and column."""
    options = {"draws": DRAWS} if engine == "cohort" else {"draws": 0, "patients": PATIENTS}
    tables = model.run(scenario, engine=engine, **options).tables
    return {
        f"{name}.{column} of {_row(row)}": value if isinstance(value, int | float) else str(value)
        for name in TABLES
        if name in tables
        for row in tables[name].to_dict("records")
        for column, value in row.items()
        if column not in ROWS
    }


def _row(row: dict) -> str:
    return ", ".join(f"{row[key]}" for key in ROWS if key in row)


def change(before: dict, after: dict, least: float = 1e-4) -> str:
    """In words, the first cell of all that changed by more than rounding, or nothing."""
    for key, old in before.items():
        new = after.get(key)
        if isinstance(old, str) or isinstance(new, str) or new is None:
            changed = old != new
        else:
            changed = abs(new - old) > least * max(abs(old), abs(new)) or (new != new) != (old != old)
        if changed:
            return f"{key}: {_shown(old)} -> {_shown(new)}"
    return ""


def _shown(value) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    print(json.dumps(figures(*sys.argv[1:])))
