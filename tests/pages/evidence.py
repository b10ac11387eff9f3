"""docs/evidence.md, made from the scenario files: `python tests/pages/evidence.py` writes it."""

from __future__ import annotations

import sys
from pathlib import Path

from model.scenario import Scenario
from model.scenario_file import read

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "evidence.md"
SCENARIOS = ROOT / "scenarios"
FILES = (
    ("mscc_trial.yaml", "The trial as a model", None),
    ("mscc_furlan.yaml", "Furlan's three results", "mscc_trial.yaml"),
    ("mscc_decision.yaml", "The decision", "mscc_trial.yaml"),
    *((f"decision/{path.name}", "", "mscc_decision.yaml") for path in sorted((SCENARIOS / "decision").glob("*.yaml"))),
    ("mscc_capacity.yaml", "A centre with queues", "mscc_decision.yaml"),
)
OPENING = """# Evidence

The sources and the figures of the scenarios of metastatic spinal cord compression, made from the files themselves
(`python tests/pages/evidence.py`). Each figure has a status:

- **evidence**: seen in the source, in most cases in its abstract; full texts were not seen
- **derived**: arithmetic on evidence
- **recalled**: from memory of the source, not seen
- **assumed**: a judgement, with a wide distribution
- **calibrated**: chosen so that the model meets published results

`run_model.py voi` says how much of the value of information lies in each status.
"""


def page() -> str:
    parts = [OPENING]
    for file, heading, base in FILES:
        scenario = read(SCENARIOS / file)
        before = read(SCENARIOS / base) if base else None
        parts.append(
            f"## {heading or scenario.title}\n\n`scenarios/{file}`"
            + (f"; what differs from `{base}`" if base else "")
            + "\n"
        )
        parts.append(figures(scenario, before))
    parts.append("## Sources\n")
    parts.append(sources())
    return "\n".join(parts) + "\n"


def figures(scenario: Scenario, before: Scenario | None) -> str:
    """A row a parameter that the base does not have in the same words."""
    lines = ["| figure | base value | distribution | status | source | note |", "|---|---|---|---|---|---|"]
    for name, parameter in scenario.parameters.items():
        if parameter.formula is not None or (before is not None and _same(before.parameters.get(name), parameter)):
            continue
        label = f"{parameter.label} (`{name}`)" if parameter.label else f"`{name}`"
        value = f"{parameter.base:.6g} {parameter.unit.text}".strip()
        cells = [
            label,
            value,
            _distribution(scenario, parameter),
            parameter.status or "",
            parameter.source or "",
            parameter.note or "",
        ]
        lines.append(f"| {' | '.join(' '.join(str(cell).split()).replace('|', '/') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def _distribution(scenario: Scenario, parameter) -> str:
    if parameter.joint:
        return f"{scenario.joints[parameter.joint].distribution.name}, joint"
    if parameter.distribution is None:
        return "fixed"
    low, high = parameter.distribution.interval(0.95)
    return f"{parameter.distribution.name}, {float(low):.3g} to {float(high):.3g}"


def _same(one, other) -> bool:
    if (
        one is None
        or one.joint
        or other.joint
        or (one.base, one.note, one.status) != (other.base, other.note, other.status)
    ):
        return False
    spreads = [None if p.distribution is None else tuple(p.distribution.interval(0.95)) for p in (one, other)]
    return spreads[0] == spreads[1]


def sources() -> str:
    known = {}
    for file, _, _ in FILES:
        for key, source in read(SCENARIOS / file).sources.items():
            known.setdefault(key, source)
    lines = []
    for key, source in sorted(known.items()):
        more = "; ".join(
            part for part in (source.get("note"), f"doi {source['doi']}" if source.get("doi") else "") if part
        )
        lines.append(
            f"- **{key}**: {' '.join(source['citation'].split())}" + (f" ({' '.join(more.split())})" if more else "")
        )
    return "\n".join(lines)


def main() -> int:
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
