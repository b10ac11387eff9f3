"""Options that several commands share, and what their texts must look like."""

from __future__ import annotations

import argparse
import math
from argparse import ArgumentParser
from pathlib import Path

from model import shipped
from model.sample import SAMPLING

MOST_DRAWS, MOST_PATIENTS, MOST_JOBS = 100_000_000, 10_000_000, 10_000


# --- what a text must be ----------------------------------------------------------------------------------------


def whole(low: int, high: int, what: str = "", zero: bool = False, exponent: bool = False):
    """A type of option: a whole number from `low` to `high`, or (where `zero`) 0; `exponent`: 1e4 is one too."""

    def read(text: str) -> int:
        value = _number(text) if exponent else float(text) if text.isdigit() else math.nan
        if value.is_integer() and (low <= value <= high or (zero and value == 0)):
            return int(value)
        raise argparse.ArgumentTypeError(f"'{text}' must be {what or _range_in_words(low, high, zero)}")

    return read


def _range_in_words(low: int, high: int, zero: bool) -> str:
    return f"a whole number: 0, or {low} to {high:,}" if zero else f"a whole number from {low:,} to {high:,}"


draws = whole(2, MOST_DRAWS, zero=True, exponent=True)
patients = whole(2, MOST_PATIENTS, exponent=True)
jobs = whole(0, MOST_JOBS, "a whole number of processes; 0 for one on each core")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def amount(text: str) -> float:
    """A number, 0 or more."""
    value = _number(text)
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"'{text}' must be a number, 0 or more")
    return value


def parameter_group(text: str) -> tuple[str, tuple[str, ...]]:
    """'name=a,b' -> (name, parameters)."""
    name, equals, members = text.partition("=")
    listed = tuple(member.strip() for member in members.split(",") if member.strip())
    if not equals or not name.strip() or not listed:
        raise argparse.ArgumentTypeError(f"'{text}' is not name=parameter,parameter,...")
    return name.strip(), listed


# --- groups of options ------------------------------------------------------------------------------------------


def scenario(parser: ArgumentParser) -> None:
    """The file, and other inputs than it states."""
    parser.add_argument(
        "scenario",
        nargs="?",
        type=Path,
        default=shipped.DEFAULT,
        metavar="FILE",
        help=f"scenario file (default: {shipped.DEFAULT.as_posix()})",
    )
    settings(parser)


def settings(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        dest="settings",
        help="a parameter, an argument of its distribution (hr.mean), or a field such as time.horizon, for this run; may be "
        "given often",
    )


def decision(parser: ArgumentParser, group: bool = True) -> None:
    """What decides between the strategies."""
    parser.add_argument(
        "--effect",
        default="qaly",
        metavar="NAME",
        help="effect that decides: qaly (default), life_years or one of the file's",
    )
    parser.add_argument(
        "--wtp",
        type=amount,
        action="append",
        metavar="X",
        help="willingness to pay per unit of the effect (default: the file's first threshold)",
    )
    parser.add_argument(
        "--reference", metavar="STRATEGY", help="strategy that others are compared with (default: the file's)"
    )
    if group:
        parser.add_argument(
            "--patients-group", default="all", dest="group", metavar="GROUP", help="patients decided for (default: all)"
        )


def seed(parser: ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="seed of the random numbers (default 1)")


def out(parser: ArgumentParser, where: str = "folder of the results") -> None:
    parser.add_argument("--out", type=Path, metavar="DIR", help=where)


def psa(parser: ArgumentParser, default: int = 10_000) -> None:
    """Draws of a probabilistic analysis."""
    parser.add_argument(
        "--draws", type=draws, default=default, metavar="N", help=f"PSA draws (default {default}; 0: no PSA)"
    )
    seed(parser)
    parser.add_argument("--sampling", choices=SAMPLING, default="random")
    out(parser, "folder of the results (default results/<scenario>)")


def method(parser: ArgumentParser) -> None:
    """Which engine runs the model, how many patients it follows, who does the work."""
    from model.engines import NAMES

    parser.add_argument("--engine", choices=NAMES, default=NAMES[0], help=f"engine (default {NAMES[0]})")
    parser.add_argument(
        "--patients",
        type=patients,
        metavar="N",
        help="patients a draw and strategy, for engines that follow patients (default 1000)",
    )
    parser.add_argument(
        "--replications",
        type=patients,
        metavar="N",
        help="replications of the base case, with the queueing engine (default 20)",
    )
    workers(parser)


def workers(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--jobs", type=jobs, metavar="N", help="processes; 0: one on each core (default 1, with the queueing engine 0)"
    )
    parser.add_argument("--cluster", metavar="ADDRESS", help="a running Dask scheduler, such as tcp://host:8786")


def replicated(parser: ArgumentParser) -> None:
    """Of commands that run every engine, or queues, in replications."""
    parser.add_argument(
        "--patients", type=patients, default=1000, metavar="N", help="patients a replication (default 1000)"
    )
    parser.add_argument("--replications", type=patients, default=20, metavar="N", help="default 20")
    seed(parser)
    out(parser)
    workers(parser)


class Renamed(argparse.Action):
    """An option under its old name: it does the same, with a warning."""

    def __init__(self, option_strings, dest, new: str, **options):
        super().__init__(option_strings, dest, help=argparse.SUPPRESS, **options)
        self.new = new

    def __call__(self, parser, namespace, values, option_string=None):
        namespace.renamed = [*getattr(namespace, "renamed", []), f"{option_string} is now called {self.new}"]
        setattr(namespace, self.dest, [*(getattr(namespace, self.dest, None) or []), values])


def parameter_groups(parser: ArgumentParser) -> None:
    """Parameters whose joint value of information is wanted."""
    parser.add_argument(
        "--parameter-group",
        action="append",
        default=[],
        type=parameter_group,
        metavar="NAME=A,B,...",
        dest="parameter_groups",
        help="parameters whose joint value is wanted; may be given often",
    )
    parser.add_argument(
        "--group", action=Renamed, new="--parameter-group", dest="parameter_groups", type=parameter_group, default=[]
    )
