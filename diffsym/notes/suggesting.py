"""Formulas that nobody tagged are matched with keys by their value; a tag is offered, and nothing is written.

A value is compared at points that depend on the symbols' names alone, and a match is proved by the kernel before it is
offered. Where another author's symbols stand for ours (R_L for R_D) nothing is offered: the tag would not verify.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from hashlib import sha256

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
from diffsym.notes.sources import Shelf

MOST_SHOWN = 3
"""Keys that are offered for one formula."""

LEAST_SYMBOLS = 2
"""Symbols of a value below which it would match by accident."""

COMMENTS = {"tex": "% {}", "md": "<!-- {} -->", "rst": ".. {}", "typ": "// {}"}

Catalog = dict[object, list[tuple[str, Expression, str]]]


def suggestions(session: Session, content: Content) -> Iterator[Finding]:
    """One finding for each formula that is a known result and has no tag."""
    catalog = _catalog(session, session.shelf(content.path.parent))
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
            for key, tree, name in catalog.get(fingerprint(side), ()):
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


def _catalog(session: Session, shelf: Shelf) -> Catalog:
    """Every result by its fingerprint, exact and approximate; a derivation that fails offers nothing."""
    if session.catalog is not None:
        return session.catalog
    out: Catalog = {}
    for name in shelf.names:
        try:
            source = shelf.source(name)
        except DiffsymError:
            continue
        for spec in source.file.quantities:
            try:
                found = source.found(spec)
                trees = [found.tree, *(each.value for each in source.approximations(spec))]
            except DiffsymError:
                continue
            for tree in trees:
                mark = fingerprint(tree)
                if mark is not None and isinstance(found.left, Symbol):
                    out.setdefault(mark, []).append((f"{name}:{spec.name}", tree, found.left.name))
    session.catalog = out
    return out
