"""Fixed times that fall together at base values are an error of the file."""

from __future__ import annotations

from collections import Counter

from model import draws, fixed_times, inputs
from model.draws import DomainError
from model.scenario import Scenario, TimeToEvent
from model.scenario_file.problems import Problems


def check(scenario: Scenario, problems: Problems) -> None:
    fixed = Counter(
        t.source for t in scenario.transitions if isinstance(t, TimeToEvent) and t.survival.family == "fixed"
    )
    if max(fixed.values(), default=0) < 2:
        return
    for group in scenario.groups.values():
        of = f" (group {group.key})" if len(scenario.groups) > 1 else ""
        try:
            dynamics = inputs.dynamics(scenario, draws.base(scenario), group)
            for case, strategy in enumerate(scenario.strategies):
                fixed_times.check(dynamics, case, f", in strategy {strategy}{of}")
        except DomainError as error:
            return problems.say(str(error))
