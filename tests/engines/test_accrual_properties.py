"""Time in states is additive: a stay cut into pieces counts as the whole, under every way of counting and discounting."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runs import write_scenario
from scipy.integrate import quad

from model import draws, inputs
from model.engines.accrual import accrue
from model.history import NO_TRANSITION, History
from model.quantities import COST, EFFECT, UNDISCOUNTED
from model.scenario_file import read

HORIZON = 8
TEXT = """time: {{unit: year, horizon: 8 years, cycle: 6 months, convention: {convention}}}
discount: {{cost: 6 %, effect: 1.5 %, convention: {discount}}}
periods: {{early: {{until: 30 months, p: 1}}, late: {{p: 2}}}}
states: {{here: {{start: 1, alive: true, cost: p * 1 USD per year}}, there: {{alive: true}}}}
transitions: [{{from: here, to: there, rate: 0.1 per year}}, {{from: there, to: here, rate: 0.1 per year}}]
"""
WAYS = [("integral", d) for d in ("continuous", "at cycle", "by whole year")]
WAYS += [(c, d) for c in ("start", "end", "half-cycle", "life-table", "simpson") for d in ("at cycle", "by whole year")]


@pytest.fixture(scope="module")
def dynamics(tmp_path_factory):
    found, folder = {}, tmp_path_factory.mktemp("accrual")
    for convention, discount in WAYS:
        scenario = read(write_scenario(folder, TEXT.format(convention=convention, discount=discount)))
        found[convention, discount] = inputs.dynamics(scenario, draws.base(scenario), scenario.groups["all"])
    return found


def times(cuts, dynamics) -> np.ndarray:
    """Time [state, period, weight] of one patient who changes state at the cuts."""
    edges = np.array([0.0, *cuts, HORIZON])
    n = len(edges) - 1
    state = np.arange(n, dtype=np.int16) % 2
    transition = np.where(np.arange(n) == n - 1, NO_TRANSITION, state)
    history = History(
        (1, 1, 1), np.zeros(n, int), state, edges[:-1], edges[1:], transition, np.zeros(n), np.zeros((1, 1, 1), int)
    )
    return accrue(history, dynamics).time[0, 0, 0]


CUTS = st.lists(st.floats(0.001, HORIZON - 0.001), max_size=6, unique=True).map(sorted)
fast = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("way", WAYS, ids="-".join)
@fast
@given(CUTS)
def test_time_in_all_states_is_that_of_one_stay(dynamics, way, cuts):
    np.testing.assert_allclose(times(cuts, dynamics[way]).sum(axis=0), times([], dynamics[way]).sum(axis=0), rtol=1e-9)


@pytest.mark.parametrize("way", WAYS, ids="-".join)
@fast
@given(st.floats(0.5, HORIZON - 0.5), st.floats(0.0, 1.0))
def test_time_in_a_state_grows_with_the_stay(dynamics, way, cut, more):
    longer = min(cut + more, HORIZON - 0.001)
    here, longer_here = times([cut], dynamics[way])[0], times([longer], dynamics[way])[0]
    assert (longer_here >= here - 1e-12).all()


@fast
@given(CUTS)
def test_discounted_time_is_the_integral_of_the_discount_factor(dynamics, cuts):
    """By quadrature: 1.06 ** -t over the stays, in each period."""
    found = times(cuts, dynamics["integral", "continuous"])
    edges = [0.0, *cuts, HORIZON]
    for weight, rate in ((UNDISCOUNTED, 0.0), (COST, 0.06), (EFFECT, 0.015)):
        for period, (begin, end) in enumerate(((0, 2.5), (2.5, HORIZON))):
            for state in (0, 1):
                stays = [(max(a, begin), min(b, end)) for a, b in list(zip(edges, edges[1:]))[state::2]]
                exact = sum(quad(lambda t, r: (1 + r) ** -t, a, b, (rate,))[0] for a, b in stays if b > a)
                assert found[state, period, weight] == pytest.approx(exact, rel=1e-8, abs=1e-10)
