"""Properties of the frontier that hold for any strategies."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from model.economics.icer import VERDICTS, icer, verdict
from model.economics.incremental import frontier, increments, pairwise

# Whole numbers, so that ties and strategies on one line are common and sums are exact.
POINT = st.tuples(st.integers(-20, 20), st.integers(-20, 20))
POINTS = st.lists(POINT, min_size=1, max_size=12)
CHOSEN = ("reference", "frontier")


def of(points):
    return frontier(*np.array(points, float).T)


def chosen(points):
    """{(cost, effect): icer} of the reference and the frontier."""
    found = of(points)
    kept = np.flatnonzero(np.isin(found.status, CHOSEN))
    return {points[i]: None if np.isnan(found.icer[i]) else found.icer[i] for i in kept}


@given(POINTS, st.randoms())
def test_the_order_of_strategies_does_not_matter(points, random):
    order = random.sample(range(len(points)), len(points))
    shuffled = [points[i] for i in order]
    assert chosen(points) == chosen(shuffled)
    one, other = of(points), of(shuffled)
    for at, before in enumerate(order):
        # Of equal strategies the first is named, so that only their own words may swap.
        same = {w for p, w in zip(points, one.status) if p == points[before]}
        assert other.status[at] in same
        assert one.status[before] == other.status[at] or points.count(points[before]) > 1


@given(POINTS, st.data())
def test_a_dominated_strategy_added_changes_nothing(points, data):
    cost, effect = data.draw(st.sampled_from(points))
    worse = data.draw(st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(any))
    more = [*points, (cost + worse[0], effect - worse[1])]
    assert chosen(more) == chosen(points)
    assert of(more).status[-1] == "dominated"
    np.testing.assert_array_equal(of(more).status[:-1], of(points).status)


@given(POINTS, st.data())
def test_a_mix_of_two_strategies_added_changes_nothing(points, data):
    """Half of each does as well as no strategy on the frontier between them."""
    one, other = (data.draw(st.sampled_from(points)) for _ in range(2))
    mix = ((one[0] + other[0]) / 2, (one[1] + other[1]) / 2)
    assume(mix not in points)
    assert chosen([*points, mix]) == chosen(points)


@given(POINTS, st.sampled_from([0.25, 0.5, 2.0, 1024.0]), st.sampled_from([0.125, 4.0, 64.0]), POINT)
def test_scaling_and_shifting_leave_the_words_and_scale_the_icers(points, money, health, shift):
    moved = [(c * money + shift[0], e * health + shift[1]) for c, e in points]
    np.testing.assert_array_equal(of(moved).status, of(points).status)
    np.testing.assert_array_equal(of(moved).comparator, of(points).comparator)
    np.testing.assert_allclose(of(moved).icer, of(points).icer * money / health, rtol=1e-12)


@given(POINTS)
def test_icers_rise_along_the_frontier_and_lie_among_those_chosen_at_some_threshold(points):
    icers = [v for _, v in sorted(chosen(points).items()) if v is not None]
    assert all(a < b for a, b in zip(icers, icers[1:])) and all(v > 0 for v in icers)
    for threshold in [0.0, *((a + b) / 2 for a, b in zip(icers, icers[1:])), 1e6]:
        best = max(threshold * e - c for c, e in points)
        assert best == max(threshold * e - c for c, e in chosen(points))


@given(POINTS)
def test_every_strategy_has_one_word_and_equal_ones_do_not_dominate_each_other(points):
    found = of(points)
    assert list(found.status).count("reference") == 1 and found.comparator[list(found.status).index("reference")] == -1
    for i, (point, word, other) in enumerate(zip(points, found.status, found.comparator)):
        if word == "equal":
            assert points[other] == point and other < i and found.status[other] in CHOSEN
        if word == "dominated":
            assert any(c <= point[0] and e >= point[1] and (c, e) != point for c, e in points)


@settings(max_examples=50)
@given(POINT, POINT)
def test_one_rule_gives_every_icer(one, other):
    """frontier, pairwise and increments agree with the rule in words: a ratio where both increments have one sign."""
    cost, effect = other[0] - one[0], other[1] - one[1]
    ratio = cost / effect if cost * effect > 0 else np.nan
    word = VERDICTS[int(np.sign(cost)), int(np.sign(effect))]
    found = pairwise(*np.array([one, other], float).T, 0)
    np.testing.assert_equal([found.icer[1], float(icer(cost, effect))], [ratio, ratio])
    assert found.status[1] == word == verdict(cost, effect)
    gains = increments(*(np.array(v, float)[:, None] for v in zip(one, other)), 0)
    np.testing.assert_equal(icer(*gains)[1, 0], ratio)
    on_frontier = of([one, other])
    at = np.flatnonzero(on_frontier.status == "frontier")
    # The frontier starts at the cheaper one: the same ratio, whichever is first.
    np.testing.assert_equal(on_frontier.icer[at].tolist(), [ratio] if at.size else [])
    assert (at.size == 1) == np.isfinite(ratio)
