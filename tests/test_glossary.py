"""docs/glossary.md: keys, tables, columns, commands, options and functions that it names exist; each term stands there once."""

import re
from pathlib import Path

import pytest
from page_words import options, table_files

from model.cli.main import COMMANDS
from model.report.columns import TABLES
from model.scenario_file.reference import reference

TEXT = (Path(__file__).resolve().parents[1] / "docs" / "glossary.md").read_text(encoding="utf-8")
ROWS = [row for row in re.findall(r"^\| ([^|]*) \| ([^|]*) \| ([^|]*) \|$", TEXT, flags=re.M) if row[0] != "term"]
PAGE = reference()
WANTED = """strategy draw cycle wtp threshold incremental dominated reference comparator frontier occupancy landmark group subgroup stratum
CEAC CEAF EVPI EVPPI EVSI NMB INMB headroom PSA deterministic probabilistic tunnel clock"""


def keys():
    """Sections and fields of a scenario file, by their last name."""
    fields = re.findall(r"^\| `([^`]*)`", PAGE, flags=re.M)
    return {
        *re.findall(r"^### (.*)$", PAGE, flags=re.M),
        *re.findall(r"^## (.*)$", PAGE, flags=re.M),
        *(f.split(".")[-1] for f in fields),
    }


EXIST = {
    "key": keys,
    "table": table_files,
    "column": lambda: {column.name for table in TABLES for column in table.columns},
    "command": lambda: set(COMMANDS),
    "option": options,
    "function": lambda: set(re.findall(r"\b(\w+)\(", PAGE)),
}


@pytest.mark.parametrize("kind", EXIST)
def test_what_a_term_points_at_exists(kind):
    named = {name for *_, where in ROWS for found, name in re.findall(r"(\w+) `([^`]*)`", where) if found == kind}
    assert named and named - EXIST[kind]() == set()


def test_each_term_points_somewhere_in_a_way_that_is_checked():
    for term, _, where in ROWS:
        left = re.sub(rf"({'|'.join(EXIST)}) `[^`]*`(, )?", "", where)
        assert where.strip() and left.strip() == "", term


def test_each_term_stands_there_once():
    terms = [term for term, *_ in ROWS]
    assert len(terms) == len(set(terms)) > 60


def test_terms_that_mean_something_of_their_own_here_are_there():
    terms = {word for term, *_ in ROWS for word in term.split(", ")}
    assert set(WANTED.split()) - terms == set()
