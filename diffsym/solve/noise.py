"""Noise densities exactly: each source's transfer to the output, mean squares added, divided by |A|² for the input.

Asked as ``noise(v(o))`` (of the output) or ``noise(v(o)/vi)`` (referred to the input vi); behind a semicolon stand
kinds (``thermal``, ``shot``, ``flicker``, ``all``), ``without RS``, ``only M1 M2``, ``bias``. One-sided, per hertz.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from diffsym.circuit.model import LinearElement, SmallSignalCircuit
from diffsym.errors import DiffsymError, QuantityError
from diffsym.expression.names import joined
from diffsym.expression.tree import ONE, Expression, Negation, Quotient, Symbol, substituted, symbols_of
from diffsym.kernel.rational import Field, Rational, atoms_of
from diffsym.solve.noise_sources import KINDS, MEANING, UNITS, NoiseSource, noise_names, noise_sources
from diffsym.solve.quantity import Quantity, has_measurement, read_quantity
from diffsym.solve.solution import solve

WHITE = ("thermal", "shot")
"""Kinds that are meant where none is named."""

_HEAD = re.compile(r"\s*noise\s*\(", re.IGNORECASE)

GRAMMAR = "as in noise(v(o)/vi; thermal, flicker; without RS)"

MOST_SOURCES = 200


@dataclass(frozen=True, slots=True)
class NoiseQuantity:
    """``inner``: what stands in the brackets. ``output``: the voltage or current whose noise it is; ``signal``: that to
    which it is referred, or None, and ``reference``: the signal, or a multiple of it, by which the output is divided.
    ``kinds`` of noise that count, ``without`` and ``only``: owners by name."""

    inner: Quantity
    output: Expression
    signal: str | None
    kinds: tuple[str, ...]
    without: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    bias: bool = False
    reference: Expression | None = None


@dataclass(frozen=True, slots=True)
class NoiseFound:
    """``circuit``: with a current source for each noise source. ``transfers``: output per current, one a source.

    ``gain``: output per input signal; None where the output is asked. ``field`` holds every value. ``density``: the
    answer; ``shares``: what each source adds to it.
    """

    asked: NoiseQuantity
    circuit: SmallSignalCircuit
    sources: tuple[NoiseSource, ...]
    transfers: tuple[Rational, ...]
    gain: Rational | None
    field: Field
    density: Rational
    shares: tuple[Rational, ...]
    left_out: tuple[str, ...]
    other_kinds: bool = False
    """Whether there is noise of a kind that does not count."""

    @property
    def currents(self) -> tuple[str, ...]:
        """The symbols of the noise currents."""
        return tuple(source.current for source in self.sources)

    @property
    def depends_on_s(self) -> bool:
        """Whether a transfer depends on the frequency."""
        return any(each.depends_on("s") for each in (*self.transfers, *((self.gain,) if self.gain else ())))


def is_noise(text: str) -> bool:
    """Whether a quantity asks for a noise density."""
    return _HEAD.match(text) is not None


def noise_text(text: str, circuit: SmallSignalCircuit, define: Mapping[str, str] | None = None) -> str | None:
    """The text of the noise quantity that is asked for, by itself or by a name; None where it is another quantity."""
    if is_noise(text):
        return text
    own = {**dict(circuit.defines), **(define or {})}
    meanings = {joined(name): meaning for name, meaning in own.items() if is_noise(meaning)}
    try:
        return meanings.get(joined(text.strip())) if meanings else None
    except DiffsymError:
        return None


def read_noise(circuit: SmallSignalCircuit, text: str, *, define: Mapping[str, str] | None = None) -> NoiseQuantity:
    """The noise quantity that a text asks for. Raises QuantityError, ExpressionError."""
    head = _HEAD.match(text)
    if head is None:
        raise QuantityError("this asks for no noise", hint=GRAMMAR)
    inside = _inside(text, head.end())
    asked, *options = inside.split(";")
    if not asked.strip():
        raise QuantityError("noise( ) of nothing", hint=GRAMMAR, column=head.end() + 1)
    try:
        inner = read_quantity(circuit, asked, define=define)
    except QuantityError as error:
        if error.column is not None:
            error.column += head.end()
        raise
    if not has_measurement(inner.resolved):
        raise QuantityError("only a voltage or a current has noise here", hint=GRAMMAR, column=head.end() + 1)
    named = [name for name in symbols_of(inner.resolved) if name in inner.signals]
    if len(named) > 1:
        raise QuantityError(
            f"noise is referred to one signal, found {' and '.join(named)}", hint="as in noise(v(o1,o2)/vid)"
        )
    signal = named[0] if named else None
    chosen = _options(circuit, inner, options)
    output, reference = _sides(inner.resolved, signal)
    return replace(chosen, output=output, signal=signal, reference=reference)


def _inside(text: str, start: int) -> str:
    """What stands in the brackets of ``noise(``, which must be all of the text."""
    depth = 1
    for place in range(start, len(text)):
        depth += (text[place] == "(") - (text[place] == ")")
        if not depth:
            rest = text[place + 1 :]
            if rest.strip():
                raise QuantityError(
                    f"{rest.strip()[:40]!r} stands behind noise( )",
                    hint="noise( ) is a quantity of its own: name it, and ask for arithmetic of named quantities",
                    column=place + 2,
                )
            return text[start:place]
    raise QuantityError("the bracket of noise( is not closed", hint=GRAMMAR, column=start)


def _sides(resolved: Expression, signal: str | None) -> tuple[Expression, Expression | None]:
    """Output and reference of a ratio; the signal itself is the reference where it stands elsewhere."""
    if signal is None:
        return resolved, None
    match resolved:
        case Quotient(top, bottom) if signal not in symbols_of(top) and not has_measurement(bottom):
            return top, bottom
        case Negation(Quotient(top, bottom)) if signal not in symbols_of(top) and not has_measurement(bottom):
            return Negation(top), bottom
    return substituted(resolved, {signal: ONE}), Symbol(signal)


def _options(circuit: SmallSignalCircuit, inner: Quantity, options: Sequence[str]) -> NoiseQuantity:
    kinds: list[str] = []
    lists: dict[str, list[str]] = {"without": [], "only": []}
    bias = False
    owners = {source.owner.lower(): source.owner for source in noise_sources(circuit)}
    for option in options:
        words = re.findall(r"[^\s,]+", option)
        if not words:
            raise QuantityError("nothing stands behind a semicolon of noise( )", hint=GRAMMAR)
        if words[0].lower() in lists:
            if not words[1:]:
                raise QuantityError(f"{words[0]} names no element", hint=GRAMMAR)
            lists[words[0].lower()] += [_owner(word, owners) for word in words[1:]]
            continue
        for word in words:
            low = word.lower()
            if low in KINDS or low in ("all", "white"):
                kinds += KINDS if low == "all" else WHITE if low == "white" else (low,)
            elif low == "bias":
                bias = True
            else:
                known = (*KINDS, "all", "white", "bias", "without", "only")
                near = get_close_matches(low, known, 1, 0.5)
                hint = f"did you mean {near[0]}?" if near else f"options are {', '.join(known)}; {GRAMMAR}"
                raise QuantityError(f"noise( ) has no option {word[:40]}", hint=hint)
    chosen = tuple(kind for kind in KINDS if kind in (kinds or WHITE))
    without, only = (tuple(dict.fromkeys(names)) for names in lists.values())
    return NoiseQuantity(inner, inner.resolved, None, chosen, without, only, bias)


def _owner(word: str, owners: Mapping[str, str]) -> str:
    if word.lower() in owners:
        return owners[word.lower()]
    near = get_close_matches(word.lower()[:100], list(owners), 1, 0.5)
    listed = ", ".join(list(owners.values())[:12])
    hint = f"did you mean {owners[near[0]]}?" if near else f"noisy are: {listed}" if owners else "nothing is noisy here"
    raise QuantityError(f"nothing that is noisy is called {word[:40]}", hint=hint)


# ── solving ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def solve_noise(circuit: SmallSignalCircuit, asked: NoiseQuantity, *, budget: float | None = None) -> NoiseFound:
    """The density with each source's transfer and share, all exact. Raises QuantityError and what ``solve`` raises."""
    every = noise_sources(circuit, bias=asked.bias)
    sources = tuple(source for source in every if _counts(source, asked))
    left_out = tuple(dict.fromkeys(source.owner for source in every if not _is_named(source, asked)))
    others = any(source.kind not in asked.kinds for source in every)
    if len(sources) > MOST_SOURCES:
        raise QuantityError(f"{len(sources)} noise sources are more than {MOST_SOURCES}", hint="ask with only M1 M2 …")
    noisy = with_sources(circuit, sources)
    transfers = _transfers(noisy, asked, sources, budget)
    gain = solve(circuit, asked.inner, budget=budget).value if asked.signal is not None else None
    if gain is not None and not gain:
        raise QuantityError("the gain is 0, so noise cannot be referred to the input", hint="ask for noise(v(o))")
    omega = noise_names(circuit).symbol("omega")
    atoms = [atom for value in (*transfers, *((gain,) if gain is not None else ())) for atom in value.field.atoms]
    atoms += [atom for source in sources for atom in atoms_of(source.density)]
    field = Field(dict.fromkeys((*atoms, omega)))
    transfers = tuple(value.in_field(field) for value in transfers)
    gain = None if gain is None else gain.in_field(field)
    below = field.one if gain is None else squared(gain, omega.name)
    shares = tuple(
        field.read(source.density) * squared(value, omega.name) / below for source, value in zip(sources, transfers)
    )
    density = sum(shares, field.zero)
    return NoiseFound(asked, noisy, sources, transfers, gain, field, density, shares, left_out, others)


def _counts(source: NoiseSource, asked: NoiseQuantity) -> bool:
    return source.kind in asked.kinds and _is_named(source, asked)


def _is_named(source: NoiseSource, asked: NoiseQuantity) -> bool:
    return source.owner not in asked.without and (not asked.only or source.owner in asked.only)


def with_sources(circuit: SmallSignalCircuit, sources: Sequence[NoiseSource]) -> SmallSignalCircuit:
    """The circuit with a current source for each noise source, whose current is a signal."""
    added = tuple(
        LinearElement(source.current, "I", source.plus, source.minus, Symbol(source.current)) for source in sources
    )
    return replace(
        circuit,
        elements=(*circuit.elements, *added),
        signals=(*circuit.signals, *(source.current for source in sources)),
        dimensions={**circuit.dimensions, **{source.current: "A" for source in sources}},
    )


def _transfers(
    noisy: SmallSignalCircuit, asked: NoiseQuantity, sources: Sequence[NoiseSource], budget: float | None
) -> tuple[Rational, ...]:
    """Output per noise current, with all signals at rest."""
    names = tuple(source.current for source in sources)
    if not names:
        return ()
    quantity = Quantity(asked.output, asked.output, names, {}, {}, {})
    value = solve(noisy, quantity, budget=budget).value
    slopes = tuple(value.derivative(name) if value.depends_on(name) else value.field.zero for name in names)
    if any(slope.depends_on(name) for slope in slopes for name in names) or value.replaced(
        dict.fromkeys(names, value.field.zero)
    ):
        raise QuantityError(
            "noise is that of a voltage or a current, or of one divided by a signal", hint="as in noise(v(o1,o2)/vid)"
        )
    return slopes


def squared(value: Rational, omega: str) -> Rational:
    """|H|²: the square, or H(jω) H(−jω) as a function of ω² where H depends on s."""
    if not value.depends_on("s"):
        return value * value
    above, below = value.coefficients("s")
    return _at_j_omega(value.field, above, omega) / _at_j_omega(value.field, below, omega)


def _at_j_omega(field: Field, coefficients: Mapping[int, Rational], omega: str) -> Rational:
    """E² + O² of a polynomial in s = jω, E and O being its even and odd powers."""
    parts = [field.zero, field.zero]
    for power, size in coefficients.items():
        sign = -1 if power % 4 in (2, 3) else 1
        parts[power % 2] = parts[power % 2] + size * field.atom(omega) ** power * sign
    return parts[0] * parts[0] + parts[1] * parts[1]


def noise_units(circuit: SmallSignalCircuit, symbols: Sequence[str]) -> dict[str, str]:
    """Units of the symbols that noise brought into a formula."""
    return {name: UNITS[stem] for name, stem in stems_of(circuit, symbols).items() if stem in UNITS}


def noise_meanings(circuit: SmallSignalCircuit, symbols: Sequence[str]) -> dict[str, str]:
    """What the symbols that noise brought into a formula stand for."""
    return {name: MEANING[stem] for name, stem in stems_of(circuit, symbols).items()}


def stems_of(circuit: SmallSignalCircuit, symbols: Sequence[str]) -> dict[str, str]:
    """Symbol → stem, for those that noise brings and the circuit does not have."""
    taken = noise_names(circuit).taken
    found: dict[str, str] = {}
    for name in symbols:
        if name in taken:
            continue
        plain = "k" if name == "kB" else name.rstrip("'")
        while plain.endswith("prime"):
            plain = plain.removesuffix("prime")
        stems = [stem for stem in MEANING if plain.startswith(stem)]
        if stems:
            found[name] = max(stems, key=len)
    return found
