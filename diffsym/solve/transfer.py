"""A quantity of a circuit of any size as two diagrams, compared with Gauss's elimination modulo a prime."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, reduce
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
from diffsym.solve.modular import Point, Vector, cleared, fraction, inverse, rows_at, triangular
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
    blocks: tuple[tuple[Diagram, ...], tuple[Diagram, ...]] = ((), ())
    """Diagrams whose products are the numerator and the denominator: parts that do not act on each other."""

    @cached_property
    def numerator_terms(self) -> int:
        return self.numerator.terms

    @cached_property
    def denominator_terms(self) -> int:
        return self.denominator.terms

    @cached_property
    def longest(self) -> int:
        """Terms that the answer has where its blocks are not multiplied out."""
        return sum(block.terms for side in self.blocks for block in side)

    @cached_property
    def unlike(self) -> bool:
        """Whether no symbol stands in two parts, so that no two terms are alike and the counts are exact."""
        return unlike((*self.denominator.weights, *self.denominator.factors))

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


@dataclass(frozen=True)
class Outline:
    """The graphs of a quantity's numerator and denominator, each with its sign and its blocks; nothing counted yet."""

    elements: tuple[LinearElement, ...]
    equations: Equations
    ratio: Ratio
    pairs: tuple[GraphPair, GraphPair]
    split: tuple[tuple[int, list[GraphPair]], tuple[int, list[GraphPair]]]

    @cached_property
    def common(self) -> Counter[tuple[object, ...]]:
        """Blocks that are in both, and cancel."""
        return Counter(map(block_key, self.split[0][1])) & Counter(map(block_key, self.split[1][1]))

    def remaining(self, side: int) -> list[GraphPair]:
        """The blocks of one side that do not cancel."""
        left, found = self.common.copy(), []
        for block in self.split[side][1]:
            if left[block_key(block)] and not block.vanishes:
                left[block_key(block)] -= 1
            else:
                found.append(block)
        return found

    @cached_property
    def unlike(self) -> bool:
        """Whether no symbol stands in two branches, so that no two terms are alike."""
        pair = self.pairs[1]
        return unlike((*(branch.weight for branch in pair.branches), *pair.factors))


def outlined(circuit: SmallSignalCircuit, quantity: Quantity) -> Outline:
    """Raises QuantityError for a quantity that is no ratio of voltages, currents and one signal."""
    circuit = awakened(circuit, quantity.sources)
    equations = formulate(circuit, quantity.sources)
    ratio = ratio_of(quantity, equations)
    if ratio is None:
        raise QuantityError(
            "diagrams are made for ratios of voltages, currents and one signal, such as v(out)/vin",
            hint="ask for such a ratio, or leave out --method",
        )
    above, below = (
        graph_pair(circuit.elements, equations, part.form, ratio.drive) for part in (ratio.above, ratio.below)
    )
    return Outline(circuit.elements, equations, ratio, (above, below), (blocks_of(above), blocks_of(below)))


def unlike(entries: Iterable[Laurent]) -> bool:
    """Whether every entry's symbols but s are its own, each of its terms having one."""
    seen: set[Expression] = set()
    for entry in entries:
        for monomial in entry:
            own = {atom for atom, _ in monomial} - {LAPLACE}
            if own & seen or not (own or monomial == ()):
                return False
            seen |= own
    return True


def transfer(
    circuit: SmallSignalCircuit,
    quantity: Quantity,
    *,
    deadline: float | None = None,
    most: int = MOST_STATES,
    outline: Outline | None = None,
) -> Transfer:
    """The diagrams of a quantity that is a ratio of voltages, currents and one signal.

    Raises QuantityError for one that is not, CircuitError where the denominator is zero, BudgetError past ``most``
    states of a diagram or the ``deadline`` (a ``time.monotonic`` instant).
    """
    outline = outline or outlined(circuit, quantity)
    equations, ratio = outline.equations, outline.ratio

    def diagrams(side: int, amount: Fraction) -> list[Diagram]:
        found = [scaled(_unit(outline.split[side][0], outline.pairs[side].factors), {(): amount})]
        for block in outline.remaining(side):
            check_deadline(deadline, f"the diagram of {len(block.branches)} branches")
            found.append(build(block, order_of(block, deadline=deadline), most=most, deadline=deadline))
        return found

    tops, bottoms = diagrams(0, ratio.above.amount), diagrams(1, ratio.below.amount)
    if all(tops) and all(bottoms):
        tops[0], bottoms[0] = without_common_factors(tops[0], bottoms[0])
    above, below = reduce(product, tops), reduce(product, bottoms)
    if ratio.times_signal:
        signal: Laurent = {equations.alphabet.monomial(((ratio.signal, 1),)): 1}
        above, tops = scaled(above, signal), [*tops, scaled(_unit(1, ()), signal)]
    if not below:
        raise CircuitError(_SINGULAR)
    if _first_sign(below) < 0:
        above, below = _negative(above), _negative(below)
        tops[0], bottoms[0] = _negative(tops[0]), _negative(bottoms[0])
    blocks = (_apart(tops), _apart(bottoms))
    answer = Transfer(quantity, outline.elements, equations, ratio, above, below, (), blocks)
    verify(answer, deadline)
    check = f"numerator and denominator compared with Gauss's elimination modulo a 61-bit prime at {POINTS} points"
    return replace(answer, checks=(check,))


def _unit(sign: int, factors: tuple[Laurent, ...]) -> Diagram:
    """sign · (product of factors) · 1."""
    return Diagram((), (), (NONE, NONE), (NONE, NONE), ALL, sign, factors)


def _negative(diagram: Diagram) -> Diagram:
    return replace(diagram, sign=-diagram.sign)


def _first_sign(diagram: Diagram) -> int:
    """The sign of one of the terms: of all, where the circuit is made of resistors and capacitors."""
    sign, node = diagram.sign, diagram.root
    level = dict(diagram.nodes())
    for factor in diagram.factors:
        sign *= 1 if next(iter(factor.values())) > 0 else -1
    while True:
        sign *= 1 if node > 0 else -1
        if abs(node) == ALL:
            return sign
        sign *= 1 if next(iter(diagram.weights[level[abs(node)]].values())) > 0 else -1
        node = diagram.high[abs(node)]


def _apart(diagrams: list[Diagram]) -> tuple[Diagram, ...]:
    """The same product, with every factor that is a sum by itself."""
    out = []
    for diagram in diagrams:
        single = tuple(factor for factor in diagram.factors if len(factor) == 1)
        out.append(replace(diagram, factors=single))
        out += [_unit(1, (factor,)) for factor in diagram.factors if len(factor) != 1]
    return tuple(out)


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
        echelon, rest = triangular(rows, width, point.prime, deadline)
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
    left, scale = cleared(form, echelon, prime)
    total = sum(left.get(columns[key], 0) * fraction(each, prime) for key, each in ratio.drive.items())
    return total * amount * inverse(scale, prime) % prime


def short_count(count: int) -> str:
    """``1,870,233`` or ``6.7·10¹⁶``."""
    if count < 10**9:
        return f"{count:,}"
    digits = str(count)
    raised = str(len(digits) - 1).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{digits[0]}.{digits[1]}·10{raised}"
