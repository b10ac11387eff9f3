"""Every rule of the scenario language has a file in tests/invalid that breaks it, with the message beside it.

The .txt holds the messages, one a line, as far as the list of what is allowed (which may grow).
"""

from pathlib import Path

import pytest

from model.cli import main
from model.scenario_file import ScenarioError, read

FOLDER = Path(__file__).resolve().parents[1] / "invalid"
GOOD = FOLDER / "good" / "base.yaml"
BAD = sorted(FOLDER.glob("*.yaml"))


def problems(path, settings=()):
    with pytest.raises(ScenarioError) as caught:
        read(path, settings)
    return [text.replace(f"{FOLDER}/", "") for text in caught.value.problems]


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_file_is_refused_with_the_message_beside_it(path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    before = sorted(FOLDER.rglob("*"))
    assert main(["check", str(path)]) == 2
    printed = capsys.readouterr()
    *found, last = printed.err.replace(f"{FOLDER}/", "").splitlines()
    expected = path.with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    for line in expected:
        assert any(line in message for message in found), f"expected: {line}\nfound: {found}"
    assert len(found) == len(expected), f"messages that are not expected, or missing: {found}"
    assert last.endswith("nothing was run") and printed.out == "" and "Traceback" not in printed.err
    assert list(tmp_path.iterdir()) == [] and sorted(FOLDER.rglob("*")) == before


@pytest.mark.parametrize("name", ["base", "per_cycle", "curves"])
def test_the_file_that_the_bad_ones_extend_is_good(name, capsys):
    assert main(["check", str(FOLDER / "good" / f"{name}.yaml")]) == 0
    assert "no errors, 0 warnings" in capsys.readouterr().out


def test_every_message_names_file_and_field():
    for path in BAD:
        for message in problems(path):
            assert message.split(":")[0].endswith(".yaml"), message
            assert len(message) < 700, message


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("rate_deth=0.2", "--set rate_deth=0.2: unknown name 'rate_deth'. Did you mean 'rate_death'?"),
        ("rate_death", "--set rate_death: write --set name=value"),
        ("=3", "--set =3: write --set name=value"),
        ("time.horizn=5 years", "--set time.horizn=5 years: time: unknown field 'horizn'. Did you mean 'horizon'?"),
        ("strategies.durg.hr=1", "base.yaml has no 'strategies.durg'. Did you mean 'drug'?"),
        (
            "transitions.sick -> ded.rate=1 per year",
            "base.yaml has no 'transitions.sick -> ded'. Did you mean 'sick -> dead'?",
        ),
        ("u_sick=1.3", "--set u_sick=1.3: parameters.u_sick.value: the value 1.3 is outside"),
        ("u_sick=beta(0, 1)", "--set u_sick=beta(0, 1): parameters.u_sick.distribution: beta: a must be above 0"),
        ("u_sick=", "--set u_sick=: write --set name=value"),
        ("discount=3", "--set discount=3: discount.cost: '3' is not an annual discount rate"),
        ("horizon=ten years", "--set horizon=ten years: time.horizon: 'ten years' is no length of time"),
    ],
)
def test_a_bad_setting_is_refused_by_name(setting, expected):
    assert any(expected in message for message in problems(GOOD, [setting])), problems(GOOD, [setting])


def test_a_missing_scenario_file_is_named_with_the_nearest_one():
    assert problems(FOLDER / "good" / "bas.yaml") == ["good/bas.yaml: no such file. Did you mean 'base.yaml'?"]
    assert problems(FOLDER) == [f"{FOLDER}: is a folder, not a file"]


def test_an_error_in_a_file_that_is_extended_names_that_file(tmp_path):
    (tmp_path / "base.yaml").write_text(GOOD.read_text().replace("unit: probability", "unit: probabilty"))
    (tmp_path / "child.yaml").write_text("extends: base.yaml\ntime: {horizon: 5 years}\n")
    (message,) = problems(tmp_path / "child.yaml")
    assert message.startswith(f"{tmp_path / 'base.yaml'}:10: parameters.p_cure.unit: unknown unit 'probabilty'")
