"""JSON Schema for editors, from the statement of the fields: what they mean, what may stand there, and examples of each.

Values that only a formula could judge are left to `check`. A field may be `null`, which removes an entry of the file that is
extended; where that is not one of a few words it is allowed by what a value is not, since an editor would else offer `null` first.
"""

from __future__ import annotations

from collections.abc import Sequence

from model.scenario_file import yaml_text
from model.scenario_file.editor_words import patterns, snippets
from model.scenario_file.fields import SCENARIO
from model.scenario_file.more_examples import MORE, OTHERS
from model.scenario_file.reference import EXAMPLES

STRUCTURED = ["object", "array"]
FREE = {
    "formula",
    "number",
    "duration",
    "unit",
    "distribution",
    "prior",
    "survival",
    "capacity",
    "currency",
}  # no true or false
OF_PROFILE = ("discount", "wtp")  # which may be missing where there is a profile
SHOWN = 3  # examples of a value
WORDS = {"true": True, "false": False, "0": 0}


def json_schema() -> dict:
    """JSON Schema (draft 2020-12) of a scenario file; a file that `extends` another may leave out any field."""
    examples = [yaml_text.values(text) for text in (*EXAMPLES.values(), MORE, OTHERS)]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Scenario file",
        **_Editor().schema(SCENARIO, examples),
        "type": "object",
        "if": {"required": ["extends"]},
        "else": {
            "anyOf": [{"required": ["transitions"]}, {"required": ["curves"]}],
            "if": {"required": ["profile"]},
            "then": _needed(_but_of_profile(SCENARIO)),
            "else": _needed(SCENARIO),
        },
    }


def _but_of_profile(schema: dict) -> dict:
    """Without what a profile states."""
    kept = {key: child for key, child in schema["properties"].items() if key not in OF_PROFILE}
    return schema | {"required": [key for key in schema["required"] if key not in OF_PROFILE], "properties": kept}


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


class _Editor:
    """Turns the statement of a field into a schema, with the values that examples have at its place."""

    def __init__(self) -> None:
        self.patterns, self.snippets = patterns(), snippets()

    def schema(self, stated: dict, examples: Sequence[object]) -> dict:
        if "anyOf" in stated:
            options = [self.schema(option, _fitting(option, examples)) for option in stated["anyOf"]]
            return {"description": stated["description"], "anyOf": options}
        match stated["type"]:
            case "object":
                return self._of_fields(stated, [e for e in examples if isinstance(e, dict)])
            case "array":
                items = [item for e in examples if isinstance(e, list) for item in e]
                return _also_nothing(stated, "array") | {"items": self.schema(stated["items"], items)}
        return self._of_text(stated) | _shown(examples)

    def _of_fields(self, stated: dict, examples: list[dict]) -> dict:
        known, others = stated["properties"], stated["additionalProperties"]
        made = {k: self.schema(child, [e[k] for e in examples if k in e]) for k, child in known.items()}
        if isinstance(others, dict):
            others = self.schema(others, [v for e in examples for k, v in e.items() if k not in known])
        return _also_nothing(stated, "object") | {"properties": made, "additionalProperties": others}

    def _of_text(self, stated: dict) -> dict:
        what = {key: value for key, value in stated.items() if key not in ("format", "type")}
        if "enum" in stated:
            words = [v for e in stated["enum"] for v in (e, WORDS.get(e))]
            return what | {"enum": [v for v in words if v is not None] + [None]}
        kind = stated.get("format", "")
        refused = [*STRUCTURED, "boolean"] if kind in FREE else STRUCTURED
        needed = f"needed: {stated['description']}"
        pattern = {"pattern": self.patterns[kind], "patternErrorMessage": needed} if kind in self.patterns else {}
        offered = {"defaultSnippets": self.snippets[kind]} if kind in self.snippets else {}
        return what | {"not": {"type": refused}} | pattern | offered


def _also_nothing(stated: dict, kind: str) -> dict:
    """Without the fields that are needed, which a file that extends another may leave out."""
    kept = {
        key: value
        for key, value in stated.items()
        if key not in ("required", "properties", "additionalProperties", "items")
    }
    return kept | {"type": [kind, "null"]}


def _fitting(option: dict, examples: Sequence[object]) -> list[object]:
    kind = {"object": dict, "array": list}.get(option["type"]) if isinstance(option["type"], str) else None
    return [e for e in examples if (isinstance(e, kind) if kind else not isinstance(e, (dict, list)))]


def _shown(examples: Sequence[object]) -> dict:
    different = [e for i, e in enumerate(examples) if e is not None and e not in examples[:i]]
    return {"examples": different[:SHOWN]} if different else {}
