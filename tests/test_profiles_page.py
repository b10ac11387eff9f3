"""docs/profiles.md says what the profiles are, and its example is run: each figure there is one of these."""

import re
from functools import cache
from math import log
from pathlib import Path

import pytest

import model
from model.analysis.severity import LATE, LEFT
from model.profiles import NICE, PROFILES, RECALLED

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "profiles.md").read_text(encoding="utf-8")


def row(title):
    """Cells of the table of profiles, in their order."""
    (line,) = re.findall(rf"^\| {re.escape(title)} \|(.*)\|$", PAGE, flags=re.M)
    return dict(zip(PROFILES, (cell.strip() for cell in line.split("|")), strict=True))


def block(kind):
    (text,) = re.findall(rf"^```{kind}\n(.*?)^```", PAGE, flags=re.M | re.S)
    return text


@pytest.mark.parametrize("key", PROFILES)
def test_the_table_is_what_the_profiles_are(key):
    profile = PROFILES[key]
    assert row("body")[key] == profile.label
    assert row("currency (the file states its own)")[key] == profile.currency
    assert row("`discount` of costs and effects")[key] == f"{100 * profile.discount:g} %"
    assert row("`wtp: thresholds`")[key] == "; ".join(f"{one:,}" for one in profile.thresholds)
    first, *others = profile.perspectives
    also = f" (the body asks for {' and '.join(others)} too)" if others else ""
    assert row("`perspective`")[key] == first + also
    first = "probabilistic analysis" if profile.probabilistic else "base case"
    assert row("comes first in print, and in the closing sentence")[key] == first
    assert row("analyses beside the run")[key] == ", ".join(what for what, _ in profile.also)
    weights = " or ".join(f"{one.weight:g}" for one in reversed(profile.severity))
    assert row("weight of severe conditions")[key] == (weights or "none")


def test_what_is_from_memory_is_said():
    listed = re.findall(r"^- of `([\w-]+)`: (.*)$", PAGE, flags=re.M)
    assert dict(listed) == RECALLED


def test_limits_of_severity():
    gravest, grave = NICE.severity
    between = f"absolute shortfall from {grave.absolute:g} to below {gravest.absolute:g} QALYs, or proportional from {grave.proportional} to below {gravest.proportional}"
    beyond = (
        f"absolute shortfall of {gravest.absolute:g} QALYs or more, or proportional of {gravest.proportional} or more"
    )
    assert f"| weight {grave.weight} | {between} |" in PAGE and f"| weight {gravest.weight} | {beyond} |" in PAGE
    assert f"(from {100 * LATE:g} % of the QALYs on)" in PAGE and f"(more than {100 * LEFT:g} %)" in PAGE
    assert f"a discount rate of effects other than {100 * NICE.discount:g} %" in PAGE


@cache
def example(folder):
    (folder / "norms.csv").write_text(block("csv norms.csv"), encoding="utf-8")
    (folder / "mine.yaml").write_text(block("yaml mine.yaml"), encoding="utf-8")
    return model.run(folder / "mine.yaml", draws=1000)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return example(tmp_path_factory.mktemp("page"))


def test_the_example_prints_what_the_page_says(result):
    assert block("text") in result.summary + "\n" and result.warnings == ()
    assert "no departures" in result.summary


def test_the_example_by_hand(result):
    """Without a Markov model: deaths year by year, at a constant hazard within each; states are left at one rate."""
    r = log(1.035)
    care, drug = 0.5 / (3 + r), 0.5 / (1.5 + r)
    assert f"0.5 / (3 + ln 1.035) = {care:.3f}" in PAGE and f"0.5 / (1.5 + ln 1.035) = {drug:.3f}" in PAGE
    expected = 0.0
    for share, deaths in ((0.4, (0.1, 0.2, 0.4, 0.99)), (0.6, (0.2, 0.3, 0.5, 0.99))):
        alive = 1.0  # and discounted
        for year, (death, utility) in enumerate(zip(deaths, (0.8, 0.7, 0.6, 0.5), strict=True)):
            decay = -log(1 - death) + r
            kept = (1 - death) / 1.035 if year < 3 else 0.0
            expected += share * utility * alive * (1 - kept) / decay
            alive *= kept
    base = result.tables["severity"].iloc[0]
    assert base["general_population_qaly"] == pytest.approx(expected, rel=1e-12)
    assert base["comparator_qaly"] == pytest.approx(care, rel=1e-9)
    assert base["proportional_shortfall"] == pytest.approx(1 - care / expected, rel=1e-9)
    ratio = result.tables["severity_weighted"].iloc[0]
    assert ratio["icer"] == pytest.approx(4000 / (drug - care), rel=1e-4)  # those alive after ten years
    assert ratio["weighted_icer"] == pytest.approx(4000 / (drug - care) / 1.2, rel=1e-4)
