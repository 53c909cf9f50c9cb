"""One file of notes is examined: what each block should hold, and whether each tagged formula is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from diffsym.errors import BudgetError, DiffsymError, ReadError, UsageError
from diffsym.expression.notation import Notation
from diffsym.notes.claims import NoFormula, claim_of, text_of
from diffsym.notes.difference import Difference, text_difference, worst
from diffsym.notes.files import HOSTS, Content
from diffsym.notes.findings import CURRENT, EDITED, FAILED, STALE, UNFILLED, UNKNOWN, UNREADABLE, Finding
from diffsym.notes.keys import UnknownKey, read_key
from diffsym.notes.markers import (
    Ask,
    Block,
    MarkerError,
    Tag,
    blocks_and_tags,
    checksum,
    content_of,
    filled,
    newline_at,
)
from diffsym.notes.notebook import Cell, NotebookError, markdown_cells, with_source
from diffsym.notes.pieces import Picture, Piece, piece_of
from diffsym.notes.resolving import Wanted, block_of
from diffsym.notes.scanning import Scan, scanned
from diffsym.notes.setting import Setting
from diffsym.notes.sources import Shelf
from diffsym.notes.styles import STYLES, Style
from diffsym.notes.verifying import Verifier

if TYPE_CHECKING:
    from diffsym.notes.suggesting import Catalog

MARK = "diffsym:"
"""What every marker has in it."""

STYLE_OF = {"tex": "latex", "rst": "rst", "typ": "typst"}

MARKDOWN = {"github": "markdown", "obsidian": "markdown", "myst": "myst", "quarto": "quarto"}


@dataclass(frozen=True, slots=True)
class Edit:
    """``text[start:end]`` becomes ``new``."""

    start: int
    end: int
    new: str


@dataclass(frozen=True)
class Examined:
    """``text``: the file as it should be. ``pictures``: files that it shows, with the bytes that they had (or None).

    ``blocked``: the file cannot be written, because its blocks cannot be told. ``rests_on``: digests of what was used.
    """

    content: Content
    findings: tuple[Finding, ...]
    text: str
    pictures: dict[Path, tuple[bytes | None, bytes]] = field(default_factory=dict)
    blocked: bool = False
    rests_on: dict[str, str] = field(default_factory=dict)

    @property
    def changes(self) -> bool:
        return not self.blocked and (self.text != self.content.text or bool(self.new_pictures))

    @property
    def new_pictures(self) -> dict[Path, tuple[bytes | None, bytes]]:
        return {path: (old, new) for path, (old, new) in self.pictures.items() if old != new}


class Session:
    """Files under one setting, in one folder or several. Derivations are read and solved once."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.shelves: dict[Path, Shelf] = {}
        self.verifiers: dict[Path, Verifier] = {}
        self.first: Shelf | None = None
        self.printed: dict[tuple[object, ...], tuple[Piece, str]] = {}
        self.catalog: Catalog | None = None

    def shelf(self, folder: Path) -> Shelf:
        """Paths in keys start from the folder of the notes; what was solved is shared by all folders."""
        if folder not in self.shelves:
            made = Shelf(self.setting, folder)
            if self.first is not None:
                made.sources = self.first.sources
            self.first = self.first or made
            self.shelves[folder] = made
        return self.shelves[folder]

    def verifier(self, folder: Path) -> Verifier:
        if folder not in self.verifiers:
            self.verifiers[folder] = Verifier(self.shelf(folder))
        return self.verifiers[folder]

    def examine(self, content: Content, *, force: bool = False) -> Examined:
        """Never raises for what stands in the file: that is in the findings."""
        shelf = self.shelf(content.path.parent)
        shelf.read = {}
        task = _Task(self, content, force)
        try:
            findings, text = task.examined()
        except (MarkerError, NotebookError) as error:
            said = (error.message, *([error.hint] if error.hint else []))
            unread = Finding(str(content.path), error.line or 1, "", UNREADABLE, said, task.cell)
            return Examined(content, (unread,), content.text, blocked=True)
        for path, (old, _) in task.pictures.items():
            shelf.read[str(path)] = sha256(old).hexdigest() if old is not None else ""
        return Examined(content, tuple(findings), text, task.pictures, rests_on=dict(shelf.read))


class _Task:
    """One file on its way."""

    def __init__(self, session: Session, content: Content, force: bool) -> None:
        self.session = session
        self.content = content
        self.force = force
        self.file = str(content.path)
        self.folder = content.path.parent
        self.host = HOSTS[content.path.suffix.lower()]
        self.pictures: dict[Path, tuple[bytes | None, bytes]] = {}
        self.cell: int | None = None

    def examined(self) -> tuple[list[Finding], str]:
        text = self.content.text
        if MARK not in text:
            if self.host == "ipynb":
                markdown_cells(text)
            return [], text
        if self.host != "ipynb":
            findings, edits = self.region(text, self.host, STYLES[self.style])
            return findings, applied(text, edits)
        return self.notebook(text)

    @property
    def style(self) -> str:
        if self.host in STYLE_OF:
            return STYLE_OF[self.host]
        return "quarto" if self.content.path.suffix.lower() == ".qmd" else MARKDOWN[self.session.setting.markdown]

    def notebook(self, text: str) -> tuple[list[Finding], str]:
        findings: list[Finding] = []
        edits: list[Edit] = []
        for cell in markdown_cells(text):
            source = cell.source
            if MARK not in source:
                continue
            self.cell = cell.number
            try:
                found, changes = self.region(source, "md", STYLES[self.style])
            except MarkerError as error:
                error.line = self.line_in_file(text, cell, source, error.line or 1)
                raise
            findings += [
                replace(each, line=self.line_in_file(text, cell, source, each.line), cell=cell.number) for each in found
            ]
            after = applied(source, changes)
            if after != source:
                edits.append(Edit(cell.start, cell.end, with_source(text, cell, after)))
        self.cell = None
        return findings, applied(text, edits)

    @staticmethod
    def line_in_file(text: str, cell: Cell, source: str, line: int) -> int:
        offset = 0
        for _ in range(line - 1):
            offset = source.find("\n", offset) + 1
        return text.count("\n", 0, cell.place(offset)) + 1

    # ---- a text of one host

    def region(self, text: str, host: str, style: Style) -> tuple[list[Finding], list[Edit]]:
        """Raises MarkerError."""
        scan = scanned(text, host)
        blocks, tags = blocks_and_tags(scan)
        findings: list[Finding] = []
        edits: list[Edit] = []
        for block in blocks:
            finding, edit = self.block(scan, block, host, style)
            findings.append(finding)
            edits += [edit] if edit is not None else []
        findings += [self.tag(scan, tag) for tag in tags]
        return sorted(findings, key=lambda each: each.line), edits

    # ---- blocks

    def block(self, scan: Scan, block: Block, host: str, style: Style) -> tuple[Finding, Edit | None]:
        bare = scan.formula_at(block.begin.comment.start) is not None
        try:
            piece, body = self.body(block, style, bare)
            owned = bool(block.checksum) and block.checksum == checksum(scan.original[block.start : block.stop])
            drawn = self.picture(piece, block, style, owned) if isinstance(piece, Picture) else ""
        except DiffsymError as error:
            return self.failure(block.begin.line, block.ask, error), None
        expected = content_of(block, body, host, newline_at(scan, block.begin.comment.start))
        present = scan.original[block.start : block.stop]

        def finding(state: str, *said: str) -> Finding:
            return Finding(self.file, block.begin.line, block.ask.key, state, said)

        edit = Edit(block.start, block.end.comment.end, filled(scan, block, expected))
        if _even(present) == _even(expected):
            if not owned:
                return finding(STALE, "right, but without its checksum"), edit
            return (finding(STALE, drawn), None) if drawn else (finding(CURRENT), None)
        if not present.strip(" \t\r\n>"):
            return finding(STALE, UNFILLED), edit
        change = self.change(present, body, host, piece)
        if owned or self.force:
            return finding(STALE, change.sentence), edit
        said = "edited by hand" if block.checksum else "something stands here that diffsym did not write"
        return finding(EDITED, f"{said}; --force replaces it", f"against what diffsym writes: {change.sentence}"), None

    def body(self, block: Block, style: Style, bare: bool) -> tuple[Piece, str]:
        """What the block should hold. Raises what is wrong with the key or the derivation, UsageError for options."""
        ask = block.ask
        key = read_key(ask.key)
        shelf = self.session.shelf(self.folder)
        given = ask.options
        form = given.get("format") or ("bare" if bare else "inline" if block.inline else "display")
        place = self.folder if key.source.endswith(".toml") else None
        memory = (key, place, id(style), form, tuple(sorted(given.items())))
        if memory in self.session.printed:
            shelf.source(key.source)
            return self.session.printed[memory]
        piece = piece_of(key, shelf, given.get("language", ""))
        picture = self.picture_name(piece, given, style) if isinstance(piece, Picture) else ""
        if "file" in given and not picture:
            raise UsageError(f"{key} is no picture, so it has no file=")
        wanted = Wanted(
            form="display" if isinstance(piece, Picture) and not block.inline else form,
            numbers="numbers" in given,
            label=given.get("label", ""),
            picture=picture,
        )
        self.session.printed[memory] = (piece, block_of(piece, style, wanted))
        return self.session.printed[memory]

    def picture_name(self, piece: Picture, given: Mapping[str, str], style: Style) -> str:
        return f"{self.session.setting.figures}/{piece.file_stem}.{given.get('file', style.ending)}"

    def picture(self, piece: Picture, block: Block, style: Style, owned: bool) -> str:
        """The picture's file is to be as diffsym draws it; what is not so, in words. Raises UsageError."""
        name = self.picture_name(piece, block.ask.options, style)
        path = self.folder / name
        new = piece.file(path.suffix.lstrip("."))
        try:
            old = path.read_bytes()
        except FileNotFoundError:
            old = None
        except OSError as error:
            raise ReadError(f"{name} cannot be read: {(error.strerror or '').lower()}") from None
        if path in self.pictures and self.pictures[path][1] != new:
            raise UsageError(f"two pictures would be {name}", hint="give one of the derivation files another name")
        if old is not None and old != new and not (owned or self.force):
            raise UsageError(f"{name} is there already, and diffsym did not draw it", hint="--force replaces it")
        self.pictures[path] = (old, new)
        if old == new:
            return ""
        return f"{name} is missing" if old is None else f"{name} is not what diffsym draws now"

    def change(self, present: str, body: str, host: str, piece: Piece) -> Difference:
        """In mathematical words, formula by formula; that words changed, where formulas did not."""
        notation = getattr(piece, "notation", Notation())
        known = [*notation.spelling, *notation.dimensions]
        before, after = scanned(present, host), scanned(body, host)
        old = [text_of(before, each) for each in before.formulas]
        new = [text_of(after, each) for each in after.formulas]
        if not new:
            if old or present.split() != body.split():
                return Difference("other", "changed" if not present.strip() else "other words")
            return Difference("same", "only its layout differs")
        if len(old) != len(new):
            return Difference("other", f"changed: {len(old)} formulas became {len(new)}")
        changes = [text_difference(one, two, known, notation) for one, two in zip(old, new, strict=True)]
        most = worst(changes)
        where = changes.index(most) + 1
        if most.kind == "same":
            return Difference("same", "the formulas are the same, only words or layout differ")
        return Difference(
            most.kind, most.sentence if len(new) == 1 else f"formula {where} of {len(new)}: {most.sentence}"
        )

    # ---- tags

    def tag(self, scan: Scan, tag: Tag) -> Finding:
        try:
            claim = claim_of(scan, tag)
            verdict = self.session.verifier(self.folder).verdict(tag.ask, claim.text)
            self.session.shelf(self.folder).source(read_key(tag.ask.key).source)
        except NoFormula as error:
            return self.failure(tag.marker.line, tag.ask, error)
        except DiffsymError as error:
            return self.failure(tag.marker.line, tag.ask, error)
        return Finding(self.file, claim.line, tag.ask.key, verdict.state, verdict.said)

    def failure(self, line: int, ask: Ask, error: DiffsymError) -> Finding:
        state = FAILED
        if isinstance(error, UnknownKey):
            state = UNKNOWN
        elif isinstance(error, BudgetError):
            state = "undecided"
        elif isinstance(error, NoFormula | UsageError):
            state = UNREADABLE
        elif error.file and error.file.endswith(".toml") and "there is no file" in error.message:
            state = UNKNOWN
        place = ":".join(str(each) for each in (error.file, error.line) if each) if error.file else ""
        said = f"{place}: {error.message}" if place else error.message
        return Finding(self.file, line, ask.key, state, (said, *([error.hint] if error.hint else [])))


def _even(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def applied(text: str, edits: list[Edit]) -> str:
    """The text with its edits, which do not overlap."""
    return "".join(_parts(text, edits)) if edits else text


def _parts(text: str, edits: list[Edit]) -> Iterator[str]:
    place = 0
    for edit in sorted(edits, key=lambda each: each.start):
        yield text[place : edit.start]
        yield edit.new
        place = edit.end
    yield text[place:]
