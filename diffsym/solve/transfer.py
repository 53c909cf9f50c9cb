"""A quantity of a circuit of any size as two diagrams, compared with Gauss's elimination modulo a prime."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from diffsym.circuit.model import LinearElement, SmallSignalCircuit
from diffsym.errors import CircuitError, KernelDisagreement, QuantityError
from diffsym.expression.tree import Expression, Symbol, symbols_of
from diffsym.solve.blocks import blocks_of
from diffsym.solve.determinant import check_deadline
from diffsym.solve.diagram import ALL, MOST_STATES, NONE, Diagram, build, product
from diffsym.solve.equations import LAPLACE, Equations, Key, awakened, formulate
from diffsym.solve.graphs import GraphPair, graph_pair
from diffsym.solve.laurent import ONE, Laurent
from diffsym.solve.modular import Point, Vector, eliminate, fraction, reduced, rows_at
from diffsym.solve.ordering import order_of
from diffsym.solve.quantity import Quantity
from diffsym.solve.ratio import Part, Ratio, ratio_of

POINTS = 2
"""Random points modulo a prime at which every pair of diagrams is compared with Gauss's elimination."""

SEEDS = 60
"""Points that are tried: where a denominator vanishes or a root does not exist, the next one is taken."""


@dataclass(frozen=True)
class Transfer:
    """numerator/denominator, equal to the quantity. ``checks``: what has been verified of it."""

    quantity: Quantity
    elements: tuple[LinearElement, ...]
    equations: Equations
    ratio: Ratio
    numerator: Diagram
    denominator: Diagram
    checks: tuple[str, ...] = ()

    @cached_property
    def numerator_terms(self) -> int:
        return self.numerator.terms

    @cached_property
    def denominator_terms(self) -> int:
        return self.denominator.terms

    @cached_property
    def unlike(self) -> bool:
        """Whether no symbol stands in two parts, so that no two terms are alike and the counts are exact."""
        seen: set[Expression] = set()
        for entry in (*self.denominator.weights, *self.denominator.factors):
            for monomial in entry:
                own = {atom for atom, _ in monomial} - {LAPLACE}
                if own & seen or not (own or monomial == ()):
                    return False
                seen |= own
        return True

    @property
    def size_text(self) -> str:
        """``2 over 5 terms``, short also where they are many."""
        return f"{short_count(self.numerator_terms)} over {short_count(self.denominator_terms)} terms"

    def atom_numbers(self, values: Mapping[str, Fraction]) -> dict[Expression, Fraction]:
        """Numbers for all atoms of the equations but s, from those of symbols; formulas without s only."""
        from diffsym.expression.evaluate import evaluate

        given: dict[str, Any] = dict(values)
        out: dict[Expression, Fraction] = {}
        for atom in self.equations.alphabet.order:
            if atom == LAPLACE:
                continue
            meaning = self.equations.alphabet.meaning.get(atom, atom)
            names = symbols_of(meaning)
            if meaning == atom and isinstance(atom, Symbol):
                if atom.name in given:
                    out[atom] = Fraction(given[atom.name])
            elif "s" in names:
                raise CircuitError(
                    "a part's value is a quotient in s, so the coefficients of s are not known without writing it out",
                    hint="write that part as resistors and capacitors of its own",
                )
            elif all(name in given for name in names):
                value = evaluate(meaning, given)
                out[atom] = Fraction(value.real if isinstance(value, complex) else value)
        return out


def transfer(
    circuit: SmallSignalCircuit,
    quantity: Quantity,
    *,
    deadline: float | None = None,
    most: int = MOST_STATES,
) -> Transfer:
    """The diagrams of a quantity that is a ratio of voltages, currents and one signal.

    Raises QuantityError for one that is not, CircuitError where the denominator is zero, BudgetError past ``most``
    states of a diagram or the ``deadline`` (a ``time.monotonic`` instant).
    """
    circuit = awakened(circuit, quantity.sources)
    equations = formulate(circuit, quantity.sources)
    ratio = ratio_of(quantity, equations)
    if ratio is None:
        raise QuantityError(
            "diagrams are made for ratios of voltages, currents and one signal, such as v(out)/vin",
            hint="ask for such a ratio, or leave out --method",
        )
    pairs = [graph_pair(circuit.elements, equations, part.form, ratio.drive) for part in (ratio.above, ratio.below)]
    split = [blocks_of(pair) for pair in pairs]
    common = Counter(map(block_key, split[0][1])) & Counter(map(block_key, split[1][1]))

    def diagram(part: Part, pair: GraphPair, sign: int, blocks: list[GraphPair]) -> Diagram:
        total = Diagram((), (), (NONE, NONE), (NONE, NONE), ALL, sign, pair.factors)
        left = common.copy()
        for block in blocks:
            if left[block_key(block)] and not block.vanishes:
                left[block_key(block)] -= 1
            else:
                check_deadline(deadline, f"the diagram of {len(block.branches)} branches")
                total = product(total, build(block, order_of(block, deadline=deadline), most=most, deadline=deadline))
        return scaled(total, {(): part.amount})

    above, below = without_common_factors(
        diagram(ratio.above, pairs[0], *split[0]), diagram(ratio.below, pairs[1], *split[1])
    )
    if ratio.times_signal:
        above = scaled(above, {equations.alphabet.monomial(((ratio.signal, 1),)): Fraction(1)})
    if not below:
        raise CircuitError(_SINGULAR)
    answer = Transfer(quantity, circuit.elements, equations, ratio, above, below)
    verify(answer, deadline)
    check = f"numerator and denominator compared with Gauss's elimination modulo a 61-bit prime at {POINTS} points"
    return replace(answer, checks=(check,))


def scaled(diagram: Diagram, factor: Laurent) -> Diagram:
    """The diagram times a factor."""
    return diagram if factor == ONE or not diagram else replace(diagram, factors=(*diagram.factors, factor))


def block_key(block: GraphPair) -> tuple[object, ...]:
    """Equal for blocks whose determinants are the same, branch by branch."""
    branches = frozenset((each.rows, each.columns, frozenset(each.weight.items())) for each in block.branches)
    return block.order, block.sign, branches, tuple(frozenset(factor.items()) for factor in block.factors)


def without_common_factors(above: Diagram, below: Diagram) -> tuple[Diagram, Diagram]:
    """Both without the weights that are in every term of both, such as those of dividers that are beside the point."""
    left, rest = list(below.factors), []
    for factor in above.factors:
        if factor in left:
            left.remove(factor)
        else:
            rest.append(factor)
    if not above or not below:
        return above, below
    return replace(above, factors=tuple(rest)), replace(below, factors=tuple(left))


def verify(answer: Transfer, deadline: float | None = None) -> None:
    """Compares the diagrams with the equations solved by Gauss modulo primes, at random points.

    Raises CircuitError where the denominator is zero there, KernelDisagreement on any difference.
    """
    equations, ratio = answer.equations, answer.ratio
    columns = {key: place for place, key in enumerate((*equations.unknowns, *ratio.drive))}
    width = len(equations.unknowns)
    done = 0
    for seed in range(1, SEEDS):
        check_deadline(deadline, "checking the diagrams in numbers")
        try:
            point = Point(seed, equations)
            rows = rows_at(point, [row.form for row in equations.rows], columns)
            above = answer.numerator.residue(point.laurent, point.prime)
            below = answer.denominator.residue(point.laurent, point.prime)
        except ZeroDivisionError:
            continue
        echelon, _, rest = eliminate(rows, width, point.prime, deadline)
        if len(echelon) < width or any(rest) or not below:
            raise CircuitError(_SINGULAR)
        top = _response(ratio.above, ratio, point, echelon, columns)
        bottom = _response(ratio.below, ratio, point, echelon, columns)
        if ratio.times_signal:
            top = top * point.atom(ratio.signal) % point.prime
        if not bottom or above * bottom % point.prime != below * top % point.prime:
            raise KernelDisagreement("a decision diagram does not agree with the circuit's equations modulo a prime")
        done += 1
        if done == POINTS:
            return
    raise KernelDisagreement("no point was found at which the diagrams could be checked")


_SINGULAR = "the determinant of the circuit's equations is zero"


def _response(
    part: Part, ratio: Ratio, point: Point, echelon: list[tuple[int, Vector]], columns: Mapping[Key, int]
) -> int:
    """The part's value modulo the prime, from the eliminated equations."""
    prime = point.prime
    amount = fraction(part.amount, prime)
    if part.form is None:
        return amount
    (form,) = rows_at(point, [part.form], columns)
    left = reduced(form, echelon, prime)
    total = sum(left.get(columns[key], 0) * fraction(each, prime) for key, each in ratio.drive.items())
    return total * amount % prime


def short_count(count: int) -> str:
    """``1,870,233`` or ``6.7·10¹⁶``."""
    if count < 10**9:
        return f"{count:,}"
    digits = str(count)
    raised = str(len(digits) - 1).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{digits[0]}.{digits[1]}·10{raised}"
