"""Appointments (`at:`) against closed forms, sums by hand and quadrature by SciPy."""

import numpy as np
import pytest
from scipy import integrate

from model import draws
from model.analysis.evaluate import evaluate
from model.analysis.method import Method
from model.draws import DomainError
from model.engines.contract import EngineError
from model.sample import Sample
from model.scenario_file import ScenarioError, read

MODEL = """\
title: Appointments
currency: {{code: USD}}
time: {{unit: year, horizon: 10 years, cycle: {cycle} years, convention: {convention}}}
discount: {{cost: 3 %, effect: 3 %}}
wtp: {{thresholds: [1000], curve: {{to: 10000}}}}
parameters:
  r: {{value: 0.1, unit: per year}}
  r2: {{value: 0.4, unit: per year}}
  t1: {{value: 2, unit: year}}
  t2: {{value: 5.5, unit: year}}
  {parameters}
strategies: {{none: {{first: 20 years}}, screening: {{first: t1}}}}
states:
  well: {{start: 1, utility: 1}}
  test: {{stay: 0}}
  treated: {{utility: 0.9, cost: {{drug: 10 USD per year}}}}
  dead: {{alive: false}}
transitions:
  - {{from: well, to: test, at: [first, t2], cost: {{screen: 100 USD}}}}
  - {{from: test, to: treated, probability: 0.3}}
  - {{from: test, to: {back}, probability: rest}}
  - {{from: well, to: dead, {death}}}
  - {{from: treated, to: dead, {late}}}
  {more}
effects: {{screens: {{count of: [well -> test]}}, firsts: {{count of: [well -> test (at first)]}}}}
"""
T1, T2, HORIZON, DECAY = 2.0, 5.5, 10.0, np.log(1.03)


def model(tmp_path, **changes):
    stated = {
        "cycle": 0.7,
        "convention": "integral",
        "parameters": "",
        "death": "rate: r2",
        "late": "rate: r",
        "back": "well",
        "more": "",
    }
    path = tmp_path / "appointments.yaml"
    path.write_text(MODEL.format(**(stated | changes)))
    return read(path)


def totals(scenario, name, method=None):
    found = evaluate(scenario, draws.base(scenario), method or Method("cohort"))
    return found.total.get(name)[:, 0]


def assert_near(scenario, name, expected):
    """As the individual engine has it, within 4 standard errors."""
    found = evaluate(scenario, draws.base(scenario), Method("individual", patients=20_000)).errors.total
    place = found.mean.names.index(name), 1, 1, 0
    assert found.mean.values[place] == pytest.approx(expected, abs=4 * found.se[place])


def well(time, alive):
    return alive(time) * 0.7 ** ((time >= T1) + (time >= T2))


def treated(time, alive, late):
    first, second = 0.3 * alive(T1), 0.3 * 0.7 * alive(T2)
    return (time >= T1) * first * late(time - T1) + (time >= T2) * second * late(time - T2)


def quadrature(alive, late=lambda t: np.exp(-0.1 * t)):
    """(QALYs, cost, screens) of the screened, discounted."""

    def integral(of):
        return integrate.quad(lambda t: np.exp(-DECAY * t) * of(t), 0, HORIZON, points=[T1, T2], epsabs=1e-12)[0]

    kept = alive(T1), 0.7 * alive(T2)
    screens = kept[0] * np.exp(-DECAY * T1) + kept[1] * np.exp(-DECAY * T2)
    qalys = integral(lambda t: well(t, alive) + 0.9 * treated(t, alive, late))
    return qalys, 10 * integral(lambda t: treated(t, alive, late)) + 100 * screens, screens


def test_rates_are_exact_whatever_the_cycle(tmp_path):
    qalys, cost, screens = quadrature(lambda t: np.exp(-0.4 * t))
    for cycle in (0.7, 10):
        scenario = model(tmp_path, cycle=cycle)
        assert totals(scenario, "qaly")[1] == pytest.approx(qalys, rel=1e-9)
        assert totals(scenario, "cost")[1] == pytest.approx(cost, rel=1e-9)
        assert totals(scenario, "screens")[1] == pytest.approx(screens, rel=1e-9)
        assert totals(scenario, "firsts")[0] == 0.0  # 20 years are past the horizon


def test_patients_keep_the_same(tmp_path):
    scenario = model(tmp_path)
    qalys, cost, _ = quadrature(lambda t: np.exp(-0.4 * t))
    assert_near(scenario, "qaly", qalys)
    assert_near(scenario, "cost", cost)


def test_with_survival_the_error_falls_with_the_square_of_the_cycle(tmp_path):
    survival = "survival: 'weibull(shape=1.5, scale=4) in years', clock: model"
    exact, errors = quadrature(lambda t: np.exp(-((t / 4) ** 1.5))), []
    for cycle in (0.5, 0.25, 0.125):
        found = totals(model(tmp_path, cycle=cycle, death=survival), "qaly")[1]
        errors.append(abs(found - exact[0]))
    assert errors[-1] < 4e-4 and np.all(np.array(errors[:-1]) / errors[1:] > 3.5), errors


def test_an_entry_whose_time_in_state_counts_is_refused(tmp_path):
    late = "survival: 'weibull(shape=1.5, scale=4) in years', clock: state"
    with pytest.raises(EngineError, match="knows entries into treated, which patients leave by their time in it"):
        totals(model(tmp_path, late=late), "qaly")


def test_those_who_age_in_a_state_leave_it_at_the_appointment(tmp_path):
    """The well die by their time in that state until all of them are treated, from where on nobody dies."""
    for cycle, most in ((0.5, 2e-4), (0.7, 2e-4)):
        scenario = model(
            tmp_path,
            cycle=cycle,
            parameters="t3: {value: 3, unit: year}",
            death="survival: 'weibull(shape=1.5, scale=4) in years', clock: state",
            late="rate: 0 per year",
            back="dead",
            more="- {from: well, to: treated, at: t3}",
        )
        alive = np.exp(-((3 / 4) ** 1.5))
        found = evaluate(scenario, draws.base(scenario), Method("cohort"), trace=True, at=np.array([3.0]))
        trace = found.traces["all"]
        at = np.argmin(np.abs(trace.times - 3.0))
        assert trace.occupancy[at, 0, 0] == pytest.approx([0, 0, alive, 1 - alive], abs=most)  # the state just after
        assert trace.occupancy[-1, 0, 0] == pytest.approx([0, 0, alive, 1 - alive], abs=most)


# Weights of the start and the end of a cycle, and the discount factor of its transitions, of factors at its ends.
TEXTBOOK = {
    "start": (1, 0, lambda start, end: start),
    "end": (0, 1, lambda start, end: end),
    "half-cycle": (0.5, 0.5, lambda start, end: (start + end) / 2),
}


def by_hand(convention, stay):
    """(QALYs, cost, screens) of the screened: a point sees those who have kept their appointment, which is a transition of the
    cycle that ends with it. stay: shares of the well and the treated who stay alive in a cycle."""
    x, found = np.array([1.0, 0]), np.zeros(3)
    at_start, at_end, of_cycle = TEXTBOOK[convention]
    for k in range(20):
        factors = 1.03 ** (-0.5 * k), 1.03 ** (-0.5 * (k + 1))
        after = x * stay
        if (k + 1) * 0.5 in (T1, T2):
            screens = after[0] * of_cycle(*factors)
            found += [0, 100 * screens, screens]
            after = np.array([0.7 * after[0], after[1] + 0.3 * after[0]])
        for weight, now, factor in ((at_start, x, factors[0]), (at_end, after, factors[1])):
            found += 0.5 * weight * factor * np.array([now[0] + 0.9 * now[1], 10 * now[1], 0])
        x = after
    return found


@pytest.mark.parametrize("convention", list(TEXTBOOK))
@pytest.mark.parametrize("kind", ["rate", "survival", "probability per cycle", "by the stay"])
def test_textbook_conventions_by_hand_in_every_engine(tmp_path, convention, kind):
    stated = {
        "rate": ("rate: r2", "rate: r", [np.exp(-0.2), np.exp(-0.05)]),
        "survival": ("survival: exponential(r2), clock: model", "rate: r", [np.exp(-0.2), np.exp(-0.05)]),
        "probability per cycle": ("probability per cycle: 0.2", "probability per cycle: 0.05", [0.8, 0.95]),
        "by the stay": ("probability per cycle: 0.2 + 0 * cycle_in_state", "probability per cycle: 0.05", [0.8, 0.95]),
    }
    death, late, stay = stated[kind]
    scenario, expected = (
        model(tmp_path, cycle=0.5, convention=convention, death=death, late=late),
        by_hand(convention, stay),
    )
    for name, value in zip(("qaly", "cost", "screens"), expected):
        assert totals(scenario, name)[1] == pytest.approx(value, rel=1e-9)
        assert_near(scenario, name, value)


def test_probabilities_that_change_every_cycle_keep_appointments_too(tmp_path):
    death = "probability per cycle: 0.2 + 0 * time / 1 year"
    for convention in TEXTBOOK:
        changing = model(tmp_path, cycle=0.5, convention=convention, death=death, late="probability per cycle: 0.05")
        for name, value in zip(("qaly", "cost", "screens"), by_hand(convention, [0.8, 0.95])):
            assert totals(changing, name)[1] == pytest.approx(value, rel=1e-10)


def test_the_start_and_chains_at_one_instant(tmp_path):
    """Due at 0: kept by those who start there. Those who arrive by an appointment keep the next of the same time, each once."""
    more = "\n  ".join(
        ["- {from: treated, to: dead, at: t1, name: chain}", "- {from: well, to: treated, at: 0 years, name: at once}"]
    )
    scenario = model(tmp_path, more=more, death="rate: 0 per year", late="rate: 0 per year")
    assert totals(scenario, "life_years") == pytest.approx([(1 - np.exp(-DECAY * 2)) / DECAY] * 2)
    back = "\n  ".join(["- {from: treated, to: well, at: t1}", "- {from: well, to: treated, at: t1, name: later}"])
    with pytest.raises((DomainError, ScenarioError), match="due at the same time"):
        totals(model(tmp_path, more=back), "qaly")


def test_what_a_cohort_cannot_keep_is_said(tmp_path):
    with pytest.raises(EngineError, match="at the ends of cycles only under the cycle convention 'start'"):
        totals(model(tmp_path, cycle=2, convention="start"), "qaly")
    scenario = model(
        tmp_path,
        parameters="t4: {distribution: 'normal(mean=3, sd=0.1)', unit: year}",
        more="- {from: treated, to: dead, at: t4, name: drawn}",
    )
    table = draws.probabilistic(scenario, Sample(200, 1))
    with pytest.raises(
        EngineError, match="up to 100 times, the same in all draws of a group; here they differ by draw"
    ):
        evaluate(scenario, table, Method("cohort"))
