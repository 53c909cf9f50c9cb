"""Every printer takes a tree and a notation and returns a string; none of them changes the shape that it is given."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_HOME = {
    "from_sympy": "sympy_form",
    "to_flat": "flat",
    "to_latex": "latex",
    "to_mathml": "mathml",
    "to_python": "flat",
    "to_sympy": "sympy_form",
    "to_text": "text",
    "to_typst": "typst",
    "without_parallel": "flat",
}


def __getattr__(name: str) -> Any:
    """The printers, each imported when it is first used."""
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
