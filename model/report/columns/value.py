"""Tables of `headroom`, `voi` and `converge`."""

from __future__ import annotations

from model.report.columns.column import COUNT, EFFECT, MONEY, ROW, SHARE, TEXT, TRUTH, YEARS, Column, error
from model.report.columns.shared import figure, table


def _spread(name: str, unit: str, of: str) -> tuple[Column, ...]:
    """A figure at base values, and its mean and 95 % interval over draws."""
    return (
        Column(f"{name}_base", unit, f"{of}, at base values"),
        Column(f"{name}_mean", unit, "its mean over draws", True),
        Column(f"{name}_low", unit, "lower limit of its 95 % interval over draws", True),
        Column(f"{name}_high", unit, "its upper limit", True),
    )


_CONVERGENCE = table(
    "converge",
    "convergence",
    "Running mean of the incremental net benefit as draws are added.",
    "group strategy wtp draws incremental_net_benefit",
    error("the mean", MONEY),
    "probability_most_cost_effective",
    error("the probability", SHARE, "probability_standard_error"),
)
_EVPPI = table(
    "voi analyse",
    "evppi",
    "Value of perfect information on parameters, a person, by regression on the draws; the largest of each kind first.",
    "wtp",
    Column("kind", TEXT, "`parameter`, `group` (of parameters) or `status` (all parameters of one status)"),
    Column("parameter", TEXT, "parameter, group or status"),
    Column("members", TEXT, "its parameters, separated by `; `"),
    "evppi",
    error("EVPPI", MONEY),
    Column("upward_bias", MONEY, "by how much the regression is too high by chance, on average"),
    Column("evppi_share_of_evpi", SHARE, "EVPPI / EVPI"),
    "evpi",
    Column("clamped", TRUTH, "whether the regression gave more than EVPI and was lowered to it"),
    Column("doubt", MONEY, "by how much the regression may be off beyond its standard error"),
    Column("population_evppi", MONEY, "EVPPI of the population, in total", True),
)
_EVSI = table(
    "voi",
    "evsi",
    "Value of sample information of each proposed study, by its size.",
    "wtp",
    Column("study", TEXT, "study, by its name"),
    Column("design", TEXT, "parameters and likelihood"),
    Column("patients_per_arm", COUNT, "patients in each arm"),
    Column("patients", COUNT, "patients in all arms"),
    Column("evsi", MONEY, "expected value of sample information, a person"),
    error("EVSI", MONEY),
    Column("evppi", MONEY, "its limit: perfect information on the same parameters"),
    Column("doubt", MONEY, "by how much the regression may be off beyond its standard error"),
    Column("population_evsi", MONEY, "EVSI of the population, in total", True),
    Column("study_cost", MONEY, "cost of the study, in total", True),
    Column("net_benefit_of_sampling", MONEY, "population_evsi - study_cost", True),
    error("the net benefit of sampling", MONEY, "net_benefit_standard_error", True),
    Column("best", TRUTH, "whether it is the size of highest net benefit, and that is above 0", True),
    Column("as_good_as_best", TRUTH, "whether it does not differ from the best beyond error", True),
)
_BY_WTP = table(
    "analyse",
    "evppi_by_wtp",
    "EVPPI by willingness to pay.",
    "wtp",
    Column("parameter", TEXT, "parameter; `EVPI` for perfect information on everything"),
    "evppi",
    error("EVPPI", MONEY),
)

VALUE = (
    table(
        "headroom",
        "headroom",
        "The highest incremental cost of a component at which a strategy is worth it.",
        Column("case", TEXT, "scenario or variant, by its key"),
        "label group strategy comparator",
        Column("component", TEXT, "component of cost"),
        "wtp",
        *_spread("incremental_{effect}", EFFECT, "incremental effect"),
        *_spread("component_cost", MONEY, "incremental cost of the component in the file"),
        *_spread("headroom", MONEY, "highest incremental cost of the component at which the strategy is worth it"),
        *_spread("incremental_nmb", MONEY, "incremental net benefit"),
        error("`headroom_mean`", MONEY, "headroom_standard_error", True),
        Column("probability_worth_it", SHARE, "share of draws with a net benefit above 0", True),
    ),
    figure("headroom", "headroom[_{strategy}]_at_{wtp}", "Headroom by case and group.", "case group result low high"),
    figure(
        "headroom",
        "net_benefit[_{strategy}]_at_{wtp}",
        "Incremental net benefit by case and group.",
        "case group result low high",
    ),
    table(
        "headroom",
        "headroom_map",
        "Headroom over two inputs, at base values.",
        Column("{input}", ROW, "value of an input that is varied", many=True),
        Column("headroom", MONEY, "highest incremental cost of the component at which the strategy is worth it"),
        "strategy",
        Column("component", TEXT, "component of cost"),
        "wtp",
    ),
    table("headroom", "marks", "Points that the map shows.", Column("name", TEXT, "label of the point"), "x y"),
    figure("headroom", "headroom_map[_{strategy}]", "As the table.", "x y", Column("z", MONEY, "headroom")),
    _EVPPI,
    _BY_WTP,
    table(
        "voi",
        "population",
        "Whom the decision concerns.",
        Column("incidence_per_year", COUNT, "patients a year"),
        Column("years", YEARS, "years that the decision matters"),
        Column("discount_rate", SHARE, "annual discount rate"),
        Column("population", COUNT, "discounted number of patients"),
        Column("population_evpi", MONEY, "EVPI of the population, in total"),
    ),
    _EVSI,
    figure("voi analyse", "evppi", "As the table.", *_EVPPI.columns),
    figure("analyse", "evppi_by_wtp", "As the table.", *_BY_WTP.columns),
    figure("voi", "evsi", "As the table.", *_EVSI.columns),
    figure("voi", "net_benefit_of_sampling", "As `evsi`.", *_EVSI.columns),
    _CONVERGENCE,
    table(
        "converge",
        "enough_draws",
        "Whether there are enough draws.",
        "group strategy wtp",
        Column("draws", COUNT, "draws made"),
        "incremental_net_benefit",
        error("the mean", MONEY),
        Column("standard_error_wanted", MONEY, "standard error that is wanted"),
        Column("draws_needed", COUNT, "draws that give it"),
        Column("chance_of_wrong_sign", SHARE, "chance that the mean has the wrong sign"),
        Column("enough", TRUTH, "whether the draws are enough"),
    ),
    figure("converge", "convergence[_{strategy}]", "The rows of all patients and one strategy.", *_CONVERGENCE.columns),
)
