"""A second solver for tests: a netlist's text as a sparse tableau in exact numbers, solved by Gauss. Knows no diffsym
circuit; only formulas in braces are read by ``diffsym.expression``."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from fractions import Fraction
from math import isqrt
from random import Random

from diffsym.expression.evaluate import evaluate
from diffsym.expression.reading import read_expression

Values = Mapping[str, Fraction]
SUFFIX = {"meg": 6, "f": -15, "p": -12, "n": -9, "u": -6, "m": -3, "k": 3, "g": 9, "t": 12, "": 0}
NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(meg|[fpnumkgt]?)$", re.IGNORECASE)
DEVICES = {
    "M": (("gm", "G", 0, 2, 1, 2), ("ro", "R", 0, 2), ("gmb", "G", 0, 2, 3, 2), ("cgs", "C", 1, 2), ("cgd", "C", 1, 0),
          ("cdb", "C", 0, 3), ("csb", "C", 2, 3)),
    "Q": (("gm", "G", 0, 2, 1, 2), ("rpi", "R", 1, 2), ("ro", "R", 0, 2), ("cpi", "C", 1, 2), ("cmu", "C", 1, 0)),
    "J": (("gm", "G", 0, 2, 1, 2), ("ro", "R", 0, 2), ("cgs", "C", 1, 2), ("cgd", "C", 1, 0)),
    "D": (("rd", "R", 0, 1), ("cd", "C", 0, 1)),
}  # fmt: skip
KEPT = {"M": ("gm", "ro"), "Q": ("gm", "rpi", "ro"), "J": ("gm", "ro"), "D": ("rd",)}


class Undetermined(Exception):
    """The equations have no solution, or the quantity is not the same for all of them, or it divides by zero."""


@dataclass
class Part:
    name: str
    kind: str
    plus: str
    minus: str
    value: Fraction
    control: tuple[str, str] = ("0", "0")
    sensed: tuple[str, ...] = ()


@dataclass
class Netlist:
    cards: list[list[str]]
    params: dict[str, str] = field(default_factory=dict)
    ideal: set[str] = field(default_factory=set)
    kept: dict[str, tuple[str, ...]] = field(default_factory=dict)


def parsed(text: str) -> Netlist:
    netlist = Netlist([])
    for line in text.splitlines():
        words = re.findall(r"\{[^}]*\}|[^\s]+", line.strip())
        if not words:
            continue
        if words[0] == "*%":
            if words[1] == "opamp" and "finite" not in words:
                netlist.ideal.add(words[2].lower())
            if words[1] == "model":
                netlist.kept[words[2].lower()] = tuple(words[3:])
        elif words[0].lower() == ".param":
            for pair in line.split()[1:]:
                name, _, value = pair.partition("=")
                netlist.params[name] = value
        elif words[0][0] not in "*.":
            netlist.cards.append(["0" if word.lower() == "gnd" else word for word in words])
    return netlist


def amount(netlist: Netlist, text: str, values: Values) -> Fraction:
    found = NUMBER.match(text)
    if found:
        return Fraction(found.group(1)) * Fraction(10) ** SUFFIX[found.group(2).lower()]
    known = dict(values)
    if text in netlist.params:
        return amount(netlist, netlist.params[text], values)
    for name, value in netlist.params.items():
        if name in text and value != text:
            known[name] = amount(netlist, value, values)
    plain = re.sub(r"(?<![A-Za-z0-9.])([0-9.]+k)\b", lambda found: str(amount(netlist, found.group(1), {})), text)
    result = evaluate(read_expression(plain.strip("{}"), symbols=tuple(known)), known)
    assert isinstance(result, Fraction)
    return result


def root(value: Fraction) -> Fraction:
    whole = Fraction(isqrt(value.numerator), isqrt(value.denominator))
    if whole * whole == value:
        return whole
    with localcontext() as context:
        context.prec = 80
        return Fraction((Decimal(value.numerator) / Decimal(value.denominator)).sqrt())


def parts_of(netlist: Netlist, values: Values, symbol: Callable[[str, str], str]) -> list[Part]:
    """The linear parts; ``symbol(device, parameter)`` names a device's parameter."""
    parts: list[Part] = []
    for words in netlist.cards:
        name, kind = words[0], words[0][0].upper()
        if kind in DEVICES:
            nodes = words[1:]
            if "rb" in netlist.kept.get(name.lower(), ()):
                inner = f"{name}.b"
                parts.append(Part(f"{name}.rb", "R", nodes[1], inner, values.get(symbol(name, "rb"), Fraction(1))))
                nodes[1] = inner
            for parameter, letter, plus, minus, *control in DEVICES[kind]:
                if parameter in netlist.kept.get(name.lower(), KEPT[kind]):
                    value = values.get(symbol(name, parameter), Fraction(1))
                    between = (nodes[control[0]], nodes[control[1]]) if control else ("0", "0")
                    parts.append(Part(f"{name}.{parameter}", letter, nodes[plus], nodes[minus], value, between))
            continue
        if kind == "K":
            parts.append(Part(name, kind, "0", "0", amount(netlist, words[3], values), sensed=(words[1], words[2])))
            continue
        value = Fraction(0)
        if kind in "VI":
            text = words[-1]
            if not NUMBER.match(text):
                rest = amount(netlist, text, {name: Fraction(0) for name in values})
                value = amount(netlist, text, values) - rest
            else:
                value = values.get("source " + name.lower(), Fraction(0))
        elif name.lower() not in netlist.ideal:
            value = amount(netlist, words[-1], values)
        part = Part(name, kind, words[1], words[2], value)
        if kind in "EG":
            part.control = (words[3], words[4])
        if kind in "FH":
            part.sensed = (words[3],)
        if name.lower() in netlist.ideal:
            part.kind = "O"
        parts.append(part)
    return parts


class Answer:
    """All solutions of the tableau: one of them, and the directions in which it may move."""

    def __init__(self, parts: list[Part], s: Fraction) -> None:
        self.parts = parts
        place: dict[str, int] = {}
        for part in parts:
            if part.kind != "K":
                place["i " + part.name.lower()] = len(place)
                for node in (part.plus, part.minus, *part.control):
                    if node.lower() != "0":
                        place.setdefault("v " + node.lower(), len(place))
        self.place = place
        rows: list[dict[int, Fraction]] = []
        balance: dict[str, dict[int, Fraction]] = {}
        by_name = {part.name.lower(): part for part in parts}
        for part in parts:
            if part.kind == "K":
                continue
            own = place["i " + part.name.lower()]
            for node, sign in ((part.plus, 1), (part.minus, -1)):
                row = balance.setdefault(node.lower(), {})
                row[own] = row.get(own, Fraction(0)) + sign
            rows.append(self.law(part, by_name, own, s))
        for node in {name[2:] for name in place if name.startswith("v ")}:
            rows.append(balance.get(node, {}))
        self.solve(rows)

    def law(self, part: Part, by_name: Mapping[str, Part], own: int, s: Fraction) -> dict[int, Fraction]:
        row: dict[int, Fraction] = {}

        def add(column: int, value: Fraction) -> None:
            row[column] = row.get(column, Fraction(0)) + value

        def across(plus: str, minus: str, factor: Fraction) -> None:
            for node, sign in ((plus, 1), (minus, -1)):
                if node.lower() != "0":
                    add(self.place["v " + node.lower()], sign * factor)

        one = Fraction(1)
        if part.kind in "RLVEH":
            across(part.plus, part.minus, one)
        elif part.kind in "CIGF":
            add(own, one)
        match part.kind:
            case "R":
                add(own, -part.value)
            case "L":
                add(own, -s * part.value)
                for coupling in self.parts:
                    names = [name.lower() for name in coupling.sensed]
                    if coupling.kind == "K" and part.name.lower() in names:
                        other = by_name[names[1 - names.index(part.name.lower())]]
                        mutual = coupling.value * root(part.value * other.value)
                        add(self.place["i " + other.name.lower()], -s * mutual)
            case "C":
                across(part.plus, part.minus, -s * part.value)
            case "V" | "I":
                add(-1, part.value)
            case "E" | "G":
                across(*part.control, -part.value)
            case "F" | "H":
                add(self.place["i " + part.sensed[0].lower()], -part.value)
            case "O":
                across(*part.control, one)
        return row

    def solve(self, rows: list[dict[int, Fraction]]) -> None:
        """Rows Σ a x = b with b under the key −1."""
        pivots: dict[int, dict[int, Fraction]] = {}
        for row in rows:
            row = {column: value for column, value in row.items() if value}
            for column in [c for c in row if c in pivots]:
                factor = row.get(column, Fraction(0))
                for other, value in pivots[column].items():
                    row[other] = row.get(other, Fraction(0)) - factor * value
            row = {column: value for column, value in row.items() if value}
            lead = next((column for column in row if column >= 0), None)
            if lead is None:
                if row:
                    raise Undetermined("contradiction")
                continue
            scale = row[lead]
            row = {column: value / scale for column, value in row.items()}
            for pivot in pivots.values():
                factor = pivot.get(lead, Fraction(0))
                if factor:
                    for other, value in row.items():
                        pivot[other] = pivot.get(other, Fraction(0)) - factor * value
                    for other in [c for c, v in pivot.items() if not v]:
                        del pivot[other]
            pivots[lead] = row
        self.free = [column for column in self.place.values() if column not in pivots]
        self.pivots = pivots

    def anywhere(self, chance: Random) -> dict[str, Fraction]:
        """One solution, with numbers drawn for what the equations leave free."""
        here = self.point()
        moved = [(Fraction(chance.randint(1, 9)), self.point(column)) for column in self.free]
        return {
            name: value + sum((size * (other[name] - value) for size, other in moved), Fraction(0))
            for name, value in here.items()
        }

    def point(self, moved: int | None = None) -> dict[str, Fraction]:
        """One solution; ``moved`` is the free unknown that is 1 instead of 0."""
        out = {}
        for name, column in self.place.items():
            if column in self.pivots:
                row = self.pivots[column]
                out[name] = row.get(-1, Fraction(0)) - (row.get(moved, Fraction(0)) if moved is not None else 0)
            else:
                out[name] = Fraction(column == moved)
        return out


def measured(answer: Answer, solution: Mapping[str, Fraction], quantity: str, values: Values) -> Fraction:
    """A quantity such as ``v(o1,o2)/vid`` from a solution."""

    def voltage(node: str) -> Fraction:
        return Fraction(0) if node.lower() in ("0", "gnd") else solution["v " + node.lower()]

    def current(name: str) -> Fraction:
        if "i " + name.lower() in solution:
            return solution["i " + name.lower()]
        total = Fraction(0)
        for part in answer.parts:
            device, _, parameter = part.name.rpartition(".")
            if device.lower() == name.lower():
                shape = next(row for row in DEVICES[name[0].upper()] if row[0] == parameter)
                sign = 1 if shape[2] == 0 else -1 if shape[3] == 0 else 0
                total += sign * solution["i " + part.name.lower()]
        return total

    def walk(node: ast.expr) -> Fraction:
        match node:
            case ast.Constant(value):
                return Fraction(str(value))
            case ast.Name(name):
                return values[name] if name in values else values["source " + name.lower()]
            case ast.UnaryOp(ast.USub(), operand):
                return -walk(operand)
            case ast.BinOp(left, operator, right):
                first, second = walk(left), walk(right)
                match operator:
                    case ast.Add():
                        return first + second
                    case ast.Sub():
                        return first - second
                    case ast.Mult():
                        return first * second
                    case ast.Div():
                        if not second:
                            raise Undetermined("division by zero")
                        return first / second
            case ast.Call(ast.Name("v"), arguments):
                names = [str(argument.value) for argument in arguments if isinstance(argument, ast.Constant)]
                return voltage(names[0]) - (voltage(names[1]) if len(names) > 1 else 0)
            case ast.Call(ast.Name("i"), [ast.Constant(argument)]):
                return current(str(argument))
        raise AssertionError(ast.dump(node))

    quoted = re.sub(r"\b([vi])\(([^()]*)\)", lambda f: f"{f[1]}({', '.join(map(repr, f[2].split(',')))})", quantity)
    return walk(ast.parse(quoted, mode="eval").body)


def own_name(device: str, parameter: str) -> str:
    return parameter + device[1:]


def answered(
    text: str,
    values: Values,
    symbol: Callable[[str, str], str] = own_name,
    kept: Mapping[str, tuple[str, ...]] | None = None,
    beside: Mapping[str, str] | None = None,
) -> Answer:
    """The circuit's solutions. ``symbol`` names a device's parameter; ``kept`` tells which ones a device has.

    ``beside``: by name of a current its part (``RD``, ``M1.gm``), beside which it flows from plus to minus.
    """
    netlist = parsed(text)
    netlist.kept |= {name.lower(): names for name, names in (kept or {}).items()}
    parts = parts_of(netlist, values, symbol)
    ends = {part.name: (part.plus, part.minus) for part in parts}
    parts += [Part(current, "I", *ends[part], values[current]) for current, part in (beside or {}).items()]
    return Answer(parts, values["s"])


def second_opinion(
    text: str,
    quantity: str,
    values: Values,
    symbol: Callable[[str, str], str] = own_name,
    kept: Mapping[str, tuple[str, ...]] | None = None,
) -> Fraction:
    """The quantity's value by the tableau; raises Undetermined where there is none."""
    answer = answered(text, values, symbol, kept)
    value = measured(answer, answer.point(), quantity, values)
    for column in answer.free:
        if measured(answer, answer.point(column), quantity, values) != value:
            raise Undetermined("free")
    return value
