"""``diffsym list``: the derivations of the library, by chapter."""

from __future__ import annotations

from itertools import groupby

from diffsym.commands.arguments import Command, Given, Outcome

COMMAND = Command("list", "", "The derivations of the library, by chapter.", 0, 0)


def run(given: Given) -> Outcome:
    from diffsym.derivation.catalogue_names import catalogue_names
    from diffsym.derivation.source import library
    from diffsym.document.chapters import chapter_title

    files = library()
    width = max((len(file.name) for file in files), default=0) + 2
    entry = max((len(file.catalog) for file in files), default=0) + 2
    lines: list[str] = []
    for chapter, group in groupby(files, key=lambda file: file.chapter):
        lines += ["", f"{chapter}. {chapter_title(chapter)}"]
        before = ""
        for file in group:
            # an entry of the catalogue is named once, before the first page of it
            shown = file.catalog if file.catalog != before else ""
            before = file.catalog
            lines.append(f"  {shown.ljust(entry)}{file.name.ljust(width)}{file.title}")
    value = [
        {
            "name": file.name,
            "title": file.title,
            "chapter": file.chapter,
            "catalog": file.catalog,
            "quantities": [quantity.name for quantity in file.quantities],
            "catalogue": catalogue_names(file),
            "concepts": list(file.concepts),
            "variant_of": file.variant_of or None,
        }
        for file in files
    ]
    return Outcome("".join(line + "\n" for line in lines[1:]), lambda: value)
