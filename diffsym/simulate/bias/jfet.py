"""The junction field-effect transistor by the square law, at its temperature, with its two gate junctions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from diffsym.circuit.model import Element, Model
from diffsym.errors import NetlistError
from diffsym.simulate.bias.given import Card, Surroundings, given_of
from diffsym.simulate.bias.linearised import Branch, Charge, Linearised
from diffsym.simulate.bias.physics import (
    capacitance_factor,
    critical_voltage,
    depletion,
    junction,
    limited_drain,
    limited_gate,
    limited_junction,
    potential_at,
    thermal_voltage,
)

CARD = Card(
    title="junction field-effect transistor",
    defaults={
        "vto": -2.0, "beta": 1e-4, "lambda": 0.0, "rd": 0.0, "rs": 0.0, "cgs": 0.0, "cgd": 0.0, "pb": 1.0, "is": 1e-14,
        "fc": 0.5, "tcv": 0.0, "bex": 0.0, "b": 1.0, "vtotc": None, "betatce": None, "xti": None, "eg": 1.11,
    },
    positive=frozenset({"beta", "pb", "is"}),
    signed=frozenset({"vto", "tcv", "bex", "lambda", "vtotc", "betatce", "xti", "b"}),
    idle=frozenset({"kf", "af", "nlev", "gdsnoi"}),
    instance={"area": 1.0},
    aliases={"vt0": "vto"},
    only={"n": 1.0},
    ignored=frozenset({"isr", "nr", "alpha", "vk", "m"}),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Jfet:
    """A JFET at its temperature; voltages are those of an n-channel device, ``sign`` is −1 for p."""

    name: str
    sign: int
    nodes: tuple[str, str, str]
    inner: tuple[str, str]
    ohmic: tuple[tuple[str, str, float], ...]
    beta: float
    threshold: float
    doping: tuple[float, float]
    modulation: float
    saturation: float
    thermal: float
    capacitances: tuple[float, float]
    potential: float
    forward: float

    @property
    def junctions(self) -> tuple[tuple[str, str], ...]:
        drain, source = self.inner
        return ((self.nodes[1], source), (self.nodes[1], drain))

    @property
    def start(self) -> tuple[float, ...]:
        return (-1.0, -1.0)

    def limited(self, new: Sequence[float], old: Sequence[float]) -> tuple[float, ...]:
        critical = critical_voltage(self.saturation, self.thermal)
        gate = limited_junction(new[0], old[0], self.thermal, critical)
        across = limited_drain(new[0] - new[1], old[0] - old[1])
        other = limited_junction(gate - across, old[1], self.thermal, critical)
        return (
            limited_gate(gate, old[0], self.threshold),
            limited_gate(other, old[1], self.threshold),
        )

    def at(self, voltages: Sequence[float], gmin: float) -> Linearised:
        vgs, vgd = voltages
        vds = vgs - vgd
        size, gate = abs(vds), vgs if vds >= 0 else vgd
        over = gate - self.threshold
        current, gm, gds = self._channel(over, size)
        slopes = (gm + gds, -gds) if vds >= 0 else (gds, -gm - gds)
        drain, source = self.inner
        igs, ggs = junction(self.saturation, vgs, self.thermal)
        igd, ggd = junction(self.saturation, vgd, self.thermal)
        igs, ggs, igd, ggd = igs + gmin * vgs, ggs + gmin, igd + gmin * vgd, ggd + gmin
        signed = current if vds >= 0 else -current
        cgs = depletion(self.capacitances[0], vgs, self.potential, 0.5, self.forward)
        cgd = depletion(self.capacitances[1], vgd, self.potential, 0.5, self.forward)
        terminal = self.nodes[1]
        region = "cut-off" if over <= 0 else "saturation" if over <= size else "triode"
        said = region if vds >= 0 or over <= 0 else f"{region}, drain and source exchanged"
        return Linearised(
            (
                Branch(drain, source, signed, slopes),
                Branch(terminal, source, igs, (ggs, 0.0)),
                Branch(terminal, drain, igd, (0.0, ggd)),
            ),
            self.ohmic,
            (Charge(terminal, source, cgs), Charge(terminal, drain, cgd)),
            {
                "id": signed - igd, "ig": igs + igd, "vgs": vgs, "vgd": vgd, "gm": gm, "gds": gds, "ggs": ggs,
                "ggd": ggd, "cgs": cgs, "cgd": cgd,
            },
            {"gm": gm, "ro": 1 / gds if gds else math.inf, "cgs": cgs, "cgd": cgd},
            said,
        )  # fmt: skip

    def _channel(self, over: float, across: float) -> tuple[float, float, float]:
        """Shichman and Hodges with a doping profile (Parker and Skellern, Sydney); with B = 1 it is the square law."""
        if over <= 0:
            return 0.0, 0.0, 0.0
        profile, bend = self.doping
        grown = self.beta * (1 + self.modulation * across)
        modulated = self.modulation * self.beta
        if over <= across:
            part = over**2 * (profile + bend * over)
            return grown * part, grown * over * (2 * profile + 3 * bend * over), modulated * part
        left = 2 * profile + 3 * bend * (over - across)
        part = across * (across * (bend * across - profile) + over * left)
        return (
            grown * part,
            grown * across * (left + 3 * bend * over),
            grown * (over - across) * left + modulated * part,
        )


def jfet_of(element: Element, model: Model | None, around: Surroundings) -> Jfet:
    """The transistor at its temperature. Raises NetlistError."""
    given = given_of(CARD, element, model, around)
    assert model is not None
    v, at, own = given.model, given.temperatures, given.own
    vt = thermal_voltage(at.here)
    scale = own["area"] * own["m"]
    reference, potential = potential_at(v["pb"], at)
    grown = capacitance_factor(v["pb"], reference, potential, 0.5, at)
    warmer = at.here - at.nominal
    gain = 1.01 ** (v["betatce"] * warmer) if "betatce" in v else at.ratio ** v["bex"]
    if v["pb"] == v["vto"] and v["b"] != 1:
        raise NetlistError(f"pb and vto of {element.model} are equal", line=element.line or None, hint="check vto")
    d, _, s = element.nodes
    ohmic, inner = [], {}
    for node, key, place in ((d, "rd", "drain"), (s, "rs", "source")):
        inner[key] = f"{element.name}#{place}" if v[key] else node
        ohmic += [(node, inner[key], scale / v[key])] if v[key] else []
    return Jfet(
        name=element.name, sign=1 if model.type == "njf" else -1,
        nodes=(element.nodes[0], element.nodes[1], element.nodes[2]), inner=(inner["rd"], inner["rs"]),
        ohmic=tuple(ohmic), beta=v["beta"] * gain * scale, threshold=v["vto"] + v.get("vtotc", -v["tcv"]) * warmer,
        doping=(v["b"], (1 - v["b"]) / (v["pb"] - v["vto"]) if v["b"] != 1 else 0.0), modulation=v["lambda"],
        saturation=v["is"] * math.exp((at.ratio - 1) * v["eg"] / vt) * at.ratio ** v.get("xti", 0.0) * scale,
        thermal=vt,
        capacitances=(v["cgs"] * grown * scale, v["cgd"] * grown * scale), potential=potential, forward=v["fc"],
    )  # fmt: skip
