"""Formulas that nobody tagged are matched with keys by their value; a tag is offered, and nothing is written.

A value is compared at points that depend on the symbols' names alone, and a match is proved by the kernel before it is
offered. Where another author's symbols stand for ours (R_L for R_D) nothing is offered: the tag would not verify.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256

from diffsym.derivation.source import QuantitySpec
from diffsym.errors import DiffsymError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.reading import read_lines
from diffsym.expression.tree import Expression, Symbol, symbols_of
from diffsym.kernel.check import check
from diffsym.kernel.claims import Equal, Fact
from diffsym.notes.claims import text_of
from diffsym.notes.files import HOSTS, Content
from diffsym.notes.findings import SUGGESTED, Finding
from diffsym.notes.markers import MarkerError, blocks_and_tags
from diffsym.notes.notebook import NotebookError, markdown_cells
from diffsym.notes.scanning import Formula, Scan, scanned
from diffsym.notes.session import Session
from diffsym.notes.sources import Shelf, Source

MOST_SHOWN = 3
"""Keys that are offered for one formula."""

LEAST_SYMBOLS = 2
"""Symbols of a value below which it would match by accident."""

COMMENTS = {"tex": "% {}", "md": "<!-- {} -->", "rst": ".. {}", "typ": "// {}"}

Result = tuple[str, Expression, str]
"""A key, its value, and the name on the left of it."""


def suggestions(session: Session, content: Content) -> Iterator[Finding]:
    """One finding for each formula that is a known result and has no tag."""
    shelf = session.shelf(content.path.parent)
    if session.catalog is None or session.catalog.shelf is not shelf:
        session.catalog = Catalog(shelf)
    catalog = session.catalog
    host = HOSTS[content.path.suffix.lower()]
    try:
        if host != "ipynb":
            yield from _in_text(content.text, host, str(content.path), catalog)
            return
        for cell in markdown_cells(content.text):
            for finding in _in_text(cell.source, "md", str(content.path), catalog):
                offset = sum(len(line) for line in cell.source.splitlines(keepends=True)[: finding.line - 1])
                line = content.text.count("\n", 0, cell.place(offset)) + 1
                yield Finding(finding.file, line, finding.key, finding.state, finding.said, cell.number)
    except (MarkerError, NotebookError):
        return


def _in_text(text: str, host: str, file: str, catalog: Catalog) -> Iterator[Finding]:
    scan = scanned(text, host)
    blocks, tags = blocks_and_tags(scan)
    taken = [(block.begin.comment.start, block.end.comment.end) for block in blocks]
    tagged = {line for tag in tags for line in (tag.marker.line, tag.marker.line + 1)}
    for formula in scan.formulas:
        lines = range(scan.line(formula.start), scan.line(formula.end - 1) + 1)
        if any(start <= formula.start < end for start, end in taken) or tagged & set(lines):
            continue
        keys = _matching(scan, formula, catalog)
        if keys:
            words = [COMMENTS[host].format(f"diffsym: verify {key}") for key in keys]
            said = (f"add {words[0]}", *(f"or {each}" for each in words[1:]))
            yield Finding(file, lines[0], keys[0], SUGGESTED, said)


def _matching(scan: Scan, formula: Formula, catalog: Catalog) -> list[str]:
    try:
        chains = read_lines(text_of(scan, formula), quantities=True)
    except DiffsymError:
        return []
    found: dict[str, int] = {}
    for chain in chains:
        if not chain.operators:
            continue
        for side in chain.sides[1:]:
            for key, tree, name in catalog.get(side):
                if key not in found and _equal(side, tree):
                    found[key] = 0 if chain.sides[0] == Symbol(name) else 1
    best = sorted(found, key=lambda key: (found[key], len(key), key))
    return best[:MOST_SHOWN]


def _equal(left: Expression, right: Expression) -> bool:
    try:
        return isinstance(check(Equal(left, right)), Fact)
    except DiffsymError:
        return False


def fingerprint(tree: Expression) -> object:
    """The value at a point that the names decide, and the names; None where there is none, or too few of them."""
    names = symbols_of(tree)
    if len(names) < LEAST_SYMBOLS:
        return None
    try:
        value = evaluate(tree, {name: _number(name) for name in names})
    except (DiffsymError, ArithmeticError, KeyError, ValueError):
        return None
    if isinstance(value, Fraction):
        return value.numerator, value.denominator
    return round(abs(value), 9)


def _number(name: str) -> Fraction:
    digest = sha256(name.encode()).digest()
    return Fraction(int.from_bytes(digest[:3], "big") % 9973 + 2, digest[3] % 7 + 1)


class Catalog:
    """Results that a formula may be. One is worked out only where its symbols, or what its author expects, allow it."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self._entries: list[_Entry] | None = None
        self._found: dict[str, list[tuple[object, Result]]] = {}

    def get(self, side: Expression) -> Iterator[Result]:
        """The results with the formula's value."""
        mark, names = fingerprint(side), frozenset(symbols_of(side))
        if mark is None:
            return
        for entry in self.entries:
            if names <= entry.symbols and entry.may_be(mark, names):
                for known, result in self._results(entry):
                    if known == mark:
                        yield result

    @property
    def entries(self) -> list[_Entry]:
        if self._entries is None:
            self._entries = [entry for name in self.shelf.names for entry in _entries(self.shelf, name)]
        return self._entries

    def _results(self, entry: _Entry) -> list[tuple[object, Result]]:
        if entry.key not in self._found:
            self._found[entry.key] = list(_results(entry))
        return self._found[entry.key]


@dataclass(frozen=True)
class _Entry:
    """``symbols``: those of the file's circuits and relations. ``expected``: what the author expects, if anything."""

    key: str
    source: Source
    spec: QuantitySpec
    symbols: frozenset[str]
    expected: Expression | None

    def may_be(self, mark: object, names: frozenset[str]) -> bool:
        """Whether the exact result, or an approximation of it, can have this value over these symbols.

        An expectation that the derivation does not meet is an error of its own, and offers nothing.
        """
        if self.expected is None or fingerprint(self.expected) == mark:
            return True
        return bool(self.spec.approximate) and names <= frozenset(symbols_of(self.expected))


def _entries(shelf: Shelf, name: str) -> Iterator[_Entry]:
    """The quantities of a derivation; none of one that does not read."""
    try:
        source = shelf.source(name)
        file = source.file
        known = {symbol for relation in file.given for symbol in symbols_of(relation)}
        for circuit in ("", *file.circuits):
            known |= {symbol for relation in file.on(circuit).given for symbol in symbols_of(relation)}
            small = source.on(circuit)[1]
            if small is not None:
                known |= {*small.dimensions, *small.signals, "s"}
    except DiffsymError:
        return
    for spec in file.quantities:
        free = known if spec.expect is None else known | set(symbols_of(spec.expect))
        yield _Entry(f"{name}:{spec.name}", source, spec, frozenset(free), spec.expect)


def _results(entry: _Entry) -> Iterator[tuple[object, Result]]:
    """The exact result and its approximations by fingerprint; a derivation that fails offers nothing."""
    try:
        found = entry.source.found(entry.spec)
        trees = [found.tree, *(each.value for each in entry.source.approximations(entry.spec))]
    except DiffsymError:
        return
    for tree in trees:
        mark = fingerprint(tree)
        if mark is not None and isinstance(found.left, Symbol):
            yield mark, (entry.key, tree, found.left.name)
