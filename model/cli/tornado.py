"""Command `tornado`: one-way sensitivity."""

from __future__ import annotations

from argparse import ArgumentParser

from model.cli import options as shared
from model.cli.session import Session


def options(parser: ArgumentParser) -> None:
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


def do(session: Session) -> int:
    scenario = session.scenario()
    import model

    result = model.tornado(scenario, session.options.on or ("inb", "icer"), **session.asked())
    return session.closed(result, scenario)
