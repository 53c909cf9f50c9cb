"""``diffsym derive``: worked solutions of the library, of one's own files, or of quantities of a circuit."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffsym.commands.arguments import Command, Given, Option, Outcome, chosen, nearest, shown
from diffsym.commands.failures import internal_error
from diffsym.commands.library import SUFFIX, is_source, names, source_at
from diffsym.commands.places import STDIN, circuit_at, folder_at, write_whole
from diffsym.commands.progress import progress
from diffsym.commands.rendered import digest
from diffsym.errors import DiffsymError, UsageError

if TYPE_CHECKING:
    from diffsym.document.library import Pages
    from diffsym.document.neighbours import Around
    from diffsym.document.wishes import Wishes

GALLERY = ("html", "pdf", "ipynb", "tex", "md")
"""Formats of the whole library, where none are named."""

COMMAND = Command(
    name="derive",
    words="NAME… | FILE.toml… | CIRCUIT QUANTITY…",
    summary="Worked solutions: every line proved, at least two methods where two exist.",
    least=0,
    most=None,
    options=(
        Option("all", "the whole library, with an index.html; only what changed since it was made there last"),
        Option("force", "with --all: everything, changed or not"),
        Option("method", "kcl, half-circuit, determinants … (several with commas; by rule when left out)", "METHOD"),
        Option(
            "format",
            f"md, html, pdf, ipynb, tex, docx, typ, json (several with commas; with --all: {','.join(GALLERY)})",
            "FORMAT",
        ),
        Option("output", "the folder to write to; without it one document goes to stdout", "DIR", short="o"),
        Option("detail", "full, steps (one method, no checks), result (what is asked and what comes out)", "DETAIL"),
        Option(
            "audience", "everyone, student (questions with blanks), instructor (questions, solutions, slips)", "WHO"
        ),
        Option("language", "en, de", "LANGUAGE"),
        Option("notation", "a TOML file that renames symbols: [symbols] and below it RD = 'R_C'", "FILE"),
        Option("templates", "templates of your own, asked before the shipped ones", "DIR"),
        Option("fragment", "without preamble, head and footer"),
        Option("title", "the document's title", "TEXT"),
        Option("jobs", "documents made at a time (default: 2)", "N"),
    ),
    details="""
  diffsym derive mos-pair                              the library's, as Markdown
  diffsym derive my-stage.toml --format html -o build  your own
  diffsym derive pair.cir 'A_d = v(o1,o2)/vid'         of a circuit; - is a netlist on stdin
""",
)

MOST_JOBS = 64


@dataclass(frozen=True, slots=True)
class Printing:
    """How every document of one call is made."""

    methods: tuple[str, ...]
    formats: tuple[str, ...]
    templates: Path | None
    fragment: bool
    title: str
    beside: bool
    """Whether pictures can lie beside the pages, as files."""
    wishes: Wishes
    around: Around | None = None
    """Where a page stands in the library."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A derivation that could not be made."""

    name: str
    error: DiffsymError


def run(given: Given) -> Outcome:
    printing = _printing(given)
    folder = Path(given.one("output")) if given.has("output") else None
    sources = _sources(given)
    if given.has("force") and not given.has("all"):
        raise UsageError("--force is for --all", hint="what is named is always made anew")
    if given.has("all") and sources is not None and folder is not None:
        return _library(sources, printing, folder, given)
    if sources is None:
        _check_stdout(folder, printing, 1)
        place, *quantities = given.words
        with progress("deriving", 1, quiet=given.json):
            made: list[Pages | Failure] = [of_circuit(place, quantities, printing)]
    else:
        _check_stdout(folder, printing, len(sources))
        jobs = min(_jobs(given), len(sources))
        made = []
        coming = _each(sources, [printing] * len(sources), jobs)
        with progress("deriving", len(sources), quiet=given.json) as advance:
            for pages in coming:
                made.append(pages)
                advance(pages.name)
    if len(made) == 1 and isinstance(made[0], Failure):
        raise made[0].error
    files = _written(made, folder) if folder is not None else []
    return _outcome(made, files, folder, given.json)


def _library(sources: Sequence[Path], printing: Printing, folder: Path, given: Given) -> Outcome:
    """The whole library, with its index."""
    from diffsym.commands.gallery import made_library

    jobs = _jobs(given)
    made = made_library(
        sources,
        printing,
        folder,
        make=lambda paths, printings: _each(paths, printings, min(jobs, len(paths))),
        write=written_pages,
        force=given.has("force"),
        quiet=given.json,
    )
    outcome = _outcome((*made.pages, *made.failures), made.written, folder, given.json)
    return replace(outcome, notes=made.notes)


# What is asked for --------------------------------------------------------------------------------------------------


def _printing(given: Given) -> Printing:
    from diffsym.document.writers import FORMATS, unknown_format

    formats = given.listed("format") or (GALLERY if given.has("all") else ("md",))
    for format in formats:
        if format not in FORMATS:
            raise unknown_format(format)
    _check_formats(formats, given.has("fragment"))
    methods = given.listed("method")
    if methods:
        from diffsym.derivation.library import ALL_METHODS

        for method in methods:
            chosen("method", method, ALL_METHODS)
    templates = Path(given.one("templates")) if given.has("templates") else None
    if templates is not None and not templates.is_dir():
        raise UsageError(f"there is no folder {templates}", hint="diffsym templates copy DIR makes one")
    return Printing(
        methods, formats, templates, given.has("fragment"), given.one("title"), given.has("output"), _wishes(given)
    )


def _wishes(given: Given) -> Wishes:
    """Detail, audience, language and notation. Raises UsageError with the nearest value, NotationError."""
    from diffsym.document.renaming import NOTHING, load_renaming
    from diffsym.document.wishes import Wishes

    # A table that serves several documents may name symbols that only some of them have.
    strict = not given.has("all") and len(given.words) < 2
    renaming = load_renaming(given.one("notation"), strict=strict) if given.has("notation") else NOTHING
    return Wishes(given.one("detail", "full"), given.one("audience", "everyone"), given.one("language", "en"), renaming)


def _check_formats(formats: Sequence[str], fragment: bool) -> None:
    """Raises UsageError for what a format cannot be, before any work is done for it."""
    from diffsym.document.pages import WHOLE

    whole = [format for format in formats if format in WHOLE]
    if fragment and whole:
        raise UsageError(f"a {whole[0]} file has no fragment", hint="--fragment is for md, tex, html and typ")
    if "docx" in formats:
        from diffsym.document.word import pandoc_at

        pandoc_at()


def _sources(given: Given) -> list[Path] | None:
    """The derivation files that are meant; None for a circuit and its quantities. Raises UsageError."""
    words = given.words
    if given.has("all"):
        if words:
            raise UsageError(f"--all is the whole library, found {shown(words[0])} beside it", hint="leave one out")
        if not given.has("output"):
            raise UsageError("--all writes many files", hint="name a folder for them: --output DIR")
        return [source_at(name) for name in names()]
    if not words:
        known = names()
        raise UsageError(
            "nothing to derive was given",
            hint=f"give a name ({', '.join(known)}), a FILE{SUFFIX}, a CIRCUIT with a QUANTITY, or --all",
        )
    known = names()
    if any(is_source(word, known) for word in words[:1]) or _is_typo(words, known):
        return [source_at(word) for word in dict.fromkeys(words)]
    if len(words) < 2:
        raise UsageError(
            f"no quantity of {words[0]} was asked for", hint=f"as in diffsym derive {words[0]} 'v(out)/vin'"
        )
    return None


def _is_typo(words: Sequence[str], known: Sequence[str]) -> bool:
    """Whether the first word is a name that the library lacks: no file, and nothing beside it that is a quantity."""
    first = words[0]
    if first == STDIN or Path(first).exists():
        return False
    near = nearest(first, known, "", cutoff=0.75).startswith("did")
    plain = "." not in first and os.sep not in first
    return plain and (len(words) == 1 or near or all(is_source(word, known) for word in words[1:]))


def _check_stdout(folder: Path | None, printing: Printing, documents: int) -> None:
    if folder is not None:
        return
    if documents > 1:
        raise UsageError(f"{documents} documents cannot all go to stdout", hint="name a folder for them: --output DIR")
    from diffsym.document.pages import BINARY

    if printing.formats[0] in BINARY:
        raise UsageError(f"{printing.formats[0]} is no text for stdout", hint="name a folder for it: --output DIR")
    if len(printing.formats) > 1:
        raise UsageError("several formats cannot all go to stdout", hint="name a folder for them: --output DIR")


def _jobs(given: Given) -> int:
    text = given.one("jobs", "2")
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= MOST_JOBS and len(text) <= 4):
        raise UsageError(f"--jobs {shown(text)} is no number from 1 to {MOST_JOBS}")
    return int(text)


# The documents ------------------------------------------------------------------------------------------------------


def of_circuit(place: str, quantities: Sequence[str], printing: Printing) -> Pages:
    """The worked solution of quantities of a netlist; each may be named, as in ``A_d = v(o1,o2)/vid``."""
    from diffsym.derivation.worked import solve_worked
    from diffsym.document.builder import build
    from diffsym.document.library import pages_of
    from diffsym.simulate.bias.nominal import nominal_of

    specs = [_spec(text, printing.methods) for text in quantities]
    circuit = circuit_at(place)
    nominal = nominal_of(circuit.netlist, circuit.small_signal)
    worked = solve_worked(circuit.netlist, circuit.small_signal, specs, nominal)
    name = "solution" if place == STDIN else Path(place).stem
    document = build(worked, name=name, title=printing.title, wishes=printing.wishes)
    return pages_of(
        document,
        worked,
        printing.formats,
        templates=printing.templates,
        fragment=printing.fragment,
        beside=printing.beside,
    )


def _spec(text: str, methods: tuple[str, ...]) -> Any:
    from diffsym.derivation.source import QuantitySpec
    from diffsym.expression.names import joined

    name, equals, of = (part.strip() for part in text.partition("="))
    if not equals:
        return QuantitySpec(name="", of=text.strip(), methods=methods)
    if not of:
        raise UsageError(f"{shown(text)} names a quantity and does not say what it is", hint="as in A_d = v(o1,o2)/vid")
    joined(name)
    return QuantitySpec(name=name, of=of, methods=methods)


def of_file(path: Path, printing: Printing) -> Pages | Failure:
    """The worked solution of a derivation file, or what is wrong with it."""
    from diffsym.derivation.library import worked_of
    from diffsym.derivation.source import load_derivation
    from diffsym.document.builder import build
    from diffsym.document.library import pages_of

    try:
        file = load_derivation(path)
        worked = worked_of(file, printing.methods)
        document = build(worked, file, title=printing.title, wishes=printing.wishes)
        return pages_of(
            document,
            worked,
            printing.formats,
            file=file,
            templates=printing.templates,
            fragment=printing.fragment,
            beside=printing.beside,
            around=printing.around,
        )
    except DiffsymError as error:
        return Failure(path.stem, error.at(file=str(path)))
    except Exception as error:
        # One document that fails must not take the others with it.
        return Failure(path.stem, internal_error(error).at(file=str(path)))


def _each(sources: Sequence[Path], printings: Sequence[Printing], jobs: int) -> Iterator[Pages | Failure]:
    """The documents in the order of their sources, ``jobs`` of them made at a time; work begins at the call."""
    if jobs < 2:
        return map(of_file, sources, printings)
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context
    from threading import active_count

    # A process with threads (typst's, or that of the progress bar) must not be forked: a lock that one of them held
    # would never open in the copy.
    alone = "typst" not in sys.modules and active_count() == 1
    pool = ProcessPoolExecutor(jobs, get_context(None if alone else "spawn"), initializer=_quietly)
    coming = pool.map(of_file, sources, printings)

    def each() -> Iterator[Pages | Failure]:
        try:
            yield from coming
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    return each()


def _quietly() -> None:
    """A worker leaves an interruption to the command that started it, and says nothing of its own."""
    import signal
    import warnings

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")


# What is written and said -------------------------------------------------------------------------------------------


def _written(made: Iterable[Pages | Failure], folder: Path) -> list[Path]:
    folder_at(folder)
    pages = [each for each in made if not isinstance(each, Failure)]
    return [folder / name for each in pages for name in written_pages(each, folder)]


def written_pages(pages: Pages, folder: Path) -> dict[str, str]:
    """Writes the files of one derivation; their names, and the digest of each."""
    named = {f"{pages.name}.{format}": text for format, text in pages.texts.items()}
    files = {**named, **pages.pictures}
    for name, content in files.items():
        write_whole(folder / name, content)
    return {name: digest(content) for name, content in files.items()}


def _outcome(made: Sequence[Pages | Failure], files: Sequence[Path], folder: Path | None, json: bool) -> Outcome:
    pages = [each for each in made if not isinstance(each, Failure)]
    failures = [each for each in made if isinstance(each, Failure)]
    short = [each for each in pages if each.gaps]
    text = "".join(f"{path}\n" for path in files)
    if folder is None and not json:
        text = "".join(text for each in pages for text in each.texts.values() if isinstance(text, str))
    said = [str(failure.error) for failure in failures]
    said += [_gaps_of(each) for each in short]
    status = max([failure.error.exit_status for failure in failures] + [1 if short else 0])
    return Outcome(text, _value_of(pages, failures, files, folder), (), tuple(said), status)


def _gaps_of(pages: Pages) -> str:
    many = "1 line is" if pages.gaps == 1 else f"{pages.gaps} lines are"
    return f"{pages.name}: {many} not proved: {'; '.join(dict.fromkeys(pages.missing))}"


def _value_of(
    pages: Sequence[Pages], failures: Sequence[Failure], files: Sequence[Path], folder: Path | None
) -> Callable[[], dict[str, Any]]:
    def value() -> dict[str, Any]:
        out: dict[str, Any] = dict(failures[0].error.to_dict()) if failures else {}
        out["files"] = [{"file": str(path)} for path in files]
        out["derivations"] = [
            {"name": each.name, "claims": each.claims, "proved": each.proved, "gaps": each.gaps}
            | ({"text": next(iter(each.texts.values()))} if folder is None else {})
            for each in pages
        ]
        if failures:
            out["errors"] = [{"name": each.name, **each.error.to_dict()["error"]} for each in failures]
        return out

    return value
