"""Command `voi`: value of information of a scenario's PSA, and of studies that would tell more."""

from __future__ import annotations

import argparse
import math


class OptionsError(ValueError):
    """Options that do not go together."""


def add_commands(commands) -> None:
    from model import cli

    voi = commands.add_parser(
        "voi", help="EVPPI of every parameter and of named groups; EVSI of studies; population value"
    )
    cli.scenario_options(voi)
    cli.psa_options(voi)
    cli.method_options(voi)
    voi.add_argument("--wtp", type=amount, metavar="X", help="willingness to pay (default: the first threshold)")
    voi.add_argument(
        "--group",
        action="append",
        default=[],
        type=group,
        metavar="NAME=A,B,...",
        dest="groups",
        help="parameters whose joint value is wanted; may be given often",
    )
    voi.add_argument("--patients-group", default="all", metavar="GROUP", help="group of patients (default: all)")
    voi.add_argument("--incidence", type=amount, metavar="N", help="patients a year, for the population value")
    voi.add_argument("--years", type=amount, default=10.0, help="years that the decision will matter (default 10)")
    voi.add_argument(
        "--discount",
        type=_rate,
        default=0.03,
        metavar="RATE",
        help="annual rate at which future patients count less (default 3%%)",
    )
    voi.add_argument(
        "--study",
        action="append",
        default=[],
        dest="studies",
        metavar="'NAME: PARAMETER,... ~ LIKELIHOOD'",
        help="a proposed study, an arm a parameter: 'trial: p_cure ~ binomial', 'survey: utility ~ "
        "normal(sd=0.2)', 'cohort: rate ~ time-to-event(follow-up=2 years)', 'rct: hr ~ time-to-event("
        "follow-up=2 years, baseline=rate)'; may be given often",
    )
    voi.add_argument(
        "--sizes", type=_sizes, metavar="N,N,...", help="patients in each arm (default 25 to 800, doubling)"
    )
    voi.add_argument("--cost-fixed", type=amount, metavar="X", help="cost of a study of any size")
    voi.add_argument("--cost-per-patient", type=amount, metavar="X", help="cost of each patient studied, over all arms")
    voi.set_defaults(do=_voi)


def group(text: str) -> tuple[str, tuple[str, ...]]:
    name, equals, members = text.partition("=")
    found = tuple(m.strip() for m in members.split(",") if m.strip())
    if not equals or not name.strip() or not found:
        raise argparse.ArgumentTypeError(f"'{text}' is not name=parameter,parameter,...")
    return name.strip(), found


def amount(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"'{text}' must be a number, 0 or more")
    return value


def _rate(text: str) -> float:
    value = amount(text.strip().removesuffix("%"))
    if not text.strip().endswith("%") and value >= 1:
        raise argparse.ArgumentTypeError(f"'{text}' is {100 * value:g} % a year; write {value:g}% or {value / 100:g}")
    return value / 100 if text.strip().endswith("%") else value


def _sizes(text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdigit() and 1 <= int(part) <= 1_000_000 for part in parts) or len(parts) > 100:
        raise argparse.ArgumentTypeError(
            f"'{text}' must be up to 100 whole numbers from 1 to 1,000,000, such as 50,100,200"
        )
    return tuple(sorted({int(part) for part in parts}))


def _voi(options, arguments) -> int:
    import time

    started = time.perf_counter()
    from model import api, cli
    from model.report.manifest import run_about

    _check(options)
    scenario = cli.read_scenario(options)
    with cli.method_of(options) as method, cli.Progress(options.draws, "draws") as bar:
        result, _ = api.value_of_information(
            scenario,
            options.draws,
            options.seed,
            options.sampling,
            options.wtp,
            dict(options.groups),
            options.patients_group,
            _population(options),
            bar,
            method,
            options.studies,
            options.sizes,
        )
    cli.save(result, options, scenario, arguments, started, {**run_about(result.run), **_about(options)})
    return 0


def _about(options) -> dict:
    """What the population value rests on."""
    if options.incidence is None:
        return {}
    return {
        "patients_a_year": options.incidence,
        "years_that_the_decision_matters": options.years,
        "discount_rate_of_the_population": options.discount,
    }


def _check(options) -> None:
    costs = options.cost_fixed is not None or options.cost_per_patient is not None
    if (costs or options.sizes) and not options.studies:
        raise OptionsError("--sizes, --cost-fixed and --cost-per-patient describe a study: say which with --study")
    if costs and options.incidence is None:
        raise OptionsError(
            "the net benefit of a study needs --incidence, the patients a year that its result would serve"
        )
    names = [study.partition(":")[0].strip() for study in options.studies]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise OptionsError(f"two studies are called '{twice[0]}': give each its own name")


def _population(options):
    from model.report.voi_report import Population

    if options.incidence is None:
        return None
    return Population(options.incidence, options.years, options.discount, options.cost_fixed, options.cost_per_patient)
