"""Time to event: a family states its cumulative hazard H0(t) and the inverse; all else follows.

    H(t) = ratio * H0(t / acceleration),   S(t) = exp(-H(t)),   T = H^-1(E) with E ~ Exp(1)

Parameters as in R's flexsurv (Jackson 2016, J Stat Softw 70(8)).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from model import hazard_functions, shapes, splines
from model.suggestions import check_known

_LISTS = ("rates", "breaks", "knots", "coefficients", "starts", "ratios", "switches", "offsets", "reached")
_OWN_AXES = dict.fromkeys(_LISTS, 1)  # the rest of a parameter's axes are those of strategy, draw or patient


class HazardError(ValueError):
    """A time-to-event distribution that cannot be: names parameter and value, says what is allowed.

    where: index of the row at fault among the leading axes, such as (strategy, draw); () where it is all of them.
    """

    def __init__(self, message: str, where: tuple[int, ...] = ()):
        super().__init__(message)
        self.where = where


@dataclass(frozen=True)
class Family:
    """A family of distributions; functions take (t or h, **parameters).

    arguments: (name, dimension) of the natural form, dimension 'number', 'time', 'per time' or 'word';
    forms: all accepted forms, each like `arguments`; allowed: argument -> domain, or words, of which the index is kept.
    mean: (1/t) integral of H0 over 0..t in closed form, else by quadrature. check: HazardError on what arguments may not be together.
    """

    name: str
    arguments: tuple[tuple[str, str], ...]
    allowed: dict[str, str | tuple[str, ...]]
    cumulative: Callable
    inverse: Callable
    hazard: Callable
    mean: Callable | None = None
    other_forms: dict[tuple[tuple[str, str], ...], Callable] = field(default_factory=dict)
    check: Callable | None = None

    @property
    def forms(self) -> tuple[tuple[tuple[str, str], ...], ...]:
        return self.arguments, *self.other_forms


@dataclass(frozen=True, eq=False)
class Hazard:
    """H(t) = ratio * H0(t / acceleration), t >= 0.

    Parameters, ratio and acceleration are arrays of one leading shape (such as [strategy, draw]) or scalars;
    'piecewise' has rates[..., piece] and breaks[piece - 1]; a parameter may be a Hazard itself. Every function broadcasts its argument with them.
    ratio: hazard ratio. acceleration: factor by which survival times stretch, S(t) = S0(t / acceleration).
    """

    family: str
    parameters: dict[str, Any]
    ratio: np.ndarray | float = 1.0
    acceleration: np.ndarray | float = 1.0

    @np.errstate(all="ignore")
    def cumulative(self, t) -> np.ndarray:
        """H(t), finite t >= 0."""
        return self._times_ratio(ALL[self.family].cumulative(self._base_time(t), **self.parameters))

    @np.errstate(all="ignore")
    def inverse(self, h) -> np.ndarray:
        """Earliest time at which H reaches h >= 0; infinity where it never does."""
        h = np.asarray(h, float)
        if not _is_one(self.ratio):
            h = _in_place(np.fmax, h / self.ratio, 0.0)  # 0 / 0 is 0: fmax prefers the number
        t = ALL[self.family].inverse(h, **self.parameters)
        return t if _is_one(self.acceleration) else _in_place(np.multiply, t, self.acceleration)

    @np.errstate(all="ignore")
    def hazard(self, t) -> np.ndarray:
        """Hazard rate at t, per unit of time."""
        rate = self._times_ratio(ALL[self.family].hazard(self._base_time(t), **self.parameters))
        return rate if _is_one(self.acceleration) else rate / self.acceleration

    @np.errstate(all="ignore")
    def mean_cumulative(self, t) -> np.ndarray:
        """(1/t) integral of H over 0..t: closed form or 24-point Gauss-Legendre; 0 at t = 0."""
        family, t = ALL[self.family], self._base_time(t)
        mean = family.mean(t, **self.parameters) if family.mean else _quadrature(t, family, self.parameters)
        return self._times_ratio(mean)

    def survival(self, t) -> np.ndarray:
        """S(t)."""
        return np.exp(-self.cumulative(t))

    def quantile(self, p) -> np.ndarray:
        """Time by which a share p has had the event, 0 <= p < 1; infinity where that many never have it."""
        return self.inverse(-np.log1p(-np.asarray(p, float)))

    def take(self, rows: np.ndarray | int) -> Hazard:
        """The hazards of some rows, integers; for a hazard with one leading axis (see `flat`)."""
        return self.each(lambda value, own: value if np.ndim(value) == own else np.asarray(value)[rows])

    def by_row(self) -> bool:
        """Some parameter differs between rows (see `flat`)."""
        found: list[bool] = []

        def note(value, own: int):
            found.append(np.ndim(value) > own)
            return value

        self.each(note)
        return any(found)

    def kinks(self) -> list[np.ndarray]:
        """Times at which the hazard steps or bends, of the leading shape of the parameters each."""
        parts = [kink for value in self.parameters.values() if isinstance(value, Hazard) for kink in value.kinks()]
        return [np.asarray(kink * self.acceleration) for kink in (*parts, *_own_kinks(self.family, self.parameters))]

    def flat(self, shape: tuple[int, ...]) -> Hazard:
        """Leading axes, broadcast to `shape` such as (strategy, draw), become one axis of rows.

        A parameter that is the same in all rows becomes a scalar, which `take` leaves alone.
        """
        return self.each(lambda value, own: _flat(np.asarray(value, float), own, shape))

    def each(self, change: Callable) -> Hazard:
        """With change(value, axes of its own) for every parameter, those of the hazards in it included."""
        parameters = {
            k: v.each(change) if isinstance(v, Hazard) else change(v, _OWN_AXES.get(k, 0))
            for k, v in self.parameters.items()
        }
        return replace(
            self, parameters=parameters, ratio=change(self.ratio, 0), acceleration=change(self.acceleration, 0)
        )

    def _base_time(self, t) -> np.ndarray:
        t = np.asarray(t, float)
        return t if _is_one(self.acceleration) else t / self.acceleration

    def _times_ratio(self, value) -> np.ndarray:
        return value if _is_one(self.ratio) else _in_place(np.multiply, value, self.ratio)


def make(name: str, **parameters) -> Hazard:
    """A hazard from the name of its family and the arguments of one of its forms (arrays or numbers).

    HazardError on an unknown family, other arguments, or a value outside its domain.
    """
    check_known([name], ALL, "distribution", HazardError)
    family = ALL[name]
    form = next((f for f in family.forms if {k for k, _ in f} == set(parameters)), None)
    if form is None:
        raise HazardError(f"{name} takes {_forms(family)}; found ({', '.join(parameters)})")
    values: dict[str, Any] = {k: _given(family, k, parameters[k]) for k, _ in form}
    if form in family.other_forms:
        values = family.other_forms[form](**values)
    if "breaks" in values:
        values["breaks"] = _shared_breaks(values["breaks"])
    if family.check:
        family.check(**values)
    return Hazard(name, values)


def life_table(ages, rates, start_age=0.0) -> Hazard:
    """Piecewise constant hazard of people aged `start_age` at t = 0; each rate holds from its age to the next.

    ages[row] rise from row to row; rates[.., row] per unit of the ages' time; after the last age the last rate holds.
    start_age: a number, or an array such as [strategy, draw].
    """
    ages, rates = _numbers("life_table", "ages", ages), _numbers("life_table", "rates", rates)
    start = _numbers("life_table", "start_age", start_age)
    if ages.ndim != 1 or not len(ages) or rates.shape[-1:] != ages.shape:
        raise HazardError(f"life_table: needs one rate for each age, found {ages.size} ages and {rates.size} rates")
    if (start < ages[0]).any():
        raise HazardError(
            f"life_table: start_age must be {ages[0]:g} or more (the first age of the table), found {start.min():g}"
        )
    first = max(int(np.searchsorted(ages, start.min(), side="right")) - 1, 0)
    ages, rates = ages[first:], rates[..., first:]
    if start.min() == start.max():
        return make("piecewise", rates=rates, breaks=ages[1:] - start.flat[0])
    check(Hazard("piecewise", {"rates": rates, "breaks": ages[1:] - ages[0]}))
    return Hazard("piecewise", {"rates": rates, "breaks": ages[1:], "start": start})


def check(hazard: Hazard) -> None:
    """HazardError that names the first parameter and value outside its domain."""
    family = ALL[hazard.family]
    for name, _ in family.arguments:
        _need_argument(family, name, hazard.parameters[name])
    _need("hazard ratio", hazard.ratio, "above 0" if family.name == "fixed" else "0 or more")
    _need("acceleration factor", hazard.acceleration, "above 0")
    if family.check:
        family.check(**hazard.parameters)


# --- checks ------------------------------------------------------------------------------------------------

_INSIDE = {
    "above 0": lambda x: x > 0,
    "0 or more": lambda x: x >= 0,
    "any number": lambda x: x == x,
    "0 or more and below 1": lambda x: (x >= 0) & (x < 1),
    "0 to 1": lambda x: (x >= 0) & (x <= 1),
}


def _need(what: str, value, allowed: str, own_axes: int = 0) -> None:
    value = np.asarray(value, float)
    bad = ~(np.isfinite(value) & _INSIDE[allowed](value))
    if bad.any():
        where = tuple(np.argwhere(bad)[0])
        raise HazardError(
            f"{what} must be {allowed}, found {value[where]:g}", tuple(map(int, where[: value.ndim - own_axes]))
        )


def _need_argument(family: Family, name: str, value) -> None:
    allowed = family.allowed.get(name)
    if isinstance(value, Hazard):
        check(value)
    elif isinstance(allowed, str):
        _need(f"{family.name}: {name}", value, allowed, _OWN_AXES.get(name, 0))


def _given(family: Family, name: str, value) -> np.ndarray | Hazard:
    """An argument as numbers; a word as its index; a distribution as it is."""
    allowed = family.allowed[name]
    if isinstance(allowed, tuple) and allowed:
        check_known([value], allowed, f"{family.name}: {name}", HazardError)
        return np.asarray(float(allowed.index(value)))
    made = value if isinstance(value, Hazard) else _numbers(family.name, name, value)
    _need_argument(family, name, made)
    return made


def _check_spline(knots, coefficients, scale) -> None:
    if knots.shape[-1] != coefficients.shape[-1] or knots.shape[-1] < 2:
        raise HazardError(
            "spline: needs two knots or more (log time; the first and the last are the boundary knots), and as many coefficients; "
            f"found {knots.shape[-1]} knots and {coefficients.shape[-1]} coefficients"
        )
    if (falls := np.argwhere(np.diff(knots) <= 0)).size:
        listed = ", ".join(f"{knot:g}" for knot in knots[tuple(falls[0][:-1])])
        raise HazardError(f"spline: knots must rise, found {listed}", tuple(map(int, falls[0][:-1])))
    slopes = splines.steepest_fall(knots, coefficients)
    bad = ~(slopes >= -1e-9) | ~(coefficients[..., 1] + 0 * slopes > 0)
    if bad.any():
        where = tuple(map(int, np.argwhere(bad)[0]))
        raise HazardError(
            "spline: with these coefficients survival would rise with time (the spline must rise with log time, and its second "
            f"coefficient be above 0; its lowest slope is {slopes[where]:g}); take fewer knots, or another scale",
            where,
        )


def _check_pieces(rates, breaks, start=0.0) -> None:
    if rates.shape[-1] != len(breaks) + 1:
        raise HazardError(
            "piecewise: rates needs one value more than breaks (before the first, then from each on); "
            f"found {rates.shape[-1]} rates and {len(breaks)} breaks"
        )
    if (np.diff(breaks) <= 0).any():
        raise HazardError(f"piecewise: breaks must rise, found {', '.join(f'{b:g}' for b in breaks)}")


def _shared_breaks(breaks: np.ndarray) -> np.ndarray:
    """breaks[piece - 1] from breaks[..., piece - 1], which must be the same everywhere."""
    breaks = np.atleast_1d(breaks)
    first = breaks[(0,) * (breaks.ndim - 1)]
    if (breaks != first).any():
        raise HazardError("piecewise: breaks must be the same in every strategy and draw")
    return first


def _numbers(name: str, argument: str, value) -> np.ndarray:
    try:
        return np.asarray(value, float)
    except (TypeError, ValueError):
        raise HazardError(f"{name}: {argument} must be numbers, found {value!r}") from None


def _forms(family: Family) -> str:
    return " or ".join(f"({', '.join(name for name, _ in form)})" for form in family.forms)


def _in_place(function: np.ufunc, x, y):
    """function(x, y), written over the temporary x where shapes allow: half the time for a million patients."""
    fits = isinstance(x, np.ndarray) and np.shape(y) in ((), x.shape)
    return function(x, y, out=x) if fits else function(x, y)


def _is_one(value) -> bool:
    return np.ndim(value) == 0 and value == 1.0


def _flat(value: np.ndarray, own: int, shape: tuple[int, ...]) -> np.ndarray:
    tail = value.shape[value.ndim - own :]
    rows = value.reshape(-1, *tail)
    if (rows == rows[:1]).all():
        return rows[0]
    return np.broadcast_to(value, shape + tail).reshape(-1, *tail)


# --- families ----------------------------------------------------------------------------------------------

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_NODES, _WEIGHTS = ((_NODES + 1) / 2) ** 3, _WEIGHTS / 2 * 3 * ((_NODES + 1) / 2) ** 2


def _quadrature(t, family: Family, parameters: dict) -> np.ndarray:
    """Mean of H0 over 0..t. Left out is the time before H0 reaches 1e-12, as a late, sharp rise is hard to
    integrate; the nodes are cubed, as H0 may start like a small power of t."""
    start = np.minimum(t, family.inverse(1e-12, **parameters))
    total = sum(w * family.cumulative(start + x * (t - start), **parameters) for x, w in zip(_NODES, _WEIGHTS))
    return np.where(t > 0, total * (t - start) / t, 0.0)


def _own_kinks(family: str, parameters: dict) -> list:
    match family:
        case "fixed":
            return [parameters["time"]]
        case "piecewise":
            return [end - parameters.get("start", 0.0) for end in parameters["breaks"]]
        case "spline":
            return [np.exp(parameters["knots"][..., k]) for k in range(parameters["knots"].shape[-1])]
        case "stepped":
            return [*parameters["starts"][1:]]
        case "joined":
            return [parameters["after"]]
        case "greatest":
            return [parameters["switches"][..., k] for k in range(parameters["switches"].shape[-1])]
    return []


# --- the list ----------------------------------------------------------------------------------------------

_PER_TIME, _TIME, _NUMBER, _WORD, _NESTED = "per time", "time", "number", "word", "distribution"
FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family(
            "exponential",
            (("rate", _PER_TIME),),
            {"rate": "0 or more"},
            lambda t, rate: rate * t,
            lambda h, rate: _in_place(np.fmax, h / rate, 0.0),
            lambda t, rate: rate + 0.0 * t,
            lambda t, rate: rate * t / 2,
        ),
        Family(
            "weibull",
            (("shape", _NUMBER), ("scale", _TIME)),
            {"shape": "above 0", "scale": "above 0"},
            lambda t, shape, scale: _in_place(np.power, t / scale, shape),
            lambda h, shape, scale: _in_place(np.multiply, np.power(h, 1 / shape), scale),
            lambda t, shape, scale: shape / scale * np.power(t / scale, shape - 1),
            lambda t, shape, scale: np.power(t / scale, shape) / (shape + 1),
        ),
        Family(
            "gompertz",
            (("shape", _PER_TIME), ("rate", _PER_TIME)),
            {"shape": "any number", "rate": "0 or more"},
            hazard_functions.gompertz,
            hazard_functions.gompertz_inverse,
            lambda t, shape, rate: rate * np.exp(shape * t),
        ),
        Family(
            "lognormal",
            (("meanlog", _NUMBER), ("sdlog", _NUMBER)),
            {"meanlog": "any number", "sdlog": "above 0", "median": "above 0"},
            lambda t, meanlog, sdlog: hazard_functions.nearly_lognormal(t, meanlog, sdlog, 0.0),
            lambda h, meanlog, sdlog: hazard_functions.nearly_lognormal_inverse(h, meanlog, sdlog, 0.0),
            lambda t, meanlog, sdlog: hazard_functions.nearly_lognormal_hazard(t, meanlog, sdlog, 0.0),
            other_forms={
                (("median", _TIME), ("sdlog", _NUMBER)): lambda median, sdlog: {
                    "meanlog": np.log(median),
                    "sdlog": sdlog,
                }
            },
        ),
        Family(
            "loglogistic",
            (("shape", _NUMBER), ("scale", _TIME)),
            {"shape": "above 0", "scale": "above 0"},
            lambda t, shape, scale: np.logaddexp(0.0, shape * np.log(t / scale)),
            hazard_functions.loglogistic_inverse,
            hazard_functions.loglogistic_hazard,
        ),
        Family(
            "gamma",
            (("shape", _NUMBER), ("rate", _PER_TIME)),
            {"shape": "above 0", "rate": "above 0"},
            hazard_functions.gamma,
            hazard_functions.gamma_inverse,
            hazard_functions.gamma_hazard,
        ),
        Family(
            "gengamma",
            (("mu", _NUMBER), ("sigma", _NUMBER), ("Q", _NUMBER)),
            {"mu": "any number", "sigma": "above 0", "Q": "any number"},
            hazard_functions.gengamma_by_Q(hazard_functions.nearly_lognormal, hazard_functions.gengamma),
            hazard_functions.gengamma_by_Q(
                hazard_functions.nearly_lognormal_inverse, hazard_functions.gengamma_inverse
            ),
            hazard_functions.gengamma_by_Q(hazard_functions.nearly_lognormal_hazard, hazard_functions.gengamma_hazard),
        ),
        Family(
            "piecewise",
            (("rates", _PER_TIME), ("breaks", _TIME)),
            {"rates": "0 or more", "breaks": "above 0"},
            hazard_functions.piecewise,
            hazard_functions.piecewise_inverse,
            hazard_functions.piecewise_hazard,
            hazard_functions.piecewise_mean,
            check=_check_pieces,
        ),
        Family(
            "spline",
            (("knots", _NUMBER), ("coefficients", _NUMBER), ("scale", _WORD)),
            {"knots": "any number", "coefficients": "any number", "scale": splines.SCALES},
            splines.cumulative,
            splines.inverse,
            splines.hazard,
            check=_check_spline,
        ),
        Family(
            "fixed",
            (("time", _TIME),),
            {"time": "0 or more"},
            lambda t, time: np.where(t >= time, np.inf, 0.0),
            lambda h, time: np.where(h > 0, time, 0.0),
            lambda t, time: np.where(t == time, np.inf, 0.0),
            lambda t, time: np.where(t > time, np.inf, 0.0),
        ),
        Family(
            "cure",
            (("fraction", _NUMBER), ("distribution", _NESTED)),
            {"fraction": "0 or more and below 1", "distribution": ()},
            shapes.cure,
            shapes.cure_inverse,
            shapes.cure_hazard,
        ),
        Family(
            "mixture",
            (("weight", _NUMBER), ("a", _NESTED), ("b", _NESTED)),
            {"weight": "0 to 1", "a": (), "b": ()},
            shapes.mixture,
            shapes.mixture_inverse,
            shapes.mixture_hazard,
        ),
        Family(
            "hazard_ratio",
            (("ratio", _NUMBER), ("distribution", _NESTED)),
            {"ratio": "0 or more", "distribution": ()},
            lambda t, ratio, distribution: ratio * distribution.cumulative(t),
            lambda h, ratio, distribution: distribution.inverse(np.fmax(h / ratio, 0.0)),
            lambda t, ratio, distribution: ratio * distribution.hazard(t),
            lambda t, ratio, distribution: ratio * distribution.mean_cumulative(t),
        ),
    )
}
_BOTH = (("first", _NESTED), ("second", _NESTED))
_MADE = (
    Family("plus", _BOTH, {}, shapes.plus, shapes.plus_inverse, shapes.plus_hazard, shapes.plus_mean),
    Family(
        "greatest", _BOTH, {}, shapes.greatest, shapes.greatest_inverse, shapes.greatest_hazard, shapes.greatest_mean
    ),
    Family(
        "stepped",
        (("distribution", _NESTED), ("ratios", _NUMBER)),
        {"ratios": "0 or more"},
        shapes.stepped,
        shapes.stepped_inverse,
        shapes.stepped_hazard,
        shapes.stepped_mean,
    ),
    Family(
        "joined",
        (("first", _NESTED), ("then", _NESTED), ("after", _TIME)),
        {"first": (), "then": (), "after": "0 or more"},
        shapes.joined,
        shapes.joined_inverse,
        shapes.joined_hazard,
        shapes.joined_mean,
    ),
)
ALL = FAMILIES | {family.name: family for family in _MADE}  # those made by `inputs` included, which no text names
