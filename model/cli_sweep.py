"""Commands `sweep` (results over parameters and settings), `variants` (named scenarios side by side) and `diff` (what differs
between two scenarios, and what each difference does)."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path


def add_commands(commands) -> None:
    from model import cli
    from model.cli_voi import amount

    sweep = commands.add_parser("sweep", help="results over any number of parameters and settings")
    cli.scenario_options(sweep)
    cli.psa_options(sweep)
    cli.method_options(sweep)
    sweep.add_argument(
        "--vary",
        action="append",
        required=True,
        metavar="NAME=LO:HI:N|A,B,...",
        help="a parameter (c_surgery=19000:34000:16), a setting (horizon=1:5 years:5, discount.cost=0%%,3%%), a "
        "strategy's binding (strategies.surgery.hr=0.8,1) or wtp; may be given often",
    )
    sweep.add_argument(
        "--points",
        choices=["grid", "sobol", "lhs"],
        default="grid",
        help="all combinations (default), or --n points that fill the ranges",
    )
    sweep.add_argument("--n", type=_size, metavar="N", help="points of sobol (best a power of two) or lhs")
    sweep.add_argument("--with-psa", action="store_true", help="a PSA of --draws at each point")
    sweep.add_argument("--wtp", type=amount, metavar="X", help="willingness to pay (default: the first threshold)")
    sweep.set_defaults(do=_sweep)
    _add_variants(commands)
    _add_diff(commands)


def _add_variants(commands) -> None:
    from model import cli
    from model.cli_voi import amount

    variants = commands.add_parser(
        "variants", help="named variants of a scenario: one table, with differences from the base"
    )
    variants.add_argument("file", type=Path, metavar="FILE", help="file of variants, such as variants/mscc.yaml")
    variants.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        dest="settings",
        help="a parameter or field of the base and of every variant; may be given often",
    )
    cli.psa_options(variants)
    cli.method_options(variants)
    variants.add_argument(
        "--wtp", type=amount, metavar="X", help="willingness to pay (default: the base's first threshold)"
    )
    variants.set_defaults(do=_variants)


def _add_diff(commands) -> None:
    from model import cli
    from model.cli_voi import amount

    diff = commands.add_parser(
        "diff", help="what differs between two scenarios, and how much each difference moves the result"
    )
    diff.add_argument("a", type=Path, metavar="A", help="scenario file to start from")
    diff.add_argument("b", type=Path, metavar="B", help="scenario file to arrive at")
    cli.psa_options(diff)
    cli.method_options(diff)
    diff.add_argument(
        "--with-psa", action="store_true", help="attribute the mean over --draws instead of the base case"
    )
    diff.add_argument("--wtp", type=amount, metavar="X", help="willingness to pay (default: the first threshold of A)")
    diff.add_argument(
        "--permutations",
        type=_orders,
        default=100,
        metavar="N",
        help="orders that are sampled where more than 8 fields differ (default 100)",
    )
    diff.set_defaults(do=_diff)


def _size(text: str) -> int:
    return _whole(text, 1)


def _orders(text: str) -> int:
    return _whole(text, 4)


def _whole(text: str, least: int) -> int:
    if not text.isdigit() or not least <= int(text) <= 1_000_000_000:
        raise argparse.ArgumentTypeError(f"'{text}' must be a whole number, {least} or more")
    return int(text)


def _sweep(options, arguments) -> int:
    started = time.perf_counter()
    from model import cli
    from model.analysis import sweep_points
    from model.analysis.sweep import Sample, identity, sweep
    from model.report import sweep_report

    scenario = cli.read_scenario(options)
    axes = [sweep_points.axis(scenario, text) for text in options.vary]
    sample = Sample(options.draws, options.seed, options.sampling) if options.with_psa else None
    points = sweep_points.points(axes, options.points, options.n, options.seed, sample.n if sample else 1)
    out, journal = options.out, None
    try:
        with cli.method_of(options) as method, cli.Progress(len(points), "points") as bar:
            journal = out.parent / f".{out.name}-{identity(scenario, points, options.wtp, sample, method)}.journal"
            found = sweep(scenario, axes, points, options.wtp, sample, method, journal, bar)
            about = {
                "vary": options.vary,
                "points": len(points),
                "draws_of_a_point": sample.n if sample else 0,
                **_method(method, options),
            }
    except KeyboardInterrupt:
        return _stopped(journal)
    cli.save(sweep_report.report(found), options, scenario, arguments, started, about)
    journal.unlink(missing_ok=True)
    return 0


def _stopped(journal: Path | None) -> int:
    some = journal is not None and journal.exists()
    kept = "the points that were done are kept: give the same command again to go on" if some else "no point was done"
    print(f"stopped; {kept}", file=sys.stderr)
    return 130


def _method(method, options) -> dict:
    known = {"engine": method.engine, "seed": options.seed, "sampling": options.sampling}
    if method.follows_patients:
        known |= {
            "patients_of_a_point": method.for_base().patients,
            "patients_of_a_draw": method.for_psa().patients,
            "replications": method.replications,
        }
    return known


def _variants(options, arguments) -> int:
    started = time.perf_counter()
    from model import cli
    from model.analysis.sweep import Sample
    from model.analysis.variants import compare
    from model.report import variants_report
    from model.scenario_file.variants import read_variants

    variants = read_variants(options.file, options.settings)
    cli.place(options, variants.base.key)
    for key, scenario in variants.scenarios.items():
        for warning in scenario.warnings:
            if key == "base" or warning not in variants.base.warnings:
                print(f"warning: variant {key}: {warning}", file=sys.stderr)
    sample = Sample(options.draws, options.seed, options.sampling) if options.draws else None
    with cli.method_of(options) as method, cli.Progress(len(variants.scenarios), "variants") as bar:
        found = compare(variants, options.wtp, sample, method, bar)
        about = {"variants": str(options.file), "draws": options.draws, **_method(method, options)}
    cli.save(variants_report.report(found), options, variants.base, arguments, started, about)
    return 0


def _diff(options, arguments) -> int:
    started = time.perf_counter()
    from model import cli
    from model.analysis.attribution import attribute
    from model.analysis.sweep import Sample
    from model.report import difference_report
    from model.scenario_file import read

    a, b = read(options.a), read(options.b)
    cli.place(options, a.key)
    sample = Sample(options.draws, options.seed, options.sampling) if options.with_psa else None
    with cli.method_of(options) as method, cli.Progress(0, "runs") as bar:
        found = attribute(a, b, options.wtp, sample, method, options.permutations, options.seed, bar)
        about = {"other_scenario": str(options.b), "draws": sample.n if sample else 0, **_method(method, options)}
    cli.save(difference_report.report(found), options, a, arguments, started, about)
    return 0
