"""Command `voi`: value of information of a scenario's PSA."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_commands(commands) -> None:
    from model import cli

    voi = commands.add_parser("voi", help="EVPPI of every parameter and of named groups; population value")
    cli.scenario_options(voi)
    cli.psa_options(voi)
    voi.add_argument("--wtp", type=float, metavar="X", help="willingness to pay (default: the first threshold)")
    voi.add_argument("--group", action="append", default=[], type=_group, metavar="NAME=A,B,...", dest="groups",
                     help="parameters whose joint value is wanted; may be given often")
    voi.add_argument("--patients-group", default="all", metavar="GROUP", help="group of patients (default: all)")
    voi.add_argument("--incidence", type=float, metavar="N", help="patients a year, for the population value")
    voi.add_argument("--years", type=float, default=10.0, help="years that the decision will matter (default 10)")
    voi.add_argument("--discount", type=float, default=0.03, metavar="RATE", help="annual rate (default 0.03)")
    voi.set_defaults(do=_voi)


def _group(text: str) -> tuple[str, tuple[str, ...]]:
    name, equals, members = text.partition("=")
    found = tuple(m.strip() for m in members.split(",") if m.strip())
    if not equals or not name.strip() or not found:
        raise argparse.ArgumentTypeError(f"'{text}' is not name=parameter,parameter,...")
    return name.strip(), found


def _voi(options, arguments) -> int:
    import time

    started = time.perf_counter()
    from model import api, cli
    from model.report.manifest import manifest

    scenario = cli.read_scenario(options)
    with cli.Progress(options.draws, "draws") as bar:
        result, found = api.value_of_information(
            scenario, options.draws, options.seed, options.sampling, options.wtp, dict(options.groups),
            options.patients_group, (options.incidence, options.years, options.discount), bar)
    out = options.out or Path("results") / scenario.key / "voi"
    command = " ".join(["run_model.py", *arguments])
    result.save(out, manifest(result.run, command, time.perf_counter() - started), scenario.text)
    print(result.text)
    print(f"\nResults: {out}/")
    return 0
