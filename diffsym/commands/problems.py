"""``diffsym problems``: posed problems of a derivation, other numbers for every student, with answers and solutions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffsym.commands.arguments import Command, Given, Option, Outcome, chosen
from diffsym.commands.library import source_at
from diffsym.commands.places import write_whole
from diffsym.commands.sweep import whole
from diffsym.errors import DiffsymError, UsageError

if TYPE_CHECKING:
    from diffsym.derivation.source import DerivationFile
    from diffsym.derivation.worked import Worked
    from diffsym.document.draft import Draft
    from diffsym.document.posed import Variant

PAGES = ("md", "html", "pdf", "tex", "typ", "docx")
FORMATS = (*PAGES, "moodle", "json")
MOST_VARIANTS = 1000
MOST_OF_A_SHEET = 6

COMMAND = Command(
    name="problems",
    words="NAME | FILE.toml",
    summary="Posed problems of a derivation: numbers from a seed, computed answers, wrong answers made by slips.",
    least=1,
    most=1,
    options=(
        Option("variants", "how many sets of numbers (default 1)", "N"),
        Option("first", "the number of the first set (default 1)", "N"),
        Option("seed", "the same seed gives the same numbers (default 1)", "N"),
        Option("kind", "number, formula, idealisation, dependence (several with commas; all when left out)", "KIND"),
        Option("most", f"how many problems of a set (default {MOST_OF_A_SHEET}; all for 0, moodle and json)", "N"),
        Option("quantity", "of these quantities only (several with commas)", "NAME"),
        Option("format", f"{', '.join(FORMATS)} (several with commas; md when left out)", "FORMAT"),
        Option("solutions", "answers and solutions as well (moodle and json always have them)"),
        Option("each", "one file for every set of numbers"),
        Option("language", "en, de", "LANGUAGE"),
        Option("output", "the folder to write to; without it one text goes to stdout", "DIR", short="o"),
    ),
    details="""
  diffsym problems mos-pair --variants 30 --format pdf -o sheets            for the class
  diffsym problems mos-pair --variants 30 --format pdf --solutions -o key   for the teacher
  diffsym problems mos-pair --variants 30 --format moodle -o bank           a question bank
""",
)


def run(given: Given) -> Outcome:
    from diffsym.document.posing import selected

    formats = given.listed("format") or ("md",)
    for each in formats:
        chosen("format", each, FORMATS)
    folder = Path(given.one("output")) if given.has("output") else None
    each_alone = given.has("each")
    if folder is None and (len(formats) > 1 or each_alone or set(formats) & {"pdf", "docx"}) and not given.json:
        raise UsageError("several files, or one that is no text, need a folder", hint="say where to with -o DIR")
    file = _file(given)
    worked, variants, draft, seed = _posed(file, given)
    sets = [[variant] for variant in variants] if each_alone else [variants]
    texts: dict[str, str | bytes] = {}
    if given.has("most"):
        sets = [selected(few, whole(given, "most", 0)) for few in sets]
    for few in sets:
        stem = f"{file.name}-problems" + (f"-{few[0].number:02d}" if each_alone else "")
        for format in formats:
            shown = selected(few, MOST_OF_A_SHEET) if format in PAGES and not given.has("most") else few
            name, text = _written(format, stem, file, worked, shown, draft, seed, given.has("solutions"))
            texts[name] = text
    if folder is None and not given.json:
        return Outcome(str(next(iter(texts.values()))))
    files = []
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            write_whole(folder / name, text)
            files.append({"file": str(folder / name)})

    def json() -> dict[str, Any]:
        from diffsym.document.moodle import problems_json

        found = problems_json(draft, variants, file.name, draft.words.title or file.title, seed)
        return {**found, "files": files}

    return Outcome("".join(f"{each['file']}\n" for each in files), json)


def _file(given: Given) -> DerivationFile:
    from diffsym.derivation.source import load_derivation

    file = load_derivation(source_at(given.words[0]))
    wanted = given.listed("quantity")
    known = [quantity.name for quantity in file.quantities]
    unknown = next((name for name in wanted if name not in known), None)
    if unknown is not None:
        raise UsageError(f"{file.name} has no quantity {unknown}", hint=f"it has {', '.join(known)}")
    return file


def _posed(file: DerivationFile, given: Given) -> tuple[Worked, list[Variant], Draft, int]:
    from diffsym.derivation.library import worked_of
    from diffsym.document.draft import Draft
    from diffsym.document.posed import slips_of
    from diffsym.document.posing import KINDS, variant
    from diffsym.document.wishes import Wishes

    count, first = whole(given, "variants", 1), whole(given, "first", 1)
    if not 1 <= count <= MOST_VARIANTS or first < 1:
        raise UsageError(f"{count} sets from {first} are out of range", hint=f"1 to {MOST_VARIANTS} sets, from 1")
    kinds = given.listed("kind")
    for kind in kinds:
        chosen("kind", kind, tuple(KINDS))
    try:
        worked = worked_of(file)
    except DiffsymError as error:
        raise error.at(file=file.file or None) from None
    wanted = given.listed("quantity")
    if wanted:
        worked = replace(worked, quantities=tuple(q for q in worked.quantities if q.spec.name in wanted))
    seed = whole(given, "seed", 1)
    slips = slips_of(worked)
    variants = [variant(worked, file.name, place, seed, slips, kinds) for place in range(first, first + count)]
    if not any(each.problems for each in variants):
        raise UsageError(
            f"no problem of this kind can be posed of {file.name}", hint=f"kinds are {', '.join(KINDS)}; try others"
        )
    language = given.one("language", "en")
    return worked, variants, Draft(worked, file, Wishes("steps", "everyone", language), file.name), seed


def _written(
    format: str,
    stem: str,
    file: DerivationFile,
    worked: Worked,
    variants: list[Variant],
    draft: Draft,
    seed: int,
    solutions: bool,
) -> tuple[str, str | bytes]:
    """A file's name and its content."""
    if format == "moodle":
        from diffsym.document.moodle import moodle_xml

        return f"{stem}.moodle.xml", moodle_xml(draft, variants, file.name)
    if format == "json":
        from json import dumps

        from diffsym.document.moodle import problems_json

        found: Mapping[str, Any] = problems_json(draft, variants, file.name, draft.words.title or file.title, seed)
        return f"{stem}.json", dumps(found, ensure_ascii=False, indent=2) + "\n"
    from diffsym.document.pages import page
    from diffsym.document.problem_sheets import sheet

    name = f"{stem}-solutions" if solutions else stem
    document = sheet(worked, file, variants, draft.wishes, name=name, solutions=solutions)
    return f"{name}.{format}", page(document, format)
