"""``diffsym solve``: the exact value of a quantity, on one line; what was assumed goes to stderr."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from diffsym.commands.arguments import Command, Given, Option, Outcome, chosen, shown
from diffsym.commands.places import circuit_at
from diffsym.errors import BudgetError, UsageError

if TYPE_CHECKING:
    from diffsym.api import Circuit, Solved

COMMAND = Command(
    name="solve",
    words="CIRCUIT QUANTITY",
    summary="The exact value of a quantity of a circuit, in every symbol and s.",
    least=2,
    most=2,
    options=(
        Option("at", "a symbol, or s, replaced by a number (repeatable)", "NAME=NUMBER"),
        Option("form", "readable, fraction, factored, or normal (in s)", "FORM"),
        Option("define", "a name for a quantity (repeatable)", "NAME=QUANTITY"),
        Option("drive", "a signal to apply; all others are zero (repeatable)", "SIGNAL"),
        Option("budget", "give up after this time", "SECONDS"),
        Option("method", "determinants or diagram; by size when left out", "METHOD"),
    ),
    details="""
CIRCUIT is a SPICE netlist, or - for stdin. QUANTITY is made of v(a), v(a,b), i(E), signals and parameters:

  diffsym solve pair.cir 'v(o1,o2)/vid'
  diffsym solve pair.cir 'A_d' --define 'A_d = v(o1,o2)/vid' --at ro=100k
""",
)


def run(given: Given) -> Outcome:
    from diffsym.api import FORMS, PATIENCE
    from diffsym.solve.solution import METHODS

    form = chosen("form", given.one("form", FORMS[0]), FORMS)
    method = chosen("method", given.one("method"), METHODS) if given.has("method") else ""
    define = named("define", given.all("define"))
    at = {name: exact_number(name, text) for name, text in named("at", given.all("at")).items()}
    budget = seconds(given.one("budget")) if given.has("budget") else PATIENCE
    place, quantity = given.words
    circuit = circuit_at(place)
    with limited(budget):
        answer = circuit.solve(
            quantity, define=define, drive=given.listed("drive"), at=at, form=form, budget=budget, method=method
        )
        value = solution_json(circuit, answer) if given.json else {}
        text = "" if given.json else answer.text + "\n"
    return Outcome(text, lambda: value, notes(circuit, answer))


def solution_json(circuit: Circuit, answer: Solved) -> dict[str, Any]:
    return {**answer.to_dict(), "assumed": dict(answer.quantity.assumed), "notes": list(remarks(circuit))}


def notes(circuit: Circuit, answer: Solved) -> tuple[str, ...]:
    """What the answer rests on that the person did not write."""
    assumed = answer.quantity.assumed.items()
    spelled = ((answer.notation.text(name) if name.isalnum() else name, meaning) for name, meaning in assumed)
    return (*(f"{name} is taken as {meaning}" for name, meaning in spelled), *remarks(circuit))


def remarks(circuit: Circuit) -> tuple[str, ...]:
    """What was remarkable about the netlist: symmetry that was used, values that are easily misread, cards not used."""
    small = circuit.small_signal
    images = (" and ".join(names) for names, how in small.matched if how == "symmetry")
    matched = (f"{names} are matched: they are images of each other" for names in images)
    unused = circuit.netlist.unused
    left = (f"not used: {', '.join(unused)}",) if unused else ()
    return tuple(dict.fromkeys((*matched, *circuit.netlist.notes, *small.notes, *left)))


GRACE = 0.25
"""Seconds by which a solver that watches the budget itself comes first: it knows what took so long."""


@contextmanager
def limited(budget: float | None) -> Iterator[None]:
    """What runs inside is ended with BudgetError some time after the budget, writing the answer included.

    The solver watches its own deadline; this is for the forms and texts that come after it. Only where the system has
    an alarm, and only between two steps of Python.
    """
    import signal
    import threading

    if budget is None or not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def late(number: int, frame: object) -> None:
        raise BudgetError(
            f"the answer takes longer than its {budget:g} seconds to be written down",
            hint="allow more with --budget, or give numbers to some symbols with --at",
        )

    before = signal.signal(signal.SIGALRM, late)
    # Again and again, because a step that fails may have been one of several attempts.
    signal.setitimer(signal.ITIMER_REAL, budget + GRACE, GRACE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def named(option: str, values: Sequence[str]) -> dict[str, str]:
    """``NAME=VALUE`` of an option, by name. Raises UsageError for another form and for a name given twice."""
    out: dict[str, str] = {}
    for text in values:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (name and equals and value):
            raise UsageError(f"--{option} {shown(text)} is not of the form NAME=VALUE")
        if name in out:
            raise UsageError(f"--{option} gives {shown(name)} twice")
        out[name] = value
    return out


def exact_number(name: str, text: str, option: str = "at") -> Fraction:
    """``10k``, ``-1.5e-3`` or ``1/3``, exactly. Raises UsageError."""
    from diffsym.circuit.values import SUFFIX_HINT, spice_number

    top, slash, bottom = text.partition("/")
    above, below = spice_number(top), spice_number(bottom) if slash else Fraction(1)
    if above is None or not below:
        raise UsageError(f"--{option} {name}: {shown(text)} is no number", hint=SUFFIX_HINT)
    return above / below


def seconds(text: str) -> float:
    """A positive number of seconds. Raises UsageError."""
    from diffsym.circuit.values import spice_number

    value = spice_number(text)
    if value is None or not 0 < value < 10**9:
        raise UsageError(f"--budget {shown(text)} is no positive number of seconds", hint="as in --budget 2.5")
    return float(value)
