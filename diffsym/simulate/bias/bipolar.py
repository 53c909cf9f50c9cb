"""The bipolar transistor of Gummel and Poon at its temperature, with its resistances and charges."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from diffsym.circuit.model import GROUND, Element, Model
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
    title="bipolar transistor",
    defaults={
        "is": 1e-16, "bf": 100.0, "nf": 1.0, "vaf": 0.0, "ikf": 0.0, "ise": 0.0, "ne": 1.5, "br": 1.0, "nr": 1.0,
        "var": 0.0, "ikr": 0.0, "isc": 0.0, "nc": 2.0, "rb": 0.0, "irb": 0.0, "rbm": None, "re": 0.0, "rc": 0.0,
        "cje": 0.0, "vje": 0.75, "mje": 0.33, "tf": 0.0, "xtf": 0.0, "vtf": 0.0, "itf": 0.0, "cjc": 0.0,
        "vjc": 0.75, "mjc": 0.33, "xcjc": 1.0, "tr": 0.0, "cjs": 0.0, "vjs": 0.75, "mjs": 0.0, "xtb": 0.0, "eg": 1.11,
        "xti": 3.0, "fc": 0.5, "subs": None,
    },
    positive=frozenset({"is", "bf", "nf", "br", "nr", "ne", "nc", "vje", "vjc", "vjs", "eg"}),
    signed=frozenset({"xtb", "xti", "subs"}),
    idle=frozenset({"kf", "af", "vceo", "icrating", "ic_max", "vce_max", "mfg", "type"}),
    instance={"area": 1.0, "areab": None, "areac": None},
    aliases={
        "va": "vaf", "vb": "var", "ik": "ikf", "jbf": "ikf", "jbr": "ikr", "pe": "vje", "me": "mje", "pc": "vjc",
        "mc": "mjc", "ccs": "cjs", "ps": "vjs", "ms": "mjs", "pt": "xti", "jle": "ise", "jlc": "isc",
    },
    only={"iss": 0.0, "rco": 0.0, "gamma": 1e-11, "qco": 0.0, "ptf": 0.0, "nkf": 0.5, "nk": 0.5, "tlev": 0.0,
          "tlevc": 0.0, "tref": 27.0},
)  # fmt: skip

CONDUCTING = 10.0
"""Thermal voltages from which a junction counts as conducting."""

NOTICED = 0.01
"""Of the emitter's transport current: from here on the collector's own makes the transistor saturate."""

FORCED = 0.1
"""Of the emitter junction's base current: from here on what the collector's takes besides does."""


@dataclass(frozen=True, slots=True)
class Bipolar:
    """A transistor at its temperature; voltages are those of an npn, ``sign`` is −1 for a pnp.

    ``p``: the card's numbers at this temperature, scaled with area and multiplicity.
    """

    name: str
    sign: int
    nodes: tuple[str, ...]
    inner: tuple[str, str, str]
    ohmic: tuple[tuple[str, str, float], ...]
    p: Mapping[str, float]
    thermal: float
    bulk: tuple[str, str]

    @property
    def junctions(self) -> tuple[tuple[str, str], ...]:
        c, b, e = self.inner
        return ((b, e), (b, c), self.bulk, (self.nodes[1], c))

    @property
    def start(self) -> tuple[float, ...]:
        critical = critical_voltage(self.p["is"], self.thermal)
        return (critical, 0.0, 0.0, 0.0)

    def limited(self, new: Sequence[float], old: Sequence[float]) -> tuple[float, ...]:
        critical = critical_voltage(self.p["is"], self.thermal)
        own = [limited_junction(new[at], old[at], self.thermal, critical) for at in (0, 1)]
        return (*own, *new[2:])

    def at(self, voltages: Sequence[float], gmin: float) -> Linearised:
        p, vbe, vbc = self.p, voltages[0], voltages[1]
        icc, gcc = junction(p["is"], vbe, p["nf"] * self.thermal)
        iec, gec = junction(p["is_back"], vbc, p["nr"] * self.thermal)
        leak_e, slope_e = junction(p["ise"], vbe, p["ne"] * self.thermal) if p["ise"] else (0.0, 0.0)
        leak_c, slope_c = junction(p["isc"], vbc, p["nc"] * self.thermal) if p["isc"] else (0.0, 0.0)
        leak_e, slope_e = leak_e + gmin * vbe, slope_e + gmin
        leak_c, slope_c = leak_c + gmin * vbc, slope_c + gmin
        qb, by_e, by_c = self._base_charge(vbe, vbc, (icc, iec), (gcc, gec))
        transport = (icc - iec) / qb
        from_e = (gcc - transport * by_e) / qb
        from_c = (-gec - transport * by_c) / qb
        gpi, gmu = gcc / p["bf"] + slope_e, gec / p["br"] + slope_c
        ibe, ibc = icc / p["bf"] + leak_e, iec / p["br"] + leak_c
        c, b, e = self.inner
        # The substrate junction carries no current of its own here, but SPICE's gmin lies across it as well.
        branches = (
            Branch(c, e, transport, (from_e, from_c, 0.0, 0.0)),
            Branch(b, e, ibe, (gpi, 0.0, 0.0, 0.0)),
            Branch(b, c, ibc, (0.0, gmu, 0.0, 0.0)),
            Branch(*self.bulk, gmin * voltages[2], (0.0, 0.0, gmin, 0.0)),
        )
        leaking = gmin * voltages[2]
        at_base = -leaking if self.bulk[0] == b else 0.0
        gx = self._base_conductance(ibe + ibc, qb)
        ohmic = (*self.ohmic, (self.nodes[1], b, gx)) if gx else self.ohmic
        go = -from_c
        gm = from_e - go
        charges, cpi, cmu, cbx, csub = self._charges(voltages, icc, gcc, gec, qb, (by_e, by_c))
        report = {
            "ic": self.sign * (transport - ibc), "ib": self.sign * (ibe + ibc + at_base),
            "ie": -self.sign * (transport + ibe),
            "vbe": vbe, "vbc": vbc, "gm": gm,
            "gpi": gpi, "gmu": gmu, "gx": gx, "go": go, "cpi": cpi, "cmu": cmu, "cbx": cbx, "csub": csub,
        }  # fmt: skip
        small = {
            "gm": gm, "rpi": 1 / gpi, "ro": 1 / go if go else math.inf, "cpi": cpi, "cmu": cmu + cbx,
            "rb": 1 / gx if gx else 0.0, "beta": gm / gpi,
        }  # fmt: skip
        return Linearised(branches, ohmic, charges, report, small, self._region(vbe, vbc, (icc, iec), (ibe, ibc)))

    def _base_charge(
        self, vbe: float, vbc: float, currents: tuple[float, float], slopes: tuple[float, float]
    ) -> tuple[float, float, float]:
        """q_b and its slopes in v_BE and v_BC (Gummel and Poon, Bell System Technical Journal 49, 1970)."""
        p = self.p
        q1 = 1 / (1 - p["early_f"] * vbc - p["early_r"] * vbe)
        q2 = p["roll_f"] * currents[0] + p["roll_r"] * currents[1]
        if not p["roll_f"] and not p["roll_r"]:
            return q1, q1 * q1 * p["early_r"], q1 * q1 * p["early_f"]
        root = math.sqrt(max(0.0, 1 + 4 * q2)) or 1.0
        qb = q1 * (1 + root) / 2
        return (
            qb,
            q1 * (qb * p["early_r"] + p["roll_f"] * slopes[0] / root),
            q1 * (qb * p["early_f"] + p["roll_r"] * slopes[1] / root),
        )

    def _base_conductance(self, ib: float, qb: float) -> float:
        p = self.p
        if not p["rb"] and not p["rbm"]:
            return 0.0
        spread = p["rb"] - p["rbm"]
        if p["irb"]:
            share = max(ib / p["irb"], 1e-9)
            angle = (math.sqrt(1 + 14.59025 * share) - 1) / 2.4317 / math.sqrt(share)
            slope = math.tan(angle)
            return 1 / (p["rbm"] + 3 * spread * (slope - angle) / (angle * slope * slope))
        return 1 / (p["rbm"] + spread / qb)

    def _charges(
        self, voltages: Sequence[float], icc: float, gcc: float, gec: float, qb: float, by: tuple[float, float]
    ) -> tuple[tuple[Charge, ...], float, float, float, float]:
        p, vbe, vbc = self.p, voltages[0], voltages[1]
        stored, across = gcc, 0.0
        if p["tf"] and vbe > 0:
            grown = slope_grown = voltage_grown = 0.0
            if p["xtf"]:
                grown = slope_grown = p["xtf"] * (exponential(vbc / (1.44 * p["vtf"])) if p["vtf"] else 1.0)
                if p["itf"]:
                    share = icc / (icc + p["itf"])
                    grown *= share * share
                    slope_grown = grown * (3 - 2 * share)
                voltage_grown = icc * grown / (1.44 * p["vtf"]) if p["vtf"] else 0.0
            charge = icc * (1 + grown) / qb
            stored = (gcc * (1 + slope_grown) - charge * by[0]) / qb
            across = p["tf"] * (voltage_grown - charge * by[1]) / qb
        cpi = p["tf"] * stored + depletion(p["cje"], vbe, p["vje"], p["mje"], p["fc"])
        inside = depletion(p["cjc"] * p["xcjc"], vbc, p["vjc"], p["mjc"], p["fc"])
        cmu = p["tr"] * gec + inside
        c, b, e = self.inner
        outside = depletion(p["cjc"] * (1 - p["xcjc"]), voltages[3], p["vjc"], p["mjc"], p["fc"])
        charges = [Charge(b, e, cpi), Charge(b, c, cmu), Charge(self.nodes[1], c, outside)]
        if across:
            charges.append(Charge(b, e, across, (b, c)))
        substrate = depletion(p["cjs"], voltages[2], p["vjs"], p["mjs"], 0.0)
        charges.append(Charge(*self.bulk, substrate))
        return tuple(charges), cpi, cmu, outside, substrate

    def _region(self, vbe: float, vbc: float, transport: tuple[float, float], base: tuple[float, float]) -> str:
        on = CONDUCTING * self.thermal
        (icc, iec), (ibe, ibc) = transport, base
        if vbe < on and vbc < on:
            return "cut-off"
        if vbe >= on and (vbc < on or (abs(iec) <= NOTICED * abs(icc) and abs(ibc) <= FORCED * abs(ibe))):
            return "forward active"
        if vbe < on or (abs(icc) <= NOTICED * abs(iec) and abs(ibe) <= FORCED * abs(ibc)):
            return "reverse active"
        return "saturation"


def bipolar_of(element: Element, model: Model | None, around: Surroundings) -> Bipolar:
    """The transistor at its temperature. Raises NetlistError."""
    given = given_of(CARD, element, model, around)
    assert model is not None
    v, at, own = given.model, given.temperatures, given.own
    vt = thermal_voltage(at.here)
    count, area = own["m"], own["area"]
    scale = area * count
    sign = 1 if model.type == "npn" else -1
    vertical = v.get("subs", 1.0 if sign > 0 else -1.0) > 0
    widened = own.get("areab", area) * count
    collector = widened if vertical else own.get("areac", area) * count
    growth = (at.ratio - 1) * v["eg"] / vt + v["xti"] * math.log(at.ratio)
    gain = at.ratio ** v["xtb"]
    emitter_reference, vje = potential_at(v["vje"], at)
    collector_reference, vjc = potential_at(v["vjc"], at)
    substrate_reference, vjs = potential_at(v["vjs"], at)
    p = {
        "is": v["is"] * exponential(growth) * scale,
        # ngspice scales the collector's transport current with both areas.
        "is_back": v["is"] * exponential(growth) * scale * collector / count,
        "bf": v["bf"] * gain, "br": v["br"] * gain,
        "ise": v["ise"] * exponential(growth / v["ne"]) / gain * scale,
        "isc": v["isc"] * exponential(growth / v["nc"]) / gain * collector,
        "nf": v["nf"], "nr": v["nr"], "ne": v["ne"], "nc": v["nc"], "early_f": _inverse(v["vaf"]),
        "early_r": _inverse(v["var"]), "roll_f": _inverse(v["ikf"] * scale), "roll_r": _inverse(v["ikr"] * scale),
        "rb": v["rb"] / scale, "rbm": v.get("rbm", v["rb"]) / scale, "irb": v["irb"] * scale,
        "cje": v["cje"] * scale * capacitance_factor(v["vje"], emitter_reference, vje, v["mje"], at), "vje": vje,
        "cjc": v["cjc"] * collector * capacitance_factor(v["vjc"], collector_reference, vjc, v["mjc"], at), "vjc": vjc,
        "cjs": v["cjs"] * (own.get("areac", area) * count if vertical else widened)
        * capacitance_factor(v["vjs"], substrate_reference, vjs, v["mjs"], at), "vjs": vjs, "mjs": v["mjs"],
        "mje": v["mje"], "mjc": v["mjc"], "xcjc": min(v["xcjc"], 1.0), "fc": v["fc"], "tf": v["tf"], "tr": v["tr"],
        "xtf": v["xtf"], "vtf": v["vtf"], "itf": v["itf"] * scale,
    }  # fmt: skip
    c, b, e = element.nodes[:3]
    inner_b = f"{element.name}#base" if p["rb"] or p["rbm"] else b
    ohmic, inner = [], {}
    for node, key, place in ((c, "rc", "collector"), (e, "re", "emitter")):
        inner[key] = f"{element.name}#{place}" if v[key] else node
        ohmic += [(node, inner[key], scale / v[key])] if v[key] else []
    substrate = element.nodes[3] if len(element.nodes) > 3 else GROUND
    bulk = (substrate, inner["rc"]) if vertical else (inner_b, substrate)
    return Bipolar(element.name, sign, element.nodes, (inner["rc"], inner_b, inner["re"]), tuple(ohmic), p, vt, bulk)


def _inverse(value: float) -> float:
    return 1 / value if value else 0.0
