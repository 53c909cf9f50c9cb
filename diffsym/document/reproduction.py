"""What a notebook runs to get a document's results again: the circuit or the derivation as text, and what is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from diffsym.derivation.findings import expanded
from diffsym.derivation.source import DerivationFile
from diffsym.derivation.worked import Worked, WorkedQuantity
from diffsym.expression.notation import Notation
from diffsym.expression.printing import to_text
from diffsym.expression.tree import Expression

SOLVED = (
    "kcl",
    "half-circuit",
    "determinants",
    "lemma",
    "gm-rout",
    "superposition",
    "return-ratio",
    "time-constants",
)
"""Methods whose quantities ``Circuit.solve`` answers by itself; others need the derivation."""


@dataclass(frozen=True, slots=True)
class Result:
    """One boxed formula. ``variable`` is a Python name; ``solved``: the circuit alone answers ``of``."""

    variable: str
    name: str
    of: str
    formula: str
    solved: bool
    values: Mapping[str, Fraction] = field(default_factory=dict)
    """Numbers by the spelling of symbols; empty where one is missing."""


@dataclass(frozen=True, slots=True)
class Reproduction:
    """``netlist`` or ``derivation`` may be empty; a notebook without either runs nothing.

    ``variant``: the one that is meant of the derivation.
    """

    netlist: str
    derivation: str
    results: tuple[Result, ...]
    variant: str = ""


def reproduction_of(worked: Worked, file: DerivationFile | None = None) -> Reproduction:
    """How to get the results of a worked solution again."""
    netlist = ""
    if worked.circuit is not None:
        netlist = (file.netlist if file is not None and file.netlist else worked.circuit.text).strip("\n")
        if file is None and worked.circuit.title and netlist.split("\n", 1)[0].strip() == worked.circuit.title.strip():
            netlist = netlist.partition("\n")[2]
    if re.search(r"^\s*\.(include|lib)\b", netlist, re.IGNORECASE | re.MULTILINE):
        return Reproduction("", "", ())
    variant = file.name.removeprefix(f"{file.variant_of}-") if file is not None and file.variant_of else ""
    return Reproduction(netlist, file.text if file is not None else "", tuple(_results(worked, file)), variant)


def _results(worked: Worked, file: DerivationFile | None) -> Iterator[Result]:
    taken = {"diffsym", "circuit", "solution", "values"}
    for quantity in worked.quantities:
        derivation = quantity.derivations[0].derivation
        solved = (
            worked.circuit is not None
            and not quantity.spec.circuit
            and derivation.method in SOLVED
            and not quantity.spec.in_terms_of
        )
        name = quantity.spec.name
        if not solved and (file is None or not name):
            continue
        formula = expanded(quantity.derivations[0])
        values = _values(formula, worked, quantity)
        yield Result(_variable(name, taken), name, quantity.spec.of, to_text(formula, worked.notation), solved, values)


def _values(formula: Expression, worked: Worked, quantity: WorkedQuantity) -> dict[str, Fraction]:
    numbers = {**worked.nominal, **quantity.spec.nominal}
    names = worked.notation.free(formula)
    return {worked.notation.flat(name): numbers[name] for name in names} if set(names) <= set(numbers) else {}


def _variable(name: str, taken: set[str]) -> str:
    """A Python name that no other result has."""
    word = Notation().flat(re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "result")
    word = word if word.isidentifier() else f"result_{word}"
    candidate, count = word, 1
    while candidate in taken:
        count += 1
        candidate = f"{word}_{count}"
    taken.add(candidate)
    return candidate
