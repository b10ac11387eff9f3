"""The fields of a scenario file, stated once as JSON Schema; what they mean is their `description`."""

from __future__ import annotations

from model.profiles import PROFILES, RECALLED
from model.scenario import COMPOUNDING, CONVENTIONS, COUNTED, DISCOUNTING, STATUSES

SCALAR = ["string", "number", "boolean"]


def text(description: str, **more) -> dict:
    return {"description": description, "type": SCALAR, **more}


def formula(description: str) -> dict:
    return text(description, format="formula")


def number(description: str) -> dict:
    return text(description, format="number")


def fields(description: str, properties: dict | None = None, required=(), others=False, **more) -> dict:
    return {
        "description": description,
        "type": "object",
        "properties": properties or {},
        "required": list(required),
        "additionalProperties": others,
        **more,
    }


def entries(description: str, items: dict, least: int = 1) -> dict:
    return {"description": description, "type": "array", "items": items, "minItems": least}


def either(description: str, *options: dict) -> dict:
    return {"description": description, "anyOf": list(options)}


COST = either(
    "money by component, `{component: formula}`, or one formula",
    formula("one formula"),
    fields("by component", others=formula("money")),
)
STATE_COST = either(
    "cost per unit of time, by component",
    formula("one formula"),
    fields(
        "by component",
        others=either(
            "money per unit of time",
            formula("money per unit of time"),
            fields(
                "of some of those in the state (`share`), of the first time of each stay (`for at most`), or of doses (`every`)",
                {
                    "amount": formula("money per unit of time; with `every`, money of one dose"),
                    "share": formula(
                        "with `curves`: for whom it is paid, as a share of the whole cohort, such as the curve of time on treatment"
                    ),
                    "for at most": formula("time in state after which it is not paid any more, such as `2 years`"),
                    "every": formula(
                        "time between two doses, such as `3 weeks`: they are due at 0, 3, 6 .. weeks after each entry, until the stay ends"
                    ),
                    "at most": formula("with `every`: number of doses of a stay"),
                    "clock": text(
                        "with `every`: whether doses are counted from each entry (`state`, also where it is left out) or from the "
                        "start of the model (`model`)",
                        enum=["model", "state"],
                    ),
                },
                ["amount"],
            ),
        ),
    ),
)
LABEL = text("name shown in tables and figures", pattern=r"^[^\n\r\t]*$")
STATUS = text(
    "what the figure rests on: `evidence` (seen in the source), `derived` (arithmetic on evidence), `recalled` (from memory, "
    "not seen), `assumed` (a judgement), `calibrated` (chosen so that the model meets a result)",
    enum=list(STATUSES),
)

TIME = fields(
    "units of time, horizon and cycle",
    {
        "unit": text("unit of time that formulas reckon in", enum=["hour", "day", "week", "month", "year"]),
        "horizon": either(
            "length of the analysis, such as `5 years`; or `lifetime`: until the youngest patients become 100, rounded up to whole "
            "cycles. Their age at the start is the parameter (or what groups, strategies or patients call) `age`, at base values; or "
            "another formula, as in `{lifetime: age_at_start}`",
            text("such as `5 years`", format="duration"),
            text("to the age of 100", enum=["lifetime"]),
            fields("a lifetime", {"lifetime": formula("age at the start, such as `age_at_start`")}, ["lifetime"]),
        ),
        "cycle": text("length of a cycle of the cohort model, such as `1 week`", format="duration"),
        "convention": text(
            "how state time in a cycle is counted: `integral` (exact, the default) or a textbook "
            "convention; `simpson-interchanged` has the weights 2/3 and 4/3 interchanged, as published "
            "by the DARTH group",
            enum=list(CONVENTIONS),
        ),
        "transitions counted": text(
            "with which discount factor of its cycle a transition counts (costs and QALYs of transitions, entries, effects that "
            "count): `start`, `middle` or `end` of the cycle, or `with the state entered`, with weight and factor of the point at "
            "which it arrives, as the DARTH group does. If not stated: at the start under `start`, at the end under `end` and "
            "`life-table`, else with the mean of both. Not with `integral`, where it counts at its own time",
            enum=list(COUNTED),
        ),
    },
    ["unit", "horizon", "cycle"],
)

DISCOUNT = fields(
    "annual discount rates; always written out, there is no default",
    {
        "cost": text("annual rate for costs, such as `3 %`", format="number"),
        "effect": text("annual rate for effects", format="number"),
        "convention": text(
            "`continuous`: (1 + r)^-t within the cycle (default for the integral convention); `at cycle`: "
            "one factor a cycle, at the time the cycle convention counts at (default for the others); "
            "`mid-cycle`: one factor a cycle, of its middle, whatever the cycle convention; `by whole year`: (1 + r)^-floor(t)",
            enum=list(DISCOUNTING),
        ),
        "compounding": text(
            "`annual`: factor (1 + r)^-t (if not stated); `continuous`: exp(-r t), as in hesim", enum=list(COMPOUNDING)
        ),
    },
    ["cost", "effect"],
)

WTP = fields(
    "willingness to pay for one unit of effect",
    {
        "thresholds": entries("thresholds shown in tables", number("threshold")),
        "curve": fields(
            "grid of the acceptability curve",
            {
                "from": number("lowest, 0 if not stated"),
                "to": number("highest"),
                "step": number("step; a five-hundredth of the range if not stated"),
            },
            ["to"],
        ),
    },
    ["thresholds"],
)

PARAMETER = fields(
    "an input with its uncertainty and its source",
    {
        "value": formula(
            "base value (a number), or a formula of other parameters; the distribution's mean if not stated"
        ),
        "distribution": text(
            "such as `beta(32, 2)`, `gamma(mean=415, cv=0.69)`, `lognormal(median=1.96, lower=1.65, upper=2.34)`",
            format="distribution",
        ),
        "unit": text(
            "`probability`, `utility`, `ratio`, `per day`, `USD`, `USD per day`, `USD per 3 weeks`, `month`, `QALY`, "
            "`probability over 30 days` (becomes a hazard)",
            format="unit",
        ),
        "range": entries("low and high limit of one-way analyses; the 95 % interval if not stated", number("limit"), 2),
        "table": text(
            "a CSV file with a step function of age or time, read with `lookup(name, x)` or `life_table(name)`: each value holds "
            "from its row to the next. Below the first row there is no value (an error); beyond the last, its value is held (a "
            "warning says from when)"
        ),
        "by": text("the table's column of age or time"),
        "by unit": text("unit of that column, such as `year`", format="unit"),
        "column": text("the table's column of values"),
        "columns": entries("columns of an `empirical` file, in the order of the names", text("column")),
        "label": LABEL,
        "source": text("key of `sources`"),
        "status": STATUS,
        "note": text("what a reviewer should know"),
    },
)

STATE = fields(
    "a state of the model",
    {
        "label": LABEL,
        "start": formula("share of patients that start here"),
        "share": formula(
            "with `curves`: share of the cohort in the state at any time, such as `pfs`, `os - pfs` or `1 - os`"
        ),
        "stay": text("`0` makes it a chance node: patients pass through at once", enum=["0"]),
        "alive": text(
            "`false` marks a dead state; else dead is a state that nothing leaves and that gives neither cost nor utility above 0 in "
            "any draw",
            enum=["true", "false"],
        ),
        "cost": STATE_COST,
        "utility": formula("utility while in the state"),
        "entry cost": COST | {"description": "one-off cost on each entry (the start included), by component"},
        "entry qaly": formula("one-off QALY change on each entry (the start included)"),
        "holds": either(
            "resources of which one unit each is held in this state (queueing engine): a name, a list, or with priorities",
            text("resource"),
            entries("resources, all taken together", text("resource")),
            fields(
                "with priorities",
                {
                    "resources": entries("resources, all taken together", text("resource")),
                    "priority": number("whole number; the smallest is served first (0 if not stated)"),
                    "priority of": fields("other priorities by group of patients", others=number("priority")),
                },
                ["resources"],
            ),
        ),
    },
)

RESOURCE = fields(
    "what patients wait for (queueing engine)",
    {
        "label": LABEL,
        "capacity": text("number of units, or `unlimited`", format="capacity"),
        "open": either(
            "hours of the week in which patients are taken, such as `Mon-Fri 08:00-18:00`; who has begun stays until done "
            "(always, if not stated)",
            text("days and hours"),
            entries("several spans", text("days and hours")),
        ),
        "preemptive": text(
            "`true`: a patient of higher priority takes the place of one of lower", enum=["true", "false"]
        ),
        "note": text("where the figure comes from"),
    },
    ["capacity"],
)

ARRIVALS = fields(
    "how patients arrive, and who is followed (queueing engine)",
    {
        "rate": either(
            "Poisson arrivals: a number `per day`, or numbers by hours of the week",
            text("such as `3 per week`"),
            fields(
                "`{Mon-Fri 08:00-18:00: 0.6 per day, otherwise: 0.2 per day}`", others=text("such as `0.6 per day`")
            ),
        ),
        "file": text(
            "a CSV with the days of arrival in a column `day` (0 is a Monday, 0:00) and, with groups, `group`"
        ),
        "warm-up": text(
            "arrivals before anyone is followed, such as `60 days` (none, if not stated)", format="duration"
        ),
        "cool-down": text("arrivals after the last one who is followed (none, if not stated)", format="duration"),
        "most waiting": number("patients in one queue at which the run stops (10,000 if not stated)"),
        "note": text("where the figures come from"),
    },
)

BESIDE_SURVIVAL = {
    "acceleration factor": formula("time ratio: S(t) = S0(t / factor), above 1 stretches survival"),
    "plus hazard": text(
        "another distribution whose hazard is added (an excess); the hazard ratio does not multiply it",
        format="survival",
    ),
    "at least hazard": text(
        "another distribution, such as `life_table(mort, age=age)`: at each instant the larger of the two hazards counts (general "
        "mortality as a floor). It runs on the same clock; neither ratio nor factor change it",
        format="survival",
    ),
}

TRANSITION = fields(
    "a move from one state to another",
    {
        "from": text("state it leaves"),
        "to": text("state it enters"),
        "name": text("tells two moves between the same states apart"),
        "rate": formula(
            "hazard, with its unit (`per year`); may use `time` and periods: then it is the hazard at each instant, and its "
            "integral counts; and `time_in_state` as a factor, in steps"
        ),
        "survival": text(
            "time-to-event distribution, such as `weibull(shape=1.2, scale=14) in months`", format="survival"
        ),
        "clock": text(
            "what the distribution counts from: `model` (time since start) or `state` (time in state)",
            enum=["model", "state"],
        ),
        "hazard ratio": formula(
            "multiplies the hazard of `survival`; may change with `time` and by periods, which count from the start of the model on either "
            "clock"
        ),
        **BESIDE_SURVIVAL,
        "probability": formula("branch probability out of a chance node; `rest` is the complement"),
        "probability per cycle": formula(
            "probability of the move in one cycle (models published that way); `time` and periods count as at the start of "
            "the cycle, also in branches of chance nodes that follow; `cycle_in_state` is the cycle of the stay, from 1. `rest`, once a state, is what its other moves leave"
        ),
        "at": either(
            "appointments: times since the start at which all who are in the state make the move, such as `[50 years - age, "
            "60 years - age]`; past at entry is over",
            formula("one time"),
            entries("times", formula("time")),
        ),
        "cost": COST | {"description": "one-off cost of the move, by component"},
        "qaly": formula("one-off QALY change of the move"),
    },
    ["from", "to"],
)

CURVE = fields(
    "a survival curve of the whole cohort",
    {
        "survival": text(
            "distribution of the time from the start, such as `weibull(shape=1.1, scale=14) in months`",
            format="survival",
        ),
        "hazard ratio": formula(
            "multiplies the hazard of `survival`; may change with `time`, in steps, and by periods"
        ),
        **BESIDE_SURVIVAL,
        "at most": text(
            "curve that this one never exceeds: the smaller survival of the two counts (a warning says where it binds)"
        ),
    },
    ["survival"],
)

FALL = fields(
    "a one-off cost of everyone who leaves a curve",
    {
        "fall of": text("the curve; a fall of overall survival is a death, one of progression-free survival is either"),
        "cost": formula("money, paid once"),
    },
    ["fall of", "cost"],
)

EFFECT = fields(
    "an outcome beside QALYs and life-years",
    {
        "label": LABEL,
        "time in": either(
            "states whose time counts, a list or `{state: weight}`",
            entries("states", text("state")),
            fields("weights", others=formula("weight")),
        ),
        "unit": text("unit of time of the total", enum=["hour", "day", "week", "month", "year"]),
        "entries into": entries("counts entries into these states", text("state")),
        "count of": entries("counts these moves, `from -> to`", text("move")),
    },
)

CORRELATION = fields(
    "correlation between parameters (Gaussian copula; margins stay exact)",
    {
        "between": entries("names of the parameters", text("parameter"), 2),
        "value": number("correlation of two parameters"),
        "matrix": entries("correlation matrix", entries("row", number("correlation"))),
    },
    ["between"],
)

PUBLISHED_MEDIAN = fields(
    "a median that was observed or published",
    {
        "of": text("`survival`, or an effect that is time in states"),
        "strategy": text("strategy"),
        "value": text("such as `126 days`", format="duration"),
        "source": text("key of a source"),
    },
    ["of", "strategy", "value"],
)

_MEASURES = {
    "median": "`median` (time `of` something that half of the patients exceed)",
    "occupancy": "`occupancy` (share of patients in `states` at a time)",
    "total": "`total` (mean of an `outcome`, discounted as the scenario says)",
    "icer": "`icer`",
    "probability cost-effective": "`probability cost-effective` (a point of the acceptability curve)",
}
SURVIVAL_CURVE = "survival"
_RESULT = {
    "strategy": text("strategy"),
    "comparator": text("with `icer`: strategy that it is compared with; the scenario's `reference` if not stated"),
    "group": text("group of patients; all if not stated"),
    "of": text("with `median`: `survival`, or an effect that is time in states; from the start"),
    "states": either(
        "with `occupancy`: states whose shares are added up, or `alive`",
        text("`alive`"),
        entries("states", text("state")),
    ),
    "at": text("with `occupancy`: time since the start, such as `90 days`", format="duration"),
    "outcome": text("with `total`: `cost`, `cost: <component>`, `qaly`, `life_years` or an effect"),
    "wtp": number("with `probability cost-effective`: willingness to pay"),
    "n": number(
        "patients behind an `occupancy`, whose standard error is then sqrt(p (1 - p) / n), or a `median`, which is then compared "
        "by the share of patients beyond its value: a half, with the standard error sqrt(0.25 / n)"
    ),
    "standard error": text("standard error of the value, in the value's unit"),
    "label": LABEL,
    "source": text("key of `sources`"),
    "status": STATUS,
}

PUBLISHED = fields(
    "a published result",
    {
        "measure": text(
            f"{', '.join(_MEASURES.values())}, `{SURVIVAL_CURVE}` (a curve over time, such as a Kaplan-Meier estimate, from a `file`); all "
            "but `probability cost-effective` of the base case",
            enum=[*_MEASURES, SURVIVAL_CURVE],
        ),
        "value": text(f"the published value: a number, or a length of time for `median`; none with `{SURVIVAL_CURVE}`"),
        **_RESULT,
        "of": text(
            f"with `median` and `{SURVIVAL_CURVE}`: `survival`, or an effect that is time in states; from the start"
        ),
        "file": text(
            f"with `{SURVIVAL_CURVE}`: a CSV with the columns `time` and `survival` (a share; points read off a figure, or each step, the value "
            "after it), and `arm` where it has several: the file that the command `survival` takes as `--curve`"
        ),
        "time unit": text(
            f"with `{SURVIVAL_CURVE}`: unit of the times in the files", enum=["day", "week", "month", "year"]
        ),
        "at risk": text(
            f"with `{SURVIVAL_CURVE}`: a CSV with the numbers at risk printed below the figure, columns `time`, `at_risk` and `arm`; with it the "
            "curve has a 95 % interval"
        ),
        "arm": text(f"with `{SURVIVAL_CURVE}`: which arm of the files"),
        "tolerance": number(
            f"with `{SURVIVAL_CURVE}`: difference in share that `run_model.py verify` allows, 0.05 if not stated; where numbers at risk make three "
            "standard errors more than that, these"
        ),
    },
    ["measure", "strategy"],
)

TARGET = fields(
    "what the model should give",
    {
        "measure": text(
            f"{', '.join(_MEASURES.values())}, `median survival` (`median` of survival); all but `probability cost-effective` of the "
            "base case",
            enum=[*_MEASURES, "median survival"],
        ),
        "value": text("the value to meet: a number, or a length of time for a median"),
        "tolerance": text("difference that would not matter much; counts as a standard error"),
        **_RESULT,
    },
    ["measure", "strategy", "value"],
)

CALIBRATION = fields(
    "what `run_model.py calibrate` may vary, and what it has to meet; other commands ignore it",
    {
        "vary": fields(
            "inputs to be found: a parameter, or an argument of its distribution, such as `c_ward.mean`; several with commas "
            "between share one value",
            others=fields(
                "bounds",
                {
                    "from": number("lowest value, in the parameter's unit"),
                    "to": number("highest value"),
                    "scale": text(
                        "`log`: searched, and its error stated, on the scale of logarithms", enum=["linear", "log"]
                    ),
                    "prior": text(
                        "a distribution, such as `lognormal(median=1, sdlog=0.3)`, or `own` for the parameter's: what is known "
                        "beside the targets; if not stated, any value within the bounds is as likely as another",
                        format="prior",
                    ),
                },
                ["from", "to"],
            ),
        ),
        "published": either(
            "entries of `published` that are targets too, or `all`",
            text("`all`"),
            entries("names of entries", text("entry of `published`")),
        ),
        "targets": fields("more targets by name; each has a `tolerance`, a `standard error` or `n`", others=TARGET),
    },
    ["vary"],
)

_STUDY = {
    "authors": "who made the analysis",
    "abstract": "structured summary",
    "background": "the decision, and what was known of it",
    "analysis plan": "where a plan of the analysis stands, or that there was none",
    "population": "who the patients are",
    "setting": "where they are treated",
    "comparators": "why these strategies are compared",
    "perspective": "why this perspective",
    "horizon": "why this horizon",
    "discounting": "why these discount rates",
    "outcomes": "why these outcomes, for benefit and for harm",
    "measurement of outcomes": "how outcomes were measured",
    "valuation of outcomes": "whose preferences utilities are, and by which method",
    "costs": "how resources and costs were measured and valued",
    "currency": "how prices were converted to the currency and its year",
    "model": "why this model, and where it can be had",
    "distributional effects": "who gains and who loses, and how that was weighed",
    "engagement": "how patients, carers, the public or others were involved in the design",
    "effect of engagement": "what their involvement changed",
    "discussion": "findings, limitations, ethical questions, and what they mean elsewhere",
    "funding": "who paid, and what part they had in the work",
    "conflicts of interest": "conflicts of interest of the authors",
}
STUDY = fields(
    "what a reader asks of a study and a model does not know, each as text: the report shows it, and where CHEERS 2022 asks for it",
    {key: text(words) for key, words in _STUDY.items()},
)

SEVERITY = fields(
    "with `profile: nice`: how many QALYs the patients fall short of the general population, and the weight that their QALYs have for that "
    "(tables `severity`, `severity_weighted`); discounted as `discount` says. From memory of the manual, and to be looked up: "
    + RECALLED["nice"],
    {
        "norms": text(
            "a CSV of the general population with the columns `age` (each year, the last for all who are older), `sex` (`female` or "
            "`male`), `death` (probability of dying within the year) and `utility`; there is none in the program"
        ),
        "age": formula("age of the patients at the start, such as `62 years`; what `age` stands for if not stated"),
        "female": formula(
            "share of women, such as `0.45`, or `sex is female` of an attribute; what `female` stands for if not stated"
        ),
        "comparator": text("strategy that is current care; the reference if not stated"),
    },
    ["norms"],
)

SCENARIO = fields(
    "a scenario: one decision, its strategies, states, transitions, prices and their uncertainty",
    {
        "extends": text("another scenario file; this one states only what differs (`null` removes an entry)"),
        "profile": text(
            "the HTA body whose reference case holds where the file states nothing else: discount rates, thresholds and perspective. What "
            "the file states comes first, and each departure is listed (table `profile_departures`). In a file that extends another, "
            "`discount: null` and `wtp: null` take the profile's in the place of what was stated there. From memory of the manuals, and to be looked up: "
            + "; ".join(f"of `{key}`, {what}" for key, what in RECALLED.items()),
            enum=list(PROFILES),
        ),
        "title": text("title of the analysis"),
        "description": text("what a reader should know first"),
        "study": STUDY,
        "perspective": either(
            "whose costs count",
            text("name"),
            fields(
                "with components left out",
                {
                    "name": text("whose costs count"),
                    "leave out": entries("cost components that this perspective does not count", text("component"), 0),
                },
                ["name"],
            ),
        ),
        "currency": fields(
            "currency and price year",
            {"code": text("three capital letters, such as USD", format="currency"), "year": text("price year")},
            ["code"],
        ),
        "severity": SEVERITY,
        "time": TIME,
        "discount": DISCOUNT,
        "wtp": WTP,
        "reference": text("strategy that the plane and pairwise increments compare with; the first if not stated"),
        "sources": fields(
            "where figures come from",
            others=fields(
                "a source",
                {
                    "citation": text("full citation"),
                    "doi": text("DOI"),
                    "url": text("address"),
                    "page": text("page or table"),
                    "note": text("what was seen of it"),
                },
                ["citation"],
            ),
        ),
        "parameters": fields(
            "inputs by name; joint ones as `a, b, c: {distribution: dirichlet(..)}`", others=PARAMETER
        ),
        "correlations": entries("correlations between parameters", CORRELATION, 0),
        "strategies": fields(
            "strategies: each binds names to formulas",
            others=fields(
                "a strategy", {"label": LABEL}, others=formula("what the name stands for under this strategy")
            ),
        ),
        "groups": fields(
            "patients at presentation: each binds names",
            others=fields(
                "a group",
                {"label": LABEL, "weight": formula("share of patients")},
                ["weight"],
                others=formula("what the name stands for in this group"),
            ),
        ),
        "patients": fields(
            "what differs between patients at the start, and is heterogeneity and not uncertainty: attributes that formulas may read, such as "
            "`age + time`. Each combination of values is a group of its own, run with its exact share. `file` names a CSV instead, with a row "
            "a profile, a column an attribute, and `weight`",
            {
                "file": text(
                    "CSV with a row a patient or profile, a column an attribute, and `weight` (1 each, if not stated)"
                ),
                "unit": fields("units of the columns of `file`", others=text("unit, such as `year`", format="unit")),
            },
            others=fields(
                "an attribute",
                {
                    "shares": fields(
                        "share of patients by value: numbers with their unit, such as `55 years`, or words, of which formulas ask with "
                        "`tumour is renal`",
                        others=number("share"),
                    ),
                    "distribution": text(
                        "of a continuous attribute, such as `normal(mean=63, sd=10)`: taken as strata of equal shares, each with its mean, which "
                        "conditions of subgroups cut",
                        format="distribution",
                    ),
                    "at least": number("lowest value, in the unit: nobody is below"),
                    "at most": number("highest value, in the unit: nobody is above"),
                    "unit": text("unit of the values, such as `year`", format="unit"),
                    "strata": number("how many (10 if not stated): the change on halving them is their error"),
                },
            ),
        ),
        "subgroups": fields(
            "patients whose attributes meet a condition, such as `age < 65 years`; every table by group has them",
            others=either(
                "a condition",
                text("a condition on attributes", format="formula"),
                fields(
                    "with a label",
                    {"label": LABEL, "who": text("a condition on attributes", format="formula")},
                    ["who"],
                ),
            ),
        ),
        "periods": fields(
            "stretches of model time, in order: each binds names. One that ends within a cycle changes rates and ratios there; under a "
            "textbook convention a price has its share of the cycle's time",
            others=fields(
                "a period",
                {"until": text("end of the period, such as `2 years`; the last has none", format="duration")},
                others=formula("what the name stands for in this period"),
            ),
        ),
        "definitions": fields(
            "formulas that have a name, each stated once: read wherever what it reads may be read itself (`time` only where `time` may "
            "stand). A strategy, group or period that binds the name comes first",
            others=formula("what the name stands for"),
        ),
        "curves": fields(
            "partitioned survival: curves from the start of the model, of which each state has a `share`. They do not compete with "
            "one another, and there are no transitions",
            others=CURVE,
        ),
        "states": fields("states of the model", others=STATE),
        "transitions": entries("moves between states (not with `curves`)", TRANSITION, 0),
        "costs": fields("with `curves`: one-off costs by component", others=FALL),
        "effects": fields("outcomes beside QALYs and life-years", others=EFFECT),
        "resources": fields("what patients wait for, with the queueing engine", others=RESOURCE),
        "arrivals": ARRIVALS,
        "calibration": CALIBRATION,
        "landmarks": fields(
            "times at which each run tells who is alive and who is in which state (table `landmarks`)",
            {
                "at": entries(
                    "times since the start, such as `[30 days, 1 year]`; if not stated 1, 2, 5 and 10 years, of models of less than "
                    "2 years 30, 90 and 180 days and 1 year, as far as the horizon reaches",
                    text("time since the start, such as `90 days`", format="duration"),
                )
            },
            ["at"],
        ),
        "published": fields(
            "published results by name: a run shows the model's beside them, with the difference in standard errors; "
            "`calibration` may take them as targets",
            others=PUBLISHED,
        ),
        "published medians": entries("the former name of `published`, for medians only", PUBLISHED_MEDIAN, 0),
    },
    ["title", "currency", "time", "discount", "wtp", "strategies", "states"],
)
