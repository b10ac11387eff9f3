"""Tables of many rows: what is made some rows at a time is the whole table, and whoever writes it never holds more than a block."""

import numpy as np
import pandas as pd
import pytest

import model
from model import stores
from model.report import folder, psa_tables
from model.report.csv_files import write_csv
from model.report.named_tables import Tables, rows_of
from model.report.rows import BLOCK, Part, Rows

SCENARIO = "scenarios/mscc_constant_hazards.yaml"


def counted(n: int, made: list[int], name: str = "a") -> Part:
    def make(start: int, stop: int) -> pd.DataFrame:
        made.append(stop - start)
        return pd.DataFrame({"draw": np.arange(start + 1, stop + 1), "x": np.arange(start, stop) / 7, "name": name})

    return Part(n, make)


def whole(*parts: tuple[int, str]) -> pd.DataFrame:
    return pd.concat([counted(n, [], name).make(0, n) for n, name in parts], ignore_index=True)


@pytest.mark.parametrize("n", [1, 7, BLOCK, 5 * BLOCK + 3])
def test_no_more_than_a_block_is_made_at_once_however_many_rows_are_written(n, tmp_path):
    made: list[int] = []
    write_csv(Rows([counted(n, made), counted(n, made, "b")]), tmp_path / "parts.csv")
    assert max(made) <= BLOCK and sum(made) == 2 * n
    write_csv(whole((n, "a"), (n, "b")), tmp_path / "whole.csv")
    assert (tmp_path / "parts.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_the_whole_table_its_first_rows_and_its_length():
    rows = Rows([counted(3, []), counted(0, [], "none"), counted(4, [], "b")])
    expected = whole((3, "a"), (4, "b"))
    pd.testing.assert_frame_equal(rows.whole(), expected)
    pd.testing.assert_frame_equal(rows.first(5), expected.head(5))
    assert len(rows) == 7 and list(rows.columns) == ["draw", "x", "name"]
    assert [len(block) for block in rows.blocks(2)] == [2, 1, 2, 2]


def test_a_table_without_rows_has_its_header(tmp_path):
    rows = Rows([counted(0, [])])
    write_csv(rows, tmp_path / "none.csv")
    assert (tmp_path / "none.csv").read_text() == "draw,x,name\n"
    assert not rows and rows.whole().empty and rows.first(3).empty


def test_tables_that_are_there_are_changed_at_once_others_when_they_are_made():
    asked: list[str] = []

    def changed(name: str, table: pd.DataFrame) -> pd.DataFrame:
        asked.append(name)
        return table.assign(more=name)

    frame = pd.DataFrame({"x": [1, 2]})
    tables = Tables({"there": frame, "later": lambda: frame, "many": Rows([counted(5, [])])}).each(changed)
    assert asked == ["there"] and list(tables) == ["there", "later", "many"] and "later" in tables
    assert tables["later"]["more"].tolist() == ["later"] * 2
    assert rows_of(tables, "many").first(1)["more"].tolist() == ["many"]
    assert len(tables["many"]) == 5 and set(tables | {"new": frame}) == {"there", "later", "many", "new"}


def test_writing_the_draws_of_a_run_makes_a_block_at_a_time(monkeypatch, tmp_path):
    made, plain = [], psa_tables._draws

    def draws(result, group, strategy, start, stop):
        made.append(stop - start)
        return plain(result, group, strategy, start, stop)

    monkeypatch.setattr(psa_tables, "_draws", draws)
    n = 2 * BLOCK + 100
    result = model.run(SCENARIO, draws=n)
    assert max(made, default=0) == 0  # the run itself makes none
    folder.write_tables(tmp_path, result.tables)
    assert max(made) == BLOCK and sum(made) == 3 * 2 * n


def test_results_in_a_file_give_the_same_tables(monkeypatch, tmp_path):
    for place, most in (("memory", stores.MOST), ("file", 0.0)):
        monkeypatch.setattr(stores, "MOST", most)
        result = model.run(SCENARIO, draws=3_000)
        assert stores.mapped(result.details.psa.total.values) == (place == "file")
        (tmp_path / place).mkdir()
        folder.write_tables(tmp_path / place, result.tables)
    for file in sorted((tmp_path / "memory/tables").iterdir()):
        assert file.read_bytes() == (tmp_path / "file/tables" / file.name).read_bytes(), file.name
