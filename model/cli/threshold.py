"""Command `threshold`: where does the decision change?"""

from __future__ import annotations

import argparse

from model.cli import options as shared
from model.cli.session import OptionsError, Session

DRAWS = 2000  # of the PSA: every value looked at is a PSA of its own


def add(commands) -> None:
    parser = commands.add_parser("threshold", help="values of a parameter at which the decision changes")
    shared.scenario(parser)
    shared.method(parser)
    shared.decision(parser)
    shared.seed(parser)
    shared.out(parser)
    parser.add_argument(
        "--vary",
        required=True,
        type=_vary,
        metavar="NAME=LOW:HIGH",
        help="a parameter and its range; NAME alone: its stated range or 95 %% interval",
    )
    parser.add_argument("--with-psa", action="store_true", help="decide by the mean net benefit of a PSA")
    parser.add_argument("--draws", type=shared.draws, metavar="N", help=f"draws of that PSA (default {DRAWS})")
    parser.set_defaults(do=_threshold)


def _vary(text: str) -> tuple[str, float | None, float | None]:
    name, equals, limits = text.partition("=")
    if not equals and name.strip():
        return name.strip(), None, None
    try:
        low, high = map(float, limits.split(":"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME=LOW:HIGH, such as c_surgery=10000:40000") from None
    return name.strip(), low, high


def _threshold(session: Session) -> int:
    scenario, draws = session.scenario(), _draws(session.options)
    import model

    parameter, low, high = session.options.vary
    result = model.threshold(scenario, parameter, low, high, draws, **session.asked())
    return session.closed(result, scenario)


def _draws(options) -> int:
    """Draws of the PSA; 0: base values decide."""
    if not options.with_psa and options.draws is not None:
        raise OptionsError("--draws belongs to --with-psa: without it, the base values decide")
    if options.with_psa and options.draws == 0:
        raise OptionsError("--with-psa needs draws: 2 or more")
    return (DRAWS if options.draws is None else options.draws) if options.with_psa else 0
