"""A derivation file that is asked piece by piece: nothing is worked before it is asked for, and nothing twice.

Results come from the solver at once; only what shows lines (methods, steps) needs the derivation, which takes longer.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from diffsym.circuit.model import Circuit, SmallSignalCircuit
from diffsym.derivation.catalogue_names import catalogue_names, one_line
from diffsym.derivation.checking import CheckedDerivation
from diffsym.derivation.checks import unit_of, unit_of_symbol
from diffsym.derivation.findings import ApproximationFound, automatic, expanded, proved
from diffsym.derivation.hand import Worksheet, by_hand
from diffsym.derivation.law_findings import law_approximation
from diffsym.derivation.library import (
    ALL_METHODS,
    circuit_of,
    combines,
    is_by_law,
    named_before,
    nominal_of,
    with_symbols,
    worked_of,
)
from diffsym.derivation.noise_worked import constants as noise_constants
from diffsym.derivation.poles import is_root, read_root
from diffsym.derivation.source import DerivationFile, QuantitySpec, read_derivation
from diffsym.derivation.variants import base_of, derivation_paths, variant_in, variants_in
from diffsym.derivation.worked import Worked, WorkedQuantity, notation_of
from diffsym.errors import DerivationFileError, DiffsymError, ExpectationError, UsageError
from diffsym.expression.names import joined
from diffsym.expression.notation import Notation
from diffsym.expression.printing.text import to_text
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import Expression, Relation, Symbol, symbols_of
from diffsym.forms.fractions import factored
from diffsym.forms.order import KindOf, arranged, kinds
from diffsym.forms.readable import Writer
from diffsym.forms.shapes import SHAPES
from diffsym.kernel.claims import Equal
from diffsym.kernel.rational import Field, Rational, atoms_of
from diffsym.locate import shipped
from diffsym.notes.keys import LONGEST, Key, UnknownKey, read_key, unknown
from diffsym.notes.setting import PLAIN, Setting
from diffsym.solve.noise import is_noise
from diffsym.solve.prepared import small_signal
from diffsym.solve.quantity import read_quantity
from diffsym.solve.solution import solve

SEARCH = 2500
"""How far short forms of composite results and of approximations are searched."""


@dataclass(frozen=True)
class Found:
    """The result of one quantity. ``left``: what it is called; ``value``: None where it is not rational."""

    left: Expression
    asked: Expression
    tree: Expression
    value: Rational | None
    notation: Notation

    @property
    def equation(self) -> Relation:
        return Relation((self.left, self.tree), ("=",))

    @cached_property
    def kind(self) -> KindOf:
        return kinds(dict(self.notation.dimensions))

    @cached_property
    def flat(self) -> Expression:
        """The same for machines: parallel connections multiplied out."""
        return self.tree if self.value is None else arranged(factored(self.value), self.kind)

    @cached_property
    def exact(self) -> Expression:
        return self.tree if self.value is None else self.value.tree()


class Source:
    """One derivation file. Every method raises what the circuit, a quantity or an expectation is wrong with."""

    def __init__(self, file: DerivationFile, digest: str = "") -> None:
        self.file = file
        self.digest = digest
        self._found: dict[str, Found] = {}
        self._approximations: dict[str, tuple[ApproximationFound, ...]] = {}
        self._worked: dict[tuple[str, str], tuple[Worked, WorkedQuantity]] = {}
        self._circuits: dict[str, tuple[Circuit | None, SmallSignalCircuit | None]] = {}

    @property
    def circuit(self) -> Circuit | None:
        return self.on("")[0]

    @property
    def small(self) -> SmallSignalCircuit | None:
        return self.on("")[1]

    def on(self, name: str) -> tuple[Circuit | None, SmallSignalCircuit | None]:
        """A circuit of the file, its own for no name, and its signals; nothing where relations are given."""
        if name not in self._circuits:
            circuit = circuit_of(self.file.on(name))
            self._circuits[name] = (circuit, None if circuit is None else small_signal(circuit))
        return self._circuits[name]

    @cached_property
    def names(self) -> dict[str, QuantitySpec]:
        """Quantities by joined name."""
        return {joined(spec.name): spec for spec in self.file.quantities}

    def spec(self, name: str, called: str = "") -> QuantitySpec:
        """Raises UnknownKey with the nearest quantity. ``called``: the name or path by which the file was asked for."""
        called = called or self.file.name
        try:
            key = joined(name)
        except DiffsymError:
            key = name
        if key not in self.names:
            known = [f"{called}:{spec.name}" for spec in self.file.quantities]
            raise unknown(f"{called}:{name}", known, f"it has {', '.join(known)}")
        return self.names[key]

    def methods(self, spec: QuantitySpec) -> tuple[str, ...]:
        """The methods that the file states; none where they are found by rule."""
        return spec.methods or (("given",) if is_by_law(self.file, spec) else ())

    @cached_property
    def catalogue(self) -> dict[str, str]:
        """What the catalogue calls a result → what follows the name in its key."""
        return catalogue_names(self.file)

    # ---- results

    def found(self, spec: QuantitySpec) -> Found:
        key = joined(spec.name)
        if key not in self._found:
            try:
                derived = (
                    is_by_law(self.file, spec) or is_root(spec.of) or is_noise(spec.of) or combines(self.file, spec)
                )
                self._found[key] = self._by_law(spec) if derived else self._by_circuit(spec)
            except DiffsymError as error:
                raise error.at(file=self.file.file or None, line=spec.line or None) from None
        return self._found[key]

    def earlier(self, spec: QuantitySpec) -> tuple[QuantitySpec, ...]:
        """Quantities before this one of which it is made."""
        if is_noise(spec.of):
            return ()
        if is_by_law(self.file, spec):
            return named_before(self.file, spec)
        before = self.file.quantities[: self.file.quantities.index(spec)]
        named = {joined(each.name): each for each in before}
        if is_root(spec.of):
            of = named[read_root(spec.of, named).of]
            return (*self.earlier(of), of)
        small = self.on(spec.circuit)[1]
        known = [*small.spelling, *small.dimensions] if small is not None else []
        asked = read_expression(spec.of, symbols=[*named, *known], quantities=True)
        direct = [named[name] for name in symbols_of(asked) if name in named]
        return tuple({each.name: each for one in direct for each in (*self.earlier(one), one)}.values())

    def _by_circuit(self, spec: QuantitySpec) -> Found:
        small = self.on(spec.circuit)[1]
        assert small is not None
        notation = with_symbols(notation_of(small), self.file.quantities)
        used = self.earlier(spec)
        if used:
            value, asked = self._composite(spec, used, small)
            tree = Writer(kinds(dict(notation.dimensions)), SEARCH).tree(value)
        else:
            quantity = read_quantity(small, spec.of)
            value, asked = solve(small, quantity).value, quantity.resolved
            tree = SHAPES["readable"](value, kinds(dict(notation.dimensions)), small.signals, ())
        if spec.expect is not None:
            self._meets(spec, value.tree(), tree, notation)
        return Found(Symbol(joined(spec.name)), asked, tree, value, notation)

    def _composite(
        self, spec: QuantitySpec, used: tuple[QuantitySpec, ...], small: SmallSignalCircuit
    ) -> tuple[Rational, Expression]:
        asked = read_expression(spec.of, symbols=[*self.names, *small.spelling, *small.dimensions], quantities=True)
        results = {joined(each.name): self.found(each).tree for each in used}
        over = Field(dict.fromkeys([*atoms_of(*results.values()), *atoms_of(asked)]))
        values: dict[Expression, Rational] = {Symbol(name): over.read(tree) for name, tree in results.items()}
        return over.read(asked, values), asked

    def _meets(self, spec: QuantitySpec, exact: Expression, tree: Expression, notation: Notation) -> None:
        assert spec.expect is not None
        try:
            proved(Equal(spec.expect, exact), "")
        except DiffsymError as refuted:
            raise ExpectationError(
                f"{spec.name}: expected {to_text(spec.expect, notation)}, derived {to_text(tree, notation)}",
                hint=refuted.message,
            ) from None

    def _by_law(self, spec: QuantitySpec) -> Found:
        worked, quantity = self.worked(spec)
        return Found(quantity.left, quantity.asked, expanded(quantity.derivations[0]), quantity.value, worked.notation)

    # ---- lines

    def worked(self, spec: QuantitySpec, method: str = "") -> tuple[Worked, WorkedQuantity]:
        """The quantity derived, by the stated method or by its own, together with those of which it is made."""
        key = (joined(spec.name), method)
        if key not in self._worked:
            alone = replace(spec, methods=(method,)) if method else spec
            worked = worked_of(replace(self.file, quantities=(*self.earlier(spec), alone)))
            self._worked[key] = (worked, worked.quantities[-1])
        return self._worked[key]

    def derivation(self, spec: QuantitySpec, method: str, called: str = "") -> tuple[Worked, CheckedDerivation]:
        """The lines of one method; the first where none is named. Raises UnknownKey for a method that there is not."""
        if not method:
            methods = self.methods(spec)
            # One method is enough where only its lines are shown.
            worked, quantity = self.worked(spec, methods[0] if methods and not self.earlier(spec) else "")
            return worked, quantity.derivations[0]
        if method not in ALL_METHODS:
            head = f"{called or self.file.name}:{spec.name}@"
            raise unknown(
                f"{head}{method}", [head + each for each in ALL_METHODS], f"it is one of {', '.join(ALL_METHODS)}"
            )
        if self.earlier(spec):
            raise UsageError(
                f"{self.file.name}:{spec.name} is made of other quantities, so there is no choice of method"
            )
        worked, quantity = self.worked(spec, method)
        return worked, quantity.derivations[0]

    # ---- what else is known

    def approximations(self, spec: QuantitySpec) -> tuple[ApproximationFound, ...]:
        """Those that the file asks for; the customary one where it asks for none."""
        if is_noise(spec.of):
            return self.worked(spec)[1].approximations
        if spec.name not in self._approximations:
            found, writer = self.found(spec), Writer(self.found(spec).kind, SEARCH)
            asked = tuple(
                law_approximation(found.tree, found.value, each.large, each.small, writer) for each in spec.approximate
            )
            self._approximations[spec.name] = asked or (automatic(found.value, writer) if found.value else ())
        return self._approximations[spec.name]

    def nominal(self, spec: QuantitySpec) -> dict[str, Fraction]:
        small = self.on(spec.circuit)[1]
        constants = noise_constants(small) if is_noise(spec.of) and small is not None else {}
        return {**constants, **nominal_of(self.file, spec), **spec.nominal}

    def worksheet(self, spec: QuantitySpec) -> Worksheet:
        """The numbers that the result needs. Raises UsageError where the file has not all of them."""
        found = self.found(spec)
        given = self.nominal(spec)
        names = found.notation.free(found.tree)
        missing = [found.notation.flat(name) for name in names if name not in given]
        if missing:
            raise UsageError(
                f"{self.file.name}:{spec.name} has no value: nominal lacks {', '.join(missing)}",
                file=self.file.file or None,
                hint=f'as in nominal = {{ {missing[0]} = "1k" }}',
            )
        units = {name: unit_of_symbol(name, found.notation) for name in names}
        return Worksheet({name: given[name] for name in names}, units)

    def measured(self, spec: QuantitySpec) -> Expression:
        """The result at nominal values: a rounded number with its unit."""
        return self.worksheet(spec).measured(self.found(spec).tree)[0]

    def by_hand(self, spec: QuantitySpec) -> Relation:
        found = self.found(spec)
        worked = by_hand(found.left, found.tree, self.worksheet(spec))
        if worked is None:
            raise UsageError(f"{self.file.name}:{spec.name} is not worked with numbers", hint="its :value is a number")
        return worked

    def unit(self, spec: QuantitySpec) -> str:
        found = self.found(spec)
        return unit_of(found.asked, found.notation.dimensions) or ""


# Where they lie -----------------------------------------------------------------------------------------------------


@dataclass
class Shelf:
    """Derivations by the names that notes may use; each is read once. ``read``: digest of every file that was used."""

    setting: Setting = PLAIN
    folder: Path = field(default_factory=Path)
    sources: dict[Path, Source] = field(default_factory=dict)
    read: dict[str, str] = field(default_factory=dict)

    @cached_property
    def names(self) -> dict[str, Path]:
        """The author's own first: they stand before those of the library."""
        own = self.setting.own
        varied = {
            f"{name}-{variant}": path.with_name(f"{path.stem}-{variant}.toml")
            for name, path in own.items()
            for variant in variants_in(path)
        }
        return {**library_names(), **varied, **own}

    def path(self, name: str) -> Path:
        """Raises UnknownKey with the nearest name. A path is taken from the folder of the notes."""
        if name.endswith(".toml"):
            return self.folder / name
        if name not in self.names:
            raise unknown(f"{name}", list(self.names), "`diffsym list` shows the derivations; a file ends in .toml")
        return self.names[name]

    def source(self, name: str) -> Source:
        path = self.path(name)
        known = self.sources.get(path)
        base = base_of(path)
        if known is None:
            try:
                content = base.read_bytes()
                text = content.decode("utf-8")
            except FileNotFoundError:
                raise DerivationFileError(f"there is no file {path}", file=str(path)) from None
            except (OSError, UnicodeDecodeError, ValueError):
                raise DerivationFileError(f"{path} cannot be read as a text file", file=str(path)) from None
            file = read_derivation(text.removeprefix("\ufeff").replace("\r\n", "\n"), str(base))
            file = file if base == path else variant_in(file, path.stem)
            known = Source(file, sha256(content).hexdigest())
            self.sources[path] = known
        self.read[str(base)] = known.digest
        return known


def key_at(text: str, shelf: Shelf) -> Key:
    """The key that a text means: one as it stands, or NAME:TEXT with what the catalogue calls a result.

    Raises UnknownKey with the nearest that there is.
    """
    name, found, rest = text.strip().partition(":")
    known = name in shelf.names or name.endswith(".toml")
    if not found or not known or len(text) > LONGEST:
        return read_key(text)
    source = shelf.source(name)
    texts, wanted = source.catalogue, one_line(rest)
    head, _, part = wanted.rpartition(":")
    own = {spec.name for spec in source.file.quantities}
    if wanted in texts and wanted not in own:
        return read_key(f"{name}:{texts[wanted]}")
    if head in texts and head not in own and ":" not in texts[head]:
        return read_key(f"{name}:{texts[head]}:{part}")
    try:
        return read_key(text)
    except UnknownKey as error:
        # What has no blank in it was meant as a key, and its own error knows better.
        if " " not in wanted:
            raise
        raise unknown(f"{name}:{wanted}", [f"{name}:{each}" for each in texts], error.hint or "") from None


def library_names() -> dict[str, Path]:
    """The library's derivations, without reading them."""
    return {path.stem: path for path in derivation_paths(shipped("derivations"))}
