"""``diffsym show``: the source of a derivation, byte for byte."""

from __future__ import annotations

from diffsym.commands.arguments import Command, Given, Outcome
from diffsym.commands.library import source_at

COMMAND = Command(
    "show",
    "NAME",
    "The source of a derivation of the library: a file to copy and change.",
    1,
    1,
    details="  diffsym show mos-pair > my-pair.toml",
)


def run(given: Given) -> Outcome:
    from diffsym.derivation.variants import base_of

    path = base_of(source_at(given.words[0]))
    text = path.read_text(encoding="utf-8")
    return Outcome(text, lambda: {"name": path.stem, "file": str(path), "text": text}, (str(path),))
