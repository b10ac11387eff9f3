"""What the statement of the fields is good for: JSON Schema for editors, and the loader's check of a file.

From that one statement (`fields`) come the loader's checks, `run_model.py schema` and docs/scenario-reference.md.
"""

from __future__ import annotations

import keyword
import math
import re
from difflib import get_close_matches

from model.formula import BUILT_IN, FUNCTIONS
from model.scenario_file.fields import SCENARIO
from model.scenario_file.nodes import Node, Problems
from model.units import DAYS, DIGITS

NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
RESERVED = {*FUNCTIONS, *BUILT_IN, *keyword.kwlist, "lookup", "rest", "QALY", "QALYs", *DAYS, *(d + "s" for d in DAYS)}


def json_schema() -> dict:
    """JSON Schema (draft 2020-12) of a scenario file; a file that `extends` another may leave out any field."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Scenario file",
        **_nullable(SCENARIO),
        "type": "object",
        "if": {"required": ["extends"]},
        "else": _needed(SCENARIO),
    }


def _needed(schema: dict) -> dict:
    """What a complete file must have, as a schema of nothing but `required`."""
    found = {"required": schema["required"]} if schema.get("required") else {}
    fields = {key: part for key, child in (schema.get("properties") or {}).items() if (part := _needed(child))}
    for option in schema.get("anyOf", ()):
        found |= _needed(option)
    for key in ("additionalProperties", "items"):
        if isinstance(schema.get(key), dict) and (part := _needed(schema[key])):
            found[key] = part
            fields = {**{name: {} for name in schema.get("properties") or {}}, **fields}
    return found | ({"properties": fields} if fields else {})


def _nullable(schema: dict) -> dict:
    """null stands for 'nothing here', and removes an entry of the file that is extended."""
    result = {key: value for key, value in schema.items() if key not in ("required", "format")}
    if isinstance(result.get("properties"), dict):
        result["properties"] = {k: _nullable(v) for k, v in result["properties"].items()}
    for key in ("additionalProperties", "items"):
        if isinstance(result.get(key), dict):
            result[key] = _nullable(result[key])
    if "anyOf" in result:
        result["anyOf"] = [_nullable(option) for option in result["anyOf"]] + [{"type": "null"}]
    else:
        result["type"] = [*([result["type"]] if isinstance(result["type"], str) else result["type"]), "null"]
    if "enum" in result:
        values = [v for e in result["enum"] for v in (e, {"true": True, "false": False, "0": 0}.get(e))]
        result["enum"] = [v for v in values if v is not None] + [None]
    return result


def bad_name(name: str) -> str:
    """Why a formula could not use `name`; nothing where it could."""
    if not re.fullmatch(NAME, name):
        return f"'{name}' cannot be a name in formulas: use letters, digits and _, beginning with a letter"
    if name in RESERVED:
        return f"'{name}' is a word of the formula language; choose another name, such as '{name}_'"
    return ""


def check(node: Node, problems: Problems, schema: dict = SCENARIO) -> bool:
    """Report keys that are not read, fields that are missing, and values of the wrong shape.

    What is wrong is taken out of the tree, so that the rest can be read and its own errors be found.
    """
    if node.kind == "nothing":
        return _check_empty(node, problems, schema)
    if "anyOf" in schema:
        return _check_either(node, problems, schema)
    if schema.get("type") == "object":
        return _check_map(node, problems, schema)
    if schema.get("type") == "array":
        return _check_list(node, problems, schema)
    if node.kind != "text":
        problems.add(node, f"found {_kind(node)}, needed: {schema['description']}")
        return False
    if "enum" in schema and node.value not in schema["enum"]:
        problems.unknown(node, "value", node.value, schema["enum"])
        return False
    if "pattern" in schema and not re.fullmatch(schema["pattern"], node.value):
        problems.add(node, f"{node.value!r} has a line break or a tab; a {schema['description']} stands in one line")
        return False
    return schema.get("format") != "number" or number(node, problems) is not None


def _check_empty(node: Node, problems: Problems, schema: dict) -> bool:
    """Nothing behind a name: an entry without fields is one; a field without a value is a slip."""
    if schema.get("type") == "object" and not schema["required"]:
        node.kind, node.value = "map", {}
        return True
    if schema.get("type") == "array" and not schema["minItems"]:
        node.kind, node.value = "list", []
        return True
    problems.add(node, f"is empty; write a value ({schema['description']}), or leave the field out")
    return False


def _check_either(node: Node, problems: Problems, schema: dict) -> bool:
    kinds = {"object": "map", "array": "list"}
    for option in schema["anyOf"]:
        wanted = kinds.get(option["type"], "text") if isinstance(option["type"], str) else "text"
        if wanted == node.kind:
            return check(node, problems, option)
    problems.add(node, f"found {_kind(node)}, needed: {schema['description']}")
    return False


def _check_map(node: Node, problems: Problems, schema: dict) -> bool:
    if node.kind != "map":
        problems.add(
            node,
            f"found {_kind(node)}, needed fields: {', '.join(schema['properties']) or 'name: ...'} "
            f"({schema['description']})",
        )
        return False
    _check_fields(node, problems, schema)
    for key in schema["required"]:
        if key not in node and key not in node.dropped:
            problems.add(node, f"'{key}' is missing ({schema['properties'][key]['description']})")
    return True


def _check_fields(node: Node, problems: Problems, schema: dict) -> None:
    """Check every field and drop the wrong ones, with the fields that unknown names are probably meant as."""
    meant, known = set(), schema["properties"]
    for key, child in list(node.items()):
        if key not in known and schema["additionalProperties"] is False:
            line = node.keys.get(key) if child.file == node.file else None
            at = Node("text", "", child.file, line or child.line, node.place)
            problems.unknown(at, "field", key, known)
            meant.update(get_close_matches(key, known, 1, 0.6))
        elif check(child, problems, known.get(key) or schema["additionalProperties"]):
            continue
        del node.value[key]
        node.dropped.add(key)
    node.dropped |= meant


def _check_list(node: Node, problems: Problems, schema: dict) -> bool:
    if node.kind != "list":
        problems.add(node, f"found {_kind(node)}, needed a list: {schema['description']}")
        return False
    if len(node.value) < schema["minItems"]:
        problems.add(
            node,
            f"needs at least {schema['minItems']} {'entry' if schema['minItems'] == 1 else 'entries'}, "
            f"found {len(node.value)}",
        )
        return False
    good = [child for child in node.value if check(child, problems, schema["items"])]
    complete = len(good) == len(node.value)
    node.value = good
    # A list of moves can do with the good ones; a list of numbers with one missing is another list.
    return complete or schema["items"].get("type") == "object"


def _kind(node: Node) -> str:
    if node.kind == "map":
        return f"fields ({', '.join(f'{key}: ...' for key in list(node.value)[:3]) or 'none'})"
    return "a list" if node.kind == "list" else f"'{node.value}'"


_NUMBER = re.compile(rf"[+-]?{DIGITS}")


def number(node: Node, problems: Problems) -> float | None:
    """A plain number or a percentage; reports and returns None where it is neither."""
    text = node.value if node.kind == "text" else ""
    bare = text.removesuffix("%").strip()
    value = float(bare) if _NUMBER.fullmatch(bare) else math.inf
    if math.isfinite(value):
        return value / 100 if text.endswith("%") else value
    hint = " (write it without thousands separators)" if re.search(r"\d[,_' ]\d", text) else ""
    problems.add(node, f"'{node.value}' is not a number{hint}; write for example 0.03, 1e5 or 3 %")
    return None
