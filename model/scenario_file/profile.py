"""`profile: nice`: what the file does not state itself is as the body asks for."""

from __future__ import annotations

from model.profiles import PROFILES, Profile
from model.scenario_file.nodes import List, Map, Node, Text


def filled(root: Map) -> Map:
    """The tree with discount rates, thresholds and perspective of the profile that it names, where it has none."""
    node = root.get("profile")
    profile = PROFILES.get(node.value) if isinstance(node, Text) else None
    if node is None or profile is None:
        return root
    for path, value in _stated(node, profile):
        root = _with(root, path, value)
    return root


def _stated(node: Node, profile: Profile) -> list[tuple[tuple[str, ...], Node]]:
    rate, place = f"{100 * profile.discount:.3g} %", "wtp.thresholds"
    listed = (Text(node.file, node.line, f"{place}[{i}]", str(one)) for i, one in enumerate(profile.thresholds, 1))
    return [
        (("discount", "cost"), Text(node.file, node.line, "discount.cost", rate)),
        (("discount", "effect"), Text(node.file, node.line, "discount.effect", rate)),
        (("wtp", "thresholds"), List(node.file, node.line, place, tuple(listed))),
        (("perspective",), Text(node.file, node.line, "perspective", profile.perspectives[0])),
    ]


def _with(root: Map, path: tuple[str, ...], value: Node) -> Map:
    *above, last = path
    owner = root
    if above:
        section = root.get(above[0])
        if section is None:
            owner = Map(value.file, value.line, above[0])
        elif isinstance(section, Map):
            owner = section
        else:  # of the wrong shape, which is reported
            return root
    if owner.stated(last):
        return root
    return root.put((above[0],), owner.put((last,), value)) if above else root.put((last,), value)
