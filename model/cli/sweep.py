"""Command `sweep`: results over parameters and settings."""

from __future__ import annotations

import sys

from model.cli import options as shared
from model.cli.session import INTERRUPTED, OptionsError, Session


def add(commands) -> None:
    parser = commands.add_parser("sweep", help="results over any number of parameters and settings")
    shared.scenario(parser)
    shared.psa(parser)
    shared.method(parser)
    shared.decision(parser, group=False)
    parser.add_argument(
        "--vary",
        action="append",
        required=True,
        metavar="NAME=LO:HI:N|A,B,...",
        help="a parameter (c_surgery=19000:34000:16), a setting (horizon=1:5 years:5, discount.cost=0%%,3%%), a "
        "strategy's binding (strategies.surgery.hr=0.8,1) or wtp; may be given often",
    )
    parser.add_argument(
        "--points",
        choices=["grid", "sobol", "lhs"],
        default="grid",
        help="all combinations (default), or --n points that fill the ranges",
    )
    parser.add_argument(
        "--n",
        type=shared.whole(1, 1_000_000_000, "a whole number, 1 or more"),
        metavar="N",
        help="points of sobol (best a power of two) or lhs",
    )
    parser.add_argument("--with-psa", action="store_true", help="a PSA of --draws at each point")
    parser.set_defaults(do=_sweep)


def _sweep(session: Session) -> int:
    options, scenario = session.options, session.scenario()
    import model
    from model.api.variation import Stopped

    if options.with_psa and not options.draws:
        raise OptionsError("a sweep with PSA needs 2 draws or more, and a parameter with a distribution")
    draws = options.draws if options.with_psa else 0
    try:
        result = model.sweep(
            scenario,
            options.vary,
            draws,
            options.sampling,
            options.points,
            options.n,
            journal=options.out,
            **session.asked(),
        )
    except Stopped as stopped:
        kept = "the points that were done are kept: give the same command again to go on"
        print(f"stopped; {kept if stopped.kept else 'no point was done'}", file=sys.stderr)
        return INTERRUPTED
    return session.closed(result, scenario)
