"""Time to event: a family states its cumulative hazard H0(t) and the inverse; all else follows.

    H(t) = ratio * H0(t / acceleration),   S(t) = exp(-H(t)),   T = H^-1(E) with E ~ Exp(1)

Parameters as in R's flexsurv (Jackson 2016, J Stat Softw 70(8)). The tails are computed in logs, so that
inverse(cumulative(t)) returns t where the survival itself would be rounded to 0 or 1.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from model import gamma_tails

_QUIET = {"divide": "ignore", "invalid": "ignore", "over": "ignore", "under": "ignore"}
_OWN_AXES = {"rates": 1, "breaks": 1}  # the rest of a parameter's axes are those of strategy, draw or patient


class HazardError(ValueError):
    """A time-to-event distribution that cannot be: names parameter and value, says what is allowed."""


@dataclass(frozen=True)
class Family:
    """A family of distributions; functions take (t or h, **parameters).

    arguments: (name, dimension) of the natural form, dimension 'number', 'time' or 'per time';
    forms: all accepted forms, each like `arguments`; allowed: argument -> domain.
    mean: (1/t) integral of H0 over 0..t in closed form, else by quadrature.
    """

    name: str
    arguments: tuple[tuple[str, str], ...]
    allowed: dict[str, str]
    cumulative: Callable
    inverse: Callable
    hazard: Callable
    mean: Callable | None = None
    other_forms: dict[tuple[tuple[str, str], ...], Callable] = field(default_factory=dict)

    @property
    def forms(self) -> tuple[tuple[tuple[str, str], ...], ...]:
        return self.arguments, *self.other_forms


@dataclass(frozen=True, eq=False)
class Hazard:
    """H(t) = ratio * H0(t / acceleration), t >= 0.

    Parameters, ratio and acceleration are arrays of one leading shape (such as [strategy, draw]) or scalars;
    'piecewise' has rates[..., piece] and breaks[piece - 1]. Every function broadcasts its argument with them.
    ratio: hazard ratio. acceleration: factor by which survival times stretch, S(t) = S0(t / acceleration).
    """

    family: str
    parameters: dict[str, np.ndarray]
    ratio: np.ndarray | float = 1.0
    acceleration: np.ndarray | float = 1.0

    @np.errstate(**_QUIET)
    def cumulative(self, t) -> np.ndarray:
        """H(t), finite t >= 0."""
        return self._times_ratio(FAMILIES[self.family].cumulative(self._base_time(t), **self.parameters))

    @np.errstate(**_QUIET)
    def inverse(self, h) -> np.ndarray:
        """Earliest time at which H reaches h >= 0; infinity where it never does."""
        h = np.asarray(h, float)
        if not _is_one(self.ratio):
            h = np.fmax(h / self.ratio, 0.0)  # 0 / 0 is 0: fmax prefers the number
        t = FAMILIES[self.family].inverse(h, **self.parameters)
        return t if _is_one(self.acceleration) else t * self.acceleration

    @np.errstate(**_QUIET)
    def hazard(self, t) -> np.ndarray:
        """Hazard rate at t, per unit of time."""
        rate = self._times_ratio(FAMILIES[self.family].hazard(self._base_time(t), **self.parameters))
        return rate if _is_one(self.acceleration) else rate / self.acceleration

    @np.errstate(**_QUIET)
    def mean_cumulative(self, t) -> np.ndarray:
        """(1/t) integral of H over 0..t: closed form or 24-point Gauss-Legendre; 0 at t = 0."""
        family = FAMILIES[self.family]
        mean = family.mean or _quadrature(family.cumulative)
        return self._times_ratio(mean(self._base_time(t), **self.parameters))

    def survival(self, t) -> np.ndarray:
        """S(t)."""
        return np.exp(-self.cumulative(t))

    def quantile(self, p) -> np.ndarray:
        """Time by which a share p has had the event, 0 <= p < 1; infinity where that many never have it."""
        return self.inverse(-np.log1p(-np.asarray(p, float)))

    def take(self, rows: np.ndarray) -> Hazard:
        """The hazards of some rows, integers; for a hazard with one leading axis (see `flat`)."""
        return self._each(lambda value, own: value if np.ndim(value) == own else np.asarray(value)[rows])

    def flat(self, shape: tuple[int, ...]) -> Hazard:
        """Leading axes, broadcast to `shape` such as (strategy, draw), become one axis of rows.

        A parameter that is the same in all rows becomes a scalar, which `take` leaves alone.
        """
        return self._each(lambda value, own: _flat(np.asarray(value, float), own, shape))

    def _each(self, change: Callable) -> Hazard:
        parameters = {k: change(v, _OWN_AXES.get(k, 0)) for k, v in self.parameters.items()}
        return replace(self, parameters=parameters, ratio=change(self.ratio, 0),
                       acceleration=change(self.acceleration, 0))

    def _base_time(self, t) -> np.ndarray:
        t = np.asarray(t, float)
        return t if _is_one(self.acceleration) else t / self.acceleration

    def _times_ratio(self, value) -> np.ndarray:
        return value if _is_one(self.ratio) else self.ratio * value


def make(name: str, **parameters) -> Hazard:
    """A hazard from the name of its family and the arguments of one of its forms (arrays or numbers).

    HazardError on an unknown family, other arguments, or a value outside its domain.
    """
    family = FAMILIES.get(name)
    if family is None:
        raise HazardError(f"unknown distribution '{name}'; allowed: {', '.join(FAMILIES)}."
                          + _did_you_mean(name, FAMILIES))
    form = next((f for f in family.forms if {k for k, _ in f} == set(parameters)), None)
    if form is None:
        raise HazardError(f"{name} takes {_forms(family)}; found ({', '.join(parameters)})")
    values = {k: _numbers(name, k, parameters[k]) for k, _ in form}
    if form in family.other_forms:
        values = family.other_forms[form](**values)
    if "breaks" in values:
        values["breaks"] = _shared_breaks(values["breaks"])
    made = Hazard(name, values)
    check(made)
    return made


def life_table(ages, rates, start_age=0.0) -> Hazard:
    """Piecewise constant hazard of people aged `start_age` at t = 0; each rate holds from its age to the next.

    ages[row] rise from row to row; rates[row] per unit of the ages' time; after the last age the last rate holds.
    start_age: a number, or an array such as [strategy, draw].
    """
    ages, rates = _numbers("life_table", "ages", ages), _numbers("life_table", "rates", rates)
    start = _numbers("life_table", "start_age", start_age)
    if ages.ndim != 1 or rates.shape != ages.shape or not len(ages):
        raise HazardError(f"life_table: needs one rate for each age, found {ages.size} ages and {rates.size} rates")
    if (start < ages[0]).any():
        raise HazardError(f"life_table: start_age must be {ages[0]:g} or more (the first age of the table), found "
                          f"{start.min():g}")
    first = max(int(np.searchsorted(ages, start.min(), side="right")) - 1, 0)
    ages, rates = ages[first:], rates[first:]
    if start.min() == start.max():
        return make("piecewise", rates=rates, breaks=ages[1:] - start.flat[0])
    check(Hazard("piecewise", {"rates": rates, "breaks": ages[1:] - ages[0]}))
    return Hazard("piecewise", {"rates": rates, "breaks": ages[1:], "start": start})


def check(hazard: Hazard) -> None:
    """HazardError that names the first parameter and value outside its domain."""
    family = FAMILIES[hazard.family]
    for name, allowed in family.allowed.items():
        _need(f"{family.name}: {name}", hazard.parameters[name], allowed, _OWN_AXES.get(name, 0))
    _need("hazard ratio", hazard.ratio, "above 0" if family.name == "fixed" else "0 or more")
    _need("acceleration factor", hazard.acceleration, "above 0")
    if family.name == "piecewise":
        _check_pieces(**hazard.parameters)


# --- checks ------------------------------------------------------------------------------------------------

_INSIDE = {"above 0": lambda x: x > 0, "0 or more": lambda x: x >= 0, "any number": lambda x: x == x}


def _need(what: str, value, allowed: str, own_axes: int = 0) -> None:
    value = np.asarray(value, float)
    bad = ~(np.isfinite(value) & _INSIDE[allowed](value))
    if bad.any():
        where = np.argwhere(bad)[0]
        lead = where[:value.ndim - own_axes]
        place = f" (strategy {lead[0] + 1}, draw {lead[1] + 1})" if len(lead) == 2 else ""
        raise HazardError(f"{what} must be {allowed}, found {value[tuple(where)]:g}{place}")


def _check_pieces(rates, breaks, start=0.0) -> None:
    if rates.shape[-1] != len(breaks) + 1:
        raise HazardError("piecewise: rates needs one value more than breaks (before the first, then from each on); "
                          f"found {rates.shape[-1]} rates and {len(breaks)} breaks")
    if (np.diff(breaks) <= 0).any():
        raise HazardError(f"piecewise: breaks must rise, found {', '.join(f'{b:g}' for b in breaks)}")


def _shared_breaks(breaks: np.ndarray) -> np.ndarray:
    """breaks[piece - 1] from breaks[..., piece - 1], which must be the same everywhere."""
    rows = breaks.reshape(-1, breaks.shape[-1]) if breaks.ndim else breaks.reshape(1, 1)
    if (rows != rows[0]).any():
        raise HazardError("piecewise: breaks must be the same in every strategy and draw")
    return rows[0]


def _numbers(name: str, argument: str, value) -> np.ndarray:
    try:
        return np.asarray(value, float)
    except (TypeError, ValueError):
        raise HazardError(f"{name}: {argument} must be numbers, found {value!r}") from None


def _forms(family: Family) -> str:
    return " or ".join(f"({', '.join(name for name, _ in form)})" for form in family.forms)


def _did_you_mean(word: str, known) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word, list(known), n=1)
    return f" Did you mean '{close[0]}'?" if close else ""


def _is_one(value) -> bool:
    return np.ndim(value) == 0 and value == 1.0


def _flat(value: np.ndarray, own: int, shape: tuple[int, ...]) -> np.ndarray:
    tail = value.shape[value.ndim - own:]
    rows = value.reshape(-1, *tail)
    if (rows == rows[:1]).all():
        return rows[0]
    return np.broadcast_to(value, shape + tail).reshape(-1, *tail)


# --- families ----------------------------------------------------------------------------------------------

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_NODES, _WEIGHTS = ((_NODES + 1) / 2) ** 3, _WEIGHTS / 2 * 3 * ((_NODES + 1) / 2) ** 2


def _quadrature(cumulative: Callable) -> Callable:
    """Mean of H0 over 0..t. The nodes are cubed, as H0 may start like a small power of t."""
    def mean(t, **parameters):
        return sum(w * cumulative(x * t, **parameters) for x, w in zip(_NODES, _WEIGHTS))

    return mean


def _gompertz(t, shape, rate):
    return np.where(shape == 0, rate * t, rate * np.expm1(shape * t) / shape)


def _gompertz_inverse(h, shape, rate):
    u = np.fmax(h / rate, 0.0)
    t = np.where(shape == 0, u, np.log1p(shape * u) / shape)
    return np.where(np.isnan(t), np.inf, t)  # shape below 0: H never exceeds -rate / shape


def _lognormal(t, meanlog, sdlog):
    from scipy.special import log_ndtr

    return -log_ndtr((meanlog - np.log(t)) / sdlog)


def _lognormal_inverse(h, meanlog, sdlog):
    from scipy.special import ndtri_exp

    return np.exp(meanlog - sdlog * ndtri_exp(-h))


def _lognormal_hazard(t, meanlog, sdlog):
    z = (np.log(t) - meanlog) / sdlog
    rate = np.exp(_lognormal(t, meanlog, sdlog) - z**2 / 2) / (np.sqrt(2 * np.pi) * sdlog * t)
    return np.where(t > 0, rate, 0.0)


def _loglogistic_inverse(h, shape, scale):
    # expm1(h) in logs, which does not overflow
    return scale * np.exp((h + np.log(-np.expm1(-h))) / shape)


def _loglogistic_hazard(t, shape, scale):
    x = t / scale
    return shape / scale * x ** (shape - 1) / (1 + x**shape)


def _gamma(t, shape, rate):
    return gamma_tails.upper(shape, np.log(rate * t / shape))


def _gamma_inverse(h, shape, rate):
    return shape / rate * np.exp(gamma_tails.upper_inverse(shape, h))


def _gamma_hazard(t, shape, rate):
    s = np.log(rate * t / shape)
    rate_0 = np.where(shape < 1, np.inf, np.where(shape == 1, rate, 0.0))
    return np.where(t > 0, np.exp(gamma_tails.log_density(shape, s) + gamma_tails.upper(shape, s)) / t, rate_0)


_LOGNORMAL_LIMIT = 1e-8  # |Q| below which rounding exceeds the distance from the log-normal


def _gengamma_by_sign(function: Callable, limit: Callable) -> Callable:
    """Evaluates rows by the sign of Q: above 0, below 0, and the log-normal limit."""
    def evaluate(x, mu, sigma, Q):
        x, mu, sigma, Q = np.broadcast_arrays(np.asarray(x, float), mu, sigma, Q)
        result = np.empty(x.shape)
        near = np.abs(Q) < _LOGNORMAL_LIMIT
        for rows, compute in ((near, lambda x, mu, sigma, Q: limit(x, mu, sigma)),
                              (~near & (Q > 0), lambda *p: function(*p, "upper")),
                              (~near & (Q < 0), lambda *p: function(*p, "lower"))):
            if rows.any():
                result[rows] = compute(x[rows], mu[rows], sigma[rows], Q[rows])
        return result

    return evaluate


def _gengamma(t, mu, sigma, Q, tail):
    return getattr(gamma_tails, tail)(Q**-2.0, Q * (np.log(t) - mu) / sigma)


def _gengamma_inverse(h, mu, sigma, Q, tail):
    return np.exp(mu + sigma / Q * getattr(gamma_tails, f"{tail}_inverse")(Q**-2.0, h))


def _gengamma_hazard(t, mu, sigma, Q, tail):
    s = Q * (np.log(t) - mu) / sigma
    log_rate = gamma_tails.log_density(Q**-2.0, s) + getattr(gamma_tails, tail)(Q**-2.0, s)
    return np.exp(log_rate) * np.abs(Q) / (sigma * t)


def _piece(table: np.ndarray, k: np.ndarray) -> np.ndarray:
    """table[..., k] with one k a row."""
    if table.ndim == 1:
        return table[k]
    shape = np.broadcast_shapes(table.shape[:-1], k.shape)
    table = np.broadcast_to(table, shape + table.shape[-1:])
    return np.take_along_axis(table, np.broadcast_to(k, shape)[..., None], axis=-1)[..., 0]


def _pieces(rates, breaks):
    """(start of each piece [piece], H0 at it [..., piece])."""
    starts = np.concatenate([[0.0], breaks])
    reached = np.cumsum(rates[..., :-1] * np.diff(starts), axis=-1)
    return starts, np.concatenate([np.zeros((*rates.shape[:-1], 1)), reached], axis=-1)


def _piecewise(t, rates, breaks, start=None):
    if start is not None:
        return _piecewise(start + t, rates, breaks) - _piecewise(start, rates, breaks)
    starts, reached = _pieces(rates, breaks)
    k = np.searchsorted(breaks, t, side="right")
    return _piece(reached, k) + _piece(rates, k) * (t - starts[k])


def _piecewise_inverse(h, rates, breaks, start=None):
    if start is not None:
        return np.fmax(_piecewise_inverse(h + _piecewise(start, rates, breaks), rates, breaks) - start, 0.0)
    starts, reached = _pieces(rates, breaks)
    if rates.ndim == 1:
        k = np.searchsorted(reached[1:], h, side="left")
    else:
        k = sum((reached[..., j] < h for j in range(1, len(starts))), np.zeros(np.broadcast(h, rates[..., 0]).shape, int))
    excess = h - _piece(reached, k)
    return starts[k] + np.where(excess > 0, excess / _piece(rates, k), 0.0)


def _piecewise_hazard(t, rates, breaks, start=0.0):
    return _piece(rates, np.searchsorted(breaks, start + t, side="right"))


def _piecewise_mean(t, rates, breaks, start=0.0):
    """Each piece adds rate * (time in it so far), which rises and then stays."""
    edges = [np.maximum(edge - start, 0.0) for edge in (0.0, *breaks, np.inf)]
    total = 0.0
    for j, (low, high) in enumerate(zip(edges, edges[1:])):
        since = np.maximum(t - low, 0.0)
        within = np.minimum(since, high - low)
        total = total + rates[..., j] * within * (since - within / 2)
    return np.where(t > 0, total / t, 0.0)


_PER_TIME, _TIME, _NUMBER = "per time", "time", "number"
FAMILIES: dict[str, Family] = {family.name: family for family in (
    Family("exponential", (("rate", _PER_TIME),), {"rate": "0 or more"},
           lambda t, rate: rate * t,
           lambda h, rate: np.fmax(h / rate, 0.0),
           lambda t, rate: rate + 0.0 * t,
           lambda t, rate: rate * t / 2),
    Family("weibull", (("shape", _NUMBER), ("scale", _TIME)), {"shape": "above 0", "scale": "above 0"},
           lambda t, shape, scale: np.power(t / scale, shape),
           lambda h, shape, scale: scale * np.power(h, 1 / shape),
           lambda t, shape, scale: shape / scale * np.power(t / scale, shape - 1),
           lambda t, shape, scale: np.power(t / scale, shape) / (shape + 1)),
    Family("gompertz", (("shape", _PER_TIME), ("rate", _PER_TIME)), {"shape": "any number", "rate": "0 or more"},
           _gompertz, _gompertz_inverse, lambda t, shape, rate: rate * np.exp(shape * t)),
    Family("lognormal", (("meanlog", _NUMBER), ("sdlog", _NUMBER)), {"meanlog": "any number", "sdlog": "above 0"},
           _lognormal, _lognormal_inverse, _lognormal_hazard),
    Family("loglogistic", (("shape", _NUMBER), ("scale", _TIME)), {"shape": "above 0", "scale": "above 0"},
           lambda t, shape, scale: np.logaddexp(0.0, shape * np.log(t / scale)),
           _loglogistic_inverse, _loglogistic_hazard),
    Family("gamma", (("shape", _NUMBER), ("rate", _PER_TIME)), {"shape": "above 0", "rate": "above 0"},
           _gamma, _gamma_inverse, _gamma_hazard),
    Family("gengamma", (("mu", _NUMBER), ("sigma", _NUMBER), ("Q", _NUMBER)),
           {"mu": "any number", "sigma": "above 0", "Q": "any number"},
           _gengamma_by_sign(_gengamma, _lognormal), _gengamma_by_sign(_gengamma_inverse, _lognormal_inverse),
           _gengamma_by_sign(_gengamma_hazard, _lognormal_hazard)),
    Family("piecewise", (("rates", _PER_TIME), ("breaks", _TIME)), {"rates": "0 or more", "breaks": "above 0"},
           _piecewise, _piecewise_inverse, _piecewise_hazard, _piecewise_mean),
    Family("fixed", (("time", _TIME),), {"time": "0 or more"},
           lambda t, time: np.where(t >= time, np.inf, 0.0),
           lambda h, time: np.where(h > 0, time, 0.0),
           lambda t, time: np.where(t == time, np.inf, 0.0),
           lambda t, time: np.where(t > time, np.inf, 0.0)),
)}
