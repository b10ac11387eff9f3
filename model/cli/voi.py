"""Command `voi`: value of information of a scenario's PSA, and of studies that would tell more."""

from __future__ import annotations

import argparse
from argparse import Namespace
from typing import TYPE_CHECKING

from model.cli import options as shared
from model.cli.session import OptionsError, Session

if TYPE_CHECKING:
    from model.analysis.population import Population


def add(commands) -> None:
    parser = commands.add_parser(
        "voi", help="EVPPI of every parameter and of named groups; EVSI of studies; population value"
    )
    shared.scenario(parser)
    shared.psa(parser)
    shared.method(parser)
    shared.decision(parser)
    shared.parameter_groups(parser)
    parser.add_argument(
        "--incidence", type=shared.amount, metavar="N", help="patients a year, for the population value"
    )
    parser.add_argument(
        "--years", type=shared.amount, default=10.0, help="years that the decision will matter (default 10)"
    )
    parser.add_argument(
        "--discount",
        type=_rate,
        default=0.03,
        metavar="RATE",
        help="annual rate at which future patients count less (default 3%%)",
    )
    parser.add_argument(
        "--study",
        action="append",
        default=[],
        dest="studies",
        metavar="'NAME: PARAMETER,... ~ LIKELIHOOD'",
        help="a proposed study, an arm a parameter: 'trial: p_cure ~ binomial', 'survey: utility ~ "
        "normal(sd=0.2)', 'cohort: rate ~ time-to-event(follow-up=2 years)', 'rct: hr ~ time-to-event("
        "follow-up=2 years, baseline=rate)'; may be given often",
    )
    parser.add_argument(
        "--sizes", type=_sizes, metavar="N,N,...", help="patients in each arm (default 25 to 800, doubling)"
    )
    parser.add_argument("--cost-fixed", type=shared.amount, metavar="X", help="cost of a study of any size")
    parser.add_argument(
        "--cost-per-patient", type=shared.amount, metavar="X", help="cost of each patient studied, over all arms"
    )
    parser.set_defaults(do=_voi)


def _rate(text: str) -> float:
    value = shared.amount(text.strip().removesuffix("%"))
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


def _voi(session: Session) -> int:
    options = session.options
    _check(options)
    scenario = session.scenario()
    import model

    result = model.voi(
        scenario,
        options.draws,
        options.sampling,
        dict(options.parameter_groups),
        _population(options),
        options.studies,
        options.sizes or (),
        **session.asked(),
    )
    return session.closed(result, scenario)


def _check(options: Namespace) -> None:
    costs = options.cost_fixed is not None or options.cost_per_patient is not None
    if (costs or options.sizes) and not options.studies:
        raise OptionsError("--sizes, --cost-fixed and --cost-per-patient describe a study: say which with --study")
    if costs and options.incidence is None:
        raise OptionsError(
            "the net benefit of a study needs --incidence, the patients a year that its result would serve"
        )


def _population(options: Namespace) -> Population | None:
    from model.analysis.population import Population

    if options.incidence is None:
        return None
    return Population(options.incidence, options.years, options.discount, options.cost_fixed, options.cost_per_patient)
