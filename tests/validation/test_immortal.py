"""An immortal cohort gains exactly the horizon, under every cycle convention that is right to do so."""

import numpy as np
import pytest
from runs import base_case, outcome, write_scenario

from model.scenario import CONVENTIONS

RIGHT = [c for c in CONVENTIONS if c != "simpson-interchanged"]


@pytest.mark.parametrize("convention", RIGHT)
@pytest.mark.parametrize("years", [40, 1, 2, 3, 41])  # Simpson's rule has its special cases at odd numbers of cycles
def test_gains_exactly_the_horizon(convention, years):
    found = base_case("immortal", f"convention={convention}", f"horizon={years} years", "discount=0 %")
    for name in ("life_years", "qaly", "cost"):
        assert outcome(found, name)[0] == pytest.approx(years, rel=1e-13)


def test_interchanged_simpson_weights_lose_two_thirds_of_a_year():
    found = base_case("immortal", "convention=simpson-interchanged", "discount=0 %")
    assert outcome(found, "life_years")[0] == pytest.approx(39 + 1 / 3, rel=1e-13)


def test_discounted_gain_is_the_annuity():
    """Continuously: (1 - v^40) / ln(1.03); at whole years: the annuities in advance (start) and in arrears (end)."""
    v = 1 / 1.03
    in_advance = (1 - v**40) / (1 - v)
    expected = {
        "integral": (1 - v**40) / np.log(1.03),
        "start": in_advance,
        "end": in_advance * v,
        "half-cycle": in_advance * (1 + v) / 2,
        "life-table": in_advance * v,
    }
    for convention, value in expected.items():
        found = base_case("immortal", f"convention={convention}")
        assert outcome(found, "life_years")[0] == pytest.approx(value, rel=1e-12), convention


@pytest.mark.parametrize("convention", [c for c in RIGHT if c != "integral"])
def test_probabilities_per_cycle_lose_nobody(tmp_path, convention):
    text = f"""time: {{unit: year, horizon: 10 years, cycle: 1 month, convention: {convention}}}
states:
  here: {{start: 0.25, cost: 1 USD per year}}
  there: {{start: 0.75, cost: 1 USD per year}}
transitions:
  - {{from: here, to: there, probability per cycle: 0.3}}
  - {{from: there, to: here, probability per cycle: 0.2}}
"""
    assert outcome(base_case(write_scenario(tmp_path, text)), "life_years")[0] == pytest.approx(10, rel=1e-13)
