"""The catalogue of circuits against the library: every entry, and every quantity of it, exactly once.

``fixtures/library/missing.md`` lists what the library does not have yet. It only ever shrinks: a name that is missing
and not in it fails, and so does a listed one that is there. ``pytest --accept tests/test_catalogue.py`` takes out what
has come.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from diffsym.cli import main
from diffsym.derivation.catalogue_names import catalogue_names, one_line
from diffsym.derivation.course import teaching_place
from diffsym.derivation.source import DerivationFile, library

FIXTURES = Path(__file__).parent / "fixtures" / "library"
MISSING = FIXTURES / "missing.md"
FILES = library()
OWN = [file for file in FILES if not file.variant_of]


def names_in(path: Path) -> dict[str, tuple[str, ...]]:
    """Entry → the names of its quantities."""
    lines = re.findall(r"(?m)^- \*\*(C\d+b?)\*\* (.*)$", path.read_text(encoding="utf-8"))
    return {entry: tuple(text.strip() for text in texts.split(";")) for entry, texts in lines}


CATALOGUE = names_in(FIXTURES / "catalogue.md")
WAITING = names_in(MISSING)


def claimed(files: Iterable[DerivationFile]) -> dict[str, Counter[str]]:
    """Entry → how often each name of the catalogue is claimed by a file of it."""
    found: dict[str, Counter[str]] = {}
    for file in files:
        found.setdefault(file.catalog, Counter()).update(list(catalogue_names(file)))
    return found


CLAIMED = claimed(OWN)


def still_missing() -> dict[str, tuple[str, ...]]:
    return {
        entry: missing
        for entry, texts in CATALOGUE.items()
        if (missing := tuple(text for text in texts if one_line(text) not in CLAIMED.get(entry, Counter())))
    }


def test_the_catalogue_has_all_its_entries() -> None:
    numbers = [f"C{number:02}" for number in range(1, 96)]
    assert sorted(CATALOGUE) == sorted([*numbers, "C27b"])
    assert sum(map(len, CATALOGUE.values())) > 400
    assert all(len(set(texts)) == len(texts) for texts in CATALOGUE.values())


def test_what_is_missing_is_known_and_nothing_else_is(accept: bool) -> None:
    missing = still_missing()
    if accept:
        # never more than it was: what gets lost is an error, whoever accepts
        kept = {
            entry: tuple(text for text in texts if text in WAITING.get(entry, ())) for entry, texts in missing.items()
        }
        write_missing({entry: texts for entry, texts in kept.items() if texts})
    waiting = names_in(MISSING)
    lost = {entry: [text for text in texts if text not in waiting.get(entry, ())] for entry, texts in missing.items()}
    come = {entry: [text for text in texts if text not in missing.get(entry, ())] for entry, texts in waiting.items()}
    assert not any(lost.values()), f"the library lacks {named(lost)}"
    assert not any(come.values()), f"the library has now {named(come)}: take it out of {MISSING.name}"


def named(texts: dict[str, list[str]]) -> str:
    return "; ".join(f"{entry} {text!r}" for entry, missing in texts.items() for text in missing)


def write_missing(missing: dict[str, tuple[str, ...]]) -> None:
    head = "# What the library does not have yet\n\nIn the form of catalogue.md. This list only ever shrinks.\n\n"
    lines = [f"- **{entry}** {'; '.join(texts)}\n" for entry, texts in missing.items()]
    MISSING.write_text(head + "".join(lines), encoding="utf-8")


@pytest.mark.parametrize("file", OWN, ids=lambda file: file.name)
def test_a_file_claims_only_what_the_catalogue_has_and_each_once(file: DerivationFile) -> None:
    if file.catalog:
        assert file.catalog in CATALOGUE
    unknown = [text for text in catalogue_names(file) if text not in map(one_line, CATALOGUE.get(file.catalog, ()))]
    assert not unknown, f"{file.name} claims what {file.catalog} has not: {unknown}"
    twice = [text for text in catalogue_names(file) if CLAIMED[file.catalog][text] > 1]
    assert not twice, f"{file.name} claims what another file of {file.catalog} claims too: {twice}"


def test_every_derivation_has_a_name_of_its_own_and_stands_in_its_chapter() -> None:
    assert len({file.name for file in FILES}) == len(FILES)
    head = re.compile(r"(?m)^## (\d+)\. |^- \*\*(C\d+b?)\*\*")
    chapter, chapters = 0, {}
    for number, entry in head.findall((FIXTURES / "catalogue.md").read_text(encoding="utf-8")):
        chapter = int(number) if number else chapter
        chapters |= {entry: chapter} if entry else {}
    wrong = {file.name: file.chapter for file in OWN if file.catalog and chapters[file.catalog] != file.chapter}
    assert not wrong


def test_every_lemma_is_a_result_of_the_library() -> None:
    results = {f"{file.name}:{quantity.name}" for file in FILES for quantity in file.quantities}
    lemmas = {(file.name, key) for file in FILES for quantity in file.quantities for key in quantity.lemmas}
    assert not [each for each in lemmas if each[1] not in results]


# The way to a name ----------------------------------------------------------------------------------------------------


def test_a_list_names_what_each_derivation_is_called_in_the_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--json"]) == 0
    listed = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    pair = listed["mos-pair"]
    assert pair["catalog"] == "C29" and pair["catalogue"]["A_d"] == "A_d"
    assert all(isinstance(name, str) for each in listed.values() for name in each["quantities"])
    assert all(isinstance(word, str) for each in listed.values() for word in each["concepts"])


def test_a_result_is_found_by_what_the_catalogue_calls_it(capsys: pytest.CaptureFixture[str]) -> None:
    def said(key: str) -> str:
        assert main(["formula", key]) == 0
        return capsys.readouterr().out

    names = catalogue_names(next(file for file in FILES if file.name == "mos-pair"))
    text = next(text for text, key in names.items() if " " in text and ":" not in key)
    assert said(f"mos-pair:{text}") == said(f"mos-pair:{names[text]}")
    assert said(f"mos-pair:{text}:asked") == said(f"mos-pair:{names[text]}:asked")
    short = next(text for text, key in names.items() if ":" in key)
    assert said(f"mos-pair:{short}") == said(f"mos-pair:{names[short]}") != said(f"mos-pair:{text}")
    assert main(["formula", f"mos-pair:{text}s"]) == 2
    assert f"did you mean mos-pair:{text}?" in capsys.readouterr().err


def test_a_course_is_in_the_order_of_the_catalogue() -> None:
    entries = ["C10", "C02", "C27b", "C27", "C9", "C28", "C100"]
    assert sorted(entries, key=lambda each: teaching_place(1, each, "x")) == [
        "C02",
        "C9",
        "C10",
        "C27",
        "C27b",
        "C28",
        "C100",
    ]
    shown = [file.catalog for file in OWN if file.catalog]
    numbers = [(int(re.sub(r"\D", "", each)), each) for each in shown]
    assert [file.chapter for file in FILES] == sorted(file.chapter for file in FILES)
    for chapter in {file.chapter for file in OWN}:
        within = [
            pair for pair, file in zip(numbers, [f for f in OWN if f.catalog], strict=True) if file.chapter == chapter
        ]
        assert within == sorted(within)


def test_a_list_reads_as_a_course(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    shown = capsys.readouterr().out
    assert re.findall(r"(?m)^(\d+)\. ", shown) == sorted(re.findall(r"(?m)^(\d+)\. ", shown), key=int)
    assert re.search(r"(?m)^  C29 +mos-pair +\S", shown)
