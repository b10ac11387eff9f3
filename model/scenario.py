"""What the user said, checked once: frozen types without any trace of YAML.

Formulas are kept as formulas; numbers appear only when draws are made. Times are in the scenario's own unit
(`TimeFrame.day` says how many days one lasts).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from model.distributions import Distribution, JointDistribution
from model.formula import Formula, Table
from model.instants import HAIR, ceil
from model.norms import Norms
from model.outcome_keys import QALY
from model.resources import System
from model.units import Unit, limits_in_words

CONVENTIONS = ("integral", "start", "end", "half-cycle", "life-table", "simpson", "simpson-interchanged")
STATUSES = ("evidence", "derived", "recalled", "assumed", "calibrated")
Clock = Literal["model", "state"]  # time since the start, or since the latest entry
DISCOUNTING = ("continuous", "at cycle", "mid-cycle", "by whole year")
COMPOUNDING = ("annual", "continuous")
COUNTED = ("start", "middle", "end", "with the state entered")


@dataclass(frozen=True)
class TimeFrame:
    """horizon and cycle in the model's unit, of which one lasts `day` days. counted: where in its cycle a transition counts, one
    of COUNTED, or nothing where the convention says so."""

    unit: str
    day: float
    horizon: float
    cycle: float
    convention: str
    counted: str = ""

    @property
    def years(self) -> float:
        """Years in one model unit of time."""
        return self.day / 365.25

    @property
    def cycles(self) -> float:
        return self.horizon / self.cycle

    @property
    def whole_cycles(self) -> int:
        """Cycles of a textbook convention, which knows whole ones only."""
        return round(self.cycles)

    @property
    def grid(self) -> np.ndarray:
        """Starts of the cycles, and the horizon. A cycle of almost a whole part of it leaves no last cycle of nothing."""
        starts = np.arange(int(ceil(self.cycles))) * self.cycle
        return np.append(starts[self.horizon - starts > HAIR * self.horizon], self.horizon)


@dataclass(frozen=True)
class Discount:
    """Annual rates; `convention` is one of DISCOUNTING, `compounding` of COMPOUNDING."""

    cost: float
    effect: float
    convention: str
    compounding: str = "annual"

    def continuous(self, rate: float) -> float:
        """The rate r of the factor exp(-r t) that a stated rate means: ln(1 + rate), or the rate itself."""
        return rate if self.compounding == "continuous" else float(np.log1p(rate))


@dataclass(frozen=True)
class Wtp:
    """Thresholds listed in tables, and the grid of the curves (from, to, step)."""

    thresholds: tuple[float, ...]
    low: float
    high: float
    step: float


@dataclass(frozen=True)
class Parameter:
    """One input. Exactly one of: base value with or without distribution, formula, component of a joint one.

    base: stated value, or the distribution's mean (in `unit`); None for a formula.
    low, high: the limits of one-way analyses where the file states them. status: one of STATUSES, or nothing.
    """

    name: str
    unit: Unit
    base: float | None = None
    distribution: Distribution | None = None
    formula: Formula | None = None
    joint: str | None = None
    text: str = ""
    low: float | None = None
    high: float | None = None
    source: str = ""
    note: str = ""
    status: str = ""
    label: str = ""

    @property
    def sampled(self) -> bool:
        return self.distribution is not None or self.joint is not None

    @property
    def stated_range(self) -> tuple[float, float] | None:
        """Limits of one-way analyses, where the file states them."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    @property
    def range_fault(self) -> str:
        """What is wrong with a stated range; nothing where it is good, or not stated."""
        least, most = self.unit.limits
        if self.low is None or self.high is None or least <= self.low <= self.high <= most:
            return ""
        return f"{self.low:g} to {self.high:g} {self.unit.outside}"


@dataclass(frozen=True)
class Joint:
    """Parameters that are drawn together: Dirichlet, multivariate normal, rows of a file."""

    key: str
    names: tuple[str, ...]
    distribution: JointDistribution


@dataclass(frozen=True)
class Correlation:
    """Gaussian-copula correlation of normal scores, matrix[name, name]."""

    names: tuple[str, ...]
    matrix: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Strategy:
    key: str
    label: str
    bindings: dict[str, Formula]


@dataclass(frozen=True)
class Group:
    """Patients at presentation; the weights of all groups add up to 1 in every draw."""

    key: str
    label: str
    weight: Formula
    bindings: dict[str, Formula]


@dataclass(frozen=True)
class Subgroup:
    """The groups whose attributes meet a condition."""

    key: str
    label: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class Period:
    """A stretch of model time [start, end) in which names have other values."""

    key: str
    start: float
    end: float
    bindings: dict[str, Formula]


@dataclass(frozen=True)
class Schedule:
    """A cost of each dose: the first at once, one every so often, `at_most` so many of a stay (without end, if None).

    clock: counted from the entry, or from the start of the model.
    """

    amount: Formula
    every: Formula
    at_most: Formula | None
    clock: Clock


@dataclass(frozen=True)
class State:
    """chance: mass passes through at once. costs: component -> cost rate; entry: on each entry, the start included.

    alive: as the file states, or else as it follows (`scenario_file.living`). share: of the cohort, by curves (`Partition`).
    limits: component -> time of a stay after which its cost rate is 0. schedules: component -> cost of doses.
    """

    key: str
    label: str
    start: Formula | None
    chance: bool
    alive: bool
    costs: dict[str, Formula]
    utility: Formula | None
    entry_costs: dict[str, Formula]
    entry_qaly: Formula | None
    alive_stated: bool = True
    share: Formula | None = None
    limits: dict[str, Formula] = field(default_factory=dict)
    schedules: dict[str, Schedule] = field(default_factory=dict)


@dataclass(frozen=True)
class Survival:
    """A time-to-event distribution. `scale`: model units in the unit its arguments are stated in; None if not stated.

    An argument that is a word is a text, one that is a distribution itself has neither ratio nor factor. plus, floor: hazards that
    stand beside it, of which the first is added and the second is the least. field: where it is stated.
    """

    family: str
    arguments: dict[str, Argument]
    table: str | None
    clock: Clock
    ratio: Formula | None
    acceleration: Formula | None
    scale: float | None = None
    field: str = "survival"

    plus: Survival | None = None
    floor: Survival | None = None

    @property
    def compound(self) -> bool:
        """Made of others, which run on the clocks that they state."""
        return any(isinstance(value, Survival) for value in self.arguments.values())

    def parts(self) -> Iterator[Survival]:
        """Itself, and all distributions within it."""
        yield self
        for value in self.arguments.values():
            if isinstance(value, Survival):
                yield from value.parts()

    def all_parts(self) -> Iterator[Survival]:
        """Those of the hazards beside it too."""
        for one in (self, self.plus, self.floor):
            if one is not None:
                yield from one.parts()

    @property
    def age(self) -> Formula:
        """Age at the start, of a life table."""
        age = self.arguments["age"]
        assert isinstance(age, Formula)
        return age


Argument = Formula | tuple[Formula, ...] | str | Survival


@dataclass(frozen=True)
class Curve:
    """Survival from the start of the model. at_most: the curve that it never exceeds, or nothing."""

    survival: Survival
    at_most: str


@dataclass(frozen=True)
class Portion:
    """A cost per unit of time of some of those in a state. share: of the cohort, as that of a state."""

    state: str
    component: str
    amount: Formula
    share: Formula

    @property
    def place(self) -> str:
        return f"states.{self.state}.cost.{self.component}"


@dataclass(frozen=True)
class Fall:
    """A one-off cost of everyone who leaves a curve."""

    component: str
    curve: str
    cost: Formula

    @property
    def place(self) -> str:
        return f"costs.{self.component}.cost"


@dataclass(frozen=True)
class Partition:
    """Partitioned survival: shares of states are made of survival curves, and nobody is moved."""

    curves: dict[str, Curve]
    portions: tuple[Portion, ...]
    falls: tuple[Fall, ...]

    def order(self) -> list[str]:
        """The curves, each behind the one that it never exceeds."""
        return sorted(self.curves, key=lambda key: len(self.above(key)))

    def above(self, key: str) -> list[str]:
        """The curves that a curve never exceeds, from the nearest; ends where they come round in a circle."""
        found: list[str] = []
        while (key := self.curves[key].at_most) in self.curves and key not in found:
            found.append(key)
        return found


@dataclass(frozen=True)
class _Transition:
    """What every transition has: the states that it leads from and to, a name, and what it costs and brings."""

    source: str
    target: str
    name: str
    costs: dict[str, Formula]
    qaly: Formula | None

    @property
    def label(self) -> str:
        return f"{self.source} -> {self.target}" + (f" ({self.name})" if self.name else "")


@dataclass(frozen=True)
class Rate(_Transition):
    """At any time, by a rate."""

    rate: Formula


@dataclass(frozen=True)
class TimeToEvent(_Transition):
    """After a time that has a distribution."""

    survival: Survival


@dataclass(frozen=True)
class Branch(_Transition):
    """At once, out of a chance node. probability: None is what the other branches leave."""

    probability: Formula | None


@dataclass(frozen=True)
class PerCycle(_Transition):
    """At the end of a cycle, by a probability; None is what the others out of the state leave."""

    probability: Formula | None


Transition = Rate | TimeToEvent | Branch | PerCycle


@dataclass(frozen=True)
class Severity:
    """How severe a condition is. age: of the patients at the start, female: share of women; comparator: the strategy that is current
    care; norms: of the general population by sex, of the named file."""

    age: Formula
    female: Formula
    comparator: str
    norms: dict[str, Norms]
    file: str


@dataclass(frozen=True)
class Effect:
    """An outcome beside QALYs and life-years: weighted time in states (in `unit`), or a count of transitions."""

    key: str
    label: str
    unit: str
    per: float
    states: dict[str, Formula | None]
    entries: tuple[str, ...] = ()
    transitions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Target:
    """A result that was published, or that a calibration must meet.

    measure: 'occupancy', 'median', 'median survival', 'total', 'icer' or 'probability cost-effective'. value: in the
    unit of what was measured; error: its standard error (a tolerance counts as one), nan where none is stated. of: of a
    median, 'survival' or an effect. states: what an occupancy or a median is about. at: model time of an occupancy, or
    the median's value as model time. n: patients behind an occupancy or a median, from which its error comes.
    """

    key: str
    measure: str
    value: float
    error: float
    strategy: str
    group: str = "all"
    states: tuple[str, ...] = ()
    at: float = 0.0
    outcome: str = QALY
    comparator: str = ""
    wtp: float = 0.0
    source: str = ""
    of: str = ""
    n: float = float("nan")
    label: str = ""
    status: str = ""

    @property
    def is_median(self) -> bool:
        return self.measure in ("median", "median survival")

    @property
    def has_error(self) -> bool:
        return self.error == self.error or self.n == self.n

    def scored(self) -> Target:
        """As it is compared: a median of n patients is that half of them are beyond its value, with the error of a half."""
        if not (self.is_median and self.n == self.n):
            return self
        return replace(self, measure="occupancy", value=0.5, error=(0.25 / self.n) ** 0.5)


@dataclass(frozen=True)
class PublishedCurve:
    """Survival that was published as a curve, such as a Kaplan-Meier estimate.

    of, states: as of a `Target`. times: model time, above 0 and rising; shares: of patients later than each of them. at_risk:
    (model time, patients still followed), from time 0, or none. tolerance: difference in share that `verify` allows.
    """

    key: str
    strategy: str
    times: tuple[float, ...]
    shares: tuple[float, ...]
    tolerance: float
    group: str = "all"
    of: str = "survival"
    states: tuple[str, ...] = ()
    at_risk: tuple[tuple[float, int], ...] = ()
    file: str = ""
    source: str = ""
    label: str = ""
    status: str = ""


@dataclass(frozen=True)
class Calibration:
    """vary: a parameter, or `parameter.argument` of its distribution (several with commas share a value) -> bounds.

    logs: keys varied on the scale of logarithms; priors: distribution of a key where the file states one; fixed: what would vary, but belongs to the distribution of a parameter that is fixed (in a variant, or by --set).
    """

    vary: dict[str, tuple[float, float]]
    targets: tuple[Target, ...]
    fixed: tuple[str, ...] = ()
    logs: frozenset[str] = frozenset()
    priors: dict[str, Distribution] = field(default_factory=dict)


@dataclass(frozen=True)
class Scenario:
    """A whole scenario file, `extends` and `--set` resolved. `text` is the file as resolved."""

    key: str
    path: str
    title: str
    perspective: str
    left_out: tuple[str, ...]
    currency: str
    price_year: str
    time: TimeFrame
    discount: Discount
    wtp: Wtp
    sources: dict[str, dict[str, str]]
    parameters: dict[str, Parameter]
    joints: dict[str, Joint]
    correlations: tuple[Correlation, ...]
    tables: dict[str, Table]
    strategies: dict[str, Strategy]
    groups: dict[str, Group]
    periods: tuple[Period, ...]
    states: dict[str, State]
    transitions: tuple[Transition, ...]
    effects: dict[str, Effect]
    reference: str | None
    used_in: dict[str, tuple[str, ...]]
    lines: dict[str, str] = field(repr=False, default_factory=dict)
    text: str = field(repr=False, default="")
    settings: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    calibration: Calibration | None = None
    partition: Partition | None = None
    system: System | None = None
    published: tuple[Target, ...] = ()
    published_curves: tuple[PublishedCurve, ...] = ()
    files: dict[str, str] = field(default_factory=dict)  # SHA-256 by path of every file that it reads beside its own
    subgroups: dict[str, Subgroup] = field(default_factory=dict)
    definitions: dict[str, Formula] = field(default_factory=dict)  # formulas by name, behind all bindings
    description: str = ""
    study: dict[str, str] = field(default_factory=dict)  # what the report says beside what the model knows, by field
    landmarks: dict[str, float] = field(default_factory=dict)  # model times as stated; none: those that are usual
    profile: str = ""  # of an HTA body, a key of `profiles.PROFILES`
    severity: Severity | None = None
    time_in_state: bool = True  # False: formulas take 'time_in_state' as 0

    @property
    def labels(self) -> dict[str, str]:
        return {key: strategy.label for key, strategy in self.strategies.items()}

    @property
    def group_labels(self) -> dict[str, str]:
        """Of groups and subgroups of patients."""
        return {key: group.label or key for key, group in (self.groups | self.subgroups).items()}

    @property
    def reference_strategy(self) -> str:
        """Key of the strategy that pairwise increments compare with: the one that is named, else the first."""
        return self.reference or next(iter(self.strategies))

    @property
    def reference_index(self) -> int:
        return list(self.strategies).index(self.reference_strategy)

    @property
    def components(self) -> tuple[str, ...]:
        """Cost components that the perspective counts, in the order of the file."""
        found = [c for s in self.states.values() for c in (*s.costs, *s.schedules, *s.entry_costs)]
        found += [c for t in self.transitions for c in t.costs]
        if self.partition is not None:
            found += [portion.component for portion in self.partition.portions]
            found += [fall.component for fall in self.partition.falls]
        return tuple(c for c in dict.fromkeys(found) if c not in self.left_out)

    def published_median(self, of: str, strategy: str) -> Target | None:
        """Of all patients; of: 'survival' or an effect."""
        found = (p for p in self.published if p.is_median and p.group == "all" and (p.of, p.strategy) == (of, strategy))
        return next(found, None)

    def comes_back(self, states: tuple[str, ...]) -> str:
        """Why time in these states is not simply from the start to leaving them; nothing where it is.

        A chance node passes on whom it gets, so a move to one that leads into the states is a move into them.
        """
        if self.partition is not None and not set(self.living_states) <= set(states):
            filled = [key for key in states if not self.only_left(key)]
            return f"patients may come into {' or '.join(filled)} after the start" if filled else ""
        into, grew = set(states), True
        while grew:
            more = {t.source for t in self.transitions if t.target in into and self.states[t.source].chance} - into
            into, grew = into | more, bool(more)
        for t in self.transitions:
            outside = t.source not in into and not self.states[t.source].chance
            if outside and t.target in into:
                return f"patients may come into {' or '.join(states)} after the start ({t.label})"
        return ""

    def only_left(self, state: str) -> bool:
        """The share of a state is a survival curve as it is, so that nobody comes into it after the start."""
        share = self.states[state].share
        return self.partition is not None and share is not None and share.text in self.partition.curves

    def by_status(self) -> dict[str, tuple[str, ...]]:
        """Parameters of each status that the file states; '' for those of which it says nothing."""
        found = {
            status: tuple(n for n, p in self.parameters.items() if p.status == status) for status in (*STATUSES, "")
        }
        return {status: names for status, names in found.items() if names} if any(found[s] for s in STATUSES) else {}

    @property
    def living_states(self) -> tuple[str, ...]:
        return tuple(key for key, state in self.states.items() if state.alive and not state.chance)

    @property
    def dead_states(self) -> tuple[str, ...]:
        return tuple(key for key, state in self.states.items() if not state.alive)

    def interval(self, parameter: Parameter) -> tuple[float, float]:
        """95 % interval of a sampled parameter, in its unit."""
        if parameter.distribution is not None:
            return parameter.distribution.interval()
        if parameter.joint is None:
            raise ValueError(f"{parameter.name} is not sampled")
        joint = self.joints[parameter.joint]
        low, high = joint.distribution.interval()
        place = joint.names.index(parameter.name)
        return float(low[place]), float(high[place])

    def beyond_unit(self, parameter: Parameter) -> str:
        """What is wrong with a 95 % interval that holds values which the unit cannot be; nothing where it does not."""
        least, most = parameter.unit.limits
        sampled = self.joints[parameter.joint].distribution if parameter.joint else parameter.distribution
        if sampled is None or (least <= sampled.bounds[0] and sampled.bounds[1] <= most):  # spares the quantiles
            return ""
        low, high = self.interval(parameter)
        if least <= low and high <= most:
            return ""
        return (
            f"the 95 % interval of {parameter.name} is {low:.4g} to {high:.4g} by {parameter.text}, but a "
            f"'{parameter.unit.text}' must be {limits_in_words(least, most)}: choose a distribution that stays inside, such as "
            "beta for utilities and probabilities, gamma or lognormal for what is not negative"
        )

    def reads(self, formula: Formula, groups: Iterable[Group]) -> set[str]:
        """Names that a formula reads, through bindings, definitions and formula parameters, in any strategy and period."""
        owners: tuple[Strategy | Group | Period, ...] = (*self.strategies.values(), *groups, *self.periods)
        scopes = [owner.bindings for owner in owners]
        scopes.append(self.definitions)
        scopes.append({p.name: p.formula for p in self.parameters.values() if p.formula is not None})
        found, waiting = set(), set(formula.names)
        while waiting:
            name = waiting.pop()
            found.add(name)
            waiting |= {n for scope in scopes if name in scope for n in scope[name].names} - found
        return found

    def line(self, place: str) -> str:
        """'file.yaml:12: place', for a message about one field: its own line, or that of the entry in which it stands."""
        if place in self.lines:
            return f"{self.lines[place]}: {place}"
        around = [key for key in self.lines if key and place.startswith(key) and place[len(key)] in ".: "]
        return f"{self.lines[max(around, key=len)] if around else self.path}: {place}"
