"""Command `diagram`: states and transitions, a decision tree or survival curves as a picture."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from model.cli import options as shared
from model.cli.session import OptionsError, Session, free

FORMATS = ("svg", "mermaid")


def options(parser: ArgumentParser) -> None:
    shared.scenario(parser)
    parser.add_argument("--strategy", metavar="NAME", help="show formulas with what this strategy binds")
    parser.add_argument("--format", choices=FORMATS, default=FORMATS[0], help=f"default {FORMATS[0]}")
    parser.add_argument("--out", type=Path, dest="file", metavar="FILE", help="file to write (default: print it)")
    parser.add_argument("--replace", action="store_true", help="replace a file that exists")


def do(session: Session) -> int:
    given = session.options
    if given.file is not None:
        free(given.file, given.replace)
    scenario = session.scenario()
    import model

    drawn = model.diagram(scenario, strategy=given.strategy, format=given.format)
    if given.file is None:
        print(drawn, end="")
        return 0
    try:
        given.file.parent.mkdir(parents=True, exist_ok=True)
        given.file.write_text(drawn, encoding="utf-8")
    except OSError as error:
        raise OptionsError(f"cannot write {given.file}: {error.strerror or error}") from None
    print(f"diagram: {given.file}")
    return 0
