"""Whether the draws are of the distributions that the file writes, which are made by SciPy here."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from model.analysis.verify_case import Case
from model.analysis.verify_findings import FAIL, PASS, Finding, check, equal, inside, not_applicable
from model.scenario import Parameter

Z, TAIL = 1.959963984540054, 5.0  # of the 97.5th percentile; standard errors that chance may make
RARE = 1e-6  # chance of a false alarm of one test of a sample


def stated(parameter: Parameter):
    """The distribution as it is written, frozen by SciPy; None of a form that is not known here."""
    try:
        call = ast.parse(parameter.text.strip(), mode="eval").body
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            return None
        named = {k.arg or "": _number(k.value) for k in call.keywords}
        return _made(call.func.id, [_number(a) for a in call.args], named)
    except (SyntaxError, ValueError, KeyError, TypeError):
        return None


def _number(tree: ast.expr) -> float:
    match tree:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.UnaryOp(op=ast.USub(), operand=part):
            return -_number(part)
        case ast.Call(func=ast.Name(id="log"), args=[part]):
            return float(np.log(_number(part)))
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _number(left) / _number(right)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _number(left) * _number(right)
    raise ValueError(ast.unparse(tree))


def _made(name: str, given: list[float], named: dict[str, float]):
    from scipy import stats

    if "cv" in named:
        named["se"] = abs(named["mean"]) * named["cv"]
    mean, se = named.get("mean", np.nan), named.get("se", named.get("sd", np.nan))
    match name:
        case "beta":
            if np.isfinite(se):
                n = mean * (1 - mean) / se**2 - 1
                return stats.beta(mean * n, (1 - mean) * n)
            if "events" in named:
                return stats.beta(named["events"], named["n"] - named["events"])
            return stats.beta(*(given or (named["a"], named["b"])))
        case "gamma":
            if np.isfinite(se):
                return stats.gamma((mean / se) ** 2, scale=se**2 / mean)
            shape = given[0] if given else named["shape"]
            return stats.gamma(
                shape, scale=named["scale"] if "scale" in named else 1 / (given[1] if given else named["rate"])
            )
        case "normal":
            if "lower" in named:
                mean, se = (named["lower"] + named["upper"]) / 2, (named["upper"] - named["lower"]) / (2 * Z)
            return stats.norm(*(given or (mean, se)))
        case "lognormal":
            return stats.lognorm(*_lognormal(given, named, mean, se))
        case "uniform":
            low, high = given or (named["lower"], named["upper"])
            return stats.uniform(low, high - low)
        case "triangular":
            low, mode, high = given or (named["lower"], named["mode"], named["upper"])
            return stats.triang((mode - low) / (high - low), low, high - low)
    return None


def _lognormal(given: list[float], named: dict[str, float], mean: float, se: float) -> tuple[float, float, float]:
    """(shape, location, scale) as SciPy has them."""
    if np.isfinite(se):
        spread = float(np.sqrt(np.log(1 + (se / mean) ** 2)))
        return spread, 0.0, mean * float(np.exp(-(spread**2) / 2))
    if "lower" in named:
        low, high = named["lower"], named["upper"]
        return float(np.log(high / low)) / (2 * Z), 0.0, named.get("median", float(np.sqrt(low * high)))
    spread = given[1] if given else named["sdlog"]
    if np.isfinite(mean):
        return spread, 0.0, mean * float(np.exp(-(spread**2) / 2))
    return spread, 0.0, named["median"] if "median" in named else float(np.exp(given[0] if given else named["meanlog"]))


@check("samples", "Draws have the distribution that the file writes: mean, spread, shape")
def samples(case: Case) -> Iterator[Finding]:
    from scipy import stats

    table = case.run.draws
    for name, parameter in case.scenario.parameters.items() if table is not None else ():
        if parameter.distribution is None:
            continue
        one, drawn = stated(parameter), table.column(name)  # type: ignore[union-attr]
        if one is None:
            yield not_applicable(f"{name}: {parameter.text} in a form that is not looked at")
            continue
        error = one.std() / np.sqrt(len(drawn))
        yield equal(float(one.mean()), float(drawn.mean()), f"{name}: mean of {parameter.text}", TAIL * float(error))
        low, high = (float(one.ppf(p)) for p in (1e-9, 1 - 1e-9))
        extreme = float(drawn[np.argmax(np.abs(drawn - one.median()))])
        yield inside(low, high, extreme, f"{name}: furthest draw v {low:.4g} to {high:.4g}")
        chance = float(stats.kstest(drawn, one.cdf).pvalue)
        yield Finding(
            PASS if chance > RARE else FAIL, RARE, chance, f"{name}: Kolmogorov-Smirnov, chance of such draws"
        )


@check("joint samples", "Parameters drawn together have the means of their distribution")
def joint(case: Case) -> Iterator[Finding]:
    table = case.run.draws
    for joint in case.scenario.joints.values() if table is not None else ():
        if not (text := case.scenario.parameters[joint.names[0]].text).startswith("dirichlet("):
            yield not_applicable(f"{', '.join(joint.names)}: {text}, whose moments are not looked at")
            continue
        counts = np.array([_number(a) for a in ast.parse(text, mode="eval").body.args])  # type: ignore[attr-defined]
        for name, count in zip(joint.names, counts):
            p, n = count / counts.sum(), counts.sum()
            drawn = table.column(name)  # type: ignore[union-attr]
            spread = np.sqrt(p * (1 - p) / (n + 1))
            yield equal(p, float(drawn.mean()), f"{name}: mean of {text}", TAIL * float(spread) / np.sqrt(len(drawn)))
            wide = TAIL * float(spread) * np.sqrt(1 / len(drawn))
            yield equal(float(spread), float(drawn.std()), f"{name}: spread of {text}", wide)


@check("correlations", "Draws are correlated as stated, and others are not")
def correlations(case: Case) -> Iterator[Finding]:
    table, scenario = case.run.draws, case.scenario
    known = [n for n, p in scenario.parameters.items() if p.distribution is not None and stated(p) is not None]
    if table is None or len(known) < 2:
        yield not_applicable("fewer than two sampled parameters of known distributions")
        return
    scores = np.stack([_scores(scenario.parameters[name], table.column(name)) for name in known])
    found, wanted = np.corrcoef(scores), np.eye(len(known))
    for block in scenario.correlations:
        for i, a in enumerate(block.names):
            for j, b in enumerate(block.names):
                if a in known and b in known:
                    wanted[known.index(a), known.index(b)] = block.matrix[i][j]
    for i, a in enumerate(known):
        for j in range(i):
            stated_one, free = wanted[i, j], wanted[i, j] == 0
            error = TAIL * (1 - stated_one**2) / np.sqrt(table.n)
            if not free or abs(found[i, j]) > error:
                yield equal(stated_one, found[i, j], f"{known[j]}, {a}: correlation of normal scores", error)
    worst = float(np.abs(np.where(wanted == 0, found, 0)).max())
    yield inside(0, TAIL / np.sqrt(table.n), worst, "largest correlation of two that have none stated")


def _scores(parameter: Parameter, drawn: np.ndarray) -> np.ndarray:
    from scipy import stats

    return stats.norm.ppf(np.clip(stated(parameter).cdf(drawn), 1e-12, 1 - 1e-12))
