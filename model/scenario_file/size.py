"""Words on scenarios that will take long, from what the file says: nothing is run for them."""

from __future__ import annotations

from model.scenario import Scenario
from model.scenario_file.problems import Problems

MANY_STATES, MANY_CYCLES = 50, 50_000


def warn_of_size(scenario: Scenario, problems: Problems) -> None:
    """The exact solution costs the cube of the states, and each cycle is stepped through."""
    states, time = sum(not s.chance for s in scenario.states.values()), scenario.time
    if time.convention == "integral" and states > MANY_STATES:
        problems.warn_at(
            f"{scenario.line('states')}: {states} states in which patients stay, and the convention 'integral', whose time "
            "grows with the cube of their number: expect seconds to minutes for the base case and far more for a PSA; "
            "a textbook convention ('convention: half-cycle') or --engine individual takes less"
        )
    if time.cycles > MANY_CYCLES:
        problems.warn_at(
            f"{scenario.line('time')}: {time.cycles:,.0f} cycles, each of which is stepped through for every draw, strategy and "
            f"group: expect minutes for the base case; is a longer cycle enough? (horizon {time.horizon:g} {time.unit}s, cycle "
            f"{time.cycle:.4g} {time.unit}s)"
        )
