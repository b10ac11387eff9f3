"""The queueing engine against an independent event loop (tests/event_loop.py), patient by patient, on random systems; the
event loop itself against exact results; and what must hold of any system."""

import math
from dataclasses import replace

import numpy as np
import pytest
from event_loop import Branch, Centre, Exit, Patient, Resource, State
from runs import write_scenario

from model import addressed, draws, inputs
from model.engines import queueing
from model.resources import Arrivals
from model.scenario_file import read
from model.scenario_file.opening_hours import hours, joined

SEED, HORIZON = 1, 80.0
OPENING = (
    "always",
    "Mon-Fri 08:00-18:00",
    "07:00-21:00",
    "Mon 09:00-12:00; Thu 22:00-03:00",
    "Sat-Sun; Tue 10:00-11:00",
)
GROUPS = ("a", "b")


# --- random systems ---------------------------------------------------------------------------------------------


def random_system(number):
    """What a system is made of, in numbers and words: resources, states, exits, arrivals."""
    rng = np.random.default_rng([2024, number])
    names = ["theatre", "bed", "scanner"][: rng.integers(1, 4)]
    resources = {
        name: {
            "capacity": int(rng.integers(1, 4)),
            "open": str(rng.choice(OPENING, p=[0.4, 0.25, 0.15, 0.1, 0.1])),
            "preemptive": bool(rng.random() < 0.35),
        }
        for name in names
    }
    stays = [f"s{i}" for i in range(rng.integers(3, 7))]
    states = {name: {"holds": [], "exits": [], "branches": []} for name in stays}
    for i, name in enumerate(stays):
        if i and rng.random() < 0.75:
            states[name]["holds"] = sorted(rng.choice(names, rng.integers(1, len(names) + 1), replace=False).tolist())
            states[name]["priority"] = dict(zip(GROUPS, rng.integers(0, 3, 2).tolist()))
    for node in range(rng.choice([0, 0, 1, 2])):
        limit = float(rng.integers(2, 60)) + 0.5
        early, late = rng.uniform(0.1, 0.9, 2).round(3).tolist()
        ends = rng.choice([*stays[1:], "dead"], 2, replace=False).tolist()
        states[f"node {node}"] = {"holds": [], "exits": [], "branches": [(ends[0], early, late, limit), (ends[1],)]}
    nodes = [name for name in states if states[name]["branches"]]
    for i, name in enumerate(stays):
        later = [*stays[i + 1 :], *nodes, "dead"]
        # Back to an earlier stay only after some time, so that no circle takes none.
        targets = rng.permutation(later)[: rng.integers(1, 4)].tolist()
        for place, target in enumerate(targets):
            instant = place == 0 and (i == 0 or (rng.random() < 0.3 and target in stays))
            states[name]["exits"].append((target, *random_time(rng, instant)))
        if i > 1 and rng.random() < 0.25:
            states[name]["exits"].append((stays[i - 1], "rate", float(rng.uniform(0.05, 0.4))))
    return resources, states, random_arrivals(rng)


def random_time(rng, instant):
    if instant:
        return "fixed", 0.0
    kind = str(rng.choice(["rate", "exponential", "weibull", "fixed", "model weibull"]))
    if kind in ("rate", "exponential"):
        return kind, float(rng.uniform(0.1, 2.0))
    if kind == "fixed":
        return kind, float(rng.uniform(0.1, 2.0))
    return kind, float(rng.uniform(0.7, 2.5)), float(rng.uniform(0.5, 20 if kind == "model weibull" else 3))


def random_arrivals(rng):
    """Either days by group, or rates by hour of the week; the rest are numbers of recruits and lengths in days."""
    found = {"recruits": dict(zip(GROUPS, rng.integers(8, 20, 2).tolist())), "weight": float(rng.uniform(0.3, 0.7))}
    found |= {"warm-up": float(rng.integers(0, 8)), "cool-down": float(rng.integers(0, 8))}
    if rng.random() < 0.5:
        days = {g: np.sort(rng.uniform(0, 20, n + 8)) for g, n in found["recruits"].items()}
        return found | {"days": {g: d + found["warm-up"] * (np.arange(len(d)) >= 8) for g, d in days.items()}}
    day, night = rng.uniform(0.5, 4), rng.choice([0.0, 0.5])
    return found | {"rates": [float(day if 7 <= h % 24 < 19 else night) for h in range(168)]}


def text_of(resources, states, arrivals):
    lines = [f"time: {{unit: day, horizon: {HORIZON} days, cycle: 1 day}}", "resources:"]
    for name, r in resources.items():
        opening = [part.strip() for part in r["open"].split(";")]
        lines.append(
            f"  {name}: {{capacity: {r['capacity']}, open: {opening}, preemptive: {str(r['preemptive']).lower()}}}"
        )
    lines += ["arrivals: {rate: 1 per day, most waiting: 1000000}"]
    lines += [f"groups: {{a: {{weight: {arrivals['weight']}}}, b: {{weight: {1 - arrivals['weight']}}}}}", "states:"]
    limits = {}
    for name, state in states.items():
        if state["branches"]:
            lines.append(f"  {name}: {{stay: 0}}")
            limits[f"limit_{name[-1]}"] = state["branches"][0][3]
            continue
        holds = f", holds: {{resources: {state['holds']}, priority of: {state['priority']}}}" if state["holds"] else ""
        lines.append(f"  {name}: {{utility: 1{', start: 1' if name == 's0' else ''}{holds}}}")
    lines += ["  dead: {}", "transitions:"]
    for name, state in states.items():
        lines += [f"  - {{from: {name}, to: {target}, {moved(*time)}}}" for target, *time in state["exits"]]
        for branch in state["branches"]:
            how = "rest"
            if len(branch) > 1:
                how = f'"if(waited > limit_{name[-1]}, {branch[2]}, {branch[1]})"'
            lines.append(f"  - {{from: {name}, to: {branch[0]}, probability: {how}}}")
    if limits:
        lines += ["parameters:", *(f"  {name}: {{value: {value}, unit: hour}}" for name, value in limits.items())]
    return "\n".join(lines) + "\n"


def moved(kind, *numbers):
    if kind == "rate":
        return f"rate: {numbers[0]} per day"
    clock = "model" if kind.startswith("model") else "state"
    arguments = {"exponential": "rate={}", "fixed": "time={}"}.get(kind, "shape={}, scale={}").format(*numbers)
    return f'survival: "{kind.split()[-1]}({arguments}) in days", clock: {clock}'


# --- the same system in the event loop --------------------------------------------------------------------------


def threshold(patient, name, visit):
    """E ~ Exp(1) of an address: the random numbers that both share."""
    stream, number = patient.key
    streams = addressed.of_draws(addressed.key(SEED, stream, name), np.array([0]))
    return float(addressed.exponentials(streams, np.array([number]), visit)[0])


def when(kind, *numbers):
    def event(patient, name, visit, now):
        e = threshold(patient, name, visit)
        if kind in ("rate", "exponential"):
            return now + e / numbers[0]
        if kind == "fixed":
            return now + numbers[0]
        shape, scale = numbers
        if kind == "weibull":
            return now + scale * e ** (1 / shape)
        return scale * ((now / scale) ** shape + e) ** (1 / shape)

    return event


def score(p):
    return lambda patient, name, visit, waited: threshold(patient, name, visit) / max(p(waited), 1e-300)


def branches_of(name, first, rest):
    """Probabilities by the time waited are taken in steps of an hour (docs/scenario-reference.md)."""
    target, early, late, limit = first

    def p(waited):
        return late if math.floor(waited * 24 + 1e-6) > limit else early

    return (
        Branch(f"{name} -> {target}", target, score(p)),
        Branch(f"{name} -> {rest[0]}", rest[0], score(lambda waited: 1 - p(waited))),
    )


def centre_of(resources, states):
    made = {}
    for name, s in states.items():
        exits = tuple(
            Exit(f"{name} -> {target}", target, when(*time), time[0] in ("exponential", "weibull", "fixed"))
            for target, *time in s["exits"]
        )
        branches = branches_of(name, *s["branches"]) if s["branches"] else ()
        made[name] = State(frozenset(s["holds"]), s.get("priority", {}), exits, branches)
    return Centre(
        {
            name: Resource(
                r["capacity"],
                () if r["open"] == "always" else joined([x for p in r["open"].split(";") for x in hours(p)]),
                r["preemptive"],
            )
            for name, r in resources.items()
        },
        made | {"dead": State()},
    )


def poisson_days(rates, share, start, stream):
    """Days of arrival after `start`: each hour of the week has its rate; one threshold after the other is used up."""
    day, number = start, 0
    left = threshold(Patient((stream, 0), "", 0, "", 0), "arrival", 1)
    while True:
        hour = math.floor(day * 24 + 1e-9)
        rate, until = rates[hour % 168] * share, (hour + 1) / 24
        if rate and left <= rate * (until - day):
            day += left / rate
            yield day
            number += 1
            left = threshold(Patient((stream, number), "", 0, "", 0), "arrival", 1)
        else:
            left, day = left - rate * (until - day), until


def patients_of(arrivals):
    """Those of the warm-up (another stream of random numbers), the recruits, and those who come after the last of them."""
    found, last = [], 0.0
    weights = {"a": arrivals["weight"], "b": 1 - arrivals["weight"]}
    for group in GROUPS:
        days, n = arrivals.get("days"), arrivals["recruits"][group]
        last = max(last, nth(all_days(arrivals, group, weights[group], days), n, arrivals["warm-up"]))
    for group in GROUPS:
        for stream, number, day in all_days(arrivals, group, weights[group], arrivals.get("days")):
            if number >= arrivals["recruits"][group] and day > last + arrivals["cool-down"]:
                break
            found.append(Patient((stream, number), group, day, "s0", HORIZON))
    return found


def all_days(arrivals, group, weight, days):
    warm = arrivals["warm-up"]
    if days is None:
        early = poisson_days(arrivals["rates"], weight, 0.0, f"{group} warm-up")
        late = poisson_days(arrivals["rates"], weight, warm, group)
    else:
        early, late = iter(days[group].tolist()), iter(days[group][days[group] >= warm].tolist())
    for number, day in enumerate(early):
        if day >= warm:
            break
        yield f"{group} warm-up", number, day
    for number, day in enumerate(late):
        yield group, number, day


def nth(numbered, n, warm):
    return next(day for stream, number, day in numbered if number == n - 1 and "warm-up" not in stream)


# --- engine and event loop --------------------------------------------------------------------------------------


def engine_of(folder, resources, states, arrivals):
    """(scenario, histories by group, requests)."""
    scenario = read(write_scenario(folder, text_of(resources, states, arrivals)))
    flow = (
        Arrivals(times={g: tuple(d.tolist()) for g, d in arrivals["days"].items()})
        if "days" in arrivals
        else Arrivals(tuple(arrivals["rates"]))
    )
    system = replace(scenario.system, arrivals=flow, warm_up=arrivals["warm-up"], cool_down=arrivals["cool-down"])
    parts = [
        queueing.Part(
            inputs.dynamics(scenario, draws.base(scenario), group),
            arrivals["recruits"][key],
            np.array([arrivals["weight"] if key == "a" else 1 - arrivals["weight"]]),
            key,
        )
        for key, group in scenario.groups.items()
    ]
    histories, requests = queueing.simulate(parts, SEED, None, system)
    return scenario, parts, dict(zip(scenario.groups, histories)), requests, system


def stays_of(part, history):
    """Stays by patient: (state, entered, left, move, waited); chance nodes left out."""
    names = [*(m.label for m in part.dynamics.transitions), None]
    found = {}
    rows = history.sorted()
    for row, s, entered, left, move, waited in zip(
        rows.row, rows.state, rows.entered, rows.left, rows.transition, rows.waited
    ):
        if not part.dynamics.chance[s]:
            found.setdefault(int(row), []).append(
                (part.dynamics.states[s], float(entered), float(left), names[move], float(waited))
            )
    return found


def assert_same(number, group, patient, ours, theirs):
    assert [x[0::3] for x in ours] == [x[0::3] for x in theirs], (number, group, patient, ours, theirs)
    for one, other in zip(ours, theirs):
        assert np.allclose(one[1:3] + one[4:], other[1:3] + other[4:], atol=1e-7), (number, group, patient, one, other)


BLOCKS = [0, 1, *(pytest.param(block, marks=pytest.mark.slow) for block in range(2, 10))]


@pytest.mark.parametrize("block", BLOCKS)
def test_every_patient_has_the_life_that_an_independent_event_loop_gives_him(block, tmp_path):
    waited = lost = 0
    for number in range(21 * block, 21 * block + 21):
        made = random_system(number)
        scenario, parts, histories, requests, _ = engine_of(tmp_path, *made)
        centre, patients = centre_of(*made[:2]), patients_of(made[2])
        centre.run(patients)
        logs = {p.key: p.log for p in patients}
        for part in parts:
            for patient, ours in stays_of(part, histories[part.stream]).items():
                theirs = [x for x in logs[part.stream, patient] if x[0] != "dead"]
                ours = [x for x in ours if x[0] != "dead"]
                assert_same(number, part.stream, patient, ours, theirs)
                waited += sum(x[4] > 0 for x in ours)
        lost += np.isnan(requests.granted).sum()
    assert waited > 200 and lost > 50


# --- what must hold of any system -------------------------------------------------------------------------------


def idle_while_wanted(requests, system):
    """Moments (day, request) at which all that a waiting patient needs is free and open, read off the log of requests."""
    units = np.array([r.capacity for r in system.resources])
    end = np.where(np.isnan(requests.granted), requests.left, requests.granted)
    used = ~np.isnan(requests.granted) & (requests.left > requests.granted + 1e-9)
    weeks = 7 * np.arange(int(requests.left.max(initial=0) / 7) + 1)
    openings = [weeks + start / 24 for r in system.resources for start, _ in r.opening]
    moments = np.unique(np.concatenate([requests.asked, requests.left, requests.granted[used], *openings]))
    opened = [is_open(r.opening, moments + 2e-6) for r in system.resources]
    free = []
    for r in range(len(units)):
        begin, stop = (np.sort(x[used & (requests.resource == r)]) for x in (requests.granted, requests.left))
        in_use = np.searchsorted(begin, moments + 1e-6) - np.searchsorted(stop, moments + 1e-6)
        free.append((units[r] > in_use) & opened[r])
    for i in np.flatnonzero(end - requests.asked > 1e-5):
        needs = [r for r in range(len(units)) if requests.together[i] >> r & 1]
        during = (moments > requests.asked[i] - 1e-9) & (moments < end[i] - 1e-5)
        if (during & np.all([free[r] for r in needs], axis=0)).any():
            yield moments[during & np.all([free[r] for r in needs], axis=0)][0], i


def is_open(spans, days):
    hour = days % 7 * 24
    return np.any([(start <= hour) & (hour < end) for start, end in spans], axis=0)


def test_no_unit_is_open_and_idle_while_a_patient_waits_who_needs_nothing_else(tmp_path):
    waited = 0
    for number in range(1000, 1050):
        *_, requests, system = engine_of(tmp_path, *random_system(number))
        assert list(idle_while_wanted(requests, system)) == [], number
        waited += (requests.wait > 0).sum()
    assert waited > 1000


def test_the_search_for_idle_units_finds_those_that_an_engine_forgets_at_opening(tmp_path, monkeypatch):
    monkeypatch.setattr("model.engines.desk.Desk._await_opening", lambda self, ticket: None)
    found = [list(idle_while_wanted(*engine_of(tmp_path, *random_system(n))[3:])) for n in range(1000, 1010)]
    assert sum(map(bool, found)) > 3
