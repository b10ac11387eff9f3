"""The fields of a scenario file, stated once as JSON Schema.

From this one statement come the loader's checks, `run_model.py schema` and docs/scenario-reference.md.
"""

from __future__ import annotations

import keyword
import math
import re
from difflib import get_close_matches

from model.formula import BUILT_IN, FUNCTIONS
from model.scenario import CONVENTIONS, DISCOUNTING
from model.scenario_file.nodes import Node, Problems
from model.units import DAYS

NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
RESERVED = {*FUNCTIONS, *BUILT_IN, *keyword.kwlist, "lookup", "rest", "QALY", "QALYs", *DAYS, *(d + "s" for d in DAYS)}
SCALAR = ["string", "number", "boolean"]


def _text(description: str, **more) -> dict:
    return {"description": description, "type": SCALAR, **more}


def _formula(description: str) -> dict:
    return _text(description, format="formula")


def _number(description: str) -> dict:
    return _text(description, format="number")


def _map(description: str, properties: dict | None = None, required=(), others=False, **more) -> dict:
    return {
        "description": description,
        "type": "object",
        "properties": properties or {},
        "required": list(required),
        "additionalProperties": others,
        **more,
    }


def _list(description: str, items: dict, least: int = 1) -> dict:
    return {"description": description, "type": "array", "items": items, "minItems": least}


def _either(description: str, *options: dict) -> dict:
    return {"description": description, "anyOf": list(options)}


COST = _either(
    "money by component, `{component: formula}`, or one formula",
    _formula("one formula"),
    _map("by component", others=_formula("money")),
)
LABEL = _text("name shown in tables and figures")

TIME = _map(
    "units of time, horizon and cycle",
    {
        "unit": _text("unit of time that formulas reckon in", enum=["hour", "day", "week", "month", "year"]),
        "horizon": _text("length of the analysis, such as `5 years`", format="duration"),
        "cycle": _text("length of a cycle of the cohort model, such as `1 week`", format="duration"),
        "convention": _text(
            "how state time in a cycle is counted: `integral` (exact, the default) or a textbook "
            "convention; `simpson-interchanged` has the weights 2/3 and 4/3 interchanged, as published "
            "by the DARTH group",
            enum=list(CONVENTIONS),
        ),
    },
    ["unit", "horizon", "cycle"],
)

DISCOUNT = _map(
    "annual discount rates; always written out, there is no default",
    {
        "cost": _text("annual rate for costs, such as `3 %`", format="number"),
        "effect": _text("annual rate for effects", format="number"),
        "convention": _text(
            "`continuous`: (1 + r)^-t within the cycle (default for the integral convention); `at cycle`: "
            "one factor a cycle, at the time the cycle convention counts at (default for the others); "
            "`by whole year`: (1 + r)^-floor(t)",
            enum=list(DISCOUNTING),
        ),
    },
    ["cost", "effect"],
)

WTP = _map(
    "willingness to pay for one unit of effect",
    {
        "thresholds": _list("thresholds shown in tables", _number("threshold")),
        "curve": _map(
            "grid of the acceptability curve",
            {
                "from": _number("lowest, 0 if not stated"),
                "to": _number("highest"),
                "step": _number("step; a five-hundredth of the range if not stated"),
            },
            ["to"],
        ),
    },
    ["thresholds"],
)

PARAMETER = _map(
    "an input with its uncertainty and its source",
    {
        "value": _formula(
            "base value (a number), or a formula of other parameters; the distribution's mean if not stated"
        ),
        "distribution": _text(
            "such as `beta(32, 2)`, `gamma(mean=415, cv=0.69)`, `lognormal(median=1.96, lower=1.65, upper=2.34)`",
            format="distribution",
        ),
        "unit": _text(
            "`probability`, `utility`, `ratio`, `per day`, `USD`, `USD per day`, `month`, `QALY`, "
            "`probability over 30 days` (becomes a hazard)",
            format="unit",
        ),
        "range": _list("low and high limit of one-way analyses; the 95 % interval if not stated", _number("limit"), 2),
        "table": _text(
            "a CSV file with a step function of age or time, read with `lookup(name, x)` or `life_table(name)`"
        ),
        "by": _text("the table's column of age or time"),
        "by unit": _text("unit of that column, such as `year`"),
        "column": _text("the table's column of values"),
        "columns": _list("columns of an `empirical` file, in the order of the names", _text("column")),
        "source": _text("key of `sources`"),
        "note": _text("what a reviewer should know"),
    },
)

STATE = _map(
    "a state of the model",
    {
        "label": LABEL,
        "start": _formula("share of patients that start here"),
        "stay": _text("`0` makes it a chance node: patients pass through at once", enum=["0"]),
        "alive": _text(
            "`false` marks a dead state; else dead is a state that nothing leaves and that has no cost and no utility",
            enum=["true", "false"],
        ),
        "cost": COST | {"description": "cost per unit of time, by component"},
        "utility": _formula("utility while in the state"),
        "entry cost": COST | {"description": "one-off cost on each entry (the start included), by component"},
        "entry qaly": _formula("one-off QALY change on each entry (the start included)"),
        "holds": _either(
            "resources of which one unit each is held in this state (queueing engine): a name, a list, or with priorities",
            _text("resource"),
            _list("resources, all taken together", _text("resource")),
            _map(
                "with priorities",
                {
                    "resources": _list("resources, all taken together", _text("resource")),
                    "priority": _number("whole number; the smallest is served first (0 if not stated)"),
                    "priority of": _map("other priorities by group of patients", others=_number("priority")),
                },
                ["resources"],
            ),
        ),
    },
)

RESOURCE = _map(
    "what patients wait for (queueing engine)",
    {
        "label": LABEL,
        "capacity": _text("number of units, or `unlimited`", format="capacity"),
        "open": _either(
            "hours of the week in which patients are taken, such as `Mon-Fri 08:00-18:00`; who has begun stays until done "
            "(always, if not stated)",
            _text("days and hours"),
            _list("several spans", _text("days and hours")),
        ),
        "preemptive": _text("`true`: a patient of higher priority takes the place of one of lower", enum=["true", "false"]),
        "note": _text("where the figure comes from"),
    },
    ["capacity"],
)

ARRIVALS = _map(
    "how patients arrive, and who is followed (queueing engine)",
    {
        "rate": _either(
            "Poisson arrivals: a number `per day`, or numbers by hours of the week",
            _text("such as `3 per week`"),
            _map("`{Mon-Fri 08:00-18:00: 0.6 per day, otherwise: 0.2 per day}`", others=_text("such as `0.6 per day`")),
        ),
        "file": _text("a CSV with the days of arrival in a column `day` (0 is a Monday, 0:00) and, with groups, `group`"),
        "warm-up": _text("arrivals before anyone is followed, such as `60 days` (none, if not stated)", format="duration"),
        "cool-down": _text("arrivals after the last one who is followed (none, if not stated)", format="duration"),
        "most waiting": _number("patients in one queue at which the run stops (10,000 if not stated)"),
        "note": _text("where the figures come from"),
    },
)

TRANSITION = _map(
    "a move from one state to another",
    {
        "from": _text("state it leaves"),
        "to": _text("state it enters"),
        "name": _text("tells two moves between the same states apart"),
        "rate": _formula("constant hazard, with its unit (`per year`); may use `time` and periods"),
        "survival": _text(
            "time-to-event distribution, such as `weibull(shape=1.2, scale=14) in months`", format="survival"
        ),
        "clock": _text(
            "what the distribution counts from: `model` (time since start) or `state` (time in state)",
            enum=["model", "state"],
        ),
        "hazard ratio": _formula("multiplies the hazard of `survival`"),
        "acceleration factor": _formula("time ratio: S(t) = S0(t / factor), above 1 stretches survival"),
        "probability": _formula("branch probability out of a chance node; `rest` is the complement"),
        "probability per cycle": _formula("probability of the move in one cycle (models published that way)"),
        "cost": COST | {"description": "one-off cost of the move, by component"},
        "qaly": _formula("one-off QALY change of the move"),
    },
    ["from", "to"],
)

EFFECT = _map(
    "an outcome beside QALYs and life-years",
    {
        "label": LABEL,
        "time in": _either(
            "states whose time counts, a list or `{state: weight}`",
            _list("states", _text("state")),
            _map("weights", others=_formula("weight")),
        ),
        "unit": _text("unit of time of the total", enum=["hour", "day", "week", "month", "year"]),
        "entries into": _list("counts entries into these states", _text("state")),
        "count of": _list("counts these moves, `from -> to`", _text("move")),
    },
)

CORRELATION = _map(
    "correlation between parameters (Gaussian copula; margins stay exact)",
    {
        "between": _list("names of the parameters", _text("parameter"), 2),
        "value": _number("correlation of two parameters"),
        "matrix": _list("correlation matrix", _list("row", _number("correlation"))),
    },
    ["between"],
)

PUBLISHED = _map(
    "a median that was observed or published",
    {
        "of": _text("`survival`, or an effect that is time in states"),
        "strategy": _text("strategy"),
        "value": _text("such as `126 days`", format="duration"),
        "source": _text("key of a source"),
    },
    ["of", "strategy", "value"],
)

TARGET = _map(
    "what the model should give",
    {
        "measure": _text(
            "`median survival` (from the start), `occupancy` (share of patients in `states` at a time), `total` (mean of an "
            "`outcome`, discounted as the scenario says), `icer`, `probability cost-effective` (a point of the "
            "acceptability curve); all but the last of the base case",
            enum=["median survival", "occupancy", "total", "icer", "probability cost-effective"],
        ),
        "strategy": _text("strategy"),
        "comparator": _text("with `icer`: strategy that it is compared with; the scenario's `reference` if not stated"),
        "group": _text("group of patients; all if not stated"),
        "states": _list("with `occupancy`: states whose shares are added up", _text("state")),
        "at": _text("with `occupancy`: time since the start, such as `90 days`", format="duration"),
        "outcome": _text("with `total`: `cost`, `cost: <component>`, `qaly`, `life_years` or an effect"),
        "wtp": _number("with `probability cost-effective`: willingness to pay"),
        "value": _text("the value to meet: a number, or a length of time for `median survival`"),
        "tolerance": _text("difference that would not matter much; counts as a standard error"),
        "standard error": _text("standard error of the value, in the value's unit"),
        "source": _text("key of `sources`"),
    },
    ["measure", "strategy", "value"],
)

CALIBRATION = _map(
    "what `run_model.py calibrate` may vary, and what it has to meet; other commands ignore it",
    {
        "vary": _map(
            "inputs to be found: a parameter, or an argument of its distribution, such as `c_ward.mean`; several with commas "
            "between share one value",
            others=_map(
                "bounds",
                {"from": _number("lowest value, in the parameter's unit"), "to": _number("highest value")},
                ["from", "to"],
            ),
        ),
        "targets": _map("targets by name; each has a `tolerance` or a `standard error`", others=TARGET),
    },
    ["vary", "targets"],
)

SCENARIO = _map(
    "a scenario: one decision, its strategies, states, transitions, prices and their uncertainty",
    {
        "extends": _text("another scenario file; this one states only what differs (`null` removes an entry)"),
        "title": _text("title of the analysis"),
        "description": _text("what a reader should know first"),
        "perspective": _either(
            "whose costs count",
            _text("name"),
            _map(
                "with components left out",
                {
                    "name": _text("whose costs count"),
                    "leave out": _list("cost components that this perspective does not count", _text("component"), 0),
                },
                ["name"],
            ),
        ),
        "currency": _map(
            "currency and price year",
            {"code": _text("three letters, such as USD"), "year": _text("price year")},
            ["code"],
        ),
        "time": TIME,
        "discount": DISCOUNT,
        "wtp": WTP,
        "reference": _text("strategy that the plane and pairwise increments compare with; the first if not stated"),
        "sources": _map(
            "where figures come from",
            others=_map(
                "a source",
                {
                    "citation": _text("full citation"),
                    "doi": _text("DOI"),
                    "url": _text("address"),
                    "page": _text("page or table"),
                    "note": _text("what was seen of it"),
                },
                ["citation"],
            ),
        ),
        "parameters": _map("inputs by name; joint ones as `a, b, c: {distribution: dirichlet(..)}`", others=PARAMETER),
        "correlations": _list("correlations between parameters", CORRELATION, 0),
        "strategies": _map(
            "strategies: each binds names to formulas",
            others=_map(
                "a strategy", {"label": LABEL}, others=_formula("what the name stands for under this strategy")
            ),
        ),
        "groups": _map(
            "patients at presentation: each binds names",
            others=_map(
                "a group",
                {"label": LABEL, "weight": _formula("share of patients")},
                ["weight"],
                others=_formula("what the name stands for in this group"),
            ),
        ),
        "periods": _map(
            "stretches of model time, in order: each binds names",
            others=_map(
                "a period",
                {"until": _text("end of the period, such as `2 years`; the last has none", format="duration")},
                others=_formula("what the name stands for in this period"),
            ),
        ),
        "states": _map("states of the model", others=STATE),
        "transitions": _list("moves between states", TRANSITION, 0),
        "effects": _map("outcomes beside QALYs and life-years", others=EFFECT),
        "resources": _map("what patients wait for, with the queueing engine", others=RESOURCE),
        "arrivals": ARRIVALS,
        "calibration": CALIBRATION,
        "published medians": _list("medians to show beside the model's, with engines that follow patients", PUBLISHED, 0),
    },
    ["title", "currency", "time", "discount", "wtp", "strategies", "states", "transitions"],
)


def json_schema() -> dict:
    """JSON Schema (draft 2020-12) of a scenario file; a file that `extends` another may leave out any field."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Scenario file",
        **_nullable(SCENARIO),
        "type": "object",
        "if": {"required": ["extends"]},
        "else": _needed(SCENARIO),
    }


def _needed(schema: dict) -> dict:
    """What a complete file must have, as a schema of nothing but `required`."""
    found = {"required": schema["required"]} if schema.get("required") else {}
    fields = {key: part for key, child in (schema.get("properties") or {}).items() if (part := _needed(child))}
    for option in schema.get("anyOf", ()):
        found |= _needed(option)
    for key in ("additionalProperties", "items"):
        if isinstance(schema.get(key), dict) and (part := _needed(schema[key])):
            found[key] = part
            fields = {**{name: {} for name in schema.get("properties") or {}}, **fields}
    return found | ({"properties": fields} if fields else {})


def _nullable(schema: dict) -> dict:
    """null stands for 'nothing here', and removes an entry of the file that is extended."""
    result = {key: value for key, value in schema.items() if key not in ("required", "format")}
    if isinstance(result.get("properties"), dict):
        result["properties"] = {k: _nullable(v) for k, v in result["properties"].items()}
    for key in ("additionalProperties", "items"):
        if isinstance(result.get(key), dict):
            result[key] = _nullable(result[key])
    if "anyOf" in result:
        result["anyOf"] = [_nullable(option) for option in result["anyOf"]] + [{"type": "null"}]
    else:
        result["type"] = [*([result["type"]] if isinstance(result["type"], str) else result["type"]), "null"]
    if "enum" in result:
        values = [v for e in result["enum"] for v in (e, {"true": True, "false": False, "0": 0}.get(e))]
        result["enum"] = [v for v in values if v is not None] + [None]
    return result


def bad_name(name: str) -> str:
    """Why a formula could not use `name`; nothing where it could."""
    if not re.fullmatch(NAME, name):
        return f"'{name}' cannot be a name in formulas: use letters, digits and _, beginning with a letter"
    if name in RESERVED:
        return f"'{name}' is a word of the formula language; choose another name, such as '{name}_'"
    return ""


def check(node: Node, problems: Problems, schema: dict = SCENARIO) -> bool:
    """Report keys that are not read, fields that are missing, and values of the wrong shape.

    What is wrong is taken out of the tree, so that the rest can be read and its own errors be found.
    """
    if node.kind == "nothing":
        return _check_empty(node, problems, schema)
    if "anyOf" in schema:
        return _check_either(node, problems, schema)
    if schema.get("type") == "object":
        return _check_map(node, problems, schema)
    if schema.get("type") == "array":
        return _check_list(node, problems, schema)
    if node.kind != "text":
        problems.add(node, f"found {_kind(node)}, needed: {schema['description']}")
        return False
    if "enum" in schema and node.value not in schema["enum"]:
        problems.unknown(node, "value", node.value, schema["enum"])
        return False
    return schema.get("format") != "number" or number(node, problems) is not None


def _check_empty(node: Node, problems: Problems, schema: dict) -> bool:
    """Nothing behind a name: an entry without fields is one; a field without a value is a slip."""
    if schema.get("type") == "object" and not schema["required"]:
        node.kind, node.value = "map", {}
        return True
    if schema.get("type") == "array" and not schema["minItems"]:
        node.kind, node.value = "list", []
        return True
    problems.add(node, f"is empty; write a value ({schema['description']}), or leave the field out")
    return False


def _check_either(node: Node, problems: Problems, schema: dict) -> bool:
    kinds = {"object": "map", "array": "list"}
    for option in schema["anyOf"]:
        wanted = kinds.get(option["type"], "text") if isinstance(option["type"], str) else "text"
        if wanted == node.kind:
            return check(node, problems, option)
    problems.add(node, f"found {_kind(node)}, needed: {schema['description']}")
    return False


def _check_map(node: Node, problems: Problems, schema: dict) -> bool:
    if node.kind != "map":
        problems.add(
            node,
            f"found {_kind(node)}, needed fields: {', '.join(schema['properties']) or 'name: ...'} "
            f"({schema['description']})",
        )
        return False
    _check_fields(node, problems, schema)
    for key in schema["required"]:
        if key not in node and key not in node.dropped:
            problems.add(node, f"'{key}' is missing ({schema['properties'][key]['description']})")
    return True


def _check_fields(node: Node, problems: Problems, schema: dict) -> None:
    """Check every field and drop the wrong ones, with the fields that unknown names are probably meant as."""
    meant, known = set(), schema["properties"]
    for key, child in list(node.items()):
        if key not in known and schema["additionalProperties"] is False:
            line = node.keys.get(key) if child.file == node.file else None
            at = Node("text", "", child.file, line or child.line, node.place)
            problems.unknown(at, "field", key, known)
            meant.update(get_close_matches(key, known, 1, 0.6))
        elif check(child, problems, known.get(key) or schema["additionalProperties"]):
            continue
        del node.value[key]
        node.dropped.add(key)
    node.dropped |= meant


def _check_list(node: Node, problems: Problems, schema: dict) -> bool:
    if node.kind != "list":
        problems.add(node, f"found {_kind(node)}, needed a list: {schema['description']}")
        return False
    if len(node.value) < schema["minItems"]:
        problems.add(
            node,
            f"needs at least {schema['minItems']} {'entry' if schema['minItems'] == 1 else 'entries'}, "
            f"found {len(node.value)}",
        )
        return False
    good = [child for child in node.value if check(child, problems, schema["items"])]
    complete = len(good) == len(node.value)
    node.value = good
    # A list of moves can do with the good ones; a list of numbers with one missing is another list.
    return complete or schema["items"].get("type") == "object"


def _kind(node: Node) -> str:
    if node.kind == "map":
        return f"fields ({', '.join(f'{key}: ...' for key in list(node.value)[:3]) or 'none'})"
    return "a list" if node.kind == "list" else f"'{node.value}'"


_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def number(node: Node, problems: Problems) -> float | None:
    """A plain number or a percentage; reports and returns None where it is neither."""
    text = node.value if node.kind == "text" else ""
    bare = text.removesuffix("%").strip()
    value = float(bare) if _NUMBER.fullmatch(bare) else math.inf
    if math.isfinite(value):
        return value / 100 if text.endswith("%") else value
    hint = " (write it without thousands separators)" if re.search(r"\d[,_' ]\d", text) else ""
    problems.add(node, f"'{node.value}' is not a number{hint}; write for example 0.03, 1e5 or 3 %")
    return None
