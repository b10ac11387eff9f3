"""Value of information as its user meets it: `voi` of a scenario, `analyse --parameters` of a PSA made elsewhere."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from reference import reference_file
from runs import SCENARIOS, write_scenario

from model.cli import main

DEFAULT = str(SCENARIOS / "mscc_constant_hazards.yaml")
PRIOR_SD, STUDY_SD = 0.1, 0.5


def one_choice(folder, distribution, unit, cost):
    """Today's care costs `cost` a year, in which x is uncertain; the new one USD 3,000: the incremental net benefit is linear
    in x, and on average 0."""
    return str(
        write_scenario(
            folder,
            f"""
time: {{unit: year, horizon: 1 year, cycle: 1 year}}
wtp: {{thresholds: [1000]}}
parameters:
  x: {{distribution: "{distribution}", unit: {unit}}}
  c: {{value: 10000, unit: USD}}
  c_new: {{value: 3000, unit: USD}}
  one_year: {{value: 1, unit: year}}
strategies: {{today: {{treated: 0}}, new: {{treated: 1}}}}
states:
  here: {{start: 1, utility: 0.5, cost: {{care: treated * c_new / one_year + (1 - treated) * {cost}}}}}
  dead: {{}}
transitions:
  - {{from: here, to: dead, rate: 0 per year}}
""",
        )
    )


@pytest.mark.parametrize("rate, found", [("3%", 0.03), ("3.5 %", 0.035), ("0.03", 0.03), ("0", 0)])
def test_discount_rates_of_the_population_are_shares_or_per_cent(rate, found):
    from model.cli.main import parser_for

    assert parser_for("voi").parse_args(["voi", "--discount", rate]).discount == pytest.approx(found)


def test_a_discount_rate_of_300_per_cent_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["voi", DEFAULT, "--discount", "3"])
    assert "'3' is 300 % a year; write 3% or 0.03" in capsys.readouterr().err


def table(folder, name):
    return pd.read_csv(folder / "tables" / f"{name}.csv")


def evsi_of(tmp_path, scenario, study, sizes):
    out = tmp_path / "out"
    options = ["--draws", "20000", "--sizes", ",".join(map(str, sizes)), "--study", study, "--out", str(out)]
    assert main(["voi", scenario, *options]) == 0
    return table(out, "evsi")


def beta_binomial(n):
    """EVSI of n patients on x ~ beta(3, 7) where the incremental net benefit is 10000 x - 3000."""
    from scipy.stats import betabinom

    events = np.arange(n + 1)
    gain = 10_000 * (3 + events) / (10 + n) - 3000
    return (betabinom.pmf(events, n, 3, 7) * np.maximum(gain, 0)).sum()


def normal_normal(n):
    """x ~ normal(0.3, 0.1), means of n with standard deviation 0.5: the posterior mean has a known normal distribution."""
    sd = PRIOR_SD**2 / np.sqrt(PRIOR_SD**2 + STUDY_SD**2 / n)
    return 10_000 * sd / np.sqrt(2 * np.pi)


def gamma_exponential(n):
    """x ~ gamma(shape 6, rate 20) a year; n complete times add up to 20 z, z beta-prime(n, 6); posterior mean (6 + n) / rate."""
    from scipy.integrate import quad
    from scipy.stats import betaprime

    def gain(z):
        return max(10_000 * (6 + n) / (20 * (1 + z)) - 3000, 0) * betaprime.pdf(z, n, 6)

    return quad(gain, 0, (6 + n) / 6 - 1, limit=200)[0]


@pytest.mark.parametrize(
    ("distribution", "unit", "cost", "study", "exact"),
    [
        ("beta(3, 7)", "probability", "x * c / one_year", "binomial", beta_binomial),
        ("normal(30, 10)", '"%"', "x * c / one_year", "normal(sd=50)", normal_normal),
        ("gamma(mean=0.3, cv=1/sqrt(6))", "per year", "x * c", "time-to-event(follow-up=500 years)", gamma_exponential),
        (
            "gamma(mean=0.025, cv=1/sqrt(6))",
            "per month",
            "x * c",
            "time-to-event(follow-up=500 years)",
            gamma_exponential,
        ),
    ],
    ids=["binomial", "normal", "time-to-event", "time-to-event per month"],
)
def test_evsi_of_a_scenario_is_the_closed_form(tmp_path, distribution, unit, cost, study, exact):
    sizes = [5, 20, 80]
    found = evsi_of(tmp_path, one_choice(tmp_path, distribution, unit, cost), f"study: x ~ {study}", sizes)
    expected = np.array([exact(n) for n in sizes])
    assert (np.abs(found.evsi - expected) < 3 * found.standard_error).all()
    assert (found.standard_error < 0.03 * expected).all()
    assert (found.evsi < found.evppi + 3 * found.standard_error).all()


def test_net_benefit_of_sampling_is_population_evsi_less_the_cost_of_all_arms(tmp_path):
    out = tmp_path / "out"
    options = [
        "--study",
        "trial: c_surgery, c_day_nonamb ~ normal(sd=9000)",
        "--sizes",
        "10,1000",
        "--incidence",
        "500",
    ]
    options += ["--years", "8", "--discount", "0.035", "--cost-fixed", "20000", "--cost-per-patient", "300"]
    assert main(["voi", DEFAULT, "--draws", "1000", "--wtp", "100000", "--out", str(out), *options]) == 0
    found, population = table(out, "evsi"), 500 * (1 - 1.035**-8) / np.log(1.035)
    assert found.patients.tolist() == [20, 2000]
    expected = found.evsi * population - 20_000 - 300 * found.patients
    assert found.net_benefit_of_sampling.to_numpy() == pytest.approx(expected.to_numpy())
    assert table(out, "population").population[0] == pytest.approx(population)
    assert found.best.tolist().count(True) == 1 and found.best[int(expected.argmax())]
    assert {"evppi", "evsi", "net_benefit_of_sampling"} <= {p.stem for p in (out / "figures").glob("*.png")}
    assert "--study" in json.loads((out / "manifest.json").read_text())["command"]


def test_an_engine_that_follows_patients_agrees_and_its_inflated_evpi_is_flagged(tmp_path, capsys):
    """EVPPI and EVPI of the individual engine are those of the cohort engine within their errors."""
    found = {}
    for engine in ("cohort", "individual"):
        out = tmp_path / engine
        options = ["--engine", engine, "--patients", "8", "--draws", "3000", "--wtp", "150000", "--out", str(out)]
        assert main(["voi", DEFAULT, *options]) == 0
        found[engine] = table(out, "evppi").set_index("parameter").sort_index()
    here, there = found["cohort"], found["individual"]
    error = np.hypot(here.standard_error, there.standard_error)
    assert (np.abs(here.evppi - there.evppi) < 3 * error + 1).all()
    text = capsys.readouterr().out
    assert text.count("That noise raises the EVPI") == 1
    inflated = float(text.split("raises the EVPI of the draws to ")[1].split(",\n")[0].replace(",", ""))
    evpi_error = float(text.split("(standard error ")[1].split(")")[0].replace(",", ""))
    exact = here.evpi.iloc[0]
    assert abs(there.evpi.iloc[0] - exact) < 3 * evpi_error
    assert inflated > exact + 3 * evpi_error


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--study", "a: p_retain ~ binomial"], "'p_retain' is not a sampled parameter"),
        (["--study", "a: p_retain_r ~ binomial"], "Did you mean 'p_retain_rt'?"),
        (["--study", "a: c_surgery ~ binomial"], "binomial needs a probability, but 'c_surgery' is in 'USD'"),
        (["--study", "a: u_amb ~ binomial"], "binomial needs a probability, but 'u_amb' is in 'utility'"),
        (["--study", "a: hazard_death ~ binomial"], "a rate is studied with time-to-event"),
        (["--study", "a: p_retain_rt ~ binomal"], "unknown likelihood 'binomal'"),
        (["--study", "a: p_retain_rt"], "is not 'name: parameter ~ likelihood'"),
        (["--study", "a: u_amb ~ normal"], "normal needs sd, such as normal(sd=0.2)"),
        (["--study", "a: u_amb ~ normal(sd=-1)"], "sd=-1 must be a number above 0"),
        (["--study", "a: u_amb ~ normal(se=1)"], "'se=1' is no option of normal; options: sd=..."),
        (["--study", "a: p_retain_rt, p_retain_rt ~ binomial"], "give each parameter once"),
        (["--study", "a: u_amb ~ time-to-event(follow-up=1 year)"], "time-to-event needs a rate"),
        (["--study", "a: hr_surgery ~ time-to-event(follow-up=1 year)"], "is a hazard ratio: say which hazard"),
        (
            ["--study", "a: hr_surgery ~ time-to-event(follow-up=1 year, baseline=u_amb)"],
            "baseline 'u_amb' is not a rate",
        ),
        (["--study", "a: hazard_death ~ time-to-event(follow-up=2)"], "'2' is no length of time"),
        (["--study", "a: hazard_death ~ time-to-event(follow-up=0 years)"], "longer than nothing"),
        (
            ["--study", "a: hazard_death ~ time-to-event(follow-up=1 year)", "--sizes", "1000000"],
            "take smaller --sizes",
        ),
        (["--study", "a: p_retain_rt ~ binomial", "--cost-fixed", "1"], "needs --incidence"),
        (["--study", "a: u_amb ~ normal(sd=1)", "--study", "a: p_retain_rt ~ binomial"], "two studies are called 'a'"),
        (["--sizes", "10"], "say which with --study"),
        (["--group", "g=p_retain_rt,p_nothing"], "group g: 'p_nothing' is not a sampled parameter"),
        (["--patients-group", "walkin"], "Did you mean 'walking'?"),
        (["--draws", "0"], "needs a PSA"),
        (["--draws", "10"], "20 draws or more"),
    ],
)
def test_a_bad_question_gets_a_message_and_nothing_is_written(tmp_path, capsys, options, expected):
    out = tmp_path / "out"
    draws = [] if "--draws" in options else ["--draws", "3000"]
    assert main(["voi", DEFAULT, *draws, *options, "--out", str(out)]) == 2
    message = capsys.readouterr().err
    assert expected in message and "Traceback" not in message
    assert not out.exists()


# --- a PSA made elsewhere -----------------------------------------------------------------------------------------


def chemo(*options):
    files = {"cost": "costs", "effect": "effects", "parameters": "params"}
    return [
        *(part for key, name in files.items() for part in (f"--{key}", str(reference_file(f"voi_chemo/{name}.csv")))),
        *options,
    ]


@pytest.fixture(scope="module")
def chemotherapy(tmp_path_factory):
    out = tmp_path_factory.mktemp("analyse") / "out"
    groups = [
        "side_effects=p_side_effects_t1,logor_side_effects",
        "utilities=u_recovery,u_home_care,u_hospital",
        "costs=c_home_care,c_hospital,c_death",
    ]
    options = ["--wtp", "0:50000:1000", "--voi-wtp", "20000", "--out", str(out)]
    assert main(["analyse", *chemo(*options), *(part for g in groups for part in ("--group", g))]) == 0
    return out


def test_evppi_of_a_psa_made_elsewhere_is_that_of_voi(chemotherapy):
    """R package voi, its own chemotherapy example; generalised additive regression."""
    ours = table(chemotherapy, "evppi").set_index("parameter")
    ours["key"] = ours.members.str.replace("; ", "+")
    theirs = pd.read_csv(reference_file("voi_chemo/evppi_nb20000.csv"))
    theirs = theirs[theirs.method == "gam"].set_index("pars")
    both = ours.reset_index().merge(theirs, left_on="key", right_index=True, suffixes=("", "_voi"))
    assert len(both) >= 10
    assert (np.abs(both.evppi - both.evppi_voi) < both.standard_error).all()
    assert ((ours.evppi >= 0) & (ours.evppi <= ours.evpi)).all()


def test_evppi_along_the_grid_is_that_of_voi(chemotherapy):
    ours = table(chemotherapy, "evppi_by_wtp")
    theirs = pd.read_csv(reference_file("voi_chemo/evppi_gam_by_wtp.csv")).rename(
        columns={"pars": "parameter", "k": "wtp"}
    )
    both = ours.merge(theirs, on=["parameter", "wtp"], suffixes=("", "_voi"))
    assert both.parameter.nunique() >= 2 and len(both) > 50
    assert (np.abs(both.evppi - both.evppi_voi) < 1.5 * both.standard_error + 0.5).all()
    total = ours[ours.parameter == "EVPI"].set_index("wtp").evppi
    assert total.to_numpy() == pytest.approx(table(chemotherapy, "evpi").set_index("wtp").evpi[total.index].to_numpy())
    assert {"evppi", "evppi_by_wtp"} <= {p.stem for p in (chemotherapy / "figures").glob("*.png")}


def test_without_voi_wtp_it_is_where_evpi_is_highest(tmp_path):
    assert main(["analyse", *chemo("--wtp", "0:50000:10000", "--out", str(tmp_path / "out"))]) == 0
    assert table(tmp_path / "out", "evppi").wtp.unique().tolist() == [20_000]


@pytest.fixture
def psa(tmp_path):
    rng = np.random.default_rng(1)
    numbers = {"draw": np.arange(50)}
    frames = {
        "cost": pd.DataFrame(numbers | {"a": rng.normal(size=50), "b": rng.normal(size=50)}),
        "effect": pd.DataFrame(numbers | {"a": rng.normal(size=50), "b": rng.normal(size=50)}),
        "parameters": pd.DataFrame(numbers | {"p": rng.normal(size=50), "fixed": 1.0}),
    }

    def write(**changed):
        for name, frame in (frames | changed).items():
            frame.to_csv(tmp_path / f"{name}.csv", index=False)
        return [part for name in frames for part in (f"--{name}", str(tmp_path / f"{name}.csv"))]

    return frames, write


def test_parameters_that_do_not_vary_are_left_out_and_said(psa, tmp_path, capsys):
    assert main(["analyse", *psa[1](), "--out", str(tmp_path / "out")]) == 0
    assert table(tmp_path / "out", "evppi").parameter.tolist() == ["p"]
    assert "the same in all draws: fixed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "options", "expected"),
    [
        (lambda f: f.head(40), [], "the parameter table has 40 rows and the cost table 50"),
        (lambda f: f.iloc[::-1], [], "row 2 is draw 0 in one and 49 in the other"),
        (lambda f: f.assign(p="x"), [], "row 2, column 'p': 'x' is not a number"),
        (lambda f: f[["draw", "fixed"]], [], "no parameter varies"),
        (lambda f: f, ["--group", "g=q"], "group g: 'q' is not"),
    ],
    ids=["rows", "order", "text", "constant", "group"],
)
def test_parameters_that_do_not_fit_the_psa_are_refused(psa, tmp_path, capsys, change, options, expected):
    frames, write = psa
    out = tmp_path / "out"
    assert main(["analyse", *write(parameters=change(frames["parameters"])), *options, "--out", str(out)]) == 2
    assert expected in capsys.readouterr().err
    assert not out.exists()


def test_value_of_information_needs_parameters_and_a_psa(psa, tmp_path, capsys):
    files = psa[1]()
    assert main(["analyse", *files[:4], "--voi-wtp", "1000"]) == 2
    assert "give --parameters" in capsys.readouterr().err
    (tmp_path / "t.csv").write_text("strategy,cost,effect\na,1,1\nb,2,2\n")
    assert main(["analyse", "--table", str(tmp_path / "t.csv"), *files[4:]]) == 2
    assert "give --cost and --effect with --parameters" in capsys.readouterr().err


def test_evppi_by_status_is_that_of_its_parameters_together(tmp_path, capsys):
    """Net benefit is the sum of three normal parameters, so EVPPI of some of them is sd / sqrt(2 pi)."""
    text = """
parameters:
  a: {distribution: "normal(mean=0, se=3)", unit: USD, status: assumed}
  b: {distribution: "normal(mean=0, se=4)", unit: USD, status: assumed}
  c: {distribution: "normal(mean=0, se=2)", unit: USD, status: evidence}
time: {unit: year, horizon: 1 year, cycle: 1 year}
strategies: {old: {price: 0 USD}, new: {price: a + b + c}}
states: {here: {start: 1, alive: true, utility: 0.5, entry cost: {drug: price}}}
transitions: []
"""
    path, out = write_scenario(tmp_path, text), tmp_path / "out"
    assert main(["voi", str(path), "--draws", "8000", "--wtp", "1", "--out", str(out)]) == 0
    found = pd.read_csv(out / "tables" / "evppi.csv").query("kind == 'status'").set_index("parameter")
    for status, sd, members in (("assumed", 5, "a; b"), ("evidence", 2, "c")):
        row = found.loc[status]
        assert (
            row["evppi"] == pytest.approx(sd / np.sqrt(2 * np.pi), abs=4 * row["standard_error"])
            and row["members"] == members
        )
    assert re.search(
        r"Joint EVPPI of the parameters of each status, of EVPI .*: assumed 9\d %, evidence 3\d %",
        capsys.readouterr().out,
    )


STUDY = ["--study", "trial: p_retain_rt, p_retain_surgery ~ binomial", "--sizes", "20,400,500"]


def test_a_study_without_a_cost_has_no_best_size_and_sizes_alike_are_named(tmp_path, capsys):
    options = ["--draws", "1000", "--wtp", "250000", *STUDY, "--incidence", "100", "--out", str(tmp_path / "out")]
    assert main(["voi", str(DEFAULT), *options]) == 0
    text, found = capsys.readouterr().out, table(tmp_path / "out", "evsi")
    assert "No cost of the study is given, so no size is the best" in text and "Best size" not in text
    assert "EVSI does not differ beyond error between" in text and "400, 500 in each arm" in text
    assert "best" not in found and "net_benefit_of_sampling" not in found and "population_evsi" in found


def test_a_doubt_that_the_error_does_not_cover_is_said(tmp_path, capsys):
    rng = np.random.default_rng(3)
    level = rng.integers(0, 300, 5000).astype(float)
    gain = rng.normal(0, 1000, 300)[level.astype(int)] + rng.normal(0, 500, 5000)
    for name, columns in {
        "cost": {"A": np.zeros(5000), "B": -gain},
        "effect": {"A": np.ones(5000), "B": np.full(5000, 1.001)},
        "parameters": {"site": level, "noise": rng.normal(size=5000)},
    }.items():
        pd.DataFrame(columns).to_csv(tmp_path / f"{name}.csv", index=False)
    files = [f"--{name}={tmp_path / name}.csv" for name in ("cost", "effect", "parameters")]
    assert main(["analyse", *files, "--voi-wtp", "1000", "--out", str(tmp_path / "out")]) == 0
    found = table(tmp_path / "out", "evppi").set_index("parameter")
    assert found.doubt["site"] > 100 and found.doubt["noise"] == 0
    assert (
        f"warning: site: {found.evppi['site']:,.1f} may be off by about {found.doubt['site']:,.1f}"
        in capsys.readouterr().out
    )
