"""Command `converge`: are these enough draws?"""

from __future__ import annotations

from model.cli import options as shared
from model.cli.session import Session


def add(commands) -> None:
    parser = commands.add_parser("converge", help="are these enough draws?")
    shared.scenario(parser)
    shared.psa(parser)
    shared.method(parser)
    shared.decision(parser, group=False)
    parser.add_argument(
        "--target-se",
        type=float,
        metavar="S",
        help="standard error of the incremental net benefit that is wanted (default: 5 %% of its mean or 1 %% of its standard "
        "deviation, whichever is larger)",
    )
    parser.set_defaults(do=_converge)


def _converge(session: Session) -> int:
    options, scenario = session.options, session.scenario()
    import model

    result = model.converge(scenario, options.draws, options.sampling, options.target_se, **session.asked())
    return session.closed(result, scenario)
