"""What a netlist says once it has been read: a Circuit of elements, and the linear SmallSignalCircuit it expands to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from diffsym.expression.tree import Expression

GROUND = "0"


@dataclass(frozen=True, slots=True)
class Element:
    """One element line, flattened out of its subcircuits (``X1.M1``), values read, node names as first written.

    ``kind`` is the SPICE letter. ``value`` holds, by kind: R Ω, C F, L H, K the coupling coefficient, V V, I A,
    E and F gains, G siemens, H ohms; None for devices. ``control``: the two controlling nodes of E and G.
    ``sensed``: the V element whose current steers F and H, the two inductors of K. ``parameters``: instance parameters
    (w, l, area …) as trees. ``dc`` and ``ac`` (magnitude): numbers of an independent source where it states them.
    """

    name: str
    kind: str
    nodes: tuple[str, ...]
    value: Expression | None = None
    control: tuple[str, str] | None = None
    sensed: tuple[str, ...] = ()
    model: str | None = None
    parameters: Mapping[str, Expression] = field(default_factory=dict)
    dc: Expression | None = None
    ac: Expression | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Model:
    """A ``.model`` card. ``type``: ``nmos``, ``pmos``, ``npn``, ``pnp``, ``d``, ``njf``, ``pjf``.

    ``parameters`` by lower-case name.
    """

    name: str
    type: str
    parameters: Mapping[str, Expression] = field(default_factory=dict)
    line: int = 0
    """0 for a model that has no card."""


@dataclass(frozen=True, slots=True)
class Directives:
    """What the ``*%`` lines say; element names as first written, symbols in joined form."""

    matches: tuple[tuple[str, ...], ...] = ()
    small_signal: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    defines: tuple[tuple[str, str], ...] = ()
    symbols: Mapping[str, str] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()
    opamps: Mapping[str, str] = field(default_factory=dict)
    """Element name → ``"ideal"`` or ``"finite"``."""
    bound: Mapping[str, Mapping[str, Expression]] = field(default_factory=dict)
    """As in ``small_signal``, a device or several → parameter → its value in place of a symbol of its own."""


@dataclass(frozen=True, slots=True)
class Circuit:
    """A netlist that has been read. ``spelling`` maps a joined symbol name to how the netlist first wrote it.

    ``notes`` are sentences about what was read in a way worth saying (``1M`` is milli); ``unused`` lists the cards that
    are accepted and not acted on.
    """

    title: str
    elements: tuple[Element, ...]
    models: Mapping[str, Model] = field(default_factory=dict)
    directives: Directives = field(default_factory=Directives)
    spelling: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    file: str | None = None
    text: str = ""
    parameters: Mapping[str, Expression] = field(default_factory=dict)
    """What the ``.param`` cards at its top define, by joined name."""

    @property
    def nodes(self) -> tuple[str, ...]:
        """Node names in order of appearance, ground (``0``) included where it occurs."""
        return tuple(dict.fromkeys(node for element in self.elements for node in element.nodes))


@dataclass(frozen=True, slots=True)
class LinearElement:
    """One element of a small-signal circuit. Currents flow from ``plus`` through the element to ``minus``.

    ==== =======================================================  =====================
    kind law                                                      value
    ==== =======================================================  =====================
    R    v = value · i                                            Ω (may contain s)
    C    i = s · value · v                                        F
    L    v = s · value · i                                        H
    G    i = value · v(control)                                   S
    E    v = value · v(control)                                   1
    F    i = value · i(sensed[0])                                 1
    H    v = value · i(sensed[0])                                 Ω
    V    v = value                                                V, linear in signals
    I    i = value                                                A, linear in signals
    O    v(control) = 0, i free (ideal op amp: nullor)            —
    K    couples sensed[0] and sensed[1]                          1
    ==== =======================================================  =====================

    ``device``: the transistor that it is a part of (``M1``), else empty; ``parameter``: which part (``gm``, ``ro``).
    """

    name: str
    kind: str
    plus: str
    minus: str
    value: Expression
    control: tuple[str, str] | None = None
    sensed: tuple[str, ...] = ()
    device: str = ""
    parameter: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class SmallSignalCircuit:
    """The linear circuit of signals: supplies are ground, devices are their models.

    ``source_values`` holds, for each independent source by name, its whole value as written, so that a source with
    numbers only can still be asked for by name. ``supplies``: elements that became ground for signals. ``idle``: the
    current sources among them, each with the value 0; they are not in ``elements``. ``meters``: sources of 0 V whose
    current is asked for, so that a drawing keeps them.
    ``dimensions``: joined symbol → unit string (``Ω S F H V A 1``). ``roles``: joined symbol → ``"signal"``,
    ``"parameter"``. ``models``: device → parameters kept. ``matched``: sets of devices or elements that share symbols,
    with ``"stated"`` or ``"symmetry"``.
    """

    title: str
    elements: tuple[LinearElement, ...]
    signals: tuple[str, ...]
    source_values: Mapping[str, Expression] = field(default_factory=dict)
    supplies: tuple[str, ...] = ()
    dimensions: Mapping[str, str] = field(default_factory=dict)
    spelling: Mapping[str, str] = field(default_factory=dict)
    latex: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    matched: tuple[tuple[tuple[str, ...], str], ...] = ()
    defines: tuple[tuple[str, str], ...] = ()
    assumptions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    idle: tuple[LinearElement, ...] = ()
    meters: tuple[str, ...] = ()

    @property
    def nodes(self) -> tuple[str, ...]:
        """Node names in order of appearance, ground included where it occurs."""
        names: dict[str, None] = {}
        for element in self.elements:
            names[element.plus] = names[element.minus] = None
            if element.control is not None:
                first, second = element.control
                names[first] = names[second] = None
        return tuple(names)
