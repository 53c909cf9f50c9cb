"""Answers in other symbols: a definition brings a new symbol in the place of one old symbol, and the kernel proves it.

``gds1 = 1/ro1`` and ``A0 = gm*ro`` are definitions; a conventional name such as ``gds`` or ``Vov`` stands for the usual
one; a product such as ``gm ro`` is kept together wherever it occurs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from diffsym.errors import CircuitError, DiffsymError, QuantityError
from diffsym.expression.names import joined
from diffsym.expression.printing.text import to_text
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import (
    ONE,
    ZERO,
    Expression,
    Power,
    Product,
    Quotient,
    Relation,
    Symbol,
    substituted,
    symbols_of,
    walk,
)
from diffsym.forms.order import arranged
from diffsym.forms.readable import Writer
from diffsym.forms.reading_cost import reading_cost
from diffsym.kernel.check import check
from diffsym.kernel.claims import Claim, Equal, Fact, Follows
from diffsym.kernel.rational import Field, Rational, atoms_of

MOST_DEFINITIONS = 30

RESERVED = frozenset(("s", "j"))


@dataclass(frozen=True, slots=True)
class Definition:
    """``name`` stands for ``meaning``; ``old`` = ``value`` follows from it and is put in."""

    name: str
    meaning: Expression
    old: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The answer in new symbols; ``kept``: symbol → the product that it stands for while the answer is written."""

    value: Rational
    definitions: tuple[Definition, ...] = ()
    kept: tuple[Definition, ...] = ()

    def assumed(self, flat: Mapping[str, str]) -> dict[str, str]:
        """Name → what it was taken for, flat; ``flat``: symbols as the circuit spells them."""
        from diffsym.expression.printing.flat import to_flat

        def spelled(tree: Expression) -> str:
            return to_flat(substituted(tree, {name: Symbol(word) for name, word in flat.items()}))

        return {each.name: spelled(each.meaning) for each in self.definitions}


@dataclass(frozen=True, slots=True)
class Convention:
    """``old`` = ``value`` for a device's index: {k} in names; ``meaning``: of the new symbol."""

    old: str
    value: str
    meaning: str


CONVENTIONS: dict[str, tuple[Convention, ...]] = {
    "gds": (Convention("ro{k}", "1/gds{k}", "1/ro{k}"),),
    "go": (Convention("ro{k}", "1/go{k}", "1/ro{k}"),),
    "gpi": (Convention("rpi{k}", "1/gpi{k}", "1/rpi{k}"),),
    "rm": (Convention("gm{k}", "1/rm{k}", "1/gm{k}"),),
    "re": (
        Convention("rpi{k}", "(beta{k}+1)*re{k}", "rpi{k}/(beta{k}+1)"),
        Convention("gm{k}", "1/re{k}", "1/gm{k}"),
    ),
    "beta": (Convention("rpi{k}", "beta{k}/gm{k}", "gm{k}*rpi{k}"),),
    "Vov": (Convention("gm{k}", "2*ID{k}/Vov{k}", "2*ID{k}/gm{k}"),),
    "ID": (Convention("gm{k}", "2*ID{k}/Vov{k}", "gm{k}*Vov{k}/2"),),
    "VA": (Convention("ro{k}", "VA{k}/ID{k}", "ro{k}*ID{k}"),),
    "lambda": (Convention("ro{k}", "1/(lambda{k}*ID{k})", "1/(ro{k}*ID{k})"),),
    "IC": (
        Convention("gm{k}", "IC{k}/VT", "gm{k}*VT"),
        Convention("rpi{k}", "beta{k}*VT/IC{k}", "beta{k}*VT/rpi{k}"),
    ),
    "VT": (Convention("gm{k}", "IC{k}/VT", "IC{k}/gm{k}"),),
    "ISS": (Convention("gm{k}", "ISS/Vov{k}", "gm{k}*Vov{k}"),),
    "IEE": (Convention("gm{k}", "IEE/(2*VT)", "2*gm{k}*VT"),),
}
"""Conventional names: which symbol each stands in for, and what it means. Of several the first that applies is taken.

I_SS and I_EE are the tail currents of a balanced pair: each transistor carries half.
"""

ALL_APPLY = frozenset(("IC",))
"""Names of which every convention that applies is taken: one current sets them all."""

SPELLINGS = {"VOV": "Vov", "Veff": "Vov", "lam": "lambda", "Itail": "ISS"}
"""Other spellings of conventional names."""


def rewritten(value: Rational, asked: Sequence[str], known: Sequence[str], writer: Writer) -> Rewritten:
    """The answer in terms of what is asked; ``known``: the symbols of the circuit.

    Raises QuantityError for a definition that the answer does not need, for two that stand in for one symbol, and for
    those that go round in a circle; ExpressionError for what cannot be read.
    """
    if len(asked) > MOST_DEFINITIONS:
        raise QuantityError(f"{len(asked)} definitions are too many", hint=f"at most {MOST_DEFINITIONS}")
    out = Rewritten(value)
    taken: dict[str, str] = {}
    for place, text in enumerate(asked):
        later = {_name_of(other) for other in asked[place + 1 :]}
        shown = repr(text if len(text) <= 60 else text[:57] + "…")
        if not text.strip():
            continue
        if "=" in text:
            made = [_defined(out.value, value, text, shown, known, taken, later, writer)]
        else:
            made = _by_name(out.value, value, text, shown, known, taken)
            if not made:
                out = Rewritten(out.value, out.definitions, (*out.kept, _kept(out, text, shown, known, writer)))
                continue
        for definition in made:
            if definition.old in taken:
                raise QuantityError(
                    f"{shown} and {taken[definition.old]} both stand in for {definition.old}",
                    hint="leave one of them out",
                )
            taken[definition.old] = shown
            out = Rewritten(_put_in(out.value, definition), (*out.definitions, definition), out.kept)
    prove(value, out)
    return out


def _name_of(text: str) -> str:
    """The joined name on the left of a definition; empty where there is none."""
    try:
        return joined(text.partition("=")[0]) if "=" in text else ""
    except DiffsymError:
        return ""


def prove(value: Rational, out: Rewritten) -> None:
    """The kernel's proof that the answer follows from the definitions. Raises QuantityError where there is none."""
    if not out.definitions:
        return
    hypotheses = tuple(Relation((Symbol(each.old), each.value), ("=",)) for each in out.definitions)
    claim = Follows(
        hypotheses,
        Relation((value.tree(), out.value.tree()), ("=",)),
        (ZERO,) * len(hypotheses),
        ONE,
        tuple(range(len(hypotheses))),
    )
    solved: list[Claim] = [
        Equal(substituted(each.meaning, {each.old: each.value}), Symbol(each.name)) for each in out.definitions
    ]
    if not all(isinstance(check(each), Fact) for each in [claim, *solved]):
        raise QuantityError("the answer in these symbols is not proved equal", hint="ask in other symbols")


# Definitions -------------------------------------------------------------------------------------------------------


def _defined(
    value: Rational,
    original: Rational,
    text: str,
    shown: str,
    known: Sequence[str],
    taken: Mapping[str, str],
    later: set[str],
    writer: Writer,
) -> Definition:
    """``new = expression of old ones``, or ``old = expression with one new one``."""
    left, _, right = text.partition("=")
    if "=" in right:
        raise QuantityError(f"{shown} has more than one =", hint="as in A0=gm*ro")
    sides = [read_expression(side, symbols=known) for side in (left, right)]
    name, meaning = sides
    if not isinstance(name, Symbol):
        raise QuantityError(f"the left side of {shown} is no symbol", hint="as in gds1=1/ro1 or A0=gm*ro")
    inside = symbols_of(meaning)
    _not_reserved((name.name, *inside), shown)
    if name.name in inside:
        raise QuantityError(f"{shown} defines {name.name} by itself", hint="write it with other symbols")
    if name.name in taken:
        raise QuantityError(f"{name.name} is already replaced by {taken[name.name]}", hint="leave one of them out")
    if value.depends_on(name.name) and name.name in known:
        fresh = [each for each in inside if each not in known and not value.depends_on(each)]
        if not fresh:
            raise QuantityError(
                f"{shown} has no new symbol",
                hint=f"{name.name} is a symbol of the answer: write it with a new symbol, or define a new name",
            )
        back = _solved(meaning, name, fresh[0])
        if back is None:
            raise QuantityError(f"{shown} cannot be solved for {fresh[0]}", hint="write the new symbol on the left")
        return Definition(fresh[0], back, name.name, meaning)
    if name.name in known or value.depends_on(name.name):
        raise QuantityError(f"{name.name} has a meaning already", hint="choose a new name for the left side")
    strange = [each for each in inside if each not in known and not value.depends_on(each)]
    gone = [each for each in inside if each in taken]
    if strange:
        if strange[0] in later:
            raise QuantityError(
                f"{shown} uses {strange[0]}, which is defined after it: definitions must not go round in a circle",
                hint="write each in symbols of the answer",
            )
        raise QuantityError(f"{shown} uses {strange[0]}, which the answer does not have", hint=_has(value))
    if gone:
        raise QuantityError(
            f"{shown} uses {gone[0]}, which {taken[gone[0]]} replaces", hint="two definitions for one symbol contradict"
        )
    choices = [each for each in inside if value.depends_on(each)]
    if not choices:
        raise QuantityError(
            f"the answer does not depend on {', '.join(inside) or 'anything in it'}: {shown} changes nothing",
            hint=_has(original),
        )
    found: list[tuple[float, int, Definition]] = []
    for place, old in enumerate(choices):
        solved = _solved(meaning, name, old)
        if solved is None:
            continue
        definition = Definition(name.name, meaning, old, solved)
        cost = reading_cost(writer.tree(_put_in(value, definition)), writer.kind) if len(choices) > 1 else 0.0
        found.append((round(cost, 6), -place, definition))
    if not found:
        raise QuantityError(
            f"{shown} cannot be solved for a symbol of the answer", hint="each symbol occurs in it to a higher power"
        )
    return min(found, key=lambda entry: entry[:2])[2]


def _solved(meaning: Expression, name: Symbol, old: str) -> Expression | None:
    """``old`` from name = meaning, where that is (A old + B)/(C old + D)."""
    field = Field(atoms_of(meaning, name))
    try:
        value = field.read(meaning)
    except CircuitError:
        return None
    if not value.depends_on(old):
        return None
    above, below = value.coefficients(old)
    if max(above) > 1 or max(below) > 1:
        return None
    a, b, c, d = (part.get(power, field.zero) for part in (above, below) for power in (1, 0))
    new = field.atom(name)
    bottom = a - c * new
    return ((d * new - b) / bottom).tree() if bottom else None


def _put_in(value: Rational, definition: Definition) -> Rational:
    """The value with the new symbol in the place of the old one."""
    field = Field((*value.field.atoms, *atoms_of(definition.value)))
    moved = value.in_field(field)
    try:
        return moved.replaced({definition.old: field.read(definition.value)})
    except CircuitError:
        raise QuantityError(
            f"the answer divides by zero where {definition.old} is {to_text(definition.value)}",
            hint="leave this definition out",
        ) from None


# Conventional names and products -----------------------------------------------------------------------------------


def _by_name(
    value: Rational, original: Rational, text: str, shown: str, known: Sequence[str], taken: Mapping[str, str]
) -> list[Definition]:
    """The definitions that a conventional name stands for, of one device or of all; none where it is no such name."""
    try:
        name = joined(text)
    except DiffsymError:
        return []
    stem = name.rstrip("0123456789")
    index = name[len(stem) :]
    rows = CONVENTIONS.get(SPELLINGS.get(stem, stem))
    if rows is None or name in known:
        return []
    made: list[Definition] = []
    for suffix in _indexes(value, rows, index, taken):
        fits = [row for row in rows if _applies(value, row, suffix, known)]
        for row in fits if SPELLINGS.get(stem, stem) in ALL_APPLY else fits[:1]:
            old, right, meaning = (part.replace("{k}", suffix) for part in (row.old, row.value, row.meaning))
            # A user's own spelling of the new symbol is kept: VOV for Vov.
            respelled = {SPELLINGS.get(stem, stem) + suffix: Symbol(stem + suffix)}
            new = _new_symbol(SPELLINGS.get(stem, stem), suffix, right)
            trees = [substituted(read_expression(part), dict(respelled)) for part in (right, meaning)]
            made.append(Definition(respelled.get(new, Symbol(new)).name, trees[1], old, trees[0]))
    if not made:
        olds = " or ".join(dict.fromkeys(row.old.replace("{k}", index) for row in rows))
        where = next((taken[each] for each in taken if any(each.startswith(r.old[:2]) for r in rows)), "")
        if where:
            raise QuantityError(f"{shown} and {where} both stand in for {olds}", hint="leave one of them out")
        raise QuantityError(
            f"the answer does not depend on {olds}, so it has nothing in terms of {shown}", hint=_has(original)
        )
    return made


def _new_symbol(stem: str, suffix: str, right: str) -> str:
    names = symbols_of(read_expression(right))
    return stem + suffix if stem + suffix in names else stem if stem in names else names[0]


def _indexes(value: Rational, rows: Sequence[Convention], index: str, taken: Mapping[str, str]) -> list[str]:
    """The devices' indexes whose old symbol occurs: the asked one, or all."""
    if index:
        return [index]
    found: dict[str, None] = {}
    for row in rows:
        stem = row.old.replace("{k}", "")
        for name in value.symbols:
            if name.startswith(stem) and (name[len(stem) :].isdigit() or name == stem):
                found[name[len(stem) :]] = None
    return sorted(found, key=lambda suffix: (len(suffix), suffix))


def _applies(value: Rational, row: Convention, suffix: str, known: Sequence[str]) -> bool:
    """Whether the old symbol occurs, and the circuit has β where r_e is to be taken for r_π/(β + 1)."""
    old = row.old.replace("{k}", suffix)
    needs = ["beta" + suffix] if "beta{k}+1" in row.value else ["gm" + suffix] if row.value == "beta{k}/gm{k}" else []
    return value.depends_on(old) and all(value.depends_on(name) or name in known for name in needs)


def _kept(out: Rewritten, text: str, shown: str, known: Sequence[str], writer: Writer) -> Definition:
    """A product or quotient of symbols that is to be kept together."""
    meaning = read_expression(text, symbols=known)
    inside = symbols_of(meaning)
    _not_reserved(inside, shown)
    if not isinstance(meaning, Product | Quotient | Power) or not inside:
        word = to_text(meaning)
        if isinstance(meaning, Symbol) and out.value.depends_on(word.replace("_", "")):
            raise QuantityError(f"the answer is in terms of {word} already", hint="give a definition, as in gds1=1/ro1")
        raise QuantityError(
            f"{shown} says nothing to write the answer in terms of",
            hint=f"write a definition as in gds1=1/ro1, a product as in 'gm ro', or one of {', '.join(CONVENTIONS)}",
        )
    absent = [name for name in inside if not out.value.depends_on(name)]
    if absent:
        raise QuantityError(f"the answer does not depend on {absent[0]}", hint=_has(out.value))
    symbol = Symbol(f"A{len(out.kept)}kept")
    found: list[tuple[float, int, Definition]] = []
    for place, old in enumerate(inside):
        solved = _solved(meaning, symbol, old)
        if solved is None:
            continue
        definition = Definition(symbol.name, meaning, old, solved)
        tree = with_kept(out.value, (*out.kept, definition), writer)
        # Its symbols should stand together, not also by themselves.
        alone = sum(isinstance(part, Symbol) and part.name in inside for part in walk(tree))
        cost = reading_cost(tree, writer.kind) + alone
        found.append((round(cost, 6), -place, definition))
    if not found:
        raise QuantityError(f"{shown} cannot be kept together", hint="as in 'gm ro' or 'W/L'")
    return min(found, key=lambda entry: entry[:2])[2]


def with_kept(value: Rational, kept: Sequence[Definition], writer: Writer) -> Expression:
    """The readable tree in which every product of ``kept`` stands together; equal to the value."""
    other = value
    for each in kept:
        if other.depends_on(each.old):
            other = _put_in(other, each)
    tree = substituted(writer.tree(other), {each.name: each.meaning for each in kept})
    return arranged(tree, writer.kind)


def conductances(value: Rational, is_resistance: Mapping[str, bool], known: Sequence[str]) -> Rewritten:
    """Every resistance R as 1/G: R_D as G_D, r_o as g_o, R1 as G1; proved by the kernel."""
    out = Rewritten(value)
    used = {*known, *value.symbols}
    for old in value.symbols:
        if not is_resistance.get(old):
            continue
        letter = "g" if old[0] == "r" else "G"
        name = letter + old[1:] if old[0] in "rR" else "G" + old
        while name in used:
            name += "prime"
        used.add(name)
        definition = Definition(name, Quotient(ONE, Symbol(old)), old, Quotient(ONE, Symbol(name)))
        out = Rewritten(_put_in(out.value, definition), (*out.definitions, definition))
    prove(value, out)
    return out


def _not_reserved(names: Sequence[str], shown: str) -> None:
    for name in names:
        if name in RESERVED:
            meaning = "the Laplace variable" if name == "s" else "the imaginary unit"
            raise QuantityError(f"{shown}: {name} is {meaning}", hint="choose another name")


def _has(value: Rational) -> str:
    names = ", ".join(value.symbols[:12])
    return f"its symbols are {names}" if names else "it is a number"
