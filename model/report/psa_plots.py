"""Figures of a probabilistic analysis: plane, acceptability, expected loss, sampled parameters."""

from __future__ import annotations

import numpy as np

from model.report.marks import histogram, points
from model.report.numbers import number, shares, stated
from model.report.style import COLOURS, FAINT, INK, Style, canvas, curves, few, legend, nothing, numbers, wrapped

MOST_POINTS = 5000
PROBABILITY = "probability_most_cost_effective"


def cost_effectiveness_plane(increments, style: Style, wtp: float | None = None):
    """Draws of incremental effect and cost with mean and 95 % ellipse by strategy, and how each is distributed at the edges;
    quadrant shares if there is one.

    increments: draw, strategy, comparator, incremental_cost, incremental_effect. Mean, ellipse and shares come
    from all draws; at most MOST_POINTS points are drawn, the first draws of each strategy.
    """
    heading = "Incremental cost-effectiveness plane"
    if increments.empty:
        return nothing(style, heading, "A cost-effectiveness plane needs at least two strategies; there is one.")
    figure, axis, edges = _joint(style, heading)
    parts = dict(list(increments.groupby("strategy", sort=False)))
    one_comparator = increments["comparator"].nunique() == 1
    drawn = MOST_POINTS // len(parts)
    handles, clouds = [], [np.zeros((1, 2))]
    for strategy, part in parts.items():
        line, seen = cloud(axis, part, style.look(strategy), drawn)
        against = "" if one_comparator else f" versus {style.labels[part['comparator'].iloc[0]]}"
        line.set_label(f"{style.labels[strategy]}{against}")
        handles.append(line)
        clouds.append(seen)
        for edge, what in zip(edges, ("effect", "cost")):
            _edge(edge, part[f"incremental_{what}"], style.look(strategy), "x" if what == "effect" else "y")
    axis.axhline(0, color=FAINT, linewidth=0.9)
    axis.axvline(0, color=FAINT, linewidth=0.9)
    reach = np.concatenate(clouds)
    least = 0.17 if len(parts) == 1 else 0.05  # room for the shares of the quadrants
    axis.set_xlim(limits_with_zero(reach[:, 0], least))
    axis.set_ylim(limits_with_zero(reach[:, 1], least))
    if wtp is not None:
        label = f"{stated(wtp)} {style.currency} per {style.effect.one}"
        handles.append(axis.axline((0, 0), slope=wtp, color="black", linewidth=1, linestyle=(0, (1, 2)), label=label))
    if len(parts) == 1:
        _quadrants(axis, *parts.values())
    against = style.labels[increments["comparator"].iloc[0]] if one_comparator else "comparator"
    axis.set_xlabel(f"Incremental {style.effect.many} per person versus {against}")
    axis.set_ylabel(f"Incremental cost per person ({style.currency})")
    numbers(axis.xaxis)
    numbers(axis.yaxis)
    legend(figure, handles)
    edges[0].set_title(_note(max(map(len, parts.values())), drawn), fontsize=8, color=FAINT, loc="right")
    return figure


def _joint(style: Style, heading: str):
    """The figure, the axis of the points, and those of their distributions along the effect and along the cost."""
    shape = {"width_ratios": (8, 1), "height_ratios": (1, 7), "wspace": 0.02, "hspace": 0.02}
    figure, axes = canvas(style, heading, 7.8, 6.2, 2, 2, sharex="col", sharey="row", gridspec_kw=shape)
    for axis in (axes[0, 0], axes[0, 1], axes[1, 1]):
        axis.axis("off")
    return figure, axes[1, 0], (axes[0, 0], axes[1, 1])


def _edge(axis, sample, look: dict, on: str) -> None:
    """How all draws are distributed, over the same axis as the points."""
    histogram(axis, sample, shares=True, on=on, color=look["color"], alpha=0.4)


def _note(draws: int, drawn: int) -> str:
    points = f"first {number(drawn)} of {number(draws)} draws" if draws > drawn else f"{number(draws)} draws"
    return f"Points: {points}. Symbol and curve: mean and 95 % ellipse of all draws"


def cloud(axis, part, look: dict, drawn: int):
    """Points, ellipse and mean of one strategy; the handle of its legend and the points [point, 2] to be in view."""
    from model.economics import uncertainty

    cost, effect = part["incremental_cost"].to_numpy(), part["incremental_effect"].to_numpy()
    look = {k: v for k, v in look.items() if k != "label"}
    points(axis, effect[:drawn], cost[:drawn], look["color"])
    seen = [np.stack([effect[:drawn], cost[:drawn]], axis=1)]
    if len(cost) > 1:
        seen.append(uncertainty.ellipse(cost, effect))
        axis.plot(*seen[-1].T, **look | {"marker": ""}, linewidth=1.6, zorder=4)
    (mean,) = axis.plot(
        [effect.mean()], [cost.mean()], **look, markersize=9, markeredgecolor="white", markeredgewidth=1.2, zorder=5
    )
    return mean, np.concatenate(seen)


def limits_with_zero(values, least: float) -> tuple[float, float]:
    """Limits with a margin, and on either side of zero at least this share of the span."""
    low, high = min(values.min(), 0), max(values.max(), 0)
    span = (high - low) or 1.0
    return min(low - 0.04 * span, -least * span), max(high + 0.04 * span, least * span)


def _quadrants(axis, part) -> None:
    from model.economics import uncertainty

    found = uncertainty.quadrant_shares(part["incremental_cost"].to_numpy(), part["incremental_effect"].to_numpy())
    for name, share in zip(found, shares(found.values())):
        x, y = 0.985 if "east" in name else 0.015, 0.98 if "north" in name else 0.02
        axis.text(
            x,
            y,
            f"{name.capitalize()}\n{share}",
            transform=axis.transAxes,
            fontsize=8.5,
            color=INK,
            ha="right" if x > 0.5 else "left",
            va="top" if y > 0.5 else "bottom",
            bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1.5},
            zorder=6,
        )


def acceptability(ceac, ceaf, style: Style, thresholds=()):
    """CEAC by strategy under the frontier (CEAF), a wide grey band on the strategy of highest mean net benefit.

    ceac and ceaf: wtp, strategy, probability_most_cost_effective. The band breaks where that strategy changes.
    """
    heading = "Cost-effectiveness acceptability curves and frontier"
    if ceac.empty:
        return nothing(style, heading, "No acceptability curves: there are no probabilistic results.")
    figure, axis = canvas(style, heading)
    handles = curves(axis, ceac, "wtp", PROBABILITY, style)
    for wtp, probability in _runs(ceaf.sort_values("wtp")):
        band = axis.plot(wtp, probability, **_BAND, label="CEAF: highest mean net benefit")
    axis.set_ylim(0, 1)
    axis.set_ylabel("Probability most cost-effective")
    axis.set_yticks(np.linspace(0, 1, 6))
    wtp_axis(axis, style, ceac["wtp"], thresholds)
    legend(figure, handles + band)
    return figure


_BAND = {"color": "black", "alpha": 0.2, "linewidth": 7, "solid_capstyle": "butt", "zorder": 1.5}


def _runs(ceaf):
    """(wtp, probability) of each stretch with one optimal strategy, reaching half a grid step to its neighbours."""
    wtp, probability = ceaf["wtp"].to_numpy(float), ceaf[PROBABILITY].to_numpy(float)
    breaks = np.flatnonzero(ceaf["strategy"].to_numpy()[1:] != ceaf["strategy"].to_numpy()[:-1]) + 1
    edges = np.concatenate([[0], breaks, [len(wtp)]])
    middles = np.concatenate([wtp[:1], (wtp[breaks - 1] + wtp[breaks]) / 2, wtp[-1:]])
    for i, (start, end) in enumerate(zip(edges[:-1], edges[1:])):
        inner = few(ceaf.iloc[start:end])
        p = inner[PROBABILITY].to_numpy(float)
        x = np.concatenate([middles[i : i + 1], inner["wtp"], middles[i + 1 : i + 2]])
        yield x, np.concatenate([probability[start : start + 1], p, probability[end - 1 : end]])


def wtp_axis(axis, style: Style, wtp, thresholds) -> None:
    axis.set_xlabel(f"Willingness to pay ({style.currency} per {style.effect.one})")
    low, high = float(wtp.min()), float(wtp.max())
    if low < high:
        axis.set_xlim(low, high)
    numbers(axis.xaxis)
    _thresholds(axis, sorted(t for t in thresholds if low <= t <= high))


def _thresholds(axis, thresholds) -> None:
    """Thin vertical lines, labelled above the axis: upright where the labels would touch."""
    low, high = axis.get_xlim()
    places = (np.array(thresholds, float) - low) / (high - low)
    labels = [stated(t) for t in thresholds]
    flat = bool(np.all(np.diff(places) > 0.011 * max(map(len, labels), default=0)))
    for t, x, at, label in zip(thresholds, places, places if flat else _spread(places, 0.024), labels):
        axis.axvline(t, color=FAINT, linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
        axis.annotate(
            label,
            (x, 1),
            (at, 1.035),
            xycoords="axes fraction",
            textcoords="axes fraction",
            rotation=0 if flat else 90,
            ha="center",
            va="bottom",
            fontsize=8,
            color=FAINT,
            arrowprops={"arrowstyle": "-", "color": FAINT, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 0},
        )


def _spread(places, gap: float) -> np.ndarray:
    """Sorted places moved as little as a sweep up and one down need to set them `gap` apart, the last within 1."""
    at = places.copy()
    for i in range(1, len(at)):
        at[i] = max(at[i], at[i - 1] + gap)
    at[-1] = min(at[-1], 1.0)
    for i in range(len(at) - 2, -1, -1):
        at[i] = min(at[i], at[i + 1] - gap)
    return at


def expected_loss(expected_loss, evpi, style: Style, thresholds=()):
    """Expected loss of choosing each strategy; the lowest is the EVPI, a wide grey band.

    expected_loss: wtp, strategy, expected_loss; evpi: wtp, evpi; both in currency per person.
    """
    heading = "Expected loss by strategy and value of perfect information (EVPI)"
    if expected_loss.empty:
        return nothing(style, heading, "No expected loss: there are no probabilistic results.")
    figure, axis = canvas(style, heading)
    handles = curves(axis, expected_loss, "wtp", "expected_loss", style)
    shown = few(evpi.sort_values("wtp"))
    handles += axis.plot(shown["wtp"], shown["evpi"], **_BAND, label="EVPI: the lowest expected loss")
    axis.set_ylim(0, max(float(expected_loss["expected_loss"].max()) * 1.04, 1e-9))
    axis.set_ylabel(f"Expected loss per person ({style.currency})")
    numbers(axis.yaxis)
    wtp_axis(axis, style, expected_loss["wtp"], thresholds)
    legend(figure, handles)
    return figure


def sampled_distributions(psa_parameters, parameters, style: Style):
    """A histogram of each sampled parameter with its base value and the limits of its 95 % interval.

    psa_parameters: values [draw] of each parameter, and perhaps `draw`, by name; parameters: name, value, lower_95, upper_95, unit.
    """
    heading = "Sampled parameters"
    names = [name for name in psa_parameters if name != "draw"]
    if not names or not len(psa_parameters[names[0]]):
        return nothing(style, heading, "No parameter is sampled.")
    columns = min(4 if len(names) <= 16 else 5, len(names))
    rows = -(-len(names) // columns)
    figure, axes = canvas(style, heading, max(6.5, 2.3 * columns), 1.45 * rows + 1.1, rows, columns, squeeze=False)
    about = parameters.set_index("name")
    for axis, name in zip(axes.ravel(), names):
        handles = _histogram(axis, style.named(name), np.asarray(psa_parameters[name], float), about.loc[name])
    for axis in axes.ravel()[len(names) :]:
        axis.set_visible(False)
    legend(figure, handles)
    return figure


def _histogram(axis, name: str, sample, about) -> list:
    bars = histogram(axis, sample, color="#9CC9E6", label=f"{number(len(sample))} draws")
    base = axis.axvline(about["value"], color=COLOURS[1], linewidth=1.6, label="Base value")
    limit = [
        axis.axvline(about[end], color="black", linewidth=0.8, linestyle=(0, (3, 2)), label="Intended 95 % interval")
        for end in ("lower_95", "upper_95")
    ]
    axis.set_title(wrapped(name, 26), fontsize=8)
    axis.set_xlabel(about["unit"] if isinstance(about["unit"], str) else "", fontsize=7, labelpad=1)
    axis.set_yticks([])
    axis.spines["left"].set_visible(False)
    axis.grid(False)
    axis.tick_params(labelsize=7)
    numbers(axis.xaxis, 4)
    return [bars, base, limit[0]]
