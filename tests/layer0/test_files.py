"""Files of the user: regular ones, of a bounded size, as UTF-8; messages show no more of them than numbers."""

import os

import pytest

from model import files
from model.scenario_file import ScenarioError, read

SECRET = "hunter2-very-secret"


def written(folder, content, name="x.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        ("age,rate\n1,2\n".encode("utf-16"), "is UTF-16 .*, not UTF-8 text; save it as UTF-8"),
        ("age,rate\n1,2\n".encode("utf-32"), "is UTF-32, not UTF-8 text"),
        ("age,rate\n1,2\n".encode("utf-16-le"), "a NUL byte in line 1"),
        ("age,rate\n1,2\n3,\xe9\n".encode("latin-1"), r"byte 16, in line 3, is no character\); save it as 'UTF-8'"),
        (b"age;rate\n1;2\n", "separated by semicolons"),
        (b"age,rate,rate\n1,2,3\n", "has two columns of one name 'rate'; rename or remove one of them"),
        (b"age,rate\n", "has no rows below its header"),
        (b"age,rate\n1,2\n1,2,3\n", "more fields in row 3"),
        (b"a\n" + b"1" * 200_000 + b"\n", "cannot be read as CSV"),
    ],
)
def test_a_file_that_is_no_table_is_one_clear_line(tmp_path, content, message):
    with pytest.raises(files.FileError, match=message) as caught:
        files.table(written(tmp_path, content))
    assert "\n" not in str(caught.value)


def test_a_byte_order_mark_of_utf_8_is_no_part_of_the_first_name(tmp_path):
    assert files.table(written(tmp_path, "\ufeffage,rate\n1,2\n")) == (["age", "rate"], [["1", "2"]])


def test_only_regular_files_are_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, message in (
        (tmp_path, "is a folder"),
        (tmp_path / "pipe", "not a regular file"),
        ("/dev/zero", "not a regular file"),
        (tmp_path / "none", "no such file"),
        (tmp_path / ("a" * 5000), "cannot be read"),
        (tmp_path / "a\0b", "is not the name of a file"),
    ):
        with pytest.raises(files.FileError, match=message):
            files.content(type(tmp_path)(path))


def test_a_link_to_a_regular_file_is_read(tmp_path):
    (tmp_path / "link").symlink_to(written(tmp_path, "a,b\n1,2\n"))
    assert files.table(tmp_path / "link")[0] == ["a", "b"]


def test_a_file_beyond_its_size_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as stream:
        stream.truncate(files.MOST_CSV + 1)  # without blocks on the disk
    with pytest.raises(files.FileError, match="has over 50 MB"):
        files.table(path)
    with pytest.raises(files.FileError, match="has over 5 MB"):
        files.text(path, files.MOST_YAML)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("1.2.3", "'1.2.3' is not a number"),
        ("1,5", "'1,5' is not a number (decimal marks must be points)"),
        ("", "is empty; it must be a number"),
        (SECRET, "is a text; it must be a number"),
        ("1234567890" * 3, "is a text; it must be a number"),
    ],
)
def test_a_cell_is_shown_where_it_looks_like_a_number(cell, words):
    assert files.cell_in_words(cell) == words


def test_a_first_row_is_shown_where_it_is_one_of_names():
    assert files.columns_in_words(["age", "rate per year"]) == "it has age, rate per year"
    assert SECRET not in files.columns_in_words(["root", "x", f"password={SECRET}"])
    assert SECRET not in files.columns_in_words([SECRET])


SCENARIO = """title: x
currency: {{code: USD}}
time: {{unit: year, horizon: 1 year, cycle: 1 year}}
discount: {{cost: 0, effect: 0}}
wtp: {{thresholds: [1]}}
strategies: {{a: {{}}}}
states: {{s: {{start: 1, alive: true}}}}
transitions: []
{more}
"""


@pytest.mark.parametrize(
    "more",
    [
        "parameters: {{t: {{table: {file}, by: a, by unit: year, column: b}}}}",
        "parameters: {{t: {{table: {file}, by: password, by unit: year, column: user}}}}",
        "parameters: {{'p, q': {{distribution: empirical({file})}}}}",
        "parameters: {{'user, password': {{distribution: empirical({file})}}}}",
        "arrivals: {{file: {file}}}\nresources: {{bed: {{capacity: 1}}}}",
        "arrivals: {{file: {file}}}\nresources: {{bed: {{capacity: 1}}}}\ngroups: {{g: {{weight: 1}}}}",
        "extends: {file}",
    ],
)
@pytest.mark.parametrize(
    "content",
    [
        f"user,password\nroot,{SECRET}\n",
        f"day,group\n{SECRET},{SECRET}\n",
        f"root:x:0:{SECRET}\n",
        f"{SECRET}\n",
        f"token: {SECRET}\nuser: root\n",
        f"- {SECRET}\n",
    ],
)
def test_no_message_shows_the_content_of_a_file_that_a_scenario_names(tmp_path, more, content):
    path = written(tmp_path, content, "private.csv")
    scenario = written(tmp_path, SCENARIO.format(more=more.format(file=path)), "s.yaml")
    with pytest.raises(ScenarioError) as caught:
        read(scenario)
    assert SECRET not in str(caught.value)
    assert "private.csv" in str(caught.value)
