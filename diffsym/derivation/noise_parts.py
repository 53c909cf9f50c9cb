"""What the lines about noise are made of: products of densities and squares, the solution of the rows, |H|² proved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.circuit.symmetry import Mirror, mirror_of
from diffsym.derivation.forms import Key
from diffsym.derivation.network import Network
from diffsym.expression.tree import (
    ONE,
    Expression,
    NodeVoltage,
    Product,
    Quotient,
    Relation,
    Symbol,
    product_of,
)
from diffsym.kernel.claims import Follows
from diffsym.kernel.rational import Rational
from diffsym.solve.equations import form_of, formulate
from diffsym.solve.noise import NoiseFound
from diffsym.solve.solution import linear_forms


def square_claim(stated: Relation, square: Relation, relation: Relation, value: Rational, result: Rational) -> Follows:
    """``relation``, P = |H|² over ω, from ``stated``, P = H(s) H(−s), and ``square``, s² = −ω²; ``value`` is H."""
    field = value.field
    laplace = field.atom("s")
    omega = field.read(square.right) * -1
    product = value * value.replaced({"s": -laplace})
    # without its denominators the difference is a polynomial that s² + ω² divides
    below = [Rational(field, each.denominator, field.unit) for each in (product, result)]
    factor = (product - result) * below[0] * below[1] / (laplace**2 + omega)
    multiplier = Product(tuple(each.tree() for each in below))
    return Follows((stated, square), relation, (multiplier, factor.tree()), multiplier)


def times(tree: Expression, factor: Expression) -> Expression:
    match factor:
        case Quotient(top, bottom):
            return Quotient(times(tree, top), bottom)
        case Product(factors):
            return product_of([*factors, tree])
    return product_of([tree, factor])


def factors_of(density: Expression) -> tuple[Expression, ...]:
    """The factors of a density's numerator, each once: 4, k, T."""
    top = density.numerator if isinstance(density, Quotient) else density
    return tuple(dict.fromkeys(top.factors)) if isinstance(top, Product) else (top,)


def divided(density: Expression, common: Sequence[Expression]) -> Expression:
    """The density divided by factors of its numerator."""
    if isinstance(density, Quotient):
        return Quotient(divided(density.numerator, common), density.denominator)
    rest = list(density.factors) if isinstance(density, Product) else [density]
    for factor in common:
        rest.remove(factor)
    return product_of(rest)


def quiet_mirror(found: NoiseFound) -> Mirror | None:
    """The mirror symmetry of the circuit without its noise currents."""
    quiet = tuple(element for element in found.circuit.elements if element.name not in found.currents)
    signals = tuple(name for name in found.circuit.signals if name not in found.currents)
    return mirror_of(replace(found.circuit, elements=quiet, signals=signals))


def scaled(amount: Expression, tree: Expression) -> Expression:
    """amount · tree as one product or one quotient."""
    match amount:
        case Quotient(top, bottom):
            return Quotient(scaled(top, tree), bottom)
        case Product(factors):
            return product_of([*factors, tree])
    return tree if amount == ONE else product_of([amount, tree])


def solved_name(key: Expression) -> str:
    if isinstance(key, NodeVoltage):
        return f"v({key.plus})".casefold()
    return f"i({getattr(key, 'element', '')})".casefold()


def solution_of(circuit: SmallSignalCircuit, net: Network, signals: Sequence[str]) -> dict[Key, dict[str, Rational]]:
    """Every unknown of the rows as a form in the signals."""
    equations = formulate(circuit)
    forms = {key: form_of(equations, key) for key in net.unknowns}
    keys = [key for key in equations.signals if isinstance(key, Symbol) and key.name in signals]
    _, values = linear_forms(circuit, equations, forms, keys)
    return {
        key: {signal.name: share for signal, share in values[key].items() if isinstance(signal, Symbol)}
        for key in net.unknowns
    }
