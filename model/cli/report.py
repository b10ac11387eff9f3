"""Command `report`: the run and the standard analyses beside it, in one page."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from pathlib import Path

from model.cli import options as shared
from model.cli.session import Session

SAVING = 40  # of the bar, beside the 100 of the analyses


def options(parser: ArgumentParser) -> None:
    shared.scenario(parser)
    shared.psa(parser)
    shared.method(parser)
    shared.decision(parser, group=False)
    which = "tornado, variants, voi, converge or verify; may be given often"
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help=f"of the analyses, only these: {which}"
    )
    parser.add_argument("--without", action="append", default=[], metavar="NAME", help=f"all but these: {which}")
    parser.add_argument(
        "--variants", type=Path, metavar="FILE", help="file of variants (default: the one with this base)"
    )


def do(session: Session) -> int:
    options, scenario = session.options, session.scenario()
    import model
    from model.progress import progress

    asked = session.asked()
    with progress(100 + SAVING, "%") as bar:
        asked["progress"] = bar
        which = options.only, options.without, options.variants
        result = model.full_report(scenario, options.draws, options.sampling, *which, **asked)
        figures = sum(len(one.plans) for one in (result, *result.parts.values()))
        session.finish(result, lambda name: bar(SAVING // max(figures, 1)))
    print(f"\nReport: {options.out}/report.html; {time.perf_counter() - session.started:.1f} s")
    return 0
