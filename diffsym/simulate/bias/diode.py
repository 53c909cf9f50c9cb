"""The junction diode at its temperature: exponential, breakdown, series resistance, depletion and diffusion charge."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from diffsym.circuit.model import Element, Model
from diffsym.simulate.bias.given import Card, Surroundings, given_of
from diffsym.simulate.bias.linearised import Branch, Charge, Linearised
from diffsym.simulate.bias.physics import (
    capacitance_factor,
    critical_voltage,
    depletion,
    exponential,
    junction,
    limited_junction,
    potential_at,
    thermal_voltage,
)

CARD = Card(
    title="diode",
    defaults={
        "is": 1e-14, "n": 1.0, "rs": 0.0, "tt": 0.0, "cjo": 0.0, "vj": 1.0, "m": 0.5, "eg": 1.11, "xti": 3.0,
        "fc": 0.5, "bv": None, "ibv": 1e-3, "nbv": None, "ikf": 0.0, "ikr": 0.0, "isr": 0.0, "nr": 2.0,
    },
    positive=frozenset({"is", "n", "vj", "eg", "bv", "ibv", "nbv", "nr"}),
    signed=frozenset({"xti"}),
    idle=frozenset({"kf", "af", "iave", "vpk", "mfg", "type", "fv_max", "bv_max", "id_max", "te_max", "pd_max",
                    "jsw", "ns", "cjp", "cjsw", "php", "vjsw", "mjsw", "fcs"}),
    instance={"area": 1.0},
    aliases={"js": "is", "cj0": "cjo", "cj": "cjo", "pb": "vj", "mj": "m", "vb": "bv", "ik": "ikf"},
    only={"tlev": 0.0, "tlevc": 0.0, "tref": 27.0, "jtun": 0.0, "jtunsw": 0.0, "cta": 0.0, "trs1": 0.0, "trs": 0.0,
          "trs2": 0.0},
    ignored=frozenset({"tikf", "tbv1", "tbv2"}),
)  # fmt: skip
"""What belongs to the side wall does nothing, since a diode here has no perimeter."""


@dataclass(frozen=True, slots=True)
class Diode:
    """A diode at its temperature; ``breakdown`` in V, infinite where it has none."""

    name: str
    sign: int
    nodes: tuple[str, str]
    inner: str
    ohmic: tuple[tuple[str, str, float], ...]
    saturation: float
    scale: float
    breakdown: float
    breakdown_scale: float
    knee: float
    knee_back: float
    recombination: tuple[float, float]
    capacitance: float
    potential: float
    grading: float
    forward: float
    transit: float

    @property
    def junctions(self) -> tuple[tuple[str, str], ...]:
        return ((self.inner, self.nodes[1]),)

    @property
    def start(self) -> tuple[float, ...]:
        return (critical_voltage(self.saturation, self.scale),)

    def limited(self, new: Sequence[float], old: Sequence[float]) -> tuple[float, ...]:
        (after,), (before,) = new, old
        critical = critical_voltage(self.saturation, self.scale)
        if after < min(0.0, 10 * self.scale - self.breakdown):
            # Breakdown is an exponential too, seen from behind.
            turned = limited_junction(
                -(after + self.breakdown), -(before + self.breakdown), self.breakdown_scale, critical
            )
            return (-(turned + self.breakdown),)
        return (limited_junction(after, before, self.scale, critical),)

    def at(self, voltages: Sequence[float], gmin: float) -> Linearised:
        (vd,) = voltages
        if vd >= -3 * self.scale or vd >= -self.breakdown:
            current, slope = junction(self.saturation, vd, self.scale)
            if self.recombination[0] and vd >= -3 * self.scale:
                more, steeper = self._recombined(vd)
                current, slope = current + more, slope + steeper
        else:
            grown = exponential(-(self.breakdown + vd) / self.breakdown_scale)
            current, slope = -self.saturation * grown, self.saturation * grown / self.breakdown_scale
        knee = self.knee if vd >= -3 * self.scale else self.knee_back
        if knee and (current > 1e-18 if vd >= -3 * self.scale else current < -1e-18):
            root = math.sqrt(abs(current) / knee)
            slope = slope * (1 + root / 2) / (1 + root) ** 2
            current = current / (1 + root)
        stored = self.transit * slope + depletion(self.capacitance, vd, self.potential, self.grading, self.forward)
        current, slope = current + gmin * vd, slope + gmin
        place, end = self.inner, self.nodes[1]
        forward = vd >= 10 * self.scale
        region = "forward" if forward else "breakdown" if vd < -self.breakdown else "reverse"
        return Linearised(
            (Branch(place, end, current, (slope,)),),
            self.ohmic,
            (Charge(place, end, stored),),
            {"id": current, "vd": vd, "gd": slope, "cd": stored},
            {"rd": 1 / slope + sum(1 / part[2] for part in self.ohmic), "cd": stored},
            region,
        )

    def _recombined(self, voltage: float) -> tuple[float, float]:
        """Recombination in the depletion layer: I_SR (exp(v/N_R V_T) − 1) ((1 − v/V_J)² + 0.005)^(M/2).

        ngspice has no 1/V_J in the slope of the last factor; its slope is taken as it is, so that answers agree.
        """
        saturation, scale = self.recombination
        current, slope = junction(saturation, voltage, scale)
        left = 1 - voltage / self.potential
        within = left**2 + 0.005
        width = math.pow(within, self.grading / 2)
        narrowing = -self.grading * left * math.pow(within, self.grading / 2 - 1)
        return current * width, slope * width + current * width * narrowing


def diode_of(element: Element, model: Model | None, around: Surroundings) -> Diode:
    """The diode at its temperature. Raises NetlistError."""
    given = given_of(CARD, element, model, around)
    v, at, own = given.model, given.temperatures, given.own
    vt = thermal_voltage(at.here)
    scale = own["area"] * own["m"]

    def warmed(current: float, ideality: float) -> float:
        growth = (at.ratio - 1) * v["eg"] / (ideality * vt) + v["xti"] / ideality * math.log(at.ratio)
        return current * math.exp(growth)

    saturation, recombined = warmed(v["is"], v["n"]), warmed(v["isr"], v["nr"])
    reference, potential = potential_at(v["vj"], at)
    place = f"{element.name}#inside" if v["rs"] else element.nodes[0]
    spread = v.get("nbv", v["n"]) * vt
    return Diode(
        name=element.name, sign=1, nodes=(element.nodes[0], element.nodes[1]), inner=place,
        ohmic=((element.nodes[0], place, scale / v["rs"]),) if v["rs"] else (), saturation=saturation * scale,
        scale=v["n"] * vt, breakdown=_breakdown(v["bv"], v["ibv"] * scale, saturation * scale, spread, vt)
        if "bv" in v
        else math.inf, breakdown_scale=spread, knee=v["ikf"] * scale, knee_back=v["ikr"] * scale,
        recombination=(recombined * scale, v["nr"] * vt),
        capacitance=v["cjo"] * scale * capacitance_factor(v["vj"], reference, potential, v["m"], at),
        potential=potential, grading=v["m"], forward=v["fc"], transit=v["tt"],
    )  # fmt: skip


def _breakdown(voltage: float, current: float, saturation: float, spread: float, thermal: float) -> float:
    """The voltage of the exponential that carries ``current`` at the breakdown voltage of the card."""
    if current < saturation * voltage / thermal:
        return voltage
    found = voltage - spread * math.log(1 + current / saturation)
    for _ in range(50):
        found = voltage - spread * math.log(current / saturation + 1 - found / thermal)
    return found
