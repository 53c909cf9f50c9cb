"""What every device looks like to the equations: junction voltages in, branch currents and their slopes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Branch:
    """A current in A from node ``source`` through the device to ``target``, with its slope in each voltage."""

    source: str
    target: str
    current: float
    slopes: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Charge:
    """A capacitance in F between two nodes; ``across`` names other nodes where their voltage drives it."""

    source: str
    target: str
    capacitance: float
    across: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Linearised:
    """A device at given junction voltages.

    ``conductances``: ohmic parts (node, node, S). ``report``: SPICE's own names of currents, voltages, conductances and
    capacitances. ``small``: diffsym's small-signal parameters (gm, ro …) where they exist.
    """

    branches: tuple[Branch, ...]
    conductances: tuple[tuple[str, str, float], ...] = ()
    charges: tuple[Charge, ...] = ()
    report: Mapping[str, float] = field(default_factory=dict)
    small: Mapping[str, float] = field(default_factory=dict)
    region: str = ""


class Device(Protocol):
    """A device ready to be evaluated. ``junctions``: pairs of nodes whose voltages it depends on, sign by type."""

    @property
    def name(self) -> str: ...
    @property
    def junctions(self) -> tuple[tuple[str, str], ...]: ...
    @property
    def sign(self) -> int: ...
    @property
    def start(self) -> tuple[float, ...]: ...

    def limited(self, new: Sequence[float], old: Sequence[float]) -> tuple[float, ...]: ...

    def at(self, voltages: Sequence[float], gmin: float) -> Linearised: ...
