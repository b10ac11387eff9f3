"""Damage to the tree of a scenario: words, types, numbers, units, formulas, distributions, structure.

A maker takes a random generator and returns (way, place, base, bytes), or None where the file drawn has no such place.
"""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import yaml
from bases import pick, text_of

WORDS = yaml.safe_load((Path(__file__).resolve().parent / "words.yaml").read_text(encoding="utf-8"))
PROSE = ("title", "description", "citation", "doi", "url", "page", "note", "label")
PRICES = ("ward", "home", "drug", "visits", "travel", "care", "scan", "surgery", "radiotherapy")
FORMULAS = (
    *(
        "rate",
        "probability",
        "probability per cycle",
        "hazard ratio",
        "acceleration factor",
        "utility",
        "entry qaly",
        "qaly",
    ),
    *("start", "weight", *PRICES),
)
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")
UNIT = re.compile(r"(?<=\d )((GBP |USD )?per \w+|years?|months?|days?|weeks?|QALY|USD|GBP)\b")
WORD = re.compile(r"[A-Za-z_]\w+")


@cache
def tree_of(base: str):
    return yaml.load(text_of(base), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def dump(tree) -> bytes:
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text = yaml.dump(tree, Dumper=dumper, sort_keys=False, allow_unicode=True, width=100_000)
    return text.encode("utf-8", "surrogatepass")


def places(tree, path=()) -> Iterator[tuple]:
    """(container, key, path) of every value of a tree."""
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        yield tree, key, (*path, key)
        if isinstance(value, (dict, list)):
            yield from places(value, (*path, key))


def changed(way: str, rng: random.Random, wanted: Callable, change: Callable, base: str | None = None):
    """A file in which change(container, key, rng) was made at one of the places that wanted(value, path) names."""
    base = base or pick(rng)
    tree = copy.deepcopy(tree_of(base))
    found = [place for place in places(tree) if wanted(place[0][place[1]], place[2])]
    if not found:
        return None
    container, key, path = rng.choice(found)
    change(container, key, rng)
    return way, ".".join(map(str, path)), base, dump(tree)


# --- which places -------------------------------------------------------------------------------------------------


def anywhere(value, path) -> bool:
    return True


def is_text(value, path) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def is_formula(value, path) -> bool:
    bound = len(path) > 2 and path[0] in ("strategies", "groups", "periods") and path[-1] not in ("label", "until")
    return is_text(value, path) and (path[-1] in FORMULAS or bound)


def holds(pattern: re.Pattern) -> Callable:
    return lambda value, path: is_text(value, path) and path[-1] not in PROSE and pattern.search(str(value)) is not None


def called(*names: str) -> Callable:
    return lambda value, path: path[-1] in names and is_text(value, path)


# --- changes ------------------------------------------------------------------------------------------------------


def put(texts) -> Callable:
    return lambda container, key, rng: container.__setitem__(key, rng.choice(texts))


def drop(container, key, rng) -> None:
    del container[key]


def written_out(text: str, old) -> str:
    """A text of words.yaml: {} is what stood there, {300:x} is x 300 times."""
    return re.sub(r"\{(\d+):(.*?)\}", lambda m: m[2] * int(m[1]), text).replace("{}", str(old))


def put_words(words: list[str]) -> Callable:
    return lambda container, key, rng: container.__setitem__(key, written_out(rng.choice(words), container[key]))


def put_in_text(pattern: re.Pattern, new: Callable) -> Callable:
    """Replace one match of the pattern in a text by new(match, rng)."""

    def change(container, key, rng):
        text = str(container[key])
        found = rng.choice(list(pattern.finditer(text)))
        container[key] = text[: found.start()] + new(found[0], rng) + text[found.end() :]

    return change


def rename(make: Callable) -> Callable:
    """A field gets the name make(name, rng), and keeps its place among the others."""

    def change(container, key, rng):
        new = make(str(key), rng)
        items = [(new if k == key else k, v) for k, v in container.items()]
        container.clear()
        container.update(items)

    return change


# --- misspelt -----------------------------------------------------------------------------------------------------


def _swapped(word: str, rng) -> str:
    i = rng.randrange(max(len(word) - 1, 1))
    return word[:i] + word[i + 1 : i + 2] + word[i : i + 1] + word[i + 2 :]


def _dropped(word: str, rng) -> str:
    i = rng.randrange(max(len(word), 1))
    return word[:i] + word[i + 1 :]


def _doubled(word: str, rng) -> str:
    i = rng.randrange(len(word) + 1)
    return word[:i] + word[i - 1 : i] + word[i:]


def _look_alike(word: str, rng) -> str:
    other = word.translate(str.maketrans("aceop", "\u0430\u0441\u0435\u043e\u0440"))
    return other if other != word else word + "\u0131"


OTHER_WORDS = ("colour", "p value", "x", "rate", "all", "max", "time", "QALY", "rest", "0", "état", "日本", "a/b", "=1+1", "$x$", "<b>")  # fmt: skip
SLIPS: dict[str, Callable] = {
    "two letters swapped": _swapped,
    "a letter dropped": _dropped,
    "a letter doubled": _doubled,
    "capitals": lambda word, rng: rng.choice([word.upper(), word.title()]),
    "an s behind": lambda word, rng: word + "s",
    "a space for _": lambda word, rng: word.replace("_", " ") if "_" in word else word.replace(" ", "_") + "_",
    "a letter of another alphabet": _look_alike,
    "a hidden character": lambda word, rng: word[:1] + rng.choice("\u200b\u00ad\u2060") + word[1:],
    "another word": lambda word, rng: rng.choice(OTHER_WORDS),
    "nothing": lambda word, rng: "",
}


def misspelt_field(rng):
    way = rng.choice(list(SLIPS))
    return changed(f"field, {way}", rng, lambda v, path: isinstance(path[-1], str), rename(SLIPS[way]))


def misspelt_word(rng):
    """A name of a state, a parameter in a formula, a unit, a distribution."""
    way = rng.choice(list(SLIPS))
    return changed(f"word in a value, {way}", rng, holds(WORD), put_in_text(WORD, SLIPS[way]))


# --- types, numbers, units, formulas, distributions ----------------------------------------------------------------

TYPES: dict[str, Callable] = {
    "nothing": lambda v, rng: None,
    "empty text": lambda v, rng: "",
    "a list of it": lambda v, rng: [v],
    "fields of it": lambda v, rng: {rng.choice(["value", "x", "1"]): v},
    "an empty list": lambda v, rng: [],
    "no fields": lambda v, rng: {},
    "true": lambda v, rng: rng.choice([True, False]),
    "a word": lambda v, rng: rng.choice(["no", "yes", "all", "none", "null", "~", "rest", "n/a", "TBD", "?", "-"]),
    "a number": lambda v, rng: rng.choice([0, 1, -1, 3, 0.5, 1e5]),
    "a date or time": lambda v, rng: rng.choice(["12:30", "2020-01-01", "1:2:3", "2020"]),
    "a list of lists": lambda v, rng: [[v], [v, v]],
    "deep fields": lambda v, rng: {"a": {"b": [{"c": v}]}},
    "a long text": lambda v, rng: "x" * rng.choice([300, 3000]),
    "several lines": lambda v, rng: f"{v}\n{v}",
}


def wrong_type(rng):
    way = rng.choice(list(TYPES))
    return changed(way, rng, anywhere, lambda c, k, r: c.__setitem__(k, TYPES[way](c[k], r)))


def _one_of(kind: str, rng) -> tuple[str, list[str]]:
    way = rng.choice(list(WORDS[kind]))
    return way, WORDS[kind][way]


def wrong_number(rng):
    way, texts = _one_of("number", rng)
    change = put_in_text(NUMBER, lambda found, r: written_out(r.choice(texts), found))
    return changed(way, rng, holds(NUMBER), change)


def wrong_unit(rng):
    way, texts = _one_of("unit", rng)
    return changed(way, rng, called("unit", "by unit"), put(texts))


def wrong_unit_behind_a_number(rng):
    way, texts = _one_of("unit", rng)
    return changed(f"{way}, behind a number", rng, holds(UNIT), put_in_text(UNIT, lambda found, r: r.choice(texts)))


def lost_unit(rng):
    return changed("left out", rng, called("unit", "by unit"), drop)


def lost_unit_behind_a_number(rng):
    return changed("left out, behind a number", rng, holds(UNIT), put_in_text(UNIT, lambda found, r: ""))


def wrong_formula(rng):
    way, texts = _one_of("formula", rng)
    return changed(way, rng, is_formula, put_words(texts))


def wrong_distribution(rng):
    way, texts = _one_of("distribution", rng)
    return changed(way, rng, called("distribution"), put_words(texts))


# --- survival -----------------------------------------------------------------------------------------------------


def wrong_survival(rng):
    way, texts = _one_of("survival", rng)
    return changed(way, rng, called("survival"), put_words(texts), "whole")


def wrong_ratio(rng):
    name, texts = rng.choice(["hazard ratio", "acceleration factor"]), WORDS["hazard ratio"]["value"]
    change = lambda c, k, r: c.__setitem__(name, written_out(r.choice(texts), "1"))  # noqa: E731
    return changed(name, rng, called("survival"), change, "whole")


def wrong_clock(rng):
    values = ("State", "entry", "time", "", None, "model time", 0, "state", "model")
    change = lambda c, k, r: c.__setitem__("clock", r.choice(values))  # noqa: E731
    return changed("clock", rng, called("survival"), change, "whole")


def two_kinds_of_one_move(rng):
    kinds = ("rate", "survival", "probability", "probability per cycle", "clock", "hazard ratio")
    values = ("0.1 per year", "0.1", "rest", "model", "weibull(shape=1, scale=2) in years")
    change = lambda c, k, r: c.__setitem__(r.choice(kinds), r.choice(values))  # noqa: E731
    return changed("two kinds of one move", rng, called(*kinds[:4]), change)


# --- structure ----------------------------------------------------------------------------------------------------


def _is_section(value, path) -> bool:
    return len(path) == 1


def _is_tree(value, path) -> bool:
    return isinstance(value, (dict, list))


def _is_state(value, path) -> bool:
    return len(path) == 2 and path[0] == "states"


def _from_elsewhere(container, key, rng) -> None:
    other, its_key, _ = rng.choice(list(places(tree_of("whole"))))
    container[key] = copy.deepcopy(other[its_key])


def _twice(container, key, rng) -> None:
    if isinstance(container, list):
        container.insert(key, copy.deepcopy(container[key]))
    else:
        container[f"{key} 2"] = copy.deepcopy(container[key])


def _list_for_fields(container, key, rng) -> None:
    value = container[key]
    is_map = isinstance(value, dict)
    container[key] = [{k: v} for k, v in value.items()] if is_map else {str(i): v for i, v in enumerate(value)}


def _in_another_section(container, key, rng) -> None:
    value = container.pop(key)
    other = rng.choice([k for k, v in container.items() if isinstance(v, dict)] or list(container))
    container[other] = {**container[other], **value} if isinstance(container[other], dict) else value


def _alone(container, key, rng) -> None:
    for other in [k for k in container if k != key]:
        del container[other]


def _extends(container, key, rng) -> None:
    container["extends"] = rng.choice(OTHER_FILES)


def _stay(container, key, rng) -> None:
    container[key] = (container[key] or {}) | {"stay": rng.choice(["0", "1", "0 days", 0.0, "no"])}


OTHER_FILES = (
    *(
        "case.yaml",
        "whole.yaml",
        "nowhere.yaml",
        "..",
        "/dev/null",
        "life.csv",
        "",
        "whole",
        ["whole.yaml"],
        "per_cycle.yaml",
    ),
    *("http://x/y.yaml", "a\0b", "~/x.yaml", "a" * 400),
)
TIMES = ("0 years", "-1 year", "1 yaer", "5", "7 months", "1e-9 days", "1e300 years", "inf years", "year", "1 year 2 months", "100 years", "P1Y", "13 days", "nan days", "")  # fmt: skip
CONVENTIONS = ("halfcycle", "none", "end", "start", "simpson", "life-table", "integral", "continuous", "by whole year", "at cycle", "")  # fmt: skip
MATRICES = ([1, 2], [[1, 0.9], [0.9, 1]], [[1]], [[1, 2], [2, 1]], [[1, 0.5], [0.4, 1]], [["a"]], [[1, 0.99, -0.99], [0.99, 1, 0.99], [-0.99, 0.99, 1]])  # fmt: skip
REWRITES: dict[str, tuple[Callable, Callable]] = {
    "section left out": (_is_section, drop),
    "field left out": (lambda v, path: len(path) > 1, drop),
    "entry of a list left out": (lambda v, path: isinstance(path[-1], int), drop),
    "from elsewhere": (anywhere, _from_elsewhere),
    "given twice": (lambda v, path: len(path) > 1, _twice),
    "list for fields": (_is_tree, _list_for_fields),
    "emptied": (_is_tree, lambda c, k, rng: c[k].clear()),
    "one level deeper": (_is_tree, lambda c, k, rng: c.__setitem__(k, {str(k): c[k]})),
    "in another section": (lambda v, path: len(path) == 1 and isinstance(v, dict), _in_another_section),
    "shares": (called("start", "weight", "probability"), put(("0.4", "0.9", "1.1", "2", "0", "-0.2", "1", "rest"))),
    "another state": (
        called("to", "from"),
        put(("ill", "well", "dead", "entry", "stable", "ambulatory", "presenting")),
    ),
    "no such name": (
        called("from", "to", "strategy", "group", "source", "reference", "holds", "measure", "of", "outcome"),
        put(("nobody", "", "Dead", "none", "all", "ill ", "0")),
    ),
    "time": (called("horizon", "cycle", "until", "at", "warm-up"), put(TIMES)),
    "convention": (called("convention"), put(CONVENTIONS)),
    "another file": (_is_section, _extends),
    "nothing but one section": (_is_section, _alone),
    "correlation": (called("value"), put(("1", "-1", "1.5", "2", "nan", "x"))),
    "matrix": (lambda v, path: isinstance(v, list) and len(v) > 1, put(MATRICES)),
    "chance node": (_is_state, _stay),
}


def wrong_structure(rng):
    way = rng.choice(list(REWRITES))
    return changed(way, rng, *REWRITES[way])


def circle_of_names(rng):
    """Names that read one another; one of them is read by a move."""
    tree = copy.deepcopy(tree_of("whole"))
    names = [f"x{i}" for i in range(rng.randrange(1, 9))]
    owner = rng.choice([tree["parameters"], *tree["strategies"].values()])
    for name, other in zip(names, names[1:] + names[:1]):
        owner[name] = {"value": f"{other} * 1"} if owner is tree["parameters"] else f"{other} * 1"
    tree["transitions"][2]["rate"] = "x0 * 1 per year"
    return "circle of names", "parameters", "whole", dump(tree)


def circle_of_nodes(rng):
    """Chance nodes that lead to one another."""
    tree = copy.deepcopy(tree_of("whole"))
    nodes = [f"node {i}" for i in range(rng.randrange(1, 9))]
    for node, other in zip(nodes, nodes[1:] + nodes[:1]):
        tree["states"][node] = {"stay": 0}
        tree["transitions"].append({"from": node, "to": other, "probability": rng.choice(["1", "0.5", "rest"])})
    tree["transitions"].append({"from": "ill", "to": nodes[0], "rate": "1 per year"})
    return "circle of nodes", "transitions", "whole", dump(tree)
