"""CSV files: the bytes that pandas writes, whatever a column holds."""

import numpy as np
import pandas as pd
import pytest

from model.report.csv_files import BLOCK, write_csv

MIXED = [
    "a",
    "a,b",
    'q"u',
    "two\nlines",
    "",
    None,
    "cr\rx",
    "é",
    "\ud800",
    " lead",
    "100%",
    "%s",
    np.nan,
    1,
    1.0,
    True,
    2.5,
]
NUMBERS = [1 / 3, np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-320, 1e22, 123456789.123456789, 1e-7, 100000.0]
TABLES = {
    "numbers": pd.DataFrame({"x": NUMBERS, "whole": range(len(NUMBERS)), "yes": [x == x for x in NUMBERS]}),
    "texts": pd.DataFrame({"t": pd.Series(MIXED, dtype=object), "n": range(len(MIXED))}),
    "one column": pd.DataFrame({"t": pd.Series(MIXED, dtype=object)}),
    "one column of numbers": pd.DataFrame({"x": NUMBERS}),
    "no rows": pd.DataFrame({"a": pd.Series([], dtype=float), "b": pd.Series([], dtype=object)}),
    "a name twice": pd.DataFrame([[1, 2.0, "x", "y"]] * 3, columns=["a", "a", "b", "b,c"]),
    "with gaps": pd.DataFrame(
        {"i": pd.array([1, None, 3], dtype="Int64"), "s": ["a", None, "c"], "c": [None, None, None]}
    ),
    "categories": pd.DataFrame({"c": pd.Categorical(["a", "b", "a"]), "f": np.arange(3, dtype=np.float32) / 3}),
    "more than a block": pd.DataFrame({"x": np.arange(2 * BLOCK + 3) / 7, "t": "b"}),
}


@pytest.mark.parametrize("name", TABLES)
def test_as_pandas_writes_them(name, tmp_path):
    table = TABLES[name]
    write_csv(table, tmp_path / "ours.csv")
    how = {"index": False, "float_format": "%.12g", "lineterminator": "\n", "errors": "backslashreplace"}
    table.to_csv(tmp_path / "theirs.csv", encoding="utf-8", **how)
    assert (tmp_path / "ours.csv").read_bytes() == (tmp_path / "theirs.csv").read_bytes()
