"""Command `schema`: the JSON Schema of scenario files, for editors."""

from __future__ import annotations

from argparse import ArgumentParser

from model.cli.session import Session


def options(parser: ArgumentParser) -> None:
    """None."""


def do(session: Session) -> int:
    import json

    from model.scenario_file import json_schema

    print(json.dumps(json_schema(), indent=2))
    return 0
