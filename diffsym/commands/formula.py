"""``diffsym formula``: the result of one quantity of a derivation, in the language of whoever goes on with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from diffsym.commands.arguments import Command, Given, Option, Outcome, chosen, nearest, shown
from diffsym.commands.library import source_at
from diffsym.errors import DiffsymError, UsageError

if TYPE_CHECKING:
    from diffsym.derivation.source import DerivationFile, QuantitySpec
    from diffsym.expression.notation import Notation
    from diffsym.expression.tree import Expression

FORMATS = ("text", "latex", "typst", "mathml", "sympy", "python", "json")

COMMAND = Command(
    name="formula",
    words="NAME:QUANTITY",
    summary="The result of a derivation, of the library or of a file (FILE.toml:QUANTITY).",
    least=1,
    most=1,
    options=(Option("format", ", ".join(FORMATS), "FORMAT"),),
    details="  diffsym formula mos-pair:A_d --format latex",
)


@dataclass(frozen=True, slots=True)
class Result:
    """``flat``: the same as ``tree`` with parallel connections multiplied out."""

    tree: Expression
    flat: Expression
    notation: Notation
    json: Callable[[], dict[str, Any]]


def run(given: Given) -> Outcome:
    format = chosen("format", given.one("format", FORMATS[0]), FORMATS)
    file, spec = _asked(given.words[0])
    try:
        result = _by_law(file, spec) if _is_by_law(file, spec) else _by_circuit(file, spec)
    except DiffsymError as error:
        raise error.at(file=file.file) from None
    if format == "json":
        from json import dumps

        return Outcome(dumps(result.json(), ensure_ascii=False, indent=2) + "\n", result.json)
    tree = result.flat if format in FOR_MACHINES else result.tree
    return Outcome(PRINTERS[format](tree, result.notation) + "\n", result.json)


def _asked(word: str) -> tuple[DerivationFile, QuantitySpec]:
    """The file and its quantity. Raises UsageError with the nearest name of either."""
    from diffsym.derivation.source import load_derivation
    from diffsym.expression.names import joined

    name, colon, wanted = word.rpartition(":")
    file = load_derivation(source_at(name if colon else word))
    names = [quantity.name for quantity in file.quantities]
    if not colon:
        raise UsageError(f"no quantity of {file.name} was asked for", hint=f"it has {', '.join(names)}")
    try:
        key = joined(wanted)
    except DiffsymError:
        key = wanted
    found = next((quantity for quantity in file.quantities if joined(quantity.name) == key), None)
    if found is None:
        raise UsageError(f"{file.name} has no quantity {shown(wanted)}", hint=nearest(wanted, names, "it has"))
    return file, found


def _is_by_law(file: DerivationFile, spec: QuantitySpec) -> bool:
    """Whether the result needs the derivation: it follows from a law, or from results before it."""
    from diffsym.derivation.library import is_by_law
    from diffsym.expression.names import joined
    from diffsym.expression.reading import read_expression
    from diffsym.expression.tree import symbols_of

    if is_by_law(file, spec):
        return True
    others = {joined(quantity.name) for quantity in file.quantities if quantity is not spec}
    return bool(others & set(symbols_of(read_expression(spec.of, symbols=others, quantities=True))))


def _by_circuit(file: DerivationFile, spec: QuantitySpec) -> Result:
    from diffsym.api import Circuit
    from diffsym.commands.solve import solution_json
    from diffsym.derivation.library import circuit_of
    from diffsym.forms.fractions import factored
    from diffsym.forms.order import arranged

    netlist = circuit_of(file)
    assert netlist is not None
    circuit = Circuit(netlist)
    answer = circuit.solve(spec.of)
    flat = arranged(factored(answer.value), answer.kind)
    return Result(answer.tree, flat, answer.notation, lambda: solution_json(circuit, answer))


def _by_law(file: DerivationFile, spec: QuantitySpec) -> Result:
    from time import perf_counter

    from diffsym.derivation.findings import expanded
    from diffsym.derivation.library import is_by_law, worked_of

    began = perf_counter()
    alone = is_by_law(file, spec)
    before = file.quantities[: file.quantities.index(spec)]
    worked = worked_of(replace(file, quantities=(spec,) if alone else (*before, spec)))
    found = worked.quantities[-1]
    tree, notation = expanded(found.derivations[0]), worked.notation
    seconds = perf_counter() - began

    def value() -> dict[str, Any]:
        from diffsym.expression.printing import to_flat, to_latex, to_text
        from diffsym.expression.tree import symbols_of
        from diffsym.kernel.rational import polynomial_tree

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
            "symbols": [notation.flat(name) for name in symbols_of(tree)],
            "method": found.derivations[0].derivation.method,
            "checks": [row.name.lower() for row in found.checks if row.verdict == "passed"],
            "seconds": round(seconds, 6),
            "assumed": dict(found.assumed),
            "notes": [],
        }

    return Result(tree, tree, notation, value)


# Languages ----------------------------------------------------------------------------------------------------------


def _latex(tree: Expression, notation: Notation) -> str:
    from diffsym.expression.printing import to_latex

    return to_latex(tree, notation)


def _text(tree: Expression, notation: Notation) -> str:
    from diffsym.expression.printing import to_text

    return to_text(tree, notation)


def _typst(tree: Expression, notation: Notation) -> str:
    from diffsym.expression.printing import to_typst

    return to_typst(tree, notation)


def _mathml(tree: Expression, notation: Notation) -> str:
    from diffsym.expression.printing import to_mathml

    return to_mathml(tree, notation, display=True)


def _python(tree: Expression, notation: Notation) -> str:
    from diffsym.expression.printing import to_python

    return to_python(tree, notation)


def _sympy(tree: Expression, notation: Notation) -> str:
    """Code that gives the expression where SymPy's names are known: ``Symbol('beta')`` is never the function."""
    from diffsym.expression.printing.sympy_form import to_sympy_code

    return to_sympy_code(tree)


FOR_MACHINES = ("sympy", "python")
"""Formats in which nobody looks for ‖."""

PRINTERS: Mapping[str, Callable[[Expression, Notation], str]] = {
    "text": _text,
    "latex": _latex,
    "typst": _typst,
    "mathml": _mathml,
    "sympy": _sympy,
    "python": _python,
}
