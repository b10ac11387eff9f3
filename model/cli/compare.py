"""Command `compare`: do the engines agree, and what changes the ICER from a cohort to queues?"""

from __future__ import annotations

from model.cli import options as shared
from model.cli.session import Session


def add(commands) -> None:
    parser = commands.add_parser(
        "compare", help="cohort v individual v queueing engine, and the ICER from one to the next"
    )
    shared.scenario(parser)
    shared.replicated(parser)
    shared.decision(parser)
    parser.set_defaults(do=_compare)


def _compare(session: Session) -> int:
    scenario = session.scenario()
    import model
    from model.analysis.agreement import Agreement

    result = model.compare(scenario, **session.asked())
    session.closed(result, scenario)
    agreement = result.details
    return 0 if isinstance(agreement, Agreement) and agreement.agree else 1
