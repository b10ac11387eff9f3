"""Command `calibrate`: inputs at which the model meets the targets of the scenario's `calibration` section."""

from __future__ import annotations

from model.cli import options as shared
from model.cli.session import Session


def add(commands) -> None:
    parser = commands.add_parser(
        "calibrate", help="find unknown inputs from targets: best fit, what the targets leave open, posterior"
    )
    shared.scenario(parser)
    parser.add_argument(
        "--starts", type=shared.whole(1, 10_000), default=5, metavar="N", help="starts of the search (default 5)"
    )
    parser.add_argument(
        "--posterior",
        type=shared.whole(20, 10_000_000, zero=True),
        default=0,
        metavar="N",
        help="sets of values from the posterior, for a PSA (default 0: none)",
    )
    parser.add_argument(
        "--draws",
        type=shared.whole(100, 10_000_000),
        default=10_000,
        metavar="N",
        help="PSA draws, for targets on the acceptability curve (default 10000)",
    )
    shared.seed(parser)
    shared.out(parser, "folder of the results (default results/<scenario>/calibrate)")
    shared.workers(parser)
    parser.set_defaults(do=_calibrate)


def _calibrate(session: Session) -> int:
    options, scenario = session.options, session.scenario()
    import model

    result = model.calibrate(scenario, options.starts, options.posterior, options.draws, **session.asked())
    return session.closed(result, scenario)
