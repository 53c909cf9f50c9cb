"""Devices over many draws at once: the same laws as in ``bias``, with arrays for voltages and for what is drawn.

Every current of a device has its two nodes, its value (draws,) and its slopes (draws, junctions).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from diffsym.simulate.bias.bipolar import Bipolar
from diffsym.simulate.bias.linearised import Device
from diffsym.simulate.bias.mos import Junction, Mos
from diffsym.simulate.bias.physics import LARGEST_EXPONENT

Drawn = Mapping[str, Any]
"""What is drawn of a device: ``vt`` in V, ``beta``, ``is`` and ``bf`` relative; each an array over the draws."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A current from node ``source`` through a device to ``target``, over all draws."""

    source: str
    target: str
    current: Any
    slopes: Any


Ohmic = tuple[str, str, Any]
"""A conductance in S between two nodes, one for all draws or one of each."""


def flows(device: Device, drawn: Drawn, voltages: Any, gmin: float) -> tuple[list[Flow], list[Ohmic]]:
    """Every current of a device; ``voltages`` has the shape (draws, junctions), those of an n-type."""
    if isinstance(device, Mos):
        return _mos(device, drawn, voltages, gmin), list(device.ohmic)
    if isinstance(device, Bipolar):
        return _bipolar(device, drawn, voltages, gmin)
    return _one_by_one(device, drawn, voltages, gmin)


def changed(device: Device, drawn: Mapping[str, float]) -> Device:
    """One device with one draw's numbers in it."""
    if isinstance(device, Mos):
        shift = drawn.get("vt", 0.0)
        return replace(
            device,
            built_in=device.built_in + shift,
            threshold=device.threshold + shift,
            beta=device.beta * (1 + drawn.get("beta", 0.0)),
        )
    if isinstance(device, Bipolar):
        grown = 1 + drawn.get("is", 0.0)
        p = {**device.p, "is": device.p["is"] * grown, "is_back": device.p["is_back"] * grown}
        return replace(device, p={**p, "bf": device.p["bf"] * (1 + drawn.get("bf", 0.0))})
    return device


def _one_by_one(device: Device, drawn: Drawn, voltages: Any, gmin: float) -> tuple[list[Flow], list[Ohmic]]:
    """Diodes and JFETs: their resistances are the same in all draws."""
    import numpy

    found = []
    for at, row in enumerate(voltages):
        own = changed(device, {key: float(values[at]) for key, values in drawn.items()})
        found.append(own.at(tuple(float(each) for each in row), gmin))
    first = found[0].branches
    return [
        Flow(
            branch.source,
            branch.target,
            numpy.array([each.branches[at].current for each in found]),
            numpy.array([each.branches[at].slopes for each in found]),
        )
        for at, branch in enumerate(first)
    ], list(found[0].conductances)


def _mos(device: Mos, drawn: Drawn, voltages: Any, gmin: float) -> list[Flow]:
    import numpy

    vgs, vds, vbs = voltages[:, 0], voltages[:, 1], voltages[:, 2]
    forward = vds >= 0
    across = abs(vds)
    gate = numpy.where(forward, vgs, vgs - vds)
    bulk = numpy.where(forward, vbs, vbs - vds)
    whole = device.phi**0.5
    root = numpy.where(
        bulk <= 0, numpy.sqrt(numpy.maximum(device.phi - bulk, 0.0)), numpy.maximum(0.0, whole - bulk / (2 * whole))
    )
    over = gate - device.built_in - drawn.get("vt", 0.0) - device.gamma * root
    beta = device.beta * (1 + drawn.get("beta", 0.0))
    grown = beta * (1 + device.modulation * across)
    on, flat = over > 0, over <= across
    bent = over - across / 2
    current = numpy.where(flat, grown * over**2 / 2, grown * across * bent)
    gm = numpy.where(flat, grown * over, grown * across)
    gds = numpy.where(
        flat, device.modulation * beta * over**2 / 2, grown * (over - across) + device.modulation * beta * across * bent
    )
    current, gm, gds = (numpy.where(on, each, 0.0) for each in (current, gm, gds))
    with numpy.errstate(divide="ignore", invalid="ignore"):
        gmb = gm * numpy.where(root > 0, device.gamma / (2 * root), 0.0)
    channel = numpy.stack(
        [
            numpy.where(forward, gm, -gm),
            numpy.where(forward, gds, gm + gds + gmb),
            numpy.where(forward, gmb, -gmb),
        ],
        axis=1,
    )
    nothing = numpy.zeros_like(vgs)
    ibs, gbs = _bulk(device, device.source, vbs, gmin)
    ibd, gbd = _bulk(device, device.drain, vbs - vds, gmin)
    drain, source = device.inner
    return [
        Flow(drain, source, numpy.where(forward, current, -current), channel),
        Flow(device.nodes[3], source, ibs, numpy.stack([nothing, nothing, gbs], axis=1)),
        Flow(device.nodes[3], drain, ibd, numpy.stack([nothing, -gbd, gbd], axis=1)),
    ]


def _bulk(device: Mos, at: Junction, voltage: Any, gmin: float) -> tuple[Any, Any]:
    import numpy

    grown = _exponential(voltage / device.thermal)
    on = voltage > -3 * device.thermal
    current = numpy.where(on, at.saturation * (grown - 1), -at.saturation) + gmin * voltage
    return current, numpy.where(on, at.saturation * grown / device.thermal, 0.0) + gmin


def _bipolar(device: Bipolar, drawn: Drawn, voltages: Any, gmin: float) -> tuple[list[Flow], list[Ohmic]]:
    import numpy

    p, thermal = device.p, device.thermal
    vbe, vbc, vsub = voltages[:, 0], voltages[:, 1], voltages[:, 2]
    scale = 1 + drawn.get("is", 0.0)
    gain = p["bf"] * (1 + drawn.get("bf", 0.0))
    icc, gcc = _junction(p["is"] * scale, vbe, p["nf"] * thermal)
    iec, gec = _junction(p["is_back"] * scale, vbc, p["nr"] * thermal)
    leak_e, slope_e = _junction(p["ise"], vbe, p["ne"] * thermal)
    leak_c, slope_c = _junction(p["isc"], vbc, p["nc"] * thermal)
    q1 = 1 / (1 - p["early_f"] * vbc - p["early_r"] * vbe)
    q2 = p["roll_f"] * icc + p["roll_r"] * iec
    root = numpy.sqrt(numpy.maximum(0.0, 1 + 4 * q2))
    root = numpy.where(root > 0, root, 1.0)
    qb = q1 * (1 + root) / 2
    by_e = q1 * (qb * p["early_r"] + p["roll_f"] * gcc / root)
    by_c = q1 * (qb * p["early_f"] + p["roll_r"] * gec / root)
    transport = (icc - iec) / qb
    nothing = numpy.zeros_like(vbe)
    c, b, e = device.inner

    def slopes(*each: Any) -> Any:
        return numpy.stack([*each, *[nothing] * (4 - len(each))], axis=1)

    base, collector = icc / gain + leak_e + gmin * vbe, iec / p["br"] + leak_c + gmin * vbc
    found = [
        Flow(c, e, transport, slopes((gcc - transport * by_e) / qb, (-gec - transport * by_c) / qb)),
        Flow(b, e, base, slopes(gcc / gain + slope_e + gmin)),
        Flow(b, c, collector, slopes(nothing, gec / p["br"] + slope_c + gmin)),
        Flow(*device.bulk, gmin * vsub, slopes(nothing, nothing, nothing + gmin)),
    ]
    if not p["rb"] and not p["rbm"]:
        return found, list(device.ohmic)
    return found, [*device.ohmic, (device.nodes[1], b, _base_conductance(device, base + collector, qb))]


def _base_conductance(device: Bipolar, current: Any, qb: Any) -> Any:
    import numpy

    p = device.p
    spread = p["rb"] - p["rbm"]
    if not p["irb"]:
        return 1 / (p["rbm"] + spread / qb)
    share = numpy.maximum(current / p["irb"], 1e-9)
    angle = (numpy.sqrt(1 + 14.59025 * share) - 1) / 2.4317 / numpy.sqrt(share)
    slope = numpy.tan(angle)
    return 1 / (p["rbm"] + 3 * spread * (slope - angle) / (angle * slope * slope))


def _junction(saturation: Any, voltage: Any, scale: float) -> tuple[Any, Any]:
    import numpy

    grown = _exponential(voltage / scale)
    on = voltage >= -3 * scale
    safe = numpy.where(on, -3 * scale, voltage)
    fading = (3 * scale / (safe * numpy.e)) ** 3
    current = numpy.where(on, saturation * (grown - 1), -saturation * (1 + fading))
    return current, numpy.where(on, saturation * grown / scale, saturation * 3 * fading / safe)


def _exponential(argument: Any) -> Any:
    import numpy

    return numpy.exp(numpy.minimum(argument, LARGEST_EXPONENT))
