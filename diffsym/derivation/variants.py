"""Variants of a derivation, ``[variants.pmos]``: its questions, of a circuit that differs in polarity, devices, names.

A variant is a derivation of its own, NAME-pmos, which is addressed as though it had the file NAME-pmos.toml. What is
expected of the file's results is expected of the variant's too, with its names, where only polarity and names differ.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffsym.derivation.circuits_of import Absent, Row, changed, text_of
from diffsym.derivation.file_values import (
    Key,
    Place,
    formula,
    nominal,
    paragraphs,
    sentences,
    shown,
    text_value,
    word,
    words,
)
from diffsym.derivation.further_circuits import Changes, circuit_spec, table, tables_by_name
from diffsym.derivation.polarity import Devices, other_devices, other_polarity, renamed_parts, with_symbols
from diffsym.derivation.said import Sentence
from diffsym.errors import DerivationFileError
from diffsym.expression.tree import Expression, Relation, Symbol, substituted

if TYPE_CHECKING:
    from diffsym.derivation.source import DerivationFile, QuantitySpec


@dataclass(frozen=True, slots=True)
class VariantSpec:
    """What a variant changes. ``add`` and ``remove`` are about its own circuit, after polarity and devices.

    ``expect``: by quantity. ``quantities``: those that it has; empty: all.
    """

    title: str = ""
    polarity: str = ""
    devices: str = ""
    symbols: Mapping[str, str] = field(default_factory=dict)
    add: tuple[Row, ...] = ()
    remove: tuple[str, ...] = ()
    nominal: Mapping[str, Fraction] = field(default_factory=dict)
    problem: tuple[Sentence, ...] = ()
    interpretation: tuple[Sentence, ...] = ()
    mistakes: tuple[Sentence, ...] = ()
    expect: Mapping[str, Expression] = field(default_factory=dict)
    quantities: tuple[str, ...] = ()
    line: int = 0


def read_variants(place: Place, value: Any) -> dict[str, VariantSpec]:
    found = {}
    for name, entry in tables_by_name(place, value, "[variants.NAME] tables").items():
        within = f"variants.{name}"
        values = table(place, name, entry, VARIANT_KEYS)
        values["add"] = place.source.rows("add", values["add"], within) if values["add"] else ()
        found[name] = VariantSpec(**values, line=place.source.line("", None, within))
    return found


def _one_of(*known: str) -> Any:
    def read(place: Place, value: Any) -> str:
        if value not in known:
            raise place.wrong(" or ".join(map(repr, known)), value)
        return str(value)

    return read


def _symbols(place: Place, value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise place.wrong('a table such as { RD = "RC" }', value)
    for name in (*value, *value.values()):
        if not re.fullmatch(r"[A-Za-z]\w*", text_value(place, name)):
            raise place.error(f"{shown(name)} is no symbol of a netlist", 'as in { RD = "RC" }')
    return dict(value)


def _expect(place: Place, value: Any) -> dict[str, Expression]:
    if not isinstance(value, dict):
        raise place.wrong("a table of formulas by quantity", value)
    return {name: formula(place, entry) for name, entry in value.items()}


VARIANT_KEYS: dict[str, Key] = {
    "title": Key(word),
    "polarity": Key(_one_of("n", "p")),
    "devices": Key(_one_of("mos", "bjt")),
    "symbols": Key(_symbols, {}),
    "add": Key(text_value),
    "remove": Key(words, ()),
    "nominal": Key(nominal, {}),
    "problem": Key(paragraphs, ()),
    "interpretation": Key(paragraphs, ()),
    "mistakes": Key(sentences, ()),
    "expect": Key(_expect, {}),
    "quantities": Key(words, ()),
}


# The variant as a derivation of its own -----------------------------------------------------------------------------


def variant_in(file: DerivationFile, name: str) -> DerivationFile:
    """The derivation of a file's variant, called ``NAME-VARIANT``. Raises DerivationFileError."""
    key = name.removeprefix(f"{file.name}-")
    if key not in file.variants:
        near = get_close_matches(key, file.variants, 1, 0.5)
        hint = f"did you mean {near[0]}?" if near else f"its variants are {', '.join(file.variants) or 'none'}"
        raise DerivationFileError(f"{file.name} has no variant {shown(key)}", file=file.file or None, hint=hint)
    spec = file.variants[key]
    parts: dict[str, str] = {}
    rows = own_rows(file)
    if rows:
        rows, parts = _turned(rows, spec)
        try:
            rows = changed(rows, spec.add, spec.remove)
        except Absent as absent:
            message = f"variants.{key}: there is no {shown(absent.name)} to be removed"
            raise DerivationFileError(message, file=file.file, line=spec.line, hint=absent.near) from None
    circuits = {}
    for each, circuit in file.circuits.items():
        if not circuit.netlist:
            circuits[each] = replace(circuit, given=tuple(_relation(relation, spec) for relation in circuit.given))
            continue
        turned, more = _turned(circuit.rows, spec)
        parts = {**parts, **more}
        made = circuit_spec(turned, circuit.title, _numbers(circuit.nominal, spec), circuit.line)
        circuits[each] = replace(made, changes=_renamed(circuit.changes, parts))
    known = {quantity.name for quantity in file.quantities}
    for each in (*spec.quantities, *spec.expect):
        if each not in known:
            message = f"variants.{key}: there is no quantity {shown(each)}"
            hint = f"it has {', '.join(sorted(known))}"
            raise DerivationFileError(message, file=file.file, line=spec.line, hint=hint)
    asked = [each for each in file.quantities if not spec.quantities or each.name in spec.quantities]
    return replace(
        file,
        name=name,
        title=spec.title or title_of(file.title, key),
        netlist=text_of(rows) if rows else file.netlist,
        netlist_line=rows[0].line if rows else file.netlist_line,
        netlist_lines=tuple(row.line for row in rows),
        given=tuple(_relation(relation, spec) for relation in file.given),
        circuits=circuits,
        quantities=tuple(_quantity(each, spec, parts) for each in asked),
        nominal={**_numbers(file.nominal, spec), **spec.nominal},
        problem=spec.problem or _paragraphs(file.problem, spec),
        interpretation=spec.interpretation or _paragraphs(file.interpretation, spec),
        mistakes=spec.mistakes or _paragraphs(file.mistakes, spec),
        words={},
        drawing={},
        variants={},
        variant_of=file.name,
    )


def title_of(title: str, variant: str) -> str:
    """What a variant without a title of its own is called: Common source (BJT)."""
    return f"{title} ({variant.upper() if len(variant) < 5 else variant.replace('-', ' ')})"


def own_rows(file: DerivationFile) -> tuple[Row, ...]:
    """The rows of the file's own netlist; none where it has none."""
    if not file.netlist:
        return ()
    texts = file.netlist.split("\n")
    if len(file.netlist_lines) == len(texts):
        return tuple(map(Row, texts, file.netlist_lines))
    return tuple(Row(text, file.netlist_line + k) for k, text in enumerate(texts))


def _renamed(changes: Changes | None, parts: Mapping[str, str]) -> Changes | None:
    if changes is None:
        return None
    named = [tuple(parts.get(name, name) for name in names) for names in (changes.removed, changes.added, changes.anew)]
    return Changes(changes.of, *named)


def _turned(rows: tuple[Row, ...], spec: VariantSpec) -> tuple[tuple[Row, ...], dict[str, str]]:
    """The rows with other devices, polarity and names, and the elements that are called otherwise."""
    parts: dict[str, str] = {}
    if spec.symbols:
        rows, parts = with_symbols(rows, spec.symbols)
    if spec.devices:
        rows, more = other_devices(rows, Devices[spec.devices])
        parts |= more
    return (other_polarity(rows) if spec.polarity else rows), parts


def _quantity(quantity: QuantitySpec, spec: VariantSpec, parts: Mapping[str, str]) -> QuantitySpec:
    same = not (spec.devices or spec.add or spec.remove)
    expect = spec.expect.get(quantity.name)
    if expect is None and same and quantity.expect is not None:
        expect = _tree(quantity.expect, spec)
    of = renamed_parts(quantity.of, parts)
    for old, new in spec.symbols.items():
        of = re.sub(rf"(?<![\w.]){re.escape(old)}(?!\w|\s*\()", new, of)
    return replace(
        quantity,
        of=of,
        note=_sentence(quantity.note, spec),
        in_terms_of=tuple(_name(each, spec) for each in quantity.in_terms_of),
        expect=expect,
        independent_of=tuple(_name(each, spec) for each in quantity.independent_of) if same else (),
        limits=tuple(replace(each, symbol=_name(each.symbol, spec)) for each in quantity.limits),
        approximate=tuple(
            replace(
                each,
                large=tuple(_name(name, spec) for name in each.large),
                small=tuple(_name(name, spec) for name in each.small),
                catalog=(),
            )
            for each in quantity.approximate
        ),
        nominal=_numbers(quantity.nominal, spec),
        catalog=(),
    )


def _name(name: str, spec: VariantSpec) -> str:
    return spec.symbols.get(name, name)


def _numbers(values: Mapping[str, Fraction], spec: VariantSpec) -> dict[str, Fraction]:
    return {_name(name, spec): value for name, value in values.items()}


def _tree(tree: Expression, spec: VariantSpec) -> Expression:
    return substituted(tree, {old: Symbol(new) for old, new in spec.symbols.items()}) if spec.symbols else tree


def _relation(relation: Relation, spec: VariantSpec) -> Relation:
    return Relation(tuple(_tree(side, spec) for side in relation.sides), relation.operators)


def _paragraphs(words: tuple[Sentence, ...], spec: VariantSpec) -> tuple[Sentence, ...]:
    return tuple(_sentence(each, spec) for each in words)


def _sentence(sentence: Sentence, spec: VariantSpec) -> Sentence:
    out: list[Any] = []
    for part in sentence:
        if isinstance(part, Relation):
            out.append(_relation(part, spec))
        else:
            out.append(_tree(part, spec) if isinstance(part, Expression) else part)
    return tuple(out)


# Where they lie -----------------------------------------------------------------------------------------------------

HEADER = re.compile(r"^[ \t]*\[[ \t]*variants[ \t]*\.[ \t]*[\"']?([A-Za-z0-9-]+)[\"']?[ \t]*[\].]", re.MULTILINE)


def base_of(path: Path) -> Path:
    """The file that a path means: itself, or the file of which ``NAME-VARIANT.toml`` is a variant."""
    if path.suffix != ".toml" or path.exists():
        return path
    pieces = path.stem.split("-")
    for count in range(len(pieces) - 1, 0, -1):
        base = path.with_name("-".join(pieces[:count]) + ".toml")
        if "-".join(pieces[count:]) in variants_in(base):
            return base
    return path


def variants_in(path: Path) -> tuple[str, ...]:
    """The names of a file's variants, read off its headings alone."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, ValueError):
        return ()
    return tuple(dict.fromkeys(HEADER.findall(text))) if "variants" in text else ()


def derivation_paths(folder: Path) -> tuple[Path, ...]:
    """The derivations of a folder, each by its path; those of variants are no files, but are read as such."""
    found = []
    for path in sorted(folder.glob("*.toml")):
        found += [path, *(path.with_name(f"{path.stem}-{name}.toml") for name in variants_in(path))]
    return tuple(found)
