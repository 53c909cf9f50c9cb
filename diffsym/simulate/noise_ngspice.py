"""ngspice's ``.noise`` beside diffsym's: the same deck, the same sources, each part of each element compared."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from diffsym.circuit.model import GROUND
from diffsym.errors import CircuitError, QuantityError
from diffsym.expression.tree import Expression, Negation, NodeVoltage, Sum
from diffsym.simulate.bias.asking import value_of
from diffsym.simulate.bias.deck import ALONE
from diffsym.simulate.bias.ngspice import TOLERANCES, _run, _Written, asked_of_ngspice, installed
from diffsym.simulate.bias.point import OperatingPoint
from diffsym.simulate.noise import NoisePoint, drive_for, reference_of
from diffsym.solve.noise import NoiseQuantity
from diffsym.solve.quantity import Quantity

PARTS: Mapping[str, Mapping[str, str]] = {
    "R": {"thermal": "resistor"},
    "M": {"id": "channel", "1overf": "flicker", "rd": "rd", "rs": "rs"},
    "J": {"id": "channel", "1overf": "flicker", "rd": "rd", "rs": "rs"},
    "Q": {"ic": "collector", "ib": "base", "1overf": "flicker", "rb": "rb", "rc": "rc", "re": "re"},
    "D": {"id": "junction", "1overf": "flicker", "rs": "rs"},
}
"""ngspice's names of noise sources, and diffsym's."""

SMALL = 1e-9
"""Of the output's density: a smaller part is compared with this share of it."""

_ANSWER = re.compile(r"^\s*(\S+)\s*=\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*$")


@dataclass(frozen=True, slots=True)
class NoiseAnswer:
    """ngspice's densities at one frequency; ``parts`` by (element, part). ``input`` by its own gain."""

    output: float
    input: float | None
    parts: Mapping[tuple[str, str], float]


@dataclass(frozen=True, slots=True)
class NoiseBeside:
    """Both answers at one frequency, with relative differences; ``worst``: the part that differs most."""

    ours: NoisePoint
    theirs: NoiseAnswer
    output_error: float
    input_error: float | None
    worst: tuple[str, str, float] | None

    def to_dict(self) -> dict[str, Any]:
        worst = None if self.worst is None else {"name": f"{self.worst[0]} {self.worst[1]}", "error": self.worst[2]}
        return {
            "f": self.ours.f,
            "output": {"diffsym": self.ours.output, "ngspice": self.theirs.output, "error": self.output_error},
            "input": None
            if self.input_error is None
            else {"diffsym": self.ours.input, "ngspice": self.theirs.input, "error": self.input_error},
            "worst": worst,
        }


def beside_ngspice(
    point: OperatingPoint,
    asked: NoiseQuantity,
    ours: Sequence[NoisePoint],
    drive: Mapping[str, float] | None = None,
) -> tuple[NoiseBeside, ...]:
    """The same densities by ngspice; ``drive`` as in ``noise_response``.

    Raises QuantityError for what ``.noise`` cannot be asked, CircuitError.
    """
    drive = drive_for(asked) or dict(drive or {})
    frequencies = [each.f for each in ours]
    theirs = _asked(point, asked, frequencies, drive)
    gains = _gains(point, asked, frequencies, drive)
    out = []
    for mine, other, gain in zip(ours, theirs, gains, strict=True):
        total = sum(other.parts.get((part.owner, part.part), 0.0) for part in mine.parts)
        # what was left out, or is of another kind, is in ngspice's own sum
        output = other.output if _is_whole(asked, point) else total
        referred = None if not gain else output / gain
        errors = [
            (part.owner, part.part, _error(part.output, other.parts.get((part.owner, part.part), 0.0), mine.output))
            for part in mine.parts
        ]
        out.append(
            NoiseBeside(
                mine,
                NoiseAnswer(output, referred, other.parts),
                _error(mine.output, output, 0.0),
                None if mine.input is None or referred is None else _error(mine.input, referred, 0.0),
                max(errors, key=lambda each: each[2], default=None),
            )
        )
    return tuple(out)


def _gains(
    point: OperatingPoint, asked: NoiseQuantity, frequencies: Sequence[float], drive: Mapping[str, float]
) -> list[float | None]:
    """|A|² by ngspice's ac analysis: its noise analysis moves one source alone, whatever else a signal moves."""
    if not drive:
        return [None] * len(frequencies)
    deck = point.found.equations.deck
    answer = asked_of_ngspice(point.circuit, deck, frequencies, drive)
    output = Quantity(asked.output, asked.output, (), {}, {}, {})
    scale = reference_of(point, asked)
    return [
        abs(value_of(output, deck, frequency, volts, currents) / scale) ** 2
        for frequency, volts, currents in zip(frequencies, answer.points, answer.currents)
    ]


def _is_whole(asked: NoiseQuantity, point: OperatingPoint) -> bool:
    return not asked.without and not asked.only and len(asked.kinds) == 3


def _error(ours: float, theirs: float, whole: float) -> float:
    against = max(abs(ours), abs(theirs), SMALL * whole)
    return abs(ours - theirs) / against if against else 0.0


def ends_of(tree: Expression) -> tuple[str, str] | None:
    """The two nodes of an output that ``.noise`` can be asked about; None for another one."""
    match tree:
        case NodeVoltage(plus, minus):
            return plus, minus or GROUND
        case Negation(operand):
            return ends_of(operand)
        case Sum((NodeVoltage(plus, None), Negation(NodeVoltage(minus, None)))):
            return plus, minus
    return None


def _asked(
    point: OperatingPoint, asked: NoiseQuantity, frequencies: Sequence[float], drive: Mapping[str, float]
) -> list[NoiseAnswer]:
    program = installed()
    if program is None:
        raise CircuitError("ngspice is not installed", hint="install it, or leave out --compare")
    ends = ends_of(asked.output)
    if ends is None:
        raise QuantityError(
            "ngspice's .noise is asked about one voltage", hint="compare noise of v(o) or v(o1,o2), not of a current"
        )
    deck = point.found.equations.deck
    sources = [part.name for part in deck.parts if part.kind in "VI"]
    if not drive:
        if not sources:
            raise QuantityError("ngspice's .noise needs a source as its input", hint="add one, as in Vin in 0 0")
        drive = {ALONE + sources[0]: 1.0}
    moving = [
        part.name for part in deck.parts if part.kind in "VI" and any(name in drive for name in part.moving or {})
    ]
    if not moving:
        raise QuantityError("no source moves with the signal", hint=f"the deck's sources: {' '.join(sources)}")
    written = _Written(point.circuit, deck, drive, deck.guesses)
    said = ""
    for tolerances in TOLERANCES:
        head, _, _ = written.text((), tolerances).rpartition("\n.endc")
        lines = [head, "set sqrnoise"]
        plus, minus = (written.nodes[node] for node in ends)
        place = f"v({plus})" if minus == "0" else f"v({plus},{minus})"
        for at, frequency in enumerate(frequencies):
            lines += [
                f"noise {place} {written.names[moving[0]]} lin 1 {frequency!r} {frequency!r} 1",
                f"echo point {at}",
                "print all",
            ]
        said = _run(program, "\n".join([*lines, ".endc", ".end", ""]))
        found = _read(said, written, point, len(frequencies))
        if found is not None:
            return found
    lines = [line.strip() for line in said.splitlines() if "rror" in line or "ingular" in line]
    raise CircuitError(f"ngspice gives no noise: {(lines or ['it says nothing'])[0][:200]}")


def _read(said: str, written: Any, point: OperatingPoint, count: int) -> list[NoiseAnswer] | None:
    owners = {place: name for name, place in written.names.items()}
    kinds = {each.name: each.kind for each in point.circuit.elements}
    values: list[dict[str, float]] = []
    for line in said.splitlines():
        if line.startswith("point "):
            values.append({})
        found = _ANSWER.match(line)
        if found is not None and values:
            values[-1][found[1]] = float(found[2])
    if len(values) != count or any("onoise_spectrum" not in each for each in values):
        return None
    out = []
    for each in values:
        parts: dict[tuple[str, str], float] = {}
        for name, value in each.items():
            word, _, part = name.removeprefix("onoise_").partition("_")
            if name.startswith("onoise_") and word in owners:
                owner = owners[word]
                ours = PARTS.get(kinds[owner], {}).get(part)
                if ours is not None:
                    parts[owner, ours] = value
        out.append(NoiseAnswer(each["onoise_spectrum"], None, parts))
    return out
