"""The notebooks of examples/ do what they show: each is run from top to bottom, and what it says is what is stored in it."""

import ast
import contextlib
import io
import json
from pathlib import Path

import matplotlib
import pandas as pd
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "examples"


def shown(output: dict) -> str:
    """The text of a stored output; of a figure, its size."""
    text = output.get("text") or output.get("data", {}).get("text/plain", "")
    return "".join(text).strip()


def run(source: str, names: dict) -> str:
    """What a cell prints, and the value of its last expression, as a notebook shows them."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        exec(compile(tree, "cell", "exec"), names)
        value = eval(compile(ast.Expression(last.value), "cell", "eval"), names) if last is not None else None
    if value is None:
        return told.getvalue().strip()
    return f"{told.getvalue().strip()}\n{pretty(value)}".strip()


def pretty(value) -> str:
    if isinstance(value, list):
        whole = repr(value)
        return whole if len(whole) < 80 else "[" + ",\n ".join(map(repr, value)) + "]"
    with pd.option_context("display.max_columns", 20, "display.width", 80):  # as in a notebook
        return repr(value)


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_gives_what_is_stored_in_it(path, monkeypatch):
    matplotlib.use("agg")
    monkeypatch.chdir(FOLDER.parent)
    cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    names: dict = {}
    for cell in cells:
        found, stored = run("".join(cell["source"]), names), "\n".join(filter(None, map(shown, cell["outputs"])))
        assert found.split() == stored.split()


def test_there_are_three_notebooks_and_no_error_is_stored():
    paths = sorted(FOLDER.glob("*.ipynb"))
    assert len(paths) == 3
    for path in paths:
        outputs = [o for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] for o in cell.get("outputs", ())]
        assert outputs and all(o["output_type"] != "error" and o.get("name") != "stderr" for o in outputs)
