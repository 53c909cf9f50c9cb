"""What a deck does at rest: node voltages, each device's region and SPICE's numbers for it, and its response there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from diffsym.circuit.model import GROUND, Circuit
from diffsym.errors import CircuitError, UsageError
from diffsym.expression.evaluate import Value
from diffsym.simulate.bias.deck import ALONE, PLAIN_AC, deck_of
from diffsym.simulate.bias.linearised import Linearised
from diffsym.simulate.bias.newton import Equations, Settled, conduct, settled, stamp

if TYPE_CHECKING:
    from diffsym.simulate.bias.nominal import NominalValues
    from diffsym.simulate.noise import NoisePoint

WARNINGS: Mapping[str, str] = {
    "cut-off": "it carries no current, and its small-signal formulas do not hold",
    "triode": "g_m = 2 I_D/V_ov and r_o = 1/(λ I_D) hold in saturation only",
    "saturation of Q": "g_m = I_C/V_T and r_o = V_A/I_C hold in the forward active region only",
    "reverse active": "emitter and collector have changed places, and so have their formulas",
    "exchanged": "drain and source have changed places: its symbols are those of the exchanged device",
}


@dataclass(frozen=True)
class DevicePoint:
    """A device at rest. ``numbers``: by SPICE's names; ``small``: by diffsym's (gm, ro, cgs …)."""

    name: str
    kind: str
    model: str
    region: str
    numbers: Mapping[str, float]
    small: Mapping[str, float]

    @property
    def warning(self) -> str:
        """What does not hold in this region; empty where all formulas do."""
        if "exchanged" in self.region:
            return f"{self.name} is in {self.region}: {WARNINGS['exchanged']}"
        key = "saturation of Q" if self.kind == "Q" and self.region == "saturation" else self.region
        if self.kind != "Q" and key == "saturation":
            return ""
        said = WARNINGS.get(key, "")
        return f"{self.name} is in {self.region}: {said}" if said else ""


@dataclass(frozen=True)
class OperatingPoint:
    """Voltages in V by node and currents in A by source, from its first node through it to its second."""

    circuit: Circuit
    nodes: Mapping[str, float]
    currents: Mapping[str, float]
    devices: tuple[DevicePoint, ...]
    notes: tuple[str, ...]
    celsius: float
    found: Settled

    @property
    def regions(self) -> dict[str, str]:
        return {device.name: device.region for device in self.devices}

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(device.warning for device in self.devices if device.warning)

    def device(self, name: str) -> DevicePoint:
        """Raises UsageError for a name that is no device."""
        for device in self.devices:
            if device.name.lower() == name.lower():
                return device
        raise UsageError(f"there is no device {name}", hint=f"devices: {' '.join(self.regions) or 'none'}")

    def small_signal_values(self) -> NominalValues:
        """The numbers of diffsym's symbols (gm1, ro1, Cgs1 …), matched devices sharing theirs. Raises CircuitError."""
        from diffsym.simulate.bias.nominal import small_signal_values
        from diffsym.solve.prepared import small_signal

        known = self.found.equations.deck.around.numbers
        return small_signal_values(self, small_signal(self.circuit), known)

    def to_dict(self) -> dict[str, Any]:
        """``nodes`` and ``devices`` as ``diffsym op --json`` gives them."""
        return {
            "nodes": tidy(self.nodes),
            "currents": tidy(self.currents),
            "devices": {
                each.name: {
                    "model": each.model,
                    "region": each.region,
                    **{k: digits(v) for k, v in each.numbers.items()},
                }
                for each in self.devices
            },
            "temperature": self.celsius,
            "warnings": list(self.warnings),
            "notes": list(self.notes),
        }

    def response(self, frequencies: Sequence[float], drive: Mapping[str, float] | None = None) -> list[dict[str, Any]]:
        """Every node's complex voltage at each frequency in Hz: ``[{"f": …, "v": {node: complex}}]``.

        ``drive``: signals and their amplitudes; without it the numbers after ``ac``, or the only signal as 1 V or 1 A.
        Raises UsageError where nothing drives, CircuitError at a pole.
        """
        import numpy

        equations = self.found.equations
        conductive, capacitive, right = self._linear(dict(drive) if drive else self.default_drive())
        out = []
        for frequency in frequencies:
            if not 0 <= frequency <= 1e18 or not math.isfinite(frequency):
                raise UsageError(f"{frequency:g} Hz is no frequency", hint="from 0 to 1e18 Hz")
            try:
                with numpy.errstate(all="ignore"):
                    x = numpy.linalg.solve(conductive + 2j * math.pi * frequency * capacitive, right)
            except numpy.linalg.LinAlgError:
                x = right * math.nan
            if not numpy.isfinite(x).all():
                raise CircuitError(f"the response is undetermined at {frequency:g} Hz", hint="take another frequency")
            shown = {node: complex(x[at]) for node, at in equations.places.items() if node in self.nodes}
            currents = {name: complex(x[at]) for name, at in equations.currents.items()}
            out.append({"f": float(frequency), "v": shown, "i": currents})
        return out

    def default_drive(self) -> dict[str, float]:
        signals = self.found.equations.deck.signals
        if PLAIN_AC in signals:
            return {PLAIN_AC: 1.0}
        if len(signals) == 1:
            return {signals[0]: 1.0}
        if not signals:
            raise UsageError("no source drives a response", hint="write ac 1 behind a source, or a signal in its value")
        raise UsageError(f"several signals: {', '.join(signals)}", hint=f"choose with --drive {signals[0]}")

    def noise(self, question: str, frequencies: Sequence[float]) -> tuple[NoisePoint, ...]:
        """Noise densities at frequencies in Hz: ``v(out)``, ``v(out)/V1``, or ``noise(…; thermal; without R1)``.

        Raises QuantityError, UsageError, CircuitError.
        """
        from diffsym.simulate.noise import noise_response
        from diffsym.solve.noise import is_noise, read_noise
        from diffsym.solve.prepared import small_signal

        text = question if is_noise(question) else f"noise({question}; all)"
        return noise_response(self, read_noise(small_signal(self.circuit), text), frequencies)

    def linear(self, drive: Mapping[str, float]) -> tuple[Any, Any, Any]:
        """Conductances, capacitances and the right-hand side for signals, over ``found.equations``' unknowns."""
        return self._linear(drive)

    def _linear(self, drive: Mapping[str, float]) -> tuple[Any, Any, Any]:
        """Conductances, capacitances (inductances) and the drive of the circuit linearised at this point."""
        import numpy

        equations = self.found.equations
        deck, places, currents = equations.deck, equations.places, equations.currents
        for name in drive:
            if name not in deck.signals and not name.startswith(ALONE):
                raise UsageError(f"no source has the signal {name}", hint=f"signals: {' '.join(deck.signals)}")
        real = numpy.zeros((equations.size, equations.size))
        right = numpy.zeros(equations.size, complex)
        for part in deck.parts:
            stamp(real, None, part, places, currents)
            plus, minus = places.get(part.nodes[0]), places.get(part.nodes[1])
            amount = sum((drive[name] * factor for name, factor in (part.moving or {}).items() if name in drive), 0j)
            if amount and part.kind == "V":
                right[currents[part.name]] += amount
            elif amount:
                for row, sign in ((plus, -1), (minus, 1)):
                    if row is not None:
                        right[row] += sign * amount
        for device, here in zip(deck.devices, self.found.devices):
            for branch in here.branches:
                for slope, pair in zip(branch.slopes, device.junctions):
                    _transfer(real, places, (branch.source, branch.target), pair, slope)
            for one, other, amount in here.conductances:
                conduct(real, places.get(one), places.get(other), amount)
        return real, stored_in(equations, self.found.devices), right

    def __repr__(self) -> str:
        volts = ", ".join(f"{node} {value:.4g} V" for node, value in list(self.nodes.items())[:8])
        return f"<OperatingPoint: {volts}; {len(self.devices)} devices>"


def stored_in(equations: Equations, devices: Sequence[Linearised]) -> Any:
    """What s is multiplied by: capacitances of parts and of ``devices``, inductances with their sign turned."""
    import numpy

    deck, places, currents = equations.deck, equations.places, equations.currents
    stored = numpy.zeros((equations.size, equations.size))
    inductances = {part.name: part.value for part in deck.parts if part.kind == "L"}
    for part in deck.parts:
        if part.kind == "C":
            conduct(stored, places.get(part.nodes[0]), places.get(part.nodes[1]), part.value)
        elif part.kind == "L":
            stored[currents[part.name], currents[part.name]] -= part.value
        elif part.kind == "K":
            first, second = part.sensed
            mutual = part.value * math.sqrt(inductances[first] * inductances[second])
            stored[currents[first], currents[second]] -= mutual
            stored[currents[second], currents[first]] -= mutual
    for here in devices:
        for charge in here.charges:
            pair = charge.across or (charge.source, charge.target)
            _transfer(stored, places, (charge.source, charge.target), pair, charge.capacitance)
    return stored


def digits(value: float) -> float:
    """Twelve digits: what is left of a number when it has to be the same on every machine."""
    return float(f"{value:.12g}")


def tidy(values: Mapping[str, float]) -> dict[str, float]:
    """The values with what is only rounding, beside the largest of them, as 0."""
    largest = max(map(abs, values.values()), default=0.0)
    return {name: digits(value) if abs(value) > 1e-14 * largest else 0.0 for name, value in values.items()}


def _transfer(
    matrix: Any, places: Mapping[str, int], ends: tuple[str, str], across: tuple[str, str], amount: float
) -> None:
    for end, direction in zip(ends, (1, -1)):
        for node, sign in zip(across, (1, -1)):
            if end in places and node in places:
                matrix[places[end], places[node]] += direction * sign * amount


def operating_point(circuit: Circuit, numbers: Mapping[str, Value] | None = None) -> OperatingPoint:
    """The deck at rest; ``numbers`` for its symbols by joined name. Raises NetlistError, UsageError, CircuitError."""
    try:
        deck = deck_of(circuit, numbers)
        found = settled(deck)
    except (ArithmeticError, ValueError):
        raise CircuitError(
            "the numbers of a model leave the range of arithmetic", file=circuit.file, hint="check their exponents"
        ) from None
    except (CircuitError, UsageError) as error:
        # A usage error without a line is about what stands outside the deck.
        in_deck = isinstance(error, CircuitError) or error.line is not None
        raise error.at(file=circuit.file if in_deck else None) from None
    equations = found.equations
    outer = [node for node in circuit.nodes if node != GROUND]
    devices = []
    for device, here in zip(deck.devices, found.devices):
        element = deck.elements[device.name]
        devices.append(
            DevicePoint(device.name, element.kind, element.model or "", here.region, here.report, here.small)
        )
    return OperatingPoint(
        circuit=circuit,
        nodes={node: float(found.unknowns[equations.places[node]]) for node in outer},
        currents={name: float(found.unknowns[at]) for name, at in equations.currents.items()},
        devices=tuple(devices),
        notes=deck.notes,
        celsius=deck.around.celsius,
        found=found,
    )
