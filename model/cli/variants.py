"""Command `variants`: named scenarios side by side."""

from __future__ import annotations

from pathlib import Path

from model.cli import options as shared
from model.cli.session import Session


def add(commands) -> None:
    parser = commands.add_parser(
        "variants", help="named variants of a scenario: one table, with differences from the base"
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="file of variants, such as variants/mscc.yaml")
    shared.settings(parser)
    shared.psa(parser)
    shared.method(parser)
    shared.decision(parser, group=False)
    parser.set_defaults(do=_variants)


def _variants(session: Session) -> int:
    options = session.options
    import model
    from model.scenario_file.variants import read_variants

    variants = read_variants(options.file, options.settings)
    session.place(variants.base.key)
    result = model.variants(variants, options.draws, options.sampling, **session.asked())
    return session.closed(result, variants.base)
