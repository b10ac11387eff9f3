"""Command `calibrate`: inputs at which the model meets the targets of the scenario's `calibration` section."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_commands(commands) -> None:
    from model import cli

    parser = commands.add_parser(
        "calibrate", help="find unknown inputs from targets: best fit, what the targets leave open, posterior"
    )
    cli.scenario_options(parser)
    parser.add_argument("--starts", type=_starts, default=5, metavar="N", help="starts of the search (default 5)")
    parser.add_argument(
        "--posterior",
        type=_sets,
        default=0,
        metavar="N",
        help="sets of values from the posterior, for a PSA (default 0: none)",
    )
    parser.add_argument(
        "--draws",
        type=_draws,
        default=10_000,
        metavar="N",
        help="PSA draws, for targets on the acceptability curve (default 10000)",
    )
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="seed of the random numbers (default 1)")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder of the results (default results/<scenario>/calibrate)"
    )
    cli.worker_options(parser)
    parser.set_defaults(do=_calibrate)


def _whole(text: str, low: int, high: int) -> int:
    if not text.isdigit() or not low <= int(text) <= high:
        raise argparse.ArgumentTypeError(f"'{text}' must be a whole number from {low:,} to {high:,}")
    return int(text)


def _starts(text: str) -> int:
    return _whole(text, 1, 10_000)


def _draws(text: str) -> int:
    return _whole(text, 100, 10_000_000)


def _sets(text: str) -> int:
    return 0 if text == "0" else _whole(text, 20, 10_000_000)


def _calibrate(options, arguments) -> int:
    import time

    started = time.perf_counter()
    from model import cli
    from model.analysis.calibrate import calibrate
    from model.analysis.workers import workers
    from model.report import calibration_report

    scenario = cli.read_scenario(options)
    with (
        workers(cli.jobs_of(options), options.cluster) as executor,
        cli.Progress(options.starts + options.posterior, "starts and sets") as bar,
    ):
        found = calibrate(scenario, options.starts, options.draws, options.seed, options.posterior, bar, executor)
    result = calibration_report.report(found)
    about = {"starts": options.starts, "posterior": options.posterior, "draws": options.draws, "seed": options.seed}
    cli.save(result, options, scenario, arguments, started, about)
    return 0
