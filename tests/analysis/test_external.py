"""Tables of other software: which column is the number of the draw, and what is printed of them."""

import numpy as np
import pandas as pd
import pytest

from model.analysis.external import TableError, analyse
from model.report import external_report

N = 60
RNG = np.random.default_rng(1)
COST = pd.DataFrame({"A": RNG.normal(1000, 50, N), "B": RNG.normal(1500, 50, N)})
EFFECT = pd.DataFrame({"A": RNG.normal(1.0, 0.01, N), "B": RNG.normal(1.06, 0.01, N)})
ICER = (COST["B"].mean() - COST["A"].mean()) / (EFFECT["B"].mean() - EFFECT["A"].mean())


def with_column(frame, name, values, place=0):
    made = frame.copy()
    made.insert(place, name, values)
    return made


def check(found):
    assert found.strategies == ("A", "B")
    table = external_report.report(found).tables["incremental"]
    assert table["icer"].iloc[1] == pytest.approx(ICER)


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("name", ["sample", "nr", "A draw", "id"])
@pytest.mark.parametrize("first", [0, 1])
def test_a_column_that_counts_is_the_draw_whatever_its_name_or_place(name, place, first):
    numbers = np.arange(first, N + first)
    check(analyse(with_column(COST, name, numbers, place), with_column(EFFECT, name, numbers, place)))


def test_files_with_such_a_column_are_read_alike(tmp_path):
    for name, frame in (("cost", COST), ("effect", EFFECT)):
        frame.to_csv(tmp_path / f"{name}.csv")  # the index that pandas writes: 0, 1, 2... under no name
        with_column(frame, "sample", range(1, N + 1)).to_csv(tmp_path / f"{name}_sample.csv", index=False)
    check(analyse(tmp_path / "cost.csv", tmp_path / "effect.csv"))
    check(analyse(tmp_path / "cost_sample.csv", tmp_path / "effect_sample.csv"))


def test_a_column_that_counts_in_one_file_only_is_the_draw():
    check(analyse(with_column(COST, "sample", range(N)), EFFECT))
    check(analyse(with_column(COST, "sample", range(N)), with_column(EFFECT, "run", range(1, N + 1))))


def test_draws_in_another_order_are_refused():
    numbers = np.arange(1, N + 1)
    with pytest.raises(TableError, match="must be the same draws in the same order; row 2 is draw 1 in one and 60"):
        analyse(with_column(COST, "sample", numbers), with_column(EFFECT, "sample", numbers[::-1]))
    shuffled = np.random.default_rng(2).permutation(numbers)
    check(analyse(with_column(COST, "sample", shuffled), with_column(EFFECT, "sample", shuffled)))


def test_a_strategy_whose_costs_alone_count_is_a_strategy():
    cost, effect = with_column(COST, "C", range(1, N + 1)), with_column(EFFECT, "C", np.linspace(0.9, 1, N))
    assert analyse(cost, effect).strategies == ("C", "A", "B")


def test_the_draw_is_no_parameter():
    numbers, parameters = range(1, N + 1), pd.DataFrame({"p": COST["A"]})
    found = analyse(COST, EFFECT, parameters=with_column(parameters, "sample", numbers, 1), voi_wtp=8000)
    assert list(found.information.single) == ["p"]


def test_where_one_strategy_dominates_no_table_has_a_ratio():
    cost, effect = COST[["B", "A"]], EFFECT
    cost.columns = ["A", "B"]
    made = external_report.report(analyse(cost, effect)).tables
    assert made["incremental"]["icer"].isna().all() and made["icer_interval"]["icer"].isna().all()
    assert made["icer_interval"]["status"].tolist() == ["dominant", "dominant"]


def test_the_probability_in_the_table_is_that_of_the_curve():
    made = external_report.report(analyse(COST, EFFECT, wtp=np.array([0, 5000.0]), thresholds=(8000,))).tables
    gain = 8000 * (EFFECT["B"] - EFFECT["A"]) - (COST["B"] - COST["A"])
    column = "probability_most_cost_effective"
    own = made["net_benefit"].query("strategy == 'B' and wtp == 8000")[column].iloc[0]
    assert own == (gain > 0).mean() == made["ceac"].query("strategy == 'B' and wtp == 8000")[column].iloc[0]
