"""Parameters of a scenario file: values, distributions, tables, correlations."""
from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from model import distributions, formula
from model.formula import BUILT_IN, FUNCTIONS, Formula, FormulaError, Table
from model.scenario import Correlation, Joint, Parameter
from model.scenario_file.nodes import Node, Problems, did_you_mean
from model.scenario_file.schema import NAME, number
from model.units import DAYS, NUMBER, Unit, UnitError, parse_unit

RESERVED = {*FUNCTIONS, *BUILT_IN, "lookup", "rest", "if", *DAYS, *(d + "s" for d in DAYS), "QALY"}
_EMPIRICAL = re.compile(r"^empirical\(\s*(?:file\s*=\s*)?['\"]?([^'\")]+?)['\"]?\s*\)$")


@dataclass
class Inputs:
    """What the parameter section says."""

    parameters: dict[str, Parameter] = field(default_factory=dict)
    joints: dict[str, Joint] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)


def read_parameters(section: Node | None, currency: str, day: float, sources, problems: Problems) -> Inputs:
    """Every parameter of the file; what is wrong with one is reported and the next is read."""
    inputs = Inputs()
    for key, node in section.items() if section else ():
        if node.kind != "map":
            continue
        names = [name.strip() for name in key.split(",")]
        if not all(_good_name(name, node, problems) for name in names):
            continue
        reader = _Reader(node, currency, day, sources, problems)
        if "table" in node:
            inputs.tables[key] = reader.table(key)
        elif len(names) > 1:
            reader.joint(names, inputs)
        else:
            parameter = reader.single(key)
            if parameter is not None:
                inputs.parameters[key] = parameter
    return inputs


def _good_name(name: str, node: Node, problems: Problems) -> bool:
    if not re.fullmatch(NAME, name):
        problems.add(node, f"'{name}' is not a name: use letters, digits and _, beginning with a letter")
    elif name in RESERVED:
        problems.add(node, f"'{name}' is a word of the formula language; choose another name")
    else:
        return True
    return False


class _Reader:
    """Reads the fields of one parameter."""

    def __init__(self, node: Node, currency: str, day: float, sources, problems: Problems):
        self.node, self.currency, self.day, self.problems = node, currency, day, problems
        self.unit = self._unit()
        self.about = {"unit": self.unit, "source": self._text("source"), "note": self._text("note")}
        if self.about["source"] and self.about["source"] not in sources:
            problems.unknown(node.get("source"), "source", self.about["source"], sources or ["(none stated)"])

    def _text(self, key: str) -> str:
        child = self.node.get(key)
        return child.value if child is not None and child.kind == "text" else ""

    def _unit(self, key: str = "unit") -> Unit:
        text = self._text(key)
        try:
            return parse_unit(text, self.currency)
        except UnitError as error:
            self.problems.add(self.node.get(key), str(error))
            return Unit(text, NUMBER)

    def single(self, name: str) -> Parameter | None:
        value, made = self._value(), self._distribution()
        if value is None and made is None:
            if not ({"value", "distribution"} & set(self.node.value)):
                self.problems.add(self.node, "needs a 'value', a 'distribution' or a 'table'")
            return None
        if isinstance(made, distributions.JointDistribution):
            self.problems.add(self.node, f"a {self._text('distribution').split('(')[0]} distribution needs as many names "
                                         f"as it has components: write 'a, b: {{distribution: ...}}'")
            return None
        if isinstance(value, Formula):
            return self._formula(name, value, made)
        base = made.mean if value is None else value
        low, high = self._range()
        if not self._legal(base):
            return None
        return Parameter(name, base=float(base), distribution=made, low=low, high=high,
                         text=self._text("distribution") or "fixed", **self.about)

    def _formula(self, name: str, value: Formula, made) -> Parameter | None:
        if made is not None:
            self.problems.add(self.node.get("value"), f"'{value.text}' is a formula, so it cannot have a distribution too")
            return None
        return Parameter(name, formula=value, text=f"= {value.text}", **self.about)

    def _legal(self, base: float) -> bool:
        low, high = self.unit.limits
        if not low <= base <= high:
            self.problems.add(self.node.get("value") or self.node,
                              f"{base:g} is outside the domain of '{self.unit.text}' (allowed: {low:g} to {high:g})")
        return low <= base <= high

    def _value(self) -> float | Formula | None:
        node = self.node.get("value")
        if node is None or node.kind != "text":
            return None
        try:
            parsed = formula.parse(node.value, self.currency)
        except FormulaError as error:
            self.problems.add(node, str(error))
            return None
        if parsed.names:
            return parsed
        self._adopt_unit(node, parsed)
        try:
            value = float(formula._evaluate(parsed.tree, {}))
        except (ZeroDivisionError, OverflowError, TypeError):
            value = float("nan")
        if not np.isfinite(value):
            self.problems.add(node, f"'{node.value}' is not a finite number")
            return None
        return value

    def _adopt_unit(self, node: Node, parsed: Formula) -> None:
        """'0.06 over 30 days' as value states the unit; stated twice, the two must agree."""
        if parsed.unit is None:
            return
        if not self._text("unit"):
            self.unit = self.about["unit"] = parsed.unit
        elif (parsed.unit.dimension, parsed.unit.factor, parsed.unit.over) != (
                self.unit.dimension, self.unit.factor, self.unit.over):
            self.problems.add(node, f"states the unit '{parsed.unit.text}', but the parameter's unit is "
                                    f"'{self.unit.text}'")

    def _range(self) -> tuple[float | None, float | None]:
        node = self.node.get("range")
        if node is None or node.kind != "list":
            return None, None
        limits = [number(item, self.problems) for item in node.value]
        if len(limits) != 2 or None in limits or limits[0] > limits[1]:
            self.problems.add(node, f"needs two limits, the lower first; found {[i.value for i in node.value]}")
            return None, None
        return limits[0], limits[1]

    def _distribution(self):
        node = self.node.get("distribution")
        if node is None or node.kind != "text":
            return None
        try:
            if match := _EMPIRICAL.match(node.value):
                return distributions.make("empirical", (), {"rows": self._columns(match[1])})
            name, positional, named = formula.parse_call(node.value)
            return distributions.make(name, tuple(map(formula.constant, positional)),
                                      {key: formula.constant(tree) for key, tree in named.items()})
        except (FormulaError, distributions.DistributionError) as error:
            self.problems.add(node, str(error))
            return None

    def joint(self, names: list[str], inputs: Inputs) -> None:
        made = self._distribution()
        if made is None:
            if "distribution" not in self.node:
                self.problems.add(self.node, "several names need one joint 'distribution' (dirichlet, multinormal, "
                                             "empirical)")
            return
        if not isinstance(made, distributions.JointDistribution) or made.size != len(names):
            size = getattr(made, "size", 1)
            self.problems.add(self.node, f"{len(names)} names, but the distribution has {size} component(s)")
            return
        key = ", ".join(names)
        inputs.joints[key] = Joint(key, tuple(names), made)
        for name, mean in zip(names, made.mean):
            inputs.parameters[name] = Parameter(name, base=float(mean), joint=key, text=self._text("distribution"),
                                                **self.about)

    def _columns(self, file: str) -> np.ndarray:
        rows = self._csv(file)
        columns = self.node.get("columns")
        wanted = [c.value for c in columns.value] if columns is not None else [
            n.strip() for n in self.node.place.rsplit("parameters.", 1)[-1].split(",")]
        return np.array([[self._cell(row, name, file, i) for name in wanted] for i, row in enumerate(rows)], float)

    def table(self, name: str) -> Table:
        """Rows sorted by `by`, in model units."""
        file, by, column = self._text("table"), self._text("by"), self._text("column")
        empty = Table(name, np.zeros(1), np.zeros(1), NUMBER, self.unit.dimension)
        if not by or not column:
            self.problems.add(self.node, "a table needs 'by' (column of age or time) and 'column' (column of values)")
            return empty
        by_unit = self._unit("by unit")
        try:
            rows = self._csv(file)
            at = np.array([self._cell(row, by, file, i) for i, row in enumerate(rows)])
            values = np.array([self._cell(row, column, file, i) for i, row in enumerate(rows)])
        except distributions.DistributionError as error:
            self.problems.add(self.node.get("table"), str(error))
            return empty
        if len(at) == 0 or (np.diff(at) <= 0).any():
            self.problems.add(self.node.get("by"), f"the column '{by}' of {file} must rise from row to row")
            return empty
        return Table(name, by_unit.to_model(at, self.day), self.unit.to_model(values, self.day), by_unit.dimension,
                     self.unit.dimension)

    def _csv(self, file: str) -> list[dict[str, str]]:
        path = Path(self.node.file).parent / file
        try:
            with path.open(newline="", encoding="utf-8-sig") as stream:
                rows = list(csv.DictReader(stream))
        except (OSError, UnicodeDecodeError, csv.Error):
            raise distributions.DistributionError(f"the file '{file}' (looked for as {path}) cannot be read") from None
        if not rows:
            raise distributions.DistributionError(f"the file '{file}' has no rows")
        return rows

    @staticmethod
    def _cell(row: dict, name: str, file: str, index: int) -> float:
        if name not in row:
            raise distributions.DistributionError(
                f"the file '{file}' has no column '{name}'; it has {', '.join(map(str, row))}."
                + did_you_mean(name, [c for c in row if c]))
        try:
            value = float(row[name])
        except (TypeError, ValueError):
            value = float("nan")
        if not np.isfinite(value):
            raise distributions.DistributionError(f"{file}, row {index + 2}, column '{name}': '{row[name]}' is not a "
                                                  "number")
        return value


def read_correlations(section: Node | None, inputs: Inputs, problems: Problems) -> tuple[Correlation, ...]:
    """Correlations between sampled parameters; each parameter stands in one block only."""
    found, taken = [], set()
    for node in section.value if section is not None and section.kind == "list" else ():
        names = [n.value for n in node.get("between").value] if "between" in node else []
        free = [n for n, p in inputs.parameters.items() if p.distribution is not None]
        for name in names:
            if name not in free:
                problems.unknown(node, "sampled parameter", name, free)
            elif name in taken:
                problems.add(node, f"'{name}' stands in another correlation too; give one matrix for them all")
        taken.update(names)
        matrix = _matrix(node, len(names), problems)
        if matrix is not None and all(n in free for n in names):
            found.append(Correlation(tuple(names), matrix))
    return tuple(found)


def _matrix(node: Node, size: int, problems: Problems):
    value, matrix = node.get("value"), node.get("matrix")
    if (value is None) == (matrix is None) or (value is not None and size != 2):
        problems.add(node, "needs either 'value' (for two parameters) or 'matrix'")
        return None
    if value is not None:
        rho = number(value, problems)
        rows = ((1.0, rho), (rho, 1.0))
    else:
        rows = tuple(tuple(number(cell, problems) for cell in row.value) for row in matrix.value if row.kind == "list")
    if any(cell is None for row in rows for cell in row):
        return None
    if len(rows) != size or any(len(row) != size for row in rows):
        problems.add(node, f"the matrix must be {size} x {size}, one row and column a parameter")
        return None
    try:
        distributions.copula(np.full((size, 1), 0.5), np.array(rows))
    except distributions.DistributionError as error:
        problems.add(node, str(error))
        return None
    return rows
