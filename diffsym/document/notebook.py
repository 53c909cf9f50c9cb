"""A notebook is the document in Markdown cells, and between them the code that gives its results again."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import jinja2

from diffsym.document.outline import anchors_of, numbers_of, parts_of
from diffsym.document.pictures import with_files
from diffsym.document.reproduction import Reproduction, Result
from diffsym.document.templates import environment, rendered
from diffsym.document.tree import Document, Figure, Section
from diffsym.document.writers import tidied

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
}
Cell = dict[str, Any]


def notebook(document: Document, reproduction: Reproduction | None = None, *, templates: Path | None = None) -> str:
    """The notebook as JSON, format 4.5; cells are named by their content, so the same document has the same names."""
    shown, pictures = with_files(document)
    numbers, anchors = numbers_of(shown), anchors_of(shown)
    printer = environment("ipynb", shown.notation, numbers=numbers, anchors=anchors, templates=templates)
    reproduction = reproduction or Reproduction("", "", ())
    cells = [_named(cell, place) for place, cell in enumerate(_cells(printer, shown, pictures, reproduction))]
    book = {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _cells(
    printer: jinja2.Environment, document: Document, pictures: dict[str, str], again: Reproduction
) -> Iterator[Cell]:
    def words(what: str, **more: object) -> Cell:
        names = {"document": document, "what": what, "part": None, "section": None, "level": 2, **more}
        return _markdown(tidied(rendered(printer, "cell.ipynb.j2", names)).rstrip("\n"))

    yield words("title")
    parts = parts_of(document)
    titled = [part for part in parts if part.title]
    by_part = len(titled) == len(again.results) > 0
    ready = not again.results
    for part in parts:
        if part.title:
            yield words("part", part=part)
        for section in part.sections:
            cell = words("section", section=section, level=part.level)
            attachments = _attachments(section, pictures)
            yield {**cell, "attachments": attachments} if attachments else cell
            if not ready and (section.kind == "problem" or part.title):
                ready = True
                yield from map(_code, _preparation(again))
        if by_part and part.title:
            yield from map(_code, _code_of(again.results[titled.index(part)], again))
    if again.results and not by_part:
        if not ready:
            yield from map(_code, _preparation(again))
        yield words("again")
        for result in again.results:
            yield from map(_code, _code_of(result, again))
    yield words("provenance")


def _attachments(section: Section, pictures: dict[str, str]) -> dict[str, dict[str, str]]:
    files = [file for block in section.blocks if isinstance(block, Figure) for file in block.files.values()]
    return {
        file: {"image/svg+xml": base64.b64encode(pictures[file].encode()).decode()}
        for file in files
        if file in pictures
    }


# Code ---------------------------------------------------------------------------------------------------------------


def _preparation(again: Reproduction) -> Iterator[str]:
    yield "import diffsym"
    if any(result.solved for result in again.results):
        yield f"circuit = diffsym.read_netlist({_literal(again.netlist)})\ncircuit"


def _code_of(result: Result, again: Reproduction) -> Iterator[str]:
    """The result, its comparison with the boxed formula, which fails where they differ, and its number."""
    name, of = result.variable, _literal(result.of)
    if result.solved:
        symbol = result.name or "X"
        claim, define = _literal(f"{symbol} = {result.formula}"), f"{{{_literal(symbol)}: {of}}}"
        yield f"{name} = circuit.solve({of})\n{name}"
        yield f"diffsym.assert_formula(circuit, {claim}, define={define})"
    else:
        if result is next(each for each in again.results if not each.solved):
            variant = f", variant={_literal(again.variant)}" if again.variant else ""
            yield f"solution = diffsym.derive_text({_literal(again.derivation)}{variant})"
        yield f"{name} = solution[{_literal(result.name)}]\n{name}"
        yield f"assert {name}.equals({_literal(result.formula)})"
    if result.values:
        values = ", ".join(f"{key}={float(number)!r}" for key, number in result.values.items())
        yield f"{name}.to_python()({values})"


def _literal(text: str) -> str:
    """A text as Python writes it; on lines of its own where it has several."""
    if "\n" in text:
        for quote in ('"""', "'''"):
            plain = all(letter == "\n" or letter.isprintable() for letter in text)
            if plain and quote not in text and not text.endswith((quote[0], "\\")):
                return f"r{quote}\n{text}\n{quote}"
    return json.dumps(text, ensure_ascii=False) if text.isprintable() else repr(text)


# Cells --------------------------------------------------------------------------------------------------------------


def _markdown(text: str) -> Cell:
    return {"cell_type": "markdown", "metadata": {}, "source": _lines(text)}


def _code(text: str) -> Cell:
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": _lines(text)}


def _lines(text: str) -> Sequence[str]:
    return text.splitlines(keepends=True)


def _named(cell: Cell, place: int) -> Cell:
    content = json.dumps([place, cell["cell_type"], cell["source"]], ensure_ascii=True)
    return {**cell, "id": sha256(content.encode()).hexdigest()[:16]}
