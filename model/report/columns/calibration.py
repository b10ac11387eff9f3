"""Tables of `calibrate`."""

from __future__ import annotations

from model.report.columns.column import COUNT, NUMBER, ROW, SHARE, TEXT, TRUTH, Column, error, limits
from model.report.columns.shared import MANY_DRAWN, figure, table

_INPUT = Column("input", TEXT, "what is varied: a parameter, or a moment of its distribution")
_FROM, _TO = Column("from", ROW, "lower bound of the input"), Column("to", ROW, "its upper bound")
_TARGETS = table(
    "calibrate",
    "targets",
    "Fit by target.",
    Column("target", TEXT, "target, by its key"),
    "measure strategy group unit",
    Column("value", ROW, "value of the target"),
    Column("error", ROW, "its standard error or tolerance"),
    Column("model", ROW, "result of the model at the best values"),
    Column("difference", ROW, "model - value"),
    Column("difference_in_errors", NUMBER, "difference / error"),
    "source label",
)
_STARTS = table(
    "calibrate",
    "starts",
    "Where each start of the search ended, the best first.",
    Column("start", COUNT, "number of the start"),
    Column("sum_of_squares", NUMBER, "sum of the squared differences in errors"),
    Column("agreement", TEXT, "`same` values as the best, `other values, as good`, or `worse`"),
    Column("converged", TRUTH, "whether the search came to its end"),
    _INPUT,
    _FROM,
    _TO,
    Column("started_at", ROW, "value of the input at the start"),
    Column("ended_at", ROW, "value at the end"),
)
_POSTERIOR = table(
    "calibrate",
    "posterior",
    "Sets of values from the posterior; with `--posterior`.",
    Column("{varied}", ROW, "value of an input that is varied", many=True),
)

CALIBRATION = (
    _TARGETS,
    table(
        "calibrate",
        "values",
        "Best values of the inputs.",
        _INPUT,
        _FROM,
        _TO,
        Column("best", ROW, "value of best fit"),
        Column("scale", TEXT, "`log` or `linear`: the scale on which it is varied"),
        error("the best value, on its scale", ROW),
        *limits("the fit", ROW),
        Column("left_open", SHARE, "spread that the targets leave, as a share of that of the bounds"),
        Column("verdict", TEXT, "whether the targets determine the input"),
        Column("in_the_file", ROW, "value in the file"),
        Column("posterior_mean", ROW, "posterior mean", True),
        Column("posterior_lower", ROW, "lower limit of the 95 % posterior interval", True),
        Column("posterior_upper", ROW, "its upper limit", True),
    ),
    _STARTS,
    table(
        "calibrate",
        "identifiability",
        "Directions in the space of inputs, the one that the targets determine least first.",
        Column("direction", COUNT, "number of the direction"),
        Column("verdict", TEXT, "whether the targets determine it"),
        Column("left_open", SHARE, "spread that the targets leave, as a share of that of the bounds"),
        Column(
            "targets_move_by_errors", NUMBER, "by how many errors the targets move over the whole width of the bounds"
        ),
        _INPUT,
        Column("weight", NUMBER, "part of the input in the direction, in shares of its bounds"),
        Column("share", SHARE, "weight squared"),
    ),
    table(
        "calibrate",
        "correlations",
        "Correlations of the fit, on the scale on which each input is varied.",
        Column("input", TEXT, "an input"),
        Column("with", TEXT, "another"),
        Column("correlation", NUMBER, "their correlation, from -1 to 1"),
    ),
    _POSTERIOR,
    table(
        "calibrate",
        "posterior_parameters",
        "The same sets as values of parameters; with `--posterior`.",
        MANY_DRAWN,
    ),
    figure("calibrate", "target_fit", "As `targets`.", *_TARGETS.columns),
    figure("calibrate", "starts", "As the table.", *_STARTS.columns),
    figure("calibrate", "posterior", "As the table.", *_POSTERIOR.columns),
)
