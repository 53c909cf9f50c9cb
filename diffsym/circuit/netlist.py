"""A SPICE netlist, from text to Circuit: cards, includes, scopes, flattening, directives, in this order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from diffsym.circuit.cards import Card, cards_of, fields_of, physical_lines, shown, suggestion
from diffsym.circuit.devices import Devices, shipped_devices
from diffsym.circuit.directives import read_directives
from diffsym.circuit.elements import Instance, read_element
from diffsym.circuit.exports import is_export
from diffsym.circuit.includes import Allowance, Source, gathered, read_text
from diffsym.circuit.model import GROUND, Circuit, Directives, Element, Model
from diffsym.circuit.scopes import GROUND_NAMES, Scope, read_scopes
from diffsym.circuit.subcircuits import Flat, flattened
from diffsym.circuit.values import Remarks, exact_tree
from diffsym.errors import NetlistError
from diffsym.expression.tree import symbols_of

_TITLE_MARK = re.compile(r"\s*\*[*\s]*")


def load_netlist(path: Path | str, *, devices: Devices | None = None) -> Circuit:
    """The circuit in a file, whose first line is its title; it may include files below its own folder only.

    Raises NetlistError with file, line, column and a hint.
    """
    path = Path(path)
    text = read_text(path)
    return read_netlist(text, file=str(path), title_line=True, include_root=path.parent, devices=devices)


def read_netlist(
    text: str,
    *,
    file: str | None = None,
    title_line: bool = False,
    include_root: Path | None = None,
    devices: Devices | None = None,
) -> Circuit:
    """The circuit that a netlist describes, subcircuits flattened and parameters put in.

    ``title_line``: the first line is the title, as in a SPICE file. ``include_root``: the folder that included files
    must lie in; none, and nothing is included. Raises NetlistError with line, column and a hint.
    """
    try:
        return _circuit(text, file, title_line, include_root, devices or shipped_devices())
    except NetlistError as error:
        raise error.at(file=file) from None


def with_parameters(circuit: Circuit, values: Mapping[str, Fraction]) -> Circuit:
    """The same netlist read again with other numbers for parameters of its top, by joined name. Raises NetlistError."""
    root = Path(circuit.file).parent if circuit.file is not None else None
    try:
        return _circuit(circuit.text, circuit.file, bool(circuit.title), root, shipped_devices(), values)
    except NetlistError as error:
        raise error.at(file=circuit.file) from None


def _circuit(
    text: str,
    file: str | None,
    title_line: bool,
    root: Path | None,
    devices: Devices,
    given: Mapping[str, Fraction] | None = None,
) -> Circuit:
    allowance = Allowance()
    allowance.spend(text, file)
    text = text.removeprefix("\ufeff")
    lines = physical_lines(text, file)
    title, first = _title(lines, file, devices) if title_line else ("", 0)
    remarks = Remarks()
    chain = (Path(file).resolve(),) if root is not None and file is not None else ()
    exported = is_export(lines)
    cards = gathered(lines, Source(file, root, root, chain, exported), allowance, first=first)
    top, unused = read_scopes(cards, devices, remarks, exported=exported)
    for at, each in enumerate(top.assignments):
        if given is not None and each.name in given:
            top.assignments[at] = replace(each, value=exact_tree(given[each.name]))
    flat = flattened(top, devices, remarks)
    elements = {element.name.lower(): element for element, _ in flat.elements}
    _check_ground(flat)
    _note_lookalikes(top, flat, remarks)
    elements |= {element.name.lower(): element for element in _with_sensed(flat, elements)}
    directives = read_directives(flat.directives, elements, flat.models, devices, remarks)
    return Circuit(
        title=title,
        elements=tuple(elements.values()),
        models=flat.models,
        directives=directives,
        spelling=_spelling(remarks, elements, flat.models, directives),
        notes=tuple(remarks.notes),
        unused=unused,
        file=file,
        text=text,
        parameters=flat.parameters,
    )


def _title(lines: list[str], file: str | None, devices: Devices) -> tuple[str, int]:
    """The title and the index of the first line behind it. Raises NetlistError for a first line that is an element."""
    line = lines[0].strip()
    if line[:6].lower() == ".title":
        return line[6:].strip(), 1
    if line.startswith("*"):
        return ("", 0) if re.match(r"\*%\s*[A-Za-z]", line) else (_TITLE_MARK.sub("", line, count=1), 0)
    reading = _first_line_reading(lines, file, devices)
    if reading:
        raise NetlistError(
            f"the first line of a file is its title, but '{shown(line)}' reads as {reading}",
            file=file,
            line=1,
            column=1,
            hint="put a title above it; if it is meant as the title, start it with *",
        )
    return line, 1


def _first_line_reading(lines: list[str], file: str | None, devices: Devices) -> str | None:
    line = lines[0].strip()
    if re.match(r"\.[A-Za-z]+(\s|$)", line):
        return f"the card {line.split()[0].lower()}"
    if not line or not line[0].isalpha():
        return None
    try:
        card = cards_of(lines[:1], file)[0]
        part = read_element(card, devices, lambda _: None, Remarks())
        others = _node_words(lines[1:2000], file)
    except (NetlistError, IndexError):
        return None
    shared = [node for node in (*part.nodes, *_sensed(part)) if node.lower() in GROUND_NAMES or node.lower() in others]
    # A title like "Current mirror with gain" has the words of an element; its nodes then are nowhere else.
    bare = not others and any(letter.isdigit() for letter in part.name)
    return f"the element {part.name}" if shared or bare else None


def _sensed(part: Element | Instance) -> tuple[str, ...]:
    return () if isinstance(part, Instance) else part.sensed


def _node_words(lines: list[str], file: str | None) -> set[str]:
    words: set[str] = set()
    for card in cards_of(lines, file):
        if not card.directive and card.text[0].isalpha():
            fields = fields_of(card)
            words |= {fields.head.lower} if fields.head.lower[0] in "vl" else set()
            words |= {word.lower for word in fields.positional[: 4 if fields.head.lower[0] != "x" else None]}
    return words


def _check_ground(flat: Flat) -> None:
    if not flat.elements:
        raise NetlistError("the netlist has no elements", hint="write one element per line, as in R1 a 0 10k")
    if not any(GROUND in element.nodes for element, _ in flat.elements):
        raise flat.elements[0][1].error(
            "no element connects to node 0", hint="call the reference node 0 (or gnd): voltages are taken against it"
        )


def _note_lookalikes(top: Scope, flat: Flat, remarks: Remarks) -> None:
    """Say where a symbol differs from a parameter by capitals only: SPICE would take them for the same."""
    parameters = {each.name.lower(): each.name for each in top.assignments}
    if not parameters:
        return
    for element, card in flat.elements:
        for name in symbols_of(element.value) if element.value is not None else ():
            known = parameters.get(name.lower(), name)
            if known != name:
                remarks.note(
                    f"line {card.line}: {name} is a symbol of its own, not the parameter {known}: "
                    "in symbols capitals and small letters differ"
                )


def _with_sensed(flat: Flat, elements: Mapping[str, Element]) -> list[Element]:
    """The elements that sense others, with the names of those as first written."""
    changed: list[Element] = []
    for element, card in flat.elements:
        if not element.sensed:
            continue
        wanted, title = ("L", "an inductor") if element.kind == "K" else ("V", "a voltage source")
        names = []
        for sensed in element.sensed:
            found = elements.get(sensed.lower())
            if found is None or found.kind != wanted:
                candidates = [each.name for each in elements.values() if each.kind == wanted]
                raise _wrong_sensed(element, sensed, found, card, title, candidates)
            names.append(found.name)
        if len(set(names)) < len(names):
            raise card.error(f"{element.name} couples {names[0]} with itself", hint="couple two inductors")
        changed.append(replace(element, sensed=tuple(names)))
    return changed


def _wrong_sensed(
    element: Element, sensed: str, found: Element | None, card: Card, title: str, candidates: list[str]
) -> NetlistError:
    prefix = element.name[: element.name.rfind(".") + 1]
    written = sensed.removeprefix(prefix)
    word = next((word for word in fields_of(card).positional if word.text == written), None)
    state = "there is no such element" if found is None else f"that is not {title}"
    way_out = "put a 0-volt source into the branch and name it" if element.kind != "K" else "name two inductors"
    return card.error(
        f"{element.name} names {shown(written)}, but {state}",
        word,
        suggestion(sensed, candidates, way_out),
    )


def _spelling(
    remarks: Remarks, elements: Mapping[str, Element], models: Mapping[str, Model], directives: Directives
) -> dict[str, str]:
    used: set[str] = {name for name, _ in directives.defines} | set(directives.symbols)
    for element in elements.values():
        for tree in (element.value, element.dc, element.ac, *element.parameters.values()):
            used |= set(symbols_of(tree)) if tree is not None else set()
    for each in (*(model.parameters for model in models.values()), *directives.bound.values()):
        for tree in each.values():
            used |= set(symbols_of(tree))
    return {name: written for name, written in remarks.spelling.items() if name in used}
