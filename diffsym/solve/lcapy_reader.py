"""lcapy's netlists become SPICE's, line by line and by a table, and are read as those; lcapy sees none of it.

Differences between the two: what follows ``;`` is a hint for drawing; a wire (W) makes two nodes one; a missing value
is a symbol with the element's name; the current of G and I leaves through the first node.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from diffsym.circuit.cards import physical_lines
from diffsym.circuit.model import GROUND, Circuit
from diffsym.circuit.netlist import read_netlist
from diffsym.errors import NetlistError

LONGEST = 1_000_000
"""Characters of a netlist."""

_FIELD = re.compile(r"""(?:\w+=)?(?:\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}|"[^"]*")|[^\s(),{}"]+""")
_BETWEEN = re.compile(r"[\s(),]*")
_NODE = re.compile(r"[A-Za-z0-9_.]{1,200}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,200}")


@dataclass(frozen=True, slots=True)
class Shape:
    """What stands on an element's line: ``nodes``, then ``control`` nodes, then ``sensed`` elements, then a value.

    ``letter``: SPICE's. ``swapped``: the first two nodes change places. ``formula``: the value in SPICE's element, from
    lcapy's. ``keywords``: words that may stand behind the nodes and change nothing. ``types``: words that may stand
    there and name the type of a transistor, the first one by default. ``rest``: fields behind the value, not used.
    """

    letter: str
    nodes: int = 2
    control: int = 0
    sensed: int = 0
    swapped: bool = False
    formula: str = "{}"
    keywords: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    rest: int = 0


_WAVES = ("dc", "ac", "step", "s")
_VCVS = Shape("E", control=2, keywords=("opamp", "amp"))
_VCCS = Shape("G", control=2, swapped=True)
_CCCS = Shape("F", sensed=1)
_CCVS = Shape("H", sensed=1)

SHAPES: Mapping[str, Shape] = {
    "R": Shape("R"),
    "NR": Shape("R"),
    "Z": Shape("R"),
    "Y": Shape("R", formula="1/({})"),
    "C": Shape("C", rest=1),
    "L": Shape("L", rest=1),
    "K": Shape("K", nodes=0, sensed=2),
    "V": Shape("V", keywords=_WAVES, rest=2),
    "BAT": Shape("V"),
    "I": Shape("I", swapped=True, keywords=_WAVES, rest=2),
    "AM": Shape("V", formula="0"),
    "E": _VCVS,
    "VCVS": _VCVS,
    "G": _VCCS,
    "VCCS": _VCCS,
    "F": _CCCS,
    "CCCS": _CCCS,
    "H": _CCVS,
    "CCVS": _CCVS,
    "D": Shape("D", types=("d",)),
    "M": Shape("M", nodes=3, types=("nmos", "pmos")),
    "Q": Shape("Q", nodes=3, types=("npn", "pnp")),
    "J": Shape("J", nodes=3, types=("njf", "pjf")),
}
"""lcapy's components that have a circuit in SPICE."""

OPEN = ("O", "P", "VM", "A")
"""Components that carry no current."""

OTHERS = (
    *(
        "ADC",
        "ANT",
        "BL",
        "Cable",
        "CPE",
        "DAC",
        "FB",
        "FS",
        "GY",
        "MISC",
        "MT",
        "MX",
        "REL",
        "RV",
        "SP",
        "SW",
        "TF",
        "TL",
    ),
    *("TP", "TR", "TV", "XT", "S", "U", "W"),
)
_PREFIX = re.compile("|".join(sorted((*SHAPES, *OPEN, *OTHERS), key=len, reverse=True)))


@dataclass(frozen=True, slots=True)
class Line:
    """A component's line: its fields with their columns."""

    number: int
    prefix: str
    fields: tuple[tuple[str, int], ...]

    @property
    def name(self) -> str:
        return self.fields[0][0]

    def error(self, message: str, at: int = 0, hint: str | None = None) -> NetlistError:
        """An error at a field, or behind the last one."""
        last, column = self.fields[min(at, len(self.fields) - 1)]
        return NetlistError(
            message, line=self.number, column=column + (len(last) if at >= len(self.fields) else 0), hint=hint
        )


@dataclass(slots=True)
class Wires:
    """Nodes that wires make one; ground leads where it is among them, else the node named first."""

    above: dict[str, str] = field(default_factory=dict)

    def node(self, name: str) -> str:
        while name in self.above:
            name = self.above[name]
        return name

    def join(self, first: str, second: str) -> None:
        first, second = self.node(first), self.node(second)
        if first != second:
            kept, gone = (second, first) if second == GROUND else (first, second)
            self.above[gone] = kept


def from_lcapy(text: str) -> Circuit:
    """The circuit of a netlist in lcapy's dialect; drawing hints and initial conditions are left out.

    Raises NetlistError with the line for a component that has no linear circuit here, and for all that SPICE's
    netlists refuse.
    """
    if len(text) > LONGEST:
        raise NetlistError(f"the netlist has more than {LONGEST:,} characters", hint="split it into parts")
    lines = [_line(content, number) for number, content in enumerate(physical_lines(text, None), 1)]
    wires = Wires()
    for line in lines:
        if line is not None and line.prefix == "W":
            wires.join(_node(line, 1), _node(line, 2))
    renamed = {line.name: _renamed(line) for line in lines if line is not None and line.prefix in SHAPES}
    ends: list[str] = []
    notes: list[str] = []
    written = [_spice(line, wires, renamed, ends, notes) if line is not None else "" for line in lines]
    try:
        circuit = read_netlist("\n".join([*written, *dict.fromkeys(ends)]))
    except NetlistError as error:
        # Columns would count in the text as rewritten; the line is the reader's own.
        line_number = error.line if error.line is not None and error.line <= len(lines) else None
        raise NetlistError(error.message, line=line_number, hint=error.hint) from None
    return replace(circuit, notes=(*circuit.notes, *notes))


def _line(content: str, number: int) -> Line | None:
    bare = content.split(";", 1)[0].rstrip()
    if not bare.strip() or bare.lstrip()[0] in "#%*":
        return None
    fields: list[tuple[str, int]] = []
    at = _gap(bare, 0)
    while at < len(bare):
        found = _FIELD.match(bare, at)
        if found is None:
            raise NetlistError(
                "this bracket or quote has no partner", line=number, column=at + 1, hint="write values as {2*R}"
            )
        fields.append((found.group(), at + 1))
        at = _gap(bare, found.end())
    if not fields:
        raise NetlistError("there is no component on this line", line=number, column=1, hint="write R1 1 2 10")
    name, column = fields[0]
    prefix = _PREFIX.match(name)
    if prefix is None or not _NAME.fullmatch(name):
        raise NetlistError(
            f"'{name[:40]}' is no component of lcapy's that diffsym reads", line=number, column=column, hint=_known()
        )
    found_prefix = prefix.group()
    if found_prefix not in SHAPES and found_prefix not in (*OPEN, "W"):
        raise NetlistError(
            f"the component {name[:40]} ({found_prefix}) has no linear circuit here",
            line=number,
            column=column,
            hint=_known(),
        )
    return Line(number, found_prefix, tuple(fields))


def _gap(text: str, at: int) -> int:
    found = _BETWEEN.match(text, at)
    return found.end() if found else at


def _known() -> str:
    return f"components: {' '.join((*SHAPES, 'W', *OPEN))}"


def _renamed(line: Line) -> str:
    letter = SHAPES[line.prefix].letter
    return line.name if line.prefix == letter else letter + line.name


def _node(line: Line, at: int) -> str:
    if at >= len(line.fields):
        raise line.error(f"{line.name} lacks a node", at, "write the nodes behind the name")
    word = line.fields[at][0]
    if not _NODE.fullmatch(word):
        raise line.error(f"'{word[:40]}' is not the name of a node", at, "letters, digits and underscores")
    return word


def _spice(line: Line, wires: Wires, renamed: Mapping[str, str], ends: list[str], notes: list[str]) -> str:
    """The line as SPICE has it; what belongs at the end of the netlist goes to ``ends``."""
    if line.prefix not in SHAPES:
        return ""
    shape = SHAPES[line.prefix]
    name = renamed[line.name]
    place = 1 + shape.nodes
    nodes = [wires.node(_node(line, at)) for at in range(1, place)]
    if shape.swapped:
        nodes.reverse()
    keyword = ""
    if place < len(line.fields) and line.fields[place][0].lower() in (*shape.keywords, *shape.types):
        keyword = line.fields[place][0].lower()
        place += 1
    if shape.types:
        kind = keyword or shape.types[0]
        ends.append(f".model lcapy_{kind} {kind}")
        bulk = nodes[2:] if shape.letter == "M" else []
        return " ".join([name, *nodes, *bulk, f"lcapy_{kind}"])
    control = [wires.node(_node(line, at)) for at in range(place, place + shape.control)]
    place += shape.control
    sensed = [_sensed(line, at, renamed) for at in range(place, place + shape.sensed)]
    place += shape.sensed
    values = [_value(line, at) for at in range(place, len(line.fields))]
    _check_rest(line, shape, keyword, values, place, notes)
    if keyword == "opamp":
        ends.append(f"*% opamp {name}" + (" finite" if values else ""))
    value = shape.formula.format(values[0] if values else line.name)
    return " ".join([name, *nodes, *control, *sensed, f"{{{value}}}"])


def _sensed(line: Line, at: int, renamed: Mapping[str, str]) -> str:
    word = line.fields[at][0] if at < len(line.fields) else ""
    if word not in renamed:
        near = difflib.get_close_matches(word, renamed, 1)
        hint = f"did you mean {near[0]}?" if near else "name an element of this netlist"
        raise line.error(f"{line.name} names '{word[:40]}', but there is no such element", at, hint)
    return renamed[word]


def _value(line: Line, at: int) -> str:
    """A value without its braces, quotes and ``Value=``."""
    word = line.fields[at][0]
    name, sign, rest = word.partition("=")
    if sign and not name.startswith(("{", '"')):
        if name.lower() not in ("value", "ad"):
            raise line.error(f"the parameter {name[:40]} of {line.name} is not read", at, "leave it out")
        word = rest
    inner = word[1:-1] if word[:1] in ("{", '"') else word
    if not inner.strip():
        raise line.error(f"a value of {line.name} is empty", at, "write a symbol or a number")
    if word[:1] == '"' and set("{}") & set(inner):
        raise line.error(f"a value of {line.name} has braces inside of quotes", at, "leave out one of the two")
    return inner


def _check_rest(line: Line, shape: Shape, keyword: str, values: list[str], place: int, notes: list[str]) -> None:
    extra = values[1:]
    if len(extra) > shape.rest or (extra and shape.keywords and keyword != "ac"):
        raise line.error(f"{line.name} has a field too many", place + 1, "put formulas with blanks into braces")
    if not extra:
        return
    if keyword == "ac":
        if extra[0].strip() not in ("0", "0.0"):
            raise line.error(f"the phase of {line.name} is not 0", place + 1, "put the phase into the symbol itself")
    else:
        notes.append(f"line {line.number}: the initial condition of {line.name} is not used")
