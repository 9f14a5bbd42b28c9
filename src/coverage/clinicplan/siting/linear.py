"""Write a model as named variables and named families of constraints, and as arrays or LP text for whoever reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]
Sense = Literal["minimise", "maximise"]


class Block(NamedTuple):
    """Variables that belong together: columns `start` to `start + size`."""

    name: str
    start: int
    size: int

    def column(self, number: ArrayLike) -> Int64:
        """Return the columns of some of the block's variables."""
        return self.start + np.asarray(number, dtype=np.int64)

    @property
    def columns(self) -> Int64:
        """Every column of the block."""
        return np.arange(self.start, self.start + self.size, dtype=np.int64)

    def of(self, x: Float64) -> Float64:
        """Return the block's part of a solution."""
        return x[self.start : self.start + self.size]


class Family(NamedTuple):
    """Constraints of one name: rows `start` to `start + size`."""

    name: str
    start: int
    size: int


class Term(NamedTuple):
    """Entries of a family: `row` counts within it, `column` over the whole model."""

    row: ArrayLike
    column: ArrayLike
    value: ArrayLike = 1.0


@dataclass(frozen=True, eq=False)
class LinearProgram:
    """A mixed-integer linear program: optimise cost @ x + constant, row_lower <= matrix @ x <= row_upper.

    Parameters
    ----------
    sense
        `minimise` or `maximise`.
    cost, constant
        Objective; cost has shape (columns).
    matrix
        Shape (rows, columns).
    row_lower, row_upper
        Shape (rows); infinite where there is no bound.
    lower, upper
        Shape (columns): bounds of the variables.
    integer
        Shape (columns): which variables are whole numbers.
    blocks, families
        Names of columns and rows.
    """

    sense: Sense
    cost: Float64
    constant: float
    matrix: csr_matrix
    row_lower: Float64
    row_upper: Float64
    lower: Float64
    upper: Float64
    integer: Flags
    blocks: tuple[Block, ...]
    families: tuple[Family, ...]

    def __repr__(self) -> str:
        rows, columns = self.matrix.shape
        return (
            f"LinearProgram({rows} rows, {columns} columns, {self.matrix.nnz} entries, {int(self.integer.sum())} whole)"
        )

    def rows_of(self, family: str) -> Int64:
        """Return the rows of the families of one name."""
        found = [np.arange(item.start, item.start + item.size) for item in self.families if item.name == family]
        return np.concatenate(found).astype(np.int64) if found else np.zeros(0, dtype=np.int64)

    def without(self, *names: str) -> LinearProgram:
        """Return the model without the families of these names."""
        kept = [item for item in self.families if item.name not in names]
        rows = [np.arange(item.start, item.start + item.size) for item in kept]
        chosen = np.concatenate(rows).astype(np.int64) if rows else np.zeros(0, dtype=np.int64)
        starts = np.cumsum([0, *(item.size for item in kept)])
        families = tuple(item._replace(start=int(start)) for item, start in zip(kept, starts[:-1], strict=True))
        return LinearProgram(
            self.sense, self.cost, self.constant, self.matrix[chosen], self.row_lower[chosen], self.row_upper[chosen],
            self.lower, self.upper, self.integer, self.blocks, families,
        )  # fmt: skip

    def violation(self, x: Float64) -> float:
        """Return by how much a solution breaks the worst of rows and bounds; 0 where it holds all."""
        value = self.matrix @ x
        worst = [self.row_lower - value, value - self.row_upper, self.lower - x, x - self.upper]
        return max(0.0, *(float(part.max(initial=0.0)) for part in worst))

    def value(self, x: Float64) -> float:
        """Return the objective of a solution."""
        return float(self.cost @ x) + self.constant

    def to_lp(self) -> str:
        """Return the model as text in the LP format, every constraint by its name."""
        names = self._column_names()
        lines = ["Minimize" if self.sense == "minimise" else "Maximize"]
        lines.append(
            f" objective: {_sum(self.cost, np.arange(self.cost.size), names)} {_signed(self.constant)}".rstrip()
        )
        lines.append("Subject To")
        for family in self.families:
            for row in range(family.size):
                lines.extend(self._row_lines(family, row, names))
        lines.append("Bounds")
        lines.extend(
            f" {_number(low)} <= {name} <= {_number(high)}"
            for low, name, high in zip(self.lower, names, self.upper, strict=True)
        )
        whole = [name for name, flag in zip(names, self.integer, strict=True) if flag]
        return "\n".join([*lines, "General", *(f" {name}" for name in whole), "End", ""])

    def _column_names(self) -> list[str]:
        return [f"{block.name}_{number}" for block in self.blocks for number in range(block.size)]

    def _row_lines(self, family: Family, row: int, names: list[str]) -> list[str]:
        at = family.start + row
        part = slice(self.matrix.indptr[at], self.matrix.indptr[at + 1])
        left = _sum(self.matrix.data[part], self.matrix.indices[part], names)
        low, high = self.row_lower[at], self.row_upper[at]
        name = f"{family.name}_{row}"
        if low == high:
            return [f" {name}: {left} = {_number(low)}"]
        sides = [(" >= ", low, "low"), (" <= ", high, "high")]
        finite = [side for side in sides if np.isfinite(side[1])]
        return [
            f" {name}{'_' + end if len(finite) > 1 else ''}: {left}{sign}{_number(bound)}"
            for sign, bound, end in finite
        ]


def write_lp(program: LinearProgram, path: str | Path) -> Path:
    """Write a model as an LP file."""
    target = Path(path)
    target.write_text(program.to_lp(), encoding="utf-8")
    return target


def _sum(values: NDArray[np.float64], columns: NDArray[np.integer], names: list[str]) -> str:
    order = np.argsort(columns, kind="stable")
    parts = [f"{_signed(values[at])} {names[columns[at]]}" for at in order if values[at] != 0]
    return " ".join(parts).removeprefix("+ ") or "0 " + names[0]


def _signed(value: float) -> str:
    if value == 0:
        return ""
    return f"{'-' if value < 0 else '+'} {_number(abs(value))}"


def _number(value: float) -> str:
    if np.isinf(value):
        return "-inf" if value < 0 else "inf"
    return f"{value:.0f}" if float(value).is_integer() else repr(float(value))


@dataclass(eq=False)
class Formulation:
    """Collect variables, constraints and an objective; `program` makes arrays of them.

    Examples
    --------
    >>> model = Formulation()
    >>> site = model.variables("open", 2, integer=True)
    >>> model.constrain("cover", [Term([0, 0], site.columns)], 1, lower=1.0)
    >>> model.charge(site, 1.0)
    >>> print(model.program().to_lp().splitlines()[3])
     cover_0: 1 open_0 + 1 open_1 >= 1
    """

    sense: Sense = "minimise"
    _blocks: list[Block] = field(default_factory=list)
    _bounds: list[tuple[Float64, Float64, Flags]] = field(default_factory=list)
    _families: list[Family] = field(default_factory=list)
    _entries: list[tuple[Int64, Int64, Float64]] = field(default_factory=list)
    _sides: list[tuple[Float64, Float64]] = field(default_factory=list)
    _charges: list[tuple[Int64, Float64]] = field(default_factory=list)
    _constant: float = 0.0

    @property
    def n_columns(self) -> int:
        """Number of variables so far."""
        return self._blocks[-1].start + self._blocks[-1].size if self._blocks else 0

    @property
    def n_rows(self) -> int:
        """Number of constraints so far."""
        return self._families[-1].start + self._families[-1].size if self._families else 0

    def variables(
        self, name: str, size: int, *, lower: ArrayLike = 0.0, upper: ArrayLike = 1.0, integer: bool = False
    ) -> Block:
        """Add variables; bounds one for all or one each."""
        block = Block(name, self.n_columns, size)
        self._blocks.append(block)
        low, high = (np.broadcast_to(np.asarray(side, dtype=float), size).copy() for side in (lower, upper))
        self._bounds.append((low, high, np.full(size, integer)))
        return block

    def constrain(
        self, name: str, terms: Sequence[Term], size: int, *, lower: ArrayLike = -np.inf, upper: ArrayLike = np.inf
    ) -> None:
        """Add a family of constraints; bounds one for all or one each."""
        family = Family(name, self.n_rows, size)
        self._families.append(family)
        for term in terms:
            row, column, value = np.broadcast_arrays(*(np.asarray(part) for part in term))
            self._entries.append(
                (
                    family.start + row.ravel().astype(np.int64),
                    column.ravel().astype(np.int64),
                    value.ravel().astype(float),
                )
            )
        low, high = (np.broadcast_to(np.asarray(side, dtype=float), size) for side in (lower, upper))
        self._sides.append((low, high))

    def charge(self, block: Block, value: ArrayLike, *, number: ArrayLike | None = None) -> None:
        """Add to the objective: a value for every variable of a block, or for some by their number within it."""
        column = block.columns if number is None else block.column(number)
        self._charges.append((column, np.broadcast_to(np.asarray(value, dtype=float), column.size)))

    def add_constant(self, value: float) -> None:
        """Add a constant to the objective."""
        self._constant += value

    def program(self) -> LinearProgram:
        """Return the model as arrays; entries of the same row and column add up."""
        from scipy.sparse import csr_matrix

        cost = np.zeros(self.n_columns)
        for charged, price in self._charges:
            np.add.at(cost, charged, price)
        row: Int64 = np.concatenate([entry[0] for entry in self._entries] or [np.zeros(0, dtype=np.int64)])
        column: Int64 = np.concatenate([entry[1] for entry in self._entries] or [np.zeros(0, dtype=np.int64)])
        value = _joined([entry[2] for entry in self._entries])
        shape = (self.n_rows, self.n_columns)
        matrix = csr_matrix((value, (row.astype(np.int64), column.astype(np.int64))), shape=shape)
        matrix.sum_duplicates()
        low, high = _joined([side[0] for side in self._sides]), _joined([side[1] for side in self._sides])
        lower, upper = _joined([bound[0] for bound in self._bounds]), _joined([bound[1] for bound in self._bounds])
        integer = np.concatenate([bound[2] for bound in self._bounds]) if self._bounds else np.zeros(0, dtype=bool)
        return LinearProgram(
            self.sense, cost, self._constant, matrix, low, high, lower, upper, integer,
            tuple(self._blocks), tuple(self._families),
        )  # fmt: skip


def _joined(parts: Sequence[Float64]) -> Float64:
    return np.concatenate(parts) if parts else np.zeros(0)
