"""Every file of docs/how-to.md is checked and run, and gives what follows by hand: closed forms, quadrature, or sums over cycles."""

import re
from functools import cache
from math import exp, log
from pathlib import Path

import numpy as np
import pytest
from page_words import options, table_files
from scipy.integrate import quad

import model
from model.cli.main import COMMANDS
from model.engines import NAMES
from model.scenario_file import read
from model.scenario_file.reference import reference

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "how-to.md").read_text(encoding="utf-8")
SECTIONS = {part.split("\n", 1)[0]: part for part in re.split(r"^## ", PAGE, flags=re.M)[1:] if "```yaml" in part}


def blocks(heading, kind):
    """(name, text) of the blocks of a section."""
    return re.findall(rf"^```{kind} ?(\S*)\n(.*?)^```", SECTIONS[heading], flags=re.M | re.S)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The base case of a section's file, run once."""

    @cache
    def of(heading):
        folder = tmp_path_factory.mktemp("how-to")
        for name, text in blocks(heading, "csv"):
            (folder / name).write_text(text, encoding="utf-8")
        ((_, text),) = blocks(heading, "yaml")
        (folder / "mine.yaml").write_text(text, encoding="utf-8")
        return model.run(folder / "mine.yaml", draws=0)

    return of


def alive(hazard, horizon, start=0.0):
    """Time alive over the horizon under a constant hazard."""
    return (1 - exp(-hazard * (horizon - start))) / hazard


def area(survival, horizon, points=()):
    return quad(survival, 0, horizon, points=points or None, epsabs=1e-12, limit=200)[0]


def tree(p, price):
    return {"qaly": 0.9 * p + 0.5 * (1 - p), "cost": price + 1000 * (1 - p)}


def partitioned(hr):
    def os(t):
        return exp(-hr * (t / 3) ** 1.2)

    def pfs(t):
        return min(exp(-hr * 0.6 * t), os(t))

    both = area(os, 10, [1e-3, 0.1])
    free = area(pfs, 10, [0.01, 0.5, 1, 2, 4, 6])
    return {"qaly": 0.8 * free + 0.6 * (both - free), "cost": 9000 * (both - free) + 5000 * (1 - os(10))}


def doses(dose):
    free = alive(0.02, 52)
    later = 0.02 / (0.03 - 0.02) * (alive(0.02, 52) - alive(0.03, 52))
    week = 7 / 365.25
    return {"cost": dose * sum(exp(-0.02 * t) for t in range(0, 16, 3)), "qaly": week * (0.7 * free + 0.5 * later)}


def first_cycle(p):
    at_start = [(1 - p) ** k for k in range(24)]
    return {"cost": 300 + 400 + 50 * sum(at_start[1:]), "qaly": 0.8 * sum(at_start) / 12}


def by_age(hr):
    h = 0.05 * hr
    bands = [(0, 10, 0.80), (10, 20, 0.75), (20, 40, 0.70)]
    return {"qaly": sum(0.9 * u * (exp(-h * a) - exp(-h * b)) / h for a, b, u in bands)}


def life_table(rates, smr):
    total, left = 0.0, 1.0
    for length, rate in zip((8, 10, 7), rates):
        total += left * alive(rate * smr, length)
        left *= exp(-rate * smr * length)
    return {"qaly": 0.8 * total}


def mixed(smr):
    men, women = (life_table(rates, smr)["qaly"] for rates in ((0.01, 0.03, 0.08), (0.006, 0.02, 0.06)))
    return {"qaly": 0.4 * men + 0.6 * women}


def waning(hr):
    def ratio(t):
        return hr + (1 - hr) * min(max((t - 3) / 2, 0), 1)

    def cumulative(t):
        points = [p for p in (3, 5) if p < t]
        return quad(lambda x: ratio(x) * 1.2 / 4 * (x / 4) ** 0.2, 0, t, points=points or None, epsabs=1e-12)[0]

    return {"qaly": 0.8 * area(lambda t: exp(-cumulative(t)), 10, [3, 5])}


def tunnels(p):
    """States written out: remission, three tunnels, later, dead."""
    matrix = np.zeros((6, 6))
    matrix[0, :2], matrix[4, 4:], matrix[5, 5] = (1 - p, p), (0.85, 0.15), 1
    for k in (1, 2, 3):
        matrix[k, k + 1], matrix[k, 5] = 0.6, 0.4
    x, total = np.eye(6)[0], 0.0
    for k in range(21):
        total += (0.5 if k in (0, 20) else 1.0) * (x @ [0.9, 0.6, 0.6, 0.6, 0.6, 0]) / 1.03**k
        x = x @ matrix
    return {"qaly": total}


def relapse(rate):
    def survival(age):
        return exp(-0.8 * min(age, 1) - 0.2 * max(age - 1, 0))

    def relapsed(left):
        return area(survival, left, [1.0] if left > 1 else [])

    later = quad(lambda t: rate * exp(-rate * t) * relapsed(20 - t), 0, 20, points=[19], epsabs=1e-10)[0]
    return {"qaly": 0.9 * alive(rate, 20) + 0.6 * later}


def cured(share):
    ill = area(lambda t: exp(-((t / 2) ** 1.3) - 0.02 * t), 20, [0.1, 2])
    return {"qaly": 0.8 * (share * alive(0.02, 20) + (1 - share) * ill)}


def spreadsheet(p):
    matrix = np.array([[1 - p - 0.02, p, 0.02], [0, 0.85, 0.15], [0, 0, 1]])
    x, rows = np.array([1.0, 0, 0]), []
    for k in range(11):
        rows.append(x / 1.03**k)
        x = x @ matrix
    weights = np.array([0.5, *[1.0] * 9, 0.5])
    spent = weights @ np.array(rows)
    return {"qaly": spent @ [0.8, 0.5, 0], "cost": spent @ [1000, 4000, 0]}


def one_off(price, r):
    leaving, death = r + 0.05, 0.4
    progressed = r * alive(leaving, 10)
    died = r * (alive(leaving, 10) - (exp(-death * 10) - exp(-leaving * 10)) / (leaving - death))
    return {"cost": price + 700 * progressed + 5000 * died}


def event(p):
    return {"qaly": 0.8 * alive(0.2, 5) - p * 0.3 * 14 / 365.25, "cost": 900 * p}


def several(hr, price):
    return {"qaly": 0.7 * alive(0.25 * hr, 10), "cost": price * alive(0.25 * hr, 10)}


def kaplan_meier(hr):
    rates = (-log(0.8) / 6, -log(0.55 / 0.8) / 6, -log(0.3 / 0.55) / 12)
    total, left = 0.0, 1.0
    for length, rate in zip((6, 6, 48), rates):
        total += left * alive(rate * hr, length)
        left *= exp(-rate * hr * length)
    return {"qaly": 0.7 * total / 12}


def subgroups(hr, price, share=(0.3, 0.7)):
    time = sum(w * alive(h * hr, 10) for w, h in zip(share, (0.1, 0.3)))
    return {"qaly": 0.8 * time, "cost": price * time}


def ages(hr, profiles=((55, 0.3), (65, 0.5), (75, 0.2))):
    weight = sum(share for _, share in profiles)
    return {"qaly": 0.8 * sum(share * alive(0.1 * hr * 1.05 ** (age - 65), 10) for age, share in profiles) / weight}


# heading -> strategy -> outcome -> value
EXPECTED = {
    "A decision tree": {"care": tree(0.4, 0), "drug": tree(0.7, 500)},
    "Partitioned survival": {"care": partitioned(1), "drug": partitioned(0.7)},
    "A cap on treatment time": {
        "care": {"cost": 0},
        "drug": {"cost": 24_000 * alive(0.3, 2), "qaly": 0.8 * alive(0.3, 10)},
    },
    "A dose every 3 weeks": {"care": doses(0), "drug": doses(2000)},
    "A cost of the first cycle only": {"care": first_cycle(0.03), "drug": first_cycle(0.02)},
    "A utility that falls with age": {"care": by_age(1), "drug": by_age(0.8)},
    "Background mortality by age and sex": {"care": mixed(1.5), "drug": mixed(1.2)},
    "A hazard ratio that wanes": {"care": waning(1), "drug": waning(0.6)},
    "Tunnel states": {"care": tunnels(0.2), "drug": tunnels(0.1)},
    "A hazard by time in the state": {"care": relapse(0.2), "drug": relapse(0.1)},
    "A cure fraction": {"care": cured(0.2), "drug": cured(0.35)},
    "Half-cycle correction as in Excel": {"care": spreadsheet(0.2), "drug": spreadsheet(0.1)},
    "One-off costs at start, progression and death": {"care": one_off(0, 0.3), "surgery": one_off(12_000, 0.2)},
    "The utility loss of an adverse event": {"care": event(0.05), "drug": event(0.25)},
    "Another strategy, without a switch everywhere": {
        "care": several(1, 0),
        "a": several(0.8, 3000),
        "b": several(0.7, 8000),
        "both": several(0.56, 11_000),
    },
    "A published Kaplan-Meier curve": {"care": kaplan_meier(1), "drug": kaplan_meier(0.75)},
    "Results by subgroup": {"care": subgroups(1, 0), "drug": subgroups(0.7, 4000)},
    "Patients who differ in age": {"care": ages(1), "drug": ages(0.7)},
}
# What a cohort engine gives nearly: relative error at the cycle of the file, and by how much it falls when that is halved.
NEARLY = {
    "A hazard by time in the state": (5e-5, 4),
    "A cure fraction": (5e-5, 4),
    "A hazard ratio that wanes": (5e-5, 4),
}


def outcome(result, strategy, name, group="all"):
    table = result.tables["outcomes"]
    wanted = (table["strategy"] == strategy) & (table["outcome"] == name) & (table["group"] == group)
    return table[wanted & (table["discounted"] == "true")]["mean"].item()


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_file_of_the_page_gives_what_follows_by_hand(heading, results):
    result = results(heading)
    assert list(result.warnings) == []
    for strategy, values in EXPECTED[heading].items():
        for name, value in values.items():
            found = outcome(result, strategy, name)
            assert found == pytest.approx(value, rel=NEARLY.get(heading, (1e-8,))[0], abs=1e-9), (strategy, name)


@pytest.mark.parametrize(
    ("heading", "cycle"),
    [
        ("A hazard by time in the state", "0.5 months"),
        ("A hazard ratio that wanes", "0.5 months"),
    ],
)
def test_what_is_nearly_right_is_more_so_with_shorter_cycles(heading, cycle, results):
    """Of the second order in the cycle."""
    long = results(heading)
    short = model.run(long.manifest["scenario"], draws=0, settings={"cycle": cycle})
    strategy, values = list(EXPECTED[heading].items())[-1]
    errors = [outcome(result, strategy, "qaly") / values["qaly"] - 1 for result in (long, short)]
    assert errors[0] / errors[1] == pytest.approx(NEARLY[heading][1], rel=0.05)


def test_a_hazard_that_begins_like_a_power_below_1_comes_to_the_second_order_slowly(results):
    heading = "A cure fraction"
    path, right = results(heading).manifest["scenario"], EXPECTED[heading]["drug"]["qaly"]
    cycles = ("1 month", "0.5 months", "0.25 months", "0.125 months")
    found = [outcome(model.run(path, draws=0, settings={"cycle": cycle}), "drug", "qaly") for cycle in cycles]
    errors = np.abs(np.array(found) / right - 1)
    falls = errors[:-1] / errors[1:]
    assert np.all(np.diff(falls) > 0) and falls[0] > 3.4 and falls[-1] < 4


def test_a_price_that_is_not_half_cycle_corrected_is_a_dose_each_cycle(results, tmp_path):
    """Sum of the cohort at the start of each cycle, discounted there."""
    text = Path(results("Half-cycle correction as in Excel").manifest["scenario"]).read_text()
    dose = text.replace(
        "cost: {care: 1000 USD per year}", "cost: {drug: {amount: 1000 USD, every: 1 year, clock: model}}"
    )
    (tmp_path / "dose.yaml").write_text(dose)
    found = model.run(tmp_path / "dose.yaml", draws=0)
    expected = sum(1000 * (1 - 0.22) ** k / 1.03**k for k in range(10))
    assert dose != text and outcome(found, "care", "cost: drug") == pytest.approx(expected, rel=1e-12)


def test_nothing_is_expected_that_the_page_does_not_have():
    assert list(EXPECTED) == list(SECTIONS)


def test_results_of_each_subgroup_are_there(results):
    found = results("Results by subgroup")
    for group, share in (("young", (1, 0)), ("old", (0, 1))):
        assert outcome(found, "drug", "qaly", group) == pytest.approx(subgroups(0.7, 4000, share)["qaly"])
    found, young = results("Patients who differ in age"), [(55, 0.3), (65, 0.5)]
    assert outcome(found, "drug", "qaly", "under 70") == pytest.approx(ages(0.7, young)["qaly"])


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_file_is_short(heading):
    ((_, text),) = blocks(heading, "yaml")
    assert len(text.splitlines()) <= 25


def test_every_section_is_listed_at_the_top():
    listed = re.findall(r"\]\(#([^)]*)\)", PAGE[: PAGE.index("\n## ")])
    anchors = [
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
        for heading in (*SECTIONS, "Words of other software")
    ]
    assert sorted(listed) == sorted(anchors)


WORDS = PAGE[PAGE.index("## Words of other software") :].split("\n### ")
OURS = {*re.findall(r"--[a-z-]+|[A-Za-z_]+", reference()), *COMMANDS, *NAMES, *options()}


def is_known(word):
    """Whether a word or formula of ours has only words of the reference page, commands, engines, options and tables."""
    return word in table_files() or set(re.findall(r"--[a-z-]+|[A-Za-z_]+", word)) <= OURS


def test_gamma_of_a_spreadsheet_has_its_scale(tmp_path):
    """GAMMA.INV(RAND(), 4, 0.5) has the mean 2."""
    ((_, text),) = blocks("A decision tree", "yaml")
    for form in ("gamma(4, 2)", "gamma(shape=4, scale=0.5)"):
        assert f"`{form}`" in PAGE
        (tmp_path / "mine.yaml").write_text(f'{text}\nparameters:\n  x: {{distribution: "{form}", unit: number}}\n')
        table = model.run(tmp_path / "mine.yaml", draws=0).tables["parameters"].set_index("name")
        assert table.loc["x", "value"] == pytest.approx(2, rel=1e-12)


def test_the_word_here_is_a_word_of_the_language():
    """What the first column of the table of words names is a word of the reference page, a command or an engine."""
    page = reference()
    rows = re.findall(r"^\| ([^|]*) \|", WORDS[0], flags=re.M)[2:]
    words = {word.split(":")[0] for row in rows for word in re.findall(r"`([^`]*)`", row)}
    assert {word for word in words - {"--draws", *COMMANDS, *NAMES} if word not in page} == set()


@pytest.mark.parametrize("part", WORDS[1:], ids=lambda part: part.split("\n")[0])
def test_what_a_word_of_other_software_is_here_exists(part):
    """The second column of the tables by software."""
    cells = re.findall(r"^\| [^|]* \| ([^|]*) \|$", part, flags=re.M)[1:]
    assert len(cells) > 10
    assert {word for cell in cells for word in re.findall(r"`([^`]*)`", cell) if not is_known(word)} == set()


def test_the_files_are_read_by_the_reader_alone(results):
    """`check` of each finds nothing."""
    for heading in SECTIONS:
        assert read(results(heading).manifest["scenario"]).warnings == ()
