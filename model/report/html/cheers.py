"""CHEERS 2022, item by item: where this page reports it, what the scenario's `study` says, or that it is not reported.

Husereau D et al., Consolidated Health Economic Evaluation Reporting Standards 2022 statement; the items are in our own short words.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from model.report.html.blocks import Cell, Grid, Link, Section
from model.report.html.material import Material

NOT_REPORTED = "Not reported"


class Item(NamedTuple):
    """places: sections that report it, where they are here; study: fields of the scenario's `study` that do."""

    topic: str
    asks: str
    places: tuple[str, ...] = ()
    study: tuple[str, ...] = ()


ITEMS = (
    Item("Title", "names the study as an economic evaluation, and what is compared", ("top",)),
    Item("Abstract", "structured summary of context, methods, results and other analyses", (), ("abstract",)),
    Item(
        "Background and objectives",
        "context, question, and why the answer matters for a decision",
        ("answer",),
        ("background",),
    ),
    Item("Analysis plan", "whether there was one, and where it is", (), ("analysis plan",)),
    Item("Study population", "characteristics of the patients", ("groups", "methods"), ("population",)),
    Item("Setting and location", "context that may bear on the findings", (), ("setting",)),
    Item("Comparators", "what is compared, and why", ("methods",), ("comparators",)),
    Item("Perspective", "whose costs and effects count, and why", ("methods",), ("perspective",)),
    Item("Time horizon", "how long, and why so long", ("methods",), ("horizon",)),
    Item("Discount rate", "which rates, and why", ("methods",), ("discounting",)),
    Item("Selection of outcomes", "what measures benefit and harm", ("methods",), ("outcomes",)),
    Item("Measurement of outcomes", "how they were measured", (), ("measurement of outcomes",)),
    Item("Valuation of outcomes", "whose preferences, by which method", (), ("valuation of outcomes",)),
    Item("Resources and costs", "how they were measured and valued", ("parameters",), ("costs",)),
    Item(
        "Currency, price date, conversion",
        "dates of resources and prices, currency, year, conversion",
        ("methods",),
        ("currency",),
    ),
    Item(
        "Rationale and description of the model", "what it is, why, and whether it can be had", ("model",), ("model",)
    ),
    Item(
        "Analytics and assumptions",
        "how data were analysed, extrapolated, and the model validated",
        ("methods", "assumptions", "validation", "verification"),
    ),
    Item("Heterogeneity", "how results differ between groups of patients", ("groups",)),
    Item(
        "Distributional effects",
        "how they are spread over people, and what was done for priority groups",
        (),
        ("distributional effects",),
    ),
    Item("Uncertainty", "how its sources were characterised", ("methods", "parameters", "tornado", "variants", "voi")),
    Item("Engagement with patients and others", "how they were involved in the design", (), ("engagement",)),
    Item("Study parameters", "all inputs with values, ranges, distributions and sources", ("parameters",)),
    Item("Summary of main results", "mean costs and outcomes of each strategy, in one measure", ("answer", "results")),
    Item(
        "Effect of uncertainty",
        "what uncertainty in inputs and choices does to the findings",
        ("uncertain", "tornado", "variants", "voi"),
    ),
    Item("Effect of engagement", "what the involvement of patients and others changed", (), ("effect of engagement",)),
    Item(
        "Findings, limitations, generalisability",
        "and how they bear on patients, policy and practice",
        (),
        ("discussion",),
    ),
    Item("Source of funding", "who paid, and what part they had", (), ("funding",)),
    Item("Conflicts of interest", "of the authors", (), ("conflicts of interest",)),
)


def section(material: Material, others: Collection[Section]) -> Section:
    titles = {"top": "Title of this page"} | {s.key: s.title for s in others}
    if material.run.psa is not None:
        titles["uncertain"] = "Question and answer"
    rows = [(str(i), item.topic, item.asks, _where(material, item, titles)) for i, item in enumerate(ITEMS, 1)]
    note = "Husereau D et al., CHEERS 2022 statement; items in short words. A place shows what the model knows; why something was chosen is told where the scenario's section on the study tells it."
    return Section(
        "cheers",
        "CHEERS 2022",
        (
            Grid(
                "28 items", ("Item", "Topic", "What is asked", "Where"), tuple(rows), note=note, wraps=frozenset({2, 3})
            ),
        ),
    )


def _where(material: Material, item: Item, titles: dict[str, str]) -> Cell:
    found = [Link(titles[key], f"#{'answer' if key == 'uncertain' else key}") for key in item.places if key in titles]
    found += [Link(f"Study: {key}", "#study") for key in item.study if material.scenario.study.get(key)]
    return tuple(found) if found else NOT_REPORTED
