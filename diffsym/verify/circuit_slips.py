"""Slips in the circuit as rows of a table: another small-signal circuit that a person may have analysed instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from diffsym.circuit.model import GROUND, LinearElement, SmallSignalCircuit
from diffsym.expression.tree import ONE, ZERO, Expression, Negation, Product, Quotient, Symbol, expression, symbols_of
from diffsym.verify.conventions import output_pair, single_output
from diffsym.verify.scaling import tail_symbols

TWO = expression(2)


@dataclass(frozen=True, slots=True)
class Instead:
    """The circuit that was analysed instead. ``hint`` points to the slip without naming it."""

    name: str
    sentence: str
    hint: str
    circuit: SmallSignalCircuit


Rule = Callable[[SmallSignalCircuit, Callable[[str], str]], Iterator[Instead]]


def _with(circuit: SmallSignalCircuit, changed: dict[str, LinearElement | None]) -> SmallSignalCircuit:
    """The circuit with elements replaced by name, or left out."""
    kept = [(element, changed.get(element.name, element)) for element in circuit.elements]
    return replace(circuit, elements=tuple(new for _, new in kept if new is not None))


def _groups(circuit: SmallSignalCircuit, kinds: str = "RCL") -> Iterator[tuple[str, list[LinearElement]]]:
    """Passive elements that share a value, then each of those alone."""
    groups: dict[Expression, list[LinearElement]] = {}
    for element in circuit.elements:
        if element.kind in kinds:
            groups.setdefault(element.value, []).append(element)
    for value, elements in groups.items():
        yield (symbols_of(value) or (elements[0].name,))[0], elements
    for value, elements in groups.items():
        if len(elements) > 1:
            for element in elements:
                yield f"{(symbols_of(value) or ('',))[0]} at {element.device or element.name}", [element]


def _left_out(circuit: SmallSignalCircuit, spelled: Callable[[str], str]) -> Iterator[Instead]:
    for label, elements in _groups(circuit):
        name, _, place = label.partition(" at ")
        shown = spelled(name) + (f" at {place}" if place else "")
        sentence = f"{shown} left out (taken as an open circuit)"
        kind = "element-left-out"
        if elements[0].parameter == "ro":
            kind, sentence = "ro-open", f"{shown} taken as infinite"
        elif elements[0].parameter == "rpi":
            kind, sentence = "rpi-dropped", f"{shown} left out: the base current ignored"
        elif name.startswith(("RSS", "REE")):
            kind, sentence = "tail-dropped", f"{shown} left out: the tail taken as ideal"
        yield Instead(
            kind, sentence, "is every element in your circuit?", _with(circuit, {e.name: None for e in elements})
        )


def _shorted(circuit: SmallSignalCircuit, spelled: Callable[[str], str]) -> Iterator[Instead]:
    for label, elements in _groups(circuit):
        name, _, place = label.partition(" at ")
        shown = spelled(name) + (f" at {place}" if place else "")
        changed: dict[str, LinearElement | None] = {
            each.name: LinearElement(each.name, "V", each.plus, each.minus, ZERO) for each in elements
        }
        yield Instead(
            "element-shorted",
            f"{shown} replaced by a short circuit",
            "is every element in your circuit?",
            _with(circuit, changed),
        )


def _scaled(circuit: SmallSignalCircuit, spelled: Callable[[str], str]) -> Iterator[Instead]:
    tails = set(tail_symbols(circuit))
    for word, by in (("doubled", lambda v: Product((TWO, v))), ("halved", lambda v: Quotient(v, TWO))):
        for label, elements in _groups(circuit, "RCLG"):
            name, _, place = label.partition(" at ")
            shown = spelled(name) + (f" at {place}" if place else "")
            changed: dict[str, LinearElement | None] = {e.name: replace(e, value=by(e.value)) for e in elements}
            tail = word == "halved" and name in tails
            more = f": in the half circuit of the common mode it is 2 {shown}" if tail else ""
            sentence = f"{shown} {word}{more}"
            yield Instead(f"element-{word}", sentence, "look for a factor of two", _with(circuit, changed))


def _source_grounded(circuit: SmallSignalCircuit, spelled: Callable[[str], str]) -> Iterator[Instead]:
    """g_m v_g in place of g_m v_gs."""
    driven = [e for e in circuit.elements if e.parameter in ("gm", "gmb") and e.control and e.control[1] != GROUND]
    main = [e for e in driven if e.parameter == "gm"]
    for elements in ([main] if len(main) > 1 else []) + [[each] for each in main]:
        changed: dict[str, LinearElement | None] = {
            each.name: replace(each, control=(each.control[0], GROUND)) for each in elements if each.control
        }
        who = " and ".join(each.device for each in elements)
        bipolar = elements[0].device.rpartition(".")[2][:1].upper() == "Q"
        pair = ("v_be", "v_b", "emitter") if bipolar else ("v_gs", "v_g", "source")
        yield Instead(
            "vgs-as-vg",
            f"{pair[0]} of {who} taken as {pair[1]}, as if its {pair[2]} were grounded",
            "which voltage controls the current of the transistor?",
            _with(circuit, changed),
        )


def _virtual_ground(circuit: SmallSignalCircuit, spelled: Callable[[str], str]) -> Iterator[Instead]:
    outputs = {*(output_pair(circuit) or ()), single_output(circuit) or ""}
    held = {node for e in circuit.elements if e.kind == "V" for node in (e.plus, e.minus)}
    for node in circuit.nodes:
        if node != GROUND and node not in held and node not in outputs:
            short = LinearElement("Vshort", "V", node, GROUND, ZERO)
            grounded = [e for e in circuit.elements if e.kind in "RCL" and {e.plus, e.minus} == {node, GROUND}]
            names = dict.fromkeys(name for e in grounded if not e.device for name in symbols_of(e.value))
            also = f", as if {' and '.join(map(spelled, names))} were shorted" if names else ""
            yield Instead(
                "virtual-ground",
                f"node {node} taken as ground{also}: a virtual ground where there is none",
                "is every node that you took as ground at ground?",
                replace(circuit, elements=(*circuit.elements, short)),
            )


def _tail_kept(circuit: SmallSignalCircuit, spelled: Callable[[str], str]) -> Iterator[Instead]:
    """The tail's resistance in each half circuit, also for the differential signal."""
    mains = [e for e in circuit.elements if e.parameter == "gm" and e.control and e.control[1] != GROUND]
    for node in dict.fromkeys(e.control[1] for e in mains if e.control):
        halves = [e.device for e in mains if e.control and e.control[1] == node]
        tails = [e for e in circuit.elements if e.kind == "R" and not e.device and {e.plus, e.minus} == {node, GROUND}]
        if len(halves) != 2 or len(tails) != 1:
            continue
        (tail,) = tails
        elements = [each for each in circuit.elements if each is not tail]
        for place, device in enumerate(halves):
            own = replace(circuit, elements=tuple(each for each in elements if each.device == device))
            moved = {each.name: each for each in renamed(own, {node: f"{node}_{place}"}).elements}
            elements = [moved.get(each.name, each) for each in elements]
        for label, value in (("", tail.value), ("2 ", Product((TWO, tail.value)))):
            each_half = [
                LinearElement(f"{tail.name}_{place}", "R", f"{node}_{place}", GROUND, value) for place in range(2)
            ]
            shown = label + spelled((symbols_of(tail.value) or (tail.name,))[0])
            yield Instead(
                "tail-kept",
                f"{shown} kept in each half circuit, though {node} does not move for the differential signal",
                "which resistances carry a signal current in this mode?",
                replace(circuit, elements=(*elements, *each_half)),
            )


def _body_effect(circuit: SmallSignalCircuit, spelled: Callable[[str], str]) -> Iterator[Instead]:
    bodies = [each for each in circuit.elements if each.parameter == "gmb"]
    for elements in ([bodies] if len(bodies) > 1 else []) + [[each] for each in bodies]:
        who = " and ".join(each.device for each in elements)
        yield Instead(
            "body-effect",
            f"the body effect of {who} ignored",
            "is every element in your circuit?",
            _with(circuit, {each.name: None for each in elements}),
        )


def _reversed(circuit: SmallSignalCircuit, spelled: Callable[[str], str]) -> Iterator[Instead]:
    for element in circuit.elements:
        if element.kind in "VI" and symbols_of(element.value):
            turned = replace(element, value=Negation(element.value))
            yield Instead(
                "source-reversed",
                f"the source {element.name} turned round",
                "look at signs and directions",
                _with(circuit, {element.name: turned}),
            )
            nought = replace(element, value=ZERO)
            yield Instead(
                "source-off",
                f"the source {element.name} set to zero",
                "are all sources in your circuit?",
                _with(circuit, {element.name: nought}),
            )
    for element in circuit.elements:
        if element.kind in "GEFH":
            turned = replace(element, value=Negation(element.value))
            who = element.device or element.name
            yield Instead(
                "controlled-source-reversed",
                f"the controlled source of {who} turned round",
                "look at signs and directions",
                _with(circuit, {element.name: turned}),
            )


def _transistor_off(circuit: SmallSignalCircuit, spelled: Callable[[str], str]) -> Iterator[Instead]:
    for element in circuit.elements:
        if element.parameter == "gm":
            yield Instead(
                "device-left-out",
                f"the controlled source of {element.device} left out",
                "is every element in your circuit?",
                _with(circuit, {element.name: None}),
            )


def _other_output(circuit: SmallSignalCircuit, spelled: Callable[[str], str]) -> Iterator[Instead]:
    """The outputs swapped, by renaming their nodes in the circuit."""
    pair = output_pair(circuit)
    if pair is None:
        return
    swap = {pair[0]: pair[1], pair[1]: pair[0]}
    yield Instead(
        "other-output",
        f"the output taken from the other side: {pair[1]} for {pair[0]}",
        "which output was asked for?",
        renamed(circuit, swap),
    )


def _other_input(circuit: SmallSignalCircuit, spelled: Callable[[str], str]) -> Iterator[Instead]:
    """The signal at the other input of an op amp: the formula of the inverting amplifier for the other one."""
    driven = {e.plus: e for e in circuit.elements if e.kind == "V" and e.minus == GROUND and symbols_of(e.value)}
    for amplifier in circuit.elements:
        if amplifier.kind not in "OE" or amplifier.device or not amplifier.control:
            continue
        for node, source in driven.items():
            held = {GROUND, node} & set(amplifier.control)
            if len(held) != 1:
                continue
            (own,) = held
            (there,) = {GROUND, node} - held
            first, second = amplifier.control
            beside = second if first == own else first
            changed: dict[str, LinearElement | None] = {
                amplifier.name: replace(
                    amplifier, control=(there if first == own else first, there if second == own else second)
                )
            }
            for each in circuit.elements:
                if each.kind in "RCL" and {each.plus, each.minus} == {beside, there}:
                    changed[each.name] = replace(
                        each,
                        plus=own if each.plus == there else each.plus,
                        minus=own if each.minus == there else each.minus,
                    )
            if len(changed) > 1:
                yield Instead(
                    "other-input",
                    f"the signal of {source.name} applied to the other input of {amplifier.name}",
                    "which input of the op amp has the signal?",
                    _with(circuit, changed),
                )


def _other_voltage(circuit: SmallSignalCircuit, spelled: Callable[[str], str]) -> Iterator[Instead]:
    """The voltage across another element taken for the output."""
    output = single_output(circuit)
    if output is None:
        return
    inner = f"{output}_itself"
    moved = renamed(circuit, {output: inner})
    for element, was in zip(moved.elements, circuit.elements):
        if element.kind not in "RCL" or element.device or {was.plus, was.minus} == {output, GROUND}:
            continue
        across = LinearElement("Eacross", "E", output, GROUND, ONE, control=(element.plus, element.minus))
        yield Instead(
            "other-voltage",
            f"the voltage across {spelled((symbols_of(was.value) or (was.name,))[0])} taken for the output",
            "which voltage was asked for?",
            replace(moved, elements=(*moved.elements, across)),
        )


def renamed(circuit: SmallSignalCircuit, nodes: dict[str, str]) -> SmallSignalCircuit:
    def of(element: LinearElement) -> LinearElement:
        control = element.control and (
            nodes.get(element.control[0], element.control[0]),
            nodes.get(element.control[1], element.control[1]),
        )
        return replace(
            element,
            plus=nodes.get(element.plus, element.plus),
            minus=nodes.get(element.minus, element.minus),
            control=control,
        )

    return replace(circuit, elements=tuple(of(element) for element in circuit.elements))


def _wrong_node(circuit: SmallSignalCircuit, spelled: Callable[[str], str]) -> Iterator[Instead]:
    nodes = tuple(dict.fromkeys((*circuit.nodes, GROUND)))
    for element in circuit.elements:
        if element.kind not in "RC" or not isinstance(element.value, Symbol):
            continue
        for end in ("plus", "minus"):
            for node in nodes:
                if node in (element.plus, element.minus):
                    continue
                moved = replace(element, plus=node) if end == "plus" else replace(element, minus=node)
                label = spelled(element.value.name) + (f" of {element.device}" if element.device else "")
                was = element.plus if end == "plus" else element.minus
                yield Instead(
                    "wrong-node",
                    f"{label} tied to {node} in place of {was}",
                    "is every element tied right?",
                    _with(circuit, {element.name: moved}),
                )


def _terminal_grounded(circuit: SmallSignalCircuit, spelled: Callable[[str], str]) -> Iterator[Instead]:
    """The source or emitter of one transistor at ground, that of the others where it is."""
    for main in circuit.elements:
        if main.parameter != "gm" or main.minus == GROUND:
            continue
        own = replace(circuit, elements=tuple(each for each in circuit.elements if each.device == main.device))
        moved = {each.name: each for each in renamed(own, {main.minus: GROUND}).elements}
        changed: dict[str, LinearElement | None] = {
            name: None if each.plus == each.minus else each for name, each in moved.items()
        }
        yield Instead(
            "wrong-node",
            f"{main.device} tied to ground in place of {main.minus}",
            "is every element tied right?",
            _with(circuit, changed),
        )


RULES: tuple[Rule, ...] = (
    _source_grounded,
    _body_effect,
    _virtual_ground,
    _tail_kept,
    _left_out,
    _other_output,
    _reversed,
    _shorted,
    _scaled,
    _transistor_off,
    _terminal_grounded,
    _other_input,
    _other_voltage,
)
"""In the order in which they are tried."""

MANY: tuple[Rule, ...] = (_wrong_node,)
"""Rules that make so many circuits that they are tried last, and only where nothing else explains a line."""


def instead(
    circuit: SmallSignalCircuit, spelled: Callable[[str], str], rules: tuple[Rule, ...] = RULES
) -> Iterable[Instead]:
    """Every circuit that one slip makes of this one."""
    for rule in rules:
        yield from rule(circuit, spelled)
