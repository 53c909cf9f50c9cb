"""A formula that a worked solution found, as Python and Jupyter show it, evaluate it and compare it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from diffsym.errors import ExpressionError, Refuted, UsageError
from diffsym.expression.names import joined
from diffsym.expression.notation import Notation
from diffsym.expression.printing.text import to_text
from diffsym.expression.tree import Expression, symbols_of


@dataclass(frozen=True)
class Result:
    """The value of one quantity of a worked solution. ``name`` may be empty."""

    name: str
    tree: Expression
    notation: Notation

    @property
    def text(self) -> str:
        return to_text(self.tree, self.notation)

    @property
    def latex(self) -> str:
        from diffsym.expression.printing.latex import to_latex

        return to_latex(self.tree, self.notation)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that occur, spelled as the circuit spells them."""
        return tuple(self.notation.flat(name) for name in self.notation.free(self.tree))

    def to_python(self) -> Callable[..., Any]:
        """A function of the symbols by keyword. It raises UsageError for a symbol that is missing or unknown."""
        from diffsym.expression.evaluate import evaluate

        names = {self.notation.flat(name): name for name in self.notation.free(self.tree)}

        def function(**values: Any) -> Any:
            wrong = sorted(names.keys() ^ values.keys())
            if wrong:
                raise UsageError(f"the arguments are {', '.join(names) or 'none'}; look at {', '.join(wrong)}")
            point = {names[key]: Fraction(value) if isinstance(value, int) else value for key, value in values.items()}
            return evaluate(self.tree, point)

        function.__doc__ = f"{self.text} of {', '.join(names)}"
        return function

    def equals(self, formula: str) -> bool:
        """Whether a formula as text is proved to be the same. False where it is another one, or where it is undecided.

        Raises ExpressionError for a text that cannot be read.
        """
        from diffsym.expression.reading import read_expression
        from diffsym.kernel.check import check
        from diffsym.kernel.claims import Equal, Fact

        other = read_expression(formula, symbols=(*symbols_of(self.tree), *self.notation.spelling))
        try:
            return self.tree == other or isinstance(check(Equal(self.tree, other)), Fact)
        except Refuted:
            return False

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<{self.name} = {self.text}>" if self.name else f"<{self.text}>"

    def _repr_latex_(self) -> str:
        from diffsym.expression.printing.latex import to_latex
        from diffsym.expression.tree import Relation, Symbol

        try:
            left = Symbol(joined(self.name))
        except ExpressionError:
            return f"${self.latex}$"
        return f"${to_latex(Relation((left, self.tree), ('=',)), self.notation)}$"
