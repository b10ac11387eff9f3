"""Command `tornado`: one-way sensitivity."""

from __future__ import annotations

from model.cli import options as shared
from model.cli.session import Session


def add(commands) -> None:
    parser = commands.add_parser("tornado", help="one-way sensitivity: every parameter at its low and its high value")
    shared.scenario(parser)
    shared.method(parser)
    shared.decision(parser)
    shared.seed(parser)
    shared.out(parser)
    parser.add_argument(
        "--on",
        action="append",
        default=[],
        metavar="RESULT",
        help="inb, icer, cost, qaly, life_years or an effect; may be given often (default: inb and icer)",
    )
    parser.set_defaults(do=_tornado)


def _tornado(session: Session) -> int:
    scenario = session.scenario()
    import model

    result = model.tornado(scenario, session.options.on or ("inb", "icer"), **session.asked())
    return session.closed(result, scenario)
