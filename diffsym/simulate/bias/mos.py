"""The level-1 MOS transistor (Shichman and Hodges) with Meyer's capacitances, bulk junctions and series resistances."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from diffsym.circuit.model import Element, Model
from diffsym.errors import NetlistError
from diffsym.simulate.bias.given import Card, Given, Surroundings, given_of
from diffsym.simulate.bias.linearised import Branch, Charge, Linearised
from diffsym.simulate.bias.physics import (
    CHARGE,
    capacitance_factor,
    critical_voltage,
    depletion,
    exponential,
    limited_drain,
    limited_gate,
    limited_junction,
    potential_at,
    silicon_gap,
    thermal_voltage,
)

OXIDE = 3.9 * 8.854214871e-12
SILICON = 11.7 * 8.854214871e-12
INTRINSIC = 1.45e16
"""Permittivities in F/m; carriers of silicon per m³."""

CARD = Card(
    title="MOS transistor",
    defaults={
        "vto": 0.0, "kp": 2e-5, "gamma": 0.0, "phi": 0.6, "lambda": 0.0, "rd": 0.0, "rs": 0.0, "cbd": 0.0, "cbs": 0.0,
        "is": 1e-14, "pb": 0.8, "cgso": 0.0, "cgdo": 0.0, "cgbo": 0.0, "rsh": 0.0, "cj": 0.0, "mj": 0.5, "cjsw": 0.0,
        "mjsw": 0.5, "js": 0.0, "tox": None, "ld": 0.0, "u0": 600.0, "fc": 0.5, "nsub": None, "tpg": 1.0, "nss": 0.0,
    },
    positive=frozenset({"kp", "phi", "pb", "tox", "u0", "nsub", "is"}),
    signed=frozenset({"vto", "tpg", "lambda", "nss"}),
    idle=frozenset({"kf", "af", "nlev", "gdsnoi"}),
    instance={
        "w": None, "l": None, "ad": None, "as": None, "pd": 0.0, "ps": 0.0, "nrd": 1.0, "nrs": 1.0,
    },
    aliases={"vt0": "vto", "uo": "u0"},
    ignored=frozenset({"xj", "xd", "wd", "ucrit", "uexp", "utra", "vmax", "neff", "delta", "theta", "eta", "kappa",
                       "nfs", "xqc", "capop", "wl", "lmin", "lmax", "wmin", "wmax"}),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Junction:
    """A bulk junction at its temperature: A, F at zero bias of area and of side wall."""

    saturation: float
    area: float
    side: float


@dataclass(frozen=True, slots=True)
class Mos:
    """A MOS transistor at its temperature; voltages are those of an n-channel device, ``sign`` is −1 for p."""

    name: str
    sign: int
    nodes: tuple[str, str, str, str]
    inner: tuple[str, str]
    ohmic: tuple[tuple[str, str, float], ...]
    beta: float
    built_in: float
    gamma: float
    phi: float
    modulation: float
    oxide: float
    overlaps: tuple[float, float, float]
    drain: Junction
    source: Junction
    potential: float
    gradings: tuple[float, float]
    forward: float
    thermal: float
    threshold: float

    @property
    def junctions(self) -> tuple[tuple[str, str], ...]:
        drain, source = self.inner
        return ((self.nodes[1], source), (drain, source), (self.nodes[3], source))

    @property
    def start(self) -> tuple[float, ...]:
        return (self.threshold + 0.1, 0.2, 0.0)

    def limited(self, new: Sequence[float], old: Sequence[float]) -> tuple[float, ...]:
        """Steps of v_GS, v_DS and v_BS that the square law and the bulk junctions survive."""
        gate, drain, bulk = new
        if old[1] >= 0:
            gate = limited_gate(gate, old[0], self.turn_on(old[2]))
            drain = limited_drain(drain, old[1])
        else:
            across = limited_gate(gate - drain, old[0] - old[1], self.turn_on(old[2] - old[1]))
            drain = -limited_drain(-drain, -old[1])
            gate = across + drain
        critical = critical_voltage(self.source.saturation, self.thermal)
        if drain >= 0:
            bulk = limited_junction(bulk, old[2], self.thermal, critical)
        else:
            bulk = drain + limited_junction(bulk - drain, old[2] - old[1], self.thermal, critical)
        return gate, drain, bulk

    def turn_on(self, bulk: float) -> float:
        """The threshold voltage at a bulk voltage against the source."""
        return self.built_in + self.gamma * self._root(bulk)

    def _root(self, bulk: float) -> float:
        if bulk <= 0:
            return math.sqrt(self.phi - bulk)
        whole = math.sqrt(self.phi)
        return max(0.0, whole - bulk / (2 * whole))

    def at(self, voltages: Sequence[float], gmin: float) -> Linearised:
        vgs, vds, vbs = voltages
        forward = vds >= 0
        size = abs(vds)
        gate, bulk = (vgs, vbs) if forward else (vgs - vds, vbs - vds)
        root = self._root(bulk)
        threshold = self.built_in + self.gamma * root
        over = gate - threshold
        current, gm, gds = self._channel(over, size)
        gmb = gm * (self.gamma / (2 * root) if root > 0 else 0.0)
        drain, source = self.inner
        # With drain and source exchanged the channel obeys v_GD and v_BD, and its current turns.
        slopes = (gm, gds, gmb) if forward else (-gm, gm + gds + gmb, -gmb)
        channel = Branch(drain, source, current if forward else -current, slopes)
        ibs, gbs = self._bulk(self.source, vbs, gmin)
        ibd, gbd = self._bulk(self.drain, vbs - vds, gmin)
        branches = (
            channel,
            Branch(self.nodes[3], source, ibs, (0.0, 0.0, gbs)),
            Branch(self.nodes[3], drain, ibd, (0.0, -gbd, gbd)),
        )
        near, far, ground = self._meyer(over, size)
        cgs, cgd = (near, far) if forward else (far, near)
        cbs, cbd = self._junction_capacitance(self.source, vbs), self._junction_capacitance(self.drain, vbs - vds)
        cgso, cgdo, cgbo = self.overlaps
        region = "cut-off" if over <= 0 else "saturation" if over <= size else "triode"
        report = {
            "id": (current if forward else -current) - ibd, "vgs": vgs, "vds": vds, "vbs": vbs,
            "von": self.sign * threshold, "vdsat": self.sign * max(over, 0.0), "gm": gm, "gds": gds, "gmbs": gmb,
            "gbd": gbd, "gbs": gbs, "cgs": cgs + cgso, "cgd": cgd + cgdo, "cgb": ground + cgbo, "cbd": cbd, "cbs": cbs,
        }  # fmt: skip
        small = {
            "gm": gm, "ro": 1 / gds if gds else math.inf, "gmb": gmb, "cgs": cgs + cgso, "cgd": cgd + cgdo,
            "cgb": ground + cgbo, "cdb": cbd, "csb": cbs,
        }  # fmt: skip
        g, b = self.nodes[1], self.nodes[3]
        charges = (
            Charge(g, source, small["cgs"]), Charge(g, drain, small["cgd"]), Charge(g, b, small["cgb"]),
            Charge(b, drain, cbd), Charge(b, source, cbs),
        )  # fmt: skip
        said = region if forward or over <= 0 else f"{region}, drain and source exchanged"
        return Linearised(branches, self.ohmic, charges, report, small, said)

    def _channel(self, over: float, across: float) -> tuple[float, float, float]:
        if over <= 0:
            return 0.0, 0.0, 0.0
        grown = self.beta * (1 + self.modulation * across)
        if over <= across:
            return grown * over**2 / 2, grown * over, self.modulation * self.beta * over**2 / 2
        bent = over - across / 2
        slope = grown * (over - across) + self.modulation * self.beta * across * bent
        return grown * across * bent, grown * across, slope

    def _bulk(self, at: Junction, voltage: float, gmin: float) -> tuple[float, float]:
        if voltage <= -3 * self.thermal:
            return gmin * voltage - at.saturation, gmin
        grown = exponential(voltage / self.thermal)
        return at.saturation * (grown - 1) + gmin * voltage, at.saturation * grown / self.thermal + gmin

    def _meyer(self, over: float, across: float) -> tuple[float, float, float]:
        """Gate to source, to drain and to bulk in F (Meyer, RCA Review 32, 1971), source being the lower end."""
        phi, whole = self.phi, self.oxide
        if over <= -phi:
            return 0.0, 0.0, whole
        if over <= -phi / 2:
            return 0.0, 0.0, -over * whole / phi
        edge = max(over, FLOOR) if over <= 0 else over
        near = 2 * whole / 3 if over > 0 else over * whole / (0.75 * phi) + 2 * whole / 3
        under = 0.0 if over > 0 else -over * whole / phi
        if across >= edge:
            return near, 0.0, under
        span = (2 * edge - across) ** 2
        return near * (1 - (edge - across) ** 2 / span), near * (1 - edge**2 / span), under

    def _junction_capacitance(self, at: Junction, voltage: float) -> float:
        area = depletion(at.area, voltage, self.potential, self.gradings[0], self.forward)
        return area + depletion(at.side, voltage, self.potential, self.gradings[1], self.forward)


FLOOR = 0.025
"""V of saturation below threshold, so that Meyer's capacitances have no corner at v_DS = 0."""


def mos_of(element: Element, model: Model | None, around: Surroundings) -> Mos:
    """The transistor at its temperature. Raises NetlistError."""
    given = given_of(CARD, element, model, around)
    assert model is not None
    values, own, at = dict(given.model), given.own, given.temperatures
    sign = 1 if model.type == "nmos" else -1
    width, length = own.get("w", around.width), own.get("l", around.length) - 2 * values["ld"]
    if length <= 0:
        raise NetlistError(
            f"the channel of {element.name} has no length: L − 2 LD is {length:g} m", line=element.line or None
        )
    oxide = OXIDE / values["tox"] if "tox" in given.stated else 0.0
    _derived(values, given, sign, oxide)
    count = own["m"]
    gap, nominal_gap = silicon_gap(at.here), silicon_gap(at.nominal)
    vt, nominal_vt = thermal_voltage(at.here), thermal_voltage(at.nominal)
    _, phi = potential_at(values["phi"], at)
    if phi <= 0:
        raise NetlistError(f"phi of {element.name} is {phi:g} V when it is so warm", hint="check phi")
    # vto is signed as on the card: negative for an enhancement p-channel device.
    built_in = (
        values["vto"] - sign * values["gamma"] * math.sqrt(values["phi"])
        + (nominal_gap - gap) / 2 + sign * (phi - values["phi"]) / 2
    )  # fmt: skip
    reference, potential = potential_at(values["pb"], at)
    grown = exponential(-gap / vt + nominal_gap / nominal_vt)
    bottom = capacitance_factor(values["pb"], reference, potential, values["mj"], at)
    wall = capacitance_factor(values["pb"], reference, potential, values["mjsw"], at)
    areas = own.get("ad", around.drain_area), own.get("as", around.source_area)

    def junction(area: float, perimeter: float, fixed: str) -> Junction:
        by_area = values["js"] and all(areas)
        saturation = (values["js"] * area if by_area else values["is"]) * grown * count
        zero = values[fixed] if fixed in given.stated else values["cj"] * area
        return Junction(saturation, zero * bottom * count, values["cjsw"] * perimeter * wall * count)

    nodes = element.nodes
    d, g, s, b = nodes
    inner = {}
    ohmic = []
    for end, series, squares in ((d, "rd", "nrd"), (s, "rs", "nrs")):
        resistance = values[series] if values[series] else values["rsh"] * own[squares]
        place = f"{element.name}#{'drain' if series == 'rd' else 'source'}"
        inner[series] = place if resistance else end
        ohmic += [(end, place, count / resistance)] if resistance else []
    return Mos(
        name=element.name, sign=sign, nodes=(d, g, s, b), inner=(inner["rd"], inner["rs"]), ohmic=tuple(ohmic),
        beta=values["kp"] / at.ratio**1.5 * count * width / length, built_in=sign * built_in, gamma=values["gamma"],
        phi=phi, modulation=values["lambda"], oxide=oxide * length * count * width,
        overlaps=(values["cgso"] * count * width, values["cgdo"] * count * width, values["cgbo"] * count * length),
        drain=junction(areas[0], own["pd"], "cbd"), source=junction(areas[1], own["ps"], "cbs"), potential=potential,
        gradings=(values["mj"], values["mjsw"]), forward=values["fc"], thermal=vt,
        threshold=sign * built_in + values["gamma"] * math.sqrt(phi),
    )  # fmt: skip


def _derived(values: dict[str, float], given: Given, sign: int, oxide: float) -> None:
    """What the card leaves out and its process tells (Massobrio and Antognetti, section 4.2)."""
    if not oxide:
        return
    if "kp" not in given.stated:
        values["kp"] = values["u0"] * oxide * 1e-4
    if "nsub" not in given.stated:
        return
    doping, nominal = values["nsub"] * 1e6, given.temperatures.nominal
    if doping <= INTRINSIC:
        raise NetlistError("nsub is below the carriers of intrinsic silicon", hint="it is in 1/cm³, as in 1e16")
    if "phi" not in given.stated:
        values["phi"] = max(0.1, 2 * thermal_voltage(nominal) * math.log(doping / INTRINSIC))
    if "gamma" not in given.stated:
        values["gamma"] = math.sqrt(2 * SILICON * CHARGE * doping) / oxide
    if "vto" not in given.stated:
        gap = silicon_gap(nominal)
        metal = 3.2 if not values["tpg"] else 3.25 + gap / 2 - sign * values["tpg"] * gap / 2
        flat = metal - (3.25 + gap / 2 + sign * values["phi"] / 2) - values["nss"] * 1e4 * CHARGE / oxide
        values["vto"] = flat + sign * (values["gamma"] * math.sqrt(values["phi"]) + values["phi"])
