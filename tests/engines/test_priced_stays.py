"""Patients one by one in plain Python, with the same random numbers: what each of them costs and gains, to rounding.

The simulator here shares with the engine the random numbers (by their address) and nothing else: stays are walked through with
scalars, and what they cost is the integral of a price that is a step function, piece by piece.
"""

import math
import tracemalloc

import numpy as np
import pytest
from runs import write_scenario

from model import addressed, draws, effort, outcomes, pricing
from model.analysis.evaluate import Method, evaluate
from model.draws import Draws
from model.engines import individual
from model.engines.contract import Block
from model.quantities import Amount
from model.scenario_file import read

TEXT = """
time: {{unit: year, horizon: 10 years, cycle: 6 months}}
discount: {{cost: 4 %, effect: 1.5 %}}
parameters:
  r: {{value: 0.3, unit: per year}}
  c: {{value: 100, unit: USD per year}}
  shape: {{value: 1.4, unit: number}}
strategies: {{old: {{hr: 1, drug: 0 USD per year}}, new: {{hr: 0.6, drug: 70 USD per year}}}}
periods: {{first: {{until: 2.5 years, k: 1}}, second: {{until: 6 years, k: 3}}, late: {{k: 0.5}}}}
states:
  well: {{start: 1, utility: 0.9 * k / 3, cost: {{care: c * k, drug: {drug}}}}}
  node: {{stay: 0}}
  ill: {{utility: 0.4, cost: {{care: 5 * c, visits: {{amount: 50 USD, every: 9 months}}}}, entry cost: {{admission: 30 USD}}}}
  dead: {{}}
transitions:
  - {{from: well, to: node, survival: "weibull(shape=shape, scale=6) in years", clock: state, hazard ratio: hr}}
  - {{from: well, to: dead, rate: 0.05 per year, cost: {{end: 400 USD * k}}}}
  - {{from: node, to: ill, probability: 0.7}}
  - {{from: node, to: dead, probability: rest}}
  - {{from: ill, to: well, rate: r}}
  - {{from: ill, to: dead, survival: "weibull(shape=1.1, scale=5) in years", clock: state}}
"""
FOR_A_WHILE = "{amount: drug, for at most: 15 months}"
END, STEPS, FACTORS = 10.0, (0.0, 2.5, 6.0, math.inf), (1.0, 3.0, 0.5)
SHAPES, RATES, COSTS = (1.4, 1.1, 1.8), (0.3, 0.5, 0.1), (100.0, 80.0, 150.0)


def table() -> Draws:
    values = {"shape": np.array(SHAPES), "r": np.array(RATES), "c": np.array(COSTS)}
    return Draws(values, np.array([0, 4, 9]), 5)


def threshold(label: str, draw: int, patient: int, visit: int) -> float:
    streams = addressed.of_draws(addressed.key(5, "all", label), [table().index[draw]])
    return float(addressed.exponentials(streams, np.array([patient]), np.array([visit]))[0])


def story(hr: float, draw: int, patient: int):
    """(state, entered, left, next state) of each stay of one patient."""
    state, now, visits = "well", 0.0, {"well": 0, "node": 0, "ill": 0}
    while state != "dead" and now < END:
        visits[state] += 1

        def e(to, state=state):
            return threshold(f"{state} -> {to}", draw, patient, visits[state])

        if state == "well":
            ways = {"node": now + 6 * (e("node") / hr) ** (1 / SHAPES[draw]), "dead": now + e("dead") / 0.05}
        elif state == "ill":
            ways = {"well": now + e("well") / RATES[draw], "dead": now + 5 * e("dead") ** (1 / 1.1)}
        else:
            yield state, now, now, min(("ill", "dead"), key=lambda to: e(to) / {"ill": 0.7, "dead": 0.3}[to])
            state = min(("ill", "dead"), key=lambda to: e(to) / {"ill": 0.7, "dead": 0.3}[to])
            continue
        after = min(ways, key=ways.get)
        left = min(ways[after], END)
        yield state, now, left, after if left < END else None
        state, now = (after if left < END else "dead"), left


def integral(begin: float, end: float, rate: float, price) -> float:
    """Of price(piece) * exp(-rate t), one piece after the other."""
    total = 0.0
    for a, b, factor in zip(STEPS, STEPS[1:], FACTORS):
        a, b = max(a, begin), min(b, end)
        if b > a:
            total += price(factor) * ((math.exp(-rate * a) - math.exp(-rate * b)) / rate if rate else b - a)
    return total


def worth(strategy: int, draw: int, patient: int, limited: bool, discounted: bool) -> dict[str, float]:
    """Outcomes of one patient."""
    hr, drug, c = (1, 0.6)[strategy], (0.0, 70.0)[strategy], COSTS[draw]
    cost, gain = (math.log(1.04), math.log(1.015)) if discounted else (0.0, 0.0)
    found = dict.fromkeys(("care", "drug", "visits", "admission", "end", "qaly", "life_years"), 0.0)
    for state, begin, end, after in story(hr, draw, patient):
        alive = integral(begin, end, gain, lambda k: 1.0)
        found["life_years"] += alive
        if state == "well":
            found["care"] += integral(begin, end, cost, lambda k: c * k)
            until = min(end, begin + 1.25) if limited else end
            found["drug"] += integral(begin, until, cost, lambda k: drug)
            found["qaly"] += integral(begin, end, gain, lambda k: 0.3 * k)
            if after == "dead":
                piece = next(i for i in range(3) if STEPS[i] <= end < STEPS[i + 1])
                found["end"] += 400 * FACTORS[piece] * math.exp(-cost * end)
        if state == "ill":
            found["care"] += integral(begin, end, cost, lambda k: 5 * c)
            found["qaly"] += 0.4 * alive
            doses = range(math.ceil((end - begin) / 0.75))
            found["visits"] += sum(50 * math.exp(-cost * (begin + 0.75 * i)) for i in doses)
        if after == "ill":
            found["admission"] += 30 * math.exp(-cost * end)
    return found


@pytest.fixture(params=["drug", FOR_A_WHILE], ids=["always", "for at most 15 months"])
def scenario(request, tmp_path):
    return read(write_scenario(tmp_path, TEXT.format(drug=request.param))), request.param != "drug"


PATIENTS = 60


def expected(limited: bool, discounted: bool, names) -> np.ndarray:
    """[outcome, strategy, draw, patient]."""
    values = np.empty((len(names), 2, 3, PATIENTS))
    for place in np.ndindex(2, 3, PATIENTS):
        found = worth(*place, limited, discounted)
        found["cost"] = sum(found[key] for key in ("care", "drug", "visits", "admission", "end"))
        values[:, *place] = [found[name.removeprefix("cost: ").replace("entry", "admission")] for name in names]
    return values


@pytest.mark.parametrize("chunk", [individual.CHUNK, 150], ids=["together", "in parts"])
def test_every_patient_costs_what_he_costs_alone(scenario, monkeypatch, chunk):
    """Revisits, a chance node, prices by period, doses, a limit, entry costs, two strategies and three draws."""
    made, limited = scenario
    monkeypatch.setattr(individual, "CHUNK", chunk)
    found = evaluate(made, table(), Method("individual", PATIENTS)).errors["all"]
    for discounted in (False, True):
        right = expected(limited, discounted, found.mean.names)
        np.testing.assert_allclose(found.mean.values[:, int(discounted)], right.mean(axis=-1), rtol=1e-11, atol=1e-11)
        error = right.std(axis=-1, ddof=1) / math.sqrt(PATIENTS)
        np.testing.assert_allclose(found.se[:, int(discounted)], error, rtol=1e-9, atol=1e-9)
        more = (right - right[:, :1]).std(axis=-1, ddof=1) / math.sqrt(PATIENTS)
        np.testing.assert_allclose(found.increment_se[:, int(discounted)], more, rtol=1e-9, atol=1e-9)


def test_single_patients_that_are_kept_are_the_same(scenario):
    made, limited = scenario
    block = Block(made, table(), patients={"all": PATIENTS}, first={"all": 0}, kept=True)
    (result,) = individual.Individual().run(block).results
    prices = pricing.price_list(made, table(), made.groups["all"])
    found = outcomes.value(result.quantities, prices, tuple(made.strategies))
    right = expected(limited, True, found.names)
    np.testing.assert_allclose(found.values[:, 1], right, rtol=1e-9, atol=1e-9)
    history = result.followed.history
    for place in ((0, 0, 3), (1, 2, 17)):
        own = history.sorted().where(history.sorted().row == np.ravel_multi_index(place, history.shape))
        lived = [(b, e) for _, b, e, _ in story((1, 0.6)[place[0]], place[1], place[2])]
        np.testing.assert_allclose(np.column_stack([own.entered, own.left])[: len(lived)], lived, rtol=1e-12)


CURVING = """
time: {unit: year, horizon: 1 year, cycle: 1 month}
parameters: {p: {value: 0.5, unit: probability}}
states: {node: {start: 1, stay: 0}, well: {utility: 1}, dead: {}}
transitions:
  - {from: node, to: well, probability: p * exp(-0.1 * time / 1 year)}
  - {from: node, to: dead, probability: rest}
  - {from: well, to: node, rate: 0.0001 per year}
"""


def test_everyone_at_a_chance_node_whose_branches_curve_has_the_chance_of_his_draw(tmp_path):
    made, chances = read(write_scenario(tmp_path, CURVING)), np.array([0.1, 0.5, 0.8])
    found = evaluate(made, Draws({"p": chances}, np.arange(3), 1), Method("individual", 5000)).errors["all"].mean
    expected = chances * (1 - 0.0001 * (1 - chances) / 2)
    assert (np.abs(found.get("life_years")[0] - expected) < 4 * np.sqrt(chances * (1 - chances) / 5000)).all()


# --- the law of growth --------------------------------------------------------------------------------------------

CHAIN = """
time: {{unit: year, horizon: 60 years, cycle: 1 year}}
discount: {{cost: 3 %, effect: 3 %}}
periods: {{{periods}}}
states:
{states}
  dead: {{}}
transitions:
{transitions}
"""


def chain(folder, states: int, periods: int):
    """Each patient is in three states of many, with a price that is another one in each period."""
    names = [f"s{i}" for i in range(states)]
    ends = [f"p{k}: {{until: {k + 1} years, k: {1 + k % 7}}}" for k in range(periods - 1)]
    rows = [f"  {s}: {{{'start: 1, ' if s == 's0' else ''}utility: 0.1 * k, cost: 10 USD per year * k}}" for s in names]
    moves = [f"  - {{from: s0, to: {s}, rate: {1 / states} per year}}" for s in names[1:]]
    moves += [f"  - {{from: {s}, to: dead, rate: 0.1 per year}}" for s in names]
    text = CHAIN.format(
        periods=", ".join([*ends, "last: {k: 2}"]), states="\n".join(rows), transitions="\n".join(moves)
    )
    return read(write_scenario(folder, text, f"{states}_{periods}.yaml"))


def numbers_made(monkeypatch, scenario, patients: int) -> int:
    """What stays and events are multiplied by their prices into: numbers, over the whole run."""
    made, add = [0], Amount.__subclasses__()
    with monkeypatch.context() as patch:
        for kind in add:

            def counted(self, values, weights, times=kind.times):
                for worth in times(self, values, weights):
                    made[0] += np.size(worth[0])
                    yield worth

            patch.setattr(kind, "times", counted)
        evaluate(scenario, draws.base(scenario), Method("individual", patients))
    return made[0]


def test_what_is_counted_grows_with_stays_and_not_with_states_times_periods(tmp_path, monkeypatch):
    """A cell for each state and period would be 30 and 60 times as many."""
    few, states, periods = (
        numbers_made(monkeypatch, chain(tmp_path, *size), 1000) for size in ((2, 2), (30, 2), (2, 60))
    )
    assert periods == few
    assert states < 1.5 * few


def test_memory_does_not_grow_with_periods(tmp_path):
    peaks = []
    for periods in (2, 60):
        made = chain(tmp_path, 3, periods)
        evaluate(made, draws.base(made), Method("individual", 20))
        tracemalloc.start()
        evaluate(made, draws.base(made), Method("individual", 20_000))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
    assert peaks[1] < 30e6


def test_the_estimate_of_memory_holds_what_it_takes(scenario, monkeypatch):
    """At least what the engine takes at its height (tracemalloc counts it), and not above ten times as much."""
    made, sizes = scenario[0], []
    monkeypatch.setattr(effort, "reserve", lambda size, what, lower: sizes.append(size))
    tracemalloc.start()
    evaluate(made, table(), Method("individual", 20_000))
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert used < max(sizes) < 10 * used
