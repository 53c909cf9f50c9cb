"""The public face for Python: circuits, exact answers and worked solutions, thin over the rooms that make them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fractions import Fraction
from functools import cached_property
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffsym.circuit.model import Circuit as NetlistCircuit
from diffsym.circuit.model import SmallSignalCircuit
from diffsym.circuit.netlist import load_netlist
from diffsym.circuit.netlist import read_netlist as _read_netlist
from diffsym.errors import BudgetError, CircuitError, DiffsymError, QuantityError, UsageError
from diffsym.expression.names import joined
from diffsym.expression.notation import Notation
from diffsym.expression.printing.text import to_text
from diffsym.expression.tree import (
    ONE,
    Call,
    Expression,
    Negation,
    Number,
    Quotient,
    Symbol,
    product_of,
    replaced,
    substituted,
    symbols_of,
)
from diffsym.forms.definitions import Definition, Rewritten, conductances, rewritten
from diffsym.forms.order import KindOf, kinds
from diffsym.forms.readable import SEARCHED_TERMS, Writer
from diffsym.forms.shapes import CALLS, SHAPES, known_form, units_with
from diffsym.kernel.rational import Field, Rational, atoms_of, polynomial_tree
from diffsym.simulate.answers import InNumbers
from diffsym.solve.generators import without_even_roots
from diffsym.solve.noise import noise_text
from diffsym.solve.prepared import small_signal, with_numbers
from diffsym.solve.quantity import Quantity, read_quantity
from diffsym.solve.solution import solve

if TYPE_CHECKING:
    from diffsym.approximated import Approximated
    from diffsym.derivation.source import DerivationFile
    from diffsym.derivation.worked import Worked
    from diffsym.document.tree import Document
    from diffsym.forms.poles import Roots
    from diffsym.large import LargeSolved
    from diffsym.plotting import Picture
    from diffsym.result import Result
    from diffsym.simulate.answers import Responding, Value
    from diffsym.simulate.bias.point import OperatingPoint
    from diffsym.simulate.results import Coefficients, Ranked, TermCounts

PATIENCE = 60.0
"""Seconds after which an answer is given up where nothing else is said."""

MULTIPLIED_OUT = 5000
"""Terms up to which numerator and denominator of a product of independent parts are given multiplied out."""


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
        in_terms_of: Sequence[str] = (),
    ) -> Solved:
        """A quantity such as ``v(o1,o2)/vid``, exact in every symbol and s.

        ``at``: symbols replaced by numbers after solving. ``form``: one of FORMS. ``budget``: seconds.
        ``in_terms_of``: definitions such as ``gds1=1/ro1``, conventional names such as ``Vov``, products such as
        ``gm ro`` to be kept together.
        ``method``: ``determinants`` or ``diagram``; by size when left out. Raises QuantityError, CircuitError, and
        BudgetError for an answer that is too long to be written out, which ``diagrams`` has nevertheless.
        """
        known_form(form)
        density = noise_text(quantity, self.small_signal, define)
        if density is not None:
            from diffsym.noisy import solved_noise

            return solved_noise(
                self, quantity, density, define=define, at=at, form=form, budget=budget, in_terms_of=in_terms_of
            )
        small = self.small_signal
        asked = read_quantity(small, quantity, define=define, drive=tuple(drive))
        point = {joined(name): Fraction(number) for name, number in (at or {}).items()}
        began = time.monotonic()
        try:
            solution = solve(small, asked, budget=budget, method=method)
        except BudgetError:
            if budget is not None:
                budget -= time.monotonic() - began
            if not point or (budget is not None and budget <= 0):
                raise
            # What is too long in symbols may be short with numbers in it from the start.
            solution = solve(with_numbers(small, point), asked, budget=budget, method=method)
        value = solution.value
        if point:
            value = _at_point(value, point, _known(small))
        found = _in_terms_of(value, form, in_terms_of, self.notation, _known(small))
        notation = self.notation
        if found.definitions:
            notation = replace(notation, dimensions=units_with(notation.dimensions, found))
            assumed = found.assumed({name: notation.flat(name) for name in notation.spelling})
            asked = replace(asked, assumed={**asked.assumed, **assumed})
        return Solved(
            quantity,
            asked,
            found.value,
            notation,
            tuple(small.signals),
            solution.method,
            solution.checks,
            solution.seconds,
            form,
            found.kept,
        )

    def diagrams(
        self,
        quantity: str,
        *,
        define: Mapping[str, str] | None = None,
        drive: Sequence[str] = (),
        at: Mapping[str, int | Fraction] | None = None,
        budget: float | None = PATIENCE,
    ) -> LargeSolved:
        """A quantity of any length, exact and checked but not written out: for counts, numbers and largest terms.

        ``at``: parameters replaced by numbers before solving. Raises QuantityError for what is no ratio of voltages,
        currents and one signal, CircuitError, BudgetError.
        """
        from diffsym.large import LargeSolved
        from diffsym.solve.transfer import transfer

        began = time.perf_counter()
        small = self.small_signal
        asked = read_quantity(small, quantity, define=define, drive=tuple(drive))
        point = {joined(name): Fraction(number) for name, number in (at or {}).items()}
        left = [name for name in point if name not in _known(small) or name == "s" or name in small.signals]
        if left:
            raise QuantityError(
                f"{left[0]} is no parameter of the circuit, for which alone an unwritten answer takes numbers",
                hint="ask for numbers with response() or --terms",
            )
        small = with_numbers(small, point) if point else small
        answer = transfer(small, asked, deadline=None if budget is None else time.monotonic() + budget)
        return LargeSolved(quantity, asked, small, answer, self.notation, time.perf_counter() - began)

    def approximate(
        self,
        quantity: str,
        *,
        large: Sequence[str] = (),
        small: Sequence[str] = (),
        limits: Sequence[tuple[str, str | int]] | Mapping[str, str | int] = (),
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

        Either ``large`` and ``small`` symbols (leading order), or ``limits`` (``{"ro": "oo"}``, in order), or ``named``
        (``dominant-pole``, ``time-constants``, ``miller``), or ``error`` (the simplest formula within it at ``nominal``
        values, over a ``band`` in Hz). Over a
        ``box`` of ranges the error is bounded, proved.
        """
        from diffsym.approximation import approximate

        return approximate(
            self, quantity, large=large, small=small, limits=limits, nominal=nominal, box=box, band=band, error=error,
            named=named, at=at, define=define, drive=drive, budget=budget,
        )  # fmt: skip

    def derive(
        self,
        *quantities: str,
        method: str | Sequence[str] = (),
        title: str = "",
        detail: str = "full",
        audience: str = "everyone",
        language: str = "en",
        notation: Mapping[str, str] | Path | str | None = None,
    ) -> WorkedSolution:
        """A worked solution of quantities, each line checked by the kernel. ``A_d=v(o1,o2)/vid`` names one."""
        return derive(
            self,
            *quantities,
            method=method,
            title=title,
            detail=detail,
            audience=audience,
            language=language,
            notation=notation,
        )

    def operating_point(self, nominal: Mapping[str, Value] | None = None) -> OperatingPoint:
        """The deck at rest: node voltages, regions, SPICE's numbers of each device, and its response.

        ``nominal``: numbers for symbols of the netlist. Raises UsageError for a symbol without one, NetlistError for a
        model that is missing or of another level, CircuitError where there is no operating point.
        """
        from diffsym.simulate.bias.given import exactly
        from diffsym.simulate.bias.point import operating_point

        numbers = {joined(name): exactly(name, each) for name, each in (nominal or {}).items()}
        return operating_point(self.netlist, numbers)

    def to_lcapy(self) -> Any:
        """The small-signal circuit as an ``lcapy.Circuit``."""
        from diffsym.solve.lcapy_adapter import to_lcapy

        return to_lcapy(self.small_signal)

    def __repr__(self) -> str:
        title = f" {self.netlist.title!r}" if self.netlist.title else ""
        return f"<Circuit{title}: {len(self.netlist.elements)} elements, {len(self.netlist.nodes)} nodes>"

    def to_svg(self) -> str:
        """The schematic. Raises CircuitError for a circuit that cannot be drawn with every connection right."""
        from diffsym.drawing import draw, to_svg
        from diffsym.drawing.checking import connection_faults

        layout = draw(self.netlist, self.notation)
        wrong = connection_faults(layout, self.netlist)
        if wrong:
            raise CircuitError(f"this circuit cannot be drawn without a wrong connection: {wrong[0]}")
        return to_svg(layout)

    def _repr_svg_(self) -> str | None:
        """Notebooks show the schematic; where there is none to be had, the text."""
        try:
            return self.to_svg()
        except DiffsymError:
            return None


def _in_terms_of(value: Rational, form: str, asked: Sequence[str], notation: Notation, known: set[str]) -> Rewritten:
    """The value in the symbols that are asked for. Raises QuantityError, ExpressionError."""
    if not asked and form != "conductance":
        return Rewritten(value)
    if len(value.parts) > 1:
        value = prod((part for part in value.parts[1:]), start=value.parts[0])
    found = rewritten(value, asked, sorted(known), Writer(kinds(dict(notation.dimensions)), CALLS // 4))
    if form != "conductance":
        return found
    kind = kinds(units_with(notation.dimensions, found))
    resistances = {name: kind(name) == "R" for name in found.value.symbols}
    other = conductances(found.value, resistances, sorted({*known, *found.value.symbols}))
    return replace(found, value=other.value, definitions=(*found.definitions, *other.definitions))


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
class Solved(InNumbers):
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
    kept: tuple[Definition, ...] = ()
    """Products that stay together in the readable form."""
    written: Expression | None = None
    """A tree of the value that was found together with it; None: made by its form."""

    @cached_property
    def tree(self) -> Expression:
        """The answer in its form."""
        return self._shaped(self.form) if self.written is None else self.written

    def _shaped(self, form: str) -> Expression:
        """The value in a form; parts of the circuit that do not act on each other one by one."""
        parts = self.value.parts
        if len(parts) == 1:
            return self._in_form(self.value, form)
        return stages([self._in_form(part, form) for part in parts])

    def _in_form(self, value: Rational, form: str) -> Expression:
        return SHAPES[form](value, self.kind, self.signals, self.kept, self._writer)

    @cached_property
    def _writer(self) -> Writer:
        return Writer(self.kind, CALLS)

    @cached_property
    def certified(self) -> bool:
        """Whether it is proved that no formula for this answer has fewer symbols: each occurs once, and has to."""
        from diffsym.forms.certified import is_shortest

        return len(self.value.parts) == 1 and is_shortest(self.tree, self.value)

    @cached_property
    def roots(self) -> Roots:
        """Zeros, poles, ω₀ and Q as trees. Raises QuantityError for an answer that does not depend on s."""
        from diffsym.forms.poles import NO_ROOTS, roots_of

        return roots_of(self.value, Writer(self.kind, CALLS)) if len(self.value.parts) == 1 else NO_ROOTS

    def poles(self) -> tuple[Expression, ...] | None:
        """Exact poles in closed form, each proved; None where there is no closed form. Raises QuantityError."""
        return self.roots.poles

    def zeros(self) -> tuple[Expression, ...] | None:
        """Exact zeros in closed form, each proved; None where there is no closed form. Raises QuantityError."""
        return self.roots.zeros

    def plot_bode(
        self,
        path: Path | str | None = None,
        values: Mapping[str, Value] | None = None,
        /,
        *,
        between: tuple[float, float] | None = None,
        **symbols: Value,
    ) -> Picture:
        """Magnitude and phase with asymptotes, poles and zeros at these numbers.

        ``path``: .svg, .png, .pdf or .tex; ``between``: two frequencies in Hz. Raises UsageError, QuantityError.
        """
        from diffsym.plotting import plotted_bode

        roots = self.poles_and_zeros(values, **symbols)
        return plotted_bode(roots, self.quantity.resolved, self.notation, path, between)

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

        return to_flat(self.tree if self.form == "fraction" else self._shaped("factored"), self.notation)

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

        return to_flat(_side(self.value, "numerator"), self.notation)

    @property
    def denominator(self) -> str:
        from diffsym.expression.printing.flat import to_flat

        return to_flat(_side(self.value, "denominator"), self.notation)

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
        value = self.value
        for name, target in to.items():
            if str(target) not in ("oo", "0"):
                raise UsageError(f"a limit goes to 'oo' or 0, not {target!r}")
            found = value.limit(joined(name), str(target) == "oo") if value.depends_on(joined(name)) else value
            if found is None:
                raise QuantityError(f"the answer grows without bound as {name} tends to {target}")
            value = found
        return replace(self, value=value)

    def counts(self) -> TermCounts:
        """How many terms each power of s has in the numerator and in the denominator."""
        from diffsym.simulate.written import counts_of

        return counts_of(self.value)

    @property
    def numerator_terms(self) -> int:
        """Terms of the numerator when multiplied out."""
        return prod(len(part.numerator) for part in self.value.parts)

    @property
    def denominator_terms(self) -> int:
        """Terms of the denominator when multiplied out."""
        return prod(len(part.denominator) for part in self.value.parts)

    def _needed(self) -> Mapping[str, str]:
        return {self.notation.flat(name): name for name in self._names if name != "s"}

    def _response(self, numbers: Mapping[str, Fraction]) -> Responding:
        from diffsym.simulate.written import FormulaResponse

        return FormulaResponse(self.value.tree(), numbers)

    def _coefficients(self, numbers: Mapping[str, Fraction]) -> Coefficients:
        from diffsym.simulate.written import coefficients_of

        return coefficients_of(self.value, numbers)

    def _ranked(self, numbers: Mapping[str, Fraction], count: int) -> Ranked:
        from diffsym.expression.printing.flat import to_flat
        from diffsym.simulate.written import ranked_of

        return ranked_of(self.value, numbers, count, lambda tree: to_flat(tree, self.notation))

    def to_dict(self) -> dict[str, Any]:
        """The JSON of ``diffsym solve``."""
        out: dict[str, Any] = {
            "quantity": self.asked,
            "expression": self.expression,
            "readable": self.text,
            "latex": self.latex,
            "numerator": self.numerator,
            "denominator": self.denominator,
            "numerator_terms": self.numerator_terms,
            "denominator_terms": self.denominator_terms,
            "symbols": list(self.symbols),
            "method": self.method,
            "checks": [*self.checks, *self.form_checks],
            "seconds": round(self.seconds, 6),
            "certified": self.certified,
        }
        if self.value.depends_on("s"):
            out |= self.roots_flat()
        if self.quantity.assumed:
            out["assumed"] = dict(self.quantity.assumed)
        return out

    @cached_property
    def form_checks(self) -> tuple[str, ...]:
        """What is proved of the form, as sentences."""
        from diffsym.kernel.check import check
        from diffsym.kernel.claims import Equal, Fact

        out: list[str] = []
        if self.value.terms <= SEARCHED_TERMS and isinstance(check(Equal(self.tree, self.value.tree())), Fact):
            out.append("the form shown equals the answer: proved by the kernel in two ways")
        if self.certified:
            out.append("no formula is shorter: every symbol that the answer depends on occurs once")
        if self._writer.late:
            out.append("not verified: that the form is short, for the clock ended a search; its value is exact")
        return tuple(out)

    def roots_flat(self) -> dict[str, Any]:
        """Zeros and poles as flat texts, ω₀ and Q; None where there is no closed form."""
        from diffsym.expression.printing.flat import to_flat

        def flat(tree: Expression | None) -> str | None:
            return None if tree is None else to_flat(tree, self.notation)

        found = self.roots
        sides = {name: getattr(found, name) for name in ("zeros", "poles")}
        listed = {name: None if trees is None else [flat(tree) for tree in trees] for name, trees in sides.items()}
        return {**listed, "w0": flat(found.w0), "Q": flat(found.Q)}

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<{self.asked} = {self.text}>"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"

    def _repr_html_(self) -> str:
        from diffsym.expression.printing.mathml import to_mathml

        # No block of its own, so that it may also be pasted into a sentence.
        return to_mathml(self.tree, self.notation).replace("<math ", '<math displaystyle="true" ', 1)


def stages(parts: Sequence[Expression]) -> Expression:
    """The product of several trees, all that are mere reciprocals over one bar, signs in front."""
    tops: list[Expression] = []
    bottoms: list[Expression] = []
    negative = False
    for part in parts:
        tree = part.operand if isinstance(part, Negation) else part
        negative ^= tree is not part
        if isinstance(tree, Quotient) and tree.numerator == ONE:
            bottoms.append(tree.denominator)
        elif tree != ONE:
            tops.append(tree)
    if bottoms:
        tops.append(Quotient(ONE, product_of(bottoms)))
    whole = product_of(tops)
    return Negation(whole) if negative else whole


def _side(value: Rational, side: str) -> Expression:
    polynomials = [getattr(part, side) for part in value.parts]
    if prod(map(len, polynomials)) <= MULTIPLIED_OUT:
        return polynomial_tree(value.field, getattr(value, side))
    return product_of([polynomial_tree(value.field, each) for each in polynomials if each != 1])


@dataclass(frozen=True)
class WorkedSolution:
    """A checked derivation of one circuit's quantities, and its document."""

    worked: Worked
    document: Document
    file: DerivationFile | None = None

    def __getitem__(self, name: str) -> Result:
        """The result of a quantity, by its name or by what was asked. Raises UsageError for another name."""
        from diffsym.derivation.findings import expanded
        from diffsym.result import Result

        for quantity in self.worked.quantities:
            if name and name in (quantity.spec.name, quantity.spec.of):
                return Result(quantity.spec.name, expanded(quantity.derivations[0]), self.worked.notation)
        known = [quantity.spec.name or quantity.spec.of for quantity in self.worked.quantities]
        near = get_close_matches(name, known, 1, 0.5)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
        raise UsageError(f"no quantity {name!r} was derived", hint=hint)

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
        """The document as text: ``md``, ``tex``, ``html``, ``typ``, ``ipynb`` or ``json``."""
        from diffsym.document.pages import BINARY

        if format in BINARY:
            raise UsageError(f"{format} is bytes, no text", hint=f"solution.to_{format}()")
        return str(self._page(format, templates=templates, fragment=fragment))

    def _page(self, format: str, *, templates: Path | None, fragment: bool = False) -> str | bytes:
        from diffsym.document.pages import page
        from diffsym.document.reproduction import reproduction_of

        again = reproduction_of(self.worked, self.file) if format == "ipynb" else None
        return page(self.document, format, templates=templates, fragment=fragment, reproduction=again)

    def to_pdf(self, *, templates: Path | None = None) -> bytes:
        """A4 pages, tagged, with words for every formula and figure; set by the typst package, without TeX."""
        printed = self._page("pdf", templates=templates)
        assert isinstance(printed, bytes)
        return printed

    def to_docx(self, *, templates: Path | None = None) -> bytes:
        """A Word document, by pandoc. Raises UsageError where pandoc is not installed."""
        printed = self._page("docx", templates=templates)
        assert isinstance(printed, bytes)
        return printed

    def to_notebook(self) -> str:
        """A Jupyter notebook that shows the solution and whose code gives its results again."""
        return self.to("ipynb")

    def to_typst(self) -> str:
        return self.to("typ")

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
        from diffsym.document.writers import print_markdown

        return print_markdown(self.document, "ipynb")


def load(path: Path | str) -> Circuit:
    """The circuit of a netlist file."""
    return Circuit(load_netlist(path))


def read_netlist(text: str) -> Circuit:
    """The circuit of a netlist given as text (no title line)."""
    return Circuit(_read_netlist(text))


def derive(
    circuit: Circuit,
    *quantities: str,
    method: str | Sequence[str] = (),
    title: str = "",
    detail: str = "full",
    audience: str = "everyone",
    language: str = "en",
    notation: Mapping[str, str] | Path | str | None = None,
) -> WorkedSolution:
    """A worked solution. ``method``: one or several of ``kcl``, ``half-circuit``, ``determinants``; none: by rule.

    A quantity may be named: ``A_d = v(o1,o2)/vid``. ``detail``: ``full``, ``steps``, ``result``; ``audience``:
    ``everyone``, ``student``, ``instructor``; ``notation``: symbol → LaTeX, or a TOML file with such a table. Raises
    UsageError for a value that there is not, NotationError for names that do not fit the symbols.
    """
    from diffsym.derivation.source import QuantitySpec
    from diffsym.derivation.worked import solve_worked
    from diffsym.document.builder import build
    from diffsym.document.renaming import NOTHING, load_renaming, renaming_of
    from diffsym.document.wishes import Wishes
    from diffsym.simulate.bias.nominal import nominal_of

    methods = (method,) if isinstance(method, str) and method else tuple(method)
    specs = []
    for text in quantities:
        name, of = _named(text)
        specs.append(QuantitySpec(name=name, of=of, methods=methods))
    nominal = nominal_of(circuit.netlist, circuit.small_signal)
    worked = solve_worked(circuit.netlist, circuit.small_signal, specs, nominal)
    renaming = NOTHING
    if isinstance(notation, Path | str):
        renaming = load_renaming(notation)
    elif notation is not None:
        renaming = renaming_of(notation)
    wishes = Wishes(detail, audience, language, renaming)
    return WorkedSolution(worked, build(worked, title=title, wishes=wishes))


def derive_text(text: str, variant: str = "") -> WorkedSolution:
    """The worked solution of a derivation file given as text, or of one of its variants.

    Raises DerivationFileError with the line.
    """
    from diffsym.derivation.library import worked_of
    from diffsym.derivation.source import read_derivation
    from diffsym.derivation.variants import variant_in
    from diffsym.document.builder import build

    file = read_derivation(text, "")
    if variant:
        file = variant_in(file, f"{file.name}-{variant}")
    worked = worked_of(file)
    return WorkedSolution(worked, build(worked, file), file)


def _named(text: str) -> tuple[str, str]:
    name, equals, of = text.partition("=")
    return (name.strip(), of.strip()) if equals else ("", text.strip())


def from_lcapy(text: str) -> Circuit:
    """The circuit of an lcapy netlist, read by diffsym's own reader."""
    from diffsym.solve.lcapy_reader import from_lcapy as read

    return Circuit(read(text))


Answer = Solved
