"""Figures show the numbers they are given, with labelled axes, nothing overlapping and nothing left behind."""

import pickle
import subprocess
import sys
from functools import partial

import numpy as np
import pandas as pd
import pytest

from model.effects import BUILT_IN
from model.report import marks, numbers, plots, style

WTP = np.arange(0, 2_000_001, 1000.0)
PROBABILITY = "probability_most_cost_effective"
LABELS = {
    "rt": "Radiotherapy alone",
    "surgery": "Surgery + radiotherapy",
    "sbrt": "Stereotactic body radiotherapy",
    "separation": "Separation surgery + stereotactic radiotherapy",
    "bsc": "Best supportive care",
    "systemic": "Systemic therapy first, then radiotherapy",
}
TWO = plots.Style(
    {k: LABELS[k] for k in ("rt", "surgery")}, currency="CAD 2024", effect=BUILT_IN["qaly"], title="A title"
)
SIX = plots.Style(LABELS, currency="CAD 2024", effect=BUILT_IN["qaly"], title="A rather long title " * 6)
NORMAL = np.random.default_rng(7).normal(size=(2, 10_000))


def plane_of(strategies, n=10_000):
    parts = [
        pd.DataFrame(
            {
                "draw": np.arange(1, n + 1),
                "strategy": s,
                "comparator": "rt",
                "incremental_cost": 20_000 * (i + 1) + 15_000 * NORMAL[0, :n],
                "incremental_effect": 0.1 * (i + 1) + 0.1 * NORMAL[1, :n],
            }
        )
        for i, s in enumerate(strategies)
    ]
    return pd.concat(parts, ignore_index=True)


def curves_of(look):
    """CEAC of straight lines that meet at 1,000,000; CEAF that jumps at 600,000; loss; EVPI."""
    share = np.linspace(0.9, 0.1, len(WTP))
    values = {"rt": share, "surgery": 1 - share} | {s: 0 * share for s in list(look.labels)[2:]}
    ceac = pd.concat([pd.DataFrame({"wtp": WTP, "strategy": s, PROBABILITY: v}) for s, v in values.items()])
    best = np.where(WTP < 600_000, "rt", "surgery")
    ceaf = pd.DataFrame({"wtp": WTP, "strategy": best, PROBABILITY: np.where(WTP < 600_000, share, 1 - share)})
    loss = ceac.rename(columns={PROBABILITY: "expected_loss"}).assign(expected_loss=lambda t: 50_000 * t.expected_loss)
    evpi = pd.DataFrame({"wtp": WTP, "evpi": 50_000 * np.minimum(share, 1 - share), "standard_error": 1.0})
    return ceac, ceaf, loss, evpi


def trace_of(look, days=1820):
    t = np.arange(0, days + 1, 7.0)
    parts = []
    for i, s in enumerate(look.labels):
        alive = np.exp(-t / (140 + 20 * i))
        for state, share in (("walks", 0.6 * alive), ("sits", 0.4 * alive), ("dead", 1 - alive)):
            parts.append(pd.DataFrame({"group": "all", "strategy": s, "time": t, "state": state, "occupancy": share}))
    return pd.concat(parts, ignore_index=True)


def costs_of(look):
    about = {"analysis": "deterministic", "group": "all", "discounted": "true"}
    rows = [
        about | {"strategy": s, "outcome": f"cost: {c}", "mean": mean * (i + 1)}
        for i, s in enumerate(look.labels)
        for c, mean in (("surgery", 30_000.0), ("care", 12_345.0), ("savings", -2_000.0))
    ]
    others = ({"analysis": "probabilistic"}, {"group": "walking"}, {"discounted": "false"}, {"outcome": "cost"})
    return pd.DataFrame(rows + [rows[0] | {"mean": 1e9} | other for other in others])


def sample_of(n_parameters):
    names = [f"parameter_with_a_long_name_{i}" for i in range(n_parameters)]
    sample = pd.DataFrame({"draw": np.arange(1, 10_001)} | {n: 2 + 0.1 * NORMAL[0] for n in names})
    about = pd.DataFrame({"name": names, "value": 2.0, "lower_95": 1.804, "upper_95": 2.196, "unit": "USD per day"})
    return sample, about


def tornado_of():
    columns = ["parameter", "low_value", "high_value", "result_low", "result_high", "base_result"]
    rows = [
        ["narrow", 1, 2, 95, 105, 100],
        ["wide", 1000, 34000, 160, 40, 100],
        ["one side", 0.1, 0.9, 110, 130, 100],
        ["no end", 3, 4, 120, np.nan, 100],
    ]
    table = pd.DataFrame(rows, columns=columns).assign(status_low="", status_high="", unit="USD")
    table.loc[3, "status_high"] = "dominated"
    return table


EVPPI = pd.DataFrame({"parameter": ["a", "b"], "evppi": [10.0, 400.0], "standard_error": [20.0, 50.0]})
SWEEP = pd.DataFrame({"value": [0, 1, 0, 1], "strategy": ["rt", "rt", "surgery", "surgery"], "result": [-5, 5, 2, 3]})


def grid_of(z=lambda x, y: y - x):
    x, y = np.meshgrid(np.linspace(0, 10, 11), np.linspace(0, 10, 11))
    return pd.DataFrame({"x": x.ravel(), "y": y.ravel(), "z": z(x, y).ravel()})


def figures(look):
    ceac, ceaf, loss, evpi = curves_of(look)
    thresholds = (20_000, 25_000, 30_000, 35_000, 1_683_000)
    return {
        "plane": plots.cost_effectiveness_plane(plane_of(list(look.labels)[1:]), look, 50_000),
        "acceptability": plots.acceptability(ceac, ceaf, look, thresholds),
        "expected_loss": plots.expected_loss(loss, evpi, look, thresholds),
        "occupancy": plots.occupancy(trace_of(look), look, ("dead",)),
        "cost_components": plots.cost_components(costs_of(look), look),
        "distributions": plots.sampled_distributions(*sample_of(15), look),
        "tornado": plots.tornado(tornado_of(), look, "Net monetary benefit at 50,000 CAD per QALY (CAD per person)"),
        "evppi": plots.evppi(EVPPI, look, 500.0, 50_000),
        "line_sweep": plots.line_sweep(SWEEP, look, "Cost of surgery (CAD)", "Net monetary benefit (CAD)", 0.5),
        "heat_map": plots.heat_map(grid_of(), look, "x (CAD)", "y (CAD)", "Incremental net benefit (CAD)", (1, 2)),
    }


def texts(axis):
    return [t.get_text() for t in axis.texts]


def line(axis, label):
    return next(found for found in axis.lines if found.get_label() == label)


def bands(axis):
    return [found.get_xydata() for found in axis.lines if found.get_label().startswith(("CEAF", "EVPI"))]


class TestCostEffectivenessPlane:
    plane = plane_of(["surgery"])
    figure = plots.cost_effectiveness_plane(plane, TWO, 50_000)
    axis = figure.axes[2]

    def test_points_are_the_first_draws_and_the_figure_says_so(self):
        points = self.axis.collections[0].get_offsets()
        np.testing.assert_array_equal(points, self.plane[["incremental_effect", "incremental_cost"]].iloc[:5000])
        assert "first 5,000 of 10,000 draws" in self.figure.axes[0].get_title(loc="right")
        assert self.axis.collections[0].get_rasterized()

    def test_mean_is_of_all_draws(self):
        mean = line(self.axis, "Surgery + radiotherapy").get_xydata()[0]
        np.testing.assert_allclose(mean, self.plane[["incremental_effect", "incremental_cost"]].mean())

    @pytest.mark.parametrize("place, along, what", [(0, 0, "incremental_effect"), (3, 1, "incremental_cost")])
    def test_margins_are_histograms_of_all_draws_over_the_axis_of_the_points(self, place, along, what):
        edge = self.figure.axes[place]
        assert (edge.get_xlim, edge.get_ylim)[along]() == (self.axis.get_xlim, self.axis.get_ylim)[along]()
        corners = edge.collections[0].get_paths()[0].vertices
        expected = np.histogram(self.plane[what], 40)[0] / 10_000
        assert corners[:, 1 - along].max() == pytest.approx(expected.max())
        ends = self.plane[what].min(), self.plane[what].max()
        assert (corners[:, along].min(), corners[:, along].max()) == pytest.approx(ends)

    def test_ellipse_holds_95_percent_of_bivariate_normal_draws(self):
        from matplotlib.path import Path

        outline = next(found for found in self.axis.lines if len(found.get_xdata()) > 50).get_xydata()
        inside = Path(outline).contains_points(self.plane[["incremental_effect", "incremental_cost"]])
        assert inside.mean() == pytest.approx(0.95, abs=0.007)  # three standard errors of 10,000 draws

    def test_corners_show_the_shares_counted_by_hand(self):
        cost, effect = self.plane["incremental_cost"], self.plane["incremental_effect"]
        for name, share in {
            "North-east": ((cost > 0) & (effect > 0)).mean(),
            "South-east": ((cost < 0) & (effect > 0)).mean(),
            "North-west": ((cost > 0) & (effect < 0)).mean(),
            "South-west": ((cost < 0) & (effect < 0)).mean(),
        }.items():
            assert f"{name}\n{share:.1%}".replace("%", " %") in texts(self.axis)

    def test_zero_is_inside_even_where_every_draw_gains_and_costs(self):
        axis = plots.cost_effectiveness_plane(
            self.plane.assign(incremental_cost=1000.0 + self.plane["draw"], incremental_effect=1.0), TWO
        ).axes[2]
        assert axis.get_xlim()[0] < 0 < axis.get_xlim()[1] and axis.get_ylim()[0] < 0 < axis.get_ylim()[1]

    def test_axes_and_threshold_are_labelled_with_units(self):
        assert self.axis.get_xlabel() == "Incremental QALYs per person versus Radiotherapy alone"
        assert self.axis.get_ylabel() == "Incremental cost per person (CAD 2024)"
        assert line(self.axis, "50,000 CAD 2024 per QALY").get_slope() == 50_000

    def test_several_strategies_share_the_points_and_have_no_quadrant_shares(self):
        axis = plots.cost_effectiveness_plane(plane_of(list(LABELS)[1:]), SIX).axes[2]
        assert [len(c.get_offsets()) for c in axis.collections] == [1000] * 5
        assert texts(axis) == []


class TestAcceptability:
    ceac, ceaf, loss, evpi = curves_of(TWO)
    axis = plots.acceptability(ceac, ceaf, TWO, (50_000, 1_683_000, 3_000_000)).axes[0]

    @pytest.mark.parametrize("strategy", TWO.labels)
    def test_curves_are_given_values_at_no_more_than_501_points_with_both_ends(self, strategy):
        drawn = line(self.axis, LABELS[strategy]).get_xydata()
        given = self.ceac[self.ceac["strategy"] == strategy].set_index("wtp")[PROBABILITY]
        np.testing.assert_array_equal(drawn[:, 1], given[drawn[:, 0]])
        assert len(drawn) <= 501 and drawn[0, 0] == 0 and drawn[-1, 0] == 2_000_000

    def test_frontier_breaks_where_the_optimal_strategy_changes(self):
        before, after = bands(self.axis)
        assert before[0, 0] == 0 and before[-1, 0] == after[0, 0] == 599_500 and after[-1, 0] == 2_000_000
        assert before[-1, 1] == pytest.approx(0.9 - 0.8 * 599_000 / 2e6)
        assert after[0, 1] == pytest.approx(0.1 + 0.8 * 600_000 / 2e6)

    def test_frontier_shows_a_strategy_that_is_optimal_at_one_threshold_only(self):
        best = pd.DataFrame({"wtp": [0.0, 10, 20], "strategy": ["rt", "surgery", "rt"], PROBABILITY: [0.9, 0.5, 0.6]})
        ceac = self.ceac[self.ceac["wtp"] <= 20_000]
        found = bands(plots.acceptability(ceac, best, TWO).axes[0])
        np.testing.assert_array_equal(found[1], [[5, 0.5], [10, 0.5], [15, 0.5]])

    def test_probability_axis_runs_from_0_to_1(self):
        assert self.axis.get_ylim() == (0, 1)
        assert self.axis.get_ylabel() == "Probability most cost-effective"
        assert self.axis.get_xlabel() == "Willingness to pay (CAD 2024 per QALY)"

    def test_thresholds_on_the_axis_are_drawn_and_labelled(self):
        assert texts(self.axis) == ["50,000", "1,683,000"]
        upright = [found.get_xdata()[0] for found in self.axis.lines if list(found.get_ydata()) == [0, 1]]
        assert upright == [50_000, 1_683_000]

    def test_expected_loss_shows_the_evpi_as_its_band(self):
        axis = plots.expected_loss(self.loss, self.evpi, TWO).axes[0]
        (band,) = bands(axis)
        np.testing.assert_array_equal(band[:, 1], self.evpi.set_index("wtp")["evpi"][band[:, 0]])
        assert axis.get_ylim()[0] == 0 and axis.get_ylabel() == "Expected loss per person (CAD 2024)"


class TestOccupancy:
    def test_survival_line_is_the_share_alive_in_days(self):
        figure = plots.occupancy(trace_of(TWO), TWO, ("dead",))
        survival = line(figure.axes[1], "Survival").get_xydata()
        np.testing.assert_allclose(survival[:, 1], np.exp(-survival[:, 0] / 160))
        assert figure.axes[1].get_xlabel() == "Time since start (days)"
        assert len(figure.axes) == 3 and figure.axes[2].get_title() == "Survival by strategy"

    def test_top_of_the_living_states_is_survival_and_of_all_states_one(self):
        axis = plots.occupancy(trace_of(TWO), TWO, ("dead",)).axes[0]
        survival = line(axis, "Survival").get_xydata()
        tops = [area.get_paths()[0].vertices for area in axis.collections]
        for share in survival[:5]:
            assert np.isclose(tops[1], share, rtol=0, atol=1e-9).all(axis=1).any()
        assert tops[2][:, 1].max() == pytest.approx(1)

    def test_time_axis_ends_when_almost_all_have_died_and_the_figure_says_so(self):
        figure = plots.occupancy(trace_of(TWO), TWO, ("dead",))
        assert np.exp(-figure.axes[1].get_xlim()[1] / 160) == pytest.approx(0.005, rel=0.05)
        assert "until 0.5 % are alive" in figure.get_suptitle()

    def test_states_without_death_run_to_the_horizon_without_survival(self):
        trace = trace_of(TWO)
        figure = plots.occupancy(trace, TWO, ())
        assert len(figure.axes) == 2 and not figure.axes[0].lines
        assert figure.axes[0].get_xlim()[1] == pytest.approx(1820 / 365.25)
        assert figure.axes[0].get_xlabel() == "Time since start (years)"

    @pytest.mark.parametrize(
        "own, last, unit", [("day", 900, "day"), ("day", 1500, "year"), ("year", 40, "year"), ("year", 2, "month")]
    )
    def test_time_is_shown_in_the_models_unit_unless_there_are_too_many_or_too_few(self, own, last, unit):
        from model.report.outcome_plots import _time_unit

        assert _time_unit(last, own)[1] == unit


def test_cost_bars_are_the_discounted_base_case_components_with_their_total_at_the_end():
    axis = plots.cost_components(costs_of(TWO), TWO).axes[0]
    widths = [[bar.get_width() for bar in component] for component in axis.containers]
    assert widths == [[30_000, 60_000], [12_345, 24_690], [-2_000, -4_000]]
    assert [bar.get_x() for bar in axis.containers[1]] == [30_000, 60_000]
    assert [bar.get_x() for bar in axis.containers[2]] == [0, 0]
    assert texts(axis) == ["40,345", "80,690"]
    assert "CAD 2024" in axis.get_xlabel()


class TestSampledDistributions:
    @pytest.mark.parametrize("n", [1, 15, 40])
    def test_every_parameter_has_a_panel_with_all_draws_its_unit_and_its_base_value(self, n):
        figure = plots.sampled_distributions(*sample_of(n), TWO)
        shown = [axis for axis in figure.axes if axis.get_visible()]
        assert len(shown) == n
        for axis in shown:
            corners = axis.collections[0].get_paths()[0].vertices
            assert corners[:, 1].max() == np.histogram(2 + 0.1 * NORMAL[0], 40)[0].max()
            assert [found.get_xdata()[0] for found in axis.lines] == [2.0, 1.804, 2.196]
            assert axis.get_xlabel() == "USD per day"


class TestTornado:
    figure = plots.tornado(tornado_of(), TWO, "Net benefit (CAD)")
    axis = figure.axes[0]

    def test_bars_are_sorted_by_width_with_undefined_ends_first(self):
        order = [label.get_text() for label in self.axis.get_yticklabels()]
        assert order == ["no end (USD)", "wide (USD)", "one side (USD)", "narrow (USD)"]

    def test_bars_end_at_the_results(self):
        ends = {(round(bar.get_y() + bar.get_height() / 2), bar.get_x() + bar.get_width()) for bar in self.axis.patches}
        assert ends == {(0, 120), (1, 160), (1, 40), (2, 110), (2, 130), (3, 95), (3, 105)}

    def test_parameter_values_stand_at_the_ends_and_a_result_that_is_no_number_is_named(self):
        assert texts(self.axis) == ["3", "4: dominated", "1,000", "34,000", "0.1", "0.9", "1", "2"]

    def test_two_ends_on_one_side_of_the_base_case_do_not_cover_each_other(self):
        low, high = (bar for bar in self.axis.patches if round(bar.get_y() + bar.get_height() / 2) == 2)
        assert low.get_y() + low.get_height() < high.get_y()

    def test_left_out_bars_are_counted(self):
        axis = plots.tornado(tornado_of(), TWO, "Net benefit (CAD)", max_bars=2).axes[0]
        assert axis.get_title(loc="right") == "The 2 widest of 4 parameters"

    def test_base_case_that_is_no_number_is_said(self):
        figure = plots.tornado(tornado_of().assign(base_result=np.nan), TWO, "ICER (CAD per QALY)")
        assert "no finite value" in texts(figure.axes[0])[0]


def test_evppi_is_sorted_with_error_bars_that_stop_at_zero():
    axis = plots.evppi(EVPPI, TWO, 500.0, 50_000).axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["b", "a"]
    assert [bar.get_width() for bar in axis.patches] == [400, 10]
    whiskers = [segment[:, 0].tolist() for segment in axis.containers[1].lines[2][0].get_segments()]
    z = 1.959964  # of 95 %
    np.testing.assert_allclose(whiskers, [[400 - 50 * z, 400 + 50 * z], [0, 10 + 20 * z]], rtol=1e-6)
    assert line(axis, "EVPI: 500").get_xdata()[0] == 500
    assert axis.get_xlabel() == "EVPPI per person (CAD 2024, at 50,000 CAD 2024 per QALY)"


def test_a_line_of_thresholds_marks_each_change_of_the_decision():
    axis = plots.line_sweep(SWEEP, TWO, "Cost (CAD)", "Net benefit (CAD)", None, [0.25, 0.75]).axes[0]
    upright = [
        line.get_xdata()[0] for line in axis.lines if len(line.get_xdata()) == 2 and len(set(line.get_xdata())) == 1
    ]
    assert upright == [0.25, 0.75]
    assert "The decision changes at 0.25, 0.75" in [text.get_text() for text in axis.figure.legends[0].get_texts()]


def test_line_sweep_draws_the_results_of_each_strategy():
    axis = plots.line_sweep(SWEEP, TWO, "Cost (CAD)", "Net benefit (CAD)", 0.5).axes[0]
    assert line(axis, "Radiotherapy alone").get_xydata().tolist() == [[0, -5], [1, 5]]
    assert line(axis, "Surgery + radiotherapy").get_xydata().tolist() == [[0, 2], [1, 3]]
    assert line(axis, "Base value: 0.5").get_xdata()[0] == 0.5
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("Cost (CAD)", "Net benefit (CAD)")


class TestHeatMap:
    def test_indifference_runs_where_net_benefit_is_zero_and_colours_centre_there(self):
        axis = plots.heat_map(grid_of(), TWO, "x", "y", "z (CAD)").axes[0]
        mesh, contour = axis.collections
        assert (mesh.norm.vmin, mesh.norm.vmax) == (-10, 10)
        vertices = contour.get_paths()[0].vertices
        np.testing.assert_allclose(vertices[:, 0], vertices[:, 1], atol=1e-12)
        assert np.ptp(vertices[:, 0]) == pytest.approx(10)

    def test_map_without_indifference_says_so(self):
        axis = plots.heat_map(grid_of(lambda x, y: x + y + 1), TWO, "x", "y", "z").axes[0]
        assert len(axis.collections) == 1 and "above 0 over the whole map" in axis.get_title(loc="right")


@pytest.mark.parametrize("look", [TWO, SIX], ids=["two strategies", "six strategies"])
def test_nothing_overlaps_or_leaves_the_figure(look):
    for name, figure in figures(look).items():
        figure.draw_without_rendering()
        frame = figure.bbox.padded(1)
        boxes = [axis.get_tightbbox() for axis in figure.axes if axis.get_visible()]
        boxes += [box.get_window_extent() for box in (*figure.legends, figure._suptitle)]
        for i, box in enumerate(boxes):
            assert frame.x0 <= box.x0 and box.x1 <= frame.x1, f"{name}: part {i} leaves the figure sideways"
            assert frame.y0 <= box.y0 and box.y1 <= frame.y1, f"{name}: part {i} leaves the figure"
            for other in boxes[:i]:
                assert not box.padded(-2).overlaps(other.padded(-2)), f"{name}: part {i} overlaps another"


@pytest.mark.parametrize("thresholds", [(20e3, 25e3, 30e3, 35e3), (1.97e6, 1.98e6, 2e6), (5e5, 1e6)])
def test_labels_of_close_thresholds_do_not_touch(thresholds):
    ceac, ceaf, *_ = curves_of(TWO)
    figure = plots.acceptability(ceac, ceaf, TWO, thresholds)
    figure.draw_without_rendering()
    from matplotlib.text import Text

    boxes = [Text.get_window_extent(text) for text in figure.axes[0].texts]  # without the leader lines
    assert len(boxes) == len(thresholds)
    assert all(left.x1 < right.x0 for left, right in zip(boxes, boxes[1:]))


CEAC, CEAF, LOSS, EVPI = curves_of(TWO)


@pytest.mark.parametrize(
    "draw, reason",
    {
        "plane": (partial(plots.cost_effectiveness_plane, plane_of(["surgery"])[:0], TWO), "at least two strategies"),
        "acceptability": (partial(plots.acceptability, CEAC[:0], CEAF[:0], TWO), "no probabilistic results"),
        "loss": (partial(plots.expected_loss, LOSS[:0], EVPI[:0], TWO), "no probabilistic results"),
        "group": (partial(plots.occupancy, trace_of(TWO), TWO, ("dead",), "women"), "group 'women'"),
        "costs": (partial(plots.cost_components, costs_of(TWO)[:0], TWO), "No cost components"),
        "sampled": (partial(plots.sampled_distributions, sample_of(0)[0], sample_of(0)[1], TWO), "No parameter"),
        "tornado": (partial(plots.tornado, tornado_of()[:0], TWO, "NMB"), "No parameter was varied"),
        "evppi": (partial(plots.evppi, EVPPI[:0], TWO), "no parameter is sampled"),
        "sweep": (partial(plots.line_sweep, SWEEP[:0], TWO, "x", "y"), "no values"),
        "map": (partial(plots.heat_map, grid_of()[:0], TWO, "x", "y", "z"), "no values"),
    }.values(),
)
def test_figure_without_data_says_why(draw, reason):
    assert reason in " ".join(texts(draw().axes[0])).replace("\n", " ")


def test_one_strategy_has_curves_occupancy_and_costs():
    one = plots.Style({"rt": "Radiotherapy alone"})
    certain = pd.DataFrame({"wtp": WTP, "strategy": "rt", PROBABILITY: 1.0})
    axis = plots.acceptability(certain, certain, one).axes[0]
    assert set(line(axis, "Radiotherapy alone").get_ydata()) == {1.0}
    assert len(plots.occupancy(trace_of(one), one, ("dead",)).axes) == 1
    assert texts(plots.cost_components(costs_of(one), one).axes[0]) == ["40,345"]


def test_a_single_draw_has_a_mean_but_no_ellipse():
    axis = plots.cost_effectiveness_plane(plane_of(["surgery"], n=1), TWO).axes[0]
    assert not [found for found in axis.lines if len(found.get_xdata()) > 50]


def test_saved_figure_is_the_same_bytes_each_time_with_its_data_beside_it(tmp_path):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        drawn = figures(TWO)
        for figure_name in ("plane", "acceptability", "occupancy", "heat_map"):
            plots.save(drawn[figure_name], EVPPI, tmp_path / name, figure_name)
    for file in (tmp_path / "first").iterdir():
        assert file.read_bytes() == (tmp_path / "second" / file.name).read_bytes(), file.name
    svg = (tmp_path / "first" / "plane.svg").read_text()
    assert "<dc:date>" not in svg and "Incremental cost per person (CAD 2024)" in svg
    assert len(svg) < 400_000  # the points are an image
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "first" / "plane.csv"), EVPPI, check_dtype=False)
    assert (tmp_path / "first" / "plane.png").read_bytes().startswith(b"\x89PNG")


def test_figures_leave_no_global_state_and_notebooks_show_them():
    import matplotlib
    from matplotlib import pyplot

    before = dict(matplotlib.rcParams)
    figure = figures(TWO)["acceptability"]
    assert pyplot.get_fignums() == [] and dict(matplotlib.rcParams) == before
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert pickle.loads(pickle.dumps(figure)).axes[0].get_ylabel() == "Probability most cost-effective"


def test_plots_are_imported_without_matplotlib():
    code = "import sys, model.report.plots; print({'matplotlib', 'seaborn', 'pandas'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


class TestStyle:
    many = plots.Style({str(i): str(i) for i in range(8)})

    def test_eight_strategies_differ_without_colour(self):
        looks = [self.many.look(s) for s in self.many.labels]
        assert len({str(look["linestyle"]) for look in looks}) == len({look["marker"] for look in looks}) == 8

    def test_stacked_neighbours_differ_in_grey(self):
        from matplotlib.colors import to_rgb

        grey = np.array([np.dot(to_rgb(c), [0.299, 0.587, 0.114]) for c in style.AREAS])
        assert np.abs(np.diff(grey)).min() > 0.3

    @pytest.mark.parametrize(
        "value, digits, text",
        [(1234567.4, 0, "1,234,567"), (-0.25, 2, "−0.25"), (-0.001, 1, "0.0"), (-1e6, 0, "−1,000,000")],
    )
    def test_numbers_have_thousands_separators_and_a_true_minus(self, value, digits, text):
        assert numbers.number(value, digits) == text

    @pytest.mark.parametrize(
        "value, text", [(0.48771, "0.4877"), (34000.0, "34,000"), (-2.5, "−2.5"), (999.99, "1,000")]
    )
    def test_brief_numbers_have_four_figures(self, value, text):
        assert numbers.brief(value) == text

    @pytest.mark.parametrize(
        "limits, shown",
        [
            ((0, 2e6), ["0", "500,000", "1,000,000", "1,500,000", "2,000,000"]),
            ((0, 1), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
            ((0, 0.002), ["0.0000", "0.0005", "0.0010", "0.0015", "0.0020"]),
        ],
    )
    def test_ticks_have_the_decimals_they_need(self, limits, shown):
        _, axis = style.canvas(TWO, "")
        axis.set_xlim(limits)
        style.numbers(axis.xaxis)
        assert [label.get_text() for label in axis.get_xticklabels()] == shown


@pytest.mark.parametrize("value", [0.0, 250.0, -3e-12, 1e12])
def test_values_that_are_all_the_same_are_one_bar(value):
    figure, axis = style.canvas(style.Style({}), "Histogram")
    sample = value * (1 + 1e-15 * np.arange(50))
    marks.histogram(axis, sample)
    low, high = axis.get_xlim()
    assert low < value < high


@pytest.mark.parametrize("draws", [2, 9, 12])
def test_convergence_of_few_draws_is_drawn(draws, tmp_path):
    import model

    model.converge("scenarios/mscc_constant_hazards.yaml", draws=draws).save(tmp_path / "out")
    assert (tmp_path / "out" / "figures" / "convergence.png").stat().st_size > 5000
