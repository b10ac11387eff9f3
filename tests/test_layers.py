"""A module imports only from its own layer or below (docs/architecture.md), never in a circle; each package has one door.

Imports inside functions and those for types count as any other.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "model"
LAYERS = {
    0: (
        "units",
        "intervals",
        "formula",
        "literals",
        "functions",
        "dependencies",
        "files",
        "distributions",
        "hazards",
        "hazard_functions",
        "splines",
        "shapes",
        "larger_hazard",
        "software",
        "threads",
        "shipped",
        "gamma_tails",
        "quantile_tables",
        "distribution_checks",
        "distribution_families",
        "joint_distributions",
        "chances",
        "addressed",
        "switches",
        "over_time",
        "effort",
        "grouped",
        "progress",
        "spreadsheets",
        "stores",
        "suggestions",
        "instants",
        "norms",
        "rows",
    ),
    1: ("scenario", "resources", "effects", "outcome_keys", "sample", "profiles"),
    2: (
        "scenario_file",
        "draws",
        "context",
        "curves",
        "dynamics",
        "limits",
        "inputs",
        "survivals",
        "decision",
        "timed_formula",
        "stays",
        "clocks",
        "pricing",
        "price_levels",
        "quantities",
        "history",
        "tables",
        "fixed_times",
        "severity",
    ),
    3: ("engines",),
    4: ("outcomes",),
    5: ("economics",),
    6: ("analysis",),
    7: ("report",),
    8: ("api",),
    9: ("cli",),
}
LAYER_OF = {name: layer for layer, names in LAYERS.items() for name in names}
# Third-party packages with one door.
DOORS = {
    "simpy": ("engines.queueing",),
    "yaml": ("scenario_file",),
    "seaborn": ("report",),
    "matplotlib": ("report",),
    "jinja2": ("report.html",),
    "xlsxwriter": ("report.workbook", "report.results_workbook"),
    "dask": ("analysis.workers",),
    "distributed": ("analysis.workers",),
}
MODULES = sorted(p for p in ROOT.rglob("*.py") if p != ROOT / "__init__.py")


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path):
    """(module, line) of everything imported, however deep in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_imports_only_from_lower_layers(path):
    own = name_of(path).split(".")[0]
    assert own in LAYER_OF, f"{own} has no layer: give it one in tests/test_layers.py and docs/architecture.md"
    for module, line in imported(path):
        parts = module.split(".")
        if parts[0] == "model" and len(parts) > 1 and parts[1] in LAYER_OF:
            assert LAYER_OF[parts[1]] <= LAYER_OF[own], f"{path.name}:{line} imports {module}, which is above it"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_each_package_has_one_door(path):
    for module, line in imported(path):
        doors = DOORS.get(module.split(".")[0])
        assert doors is None or name_of(path).startswith(doors), f"{path.name}:{line} imports {module}"


def modules_imported(path: Path, names: set[str]) -> set[str]:
    """Modules of the package that a file imports; `from package import module` is an import of the module."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            below = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name.removeprefix("model.") in names else node.module for name in below}
    return {name.removeprefix("model.") for name in found if name.startswith("model.")} & names


def graph_of_modules() -> dict[str, set[str]]:
    names = {name_of(path) for path in MODULES}
    return {name_of(path): modules_imported(path, names) - {name_of(path)} for path in MODULES}


def reached_from(name: str, graph: dict[str, set[str]]) -> set[str]:
    reached, left = set(), [name]
    while left:
        further = graph[left.pop()] - reached
        reached |= further
        left += further
    return reached


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """Sets of modules each of which reaches the others (strongly connected components, but for single modules)."""
    reached = {name: reached_from(name, graph) for name in graph}
    return [set(c) for c in {frozenset(b for b in reached[a] if a in reached[b]) for a in graph} if c]


def test_circles_are_seen():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set(), "e": {"f"}, "f": {"e"}}
    assert sorted(map(sorted, circles(graph))) == [["b", "c"], ["e", "f"]]


def test_modules_import_each_other_in_no_circle():
    assert [sorted(circle) for circle in circles(graph_of_modules())] == [], "these modules import each other"
