"""Command `headroom`: the highest price of a cost component at which a strategy is worth it."""

from __future__ import annotations

import time
from pathlib import Path


def add_commands(commands) -> None:
    from model import cli
    from model.cli_voi import amount

    parser = commands.add_parser(
        "headroom", help="highest price of a cost component at which a strategy is worth it, by group and threshold"
    )
    parser.add_argument("scenario", type=Path, metavar="FILE", help="a scenario, or a file of variants")
    parser.add_argument("--component", required=True, metavar="NAME", help="cost component, such as surgery")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        dest="settings",
        help="as in run; may be given often",
    )
    parser.add_argument(
        "--wtp",
        type=amount,
        action="append",
        default=[],
        metavar="X",
        help="threshold; may be given often (default: the file's)",
    )
    parser.add_argument(
        "--vary",
        action="append",
        default=[],
        metavar="NAME=LO:HI:N",
        help="give two: a map over two parameters, at base values and the first threshold",
    )
    parser.add_argument("--mark", type=Path, metavar="VARIANTS", help="file of variants, each a point of the map")
    cli.psa_options(parser)
    cli.method_options(parser)
    parser.set_defaults(do=_headroom)


def _headroom(options, arguments) -> int:
    from model.analysis.headroom import HeadroomError

    if len(options.vary) not in (0, 2):
        raise HeadroomError(f"--vary: give two parameters for a map, or none; found {len(options.vary)}")
    if options.mark and not options.vary:
        raise HeadroomError("--mark belongs to a map: give --vary twice")
    return _map(options, arguments) if options.vary else _cases(options, arguments)


def _cases(options, arguments) -> int:
    started = time.perf_counter()
    from model import cli
    from model.analysis.headroom import headroom
    from model.analysis.sweep import Sample
    from model.report import headroom_report

    labels, scenarios = _scenarios(options)
    first = next(iter(scenarios.values()))
    cli.place(options, first.key)
    sample = Sample(options.draws, options.seed, options.sampling) if options.draws else None
    with cli.method_of(options) as method, cli.Progress(len(scenarios), "scenarios") as bar:
        found = headroom(scenarios, labels, options.component, tuple(options.wtp), sample, method, bar)
        about = _about(options, method) | {"wtp": list(found.wtp), "draws": options.draws}
    cli.save(headroom_report.report(found), options, first, arguments, started, about)
    return 0


def _map(options, arguments) -> int:
    started = time.perf_counter()
    from model import cli
    from model.analysis import sweep_points
    from model.analysis.headroom import HeadroomError, over
    from model.report import headroom_report
    from model.scenario_file.variants import is_variants

    if is_variants(options.scenario):
        raise HeadroomError(f"{options.scenario}: a map is made of one scenario; mark the variants with --mark")
    if len(options.wtp) > 1:
        raise HeadroomError("--wtp: a map has one threshold")
    options.command = "headroom_map"  # in a folder of its own
    scenario = cli.read_scenario(options)
    axes = tuple(sweep_points.axis(scenario, text) for text in options.vary)
    wtp = options.wtp[0] if options.wtp else scenario.wtp.thresholds[0]
    with cli.method_of(options) as method:
        found = over(scenario, options.component, axes, wtp, method)
        about = _about(options, method) | {"wtp": wtp, "vary": options.vary, "mark": str(options.mark or "")}
    report = headroom_report.map_report(scenario, options.component, axes, wtp, found, _marks(options, axes))
    cli.save(report, options, scenario, arguments, started, about)
    return 0


def _scenarios(options) -> tuple[dict, dict]:
    from model import cli
    from model.scenario_file.variants import is_variants, read_variants

    if is_variants(options.scenario):
        variants = read_variants(options.scenario, options.settings)
        return variants.labels, variants.scenarios
    scenario = cli.read_scenario(options)
    return {scenario.key: "All patients"}, {scenario.key: scenario}


def _marks(options, axes) -> list[tuple[str, float, float]]:
    """(name, x, y) of each variant that has both parameters, at its base values."""
    if options.mark is None:
        return []
    from model.analysis.headroom import HeadroomError
    from model.scenario_file.variants import read_variants

    variants, found = read_variants(options.mark), []
    for key, scenario in variants.scenarios.items():
        values = [scenario.parameters[axis.name].base for axis in axes if axis.name in scenario.parameters]
        if len(values) < 2 or None in values:
            raise HeadroomError(f"{options.mark}: variant '{key}' has no values of {axes[0].name} and {axes[1].name}")
        found.append((variants.labels[key], *values))
    return found


def _about(options, method) -> dict:
    known = {
        "engine": method.engine,
        "seed": options.seed,
        "sampling": options.sampling,
        "component": options.component,
    }
    return (
        known
        if not method.follows_patients
        else known | {"patients": method.patients, "replications": method.replications}
    )
