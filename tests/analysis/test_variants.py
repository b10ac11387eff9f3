"""Named variants: each is the run that one would make by hand, and every slip in the file is told with its line."""

import numpy as np
import pytest
from runs import SCENARIOS, decided

from model import draws
from model.analysis.evaluate import evaluate
from model.analysis.method import Method
from model.analysis.variants import VariantError, compare, structure
from model.report.variants_report import settings_table, structure_table, variants_table
from model.sample import Sample
from model.scenario_file import ScenarioError, read
from model.scenario_file.variants import read_variants

DEFAULT = SCENARIOS / "mscc_constant_hazards.yaml"
SHIPPED = SCENARIOS.parent / "variants" / "mscc.yaml"
SAMPLE = Sample(300, 2)


def variants_file(folder, text, base=DEFAULT):
    path = folder / "v.yaml"
    path.write_text(f"base: {base}\nvariants:\n{text}", encoding="utf-8")
    return path


@pytest.fixture
def pair(tmp_path):
    (tmp_path / "other.yaml").write_text(f"extends: {DEFAULT}\ntime: {{horizon: 2 years}}\n")
    return read_variants(
        variants_file(
            tmp_path,
            """
  cheap: {label: Cheap surgery, set: {c_surgery: 19000, time.horizon: 1 year}}
  short: {file: other.yaml}
""",
        )
    )


def benefit(settings, wtp, sample=None):
    """Incremental net benefit of each draw, done by hand."""
    scenario = read(DEFAULT, settings)
    table = draws.base(scenario) if sample is None else draws.probabilistic(scenario, sample)
    total = evaluate(scenario, table).total
    return np.diff(wtp * total.get("qaly") - total.cost, axis=0)[0]


@pytest.mark.parametrize(
    ("key", "settings"),
    [("base", []), ("cheap", ["c_surgery=19000", "horizon=1 year"]), ("short", ["horizon=2 years"])],
)
def test_each_variant_is_its_own_run_and_differences_are_paired_with_the_base(pair, key, settings):
    table = variants_table(compare(pair, decided(pair.base, 60_000), SAMPLE)).set_index(
        ["variant", "analysis", "group", "strategy"]
    )
    one, base = benefit(settings, 60_000), benefit([], 60_000)
    row = table.loc[(key, "deterministic", "all", "surgery")]
    assert row.incremental_nmb == pytest.approx(one[0]) and row.wtp == 60_000
    assert row.incremental_nmb_difference == pytest.approx(one[0] - base[0], abs=1e-6)
    one, base = benefit(settings, 60_000, SAMPLE), benefit([], 60_000, SAMPLE)
    row = table.loc[(key, "probabilistic", "all", "surgery")]
    assert row.incremental_nmb == pytest.approx(one.mean())
    assert row.incremental_nmb_difference == pytest.approx((one - base).mean(), abs=1e-6)
    error = (one - base).std(ddof=1) / np.sqrt(SAMPLE.n)
    assert row.incremental_nmb_difference_standard_error == pytest.approx(error, abs=1e-9)
    assert row.probability_most_cost_effective == pytest.approx((one > 0).mean())


def test_the_table_has_every_group_and_says_what_each_variant_sets(pair):
    found = compare(pair, decided(pair.base), SAMPLE)
    table = variants_table(found)
    assert len(table) == 3 * 2 * 3 * 2 and set(table.group) == {"all", "walking", "not walking"}
    settings = settings_table(found)
    assert settings[settings.variant == "cheap"][["field", "value"]].to_numpy().tolist() == [
        ["c_surgery", "19000"],
        ["time.horizon", "1 year"],
    ]
    assert settings[settings.variant == "short"].file.str.endswith("other.yaml").all()


def test_without_draws_there_is_no_probabilistic_analysis(pair):
    assert set(variants_table(compare(pair, decided(pair.base))).analysis) == {"deterministic"}


def test_an_engine_that_follows_patients_gives_variants_the_same_patients(pair):
    found = compare(pair, decided(pair.base), method=Method("individual", patients=2))
    table = variants_table(found).set_index(["variant", "group", "strategy"])
    assert table.loc[("base", "all", "surgery"), "incremental_nmb_standard_error"] > 0
    assert table.loc[("short", "all", "radiotherapy"), "cost"] == pytest.approx(
        table.loc[("base", "all", "radiotherapy"), "cost"], rel=0.1
    )


def test_settings_of_the_command_hold_for_the_base_and_every_variant(tmp_path):
    path = variants_file(tmp_path, "  cheap: {set: {c_surgery: 19000}}\n")
    variants = read_variants(path, ["c_rt=0"])
    found = compare(variants, decided(variants.base, 50_000))
    table = variants_table(found).set_index(["variant", "group", "strategy"])
    assert table.loc[("base", "all", "surgery"), "incremental_nmb"] == pytest.approx(benefit(["c_rt=0"], 50_000)[0])
    assert table.loc[("cheap", "all", "surgery"), "incremental_nmb_difference"] == pytest.approx(15_000)


def test_the_variants_of_the_capacity_scenario_can_be_read():
    found = read_variants(SHIPPED.parent / "mscc_capacity.yaml")
    share = [
        found.scenarios["all wait outside"].parameters[f"{arm}_waits_in_hospital"].base
        for arm in ("surgery", "radiotherapy")
    ]
    assert len(found.labels) == 6 and share == [0, 0]
    assert found.scenarios["surgery for one in five"].parameters["surgery_share"].base == 0.21


def test_the_shipped_variants_run():
    variants = read_variants(SHIPPED)
    table = variants_table(compare(variants, decided(variants.base), Sample(50)))
    assert len(variants.labels) == 17 and set(table.variant) == set(variants.labels)
    moved = table[(table.group == "all") & (table.strategy == "surgery") & (table.variant != "base")]
    assert (moved.incremental_nmb_difference.abs() > 0).all()


def test_a_variant_that_the_model_cannot_run_is_named(tmp_path):
    path = variants_file(tmp_path, '  odd: {set: {strategies.surgery.p_regain: "p_regain_rt + 1"}}\n')
    with pytest.raises(ScenarioError, match=r"v.yaml:3: variants.odd.set: .*1.1875 is outside what is allowed"):
        read_variants(path)
    path = variants_file(tmp_path, '  odd: {set: {strategies.surgery.p_regain: "p_regain_rt * 5"}}\n')
    with pytest.raises(VariantError, match="variant 'odd': .*outside what is allowed"):
        compare(read_variants(path), decided(read_variants(path).base), Sample(200))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "  a: {set: {c_surgry: 1}}",
            "v.yaml:3: variants.a.set.c_surgry: unknown name 'c_surgry'. Did you mean 'c_surgery'?",
        ),
        ("  a: {sett: {c_surgery: 1}}", "v.yaml:3: variants.a: unknown field 'sett'. Did you mean 'set'?"),
        ("  a: {label: A}", "v.yaml:3: variants.a: needs either 'set'"),
        ("  a: {set: {c_rt: 1}, file: b.yaml}", "needs either 'set'"),
        ("  a: {file: nothing.yaml}", "v.yaml:3: variants.a.file: "),
        ("  a: {set: {u_amb: 1.5}}", "v.yaml:3: variants.a.set"),
        ("  a: {set: {time.horizon: 5}}", "v.yaml:3: variants.a.set.time.horizon: "),
        ("  a: {set: {convention: half-cycle}}", "v.yaml:3: variants.a.set: "),
        ("  base: {set: {c_rt: 1}}", "is the name of the base case"),
        ("  a: {set: {currency.year: 2020}}", "v.yaml:3: variants.a: is in USD 2020, the base in USD 2010"),
        ("  a: {set: {c_rt: 1}}\n  a: {set: {c_rt: 2}}", "'a' is given twice (first in line 3)"),
        ("  {}", "there are no variants"),
    ],
)
def test_a_slip_in_the_file_is_told_with_its_line(tmp_path, text, expected):
    with pytest.raises(ScenarioError) as error:
        read_variants(variants_file(tmp_path, text))
    assert expected in str(error.value)


def test_every_slip_is_told_at_once(tmp_path):
    with pytest.raises(ScenarioError) as error:
        read_variants(variants_file(tmp_path, "  a: {set: {c_surgry: 1}}\n  b: {set: {u_amb: 2}}\n"))
    assert len(error.value.problems) == 2


def test_a_base_that_is_not_there_is_an_error_of_its_line(tmp_path):
    with pytest.raises(ScenarioError, match=r"v.yaml:1: base: .*no such file"):
        read_variants(variants_file(tmp_path, "  a: {set: {c_rt: 1}}", tmp_path / "nothing.yaml"))


def test_the_structural_share_splits_the_variance_of_all_draws_together(pair):
    # Law of total variance: between + within is the variance of the draws of all structures in one heap.
    found = compare(pair, decided(pair.base, 60_000), SAMPLE)
    drawn = [benefit(s, 60_000, SAMPLE) for s in ([], ["c_surgery=19000", "horizon=1 year"], ["horizon=2 years"])]
    one = structure(found, "surgery", 60_000)
    n = SAMPLE.n
    assert one.between + one.within * (n - 1) / n == pytest.approx(np.var(np.concatenate(drawn)))
    assert one.between == pytest.approx(np.var([d.mean() for d in drawn]))
    row = structure_table(found).set_index("wtp").loc[60_000]
    assert row.structures == 3 and row.structural_share == pytest.approx(one.between / (one.between + one.within))


def test_without_a_psa_there_is_no_structural_share(pair):
    assert structure_table(compare(pair, decided(pair.base, 60_000))).empty


def test_the_forest_shows_the_percentiles_of_the_draws(pair):
    row = variants_table(compare(pair, decided(pair.base, 60_000), SAMPLE)).set_index(
        ["variant", "analysis", "group", "strategy"]
    )
    row = row.loc[("short", "probabilistic", "all", "surgery")]
    low, high = np.percentile(benefit(["horizon=2 years"], 60_000, SAMPLE), [2.5, 97.5])
    assert (row.incremental_nmb_low, row.incremental_nmb_high) == pytest.approx((low, high))
