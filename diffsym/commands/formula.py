"""``diffsym formula``: what a key names, in the language of whoever goes on with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffsym.commands.arguments import Command, Given, Option, Outcome, chosen
from diffsym.errors import DiffsymError, UsageError

if TYPE_CHECKING:
    from diffsym.derivation.source import DerivationFile, QuantitySpec
    from diffsym.notes.keys import Key
    from diffsym.notes.sources import Shelf, Source

FORMATS = (
    *("text", "latex", "typst", "mathml", "sympy", "python", "json"),
    *("markdown", "myst", "quarto", "rst", "html", "svg", "tex"),
)
"""Those of ``notes.resolving`` that are text."""

COMMAND = Command(
    name="formula",
    words="KEY",
    summary="What a key names: the result of a derivation, of the library or of a file (FILE.toml:QUANTITY), and more.",
    least=1,
    most=1,
    options=(Option("format", ", ".join(FORMATS), "FORMAT"),),
    details="""
  diffsym formula mos-pair:A_d --format latex
  diffsym formula mos-pair:A_d@half-circuit --format html   the lines of one method
  diffsym formula mos-pair:A_d:value                        the number at nominal values
  diffsym formula mos-pair:figure.circuit --format svg      a picture
  diffsym formula 'mos-pair:A_c vo1/vic'                    as the catalogue calls it (diffsym list --json: catalogue)
""",
)


def run(given: Given) -> Outcome:
    from diffsym.notes.resolving import resolve
    from diffsym.notes.setting import setting_for
    from diffsym.notes.sources import Shelf

    format = chosen("format", given.one("format", FORMATS[0]), FORMATS)
    word = given.words[0]
    shelf = Shelf(setting_for(Path()))
    key = _key(word, shelf)
    if key.quantity and not (key.method or key.step or key.part) and (given.json or format == "json"):
        return _as_json(key, shelf)
    if given.json:
        from diffsym.notes.pieces import piece_of
        from diffsym.notes.resolving import value_of

        value = value_of(piece_of(key, shelf))
        return Outcome("", lambda: value)
    text = resolve(key, format, shelf)
    return Outcome(text if text.endswith("\n") else text + "\n")


def _key(word: str, shelf: Shelf) -> Key:
    """Raises UnknownKey; for a name alone with its quantities."""
    from diffsym.notes.sources import key_at

    if ":" not in word and (word.endswith(".toml") or word in shelf.names):
        file = shelf.source(word).file
        names = ", ".join(quantity.name for quantity in file.quantities)
        raise UsageError(f"no quantity of {file.name} was asked for", hint=f"it has {names}")
    return key_at(word, shelf)


def _as_json(key: Key, shelf: Shelf) -> Outcome:
    """A whole result as ``diffsym solve`` gives it."""
    from json import dumps

    source = shelf.source(key.source)
    file, spec = source.file, source.spec(key.quantity, key.source)
    try:
        value = _by_law(source, spec) if _is_by_law(file, spec) else _by_circuit(file, spec)
    except DiffsymError as error:
        raise error.at(file=file.file) from None
    return Outcome(dumps(value, ensure_ascii=False, indent=2) + "\n", lambda: value)


def _is_by_law(file: DerivationFile, spec: QuantitySpec) -> bool:
    """Whether the result needs the derivation: it follows from a law, or from results before it."""
    from diffsym.derivation.library import combines, is_by_law
    from diffsym.derivation.poles import is_root
    from diffsym.expression.names import joined
    from diffsym.expression.reading import read_expression
    from diffsym.expression.tree import symbols_of
    from diffsym.solve.noise import is_noise

    if is_by_law(file, spec) or is_noise(spec.of) or is_root(spec.of) or combines(file, spec):
        return True
    others = {joined(quantity.name) for quantity in file.quantities if quantity is not spec}
    return bool(others & set(symbols_of(read_expression(spec.of, symbols=others, quantities=True))))


def _by_circuit(file: DerivationFile, spec: QuantitySpec) -> dict[str, Any]:
    from diffsym.api import Circuit
    from diffsym.commands.solve import solution_json
    from diffsym.derivation.library import circuit_of

    netlist = circuit_of(file.on(spec.circuit))
    assert netlist is not None
    circuit = Circuit(netlist)
    return dict(solution_json(circuit, circuit.solve(spec.of)))


def _by_law(source: Source, spec: QuantitySpec) -> dict[str, Any]:
    from time import perf_counter

    from diffsym.derivation.findings import expanded
    from diffsym.derivation.library import worked_of
    from diffsym.expression.printing import to_flat, to_latex, to_text
    from diffsym.kernel.rational import polynomial_tree

    began, file = perf_counter(), source.file
    worked = worked_of(replace(file, quantities=(*source.earlier(spec), spec)))
    found = worked.quantities[-1]
    tree, notation = expanded(found.derivations[0]), worked.notation
    seconds = perf_counter() - began

    parts: tuple[str | None, str | None] = (None, None)
    if found.value is not None:
        field, top, bottom = found.value.field, found.value.numerator, found.value.denominator
        parts = (
            to_flat(polynomial_tree(field, top), notation),
            to_flat(polynomial_tree(field, bottom), notation),
        )
    return {
        "quantity": spec.of,
        "expression": to_flat(tree, notation),
        "readable": to_text(tree, notation),
        "latex": to_latex(tree, notation),
        "numerator": parts[0],
        "denominator": parts[1],
        "symbols": [notation.flat(name) for name in notation.free(tree)],
        "method": found.derivations[0].derivation.method,
        "checks": [row.name.lower() for row in found.checks if row.verdict == "passed"],
        "seconds": round(seconds, 6),
        "assumed": dict(found.assumed),
        "notes": [],
    }
