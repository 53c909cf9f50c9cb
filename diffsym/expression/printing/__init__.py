"""Every printer takes a tree and a notation and returns a string; none of them changes the shape that it is given."""

from diffsym.expression.printing.flat import to_flat, to_python, without_parallel
from diffsym.expression.printing.latex import to_latex
from diffsym.expression.printing.mathml import to_mathml
from diffsym.expression.printing.sympy_form import from_sympy, to_sympy
from diffsym.expression.printing.text import to_text
from diffsym.expression.printing.typst import to_typst

__all__ = [
    "from_sympy",
    "to_flat",
    "to_latex",
    "to_mathml",
    "to_python",
    "to_sympy",
    "to_text",
    "to_typst",
    "without_parallel",
]
