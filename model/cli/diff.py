"""Command `diff`: what differs between two scenarios, and what each difference does."""

from __future__ import annotations

from pathlib import Path

from model.cli import options as shared
from model.cli.session import Session


def add(commands) -> None:
    parser = commands.add_parser(
        "diff", help="what differs between two scenarios, and how much each difference moves the result"
    )
    parser.add_argument("a", type=Path, metavar="A", help="scenario file to start from")
    parser.add_argument("b", type=Path, metavar="B", help="scenario file to arrive at")
    shared.psa(parser)
    shared.method(parser)
    shared.decision(parser, group=False)
    parser.add_argument(
        "--with-psa", action="store_true", help="attribute the mean over --draws instead of the base case"
    )
    parser.add_argument(
        "--permutations",
        type=shared.whole(4, 1_000_000_000, "a whole number, 4 or more"),
        default=100,
        metavar="N",
        help="orders that are sampled where more than 8 fields differ (default 100)",
    )
    parser.set_defaults(do=_diff)


def _diff(session: Session) -> int:
    options = session.options
    import model
    from model.scenario_file import read

    a = read(options.a)
    session.place(a.key)
    draws = options.draws if options.with_psa else 0
    result = model.diff(a, options.b, draws, options.sampling, options.permutations, **session.asked())
    return session.closed(result, a)
