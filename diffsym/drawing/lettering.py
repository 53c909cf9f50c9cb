"""What stands beside a symbol, as LaTeX of the circuit's own notation, and how much room it takes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from diffsym.circuit.model import GROUND
from diffsym.errors import DiffsymError
from diffsym.expression.notation import Notation
from diffsym.expression.printing import to_latex
from diffsym.expression.tree import Expression, Number, Symbol, symbols_of

FONT = 0.8
"""Size of the letters in grid steps (an em): 9 pt on paper."""

LONGEST_VALUE = 4
"""Symbols that a value may have to be printed beside its element; the element's own name stands for a longer one."""

LONGEST_LINE = 4.0
"""Grid steps that a controlled source's label may take on one line."""

_WIDE = {**dict.fromkeys("mwMW", 0.86), **dict.fromkeys("ijltfrI()/,.'|", 0.4), **dict.fromkeys(" {}_^$", 0.0)}
_COMMANDS = {
    "Delta": 0.8,
    "parallel": 0.9,
    "cdot": 0.6,
    "omega": 0.7,
    "leftrightarrow": 1.1,
    **dict.fromkeys(("frac", "mathrm", "text", "mathit", "mathsf", "mathbf", "textrm", "textit", "operatorname"), 0.0),
}
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL)


def width(latex: str) -> float:
    """Grid steps that the text takes at most; lines are parted by line feeds."""
    return max(_line_width(line) for line in latex.split("\n"))


def height(latex: str) -> float:
    """Grid steps that the text takes from top to bottom."""
    return HEIGHT * (1 + latex.count("\n"))


def _line_width(latex: str) -> float:
    total, depth, below = 0.0, 0, []
    waiting = False
    for token in _TOKEN.findall(latex):
        if token in "_^":
            waiting = True
            continue
        if token == "{":
            depth += 1
            if waiting:
                below.append(depth)
            waiting = False
            continue
        if token == "}":
            if below and below[-1] == depth:
                below.pop()
            depth -= 1
            continue
        if token in "+-=":
            advance = 1.25
        elif token.startswith("\\"):
            advance = _COMMANDS.get(token[1:], 0.62)
        else:
            advance = _WIDE.get(token, 0.72 if token.isupper() else 0.56)
        total += advance * (0.72 if below or waiting else 1.0)
        if token != " ":
            waiting = False
    return total * FONT + 0.1


HEIGHT = 1.0 * FONT + 0.1
"""Grid steps that a line of text takes, sub- and superscripts included."""


def name_latex(name: str, notation: Notation) -> str:
    """An element's or a node's name as a symbol: ``R_{D1}``, ``M_1``; of a flattened one what follows the last dot."""
    word = name.rpartition(".")[2]
    joined = word.replace("_", "")
    if joined[:1].isalpha() and joined.isalnum():
        try:
            return notation.latex_of(joined)
        except DiffsymError:
            pass
    plain = re.sub(r"[^A-Za-z0-9]", " ", word).strip()
    return rf"\mathrm{{{plain or 'n'}}}"


def current_latex(name: str, notation: Notation) -> str:
    """The current through an element: ``i_{VS}``."""
    return name_latex("i" + name.rpartition(".")[2], notation)


def node_latex(node: str, notation: Notation) -> str:
    """The voltage of a node: ``v_{o1}`` for ``o1``, ``v_{out}`` for ``out`` and for ``vout``."""
    word = node.rpartition(".")[2].replace("_", "")
    inner = word if word[:1] not in ("v", "V", "i", "I") or len(word) < 2 else word[1:]
    letter = "i" if word[:1] in ("i", "I") and word[1:2] == "o" else "v"
    if word[:1] in ("i", "I") and letter == "v":
        inner = word
    plain = re.sub(r"[^A-Za-z0-9]", "", inner)
    if not plain:
        return rf"{letter}_{{{'n'}}}"
    return name_latex(letter + plain.lower() if plain.isupper() and len(plain) == 1 else letter + plain, notation)


def net_names(nets: Iterable[str], notation: Notation) -> dict[str, str]:
    """The voltage of each net; with the whole path of its name where another net would be called the same."""
    found = {net: node_latex(net, notation) for net in sorted(set(nets))}
    count = Counter(found.values())
    for net, latex in found.items():
        if count[latex] > 1 and net != GROUND:
            path = re.sub(r"[^A-Za-z0-9.]", " ", net).strip()
            found[net] = rf"v_{{\mathrm{{{path or 'n'}}}}}"
    return found


def value_latex(value: Expression, notation: Notation) -> str:
    """A value on one line, or nothing where it is a number or too long to stand beside a symbol."""
    names = symbols_of(value)
    if isinstance(value, Number) or not names or len(names) > LONGEST_VALUE:
        return ""
    if isinstance(value, Symbol):
        return notation.latex_of(value.name)
    return on_one_line(to_latex(value, notation))


def on_one_line(latex: str) -> str:
    """Every fraction with a stroke: ``\\frac{a}{2}`` becomes ``a/2``, brackets where they are needed."""
    while True:
        place = latex.find("\\frac{")
        if place < 0:
            return latex
        above, after = _braced(latex, place + 5)
        below, end = _braced(latex, after)
        latex = latex[:place] + _bracketed(above, "+-") + "/" + _bracketed(below, "+- ") + latex[end:]


def _braced(latex: str, place: int) -> tuple[str, int]:
    depth = 0
    for k in range(place, len(latex)):
        depth += (latex[k] == "{") - (latex[k] == "}")
        if depth == 0:
            return latex[place + 1 : k], k + 1
    return latex[place + 1 :], len(latex)


def _bracketed(latex: str, marks: str) -> str:
    plain = re.sub(r"\\[A-Za-z]+ ", "", latex.strip())
    return f"({latex})" if any(mark in plain for mark in marks) else latex


def steered(
    factor: str,
    control: tuple[str, str] | None,
    sensed: tuple[str, ...],
    notation: Notation,
    called: Mapping[str, str],
) -> str:
    """A controlled source's value: its gain times what steers it, by the names of the nodes."""
    factor = f"({factor})" if any(mark in factor for mark in "+-/") else factor
    if control is None:
        return f"{factor} {current_latex(sensed[0], notation)}" if sensed else factor
    names = [called.get(node) or node_latex(node, notation) if node != GROUND else "" for node in control]
    if not names[1]:
        return times(factor, names[0])
    return f"-{factor} {names[1]}" if not names[0] else times(factor, f"({names[0]} - {names[1]})")


def times(factor: str, voltage: str) -> str:
    """A gain times what steers it, on two lines where one would be long."""
    line = f"{factor} {voltage}"
    return line if width(line) <= LONGEST_LINE else f"{factor}\n{voltage}"
