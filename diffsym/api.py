"""The public face for Python: circuits, exact answers and worked solutions, thin over the rooms that make them."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffsym.circuit.model import Circuit as NetlistCircuit
from diffsym.circuit.model import SmallSignalCircuit
from diffsym.circuit.netlist import load_netlist
from diffsym.circuit.netlist import read_netlist as _read_netlist
from diffsym.errors import CircuitError, QuantityError, UsageError
from diffsym.expression.names import joined
from diffsym.expression.notation import Notation
from diffsym.expression.printing.text import to_text
from diffsym.expression.tree import Call, Expression, Number, Symbol, replaced, substituted, symbols_of
from diffsym.forms.low_entropy import factored
from diffsym.forms.order import KindOf, arranged, kinds
from diffsym.forms.readable import Writer, linear_form
from diffsym.kernel.rational import Field, Rational, atoms_of, polynomial_tree
from diffsym.solve.prepared import small_signal
from diffsym.solve.quantity import Quantity, read_quantity
from diffsym.solve.solution import solve
from diffsym.solve.system import without_even_roots

if TYPE_CHECKING:
    from diffsym.approximation import Approximated
    from diffsym.derivation.worked import Worked
    from diffsym.document.tree import Document

PATIENCE = 60.0
"""Seconds after which an answer is given up where nothing else is said."""

FORMS = ("readable", "fraction", "factored", "normal")
"""Shapes of an answer: the shortest found, N/D expanded, N/D factored, K (1 + s/ω_z)/(1 + s/ω_p) factor by factor."""


@dataclass(frozen=True)
class Circuit:
    """A netlist that was read. ``netlist`` holds its elements, ``small_signal`` its linear circuit of signals."""

    netlist: NetlistCircuit

    @cached_property
    def small_signal(self) -> SmallSignalCircuit:
        """Devices replaced by their models, supplies by ground; transistors that are images of each other matched."""
        return small_signal(self.netlist)

    @cached_property
    def notation(self) -> Notation:
        small = self.small_signal
        return Notation(dict(small.spelling), dict(small.latex), dict(small.dimensions))

    def solve(
        self,
        quantity: str,
        *,
        define: Mapping[str, str] | None = None,
        drive: Sequence[str] = (),
        at: Mapping[str, int | Fraction] | None = None,
        form: str = "readable",
        budget: float | None = PATIENCE,
        method: str = "",
    ) -> Solved:
        """A quantity such as ``v(o1,o2)/vid``, exact in every symbol and s.

        ``at``: symbols replaced by numbers after solving. ``form``: one of FORMS. ``budget``: seconds.
        ``method``: ``determinants`` or ``diagram``; by size when left out. Raises
        QuantityError, CircuitError, BudgetError.
        """
        if form not in FORMS:
            raise UsageError(f"unknown form {form!r}", hint=f"forms are {', '.join(FORMS)}")
        small = self.small_signal
        asked = read_quantity(small, quantity, define=define, drive=tuple(drive))
        solution = solve(small, asked, budget=budget, method=method)
        value = solution.value
        if at:
            value = _at_point(value, {joined(name): Fraction(number) for name, number in at.items()}, _known(small))
        return Solved(
            quantity,
            asked,
            value,
            self.notation,
            tuple(small.signals),
            solution.method,
            solution.checks,
            solution.seconds,
            form,
        )

    def approximate(
        self,
        quantity: str,
        *,
        large: Sequence[str] = (),
        small: Sequence[str] = (),
        nominal: Mapping[str, Fraction | int] | None = None,
        box: Mapping[str, tuple[Fraction | int, Fraction | int]] | None = None,
        band: tuple[Fraction | int, Fraction | int] | None = None,
        error: float | None = None,
        named: str = "",
        at: Mapping[str, int | Fraction] | None = None,
        define: Mapping[str, str] | None = None,
        drive: Sequence[str] = (),
        budget: float | None = PATIENCE,
    ) -> Approximated:
        """The customary approximation of a quantity with its condition and its exact relative error.

        Either ``large`` and ``small`` symbols (leading order), or ``named`` (``dominant-pole``, ``time-constants``,
        ``miller``), or ``error`` (the simplest formula within it at ``nominal`` values, over a ``band`` in Hz). Over a
        ``box`` of ranges the error is bounded, proved.
        """
        from diffsym.approximation import approximate

        return approximate(
            self, quantity, large=large, small=small, nominal=nominal, box=box, band=band, error=error, named=named,
            at=at, define=define, drive=drive, budget=budget,
        )  # fmt: skip

    def derive(self, *quantities: str, method: str | Sequence[str] = (), title: str = "") -> WorkedSolution:
        """A worked solution of quantities, each line checked by the kernel. ``A_d=v(o1,o2)/vid`` names one."""
        return derive(self, *quantities, method=method, title=title)

    def to_lcapy(self) -> Any:
        """The small-signal circuit as an ``lcapy.Circuit``."""
        from diffsym.solve.lcapy_adapter import to_lcapy

        return to_lcapy(self.small_signal)

    def __repr__(self) -> str:
        title = f" {self.netlist.title!r}" if self.netlist.title else ""
        return f"<Circuit{title}: {len(self.netlist.elements)} elements, {len(self.netlist.nodes)} nodes>"


def _at_point(value: Rational, point: Mapping[str, Fraction], known: set[str]) -> Rational:
    """The value with numbers for symbols. Raises QuantityError for a name that the circuit lacks, and at a pole."""
    for name in point:
        if not value.depends_on(name) and name not in known:
            near = get_close_matches(name, known, 1, 0.5)
            hint = f"did you mean {near[0]}?" if near else "set one of its symbols, or s"
            raise QuantityError(f"the circuit has no symbol {name}", hint=hint)
    try:
        return without_even_roots(_replaced(value, point))
    except CircuitError:
        where = ", ".join(f"{name} = {number}" for name, number in point.items())
        raise QuantityError(
            f"the answer divides by zero at {where}", hint="leave one of them out, and take the limit of what remains"
        ) from None


def _replaced(value: Rational, point: Mapping[str, Fraction]) -> Rational:
    functions = [atom for atom in map(value.field.atoms.__getitem__, value.occurring) if not isinstance(atom, Symbol)]
    if not any(name in point for atom in functions for name in symbols_of(atom)):
        return value.replaced({name: value.field.number(number) for name, number in point.items()})
    # A root such as √(L1 L2) is one atom, so numbers reach what is inside it only by the tree.
    tree = replaced(substituted(value.tree(), {name: Number(number) for name, number in point.items()}), _plain_root)
    return Field(atoms_of(tree)).read(tree)


def _plain_root(part: Expression) -> Expression | None:
    """A root of numbers alone as a number, where it is one, or as the root of one number."""
    if not isinstance(part, Call) or part.function != "sqrt" or symbols_of(part):
        return None
    inside = Field(()).read(part.arguments[0]).as_fraction()
    above, below = (math.isqrt(max(number, 0)) for number in (inside.numerator, inside.denominator))
    whole = above**2 == inside.numerator and below**2 == inside.denominator
    return Number(Fraction(above, below)) if whole else Call("sqrt", (Number(inside),))


def _known(small: SmallSignalCircuit) -> set[str]:
    return {*small.spelling, *small.dimensions, *small.signals, "s"}


@dataclass(frozen=True)
class Solved:
    """An exact answer. ``value`` is the rational function; the texts are made when they are asked for."""

    asked: str
    quantity: Quantity
    value: Rational
    notation: Notation
    signals: tuple[str, ...]
    method: str
    checks: tuple[str, ...]
    seconds: float
    form: str = "readable"

    @cached_property
    def tree(self) -> Expression:
        """The answer in its form."""
        if self.form == "fraction":
            return arranged(self.value.tree(), self.kind)
        if self.form == "factored":
            return arranged(factored(self.value), self.kind)
        if self.form == "normal":
            from diffsym.forms.normal import normal_form

            return normal_form(self.value, Writer(self.kind, 1000)).tree
        return linear_form(self.value, self.signals, Writer(self.kind, 1000))

    @property
    def kind(self) -> KindOf:
        return kinds(dict(self.notation.dimensions))

    @property
    def text(self) -> str:
        """As people type it: ``-g_m (R_D ‖ r_o)``."""
        return to_text(self.tree, self.notation)

    @property
    def latex(self) -> str:
        from diffsym.expression.printing.latex import to_latex

        return to_latex(self.tree, self.notation)

    @property
    def expression(self) -> str:
        """Flat: ``+ - * / **`` only, numerator and denominator factored."""
        from diffsym.expression.printing.flat import to_flat

        tree = self.tree if self.form == "fraction" else arranged(factored(self.value), self.kind)
        return to_flat(tree, self.notation)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that occur, spelled as the circuit spells them."""
        return tuple(self.notation.flat(name) for name in self._names)

    @property
    def _names(self) -> tuple[str, ...]:
        """Joined names of the symbols, those inside roots included."""
        atoms = (self.value.field.atoms[index] for index in sorted(self.value.occurring))
        return tuple(dict.fromkeys(name for atom in atoms for name in symbols_of(atom)))

    @property
    def numerator(self) -> str:
        from diffsym.expression.printing.flat import to_flat

        return to_flat(polynomial_tree(self.value.field, self.value.numerator), self.notation)

    @property
    def denominator(self) -> str:
        from diffsym.expression.printing.flat import to_flat

        return to_flat(polynomial_tree(self.value.field, self.value.denominator), self.notation)

    def to_sympy(self) -> Any:
        """The answer as a SymPy expression over plain symbols."""
        from diffsym.expression.printing import to_sympy

        return to_sympy(self.tree)

    def to_python(self) -> Callable[..., Any]:
        """A function of the answer's symbols by keyword; exact where all arguments are Fractions or ints."""
        from diffsym.expression.evaluate import evaluate

        names = {self.notation.flat(name): name for name in self._names}
        tree = self.tree

        def function(**values: Any) -> Any:
            missing = [name for name in names if name not in values]
            extra = [name for name in values if name not in names]
            if missing or extra:
                problem = f"missing {', '.join(missing)}" if missing else f"no symbol {', '.join(extra)}"
                raise UsageError(problem, hint=f"the arguments are {', '.join(names)}")
            point = {names[key]: Fraction(value) if isinstance(value, int) else value for key, value in values.items()}
            return evaluate(tree, point)

        function.__doc__ = f"{self.text} of {', '.join(names)}"
        return function

    def limit(self, **to: str | int) -> Solved:
        """The limit as symbols tend to ``"oo"`` or 0, one after the other. Raises QuantityError where it diverges."""
        from dataclasses import replace

        value = self.value
        for name, target in to.items():
            if str(target) not in ("oo", "0"):
                raise UsageError(f"a limit goes to 'oo' or 0, not {target!r}")
            found = value.limit(joined(name), str(target) == "oo") if value.depends_on(joined(name)) else value
            if found is None:
                raise QuantityError(f"the answer grows without bound as {name} tends to {target}")
            value = found
        return replace(self, value=value)

    def bode(self, frequencies: Sequence[float], **values: float) -> list[tuple[float, float, float]]:
        """(frequency in Hz, magnitude in dB, phase in degrees) at s = j 2π f with numbers for all other symbols."""
        from diffsym.expression.evaluate import evaluate

        names = {self.notation.flat(name): name for name in self._names if name != "s"}
        missing = [name for name in names if name not in values]
        if missing:
            raise UsageError(f"missing {', '.join(missing)}", hint=f"the arguments are {', '.join(names)}")
        point: dict[str, Any] = {names[key]: value for key, value in values.items() if key in names}
        out = []
        for frequency in frequencies:
            response = complex(evaluate(self.tree, {**point, "s": 2j * math.pi * frequency}))
            size = abs(response)
            decibel = 20 * math.log10(size) if size else -math.inf
            out.append((frequency, decibel, math.degrees(cmath.phase(response))))
        return out

    def to_dict(self) -> dict[str, Any]:
        """The JSON of ``diffsym solve``."""
        out: dict[str, Any] = {
            "quantity": self.asked,
            "expression": self.expression,
            "readable": self.text,
            "latex": self.latex,
            "numerator": self.numerator,
            "denominator": self.denominator,
            "symbols": list(self.symbols),
            "method": self.method,
            "checks": list(self.checks),
            "seconds": round(self.seconds, 6),
        }
        if self.quantity.assumed:
            out["assumed"] = dict(self.quantity.assumed)
        return out

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<{self.asked} = {self.text}>"

    def _repr_latex_(self) -> str:
        return f"${self.latex}$"

    def _repr_html_(self) -> str:
        from diffsym.expression.printing.mathml import to_mathml

        return to_mathml(self.tree, self.notation, display=True)


@dataclass(frozen=True)
class WorkedSolution:
    """A checked derivation of one circuit's quantities, and its document."""

    worked: Worked
    document: Document

    @property
    def claims(self) -> int:
        """Claims behind the printed lines."""
        return self.proved + self.gaps

    @property
    def proved(self) -> int:
        return self.worked.proved

    @property
    def gaps(self) -> int:
        return self.worked.gaps

    def to(self, format: str, *, templates: Path | None = None, fragment: bool = False) -> str:
        """The document in ``md``, ``tex``, ``html`` or ``json``."""
        from diffsym.document.writers import write

        return write(self.document, format, templates=templates, fragment=fragment)

    def to_markdown(self) -> str:
        return self.to("md")

    def to_latex(self, *, fragment: bool = False) -> str:
        return self.to("tex", fragment=fragment)

    def to_html(self) -> str:
        return self.to("html")

    def __repr__(self) -> str:
        results = "; ".join(
            to_text(q.derivations[0].derivation.result, self.worked.notation) for q in self.worked.quantities
        )
        return f"<WorkedSolution: {results}; {self.proved} claims proved, {self.gaps} gaps>"

    def _repr_markdown_(self) -> str:
        return self.to_markdown()


def load(path: Path | str) -> Circuit:
    """The circuit of a netlist file."""
    return Circuit(load_netlist(path))


def read_netlist(text: str) -> Circuit:
    """The circuit of a netlist given as text (no title line)."""
    return Circuit(_read_netlist(text))


def derive(circuit: Circuit, *quantities: str, method: str | Sequence[str] = (), title: str = "") -> WorkedSolution:
    """A worked solution. ``method``: one or several of ``kcl``, ``half-circuit``, ``determinants``; none: by rule.

    A quantity may be named: ``A_d = v(o1,o2)/vid``.
    """
    from diffsym.derivation.source import QuantitySpec
    from diffsym.derivation.worked import solve_worked
    from diffsym.document.builder import build

    methods = (method,) if isinstance(method, str) and method else tuple(method)
    specs = []
    for text in quantities:
        name, of = _named(text)
        specs.append(QuantitySpec(name=name, of=of, methods=methods))
    worked = solve_worked(circuit.netlist, circuit.small_signal, specs)
    return WorkedSolution(worked, build(worked, title=title))


def _named(text: str) -> tuple[str, str]:
    name, equals, of = text.partition("=")
    return (name.strip(), of.strip()) if equals else ("", text.strip())


def from_lcapy(text: str) -> Circuit:
    """The circuit of an lcapy netlist, read by diffsym's own reader."""
    from diffsym.solve.lcapy_reader import from_lcapy as read

    return Circuit(read(text))


Answer = Solved
