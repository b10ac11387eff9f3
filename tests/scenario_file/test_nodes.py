"""What a value is, its class says; a changed tree is another tree."""

from model.scenario_file.nodes import List, Map, Nothing, Text, plain, renamed
from model.scenario_file.problems import Problems
from model.scenario_file.yaml_text import parse_yaml

TEXT = "title: A\nstates:\n  well: {start: 1, cost: {care: 5}}\n  dead:\nmoves: [a, b]\nno: no\n"


def tree():
    root = parse_yaml(TEXT, "x.yaml", Problems())
    assert isinstance(root, Map)
    return root


def test_kinds():
    root = tree()
    kinds = {key: type(node) for key, node in root.fields.items()}
    assert kinds == {"title": Text, "states": Map, "moves": List, "no": Text}
    assert isinstance(root.section("states").get("dead"), Nothing)
    assert root.text("no") == "no" and root.text("states") == "" and root.entries("moves").values == ("a", "b")


def test_what_is_not_there_is_empty_and_stands_where_it_would():
    root = tree()
    assert not root.section("groups").fields and not root.entries("groups").items and root.at("groups") is root
    assert root.texts("title")[0].value == "A" and [t.value for t in root.texts("moves")] == ["a", "b"]
    assert root.section("states").section("well").at("start").where == "x.yaml:3"


def test_a_changed_tree_is_another():
    root = tree()
    changed = root.put(("states", "well", "start"), Text("x.yaml", 3, "states.well.start", "0.5"))
    assert changed.section("states").section("well").text("start") == "0.5"
    assert root.section("states").section("well").text("start") == "1"
    assert plain(changed)["moves"] == plain(root)["moves"]


def test_renamed_places_reach_down():
    well = renamed(tree().section("states").section("well"), "states.ill")
    assert well.section("cost").at("care").place == "states.ill.cost.care"
