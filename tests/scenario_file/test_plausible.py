"""Words that are due on parameters that can be read, but are probably not what was meant."""

import numpy as np
import pytest
from written import write

from model import draws
from model.analysis import oneway
from model.analysis.run import run
from model.draws import DomainError
from model.report import text
from model.sample import Sample
from model.scenario_file import read

USED = "states: {{well: {{start: 1, alive: true, cost: {{care: '0 * {name} USD per year'}}}}}}\n"


def one(folder, fields, name="x"):
    """A scenario with one parameter."""
    return write(folder, f"parameters: {{{name}: {fields}}}\n" + USED.format(name=name))


def warnings(folder, fields):
    return list(read(one(folder, fields)).warnings)


@pytest.mark.parametrize(
    "fields, expected",
    [
        (
            '{value: 3, distribution: "lognormal(median=0.5, lower=0.4, upper=0.625)", unit: hazard ratio}',
            "parameters.x.value: the base value 3 is outside the 95 % interval of its distribution, 0.4 to 0.625",
        ),
        (
            '{value: 0, distribution: "gamma(mean=100, cv=0.1)"}',
            "parameters.x.value: the base value 0 is outside the 95 % interval of its distribution",
        ),
        ("{value: 0.9, range: [0.4, 0.6]}", "parameters.x.range: 0.4 to 0.6 leaves out the base value, 0.9"),
        (
            "{value: 0.9, range: [0.8, 1.05], unit: utility}",
            "parameters.x.range: 0.8 to 1.05 is outside what a 'utility' can be (allowed: at most 1)",
        ),
        (
            '{distribution: "normal(mean=0.95, sd=0.05)", unit: utility}',
            "parameters.x.distribution: the 95 % interval of x is 0.852 to 1.048 by normal(mean=0.95, sd=0.05), but a "
            "'utility' must be at most 1",
        ),
        (
            '{distribution: "normal(mean=1, sd=1)", unit: per year}',
            "parameters.x.distribution: the 95 % interval of x is -0.96 to 2.96",
        ),
        # 0.9 sqrt(0.7 / 2) and 0.9 sqrt(2 / 0.7)
        (
            '{distribution: "lognormal(median=0.9, lower=0.7, upper=2)", unit: hazard ratio}',
            "parameters.x.distribution: the limits 0.7 and 2 are not kept: around the median 0.9 they are not symmetric "
            "on the log scale, so 95 % of the draws are 0.5324 to 1.521",
        ),
    ],
)
def test_a_parameter_that_contradicts_itself_is_a_warning_with_file_line_and_numbers(tmp_path, fields, expected):
    (found,) = warnings(tmp_path, fields)
    assert found.startswith(f"{tmp_path / 'scenario.yaml'}:") and expected in found


@pytest.mark.parametrize(
    "fields",
    [
        '{value: 0.55, distribution: "lognormal(median=0.5, lower=0.4, upper=0.625)", unit: hazard ratio}',
        '{value: 1, distribution: "beta(200, 3)", unit: utility}',  # full health, as the Sick-Sicker model has it
        '{distribution: "lognormal(mean=1, sdlog=5)"}',  # the mean of a skewed distribution is beyond its interval
        '{value: 0.5, distribution: "beta(5, 5)", range: [0.1, 0.9], unit: probability}',
        '{distribution: "lognormal(median=1.96, lower=1.65, upper=2.34)", unit: hazard ratio}',  # as published, rounded
        '{distribution: "lognormal(median=0.72, lower=0.55, upper=0.94)", unit: hazard ratio}',
        '{distribution: "normal(mean=0.8, sd=0.05)", unit: utility}',
    ],
)
def test_ordinary_parameters_have_no_warning(tmp_path, fields):
    assert warnings(tmp_path, fields) == []


def test_a_range_that_nothing_reads_is_told(tmp_path):
    path = write(tmp_path, "parameters: {y: {value: 1}, x: {value: 2 * y, range: [1, 3]}}\n" + USED.format(name="x"))
    (found,) = read(path).warnings
    assert ":3: parameters.x.range: is not read: a formula follows from its parameters" in found or "x.range" in found
    path = write(
        tmp_path, 'parameters: {"x, y": {distribution: "dirichlet([1, 2])", range: [0, 1]}}\n' + USED.format(name="x")
    )
    assert any("range: is not read: these parameters are drawn together" in text for text in read(path).warnings)


def test_a_one_way_analysis_names_the_distribution_whose_interval_it_cannot_use(tmp_path):
    path = one(tmp_path, '{distribution: "normal(mean=0.95, sd=0.05)", unit: utility}')
    with pytest.raises(DomainError) as caught:
        oneway.ranges(read(path))
    assert str(caught.value).startswith(
        f"{path}:8: parameters.x.distribution: the 95 % interval of x is 0.852 to 1.048"
    )
    assert str(caught.value).endswith("or state a 'range'")


def test_a_joint_distribution_beyond_its_unit_is_told_where_it_stands(tmp_path):
    path = write(
        tmp_path,
        'parameters: {"x, y": {distribution: "multinormal(mean=[0.5, 0.9], se=[0.1, 0.1], correlation=[[1, 0], [0, 1]])", '
        "unit: utility}}\n" + USED.format(name="x * y"),
    )
    (found,) = read(path).warnings
    assert ":8: parameters.x, y.distribution: the 95 % interval of y is 0.704 to 1.096" in found


def test_nothing_sampled_is_said_where_draws_were_asked_for(tmp_path):
    fixed = read(one(tmp_path, "{value: 1}"))
    assert "No probabilistic analysis: no parameter has a 'distribution' (fixed: x)." in text.summary(
        run(fixed, Sample(500))
    )
    assert "No probabilistic" not in text.summary(run(fixed, Sample(0)))
    sampled = read(one(tmp_path, '{distribution: "gamma(2, 3)"}'))
    assert "No probabilistic" not in text.summary(run(sampled, Sample(10)))


GAIN = (
    "parameters:\n"
    '  u: {distribution: "uniform(lower=0.7, upper=0.9)", unit: utility}\n'
    '  gain: {distribution: "uniform(lower=1, upper=1.2)"}\n'
    "strategies: {care: {q: u}, drug: {q: u * gain}}\n"
    "states: {well: {start: 1, utility: q}}\n"
)


def test_utilities_above_one_in_draws_are_told_with_their_share_and_mean(tmp_path):
    found = read(write(tmp_path, GAIN))
    assert found.warnings == ()
    made = run(found, Sample(2000))
    (warning,) = made.warnings
    product = made.draws.column("u") * made.draws.column("gain")
    assert f"above 1, which is full health, in {np.mean(product > 1):.2%} of the draws of strategy drug" in warning
    assert f"(mean {product.mean():.4g})" in warning and "states.well.utility" in warning
    # P(u g > 1) = integral over u from 1 / 1.2 to 0.9 of (1.2 - 1 / u) / 0.2 du / 0.2
    expected = (1.2 * (0.9 - 1 / 1.2) - np.log(0.9 * 1.2)) / 0.04
    assert np.mean(product > 1) == pytest.approx(expected, abs=4 * np.sqrt(expected / 2000))


def test_more_qalys_than_life_years_are_told_where_no_utility_explains_them(tmp_path):
    path = write(
        tmp_path, "states: {well: {start: 1, utility: 0.9, entry qaly: 2 QALY}}\nstrategies: {care: {}, drug: {}}\n"
    )
    made = run(read(path), Sample(0))
    assert made.base.total.get("qaly", discounted=False)[0, 0] == pytest.approx(11)
    assert len(made.warnings) == 2 and "strategy care has more QALYs (11) than life-years (10" in made.warnings[0]
    assert run(read(write(tmp_path, "states: {well: {start: 1, utility: 1}}\n")), Sample(0)).warnings == ()


def test_draws_beyond_what_a_unit_allows_are_refused_in_the_words_of_its_limits(tmp_path):
    scenario = read(one(tmp_path, '{distribution: "normal(mean=0.95, sd=0.05)", unit: utility}'))
    with pytest.raises(DomainError, match="but 'utility' must be at most 1"):
        draws.probabilistic(scenario, Sample(1000, 1))


def test_work_that_will_take_long_is_told_before_it_begins(tmp_path):
    def of(states, time):
        listed = "".join(f"  s{i}: {{alive: true}}\n" for i in range(states - 1))
        found = write(tmp_path, f"time: {{unit: year, {time}}}\nstates:\n  first: {{start: 1, alive: true}}\n{listed}")
        return [text for text in read(found).warnings if "expect" in text]

    assert of(50, "horizon: 10 years, cycle: 1 month") == []
    (many,) = of(60, "horizon: 10 years, cycle: 1 month")
    assert "states: 60 states in which patients stay, and the convention 'integral'" in many
    assert of(60, "horizon: 10 years, cycle: 1 month, convention: start") == []
    (short,) = of(2, "horizon: 100 years, cycle: 1 hour")
    assert ": time: 876,600 cycles, each of which is stepped through" in short
