"""Command `check`: is the file right?"""

from __future__ import annotations

from argparse import ArgumentParser

from model.cli import options as shared
from model.cli.session import Session


def options(parser: ArgumentParser) -> None:
    shared.scenario(parser)


def do(session: Session) -> int:
    scenario = session.scenario()
    import model

    print(model.check(scenario).summary)
    return 0
