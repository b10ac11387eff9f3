"""Reports lay out what analyses computed: they take no mean, no quantile, no difference and no product of results.

Inside an f-string a number may be brought to the unit that is shown (100 * share %), and a count may be less by 1. Modules of plots
are free to compute positions.
"""

import ast
from pathlib import Path

import pytest

REPORT = Path(__file__).resolve().parents[2] / "model" / "report"
MODULES = sorted(p for p in REPORT.rglob("*.py") if p.stem == "text" or p.stem.endswith(("tables", "_report")))
REDUCTIONS = {
    *(
        "mean",
        "std",
        "var",
        "median",
        "quantile",
        "percentile",
        "cumsum",
        "cumprod",
        "prod",
        "interp",
        "cov",
        "corrcoef",
    ),
    *(
        "average",
        "nanmean",
        "nanmedian",
        "nanquantile",
        "hypot",
        "sqrt",
        "searchsorted",
        "argmax",
        "argmin",
        "idxmax",
        "idxmin",
    ),
    *("nmb", "icer", "frontier", "increments", "verdict", "enbs", "half_width", "standard_error", "of_replications"),
}
FORBIDDEN = (ast.Mult, ast.Div, ast.Pow, ast.MatMult, ast.Sub, ast.FloorDiv)


def arithmetic(tree: ast.AST):
    """(line, what) of each computation with results."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.JoinedStr):
            continue
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in REDUCTIONS or name == "sum" and isinstance(node.func, ast.Attribute):
                yield node.lineno, name
        if isinstance(node, ast.BinOp) and isinstance(node.op, FORBIDDEN) and not harmless(node):
            yield node.lineno, ast.unparse(node)
        yield from arithmetic(node)


def harmless(node: ast.BinOp) -> bool:
    """A count less a count, a text repeated, or sets of names."""
    lengths = all(isinstance(n, ast.Call) and getattr(n.func, "id", "") == "len" for n in (node.left, node.right))
    whole = isinstance(node.right, ast.Constant) and isinstance(node.right.value, int)
    names = isinstance(node.right, ast.Set | ast.Dict) or isinstance(node.left, ast.Set)
    repeated = isinstance(node.left, ast.Constant | ast.List) and isinstance(getattr(node.left, "value", ""), str)
    return isinstance(node.op, ast.Sub) and (whole or names or lengths) or isinstance(node.op, ast.Mult) and repeated


def economics(tree: ast.AST):
    """(line, name) of what is taken from the layer of economics and is no type."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("model.economics", "model.intervals")):
            yield from ((node.lineno, alias.name) for alias in node.names if not alias.name[0].isupper())


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_report_knows_only_types_of_economics(path):
    assert list(economics(ast.parse(path.read_text()))) == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_report_computes_nothing(path):
    assert [f"{path.name}:{line}: {what}" for line, what in arithmetic(ast.parse(path.read_text()))] == []


def test_arithmetic_is_seen():
    text = "x = a.mean()\ny = a * b\nz = f'{100 * a:.0f} %'\nn = '-' * w\nd = c - d\nk = len(a) - 1"
    assert [line for line, _ in arithmetic(ast.parse(text))] == [1, 2, 5]
