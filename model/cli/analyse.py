"""Command `analyse`: economics of results made in other software."""

from __future__ import annotations

import argparse

from model.cli import options as shared
from model.cli.session import Session


def add(commands) -> None:
    parser = commands.add_parser("analyse", help="economics of results made in other software")
    parser.add_argument("--cost", metavar="CSV", help="costs: a column a strategy, a row a draw")
    parser.add_argument("--effect", metavar="CSV", help="effects: the same columns and rows")
    parser.add_argument("--table", metavar="CSV", help="deterministic table with columns strategy, cost, effect")
    parser.add_argument("--wtp", type=_range, metavar="LO:HI:STEP", help="grid of the curves")
    parser.add_argument("--reference", metavar="STRATEGY", help="strategy to compare with (default: the first)")
    parser.add_argument(
        "--parameters",
        metavar="CSV",
        help="parameters of the PSA, for EVPPI: a column a parameter, a row a draw, in the order of the costs",
    )
    parser.add_argument(
        "--voi-wtp",
        type=shared.amount,
        metavar="X",
        help="willingness to pay of the EVPPI (default: where EVPI is highest)",
    )
    shared.parameter_groups(parser)
    shared.out(parser, "folder of the results (default results/analyse)")
    parser.set_defaults(do=_analyse)


def _range(text: str):
    import numpy as np

    from model.instants import floor

    parts = text.split(":")
    try:
        low, high, step = map(float, parts)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not low:high:step, such as 0:100000:500") from None
    if not (0 <= low < high and step > 0) or (high - low) / step > 100_000:
        raise argparse.ArgumentTypeError(f"'{text}': needs 0 <= low < high, step above 0, at most 100,000 points")
    return low + step * np.arange(int(floor((high - low) / step)) + 1)


def _analyse(session: Session) -> int:
    import model
    from model.analysis.external import TableError

    options = session.options
    if (options.table is None) == (options.cost is None) or (options.cost is None) != (options.effect is None):
        raise TableError("give either --cost and --effect (a PSA), or --table (deterministic)")
    session.place("analyse")
    result = model.analyse(
        options.cost or options.table,
        options.effect,
        options.wtp,
        reference=options.reference,
        parameters=options.parameters,
        voi_wtp=options.voi_wtp,
        parameter_groups=dict(options.parameter_groups),
    )
    session.finish(result)
    print(f"\nResults: {options.out}/")
    return 0
