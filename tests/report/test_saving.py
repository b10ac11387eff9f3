"""Each figure is drawn once for each format, by however many processes, and what they write is the same."""

import gc
import os
import subprocess
import sys
import threading
import warnings

import numpy as np
import pandas as pd
import pytest

import model
from model.report import plots, saving, side_by_side, style
from model.report.csv_files import write_csv
from model.report.plan import Plan

LOOK = plots.Style({"a": "Usual care", "b": "New care $5 or $6"}, title="Costs of $1 and $2")
SCENARIO = "scenarios/mscc_furlan.yaml"
TABLE = pd.DataFrame({"value": [0.0, 1.0, 0.0, 1.0], "strategy": ["a", "a", "b", "b"], "result": [-5.0, 5, 2, 3]})


def lines() -> Plan:
    return Plan(lambda: plots.line_sweep(TABLE, LOOK, "Price in $ or $", "Net benefit"), TABLE)


def written(folder):
    return {
        path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.suffix in (".png", ".svg", ".csv")
    }


@pytest.fixture
def alone(monkeypatch):
    monkeypatch.setattr(side_by_side, "MOST", 1)


@pytest.fixture
def several(monkeypatch):
    """Three processes, whatever cores there are."""
    monkeypatch.setattr(side_by_side, "_processes", lambda most: min(3, most))


@pytest.fixture
def counts(monkeypatch):
    """Times that a figure was drawn, laid out and built."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    from model.report.figure import PlainFigure

    found = dict.fromkeys(("draw", "execute", "__init__"), 0)

    def count(owner, name):
        original = getattr(owner, name)

        def counted(self, *arguments, **options):
            found[name] += 1
            return original(self, *arguments, **options)

        monkeypatch.setattr(owner, name, counted)

    count(PlainFigure, "draw")
    count(PlainFigure, "__init__")
    count(ConstrainedLayoutEngine, "execute")
    return found


@pytest.mark.parametrize("command", ["run", "tornado"])
def test_each_figure_is_built_and_laid_out_once_and_drawn_once_for_each_format(command, tmp_path, alone, counts):
    result = model.run(SCENARIO, draws=50) if command == "run" else model.tornado(SCENARIO)
    result.save(tmp_path / "out")
    figures = len(result.plans)
    assert figures >= 2
    assert counts == {"draw": 2 * figures, "execute": figures, "__init__": figures}


def test_ticks_are_placed_once_for_the_same_limits(alone, tmp_path, monkeypatch):
    from matplotlib.ticker import MaxNLocator

    asked = []
    original = MaxNLocator._raw_ticks
    monkeypatch.setattr(MaxNLocator, "_raw_ticks", lambda self, *ends: asked.append(ends) or original(self, *ends))
    saving.save_all({"lines": lines()}, tmp_path / "figures")
    assert len(asked) <= 6  # two axes, whose limits change while the figure is built


def test_seaborn_comes_without_the_statistics_that_no_figure_needs(tmp_path):
    code = (
        "import sys, model, model.report.side_by_side as here; here.MOST = 1; model.run('scenarios/mscc_furlan.yaml', draws=20).save(sys.argv[1]);"
        "print({'seaborn', 'scipy.stats', 'scipy.cluster'} & set(sys.modules));"
        "import seaborn, numpy;"
        "figure = seaborn.kdeplot(x=numpy.arange(9.0), cumulative=True).figure;"
        "seaborn.clustermap(numpy.arange(16.0).reshape(4, 4) ** 2);"
        "from scipy.stats import gaussian_kde; print(type(gaussian_kde).__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "out")],
        capture_output=True,
        text=True,
        env=os.environ | {"MPLBACKEND": "Agg"},
    )
    assert done.stdout.splitlines() == ["{'seaborn'}", "type"], done.stderr


def test_several_processes_write_the_same_bytes_as_one(tmp_path, monkeypatch):
    result = model.run(SCENARIO, draws=200)
    found = []
    for most in (1, 3):
        monkeypatch.setattr(side_by_side, "_processes", lambda tasks, most=most: most)
        told = []
        out = result.save(tmp_path / str(most), step=told.append)
        assert sorted(told) == sorted(result.plans)
        found.append(written(out))
        assert (out / "results.xlsx").stat().st_size > 10_000
        assert gc.get_freeze_count() == 0
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "path, options",
    [
        (SCENARIO, {"draws": 60}),
        ("scenarios/mscc_constant_hazards.yaml", {"draws": 20, "engine": "individual", "patients": 60}),
        ("scenarios/mscc_capacity.yaml", {"draws": 0, "engine": "queueing", "patients": 60, "replications": 2}),
    ],
)
def test_a_figure_that_shows_a_table_has_its_bytes(path, options, tmp_path, alone):
    result = model.run(path, **options)
    result.books, result.pages = {}, {}
    out = result.save(tmp_path / "out")
    copies = {name: plan for name, plan in result.plans.items() if plan.table}
    assert len(copies) >= 3
    for name, plan in copies.items():
        write_csv(plan.data, tmp_path / "own.csv")
        assert (out / "figures" / f"{name}.csv").read_bytes() == (tmp_path / "own.csv").read_bytes(), name


def test_no_table_is_formatted_twice(tmp_path, alone, monkeypatch):
    result, wrote = model.run(SCENARIO, draws=60), []
    monkeypatch.setattr(saving, "write_csv", lambda table, path: wrote.append(path.stem) or write_csv(table, path))
    result.save(tmp_path / "out")
    assert not {"occupancy", "over_time", "sampled_distributions", "group_acceptability"} & set(wrote)


class TestSideBySide:
    def test_each_task_is_done_once_and_told_of(self, several, tmp_path):
        told = []
        side_by_side.side_by_side(
            [lambda i=i: (tmp_path / str(i)).touch(exist_ok=False) for i in range(300)], told.append
        )
        assert sorted(told) == list(range(300))
        assert len(list(tmp_path.iterdir())) == 300

    def test_other_processes_take_part(self, several, tmp_path):
        def task(i):
            (tmp_path / f"{i}-{os.getpid()}").touch()
            subprocess.run(["sleep", "0.05"], check=True)

        side_by_side.side_by_side([lambda i=i: task(i) for i in range(12)])
        assert len({path.name.split("-")[1] for path in tmp_path.iterdir()}) == 3

    def test_an_error_anywhere_is_raised_here(self, several, monkeypatch):
        forked, made = side_by_side._forked, []
        monkeypatch.setattr(side_by_side, "_forked", lambda work: made.append(forked(work)) or made[-1])

        def wrong():
            raise KeyError("which")

        for tasks in ([wrong] * 6, [lambda: None] * 40 + [wrong]):
            with pytest.raises(KeyError, match="which"):
                side_by_side.side_by_side(tasks)
        assert made
        for process in made:
            with pytest.raises(ChildProcessError):  # it is gone
                os.waitpid(process, os.WNOHANG)

    def test_what_a_dead_process_has_not_finished_is_done_here(self, several, tmp_path):
        here = os.getpid()

        def task(i):
            if os.getpid() != here:
                os._exit(9)
            (tmp_path / str(i)).touch()

        side_by_side.side_by_side([lambda i=i: task(i) for i in range(20)])
        assert len(list(tmp_path.iterdir())) == 20

    def test_what_returned_false_elsewhere_is_done_again_here(self, several):
        said, here = [], os.getpid()

        def task(i):
            said.append(i)
            return os.getpid() == here

        side_by_side.side_by_side([lambda i=i: task(i) for i in range(20)])
        assert sorted(said) == list(range(20))

    def test_no_process_is_started_beside_other_threads(self, monkeypatch, tmp_path):
        monkeypatch.setattr(os, "fork", lambda: pytest.fail("forked"))
        over = threading.Event()
        other = threading.Thread(target=over.wait)
        other.start()
        try:
            side_by_side.side_by_side([lambda i=i: (tmp_path / str(i)).touch() for i in range(9)])
        finally:
            over.set()
            other.join()
        assert len(list(tmp_path.iterdir())) == 9

    def test_without_memory_for_processes_the_work_is_done_here(self, several, monkeypatch, tmp_path):
        monkeypatch.setattr(os, "fork", lambda: (_ for _ in ()).throw(OSError("no memory")))
        side_by_side.side_by_side([lambda i=i: (tmp_path / str(i)).touch() for i in range(9)])
        assert len(list(tmp_path.iterdir())) == 9


def test_a_progress_bar_leaves_no_thread():
    code = (
        "import threading; from model.progress import progress\n"
        "with progress(3, 'draws') as bar: bar(1); print(threading.active_count())"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "1\n"


def test_dollars_stay_dollars_in_what_is_saved(tmp_path, alone):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        saving.save_all({"lines": lines()}, tmp_path / "figures")
        figure = lines().draw()
        plots.save(figure, TABLE, tmp_path, "alone")
    assert (tmp_path / "alone.svg").read_bytes() == (tmp_path / "figures" / "lines.svg").read_bytes()
    assert "New care $5 or $6" in (tmp_path / "alone.svg").read_text()
    assert figure.get_layout_engine() is not None and figure.dpi == 100


def test_png_has_the_pixels_of_matplotlibs_own(tmp_path):
    from PIL import Image

    from model.report.figure import as_written

    with as_written():
        figure = lines().draw()
        with figure.laid_out():
            figure.savefig(tmp_path / "theirs.png", dpi=150)
    plots.save(figure, TABLE, tmp_path, "ours")
    theirs, ours = Image.open(tmp_path / "theirs.png"), Image.open(tmp_path / "ours.png")
    assert np.array_equal(np.asarray(theirs.convert("RGB")), np.asarray(ours)) and ours.mode == "RGB"
    assert np.asarray(theirs)[..., 3].min() == 255
    assert ours.info["dpi"] == pytest.approx((150, 150), abs=0.02)


@pytest.mark.parametrize("on, outline", [("x", True), ("x", False), ("y", False)])
def test_histogram_is_that_of_seaborn(on, outline):
    """The picture that seaborn draws of the same bins, pixel for pixel."""
    import seaborn

    from model.report import marks

    sample, edges = np.random.default_rng(3).normal(size=500), np.linspace(-2, 2, 21)
    pictures = []
    for ours in (True, False):
        figure, axis = style.canvas(LOOK, "Histogram")
        if ours:
            marks.histogram(axis, sample, edges, shares=True, outline=outline, on=on, color="#9CC9E6")
        else:
            filled = {} if outline else {"linewidth": 0, "alpha": 1}
            weights = np.full(500, 1 / 500)
            where = {on: sample}
            seaborn.histplot(
                **where,
                bins=list(edges),
                weights=weights,
                element="step",
                fill=not outline,
                ax=axis,
                color="#9CC9E6",
                **filled,
            )
            axis.set(xlabel="", ylabel="")
        pictures.append(figure.pixels(100))
    assert np.array_equal(*pictures)
