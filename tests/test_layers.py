"""A module imports only from layers below its own (docs/architecture.md), and each package has one door."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "model"
LAYERS = {
    0: (
        "units",
        "intervals",
        "formula",
        "dependencies",
        "files",
        "distributions",
        "hazards",
        "software",
        "gamma_tails",
        "distribution_checks",
        "distribution_families",
        "joint_distributions",
        "chances",
        "thresholds",
        "switches",
        "over_time",
        "effort",
        "spreadsheets",
        "suggestions",
        "instants",
    ),
    1: ("scenario", "resources"),
    2: (
        "scenario_file",
        "draws",
        "inputs",
        "timed_formula",
        "pricing",
        "quantities",
        "history",
        "tables",
        "fixed_times",
    ),
    3: ("engines",),
    4: ("outcomes",),
    5: ("economics",),
    6: ("analysis",),
    7: ("report",),
    8: (
        "api",
        "cli",
        "cli_calibrate",
        "cli_engines",
        "cli_global",
        "cli_headroom",
        "cli_sensitivity",
        "cli_sweep",
        "cli_voi",
    ),
}
LAYER_OF = {name: layer for layer, names in LAYERS.items() for name in names}
# Third-party packages with one door.
DOORS = {"simpy": ("engines.queueing",), "yaml": ("scenario_file",), "seaborn": ("report",), "matplotlib": ("report",)}
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
