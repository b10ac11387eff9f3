"""What each difference does: Shapley values against all orders, by hand, and whatever the order of a file."""

import dataclasses
import itertools

import numpy as np
import pytest
from runs import SCENARIOS, decided, write_scenario

from model import draws
from model.analysis.attribution import DifferenceError, attribute
from model.analysis.evaluate import evaluate
from model.analysis.method import Method
from model.analysis.shapley import shapley
from model.report.difference_report import attribution_table, differences_table, names
from model.sample import Sample
from model.scenario_file import read
from model.scenario_file.difference import Trees

DEFAULT = SCENARIOS / "mscc_constant_hazards.yaml"

# One year in one state, without death: the incremental cost is price x amount.
SHOP = """
wtp: {{thresholds: [10]}}
time: {{unit: year, horizon: 1 year, cycle: 1 year}}
parameters:
  price: {{value: {price}, unit: USD per year{source}}}
  amount: {{value: {amount}, unit: number}}
strategies: {{today: {{treated: 0}}, new: {{treated: 1}}}}
states: {{here: {{start: 1, utility: 0.5, cost: {{care: treated * price * amount}}}}, dead: {{}}}}
transitions: [{{from: here, to: dead, rate: 0 per year}}]
"""


def shop(folder, name, price=10, amount=2, source=""):
    return read(write_scenario(folder, SHOP.format(price=price, amount=amount, source=source), name))


def extended(folder, text):
    path = folder / "b.yaml"
    path.write_text(f"extends: {DEFAULT}\n{text}", encoding="utf-8")
    return read(path)


def shares(found, result=2, group=0):
    return dict(zip(names(found), found.share.value[:, result, group, 1]))


def gain(scenario, wtp):
    total = evaluate(scenario, draws.base(scenario)).total
    return float((wtp * total.get("qaly") - total.cost)[:, 0] @ [-1, 1])


# --- the Shapley value ------------------------------------------------------------------------------------------


def game(seed, n):
    """A result for every set of changes, and the function that tells it."""
    known = np.random.default_rng(seed).normal(size=(2**n, 2))
    return known, lambda masks: {mask: known[mask] for mask in masks}


@pytest.mark.parametrize("n", [1, 2, 4, 5])
def test_the_exact_value_is_the_mean_over_all_orders(n):
    known, values = game(n, n)
    total = np.zeros((n, 2))
    orders = list(itertools.permutations(range(n)))
    for order in orders:
        mask = 0
        for i in order:
            total[i] += known[mask | 1 << i] - known[mask]
            mask |= 1 << i
    found = shapley(values, n)
    assert found.value == pytest.approx(total / len(orders), abs=1e-12)
    assert found.orders is None and not found.standard_error.any()


def pairs(n, seed=2):
    """(values, Shapley values) of a game of single effects and of pairs and triples: an interaction is shared equally."""
    rng = np.random.default_rng(seed)
    terms = {(i,): rng.normal() for i in range(n)}
    terms |= {c: rng.normal() for size in (2, 3) for c in itertools.combinations(range(n), size)}

    def values(masks):
        return {m: np.array([sum(v for c, v in terms.items() if all(m >> i & 1 for i in c))]) for m in masks}

    return values, np.array([sum(v / len(c) for c, v in terms.items() if i in c) for i in range(n)])


def test_sampled_orders_find_the_closed_form_within_their_error_and_add_up_exactly():
    values, expected = pairs(10)
    found = shapley(values, 10, orders=400)
    z = (found.value[:, 0] - expected) / found.standard_error[:, 0]
    assert np.abs(z).max() < 3.5 and (found.standard_error > 0).all()
    everything = values([2**10 - 1])[2**10 - 1]
    assert found.value.sum(axis=0) == pytest.approx(everything, rel=1e-12)


def test_the_stated_error_is_the_spread_over_seeds():
    values, _ = pairs(9)
    runs = [shapley(values, 9, orders=60, seed=seed) for seed in range(60)]
    spread = np.std([r.value[:, 0] for r in runs], axis=0, ddof=1)
    stated = np.sqrt(np.mean([r.standard_error[:, 0] ** 2 for r in runs], axis=0))
    assert stated / spread == pytest.approx(np.ones(9), abs=0.3)


# --- scenarios --------------------------------------------------------------------------------------------------


def test_a_product_of_two_changes_by_hand(tmp_path):
    """10 x 2 = 20 becomes 14 x 5 = 70: the price adds 4 x (2 + 5) / 2 = 14, the amount 3 x (10 + 14) / 2 = 36."""
    a, b = shop(tmp_path, "a.yaml"), shop(tmp_path, "b.yaml", 14, 5)
    found = attribute(a, b, decided(a))
    assert shares(found, 0) == pytest.approx({"price": 14, "amount": 36})
    assert shares(found, 2) == pytest.approx({"price": -14, "amount": -36})
    assert found.start[0, 0, 1] == pytest.approx(20) and found.end[0, 0, 1] == pytest.approx(70)


B = """
time: {horizon: 1 year}
discount: {effect: 3 %}
parameters:
  c_surgery: {value: 19000}
  hazard_death: {value: 0.006}
strategies: {surgery: {hr: 0.8}}
states: {ambulatory: {utility: u_amb * 0.9}}
"""


def test_shares_of_a_real_scenario_are_the_mean_over_all_orders_of_files(tmp_path):
    a, b = read(DEFAULT), extended(tmp_path, B)
    found = attribute(a, b, decided(a, 100_000))
    texts = {
        "time.horizon": "horizon=1 year",
        "discount.effect": "discount.effect=3 %",
        "c_surgery": "c_surgery=19000",
        "hazard_death": "hazard_death=0.006",
        "strategies.surgery.hr": "strategies.surgery.hr=0.8",
        "states.ambulatory.utility": "states.ambulatory.utility=u_amb * 0.9",
    }
    assert set(shares(found)) == set(texts)
    known = {
        s: gain(read(DEFAULT, [texts[x] for x in s]), 100_000)
        for n in range(7)
        for s in map(frozenset, itertools.combinations(texts, n))
    }
    orders = list(itertools.permutations(texts))
    expected = dict.fromkeys(texts, 0.0)
    for order in orders:
        for i, name in enumerate(order):
            expected[name] += (known[frozenset(order[: i + 1])] - known[frozenset(order[:i])]) / len(orders)
    assert shares(found) == pytest.approx(expected, rel=1e-9, abs=1e-6)


def test_shares_add_up_to_the_difference_in_every_result_and_group(tmp_path):
    found = attribute(read(DEFAULT), extended(tmp_path, B), decided(read(DEFAULT)))
    assert found.groups == ("all", "walking", "not walking")
    assert found.share.value.sum(axis=0) == pytest.approx(found.end - found.start, rel=1e-9, abs=1e-9)
    table = attribution_table(found)
    sums = table[table.kind == "change"].groupby("group")["incremental_nmb"].sum()
    ends = table[table.kind == "level"].groupby("group")["incremental_nmb"].agg(lambda v: v.iloc[1] - v.iloc[0])
    assert sums.to_numpy() == pytest.approx(ends[sums.index].to_numpy(), rel=1e-9)


def test_all_differences_together_are_the_other_scenario(tmp_path):
    a, b = read(DEFAULT), extended(tmp_path, B)
    trees = Trees(a, b)
    mixed = trees.mixed({d.entry for d in trees.differences()})
    assert gain(mixed, 50_000) == pytest.approx(gain(b, 50_000), rel=1e-12)
    assert not [d for d in Trees(mixed, b).differences() if d.matters]


def test_more_than_eight_changes_are_sampled_and_still_add_up(tmp_path):
    values = "".join(
        f"  {name}: {{value: {v}}}\n"
        for name, v in {
            "p_walk_at_entry": 0.5,
            "p_retain_rt": 0.6,
            "p_regain_rt": 0.3,
            "hazard_death": 0.006,
            "hr_nonamb": 1.5,
            "u_amb": 0.7,
            "u_nonamb": 0.3,
            "c_surgery": 20000,
            "c_day_amb": 50,
            "c_day_nonamb": 300,
        }.items()
    )
    a, b = read(DEFAULT), extended(tmp_path, f"parameters:\n{values}")
    found = attribute(a, b, decided(a), orders=40)
    assert found.share.orders == 40 and len(found.changes) == 10
    assert found.share.value.sum(axis=0) == pytest.approx(found.end - found.start, rel=1e-9, abs=1e-9)
    assert (found.share.standard_error[:, 2, 0, 1] < 0.2 * abs(found.end - found.start)[2, 0, 1]).all()


def test_the_order_of_fields_notes_and_ways_of_writing_a_number_make_no_difference(tmp_path):
    a = shop(tmp_path, "a.yaml", 1000, 2)
    b = read(
        write_scenario(
            tmp_path,
            """
transitions: [{to: dead, from: here, rate: 0 per year}]
states: {dead: {}, here: {utility: 0.50, start: 1, cost: {care: treated *  price * amount}}}
strategies: {today: {treated: 0}, new: {treated: 1}}
parameters:
  amount: {unit: number, value: 200 %}
  price: {value: 1e3, unit: USD per year, note: another}
time: {unit: year, horizon: 1 year, cycle: 1 year}
wtp: {thresholds: [10]}
""",
            "b.yaml",
        )
    )
    found = attribute(a, b, decided(a))
    assert [d.name for d in found.differences] == ["parameters.price.note"] and not found.changes
    assert differences_table(found).change.tolist() == [""]


def test_a_new_parameter_and_its_uses_are_one_change(tmp_path):
    found = attribute(
        read(DEFAULT),
        extended(
            tmp_path,
            """
parameters: {hr_extra: {value: 0.8, unit: hazard ratio}, c_rt: {value: 1000}}
strategies: {surgery: {hr: hr_surgery * hr_extra}}
""",
        ),
        decided(read(DEFAULT)),
    )
    assert set(shares(found)) == {"hr_extra + strategies.surgery.hr", "c_rt"}


def test_a_new_state_and_its_moves_are_one_change(tmp_path):
    found = attribute(
        read(DEFAULT),
        extended(
            tmp_path,
            """
states: {hospice: {label: Hospice, cost: {care: c_day_nonamb}, utility: u_nonamb}}
transitions:
  - {from: non-ambulatory, to: hospice, rate: 0.01 per day}
  - {from: hospice, to: dead, rate: 0.02 per day}
parameters: {c_surgery: {value: 19000}}
""",
        ),
        decided(read(DEFAULT)),
    )
    assert sorted(map(len, found.changes)) == [1, 3]
    assert sum(shares(found).values()) == pytest.approx(float((found.end - found.start)[2, 0, 1]))


def test_settings_that_cannot_be_read_without_each_other_are_one_change(tmp_path):
    """Under half-cycle correction the horizon must be a whole number of cycles, which 5 years of weeks are not."""
    found = attribute(
        read(DEFAULT),
        extended(
            tmp_path,
            """
time: {convention: half-cycle, horizon: 260 weeks}
discount: {cost: 3 %}
""",
        ),
        decided(read(DEFAULT)),
    )
    assert set(shares(found)) == {"time.horizon + time.convention", "discount.cost"}


def test_values_that_the_model_cannot_run_without_each_other_are_one_change(tmp_path):
    text = """
parameters: {{p: {{value: {p}, unit: probability}}, q: {{value: {q}, unit: probability}}, c: {{value: {c}, unit: USD}}}}
strategies: {{a: {{treated: 0}}, b: {{treated: 1}}}}
states: {{entry: {{start: 1, stay: 0}}, here: {{utility: 1}}, dead: {{}}}}
transitions:
  - {{from: entry, to: dead, probability: p + q * (1 - treated), cost: {{care: c * treated}}}}
  - {{from: entry, to: here, probability: rest, cost: {{care: c * treated}}}}
  - {{from: here, to: dead, rate: 0.1 per year}}
"""
    a = read(write_scenario(tmp_path, text.format(p=0.1, q=0.7, c=5), "a.yaml"))
    b = read(write_scenario(tmp_path, text.format(p=0.5, q=0.2, c=7), "b.yaml"))
    assert set(shares(attribute(a, b, decided(a)))) == {"p + q", "c"}


def test_diagrams_that_cannot_be_mixed_are_one_change(tmp_path):
    """In the other file nobody is where patients of the first one start, and an effect counts a state of its own."""
    found = attribute(
        read(DEFAULT),
        extended(
            tmp_path,
            """
states: {presenting: null, clinic: {start: 1, stay: 0, label: Clinic}, cured: {utility: 1, label: Cured}}
transitions:
  - {from: presenting, to: ambulatory, rate: null}
  - {from: presenting, to: non-ambulatory, rate: null}
  - {from: clinic, to: cured, probability: p_walk}
  - {from: clinic, to: dead, probability: rest}
  - {from: cured, to: dead, rate: hazard_death}
effects: {cured_days: {label: Days cured, time in: [cured], unit: day}}
parameters: {c_rt: {value: 1000}}
""",
        ),
        decided(read(DEFAULT)),
    )
    assert sorted(map(len, found.changes))[-1] > 5
    assert sum(shares(found).values()) == pytest.approx(float((found.end - found.start)[2, 0, 1]))


def test_another_distribution_with_the_same_mean_shows_in_the_psa_only(tmp_path):
    a = read(DEFAULT)
    b = extended(
        tmp_path, 'parameters: {hr_nonamb: {value: 1.96, distribution: "lognormal(meanlog=log(1.96), sdlog=0.8)"}}'
    )
    assert not attribute(a, b, decided(a)).changes
    found = attribute(a, b, decided(a), sample=Sample(500))
    assert list(shares(found)) == ["hr_nonamb"]
    means = []
    for scenario in (a, b):
        total = evaluate(scenario, draws.probabilistic(scenario, Sample(500, 1))).total
        means.append(float((50_000 * total.get("qaly") - total.cost).mean(axis=1) @ [-1, 1]))
    assert shares(found)["hr_nonamb"] == pytest.approx(means[1] - means[0], rel=1e-9)
    assert abs(means[1] - means[0]) > 1


def test_an_engine_that_follows_patients_gives_the_same_attribution_within_its_error(tmp_path):
    a, b = read(DEFAULT), extended(tmp_path, "parameters: {c_surgery: {value: 19000}, u_amb: {value: 0.7}}")
    exact, found = attribute(a, b, decided(a)), attribute(a, b, decided(a), method=Method("individual", patients=20))
    assert shares(found)["c_surgery"] == pytest.approx(15_000)
    assert shares(found)["u_amb"] == pytest.approx(shares(exact)["u_amb"], rel=0.15)


def test_scenarios_in_other_money_or_of_other_strategies_are_refused(tmp_path):
    a = read(DEFAULT)
    with pytest.raises(DifferenceError, match="costs cannot be compared"):
        attribute(a, extended(tmp_path, "currency: {year: 2020}"), decided(a))
    with pytest.raises(DifferenceError, match="must have the reference strategy 'radiotherapy'"):
        attribute(a, dataclasses.replace(shop(tmp_path, "c.yaml"), price_year="2010"), decided(a))
