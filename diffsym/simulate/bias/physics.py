"""Constants and temperature laws that the junctions of all devices share; ngspice's values, so that answers agree."""

from __future__ import annotations

import math
from dataclasses import dataclass

from diffsym.errors import NetlistError

BOLTZMANN = 1.38064852e-23
CHARGE = 1.6021766208e-19
K_OVER_Q = BOLTZMANN / CHARGE
ZERO_CELSIUS = 273.15
REFERENCE = 300.15
"""K, at which SPICE states its gaps."""

LARGEST_EXPONENT = 300.0
"""Of exp; a junction's voltage that is beyond is not an operating point but a step of the search."""


def thermal_voltage(temperature: float) -> float:
    """kT/q in V at a temperature in K."""
    return K_OVER_Q * temperature


def silicon_gap(temperature: float) -> float:
    """The band gap of silicon in eV at a temperature in K (Sze, Physics of Semiconductor Devices, section 1.4)."""
    return 1.16 - 7.02e-4 * temperature**2 / (temperature + 1108)


def potential_shift(temperature: float) -> float:
    """What the gap and the carriers add to a built-in potential, in V (Massobrio and Antognetti, section 1.8)."""
    gap = -silicon_gap(temperature) / (2 * BOLTZMANN * temperature) + 1.1150877 / (BOLTZMANN * 2 * REFERENCE)
    return -2 * thermal_voltage(temperature) * (1.5 * math.log(temperature / REFERENCE) + CHARGE * gap)


@dataclass(frozen=True, slots=True)
class Temperatures:
    """The device's own temperature and that of its parameters, in K."""

    here: float
    nominal: float

    @property
    def ratio(self) -> float:
        return self.here / self.nominal


def potential_at(potential: float, at: Temperatures, shift: float | None = None) -> tuple[float, float]:
    """A built-in potential at the reference temperature and at the device's own, in V.

    ``shift``: that of the nominal temperature, where a model takes another one.
    """
    known = potential_shift(at.nominal) if shift is None else shift
    reference = (potential - known) / (at.nominal / REFERENCE)
    moved = at.here / REFERENCE * reference + potential_shift(at.here)
    if moved <= 0 or reference <= 0:
        raise NetlistError(
            f"a built-in potential of {potential:g} V vanishes at {at.here - ZERO_CELSIUS:g} °C",
            hint="state a larger one, or a temperature nearer to that of the parameters",
        )
    return reference, moved


def capacitance_factor(potential: float, reference: float, moved: float, grading: float, at: Temperatures) -> float:
    """By how much a junction's capacitance grows with temperature."""
    before = 1 + grading * (4e-4 * (at.nominal - REFERENCE) - (potential - reference) / reference)
    after = 1 + grading * (4e-4 * (at.here - REFERENCE) - (moved - reference) / reference)
    return after / before


def depletion(capacitance: float, voltage: float, potential: float, grading: float, forward: float) -> float:
    """The capacitance of a junction; beyond ``forward`` times its potential the tangent carries on."""
    if voltage < forward * potential:
        return capacitance * math.pow(1 - voltage / potential, -grading)
    edge = math.pow(1 - forward, 1 + grading)
    return capacitance / edge * (1 - forward * (1 + grading) + grading * voltage / potential)


def exponential(argument: float) -> float:
    return math.exp(min(argument, LARGEST_EXPONENT))


def junction(saturation: float, voltage: float, scale: float) -> tuple[float, float]:
    """Current and conductance of a junction; ``scale`` is n kT/q. Far in reverse SPICE lets it fade by a cubic law."""
    if voltage >= -3 * scale:
        grown = exponential(voltage / scale)
        return saturation * (grown - 1), saturation * grown / scale
    fading = (3 * scale / (voltage * math.e)) ** 3
    return -saturation * (1 + fading), saturation * 3 * fading / voltage


def limited_junction(new: float, old: float, scale: float, critical: float) -> float:
    """A step of a junction's voltage that its exponential survives (Nagel, SPICE2, 1975, section 4.2)."""
    if new <= critical or abs(new - old) <= 2 * scale:
        return new
    if old <= 0:
        return scale * math.log(new / scale)
    grown = 1 + (new - old) / scale
    return old + scale * math.log(grown) if grown > 0 else critical


def critical_voltage(saturation: float, scale: float) -> float:
    """Where the exponential's curvature is greatest, in V."""
    return scale * math.log(scale / (math.sqrt(2) * max(saturation, 1e-300)))


def limited_gate(new: float, old: float, threshold: float) -> float:
    """A step of a gate's voltage: large far above threshold, small near it, where the square law bends."""
    reach = max(2 * abs(old - threshold) + 0.5, 0.5)
    if (old < threshold) != (new < threshold) and abs(new - old) > reach:
        return threshold + (0.5 if new > threshold else -0.5)
    return min(max(new, old - reach), old + reach)


def limited_drain(new: float, old: float) -> float:
    if abs(new - old) <= 2 + abs(old):
        return new
    return old + (2 + abs(old)) * (1 if new > old else -1)
