"""What is written down of the states whose stays are counted by their age (`stays`), step by step."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from model.engines.linear import Flow


@dataclass
class Watch:
    """What is written down of each step under the convention 'integral'. edges: where steps begin and end; spent, entered:
    [step][weighting, watched state, row] time and entries, discounted to the beginning of the step; there: [edge][state, row]."""

    states: list[int]
    there: list[np.ndarray]
    edges: list[float] = field(default_factory=lambda: [0.0])
    spent: list[np.ndarray] = field(default_factory=list)
    entered: list[np.ndarray] = field(default_factory=list)

    def step(self, end: float, x: np.ndarray, means: list[np.ndarray], flows: list[Flow], length: float) -> None:
        """means[weighting][state, row] over a step of this length; flows in amounts a step."""
        self.edges.append(end)
        self.there.append(x[self.states])
        self.spent.append(np.array([mean[self.states] for mean in means]) * length)
        self.entered.append(np.array([_into(self.states, flows, mean) for mean in means]))

    def even_step(self, end: float, x: np.ndarray, spent: np.ndarray, moved: list[Flow], decays: list[float]) -> None:
        """As `step`, of amounts that are moved evenly over it; decays: mean factor of each weighting."""
        came = np.zeros((len(self.states), x.shape[1]))
        for flow in moved:
            if flow.target in self.states:
                came[self.states.index(flow.target)] += flow.rate
        self.edges.append(end)
        self.there.append(x[self.states])
        self.spent.append(np.stack([spent[self.states] * decay for decay in decays]))
        self.entered.append(np.stack([came * decay for decay in decays]))


def _into(states: list[int], flows: list[Flow], mean: np.ndarray) -> np.ndarray:
    came = np.zeros((len(states), mean.shape[1]))
    for flow in flows:
        if flow.target in states:
            came[states.index(flow.target)] += flow.rate * mean[flow.source]
    return came
