"""Commands `compare` (do the engines agree; from a cohort to queues) and `capacity` (what is one more unit worth)."""

from __future__ import annotations

import argparse
import time
from pathlib import Path


def add_commands(commands) -> None:
    from model import cli

    compare = commands.add_parser(
        "compare", help="cohort v individual v queueing engine, and the ICER from one to the next"
    )
    capacity = commands.add_parser("capacity", help="net benefit of each further unit of a resource, with queues")
    for parser in (compare, capacity):
        cli.scenario_options(parser)
        parser.add_argument(
            "--patients", type=cli._patients, default=1000, metavar="N", help="patients a replication (default 1000)"
        )
        parser.add_argument("--replications", type=cli._patients, default=20, metavar="N", help="default 20")
        parser.add_argument("--seed", type=int, default=1, metavar="S", help="seed of the random numbers (default 1)")
        parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the results")
        cli.worker_options(parser)
        parser.set_defaults(engine="cohort", follows_patients=True)
    capacity.add_argument("--resource", metavar="NAME", help="resource whose units are varied")
    capacity.add_argument(
        "--change",
        action="append",
        default=[],
        type=_change,
        metavar="LABEL: NAME=VALUE; ...",
        dest="changes",
        help="another centre, compared with the file as it is; may be given often, such as "
        "'night surgery: resources.theatre.open=always'",
    )
    capacity.add_argument(
        "--from", type=_units, default=1, metavar="N", dest="low", help="least number of units (default 1)"
    )
    capacity.add_argument(
        "--to", type=_units, default=4, metavar="N", dest="high", help="highest number of units (default 4)"
    )
    capacity.add_argument(
        "--unit-cost", type=_money, default=0.0, metavar="X", help="cost per unit and year (default 0)"
    )
    capacity.add_argument("--wtp", type=_money, metavar="X", help="willingness to pay (default: the first threshold)")
    compare.set_defaults(do=_compare)
    capacity.set_defaults(do=_capacity)


def _change(text: str) -> tuple[str, tuple[str, ...]]:
    label, colon, rest = text.partition(":")
    settings = tuple(part.strip() for part in rest.split(";") if part.strip())
    if not colon or not label.strip() or not settings:
        raise argparse.ArgumentTypeError(f"'{text}' is not 'label: name=value; name=value'")
    return label.strip(), settings


def _units(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"'{text}' must be a whole number from 1 to 100,000")
    return int(text)


def _money(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e15:
        raise argparse.ArgumentTypeError(f"'{text}' must be a number, 0 or more")
    return value


def _compare(options, arguments) -> int:
    started = time.perf_counter()
    from model import cli
    from model.analysis import agreement
    from model.report import engine_report

    scenario = cli.read_scenario(options)
    with cli.method_of(options) as method, cli.Progress(4, "steps") as bar:
        found, bridge = agreement.agreement(scenario, method), agreement.bridge(scenario, method, bar)
    _save(engine_report.comparison(scenario, found, bridge), options, arguments, scenario, method, started)
    return 0 if found.agree else 1


def _capacity(options, arguments) -> int:
    started = time.perf_counter()
    from model import cli
    from model.analysis import capacity
    from model.report import engine_report

    if (options.resource is None) == (not options.changes):
        raise capacity.CapacityError("give either --resource (how many units?) or --change (which centre?)")
    scenario = cli.read_scenario(options)
    if options.changes:
        return _changes(options, arguments, scenario, started)
    with cli.method_of(options) as method, cli.Progress(options.high - options.low + 1, "numbers of units") as bar:
        found = capacity.value_of_capacity(
            scenario, options.resource, options.low, options.high, method, options.wtp, options.unit_cost, bar
        )
    _save(engine_report.capacity(found), options, arguments, scenario, method, started)
    return 0


def _changes(options, arguments, scenario, started: float) -> int:
    from model import cli
    from model.analysis import capacity, comparison
    from model.report import engine_report
    from model.scenario_file import read

    made = {
        label: (settings, read(scenario.path, [*scenario.settings, *settings])) for label, settings in options.changes
    }
    with cli.method_of(options) as method, cli.Progress(len(made) + 1, "centres") as bar:
        found = capacity.alternatives(scenario, made, method, bar)
    wtp = comparison.threshold(scenario, options.wtp)
    _save(engine_report.changes(scenario, found, wtp), options, arguments, scenario, method, started)
    return 0


def _save(result, options, arguments, scenario, method, started: float) -> None:
    from model import cli

    about = {"seed": method.seed, "patients_of_a_replication": method.patients, "replications": method.replications}
    cli.save(result, options, scenario, arguments, started, about)
