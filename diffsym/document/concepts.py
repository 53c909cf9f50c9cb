"""The words by which a worked solution is found: what it names, what it speaks of, and what others call the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from diffsym.document.tree import Document, Heading, Inlines, Items, Paragraph, Strong, Text

SPOKEN = ("problem", "result", "second_method", "interpretation")
"""Kinds of section whose sentences say what a solution is about."""

ALSO = {
    "mos": "mosfet fet nmos cmos",
    "bipolar": "bjt npn",
    "bjt": "bipolar npn",
    "cmrr": "common-mode rejection ratio",
    "half-circuit": "symmetry half circuit",
    "virtual": "half-circuit symmetry",
    "tail": "current source",
    "pair": "differential amplifier long-tailed",
    "mismatch": "offset asymmetry",
    "degenerated": "degeneration feedback",
    "mirror": "current",
    "steering": "large-signal switching transfer characteristic",
    "op-amp": "opamp operational amplifier",
    "opamp": "op-amp operational amplifier",
    "transconductance": "gm",
    "frequency": "pole zero bandwidth bode",
}
"""Word of a solution → other words that people look for."""

COMMON = frozenset(
    re.findall(
        r"\w+",
        """a an and are as at be both but by can does each for from has have here how if in into is it its no not of on
        one only or other out so than that the their them then there they this to two was what where which why with
        without der die das den dem ein eine einer und oder ist sind im in von zu mit für nicht wird auf aus""",
    )
)
"""Words that find nothing in particular."""


def words_of(document: Document, named: Iterable[str]) -> str:
    """Words in alphabetical order, each once; ``named`` are identifiers and titles, kept whole as well as in parts."""
    found: set[str] = set()
    for text in (*named, *_sentences(document)):
        for word in re.findall(r"[\w'-]+", unicodedata.normalize("NFC", text).lower()):
            bare = word.strip("-'_")
            found |= {bare, bare.replace("_", "")} if "_" in bare else {bare}
    for word in sorted(found):
        found.update(ALSO.get(word, "").split())
    return " ".join(sorted(word for word in found if len(word) > 1 and word not in COMMON))


def _sentences(document: Document) -> Iterator[str]:
    yield document.title
    yield document.subtitle
    for section in document.sections:
        yield section.title
        yield section.part
        if section.kind in SPOKEN:
            for block in section.blocks:
                match block:
                    case Paragraph(inlines) | Heading(_, inlines):
                        yield _plain(inlines)
                    case Items(entries):
                        yield from map(_plain, entries)
                    case _:
                        pass


def _plain(inlines: Inlines) -> str:
    return "".join(inline.text if isinstance(inline, Text | Strong) else " " for inline in inlines)
