"""Command `capacity`: what is one more unit of a resource, or another centre, worth?"""

from __future__ import annotations

import argparse
from argparse import ArgumentParser

from model.cli import options as shared
from model.cli.session import Session


def options(parser: ArgumentParser) -> None:
    shared.scenario(parser)
    shared.replicated(parser)
    shared.decision(parser, group=False)
    parser.add_argument("--resource", metavar="NAME", help="resource whose units are varied")
    parser.add_argument(
        "--change",
        action="append",
        default=[],
        type=_change,
        metavar="LABEL: NAME=VALUE; ...",
        dest="changes",
        help="another centre, compared with the file as it is; may be given often, such as "
        "'night surgery: resources.theatre.open=always'",
    )
    units = shared.whole(1, 100_000)
    parser.add_argument(
        "--from", type=units, default=1, metavar="N", dest="low", help="least number of units (default 1)"
    )
    parser.add_argument(
        "--to", type=units, default=4, metavar="N", dest="high", help="highest number of units (default 4)"
    )
    parser.add_argument(
        "--unit-cost", type=shared.amount, default=0.0, metavar="X", help="cost per unit and year (default 0)"
    )


def _change(text: str) -> tuple[str, tuple[str, ...]]:
    label, colon, rest = text.partition(":")
    settings = tuple(part.strip() for part in rest.split(";") if part.strip())
    if not colon or not label.strip() or not settings:
        raise argparse.ArgumentTypeError(f"'{text}' is not 'label: name=value; name=value'")
    return label.strip(), settings


def do(session: Session) -> int:
    options = session.options
    import model
    from model.analysis.capacity import CapacityError

    if (options.resource is None) == (not options.changes):
        raise CapacityError("give either --resource (how many units?) or --change (which centre?)")
    scenario = session.scenario()
    result = model.capacity(
        scenario,
        options.resource,
        options.low,
        options.high,
        options.unit_cost,
        dict(options.changes),
        **session.asked(),
    )
    return session.closed(result, scenario)
