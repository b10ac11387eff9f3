"""Cumulative hazards of survival distributions by SciPy's survival functions and closed forms, not by those of the engines."""

from __future__ import annotations

import numpy as np

from model.analysis.verify_plain import Plain, Unsupported
from model.scenario import Survival


def cumulative(plain: Plain, survival: Survival, times: np.ndarray) -> np.ndarray:
    """[time] cumulative hazard without the hazard ratio; acceleration, unit of the clock, and what is added are in it."""
    if survival.floor is not None:
        raise Unsupported("a hazard with a floor")
    if survival.plus is not None:
        raise Unsupported("a hazard with another one added")
    factor = 1.0 if survival.acceleration is None else plain.number(survival.acceleration)
    own = survival.scale if survival.scale is not None and not survival.compound else 1.0
    return _base(plain, survival, np.asarray(times, float) / (factor * own))


def _base(plain: Plain, survival: Survival, t: np.ndarray) -> np.ndarray:
    if survival.table is not None:
        return _life_table(plain, survival, t)
    if survival.family in ("cure", "mixture"):
        return _mixed(plain, survival, t)
    if survival.family == "piecewise":
        return _piecewise(plain, survival, t)
    given = {name: _number(plain, value) for name, value in survival.arguments.items()}
    with np.errstate(divide="ignore"):
        return np.asarray(-_log_survival(survival.family, given, t))


def _number(plain: Plain, value: object) -> float:
    if isinstance(value, (tuple, str, Survival)):
        raise Unsupported("a survival distribution with lists or words")
    return plain.number(value)  # type: ignore[arg-type]


def _log_survival(family: str, given: dict[str, float], t: np.ndarray) -> np.ndarray:
    from scipy import stats

    match family, given:
        case "exponential", {"rate": rate}:
            return -rate * t
        case "weibull", {"shape": shape, "scale": scale}:
            return stats.weibull_min.logsf(t, shape, scale=scale)
        case "gompertz", {"shape": shape, "rate": rate}:
            return -rate * (t if shape == 0 else (np.exp(shape * t) - 1) / shape)
        case "lognormal", {"sdlog": sdlog, **rest}:
            median = rest["median"] if "median" in rest else np.exp(rest["meanlog"])
            return stats.lognorm.logsf(t, sdlog, scale=median)
        case "loglogistic", {"shape": shape, "scale": scale}:
            return stats.fisk.logsf(t, shape, scale=scale)
        case "gamma", {"shape": shape, "rate": rate}:
            return stats.gamma.logsf(t, shape, scale=1 / rate)
    raise Unsupported(f"survival by '{family}'")


def _life_table(plain: Plain, survival: Survival, t: np.ndarray) -> np.ndarray:
    if survival.family == "kaplan_meier":
        raise Unsupported("survival by a Kaplan-Meier curve")
    table, age = plain.table(survival.table or ""), plain.number(survival.age)
    edges = np.append(np.asarray(table.at, float), np.inf)
    reached = np.zeros_like(t)
    for low, high, rate in zip(edges[:-1], edges[1:], table.values):
        reached += rate * np.clip(np.minimum(age + t, high) - max(low, age), 0, None)
    return reached


def _piecewise(plain: Plain, survival: Survival, t: np.ndarray) -> np.ndarray:
    rates, breaks = ([plain.number(part) for part in survival.arguments[name]] for name in ("rates", "breaks"))  # type: ignore[union-attr,arg-type]
    edges, reached = [0.0, *breaks, np.inf], np.zeros_like(t)
    for low, high, rate in zip(edges, edges[1:], rates):
        reached += rate * np.clip(np.minimum(t, high) - low, 0, None)
    return reached


def _mixed(plain: Plain, survival: Survival, t: np.ndarray) -> np.ndarray:
    """Shares of those cured, or of two kinds of patients."""
    given = survival.arguments

    def alive(name: str) -> np.ndarray:
        part = given[name]
        if not isinstance(part, Survival):
            raise Unsupported(f"survival by '{survival.family}'")
        own = part.scale if part.scale is not None and not part.compound else 1.0
        return np.exp(-_base(plain, part, t / own))

    if survival.family == "cure":
        cured = _number(plain, given["fraction"])
        return -np.log(cured + (1 - cured) * alive("distribution"))
    share = _number(plain, given["weight"])
    return -np.log(share * alive("a") + (1 - share) * alive("b"))
