"""The tables of docs/decision.md, made from runs: `python tests/pages/decision.py` writes them into the page.

A table stands between <!-- name --> and <!-- end -->; the words around it are written by hand, and their figures are compared with
the same runs by tests/test_decision_page.py.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path

import numpy as np
from runs import decided

from model import draws
from model.analysis.evaluate import evaluate
from model.analysis.headroom import headroom, over
from model.analysis.sweep_points import axis
from model.analysis.variants import compare, structure
from model.report import figures, headroom_plots, headroom_report
from model.report.headroom_report import group_labels, headroom_table
from model.report.variants_report import variants_table
from model.sample import Sample
from model.scenario_file import read
from model.scenario_file.variants import read_variants

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "decision.md"
SCENARIOS, VARIANTS = ROOT / "scenarios", ROOT / "variants"
SAMPLE = Sample(5000, 1)


@cache
def prices():
    """Headroom of every case and group, with the 5,000 draws of docs/decision.md."""
    variants = read_variants(VARIANTS / "mscc_decision.yaml")
    return headroom(variants.scenarios, variants.labels, "surgery", decided(variants.base), (), SAMPLE)


@cache
def price_rows():
    """(case, group, wtp) -> row of the table of headroom."""
    table = headroom_table(prices())
    return {(r["case"], r["group"], r["wtp"]): r for r in table.to_dict("records")}


@cache
def structures(wtp: float = 100_000):
    variants = read_variants(VARIANTS / "mscc_structure.yaml")
    return compare(variants, decided(variants.base, wtp), SAMPLE)


@cache
def increments(file: str, *settings: str) -> dict[str, np.ndarray]:
    """Probabilistic increments of a scenario, surgery less radiotherapy: name -> [draw]; by group as 'name of group'."""
    scenario = read(SCENARIOS / file, settings)
    found = evaluate(scenario, draws.probabilistic(scenario, SAMPLE))
    pair = [list(scenario.strategies).index(s) for s in (_comparator(scenario), "surgery")]
    result = {}
    for group, outcomes in found.outcomes.items():
        for name in ("cost", "qaly", "life_years", "ambulatory_days"):
            low, high = outcomes.get(name)[pair]
            result[name if group == "all" else f"{name} of {group}"] = high - low
    return result


def _comparator(scenario) -> str:
    return scenario.reference or next(iter(scenario.strategies))


def ratio(found: dict[str, np.ndarray], group: str = "") -> str:
    """ICER of the means in words a reader can use."""
    cost, effect = (float(found[name + (f" of {group}" if group else "")].mean()) for name in ("cost", "qaly"))
    if cost <= 0 < effect:
        return "dominant"
    if effect <= 0 <= cost:
        return "dominated"
    return f"{cost / effect:,.0f}"


@cache
def base_ratio(file: str) -> str:
    """ICER at base values."""
    scenario = read(SCENARIOS / file)
    total = evaluate(scenario, draws.base(scenario)).total
    return f"{float(np.diff(total.cost[:, 0])[0] / np.diff(total.get('qaly')[:, 0])[0]):,.0f}"


# --- tables -------------------------------------------------------------------------------------------------------


SHOWN = {  # case -> groups of the page; the rest is in the table of the command
    "base": ("all", "walking", "not walking"),
    "pooled": ("all", "walking", "not walking"),
    "matched": ("all", "walking", "not walking"),
    "presentation": ("over 48 hours",),
    "age": ("young walking", "young not walking", "old walking", "old not walking"),
    "tumour": ("breast", "prostate", "lung", "renal", "myeloma"),
    "good prognosis": ("all",),
    "poor prognosis": ("all",),
    "poor prognosis, toll": ("all",),
    "trial survival": ("all", "walking", "not walking"),
    "previous radiotherapy": ("all",),
    "radiotherapy not finished": ("all",),
}


def who_benefits() -> str:
    """QALYs gained, highest price at two thresholds, and the chance that it is worth it at the price in the file."""
    lines = [
        "| patients | QALYs gained | price, at 50,000 | price, at 100,000 | worth it at 100,000 |",
        "|---|---|---|---|---|",
    ]
    for key, groups in SHOWN.items():
        case = prices().cases[key]
        labels = group_labels(case.scenario)
        for group in groups:
            name = f"**{case.label}**" if group == "all" else f"{'- ' if 'all' in groups else ''}{labels[group]}"
            low, high = (price_rows()[key, group, float(wtp)] for wtp in (50_000, 100_000))
            gain = f"{_number(low['incremental_qaly_mean'], 2)} ({_interval(low, 'incremental_qaly', 2)})"
            cells = [f"{_number(r['headroom_mean'])} ({_interval(r, 'headroom')})" for r in (low, high)]
            lines.append(f"| {' | '.join([name, gain, *cells, _percent(high['probability_worth_it'])])} |")
    return "\n".join(lines)


def what_changes_it() -> str:
    found = structures()
    table = variants_table(found)
    own = table[(table["analysis"] == "probabilistic") & (table["group"] == "all") & (table["strategy"] == "surgery")]
    lines = [
        "| structure | incremental cost | QALYs gained | net benefit at 100,000 | worth it |",
        "|---|---|---|---|---|",
    ]
    for row in own.to_dict("records"):
        name = f"**{row['label']}**" if row["variant"] == "base" else row["label"]
        interval = f"({_number(row['incremental_nmb_low'])} to {_number(row['incremental_nmb_high'])})"
        cells = [
            _number(row["incremental_cost"]),
            _number(row["incremental_qaly"], 3),
            f"{_number(row['incremental_nmb'])} {interval}",
        ]
        lines.append(f"| {' | '.join([name, *cells, _percent(row['probability_most_cost_effective'])])} |")
    return "\n".join(lines)


PUBLISHED = (  # study, published, our file and settings, group, what explains the difference
    ("Furlan 2012, Ontario", "250,307", "mscc_furlan.yaml", (), "", "fitted: its base case is {base}; cost of surgery and two spreads were chosen for it"),
    ("Schoenfeld 2021, US, walking", "899,700", "decision/us.yaml", ("p_retain_rt=0.90", "hazard_loss_month_rt=0", "parameters.hr_prognosis.value=0.5",
      "parameters.hr_prognosis.distribution=lognormal(median=0.5, sdlog=0.2)"), "walking", "radiosensitive tumour: 90 % keep walking after radiotherapy"),
    ("Schoenfeld 2021, US, not walking", "48,600 (recalled)", "decision/us.yaml", ("parameters.hr_prognosis.value=0.5",
      "parameters.hr_prognosis.distribution=lognormal(median=0.5, sdlog=0.2)"), "not walking", "his 0.813 v 0.089 QALYs are out of reach of the trial's effect"),
    ("US model by expected survival, good", "140,907", "decision/us.yaml", ("horizon=5 years", "parameters.hr_prognosis.value=0.46",
      "parameters.hr_prognosis.distribution=lognormal(median=0.46, sdlog=0.2)"), "", "its costs were not seen"),
    ("US model by expected survival, poor", "3,178,510", "decision/us.yaml", ("horizon=5 years", "parameters.hr_prognosis.value=2.95",
      "parameters.hr_prognosis.distribution=lognormal(median=2.95, sdlog=0.2)"), "", "no prognosis alone reaches it"),
    ("the same, the operation costs 0.05 QALYs", "3,178,510", "decision/us.yaml", ("horizon=5 years", "parameters.hr_prognosis.value=2.95",
      "parameters.hr_prognosis.distribution=lognormal(median=2.95, sdlog=0.2)", "dq_surgery=-0.05"), "", "a fixed toll of the operation does"),
    ("Cohorts: Thailand 57,074; Japan 42,003; Belgium EUR 13,635; UK dominant", "0 to 57,000", "mscc_decision.yaml", (), "", "survival of operated patients and ordinary costs"),
)  # fmt: skip


def published_evaluations() -> str:
    lines = ["| evaluation | published, per QALY | ours in its setting | why |", "|---|---|---|---|"]
    for study, published, file, settings, group, why in PUBLISHED:
        ours = ratio(increments(file, *settings), group)
        lines.append(f"| {study} | {published} | {ours} | {why.format(base=base_ratio(file))} |")
    return "\n".join(lines)


def structural_share(wtp: float) -> float:
    return structure(structures(), "surgery", wtp).share


def _number(value: float, digits: int = 0) -> str:
    return f"{round(value, digits) + 0.0:,.{digits}f}"


def _interval(row: dict, name: str, digits: int = 0) -> str:
    return f"{_number(row[f'{name}_low'], digits)} to {_number(row[f'{name}_high'], digits)}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


TABLES = {
    "who benefits": who_benefits,
    "what changes it": what_changes_it,
    "published evaluations": published_evaluations,
}


def with_table(page: str, name: str, table: str) -> str:
    pattern = rf"(<!-- {name} -->\n)(?:.*?\n)??(<!-- end -->)"
    found, count = re.subn(pattern, lambda m: f"{m[1]}{table}\n{m[2]}", page, flags=re.S)
    if count != 1:
        raise ValueError(f"{PAGE.name} has {count} places for the table '{name}'")
    return found


# --- figures ------------------------------------------------------------------------------------------------------


def forest():
    """Highest price at 50,000 per QALY of the rows of the page."""
    import pandas as pd

    first, rows = next(iter(prices().cases.values())).scenario, []
    for key, groups in SHOWN.items():
        case, labels = prices().cases[key], group_labels(prices().cases[key].scenario)
        for group in groups:
            row = price_rows()[key, group, 50_000.0]
            about = {"case": case.label, "group": "" if group == "all" else labels[group]}
            ends = {
                name: row[f"headroom_{end}"] for name, end in (("result", "mean"), ("low", "low"), ("high", "high"))
            }
            rows.append(about | ends)
    cost = {"What it costs in the file": price_rows()["base", "all", 50_000.0]["component_cost_mean"]}
    style = figures.style_of_scenario(first)
    words = f"Highest incremental cost of surgery worth paying ({style.currency}, at 50,000 per QALY)"
    heading = f"{style.labels['surgery']} v {style.labels['radiotherapy']}"
    return headroom_plots.forest(pd.DataFrame(rows), style, heading, words, "95 % interval", cost)


def price_map():
    scenario, marks = read(SCENARIOS / "decision" / "map.yaml"), read_variants(VARIANTS / "mscc_map.yaml")
    axes = tuple(axis(scenario, text) for text in ("hr_prognosis=0.3:3:28", "or_walk=0.5:8:31"))
    points = [
        (marks.labels[key], *(one.parameters[a.name].base for a in axes))
        for key, one in marks.scenarios.items()
        if key != "base"
    ]
    at = decided(scenario, 50_000.0)
    found = over(scenario, "surgery", axes, at)
    return headroom_report.map_report(scenario, "surgery", axes, at, found, points).figure("headroom_map")


def main() -> int:
    forest().savefig(PAGE.parent / "images" / "decision_forest.png", dpi=110)
    price_map().savefig(PAGE.parent / "images" / "decision_map.png", dpi=110)
    page = PAGE.read_text(encoding="utf-8")
    for name, table in TABLES.items():
        page = with_table(page, name, table())
    PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
