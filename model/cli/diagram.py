"""Command `diagram`: states and transitions, a decision tree or survival curves as a picture."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from model.cli import options as shared
from model.cli.session import Session

FORMATS = ("svg", "mermaid")


def options(parser: ArgumentParser) -> None:
    shared.scenario(parser)
    parser.add_argument("--strategy", metavar="NAME", help="show formulas with what this strategy binds")
    parser.add_argument("--format", choices=FORMATS, default=FORMATS[0], help=f"default {FORMATS[0]}")
    parser.add_argument("--out", type=Path, dest="file", metavar="FILE", help="file to write (default: print it)")


def do(session: Session) -> int:
    given = session.options
    scenario = session.scenario()
    import model

    drawn = model.diagram(scenario, strategy=given.strategy, format=given.format)
    if given.file is None:
        print(drawn, end="")
        return 0
    given.file.write_text(drawn, encoding="utf-8")
    print(f"diagram: {given.file}")
    return 0
