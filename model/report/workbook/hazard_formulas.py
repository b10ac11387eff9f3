"""Cumulative hazards as formulas of a spreadsheet, H(t) = ratio * H0(t / acceleration), by the names of `hazards.FAMILIES`."""

from __future__ import annotations

from collections.abc import Callable

from model.formula import Formula
from model.report.workbook.cells import WorkbookError, number
from model.scenario import Argument, Survival

Text = Callable[[Formula], str]


def grown(x: str) -> str:
    """(exp(x) - 1) / x, with its digits where x is small."""
    return f"IF(ABS({x})<0.0001,1+{x}/2*(1+{x}/3*(1+{x}/4)),(EXP({x})-1)/{x})"


def _normal(z: str) -> str:
    return f"-LN(NORMSDIST(-{z}))"


def _lognormal(t: str, sdlog: str, meanlog: str = "", median: str = "") -> str:
    centre = meanlog or f"LN({median})"
    return f"IF({t}<=0,0,{_normal(f'((LN({t})-{centre})/{sdlog})')})"


def _gengamma(t: str, mu: str, sigma: str, Q: str) -> str:
    w = f"((LN({t})-{mu})/{sigma})"
    share = f"GAMMADIST(EXP({Q}*{w})/{Q}^2,1/{Q}^2,1,TRUE)"
    return f"IF({t}<=0,0,IF({Q}=0,{_normal(w)},IF({Q}>0,-LN(1-{share}),-LN({share}))))"


def _piecewise(t: str, rates: list[str], breaks: list[str]) -> str:
    starts, ends = ["0", *breaks], [*breaks, ""]
    parts = [
        f"{rate}*MAX(0,{f'MIN({t},{end})' if end else t}-{start})" for rate, start, end in zip(rates, starts, ends)
    ]
    return f"({'+'.join(parts)})"


CUMULATIVE: dict[str, Callable[..., str]] = {
    "exponential": lambda t, rate: f"({rate}*{t})",
    "weibull": lambda t, shape, scale: f"POWER({t}/{scale},{shape})",
    "gompertz": lambda t, shape, rate: f"({rate}*{t}*{grown(f'({shape}*{t})')})",
    "lognormal": _lognormal,
    "loglogistic": lambda t, shape, scale: f"LN(1+POWER({t}/{scale},{shape}))",
    "gamma": lambda t, shape, rate: f"-LN(1-GAMMADIST({t},{shape},1/{rate},TRUE))",
    "gengamma": _gengamma,
    "piecewise": _piecewise,
    "cure": lambda t, fraction, distribution: f"-LN({fraction}+(1-{fraction})*EXP(-({distribution})))",
    "mixture": lambda t, weight, a, b: f"-LN({weight}*EXP(-({a}))+(1-{weight})*EXP(-({b})))",
    "hazard_ratio": lambda t, ratio, distribution: f"({ratio}*({distribution}))",
}


def unknown(survival: Survival) -> str:
    """The family that has no formula here; '' where all have."""
    if survival.floor is not None:
        return "a hazard that is at least another one"
    for part in survival.all_parts():
        if part.family not in CUMULATIVE or part.table is not None:
            return part.family
    return ""


def cumulative(survival: Survival, t: str, text: Text, ratio: str = "") -> str:
    """H at the time that the cell `t` has. ratio: a cell, where there is one that never changes."""
    found = _base(survival, t, text, survival.acceleration)
    found = f"{ratio}*{found}" if ratio else found
    return f"{found}+{_base(survival.plus, t, text, survival.plus.acceleration)}" if survival.plus else found


def _base(survival: Survival, t: str, text: Text, acceleration: Formula | None = None) -> str:
    own = [number(survival.scale)] if survival.scale is not None and not survival.compound else []
    slower = [*own, *([text(acceleration)] if acceleration is not None else [])]
    clock = f"({t}/{'/'.join(slower)})" if slower else t
    if survival.family not in CUMULATIVE:
        raise WorkbookError(f"the distribution {survival.family} has no formula of a spreadsheet here")
    arguments = {key: _argument(value, clock, text) for key, value in survival.arguments.items()}
    return "(" + CUMULATIVE[survival.family](clock, **arguments) + ")"


def _argument(value: Argument, t: str, text: Text) -> str | list[str]:
    if isinstance(value, Survival):
        return _base(value, t, text)
    if isinstance(value, tuple):
        return [text(part) for part in value]
    if isinstance(value, str):
        raise WorkbookError(f"the word '{value}' of a distribution has no formula of a spreadsheet here")
    return text(value)
