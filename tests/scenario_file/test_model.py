"""Every way of stating strategies, groups, states, transitions and prices, against numbers worked out by hand."""

import math

import pytest
from scipy import stats
from written import dynamics, level, outcome, scenario, survival

TWO = "states:\n  well: {start: 1, utility: 1}\n  dead: {}\n"


def move(folder, fields, more="", head=TWO):
    return scenario(folder, f"{head}transitions:\n  - {{from: well, to: dead, {fields}}}\n{more}")


# --- strategies, groups, periods ---------------------------------------------------------------------------


def test_any_number_of_strategies_bind_names_to_formulas(tmp_path):
    text = (
        "parameters:\n  hr: {value: 0.5}\nstrategies:\n  a: {x: 1}\n  b: {x: hr}\n  c: {label: Third, x: "
        '"min(hr, 0.2) * y", y: 2}\n'
        "  d: {x: 0}\n"
    )
    found = move(tmp_path, "rate: r * x", text.replace("parameters:\n", "parameters:\n  r: {value: 0.2 per year}\n"))
    assert level(found) == pytest.approx([0.2, 0.1, 0.08, 0])
    assert found.labels == {"a": "a", "b": "b", "c": "Third", "d": "d"}


def test_groups_bind_names_and_the_total_is_weighted(tmp_path):
    found = scenario(
        tmp_path,
        "parameters:\n  p: {value: 0.3}\ngroups:\n  ill: {weight: p, u: 0.5}\n  fit: {weight: "
        "1 - p, u: 0.9}\n"
        "states:\n  well: {start: 1, utility: u}",
    )
    assert outcome(found, "qaly", group="ill") == pytest.approx([5])
    assert outcome(found, "qaly", group="fit") == pytest.approx([9])
    assert outcome(found, "qaly") == pytest.approx([0.3 * 5 + 0.7 * 9])


def test_a_strategy_can_read_what_a_group_binds(tmp_path):
    found = scenario(
        tmp_path,
        "strategies:\n  care: {u: base}\n  drug: {u: base + 0.1}\n"
        "groups:\n  ill: {weight: 1 / 4, base: 0.5}\n  fit: {weight: 75 %, base: 0.8}\n"
        "states:\n  well: {start: 1, utility: u}",
    )
    assert outcome(found, "qaly") == pytest.approx([7.25, 8.25])


def test_periods_change_prices_and_rates_at_their_time(tmp_path):
    text = "periods:\n  early: {until: 2 years, price: 100, r: 0.1}\n  late: {price: 50, r: 0.3}\n"
    found = scenario(
        tmp_path, text + "parameters:\n  unit: {value: 1 USD per year}\nstates:\n  well: {start: 1, cost: price * unit}"
    )
    assert outcome(found, "cost") == pytest.approx([2 * 100 + 8 * 50])
    found = move(
        tmp_path,
        "rate: r * one",
        text.replace("price: 100, ", "").replace("price: 50, ", "") + "parameters:\n  one: {value: 1 per year}\n",
    )
    assert [level(found, time=t)[0] for t in (0, 1.99, 2, 9)] == pytest.approx([0.1, 0.1, 0.3, 0.3])
    alive = (1 - math.exp(-0.2)) / 0.1 + math.exp(-0.2) * (1 - math.exp(-2.4)) / 0.3
    assert outcome(found, "life_years") == pytest.approx([alive], rel=1e-9)


# --- states ------------------------------------------------------------------------------------------------


def test_patients_start_where_start_says(tmp_path):
    found = scenario(
        tmp_path, "states:\n  a: {start: 0.25, utility: 0.4}\n  b: {start: 75 %, utility: 0.8}\n  c: {start: 0}"
    )
    assert dynamics(found).start[0, 0].tolist() == [0.25, 0.75, 0]
    assert outcome(found, "qaly") == pytest.approx([10 * (0.25 * 0.4 + 0.75 * 0.8)])


def test_costs_by_component_add_up_and_a_perspective_leaves_some_out(tmp_path):
    text = (
        "states:\n  well: {start: 1, cost: {drug: 10 USD per year, travel: 1 USD per week}, entry cost: {test: 7 "
        "USD}}\n"
    )
    found = scenario(tmp_path, "perspective: Society\n" + text)
    assert found.components == ("drug", "travel", "test") and found.perspective == "Society"
    weeks = 3652.5 / 7
    assert outcome(found, "cost: travel") == pytest.approx([weeks])
    assert outcome(found, "cost") == pytest.approx([100 + weeks + 7])
    payer = scenario(tmp_path, "perspective: {name: Payer, leave out: [travel]}\n" + text)
    assert payer.components == ("drug", "test")
    assert outcome(payer, "cost") == pytest.approx([107])


def test_one_off_costs_and_qalys_count_on_every_entry_the_start_included(tmp_path):
    text = (
        "states:\n  a: {start: 0.4, entry cost: 100 USD, entry qaly: -0.5 QALY}\n  gate: {start: 0.6, stay: 0}\n "
        " b: {alive: true}\n"
        "transitions:\n  - {from: gate, to: a, probability: 0.5}\n  - {from: gate, to: b, probability: rest}\n"
    )
    found = scenario(tmp_path, text)
    assert outcome(found, "cost: entry") == pytest.approx([70])
    assert outcome(found, "qaly") == pytest.approx([-0.35])


def test_who_is_alive_follows_from_the_diagram_or_is_stated(tmp_path):
    text = (
        "states:\n  a: {start: 1}\n  b: {utility: 0.5}\n  c: {}\n  d: {alive: true}\n  e: {alive: false, cost: 1 "
        "USD per day}\n"
        "transitions:\n  - {from: a, to: b, rate: 0.1 per year}"
    )
    found = scenario(tmp_path, text)
    assert found.dead_states == ("c", "e")


def test_a_funeral_can_be_paid_while_dead_does_not_count_as_life(tmp_path):
    found = scenario(tmp_path, "states:\n  dead: {start: 1, alive: false, cost: 2 USD per year}")
    assert outcome(found, "life_years") == [0] and outcome(found, "cost") == pytest.approx([20])


# --- transitions -------------------------------------------------------------------------------------------


def test_a_constant_rate_gives_the_exponential_life_expectancy(tmp_path):
    found = move(tmp_path, "rate: 0.2 per year, cost: 30 USD, qaly: -0.1 QALY")
    dead = 1 - math.exp(-2)
    assert outcome(found, "life_years") == pytest.approx([dead / 0.2], rel=1e-9)
    assert outcome(found, "cost: transition") == pytest.approx([30 * dead], rel=1e-9)
    assert outcome(found, "qaly") == pytest.approx([dead / 0.2 - 0.1 * dead], rel=1e-9)


FAMILIES = [
    ("exponential(0.2)", lambda t: math.exp(-0.2 * t)),
    ("exponential(rate=0.2)", lambda t: math.exp(-0.2 * t)),
    ("weibull(shape=1.3, scale=6)", lambda t: math.exp(-((t / 6) ** 1.3))),
    ("gompertz(shape=0.1, rate=0.05)", lambda t: math.exp(-0.5 * (math.exp(0.1 * t) - 1))),
    ("lognormal(meanlog=1.5, sdlog=0.7)", lambda t: stats.norm.sf((math.log(t) - 1.5) / 0.7)),
    ("lognormal(median=4.5, sdlog=0.7)", lambda t: stats.norm.sf(math.log(t / 4.5) / 0.7)),
    ("loglogistic(shape=1.4, scale=5)", lambda t: 1 / (1 + (t / 5) ** 1.4)),
    ("gamma(shape=2, rate=0.3)", lambda t: math.exp(-0.3 * t) * (1 + 0.3 * t)),
    # flexsurv: Q = 1 is a Weibull of shape 1/sigma and scale exp(mu), Q = 0 a log-normal
    ("gengamma(mu=1.5, sigma=0.8, Q=1)", lambda t: math.exp(-((t / math.exp(1.5)) ** 1.25))),
    ("gengamma(mu=1.5, sigma=0.7, Q=0)", lambda t: stats.norm.sf((math.log(t) - 1.5) / 0.7)),
    ("piecewise(rates=[0.1, 0.3], breaks=[2])", lambda t: math.exp(-0.1 * min(t, 2) - 0.3 * max(t - 2, 0))),
]


@pytest.mark.parametrize(("stated", "expected"), FAMILIES, ids=[f[0] for f in FAMILIES])
@pytest.mark.parametrize("clock", ["model", "state"])
def test_every_survival_family_with_hazard_ratio_and_acceleration(tmp_path, stated, expected, clock):
    found = move(tmp_path, f'survival: "{stated} in years", clock: {clock}, hazard ratio: 0.6, acceleration factor: 2')
    assert dynamics(found).transitions[0].clock == clock
    assert survival(found, 3.0) == pytest.approx(expected(1.5) ** 0.6, rel=1e-9)


def test_a_survival_stated_in_months_is_the_same_in_a_model_of_days(tmp_path):
    months = "time: {unit: day, horizon: 1 year, cycle: 1 day}\n"
    found = move(tmp_path, 'survival: "weibull(shape=1.3, scale=6) in months", clock: model', months)
    assert survival(found, 365.25) == pytest.approx(math.exp(-(2**1.3)), rel=1e-12)
    named = move(
        tmp_path,
        'survival: "weibull(shape=1.3, scale=s)", clock: model',
        months + "parameters:\n  s: {value: 6 months}\n",
    )
    assert survival(named, 365.25) == pytest.approx(math.exp(-(2**1.3)), rel=1e-12)


def test_a_life_table_starts_at_the_age_of_the_cohort(tmp_path):
    (tmp_path / "life.csv").write_text("age,rate\n50,0.01\n60,0.02\n70,0.05\n")
    found = move(
        tmp_path,
        'survival: "life_table(life, age=age0)", clock: model, hazard ratio: 2',
        "parameters:\n  age0: {value: 58 years}\n"
        "  life: {table: life.csv, by: age, by unit: year, column: rate, unit: per year}\n",
    )
    assert survival(found, 5.0) == pytest.approx(math.exp(-2 * (2 * 0.01 + 3 * 0.02)), rel=1e-12)
    assert found.warnings == ()


def test_chance_nodes_split_at_once_and_rest_is_the_complement(tmp_path):
    found = scenario(
        tmp_path,
        "states:\n  gate: {start: 1, stay: 0}\n  second: {stay: 0}\n  a: {utility: 1}\n  b: "
        "{utility: 0.5}\n  c: {}\n"
        "transitions:\n  - {from: gate, to: second, probability: 0.8}\n  - {from: gate, to: "
        "c, probability: rest}\n"
        "  - {from: second, to: a, probability: 0.25, cost: {drug: 100 USD}}\n"
        "  - {from: second, to: b, probability: rest}\n",
    )
    assert outcome(found, "life_years") == pytest.approx([8])
    assert outcome(found, "qaly") == pytest.approx([0.2 * 10 + 0.6 * 5])
    assert outcome(found, "cost: drug") == pytest.approx([20])


@pytest.mark.parametrize(
    ("convention", "years"),
    [
        ("start", 1.5),
        ("end", 0.75),
        ("half-cycle", 1.125),
        ("life-table", 1.125),
        ("simpson", (1 + 4 * 0.5 + 0.25) / 3),
    ],
)
def test_cycle_conventions_count_a_halving_cohort_by_the_textbook(tmp_path, convention, years):
    """Alive at 0, 1, 2: 1, 1/2, 1/4."""
    found = move(
        tmp_path,
        "probability per cycle: 0.5",
        f"time: {{unit: year, horizon: 2 years, cycle: 1 year, convention: {convention}}}",
    )
    assert outcome(found, "life_years") == pytest.approx([years], rel=1e-12)


def test_two_moves_between_the_same_states_are_told_apart_by_name(tmp_path):
    found = scenario(
        tmp_path,
        TWO + "transitions:\n  - {from: well, to: dead, name: cancer, rate: 0.1 per year}\n"
        "  - {from: well, to: dead, name: other, rate: 0.3 per year}\n"
        "effects:\n  cancer_deaths: {count of: [well -> dead (cancer)]}\n",
    )
    assert outcome(found, "cancer_deaths") == pytest.approx([0.25 * (1 - math.exp(-4))], rel=1e-9)


def test_a_rate_may_use_model_time_and_the_number_of_the_cycle(tmp_path):
    found = move(
        tmp_path,
        'rate: "if(time > two, 0.1, cycle / 100) * one"',
        "parameters:\n  one: {value: 1 per year}\n  two: {value: 2 years}\n",
    )
    assert [level(found, time=t)[0] for t in (0, 1, 2, 3)] == pytest.approx([0.01, 0.02, 0.1, 0.1])


# --- effects, discounting, thresholds ----------------------------------------------------------------------


def test_effects_are_time_in_states_with_weights_entries_and_counts(tmp_path):
    found = scenario(
        tmp_path,
        "states:\n  gate: {start: 1, stay: 0}\n  a: {alive: true}\n  b: {}\n"
        "transitions:\n  - {from: gate, to: a, probability: 0.75}\n  - {from: gate, to: b, probability: rest}\n"
        "effects:\n  days: {time in: [a], unit: day}\n  half: {time in: {a: 0.5, b: 2}, unit: year}\n"
        "  entered: {entries into: [a, gate]}\n  moved: {count of: [gate -> b]}\n",
    )
    for name, value in {"days": 0.75 * 3652.5, "half": 0.75 * 5 + 0.25 * 20, "entered": 1.75, "moved": 0.25}.items():
        assert outcome(found, name) == pytest.approx([value], rel=1e-12), name


V = 1 / 1.03
SUM = sum(V**k for k in range(10))


@pytest.mark.parametrize(
    ("convention", "cycle", "factor"),
    [
        ("continuous", "integral", (1 - V**10) / math.log(1.03)),
        ("by whole year", "integral", SUM),
        ("at cycle", "start", SUM),
        ("at cycle", "end", SUM * V),
        ("at cycle", "life-table", SUM * V),
        ("at cycle", "half-cycle", SUM * (1 + V) / 2),
        ("by whole year", "start", SUM),
    ],
)
def test_discounting_by_every_convention_costs_and_effects_apart(tmp_path, convention, cycle, factor):
    found = scenario(
        tmp_path,
        f"discount: {{cost: 3 %, effect: 0, convention: {convention}}}\n"
        f"time: {{unit: year, horizon: 10 years, cycle: 1 year, convention: {cycle}}}\n"
        "states:\n  well: {start: 1, utility: 1, cost: 100 USD per year}",
    )
    assert outcome(found, "cost", discounted=True) == pytest.approx([100 * factor], rel=1e-9)
    assert outcome(found, "cost") == pytest.approx([1000]) and outcome(found, "qaly", discounted=True) == pytest.approx(
        [10]
    )


@pytest.mark.parametrize(("cycle", "convention"), [("integral", "continuous"), ("half-cycle", "at cycle")])
def test_the_convention_of_discounting_follows_the_cycle_convention(tmp_path, cycle, convention):
    found = scenario(tmp_path, f"time: {{unit: year, horizon: 10 years, cycle: 1 year, convention: {cycle}}}")
    assert found.discount.convention == convention


@pytest.mark.parametrize(
    ("stated", "grid"),
    [
        ("{thresholds: [20000, 1e5]}", (0, 200_000, 400)),
        ("{thresholds: [0]}", (0, 100_000, 200)),
        ("{thresholds: [5], curve: {from: 10, to: 60, step: 5}}", (10, 60, 5)),
        ("{thresholds: [5], curve: {to: 50}}", (0, 50, 0.1)),
    ],
)
def test_the_grid_of_the_curves_is_stated_or_follows_from_the_thresholds(tmp_path, stated, grid):
    found = scenario(tmp_path, f"wtp: {stated}").wtp
    assert (found.low, found.high, found.step) == pytest.approx(grid)


def test_a_million_cycles_are_the_most(tmp_path):
    found = scenario(tmp_path, "time: {unit: hour, horizon: 1e6 hours, cycle: hour}")
    assert found.time.cycles == 1e6 and found.time.horizon == 1e6 and found.time.years == pytest.approx(1 / 8766)
