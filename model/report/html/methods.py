"""How the analysis was made: frame, engine, conventions, uncertainty; and what the study says of itself."""

from __future__ import annotations

from model.effects import words_of
from model.engines import engine_for
from model.report import numbers
from model.report.html.answer import horizon
from model.report.html.blocks import Block, Facts, Section, Text
from model.report.html.material import Material
from model.scenario import TimeToEvent

ENGINES = {
    "cohort": "Cohort state-transition model (continuous-time Markov, time in state where transitions read it)",
    "partitioned": "Partitioned survival model",
    "individual": "Individual-level state-transition model (next event)",
    "queueing": "Discrete-event simulation of patients who wait for resources",
}
CYCLES = {
    "integral": "time in states is integrated exactly, so no correction is needed",
    "start": "states are counted at the start of each cycle",
    "end": "states are counted at the end of each cycle",
    "half-cycle": "half-cycle correction",
    "life-table": "life-table method: the mean of start and end of each cycle",
    "simpson": "Simpson's rule",
    "simpson-interchanged": "Simpson's rule with its weights interchanged, as published by the DARTH group",
}


def section(material: Material) -> Section:
    blocks: list[Block] = [
        Facts(tuple(frame(material)), "Frame"),
        Facts(tuple(conventions(material)), "Model and conventions"),
    ]
    return Section(
        "methods", "Methods", (*_description(material), *blocks, Facts(tuple(uncertainty(material)), "Uncertainty"))
    )


def _description(material: Material) -> list[Text]:
    return [Text((material.scenario.description,))] if material.scenario.description else []


def frame(material: Material) -> list[tuple[str, str]]:
    scenario = material.scenario
    left_out = f"; left out: {', '.join(scenario.left_out)}" if scenario.left_out else ""
    return [
        ("Strategies", "; ".join(scenario.labels.values())),
        ("Compared with", scenario.labels[scenario.reference_strategy]),
        ("Patients", groups(material)),
        ("Perspective", f"{scenario.perspective or 'Not stated'}{left_out}"),
        ("Horizon", horizon(material)),
        (
            "Currency",
            f"{scenario.currency}{f', prices of {scenario.price_year}' if scenario.price_year else ', price year not stated'}",
        ),
        ("Willingness to pay", "; ".join(map(material.price, scenario.wtp.thresholds)) or "Not stated"),
        ("Outcomes", "; ".join([material.outcome(key) for key in ("qaly", "life_years", *scenario.effects)])),
        ("Effect that decides", words_of(scenario, material.run.decision.effect).many),
    ]


def groups(material: Material) -> str:
    labels = [group.label or key for key, group in material.scenario.groups.items()]
    return "; ".join(labels) if len(labels) <= 6 else f"{len(labels)} groups; see Groups"


def conventions(material: Material) -> list[tuple[str, str]]:
    scenario, time, discount = material.scenario, material.scenario.time, material.scenario.discount
    counted = f"; transitions are counted {time.counted}" if time.counted else ""
    return [
        ("Engine", engine(material)),
        ("Cycle", f"{numbers.count(time.cycle, time.unit)}: {CYCLES[time.convention]}{counted}"),
        (
            "Discounting",
            f"{numbers.rate(discount.cost)} a year for costs, {numbers.rate(discount.effect)} a year for effects; "
            f"{discount.convention}, {discount.compounding} compounding",
        ),
        ("Clocks", "; ".join(clocks(material))),
        (
            "States in which patients are dead",
            "; ".join(scenario.states[key].label for key in scenario.dead_states) or "none",
        ),
        ("A year", "365.25 days"),
        ("Increments", "strategy minus comparator; an ICER is the ratio of mean increments, never a mean of ratios"),
    ]


def engine(material: Material) -> str:
    run, name = material.run, engine_for(material.scenario, material.run.method.engine).name
    words, method = ENGINES.get(name, name), run.base_method
    if not method.follows_patients:
        return words
    who = f"{numbers.count(method.patients, 'patient')} a strategy"
    if method.replicates:
        who = f"{numbers.count(method.replications, 'replication')} of {who}"
    return f"{words}; base case: {who}; each draw: {numbers.count(run.method.for_psa().patients, 'patient')}"


def clocks(material: Material) -> list[str]:
    """Which times rates and distributions read."""
    scenario, found = material.scenario, []
    survivals = [t.survival for t in scenario.transitions if isinstance(t, TimeToEvent)]
    names = {name for t in scenario.transitions for name in _names(t)}
    if any(s.clock == "state" for s in survivals) or "time_in_state" in names:
        found.append("time since the latest entry into the state")
    if scenario.partition is not None or any(s.clock == "model" for s in survivals) or "time" in names:
        found.append("time since the start of the model")
    return found or ["none: rates do not change with time"]


def _names(transition) -> frozenset[str]:
    formula = getattr(transition, "rate", None) or getattr(transition, "probability", None)
    return formula.names if formula is not None else frozenset()


def uncertainty(material: Material) -> list[tuple[str, str]]:
    run, scenario = material.run, material.scenario
    sampled = [name for name, p in scenario.parameters.items() if p.sampled]
    if run.psa is None:
        return [("Probabilistic analysis", "none")]
    return [
        (
            "Probabilistic analysis",
            f"{numbers.count(run.sample.n, 'draw')}, {run.sample.sampling} sampling, seed {run.sample.seed}; "
            f"{len(sampled)} of {numbers.count(len(scenario.parameters), 'parameter')} sampled",
        ),
        ("Correlations", "; ".join(", ".join(c.names) for c in scenario.correlations) or "none stated"),
        (
            "Which figures are which",
            "tables and figures marked deterministic rest on base values, those marked probabilistic on the draws; "
            "intervals are 95 %",
        ),
    ]
