"""Commands `global` (Sobol indices, Morris screening) and `converge` (are these enough draws?)."""

from __future__ import annotations

import argparse
import time
from pathlib import Path


def add_commands(commands) -> None:
    from model import cli
    from model.cli_voi import amount

    parser = commands.add_parser("global", help="global sensitivity: which inputs make the variance of the net benefit")
    cli.scenario_options(parser)
    cli.method_options(parser)
    parser.add_argument(
        "--method", choices=["sobol", "morris"], default="sobol", help="indices, or screening of dear models"
    )
    parser.add_argument(
        "--n", type=_points, metavar="N", help="points (default 4096, best a power of two) or trajectories (50)"
    )
    parser.add_argument("--patients-group", default="all", metavar="GROUP", help="group of patients (default: all)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="seed of the random numbers (default 1)")
    parser.add_argument("--wtp", type=amount, metavar="X", help="willingness to pay (default: the first threshold)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the results")
    parser.set_defaults(do=_global)
    parser = commands.add_parser("converge", help="are these enough draws?")
    cli.scenario_options(parser)
    cli.psa_options(parser)
    cli.method_options(parser)
    parser.add_argument("--wtp", type=amount, metavar="X", help="willingness to pay (default: the first threshold)")
    parser.add_argument(
        "--target-se",
        type=float,
        metavar="S",
        help="standard error of the incremental net benefit that is wanted (default: 5 %% of its mean or 1 %% of its standard deviation, whichever is larger)",
    )
    parser.set_defaults(do=_converge)


def _points(text: str) -> int:
    if not text.isdigit() or not 2 <= int(text) <= 10_000_000:
        raise argparse.ArgumentTypeError(f"'{text}' must be a whole number from 2 to 10,000,000")
    return int(text)


def _global(options, arguments) -> int:
    started = time.perf_counter()
    from model import cli
    from model.analysis import comparison, globalsens
    from model.report import global_report

    scenario = cli.read_scenario(options)
    groups = ["all"] if len(scenario.groups) == 1 else ["all", *scenario.groups]
    cli.known([options.patients_group], groups, "group", globalsens.GlobalError)
    factors, wtp = globalsens.factors(scenario), comparison.threshold(scenario, options.wtp)
    blocks = globalsens.places(scenario, factors)
    size = sum(len(block) for block in blocks)
    n = options.n or (4096 if options.method == "sobol" else 50)
    with cli.method_of(options) as method, cli.Progress(len(blocks) + 2, "tables of draws") as bar:
        model = globalsens.net_benefit_of(scenario, method, wtp, options.patients_group)
        parts = (
            globalsens.sobol(model, size, blocks, n, options.seed, bar)
            if options.method == "sobol"
            else globalsens.morris(model, size, blocks, n, options.seed)
        )
    others = [key for key in scenario.strategies if key != scenario.reference_strategy]
    found = dict(zip(others, parts))
    report = getattr(global_report, options.method)(scenario, factors, found, wtp, options.patients_group)
    about = {"engine": options.engine, "seed": options.seed}
    cli.save(report, options, scenario, arguments, started, about)
    return 0


def _converge(options, arguments) -> int:
    started = time.perf_counter()
    from model import cli
    from model.analysis import convergence
    from model.analysis.run import run
    from model.report import global_report

    scenario = cli.read_scenario(options)
    with cli.method_of(options) as method, cli.Progress(options.draws, "draws") as bar:
        made = run(scenario, options.draws, options.seed, options.sampling, bar, method)
    found = convergence.convergence(made, options.wtp, options.target_se)
    about = {"engine": options.engine, "seed": options.seed}
    cli.save(global_report.convergence(made, found), options, scenario, arguments, started, about)
    return 0
