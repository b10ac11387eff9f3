"""docs/output-tables.md: every number that it quotes is that of a run, and the tables and columns that it names exist."""

import re
from pathlib import Path

import pytest
from page_words import numbers, table_files

import model

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "output-tables.md").read_text(encoding="utf-8")
PAGE = " ".join(TEXT.split())
DEFAULT = ROOT / "scenarios" / "mscc_furlan.yaml"


@pytest.fixture(scope="module")
def tables():
    return model.run(DEFAULT).tables


def one(table, **keys):
    """The only row of a table that has these keys."""
    for name, value in keys.items():
        table = table[table[name] == value]
    assert len(table) == 1
    return table.iloc[0]


def share(value, digits=1):
    return f"{100 * value:.{digits}f} %"


def interval(row, name):
    return f"{row[name + '_lower_95']:,.0f} to {row[name + '_upper_95']:,.0f}"


def ratio(value):
    return f"{value:,.0f}" if value == value else ""


def incremental(tables):
    for analysis in ("deterministic", "probabilistic"):
        for strategy in ("radiotherapy", "surgery"):
            row = one(tables["incremental"], analysis=analysis, strategy=strategy, effect="qaly", group="all")
            first = strategy == "radiotherapy"
            more = (
                " | | | " if first else "{incremental_cost:,.0f} | {incremental_effect:.4f} | {icer:,.0f}".format(**row)
            )
            middle = "| | | |" if first else f"{row['comparator']} | {more} |"
            yield f"| {analysis} | {strategy} | {row['cost']:,.0f} | {row['effect_value']:.4f} | {middle} {row['status']} |"
    yield f"({row['incremental_cost']:,.0f} / {row['incremental_effect']:.4f})"
    yield f"the incremental cost of surgery is {interval(row, 'incremental_cost')}"
    effect = (row[f"incremental_effect_{end}_95"] for end in ("lower", "upper"))
    yield "the incremental effect {:.4f} to {:.4f}".format(*effect)
    assert row["icer_interval"] == "not defined"


def ratios(tables):
    psa = tables["psa"].query("group == 'all'").pivot(index="draw", columns="strategy", values=["cost", "qaly"])
    cost, qaly = (psa[name]["surgery"] - psa[name]["radiotherapy"] for name in ("cost", "qaly"))
    yield f"The mean of the ratios of the draws, {(cost / qaly).mean():,.0f} here"
    for _, row in tables["quadrants"].iterrows():
        yield f"| {row['quadrant']} | {share(row['share_of_draws'])} |"


def net_benefit(tables):
    rows = [
        one(tables["net_benefit"], analysis=name, strategy="surgery", group="all", wtp=50_000)
        for name in ("deterministic", "probabilistic")
    ]
    base, psa = (row["incremental_nmb"] for row in rows)
    yield f"is {base:,.0f} in the base case and {psa:,.0f} in the PSA, with the interval {interval(rows[1], 'incremental_nmb')}"


def acceptability(tables):
    name = "probability_most_cost_effective"
    surgery, radiotherapy = (
        one(tables["ceac"], wtp=50_000, group="all", strategy=strategy)[name]
        for strategy in ("surgery", "radiotherapy")
    )
    yield f"At 50,000: surgery {share(surgery, 2)}, radiotherapy {share(radiotherapy, 2)}"
    likely, best = one(tables["ceac"], wtp=260_000, group="all", strategy="surgery"), one(tables["ceaf"], wtp=260_000)
    assert likely[name] > 0.5
    yield f"surgery is best in {share(likely[name], 2)} of draws, but `ceaf` names {best['strategy']}, with {share(best[name], 2)}"
    changes = tables["ceaf"].query("strategy == 'surgery'")["wtp"].min()
    yield f"`ceaf` names surgery ({changes:,.0f} is the next point of the grid)"


def information(tables):
    at, top = one(tables["evpi"], wtp=50_000), tables["evpi"].loc[tables["evpi"]["evpi"].idxmax()]
    yield f"it is USD {at['evpi']:,.0f} (standard error {at['standard_error']:.0f})"
    yield f"highest, {top['evpi']:,.0f}, at {top['wtp']:,.0f}"
    losses = [one(tables["expected_loss"], wtp=50_000, strategy=name) for name in ("radiotherapy", "surgery")]
    yield "radiotherapy {:,.0f}, surgery {:,.0f}".format(*(row["expected_loss"] for row in losses))


def draws(tables):
    psa = tables["psa"].query("strategy == 'surgery'")
    yield f"10,000 x 2 x 3 = {len(tables['psa']):,} rows"
    everyone = psa.query("group == 'all'")["cost"].mean()
    yield f"The mean cost of surgery over these rows is {everyone:,.0f}"
    yield f"over all rows it would be {psa['cost'].mean():,.0f}"


def groups(tables):
    for _, row in tables["groups"].iterrows():
        yield (
            "| {group} | {share:.3g} | {incremental_cost:,.0f} | {incremental_effect:.4f} | {icer:,.0f} | "
            "{incremental_nmb:,.0f} | ".format(**row)
            + interval(row, "incremental_nmb")
        )


def landmarks(tables):
    for strategy in ("radiotherapy", "surgery"):
        row = one(tables["landmarks"], group="all", strategy=strategy, state="alive", at="1 year")
        yield f"{strategy} {share(row['share'])} ({share(row['lower_95'])} to {share(row['upper_95'])})"


def published(tables):
    icer = one(tables["published"], name="ICER")
    yield f"model {icer['model']:,.0f}, published {icer['published']:,.0f}"
    deaths = one(tables["published"], name="deaths, surgery")
    yield f"{share(deaths['model'], 2)} and {100 * deaths['published']:g} %, z {deaths['z']:.2f}"
    median = one(tables["published"], name="survival, surgery")
    yield f"({median['model']:.1f} days, published {median['published']:g}) is {median['z']:.2f}"


QUOTES = (incremental, ratios, net_benefit, acceptability, information, draws, groups, landmarks, published)


@pytest.mark.parametrize("quotes", QUOTES, ids=lambda quotes: quotes.__name__)
def test_a_section_quotes_the_default_scenario(quotes, tables):
    assert [text for text in quotes(tables) if text not in PAGE] == []


def sick_sicker():
    """Rows of the four strategies, as the page has them."""
    table = model.run(ROOT / "scenarios" / "validation" / "sick_sicker.yaml", draws=0).tables["incremental"]
    for _, row in table.query("effect == 'qaly'").iterrows():
        cells = [
            row["strategy"],
            f"{row['cost']:,.0f}",
            f"{row['effect_value']:.3f}",
            row["comparator"],
            ratio(row["icer"]),
        ]
        yield " ".join(" | ".join(["", *cells, row["status"], ""]).split())


def test_four_strategies():
    assert [text for text in sick_sicker() if text not in PAGE] == []


def test_no_number_of_the_page_is_without_a_test(tables):
    """Below the table of questions; thresholds and the settings of the run are no results."""
    quoted = " ".join([*(text for quotes in QUOTES for text in quotes(tables)), *sick_sicker()])
    settings = {"10000", "50000", "260000", "1000"}
    assert numbers(TEXT[TEXT.index("## incremental.csv") :]) - numbers(quoted) - settings == set()


def test_outcomes_of_the_verification():
    table = model.verify(DEFAULT, draws=200).tables["verification"]
    counts = table["outcome"].value_counts()
    assert set(counts.index) == {"pass", "not applicable"} and "`pass`: all other rows here" in PAGE
    assert f"nothing of the kind, {counts['not applicable']} rows here" in PAGE
    assert set(table.query("outcome == 'not applicable'")["check"]) == {"joint samples", "stated limits"}


def test_departures_from_nice():
    table = model.run(DEFAULT, draws=20, settings={"profile": "nice"}).tables["profile_departures"]
    departs = table[table["departs"].astype(str) == "true"]
    assert f"{len(departs)} of {len(table)} depart from NICE" in PAGE
    assert departs["item"].to_list() == [
        "currency", "discount rate of costs", "discount rate of effects", "thresholds", "perspective",
    ]  # fmt: skip


def test_tables_and_columns_that_are_named_exist():
    """Of files (`x.csv`), of headings of sections and of the columns in a section of a table."""
    files = {name.removesuffix(".csv") for name in table_files()}
    assert {name for name in re.findall(r"`(\w+)\.csv`", TEXT)} <= files
    sections = re.findall(r"^## (\w+)\.csv.*?\n(.*?)(?=^## |\Z)", TEXT, flags=re.M | re.S)
    assert len(sections) > 8 and {name for name, _ in sections} <= files
