"""The whole library in one folder, with its index: what is there already and still right is not made again."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from diffsym.commands.places import folder_at, write_whole
from diffsym.commands.progress import progress
from diffsym.commands.rendered import (
    Record,
    State,
    digest,
    digest_of,
    entry_of,
    file_digest,
    is_whole,
    kept,
    program_digest,
    read_state,
    removed,
    write_state,
)
from diffsym.derivation.variants import base_of, title_of
from diffsym.derivation.wording import catalogue
from diffsym.document.chapters import chapter_title
from diffsym.document.neighbours import Around, Link, files_of, teaching_place

if TYPE_CHECKING:
    from diffsym.commands.derive import Failure, Printing
    from diffsym.document.library import Pages

INDEX = "index.html"
ROUNDS = 3
"""A page names its neighbours, and one that fails is nobody's: the first round shows which fail, the second sets the
pages beside them again; one more for those beside a page that succeeds again."""

Make = Callable[[Sequence[Path], Sequence["Printing"]], "Iterator[Pages | Failure]"]
Write = Callable[["Pages", Path], Mapping[str, str]]
"""Writes a derivation's files into a folder; what it wrote: name → digest."""


@dataclass(frozen=True, slots=True)
class Source:
    """A derivation file as far as it can be seen without deriving anything."""

    path: Path
    text: bytes
    title: str
    chapter: int | None
    catalog: str
    variant_of: str = ""
    lemmas: tuple[str, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    """Of its quantities, by name."""

    @property
    def name(self) -> str:
        return self.path.stem


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a library. ``unchanged``: names of those that were right as they lay there."""

    pages: tuple[Pages, ...]
    failures: tuple[Failure, ...]
    written: tuple[Path, ...]
    notes: tuple[str, ...]


def made_library(
    paths: Sequence[Path],
    printing: Printing,
    folder: Path,
    *,
    make: Make,
    write: Write,
    force: bool = False,
    quiet: bool = False,
) -> Made:
    """Makes what changed of the library, writes each derivation as soon as it is made, then the index.

    What is interrupted goes on where it stopped; what failed is tried again the next time.
    """
    folder_at(folder)
    read = [_source(path, printing.wishes.language) for path in paths]
    sources = sorted(read, key=_place)
    run = _Run(sources, printing, folder, program_digest(printing.templates), write, read_state(folder))
    run.clear_strays()
    with progress("deriving", len(sources), quiet=quiet) as advance:
        for turn in range(ROUNDS):
            around = run.around()
            keys = {each.name: run.key(each, around.get(each.name)) for each in sources}
            wanted = [each for each in sources if (force and not turn) or run.is_wanted(each.name, keys[each.name])]
            if not turn:
                for each in sources:
                    if each not in wanted:
                        advance(each.name)
            if not wanted:
                break
            printings = [replace(printing, around=around.get(each.name)) for each in wanted]
            for source, pages in zip(wanted, make([each.path for each in wanted], printings), strict=True):
                run.keep(source.name, keys[source.name], pages)
                if not turn:
                    advance(source.name)
    run.write_index(force)
    return run.made()


@dataclass(slots=True)
class _Run:
    """One run over the library, and what it has done so far; its state is on disk after every derivation."""

    sources: Sequence[Source]
    printing: Printing
    folder: Path
    program: str
    write: Write
    state: State
    fresh: dict[str, Pages] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)
    written: dict[Path, None] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    """Files that nothing makes any more and that somebody has changed."""

    # ---- from what
    @property
    def title(self) -> str:
        return catalogue(self.printing.wishes.language).word("index.title")

    def around(self) -> dict[str, Around]:
        """Where each page stands, in teaching order, among those that can be made."""
        there = [each for each in self.sources if each.name not in self.state.failed]
        links = [Link(each.title, f"{each.name}.html") for each in there]
        neighbours = zip(there, [None, *links[:-1]], [*links[1:], None], strict=True)
        pages = dict(zip([each.name for each in there], links, strict=True))
        family = {each.name: each.variant_of or each.name for each in there}
        return {
            each.name: Around(
                Link(self.title, INDEX),
                "" if each.chapter is None else chapter_title(each.chapter, self.printing.wishes.language),
                previous,
                following,
                tuple(Link(*pair) for pair in files_of(each.name, self.printing.formats) if pair[0] != "HTML"),
                tuple(_lemmas(each, there)),
                tuple(
                    pages[other.name] for other in there if each.name in {key.partition(":")[0] for key in other.lemmas}
                ),
                pages.get(each.variant_of),
                tuple(
                    pages[other.name]
                    for other in there
                    if other.variant_of and other is not each and family[other.name] == family[each.name]
                ),
            )
            for each, previous, following in neighbours
        }

    def key(self, source: Source, around: Around | None) -> str:
        """Of everything that decides what is written for a derivation, but for the choice of formats."""
        options: list[object] = []
        for each in fields(self.printing):
            value = getattr(self.printing, each.name)
            if each.name not in ("formats", "around", "templates"):
                options += [each.name, *(file_digest("", value) if isinstance(value, Path) else (repr(value),))]
        beside = repr(replace(around, formats=())) if around is not None else ""
        return digest_of([self.program, digest(source.text), beside, *options])

    def is_wanted(self, name: str, key: str) -> bool:
        """Whether a derivation is still to be made in this run."""
        record = self.state.records.get(name)
        if name in self.state.failed or record is None:
            return name not in self.failures
        formats = set(self.printing.formats)
        return record.key != key or not formats <= set(record.formats) or not is_whole(self.folder, record.files)

    # ---- what is written
    def keep(self, name: str, key: str, pages: Pages | Failure) -> None:
        """Writes what was made of one derivation, or notes that it failed, and removes what it no longer makes."""
        from diffsym.commands.derive import Failure

        before = self.state.records.get(name)
        old = dict(before.files) if before is not None else {}
        if isinstance(pages, Failure):
            self.failures[name] = pages
            self.clear(name, old, ())
            self.state = self.state.with_failure(name)
        else:
            files = dict(self.write(pages, self.folder))
            self.written |= dict.fromkeys(self.folder / file for file in files)
            formats = dict.fromkeys(self.printing.formats)
            if before is not None and before.key == key:
                # Other formats of the same were asked for earlier: they are right as they are.
                formats |= dict.fromkeys(before.formats)
                files |= {file: made for file, made in old.items() if file not in files}
            else:
                self.clear(name, old, tuple(files))
            self.fresh[name] = pages
            self.failures.pop(name, None)
            record = Record(key, tuple(formats), files, kept(pages.entry), pages.proved, tuple(pages.missing))
            self.state = self.state.with_record(name, record)
        write_state(self.folder, self.state)

    def clear_strays(self) -> None:
        """Removes what earlier runs wrote for derivations that are no more."""
        for name in sorted({*self.state.records, *self.state.failed} - {each.name for each in self.sources}):
            record = self.state.records.get(name)
            self.clear(name, record.files if record is not None else {}, ())
            self.state = self.state.without(name)

    def clear(self, name: str, files: Mapping[str, str], keep: Sequence[str]) -> None:
        records = self.state.records.items()
        others = {file for other, record in records if other != name for file in record.files}
        gone, left = removed(self.folder, files, {*others, *keep, INDEX})
        self.removed += gone
        self.changed += left

    def write_index(self, force: bool) -> None:
        """Writes the index, where it is not there already as it should be."""
        records = {each.name: self.state.records[each.name] for each in self.sources if each.name in self.state.records}
        claims = sum(record.proved for record in records.values())
        gaps = sum(len(record.missing) for record in records.values())
        shown = [(record.formats, sorted(record.entry.items())) for record in records.values()]
        key = digest_of([self.program, self.printing.wishes.language, *shown, claims, gaps])
        made_of, _, written = self.state.index.partition(" ")
        if force or made_of != key or not is_whole(self.folder, {INDEX: written}):
            from diffsym.document.index import write_index

            entries = [
                replace(entry_of(record.entry), files=files_of(name, record.formats))
                for name, record in records.items()
            ]
            text = write_index(
                entries,
                title=self.title,
                language=self.printing.wishes.language,
                templates=self.printing.templates,
                claims=claims,
                gaps=gaps,
            )
            write_whole(self.folder / INDEX, text)
            self.written[self.folder / INDEX] = None
            self.state = replace(self.state, index=f"{key} {digest(text)}")
        write_state(self.folder, self.state)

    # ---- what is said
    def made(self) -> Made:
        before = [each for each in self.sources if each.name not in self.fresh and each.name in self.state.records]
        pages = [
            self.fresh[each.name] if each.name in self.fresh else _as_before(each.name, self.state.records[each.name])
            for each in self.sources
            if each.name in self.state.records
        ]
        notes = []
        if before:
            notes.append(f"{len(before)} as before: nothing that they are made from has changed")
        if self.removed:
            notes.append(f"removed, since nothing makes them any more: {', '.join(self.removed)}")
        if self.changed:
            notes.append(f"nothing makes these any more, but they were changed by hand: {', '.join(self.changed)}")
        return Made(tuple(pages), tuple(self.failures.values()), tuple(self.written), tuple(notes))


def _lemmas(source: Source, there: Sequence[Source]) -> Iterator[Link]:
    """The pages that a derivation builds on, each with the titles of the results that it takes from there."""
    known = {each.name: each for each in there}
    taken: dict[str, list[str]] = {}
    for key in source.lemmas:
        page, _, quantity = key.partition(":")
        if page in known and page != source.name:
            taken.setdefault(page, []).append(known[page].titles.get(quantity) or quantity)
    for page, quantities in taken.items():
        yield Link(f"{known[page].title}: {', '.join(dict.fromkeys(quantities))}", f"{page}.html")


def _place(source: Source) -> tuple[object, ...]:
    own = source.variant_of or source.name
    return teaching_place(source.chapter, source.catalog, own, bool(source.variant_of), source.name)


def _source(path: Path, language: str) -> Source:
    base = base_of(path)
    try:
        text = base.read_bytes()
        table = tomllib.loads(text.decode())
    except (OSError, ValueError, RecursionError):
        # What is wrong with it is said when it is derived.
        return Source(path, b"", path.stem, None, "")
    chapter = table.get("chapter")
    known = chapter if isinstance(chapter, int) else None
    words = table.get("words")
    own = words.get(language) if isinstance(words, dict) else None
    title = (own.get("title") if isinstance(own, dict) else "") or table.get("title")
    catalog = str(table.get("catalog") or "")
    quantities = [each for each in table.get("quantity") or () if isinstance(each, dict)]
    lemmas = [key for each in quantities for key in each.get("lemmas") or () if isinstance(key, str)]
    titles = {str(each.get("name")): str(each.get("title") or "") for each in quantities}
    if base == path:
        return Source(path, text, str(title or path.stem), known, catalog, "", tuple(dict.fromkeys(lemmas)), titles)
    name = path.stem.removeprefix(f"{base.stem}-")
    variants = table.get("variants")
    varied = variants.get(name) if isinstance(variants, dict) else None
    called = varied.get("title") if isinstance(varied, dict) else ""
    return Source(
        path,
        text,
        str(called or title_of(str(table.get("title")), name)),
        known,
        catalog,
        base.stem,
        tuple(dict.fromkeys(lemmas)),
        titles,
    )


def _as_before(name: str, record: Record) -> Pages:
    from diffsym.document.library import Pages

    return Pages(name, {}, entry_of(record.entry), record.proved, record.missing)
