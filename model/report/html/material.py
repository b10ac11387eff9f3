"""What the sections of the page are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from model.analysis.run import Run
from model.decision import ALL
from model.effects import BUILT_IN, Words, words_of
from model.outcome_keys import COST, QALY
from model.report.html.blocks import Picture
from model.report.named_tables import rows_of
from model.report.numbers import stated
from model.report.result import Result
from model.report.rows import Rows
from model.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

RUN = "run"


@dataclass(frozen=True)
class Material:
    """results: of each command, `run` among them; manifest: of the run; pictures: of each command, by name of the figure."""

    results: Mapping[str, Result]
    manifest: Mapping[str, object]
    pictures: Mapping[str, Mapping[str, Picture]] = field(default_factory=dict)

    @cached_property
    def run(self) -> Run:
        run = self.results[RUN].run
        assert run is not None
        return run

    @cached_property
    def scenario(self) -> Scenario:
        return self.run.scenario

    @property
    def effect(self) -> Words:
        """That decides."""
        return words_of(self.scenario, self.run.decision.effect)

    @property
    def currency(self) -> str:
        return f"{self.scenario.currency} {self.scenario.price_year}".strip()

    def table(self, name: str, command: str = RUN) -> pd.DataFrame | None:
        """None where the command is not here, or has no such table, or nothing in it."""
        found = self.rows(name, command)
        return found.whole() if found else None

    def rows(self, name: str, command: str = RUN) -> Rows | None:
        """As `table`, to be taken some rows at a time."""
        result = self.results.get(command)
        return rows_of(result.tables, name) if result is not None and name in result.tables else None

    def price(self, wtp: float) -> str:
        """'USD 50,000 per QALY'."""
        return f"{self.scenario.currency} {stated(wtp)} per {self.effect.one}"

    def outcome(self, key: str) -> str:
        """'Cost', 'Cost: surgery', 'QALYs', an effect by its label."""
        if key.startswith(COST):
            return key.capitalize()
        if key not in BUILT_IN and key not in self.scenario.effects:
            return key
        many = words_of(self.scenario, key).many
        return many if key == QALY else many[:1].upper() + many[1:]

    @cached_property
    def labels(self) -> dict[str, Mapping[str, str]]:
        """By column: what stands for each key of the file."""
        scenario = self.scenario
        strategies, groups = scenario.labels, {ALL: "All patients", **scenario.group_labels}
        outcomes = {key: self.outcome(key) for key in (COST, *BUILT_IN, *scenario.effects)}
        parameters = {name: p.label or name for name, p in scenario.parameters.items()}
        resources = {} if scenario.system is None else {r.key: r.label or r.key for r in scenario.system.resources}
        return {
            **dict.fromkeys(("strategy", "comparator", "reference"), strategies),
            **dict.fromkeys(("outcome", "effect"), outcomes),
            **dict.fromkeys(("parameter", "name"), parameters),
            "group": groups,
            "resource": resources,
            "state": {key: state.label for key, state in scenario.states.items()},
        }

    def word(self, column: str, value: object) -> str:
        """A text of a table as it is shown."""
        known = self.labels.get(column, {}).get(str(value))
        if known is not None:
            return known
        return self.outcome(str(value)) if column == "outcome" else str(value)


def of_all(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of all patients together, where a table tells groups apart."""
    return table[table["group"] == ALL] if "group" in table else table
