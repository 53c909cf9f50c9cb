"""``diffsym approximate``: the customary formula, when it holds and how far off it is; lines with labels, or JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffsym.commands.arguments import Command, Given, Option, Outcome, shown
from diffsym.commands.places import circuit_at
from diffsym.commands.solve import exact_number, limited, named, notes, remarks, seconds
from diffsym.errors import ReadError, UsageError

if TYPE_CHECKING:
    from diffsym.api import Circuit
    from diffsym.approximated import Approximated

COMMAND = Command(
    name="approximate",
    words="CIRCUIT QUANTITY",
    summary="The customary approximation of a quantity, with its condition and its exact relative error.",
    least=2,
    most=2,
    options=(
        Option("large", "symbols that are large, separated by commas", "SYMBOLS"),
        Option("small", "symbols that are small", "SYMBOLS"),
        Option("limit", "a symbol that tends to oo or 0; several one after the other (repeatable)", "NAME=oo|0,…"),
        Option("error", "the simplest formula within this relative error at nominal values: 0.05, or 5%", "ERROR"),
        Option("dominant-pole", "the pole of the lowest frequency alone"),
        Option("time-constants", "the same, as the sum of open-circuit time constants"),
        Option("miller", "capacitors that bridge an amplifier as two capacitors to ground"),
        Option("nominal", "numbers for symbols, inline or in a TOML file (repeatable)", "FILE|NAME=NUMBER,…"),
        Option("box", "ranges in which the error is bounded, proved (repeatable)", "NAME=LOW..HIGH,…"),
        Option("band", "frequencies in Hz for which the error counts", "LOW..HIGH"),
        Option("at", "a symbol, or s, replaced by a number before (repeatable)", "NAME=NUMBER"),
        Option("define", "a name for a quantity (repeatable)", "NAME=QUANTITY"),
        Option("drive", "a signal to apply; all others are zero (repeatable)", "SIGNAL"),
        Option("curve", "with --error: the error of the best formula of each length that was met"),
        Option("budget", "give up after this time", "SECONDS"),
    ),
    details="""
By leading order, by limits, by name, or automatically from nominal values:

  diffsym approximate pair.cir 'v(o1)/vic' --large RSS,gm --box gm=1m..2m,RD=5k..20k,ro=100k..1Meg,RSS=50k..1Meg
  diffsym approximate pair.cir 'v(o1)/vic' --limit ro=oo,RSS=0
  diffsym approximate stage.cir 'v(o)/vin' --time-constants
  diffsym approximate stage.cir 'v(o)/vin' --nominal gm=1m,ro=100k,RD=10k --band 1k..1Meg --error 5%

The gain-bandwidth product of an op amp is |s A(s)| between its first and its second pole, in rad/s:

  diffsym approximate opamp.cir 's*v(out)/vin' --nominal opamp.toml --band 10k..100k --error 5%
""",
)

NAMED = ("dominant-pole", "time-constants", "miller")
"""Options without a value that each name one approximation."""


def run(given: Given) -> Outcome:
    from diffsym.api import PATIENCE

    chosen = [name for name in NAMED if given.has(name)]
    if len(chosen) > 1:
        raise UsageError(f"--{chosen[0]} and --{chosen[1]} are two different approximations", hint="ask for one")
    define = named("define", given.all("define"))
    at = {name: exact_number(name, text) for name, text in named("at", given.all("at")).items()}
    budget = seconds(given.one("budget")) if given.has("budget") else PATIENCE
    for option in ("large", "small", "limit", "nominal", "box"):
        if given.has(option) and not given.listed(option):
            raise UsageError(f"--{option} is empty", hint=f"the symbols of --{option} are separated by commas")
    place, quantity = given.words
    circuit = circuit_at(place)
    with limited(budget), located(given.listed("nominal")):
        found = circuit.approximate(
            quantity,
            large=given.listed("large"),
            small=given.listed("small"),
            limits=tuple(named("limit", given.listed("limit")).items()),
            nominal=nominal_values(given.listed("nominal"), circuit),
            box=ranges(given.listed("box")),
            band=interval("band", given.one("band")) if given.has("band") else None,
            error=allowed(given.one("error")) if given.has("error") else None,
            named=chosen[0] if chosen else "",
            at=at,
            define=define,
            drive=given.listed("drive"),
            budget=budget,
        )
        value = approximation_json(circuit, found) if given.json else {}
        text = "" if given.json else "".join(line + "\n" for line in lines(found, given.has("curve")))
    return Outcome(text, lambda: value, (*notes(circuit, found.answer), *found.notes))


def approximation_json(circuit: Circuit, found: Approximated) -> dict[str, Any]:
    assumed = dict(found.answer.quantity.assumed)
    return {**found.to_dict(), "assumed": assumed, "notes": [*remarks(circuit), *found.notes]}


def lines(found: Approximated, curve: bool = False) -> Iterator[str]:
    """The formula alone on the first line, then what belongs to it, each with a label."""
    from diffsym.expression.printing.text import to_text

    notation = found.answer.notation
    yield found.text
    if found.conditions:
        yield f"condition: {found.condition}"
    for step in found.steps:
        yield f"{to_text(step.condition, notation)}: {to_text(step.tree, notation)}, proved"
    for left in found.dropped:
        parts = (to_text(found.writer.tree(part), notation) for part in (left.dropped, left.kept))
        yield f"dropped in the {left.where}: {' beside '.join(parts)}"
    for each in found.constants:
        resistance = to_text(found.writer.tree(each.resistance), notation)
        yield f"{', '.join(each.elements)}: {to_text(each.capacitance, notation)} sees {resistance}"
    if found.exact is not None:
        yield f"exact: {found.exact.text}"
    if found.error_text:
        yield f"relative error: {found.error_text}"
    if found.denominator_error is not None:
        yield f"of the denominator: {to_text(found.writer.tree(found.denominator_error), notation)}"
    if found.nominal_error is not None:
        yield f"at nominal values: {percent(found.nominal_error)}"
    if found.corner_error is not None and isfinite(found.corner_error):
        yield f"with values changed by ±20 %: {percent(found.corner_error)}"
    if found.bound is not None:
        from diffsym.approximated import rounded_up

        yield f"in the box: at most {percent(rounded_up(found.bound.value))}, proved by {REASONS[found.bound.method]}"
    for how, words in WORDS.items():
        gone = [name for removal in found.removals if removal.how == how for name in removal.elements]
        if gone:
            yield f"{words}: {', '.join(gone)}"
    if curve:
        yield "symbols and error of the best formulas met:"
        for count, off in found.curve:
            yield f"{count:4d}  {percent(off)}"


REASONS = {"monotonic": "monotonicity", "subdivision": "subdivision of the box"}
WORDS = {"open": "left out of the circuit", "short": "replaced by short circuits"}


def percent(value: float) -> str:
    return f"{100 * value:.4g} %"


# What the person wrote ---------------------------------------------------------------------------------------------


def nominal_values(words: Sequence[str], circuit: Circuit) -> dict[str, Fraction]:
    """Numbers by symbol; those given inline win. What a file holds for other circuits is passed over."""
    from diffsym.expression.names import joined

    known = {*circuit.small_signal.spelling, *circuit.small_signal.dimensions}
    out: dict[str, Fraction] = {}
    for word in words:
        if "=" not in word:
            out |= {name: value for name, value in values_of_file(Path(word)).items() if joined(name) in known}
    inline = named("nominal", [word for word in words if "=" in word])
    return out | {name: exact_number(name, text, "nominal") for name, text in inline.items()}


@contextmanager
def located(words: Sequence[str]) -> Iterator[None]:
    """Errors about a nominal value from a file say where it stands there."""
    from diffsym.expression.names import joined
    from diffsym.forms.reference import NominalError

    try:
        yield
    except NominalError as failure:
        inline = {joined(word.partition("=")[0].strip()) for word in words if "=" in word}
        files = [Path(word) for word in words if "=" not in word]
        if failure.symbol not in inline:
            for path in reversed(files):
                for name in _table(path):
                    if joined(name) == failure.symbol:
                        line, column = place_of(path.read_text(encoding="utf-8"), name)
                        raise failure.at(file=str(path), line=line, column=column) from None
            if files:
                raise failure.at(file=str(files[-1])) from None
        raise


def values_of_file(path: Path) -> dict[str, Fraction]:
    """The numbers of a TOML file: of its table ``nominal``, as a derivation file has one, else of all its keys."""
    from diffsym.circuit.values import SUFFIX_HINT, spice_number

    out = {}
    for name, value in _table(path).items():
        numeric = isinstance(value, int | float | str) and not isinstance(value, bool)
        found = spice_number(str(value).strip()) if numeric else None
        if found is None:
            line, column = place_of(path.read_text(encoding="utf-8"), name)
            hint = SUFFIX_HINT if numeric else 'write gm = "1m"'
            raise ReadError(
                f"the value of {name[:40]} is no number", file=str(path), line=line, column=column, hint=hint
            )
        out[name] = found
    return out


def _table(path: Path) -> dict[str, object]:
    import tomllib

    try:
        with path.open("rb") as file:
            table: object = tomllib.load(file)
    except tomllib.TOMLDecodeError as error:
        raise ReadError(f"not TOML: {error}", file=str(path), hint='write lines such as gm = "1m"') from None
    except UnicodeDecodeError:
        raise ReadError("the text is not UTF-8", file=str(path)) from None
    except RecursionError:
        raise ReadError("the file is nested too deeply", file=str(path)) from None
    except ValueError:
        raise ReadError("a number has too many digits", file=str(path)) from None
    except OSError as error:
        raise ReadError(f"cannot be read: {error.strerror}", file=str(path)) from None
    if isinstance(table, Mapping) and isinstance(table.get("nominal"), Mapping):
        table = table["nominal"]
    assert isinstance(table, Mapping)
    return {str(name): value for name, value in table.items()}


def place_of(text: str, key: str) -> tuple[int | None, int | None]:
    """Line and column of the value of a key of a TOML text; None where it is not written as ``key = value``."""
    import re

    pattern = re.compile(rf"^\s*(?:nominal\.)?[\"']?{re.escape(key)}[\"']?\s*=\s*()")
    for number, line in enumerate(text.splitlines(), 1):
        found = pattern.match(line)
        if found:
            return number, found.start(1) + 1
    return None, None


def ranges(words: Sequence[str]) -> dict[str, tuple[Fraction, Fraction]]:
    """``NAME=LOW..HIGH`` by name."""
    return {name: interval(f"box {name}", text) for name, text in named("box", words).items()}


def interval(option: str, text: str) -> tuple[Fraction, Fraction]:
    """``1k..1Meg``. Raises UsageError."""
    low, dots, high = text.partition("..")
    if not dots:
        raise UsageError(f"--{option}: {shown(text)} is no range", hint="write LOW..HIGH, as in 10k..1Meg")
    return _number(option, "", low), _number(option, "", high)


def allowed(text: str) -> float:
    """A relative error, ``0.05`` or ``5%``, above 0 and below 1."""
    number, sign, rest = text.strip().partition("%")
    value = _number("error", "", number) / (100 if sign else 1)
    if rest or not 0 < value < 1:
        raise UsageError(f"--error {shown(text)} is no relative error", hint="as in --error 0.05 or --error 5%")
    return float(value)


def _number(option: str, name: str, text: str) -> Fraction:
    from diffsym.circuit.values import SUFFIX_HINT, spice_number

    value = spice_number(text.strip())
    if value is None:
        where = f"--{option} {name}".rstrip()
        raise UsageError(f"{where}: {shown(text)} is no number", hint=SUFFIX_HINT)
    return value
