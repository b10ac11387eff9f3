"""The question of the analysis, and its answer in words, with its uncertainty."""

from __future__ import annotations

from model.economics.incremental import DOMINATED, EXTENDED
from model.report import numbers, text
from model.report.html.blocks import PROBABILISTIC, Block, Grid, Section, Text
from model.report.html.material import Material, of_all


def section(material: Material) -> Section:
    words = [question(material), base_case(material), *beaten(material), *probabilistic(material), *by_group(material)]
    blocks: list[Block] = [Text(tuple(words[:1]), "question"), Text(tuple(words[1:]), "answer"), *chances(material)]
    return Section("answer", "Question and answer", tuple(blocks))


def question(material: Material) -> str:
    scenario, labels = material.scenario, list(material.scenario.labels.values())
    frame = (
        f"for {_patients(material)}, over {horizon(material)}, from the perspective of "
        f"{scenario.perspective or 'a payer that the scenario does not name'}? Costs are in {material.currency}, effects in "
        f"{material.effect.many}."
    )
    if len(labels) == 1:
        return f"What does {labels[0]} cost, and what does it bring, {frame}"
    return f"Which is cost-effective, {_listed(labels, 'or')}, {frame}"


def _patients(material: Material) -> str:
    groups = len(material.scenario.groups)
    return "all patients" if groups == 1 else f"all patients of {numbers.count(groups, 'group')} together"


def horizon(material: Material) -> str:
    time = material.scenario.time
    return numbers.count(round(float(f"{time.horizon * time.years:.6g}"), 4), "year")


def _listed(labels: list[str], word: str) -> str:
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} {word} {labels[-1]}"


def base_case(material: Material) -> str:
    """As the terminal says it."""
    return text.sentence(material.run)


def beaten(material: Material) -> list[str]:
    """Strategies that are not on the frontier, where the sentence on those that are says nothing of them."""
    table = of_all(material.table("incremental"))
    own = table[(table["analysis"] == "deterministic") & (table["effect"] == material.run.decision.effect)]
    if len(own) < 3:
        return []
    explained = {
        DOMINATED: "another costs no more and brings at least as much",
        EXTENDED: "a mix of two others does as well or better",
    }
    found = []
    for status, why in explained.items():
        labels = [material.word("strategy", key) for key in own.loc[own["status"] == status, "strategy"]]
        if labels:
            found.append(f"{status.capitalize()} ({why}): {_listed(labels, 'and')}.")
    return found


def probabilistic(material: Material) -> list[str]:
    """Means of the draws, and the interval of each ICER."""
    if material.run.psa is None:
        why = text.no_psa(material.scenario) if material.run.sample.n else "no draws were asked for"
        return [f"How sure this is was not looked at: {why}."]
    draws = numbers.count(material.run.sample.n, "draw")
    return [f"Probabilistic, means of {draws}: {text.verdict(material.run, material.run.psa)}.", *_intervals(material)]


def _intervals(material: Material) -> list[str]:
    table = material.table("icer_interval")
    if table is None:
        return []
    own = of_all(table)
    own = own[(own["method"] == "percentile") & (own["comparator"] == material.scenario.reference_strategy)]
    return [_interval(material, row) for row in own.itertuples()]


def _interval(material: Material, row) -> str:
    pair = numbers.versus(material.word("strategy", row.strategy), material.word("strategy", row.comparator))
    about, limits = f"{pair}, 95 % interval of the ICER", (row.lower_95, row.upper_95)
    ends = numbers.interval(*limits, numbers.places(limits))
    if row.kind == "interval":
        return f"{about}: {material.scenario.currency} {ends} per {material.effect.one}."
    if row.kind == "exclusive":
        return f"{about}: everything outside {material.scenario.currency} {ends} per {material.effect.one}."
    return f"{about}: not defined, since the difference in effect may be of either sign or none; the probabilities below say how sure the answer is."


def by_group(material: Material) -> list[str]:
    groups = material.scenario.group_labels
    return (
        [f"Results of {numbers.count(len(groups), 'group')} of patients stand under Groups."] if len(groups) > 1 else []
    )


def chances(material: Material) -> list[Grid]:
    """Probability of being the most cost-effective at each threshold, and which strategy is best on average."""
    table = material.table("net_benefit")
    if table is None or material.run.psa is None:
        return []
    own = of_all(table)
    own = own[own["analysis"] == PROBABILISTIC]
    best = {row.wtp: row.strategy for row in of_all(material.table("ceaf")).itertuples()}
    rows = []
    for wtp, at in own.groupby("wtp", sort=False):
        shares = numbers.shares(at["probability_most_cost_effective"])
        leads = material.word("strategy", best[wtp]) if wtp in best else "\N{EN DASH}"
        rows.append((material.price(wtp), *shares, leads))
    labels = [material.word("strategy", key) for key in dict.fromkeys(own["strategy"])]
    header = ("Willingness to pay", *labels, "Highest mean net benefit")
    return [
        Grid(
            "Probability of being the most cost-effective",
            header,
            tuple(rows),
            frozenset(range(1, len(labels) + 1)),
            PROBABILISTIC,
        )
    ]
