"""A determinant of circuit equations as a pair of graphs: each of its terms is a tree of branches common to both.

Rows are nodes of the first graph, columns of the second. A branch between rows i, k and between columns j, l stamps its
weight into the four entries that they share, as a transconductance does, so that
det = Σ ± (product of weights) over the sets of branches that are spanning trees of both graphs. With different symbols
in every weight no two terms are alike, and none cancel. (Mayeda and Seshu 1957; Chen, Applied Graph Theory, ch. 4.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from diffsym.circuit.model import GROUND, LinearElement
from diffsym.expression.tree import BranchCurrent, NodeVoltage
from diffsym.solve.equations import Equations, Form, Key
from diffsym.solve.laurent import Exact, Laurent, Monomial, added

Ends = tuple[int, int]
"""Two nodes of one graph; ground is 0."""

EARTH = 0


@dataclass(frozen=True, slots=True)
class Branch:
    """``weight`` · (e_i − e_k)(e_j − e_l)ᵀ for ``rows`` (i, k) and ``columns`` (j, l), both in rising order."""

    rows: Ends
    columns: Ends
    weight: Laurent


@dataclass(frozen=True, slots=True)
class GraphPair:
    """sign · (product of factors) · det of the branches, over nodes 1 … order of both graphs (some of them gone).

    ``factors``: weights that are in every term. ``vanishes``: some node has no branch left, so that there are no terms.
    """

    order: int
    branches: tuple[Branch, ...]
    sign: int = 1
    factors: tuple[Laurent, ...] = ()
    vanishes: bool = False

    @property
    def rows(self) -> tuple[int, ...]:
        """The rows that are left."""
        return tuple(sorted({node for branch in self.branches for node in branch.rows} - {EARTH}))

    @property
    def columns(self) -> tuple[int, ...]:
        return tuple(sorted({node for branch in self.branches for node in branch.columns} - {EARTH}))


def graph_pair(
    elements: Iterable[LinearElement],
    equations: Equations,
    form: Form | None = None,
    drive: Mapping[Key, Fraction] | None = None,
) -> GraphPair:
    """det A of the equations A x + B σ = 0; with a form c x + d σ, det [[A, B u], [c, d u]] for the drive u."""
    border = len(equations.unknowns) + 1
    columns: dict[Key, int] = {key: place for place, key in enumerate(equations.unknowns, 1)}
    drive = drive if form is not None and drive is not None else {}
    columns |= dict.fromkeys(drive, border)
    row_of = {(row.kind, row.place): place for place, row in enumerate(equations.rows, 1)}
    row_of["kcl", GROUND] = EARTH
    drawn: list[tuple[Ends, Form]] = []
    for element in elements:
        if element.name in equations.currents:
            ends = (row_of["kcl", element.plus], row_of["kcl", element.minus])
            drawn.append((ends, equations.currents[element.name]))
    drawn += [((row_of["law", row.place], EARTH), row.form) for row in equations.rows if row.kind == "law"]
    if form is not None:
        drawn.append(((border, EARTH), form))
    branches = [branch for ends, part in drawn for branch in branches_of(ends, part, columns, drive)]
    return contracted(GraphPair(border if form is not None else border - 1, tuple(branches)))


def branches_of(rows: Ends, form: Form, columns: Mapping[Key, int], drive: Mapping[Key, Fraction]) -> list[Branch]:
    """A form at two rows as branches: differences of voltages stay whole. Keys that are no columns are zero."""
    by_monomial: dict[Monomial, list[tuple[int, Exact]]] = {}
    out: list[Branch] = []
    for key, entry in form.items():
        if isinstance(key, NodeVoltage):
            for monomial, coefficient in entry.items():
                by_monomial.setdefault(monomial, []).append((columns[key], coefficient))
        elif isinstance(key, BranchCurrent) or key in columns:
            amount = drive.get(key, Fraction(1))
            scaled: Laurent = entry if amount == 1 else {monomial: amount * value for monomial, value in entry.items()}
            out.append(_branch(rows, (columns[key], EARTH), scaled))
    for monomial, places in by_monomial.items():
        left = dict(places)
        for column, coefficient in places:
            if column not in left:
                continue
            del left[column]
            other = next((place for place, value in left.items() if value == -coefficient), EARTH)
            left.pop(other, None)
            out.append(_branch(rows, (column, other), {monomial: coefficient}))
    return out


def _branch(rows: Ends, columns: Ends, weight: Laurent) -> Branch:
    turned = (rows[0] > rows[1]) != (columns[0] > columns[1])
    return Branch(
        (min(rows), max(rows)),
        (min(columns), max(columns)),
        {monomial: -value for monomial, value in weight.items()} if turned else weight,
    )


def lumped(branches: Iterable[Branch]) -> tuple[Branch, ...]:
    """Branches between the same ends as one, those from a node to itself left out."""
    total: dict[tuple[Ends, Ends], Laurent] = {}
    for branch in branches:
        if branch.rows[0] != branch.rows[1] and branch.columns[0] != branch.columns[1]:
            ends = (branch.rows, branch.columns)
            total[ends] = added(total[ends], branch.weight) if ends in total else branch.weight
    return tuple(Branch(rows, columns, weight) for (rows, columns), weight in total.items() if weight)


def contracted(pair: GraphPair) -> GraphPair:
    """The same determinant without branches that are in every term: those that are alone at some row or column.

    Voltage sources, nullors and followers merge their nodes by this.
    """
    sign, factors = pair.sign, list(pair.factors)
    rows, columns = _Nodes(pair.order), _Nodes(pair.order)
    branches = lumped(pair.branches)
    while True:
        forced = _forced(branches, rows.left, columns.left)
        if forced is None:
            return GraphPair(pair.order, (), sign, tuple(factors), True)
        if not forced:
            return GraphPair(pair.order, branches, sign, tuple(factors))
        for branch in forced:
            a, b = rows.root(branch.rows[0]), rows.root(branch.rows[1])
            c, d = columns.root(branch.columns[0]), columns.root(branch.columns[1])
            if a == b or c == d:
                # Merged by another one that is in every term as well: together they close a loop.
                return GraphPair(pair.order, (), sign, tuple(factors), True)
            turned = (a > b) != (branch.rows[0] > branch.rows[1]), (c > d) != (branch.columns[0] > branch.columns[1])
            odd = turned[0] ^ turned[1] ^ rows.merge(a, b) ^ columns.merge(c, d)
            sign = -sign if odd else sign
            factors.append(branch.weight)
        branches = lumped(
            _branch(
                (rows.root(branch.rows[0]), rows.root(branch.rows[1])),
                (columns.root(branch.columns[0]), columns.root(branch.columns[1])),
                branch.weight,
            )
            for branch in branches
        )


def _forced(branches: Sequence[Branch], rows: set[int], columns: set[int]) -> list[Branch] | None:
    """Branches that are alone at a node of one graph; None where a node has none."""
    found: dict[int, Branch] = {}
    for nodes, sides in ((rows, [each.rows for each in branches]), (columns, [each.columns for each in branches])):
        at: dict[int, list[int]] = {node: [] for node in nodes}
        for place, ends in enumerate(sides):
            for node in ends:
                if node != EARTH:
                    at[node].append(place)
        if not all(at.values()):
            return None
        found |= {places[0]: branches[places[0]] for places in at.values() if len(places) == 1}
    return list(found.values())


class _Nodes:
    """The nodes of one graph while they are merged; of two, the higher one goes (so ground stays)."""

    def __init__(self, order: int) -> None:
        self.left = set(range(1, order + 1))
        self.parent = list(range(order + 1))

    def root(self, node: int) -> int:
        while self.parent[node] != node:
            node = self.parent[node]
        return node

    def merge(self, first: int, second: int) -> bool:
        """Whether the sign of the determinant turns, for a branch that counts positive at the higher node."""
        gone, kept = max(first, second), min(first, second)
        place = sum(node < gone for node in self.left)
        self.left.discard(gone)
        self.parent[gone] = kept
        return bool(place & 1)
