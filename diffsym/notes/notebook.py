"""A notebook whose cells change keeps every other byte: its JSON is not printed again, only sources are put in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]

from diffsym.errors import ReadError


class NotebookError(ReadError):
    """A file that is no notebook."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A Markdown cell: ``text[start:end]`` of the file is the value of its source. ``number`` counts all cells from 1.

    ``pieces``: the parts of the source with the place of each in the file; a source may be one text or several.
    """

    number: int
    start: int
    end: int
    pieces: tuple[tuple[str, int, int], ...]

    @property
    def source(self) -> str:
        return "".join(piece for piece, _, _ in self.pieces)

    def place(self, offset: int) -> int:
        """Where in the file a place of the source stands, about."""
        for piece, start, _ in self.pieces:
            if offset < len(piece):
                return start
            offset -= len(piece)
        return self.pieces[-1][1] if self.pieces else self.start


_SPACE = re.compile(r"[ \t\r\n\ufeff]*")
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]|[^\s"\[\]{},:]+', re.DOTALL)


class _Reader:
    """JSON read with the places of its values."""

    def __init__(self, text: str) -> None:
        self.text = text

    def space(self, place: int) -> int:
        found = _SPACE.match(self.text, place)
        return found.end() if found else place

    def string(self, place: int) -> tuple[str, int]:
        if self.text[place : place + 1] != '"':
            raise self.wrong(place, "a text")
        try:
            value, end = scanstring(self.text, place + 1, True)
        except ValueError:
            raise self.wrong(place, "a text") from None
        return str(value), int(end)

    def skip(self, place: int) -> int:
        """Behind the value that begins here; the text is known to be JSON."""
        depth = 0
        while True:
            found = _TOKEN.match(self.text, self.space(place)) if depth == 0 else _TOKEN.search(self.text, place)
            if found is None:
                raise self.wrong(place, "a value")
            place = found.end()
            depth += (found.group() in "[{") - (found.group() in "]}")
            if depth == 0:
                return place

    def members(self, place: int) -> Iterator[tuple[str, int, int]]:
        """Each name of an object with the beginning of its value, and the value's end."""
        place = self.space(place + 1)
        while self.text[place : place + 1] != "}":
            name, place = self.string(place)
            place = self.space(place)
            if self.text[place : place + 1] != ":":
                raise self.wrong(place, ":")
            value = self.space(place + 1)
            end = self.skip(value)
            yield name, value, end
            place = self.space(end)
            if self.text[place : place + 1] == ",":
                place = self.space(place + 1)
            elif self.text[place : place + 1] != "}":
                raise self.wrong(place, ", or }")

    def items(self, place: int) -> Iterator[int]:
        place = self.space(place + 1)
        while self.text[place : place + 1] != "]":
            yield place
            place = self.space(self.skip(place))
            if self.text[place : place + 1] == ",":
                place = self.space(place + 1)
            elif self.text[place : place + 1] != "]":
                raise self.wrong(place, ", or ]")

    def wrong(self, place: int, expected: str) -> NotebookError:
        line = self.text.count("\n", 0, place) + 1
        column = place - self.text.rfind("\n", 0, place)
        found = repr(self.text[place : place + 10]) if place < len(self.text) else "the end"
        return NotebookError(f"this is no notebook: found {found}, expected {expected}", line=line, column=column)


def markdown_cells(text: str) -> tuple[Cell, ...]:
    """The Markdown cells of a notebook (format 4). Raises NotebookError with line and column."""
    _check(text)
    reader = _Reader(text)
    start = reader.space(0)
    if text[start : start + 1] != "{":
        raise reader.wrong(start, "{")
    for name, value, _ in reader.members(start):
        if name == "cells":
            if text[value : value + 1] != "[":
                raise reader.wrong(value, "a list of cells")
            return tuple(_cells(reader, value))
    raise NotebookError("this notebook has no cells", hint="notebooks of format 4 have a list of cells")


def _check(text: str) -> None:
    """The file is JSON as Python's own reader takes it."""
    try:
        json.loads(text.removeprefix("\ufeff"))
    except RecursionError:
        raise NotebookError("the notebook is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise NotebookError(f"this is no notebook: {error.msg}", line=error.lineno, column=error.colno) from None


def _cells(reader: _Reader, place: int) -> Iterator[Cell]:
    for number, start in enumerate(reader.items(place), 1):
        if reader.text[start : start + 1] != "{":
            raise reader.wrong(start, "a cell")
        values = {name: (value, end) for name, value, end in reader.members(start)}
        kind, source = values.get("cell_type"), values.get("source")
        if kind is None or source is None:
            continue
        if reader.text[slice(*kind)] == '"markdown"':
            yield Cell(number, *source, tuple(_pieces(reader, source[0])))


def _pieces(reader: _Reader, place: int) -> Iterator[tuple[str, int, int]]:
    if reader.text[place : place + 1] == "[":
        for start in reader.items(place):
            value, end = reader.string(start)
            yield value, start, end
    else:
        value, end = reader.string(place)
        yield value, place, end


def with_source(text: str, cell: Cell, source: str) -> str:
    """What replaces ``text[cell.start:cell.end]``: written as the cell was, its unchanged lines as they were."""
    ascii_only = text.isascii()
    if text[cell.start : cell.start + 1] != "[":
        return json.dumps(source, ensure_ascii=ascii_only)
    known = {piece: text[start:end] for piece, start, end in cell.pieces}
    # Other line ends than \n do not end a line of a notebook.
    lines = re.findall(r"[^\n]*\n|[^\n]+", source)
    printed = [known.get(line) or json.dumps(line, ensure_ascii=ascii_only) for line in lines]
    if not cell.pieces:
        return "[" + ", ".join(printed) + "]"
    opening = text[cell.start : cell.pieces[0][1]]
    closing = text[cell.pieces[-1][2] : cell.end]
    between = text[cell.pieces[0][2] : cell.pieces[1][1]] if len(cell.pieces) > 1 else "," + opening[1:]
    if len(cell.pieces) == 1 and "\n" not in opening:
        between = ", "
    return opening + between.join(printed) + closing
