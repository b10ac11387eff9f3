"""Command `compare`: do the engines agree, and what changes the ICER from a cohort to queues?"""

from __future__ import annotations

from argparse import ArgumentParser

from model.cli import options as shared
from model.cli.session import Session


def options(parser: ArgumentParser) -> None:
    shared.scenario(parser)
    shared.replicated(parser)
    shared.decision(parser, group=False)


def do(session: Session) -> int:
    scenario = session.scenario()
    import model
    from model.analysis.agreement import Agreement

    result = model.compare(scenario, **session.asked())
    session.closed(result, scenario)
    agreement = result.details
    return 0 if isinstance(agreement, Agreement) and agreement.agree else 1
