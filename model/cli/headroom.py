"""Command `headroom`: the highest price of a cost component at which a strategy is worth it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from model.cli import options as shared
from model.cli.session import Session

if TYPE_CHECKING:
    from model.scenario import Scenario
    from model.scenario_file.variants import Variants


def add(commands) -> None:
    parser = commands.add_parser(
        "headroom", help="highest price of a cost component at which a strategy is worth it, by group and threshold"
    )
    parser.add_argument("scenario", type=Path, metavar="FILE", help="a scenario, or a file of variants")
    parser.add_argument("--component", required=True, metavar="NAME", help="cost component, such as surgery")
    shared.settings(parser)
    parser.add_argument(
        "--vary",
        action="append",
        default=[],
        metavar="NAME=LO:HI:N",
        help="give two: a map over two parameters, at base values and the first threshold",
    )
    parser.add_argument("--mark", type=Path, metavar="VARIANTS", help="file of variants, each a point of the map")
    shared.psa(parser)
    shared.method(parser)
    shared.decision(parser, group=False)
    parser.set_defaults(do=_headroom)


def _headroom(session: Session) -> int:
    options = session.options
    import model
    from model.scenario_file.variants import is_variants, read_variants

    if options.vary:
        options.command = "headroom_map"  # in a folder of its own
    source: Scenario | Variants
    if is_variants(options.scenario):
        source = read_variants(options.scenario, options.settings)
        first = source.base
        session.place(first.key)
    else:
        source = first = session.scenario()
    result = model.headroom(
        source, options.component, options.draws, options.sampling, options.vary, options.mark, **session.asked()
    )
    return session.closed(result, first)
