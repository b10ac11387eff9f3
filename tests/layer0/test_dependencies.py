"""Names in the order of their definitions, however long the chain."""

import pytest

from model.dependencies import CircleError, in_order


def ordered(name, needs):
    known = {}
    for one in in_order(name, lambda n: needs.get(n, ()), known):
        known[one] = True
    return list(known)


def test_each_name_comes_after_what_it_needs_and_once():
    needs = {"d": {"b", "c"}, "b": {"a"}, "c": {"a", "b"}}
    assert ordered("d", needs) == ["a", "b", "c", "d"]


def test_what_is_known_is_left_out():
    assert list(in_order("a", lambda n: ("b",), {"a": 1})) == []
    assert list(in_order("a", lambda n: {"a": ("b",)}.get(n, ()), {"b": 1})) == ["a"]


def test_a_chain_may_be_longer_than_the_stack():
    found = ordered("x0", {f"x{i}": (f"x{i + 1}",) for i in range(50_000)})
    assert found[0] == "x50000" and found[-1] == "x0" and len(found) == 50_001


def test_a_circle_is_told_with_its_path():
    with pytest.raises(CircleError) as caught:
        ordered("start", {"start": ("a",), "a": ("b",), "b": ("c",), "c": ("a",)})
    assert caught.value.path == ("a", "b", "c", "a")
