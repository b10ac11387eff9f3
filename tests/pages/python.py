"""docs/python.md, made from the docstrings of the public calls: `python tests/pages/python.py` writes it."""

from __future__ import annotations

import inspect
from pathlib import Path

import model
from model.api.asked import Asked

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "python.md"
CALLS = (
    "read",
    "check",
    "run",
    "full_report",
    "tornado",
    "threshold",
    "sweep",
    "variants",
    "diff",
    "headroom",
    "sensitivity",
    "converge",
    "voi",
    "calibrate",
    "verify",
    "compare",
    "capacity",
    "analyse",
    "survival",
    "workbook",
)
TYPES = ("Result", "Scenario", "Decision", "Sample", "Method", "Population")
ERRORS = ("ScenarioError", "DomainError", "DecisionError", "EngineError", "OutcomeError")
OPENING = """# Python

Every command is one call, and the command line makes no other. Each call takes the path of a scenario file, or the scenario that
`model.read` gave, and gives a `Result`: tables as DataFrames, figures, a summary, `save()`. Notebooks: [examples/](../examples/).

```python
import model

result = model.run("scenarios/mscc_furlan.yaml", draws=1000, settings={"c_surgery": 20_000, "horizon": "2 years"})
result  # the summary, with warnings
result.tables["incremental"]  # a pandas DataFrame; docs/tables.md describes every column
result.figures["acceptability"]  # a matplotlib figure
result.save("results/cheaper")  # tables, figures, the scenario as run, manifest.json
```

This page is made from the docstrings (`python tests/pages/python.py`); their examples are run by the tests.
"""


def page() -> str:
    heading, _, shared = inspect.cleandoc(Asked.__doc__ or "").partition("\n")
    parts = [
        OPENING,
        "## Keywords of every analysis",
        "",
        *_code(shared.strip("\n")),
        "## Calls",
        "",
    ]
    for name in CALLS:
        parts += [f"### model.{name}", "", *_call(getattr(model, name), heading)]
    parts += ["## Types", ""]
    for name in TYPES:
        parts += [f"### model.{name}", "", *_code(inspect.cleandoc(getattr(model, name).__doc__))]
    parts += ["## Errors", "", "All are `ValueError`s whose text is meant to be read by people.", ""]
    parts += [f"- `model.{name}`: {inspect.cleandoc(getattr(model, name).__doc__).splitlines()[0]}" for name in ERRORS]
    return "\n".join(parts) + "\n"


def _call(call, heading: str) -> list[str]:
    """Signature with the keywords of its own, and its documentation without the shared ones."""
    known = set(inspect.signature(Asked).parameters)
    own = [
        p.replace(annotation=inspect.Parameter.empty)
        for p in inspect.signature(call).parameters.values()
        if not (p.name in known and p.kind is inspect.Parameter.KEYWORD_ONLY)
    ]
    taken = {p for p in inspect.signature(call).parameters if p in known}
    words = ", ".join(
        [*(str(p) for p in own), *(["**keywords"] if len(own) < len(inspect.signature(call).parameters) else [])]
    )
    text = inspect.cleandoc(call.__doc__).partition(heading)[0].strip()
    missing = sorted(known - {"started"} - taken)
    if 0 < len(missing) < len(known) - 2 and "**keywords" in words:
        text += f"\n\nKeywords that it does not take: {', '.join(missing)}."
    return _code(f"model.{call.__name__}({words})\n\n{text}")


def _code(text: str) -> list[str]:
    return ["```text", text, "```", ""]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
