"""What a quantity asks of the rows: a linear form per signal, a signal per form, or arithmetic over several of them."""

from __future__ import annotations

from dataclasses import dataclass

from diffsym.derivation.forms import Key, Linear, is_unknown
from diffsym.derivation.network import Network, admittance, voltage_of
from diffsym.expression.tree import (
    BranchCurrent,
    Call,
    Expression,
    Negation,
    NodeVoltage,
    Number,
    Parallel,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    children,
    walk,
)
from diffsym.kernel.rational import Field, Rational, atoms_of


@dataclass(frozen=True, slots=True)
class Target:
    """``tree``: the part of the quantity, as asked; ``form``: what it is over unknowns and signals."""

    tree: Expression
    form: Linear


def measured(node: Expression) -> bool:
    return any(isinstance(part, NodeVoltage | BranchCurrent) for part in walk(node))


def asked_currents(node: Expression) -> tuple[str, ...]:
    """Elements whose current a quantity names."""
    return tuple(dict.fromkeys(part.element for part in walk(node) if isinstance(part, BranchCurrent)))


def targets(network: Network, node: Expression) -> tuple[Target, ...]:
    """The largest linear parts of a quantity that measure something, each once, in reading order."""
    out: dict[Expression, Target] = {}

    def visit(part: Expression) -> None:
        if not measured(part):
            return
        form = linear(network, part)
        if form is not None:
            out.setdefault(part, Target(part, form))
            return
        for child in children(part):
            visit(child)

    visit(node)
    return tuple(out.values())


def linear(network: Network, node: Expression) -> Linear | None:
    """The tree as a form over unknowns and signals; None where it is not linear in them."""
    match node:
        case NodeVoltage(plus, minus):
            return network.across(plus, minus or "0")
        case BranchCurrent(element):
            return current(network, element)
        case Negation(operand):
            inner = linear(network, operand)
            return None if inner is None else -inner
        case Sum(terms):
            total = Linear()
            for term in terms:
                inner = linear(network, term)
                if inner is None:
                    return None
                total = total + inner
            return total
        case Quotient(top, bottom) if not measured(bottom) and not _has_signal(network, bottom):
            inner = linear(network, top)
            return None if inner is None else inner.times(network.field.one / _constant(network, bottom))
        case Product(factors):
            variable = [factor for factor in factors if measured(factor) or _has_signal(network, factor)]
            if len(variable) != 1:
                return None
            inner = linear(network, variable[0])
            if inner is None:
                return None
            for factor in factors:
                if factor is not variable[0]:
                    inner = inner.times(_constant(network, factor))
            return inner
        case Symbol() if node in network.signals:
            return Linear({node: network.field.one})
    return None


def _has_signal(network: Network, node: Expression) -> bool:
    return any(part in network.signals for part in walk(node))


def _constant(network: Network, node: Expression) -> Rational:
    return network.field.read(node)


def current(network: Network, name: str) -> Linear:
    """An element's current from plus to minus as a form."""
    element = next(e for e in network.circuit.elements if e.name == name)
    steering = voltage_of(network, element)
    if element.kind in "RCLG":
        return steering.times(admittance(network.field, element))
    return steering


def is_named(form: Linear) -> bool:
    """Whether the form is one unknown with coefficient 1."""
    return len(form) == 1 and all(is_unknown(key) and value == 1 for key, value in form.items())


def name_for(network: Network, target: Target) -> Key:
    """A name for a form that has none: v_od, v_oc, v_ab, i_in."""
    keys = [key for key in target.form if isinstance(key, NodeVoltage)]
    currents = [key for key in target.form if isinstance(key, BranchCurrent)]
    taken = {"v" + node.lower() for node in network.circuit.nodes} | {s.lower() for s in network.circuit.spelling}

    def free(*words: str) -> Symbol:
        return Symbol(next(word for word in (*words, "vq", "vqprime", "vq2") if word.lower() not in taken))

    if isinstance(target.tree, BranchCurrent) and not currents:
        return target.tree
    named = [part.element for part in walk(target.tree) if isinstance(part, BranchCurrent)]
    if named and not any(isinstance(part, NodeVoltage) for part in walk(target.tree)):
        parts = [e for e in network.circuit.elements if e.name in named]
        # the current of an element that stands alone is printed by the element's own name already
        devices = {e.device for e in parts}
        own = [f"i{_word(device)}" for device in devices if len(devices) == 1 and device]
        return free(*own, *(("iin",) if all(e.kind == "V" for e in parts) else ()), "iout", "isum", "itot")
    if currents and not keys:
        return free("iin", "it", "ix") if len(currents) == 1 else free("isum", "itot")
    signs = sorted(int(value.as_fraction() > 0) if value.is_number else 2 for value in target.form.values())
    nodes = [key.plus for key in keys]
    if len(nodes) == 2:
        pair = {node.lower() for node in nodes} in ({"o1", "o2"}, {"out1", "out2"}, {"op", "on"}, {"outp", "outn"})
        if signs == [0, 1]:
            plus = sorted(keys, key=lambda key: not (target.form[key].is_number and target.form[key].as_fraction() > 0))
            return free(*(("vod",) if pair else ()), "v" + "".join(_word(key.plus) for key in plus))
        if signs == [1, 1]:
            return free(*(("voc",) if pair else ()), "vsum", "vm")
    if len(nodes) == 1:
        return free("vx" if nodes[0].lower() != "x" else "vy", "vout", "vmeas")
    return free("vout", "vmeas")


def _word(node: str) -> str:
    return "".join(letter for letter in node if letter.isalnum())


def value_of(node: Expression, values: dict[Expression, Rational], field: Field) -> Rational:
    """The quantity's arithmetic over the values of its targets."""
    return field.read(node, values)


def field_for(network: Network, node: Expression) -> Field:
    """The network's field together with signals and whatever else the quantity names."""
    atoms = [*network.field.atoms, *network.signals]
    atoms += [atom for atom in atoms_of(node) if not isinstance(atom, NodeVoltage | BranchCurrent)]
    return Field(dict.fromkeys(atoms))


__all__ = ["Call", "Number", "Parallel", "Power", "Target", "asked_currents", "linear", "targets"]
