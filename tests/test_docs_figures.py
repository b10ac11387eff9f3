"""Figures of the scenario with constant hazards in docs/validation.md are those of a run, to the digits printed there.

CLAIMS are texts of the page with # for a figure, and what each figure is: a name in `results`, or a published number.
"""

import re
from pathlib import Path

import numpy as np
import pytest

import model
from model.analysis.method import Method
from model.analysis.run import run
from model.sample import Sample
from model.scenario_file import read

ROOT = Path(__file__).resolve().parents[1]
DEFAULT = ROOT / "scenarios" / "mscc_constant_hazards.yaml"
NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
CLAIMS = {
    # what went in
    "(Patchell 2005: #/# and #/# regained; #/# and #/# retained,": [
        "regain_surgery",
        "regain_surgery of",
        "regain_rt",
        "regain_rt of",
        "retain_surgery",
        "retain_surgery of",
        "retain_rt",
        "retain_rt of",
    ],
    "hazard ratio of death for patients who cannot walk, # (# to #)": ["hr_nonamb", 1.65, 2.34],
    "share walking at entry #/#;": ["walk_at_entry", "walk_at_entry of"],
    "day costs USD # (home palliative care) and # (residential hospice)": ["c_day_amb", "c_day_nonamb"],
    "utilities # and # (SE #)": ["u_amb", "u_nonamb", "u_amb sd"],
    "hazard of death (median survival # days under radiotherapy)": ["target survival"],
    "cost of surgery USD # (the ICER)": ["c_surgery"],
    "spread of day costs (CV #), of the cost of surgery (CV #)": ["c_day_nonamb cv", "c_surgery cv"],
    "direct effect of surgery on survival (sdlog #)": ["hr_surgery sdlog"],
    # what comes out
    "Measured (# draws; ": ["draws"],
    "| ICER, base case (USD per QALY) | # | # | calibrated |": ["target ICER", "ICER"],
    "| ICER, ratio of PSA means, seeds #, #, # | not published | #; #; # | |": [
        "seed A",
        "seed B",
        "seed C",
        "ICER A",
        "ICER B",
        "ICER C",
    ],
    "| probability cost-effective at USD 50,000, seeds #, #, # | # % | #, #, # % | calibrated |": [
        "seed A",
        "seed B",
        "seed C",
        "target at 50000",
        "at 50000 A",
        "at 50000 B",
        "at 50000 C",
    ],
    "| probability cost-effective at USD 1,683,000 | # % | #, #, # % | calibrated |": [
        "target at 1683000",
        "at 1683000 A",
        "at 1683000 B",
        "at 1683000 C",
    ],
    "| median survival, radiotherapy (days) | # | # | calibrated |": ["target survival", "survival radiotherapy"],
    "| median survival, surgery (days) | # | # | **predicted** |": ["published survival surgery", "survival surgery"],
    "| walking after treatment, radiotherapy / surgery | # % / # % | # % / # % |": [
        100 * 29 / 51,
        100 * 42 / 50,
        "walking radiotherapy",
        "walking surgery",
    ],
    "| median days walking, radiotherapy / surgery | # / # | # / # |": [
        "published walking radiotherapy",
        "published walking surgery",
        "days walking radiotherapy",
        "days walking surgery",
    ],
    "| incremental cost (USD), incremental QALYs | not published | #; # | |": ["cost gained", "QALYs gained"],
    "| share of draws in which surgery saves money / loses QALYs, seed # | not published | # % / # % | |": [
        "seed A",
        "saves money A",
        "loses QALYs A",
    ],
    "| probability at 100,000; 250,000; 500,000, seed # | not published | #; #; # % | |": [
        "seed A",
        "at 100000 A",
        "at 250000 A",
        "at 500000 A",
    ],
    "three targets would have # to #, # to # and # to # % at those three thresholds": [24, 26, 49, 52, 74, 75],
    "higher net benefit for # % of patients at USD 50,000 and # % at USD 1,683,000 if each meets both": [
        "paired patients at 50000",
        "paired patients at 1683000",
    ],
    "treatments, # and # % if the arms are different patients (# patients)": [
        "other patients at 50000",
        "other patients at 1683000",
        "patients",
    ],
    "predicts # % (radiotherapy) and # % (surgery) dead at 30 days, against # % and # % in the trial": [
        "dead at 30 days radiotherapy",
        "dead at 30 days surgery",
        14,
        6,
    ],
    "and # % and # % alive at one year": ["alive at a year radiotherapy", "alive at a year surgery"],
}
NO_RESULTS = ["2012", "2012", "14", "631", "640"]  # the citation
ELSEWHERE = {
    ("docs/validation.md", "against # of the cohort engine"): ["ICER"],
    ("docs/validation.md", "cost of surgery 33,957 (file: #)"): ["c_surgery"],
    ("docs/validation.md", "spread of the hazard ratio 0.252 to 0.257 (file: #)"): ["hr_surgery sdlog"],
    ("docs/validation.md", "spread of day costs (file: #)"): ["c_day_nonamb cv"],
}


def flat(page):
    return " ".join((ROOT / page).read_text(encoding="utf-8").split())


def furlan_section():
    return re.search(r"## Furlan 2012 with constant hazards .*?(?= ## )", flat("docs/validation.md")).group()


def pattern(template):
    return re.escape(template).replace(r"\#", f"({NUMBER})")


def number(printed):
    return float(printed.replace(",", ""))


def printed_in(text, template):
    """Figures of a claim as they are printed; None where the text does not make it."""
    found = re.search(pattern(template), text)
    return found and found.groups()


def rounds_to(value, printed):
    """Half a unit of the last digit is rounded up."""
    half = 0.5 * 10.0 ** -len(printed.partition(".")[2])
    return -half - 1e-9 <= value - number(printed) < half - 1e-9


def disagreements(text, template, names, results):
    """What is wrong with a claim, in words."""
    figures = printed_in(text, template)
    if figures is None:
        return [f"the page does not say '{template}'"]
    values = [results[name] if isinstance(name, str) else name for name in names]
    assert len(figures) == len(values), template
    return [
        f"'{template}': {name} is {printed} on the page, but {value:.6g} in the model or its source"
        for name, printed, value in zip(names, figures, values)
        if not rounds_to(value, printed)
    ]


def unknown_numbers(text):
    """Numbers that no claim accounts for."""
    for template in CLAIMS:
        text = re.sub(pattern(template), " ", text)
    return re.findall(NUMBER, text)


# --- results ----------------------------------------------------------------------------------------------------


def inputs_and_targets():
    scenario = read(DEFAULT)
    p, targets = scenario.parameters, scenario.calibration.targets
    bases = ("hr_nonamb", "c_day_amb", "c_day_nonamb", "u_amb", "u_nonamb", "c_surgery")
    found = {name: p[name].base for name in bases}
    for name in ("regain_surgery", "regain_rt", "retain_surgery", "retain_rt", "walk_at_entry"):
        found[name], others = p[f"p_{name}"].distribution.natural.values()
        found[f"{name} of"] = found[name] + others
    for name in ("c_day_nonamb", "c_surgery"):
        found[f"{name} cv"] = p[name].distribution.sd / p[name].distribution.mean
    found |= {"u_amb sd": p["u_amb"].distribution.sd, "hr_surgery sdlog": p["hr_surgery"].distribution.natural["sdlog"]}
    targets = {t.key: t.value for t in targets}
    found |= {
        "target survival": targets["survival of radiotherapy"],
        "target ICER": targets["ICER"],
        "target at 50000": 100 * targets["CEAC at 50000"],
        "target at 1683000": 100 * targets["CEAC at 1683000"],
    }
    return found


def base_case(result):
    rows = result.tables["incremental"].query("analysis == 'deterministic' and group == 'all' and effect == 'qaly'")
    row = rows[rows.strategy == "surgery"].iloc[0]
    return {
        "ICER": row.icer,
        "cost gained": row.incremental_cost,
        "QALYs gained": row.incremental_effect,
    }


def over_time():
    """Medians and shares from the occupancies of days; who has lost walking never walks again."""
    trace = model.run(DEFAULT, draws=0, settings=["cycle=1 day", "horizon=3 years"]).tables["trace"]
    found = {}
    for strategy, rows in trace[trace.group == "all"].groupby("strategy"):
        by_day = rows.pivot(index="time", columns="state", values="occupancy")
        days, walking, alive = by_day.index.to_numpy(), by_day["ambulatory"], 1 - by_day["dead"]
        found |= {
            f"survival {strategy}": np.interp(-0.5, -alive, days),
            f"walking {strategy}": 100 * walking.iloc[0],
            f"days walking {strategy}": np.interp(-0.5, -walking, days),
            f"dead at 30 days {strategy}": 100 * (1 - np.interp(30, days, alive)),
            f"alive at a year {strategy}": 100 * np.interp(365.25, days, alive),
        }
    return found


def of_patients():
    """Share of single patients, at base values, for whom surgery has the higher net benefit."""
    patients = run(read(DEFAULT), Sample(0), method=Method("individual", 2000)).patients
    cost, qaly = patients.values("cost"), patients.values("qaly")
    order, found = np.random.default_rng(1).permutation(cost.shape[1]), {"patients": 2 * cost.shape[1]}
    for wtp in (50000, 1683000):
        benefit = wtp * qaly - cost
        found |= {
            f"paired patients at {wtp}": 100 * (benefit[1] > benefit[0]).mean(),
            f"other patients at {wtp}": 100 * (benefit[1][order] > benefit[0]).mean(),
        }
    return found


def of_draws(result, which):
    """From the draws of one seed, by plain arithmetic."""
    wide = result.tables["psa"].query("group == 'all'").pivot(index="draw", columns="strategy", values=["cost", "qaly"])
    cost, qaly = (wide[name]["surgery"] - wide[name]["radiotherapy"] for name in ("cost", "qaly"))
    at = {f"at {wtp} {which}": 100 * (wtp * qaly > cost).mean() for wtp in (50000, 100000, 250000, 500000, 1683000)}
    return at | {
        f"ICER {which}": cost.mean() / qaly.mean(),
        f"saves money {which}": 100 * (cost < 0).mean(),
        f"loses QALYs {which}": 100 * (qaly < 0).mean(),
    }


@pytest.fixture(scope="module")
def results():
    """Everything that a claim may name; draws and seeds are those that the page states, the first seed is A."""
    published = {
        f"published {'survival' if m.of == 'survival' else 'walking'} {m.strategy}": m.value
        for m in read(DEFAULT).published
    }
    found = inputs_and_targets() | published | over_time() | of_patients()
    text = furlan_section()
    draws = int(number(printed_in(text, "Measured (# draws; ")[0]))
    seeds = [int(seed) for seed in printed_in(text, "ICER, ratio of PSA means, seeds #, #, #")]
    for which, seed in zip("ABC", seeds):
        result = model.run(DEFAULT, draws=draws, seed=seed)
        found |= base_case(result) | of_draws(result, which) | {f"seed {which}": seed}
    return found | {"draws": draws}


# --- tests ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("template", CLAIMS)
def test_a_claim_of_the_furlan_section_is_what_the_model_gives(template, results):
    wrong = disagreements(furlan_section(), template, CLAIMS[template], results)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page, template", ELSEWHERE)
def test_a_figure_repeated_elsewhere_is_the_same(page, template, results):
    wrong = disagreements(flat(page), template, ELSEWHERE[page, template], results)
    assert not wrong, f"{page}: " + "\n".join(wrong)


def test_mean_survival_is_about_five_months():
    assert "mean survival is about five months" in furlan_section()
    outcomes = model.run(DEFAULT, draws=0).tables["outcomes"].query("group == 'all' and outcome == 'life_years'")
    assert (12 * outcomes["mean"]).between(4.5, 6).all()


def test_every_number_of_the_section_is_a_claim():
    assert unknown_numbers(furlan_section()) == NO_RESULTS


def test_any_number_that_is_changed_is_noticed(results):
    text = furlan_section()
    for found in re.finditer(NUMBER, text):
        last = found.end() - 1
        changed = text[:last] + str((int(text[last]) + 5) % 10) + text[last + 1 :]
        claims = (disagreements(changed, template, names, results) for template, names in CLAIMS.items())
        assert any(claims) or unknown_numbers(changed) != NO_RESULTS, text[found.start() - 40 : found.end() + 20]
