"""The same deck answered by ngspice: written anew from what was read, run apart, under a clock, without a shell."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from diffsym.circuit.model import GROUND, Circuit, Element
from diffsym.errors import BudgetError, CircuitError
from diffsym.simulate.bias.deck import Deck
from diffsym.simulate.bias.given import number_of

PATIENCE = 60.0
"""Seconds after which ngspice is ended."""

LARGE_GAIN = 1e7
"""What stands for the infinite gain of an ideal op amp where ngspice does not find its way with a nullor."""

TOLERANCES = ("reltol=1e-9 abstol=1e-17 vntol=1e-12", "reltol=1e-7 abstol=1e-15 vntol=1e-10", "reltol=1e-5")
"""Options that are tried in turn: ngspice's own reltol of 1e-3 would hide every difference worth seeing."""

ASKED: Mapping[str, tuple[str, ...]] = {
    "M": ("id", "vgs", "vds", "vbs", "von", "gm", "gds", "gmbs", "cgs", "cgd", "cgb", "cbd", "cbs"),
    "Q": ("ic", "ib", "vbe", "vbc", "gm", "gpi", "gmu", "gx", "go", "cpi", "cmu", "cbx", "csub"),
    "D": ("id", "vd", "gd", "cd"),
    "J": ("id", "ig", "vgs", "vgd", "gm", "gds", "ggs"),
}
"""What ngspice is asked about each kind of device."""

_ANSWER = re.compile(r"^\s*(\S+)\s*=\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*$")


@dataclass(frozen=True, slots=True)
class Answer:
    """What ngspice found: node voltages, device numbers, and the response at each frequency by node.

    ``currents``: complex currents of voltage sources, inductors, E and H at each frequency.
    """

    nodes: Mapping[str, float]
    devices: Mapping[str, Mapping[str, float]]
    points: tuple[Mapping[str, complex], ...]
    currents: tuple[Mapping[str, complex], ...]
    tolerances: str


def installed() -> str | None:
    """The path of ngspice; None where it is not installed."""
    return shutil.which("ngspice")


def asked_of_ngspice(
    circuit: Circuit,
    deck: Deck,
    frequencies: Sequence[float] = (),
    drive: Mapping[str, float] | None = None,
    start: Mapping[str, float] | None = None,
) -> Answer:
    """ngspice's answers; ``start``: node voltages in V from which it looks for its operating point.

    Raises CircuitError where it finds none, BudgetError where it takes too long.
    """
    program = installed()
    if program is None:
        raise CircuitError("ngspice is not installed", hint="install it, or use op and ac, which need no other program")
    written = _Written(circuit, deck, dict(drive or {}), deck.guesses if start is None else start)
    said = ""
    ideal = any(part.kind == "O" for part in deck.parts)
    for written.nullors in (True, False) if ideal else (True,):
        for tolerances in TOLERANCES:
            said = _run(program, written.text(frequencies, tolerances))
            answer = written.read(said, len(frequencies), tolerances)
            if answer is not None:
                return answer
    lines = [line.strip() for line in said.splitlines() if "rror" in line or "ingular" in line or "onverge" in line]
    raise CircuitError(f"ngspice gives no operating point: {(lines or ['it says nothing'])[0][:200]}")


def _run(program: str, text: str) -> str:
    with tempfile.TemporaryDirectory(prefix="diffsym-") as folder:
        path = Path(folder) / "deck.cir"
        path.write_text(text, encoding="ascii")
        kept = {name: os.environ[name] for name in ("PATH", "SPICE_LIB_DIR", "LD_LIBRARY_PATH") if name in os.environ}
        try:
            run = subprocess.run(
                [program, "-n", "-b", str(path)], cwd=folder, capture_output=True, text=True, errors="replace",
                timeout=PATIENCE, check=False, stdin=subprocess.DEVNULL, env={**kept, "LC_ALL": "C", "HOME": folder},
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise BudgetError(f"ngspice took more than {PATIENCE:.0f} s", hint="ask about fewer frequencies") from None
        except OSError as error:
            raise CircuitError(f"ngspice cannot be run: {error.strerror}") from None
    return run.stdout + "\n" + run.stderr


class _Written:
    """A deck under plain names, so that nothing in a user's text reaches ngspice but numbers."""

    def __init__(self, circuit: Circuit, deck: Deck, drive: Mapping[str, float], start: Mapping[str, float]) -> None:
        self.circuit, self.deck, self.drive, self.start = circuit, deck, drive, start
        self.nullors = True
        nodes = dict.fromkeys(
            node for each in circuit.elements for node in (*each.nodes, *(each.control or ())) if node != GROUND
        )
        self.nodes = {GROUND: "0", **{node: f"n{at}" for at, node in enumerate(nodes, 1)}}
        self.names = {each.name: f"{each.kind.lower()}{at}" for at, each in enumerate(circuit.elements, 1)}
        self.models = {name.lower(): f"mod{at}" for at, name in enumerate(circuit.models, 1)}

    def text(self, frequencies: Sequence[float], tolerances: str) -> str:
        around = self.deck.around
        sizes = f"defw={around.width!r} defl={around.length!r} defad={around.drain_area!r} defas={around.source_area!r}"
        lines = ["* written by diffsym", *self._elements(), *self._model_cards()]
        lines += [
            f".options temp={around.celsius!r} tnom={around.nominal_celsius!r} gmin={around.gmin!r} {sizes}",
            f".options itl1=2000 itl6=500 {tolerances}",
        ]
        lines += [f".nodeset v({self.nodes[node]})={value!r}" for node, value in self.start.items()]
        lines += [".control", "set numdgt=15", "op"]
        lines += [f"print v({place})" for place in self.nodes.values() if place != "0"]
        for element in self.circuit.elements:
            lines += [f"print @{self.names[element.name]}[{key}]" for key in ASKED.get(element.kind, ())]
        branches = [self._branch(name) for name in self._with_currents()]
        for at, frequency in enumerate(frequencies):
            lines += [f"ac lin 1 {frequency!r} {frequency!r}", f"echo point {at}"]
            for place in (*(f"v({p})" for p in self.nodes.values() if p != "0"), *branches):
                lines += [f"let re = real({place})", f"let im = imag({place})", f"echo at {place}", "print re im"]
        return "\n".join([*lines, ".endc", ".end", ""])

    def read(self, said: str, count: int, tolerances: str) -> Answer | None:
        places = {place: node for node, place in self.nodes.items()}
        names = {place: name for name, place in self.names.items()}
        kinds = {each.name: each.kind for each in self.circuit.elements}
        volts: dict[str, float] = {}
        devices: dict[str, dict[str, float]] = {name: {} for name, kind in kinds.items() if kind in ASKED}
        points: list[dict[str, complex]] = []
        currents: list[dict[str, complex]] = []
        branches = {self._branch(name): name for name in self._with_currents()}
        at, real = "", 0.0
        for line in said.splitlines():
            if line.startswith("point "):
                points.append({})
                currents.append({})
            elif line.startswith("at "):
                at = line[3:].strip()
            found = _ANSWER.match(line)
            if found is None:
                continue
            name, value = found[1], float(found[2])
            if name == "re":
                real = value
            elif name == "im" and points:
                if at in branches:
                    currents[-1][branches[at]] = complex(real, value)
                else:
                    points[-1][places[at[2:-1]]] = complex(real, value)
            elif name.startswith("v(") and name[2:-1] in places:
                volts[places[name[2:-1]]] = value
            elif name.startswith("@"):
                device, _, key = name[1:-1].partition("[")
                devices[names[device]][key] = value
        complete = len(volts) == len(self.nodes) - 1 and len(points) == count
        if not complete or any(len(point) != len(self.nodes) - 1 for point in points):
            return None
        return Answer(volts, devices, tuple(points), tuple(currents), tolerances)

    def _with_currents(self) -> list[str]:
        return [name for name in (part.name for part in self.deck.parts) if name in self._branch_names()]

    def _branch_names(self) -> set[str]:
        shorted = {part.name for part in self.deck.parts if part.kind == "V"}
        return {each.name for each in self.circuit.elements if each.kind in "VLEH" or each.name in shorted}

    def _branch(self, name: str) -> str:
        kind = next(each.kind for each in self.circuit.elements if each.name == name)
        ideal = self.nullors and any(part.kind == "O" and part.name == name for part in self.deck.parts)
        return f"{'vn' if ideal else 'vs' if kind == 'R' else ''}{self.names[name]}#branch"

    def _elements(self) -> Iterator[str]:
        parts = {part.name: part for part in self.deck.parts}
        for element in self.circuit.elements:
            name = self.names[element.name]
            nodes = " ".join(self.nodes[node] for node in element.nodes)
            if element.kind in ASKED:
                yield f"{name} {nodes} {self.models[(element.model or '').lower()]}{self._own(element)}"
                continue
            part = parts[element.name]
            control = " ".join(self.nodes[node] for node in part.control or ())
            sensed = " ".join(self.names[each] for each in part.sensed)
            if part.kind == "O":
                yield from self._op_amp(name, nodes, control)
            elif element.kind in "VI":
                moved = sum((self.drive[key] * by for key, by in (part.moving or {}).items() if key in self.drive), 0j)
                from cmath import polar
                from math import degrees

                size, angle = polar(moved)
                yield f"{name} {nodes} dc {part.value!r} ac {size!r} {degrees(angle)!r}"
            elif element.kind == "R" and part.kind == "V":
                yield f"vs{name} {nodes} 0"
            else:
                assert element.value is not None
                value = number_of(element.value, element.name, element.line, self.deck.around.numbers)
                middle = " ".join(word for word in (nodes, control, sensed) if word)
                yield f"{name} {middle} {value!r}{self._own(element)}"

    def _op_amp(self, name: str, nodes: str, control: str) -> Iterator[str]:
        """An ideal op amp: no voltage and no current at its input, any current at its output.

        The current of a 0-volt source at the input is given back beside it, and is what the output carries.
        """
        if not self.nullors:
            yield f"{name} {nodes} {control} {LARGE_GAIN!r}"
            return
        plus, minus = control.split()
        yield f"vn{name} {plus} {minus} 0"
        yield f"fi{name} {minus} {plus} vn{name} 1"
        yield f"fo{name} {nodes} vn{name} 1"

    def _own(self, element: Element) -> str:
        numbers = self.deck.around.numbers
        return "".join(
            f" {key}={number_of(tree, key, element.line, numbers)!r}"
            for key, tree in element.parameters.items()
            if key not in ("ic", "off")
        )

    def _model_cards(self) -> Iterator[str]:
        used = {(each.model or "").lower() for each in self.circuit.elements if each.kind in ASKED}
        for name, model in self.circuit.models.items():
            if name.lower() not in used:
                continue
            pairs = " ".join(
                f"{key}={number_of(tree, key, model.line, self.deck.around.numbers)!r}"
                for key, tree in model.parameters.items()
            )
            yield f".model {self.models[name.lower()]} {model.type} ({pairs})"
