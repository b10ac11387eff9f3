"""A step of constant rates by matrices: phi1(A) = integral of exp(A s) over s in 0..1, and exp(A) = 1 + A phi1(A).

TERMS steps of Horner's rule at A / 2^n and n doublings, phi(2 A) = (phi(A) + exp(A) phi(A)) / 2 and exp(2 A) = exp(A)^2. Each entry
is a cell of plain sums; entries that are 0 whatever the rates have none. Rows are where patients come from, columns where they go.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from model.report.workbook.work import Work

TERMS, DOUBLINGS = 12, 8
FAST = 0.25  # exits per step / 2^n up to which the terms are enough
Entries = dict[tuple[int, int], str]  # (from, to) -> address; missing: 0


@dataclass(frozen=True)
class Flow:
    """Rate of moves between states in which time is spent: what a formula adds up."""

    source: int
    target: int
    rate: str


@dataclass(frozen=True)
class Matrices:
    """whole: shares after the step; means: by decay (a cell, or '' for none) the mean over the step, discounted within it."""

    whole: Entries
    means: dict[str, Entries]


def matrices(
    work: Work, words: str, flows: list[Flow], length: str, decays: list[str], exits: float, key: str
) -> Matrices:
    """exits: the largest number of exits from a state per step at base values, which says how often to halve."""
    doublings = max(DOUBLINGS, math.ceil(math.log2(max(exits, 1e-9) / FAST)) + 2)
    work.title(f"Matrices of a step {words}")
    rates = _rates(work, flows)
    fastest = "MAX(" + ",".join([f"-{rates[i, i]}" for i in work.states if (i, i) in rates] or ["0"]) + ")"
    work.checks[f"{key}: rates are not too fast"] = f"{fastest}*{length}/{2**doublings}<={2 * FAST}"
    whole: Entries = {}
    means: dict[str, Entries] = {}
    for decay in dict.fromkeys(["", *decays]):
        made = _exponential(work, rates, length, decay, doublings)
        means[decay] = made[1]
        whole = whole or made[0]
    sums = ["+".join(whole[i, j] for j in work.states if (i, j) in whole) for i in work.states]
    work.checks[f"{key}: rows of the matrix add up to 1"] = (
        "MAX(" + ",".join(f"ABS({one}-1)" for one in sums) + ")<1E-10"
    )
    return Matrices(whole, means)


def _rates(work: Work, flows: list[Flow]) -> Entries:
    parts: dict[tuple[int, int], list[str]] = {}
    for flow in flows:
        if flow.source != flow.target:
            parts.setdefault((flow.source, flow.target), []).append(flow.rate)
    entries = {place: "+".join(rates) for place, rates in parts.items()}
    found = _matrix(work, "rates per unit of time", entries)
    for state in {source for source, _ in parts}:
        out = "-".join(found[place] for place in found if place[0] == state)
        column = work.states.index(state)
        found[state, state] = work.sheet.formula(work.row - len(work.states) + column, 1 + column, f"-{out}", "rate")
    return found


def _exponential(work: Work, rates: Entries, length: str, decay: str, doublings: int) -> tuple[Entries, Entries]:
    """(exp(A), phi1(A)) with A the rates less a decay, times the length."""
    scale = f"{length}/{2**doublings}"
    diagonal = {(i, i) for i in work.states}
    entries = {place: f"({rates[place]})*{scale}" for place in rates}
    for place in diagonal if decay else ():
        before = rates.get(place, "0")
        entries[place] = f"({before}-{decay})*{scale}"
    words = " less discount" if decay else ""
    small = _matrix(work, f"A = rates{words} * length / 2^{doublings}", entries)
    phi: Entries = {}
    for k in range(TERMS, 1, -1):
        phi = _matrix(work, f"phi, term {k}", _horner(work, small, phi, f"/{k}"))
    whole = _matrix(work, "exp(A) = 1 + A phi", _horner(work, small, phi, ""))
    for n in range(1, doublings + 1):
        again = _product(work, whole, phi)
        halved = {place: f"({_sum(phi.get(place), again.get(place))})/2" for place in {*phi, *again}}
        phi = _matrix(work, f"phi, doubling {n}", halved)
        whole = _matrix(work, f"exp, doubling {n}", _product(work, whole, whole))
    return whole, phi


def _horner(work: Work, small: Entries, phi: Entries, divided: str) -> dict[tuple[int, int], str]:
    """1 + A phi / k; the first time phi is 1."""
    product = _product(work, small, phi) if phi else dict(small)
    made = {place: f"({text}){divided}" for place, text in product.items()}
    for state in work.states:
        made[state, state] = f"1+{made[state, state]}" if (state, state) in made else "1"
    return made


def _product(work: Work, a: Entries, b: Entries) -> dict[tuple[int, int], str]:
    found = {}
    for i in work.states:
        for j in work.states:
            terms = [f"{a[i, k]}*{b[k, j]}" for k in work.states if (i, k) in a and (k, j) in b]
            if terms:
                found[i, j] = "+".join(terms)
    return found


def _sum(*parts: str | None) -> str:
    return "+".join(part for part in parts if part)


def _matrix(work: Work, words: str, entries: dict[tuple[int, int], str]) -> Entries:
    """A block of cells, a row for each state in which time is spent."""
    states, found = work.states, {}
    for i, state in enumerate(states):
        work.sheet.text(work.row + i, 0, words if i == 0 else "", "note")
        for j, other in enumerate(states):
            if (state, other) in entries:
                found[state, other] = work.sheet.formula(work.row + i, 1 + j, entries[state, other], "rate")
    work.row += len(states)
    return found
