"""Command `survival`: from survival data, or a published survival figure, to the scenario."""

from __future__ import annotations

import argparse
from argparse import ArgumentParser
from pathlib import Path

from model.cli import options as shared
from model.cli.session import OptionsError, Session


def options(parser: ArgumentParser) -> None:
    parser.add_argument("data", nargs="?", metavar="CSV", help="a row a patient: columns time, event (1 or 0), arm")
    parser.add_argument(
        "--time-unit", default="", metavar="UNIT", help="unit of the times: hour, day, week, month or year"
    )
    parser.add_argument("--time", default="time", metavar="COLUMN", help="column of times (default time)")
    parser.add_argument(
        "--event", default="event", metavar="COLUMN", help="column of events: 1, or 0 if censored (default event)"
    )
    parser.add_argument(
        "--arm", metavar="COLUMN", help="column of arms (default arm, if there is one); '': all patients are one arm"
    )
    parser.add_argument("--curve", metavar="CSV", help="points of a published curve: columns time, survival, arm")
    parser.add_argument("--at-risk", metavar="CSV", help="numbers at risk below that curve: columns time, at_risk, arm")
    parser.add_argument(
        "--joint", action="store_true", help="fit distributions also to all arms, with a factor for each"
    )
    parser.add_argument("--no-splines", action="store_true", help="leave out Royston-Parmar splines")
    parser.add_argument(
        "--landmarks",
        type=_years,
        default=(1, 2, 5, 10),
        metavar="A,B,...",
        help="years at which survival is listed (default 1,2,5,10)",
    )
    parser.add_argument(
        "--horizon", type=_above_0, default=20, metavar="YEARS", help="end of curves and means (default 20)"
    )
    parser.add_argument("--source", default="", metavar="TEXT", help="citation of the data, for the scenarios to paste")
    parser.add_argument("--no-figures", action="store_true", help="tables and scenarios only")
    shared.out(parser, "folder of the results (default results/<data>/survival)")


def _above_0(text: str) -> float:
    value = shared.amount(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"'{text}' must be above 0")
    return value


def _years(text: str) -> tuple[float, ...]:
    return tuple(_above_0(part) for part in text.split(","))


def do(session: Session) -> int:
    import model

    options = session.options
    if (options.data is None) == (options.curve is None) or (options.curve is None) != (options.at_risk is None):
        raise OptionsError("give either a CSV with a row a patient, or --curve and --at-risk")
    session.place(Path(options.data or options.curve).stem)
    result = model.survival(
        options.data,
        options.time_unit,
        time=options.time,
        event=options.event,
        arm=options.arm,
        curve=options.curve,
        at_risk=options.at_risk,
        joint=options.joint,
        splines=not options.no_splines,
        landmarks=options.landmarks,
        horizon=options.horizon,
        source=options.source,
    )
    if options.no_figures:
        result.plans = {}
    session.finish(result)
    figures = "figures/, " if result.plans else ""
    print(f"\nResults: {options.out}/ (tables/, {figures}scenario_DISTRIBUTION.yaml)")
    return 0
