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
        "fc": 0.5, "bv": None, "ibv": 1e-3, "nbv": None, "ikf": 0.0,
    },
    positive=frozenset({"is", "n", "vj", "eg", "bv", "ibv", "nbv"}),
    signed=frozenset({"xti"}),
    idle=frozenset({"kf", "af", "iave", "vpk", "mfg", "type", "fv_max", "bv_max", "id_max", "te_max", "pd_max"}),
    instance={"area": 1.0},
    aliases={"js": "is", "cj0": "cjo", "cj": "cjo", "pb": "vj", "mj": "m", "vb": "bv", "ik": "ikf"},
    only={"isr": 0.0, "jsw": 0.0, "cjp": 0.0, "cjsw": 0.0, "ikr": 0.0, "tlev": 0.0, "tlevc": 0.0, "nr": 2.0,
          "tref": 27.0},
)  # fmt: skip


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
        else:
            grown = exponential(-(self.breakdown + vd) / self.breakdown_scale)
            current, slope = -self.saturation * grown, self.saturation * grown / self.breakdown_scale
        if self.knee and current > 1e-18:
            root = math.sqrt(current / self.knee)
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


def diode_of(element: Element, model: Model | None, around: Surroundings) -> Diode:
    """The diode at its temperature. Raises NetlistError."""
    given = given_of(CARD, element, model, around)
    v, at, own = given.model, given.temperatures, given.own
    vt = thermal_voltage(at.here)
    scale = own["area"] * own["m"]
    saturation = v["is"] * math.exp((at.ratio - 1) * v["eg"] / (v["n"] * vt) + v["xti"] / v["n"] * math.log(at.ratio))
    reference, potential = potential_at(v["vj"], at)
    place = f"{element.name}#inside" if v["rs"] else element.nodes[0]
    spread = v.get("nbv", v["n"]) * vt
    return Diode(
        name=element.name, sign=1, nodes=(element.nodes[0], element.nodes[1]), inner=place,
        ohmic=((element.nodes[0], place, scale / v["rs"]),) if v["rs"] else (), saturation=saturation * scale,
        scale=v["n"] * vt, breakdown=_breakdown(v["bv"], v["ibv"] * scale, saturation * scale, spread, vt)
        if "bv" in v
        else math.inf, breakdown_scale=spread, knee=v["ikf"] * scale,
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
