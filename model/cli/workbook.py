"""Command `workbook`: the base case as a spreadsheet with live formulas."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from model.cli import options as shared
from model.cli.session import Session


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
    from model.report.workbook.cells import WorkbookError

    options = session.options
    if options.file.exists() and not options.replace:
        raise WorkbookError(f"{options.file} exists; choose another --out, or give --replace")
    scenario = session.scenario()
    made = model.workbook(scenario, recompute=not options.no_recompute)
    print(f"{made.save(options.file, options.replace)}: {made.summary}")
    return 0
