"""Tables of `survival`."""

from __future__ import annotations

from model.report.columns.column import COUNT, NUMBER, ROW, SHARE, TEXT, TIME, TRUTH, YEARS, Column, error, limits
from model.report.columns.shared import figure, table

_ARM = Column("arm", TEXT, "arm of the data; `all` for all together")
_FIT = Column("fit", TEXT, "`by arm`, or `joint`: to all arms, with a factor for each but the first")
_NAME = Column(
    "distribution", TEXT, "distribution, `spline SCALE KNOTS`, or what was observed: `Kaplan-Meier`, `smoothed`"
)
_KEY = (_ARM, _FIT, _NAME)
_TIME = Column("time", TIME, "time, in the unit of the data")
_SURVIVAL = Column("survival", SHARE, "share without the event just after the time")
_KAPLAN_MEIER = table(
    "survival",
    "kaplan_meier",
    "Kaplan-Meier estimate at each time of the data.",
    _ARM,
    _TIME,
    Column("at_risk", COUNT, "patients followed just before the time"),
    Column("events", COUNT, "events at the time"),
    Column("censored", COUNT, "patients last seen at the time"),
    _SURVIVAL,
    error("the survival (Greenwood)", SHARE),
    *limits("the survival, on the scale log(-log S)", SHARE),
)
_CURVES = (*_KEY, _TIME, _SURVIVAL)
_HAZARDS = (*_KEY, _TIME, Column("hazard", NUMBER, "hazard per unit of time"))

SURVIVAL = (
    table(
        "survival",
        "fit",
        "How well each distribution fits.",
        *_KEY,
        Column("parameters", COUNT, "number of parameters"),
        Column("patients", COUNT, "patients"),
        Column("events", COUNT, "events"),
        Column("log_likelihood", NUMBER, "logarithm of the highest likelihood, times in the unit of the data"),
        Column("aic", NUMBER, "Akaike's information criterion: 2 x parameters - 2 x log likelihood"),
        Column("bic", NUMBER, "the same with log(patients) in the place of the first 2"),
        Column("lowest_aic", TRUTH, "whether its AIC is the lowest of its arm"),
        Column("not_possible", TEXT, "why there is no fit; blank where there is one"),
    ),
    table(
        "survival",
        "parameters",
        "Estimates, in the parameters of the scenario language.",
        *_KEY,
        Column("parameter", TEXT, "argument of the distribution, or the factor of an arm"),
        Column("estimate", ROW, "estimate of highest likelihood, times in the unit of the data"),
        *limits("the estimate", ROW),
        Column("scale", TEXT, "`log` or `real`: the scale on which it is taken to be normal"),
        Column("coefficient", NUMBER, "the estimate on its scale"),
        error("the coefficient", NUMBER),
    ),
    table(
        "survival",
        "covariance",
        "Covariance of the coefficients of each fit.",
        *_KEY,
        Column("row", TEXT, "parameter"),
        Column("column", TEXT, "the other parameter"),
        Column("covariance", NUMBER, "covariance of their coefficients"),
    ),
    table(
        "survival",
        "knots",
        "Knots of the splines, the outer ones included.",
        *_KEY,
        Column("knot", COUNT, "number of the knot"),
        Column("log_time", NUMBER, "logarithm of its time, as `spline` has it"),
        _TIME,
    ),
    table(
        "survival",
        "landmarks",
        "Survival at landmarks.",
        *_KEY,
        Column("years", YEARS, "time"),
        Column("survival", SHARE, "share without the event; blank beyond what was observed"),
        *limits("the Kaplan-Meier estimate; blank for fits", SHARE),
    ),
    table(
        "survival",
        "means",
        "Medians and means.",
        *_KEY,
        Column("median", TIME, "median in the unit of the data; blank where not reached"),
        Column("median_lower_95", TIME, "lower limit of its 95 % interval; blank for fits"),
        Column("median_upper_95", TIME, "its upper limit"),
        Column("restricted_mean", TIME, "mean of the time up to `restricted_to`"),
        error("the restricted mean; blank for fits", TIME),
        Column("restricted_to", TIME, "the longest time that every arm has seen"),
        Column("mean_to_horizon", TIME, "mean of the time up to the horizon"),
        Column("horizon", TIME, "horizon in the unit of the data"),
    ),
    table(
        "survival",
        "hazard_ratios",
        "Hazard ratios by Cox's regression (ties as Efron has them); with several arms.",
        _ARM,
        Column("reference", TEXT, "arm that it is compared with"),
        Column("hazard_ratio", NUMBER, "hazard ratio"),
        *limits("the hazard ratio", NUMBER),
    ),
    _KAPLAN_MEIER,
    table(
        "survival",
        "at_risk",
        "Numbers at risk at round times.",
        _ARM,
        _TIME,
        Column("at_risk", COUNT, "patients followed just before the time"),
    ),
    table(
        "survival",
        "reconstructed",
        "Patients made from a published figure, as `survival` reads them; with `--curve`.",
        _TIME,
        Column("event", COUNT, "1: the event; 0: censored"),
        _ARM,
    ),
    figure("survival", "kaplan_meier", "The table of the same name.", *_KAPLAN_MEIER.columns),
    figure(
        "survival",
        "log_log",
        "Log-log plot of the Kaplan-Meier estimate.",
        *_KEY,
        Column("log_time", NUMBER, "logarithm of the time"),
        Column("log_minus_log_survival", NUMBER, "log(-log S)"),
    ),
    figure(
        "survival",
        "{set}_curves",
        "Survival over the time of the data: {set} is `distribution`, `joint` or `spline`.",
        *_CURVES,
    ),
    figure("survival", "{set}_to_horizon", "Survival to the horizon.", *_CURVES),
    figure("survival", "{set}_hazards", "Hazards.", *_HAZARDS),
)
