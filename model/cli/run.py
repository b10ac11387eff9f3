"""Command `run`: base case, PSA, tables and figures."""

from __future__ import annotations

import time
from argparse import ArgumentParser

from model.cli import options as shared
from model.cli.session import Session


def options(parser: ArgumentParser) -> None:
    shared.scenario(parser)
    shared.psa(parser)
    shared.decision(parser, group=False)
    shared.method(parser)
    parser.add_argument(
        "--until-se",
        type=float,
        metavar="X",
        help="follow more patients until the standard error of the incremental net benefit is below X",
    )
    parser.add_argument(
        "--comparator",
        action="append",
        default=[],
        metavar="STRATEGY",
        dest="comparators",
        help="figures of pairs: each other strategy versus this one; may be given often (default: the reference, of three "
        "strategies or more)",
    )
    parser.add_argument("--no-figures", action="store_true", help="tables only")


def do(session: Session) -> int:
    options, scenario = session.options, session.scenario()
    import model

    result = model.run(
        scenario, options.draws, options.sampling, options.until_se, options.comparators, **session.asked()
    )
    if options.no_figures:
        result.plans = {}
    session.finish(result)
    figures = "figures/, " if result.plans else ""
    print(
        f"\nResults: {options.out}/ (tables/, {figures}results.xlsx, report.html, scenario.yaml, manifest.json); "
        f"{time.perf_counter() - session.started:.1f} s"
    )
    return 0
