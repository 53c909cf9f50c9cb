"""``diffsym solve``: the exact value of a quantity, on one line; what was assumed goes to stderr."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from diffsym.commands.arguments import Command, Given, Option, Outcome, chosen, shown
from diffsym.commands.numbers import lines as number_lines
from diffsym.commands.places import circuit_at
from diffsym.errors import BudgetError, UsageError

if TYPE_CHECKING:
    from diffsym.api import Circuit, Solved
    from diffsym.large import LargeSolved

COMMAND = Command(
    name="solve",
    words="CIRCUIT QUANTITY",
    summary="The exact value of a quantity of a circuit, in every symbol and s.",
    least=2,
    most=2,
    options=(
        Option("at", "a symbol, or s, replaced by a number (repeatable)", "NAME=NUMBER"),
        Option("form", "readable, fraction, factored, conductance, or in s: normal, poles", "FORM"),
        Option("in-terms-of", "gds1=1/ro1, 'gm ro', Vov … (repeatable, or separated by commas)", "SYMBOLS"),
        Option("define", "a name for a quantity (repeatable)", "NAME=QUANTITY"),
        Option("drive", "a signal to apply; all others are zero (repeatable)", "SIGNAL"),
        Option("budget", "give up after this time", "SECONDS"),
        Option("method", "determinants or diagram; by size when left out", "METHOD"),
        Option("terms", "the so many largest terms of every coefficient of s, at nominal values", "COUNT"),
        Option("numbers", "beside it: its approximation and its number at the deck's operating point"),
        Option("nominal", "numbers for symbols, inline or in a TOML file (repeatable)", "FILE|NAME=NUMBER,…"),
    ),
    details="""
CIRCUIT is a SPICE netlist, or - for stdin. QUANTITY is made of v(a), v(a,b), i(E), signals and parameters:

  diffsym solve pair.cir 'v(o1,o2)/vid'
  diffsym solve pair.cir 'A_d' --define 'A_d = v(o1,o2)/vid' --at ro=100k

--in-terms-of takes definitions (gds1=1/ro1, 'A0=gm*ro'), products to be kept together ('gm ro'), and usual names:
gds go gpi (conductances), re (r_π/(β+1), else 1/g_m), beta, Vov and ID (g_m = 2 I_D/V_ov), VA, lambda, IC and VT
(g_m = I_C/V_T), ISS and IEE (a balanced pair's tail current):

  diffsym solve pair.cir 'v(o1,o2)/vid' --in-terms-of 'gds,Vov'

What is too long to be written out is refused with its size; --method diagram accepts it as exact, counted and checked
but unwritten, and --terms lists what matters of it:

  diffsym solve opamp.cir 'v(out)/vin' --terms 10 --nominal opamp.toml
""",
)


def run(given: Given) -> Outcome:
    from diffsym.api import PATIENCE
    from diffsym.forms.shapes import FORMS
    from diffsym.solve.solution import METHODS

    form = chosen("form", given.one("form", FORMS[0]), FORMS)
    method = chosen("method", given.one("method"), METHODS) if given.has("method") else ""
    define = named("define", given.all("define"))
    at = {name: exact_number(name, text) for name, text in named("at", given.all("at")).items()}
    budget = seconds(given.one("budget")) if given.has("budget") else PATIENCE
    terms = whole("terms", given.one("terms")) if given.has("terms") else 0
    if given.has("nominal") and not terms and not given.has("numbers"):
        raise UsageError(
            "--nominal goes with --terms and --numbers", hint="numbers in place of symbols are --at NAME=NUMBER"
        )
    place, quantity = given.words
    circuit = circuit_at(place)
    drive = given.listed("drive")
    symbols = tuple(part for text in given.all("in-terms-of") for part in separated(text))
    said: tuple[str, ...] = ()
    with limited(budget):
        answer: Solved | LargeSolved
        try:
            answer = circuit.solve(
                quantity,
                define=define,
                drive=drive,
                at=at,
                form=form,
                budget=budget,
                method=method,
                in_terms_of=symbols,
            )
        except BudgetError:
            if not (terms or method == "diagram"):
                raise
            answer = circuit.diagrams(quantity, define=define, drive=drive, at=at, budget=budget)
        if terms:
            return largest_terms(circuit, answer, terms, given)
        value = solution_json(circuit, answer) if given.json else {}
        text = "" if given.json else answer.text + "\n"
        if given.has("numbers"):
            beside = numbered(circuit, answer, given, define, drive, budget)
            value = {**value, "numbers": beside}
            said = tuple(beside["notes"])
            text += "" if given.json else "".join(line + "\n" for line in number_lines(beside, circuit))
        if form == "normal" and not given.json:
            text += roots_text(answer)
    return Outcome(text, lambda: value, (*notes(circuit, answer), *said))


def numbered(
    circuit: Circuit,
    answer: Solved | LargeSolved,
    given: Given,
    define: dict[str, str],
    drive: tuple[str, ...],
    budget: float | None,
) -> dict[str, Any]:
    """What ``--numbers`` puts beside an answer. Raises UsageError where the answer is not written out."""
    from diffsym.api import Solved
    from diffsym.commands.approximate import nominal_values
    from diffsym.commands.noise import numbers_of_density
    from diffsym.commands.numbers import numbers_beside
    from diffsym.expression.names import joined
    from diffsym.solve.noise import noise_text

    if not isinstance(answer, Solved) or given.has("at") or given.has("in-terms-of"):
        raise UsageError(
            "--numbers goes with an answer in the circuit's own symbols", hint="leave out --at and --in-terms-of"
        )
    own = {joined(name): value for name, value in nominal_values(given.listed("nominal"), circuit).items()}
    density = noise_text(given.words[1], circuit.small_signal, define)
    if density is not None:
        return numbers_of_density(circuit, answer, density, own, define)
    return numbers_beside(circuit, answer, given.words[1], own, define=define, drive=drive, budget=budget)


def separated(text: str) -> list[str]:
    """Parts between commas that stand in no bracket."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


def roots_text(answer: Solved | LargeSolved) -> str:
    """Zeros, poles, ω₀ and Q, a line each; none where there is no closed form."""
    from diffsym.api import Solved
    from diffsym.expression.printing.text import to_text
    from diffsym.forms.poles import shown as rows

    if not isinstance(answer, Solved) or not answer.value.depends_on("s"):
        return ""
    lines = []
    for name, trees in rows(answer.roots):
        texts = None if trees is None else ", ".join(to_text(tree, answer.notation) for tree in trees)
        lines.append(f"{name}: {'no closed form, or too long a one' if texts is None else texts or 'none'}")
    return "".join(line + "\n" for line in lines)


def largest_terms(circuit: Circuit, answer: Solved | LargeSolved, count: int, given: Given) -> Outcome:
    """The largest terms of every coefficient of s, with what they make up of it."""
    from diffsym.commands.approximate import nominal_values

    ranked = answer.largest_terms(count, nominal_values(given.listed("nominal"), circuit))
    if given.json:
        value = {**solution_json(circuit, answer), "terms": ranked.to_dict()}
        return Outcome("", lambda: value, notes(circuit, answer))
    lines = []
    for name, side in (("numerator", ranked.numerator), ("denominator", ranked.denominator)):
        for entry in side:
            many = f"{entry.count:,} term{'' if entry.count == 1 else 's'}"
            share = f", {100 * entry.share:.3g} % of it in those listed" if entry.count > len(entry.terms) else ""
            lines.append(f"{name}, s^{entry.power}: {many}, together {entry.value:.4g}{share}")
            lines += [f"  {term.value:+.4g}  {term.text}" for term in entry.terms]
    return Outcome("".join(line + "\n" for line in lines), dict, notes(circuit, answer))


def whole(option: str, text: str) -> int:
    """A count above 0. Raises UsageError."""
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0 and len(text) < 6):
        raise UsageError(f"--{option} {shown(text)} is no count", hint=f"as in --{option} 10")
    return int(text)


def solution_json(circuit: Circuit, answer: Solved | LargeSolved) -> dict[str, Any]:
    return {**answer.to_dict(), "assumed": dict(answer.quantity.assumed), "notes": list(remarks(circuit))}


def notes(circuit: Circuit, answer: Solved | LargeSolved) -> tuple[str, ...]:
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


EXAMPLES = {"limit": "ro=oo", "box": "ro=10k..1Meg", "define": "A_d=v(o)/vin"}
"""How an option of the form NAME=VALUE is written."""


def named(option: str, values: Sequence[str]) -> dict[str, str]:
    """``NAME=VALUE`` of an option, by name. Raises UsageError for another form and for a name given twice."""
    out: dict[str, str] = {}
    for text in values:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (name and equals and value):
            raise UsageError(
                f"--{option} {shown(text)} is not of the form NAME=VALUE",
                hint=f"as in --{option} {EXAMPLES.get(option, 'R1=10k')}",
            )
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
