"""Command `workbook`: the base case as a spreadsheet with live formulas."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from model.cli import options as shared
from model.cli.session import Session, free


def options(parser: ArgumentParser) -> None:
    shared.scenario(parser)
    parser.add_argument(
        "--out",
        dest="file",
        type=Path,
        default=Path("model.xlsx"),
        metavar="FILE",
        help="file to write (default model.xlsx)",
    )
    parser.add_argument("--replace", action="store_true", help="replace a file that exists")
    parser.add_argument(
        "--no-recompute",
        action="store_true",
        help="do not let LibreOffice recompute the formulas and compare with the engine",
    )


def do(session: Session) -> int:
    import model

    options = session.options
    free(options.file, options.replace)
    scenario = session.scenario()
    made = model.workbook(scenario, recompute=not options.no_recompute)
    print(f"{made.save(options.file, options.replace)}: {made.summary}")
    return 0
