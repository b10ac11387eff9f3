"""Command `global`: Sobol indices, Morris screening."""

from __future__ import annotations

from model.cli import options as shared
from model.cli.session import Session


def add(commands) -> None:
    parser = commands.add_parser("global", help="global sensitivity: which inputs make the variance of the net benefit")
    shared.scenario(parser)
    shared.method(parser)
    parser.add_argument(
        "--method", choices=["sobol", "morris"], default="sobol", help="indices, or screening of dear models"
    )
    parser.add_argument(
        "--n",
        type=shared.whole(2, 10_000_000),
        metavar="N",
        help="points (default 4096, best a power of two) or trajectories (50)",
    )
    shared.decision(parser)
    shared.seed(parser)
    shared.out(parser)
    parser.set_defaults(do=_global)


def _global(session: Session) -> int:
    options, scenario = session.options, session.scenario()
    import model

    result = model.sensitivity(scenario, options.method, options.n, **session.asked())
    return session.closed(result, scenario)
