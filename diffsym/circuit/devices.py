"""Device models as data: each row of ``device_models/*.toml`` says what stands between which terminals."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from diffsym.errors import DiffsymError, NetlistError
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import Expression, symbols_of

SHIPPED = Path(__file__).parent / "device_models"
PRIMITIVES = ("R", "C", "G")


@dataclass(frozen=True, slots=True)
class Part:
    """One parameter and the element that it is the value of; ``kind`` is empty where it has no element of its own."""

    name: str
    unit: str
    symbol: str
    kind: str = ""
    nodes: tuple[str, ...] = ()
    control: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InternalNode:
    """A node inside the device: the same as terminal ``joins`` unless the parameter ``unless`` is kept."""

    joins: str
    unless: str
    name: str


@dataclass(frozen=True, slots=True)
class Formula:
    """The part of ``parameter`` has this value where all parameters in it are kept and ``parameter`` itself is not."""

    parameter: str
    text: str
    value: Expression
    needed: tuple[str, ...]
    """The parameters in it."""


@dataclass(frozen=True, slots=True)
class DeviceModel:
    """The small-signal model of all devices of one SPICE letter; ``keep`` are the parameters kept by default."""

    kind: str
    title: str
    terminals: tuple[str, ...]
    types: tuple[str, ...]
    keep: tuple[str, ...]
    parts: Mapping[str, Part]
    optional: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    internal: Mapping[str, InternalNode] = field(default_factory=dict)
    formulas: tuple[Formula, ...] = ()

    def type_named(self, name: str) -> str | None:
        """The type that a model name like ``n`` or ``NMOS`` stands for without a ``.model`` card."""
        lower = name.lower()
        return lower if lower in self.types else self.aliases.get(lower)


Devices = Mapping[str, DeviceModel]


@cache
def shipped_devices() -> Devices:
    """The models that come with diffsym, by SPICE letter."""
    return {model.kind: model for path in sorted(SHIPPED.glob("*.toml")) for model in (read_device(path),)}


def load_devices(extra: Path | None = None) -> Devices:
    """The shipped models, and those of a further TOML file or folder; a letter given again is replaced."""
    if extra is None:
        return shipped_devices()
    paths = sorted(extra.glob("*.toml")) if extra.is_dir() else [extra]
    return {**shipped_devices(), **{model.kind: model for path in paths for model in (read_device(path),)}}


def read_device(path: Path) -> DeviceModel:
    """The model in one TOML file. Raises NetlistError for a missing or wrong key."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return _device(table)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise NetlistError(f"this device file cannot be read: {error}", file=str(path)) from None
    except KeyError as error:
        raise NetlistError(f"this device file lacks the key {error}", file=str(path)) from None
    except (TypeError, AttributeError, ValueError, DiffsymError) as error:
        raise NetlistError(f"this device file does not describe a device: {error}", file=str(path)) from None


def _device(table: Mapping[str, Any]) -> DeviceModel:
    internal = {name: InternalNode(**row) for name, row in table.get("internal", {}).items()}
    parts = {name: _part(name, row) for name, row in table["parameters"].items()}
    model = DeviceModel(
        kind=table["kind"].upper(),
        title=table["title"],
        terminals=tuple(table["terminals"]),
        types=tuple(table["types"]),
        keep=tuple(table["keep"]),
        parts=parts,
        optional=tuple(table.get("optional", ())),
        aliases=dict(table.get("aliases", {})),
        internal=internal,
        formulas=tuple(
            Formula(row["parameter"], row["value"], value, symbols_of(value))
            for row in table.get("formulas", ())
            for value in (read_expression(row["value"], symbols=tuple(parts)),)
        ),
    )
    known = {*model.terminals, *model.optional, *internal}
    for part in parts.values():
        if part.kind and (part.kind not in PRIMITIVES or len(part.nodes) != 2 or not known.issuperset(part.nodes)):
            raise ValueError(f"{part.name} is not one of {' '.join(PRIMITIVES)} between two of its terminals")
        if (part.kind == "G") != (len(part.control) == 2) or not known.issuperset(part.control):
            raise ValueError(f"{part.name} needs two controlling terminals exactly when it is a G")
    if len(model.kind) != 1 or not parts.keys() >= {*model.keep, *(each.parameter for each in model.formulas)}:
        raise ValueError("its letter, or a parameter that it names, is not there")
    return model


def _part(name: str, row: Mapping[str, Any]) -> Part:
    return Part(
        name=name,
        unit=row["unit"],
        symbol=row["symbol"],
        kind=row.get("kind", ""),
        nodes=tuple(row.get("nodes", ())),
        control=tuple(row.get("control", ())),
    )
