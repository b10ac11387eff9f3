"""docs/scenario-reference.md, written from the schema and the lists that the loader itself uses, so it cannot drift.

python -m model.scenario_file.reference > docs/scenario-reference.md
"""

from __future__ import annotations

from collections.abc import Iterator

from model import distributions, hazards
from model.formula import BUILT_IN, FUNCTIONS
from model.scenario_file.fields import SCENARIO
from model.scenario_file.survival import FORMS, hazard_forms
from model.units import DAYS, PLAIN

EXAMPLES = {
    "extends": "extends: mscc_furlan.yaml\nparameters:\n  c_rt: {value: 4000}      # no longer sampled",
    "profile": "profile: nice\ncurrency: {code: GBP, year: 2024}      # discount, wtp and perspective are those of NICE",
    "severity": "severity: {norms: norms.csv, age: 62 years, female: 0.45, comparator: radiotherapy}",
    "perspective": "perspective: {name: Health service, leave out: [travel]}",
    "currency": "currency: {code: USD, year: 2010}",
    "time": "time: {unit: day, horizon: 5 years, cycle: 1 week}",
    "discount": "discount: {cost: 3 %, effect: 3 %}",
    "wtp": "wtp: {thresholds: [20000, 50000], curve: {to: 200000, step: 500}}",
    "sources": 'sources:\n  patchell2005: {citation: "Patchell et al., Lancet 2005; 366: 643-648"}',
    "parameters": 'parameters:\n  p_walk: {distribution: "beta(32, 2)", unit: probability, source: patchell2005}\n'
    '  hr: {value: 1.96, distribution: "lognormal(median=1.96, lower=1.65, upper=2.34)", unit: '
    "hazard ratio}\n"
    '  p_a, p_b, p_c: {distribution: "dirichlet(12, 7, 3)", unit: probability}\n'
    "  mortality: {table: life.csv, by: age, by unit: year, column: rate, unit: per year}",
    "correlations": "correlations:\n  - {between: [c_ward, c_home], value: 0.6}",
    "strategies": "strategies:\n  radiotherapy: {label: Radiotherapy alone, hr: 1}\n  surgery: {hr: hr_surgery}",
    "groups": "groups:\n  walking: {weight: p_walk_at_entry, p_walk: p_retain}\n"
    "  not walking: {weight: 1 - p_walk_at_entry, p_walk: p_regain}",
    "patients": "patients:\n  age: {shares: {55 years: 0.3, 65 years: 0.7}}\n  tumour: {shares: {breast: 0.4, lung: 0.6}}",
    "subgroups": "subgroups:\n  young: age < 60 years\n  lung: {label: Lung cancer, who: tumour is lung}",
    "calibration": "calibration:\n  vary:\n    hazard_death: {from: 0.001, to: 0.02}\n    c_ward.mean: {from: 100, to: 900}\n"
    "  targets:\n    survival: {measure: median survival, strategy: radiotherapy, value: 100 days, tolerance: 2 days}\n"
    "    walking: {measure: occupancy, strategy: radiotherapy, states: [ambulatory], at: 90 days, value: 0.35, "
    "standard error: 0.05}",
    "published": "published:\n  survival: {measure: median, of: survival, strategy: surgery, value: 126 days, n: 50, source: "
    "patchell2005}\n  deaths: {measure: occupancy, states: [dead], at: 30 days, strategy: surgery, value: 0.06, n: 50, "
    "status: recalled}\n  ICER: {measure: icer, strategy: surgery, value: 250307}\n  curve: {measure: survival, strategy: surgery, "
    "file: km_surgery.csv, time unit: month, at risk: km_at_risk.csv, source: patchell2005}",
    "landmarks": "landmarks: {at: [30 days, 90 days, 1 year]}",
    "published medians": "published medians:\n  - {of: survival, strategy: surgery, value: 126 days, source: patchell2005}",
    "resources": "resources:\n  theatre: {capacity: 1, open: Mon-Fri 08:00-18:00}\n  bed: {capacity: 12}\nstates:\n"
    "  operation: {utility: u_amb, holds: {resources: [theatre, bed], priority of: {walking: 0, not walking: 1}}}",
    "arrivals": "arrivals: {rate: {Mon-Fri 08:00-18:00: 0.6 per day, otherwise: 0.2 per day}, warm-up: 60 days}",
    "definitions": "definitions:\n  age_now: age + time\n  smr: if(time < 5 years, smr_early, 1)\n"
    'transitions:\n  - {from: ill, to: dead, rate: "lookup(mort, age_now) * smr"}',
    "periods": "periods:\n  first year: {until: 1 year, price: 100}\n  later: {price: 60}",
    "states": "states:\n  presenting: {start: 1, stay: 0}\n  ambulatory: {cost: {care: c_day_amb, drug: {amount: c_drug, for at most: 2 years}, "
    "infusions: {amount: c_dose, every: 3 weeks, at most: 10}}, utility: u_amb}\n  dead: {}",
    "curves": 'curves:\n  os: {survival: "weibull(shape=1.1, scale=14) in months", hazard ratio: hr_os}\n'
    '  pfs: {survival: "lognormal(meanlog=2.03, sdlog=1.32) in months", at most: os}\n'
    '  ttd: {survival: "exponential(0.1) in months", at most: pfs}\nstates:\n  progression-free: {share: pfs, utility: u_pf, '
    "cost: {care: c_pf, drug: {amount: c_drug, share: ttd}}}\n  progressed: {share: os - pfs, utility: u_pd}\n"
    "  dead: {share: 1 - os, alive: false}",
    "costs": "costs:\n  terminal: {fall of: os, cost: c_terminal}",
    "transitions": "transitions:\n  - {from: presenting, to: ambulatory, probability: p_walk, cost: {surgery: "
    "c_surgery}}\n"
    "  - {from: ambulatory, to: dead, rate: hazard_death * hr}\n"
    '  - {from: ill, to: dead, survival: "weibull(shape=1.2, scale=14) in months", clock: state, '
    "hazard ratio: hr}",
    "effects": "effects:\n  ambulatory_days: {time in: [ambulatory], unit: day}\n  falls: {count of: [ambulatory -> "
    "non-ambulatory]}",
}

_INTRODUCTION = """\
# Scenario files

This page is written by `python -m model.scenario_file.reference` from the statement that also checks the files.
`run_model.py check FILE` reports every error of a file at once, and names the engines that can run it, with what the others cannot
run. How to say common things is in [how-to.md](how-to.md). `run_model.py schema` prints the JSON Schema, which stands in
`schema/scenario.schema.json`: in an editor that reads it, fields, units, distributions and hazards are offered, and what cannot be
is underlined. Begin a file with the line

```yaml
# yaml-language-server: $schema=../schema/scenario.schema.json
```

Rules of the language:

- Field names are strict: one that is not on this page is an error. So is a name given twice.
- Every formula is evaluated at base values when a file is read, in all strategies, groups, periods and cycles: what `run`
  would refuse for its numbers (branches that do not add up to 1, a negative rate, a price divided by 0) `check` refuses,
  without running an engine. Utilities above 1, base values and ranges off their distribution, limits that a lognormal does
  not keep, and work that will take long are warnings.
- Files are regular files in UTF-8: scenarios up to 5 MB, tables up to 50 MB and 1,000,000 rows. Formulas have up to 2,000
  characters and 200 levels; parameters may be defined by parameters in a chain of any length.
- Numbers are written `0.03`, `1e5` or `3 %`, without thousands separators.
- Between `{` and `}` a text with a comma stands in quotes: `{distribution: "beta(32, 2)"}`.
- Names that formulas use are letters, digits and `_`. States, strategies, groups and components are any text.
- A formula is read with the names bound by the strategy first, then the group, then the period, then `definitions` and `parameters`.
- `extends: other.yaml` takes over another file; what is stated here replaces or adds to it. `null` removes an entry
  (for a move: `{from: a, to: b, rate: null}`). Stating `value` or `distribution` replaces both; stating another kind of
  move replaces the kind with its clock and ratios; a survival restated keeps its clock and ratios.
- `--set name=value` on the command line does the same for one run: a parameter (a number fixes it, and takes it out of
  its correlation), an argument of its distribution (`--set c_surgery.mean=20000`; the others stay), `horizon`, `cycle`, `convention`, `discount`, `perspective`, `profile`, or any field by its place, such as
  `--set "strategies.surgery.hr=0.8"` or `--set "transitions.ill -> dead.rate=0.1 per year"`.
"""


def reference() -> str:
    """The whole page."""
    sections = [_INTRODUCTION, _fields(), _formulas(), _distributions(), _survival(), _units()]
    return "\n".join(section.strip() + "\n" for section in sections)


def _fields() -> str:
    text = [
        "## Fields",
        f"Needed: {', '.join(f'`{key}`' for key in SCENARIO['required'])} (a file that `extends` another needs none).",
    ]
    for key, schema in SCENARIO["properties"].items():
        text += [f"### {key}", _sentence(schema["description"])]
        rows = list(_rows(schema, ""))
        if rows:
            text.append("\n".join(["| field | meaning |", "|---|---|", *rows]))
        if key in EXAMPLES:
            text.append(f"```yaml\n{EXAMPLES[key]}\n```")
    return "\n\n".join(text)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


def _rows(schema: dict, place: str) -> Iterator[str]:
    """A row of the table for every field below a schema."""
    for option in schema.get("anyOf", ()):
        if option.get("type") == "object" and (option["properties"] or _nested(option)):
            yield from _rows(option, place)
    needed = schema.get("required", ())
    for key, child in (schema.get("properties") or {}).items():
        allowed = f" Allowed: {', '.join(f'`{v}`' for v in child['enum'])}." if "enum" in child else ""
        yield f"| `{place}{key}`{' (needed)' if key in needed else ''} | {_sentence(child['description'])}{allowed} |"
        if child.get("properties") or isinstance(child.get("additionalProperties"), dict) or _nested(child):
            yield from _rows(child, f"{place}{key}.")
    others, items = schema.get("additionalProperties"), schema.get("items")
    if isinstance(others, dict):
        yield f"| `{place}<name>` | {_sentence(others['description'])} |"
        yield from _rows(others, f"{place}<name>.")
    if isinstance(items, dict) and items.get("properties"):
        yield from _rows(items, place)


def _nested(schema: dict) -> bool:
    """Somewhere below one of its forms are fields of given names."""
    others = schema.get("additionalProperties")
    below = [*schema.get("anyOf", ()), *([others] if isinstance(others, dict) else [])]
    return any(bool(one.get("properties")) or _nested(one) for one in below)


def _formulas() -> str:
    functions = "\n".join(f"| `{name}` | {f.help} |" for name, f in FUNCTIONS.items())
    return f"""\
## Formulas

Arithmetic on names: `+ - * / **`, comparisons `< <= > >= == !=`, `and`, `or`, `not`, brackets, and these functions.

A number may have a unit, anywhere in a formula: `if(time < 5 years, hr, 1)`, `0.2 per month * hr`, `age + 1 year`, `100 USD per 3 weeks`,
`0.06 over 30 days`. A unit at the end of a formula belongs to the whole where all before it is plain numbers: `(a + b) per year`, `2 / 3 years`
(two thirds of a year; one in five years is `1 / (5 years)`). Units are followed through the arithmetic: money and time cannot be added, rates
per year and per day are converted.

Rates, probabilities, hazard ratios, costs and utilities may use
{" and ".join(f"`{name}`" for name in BUILT_IN[:2])} (model time; number of the cycle, from 1). Probabilities of a
chance node may use `waited` (time spent in queues so far; 0 in engines without queues) or `time_in_state` (time in the
state that was left for the node, once called `time_since_entry`; not with the cohort engine), in steps of an hour up to 30 days and of a day up to a year.

A price that changes counts with its mean over each stretch of time, exactly where it changes in steps at times that all draws share, and
by cycle otherwise; a one-off cost counts as it is when the transition is made. The costs and the utility of a state may use `time_in_state`
too, the time since the latest entry: every entry starts a new stay, also one from the state itself. Under a textbook convention a cycle's
time is spread evenly over it, and a stay is so many cycles old as in tunnel states written out. Doses (`every`) are due at 0, 3, 6 .. weeks
of the stay while patients are there, and each is discounted at its own time; the cycle's convention has no part in them. What goes by the
time in state, the cohort engine does in states that nobody leaves by a distribution on the clock of the state.

A rate is the hazard at each instant, and its integral counts: a comparison, `if`, `lookup` or period within a cycle takes
effect where it says, whatever the cycle. A hazard that has no finite value at some time (`time ** -0.5` at the start) is
written with `survival`. A `probability per cycle` is as at the start of its cycle until its end, as in models published that
way; `check` warns of a period that ends in between. It may also use `cycle_in_state` (number of the cycle since the latest
entry, from 1), `time_in_state` and `time_at_entry` (`time - time_in_state`), all at the start of the cycle: tunnel states in one
line. Every entry begins a new stay, a transition to the same state included. Where probabilities out of a state go by both
clocks, only the cohort engine can follow, and its time goes with the square of the number of cycles.

A rate may use `time_in_state`, in steps, as a factor: `lookup(mort, age + time) * if(time_in_state < 1 year, 3, 1)` is a hazard that
goes by the time since the latest entry, times one that goes by the time of the model. A sum of the two is written as two
transitions; a hazard that changes smoothly since entry with `survival` and `clock: state`, beside a `hazard ratio` that may
change with `time`.

A hazard ratio may use `time` too: the hazard at each instant is the ratio then times the hazard that the clock reads, also where
that is the clock of the state. (Survival is not raised to the ratio in force, which would take back what was gained before.) An
acceleration factor has one value, as it stretches the time to the event as a whole.

| function | value |
|---|---|
{functions}
| `lookup` | lookup(table, x): the value of the last row that is not above x; an error where x is below the first row |

```yaml
rate: if(time > 2 years, late, early) * hr
utility: 0.75 * lookup(norm, age + time)
cost: {{drug: "if(time_in_state < 1 year, c_first, c_later)", care: {{amount: c_care, for at most: 2 years}}, infusions: {{amount: c_dose, every: 3 weeks, at most: 10}}}}
rate: 0.02 per year * 1.1 ** floor((age + time - 50 years) / 1 year)
probability: with_odds_ratio(p_walk, or_surgery)
```"""


def _distributions() -> str:
    rows = "\n".join(
        f"| `{name}` | {', '.join(_call(name, form) for form in forms)} |"
        for name, forms in distributions.FORMS.items()
        if name != "empirical"
    )
    return f"""\
## Distributions of parameters

`lower` and `upper` are the ends of the 95 % interval, `se` the standard error, `cv` the standard error as a share of the
mean. Arguments without a name are those of the first form. The base value is the mean, if `value` is not stated.

| distribution | forms |
|---|---|
{rows}
| `empirical` | `empirical(file.csv)`: each draw is one row of the file; `columns` names the columns, else the parameters do |

`dirichlet`, `multinormal` and `empirical` draw several parameters together, named in one key.

```yaml
c_ward: {{distribution: "gamma(mean=415, cv=0.69)", unit: USD per day}}
p_well, p_ill, p_dead: {{distribution: "dirichlet(70, 20, 10)", unit: probability}}
a, b: {{distribution: "multinormal(mean=[1, 2], covariance=[[4, 1], [1, 9]])"}}
```"""


def _call(name: str, form) -> str:
    return f"`{name}({', '.join(form)})`"


def _survival() -> str:
    rows = "\n".join(
        f"| `{name}` | {', '.join(_call(name, form) for form in hazard_forms(family))} |"
        for name, family in hazards.FAMILIES.items()
    )
    tables = "\n".join(f"| `{name}` | {', '.join(f'`{form}`' for form in forms)} |" for name, forms in FORMS.items())
    return f"""\
## Survival distributions of moves

Parameters as in R's flexsurv. The unit of time stands behind: `weibull(shape=1.2, scale=14) in months`; or the arguments have
their own, as parameters or as numbers: `weibull(shape=1.2, scale=14 months)`. `clock` says what time counts from; `hazard ratio` multiplies the hazard, `acceleration factor`
stretches time.

| family | forms |
|---|---|
{rows}
{tables}

A `spline` is that of Royston and Parmar, as flexsurv's `survspline` gives it: `knots` are on the scale of log time, the first and the
last are the boundary knots, `coefficients` are gamma0, gamma1 .. (as many as knots; a joint `multinormal` for the PSA), `scale` is
`hazard`, `odds` or `normal`. A draw in which survival would rise with time is an error.

`cure(0.3, weibull(shape=1.2, scale=14)) in months`: a share never has the event. A `hazard ratio` multiplies the whole hazard, so that
the cured share becomes fraction ** ratio; for one that holds for the uncured only, write
`cure(0.3, hazard_ratio(hr, weibull(shape=1.2, scale=14))) in months`. `mixture(0.4, a, b)` gives the share 0.4 the distribution a, and
the others b. `in months` holds for all distributions within; tables state their own units.

`kaplan_meier(km)` reads a table of survival by time (`km: {{table: km.csv, by: time, by unit: month, column: survival}}`), with a
constant hazard between listed times, and without a jump: S(t) is a straight line on the scale of logarithms. It ends at its last
time, so a longer model says what follows: `kaplan_meier(km, then=weibull(shape=1.1, scale=14), after=18) in months` is
S(18) Sx(t) / Sx(18) from month 18 on.

`plus hazard` adds the hazard of another distribution (an excess), `at least hazard` takes the larger of both at each instant (general
mortality as a floor). Neither is changed by the ratio or by the acceleration factor; the ratio comes first, then what is added, then
the floor. They run on the clock of the transition. With a ratio that changes by periods they need `clock: model`.

The age at start is a parameter with its unit. A life table may end in a probability of 1, as published ones do: it counts as the
largest number below 1, a hazard of 36.7 a period, so that nobody survives the period. The table may be bound by groups and
strategies: `men: {{weight: 0.4, mortality: mortality_men}}`.

A time that is `fixed` is when the move is due. On the clock of the state it counts from the entry. On the clock of the model it is an
appointment: it is kept by whoever is in the state then, the moment of entry included, once a patient; for those who enter later
it is over. Of two moves due together the one to a dead state is made; others due together are an error. What is due at the horizon
does not happen. Fixed times on the clock of the state need an engine that follows patients (one of 0 does not).

`at:` is the short way to say so: `at: t_screening`, or several appointments, `at: [50 years - age, 60 years - age]`, each kept once.
In tables each is a move of its own, named by its time; `count of: [well -> screened]` counts all. The cohort engine keeps appointments
exactly where they fall at up to 100 times that are the same in all draws (they may differ by strategy and group); under textbook
conventions at the ends of cycles only. `at` goes with rates, survival and probabilities per cycle.

```yaml
- {{from: well, to: dead, survival: "life_table(mortality, age=age)", clock: model, hazard ratio: smr}}
- {{from: well, to: screened, at: [t_first, t_second], cost: {{screening: c_screening}}}}
- {{from: ill, to: dead, survival: "gompertz(shape=0.1, rate=0.02) in years", clock: state}}
- {{from: ill, to: dead, survival: "cure(0.3, weibull(shape=1.2, scale=14)) in months", clock: model, hazard ratio: hr, at least hazard: "life_table(mortality, age=age)"}}
- {{from: ill, to: dead, survival: "kaplan_meier(km, then=weibull(shape=1.1, scale=14), after=18) in months", clock: model}}
- {{from: ill, to: dead, survival: "spline(knots=[-1.6, 0.6, 1.9], coefficients=[g0, g1, g2], scale=odds) in years", clock: model}}
```"""


def _units() -> str:
    times = ", ".join(f"`{name}`" for name in DAYS)
    plain = ", ".join(f"`{name}`" for name in PLAIN if name not in ("", "1"))
    return f"""\
## Units

- Time: {times} (also in the plural). A year has 365.25 days, a month a twelfth of it. `QALY` is a year at utility 1.
- Rates: `per day` and so on. Money: the currency's code, `USD`; flows of money: `USD per day`, `USD per 3 weeks`.
- `probability over 30 days` becomes the hazard -ln(1 - p) / period.
- Plain numbers: {plain}. A `probability` or `proportion` must be 0 to 1 in every draw, a `utility` at most 1, a ratio, rate or
  time 0 or more.

```yaml
p_death: {{value: 0.06, unit: probability over 30 days}}
c_home: {{value: 90, unit: USD per day}}
```"""


if __name__ == "__main__":
    print(reference(), end="")
