"""Every analysis as a call of the package: a path or a scenario, settings as a dictionary, a result with tables, figures, text."""

import doctest
import importlib
import inspect
import json
import pydoc

import pandas as pd
import pytest
from matplotlib.figure import Figure
from runs import SCENARIOS

import model
from model import api
from model.report.result import Result

ROOT = SCENARIOS.parent
PATH = SCENARIOS / "mscc_constant_hazards.yaml"
QUEUES = SCENARIOS / "mscc_capacity_constant_hazards.yaml"
VARIANTS = ROOT / "variants" / "mscc.yaml"
FEW = {"patients": 20, "replications": 2}
CALLS = {
    "run": lambda source, **more: model.run(source, draws=20, **more),
    "check": lambda source, **more: model.check(source, **more),
    "full_report": lambda source, **more: model.full_report(source, draws=20, only="tornado", **more),
    "converge": lambda source, **more: model.converge(source, draws=50, **more),
    "tornado": lambda source, **more: model.tornado(source, on="inb", **more),
    "threshold": lambda source, **more: model.threshold(source, "c_surgery", 0, 60_000, **more),
    "sweep": lambda source, **more: model.sweep(source, {"c_surgery": [10_000, 20_000]}, **more),
    "diff": lambda source, **more: model.diff(source, source, **more),
    "sensitivity": lambda source, **more: model.sensitivity(source, n=8, **more),
    "headroom": lambda source, **more: model.headroom(source, "surgery", draws=20, **more),
    "voi": lambda source, **more: model.voi(source, draws=50, **more),
    "verify": lambda source, **more: model.verify(source, draws=50, **more),
    "calibrate": lambda source, **more: model.calibrate(source, starts=1, draws=100, **more),
    "compare": lambda source, **more: model.compare(source, **FEW, **more),
    "capacity": lambda source, **more: model.capacity(QUEUES if source == PATH else model.read(QUEUES), "linac", 8, 9, **FEW),
}  # fmt: skip
NAMES = set(api.NAMES) - {"Stopped"}  # which is raised
SHARED = {"settings", "effect", "wtp", "group", "reference", "seed", "engine", "patients", "replications", "jobs"}
SHARED |= {"cluster", "executor", "progress"}


def same(one, other):
    assert list(one) == list(other)
    for name, table in one.items():
        pd.testing.assert_frame_equal(table, other[name])


# --- every call -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CALLS)
def test_a_path_and_a_scenario_give_the_same(name):
    by_path = CALLS[name](PATH)
    assert isinstance(by_path, Result) and by_path.summary and by_path.text == by_path.summary
    same(by_path.tables, CALLS[name](model.read(PATH)).tables)
    if name == "run":
        same(by_path.tables, CALLS[name](str(PATH)).tables)


def test_variants_are_those_of_a_file_or_of_what_was_read():
    from model.scenario_file.variants import read_variants

    by_path, read = model.variants(VARIANTS, draws=0), model.variants(read_variants(VARIANTS), draws=0)
    same(by_path.tables, read.tables)
    priced = (model.headroom(source, "surgery", draws=0).tables for source in (VARIANTS, read_variants(VARIANTS)))
    same(*priced)


def test_results_made_elsewhere_come_as_files_or_as_data(tmp_path):
    psa = model.run(PATH, draws=60).tables["psa"].query("group == 'all'")
    cost, effect = (psa.pivot(index="draw", columns="strategy", values=name) for name in ("cost", "qaly"))
    for name, table in (("cost", cost), ("effect", effect)):
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    by_file = model.analyse(tmp_path / "cost.csv", tmp_path / "effect.csv", reference="radiotherapy")
    by_data = model.analyse(cost, effect, reference="radiotherapy")
    for name, table in by_file.tables.items():
        pd.testing.assert_frame_equal(table, by_data.tables[name])


def test_every_call_is_tried_here():
    assert {*CALLS, "variants", "analyse", "survival", "read", "diagram", "workbook"} == NAMES


def test_what_is_public_can_be_imported():
    names = {name: getattr(model, name) for name in model.__all__}
    assert set(names) <= set(dir(model)) and {*NAMES, "Scenario", "ScenarioError", "Result"} <= set(names)
    exec(f"from model import {', '.join(names)}", {})
    with pytest.raises(AttributeError, match="has no attribute 'rum'"):
        model.rum  # noqa: B018
    with pytest.raises(model.ScenarioError, match="no such file"):
        model.run("nowhere.yaml")


# Keywords of the shared ones that an analysis does not read, and does not take.
WITHOUT = {
    **dict.fromkeys(("run", "converge", "full_report", "sweep", "variants", "diff", "headroom"), {"group"}),
    **dict.fromkeys(("compare", "capacity"), {"engine", "group"}),
    "verify": {"group", "engine", "patients", "replications", "jobs", "cluster", "executor"},
    "calibrate": {"effect", "wtp", "group", "reference", "engine", "patients", "replications"},
}


@pytest.mark.parametrize("name", sorted(NAMES - {"check", "analyse", "survival", "read", "diagram", "workbook"}))
def test_the_help_of_a_call_shows_what_it_takes(name):
    call = getattr(model, name)
    parameters = inspect.signature(call).parameters
    taken = SHARED - WITHOUT.get(name, set())
    assert set(parameters) & SHARED == taken and "options" not in parameters and "started" not in parameters
    assert all(parameters[word].kind is inspect.Parameter.KEYWORD_ONLY for word in taken)
    shown = pydoc.plain(pydoc.render_doc(call))
    keywords = shown[shown.index("Keywords that every analysis takes") :]
    assert f"{name}(" in shown and shown.index(">>>") < shown.index("Keywords that every analysis takes")
    assert ("strategy that the others are compared with" in keywords) == ("reference" in taken)


@pytest.mark.parametrize("name", sorted(WITHOUT))
def test_a_keyword_that_an_analysis_does_not_read_is_not_taken(name):
    call = getattr(model, name)
    needed = [p for p in inspect.signature(call).parameters.values() if p.default is p.empty]
    for word in WITHOUT[name]:
        with pytest.raises(TypeError, match=f"unexpected keyword argument '{word}'"):
            call(*[PATH for _ in needed], **{word: None})


@pytest.mark.parametrize("name", sorted(NAMES - {"analyse", "survival"}))
def test_a_keyword_that_does_not_exist_is_named_before_any_work(name, monkeypatch):
    for place in ("model.api.asked.read", "model.scenario_file.read", "model.scenario_file.variants.read"):
        monkeypatch.setattr(place, None)
    call = getattr(model, name)
    needed = [p for p in inspect.signature(call).parameters.values() if p.default is p.empty]
    with pytest.raises(TypeError, match="unexpected keyword argument 'drws'"):
        call(*[PATH for _ in needed], drws=10)


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"draws": -5}, "draws: found -5, needed a whole number: 0, or 2 or more"),
        ({"draws": 1}, "draws: found 1, needed"),
        ({"draws": 2.5}, "draws: found 2.5, needed"),
        ({"draws": 10, "sampling": "halton"}, "unknown sampling 'halton'; allowed: random, latin hypercube, sobol"),
        ({"seed": "x"}, "seed: found 'x', needed a whole number"),
        ({"engine": "individual", "patients": 0}, "patients: found 0, needed a whole number, 2 or more"),
        ({"engine": "cohrt"}, "unknown engine 'cohrt'; engines: cohort, individual, queueing"),
        ({"jobs": -1}, "jobs: found -1, needed a whole number, 0 or more"),
        ({"wtp": "50000"}, "wtp: found '50000', needed a number, 0 or more, or a list of such"),
        ({"wtp": [1.0, float("nan")]}, "wtp: found .*nan"),
        ({"wtp": -1}, "wtp: found -1"),
        ({"reference": "surgry"}, "unknown strategy 'surgry'.* Did you mean 'surgery'?"),
        ({"settings": {"c_surgery": None}}, "settings: c_surgery: found None, needed a number, a text or a list"),
        ({"settings": {"c_surgry": 1}}, "unknown name 'c_surgry'. Did you mean 'c_surgery'?"),
        ({"settings": {"c_surgery": True}}, "settings: c_surgery: found True, needed a number, a text or a list"),
        ({"patients": True}, "patients: found True, needed a whole number, 2 or more"),
        ({"settings": {"wtp.thresholds": 5}}, "wtp.thresholds: found '5', needed a list"),
    ],
)
def test_what_cannot_be_is_told_in_words(keywords, words):
    with pytest.raises(ValueError, match=words) as told:
        model.run(PATH, **{"draws": 0, **keywords})
    assert type(told.value).__module__.startswith("model.")  # so that the command line tells it too


def test_what_one_analysis_alone_reads_is_told_in_words():
    with pytest.raises(ValueError, match="unknown group 'walkin'; allowed: all, walking.* Did you mean 'walking'?"):
        model.tornado(PATH, group="walkin")
    with pytest.raises(ValueError, match="starts: found 0, needed a whole number, 1 or more"):
        model.calibrate("scenarios/mscc_trial.yaml", starts=0)
    with pytest.raises(ValueError, match="sizes: found 0, needed a whole number, 1 or more"):
        model.voi(PATH, draws=10, sizes=[50, 0])
    with pytest.raises(ValueError, match="unknown points 'hex'; allowed: grid, sobol, lhs"):
        model.sweep(PATH, {"c_surgery": [1, 2]}, points="hex", n=4)
    with pytest.raises(ValueError, match="permutations: found 2, needed a whole number, 4 or more"):
        model.diff(PATH, PATH, permutations=2)


def test_a_target_that_the_model_does_not_reach_has_a_figure():
    result = model.calibrate("tests/fuzz/good/whole.yaml", starts=1)
    assert result.tables["targets"]["difference_in_errors"].max() == float("inf")
    assert result.figures["target_fit"].axes[0].get_xlim()[1] < 100


# --- settings ---------------------------------------------------------------------------------------------------


def test_settings_are_numbers_texts_and_lists():
    settings = {
        "c_surgery": 20_000,
        "hr_nonamb": 1.5,
        "c_day_amb.mean": 70,
        "horizon": "2 years",
        "strategies.surgery.hr": "hr_surgery * 0.9",
        "discount.cost": 0.03,
        "wtp.thresholds": [1000, 2000.5],
    }
    texts = ["c_surgery=20000", "hr_nonamb=1.5", "c_day_amb.mean=70", "horizon=2 years"]
    texts += ["strategies.surgery.hr=hr_surgery * 0.9", "discount.cost=3 %", "wtp.thresholds=[1000, 2000.5]"]
    result = model.run(PATH, draws=20, settings=settings)
    same(result.tables, model.run(PATH, draws=20, settings=texts).tables)
    scenario = result.run.scenario
    assert scenario.parameters["c_surgery"].base == 20_000 and scenario.wtp.thresholds == (1000, 2000.5)
    assert scenario.parameters["c_day_amb"].base == pytest.approx(70)
    assert result.manifest["settings"][0] == "c_surgery=20000"
    assert sorted(set(result.tables["net_benefit"]["wtp"])) == [1000, 2000.5]


def test_settings_are_laid_over_those_with_which_a_scenario_was_read():
    before = model.read(PATH, {"c_rt": 1, "c_surgery": 5})
    result = model.run(before, draws=0, settings={"c_surgery": 2})
    assert [result.run.scenario.parameters[name].base for name in ("c_rt", "c_surgery")] == [1, 2]
    assert before.parameters["c_surgery"].base == 5


@pytest.mark.parametrize("settings", ["c_surgery=1", ("c_surgery=1",), {"c_surgery": 1}, {"c_surgery": "1 USD"}])
def test_one_setting_in_any_way_of_writing(settings):
    assert model.run(PATH, draws=0, settings=settings).run.scenario.parameters["c_surgery"].base == 1


def test_a_list_may_quote_its_words():
    changed = model.read(PATH, {"effects.ambulatory_days.time in": ["ambulatory", "non-ambulatory"]})
    plain = model.read(PATH, ['effects.ambulatory_days.time in=[ambulatory, "non-ambulatory"]'])
    assert changed.effects["ambulatory_days"] == plain.effects["ambulatory_days"]
    assert changed.effects["ambulatory_days"] != model.read(PATH).effects["ambulatory_days"]


# --- a result ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def result():
    return model.run(PATH, draws=20, seed=3, settings={"c_rt": 3500}, wtp=60_000)


def test_tables_are_frames_and_figures_are_drawn_when_asked_for(result):
    assert all(isinstance(table, pd.DataFrame) for table in result.tables.values())
    assert {"acceptability", "cost_effectiveness_plane"} <= set(result.figures) and len(result.figures) > 4
    assert isinstance(result.figures["acceptability"], Figure) and isinstance(result.figure("acceptability"), Figure)
    with pytest.raises(KeyError, match="no figure 'ceac'; there are cost_effectiveness_plane"):
        result.figures["ceac"]


def test_a_result_is_saved_where_the_command_would_put_it(result, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = result.save()
    assert folder.as_posix() == "results/mscc_constant_hazards"
    assert pd.read_csv(folder / "tables" / "psa.csv")["draw"].nunique() == 20
    assert {path.stem for path in (folder / "figures").glob("*.png")} == set(result.figures)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    asked = {"draws": 20, "seed": 3, "sampling": "random", "engine": "cohort", "effect": "qaly", "wtp": 60_000}
    asked |= {"settings": ["c_rt=3500"], "reference": "radiotherapy", "patients_group": "all"}
    assert {name: manifest[name] for name in asked} == asked
    assert len(manifest["scenario_sha256"]) == 64 and "numpy" in manifest["versions"]
    model.run(folder / "scenario.yaml", draws=0)  # the copy is whole


@pytest.mark.parametrize("name", sorted({*CALLS} - {"run", "full_report", "check", "calibrate"}))
def test_a_manifest_says_what_was_asked_of_any_analysis(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = {} if name == "capacity" else {"seed": 5}
    folder = CALLS[name](PATH, **options).save()
    key = QUEUES.stem if name == "capacity" else PATH.stem
    assert folder.as_posix() == f"results/{key}/{'global' if name == 'sensitivity' else name}"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["seed"] == options.get("seed", 1)
    own = {
        "converge": {"draws": 50, "target_se": None},
        "tornado": {"on": ["inb"]},
        "threshold": {"vary": ["c_surgery=0:60000"]},
        "sweep": {"vary": ["c_surgery=10000,20000"], "points": 2},
        "diff": {"permutations": 100, "other_scenario": str(PATH)},
        "sensitivity": {"method": "sobol", "n": 8},
        "headroom": {"component": "surgery", "draws": 20},
        "verify": {"draws": 50, "wtp": 50000},
        "voi": {"draws": 50, "studies": [], "parameter_groups": {}},
        "compare": {"patients_of_a_replication": 20, "replications": 2},
        "capacity": {"resource": "linac", "units_from": 8, "units_to": 9, "unit_cost": 0},
    }[name]
    assert {word: manifest[word] for word in own} == own and manifest["effect"] == "qaly"


def test_a_further_entry_of_the_manifest_and_a_folder_of_ones_own(result, tmp_path):
    folder = result.save(tmp_path / "mine", {"why": "a test"})
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["why"] == "a test"


def test_text_for_a_console_and_for_a_notebook(result):
    assert repr(result).startswith(result.summary) and "\nTables: outcomes, " in repr(result)
    assert "Figures: cost_effectiveness_plane" in result._repr_html_() and "<pre>" in result._repr_html_()


def test_what_a_file_says_is_escaped_in_a_notebook(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(f"extends: {PATH}\ntitle: '<script>alert(1)</script> & co'\n")
    result = model.run(path, draws=0)
    result.warnings = ("a state of <b>many</b>",)
    shown = result._repr_html_()
    assert "<script" not in shown and "&lt;script&gt;alert(1)&lt;/script&gt; &amp; co" in shown
    assert "<p>warning: a state of &lt;b&gt;many&lt;/b&gt;</p>" in shown
    assert "<script>" in result.summary  # text is text


# --- progress and examples --------------------------------------------------------------------------------------


def test_progress_is_told_of_all_that_is_done():
    done = []
    model.run(PATH, draws=30, progress=done.append)
    assert sum(done) == 30


MODULES = ["model", *(f"model.api.{home}" for home in ("asked", "runs", "variation", "information"))]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_the_documentation_do_what_they_show(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    found = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert found.failed == 0 and (found.attempted > 0 or name == "model.api.asked")


@pytest.mark.parametrize(
    ("keywords", "told"),
    [
        ({"patients": 50}, ["patients is not used: the cohort engine follows no patients"]),
        ({"engine": "individual", "patients": 50}, []),
        ({"engine": "individual", **FEW}, ["replications is not used: the individual engine has no queues"]),
    ],
)
def test_patients_that_no_engine_reads_are_told(keywords, told):
    assert [words for words in model.run(PATH, draws=10, **keywords).warnings if "is not used" in words] == told
