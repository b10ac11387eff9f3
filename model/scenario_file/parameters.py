"""Parameters of a scenario file: values, distributions, tables, correlations."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import numpy as np

from model import distributions, files, formula
from model.distributions import Distribution, JointDistribution
from model.formula import Formula, FormulaError, Table
from model.scenario import Joint, Parameter
from model.scenario_file.named_files import beside, empirical_file
from model.scenario_file.nodes import List, Map, Node, Text
from model.scenario_file.problems import Problems
from model.scenario_file.schema import bad_name, numbers
from model.suggestions import did_you_mean
from model.units import NUMBER, Unit, UnitError, parse_unit

WIDE = 5  # times the usual step, and those beside it, from which on a step is a gap


@dataclass
class Inputs:
    """What the parameter section says."""

    parameters: dict[str, Parameter] = field(default_factory=dict)
    joints: dict[str, Joint] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)


def read_parameters(section: Map, currency: str, day: float, sources: Collection[str], problems: Problems) -> Inputs:
    """Every parameter of the file; what is wrong with one is reported and the next is read."""
    inputs, given = Inputs(), set[str]()
    for key, node in section.maps():
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
    problems.damaged.update(n.strip() for key in section.dropped for n in key.split(","))
    return inputs


def stated(text: str) -> Distribution | JointDistribution:
    """The distribution that a text such as 'beta(32, 2)' states. Raises FormulaError or DistributionError."""
    name, positional, named = formula.parse_call(text)
    arguments = {key: formula.constant(tree) for key, tree in named.items()}
    return distributions.make(name, tuple(map(formula.constant, positional)), arguments)


class _Reader:
    """Reads the fields of one parameter."""

    def __init__(self, node: Map, currency: str, day: float, sources: Collection[str], problems: Problems):
        self.node, self.currency, self.day, self.problems = node, currency, day, problems
        unit, source = self._unit(), node.text("source")
        self.unit, self.unit_is_known = unit or Unit("", NUMBER), unit is not None
        if source and source not in sources:
            problems.unknown(node.at("source"), "source", source, sources)

    def read(self, key: str, names: list[str], inputs: Inputs) -> None:
        if not self.unit_is_known:
            inputs = Inputs()  # its other errors are wanted, but nothing can be reckoned with it
        if "table" in self.node:
            made = self.table(key)
            inputs.tables |= {key: made} if made is not None else {}
        elif len(names) > 1 or empirical_file(self.node.text("distribution")):
            self.joint(names, inputs)
        elif (parameter := self.single(key)) is not None:
            inputs.parameters[key] = parameter

    def _unit(self, key: str = "unit") -> Unit | None:
        text = self.node.text(key)
        try:
            return parse_unit(text, self.currency)
        except UnitError as error:
            self.problems.add(self.node.at(key), str(error))
            return None

    def _parameter(self, name: str) -> Parameter:
        """What the file says about the parameter, without its value."""
        node = self.node
        return Parameter(
            name,
            self.unit,
            source=node.text("source"),
            note=node.text("note"),
            status=node.text("status"),
            label=node.text("label"),
        )

    def single(self, name: str) -> Parameter | None:
        value, made = self._value(), self._distribution()
        if value is None and made is None:
            if not (self.node.stated("value", "distribution") or self.node.dropped):
                self.problems.add(self.node, "needs a 'value', a 'distribution' or a 'table'")
            return None
        if isinstance(made, JointDistribution):
            self._refuse_joint(name, made)
            return None
        if isinstance(value, Formula):
            return self._formula(name, value, made)
        base = made.mean if value is None and made is not None else value
        low, high = self._range()
        if base is None or (value is None and "value" in self.node) or not self._legal(base):
            return None
        text = self.node.text("distribution") or "fixed"
        return replace(self._parameter(name), base=float(base), distribution=made, low=low, high=high, text=text)

    def _refuse_joint(self, name: str, made: JointDistribution) -> None:
        letters = ", ".join("abcdefgh"[: min(made.size, 8)])
        self.problems.add(
            self.node.at("distribution"),
            f"{made.name} draws {made.size} numbers together, so it needs "
            f"{made.size} names: write '{letters}: {{distribution: ...}}'; found one, '{name}'",
        )

    def _formula(self, name: str, value: Formula, made: Distribution | None) -> Parameter | None:
        if made is not None:
            self.problems.add(
                self.node.at("value"), f"'{value.text}' is a formula, so it cannot have a distribution too"
            )
            return None
        self._no_range("a formula follows from its parameters")
        return replace(self._parameter(name), formula=value, text=f"= {value.text}")

    def _no_range(self, why: str) -> None:
        if "range" in self.node:
            self.problems.warn(self.node.at("range"), f"is not read: {why}, so it has no range of its own")

    def _legal(self, base: float) -> bool:
        low, high = self.unit.limits
        if not low <= base <= high:
            what = "the distribution's mean" if "value" not in self.node else "the value"
            self.problems.add(
                self.node.at("value", "distribution"),
                f"{what} {base:g} {self.unit.outside}",
            )
        return low <= base <= high

    def _value(self) -> float | Formula | None:
        node = self.node.get("value")
        if not isinstance(node, Text):
            return None
        try:
            parsed = formula.parse(node.value, self.currency)
        except FormulaError as error:
            self.problems.add(node, str(error))
            return None
        if parsed.names or parsed.has_quantity:
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
        if not self.node.text("unit"):
            self.unit = parsed.unit
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
        if not isinstance(node, List):
            return None, None
        limits = numbers(node, self.problems)
        if len(limits) != 2 or limits[0] > limits[1]:
            self.problems.add(node, f"needs two limits, the lower first; found {', '.join(node.values)}")
            return None, None
        return limits[0], limits[1]

    def _distribution(self) -> Distribution | JointDistribution | None:
        node = self.node.get("distribution")
        if not isinstance(node, Text):
            return None
        try:
            if file := empirical_file(node.value):
                return distributions.make("empirical", (), {"rows": self._columns(file)})
            made = stated(node.value)
            if not np.all(np.isfinite(made.mean)):
                raise distributions.DistributionError(f"'{node.value}' has no finite mean")
            return made
        except (FormulaError, distributions.DistributionError) as error:
            self.problems.add(node, str(error))
            return None

    def joint(self, names: list[str], inputs: Inputs) -> None:
        made = self._distribution()
        if made is None:
            if not self.node.stated("distribution"):
                self.problems.add(
                    self.node, "several names need one joint 'distribution' (dirichlet, multinormal, empirical)"
                )
            return
        if not isinstance(made, JointDistribution) or made.size != len(names):
            size = getattr(made, "size", 1)
            self.problems.add(
                self.node.at("distribution"),
                f"{len(names)} names ({', '.join(names)}), but the "
                f"distribution draws {size} number{'s' if size > 1 else ''}",
            )
            return
        if "value" in self.node:
            self.problems.add(
                self.node.at("value"),
                "parameters that are drawn together have their means as base values; leave 'value' out",
            )
        self._no_range("these parameters are drawn together")
        key = ", ".join(names)
        inputs.joints[key] = Joint(key, tuple(names), made)
        for name, mean in zip(names, made.mean):
            text = self.node.text("distribution")
            inputs.parameters[name] = replace(self._parameter(name), base=float(mean), joint=key, text=text)

    def _columns(self, file: str) -> np.ndarray:
        rows = self._csv(file, self.node.at("distribution"))
        names = [n.strip() for n in self.node.place.rsplit("parameters.", 1)[-1].split(",")]
        wanted = self.node.entries("columns").values if "columns" in self.node else names
        return np.array([[self._cell(row, name, file, i) for name in wanted] for i, row in enumerate(rows)], float)

    def table(self, name: str) -> Table | None:
        """Rows sorted by `by`, in model units."""
        file, by, column = self.node.text("table"), self.node.text("by"), self.node.text("column")
        if clash := [key for key in ("value", "distribution") if key in self.node]:
            self.problems.add(self.node.at(clash[0]), f"a table has no '{clash[0]}'; state one or the other")
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
            rows = self._csv(file, self.node.at("table"))
            at = np.array([self._cell(row, by, file, i) for i, row in enumerate(rows)])
            values = np.array([self._cell(row, column, file, i) for i, row in enumerate(rows)])
        except distributions.DistributionError as error:
            self.problems.add(self.node.at("table"), str(error))
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
                self.node.at("by"),
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
        fault = self.unit.outside
        if not outside.any() and self.unit.certain is not None:
            outside[:-1] = (values[:-1] == 1) & (values[1:] < 1)
            i = int(np.argmax(outside))
            fault = "is certain death, but rows below it have less; only the last rows of a life table can be 1"
        if outside.any():
            self.problems.add(self.node.at("column"), f"{file}, row {i + 2}, column '{column}': {values[i]:g} {fault}")
        return not outside.any()

    def _warn_of_gaps(self, name: str, file: str, by: str, at: np.ndarray) -> None:
        """A step far larger than the usual one and those beside it: rows are missing, or a number is mistyped."""
        steps = np.diff(at)
        beside = np.fmax(np.append(0.0, steps[:-1]), np.append(steps[1:], 0.0))
        wide = steps > WIDE * np.maximum(beside, np.median(steps)) if len(steps) > 1 else np.zeros(0, bool)
        for i in np.flatnonzero(wide):
            self.problems.warn(
                self.node.at("by"),
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
            looked = f" (looked for as {path})" if isinstance(error, files.MissingFileError) else ""
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
