"""Commands `check` (is the file right?) and `schema` (of scenario files)."""

from __future__ import annotations

from model.cli import options as shared
from model.cli.session import Session


def add(commands) -> None:
    check = commands.add_parser("check", help="read a scenario and report every problem, without running it")
    shared.scenario(check)
    check.set_defaults(do=_check)
    commands.add_parser("schema", help="print the JSON Schema of scenario files").set_defaults(do=_schema)


def _check(session: Session) -> int:
    scenario = session.scenario()
    import model

    print(model.check(scenario).summary)
    return 0


def _schema(session: Session) -> int:
    import json

    from model.scenario_file import json_schema

    print(json.dumps(json_schema(), indent=2))
    return 0
