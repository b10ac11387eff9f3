"""Parameters of a scenario file: values, distributions, tables, correlations."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from model import distributions, files, formula
from model.formula import Formula, FormulaError, Table
from model.scenario import Correlation, Joint, Parameter
from model.scenario_file.nodes import Node, Problems, did_you_mean
from model.scenario_file.schema import bad_name, number
from model.units import NUMBER, Unit, UnitError, limits_in_words, parse_unit

WIDE = 5  # times the usual step, and those beside it, from which on a step is a gap


@dataclass
class Inputs:
    """What the parameter section says."""

    parameters: dict[str, Parameter] = field(default_factory=dict)
    joints: dict[str, Joint] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)


def read_parameters(section: Node | None, currency: str, day: float, sources, problems: Problems) -> Inputs:
    """Every parameter of the file; what is wrong with one is reported and the next is read."""
    inputs, given = Inputs(), set()
    for key, node in section.items() if section else ():
        names = [name.strip() for name in key.split(",")]
        twice = [n for i, n in enumerate(names) if n in given or n in names[:i]]
        given.update(names)
        faults = [fault for name in names if (fault := bad_name(name))]
        faults += [f"'{name}' is given twice" for name in twice]
        for fault in faults:
            problems.add(node, fault)
        if not faults:
            _Reader(node, currency, day, sources, problems).read(key, names, inputs)
        problems.damaged.update(n for n in names if n not in inputs.parameters and n not in inputs.tables)
    problems.damaged.update(n.strip() for key in (section.dropped if section else ()) for n in key.split(","))
    return inputs


class _Reader:
    """Reads the fields of one parameter."""

    def __init__(self, node: Node, currency: str, day: float, sources, problems: Problems):
        self.node, self.currency, self.day, self.problems = node, currency, day, problems
        self.unit = self._unit()
        self.about = {"unit": self.unit} | {key: self._text(key) for key in ("source", "note", "status", "label")}
        if self.about["source"] and self.about["source"] not in sources:
            problems.unknown(node.get("source"), "source", self.about["source"], sources)

    def read(self, key: str, names: list[str], inputs: Inputs) -> None:
        if self.unit is None:
            self.unit = self.about["unit"] = Unit("", NUMBER)
            inputs = Inputs()  # its other errors are wanted, but nothing can be reckoned with it
        if "table" in self.node:
            made = self.table(key)
            inputs.tables |= {key: made} if made is not None else {}
        elif len(names) > 1 or empirical_file(self._text("distribution")):
            self.joint(names, inputs)
        elif (parameter := self.single(key)) is not None:
            inputs.parameters[key] = parameter

    def _text(self, key: str) -> str:
        child = self.node.get(key)
        return child.value if child is not None and child.kind == "text" else ""

    def _unit(self, key: str = "unit") -> Unit | None:
        text = self._text(key)
        try:
            return parse_unit(text, self.currency)
        except UnitError as error:
            self.problems.add(self.node.get(key), str(error))
            return None

    def single(self, name: str) -> Parameter | None:
        value, made = self._value(), self._distribution()
        if value is None and made is None:
            if not ({"value", "distribution"} & set(self.node.value) or self.node.dropped):
                self.problems.add(self.node, "needs a 'value', a 'distribution' or a 'table'")
            return None
        if isinstance(made, distributions.JointDistribution):
            return self._one_of_joint(name, made)
        if isinstance(value, Formula):
            return self._formula(name, value, made)
        base = made.mean if value is None else value
        low, high = self._range()
        if (value is None and "value" in self.node) or not self._legal(base):
            return None
        return Parameter(
            name,
            base=float(base),
            distribution=made,
            low=low,
            high=high,
            text=self._text("distribution") or "fixed",
            **self.about,
        )

    def _one_of_joint(self, name: str, made) -> None:
        letters = ", ".join("abcdefgh"[: min(made.size, 8)])
        self.problems.add(
            self.node.get("distribution"),
            f"{made.name} draws {made.size} numbers together, so it needs "
            f"{made.size} names: write '{letters}: {{distribution: ...}}'; found one, '{name}'",
        )

    def _formula(self, name: str, value: Formula, made) -> Parameter | None:
        if made is not None:
            self.problems.add(
                self.node.get("value"), f"'{value.text}' is a formula, so it cannot have a distribution too"
            )
            return None
        self._no_range("a formula follows from its parameters")
        return Parameter(name, formula=value, text=f"= {value.text}", **self.about)

    def _no_range(self, why: str) -> None:
        if "range" in self.node:
            self.problems.warn(self.node.get("range"), f"is not read: {why}, so it has no range of its own")

    def _legal(self, base: float) -> bool:
        low, high = self.unit.limits
        if not low <= base <= high:
            what = "the distribution's mean" if "value" not in self.node else "the value"
            self.problems.add(
                self.node.get("value") or self.node.get("distribution"),
                f"{what} {base:g} is outside what a '{self.unit.text}' can be (allowed: {limits_in_words(low, high)})",
            )
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
        value = float(formula.Formula(parsed.text, parsed.tree, parsed.names).evaluate({}))
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
            self.unit.dimension,
            self.unit.factor,
            self.unit.over,
        ):
            self.problems.add(
                node, f"states the unit '{parsed.unit.text}', but the parameter's unit is '{self.unit.text}'"
            )

    def _range(self) -> tuple[float | None, float | None]:
        node = self.node.get("range")
        if node is None or node.kind != "list":
            return None, None
        limits = [number(item, self.problems) for item in node.value]
        if len(limits) != 2 or None in limits or limits[0] > limits[1]:
            self.problems.add(
                node, f"needs two limits, the lower first; found {', '.join(str(i.value) for i in node.value)}"
            )
            return None, None
        return limits[0], limits[1]

    def _distribution(self):
        node = self.node.get("distribution")
        if node is None or node.kind != "text":
            return None
        try:
            if file := empirical_file(node.value):
                return distributions.make("empirical", (), {"rows": self._columns(file)})
            name, positional, named = formula.parse_call(node.value)
            made = distributions.make(
                name,
                tuple(map(formula.constant, positional)),
                {key: formula.constant(tree) for key, tree in named.items()},
            )
            if not np.all(np.isfinite(made.mean)):
                raise distributions.DistributionError(f"'{node.value}' has no finite mean")
            return made
        except (FormulaError, distributions.DistributionError) as error:
            self.problems.add(node, str(error))
            return None

    def joint(self, names: list[str], inputs: Inputs) -> None:
        made = self._distribution()
        if made is None:
            if "distribution" not in {*self.node.value, *self.node.dropped}:
                self.problems.add(
                    self.node, "several names need one joint 'distribution' (dirichlet, multinormal, empirical)"
                )
            return
        if not isinstance(made, distributions.JointDistribution) or made.size != len(names):
            size = getattr(made, "size", 1)
            self.problems.add(
                self.node.get("distribution"),
                f"{len(names)} names ({', '.join(names)}), but the "
                f"distribution draws {size} number{'s' if size > 1 else ''}",
            )
            return
        if "value" in self.node:
            self.problems.add(
                self.node.get("value"),
                "parameters that are drawn together have their means as base values; leave 'value' out",
            )
        self._no_range("these parameters are drawn together")
        key = ", ".join(names)
        inputs.joints[key] = Joint(key, tuple(names), made)
        for name, mean in zip(names, made.mean):
            inputs.parameters[name] = Parameter(
                name, base=float(mean), joint=key, text=self._text("distribution"), **self.about
            )

    def _columns(self, file: str) -> np.ndarray:
        rows = self._csv(file, self.node.get("distribution"))
        columns = self.node.get("columns")
        wanted = (
            [c.value for c in columns.value]
            if columns is not None
            else [n.strip() for n in self.node.place.rsplit("parameters.", 1)[-1].split(",")]
        )
        return np.array([[self._cell(row, name, file, i) for name in wanted] for i, row in enumerate(rows)], float)

    def table(self, name: str) -> Table | None:
        """Rows sorted by `by`, in model units."""
        file, by, column = self._text("table"), self._text("by"), self._text("column")
        if clash := [key for key in ("value", "distribution") if key in self.node]:
            self.problems.add(self.node.get(clash[0]), f"a table has no '{clash[0]}'; state one or the other")
            return None
        if not by or not column:
            if not {"by", "column"} & self.node.dropped:
                self.problems.add(
                    self.node, "a table needs 'by' (its column of age or time) and 'column' (its column of values)"
                )
            return None
        by_unit = self._unit("by unit")
        if by_unit is None:
            return None
        try:
            rows = self._csv(file, self.node.get("table"))
            at = np.array([self._cell(row, by, file, i) for i, row in enumerate(rows)])
            values = np.array([self._cell(row, column, file, i) for i, row in enumerate(rows)])
        except distributions.DistributionError as error:
            self.problems.add(self.node.get("table"), str(error))
            return None
        if not self._rises(file, by, at) or not self._allowed(file, column, values):
            return None
        self._warn_of_gaps(name, file, by, at)
        if self.unit.certain is not None:
            values = np.minimum(values, self.unit.certain)
        at, values = by_unit.to_model(at, self.day), self.unit.to_model(values, self.day)
        return Table(name, at, values, by_unit.dimension, self.unit.dimension, file, by_unit)

    def _rises(self, file: str, by: str, at: np.ndarray) -> bool:
        falls = np.diff(at) <= 0
        if falls.any():
            i = int(np.argmax(falls))
            self.problems.add(
                self.node.get("by"),
                f"the column '{by}' of {file} must rise from row to row; row {i + 2} has {at[i]:g} and row {i + 3} has "
                f"{at[i + 1]:g}",
            )
        return not falls.any()

    def _allowed(self, file: str, column: str, values: np.ndarray) -> bool:
        """Values that the unit allows. A life table may end in probabilities of 1, as published ones do."""
        low, high = self.unit.limits
        outside = (values < low) | (values > high)
        if self.unit.certain is not None:
            outside &= values != 1
        i = int(np.argmax(outside))
        fault = f"is outside what a '{self.unit.text}' can be (allowed: {limits_in_words(low, high)})"
        if not outside.any() and self.unit.certain is not None:
            outside[:-1] = (values[:-1] == 1) & (values[1:] < 1)
            i = int(np.argmax(outside))
            fault = "is certain death, but rows below it have less; only the last rows of a life table can be 1"
        if outside.any():
            self.problems.add(self.node.get("column"), f"{file}, row {i + 2}, column '{column}': {values[i]:g} {fault}")
        return not outside.any()

    def _warn_of_gaps(self, name: str, file: str, by: str, at: np.ndarray) -> None:
        """A step far larger than the usual one and those beside it: rows are missing, or a number is mistyped."""
        steps = np.diff(at)
        beside = np.fmax(np.append(0.0, steps[:-1]), np.append(steps[1:], 0.0))
        wide = steps > WIDE * np.maximum(beside, np.median(steps)) if len(steps) > 1 else np.zeros(0, bool)
        for i in np.flatnonzero(wide):
            self.problems.warn(
                self.node.get("by"),
                f"the column '{by}' of {file} has a gap of {steps[i]:g} between row {i + 2} ({at[i]:g}) and row {i + 3} "
                f"({at[i + 1]:g}); the usual step is {np.median(steps):g}. The value of row {i + 2} holds in between",
            )

    @staticmethod
    def _csv(file: str, node: Node) -> list[dict[str, str]]:
        """Rows of a CSV beside the scenario file that names it (or beside the user, for --set)."""
        path = beside(node, file)
        try:
            header, rows = files.table(path)
        except files.FileError as error:
            looked = f" (looked for as {path})" if str(error) == "no such file" else ""
            raise distributions.DistributionError(f"the file '{file}': {error}{looked}") from None
        return [dict(zip(header, (*row, *[""] * (len(header) - len(row))))) for row in rows]

    @staticmethod
    def _cell(row: dict, name: str, file: str, index: int) -> float:
        if name not in row:
            raise distributions.DistributionError(
                f"the file '{file}' has no column '{name}'; {files.columns_in_words(list(row))}."
                + did_you_mean(name, [str(c) for c in row if c])
            )
        try:
            value = float(row[name])
        except ValueError:
            value = float("nan")
        if not np.isfinite(value):
            raise distributions.DistributionError(
                f"{file}, row {index + 2}, column '{name}': {files.cell_in_words(row[name])}"
            )
        return value


def empirical_file(distribution: str) -> str:
    """The file that 'empirical(file.csv)' or 'empirical(file="file.csv")' names, or nothing."""
    if not distribution.startswith("empirical(") or not distribution.endswith(")"):
        return ""
    inner = distribution.removeprefix("empirical(").removesuffix(")").strip()
    before, equals, after = inner.partition("=")
    if equals and before.strip() == "file":
        inner = after.strip()
    name = inner.strip("'\"").strip()
    return "" if set("'\")") & set(name) else name


def beside(node: Node, file: str) -> Path:
    """The path of a file that a field names: relative to the scenario file in which the field stands."""
    return (Path() if node.file.startswith("--set ") else Path(node.file).parent) / file


def read_correlations(section: Node | None, inputs: Inputs, problems: Problems) -> tuple[Correlation, ...]:
    """Correlations between sampled parameters; each parameter stands in one block only."""
    found, taken = [], set()
    for node in section.value if section is not None and section.kind == "list" else ():
        names = [n.value for n in node.get("between").value] if "between" in node else []
        good = [
            _can_correlate(node.get("between"), name, inputs, taken | set(names[:i]), problems)
            for i, name in enumerate(names)
        ]
        taken.update(names)
        matrix = _matrix(node, names, problems) if names else None
        if matrix is not None and all(good):
            found.append(Correlation(tuple(names), matrix))
    return tuple(found)


def _can_correlate(node: Node, name: str, inputs: Inputs, taken: set[str], problems: Problems) -> bool:
    parameter = inputs.parameters.get(name)
    if name in problems.damaged:
        return False
    if parameter is None:
        free = [n for n, p in inputs.parameters.items() if p.distribution is not None]
        problems.unknown(node, "parameter", name, free)
    elif parameter.joint:
        problems.add(node, f"'{name}' is already drawn together with others ({parameter.joint})")
    elif parameter.distribution is None:
        problems.add(node, f"'{name}' has no distribution, so it cannot be correlated with anything")
    elif name in taken:
        problems.add(
            node, f"'{name}' is named twice; give one matrix for all the parameters that are correlated with it"
        )
    else:
        return True
    return False


def _matrix(node: Node, names: list[str], problems: Problems):
    value, matrix, size = node.get("value"), node.get("matrix"), len(names)
    if (value is None) == (matrix is None) or (value is not None and size != 2):
        if not {"value", "matrix"} & node.dropped:
            problems.add(node, "needs either 'value' (for two parameters) or 'matrix'")
        return None
    if value is not None:
        rho = number(value, problems)
        rows = ((1.0, rho), (rho, 1.0))
    else:
        rows = tuple(tuple(number(cell, problems) for cell in row.value) for row in matrix.value)
    if len(rows) != size or any(len(row) != size for row in rows):
        problems.add(
            matrix,
            f"must have {size} rows and columns, one for each of {', '.join(names)}; found "
            f"{len(rows)} rows of {', '.join(sorted({str(len(row)) for row in rows}))}",
        )
        return None
    wild = next((cell for row in rows for cell in row if not -1 <= cell <= 1), None)
    if wild is not None:
        problems.add(value or matrix, f"a correlation must be -1 to 1, found {wild:g}")
        return None
    for i, j in zip(*np.tril_indices(size, -1)):
        if abs(rows[i][j]) > 1 - 1e-12:
            problems.add(
                value or matrix,
                f"'{names[j]}' and '{names[i]}' always move together (correlation {rows[i][j]:g}), so they are one uncertain "
                f"number: give one of them a formula of the other, such as '{names[i]}: {{value: 2 * {names[j]}}}'",
            )
            return None
    try:
        distributions.correlation_root("correlation", np.array(rows, float), size)
    except distributions.DistributionError as error:
        problems.add(value or matrix, str(error))
        return None
    return rows
