"""Shares at landmarks are those of closed forms and quadrature, at times that are no ends of cycles, in each engine."""

import numpy as np
import pytest
from runs import write_scenario
from scipy.integrate import quad

import model
from model.scenario_file import read

AT = 2.3  # years; no multiple of the cycles below
DIES = """
time: {{unit: year, horizon: 6 years, cycle: {cycle} years, convention: {convention}}}
landmarks: {{at: [2.3 years]}}
states: {{well: {{start: 1, utility: 1}}, ill: {{utility: 1}}, dead: {{}}}}
transitions:
"""


def marks(folder, text, **options):
    result = model.run(write_scenario(folder, text), **{"draws": 0, **options})
    return result.tables["landmarks"].set_index(["group", "strategy", "state", "at"])


def share(found, state, at="2.3 years", group="all", strategy="only"):
    return found.loc[(group, strategy, state, at), "share"]


@pytest.mark.parametrize("convention", ["integral", "half-cycle"])
@pytest.mark.parametrize("cycle", [1, 0.5, 0.25])
def test_hazards_in_steps_are_exact_within_any_cycle(tmp_path, cycle, convention):
    text = DIES.format(cycle=cycle, convention=convention) + (
        '  - {from: well, to: ill, rate: 0.3 per year}\n  - {from: ill, to: dead, rate: "if(time < 1.1 years, 0.2 per year, 0.5 per year)"}'
    )
    found = marks(tmp_path, text)

    def ill(t, end):  # became ill at t, still alive at the end
        hazard = 0.2 * (min(end, 1.1) - min(t, 1.1)) + 0.5 * (max(end, 1.1) - max(t, 1.1))
        return 0.3 * np.exp(-0.3 * t - hazard)

    expected = quad(ill, 0, AT, (AT,), points=[1.1])[0]
    assert share(found, "well") == pytest.approx(np.exp(-0.3 * AT), rel=1e-9)
    assert share(found, "ill") == pytest.approx(expected, rel=1e-8)
    assert share(found, "alive") == pytest.approx(np.exp(-0.3 * AT) + expected, rel=1e-8)
    assert share(found, "dead") == pytest.approx(1 - np.exp(-0.3 * AT) - expected, rel=1e-8)


@pytest.mark.parametrize("convention", ["integral", "half-cycle"])
def test_time_in_state_is_off_by_the_square_of_the_cycle(tmp_path, convention):
    """No straight line between cycles: that would be off by the square of the cycle too, but by far more."""
    expected = quad(lambda t: 0.3 * np.exp(-0.3 * t - ((AT - t) / 2) ** 1.5), 0, AT)[0]
    errors = []
    for cycle in (0.5, 0.25, 0.125):
        text = DIES.format(cycle=cycle, convention=convention) + (
            "  - {from: well, to: ill, rate: 0.3 per year}\n"
            '  - {from: ill, to: dead, survival: "weibull(shape=1.5, scale=2) in years", clock: state}'
        )
        errors.append(abs(share(marks(tmp_path, text), "ill") - expected))
    print(errors)
    assert errors[0] < 2e-3
    assert errors[0] / errors[1] > 3 and errors[1] / errors[2] > 3


@pytest.mark.parametrize("convention", ["integral", "half-cycle", "start"])
@pytest.mark.parametrize("cycle", [2, 1, 0.5])
def test_one_survival_distribution_is_exact_within_any_cycle_under_any_convention(tmp_path, cycle, convention):
    text = DIES.format(cycle=cycle, convention=convention) + (
        '  - {from: well, to: dead, survival: "weibull(shape=1.5, scale=4) in years", clock: model}'
    )
    assert share(marks(tmp_path, text), "well") == pytest.approx(np.exp(-((AT / 4) ** 1.5)), rel=1e-9)


@pytest.mark.parametrize("convention", ["integral", "half-cycle"])
@pytest.mark.parametrize("cycle", [2, 1, 0.5])
def test_survival_curves_are_read_at_the_time_itself(tmp_path, cycle, convention):
    text = f"""
time: {{unit: year, horizon: 6 years, cycle: {cycle} years, convention: {convention}}}
landmarks: {{at: [2.3 years]}}
curves:
  os: {{survival: "weibull(shape=1.2, scale=4) in years"}}
  pfs: {{survival: "exponential(0.6) in years", at most: os}}
states:
  free: {{share: pfs, utility: 1}}
  progressed: {{share: os - pfs, utility: 1}}
  dead: {{share: 1 - os, alive: false}}
"""
    found, os = marks(tmp_path, text), np.exp(-((AT / 4) ** 1.2))
    assert share(found, "alive") == pytest.approx(os, rel=1e-12)
    assert share(found, "progressed") == pytest.approx(os - np.exp(-0.6 * AT), rel=1e-9)


@pytest.mark.parametrize("cycle", [2, 1, 0.5])
def test_probabilities_per_cycle_are_read_off_a_line_between_the_ends_of_the_cycle(tmp_path, cycle):
    text = DIES.format(cycle=cycle, convention="half-cycle") + "  - {from: well, to: dead, probability per cycle: 0.1}"
    cycles = AT / cycle
    low, part = int(cycles), cycles % 1
    expected = (1 - part) * 0.9**low + part * 0.9 ** (low + 1)
    assert share(marks(tmp_path, text), "alive") == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("engine", "options"), [("individual", {"patients": 300}), ("queueing", {"patients": 200})])
def test_followed_patients_are_counted_at_the_time_itself(tmp_path, engine, options):
    text = DIES.format(cycle=1, convention="integral") + (
        "  - {from: well, to: ill, rate: 0.3 per year}\n  - {from: ill, to: dead, rate: 0.4 per year}"
    )
    if engine == "queueing":
        plenty = "resources: {bed: {capacity: 5000}}\narrivals: {rate: 100 per year}\n"
        text = text.replace("ill: {utility", "ill: {holds: {resources: [bed]}, utility") + "\n" + plenty
    found = marks(tmp_path, text, engine=engine, **options)
    n = 100 * 300 if engine == "individual" else 20 * 200
    well, ill = np.exp(-0.3 * AT), 3 * (np.exp(-0.3 * AT) - np.exp(-0.4 * AT))
    for state, expected in (("well", well), ("ill", ill), ("alive", well + ill)):
        assert share(found, state) == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / n))
    if engine == "individual":
        p = share(found, "ill")
        known = found.loc[("all", "only", "ill", "2.3 years"), "standard_error"]
        assert known == pytest.approx(np.sqrt(p * (1 - p) / n), rel=1e-9)
    else:
        assert found["standard_error"].isna().all()


GROUPS = """
time: {unit: year, horizon: 6 years, cycle: 1 year}
landmarks: {at: [0.7 years, 2.3 years]}
parameters:
  h: {distribution: "lognormal(median=0.2, sdlog=0.4)", unit: per year}
  share_old: {distribution: "beta(30, 70)", unit: probability}
strategies: {old: {hr: 1}, new: {hr: 0.7}}
groups: {young: {weight: 1 - share_old, own: 1}, aged: {weight: share_old, own: 2}}
states: {well: {start: 1, utility: 1}, dead: {}}
transitions: [{from: well, to: dead, rate: h * hr * own}]
"""


def test_groups_are_mixed_by_their_shares_and_draws_give_the_interval(tmp_path):
    result = model.run(write_scenario(tmp_path, GROUPS), draws=1300)
    found = result.tables["landmarks"].set_index(["group", "strategy", "state", "at"])
    first = result.tables["psa_parameters"].head(1000)
    base = {"h": 0.2 * np.exp(0.4**2 / 2), "share_old": 0.3}
    for strategy, ratio in (("old", 1), ("new", 0.7)):
        for at in (0.7, 2.3):

            def alive(h, share_old, at=at, ratio=ratio):
                return (1 - share_old) * np.exp(-h * ratio * at) + share_old * np.exp(-2 * h * ratio * at)

            row, drawn = found.loc[("all", strategy, "alive", f"{at} years")], alive(first["h"], first["share_old"])
            assert row["share"] == pytest.approx(alive(**base), rel=1e-9)
            assert row["mean"] == pytest.approx(drawn.mean(), rel=1e-9)
            np.testing.assert_allclose(
                row[["lower_95", "upper_95"]].to_list(), drawn.quantile([0.025, 0.975]), rtol=1e-9
            )
            assert row["draws"] == 1000
    young = found.loc[("young", "old", "alive", "0.7 years"), "share"]
    assert young == pytest.approx(np.exp(-base["h"] * 0.7), rel=1e-9)
    assert "Alive at 0.7 years, 2.3 years (base case): old " in result.text


@pytest.mark.parametrize(
    ("horizon", "expected"),
    [
        ("20 years", ["1 year", "2 years", "5 years", "10 years"]),
        ("3 years", ["1 year", "2 years"]),
        ("1 year", ["30 days", "90 days", "180 days", "1 year"]),
        ("100 days", ["30 days", "90 days"]),
        ("10 days", ["10 days"]),
    ],
)
def test_usual_times_are_those_within_the_horizon(tmp_path, horizon, expected):
    text = f"""
time: {{unit: day, horizon: {horizon}, cycle: 5 days}}
states: {{well: {{start: 1, utility: 1}}, dead: {{}}}}
transitions: [{{from: well, to: dead, rate: 0.001 per day}}]
"""
    table = marks(tmp_path, text).reset_index().query("state == 'alive'")
    assert table["at"].tolist() == expected
    np.testing.assert_allclose(table["share"], np.exp(-0.001 * table["time"]), rtol=1e-9)
    np.testing.assert_allclose(table["months"], table["time"] * 12 / 365.25, rtol=1e-12)


def test_a_landmark_beyond_the_horizon_is_left_out_with_a_warning(tmp_path):
    path = write_scenario(tmp_path, GROUPS.replace("2.3 years]", "7 years]"))
    scenario = read(path)
    assert list(scenario.landmarks) == ["0.7 years"]
    assert "7 years is beyond the horizon" in " ".join(scenario.warnings)
