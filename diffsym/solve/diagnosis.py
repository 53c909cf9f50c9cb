"""What is physically wrong with a circuit whose equations have no answer: said in a sentence, with the parts' names.

What is wrong is found by trial: values are replaced by symbols of their own and ideal op amps by finite gains, and
whatever then gives the equations an answer is the cause.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from diffsym.circuit.model import GROUND, LinearElement, SmallSignalCircuit
from diffsym.errors import CircuitError, KernelDisagreement
from diffsym.expression.tree import BranchCurrent, Expression, NodeVoltage, Symbol
from diffsym.solve.equations import Equations, Form, Key, form_of, formulate
from diffsym.solve.modular import Point, Vector, dependencies, eliminate, reduced, rows_at

MOST_TRIALS = 60
"""Elements up to which each is tried alone for being the cause."""

TIES = ("R", "C", "L", "V", "E", "H", "O")
"""Kinds that tie the voltages of their two nodes to each other; the others set currents."""

VALUED = ("R", "C", "L", "G", "E", "F", "H", "K")


def undetermined(circuit: SmallSignalCircuit, equations: Equations, forms: Mapping[Expression, Form]) -> CircuitError:
    """The error for asked voltages and currents that rest on unknowns which the equations leave free."""
    moving, asked = _moving(equations, forms)
    name = _quantity(asked)
    nodes = [key.plus for key in moving if isinstance(key, NodeVoltage)]
    island = _island(circuit, nodes)
    if island:
        return CircuitError(
            f"{_nodes(island)} {'floats' if len(island) == 1 else 'float'}: {_reach(circuit, island)}, "
            f"so {name} is not determined",
            hint="connect a part from there to ground"
            + (", or ask for a voltage between two of these nodes" if len(island) > 1 else ""),
        )
    if not nodes:
        return _undetermined_current(circuit, [key.element for key in moving if isinstance(key, BranchCurrent)], name)

    def answered(trial: SmallSignalCircuit) -> bool:
        return not _moving(formulate(trial), forms)[0]

    shorted = _shorted(circuit, answered)
    if shorted:
        return CircuitError(f"{shorted}, so {name} is not determined", hint=_APART)
    opamps = _without_feedback(circuit, answered)
    if opamps:
        return CircuitError(
            f"{_opamps(opamps)} no feedback from output to input, so nothing determines {name}", hint=_FEEDBACK
        )
    causes = _causes(circuit, answered)
    if causes:
        return CircuitError(f"{_cancelling(circuit, causes)}, so {name} is not determined", hint=_CANCELLED)
    alone = _removable(circuit, answered)
    if alone:
        return CircuitError(
            f"{_list(alone)} {'leaves' if len(alone) == 1 else 'leave'} {name} undetermined: "
            f"without {'it' if len(alone) == 1 else 'one of them'} there is an answer",
            hint="check the nodes that it connects and what it senses",
        )
    return CircuitError(
        f"nothing determines {name}: the equations leave {_list([_quantity(key) for key in moving[:6]])} open",
        hint="check that controlled sources sense what they should, and that every node has a path to ground",
    )


def inconsistent(circuit: SmallSignalCircuit, equations: Equations, signals: Sequence[Key]) -> CircuitError:
    """The error for equations that contradict each other as soon as these signals are applied."""
    laws, nodes = _contradiction(equations, signals)
    names = _names(signals)
    if nodes and not set(nodes) & set(_tied(circuit, GROUND)):
        return _no_load(circuit, nodes)
    if laws and not nodes:
        error = _contradicting_laws(circuit, laws)
        if error is not None:
            return error

    def answered(trial: SmallSignalCircuit) -> bool:
        return not any(_eliminated(formulate(trial), signals)[2])

    shorted = _shorted(circuit, answered)
    if shorted:
        return CircuitError(f"{shorted}, so the response to {names} is infinite", hint=_APART)
    opamps = _without_feedback(circuit, answered)
    if opamps:
        return CircuitError(
            f"{_opamps(opamps)} no feedback from output to input, so the response to {names} is infinite",
            hint=_FEEDBACK,
        )
    causes = _causes(circuit, answered)
    if causes:
        return CircuitError(f"{_cancelling(circuit, causes)}, so the response to {names} is infinite", hint=_CANCELLED)
    alone = _removable(circuit, answered)
    if alone:
        return CircuitError(
            f"{_list(alone)} {'makes' if len(alone) == 1 else 'make'} the response to {names} infinite: "
            f"without {'it' if len(alone) == 1 else 'one of them'} there is an answer",
            hint="check the nodes that it connects and what it senses, or put a resistance in series with it",
        )
    return CircuitError(
        f"the response to {names} is infinite: nothing limits it" + (f" at {_nodes(nodes[:6])}" if nodes else ""),
        hint="a gain without load or without feedback grows without bound; add the part that limits it",
    )


_APART = "connect its two ends to different nodes"

_CANCELLED = "change one of these values, or make it a symbol of its own"
_FEEDBACK = "close a feedback path, check that + and − stand where they should, or write `*% opamp NAME finite`"


def _undetermined_current(circuit: SmallSignalCircuit, names: Sequence[str], asked: str) -> CircuitError:
    kinds = {element.name: element.kind for element in circuit.elements}
    outputs = [name for name in names if kinds[name] == "O"]
    if outputs == list(names) and len(outputs) > 1:
        message = f"the outputs of the op amps {_list(names)} are tied together, so {asked} is not determined"
    elif any(kinds[name] == "L" for name in names):
        message = (
            f"{_list(names)} form a loop without resistance in which a current can circulate, "
            f"so {asked} is not determined"
        )
    elif len(names) == 1:
        message = f"{_list(names)} is short-circuited, so {asked} is not determined"
    else:
        message = (
            f"{_list(names)} form a loop of voltage sources and short circuits, "
            f"so {asked}, the current around it, is not determined"
        )
    return CircuitError(message, hint="put a resistance into the loop, or ask for a voltage or a sum of currents")


def _no_load(circuit: SmallSignalCircuit, nodes: Sequence[str]) -> CircuitError:
    crossing = [e for e in circuit.elements if e.kind in "GFI" and (e.plus in nodes) != (e.minus in nodes)]
    sources = list(dict.fromkeys(_owner(element) for element in crossing))
    where = _nodes([node for node in circuit.nodes if node in nodes])
    hint = "connect a resistance from there to ground"
    if any(element.device for element in crossing):
        hint += ", or keep the output resistance (ro) of the transistor"
    if len(sources) > 1:
        return CircuitError(
            f"only current sources ({_list(sources)}) meet at {where}, and their currents do not add up to zero: "
            "the voltage would be infinite",
            hint=hint,
        )
    return CircuitError(
        f"{_list(sources)} forces a current into {where}, and nothing there takes it up: the voltage would be infinite",
        hint=hint,
    )


def _contradicting_laws(circuit: SmallSignalCircuit, names: Sequence[str]) -> CircuitError | None:
    """The error for a loop of sources or inputs of an op amp that are held apart; None for any other contradiction."""
    elements = [element for element in circuit.elements if element.name in names]
    opamps = [element.name for element in elements if element.kind == "O"]
    others = [element.name for element in elements if element.kind != "O"]
    if opamps:
        return CircuitError(
            f"{_list(others) or 'the circuit'} {'holds' if len(others) < 2 else 'hold'} the inputs of the ideal op amp "
            f"{_list(opamps)} apart, and no feedback can make them equal",
            hint=_FEEDBACK,
        )
    shorted = next((element.name for element in elements if element.plus == element.minus), None)
    if shorted is not None:
        return CircuitError(f"{shorted} is short-circuited: both its ends are at one node", hint=_IN_SERIES)
    ends = [node for element in elements for node in (element.plus, element.minus)]
    if any(ends.count(node) < 2 for node in ends):
        return None
    shorts = [element.name for element in elements if element.kind == "R"]
    if shorts:
        sources = [name for name in others if name not in shorts]
        return CircuitError(
            f"{_list(sources)} {'is' if len(sources) == 1 else 'are'} short-circuited by {_list(shorts)} (0 Ω): "
            "the current would be infinite",
            hint=_IN_SERIES,
        )
    return CircuitError(
        f"{_list(others)} form a loop of voltage sources whose voltages do not add up to zero: "
        "the current would be infinite",
        hint=_IN_SERIES,
    )


_IN_SERIES = "put a resistance in series with it"


# ---- what the equations say


def _points(equations: Equations, columns: Mapping[Key, int]) -> Iterator[tuple[Point, list[Vector]]]:
    for seed in range(21, 81):
        try:
            point = Point(seed, equations)
            yield point, rows_at(point, [row.form for row in equations.rows], columns)
        except ZeroDivisionError:
            continue
    raise KernelDisagreement("no point was found at which the equations could be put into numbers")


def _eliminated(
    equations: Equations, signals: Sequence[Key]
) -> tuple[Point, list[tuple[int, Vector]], list[Vector], dict[Key, int]]:
    columns = {key: place for place, key in enumerate((*equations.unknowns, *signals))}
    point, rows = next(_points(equations, columns))
    echelon, _, rest = eliminate(rows, len(equations.unknowns), point.prime)
    return point, echelon, rest, columns


def _moving(equations: Equations, atoms: Iterable[Expression]) -> tuple[list[Key], Expression]:
    """The unknowns that move with the first free one that an asked atom rests on, and that atom."""
    point, echelon, _, columns = _eliminated(equations, ())
    free = set(range(len(equations.unknowns))) - {column for column, _ in echelon}
    last: Expression = NodeVoltage(GROUND)
    for last in atoms:
        (form,) = rows_at(point, [form_of(equations, last)], columns)
        touched = free & set(reduced(form, echelon, point.prime))
        if touched:
            column = min(touched)
            moved = {column, *(pivot for pivot, row in echelon if column in row)}
            return [equations.unknowns[place] for place in sorted(moved)], last
    return [], last


def _contradiction(equations: Equations, signals: Sequence[Key]) -> tuple[list[str], list[str]]:
    """Elements and nodes whose laws and current balances contradict each other: of one kind only, if possible."""
    columns = {key: place for place, key in enumerate((*equations.unknowns, *signals))}
    width = len(equations.unknowns)
    point, rows = next(_points(equations, columns))
    for kinds in (("law",), ("kcl",), ("law", "kcl")):
        chosen = [index for index, row in enumerate(equations.rows) if row.kind in kinds]
        found: list[list[int]] = []
        for combination in dependencies([rows[index] for index in chosen], width, point.prime):
            total: dict[int, int] = {}
            for place, factor in combination.items():
                for column, value in rows[chosen[place]].items():
                    if column >= width:
                        total[column] = (total.get(column, 0) + factor * value) % point.prime
            if any(total.values()):
                found.append([chosen[place] for place in sorted(combination)])
        if found:
            involved = [equations.rows[index] for index in min(found, key=len)]
            laws = [row.place for row in involved if row.kind == "law"]
            return laws, [row.place for row in involved if row.kind == "kcl"]
    return [], []


# ---- what the circuit says


def _tied(circuit: SmallSignalCircuit, start: str) -> list[str]:
    """The nodes whose voltages are tied to that of a node, through any number of elements, itself included."""
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        while parent.setdefault(node, node) != node:
            node = parent[node]
        return node

    for element in circuit.elements:
        own = element.control is not None and set(element.control) == {element.plus, element.minus}
        if element.kind in TIES or (element.kind == "G" and own):
            parent[root(element.plus)] = root(element.minus)
    return [node for node in dict.fromkeys((*circuit.nodes, start)) if root(node) == root(start)]


def _island(circuit: SmallSignalCircuit, nodes: Sequence[str]) -> list[str]:
    """The nodes that hang together with the first of these that nothing ties to ground; none where all are tied."""
    grounded = set(_tied(circuit, GROUND))
    first = next((node for node in nodes if node not in grounded), None)
    return [] if first is None else _tied(circuit, first)


def _reach(circuit: SmallSignalCircuit, island: Collection[str]) -> str:
    """What connects an island of nodes to the rest, and why that does not fix its voltage."""
    where = "it" if len(island) == 1 else "them"
    inside = {e.name for e in circuit.elements if e.kind == "L" and e.plus in island}
    sources = [
        _owner(e) for e in circuit.elements if e.kind in ("G", "F", "I") and (e.plus in island) != (e.minus in island)
    ]
    couplings = [e.name for e in circuit.elements if e.kind == "K" and 0 < len(inside & set(e.sensed)) < 2]
    sensing = [_owner(e) for e in circuit.elements if e.control and set(e.control) & set(island)]
    if sources:
        several = len(dict.fromkeys(sources)) > 1
        return (
            f"only {'current sources' if several else 'the current source'} {_list(list(dict.fromkeys(sources)))} "
            f"{'reach' if several else 'reaches'} {where}, and a current source sets no voltage"
        )
    if couplings:
        return f"only the magnetic coupling {_list(couplings)} reaches {where}"
    if sensing and len(island) == 1:
        return f"{_list(list(dict.fromkeys(sensing)))} only senses {where}, and nothing drives {where}"
    return f"nothing connects {where} to ground"


def _shorted(circuit: SmallSignalCircuit, answered: Callable[[SmallSignalCircuit], bool]) -> str:
    """What is wrong with an element that has both ends, or an op amp both inputs, at one node; empty if nothing is."""
    for element in circuit.elements:
        inputs = element.kind == "O" and element.control is not None and element.control[0] == element.control[1]
        if not inputs and not (element.kind in "VEHO" and element.plus == element.minus):
            continue
        if answered(_without(circuit, element)):
            if inputs:
                return f"both inputs of the ideal op amp {element.name} are at node {(element.control or '?')[0]}"
            return f"{element.name} is short-circuited: both its ends are at node {element.plus}"
    return ""


def _removable(circuit: SmallSignalCircuit, answered: Callable[[SmallSignalCircuit], bool]) -> list[str]:
    """Elements that set a voltage or a current, each of which stands in the way alone."""
    suspects = [element for element in circuit.elements if element.kind in "VEHOGFI"]
    if len(suspects) > MOST_TRIALS:
        return []
    return [element.name for element in suspects if answered(_without(circuit, element))][:6]


def _without(circuit: SmallSignalCircuit, element: LinearElement) -> SmallSignalCircuit:
    """The circuit without an element; one that others sense keeps its law, with a symbol as resistance in series."""
    if any(element.name in each.sensed for each in circuit.elements):
        open_end = f"@end of {element.name}"
        return replace(
            circuit,
            elements=(
                *(replace(each, minus=open_end) if each is element else each for each in circuit.elements),
                LinearElement(f"@series {element.name}", "R", open_end, element.minus, Symbol(f"@of {element.name}")),
            ),
        )
    rest = tuple(each for each in circuit.elements if each is not element)
    # A conductance in its place keeps its nodes in the circuit.
    conductance = LinearElement(element.name, "R", element.plus, element.minus, Symbol(f"@of {element.name}"))
    return replace(circuit, elements=(*rest, conductance))


def _without_feedback(circuit: SmallSignalCircuit, answered: Callable[[SmallSignalCircuit], bool]) -> list[str]:
    """Ideal op amps that a finite gain would give an answer, where other values of the rest would not."""
    ideal = [element for element in circuit.elements if element.kind == "O"]
    if not ideal or answered(_generic(circuit, lambda element: element.kind in VALUED)):
        return []
    single = [each.name for each in ideal if answered(_generic(circuit, lambda element, each=each: element is each))]  # type: ignore[misc]
    if single:
        return single
    names = {each.name for each in ideal}
    return sorted(names) if answered(_generic(circuit, lambda element: element.name in names)) else []


def _causes(circuit: SmallSignalCircuit, answered: Callable[[SmallSignalCircuit], bool]) -> list[str]:
    """Elements whose value alone stands in the way: with any other value of one of them there is an answer."""
    if not answered(_generic(circuit, lambda element: element.kind in VALUED)):
        return []
    valued = [element for element in circuit.elements if element.kind in VALUED]
    if len(valued) > MOST_TRIALS:
        return [element.name for element in valued[:3]]
    alone = [e.name for e in valued if answered(_generic(circuit, lambda element, e=e: element is e))]  # type: ignore[misc]
    return alone or [element.name for element in valued[:6]]


def _generic(circuit: SmallSignalCircuit, chosen: Callable[[LinearElement], bool]) -> SmallSignalCircuit:
    """The circuit with a symbol of its own as the value of each chosen element, an op amp's gain included."""
    elements = tuple(
        replace(element, kind="E" if element.kind == "O" else element.kind, value=Symbol(f"@of {element.name}"))
        if chosen(element)
        else element
        for element in circuit.elements
    )
    return replace(circuit, elements=elements)


# ---- words


def _owner(element: LinearElement) -> str:
    return element.device or element.name


def _quantity(key: Expression) -> str:
    match key:
        case NodeVoltage(plus, None):
            return f"v({plus})"
        case NodeVoltage(plus, minus):
            return f"v({plus},{minus})"
        case BranchCurrent(element):
            return f"i({element})"
    from diffsym.expression.printing.text import to_text

    return to_text(key)


def _cancelling(circuit: SmallSignalCircuit, names: Sequence[str]) -> str:
    gains = [element.name for element in circuit.elements if element.kind in ("E", "F") and element.name in names]
    if gains == list(names):
        closes = "closes" if len(names) == 1 else "close"
        return f"{_list(names)} {closes} a loop whose gain is exactly 1, in which any signal sustains itself"
    if len(names) == 1:
        return f"the value of {names[0]} balances the rest of the circuit exactly"
    return f"the values of {_list(names)} cancel exactly"


def _names(signals: Sequence[Key]) -> str:
    return _list([key.name for key in signals if isinstance(key, Symbol)])


def _opamps(names: Sequence[str]) -> str:
    return f"the ideal op amp {names[0]} has" if len(names) == 1 else f"the ideal op amps {_list(names)} have"


def _nodes(names: Sequence[str]) -> str:
    return ("node " if len(names) == 1 else "nodes ") + _list(names)


def _list(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
