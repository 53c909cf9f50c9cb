"""Every word of a document comes from a catalogue, every catalogue has the same entries, and nothing stays English."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from diffsym.derivation.library import worked_of
from diffsym.derivation.said import Amount, Reference, Said, Together, mentioned, said, turned
from diffsym.derivation.source import DerivationFile, library, read_derivation
from diffsym.derivation.wording import DEFAULT, PLACE, catalogue, languages, plain
from diffsym.document.builder import build
from diffsym.document.filters import worded
from diffsym.document.wishes import Wishes
from diffsym.document.writers import write
from diffsym.drawing.prose import ENGLISH
from diffsym.errors import UsageError
from diffsym.expression.tree import Symbol

PACKAGE = Path(__file__).resolve().parents[1] / "diffsym"
TEMPLATES = PACKAGE.parent / "templates"
OTHERS = [language for language in languages() if language != DEFAULT]

ENGLISH_WORDS = re.compile(
    r"\b(the|and|with|from|into|subtract|solve|where|does|put|hence|wanted|here|node|of|proved|both|is|are|stays)\b",
    re.IGNORECASE,
)


# The catalogues -----------------------------------------------------------------------------------------------------


def test_there_is_english_and_at_least_one_other_language() -> None:
    assert DEFAULT in languages()
    assert OTHERS


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_every_message_with_the_same_places(language: str) -> None:
    ours, theirs = catalogue().entries, catalogue(language).entries
    assert set(ours) == set(theirs)
    assert {key: entry.places for key, entry in ours.items()} == {key: entry.places for key, entry in theirs.items()}
    assert all(entry.one for entry in theirs.values())


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_is_no_copy(language: str) -> None:
    ours, theirs = catalogue().entries, catalogue(language).entries
    same = [key for key in ours if len(ours[key].one) > 14 and ours[key].one == theirs[key].one]
    assert not same


@pytest.mark.parametrize("language", languages())
def test_plural_entries_count_a_place_that_they_have(language: str) -> None:
    for key, entry in catalogue(language).entries.items():
        if entry.other:
            assert f"{{{entry.of}}}" in entry.one, key
            assert set(PLACE.findall(entry.one)) == set(PLACE.findall(entry.other)), key


def test_the_english_of_pictures_is_that_of_the_drawing_room() -> None:
    assert catalogue().group("picture") == dict(ENGLISH)


def said_in_code() -> dict[str, set[str]]:
    """Keys of messages that the code names in full, with the places that it fills."""
    found: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            key = node.args[0].value
            if name in ("said", "say", "paragraph", "strong", "word") and isinstance(key, str) and "." in key:
                found.setdefault(key, set()).update(f"{{{word.arg}}}" for word in node.keywords if word.arg)
    return found


def test_every_message_of_the_code_is_in_the_catalogue_and_fills_its_places() -> None:
    used = said_in_code()
    assert len(used) > 100
    for key, filled in used.items():
        assert key in catalogue().entries, key
        wanted = {place for place in catalogue().entries[key].places if place.startswith("{")}
        assert filled == wanted, key


def test_the_words_of_templates_are_in_the_catalogue() -> None:
    used = {
        name
        for path in TEMPLATES.glob("*.j2")
        for name in re.findall(r"words\.word\(\"(\w+)\"", path.read_text(encoding="utf-8"))
    }
    assert used
    for language in languages():
        assert all(worded(name, language) for name in used)


def test_templates_hold_no_words_of_their_own() -> None:
    for path in TEMPLATES.glob("*.j2"):
        source = re.sub(
            r"<#.*?#>|<%.*?%>|<<.*?>>|<style>.*?</style>|<script.*?</script>", " ", path.read_text("utf-8"), flags=re.S
        )
        if path.name.endswith(".html.j2"):
            shown = re.sub(r"<[^>]*>", " ", source)
            assert not re.search(r"[A-Za-z]{4,}", shown.replace("DOCTYPE", "")), path.name


# Saying -------------------------------------------------------------------------------------------------------------


def test_lists_numbers_and_plurals_follow_the_language() -> None:
    one = said("unused.symbols", symbols=(Symbol("RSS"),))
    two = said("unused.symbols", symbols=(Symbol("RSS"), Symbol("ro")))
    assert catalogue("en").text(one) == "R_SS does not appear: the result does not depend on it."
    assert catalogue("en").text(two) == "R_SS and r_o do not appear: the result does not depend on them."
    assert catalogue("de").text(one) == "R_SS kommt nicht vor: Das Ergebnis hängt nicht davon ab."
    assert catalogue("de").text(two) == "R_SS und r_o kommen nicht vor: Das Ergebnis hängt nicht von ihnen ab."
    assert catalogue("de").text(Amount("9.09 kΩ")) == "9,09 kΩ"
    assert catalogue("de").text(said("finding.lcapy", points=1)).startswith("lcapy stimmt an 1 zufälligen Punkt ")


def test_references_are_found_and_turned_inside_messages() -> None:
    inner = said("put.into", lines=(Reference("a"), Reference("b")), line=Reference("c"))
    sentence = (inner, " ", Together((Reference("d"),)))
    assert mentioned(sentence) == ("a", "b", "c", "d")
    assert mentioned(turned(sentence, {"a": "x"})) == ("x", "b", "c", "d")
    assert plain(inner) == "Put (a) and (b) into (c):"


def test_an_unknown_language_names_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        catalogue("ger")
    assert "de" in str(caught.value.hint)


def test_a_missing_argument_is_an_error_and_no_hole() -> None:
    with pytest.raises(KeyError):
        catalogue().text(Said("line.solve", (("line", "(1)"),)))


# Documents ----------------------------------------------------------------------------------------------------------


def spoken(value: Any) -> list[str]:
    """Every word that a document shows, formulas, code and netlists left out."""
    if isinstance(value, list):
        return [text for part in value for text in spoken(part)]
    if not isinstance(value, dict):
        return []
    if value.get("type") in ("math", "code"):
        return []
    own = ("text", "title", "part", "caption", "lead", "note", "subtitle", "alternative")
    here = [value[key] for key in own if isinstance(value.get(key), str) and value.get("type") != "listing"]
    return here + [text for key, part in value.items() if key not in ("formula", "sources") for text in spoken(part)]


def without_words(file: DerivationFile) -> DerivationFile:
    """A derivation of which its author has said nothing that could be translated."""
    bare = [replace(quantity, title="", note=()) for quantity in file.quantities]
    circuits = {name: replace(circuit, title="X") for name, circuit in file.circuits.items()}
    said = {"title": "X", "problem": (), "interpretation": (), "mistakes": (), "words": {}}
    return replace(file, quantities=tuple(bare), circuits=circuits, **said)


TRANSLATED = [file for file in library() if "de" in file.words]


@pytest.mark.parametrize(
    "file",
    [pytest.param(each, marks=[] if each in TRANSLATED else [pytest.mark.slow], id=each.name) for each in library()],
)
def test_no_english_is_left_in_a_german_document(file: DerivationFile) -> None:
    file = without_words(file)
    document = build(worked_of(file), file, wishes=Wishes(language="de"))
    assert document.language == "de"
    for text in spoken(json.loads(write(document, "json"))):
        assert not ENGLISH_WORDS.search(text.replace("Body", "")), text


def test_english_words_would_be_noticed() -> None:
    file = next(file for file in library() if file.name == "mos-pair")
    document = build(worked_of(file), file)
    assert sum(bool(ENGLISH_WORDS.search(text)) for text in spoken(json.loads(write(document, "json")))) > 30


def test_an_author_without_a_translation_is_quoted_and_the_page_says_so() -> None:
    file = next(file for file in library() if file.name == "modes")
    bare = read_derivation(file.text.partition("\n[words.de]")[0], "modes.toml")
    page = write(build(worked_of(bare), bare, wishes=Wishes(language="de")), "md")
    assert catalogue("de").word("problem.untranslated") in page
    assert "Any two voltages" in page
    whole = write(build(worked_of(file), file, wishes=Wishes(language="de")), "md")
    assert catalogue("de").word("problem.untranslated") not in whole
    assert "Gleichtakt" in whole and "Any two voltages" not in whole


def test_a_translation_does_not_change_what_was_asked() -> None:
    file = next(file for file in library() if file.name == "modes")
    bare = read_derivation(file.text.partition("\n[words.de]")[0], "modes.toml")
    assert write(build(worked_of(bare), bare), "md") == write(build(worked_of(file), file), "md")


def test_formulas_are_the_same_in_every_language() -> None:
    file = next(file for file in library() if file.name == "mos-pair-load-mismatch")
    worked = worked_of(file)

    def formulas(language: str) -> list[str]:
        page = write(build(worked, file, wishes=Wishes(language=language)), "md")
        return re.findall(r"\\tag\{\d+\}|\\boxed\{.*\}", page)

    assert formulas("en") == formulas("de")
