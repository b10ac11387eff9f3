"""Commands `tornado` (one-way sensitivity) and `threshold` (where does the decision change?)."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

DRAWS = 2000  # of a threshold's PSA: every value looked at is a PSA of its own


def add_commands(commands) -> None:
    from model import cli
    from model.cli_voi import amount

    tornado = commands.add_parser("tornado", help="one-way sensitivity: every parameter at its low and its high value")
    threshold = commands.add_parser("threshold", help="values of a parameter at which the decision changes")
    for parser in (tornado, threshold):
        cli.scenario_options(parser)
        cli.method_options(parser)
        parser.add_argument("--wtp", type=amount, metavar="X", help="willingness to pay (default: the first threshold)")
        parser.add_argument("--seed", type=int, default=1, metavar="S", help="seed of the random numbers (default 1)")
        parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the results")
        parser.add_argument("--patients-group", default="all", metavar="GROUP", help="group of patients (default: all)")
    tornado.add_argument(
        "--on",
        action="append",
        default=[],
        metavar="RESULT",
        help="inb, icer, cost, qaly, life_years or an effect; may be given often (default: inb and icer)",
    )
    tornado.set_defaults(do=_tornado)
    threshold.add_argument(
        "--vary",
        required=True,
        type=_vary,
        metavar="NAME=LOW:HIGH",
        help="a parameter and its range; NAME alone: its stated range or 95 %% interval",
    )
    threshold.add_argument("--with-psa", action="store_true", help="decide by the mean net benefit of a PSA")
    threshold.add_argument("--draws", type=cli._count, metavar="N", help=f"draws of that PSA (default {DRAWS})")
    threshold.set_defaults(do=_threshold)


def _vary(text: str) -> tuple[str, float | None, float | None]:
    name, equals, limits = text.partition("=")
    if not equals and name.strip():
        return name.strip(), None, None
    try:
        low, high = map(float, limits.split(":"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME=LOW:HIGH, such as c_surgery=10000:40000") from None
    return name.strip(), low, high


def _tornado(options, arguments) -> int:
    started = time.perf_counter()
    from model import cli
    from model.analysis import oneway
    from model.report import sensitivity_report

    scenario = cli.read_scenario(options)
    results = tuple(dict.fromkeys(options.on)) or ("inb", "icer")
    cli.known(results, ["inb", "icer", "cost", "qaly", "life_years", *scenario.effects], "result", oneway.OneWayError)
    _known_group(options, scenario, oneway.OneWayError)
    runs = (1 + 2 * len(oneway.ranges(scenario))) * (options.replications if options.engine == "queueing" else 1)
    with cli.method_of(options) as method, cli.Progress(runs, "runs") as bar:
        found = oneway.oneway(scenario, method, options.wtp, bar)
    report = sensitivity_report.tornado(found, results, options.patients_group)
    cli.save(report, options, scenario, arguments, started, _about(options, found.wtp))
    return 0


def _threshold(options, arguments) -> int:
    started = time.perf_counter()
    from model import cli
    from model.analysis import threshold
    from model.report import sensitivity_report

    scenario = cli.read_scenario(options)
    _known_group(options, scenario, threshold.ThresholdError)
    name, low, high = options.vary
    n = _draws(options, threshold.ThresholdError)
    with cli.method_of(options) as method, cli.Progress(threshold.GRID, "values") as bar:
        found = threshold.thresholds(
            scenario, name, low, high, method, options.wtp, n, options.seed, bar, options.patients_group
        )
    about = _about(options, found.wtp) | {"draws": n}
    cli.save(sensitivity_report.threshold(found), options, scenario, arguments, started, about)
    return 0


def _known_group(options, scenario, error: type[ValueError]) -> None:
    from model import cli

    groups = ["all"] if len(scenario.groups) == 1 else ["all", *scenario.groups]
    cli.known([options.patients_group], groups, "group", error)


def _draws(options, error: type[ValueError]) -> int:
    """Draws of the PSA; 0: base values decide."""
    if not options.with_psa and options.draws is not None:
        raise error("--draws belongs to --with-psa: without it, the base values decide")
    if options.with_psa and options.draws == 0:
        raise error("--with-psa needs draws: 2 or more")
    return (DRAWS if options.draws is None else options.draws) if options.with_psa else 0


def _about(options, wtp: float) -> dict:
    """What the manifest says of the method."""
    known = {"engine": options.engine, "seed": options.seed, "wtp": wtp, "patients_group": options.patients_group}
    return (
        known
        if options.engine == "cohort"
        else known | {"patients": options.patients, "replications": options.replications}
    )
