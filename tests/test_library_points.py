"""Every result of the library at random exact points: against the tableau of its netlist, and against textbooks.

What is compared is what ``diffsym formula`` prints, read here by Python's own parser.
"""

from __future__ import annotations

import ast
import cmath
import json
import math
import random
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from shipped import FILES, each_file, is_main
from tableau import Undetermined, second_opinion
from test_solving import naming

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.cli import main
from diffsym.derivation.library import is_by_law
from diffsym.derivation.poles import is_root, read_root
from diffsym.derivation.source import DerivationFile, QuantitySpec
from diffsym.expression.evaluate import evaluate
from diffsym.expression.names import joined
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import symbols_of
from diffsym.notes.keys import Key
from diffsym.notes.pieces import Formula, piece_of
from diffsym.notes.resolving import resolve
from diffsym.notes.sources import Shelf, Source, key_at
from diffsym.solve.noise import is_noise

Number = Any
"""A Fraction as long as nothing irrational was met, a float or complex number otherwise."""

TEXTBOOK = Path(__file__).parent / "fixtures" / "library" / "textbook.md"
SHELF = Shelf()
SHELF.sources |= {SHELF.path(file.name): Source(file) for file in FILES}
SEEDS = (1, 2)
FAR = Fraction(10) ** 30
"""How far a symbol goes that is called large; 1/FAR is how small a small one gets."""


# Numbers --------------------------------------------------------------------------------------------------------------


def number(name: str, seed: int) -> Fraction:
    """A positive rational number for a symbol, the same in every circuit and on every machine."""
    chance = random.Random(f"{name} {seed}")
    return Fraction(chance.randint(20, 600), chance.randint(20, 300))


@dataclass(frozen=True)
class Point:
    """``large`` symbols are far away, ``small`` ones close to zero; ``s`` may be given."""

    seed: int
    large: tuple[str, ...] = ()
    small: tuple[str, ...] = ()
    s: Fraction | None = None

    def __call__(self, name: str) -> Fraction:
        if name == "s" and self.s is not None:
            return self.s
        value = number(name, self.seed)
        return value * FAR if name in self.large else value / FAR if name in self.small else value


def same(first: Number, second: Number) -> bool:
    if isinstance(first, Fraction) and isinstance(second, Fraction):
        return first == second
    return bool(complex(first) == pytest.approx(complex(second), rel=1e-10, abs=1e-300))


def lifted(real: Callable[[float], float], other: Callable[[complex], complex]) -> Callable[[Number], Number]:
    def value(argument: Number) -> Number:
        try:
            return other(argument) if isinstance(argument, complex) else real(float(argument))
        except ValueError:
            return other(complex(argument))

    return value


def square_root(argument: Number) -> Number:
    if isinstance(argument, Fraction) and argument >= 0:
        found = Fraction(math.isqrt(argument.numerator), math.isqrt(argument.denominator))
        return found if found * found == argument else math.sqrt(argument)
    return lifted(math.sqrt, cmath.sqrt)(argument)


def parallel(*parts: Number) -> Number:
    return 1 / sum((1 / part for part in parts), Fraction(0))


FUNCTIONS: Mapping[str, Callable[..., Number]] = {
    "sqrt": square_root,
    "exp": lifted(math.exp, cmath.exp),
    "log": lifted(math.log, cmath.log),
    "ln": lifted(math.log, cmath.log),
    "cos": lifted(math.cos, cmath.cos),
    "sin": lifted(math.sin, cmath.sin),
    "tanh": lifted(math.tanh, cmath.tanh),
    "cosh": lifted(math.cosh, cmath.cosh),
    "sinh": lifted(math.sinh, cmath.sinh),
    "atan": lifted(math.atan, cmath.atan),
    "arctan": lifted(math.atan, cmath.atan),
    "abs": abs,
    "par": parallel,
}


def walked(text: str, name: Callable[[str], Number], measure: Callable[[str], Number] | None = None) -> Number:
    """A formula in Python's spelling; ``measure`` answers v(…) and i(…)."""

    def walk(node: ast.expr) -> Number:
        match node:
            case ast.Constant(value):
                return Fraction(str(value))
            case ast.Name(id):
                return math.pi if id == "pi" else name(id)
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
                        return first / second
                    case ast.Pow() if isinstance(second, Fraction) and second.denominator == 1:
                        return first ** int(second)
                    case ast.Pow() if second == Fraction(1, 2):
                        return square_root(first)
            case ast.Call(ast.Name(id), arguments) if id in ("v", "i") and measure is not None:
                return measure(f"{id}({','.join(map(ast.unparse, arguments))})")
            case ast.Call(ast.Name(id), arguments):
                return FUNCTIONS[id](*map(walk, arguments))
            case ast.Call(ast.Attribute(_, attribute), arguments):
                return FUNCTIONS[attribute](*map(walk, arguments))
        raise AssertionError(ast.dump(node))

    return walk(ast.parse(text.strip(), mode="eval").body)


# What is printed ------------------------------------------------------------------------------------------------------


@cache
def printed(key: Key) -> tuple[str, Any]:
    """The formula for Python, and what a person reads, read back."""
    piece = piece_of(key, SHELF)
    assert isinstance(piece, Formula)
    names = symbols_of(piece.alone)
    spelled = {piece.notation.flat(name): name for name in names}
    text = resolve(key, "text", SHELF)
    return resolve(key, "python", SHELF), (spelled, read_expression(text, symbols=tuple(names)))


def at(key: Key, point: Callable[[str], Fraction]) -> Number:
    """What a key prints, at a point; both printed forms have one value."""
    flat, (spelled, tree) = printed(key)
    value = walked(flat, lambda name: point(spelled.get(name, joined(name.removesuffix("_")))))
    shown = evaluate(tree, {name: point(name) for name in symbols_of(tree) if name != "pi"})
    assert same(value, shown), f"{key} prints {flat} for Python, and another value as text"
    return value


# The tableau ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Oracle:
    """What the netlists of a file say of its quantities, without its derivations."""

    source: Source

    def is_asked(self, spec: QuantitySpec) -> bool:
        """Whether the answer comes from netlists alone."""
        file = self.source.file
        if is_noise(spec.of) or is_by_law(file, spec):
            return False
        return all(self.is_asked(each) for each in self.used(spec))

    def used(self, spec: QuantitySpec) -> list[QuantitySpec]:
        before = self.source.file.quantities[: self.source.file.quantities.index(spec)]
        named = {joined(word) for word in re.findall(r"[A-Za-z_]\w*", re.sub(r"\b[vi]\([^()]*\)", "", spec.of))}
        return [each for each in before if joined(each.name) in named]

    def value(self, spec: QuantitySpec, point: Point) -> Number:
        earlier = {joined(each.name): each for each in self.used(spec)}
        text = self.source.file.on(spec.circuit).netlist
        small = self.source.on(spec.circuit)[1] if text else None
        values: dict[str, Fraction] = {}
        if small is not None:
            symbols = {*small.dimensions, *small.signals, "s"}
            symbols |= {name for element in small.elements for name in symbols_of(element.value)}
            values = {name: point(name) for name in symbols}
            asked = {joined(word) for word in re.findall(r"[A-Za-z_]\w*", re.sub(r"\b[vi]\([^()]*\)", "", spec.of))}
            applied = set(small.signals) & asked
            values |= {name: Fraction(0) for name in small.signals if applied and name not in applied}

        def measure(quantity: str) -> Fraction:
            assert small is not None
            symbol, kept = with_slopes(small, values)
            return second_opinion(text, quantity, values, symbol, kept)

        def name(word: str) -> Number:
            key = joined(word)
            return self.answer(earlier[key], point) if key in earlier else point(key)

        return walked(spec.of, name, measure)

    def answer(self, spec: QuantitySpec, point: Point) -> Number:
        """A value, or a root; of several roots the one that is printed, when it is one."""
        if not is_root(spec.of):
            return self.value(spec, point)
        try:
            return self.root(spec, point)
        except Several as several:
            found = at(key_at(f"{self.source.file.name}:{spec.name}", SHELF), point)
            parts = [each * found**k for k, each in enumerate(several.polynomial)]
            rest = sum(parts, Fraction(0))
            is_one = rest == 0 if isinstance(rest, Fraction) else abs(rest) < 1e-9 * max(map(abs, parts))
            assert is_one, f"{spec.name} = {found} is no root of {several.polynomial}"
            return found

    def root(self, spec: QuantitySpec, point: Point) -> Number:
        """What is asked of a function of s. Raises Several for one of several exact roots."""
        asked = read_root(spec.of, {joined(each.name): each for each in self.source.file.quantities})
        above, below = polynomials(self, asked.of, point)
        side = above if asked.side == "numerator" else below
        side = side[next(k for k, each in enumerate(side) if each) :]
        n = asked.place
        match asked.kind:
            case "estimate":
                return -side[n - 1] / side[n]
            case "coefficient":
                return side[n] / side[0]
            case "dc":
                return above[0] / below[0]
            case "resonance":
                return square_root(side[0] / side[2])
            case "quality":
                return square_root(side[0] * side[2]) / side[1]
        if max(k for k, each in enumerate(side) if each) == 1:
            return -side[0] / side[1]
        raise Several(side)


@cache
def polynomials(oracle: Oracle, of: str, point: Point) -> tuple[list[Fraction], list[Fraction]]:
    """Numerator and denominator in s of an earlier quantity, lowest first, found from values alone."""
    spec = oracle.source.names[of]
    places = (Fraction(number, 7) for number in count(3))
    points: list[tuple[Fraction, Fraction]] = []
    for degree in range(8):
        while len(points) < 2 * degree + 4:
            place = next(places)
            # a place that is a pole has no value
            with suppress(Undetermined):
                points.append((place, oracle.value(spec, replace(point, s=place))))
        rows = [
            [place**k for k in range(degree + 1)] + [-value * place**k for k in range(degree + 1)]
            for place, value in points
        ]
        found = kernel(rows)
        if found is not None:
            return found[: degree + 1], found[degree + 1 :]
    raise AssertionError(f"{spec.name} is no function of s of a moderate degree")


def with_slopes(
    small: SmallSignalCircuit, values: dict[str, Fraction]
) -> tuple[Callable[[str, str], str], dict[str, tuple[str, ...]]]:
    """The tableau knows g_m and r_π; a transistor that has β in place of one of them is given both."""
    named = naming(small)
    kept = dict(small.models)
    own: dict[tuple[str, str], str] = {}
    for device, parts in small.models.items():
        if "beta" in parts:
            beta = values[named(device, "beta")]
            lacking, there = ("rpi", "gm") if "gm" in parts else ("gm", "rpi")
            own[device, lacking] = f"{lacking} of {device}"
            values[own[device, lacking]] = beta / values[named(device, there)]
            kept[device] = tuple(lacking if part == "beta" else part for part in parts)
    return lambda device, part: own.get((device, part)) or named(device, part), kept


class Several(Exception):
    """An exact root of a polynomial that has several."""

    @property
    def polynomial(self) -> list[Fraction]:
        return list(self.args[0])


def kernel(rows: list[list[Fraction]]) -> list[Fraction] | None:
    """What all rows are orthogonal to; None where only zero is."""
    pivots: dict[int, list[Fraction]] = {}
    for row in rows:
        for column, pivot in pivots.items():
            if row[column]:
                row = [a - row[column] * b for a, b in zip(row, pivot, strict=True)]
        lead = next((column for column, value in enumerate(row) if value), None)
        if lead is None:
            continue
        row = [value / row[lead] for value in row]
        for column, pivot in pivots.items():
            pivots[column] = [a - pivot[lead] * b for a, b in zip(pivot, row, strict=True)]
        pivots[lead] = row
    free = [column for column in range(len(rows[0])) if column not in pivots]
    if not free:
        return None
    assert len(free) == 1, "a numerator and a denominator with a common factor"
    return [-pivots[column][free[0]] if column in pivots else Fraction(1) for column in range(len(rows[0]))]


ASKED = {file.name: sum(Oracle(Source(file)).is_asked(spec) for spec in file.quantities) for file in FILES}


def test_most_of_the_library_is_asked_of_the_tableau() -> None:
    assert sum(ASKED.values()) > 300
    assert sum(ASKED[file.name] for file in FILES if is_main(file)) > 15


@pytest.mark.parametrize("file", [each for each in each_file() if ASKED[each.values[0].name]])
def test_every_result_of_a_netlist_is_that_of_the_tableau(file: DerivationFile) -> None:
    oracle, faults, held = Oracle(SHELF.source(file.name)), [], 0
    for spec in filter(oracle.is_asked, oracle.source.file.quantities):
        key = key_at(f"{file.name}:{spec.name}", SHELF)
        for seed in SEEDS:
            point = Point(seed)
            found = at(key, point)
            held += 1
            wanted = oracle.answer(spec, point)
            if not same(found, wanted):
                faults.append(
                    f"{spec.name} = {spec.of}: printed {printed(key)[0]} is {found}, the tableau has {wanted}"
                )
    assert held == len(SEEDS) * ASKED[file.name] > 0
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "file",
    [each for each in each_file() if any(spec.approximate for spec in each.values[0].quantities) and ASKED[each.id]],
)
def test_every_short_form_is_what_the_tableau_tends_to(file: DerivationFile) -> None:
    oracle, faults = Oracle(SHELF.source(file.name)), []
    for spec in filter(oracle.is_asked, oracle.source.file.quantities):
        for place, short in enumerate(spec.approximate, start=1):
            key = key_at(f"{file.name}:{spec.name}:approx{place if place > 1 else ''}", SHELF)
            point = Point(1, short.large, short.small)
            found, wanted = at(key, point), oracle.root(spec, point) if is_root(spec.of) else oracle.value(spec, point)
            if abs(found - wanted) > abs(wanted) * Fraction(1, 10**20):
                faults.append(f"{key}: {printed(key)[0]} is {float(found)}, the tableau has {float(wanted)}")
    assert not faults, "\n".join(faults)


QUICK = ("mos-pair-ideal", "bjt-pair-ideal", "mos-pair-bias")
SLOWLY = [pytest.param(file, marks=pytest.mark.slow, id=file.name) for file in FILES if file.name not in QUICK]
"""JSON is worked out once more, with everything that a quantity is made of."""


@pytest.mark.parametrize("file", [*each_file(*QUICK), *SLOWLY])
def test_machines_are_told_the_same(file: DerivationFile, capsys: pytest.CaptureFixture[str]) -> None:
    for spec in file.quantities:
        key = key_at(f"{file.name}:{spec.name}", SHELF)
        assert main(["formula", str(key), "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        point = Point(1)
        spelled = printed(key)[1][0]

        def name(word: str, spelled: Mapping[str, str] = spelled, point: Point = point) -> Fraction:
            return point(spelled.get(word, joined(word.removesuffix("_"))))

        wanted = at(key, point)
        assert same(walked(told["expression"], name), wanted), f"{key}: {told['expression']}"
        if told["numerator"] is not None:
            assert same(walked(told["numerator"], name) / walked(told["denominator"], name), wanted), str(key)


# Textbooks ------------------------------------------------------------------------------------------------------------


def textbook() -> list[tuple[str, str, str]]:
    lines = [line.split(" | ") for line in TEXTBOOK.read_text(encoding="utf-8").splitlines() if line.startswith("C")]
    assert all(len(line) >= 3 for line in lines)
    return [(line[0], " | ".join(line[1:-1]), line[-1]) for line in lines]


ROWS = textbook()


def by_hand(formula: str, point: Callable[[str], Fraction]) -> Number:
    """The value of a formula of the fixture; names after ``where`` stand for formulas, from right to left."""
    whole, _, rest = formula.partition(" where ")
    local: dict[str, Number] = {}

    def name(word: str) -> Number:
        return local[word] if word in local else point(joined(word.removesuffix("_")))

    for part in reversed(rest.split("; ") if rest else []):
        left, _, right = part.partition(" = ")
        local[left.strip()] = walked(right, name)
    return walked(whole, name)


def keys_of(entry: str, text: str) -> list[str]:
    files = [file for file in FILES if file.catalog == entry and not file.variant_of]
    return [f"{file.name}:{text}" for file in files if text in SHELF.source(file.name).catalogue]


def cases() -> list[Any]:
    return [
        pytest.param(
            entry,
            marks=[] if any(is_main(file) for file in FILES if file.catalog == entry) else [pytest.mark.slow],
            id=entry,
        )
        for entry in dict.fromkeys(entry for entry, _, _ in ROWS)
    ]


def close(found: Number, wanted: Number) -> bool:
    return same(found, wanted if not isinstance(wanted, int) else Fraction(wanted))


@pytest.mark.parametrize("entry", cases())
def test_every_catalogue_name_prints_what_textbooks_say(entry: str) -> None:
    faults = []
    for _, text, formula in (row for row in ROWS if row[0] == entry):
        (word,) = keys_of(entry, text)
        key = key_at(word, SHELF)
        for seed in SEEDS:
            found, wanted = at(key, Point(seed)), by_hand(formula, Point(seed))
            if not close(found, wanted):
                faults.append(f"{text}: {key} prints {printed(key)[0]} = {found}, a textbook has {formula} = {wanted}")
                break
    assert not faults, "\n".join(faults)


def test_the_textbooks_know_every_name_of_the_catalogue_once() -> None:
    known = [(entry, text) for entry, text, _ in ROWS]
    assert len(set(known)) == len(known)
    wanted = {
        (file.catalog, text) for file in FILES if not file.variant_of for text in SHELF.source(file.name).catalogue
    }
    assert set(known) == wanted


# The checks themselves ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "text", "wrong"),
    [
        ("C29", "A_d", "gm*par(RD, ro)"),
        ("C29", "A_d", "-gm*RD"),
        ("C29", "A_c vo1/vic", "-gm*par(RD, ro)/(1 + 2*gm*RSS)"),
        ("C28", "CMRR single-ended |A_d,se/A_c|", "1 + 2*gm*RSS"),
    ],
)
def test_a_wrong_formula_is_caught(entry: str, text: str, wrong: str) -> None:
    (word,) = keys_of(entry, text)
    assert not any(close(at(key_at(word, SHELF), Point(seed)), by_hand(wrong, Point(seed))) for seed in SEEDS)


def test_the_tableau_catches_another_circuit() -> None:
    oracle = Oracle(SHELF.source("mos-pair"))
    spec = next(each for each in oracle.source.file.quantities if each.name == "A_c")
    ideal = key_at("mos-pair-ideal:A_c", SHELF)
    assert at(ideal, Point(1)) != oracle.value(spec, Point(1)) == at(key_at("mos-pair:A_c", SHELF), Point(1))


def test_polynomials_are_found_from_values() -> None:
    oracle = Oracle(SHELF.source("miller-op-amp"))
    above, below = polynomials(oracle, "H", Point(1))
    p = Point(1)
    assert -above[0] / above[1] == p("gm2") / p("CC")
    assert below[2] / below[0] == p("R1") * p("R2") * (p("C1") * p("CL") + p("C1") * p("CC") + p("CL") * p("CC"))
