"""What is physically wrong with a circuit whose equations do not determine the answer: floating parts, source loops, and the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from diffsym.circuit.model import GROUND, SmallSignalCircuit
from diffsym.errors import CircuitError
from diffsym.expression.tree import BranchCurrent, NodeVoltage
from diffsym.solve.equations import Equations
from diffsym.solve.modular import Vector, dependencies, eliminate


def undetermined(
    circuit: SmallSignalCircuit, equations: Equations, rows: Sequence[Vector], free: Iterable[int], prime: int
) -> CircuitError:
    """The error for a quantity that rests on unknowns which the rows leave free."""
    width = len(equations.unknowns)
    moving = [equations.unknowns[column] for column in _null_support(rows, width, set(free), prime)]
    voltages = [key.plus for key in moving if isinstance(key, NodeVoltage)]
    currents = [key.element for key in moving if isinstance(key, BranchCurrent)]
    island = _floating(circuit, voltages)
    if island:
        return CircuitError(
            f"{_nodes(island)} {_float(island)}: no element gives {_it(island)} a path for current to ground, "
            "so the equations do not fix its voltage" if len(island) == 1 else
            f"{_nodes(island)} {_float(island)}: no element gives {_it(island)} a path for current to ground, "
            "so the equations do not fix their voltages",
            hint="connect a part from there to ground, or ask for a voltage between two of these nodes",
        )
    loop = _loop(circuit, currents)
    if loop and not voltages:
        return CircuitError(
            f"{_list(loop)} form a loop of voltage sources: the current around it is not determined",
            hint="put a resistance into the loop, or ask for a voltage instead of that current",
        )
    outputs = [e for e in circuit.elements if e.kind == "O"]
    names = _list([*(f"v({node})" for node in voltages), *(f"i({name})" for name in currents)])
    if outputs and voltages:
        return CircuitError(
            f"the equations do not determine {names}: no feedback path fixes the output of {_list([e.name for e in outputs])}",
            hint="give an ideal op amp negative feedback, or a finite gain with `*% opamp NAME finite`",
        )
    return CircuitError(
        f"the equations do not determine {names}: their determinant is zero",
        hint="some gain or cancellation makes these unknowns arbitrary; check controlled sources and op amps",
    )


def inconsistent(
    circuit: SmallSignalCircuit, equations: Equations, rows: Sequence[Vector], prime: int
) -> CircuitError:
    """The error for rows that contradict each other as soon as a signal is applied."""
    width = len(equations.unknowns)
    for combination in dependencies(rows, width, prime):
        involved = [equations.rows[index] for index in combination]
        elements = [row.place for row in involved if row.kind == "law"]
        nodes = [row.place for row in involved if row.kind == "kcl"]
        if elements and not nodes:
            kinds = {element.name: element.kind for element in circuit.elements}
            if any(kinds.get(name) == "O" for name in elements):
                return CircuitError(
                    f"{_list(elements)} contradict each other: an ideal op amp forces equal input voltages where "
                    "the sources hold them apart",
                    hint="close a feedback loop around the op amp, or give it a finite gain",
                )
            return CircuitError(
                f"{_list(elements)} form a loop of voltage sources whose voltages do not add up to zero",
                hint="put a resistance in series with one of them",
            )
        if nodes and not elements:
            return CircuitError(
                f"a current is forced into {_nodes(nodes)}, and nothing there gives it a path to ground: "
                "the voltage would be infinite",
                hint="connect a resistance from there to ground",
            )
    return CircuitError(
        "the answer is infinite: the determinant of the equations is zero while a signal drives them",
        hint="a gain without load or without feedback grows without bound; add the part that limits it",
    )


def _null_support(rows: Sequence[Vector], width: int, free: set[int], prime: int) -> list[int]:
    """Columns that move with the given free columns."""
    echelon, _, _ = eliminate([{c: v for c, v in row.items() if c < width} for row in rows], width, prime)
    moving = set(free)
    for column, row in echelon:
        if any(other in free for other in row):
            moving.add(column)
    return sorted(moving)


def _floating(circuit: SmallSignalCircuit, nodes: Sequence[str]) -> list[str]:
    """The nodes, if together they hang on nothing: no element that can carry current ties them to ground."""
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        while parent.setdefault(node, node) != node:
            node = parent[node]
        return node

    for element in circuit.elements:
        if element.kind not in ("I", "K"):
            parent[root(element.plus)] = root(element.minus)
    ground = root(GROUND)
    return [node for node in nodes if root(node) != ground]


def _loop(circuit: SmallSignalCircuit, names: Sequence[str]) -> list[str]:
    kinds = {element.name: element.kind for element in circuit.elements}
    return [name for name in names if kinds.get(name) in ("V", "E", "H", "L", "R")]


def _nodes(names: Sequence[str]) -> str:
    return ("node " if len(names) == 1 else "nodes ") + _list(names)


def _float(names: Sequence[str]) -> str:
    return "floats" if len(names) == 1 else "float"


def _it(names: Sequence[str]) -> str:
    return "it" if len(names) == 1 else "them"


def _list(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
