"""docs/decision.md and docs/evidence.md say what the runs and files say: tables word for word, figures of the text to their digits.

CLAIMS are texts of the page with # for a figure, and what each figure is: a key of `results`, or a published number.
"""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "pages"))
import decision  # noqa: E402
import evidence  # noqa: E402
from runs import decided  # noqa: E402

from model import draws  # noqa: E402
from model.analysis import value_of_information as voi  # noqa: E402
from model.analysis.evaluate import evaluate  # noqa: E402
from model.analysis.headroom import headroom  # noqa: E402
from model.analysis.run import run  # noqa: E402
from model.analysis.variants import compare  # noqa: E402
from model.economics import incremental  # noqa: E402
from model.sample import Sample  # noqa: E402
from model.scenario_file import read  # noqa: E402
from model.scenario_file.variants import read_variants  # noqa: E402

NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
CLAIMS = {
    "alone gains # QALYs (# to #), if it lets": ["gain", "gain low", "gain high"],
    "costs up to # at 50,000 per QALY, # at 100,000.": ["price 50", "price 100"],
    "sooner than those who are operated on now (# against # % alive at a year)": ["trial alive", "practice alive"],
    "the trial's own file gives # (not walking #, walking #)": ["trial price", "trial price not walking", "trial price walking"],
    "(NICE, # %, GBP) # at 20,000 and # at 30,000 per QALY, below the # that the operation costs": [
        3.5, "nice 20", "nice 30", "nice cost"],
    "(CDA-AMC, # %, CAD) # at 50,000; United States (# %, USD) # at 100,000": [1.5, "cda 50", 3, "us 100"],
    "plus 30 Gy costs # per QALY gained against it": ["schedules"],
    "raise the net benefit at 100,000 from # to #; without crossover it is #;": ["none", "beyond", "no crossover"],
    "**Thomas 2006**: CAD # per day able to walk (# recalled) and # per life-year gained (#)": ["thomas day", 60, "thomas year", 30940],
    "# % of draws lie below CAD # a day (#) and # % below # (#)": ["thomas 57", 57, 50, "thomas 242", 242, 95],
    "With equal weights # % of the uncertainty lies between these structures (# % at 50,000)": ["share 100", "share 50"],
    "The two survival curves cross in # % of draws at a year": ["cross"],
    "Over draws surgery gains # QALYs, at base values #:": ["gain 3", "base gain 3"],
    "(Thailand, # % alive at 90 days against #)": [82, "alive 90"],
    "(#  and # % alive at 90 days and a year)".replace("  ", " "): [71, 41],
    "in the model # and # %, since fewer walk": ["rt alive 90", "rt alive 365"],
    "EVPI at 100,000 per QALY is # a patient": ["evpi"],
    "assumed carry # % of it together, derived ones # %, evidence # %": ["assumed", "derived", "evidence"],
}  # fmt: skip


@pytest.fixture(scope="module")
def page():
    return decision.PAGE.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("name", decision.TABLES)
def test_tables_are_those_of_runs(page, name):
    assert decision.with_table(page, name, decision.TABLES[name]()) == page


def test_the_page_of_evidence_is_that_of_the_files():
    assert evidence.PAGE.read_text(encoding="utf-8") == evidence.page()


@pytest.fixture(scope="module")
def results():
    return {**prices(), **survival(), **others()}


def prices():
    base = decision.price_rows()
    low, high = base["base", "all", 50_000.0], base["base", "all", 100_000.0]
    found = {
        "gain": low["incremental_qaly_mean"],
        "gain low": low["incremental_qaly_low"],
        "gain high": low["incremental_qaly_high"],
        "gain 3": low["incremental_qaly_mean"],
        "base gain 3": low["incremental_qaly_base"],
        "price 50": low["headroom_mean"],
        "price 100": high["headroom_mean"],
        "share 100": 100 * decision.structural_share(100_000),
        "share 50": 100 * decision.structural_share(50_000),
    }
    own = read(ROOT / "scenarios" / "mscc_trial.yaml")
    trial = headroom({"t": own}, {"t": ""}, "surgery", decided(own), (50_000.0,)).cases["t"]
    keys = ("trial price", "trial price walking", "trial price not walking")
    found |= dict(zip(keys, trial.base.headroom(50_000.0)[:, 1, 0]))
    for name, file, levels in (("nice", "nice", (20, 30)), ("cda", "cda_amc", (50,)), ("us", "us", (100,))):
        scenario = read(ROOT / "scenarios" / "decision" / f"{file}.yaml")
        case = headroom({"c": scenario}, {"c": ""}, "surgery", decided(scenario), (), decision.SAMPLE).cases["c"]
        found |= {f"{name} {level}": case.psa.headroom(1000.0 * level)[0, 1].mean() for level in levels}
        found[f"{name} cost"] = case.psa.component[0, 1].mean()
    return found


def survival():
    def alive(file, days, table=None, *settings):
        scenario = read(ROOT / "scenarios" / file, settings)
        table = draws.base(scenario) if table is None else table(scenario)
        trace = evaluate(scenario, table, trace=True, at=(float(days),)).traces["all"]
        k = int(np.argmin(np.abs(trace.times - days)))
        return 1 - trace.occupancy[k, :, :, list(scenario.states).index("dead")]

    base = {days: 100 * alive("mscc_decision.yaml", days)[:, 0] for days in (90, 365)}
    drawn = alive("mscc_decision.yaml", 365, lambda s: draws.probabilistic(s, Sample(2000, 1)), "horizon=400 days")
    return {
        "practice alive": base[365][1],
        "alive 90": base[90][1],
        "rt alive 90": base[90][0],
        "rt alive 365": base[365][0],
        "trial alive": 100 * alive("mscc_trial.yaml", 365)[1, 0],
        "cross": 100 * np.mean(drawn[1] < drawn[0]),
    }


def others():
    thomas = decision.increments("decision/thomas.yaml")
    cost, days = thomas["cost"], thomas["ambulatory_days"]
    scenario = read(ROOT / "scenarios" / "decision" / "schedules.yaml")
    total = evaluate(scenario, draws.probabilistic(scenario, decision.SAMPLE)).total
    frontier = incremental.frontier(total.cost.mean(axis=1), total.get("qaly").mean(axis=1))
    variants = read_variants(ROOT / "variants" / "mscc_beyond_walking.yaml")
    beyond = compare(variants, decided(variants.base, 100_000.0), decision.SAMPLE).found
    benefit = {key: one.net_benefit(100_000.0)[0, 1].mean() for key, one in beyond.items()}
    here = read(ROOT / "scenarios" / "mscc_decision.yaml")
    outcome = evaluate(here, draws.probabilistic(here, decision.SAMPLE)).total
    nmb = 100_000 * outcome.get("qaly") - outcome.cost
    value = voi.of_run(run(here, decision.SAMPLE), decided(here, 100_000.0), {})
    evpi = nmb.max(axis=0).mean() - nmb.mean(axis=1).max()
    return {
        **{status: 100 * found.value / evpi for status, found in value.by_status.items()},
        "thomas day": cost.mean() / days.mean(),
        "thomas year": cost.mean() / thomas["life_years"].mean(),
        "thomas 57": 100 * np.mean(cost < 57 * days),
        "thomas 242": 100 * np.mean(cost < 242 * days),
        "schedules": frontier.icer[list(scenario.strategies).index("surgery")],
        "none": benefit["none of them"],
        "beyond": benefit["base"],
        "no crossover": benefit["without crossover"],
        "evpi": evpi,
    }


README = {
    "an operation that costs up to USD # more at USD # per QALY and # at # (about # is": [
        "price 50",
        50_000,
        "price 100",
        100_000,
        22_000,
    ],
}


@pytest.mark.slow
@pytest.mark.parametrize("claim", README)
def test_the_readme_says_the_answer_of_the_run(results, claim):
    check(" ".join((ROOT / "README.md").read_text(encoding="utf-8").split()), claim, README[claim], results)


@pytest.mark.slow
@pytest.mark.parametrize("claim", CLAIMS)
def test_figures_of_the_text_are_those_of_runs(page, results, claim):
    check(" ".join(page.split()), claim, CLAIMS[claim], results)


def check(words, claim, expected, results):
    pattern = re.escape(claim).replace(r"\#", f"({NUMBER})").replace("\\ ", " ")
    found = re.search(pattern, words)
    assert found, f"the page does not say '{claim}'"
    for text, name in zip(found.groups(), expected):
        value = results[name] if isinstance(name, str) else name
        digits = len(text.partition(".")[2])
        unit = 10.0**-digits
        assert float(text.replace(",", "")) == pytest.approx(value, abs=0.5001 * unit), (name, value)
