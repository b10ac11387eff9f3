"""The published models of scenarios/gallery/, each with the figures that its source gives.

Some sources print results; others print none, or print those of a model that is not quite the one that they describe. Then the figures
are an independent calculation (NumPy, outside this project), and `INDEPENDENT` says so. Money is per patient, discounted as stated.
"""

from pathlib import Path

import pytest

import model

ROOT = Path(__file__).resolve().parents[1]
GALLERY = ROOT / "scenarios" / "gallery"
ENGINES = {"colon_des_degeling2025": {"engine": "individual", "patients": 3000}}

# (file, group, strategy, outcome): (value, absolute tolerance). The printed digits are what a published figure is good for.
PUBLISHED = {
    ("sumatriptan_evans1997", "all", "sumatriptan", "cost"): (22.06, 0.005),
    ("sumatriptan_evans1997", "all", "caffeine", "cost"): (4.73, 0.02),  # the tree of its inputs gives 4.715
    ("tegaderm_jenks2016", "all", "standard", "cost"): (151.29, 0.005),
    ("tegaderm_jenks2016", "all", "tegaderm", "cost"): (77.75, 0.005),
}
INDEPENDENT = {
    ("sumatriptan_evans1997", "all", "caffeine", "cost"): (4.71497244, 1e-6),
    ("sumatriptan_evans1997", "all", "sumatriptan", "cost"): (22.05805736, 1e-6),
    ("tegaderm_jenks2016", "all", "standard", "cost"): (151.292605042, 1e-6),
    ("tegaderm_jenks2016", "all", "tegaderm", "cost"): (77.749925042, 1e-6),
    ("crc_screening_heemod", "never, normal", "none", "cost"): (9597.926991854763, 1e-6),
    ("crc_screening_heemod", "never, normal", "none", "qaly"): (25.379314744853268, 1e-9),
    ("crc_screening_heemod", "never, normal", "fit", "cost"): (5214.166425400112, 1e-6),
    ("crc_screening_heemod", "never, normal", "fit", "qaly"): (25.596670180523333, 1e-9),
    ("crc_screening_heemod", "never, normal", "colonoscopy", "cost"): (8410.902786539204, 1e-6),
    ("crc_screening_heemod", "never, normal", "colonoscopy", "qaly"): (25.437198536080036, 1e-9),
    ("crc_screening_heemod", "smoker, normal", "none", "cost"): (10597.396192789854, 1e-6),
    ("crc_screening_heemod", "smoker, normal", "none", "qaly"): (25.32016149764049, 1e-9),
    ("crc_screening_heemod", "smoker, normal", "fit", "cost"): (5738.252042191227, 1e-6),
    ("crc_screening_heemod", "smoker, normal", "fit", "qaly"): (25.562136374024416, 1e-9),
    ("crc_screening_heemod", "smoker, normal", "colonoscopy", "cost"): (9282.470978494584, 1e-6),
    ("crc_screening_heemod", "smoker, normal", "colonoscopy", "qaly"): (25.384227773858402, 1e-9),
    ("crc_screening_heemod", "never, diabetes", "none", "cost"): (11660.85906276736, 1e-6),
    ("crc_screening_heemod", "never, diabetes", "none", "qaly"): (25.255922516606546, 1e-9),
    ("crc_screening_heemod", "never, diabetes", "fit", "cost"): (6296.787079280292, 1e-6),
    ("crc_screening_heemod", "never, diabetes", "fit", "qaly"): (25.524605799094147, 1e-9),
    ("crc_screening_heemod", "never, diabetes", "colonoscopy", "cost"): (10212.850350980332, 1e-6),
    ("crc_screening_heemod", "never, diabetes", "colonoscopy", "qaly"): (25.32659721034954, 1e-9),
    ("crc_screening_heemod", "smoker, diabetes", "none", "cost"): (12777.578317495492, 1e-6),
    ("crc_screening_heemod", "smoker, diabetes", "none", "qaly"): (25.186914494048718, 1e-9),
    ("crc_screening_heemod", "smoker, diabetes", "fit", "cost"): (6884.444064443248, 1e-6),
    ("crc_screening_heemod", "smoker, diabetes", "fit", "qaly"): (25.48425304504459, 1e-9),
    ("crc_screening_heemod", "smoker, diabetes", "colonoscopy", "cost"): (11193.41603699655, 1e-6),
    ("crc_screening_heemod", "smoker, diabetes", "colonoscopy", "qaly"): (25.26455997787576, 1e-9),
    ("guma_savo_psm", "all", "gumarontinib", "cost"): (56273.03023789932, 1e-6),
    ("guma_savo_psm", "all", "gumarontinib", "qaly"): (1.1554175761185328, 1e-6),
    ("guma_savo_psm", "all", "gumarontinib", "life_years"): (1.7673595628069223, 1e-6),
    ("guma_savo_psm", "all", "gumarontinib", "cost: drug"): (43763.53991684974, 1e-6),
    ("guma_savo_psm", "all", "gumarontinib", "cost: adverse events"): (1.3068, 1e-6),
    ("guma_savo_psm", "all", "gumarontinib", "cost: subsequent"): (4559.6388260531185, 1e-6),
    ("guma_savo_psm", "all", "gumarontinib", "cost: management"): (1086.60230497933, 1e-6),
    ("guma_savo_psm", "all", "gumarontinib", "cost: terminal"): (6861.942390017141, 1e-6),
    ("guma_savo_psm", "all", "savolitinib", "cost"): (55313.94587259866, 1e-6),
    ("guma_savo_psm", "all", "savolitinib", "qaly"): (1.0726101395826162, 1e-6),
    ("guma_savo_psm", "all", "savolitinib", "life_years"): (1.7569540511532653, 1e-6),
    ("guma_savo_psm", "all", "savolitinib", "cost: drug"): (41592.41600231971, 1e-6),
    ("guma_savo_psm", "all", "savolitinib", "cost: adverse events"): (27.3609, 1e-6),
    ("guma_savo_psm", "all", "savolitinib", "cost: subsequent"): (5710.93996217381, 1e-6),
    ("guma_savo_psm", "all", "savolitinib", "cost: management"): (1116.1200390776858, 1e-6),
    ("guma_savo_psm", "all", "savolitinib", "cost: terminal"): (6867.108969027452, 1e-6),
}
# (file, strategy): (ICER, absolute tolerance, who says so).
ICERS = {
    ("sumatriptan_evans1997", "sumatriptan"): [
        (29366, 30, "published"),  # the paper rounds on the way
        (29383.13, 0.5, "rdecision 1.3.0"),
    ],
    ("guma_savo_psm", "gumarontinib"): [(11582, 0.5, "published")],
}
# Colon cancer: 2 million patients that an independent program followed (NumPy), each with its standard error.
COLON = {
    ("lev", "cost"): (76612.55, 12),
    ("lev5fu", "cost"): (170440.88, 18),
    ("lev", "qaly"): (6.490372, 0.005),
    ("lev5fu", "qaly"): (8.435903, 0.0055),
}
made: dict = {}


def base_case(name, **settings):
    """The base case of a file, run once."""
    key = name, tuple(settings.items())
    if key not in made:
        options = {} if settings else ENGINES.get(name, {})
        made[key] = model.run(GALLERY / f"{name}.yaml", draws=0, settings=settings, **options)
    return made[key]


def row(result, **wanted):
    table = result.tables["outcomes"]
    for column, value in {"discounted": "true", **wanted}.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


def mean(name, group, strategy, outcome):
    result = base_case(name)
    return row(result, group=group, strategy=strategy, outcome=outcome)["mean"]


def icer(result, strategy):
    table = result.tables["incremental"].query("analysis == 'deterministic' and group == 'all' and effect == 'qaly'")
    return table.set_index("strategy")["icer"][strategy]


@pytest.mark.parametrize("key", PUBLISHED, ids=" ".join)
def test_published_figures(key):
    value, tolerance = PUBLISHED[key]
    assert mean(*key) == pytest.approx(value, abs=tolerance, rel=0)


@pytest.mark.parametrize("key", INDEPENDENT, ids=" ".join)
def test_figures_of_an_independent_calculation(key):
    value, tolerance = INDEPENDENT[key]
    assert mean(*key) == pytest.approx(value, abs=tolerance, rel=0)


@pytest.mark.parametrize(("subgroup", "profiles"), [("smokers", "smoker"), ("with diabetes", "diabetes")])
def test_a_subgroup_is_the_mean_of_its_profiles(subgroup, profiles):
    values = {key: value for key, (value, _) in INDEPENDENT.items() if key[0].startswith("crc") and profiles in key[1]}
    for strategy in ("none", "fit", "colonoscopy"):
        parts = [value for key, value in values.items() if key[2:] == (strategy, "cost")]
        found = mean("crc_screening_heemod", subgroup, strategy, "cost")
        assert len(parts) == 2 and found == pytest.approx(sum(parts) / 2, abs=1e-6, rel=0)


@pytest.mark.parametrize("key", ICERS, ids=" ".join)
def test_icers(key):
    found = icer(base_case(key[0]), key[1])
    for value, tolerance, _ in ICERS[key]:
        assert found == pytest.approx(value, abs=tolerance, rel=0)


@pytest.mark.parametrize(("relief", "published"), [(0.647, 18950), (0.470, 60839)])
def test_sumatriptan_at_other_shares_with_relief(relief, published):
    """Table VIII of Evans 1997, to 5 %: its differences in relief are rounded to a tenth of a point."""
    found = icer(base_case("sumatriptan_evans1997", p_relief_sumatriptan=relief), "sumatriptan")
    assert found == pytest.approx(published, rel=0.05)


def test_tegaderm_saves_what_rdecision_and_the_paper_found():
    """1,000 runs of rdecision: mean saving 74.26 (standard error 0.9 each), 94.6 % of them saving; the paper 72.90 and 97.8 %."""
    table = model.run(GALLERY / "tegaderm_jenks2016.yaml", draws=5000).tables["psa"]
    cost = table.pivot(index="draw", columns="strategy", values="cost")
    saved = cost["standard"] - cost["tegaderm"]
    assert saved.mean() == pytest.approx(74.26, abs=3 * (saved.std() ** 2 / 5000 + saved.std() ** 2 / 1000) ** 0.5)
    assert (saved > 0).mean() == pytest.approx(0.946, abs=0.025)


@pytest.mark.parametrize(
    ("name", "low", "high", "value", "tolerance", "published"),
    [("hr_crbsi", 0.1, 1, 0.526051, 1e-4, 0.53), ("c_crbsi", 4000, 12000, 7846.31, 1, 8000)],
)
def test_tegaderm_stops_saving_where_the_paper_says(name, low, high, value, tolerance, published):
    """At the infection rate of the second scenario; rdecision prints 7840.72 within 10."""
    base = {"r_crbsi": 0.3}

    def saved(x):
        result = base_case("tegaderm_jenks2016", **base, **{name: x})
        cost = {key: row(result, group="all", strategy=key, outcome="cost")["mean"] for key in ("standard", "tegaderm")}
        return cost["standard"] - cost["tegaderm"]

    first, last = saved(low), saved(high)  # costs are linear in both
    root = low + (high - low) * first / (first - last)
    assert root == pytest.approx(value, abs=tolerance) and root == pytest.approx(published, rel=0.02)
    assert saved(root) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("key", COLON, ids=" ".join)
def test_colon_cancer_by_patients(key):
    value, error = COLON[key]
    found = row(base_case("colon_des_degeling2025"), group="all", strategy=key[0], outcome=key[1])
    assert abs(found["mean"] - value) < 4 * (error**2 + found["standard_error"] ** 2) ** 0.5


@pytest.mark.parametrize("key", COLON, ids=" ".join)
def test_colon_cancer_by_a_cohort(key):
    """The same file, in cycles of half a year."""
    value, error = COLON[key]
    found = row(base_case("colon_des_degeling2025", cycle="26 weeks"), group="all", strategy=key[0], outcome=key[1])
    assert abs(found["mean"] - value) < 4 * error


def test_colon_cancer_is_near_what_was_published():
    """100,000 patients of a model in which other causes of death begin anew at the recurrence: costs to 0.3 %, QALYs to 1.5 %."""
    shown = base_case("colon_des_degeling2025").tables["published"]
    off = (shown["model"] / shown["published"] - 1).abs()
    assert len(shown) == 5
    assert (off[shown["of"] == "cost"] < 0.003).all() and (off[shown["of"] == "qaly"] < 0.015).all()


@pytest.mark.parametrize("path", sorted(GALLERY.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_file_is_run_here(path):
    named = {key[0] for key in (*PUBLISHED, *INDEPENDENT, *ICERS)} | set(ENGINES)
    assert path.stem in named
