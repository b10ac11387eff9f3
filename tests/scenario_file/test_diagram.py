"""What looks odd in a diagram gets one warning; what is meant gets none."""

import pytest
from written import outcome, scenario

from model.scenario_file import ScenarioError, read

HEAD = "strategies: {a: {m: 2.029, s: 1.321}}\n"


def warnings(folder, text):
    return [text.split(": ", 1)[1] for text in scenario(folder, HEAD + text).warnings if "nothing uses" not in text]


# --- states that nobody reaches, moves that do nothing ---------------------------------------------------------------


def test_a_state_that_nothing_enters_and_those_behind_it_are_named(tmp_path):
    text = (
        "states:\n  well: {start: 1, utility: 1}\n  lost: {utility: 0.5}\n  behind: {utility: 0.5}\n  none: {start: 0}\n"
        "  dead: {}\ntransitions:\n"
        "  - {from: well, to: dead, rate: 0.1 per year}\n  - {from: lost, to: behind, rate: 0.1 per year}\n"
        "  - {from: behind, to: dead, rate: 0.1 per year}\n  - {from: none, to: dead, rate: 0.1 per year}\n"
    )
    assert warnings(tmp_path, text) == [
        "states.lost: nothing enters it",
        "states.behind: no patient can reach it from where they start",
        "states.none: nothing enters it",
    ]


STAYS = "states:\n  well: {{start: 1, utility: 1{field}}}\n  dead: {{}}\ntransitions:\n  - {{from: well, to: dead, {kind}: {p}}}\n"
AGAIN = "  - {{from: well, to: well, {kind}: {p}{field}}}\n"


def again(kind="rate", state="", field="", more="", effects=""):
    p = "0.1 per year" if kind == "rate" else 0.1
    time = "time: {unit: year, horizon: 10 years, cycle: 1 year, convention: start}\n" if kind != "rate" else ""
    return time + STAYS.format(field=state, kind=kind, p=p) + AGAIN.format(kind=kind, p=p, field=field) + more + effects


@pytest.mark.parametrize("kind", ["rate", "probability per cycle"])
def test_a_move_to_the_same_state_that_does_nothing_is_named(tmp_path, kind):
    assert warnings(tmp_path, again(kind)) == [
        "transitions.well -> well: does nothing: who makes it is where he was; leave it out"
    ]


@pytest.mark.parametrize(
    "does",
    [
        {"field": ", cost: 5 USD"},
        {"field": ", qaly: -0.01 QALY"},
        {"state": ", entry cost: 5 USD"},
        {"state": ", entry qaly: -0.01 QALY"},
        {"effects": "effects: {visits: {count of: [well -> well]}}"},
        {"effects": "effects: {visits: {entries into: [well]}}"},
        {
            "more": "  - {from: well, to: dead, name: old, survival: 'weibull(shape=2, scale=9) in years', clock: state}\n"
        },
    ],
)
def test_a_move_to_the_same_state_that_does_something_is_not(tmp_path, does):
    assert warnings(tmp_path, again(**does)) == []


# --- partitioned survival written as moves ---------------------------------------------------------------------------

PFS = '  - {from: pfs, to: pd, survival: "lognormal(meanlog=m, sdlog=s) in months", clock: model}\n'
STATES = "states:\n  pfs: {start: 1, utility: 0.8}\n  pd: {utility: 0.3}\n  dead: {}\ntransitions:\n"
OS = ("rate: 0.5 per year", 'survival: "weibull(shape=1.1, scale=14) in months", clock: model')


def deaths(first, second):
    return f"  - {{from: pfs, to: dead, {first}}}\n  - {{from: pd, to: dead, {second}}}\n"


@pytest.mark.parametrize("curve", OS)
def test_pfs_and_os_as_moves_get_a_warning_that_says_what_to_write(tmp_path, curve):
    (found,) = warnings(tmp_path, STATES + PFS + deaths(curve, curve))
    assert found.startswith("transitions.pfs -> pd: looks like partitioned survival")
    assert "transitions compete" in found and "with deaths censored" in found and "clock: state" in found


@pytest.mark.parametrize(
    "moves",
    [
        PFS + deaths(OS[0], "rate: 0.9 per year"),  # another mortality after progression
        PFS + deaths(OS[1], OS[1].replace("model", "state")),  # survival after progression
        PFS.replace("model", "state") + deaths(OS[0], OS[0]),  # says that it competes
        "  - {from: pfs, to: pd, rate: 0.3 per year}\n" + deaths(OS[1], OS[1]),  # no curve of progression
    ],
)
def test_moves_that_are_meant_to_compete_get_none(tmp_path, moves):
    assert warnings(tmp_path, STATES + moves) == []


# --- moves that are given twice --------------------------------------------------------------------------------------


def child(folder, moves):
    scenario(
        folder,
        "states:\n  well: {start: 1}\n  dead: {}\ntransitions:\n  - {from: well, to: dead, rate: 0.1 per year}\n",
    )
    (folder / "child.yaml").write_text(f"extends: scenario.yaml\ntransitions:\n{moves}")
    return folder / "child.yaml"


def test_a_move_given_twice_in_a_file_that_is_extended_is_refused_there(tmp_path):
    path = child(tmp_path, "  - {from: well, to: dead, rate: 0.2 per year}\n")
    with (tmp_path / "scenario.yaml").open("a") as file:
        file.write("  - {from: well, to: dead, rate: 0.5 per year}\n")
    with pytest.raises(
        ScenarioError, match=r"scenario.yaml:\d+: transitions.well -> dead: is given twice \(first in line \d+\)"
    ):
        read(path)


def test_a_move_that_is_removed_can_be_written_anew(tmp_path):
    moves = "  - {from: well, to: dead, rate: null}\n  - {from: well, to: dead, rate: 0.5 per year}\n"
    assert outcome(read(child(tmp_path, moves)), "life_years") == pytest.approx([(1 - 2.718281828459045**-5) / 0.5])
