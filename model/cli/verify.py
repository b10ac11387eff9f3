"""Command `verify`: does the scenario do what it must, whatever the disease?"""

from __future__ import annotations

from argparse import ArgumentParser

from model.cli import options as shared
from model.cli.session import Session


def options(parser: ArgumentParser) -> None:
    shared.scenario(parser)
    shared.psa(parser, 1000)
    shared.decision(parser, group=False)


def do(session: Session) -> int:
    scenario = session.scenario()
    import model
    from model.analysis.verify import Verification

    options = session.options
    result = model.verify(scenario, options.draws, options.sampling, **session.asked())
    session.closed(result, scenario)
    return 1 if isinstance(result.details, Verification) and result.details.failures else 0
