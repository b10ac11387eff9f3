"""The checks of a verification that fail, as one line of JSON: python tests/seeded/failing.py SCENARIO DRAWS."""

from __future__ import annotations

import json
import sys

import model

REFUSED = "refused"  # no check is needed where the scenario does not run


def failing(scenario: str, draws: int) -> list[str]:
    """Names of the checks that fail in any group, each once."""
    try:
        table = model.verify(scenario, draws=draws).tables["verification"]
    except (ValueError, ArithmeticError) as error:
        return [f"{REFUSED}: {str(error).splitlines()[0][:80]}"]
    return list(dict.fromkeys(table.loc[table["outcome"] == "fail", "check"]))


if __name__ == "__main__":
    print(json.dumps(failing(sys.argv[1], int(sys.argv[2]))))
