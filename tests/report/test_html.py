"""report.html: what it says is what the tables say, whatever the labels; it needs nothing beside itself."""

import base64
import io
import json
import shutil
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

import model
from model.cli import main
from model.report import html, text

ROOT = Path(__file__).resolve().parents[2]
FURLAN = ROOT / "scenarios" / "mscc_furlan.yaml"
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NASTY = """<script>alert("1")</script> & 'two' "three" {{ 4 }}"""
SCENARIO = """
title: {nasty}
description: {nasty}
currency: {{code: EUR}}
study: {{funding: {nasty}, authors: A and B}}
time: {{unit: year, horizon: 4 years, cycle: 1 year}}
discount: {{cost: 3 %, effect: 3 %}}
wtp: {{thresholds: [1000, 20000]}}
sources: {{s: {{citation: {nasty}, url: "javascript:alert(1)"}}}}
parameters:
  r: {{distribution: "gamma(mean=0.2, cv=0.2)", unit: per year, label: {nasty}, source: s, status: assumed, note: {nasty}}}
strategies: {strategies}
states: {{well: {{label: {nasty}, start: 1, utility: 1, cost: {{drug: c}}}}, dead: {{alive: false}}}}
transitions: [{{from: well, to: dead, rate: r * h}}]
"""


class Parsed(HTMLParser):
    """Ids, addresses, and the text of each cell."""

    def __init__(self, page: str):
        super().__init__()
        self.ids, self.links, self.sources, self.tags, self.text = set(), [], [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.tags.append(tag)
        self.ids |= {found["id"]} if "id" in found else set()
        self.links += [found["href"]] if "href" in found else []
        self.sources += [found["src"]] if "src" in found else []

    def handle_data(self, data):
        self.text.append(data)

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="module")
def furlan():
    return model.run(FURLAN, draws=60)


@pytest.fixture(scope="module")
def page(furlan):
    return html.page({"run": furlan})


def made(
    tmp_path, strategies="{a: {label: NASTY, h: 1, c: 0 EUR per year}, b: {h: 0.7, c: 10 EUR per year}}", draws=40
):
    file = tmp_path / "own.yaml"
    file.write_text(SCENARIO.format(nasty=json.dumps(NASTY), strategies=strategies.replace("NASTY", json.dumps(NASTY))))
    result = model.run(file, draws=draws)
    result.plans = {}
    return result, Parsed(html.page({"run": result}))


def test_the_answer_is_that_of_the_terminal_and_its_numbers_those_of_the_tables(furlan, page):
    parsed = Parsed(page)
    assert text.sentence(furlan.run) in parsed.words and text.sentence(furlan.run) in furlan.summary
    table = furlan.tables["incremental"].query("group == 'all' and effect == 'qaly'")
    for icer in table["icer"].dropna():
        assert f"{icer:,.0f}" in parsed.words
    chances = furlan.tables["net_benefit"].query(
        "group == 'all' and analysis == 'probabilistic' and strategy == 'surgery'"
    )
    assert len(chances) == 5
    for row in chances.itertuples():
        assert f"{100 * row.probability_most_cost_effective:.1f} %" in parsed.words


def test_each_item_of_cheers_is_there_with_links_that_lead_somewhere(page):
    from model.report.html.cheers import ITEMS

    parsed = Parsed(page)
    assert len(ITEMS) == 28 and [item.topic for item in ITEMS if item.topic not in parsed.words] == []
    inside = [link[1:] for link in parsed.links if link.startswith("#")]
    assert len(inside) > 30 and set(inside) <= parsed.ids
    places = {place for item in ITEMS for place in item.places}
    assert {"answer", "methods", "parameters", "results", "groups", "assumptions", "validation"} <= places & parsed.ids


def test_everything_is_inside_the_page(page):
    parsed = Parsed(page)
    assert parsed.sources and all(source.startswith("data:image/") for source in parsed.sources)
    outside = [link for link in parsed.links if not link.startswith(("#", "data:"))]
    assert outside and all(link.startswith("https://doi.org/") for link in outside)  # of sources, for readers to follow
    assert "script" not in parsed.tags and "url(" not in page and "@import" not in page


def test_downloads_are_the_files_beside_it(tmp_path):
    result = model.run(FURLAN, draws=3000)
    result.plans = {name: result.plans[name] for name in ("acceptability", "sampled_distributions")}
    out = result.save(tmp_path / "out")
    links = [
        link for link in Parsed((out / "report.html").read_text(encoding="utf-8")).links if link.startswith("data:")
    ]
    contents = [base64.b64decode(link.partition("base64,")[2]) for link in links[1:]]  # the first is the (empty) icon
    assert (out / "figures" / "acceptability.csv").read_bytes() in contents
    (archive,) = (zipfile.ZipFile(io.BytesIO(c)) for c in contents if c.startswith(b"PK"))
    assert archive.read("sampled_distributions.csv") == (out / "figures" / "sampled_distributions.csv").read_bytes()
    assert "report.html" in json.loads((out / "manifest.json").read_text())["sha256_of_files_it_wrote"]


def test_a_later_run_writes_a_later_page(tmp_path):
    result = model.run(FURLAN, draws=0)
    result.plans = {}
    for seed in (1, 2):
        result.manifest["seed"] = seed
        result.save(tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").glob("report*")] == ["report.html"] and result.notes == []


def test_texts_of_the_file_stay_texts(tmp_path):
    _, parsed = made(tmp_path)
    assert "script" not in parsed.tags and not any(link.startswith("javascript") for link in parsed.links)
    assert parsed.words.count(NASTY) > 10


def test_what_the_study_says_is_shown_and_the_rest_is_not_reported(tmp_path):
    _, parsed = made(tmp_path)
    assert "study" in parsed.ids and "Study: funding" in parsed.words
    after = parsed.words.split("Source of funding")[1]
    assert after.split("Conflicts of interest")[0].strip().endswith("Study: funding 28")
    assert after.split("Conflicts of interest")[1].split("Husereau")[0].strip().endswith("Not reported")


@pytest.mark.parametrize(
    "strategies, words",
    [
        ("{a: {h: 1, c: 5 EUR per year}}", "What does a cost, and what does it bring"),
        ("{a: {h: 1, c: 5 EUR per year}}", "a is the only strategy (base case)"),
        ("{a: {h: 1, c: 5 EUR per year}, b: {h: 0.5, c: 1 EUR per year}}", "b dominates the other strategy"),
        (
            "{a: {h: 1, c: 1 EUR per year}, b: {h: 0.5, c: 9 EUR per year}, d: {h: 0.9, c: 9 EUR per year}}",
            "Extendedly dominated",
        ),
    ],
)
def test_a_result_without_a_ratio_is_told_in_words(strategies, words, tmp_path):
    assert words in made(tmp_path, strategies)[1].words


def test_without_draws_it_says_so(tmp_path):
    assert "How sure this is was not looked at: no draws were asked for." in made(tmp_path, draws=0)[1].words


@pytest.mark.parametrize("outcome, words", [("pass", "2 comparisons of 1 check: none failed."), ("fail", "1 failed.")])
def test_tests_of_the_model_are_counted_and_those_that_fail_are_shown(outcome, words, furlan):
    from model.report.result import Result

    row = {
        "check": "a",
        "title": "Nobody dies twice",
        "group": "all",
        "strategy": "surgery",
        "expected": 0.0,
        "found": 1.0,
    }
    table = pd.DataFrame([row | {"outcome": "pass"}, row | {"outcome": outcome}])
    parsed = Parsed(html.page({"run": replace(furlan, plans={}), "verify": Result({"verification": table}, {})}))
    assert words in parsed.words and "Nobody dies twice" in parsed.words and "verification" in parsed.ids
    assert ("Comparisons that failed" in parsed.words) == (outcome == "fail")


def test_report_makes_one_page_of_the_analyses(tmp_path, capsys):
    out = tmp_path / "out"
    options = ["--draws", "60", "--out", str(out), "--without", "voi", "--without", "verify"]
    assert main(["report", str(FURLAN), *options]) == 0
    assert "In the report beside the run: tornado, converge." in capsys.readouterr().out
    parsed = Parsed((out / "report.html").read_text(encoding="utf-8"))
    assert {"tornado", "converge", "cheers"} <= parsed.ids and "voi" not in parsed.ids
    for folder in ("tornado", "converge"):
        assert (out / folder / "manifest.json").exists() and any((out / folder / "figures").glob("*.png"))
    assert (out / "tables" / "incremental.csv").exists()
    assert len([link for link in parsed.links if link.startswith("data:text/csv")]) == len(
        [*out.glob("figures/*.csv"), *out.glob("*/figures/*.csv")]
    )


def test_analyses_of_the_report_are_those_of_their_commands():
    whole = model.full_report(FURLAN, draws=200, only=["voi", "converge"])
    alone = model.voi(FURLAN, draws=200).tables["evppi"], model.converge(FURLAN, draws=200).tables["enough_draws"]
    assert whole.parts["voi"].tables["evppi"].equals(alone[0])
    assert whole.parts["converge"].tables["enough_draws"].equals(alone[1])


def test_variants_are_found_by_their_base():
    whole = model.full_report(ROOT / "scenarios" / "mscc_constant_hazards.yaml", draws=0, only=["variants", "voi"])
    assert list(whole.parts) == ["variants"]
    assert "voi is left out of the report: it needs a probabilistic analysis" in whole.warnings


def test_an_analysis_that_does_not_exist_is_refused(tmp_path, capsys):
    assert main(["report", str(FURLAN), "--only", "tornadoo", "--out", str(tmp_path / "out")]) == 2
    assert "Did you mean 'tornado'" in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_only_and_without_do_not_go_together(tmp_path, capsys):
    options = ["--only", "voi", "--without", "tornado", "--out", str(tmp_path / "out")]
    assert main(["report", str(FURLAN), *options]) == 2
    assert "either only or without" in capsys.readouterr().err


@pytest.mark.skipif(BROWSER is None, reason="no Chromium")
def test_a_browser_shows_it(page, tmp_path):
    playwright = pytest.importorskip("playwright.sync_api")
    file, said = tmp_path / "report.html", []
    file.write_text(page, encoding="utf-8")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        for width in (1280, 390):
            tab = browser.new_page(viewport={"width": width, "height": 900})
            tab.on("console", lambda message: said.append(message.text))
            tab.on("pageerror", lambda error: said.append(str(error)))
            tab.on("request", lambda request: request.url.startswith(("file:", "data:")) or said.append(request.url))
            tab.goto(file.as_uri())
            wide, across = tab.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
            assert across == width and wide <= width
            assert tab.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
            assert tab.evaluate(
                "[...document.querySelectorAll('a[href^=\"#\"]')].every(a => document.getElementById(a.hash.slice(1)))"
            )
            with tab.expect_download() as download:
                tab.locator("a[download$='.csv']").first.click()
            assert download.value.path().read_text().count("\n") > 1
        browser.close()
    assert said == []
