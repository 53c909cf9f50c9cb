"""Numbers of ``.model`` cards and of devices: names that a model knows, defaults, ranges; anything else is refused."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from diffsym.circuit.cards import suggestion
from diffsym.circuit.model import Element, Model
from diffsym.circuit.values import SUFFIX_HINT, spice_number
from diffsym.errors import DiffsymError, NetlistError, UsageError
from diffsym.expression.evaluate import Value, evaluate
from diffsym.expression.tree import Expression, symbols_of
from diffsym.simulate.bias.physics import ZERO_CELSIUS, Temperatures


@dataclass(frozen=True, slots=True)
class Card:
    """What a model's parameters may be.

    ``defaults``: every parameter that is used. ``positive`` may not be zero or less, ``nonnegative`` not less.
    ``idle``: parameters of noise and of other analyses, which change nothing here. ``instance``: a device's own.
    ``only``: parameters that are accepted at the value at which they do nothing. ``ignored``: what other levels and
    other simulators have, and ngspice leaves aside at this level; so does diffsym, and says so.
    """

    title: str
    defaults: Mapping[str, float | None]
    positive: frozenset[str]
    idle: frozenset[str]
    instance: Mapping[str, float | None]
    levels: tuple[int, ...] = (1,)
    aliases: Mapping[str, str] = field(default_factory=dict)
    only: Mapping[str, float] = field(default_factory=dict)
    signed: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Given:
    """The numbers of one device: ``model`` with defaults put in, ``stated`` the names that its card has."""

    model: Mapping[str, float]
    stated: frozenset[str]
    own: Mapping[str, float]
    temperatures: Temperatures


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What holds for the whole deck: temperatures in °C, gmin in S, numbers for symbols by joined name."""

    celsius: float = 27.0
    nominal_celsius: float = 27.0
    gmin: float = 1e-12
    width: float = 1e-4
    length: float = 1e-4
    drain_area: float = 0.0
    source_area: float = 0.0
    numbers: Mapping[str, Value] = field(default_factory=dict)


INSTEAD = {
    "nf": "w is the whole width, so that nf can be left out; transistors side by side are m=2",
    "ng": "w is the whole width, so that ng can be left out; transistors side by side are m=2",
    "fingers": "w is the whole width; transistors side by side are m=2",
    "pj": "a side wall is not modelled: leave pj out",
}
"""What to write in place of a device's parameter of other simulators."""


def number_of(tree: Expression, owner: str, line: int, numbers: Mapping[str, Value]) -> float:
    """A value as a float. Raises UsageError for a symbol without a number, NetlistError for what is no real number."""
    missing = [name for name in symbols_of(tree) if name not in numbers]
    if missing:
        where = "" if missing[0] == owner else f" in {owner}"
        raise UsageError(
            f"{missing[0]}{where} has no number, which an operating point needs",
            line=line or None,
            hint=f"give it with --nominal {missing[0]}=1k, or .param {missing[0]}=1k in the deck",
        )
    try:
        value = float(evaluate(tree, numbers))  # type: ignore[arg-type]
    except (DiffsymError, OverflowError, ValueError, TypeError, ZeroDivisionError) as error:
        raise NetlistError(
            f"the value of {owner} is no real number: {str(error).splitlines()[0]}", line=line or None
        ) from None
    if not math.isfinite(value) or abs(value) > 1e30:
        raise NetlistError(f"the value of {owner} is out of range", line=line or None, hint="check its exponent")
    return value


def exactly(name: str, value: Value | str) -> Value:
    """A number that somebody gave for a symbol, texts such as ``10k`` read. Raises UsageError."""
    found = spice_number(value) if isinstance(value, str) else value
    if found is None or isinstance(found, complex) or not math.isfinite(found):
        raise UsageError(f"{name}: {str(value)[:40]!r} is no number", hint=SUFFIX_HINT)
    return found


def given_of(card: Card, element: Element, model: Model | None, around: Surroundings) -> Given:
    """The numbers of a device. Raises NetlistError for an unknown parameter, level or value."""
    if model is None:
        raise NetlistError(
            f"{element.name} names the model {element.model}, which has no .model card; a symbolic answer needs none, "
            "an operating point does",
            line=element.line or None,
            hint=f"write .model {element.model} with its parameters",
        )
    values: dict[str, float] = {name: value for name, value in card.defaults.items() if value is not None}
    stated: set[str] = set()
    for written, tree in model.parameters.items():
        name = card.aliases.get(written, written)
        if name in card.idle or name in card.ignored:
            continue
        owner = f"{written} of the model {model.name}"
        if name == "level":
            _check_level(card, number_of(tree, owner, model.line, around.numbers), model)
            continue
        if name in card.only:
            if number_of(tree, owner, model.line, around.numbers) != card.only[name]:
                raise NetlistError(
                    f"{written} of the model {model.name} stands for an effect that diffsym does not model",
                    line=model.line or None,
                    hint=f"leave it out, or let ngspice alone answer; without it, it is {card.only[name]:g}",
                )
            continue
        if name not in card.defaults and name != "tnom":
            raise NetlistError(
                f"a {card.title} of level {card.levels[0]} has no parameter {written} that diffsym knows",
                line=model.line or None,
                hint=suggestion(name, card.defaults, f"it knows {' '.join(card.defaults)}"),
            )
        values[name] = number_of(tree, owner, model.line, around.numbers)
        stated.add(name)
        _check_range(card, name, written, values[name], f"the model {model.name}", model.line)
    own: dict[str, float] = {name: value for name, value in card.instance.items() if value is not None}
    for name, tree in element.parameters.items():
        if name in ("off", "ic"):
            continue
        if name not in card.instance and name not in ("temp", "dtemp", "m"):
            raise NetlistError(
                f"{element.name} has no parameter {name} that diffsym knows",
                line=element.line or None,
                hint=INSTEAD.get(name)
                or suggestion(name, card.instance, f"it knows {' '.join(card.instance)} m temp dtemp"),
            )
        own[name] = number_of(tree, f"{name} of {element.name}", element.line, around.numbers)
        if name not in ("temp", "dtemp") and (own[name] < 0 or (own[name] == 0 and name in ("w", "l", "m", "area"))):
            raise NetlistError(
                f"{name} of {element.name} is {own[name]:g}", line=element.line or None, hint="it is greater than 0"
            )
    own.setdefault("m", 1.0)
    here = own["temp"] if "temp" in own else around.celsius + own.get("dtemp", 0.0)
    nominal = values.get("tnom", around.nominal_celsius)
    for celsius in (here, nominal):
        check_celsius(celsius, element.name, element.line)
    return Given(values, frozenset(stated), own, Temperatures(here + ZERO_CELSIUS, nominal + ZERO_CELSIUS))


def left_aside(card: Card, model: Model) -> str:
    """A sentence on what of a model's card has no effect at its level; empty where all of it has."""
    names = [name for name in model.parameters if card.aliases.get(name, name) in card.ignored]
    if not names:
        return ""
    return (
        f"line {model.line}: {' '.join(names)} of the model {model.name} "
        f"{'do' if len(names) > 1 else 'does'} nothing in a {card.title} of level {card.levels[0]}"
    )


def check_celsius(celsius: float, owner: str, line: int = 0) -> None:
    """Raises NetlistError outside of what the temperature laws are for."""
    if not -200 <= celsius <= 500:
        raise NetlistError(
            f"the temperature of {owner} is {celsius:g} °C", line=line or None, hint="models hold from -200 to 500 °C"
        )


def _check_level(card: Card, level: float, model: Model) -> None:
    if level not in card.levels:
        raise NetlistError(
            f"the model {model.name} is of level {level:g}; diffsym has level {card.levels[0]} of a {card.title}",
            line=model.line or None,
            hint="the symbolic commands do not need it; for numbers, fit a level-1 model to its operating point",
        )


def _check_range(card: Card, name: str, written: str, value: float, owner: str, line: int) -> None:
    limits = {"fc": 0.95, "mj": 0.99, "mjsw": 0.99, "mje": 0.99, "mjc": 0.99, "mjs": 0.99, "m": 0.99}
    bad = value <= 0 if name in card.positive else value < 0 and name not in card.signed and name != "tnom"
    if bad:
        wanted = "greater than 0" if name in card.positive else "not negative"
        raise NetlistError(f"{written} of {owner} is {value:g}", line=line or None, hint=f"it is {wanted}")
    if name in limits and value > limits[name] and name in card.defaults:
        raise NetlistError(f"{written} of {owner} is {value:g}", line=line or None, hint=f"at most {limits[name]}")
