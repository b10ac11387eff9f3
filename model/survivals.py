"""The survival distributions of a scenario in numbers: a `Hazard` of each, [strategy, draw]."""

from __future__ import annotations

import numpy as np

from model import hazards, tables
from model.context import Context
from model.draws import DomainError
from model.formula import Formula, Table
from model.hazards import Hazard, HazardError
from model.instants import before
from model.larger_hazard import larger
from model.limits import check_values, words
from model.over_time import OverTime, Stepwise
from model.scenario import Argument, Survival


def hazard(context: Context, place: str, survival: Survival, ratio: np.ndarray | float) -> Hazard:
    """A distribution with its acceleration factor and a ratio that never changes, without other hazards beside it."""
    factor = np.asarray(1.0) if survival.acceleration is None else context.at(survival.acceleration)
    check_values(context, f"{place}.acceleration factor", factor, 0, np.inf, survival.acceleration)
    factor = np.asarray(1.0) if survival.acceleration is None else factor
    try:
        base = _base(context, place, survival)
        # Distributions stated 'in months' run on a clock of months: the acceleration carries the change of unit.
        scaled = 1.0 if survival.acceleration is None else factor
        scaled = scaled if survival.scale is None or survival.compound else scaled * survival.scale
        made = Hazard(base.family, base.parameters, ratio, scaled)
        hazards.check(made)
    except HazardError as error:
        where = f", in {words(context, error.where)}" if len(error.where) == 2 else ""
        raise DomainError(f"{context.scenario.line(f'{place}.{survival.field}')}: {error}{where}") from None
    _check_curves(context, place, survival, np.asarray(scaled if not survival.compound else factor))
    return made


def beside(
    context: Context, place: str, survival: Survival, made: Hazard, ratio: Stepwise | OverTime | None
) -> tuple[Hazard, Stepwise | OverTime | None]:
    """With the excess that is added, and then the floor: after the ratio, which multiplies neither of them."""
    if survival.plus is None and survival.floor is None:
        return made, ratio
    if ratio is not None:
        made = _stepped(context, place, survival, made, ratio)
    if survival.plus is not None:
        made = Hazard("plus", {"first": made, "second": hazard(context, place, survival.plus, 1.0)})
    if survival.floor is not None:
        time = context.scenario.time
        end = max(time.horizon, time.whole_cycles * time.cycle)
        made = larger(made, hazard(context, place, survival.floor, 1.0), end, context.shape)
    return made, None


def _stepped(context: Context, place: str, survival: Survival, made: Hazard, ratio: Stepwise | OverTime) -> Hazard:
    if survival.clock == "state" or isinstance(ratio, OverTime):
        field = survival.plus.field if survival.plus else survival.floor.field if survival.floor else ""
        raise DomainError(
            f"{context.scenario.line(f'{place}.{field}')}: goes with a hazard ratio that changes over time only on 'clock: model', in "
            "steps at times that all draws share, such as if(time < five_years, hr, 1); let the ratio be the same all the time, or "
            "change so"
        )
    return Hazard("stepped", {"distribution": made, "starts": ratio.starts, "ratios": np.moveaxis(ratio.values, 0, -1)})


def _base(context: Context, place: str, survival: Survival) -> Hazard:
    if survival.family == "kaplan_meier":
        return _kaplan_meier(context, place, survival)
    if survival.table is not None:
        return _life_table(context, place, survival.table, context.at(survival.age))
    values = {name: _argument(context, place, value) for name, value in survival.arguments.items()}
    return hazards.make(survival.family, **values)


def _argument(context: Context, place: str, value: Argument) -> np.ndarray | str | Hazard:
    if isinstance(value, str):
        return value
    if isinstance(value, Survival):
        base = _base(context, place, value)
        own = value.scale if value.scale is not None and not value.compound else 1.0
        return Hazard(base.family, base.parameters, 1.0, own)
    if isinstance(value, tuple):
        return np.stack([context.at(part) for part in value], axis=-1)
    return context.at(value)


def _life_table(context: Context, place: str, name: str, age: np.ndarray) -> Hazard:
    """age: at the start, [strategy, draw]."""
    by_strategy = context.tables(name)
    for s, table in enumerate(by_strategy):
        of_strategy = np.where(np.arange(len(by_strategy))[:, None] == s, age, np.inf)
        tables.check_age(context, table, of_strategy, place)
    if (age == age.flat[0]).all():
        age = age.flat[0]
    first = by_strategy[0]
    if all(table is first for table in by_strategy):
        return hazards.life_table(first.at, first.values, np.maximum(age, first.at[0]))
    ages = np.unique(np.concatenate([table.at for table in by_strategy]))
    rates = np.stack([table.lookup(np.maximum(ages, table.at[0])) for table in by_strategy])
    rates = np.broadcast_to(rates[:, None], (*context.shape, len(ages)))
    return hazards.life_table(ages, rates, np.maximum(age, ages[0]))


# --- Kaplan-Meier -----------------------------------------------------------------------------------------------


def _kaplan_meier(context: Context, place: str, survival: Survival) -> Hazard:
    """Constant hazard between listed times; from `after` on the hazard of `then`, where stated."""
    assert survival.table is not None
    by_strategy = context.tables(survival.table)
    after = _after(context, survival)
    last = np.inf if after is None else float(np.max(after))
    each = [kaplan_meier(table, last) for table in by_strategy]
    times = np.unique(np.concatenate([starts for starts, _ in each]))
    rates = [rates[np.searchsorted(starts, times, side="right") - 1] for starts, rates in each]
    if all(table is by_strategy[0] for table in by_strategy):
        curve = hazards.make("piecewise", rates=rates[0], breaks=times[1:])
    else:
        by_draw = np.broadcast_to(np.stack(rates)[:, None], (*context.shape, len(times)))
        curve = hazards.make("piecewise", rates=by_draw, breaks=times[1:])
    if after is None:
        return curve
    return hazards.make("joined", first=curve, then=_argument(context, place, survival.arguments["then"]), after=after)


def _after(context: Context, survival: Survival) -> np.ndarray | None:
    if "after" not in survival.arguments:
        return None
    after = survival.arguments["after"]
    assert isinstance(after, Formula)
    return context.at(after) * (1.0 if survival.scale is None else survival.scale)


def kaplan_meier(table: Table, last: float = np.inf) -> tuple[np.ndarray, np.ndarray]:
    """(starts, rates) of the pieces between the listed times up to `last`; HazardError where it is no survival curve."""
    times, survival = np.asarray(table.at, float), np.asarray(table.values, float)
    name = f"kaplan_meier: the table '{table.name}'"
    if times[0] > 0:
        times, survival = np.append(0.0, times), np.append(1.0, survival)
    if times[0] < 0 or survival[0] != 1:
        raise HazardError(
            f"{name} must begin with a survival of 1 at time 0, or later; found {survival[0]:g} at {times[0]:g}"
        )
    if (np.diff(survival) > 0).any():
        row = int(np.argmax(np.diff(survival) > 0))
        raise HazardError(f"{name}: survival cannot rise, found {survival[row + 1]:g} after {survival[row]:g}")
    used = np.append(True, times[:-1] < last)
    times, survival = times[used], survival[used]
    if not (survival > 0).all():
        raise HazardError(
            f"{name} falls to 0, where no hazard is large enough; leave rows of 0 out, and state 'then' and 'after' for the time "
            "beyond the row before"
        )
    if len(times) < 2:
        raise HazardError(f"{name} needs at least one time above 0")
    return times[:-1], -np.diff(np.log(survival)) / np.diff(times)


def _check_curves(context: Context, place: str, survival: Survival, factor: np.ndarray) -> None:
    """A Kaplan-Meier curve is known up to its last time: from there, or before, something else has to follow."""
    for part in survival.parts():
        if part.family != "kaplan_meier":
            continue
        after, own = _after(context, part), np.max(factor) if part is survival else 1.0
        for table in context.tables(part.table or ""):
            end, time = float(table.at[-1]), context.scenario.time
            line = context.scenario.line(f"{place}.{survival.field}")
            if after is not None and before(
                end,
                float(np.max(after)),
            ):
                raise DomainError(
                    f"{line}: kaplan_meier: 'after' must be at most the last time of the table '{table.name}', "
                    f"{end:.6g} {time.unit}s; found {float(np.max(after)):.6g}"
                )
            if after is None and before(end * own, time.horizon):
                raise DomainError(
                    f"{line}: kaplan_meier: the table '{table.name}' ends at {end * own:.6g} {time.unit}s, before the horizon; say what "
                    f"follows, such as kaplan_meier({table.name}, then=weibull(shape=1.1, scale=14), after=12) in months"
                )
