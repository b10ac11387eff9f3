"""Command `variants`: named scenarios side by side."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from model.cli import options as shared
from model.cli.session import Session


def options(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="file of variants, such as variants/mscc.yaml")
    shared.settings(parser)
    shared.psa(parser)
    shared.method(parser)
    shared.decision(parser, group=False)


def do(session: Session) -> int:
    options = session.options
    import model
    from model.scenario_file.variants import read_variants

    variants = read_variants(options.file, options.settings)
    session.place(variants.base.key)
    result = model.variants(variants, options.draws, options.sampling, **session.asked())
    return session.closed(result, variants.base)
