"""``diffsym templates copy``: the shipped templates in a folder of one's own, for ``derive --templates``."""

from __future__ import annotations

from pathlib import Path

from diffsym.commands.arguments import Command, Given, Outcome, chosen
from diffsym.commands.places import folder_at, write_whole
from diffsym.errors import UsageError
from diffsym.locate import shipped

COMMAND = Command(
    "templates",
    "copy DIR",
    "Copies the templates of all formats to a folder; change them there, and give it to derive --templates.",
    2,
    2,
    details="A template that you do not change can be deleted again: the shipped one then stands in for it.",
)


def run(given: Given) -> Outcome:
    action, folder = given.words
    chosen("action", action, ("copy",))
    source = shipped("templates")
    copies = {Path(folder) / path.relative_to(source): path for path in sorted(source.rglob("*")) if path.is_file()}
    there = [copy for copy in copies if copy.exists()]
    if there:
        raise UsageError(f"{there[0]} is there already", hint="choose an empty folder")
    for copy, path in copies.items():
        folder_at(copy.parent)
        write_whole(copy, path.read_text(encoding="utf-8"), replace=False)
    return Outcome("".join(f"{copy}\n" for copy in copies), lambda: {"files": [{"file": str(copy)} for copy in copies]})
