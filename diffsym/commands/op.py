"""``diffsym op``: the operating point of a deck, its devices with regions and SPICE's small-signal numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from diffsym.commands.arguments import Command, Given, Option, Outcome
from diffsym.commands.places import circuit_at
from diffsym.commands.solve import exact_number, named

if TYPE_CHECKING:
    from diffsym.api import Circuit
    from diffsym.simulate.bias.nominal import NominalValues
    from diffsym.simulate.bias.point import DevicePoint, OperatingPoint

NOMINAL = Option("nominal", "a number for a symbol (repeatable, or separated by commas)", "NAME=NUMBER")

COMMAND = Command(
    name="op",
    words="CIRCUIT",
    summary="The operating point of a deck: node voltages, regions, and each device linearised.",
    least=1,
    most=1,
    options=(NOMINAL,),
    details=(
        "  diffsym op ota.cir --json     SPICE's names: gm gds gmbs cgs cgd …; gm gpi go cpi cmu …\n"
        "Models: level-1 MOS, Gummel-Poon bipolar, diode, JFET, as ngspice has them; .temp, .options temp tnom gmin."
    ),
)

UNITS = {"v": "V", "i": "A", "g": "S", "c": "F", "r": "Ω", "b": ""}
"""By the first letter of SPICE's name."""

SHOWN: Mapping[str, tuple[str, ...]] = {
    "M": ("id", "vgs", "vds", "vbs", "von", "gm", "gds", "gmbs", "cgs", "cgd", "cgb", "cbd", "cbs"),
    "Q": ("ic", "ib", "vbe", "vbc", "gm", "gpi", "go", "gmu", "gx", "cpi", "cmu", "cbx", "csub"),
    "J": ("id", "ig", "vgs", "vgd", "gm", "gds", "cgs", "cgd"),
    "D": ("id", "vd", "gd", "cd"),
}
TITLES = {"M": "MOS transistors", "Q": "bipolar transistors", "J": "JFETs", "D": "diodes"}
COLUMNS = 6


def run(given: Given) -> Outcome:
    circuit = circuit_at(given.words[0])
    point = point_of(circuit, given)
    values, refused = symbols_at(circuit, point, given)

    def json() -> dict[str, Any]:
        found = point.to_dict()
        numbers = {} if values is None else {k: float(v) for k, v in sorted(values.values.items())}
        return {**found, "symbols": numbers, "notes": [*found["notes"], *refused]}

    text = "".join(line + "\n" for line in lines(point, values, circuit))
    said = () if values is None else values.notes
    return Outcome(text, json, tuple(dict.fromkeys((*point.notes, *point.warnings, *said, *refused))))


def point_of(circuit: Circuit, given: Given) -> OperatingPoint:
    from diffsym.simulate.bias.point import operating_point

    return operating_point(circuit.netlist, numbers_of(given))


def numbers_of(given: Given) -> dict[str, Fraction]:
    """The numbers of ``--nominal`` by joined symbol. Raises UsageError."""
    from diffsym.expression.names import joined

    pairs = named("nominal", given.listed("nominal"))
    return {joined(name): exact_number(name, text, "nominal") for name, text in pairs.items()}


def symbols_at(circuit: Circuit, point: OperatingPoint, given: Given) -> tuple[NominalValues | None, tuple[str, ...]]:
    """The numbers of diffsym's own symbols; or why there are none."""
    from diffsym.errors import DiffsymError
    from diffsym.simulate.bias.nominal import small_signal_values

    try:
        return small_signal_values(point, circuit.small_signal, numbers_of(given)), ()
    except DiffsymError as error:
        return None, (error.message,)


def lines(point: OperatingPoint, values: NominalValues | None, circuit: Circuit) -> Iterator[str]:
    from diffsym.simulate.bias.point import tidy

    yield f"operating point at {point.celsius:g} °C"
    yield ""
    yield from table(("node", "voltage"), [(node, si(volts, "V")) for node, volts in tidy(point.nodes).items()])
    flowing = {name: amount for name, amount in tidy(point.currents).items() if name[:1].upper() in "VLEH"}
    if flowing:
        yield ""
        yield from table(("through", "current"), [(name, si(amount, "A")) for name, amount in flowing.items()])
    for kind, names in SHOWN.items():
        devices = [device for device in point.devices if device.kind == kind]
        for start in range(0, len(devices), COLUMNS):
            yield ""
            yield from _devices(TITLES[kind], devices[start : start + COLUMNS], names)
    if values is not None and values.values:
        units = circuit.small_signal.dimensions
        yield ""
        rows = [(circuit.notation.flat(name), si(float(value), _unit(units.get(name, ""))))
                for name, value in values.values.items()]  # fmt: skip
        yield from table(("symbol", "value"), rows)


def _unit(unit: str) -> str:
    return "" if unit == "1" else unit


def _devices(title: str, devices: list[DevicePoint], names: tuple[str, ...]) -> Iterator[str]:
    rows = [("model", *(device.model for device in devices)), ("region", *(device.region for device in devices))]
    for name in names:
        rows.append((name, *(si(device.numbers[name], UNITS[name[0]]) for device in devices)))
    yield from table((title, *(device.name for device in devices)), rows)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Columns, the first to the left and all others to the right."""
    every = [head, *rows]
    widths = [max(len(row[at]) for row in every) for at in range(len(head))]
    for row in every:
        cells = [
            cell.ljust(width) if not at else cell.rjust(width) for at, (cell, width) in enumerate(zip(row, widths))
        ]
        yield "  ".join(cells).rstrip()


PREFIXES = {-18: "a", -15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T"}


def si(value: float, unit: str, digits: int = 5) -> str:
    """``1.2345 mA``: five digits and a prefix."""
    from math import floor, log10

    if value == 0:
        return f"0 {unit}".rstrip()
    places = 3 * floor(log10(abs(value)) / 3)
    scaled = float(f"{value / 10.0**places:.{digits}g}")
    if abs(scaled) >= 1000:
        places, scaled = places + 3, scaled / 1000
    if places not in PREFIXES or (not unit and places):
        return f"{value:.{digits}g} {unit}".rstrip()
    return f"{scaled:.{digits}g} {PREFIXES[places]}{unit}".rstrip()
