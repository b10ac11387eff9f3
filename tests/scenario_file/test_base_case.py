"""What a run would refuse for its numbers is refused when the file is read, and no engine runs for it."""

import numpy as np
import pytest
import yaml
from test_invalid import FOLDER
from written import write

from model import inputs
from model.analysis.run import run
from model.sample import Sample
from model.scenario_file import ScenarioError, read

ODD = (
    "-1",
    "2",
    "1 / 0",
    "log(-1)",
    "exp(1000) per year",
    "weibull(shape=0, scale=1) in years",
    "piecewise(rates=[-1, 2], breaks=[3]) in years",
    "gompertz(shape=0.1, rate=-1) in years",
)


def fields(tree):
    """(container, key) of every value that stands alone."""
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        if isinstance(value, (dict, list)):
            yield from fields(value)
        else:
            yield tree, key


@pytest.mark.parametrize("name", ["base", "per_cycle"])
def test_what_a_run_refuses_is_refused_when_the_file_is_read(name, tmp_path):
    tree = yaml.safe_load((FOLDER / "good" / f"{name}.yaml").read_text(encoding="utf-8"))
    sections = [tree[key] for key in ("parameters", "strategies", "states", "transitions") if key in tree]
    refused, path = 0, tmp_path / "changed.yaml"
    for container, key in [place for section in sections for place in fields(section)]:
        kept = container[key]
        for odd in ODD:
            container[key] = odd
            path.write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
            try:
                found = read(path)
            except ScenarioError as error:
                refused += 1
                assert all(problem.startswith(f"{path}:") for problem in error.problems), error.problems
            else:
                assert np.isfinite(run(found, Sample(0)).base.total.values).all()
        container[key] = kept
    assert refused > 20


def test_the_base_case_is_checked_without_an_engine(tmp_path, monkeypatch):
    from model.engines import cohort, individual

    def forbidden(*arguments, **options):
        raise AssertionError("an engine ran")

    monkeypatch.setattr(cohort, "run", forbidden)
    monkeypatch.setattr(individual, "run", forbidden)
    assert read(FOLDER / "good" / "base.yaml").warnings == ()


def test_every_fault_of_value_is_told_at_once_and_once_for_all_groups(tmp_path):
    path = write(
        tmp_path,
        "groups: {young: {weight: 0.5}, old: {weight: 0.5}}\n"
        "states: {well: {start: 1}, ill: {}, dead: {}}\n"
        "transitions:\n"
        "  - {from: well, to: ill, rate: -1 per year}\n"
        "  - {from: ill, to: dead, rate: -2 per year}\n",
    )
    with pytest.raises(ScenarioError) as caught:
        read(path)
    first, second = caught.value.problems
    assert "well -> ill.rate: -1 is outside what is allowed (from 0), in strategy care, group young" in first
    assert "ill -> dead.rate: -2 is outside" in second


@pytest.mark.parametrize(
    "formula, warned",
    [("u", False), ("u * 1.1", True), ("min(1, u * 1.1)", False), ("if(with_drug, u * 1.05, u)", True)],
)
def test_a_utility_above_full_health_in_the_base_case_is_a_warning(tmp_path, formula, warned):
    path = write(
        tmp_path,
        "parameters: {u: {value: 0.98, unit: utility}}\n"
        "strategies: {care: {with_drug: 0}, drug: {with_drug: 1}}\n"
        f'states: {{well: {{start: 1, utility: "{formula}"}}}}\n',
    )
    found = [text for text in read(path).warnings if "full health" in text]
    assert len(found) == warned and all(f"{path}:" in text and "states.well.utility" in text for text in found)


def test_a_formula_of_the_time_waited_has_the_value_of_each_step(tmp_path):
    """All steps are evaluated at once; here each of them by hand."""
    path = write(
        tmp_path,
        "parameters: {p: {distribution: 'uniform(lower=0.1, upper=0.9)'}, one_day: {value: 1, unit: day}}\n"
        "strategies: {a: {q: p}, b: {q: p ** 2}}\n"
        "states: {entry: {start: 1, stay: 0}, well: {alive: true}, ill: {alive: true}}\n"
        "transitions:\n"
        '  - {from: entry, to: well, probability: "q * exp(-waited / (30 * one_day))"}\n'
        "  - {from: entry, to: ill, probability: rest}\n",
    )
    from model import draws

    scenario = read(path)
    sample = draws.probabilistic(scenario, Sample(7, 1))
    level = inputs.dynamics(scenario, sample, scenario.groups["all"]).moves[0].level
    p = sample.column("p")
    for step in (0, 1, 719, 720, 1055):
        decay = np.exp(-inputs.WAITING[step] / 30)
        assert np.allclose(level.values[step], [p * decay, p**2 * decay], rtol=1e-14)
