"""The loader's check of a file against the statement of its fields.

From that one statement (`fields`) come this check, `run_model.py schema` (`editor_schema`) and docs/scenario-reference.md.
"""

from __future__ import annotations

import keyword
import math
import re
from dataclasses import replace

from model.formula import BUILT_IN, FUNCTIONS, RENAMED
from model.scenario_file.fields import SCENARIO
from model.scenario_file.nodes import List, Map, Node, Nothing, Text
from model.scenario_file.problems import Problems
from model.suggestions import nearest
from model.units import DAYS, DIGITS

NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
_FREE = {"floor", "ceil", "round", "mod"}  # functions that came later: names of older files may be called so
RESERVED = {
    *FUNCTIONS.keys() - _FREE,
    *BUILT_IN,
    *RENAMED,
    *keyword.kwlist,
    "lookup",
    "rest",
    "QALY",
    "QALYs",
    *DAYS,
    *(d + "s" for d in DAYS),
}


def bad_name(name: str) -> str:
    """Why a formula could not use `name`; nothing where it could."""
    if not re.fullmatch(NAME, name):
        return f"'{name}' cannot be a name in formulas: use letters, digits and _, beginning with a letter"
    if name in RESERVED:
        return f"'{name}' is a word of the formula language; choose another name, such as '{name}_'"
    return ""


def check_file(root: Node, problems: Problems, schema: dict = SCENARIO) -> Map:
    """The tree of a file without what is wrong in it, which is reported."""
    checked = check(root, problems, schema)
    return checked if isinstance(checked, Map) else Map(root.file, root.line)


def check(node: Node, problems: Problems, schema: dict) -> Node | None:
    """Report keys that are not read, fields that are missing, and values of the wrong shape.

    What is wrong is left out of the tree that is returned, so that the rest can be read and its own errors be found.
    """
    if isinstance(node, Nothing):
        return _check_empty(node, problems, schema)
    if "anyOf" in schema:
        return _check_either(node, problems, schema)
    if schema.get("type") == "object":
        return _check_map(node, problems, schema)
    if schema.get("type") == "array":
        return _check_list(node, problems, schema)
    return _check_text(node, problems, schema)


def _check_text(node: Node, problems: Problems, schema: dict) -> Text | None:
    if not isinstance(node, Text):
        problems.add(node, f"found {_kind(node)}, needed: {schema['description']}")
        return None
    if "enum" in schema and node.value not in schema["enum"]:
        problems.unknown(node, "value", node.value, schema["enum"])
        return None
    if "pattern" in schema and not re.fullmatch(schema["pattern"], node.value):
        problems.add(node, f"{node.value!r} has a line break or a tab; a {schema['description']} stands in one line")
        return None
    return None if schema.get("format") == "number" and number(node, problems) is None else node


def _check_empty(node: Nothing, problems: Problems, schema: dict) -> Node | None:
    """Nothing behind a name: an entry without fields is one; a field without a value is a slip."""
    if schema.get("type") == "object" and not schema["required"]:
        return Map(node.file, node.line, node.place)
    if schema.get("type") == "array" and not schema["minItems"]:
        return List(node.file, node.line, node.place)
    problems.add(node, f"is empty; write a value ({schema['description']}), or leave the field out")
    return None


def _check_either(node: Node, problems: Problems, schema: dict) -> Node | None:
    kinds: dict[str, type[Node]] = {"object": Map, "array": List}
    for option in schema["anyOf"]:
        wanted = kinds.get(option["type"], Text) if isinstance(option["type"], str) else Text
        if isinstance(node, wanted):
            return check(node, problems, option)
    problems.add(node, f"found {_kind(node)}, needed: {schema['description']}")
    return None


def _check_map(node: Node, problems: Problems, schema: dict) -> Map | None:
    if not isinstance(node, Map):
        listed = ", ".join(schema["properties"]) or "name: ..."
        problems.add(node, f"found {_kind(node)}, needed fields: {listed} ({schema['description']})")
        return None
    checked = _check_fields(node, problems, schema)
    for key in schema["required"]:
        if not checked.stated(key):
            problems.add(node, f"'{key}' is missing ({schema['properties'][key]['description']})")
    return checked


def _check_fields(node: Map, problems: Problems, schema: dict) -> Map:
    """Without the fields that are wrong, nor those that unknown names are probably meant as."""
    kept: dict[str, Node] = {}
    dropped, known = set(node.dropped), schema["properties"]
    for key, child in node.fields.items():
        checked = None
        if key not in known and schema["additionalProperties"] is False:
            line = node.lines.get(key) if child.file == node.file else None
            problems.unknown(Node(child.file, line or child.line, node.place), "field", key, known)
            dropped |= {nearest(key, known)} - {""}
        else:
            checked = check(child, problems, known.get(key) or schema["additionalProperties"])
        if checked is None:
            dropped.add(key)
        else:
            kept[key] = checked
    return replace(node, fields=kept, dropped=frozenset(dropped))


def _check_list(node: Node, problems: Problems, schema: dict) -> List | None:
    if not isinstance(node, List):
        problems.add(node, f"found {_kind(node)}, needed a list: {schema['description']}")
        return None
    if len(node.items) < schema["minItems"]:
        problems.add(
            node,
            f"needs at least {schema['minItems']} {'entry' if schema['minItems'] == 1 else 'entries'}, "
            f"found {len(node.items)}",
        )
        return None
    good = tuple(item for child in node.items if (item := check(child, problems, schema["items"])) is not None)
    # A list of transitions can do with the good ones; a list of numbers with one missing is another list.
    complete = len(good) == len(node.items) or schema["items"].get("type") == "object"
    return replace(node, items=good) if complete else None


def _kind(node: Node) -> str:
    match node:
        case Map():
            return f"fields ({', '.join(f'{key}: ...' for key in list(node.fields)[:3]) or 'none'})"
        case List():
            return "a list"
        case Text():
            return f"'{node.value}'"
        case _:
            return "nothing"


_NUMBER = re.compile(rf"[+-]?{DIGITS}")


def number(node: Node, problems: Problems) -> float | None:
    """A plain number or a percentage; reports and returns None where it is neither."""
    text = node.value if isinstance(node, Text) else ""
    bare = text.removesuffix("%").strip()
    value = float(bare) if _NUMBER.fullmatch(bare) else math.inf
    if math.isfinite(value):
        return value / 100 if text.endswith("%") else value
    hint = " (write it without thousands separators)" if re.search(r"\d[,_' ]\d", text) else ""
    problems.add(node, f"'{text}' is not a number{hint}; write for example 0.03, 1e5 or 3 %")
    return None


def numbers(listed: List, problems: Problems) -> tuple[float, ...]:
    """The numbers of a list; what is none is reported and left out."""
    return tuple(value for item in listed.items if (value := number(item, problems)) is not None)
