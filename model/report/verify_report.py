"""Table and text of a verification."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.analysis.verify import Verification
from model.analysis.verify_findings import FAIL, NOT_APPLICABLE, PASS, Finding
from model.report import text
from model.report.named_tables import Tables
from model.report.result import Result

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("check", "title", "group", "strategy", "outcome", "expected", "found", "note")
MOST_SHOWN = 40  # failures that the terminal shows


def report(found: Verification) -> Result:
    return Result(Tables({"verification": lambda: table(found)}), {}, None, summary(found), details=found)


def table(found: Verification) -> pd.DataFrame:
    """A row a comparison, failures first."""
    import pandas as pd

    ordered = [f for outcome in (FAIL, PASS, NOT_APPLICABLE) for f in found.of(outcome)]
    return pd.DataFrame([[getattr(f, name) for name in COLUMNS] for f in ordered], columns=list(COLUMNS))


def summary(found: Verification) -> str:
    """Failures, what each check found, and what could not be checked and why."""
    counts, checks = found.counts, list(dict.fromkeys(f.check for f in found.findings))
    failed = [key for key in checks if any(f.check == key for f in found.failures)]
    verdict = (
        f"FAILED: {len(failed)} of {len(checks)} checks ({counts[FAIL]:,} of {counts[PASS] + counts[FAIL]:,} comparisons)"
        if failed
        else f"All checks passed: {counts[PASS]:,} comparisons of {len(checks)} checks"
    )
    lines = [found.scenario.title, verdict]
    if failed:
        lines += ["", _failures(found.failures)]
    lines += ["", text.table(["Check", PASS, FAIL, NOT_APPLICABLE], [_counts(found, key) for key in checks])]
    if reasons := _reasons(found):
        lines += ["", "Not applicable:", *reasons]
    return "\n".join(lines)


def _failures(failures: tuple[Finding, ...]) -> str:
    rows = [[f"{f.check}: {f.note}", f.group, f.strategy, f"{f.expected:.6g}", f"{f.found:.6g}"] for f in failures]
    shown = text.table(["Failed", "Group", "Strategy", "Expected", "Found"], rows[:MOST_SHOWN])
    return shown + ("\n... and more in tables/verification.csv" if rows[MOST_SHOWN:] else "")


def _counts(found: Verification, key: str) -> list[str]:
    own = [f for f in found.findings if f.check == key]
    return [own[0].title, *(str(sum(f.outcome == outcome for f in own)) for outcome in (PASS, FAIL, NOT_APPLICABLE))]


def _reasons(found: Verification) -> list[str]:
    """Each reason once, with the check that it belongs to."""
    return [f"  {c}: {why}" for c, why in dict.fromkeys((f.check, f.note) for f in found.of(NOT_APPLICABLE))]
