"""The first sheet: costs and effects of each strategy, increments, ICER and net benefit, of all patients and by group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from model.effects import outcome_names
from model.outcome_keys import COST, QALY
from model.report.workbook.cells import Sheet, near
from model.report.workbook.inputs_sheet import Inputs
from model.report.workbook.scope import Scope
from model.report.workbook.strategy_sheet import Made
from model.scenario import Scenario

ALL = "all"
Key = tuple[str, str, str, int]  # group, strategy, outcome, discounted


@dataclass
class Results:
    """cells: where each result stands; verdict: the cell that says whether all checks hold."""

    cells: dict[Key, tuple[int, int]] = field(default_factory=dict)
    verdict: tuple[int, int] = (0, 0)


def results_sheet(
    sheet: Sheet, scenario: Scenario, inputs: Inputs, made: Mapping[tuple[str, str], Made], values: Mapping[Key, float]
) -> Results:
    """made: by (group, strategy); values: what the engine found, kept as what the formulas are known to give."""
    found = Results()
    sheet.widths = {0: 40, **dict.fromkeys(range(1, 40), 17)}
    sheet.frozen = (4, 1)
    sheet.text(0, 0, scenario.title, "title")
    sheet.text(
        1,
        0,
        "Base case. Change yellow cells of the sheet Inputs, and the thresholds below; all else is formulas.",
        "note",
    )
    sheet.text(2, 0, "All checks hold")
    weights = _weights(sheet, scenario, inputs, 4)
    row = 6 + len(scenario.groups)
    for group in [ALL, *(key for key in scenario.groups if len(scenario.groups) > 1)]:
        row = _group(sheet, scenario, made, values, found, group, weights, row) + 2
    _checks(sheet, made, found, row)
    return found


def _weights(sheet: Sheet, scenario: Scenario, inputs: Inputs, row: int) -> dict[str, str]:
    scope = Scope(scenario, inputs.cells, inputs.tables)
    sheet.text(row - 1, 0, "Groups and their shares", "section")
    cells = {}
    for at, (key, group) in enumerate(scenario.groups.items(), row):
        sheet.text(at, 0, group.label or key)
        cells[key] = sheet.formula(at, 1, scope.text(group.weight), "share")
    return cells


def _group(
    sheet: Sheet,
    scenario: Scenario,
    made: Mapping[tuple[str, str], Made],
    values: Mapping[Key, float],
    found: Results,
    group: str,
    weights: dict[str, str],
    row: int,
) -> int:
    """One table of a group or of all patients; returns the row below it."""
    outcomes, label = outcome_names(scenario), "All patients" if group == ALL else scenario.groups[group].label or group
    sheet.text(row, 0, label, "section")
    sheet.heading(row + 1, ["", *(s.label or key for key, s in scenario.strategies.items())])
    at = row + 2
    for discounted, words in ((1, "discounted"), (0, "not discounted")):
        for outcome in outcomes:
            sheet.text(at, 0, f"{_name(scenario, outcome)}, {words}")
            for column, strategy in enumerate(scenario.strategies, 1):
                key = (group, strategy, outcome, discounted)
                parts = [group] if (group, strategy) in made else list(scenario.groups)
                content = "+".join(
                    f"{weights[g]}*{made[g, strategy].totals[outcome, discounted]}"
                    if group == ALL
                    else made[g, strategy].totals[outcome, discounted]
                    for g in parts
                )
                sheet.formula(at, column, content, "money" if outcome.startswith(COST) else "number", values.get(key))
                found.cells[key] = (at, column)
            at += 1
    return _increments(sheet, scenario, found, group, at)


def _name(scenario: Scenario, outcome: str) -> str:
    if outcome in scenario.effects:
        effect = scenario.effects[outcome]
        return f"{effect.label or effect.key}{f' ({effect.unit})' if effect.unit else ''}"
    named = {COST: f"Cost ({scenario.currency})", QALY: "QALYs", "life_years": "Life-years"}
    return named.get(outcome, outcome.replace(f"{COST}: ", "Cost of "))


def _increments(sheet: Sheet, scenario: Scenario, found: Results, group: str, row: int) -> int:
    reference = scenario.reference_strategy
    versus = scenario.strategies[reference].label or reference
    labels = [f"Incremental cost versus {versus}", f"Incremental QALYs versus {versus}", f"ICER versus {versus}"]
    for offset, words in enumerate(labels):
        sheet.text(row + offset, 0, words, "total")
    of = {s: [near(*found.cells[group, s, o, 1]) for o in (COST, QALY)] for s in scenario.strategies}
    for column, strategy in enumerate(scenario.strategies, 1):
        if strategy == reference:
            continue
        for offset, (one, other) in enumerate(zip(of[strategy], of[reference])):
            sheet.formula(row + offset, column, f"{one}-{other}", "money" if offset == 0 else "number")
        cost, qaly = near(row, column), near(row + 1, column)
        words = f'IF(AND({cost}=0,{qaly}=0),"equal",IF(AND({cost}<=0,{qaly}>=0),"dominant","dominated"))'
        sheet.formula(row + 2, column, f"IF({cost}*{qaly}>0,{cost}/{qaly},{words})", "total money")
    row += 3
    for threshold in scenario.wtp.thresholds:
        sheet.number(row, 0, threshold, "input threshold")
        for column, strategy in enumerate(scenario.strategies, 1):
            cost, qaly = of[strategy]
            sheet.formula(row, column, f"{near(row, 0)}*{qaly}-{cost}", "money")
        row += 1
    return row


def _checks(sheet: Sheet, made: Mapping[tuple[str, str], Made], found: Results, row: int) -> None:
    sheet.text(row, 0, "Checks (1 holds, 0 does not)", "section")
    tests = {words: cell for one in made.values() for words, cell in one.checks.items()}
    for at, (words, cell) in enumerate(tests.items(), row + 1):
        sheet.text(at, 0, words)
        sheet.formula(at, 1, cell, "number")
    last = row + len(tests)
    found.verdict = (2, 1)
    sheet.formula(2, 1, f'IF(MIN({near(row + 1, 1)}:{near(last, 1)})=1,"yes","NO: see the checks below")', "total")
