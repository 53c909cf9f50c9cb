"""``diffsym export``: every result of the library, or of one's own files, under its stable key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffsym.commands.arguments import Command, Given, Option, Outcome, chosen
from diffsym.errors import DiffsymError

if TYPE_CHECKING:
    from diffsym.notes.sources import Shelf, Source

FORMATS = ("json",)

COMMAND = Command(
    name="export",
    words="[NAME… | FILE.toml…]",
    summary="Every result with its key: of the whole library and of diffsym.toml's derivations, or of those named.",
    least=0,
    most=None,
    options=(
        Option("format", "json", "FORMAT"),
        Option("output", "the file to write, whole or not at all; without it stdout", "FILE", short="o"),
    ),
    details="  diffsym export --format json -o formulas.json",
)

SCHEMA = 1


def run(given: Given) -> Outcome:
    from json import dumps

    from diffsym.commands.places import write_whole
    from diffsym.notes.setting import setting_for
    from diffsym.notes.sources import Shelf

    chosen("format", given.one("format", "json"), FORMATS)
    shelf = Shelf(setting_for(Path()))
    names = given.words or tuple(sorted(shelf.names))
    value = {"schema": SCHEMA, "derivations": [derivation(shelf, name) for name in names]}
    text = dumps(value, ensure_ascii=False, indent=1) + "\n"
    if given.has("output"):
        path = Path(given.one("output"))
        write_whole(path, text)
        return Outcome(f"{path}\n", lambda: {"files": [{"file": str(path)}]})
    return Outcome(text, lambda: value)


def derivation(shelf: Shelf, name: str) -> dict[str, Any]:
    """One derivation: its words, its netlist, and each quantity with all that its key reaches without lines."""
    source = shelf.source(name)
    file = source.file
    circuits = {name: {"title": each.title, "netlist": each.netlist} for name, each in file.circuits.items()}
    quantities = [quantity(shelf, source, name, spec.name) for spec in file.quantities]
    return {
        "name": file.name,
        "title": file.title,
        "chapter": file.chapter,
        "netlist": file.netlist.strip("\n"),
        **({"circuits": circuits} if circuits else {}),
        "quantities": quantities,
    }


PARTS = ("value", "worked", "unit", "asked")


def quantity(shelf: Shelf, source: Source, name: str, of: str) -> dict[str, Any]:
    """Raises what the derivation is wrong with; a part that it lacks (a number without nominal values) is left out."""
    from diffsym.notes.keys import COUNTED, read_key
    from diffsym.notes.pieces import piece_of
    from diffsym.notes.resolving import value_of

    spec = source.spec(of)
    key = read_key(f"{name}:{of}")
    out = {**value_of(piece_of(key, shelf)), "title": spec.title, "methods": list(source.methods(spec)), "parts": {}}
    out |= {"circuit": spec.circuit} if spec.circuit else {}
    numbers = range(1, len(source.approximations(spec)) + 1)
    counted = [f"{part}{number if number > 1 else ''}" for number in numbers for part in COUNTED]
    for part in (*PARTS, *counted):
        try:
            found = value_of(piece_of(read_key(f"{key}:{part}"), shelf))
        except DiffsymError:
            continue
        out["parts"][part] = {each: found[each] for each in ("key", "text", "latex", "expression") if each in found}
    return out
